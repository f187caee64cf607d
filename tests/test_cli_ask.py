"""``neuralredis predict``, ``ask``, ``evaluate`` and ``info``, with networks of tables."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

import neuralredis as nr
import tables


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the table of a shop and two networks: whether a customer churns, and a number."""
    folder = tmp_path_factory.mktemp("shop")
    names, rows = tables.shop()
    tables.write(folder / "shop.csv", names, rows)
    tables.write(folder / "sums.csv", ["a", "b", "sum"], [[a, b, a + b] for a in range(15) for b in range(15)])
    for arguments in (["shop.csv", "--target", "churned"], ["sums.csv", "--target", "sum"]):
        command = [sys.executable, "-m", "neuralredis", "train", *arguments]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return folder


@pytest.fixture
def folder(trained: Path, command: tables.Command) -> Path:
    """Return a copy of the folder for one test."""
    for path in trained.iterdir():
        Path(path.name).write_bytes(path.read_bytes())
    return Path()


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_predict_adds_the_answer_and_its_probability(command: tables.Command, folder: Path) -> None:
    done = command("predict", "shop.nr", "shop.csv")
    assert (done.code, done.err) == (0, "")
    found = rows_of(done.out)
    given = rows_of(Path("shop.csv").read_text())
    new = ["predicted churned", "probability", "probability of no", "probability of yes"]
    assert list(found[0])[-4:] == new
    assert given == [{name: cell for name, cell in row.items() if name not in new} for row in found], "the rest is kept"
    for row in found:
        likely = {label: float(row[f"probability of {label}"]) for label in ("no", "yes")}
        assert row["predicted churned"] == max(likely, key=likely.__getitem__)
        assert float(row["probability"]) == max(likely.values())
        assert sum(likely.values()) == pytest.approx(1, abs=1e-5)
    assert np.mean([row["predicted churned"] == row["churned"] for row in found]) > 0.9
    assert all(0.5 <= float(row["probability"]) <= 1 for row in found)


def test_predict_accepts_columns_in_any_order_without_the_target(command: tables.Command, folder: Path) -> None:
    names, rows = tables.shop(30)
    used = ["joined", "comment", "newsletter", "age", "city"]
    tables.write(Path("new.csv"), used, [[row[names.index(name)] for name in used] for row in rows], delimiter=";")
    first = command("predict", "shop.nr", "new.csv").out
    again = rows_of(command("predict", "shop.nr", "shop.csv").out)[:30]
    found = list(csv.DictReader(io.StringIO(first), delimiter=";"))
    assert [row["probability"] for row in found] == [row["probability"] for row in again]


def test_predict_writes_csv_or_parquet(command: tables.Command, folder: Path) -> None:
    done = command("predict", "shop.nr", "shop.csv", "-o", "out.parquet")
    assert (done.code, done.out) == (0, "")
    assert "400 predictions written to out.parquet; since the table has 'churned', 'neuralredis" in done.err
    written = pyarrow.parquet.read_table("out.parquet")
    new = ["predicted churned", "probability", "probability of no", "probability of yes"]
    assert written.column_names[-4:] == new
    assert {str(written[name].type) for name in new[1:]} == {"double"}
    command("predict", "shop.nr", "out.parquet", "-o", "out.csv")
    names = rows_of(Path("out.csv").read_text())[0].keys()
    assert list(names)[-4:] == [f"{name} (2)" for name in new]
    assert "expected a name with .csv or .parquet" in command("predict", "shop.nr", "shop.csv", "-o", "out.xls").err


def test_predict_writes_the_probability_of_each_class(command: tables.Command, folder: Path) -> None:
    answers = json.loads(command("predict", "shop.nr", "shop.csv", "--json").out)
    assert len(answers) == 400
    for answer in answers[:20]:
        assert answer["predicted"] == max(answer["probabilities"], key=answer["probabilities"].get)
        assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    numbers = json.loads(command("predict", "sums.nr", "-", "--json", typed="a,b\n3,4\n").out)
    assert numbers[0]["predicted"] == pytest.approx(7, abs=0.5)


def test_unknown_values_are_reported_and_treated_as_gaps(command: tables.Command, folder: Path) -> None:
    text = "city,age,newsletter,joined,comment\nAtlantis,old,perhaps,soon,\n,,,,\n"
    done = command("predict", "shop.nr", "-", typed=text)
    assert done.code == 0
    assert len(rows_of(done.out)) == 2
    assert done.err.splitlines() == [
        "neuralredis: column 'age', 1 row: 'old' is not a number, and counts as missing",
        "neuralredis: column 'newsletter', 1 row: 'perhaps' is not a yes/no value, and counts as missing",
        "neuralredis: column 'joined', 1 row: 'soon' is not a date, and counts as missing",
    ]
    assert "column 'city'" not in done.err, "one input is for all other values"


def test_missing_columns_are_named(command: tables.Command, folder: Path) -> None:
    done = command("predict", "shop.nr", "-", typed="age,newsletter,extra\n3,yes,1\n")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "neuralredis: the table lacks columns of the network: 'city', 'joined', 'comment'; it has 'age', 'newsletter', "
        "'extra'. A column may be empty, but must exist\n"
    )


@pytest.mark.parametrize("subcommand", ["predict", "evaluate", "ask", "info"])
def test_files_without_a_network_are_reported(command: tables.Command, folder: Path, subcommand: str) -> None:
    table = ["shop.csv"] if subcommand in ("predict", "evaluate") else []
    for place, why in (
        ("nowhere.nr", "nowhere.nr: No such file or directory"),
        ("shop.csv", "shop.csv is not a network: it does not begin as one"),
        ("redis://localhost:1", "expected --key, the key of a network in redis://localhost:1"),
    ):
        done = command(subcommand, place, *table, typed="")
        assert (done.code, done.out) == (1, "")
        assert why in done.err
    assert "--key needs the URL of a server" in command(subcommand, "shop.nr", *table, "--key", "k", typed="").err


def test_network_without_fields_is_reported(command: tables.Command, folder: Path) -> None:
    net = nr.Network("classifier", [2, 2], seed=1)
    net.save("bare.nr")
    assert "bare.nr: the network has no fields: expected" in command("predict", "bare.nr", "shop.csv").err
    done = command("info", "bare.nr")
    assert (done.code, "It takes 2 numbers, and has no fields." in done.out) == (0, True)
    other = {"name": "y", "labels": ["no", "yes"]}
    net.notes = tables.noted("classifier", 1, [tables.noted_number()], other).notes
    net.save("other.nr")
    done = command("predict", "other.nr", "shop.csv")
    assert "other.nr: the network is a classifier 2-2, and its notes describe another one" in done.err


def test_evaluate_leaves_out_training_rows(command: tables.Command, folder: Path) -> None:
    found = json.loads(command("evaluate", "shop.nr", "shop.csv", "--json").out)
    assert (found["learnt_from"], found["rows"], found["fresh"]) == (320, 80, True)
    assert found["accuracy"] > 0.9
    done = command("evaluate", "shop.nr", "shop.csv")
    assert "320 rows are training or validation rows of the network: left out." in done.out
    assert "On 80 fresh rows of shop.csv" in done.out
    table = {"a": [a for a in range(15) for b in range(15)], "b": [*range(15)] * 15}
    sums = [a + b for a, b in zip(*table.values(), strict=True)]
    known = np.flatnonzero(nr.load("sums.nr")._has(table, sums))[:5].tolist()
    rows = "".join(f"{table['a'][place]},{table['b'][place]},{sums[place]}\n" for place in known)
    done = command("evaluate", "sums.nr", "-", typed=f"a,b,sum\n{rows}")
    assert "The network was trained on all of these rows" in " ".join(done.out.split())
    assert "baseline: RMSE of the mean" in done.out


def test_evaluate_needs_outcomes_of_known_classes(command: tables.Command, folder: Path) -> None:
    header = "city,age,newsletter,joined,comment,churned\n"
    assert "has no column 'churned'" in command("evaluate", "shop.nr", "-", typed=header[:-9] + "\nRome,1,no,,\n").err
    done = command("evaluate", "shop.nr", "-", typed=header + "Rome,1,no,,,maybe\n")
    assert "no row of standard input has an outcome in 'churned' that the network can predict" in done.err
    done = command("evaluate", "shop.nr", "-", typed=header + "Rome,1,no,,,maybe\nRome,1,no,2022-01-01,,yes\n")
    assert "1 rows have no outcome in 'churned', or one that the network does not know, such as" in done.out
    assert "On 1 fresh row of standard input" in done.out


def test_ask_reads_a_line_for_each_column_from_a_pipe(command: tables.Command, folder: Path) -> None:
    done = command("ask", "shop.nr", typed="Rome\n30\nNo\n2019-05-05\n\nParis\n\nyes\n2019-01-01\nhello\n")
    assert (done.code, done.err) == (0, "")
    first, second = done.out.split("churned: ")[1:]
    assert first.splitlines()[0] == "yes"
    assert second.splitlines()[0] == "no"
    assert sum(float(line.split()[1]) for line in first.splitlines()[1:]) == pytest.approx(100, abs=0.2)


def test_ask_predicts_with_the_given_values_when_a_pipe_ends(command: tables.Command, folder: Path) -> None:
    assert "churned: " in command("ask", "shop.nr", typed="Rome\n").out
    assert command("ask", "shop.nr", typed="") == tables.Done(0, "", "")
    done = command("ask", "sums.nr", typed="3\nfour\n")
    assert "neuralredis: 'four' for b: expected a number, 0 to 14 so far" in done.err
    assert "sum: " in done.out
    assert (
        "outside the range of the training rows, 1 to 28: an extrapolation"
        in command("ask", "sums.nr", typed="100\n100\n").out
    )


def test_ask_prompts_again_after_an_invalid_value(trained: Path) -> None:
    terminal = tables.Terminal("ask", trained / "sums.nr")
    for words, typed in (
        ("a (a number, 0 to 14 so far)", "three\n"),
        ("'three' is not a number; Return leaves it missing", ""),
        ("a (a number, 0 to 14 so far)", "3\n"),
        ("b (a number, 0 to 14 so far)", "4\n"),
        ("RMSE", ""),
        ("a (a number, 0 to 14 so far)", "\x04"),
    ):
        for word in words.split(" ", 1):
            # Between the two are the escape codes for bold type.
            terminal.until(word)
        if typed:
            terminal.until(": ")
        terminal.type(typed)
    assert terminal.end()[0] == 0


def test_info_describes_each_field(command: tables.Command, folder: Path) -> None:
    done = command("info", "shop.nr")
    assert "It predicts churned (no or yes)." in done.out
    assert "On the 64 validation rows: accuracy " in done.out
    assert "Classes, in the order of the outputs: no, yes" in done.out
    found = json.loads(command("info", "shop.nr", "--json").out)
    assert (found["target"], found["classes"]) == ("churned", ["no", "yes"])
    for name, kind in found["fields"].items():
        assert any(line.split()[:1] == [name] and kind in line for line in done.out.splitlines())
    assert "validation rows: RMSE " in command("info", "sums.nr").out


def test_ask_reads_numbers_in_the_format_of_the_table(command: tables.Command) -> None:
    rows = [[f"{a},5", f"{b},25", f"{a + b},75"] for a in range(15) for b in range(15)]
    tables.write(Path("summe.csv"), ["a", "b", "summe"], rows, delimiter=";")
    assert command("train", "summe.csv", "--target", "summe").code == 0
    output = command("ask", "summe.nr", typed="3,5\n4,25\n").out
    assert "summe: 7.7" in output
    assert "RMSE 0." in output
    assert "rows, 1.75 to 28.75: an extrapolation" in command("ask", "summe.nr", typed="300,5\n400,25\n").out


def test_ask_shows_intervals(command: tables.Command, folder: Path) -> None:
    done = command("ask", "sums.nr", "a=3", "b=4", "--interval", "80")
    assert (done.code, done.err) == (0, "")
    low, high = re.search(r"\n  80 % interval: (\S+) to (\S+)\n", done.out).groups()  # type: ignore[union-attr]
    assert float(low) < float(done.out.split()[1]) < float(high)
    done = command("ask", "shop.nr", "newsletter=No", "joined=2019-05-05", "--set", "80%")
    assert (done.code, done.err) == (0, "")
    assert "\n  80 % set: yes\n" in done.out
    typed = command("ask", "shop.nr", "--set", "80", typed="Rome\n30\nNo\n2019-05-05\n")
    assert "80 % set: " in typed.out
    for options, why in (
        (("shop.nr", "--interval", "80"), "'churned' has classes, expected --set"),
        (("sums.nr", "--set", "80"), "'sum' is a number, expected --interval"),
        (("sums.nr", "a=3", "--interval", "99"), "validation rows for 99 %: expected at least"),
    ):
        done = command("ask", *options)
        assert (done.code, done.out) == (1, "")
        assert why in done.err
    for bad in ("0", "100", "many", "nan"):
        done = command("ask", "sums.nr", "--interval", bad)
        assert done.code == 2
        assert "expected a percentage above 0 and below 100" in done.err


def test_ask_draws_a_class(command: tables.Command, folder: Path) -> None:
    given = ("ask", "shop.nr", "newsletter=No", "joined=2019-05-05")
    answers = [command(*given, "--sample", "--temperature", "20", "--seed", str(seed)).out for seed in range(12)]
    first = [output.splitlines()[0] for output in answers]
    assert set(first) == {"churned: yes   drawn at random", "churned: no   drawn at random"}
    assert command(*given, "--sample", "--temperature", "20", "--seed", "3").out == answers[3]
    plain = command(*given).out
    assert all(output.splitlines()[1:] == plain.splitlines()[1:] for output in answers), "probabilities do not change"
    assert command(*given, "--sample", "--temperature", "0").out.startswith("churned: yes ")
    for options, code, why in (
        (("sums.nr", "a=3", "--sample"), 1, "--sample needs a target with classes: 'sum' is a number"),
        (("shop.nr", "--seed", "1"), 1, "--seed needs --sample"),
        (("shop.nr", "--sample", "--set", "80"), 2, "not allowed with argument"),
        (("shop.nr", "city=Rome", "--sample", "--temperature", "-1"), 1, "temperature is -1: expected a finite number"),
        (("shop.nr", "city=Rome", "--sample", "--seed", "-1"), 1, "seed is -1: expected an integer from 0"),
    ):
        done = command("ask", *options)
        assert (done.code, done.out) == (code, "")
        assert why in done.err


def test_ask_takes_names_and_gaps(command: tables.Command, folder: Path) -> None:
    done = command("ask", "shop.nr", "newsletter=No", "joined=2019-05-05")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("churned: yes\n")
    assert command("ask", "shop.nr", "newsletter=No", "joined=5 May 2019", "city=", "age=NA").out == done.out
    assert command("ask", "shop.nr", "city=ROME", "joined=2022-01-01").out.startswith("churned: yes\n")
    for given, why in (
        ("newsletter", "'newsletter': expected NAME=VALUE, such as city=…"),
        ("newsleter=no", "the network has no field 'newsleter' (did you mean 'newsletter'?): it has city, age, news"),
        ("newsletter=perhaps", "'perhaps' for newsletter: expected yes or no"),
        ("joined=1/2/2022", "'1/2/2022' for joined: expected a date such as 2024-12-31"),
        ("age=old", "'old' for age: expected a number, 18 to 80 so far"),
    ):
        done = command("ask", "shop.nr", given)
        assert (done.code, done.out) == (1, "")
        assert why in done.err
    assert "'age' is given twice" in command("ask", "shop.nr", "age=1", "age=2").err


def test_ask_takes_values_before_between_and_after_options(command: tables.Command, folder: Path) -> None:
    expected = command("ask", "shop.nr", "age=30", "city=Rome", "--why", "--set", "90")
    assert (expected.code, "why " in expected.out) == (0, True)
    for arguments in (
        ["shop.nr", "--why", "age=30", "city=Rome", "--set", "90"],
        ["shop.nr", "age=30", "--set", "90", "city=Rome", "--why"],
        ["--why", "--set=90", "shop.nr", "age=30", "city=Rome"],
        ["--why", "shop.nr", "--set", "90", "age=30", "city=Rome"],
    ):
        assert command("ask", *arguments) == expected, arguments
    for arguments, unknown in (
        (["ask", "shop.nr", "age=30", "--wy", "city=Rome"], "--wy city=Rome"),
        (["info", "shop.nr", "age=30"], "age=30"),
    ):
        done = command(*arguments)
        assert (done.code, f"unrecognized arguments: {unknown}" in done.err) == (2, True)


def test_ask_works_with_a_network_saved_without_rows(command: tables.Command, folder: Path) -> None:
    assert command("train", "shop.csv", "--target", "churned", "--without-rows").code == 0
    with_rows = command("ask", "shop.nr", "newsletter=No", "city=ROME", "joined=2019-01-01").out
    assert with_rows == command("ask", "shop.nr", "newsletter=no", "city=Rome", "joined=2019-01-01").out
    assert "Köln" in command("info", "shop.nr").out


def test_ask_and_evaluate_work_with_networks_created_in_python(command: tables.Command) -> None:
    net = nr.Network("classifier", fields={"age": "number", "tags": "tags", "at": "time"}, target="left", seed=1)
    rows = [{"age": n % 7, "tags": ["a", "b"][: 1 + n % 2], "at": "2026-01-01"} for n in range(60)]
    net.observe(rows, ["yes" if n % 2 else "no" for n in range(60)])
    net.train(max_cycles=100)
    net.save("net.nr")
    assert command("ask", "net.nr", "tags=a, b").out.startswith("left: yes")
    assert "tags 100" in command("info", "net.nr").out
    lines = "".join(f'{{"age": {n}, "tags": ["a"], "at": null, "left": "no"}}\n' for n in range(9))
    Path("new.jsonl").write_text(lines)
    found = json.loads(command("evaluate", "net.nr", "new.jsonl", "--json").out)
    assert (found["rows"], found["accuracy"], found["learnt_from"]) == (9, 1, 0)
    nr.Network("regressor", fields={"a": "number"}, target=["b", "c"]).save("two.nr")
    assert "two.nr: the network predicts several numbers: expected" in command("ask", "two.nr").err


def test_info_lists_fields_without_control_characters(command: tables.Command) -> None:
    fields = {"\x1b[31mage": "number", "[red]plan": "category 7"}
    nr.Network("classifier", fields=fields, target="left", seed=1).save("fields.nr")
    done = command("info", "fields.nr")
    assert "\x1b" not in done.out
    assert "[red]plan" in done.out
    assert json.loads(command("info", "fields.nr", "--json").out)["target"] == "left"


def test_ask_explains_a_class_and_changes_to_another(command: tables.Command, folder: Path) -> None:
    net = nr.load("shop.nr")
    row = {"age": 30, "city": "Rome"}
    found = net.explain(row)
    for want in net.classes or ():
        done = command("ask", "shop.nr", "age=30", "city=Rome", "--why", "--want", want)
        assert done.code == 0, done.err
        _, _, output = done.out.partition("\nwhy ")
        title, *lines = output.strip("\n").split("\n")
        assert re.fullmatch(rf"{found.label} has [\d.]+ %, average [\d.]+ % \(contributions in log-odds\)", title)
        bars, rest = lines[: len(found.shares)], lines[len(found.shares) :]
        assert len({line.index("│") for line in bars}) == 1
        for name, share in found.shares.items():
            (line,) = (line for line in bars if line.strip().startswith(f"{name} "))
            assert float(re.findall(r"([+-][\d.]+|0) [ █▌▐]*│", line)[0]) == pytest.approx(share, abs=0.006)
        changes = net.explain(row, want=want).changes
        assert rest[0] == (f"it would be {want} with" if changes else f"the prediction is {want} already")
        assert len(rest) == 1 + len(changes)


def test_ask_explains_the_prediction_of_a_number(command: tables.Command, folder: Path) -> None:
    done = command("ask", "sums.nr", "a=14", "b=14", "--why")
    assert done.code == 0, done.err
    title, *bars = done.out.strip().split("\n")[1:]
    assert re.fullmatch(r"why 2[78][\d.]*, average 1[345][\d.]*", title)
    assert [line.split()[0] for line in sorted(bars)] == ["a", "b"]
    assert all("│█" in line for line in bars)


def test_ask_reports_errors(command: tables.Command, folder: Path) -> None:
    assert "--want needs a target with classes" in command("ask", "sums.nr", "a=1", "--want", "3").err
    assert "--want maybe: expected one of no, yes" in command("ask", "shop.nr", "age=1", "--want", "maybe").err
    command("train", "shop.csv", "--target", "churned", "--without-rows", "-o", "bare.nr")
    for option in (["--why"], ["--want", "yes"]):
        done = command("ask", "bare.nr", "age=1", *option)
        assert done.code == 1
        assert "compares with the training rows, and the network was saved without them" in done.err
