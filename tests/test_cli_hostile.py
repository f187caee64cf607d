"""Hostile files on the command line: networks and tables that were crafted to do harm."""

from __future__ import annotations

import copy
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

import neuralredis as nr
import tables

#: Control characters that clear a screen, set its title, or reverse the direction of text.
EVIL = "\x1b[2J\x1b]0title\x07\x9b31m\x7f\u202e\u2066"


def network(notes: dict[str, Any], name: str = "net.nr", *, outputs: int = 2) -> str:
    """Save a network with two inputs and these notes."""
    net = nr.Network("classifier" if outputs > 1 else "regressor", [2, outputs], seed=1)
    net.notes = json.dumps(notes).encode()
    net.save(name)
    return name


def notes(**changes: Any) -> dict[str, Any]:
    """Return notes as earlier versions of `neuralredis train` wrote them, on a number and on two classes."""
    column = {"kind": "number", "name": "x", "fill": 0.0, "gaps": True, "low": 0.0, "high": 9.0}
    column |= {"offset": 0.0, "comma": False, "unit": ""}
    return {
        "table": 1,
        "columns": [column],
        "ignored": [],
        "target": {"kind": "classifier", "name": "y", "labels": ["no", "yes"]},
        "results": {"data": "x.csv", "learnt": 8, "kept": 2, "accuracy": 0.9, "likely": [0.8, 1.0], "baseline": 0.5},
        **changes,
    }


def everywhere(command: tables.Command, place: str) -> list[tables.Done]:
    """Run each subcommand that reads a network."""
    Path("x.csv").write_text("x,y\n1,no\n2,yes\n3,no\n")
    return [
        command("info", place),
        command("info", place, "--json"),
        command("ask", place, typed="1\n"),
        command("predict", place, "x.csv"),
        command("predict", place, "x.csv", "--json"),
        command("predict", place, "x.csv", "-o", "out.csv"),
        command("predict", place, "x.csv", "-o", "out.parquet"),
        command("evaluate", place, "x.csv"),
        command("evaluate", place, "x.csv", "--json"),
    ]


def test_unmodified_notes_are_accepted(command: tables.Command) -> None:
    assert [done.code for done in everywhere(command, network(notes()))] == [0] * 9


@pytest.mark.parametrize(
    "value",
    [
        10**400,
        -(10**400),
        1e300,
        "∞",
        None,
        True,
        [],
        {},
        [[[[[[[[1]]]]]]]],
        {"a": {"b": "c"}},
        "x" * 100_000,
        "\ud800",
    ],
    ids=lambda value: repr(value)[:20] if not isinstance(value, int) else f"int{value.bit_length()}",
)
def test_notes_with_an_invalid_value_are_rejected_or_used(command: tables.Command, value: Any) -> None:
    Path("x.csv").write_text("x,y\n1,no\n2,yes\n")

    def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        keys = content if isinstance(content, dict) else range(len(content)) if isinstance(content, list) else ()
        return [path, *(place for key in keys for place in places(content[key], (*path, key)))]

    for path in places(notes()):
        forged = {"all": copy.deepcopy(notes())}
        inner: Any = forged
        for key in ("all", *path)[:-1]:
            inner = inner[key]
        inner[("all", *path)[-1]] = value
        place = network(forged["all"])
        for done in (command("info", place), command("ask", place, typed="1\n"), command("predict", place, "x.csv")):
            assert done.code in (0, 1)
            assert (done.code == 1) == (done.err.startswith("neuralredis: ") and done.out == ""), path
            assert len(done.err) < 500


@pytest.mark.parametrize(
    "text",
    [
        '{"table":1,"columns":' + "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"table":' + "[" * 500 + "]" * 500 + "}",
        '{"table":1,"columns":[],"ignored":[],"target":{},"results":{}}',
        '{"table":2}',
        '{"table":"' + "\\u001b[2J" * 1000 + '"}',
        json.dumps(notes()).replace('"accuracy": 0.9', '"accuracy": NaN').replace('"kept": 2', '"kept": Infinity'),
        json.dumps(notes()).replace('"fill": 0.0', '"fill": NaN'),
        json.dumps(notes()).replace('"low": 0.0', '"low": -Infinity'),
        json.dumps(notes(results={"a": 1})).replace("1}", "9" * 5000 + "}"),
        json.dumps(notes(results={})).replace('"results": {}', '"results": ' + '{"a":' * 400 + "1" + "}" * 400),
        json.dumps(notes(columns=[{"kind": "left out", "name": "x", "reason": "r"}])),
        json.dumps(notes(columns=[{"kind": "given or not", "name": "x", "reason": "r"}] * 2)),
        json.dumps(notes(columns=notes()["columns"] * 8_000)),
        json.dumps(notes(target={"kind": "classifier", "name": "x", "labels": ["a", "a"]})),
        json.dumps(notes(target={"kind": "classifier", "name": "", "labels": ["", ""]})),
        "\xff\xfe",
        "null",
        "0",
        '"table"',
    ],
    ids=lambda text: text[:12],
)
def test_random_notes_are_used_or_rejected_in_one_line(command: tables.Command, text: str) -> None:
    net = nr.Network("classifier", [2, 2], seed=1)
    net.notes = text.encode("latin-1", "replace")
    net.save("net.nr")
    for done in everywhere(command, "net.nr"):
        assert done.code in (0, 1)
        assert "\x1b" not in done.out + done.err
        assert len(done.err) < 2000


@pytest.mark.parametrize("fill", [1e29, -1e29, 1e7, -1e7])
def test_impossible_dates_in_notes_are_rejected(command: tables.Command, fill: float) -> None:
    column = {"kind": "date", "name": "x", "fill": fill, "gaps": True, "hours": False, "order": "ymd"}
    content = notes(columns=[column])
    net = nr.Network("classifier", [4, 2], seed=1)
    net.notes = json.dumps(content).encode()
    net.save("net.nr")
    for done in everywhere(command, "net.nr"):
        assert done.code in (0, 1)


def test_network_with_huge_weights_gives_an_answer(command: tables.Command) -> None:
    for outputs, target in (
        (2, notes()["target"]),
        (1, {"kind": "regressor", "name": "y", "low": 0.0, "high": 1.0, "comma": False}),
    ):
        column = {**notes()["columns"][0], "fill": 9e29, "offset": -9e29}
        place = network(notes(columns=[column], target=target), outputs=outputs)
        assert command("ask", place, typed="\n").code == 0
        Path("gap.csv").write_text("x,y\n,1\n")
        assert command("predict", place, "gap.csv").code == 0


@pytest.fixture
def evil(command: tables.Command) -> str:
    """Return a network whose texts all contain control characters."""
    column = {"kind": "given or not", "name": f"{EVIL}x", "reason": EVIL}
    other = {"kind": "category", "name": f"{EVIL}z", "values": [EVIL], "other": False, "gaps": False}
    target = {"kind": "classifier", "name": f"{EVIL}y", "labels": [f"{EVIL}no", f"{EVIL}yes"]}
    ignored = [{"kind": "left out", "name": EVIL, "reason": EVIL}]
    results = {**notes()["results"], "data": EVIL}
    names = [column["name"], other["name"], target["name"], f"{EVIL}w", f"{EVIL}w"]
    rows = [[EVIL, f"{EVIL}q", target["labels"][0], EVIL, EVIL], ["", EVIL, target["labels"][1], EVIL, EVIL]] * 40
    tables.write(Path("evil.csv"), names, rows)
    return network(notes(columns=[column, other], ignored=ignored, target=target, results=results), "evil.nr")


def harmless(text: str) -> bool:
    """Return whether the only control sequences in a text are colours, styles and moves of a live display."""
    return (
        not {"\x9b", "\x7f", "\x07", "\u202e", "\u2066"} & set(text) and "\x1b[2J" not in text and "\x1b]" not in text
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("info", "evil.nr"),
        ("info", "evil.nr", "--json"),
        ("predict", "evil.nr", "evil.csv"),
        ("evaluate", "evil.nr", "evil.csv"),
        ("train", "evil.csv", "--target", f"{EVIL}y"),
        ("train", "evil.csv"),
        ("evaluate", "evil.nr", "gap.csv"),
    ],
    ids=lambda arguments: "-".join(argument for argument in arguments if argument.isprintable()),
)
def test_output_to_a_terminal_has_no_control_characters(evil: str, arguments: tuple[str, ...]) -> None:
    Path("gap.csv").write_text("a,b\n1,2\n")
    _, output = tables.Terminal(*arguments, cwd=Path.cwd()).end()
    assert harmless(output), output


def test_prompts_on_a_terminal_have_no_control_characters(evil: str) -> None:
    terminal = tables.Terminal("ask", "evil.nr", cwd=Path.cwd())
    output = ""
    for typed in ("x\n", "q\n", "\x04"):
        # Hints on what to type are dim.
        output += terminal.until("\x1b[2m(") + terminal.until(": ")
        terminal.type(typed)
    code, rest = terminal.end()
    assert code == 0
    assert harmless(output + rest), output + rest


def test_json_escapes_control_characters(command: tables.Command, evil: str) -> None:
    done = command("info", "evil.nr", "--json")
    assert done.out.replace("\n", "").isprintable()
    assert json.loads(done.out)["target"] == f"{EVIL}y"
    assert json.loads(done.out)["classes"] == [f"{EVIL}no", f"{EVIL}yes"]


def test_files_and_pipes_keep_control_characters(command: tables.Command, evil: str) -> None:
    assert command("predict", "evil.nr", "evil.csv", "-o", "out.csv").code == 0
    assert EVIL in Path("out.csv").read_bytes().decode()
    done = command("predict", "evil.nr", "evil.csv")
    assert done.out == Path("out.csv").read_bytes().decode(), "a pipe is read like a file"


def test_errors_with_hostile_names_are_one_line(command: tables.Command) -> None:
    Path(f"{EVIL}.csv").write_text("a,y\n1,2\n3,4,5\n")
    for arguments in (
        ["train", f"{EVIL}.csv", "--target", "y"],
        ["info", f"{EVIL}.nr"],
        ["predict", f"{EVIL}.csv", "x"],
    ):
        done = command(*arguments)
        assert done.code == 1
        assert harmless(done.err)
        assert done.err.count("\n") == 1


def test_gzip_bombs_are_rejected(command: tables.Command) -> None:
    row = b"1,2\n"
    bomb = gzip.compress(b"a,y\n" + row * 20_000_000)
    many = b"".join([gzip.compress(b"a,y\n"), *[gzip.compress(row * 1_000_000)] * 20])
    for packed in (bomb, many):
        Path("bomb.csv.gz").write_bytes(packed)
        place = network(notes())
        for arguments in (["train", "bomb.csv.gz", "--target", "y"], ["predict", place, "bomb.csv.gz"]):
            done = command(*arguments)
            assert (done.code, done.out) == (1, "")
            assert "unpacks to more than 67 MB, 100 times its size, which is unusual for a table" in done.err


def test_compressed_table_is_read_and_a_damaged_one_rejected(command: tables.Command) -> None:
    place = network(notes())
    packed = gzip.compress(b"x,y\n" + b"1,no\n" * 50_000)
    Path("x.csv.gz").write_bytes(packed)
    assert len(command("predict", place, "x.csv.gz").out.splitlines()) == 50_001
    for damaged in (packed[:-10], packed[:40] + b"\xff" * 40 + packed[80:], packed[:10], packed + b"more"):
        Path("x.csv.gz").write_bytes(damaged)
        done = command("predict", place, "x.csv.gz")
        assert done.code == 1
        assert "x.csv.gz cannot be unpacked: " in done.err


def test_parquet_bombs_are_rejected(command: tables.Command) -> None:
    many = pyarrow.table({"x": np.zeros(10_000_000, np.int8)})
    pyarrow.parquet.write_table(many, "bomb.parquet")
    assert Path("bomb.parquet").stat().st_size < 100_000
    done = command("predict", network(notes()), "bomb.parquet")
    assert (done.code, done.out) == (1, "")
    assert "bomb.parquet unpacks to more than 67 MB, 100 times its size" in done.err
    pyarrow.parquet.write_table(many.slice(0, 1000), "fine.parquet")
    assert command("predict", network(notes()), "fine.parquet").code == 0
