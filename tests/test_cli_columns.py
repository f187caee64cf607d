"""What ``neuralredis train`` reports about columns, how ``--as`` overrides it, and that later commands follow it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

import neuralredis as nr
import tables
from neuralredis.cli import sources


def german(rows: int = 120) -> Path:
    """Return a table as German spreadsheets save it, in which the amount decides the outcome."""
    rng = random.Random(5)
    lines = ["nr;datum;betrag;gewicht;plz;uhrzeit;gekauft"]
    for row in range(rows):
        amount = round(rng.uniform(1, 3000), 2)
        weight = "." if row % 10 == 0 else f"{rng.uniform(0.1, 2):.3f}".replace(".", ",")
        written = f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))
        day = f"{rng.randint(1, 28):02d}.{rng.randint(1, 12):02d}.2023"
        place = rng.choice(["00042", "10115", "80331"])
        time = f"{row % 24}:{rng.randint(0, 59):02d}"
        lines.append(f"{row + 1};{day};{written} EUR;{weight};{place};{time};{'ja' if amount > 1500 else 'nein'}")
    Path("de.csv").write_text("\n".join(lines) + "\n", encoding="cp1252")
    return Path("de.csv")


def shown(out: str) -> dict[str, str]:
    """Return the line on each column."""
    table = out[out.index("read as") : out.index("To override how")].splitlines()[2:]
    return {line.split()[0]: " ".join(line.split()[1:]) for line in table if line.strip()}


def test_each_column_is_reported_with_its_kind(command: tables.Command) -> None:
    german()
    done = command("train", "de.csv", "--target", "gekauft")
    output = shown(done.out)
    assert output["nr"] == "left out it numbers the rows"
    assert output["datum"].startswith("date, day.month.year 2023-01-")
    assert output["betrag"].startswith("number, decimal comma, EUR ")
    assert output["gewicht"].startswith("number, decimal comma 0,")
    assert output["gewicht"].endswith("; 12 missing ('.')")
    assert output["plz"].startswith("category ")
    assert "00042" in output["plz"]
    assert output["uhrzeit"].startswith("time of day 00:")
    assert "override how a column is read: --as COLUMN=KIND, with number, category, date" in done.out
    found = json.loads(command("train", "de.csv", "--target", "gekauft", "--json").out)
    assert found["columns"][1]["title"] == "number, decimal comma, EUR"


def test_ask_uses_the_number_format_of_the_table(command: tables.Command) -> None:
    german()
    done = command("train", "de.csv", "--target", "betrag", "--out", "b.nr")
    assert "betrag (a number with a decimal comma, " in done.out
    done = command("ask", "b.nr", typed="05.07.2023\n1.5\n10115\n14:30\nja\n")
    assert done.err == "", "unambiguous values are accepted"
    (line,) = (line for line in done.out.splitlines() if line.startswith("betrag: "))
    assert "RMSE" in line


def test_predict_and_evaluate_read_tables_like_the_training_table(command: tables.Command) -> None:
    german()
    command("train", "de.csv", "--target", "gekauft")
    Path("new.csv").write_text(
        "datum;betrag;gewicht;plz;uhrzeit\n05.06.2023;1.001;0,970;00042;1:00\n05.06.2023;2.999,5;.;00042;23:00\n"
    )
    done = command("predict", "de.nr", "new.csv", "--json")
    assert [answer["predicted"] for answer in json.loads(done.out)] == ["nein", "ja"]
    assert "'.' is not a number, and counts as missing" in done.err
    Path("points.csv").write_text('datum,betrag,gewicht,plz,uhrzeit\n2023-06-05,"1,001.5",0.970,00042,1:00\n')
    done = command("predict", "de.nr", "points.csv", "--json")
    assert json.loads(done.out)[0]["predicted"] == "nein"
    assert json.loads(command("evaluate", "de.nr", "de.csv", "--json").out)["accuracy"] > 0.8


def test_decimal_commas_are_read_by_a_network_trained_on_points(command: tables.Command) -> None:
    Path("x.csv").write_text("x,y\n" + "".join(f"{row / 40},{1 + 3 * row / 40}\n" for row in range(1, 120)))
    command("train", "x.csv", "--target", "y")
    (answer,) = json.loads(command("predict", "x.nr", "-", "--json", typed="x;z\n0,250;1\n").out)
    assert answer["predicted"] == pytest.approx(1.75, abs=0.2)


def test_as_settings_are_stored_with_the_network(command: tables.Command) -> None:
    rng = random.Random(1)
    rows = [[rng.choice([10115, 80331, 20095]), f"{rng.randint(1, 12)}/{rng.randint(1, 12)}/2023"] for _ in range(120)]
    tables.write(Path("x.csv"), ["zip", "when", "y"], [[*row, "a" if row[0] == 10115 else "b"] for row in rows])
    done = command("train", "x.csv", "--target", "y")
    assert shown(done.out)["zip"].startswith("number")
    assert "--as when=date:dmy" in done.out
    done = command("train", "x.csv", "--target", "y", "--as", "zip=category", "--as", "when=date:dmy")
    assert shown(done.out)["zip"].startswith("category")
    assert shown(done.out)["when"].startswith("date, day.month.year")
    assert "could be swapped" not in done.out
    assert nr.load("x.nr").fields == {"zip": "category 3", "when": "time"}
    new = "zip,when\n10115,2/3/2023\n80331,2/3/2023\n"
    done = command("predict", "x.nr", "-", typed=new)
    assert "day and month could be swapped in all rows: --as when=date:dmy swaps them" in done.err
    done = command("predict", "x.nr", "-", "--as", "when=date:dmy", typed=new)
    assert done.err == ""
    assert [line.split(",")[2] for line in done.out.splitlines()[1:]] == ["a", "b"]
    done = command("train", "x.csv", "--target", "y", "--as", "when=skip")
    assert shown(done.out)["when"] == "left out as asked"


@pytest.mark.parametrize(
    ("settings", "code", "why"),
    [
        (["zap=category"], 1, "has no column 'zap' (did you mean 'zip'?)"),
        (["zip=categry"], 2, "'categry' is not a kind of column (did you mean 'category'?)"),
        (["zip"], 2, "'zip': expected COLUMN=KIND, such as zip=category"),
        (["=number"], 2, "expected COLUMN=KIND"),
        (["y=date"], 1, "the target 'y' cannot be read as date"),
        (["y=skip"], 1, "'y' is the target and is ignored: expected one of these"),
        (["name=number"], 1, "the column 'name' cannot be read as number: it has 'Ada'"),
        (["zip=number", "zip=category"], 1, "--as gives 'zip' the kinds number and category: expected one"),
    ],
)
def test_invalid_arguments_are_rejected_before_the_training(
    command: tables.Command, settings: list[str], code: int, why: str
) -> None:
    rows = [[row % 3, ["Ada", "Bob"][row % 2], "ab"[row % 2]] for row in range(40)]
    tables.write(Path("x.csv"), ["zip", "name", "y"], rows)
    done = command("train", "x.csv", "--target", "y", *(part for setting in settings for part in ("--as", setting)))
    assert done.code == code
    assert why in " ".join(done.err.split())
    assert not Path("x.nr").exists()


def test_class_named_na_is_reported_and_can_be_kept(command: tables.Command) -> None:
    rows = [[row % 7, ["NA", "Europe", "Asia"][row % 3]] for row in range(120)]
    tables.write(Path("x.csv"), ["a", "region"], rows)
    done = command("train", "x.csv", "--target", "region")
    assert "40 rows have no value of the target ('NA'): left out." in done.out
    assert "If 'NA' is a class and not a missing value: --as region=category" in done.out
    found = json.loads(command("train", "x.csv", "--target", "region", "--as", "region=category", "--json").out)
    assert found["classes"] == ["Asia", "Europe", "NA"]
    assert found["rows"]["without_target"] == 0


def test_ambiguous_yes_no_words_are_a_category(command: tables.Command) -> None:
    rng = random.Random(2)
    rows = [[word := rng.choice("nfy"), {"n": "x", "f": "z", "y": "x"}[word]] for _ in range(200)]
    tables.write(Path("x.csv"), ["smoker", "y"], rows)
    done = command("train", "x.csv", "--target", "y")
    assert shown(done.out)["smoker"].startswith("category")
    (right,) = (line for line in done.out.splitlines() if line.startswith("  accuracy "))
    assert right.endswith(" 100 %")


def test_table_without_a_header_is_reported_and_read(command: tables.Command) -> None:
    rng = random.Random(3)
    lines = [
        f"{rng.random():.3f},{kind},{'yes' if kind == 'p' else 'no'}" for kind in (rng.choice("pq") for _ in range(80))
    ]
    Path("x.csv").write_text("\n".join(lines) + "\n")
    name = lines[0].split(",")[-1]
    assert "looks like a row, not like names: --no-header" in command("train", "x.csv", "--target", name).out
    done = command("train", "x.csv", "--target", "field 3", "--no-header", "--out", "rows.nr")
    assert "80 rows, 3 columns" in done.out
    rows = "0.5,q\n0.25,p\n"
    for names in ("", "field 1,field 2\n"):
        answers = json.loads(command("predict", "rows.nr", "-", "--json", typed=names + rows).out)
        assert [answer["predicted"] for answer in answers] == ["no", "yes"]


def test_rows_option_samples_a_large_table(command: tables.Command) -> None:
    tables.write(Path("shop.csv"), *tables.shop(400))
    found = json.loads(command("train", "shop.csv", "--target", "churned", "--rows", "100", "--json").out)
    assert found["rows"] == {"learnt": 80, "kept_back": 20, "without_target": 0}
    assert "it numbers the rows" in found["left_out"].values()
    done = command("train", "shop.csv", "--target", "churned", "--rows", "100")
    assert "Using 100 of 400 rows, chosen at random." in done.out
    assert command("train", "shop.csv", "--target", "churned", "--rows", "0").code == 2
    assert "--rows 5: expected at least 10" in command("train", "shop.csv", "--target", "churned", "--rows", "5").err


def test_memory_needed_for_a_large_file_is_reported(command: tables.Command, monkeypatch: pytest.MonkeyPatch) -> None:
    tables.write(Path("shop.csv"), *tables.shop(60))
    assert "memory" not in command("train", "shop.csv", "--target", "churned").err
    monkeypatch.setattr(sources, "LARGE", 1000)
    done = command("train", "shop.csv", "--target", "churned")
    assert "neuralredis: shop.csv (0 MB) takes about 0.0 GB of memory; --rows 200000" in done.err


def test_terminal_shows_that_a_large_file_is_read(tmp_path: Path) -> None:
    with (tmp_path / "large.csv").open("w") as file:
        file.write("a,y\n")
        file.write("".join(f"{row % 977}.{'0' * 80},{row % 2}\n" for row in range(130_000)))
    terminal = tables.Terminal("train", "large.csv", "--target", "z", cwd=tmp_path)
    terminal.until("reading large.csv (11 MB) ...")
    code, output = terminal.end()
    assert code == 1
    assert "has no column 'z'" in output
