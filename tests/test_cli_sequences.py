"""The command line on tables of events: outcomes of sequences, next events, and series."""

from __future__ import annotations

import csv
import json
import math
import random
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

import neuralredis as nr
import servers
import tables

EVENTS = ["user", "when", "page", "seconds", "left"]
BY = ("--sequence", "user", "--time", "when")


def visits(users: int = 80) -> list[list[Any]]:
    """Return events in random order: visitors leave if their last two pages are the help."""
    chance = random.Random(1)
    rows: list[list[Any]] = []
    for user in range(users):
        pages = [chance.choice(["home", "cart", "help"]) for _ in range(chance.randrange(2, 6))]
        pages += ["help", "help"] if user % 2 else ["cart"]
        for at, page in enumerate(pages):
            last = at == len(pages) - 1
            when = f"2026-01-{1 + user % 28:02} 10:{3 * at:02}"
            left = ("yes" if user % 2 else "no") if last else ""
            rows.append([f"user:{user}", when, page, chance.randrange(90), left])
    chance.shuffle(rows)
    return rows


def clicks(**options: Any) -> Path:
    return tables.write(Path("clicks.csv"), EVENTS, visits(**options))


def hours(days: int = 14) -> Path:
    chance = random.Random(1)
    rows = [
        [
            f"2026-01-{1 + at // 24:02} {at % 24:02}:00",
            round(10 + 5 * math.sin(at / 24 * math.tau) + chance.gauss(0, 0.3), 2),
        ]
        for at in range(24 * days)
    ]
    return tables.write(Path("load.csv"), ["hour", "kwh"], rows)


def shops(shops: int = 4) -> Path:
    rows = [
        [
            f"shop {shop}",
            f"{2020 + at // 12}-{at % 12 + 1:02}-01",
            round(100 * shop + 20 * math.sin(at / 12 * math.tau), 1),
            3,
        ]
        for at in range(60)
        for shop in range(shops)
    ]
    return tables.write(Path("sales.csv"), ["shop", "month", "sales", "staff"], rows)


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_the_size_of_the_ensemble_can_be_chosen(command: tables.Command) -> None:
    clicks(users=30)
    assert command("train", "clicks.csv", "--target", "left", *BY, "--ensemble", "3").code == 0
    info = nr.load("clicks.nr").info()
    assert (info.ensemble, info.members) == (3, 2)


def test_outcomes_of_sequences_are_learnt_and_predicted(command: tables.Command) -> None:
    clicks()
    done = command("train", "clicks.csv", "--target", "left", *BY)
    assert (done.code, done.err) == (0, "")
    for text in (
        "80 sequences of 'user', of 3 to 7 events.",
        "Rows are sorted by 'when'.",
        "Target: left (no or yes), of each sequence.",
        "51 training sequences, 13 validation sequences for early stopping, 16 held out for evaluation.",
        "On the 16 held-out sequences",
        "Saved as clicks.nr, with its sequences",
        "neuralredis predict clicks.nr new.csv",
    ):
        assert text in done.out, text
    net = nr.load("clicks.nr")
    assert isinstance(net, nr.SequenceNetwork)
    assert dict(net.event_fields or {}) == {"page": "category 3", "seconds": "number"}
    assert (net.target, net.classes, net.length) == ("left", ("no", "yes"), 7)
    assert len(net.ids()) == 64
    # The options of the training are stored, so commands need not repeat them.
    answered = table(command("predict", "clicks.nr", "clicks.csv").out)
    assert len(answered) == 80
    assert list(answered[0]) == ["user", "predicted left", "probability", "probability of no", "probability of yes"]
    right = sum(row["predicted left"] == ("yes" if int(row["user"][5:]) % 2 else "no") for row in answered)
    assert right > 70
    assert command("predict", "clicks.nr", "clicks.csv", "-o", "answers.parquet").code == 0
    assert pyarrow.parquet.read_table("answers.parquet").num_rows == 80
    found = json.loads(command("predict", "clicks.nr", "clicks.csv", "--json").out)
    assert set(found[0]) == {"id", "predicted", "probabilities"}
    done = command("evaluate", "clicks.nr", "clicks.csv")
    assert "64 sequences are stored in the network, by their ids: left out." in done.out
    assert "On 16 sequences of clicks.csv" in done.out
    found = json.loads(command("evaluate", "clicks.nr", "clicks.csv", "--json").out)
    assert (found["sequences"], found["learnt_from"], found["fresh"]) == (16, 64, True)
    text = command("ask", "clicks.nr", "page=home", "then", "page=help", "then", "page=help").out
    assert text.startswith("left: yes\n")
    assert command("ask", "clicks.nr", "--id", net.ids()[0]).out.startswith("left: ")
    assert command("ask", "clicks.nr", "page=cart", "--id", net.ids()[0]).out.startswith("left: no")
    text = command("ask", "clicks.nr", typed="home\n3\nhelp\n5\nhelp\n\n\n\ncart\n1\n").out
    assert [line for line in text.splitlines() if line.startswith(("left", "A new"))][2:] == [
        "left: yes",
        "A new sequence.",
        "left: no",
    ]
    text = command("info", "clicks.nr").out
    assert "It stores 51 training sequences and 13 validation sequences" in text
    assert "It uses the last 7 events of a sequence (cell: auto)." in text
    assert json.loads(command("info", "clicks.nr", "--json").out)["length"] == 7


def test_outcome_may_repeat_in_all_rows_or_be_missing(command: tables.Command) -> None:
    rows = visits()
    left = {row[0]: row[4] for row in rows if row[4]}
    left["user:4"] = "NA"
    tables.write(Path("clicks.csv"), EVENTS, [[*row[:4], left[row[0]]] for row in rows])
    found = json.loads(command("train", "clicks.csv", "--target", "left", *BY, "--json", "--without-rows").out)
    assert found["sequences"] == {"all": 79, "without_target": 1, "learnt": 63, "kept_back": 16}
    assert found["kept_back"]["accuracy"] > 0.8
    assert found["next"] is False
    net = nr.load("clicks.nr")
    assert isinstance(net, nr.SequenceNetwork)
    assert net.ids() == []
    # Also for numbers.
    tables.write(Path("clicks.csv"), EVENTS, [[*row[:4], 0.5 + 7 * (left[row[0]] == "yes")] for row in rows])
    found = json.loads(
        command("train", "clicks.csv", "--target", "left", *BY, "--json", "--regress", "--out", "n.nr").out
    )
    assert found["kept_back"]["r2"] > 0.5
    assert set(table(command("predict", "n.nr", "clicks.csv").out)[0]) == {"user", "predicted left"}
    assert command("ask", "n.nr", "page=help").out.startswith("left: ")
    assert "RMSE" in command("evaluate", "n.nr", "clicks.csv").out


def test_target_that_varies_within_sequences_predicts_the_next_event(command: tables.Command) -> None:
    links = {"home": "cart", "cart": "pay", "pay": "home"}
    chance, rows = random.Random(1), []
    for user in range(30):
        page = chance.choice(list(links))
        for at in range(8):
            rows.append([user, at, page])
            page = links[page]
    tables.write(Path("pages.csv"), ["user", "at", "page"], rows)
    done = command("train", "pages.csv", "--target", "page", "--sequence", "user", "--time", "at")
    assert (done.code, done.err) == (0, "")
    assert ", of the next event, since it varies within most sequences." in done.out
    assert "On the next events of the 6 held-out sequences" in done.out
    text = command("ask", "pages.nr", "page=home", "then", "page=cart").out
    assert text.startswith("next page: pay\n")
    answers = table(command("predict", "pages.nr", "pages.csv").out)
    assert [row["predicted page"] for row in answers[:2]] == [links[row[2]] for row in (rows[7], rows[15])]
    assert json.loads(command("evaluate", "pages.nr", "pages.csv", "--json").out)["next"] is True
    other = command("train", "pages.csv", "--target", "page", "--sequence", "user", "--next", "--replace")
    assert ", of the next event." in other.out


def test_table_with_times_is_forecast_as_a_series(command: tables.Command) -> None:
    hours()
    done = command("train", "load.csv", "--target", "kwh", "--time", "hour", "--season", "24")
    assert (done.code, done.err) == (0, "")
    assert "1 series, of 336 values." in done.out
    assert "baseline: the value one season before" in done.out
    assert "neuralredis forecast load.nr --steps 24" in done.out
    net = nr.load("load.nr")
    assert isinstance(net, nr.SequenceNetwork)
    assert net.ids() == ["series", "series before"]
    text = table(command("forecast", "load.nr", "--steps", "6", "--interval", "80").out)
    assert list(text[0]) == ["step", "predicted kwh", "low", "high"]
    values = [float(row["predicted kwh"]) for row in text]
    assert values == pytest.approx([10 + 5 * math.sin(at / 24 * math.tau) for at in range(6)], abs=2)
    assert all(float(row["low"]) < value < float(row["high"]) for row, value in zip(text, values, strict=True))
    again = table(command("forecast", "load.nr", "load.csv", "--steps", "6").out)
    assert [row["hour"] for row in again[:2]] == ["2026-01-15T00:00:00", "2026-01-15T01:00:00"]
    assert [float(row["predicted kwh"]) for row in again] == values
    assert command("forecast", "load.nr", "-o", "next.csv").err == "neuralredis: 12 forecasts written to next.csv\n"
    assert len(table(Path("next.csv").read_text())) == 12


def test_several_series_share_a_network(command: tables.Command, any_server_for_all: servers.Server) -> None:
    shops()
    url = f"unix://{any_server_for_all.socket}"
    options = ("--sequence", "shop", "--time", "month", "--season", "12", "--redis", url, "--key", "sales", "--replace")
    found = json.loads(command("train", "sales.csv", "--target", "sales", *options, "--json").out)
    assert found["kept_back"]["mase_baseline"] == pytest.approx(0, abs=1e-9) or found["kept_back"]["mase"] is None
    text = table(command("forecast", url, "--key", "sales", "--steps", "2", "--id", "shop 3", "--id", "shop 1").out)
    assert [(row["shop"], row["step"]) for row in text] == [
        (f"shop {shop}", str(at)) for shop in (3, 1) for at in (1, 2)
    ]
    assert [float(row["predicted sales"]) for row in text] == pytest.approx([300, 310, 100, 110], abs=12)
    forecast = json.loads(command("forecast", "sales.nr", "sales.csv", "--steps", "2", "--json").out)
    assert [one["id"] for one in forecast] == [f"shop {shop}" for shop in range(4)]
    assert forecast[0]["times"] == ["2025-01-01", "2025-02-01"]
    reply = any_server_for_all.client().execute_command("NR.FORECAST", "sales", "shop 3", 2)
    assert [float(value) for value in reply] == pytest.approx([300, 310], abs=12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--target", "left", "--sequence", "usr"), "has no column 'usr' (did you mean 'user'?)"),
        (("--target", "left", "--sequence", "user", "--time", "wen"), "has no column 'wen' (did you mean 'when'?)"),
        (("--target", "lft", "--sequence", "user"), "has no column 'lft' (did you mean 'left'?)"),
        (
            ("--target", "left", "--sequence", "user", "--time", "page"),
            "the column 'page' cannot be read as times: it has '",
        ),
        (("--target", "left", "--sequence", "user", "--time", "user"), "--sequence and --time are both 'user'"),
        (("--target", "page", "--time", "when"), "'page' is not a column of numbers, which --time alone needs"),
        (("--target", "seconds", "--time", "when"), "two rows have 'when' 2026-01-"),
        (("--target", "left", "--sequence", "left"), "--sequence and --target are both 'left'"),
    ],
)
def test_errors_in_options_name_the_option(command: tables.Command, options: tuple[str, ...], message: str) -> None:
    clicks()
    done = command("train", "clicks.csv", *options)
    assert done.code == 1
    assert done.err.startswith("neuralredis: ")
    assert message in done.err, done.err
    assert not Path("clicks.nr").exists()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([["", 1, "home", 3, "no"]], "row 41 has no 'user': expected the id of its sequence"),
        ([["u:0", "", "home", 3, "no"]], "row 41 has an empty cell in 'when': expected a time"),
        ([["u:0", 99, "home", 3, "no"]], "'left' of user 'u:0' is 'yes' in one row and 'no' in another"),
        ([["x" * 300, 1, "home", 3, "no"]], "expected ids of at most 248 bytes"),
    ],
)
def test_errors_in_a_row_name_the_field(command: tables.Command, rows: list[list[Any]], message: str) -> None:
    good = [[f"u:{user}", at, "home", 3, "yes" if user % 2 == 0 else "no"] for user in range(20) for at in (1, 2)]
    tables.write(Path("clicks.csv"), EVENTS, good + rows)
    done = command("train", "clicks.csv", "--target", "left", *BY)
    assert done.code == 1
    assert message in done.err, done.err


def test_too_few_sequences_or_values_are_rejected(command: tables.Command) -> None:
    clicks(users=6)
    done = command("train", "clicks.csv", "--target", "left", *BY)
    assert "has 6 different user with a value of 'left': expected at least 10 sequences" in done.err
    assert (
        "has 6 different user: expected at least 10 sequences"
        in command("train", "clicks.csv", "--target", "page", *BY).err
    )
    tables.write(Path("few.csv"), ["t", "y"], [[at, at % 3] for at in range(9)])
    done = command("train", "few.csv", "--target", "y", "--time", "t")
    assert "few.csv has 9 values of 'y': expected at least 20" in done.err


def test_options_for_other_kinds_of_networks_are_rejected(command: tables.Command) -> None:
    clicks()
    hours(3)
    for option in (("--rows", "5"), ("--increasing", "seconds"), ("--decreasing", "seconds")):
        done = command("train", "clicks.csv", "--target", "left", *BY, *option)
        assert (done.code, f"{option[0]} cannot be used with --sequence or --time" in done.err) == (2, True)
    assert command("train", "clicks.csv", "--target", "left", "--next").code == 2
    assert command("train", "clicks.csv", "--target", "left", *BY, "--max-time", "1").code == 0
    assert command("train", "load.csv", "--target", "kwh", "--time", "hour", "--max-time", "1").code == 0
    command("train", tables.TITANIC, "--target", "survived", "--max-time", "1")
    for words, message in [
        (("forecast", "clicks.nr"), "clicks.nr is not a network of series: expected one from 'neuralredis train TABLE"),
        (("forecast", "titanic.nr"), "titanic.nr is not a network of series"),
        (("forecast", "load.nr", "--id", "x"), "load.nr stores no series 'x': it has 'series'"),
        (("forecast", "load.nr", "--time", "hour"), "--sequence, --time and --as need a table"),
        (("forecast", "load.nr", "-o", "x.doc"), "--out x.doc: expected a name with .csv or .parquet"),
        (("forecast", "load.nr", "-o", "nowhere/x.csv"), "cannot write nowhere/x.csv: there is no folder"),
        (("forecast", "load.nr", "load.csv", "-o", "load.csv"), "which would be overwritten"),
        (("forecast", "load.nr", "load.csv", "--id", "y"), "load.csv has no series 'y'"),
        (("forecast", "load.nr", "--interval", "99.9"), "validation sequences for 99.9 %: expected a lower level"),
        (("evaluate", "load.nr", "load.csv"), "'kwh' is a series"),
        (("ask", "load.nr"), "'kwh' is a series: expected 'neuralredis forecast load.nr'"),
        (("ask", "clicks.nr", "page=home", "--why"), "--why needs a network of rows"),
        (("ask", "clicks.nr", "--id", "nobody"), "the network stores no sequence 'nobody'"),
        (("ask", "clicks.nr", "colour=red"), "the network has no field 'colour'"),
        (("ask", "titanic.nr", "sex=male", "--id", "x"), "--id is for networks of sequences"),
        (("predict", "titanic.nr", tables.TITANIC, "--time", "age"), "--sequence and --time need a network of"),
        (("evaluate", "titanic.nr", tables.TITANIC, "--sequence", "age"), "--sequence and --time need a network of"),
        (("predict", "clicks.nr", "load.csv"), "load.csv has no column 'user'"),
        (("predict", "clicks.nr", "clicks.csv", "--time", "wen"), "has no column 'wen'"),
    ]:
        done = command(*words)
        assert done.code == 1, words
        assert message in done.err, (words, done.err)
    assert command("forecast", "load.nr", "--steps", "0").code == 2


def test_network_without_notes_needs_options(command: tables.Command) -> None:
    clicks()
    command("train", "clicks.csv", "--target", "left", *BY, "--max-time", "1")
    net = nr.load("clicks.nr")
    for notes in (b"", b"{", b'{"events": 3}', b'{"events": {"sequence": 3, "time": []}}'):
        net.notes = notes
        net.save("bare.nr")
        done = command("predict", "bare.nr", "clicks.csv")
        assert "expected --sequence, the column with the sequence's id" in done.err
    assert command("predict", "bare.nr", "clicks.csv", *BY).out == command("predict", "clicks.nr", "clicks.csv").out
    by_position = nr.SequenceNetwork("classifier", [2, 4, 2], seed=1)
    by_position.save("numbers.nr")
    assert "its events have no fields" in command("predict", "numbers.nr", "clicks.csv").err
    assert "It takes" in command("info", "numbers.nr").out
