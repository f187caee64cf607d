"""The files that ``neuralredis predict`` writes: columns and format."""

from __future__ import annotations

import codecs
import csv
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import neuralredis as nr
import tables
from neuralredis.table.column import Column
from neuralredis.table.writing import decimal_comma


def classifier(labels: tuple[str, ...], target: str = "y") -> nr.Network:
    net = tables.noted("classifier", 1, [tables.noted_number()], {"name": target, "labels": labels})
    net.save("net.nr")
    return net


def regressor(comma: bool = False) -> nr.Network:
    target = {"name": "y", "low": 0.0, "high": 1.0, "comma": comma}
    net = tables.noted("regressor", 1, [tables.noted_number(comma=comma)], target)
    net.save("net.nr")
    return net


def answered(
    command: tables.Command, content: bytes, *, delimiter: str = ",", encoding: str = "utf-8"
) -> list[list[str]]:
    """Return the cells that are written for a table with these bytes."""
    Path("new.csv").write_bytes(content)
    done = command("predict", "net.nr", "new.csv", "-o", "out.csv")
    assert done.code == 0, done.err
    return list(csv.reader(Path("out.csv").read_bytes().decode(encoding).splitlines(), delimiter=delimiter))


def test_threshold_applies_to_predict_and_ask(command: tables.Command) -> None:
    net = classifier(("no", "yes"))
    likely = net.run([[0.1], [0.9]])[:, 1]
    net.configure(threshold=float(likely.max()))
    net.save("net.nr")
    _, *rows = answered(command, b"x\n0.1\n0.9\n")
    expected = ["yes" if one == likely.max() else "no" for one in likely]
    assert [row[1] for row in rows] == expected
    assert [float(row[2]) for row in rows] == pytest.approx(
        [one if name == "yes" else 1 - one for one, name in zip(likely, expected, strict=True)], abs=1e-5
    )
    for value, name in zip(("0.1", "0.9"), expected, strict=True):
        assert command("ask", "net.nr", f"x={value}").out.startswith(f"y: {name}")
    net.configure(threshold=0.25)
    net.save("net.nr")
    assert "Threshold: it predicts yes from a probability of 0.25 on." in command("info", "net.nr").out


def test_predict_writes_a_probability_column_for_each_class(command: tables.Command) -> None:
    net = classifier(("no", "maybe", "yes"))
    (names, *rows) = answered(command, b"x\n0.1\n0.9\n")
    assert names == [
        "x",
        "predicted y",
        "probability",
        "probability of no",
        "probability of maybe",
        "probability of yes",
    ]
    expected = net.run([[0.1], [0.9]])
    assert np.array([row[3:] for row in rows], float) == pytest.approx(expected, abs=1e-5)
    assert [row[1] for row in rows] == [("no", "maybe", "yes")[place] for place in expected.argmax(axis=1)]


def test_predict_gives_new_columns_unique_names(command: tables.Command) -> None:
    classifier(("a", "a"), target="x")
    (names, *_) = answered(command, b"x,predicted x,probability,probability of a,probability of a (2)\n1,2,3,4,5\n")
    assert len(names) == len(set(names)) == 9
    assert names[5:] == ["predicted x (2)", "probability (2)", "probability of a (3)", "probability of a (4)"]


def test_small_probabilities_are_written_without_exponents(command: tables.Command) -> None:
    rng = random.Random(1)
    rows = [[x := rng.gauss(0, 1), "yes" if x > 2.2 else "no"] for _ in range(1500)]
    tables.write(Path("rare.csv"), ["x", "y"], rows)
    command("train", "rare.csv", "--target", "y", "-o", "net.nr")
    (names, *found) = answered(command, Path("rare.csv").read_bytes())
    likely = [row[names.index("probability of yes")] for row in found]
    assert not any("e" in cell for cell in likely)
    assert len({cell for cell in likely if float(cell) < 0.0001}) > 3


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (b"", "cp1252"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ],
)
@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
def test_output_has_the_format_of_the_table(
    command: tables.Command, mark: bytes, encoding: str, newline: str, delimiter: str
) -> None:
    regressor(comma=True)
    lines = [["x", "Größe"], ["0,25", "1.234,50"], ["0,5", "3,75"]]
    quoted = [[f'"{cell}"' if delimiter in cell else cell for cell in line] for line in lines]
    given = mark + newline.join([*map(delimiter.join, quoted), ""]).encode(encoding)
    Path("new.csv").write_bytes(given)
    assert command("predict", "net.nr", "new.csv", "-o", "out.csv").code == 0
    written = Path("out.csv").read_bytes()
    assert written.startswith(mark)
    text = written[len(mark) :].decode(encoding)
    assert not text.startswith("\ufeff")
    assert text.count(newline) == text.count("\n") == 3
    found = list(csv.reader(text.splitlines(), delimiter=delimiter))
    assert [line[:2] for line in found] == lines
    assert found[0][2:] == ["predicted y"]
    for (answer,) in (line[2:] for line in found[1:]):
        assert "," in answer
        assert "." not in answer
    # The output is read back as the table was.
    assert command("predict", "net.nr", "out.csv", "-o", "again.csv").code == 0


def test_pipe_receives_the_same_output_as_a_file(tmp_path: Path, command: tables.Command) -> None:
    regressor(comma=True)
    Path("new.csv").write_bytes("x;ö\r\n0,25;1,5\r\n".encode("utf-16"))
    command("predict", "net.nr", "new.csv", "-o", "out.csv")
    done = subprocess.run(
        [sys.executable, "-m", "neuralredis", "predict", "net.nr", "new.csv"], capture_output=True, check=True
    )
    assert done.stdout == Path("out.csv").read_bytes()


def test_output_has_decimal_points_by_default(command: tables.Command) -> None:
    regressor()
    for content in (b"x,z\n0.25,1.5\n", b"x\n3\n", b'x,z\n0.25,"1,234"\n', b"x;z\n0.25;1\n"):
        delimiter = ";" if b";" in content else ","
        (_, row) = answered(command, content, delimiter=delimiter)
        assert "." in row[-1]
        assert "," not in row[-1]


def test_table_without_decimals_has_the_separator_of_the_training_table(command: tables.Command) -> None:
    regressor(comma=True)
    (_, row) = answered(command, b"x;z\n3;4\n", delimiter=";")
    assert "," in row[-1]


@pytest.mark.parametrize(
    ("cells", "delimiter", "comma"),
    [
        (["0,970", "1,258"], ";", True),
        (["0,970", "1,258"], ",", None),
        (["1.234,50"], ",", True),
        (["1,234.50"], ";", False),
        (["12,34 €", "CHF 3,5"], "\t", True),
        (["1.5", "2.5", "1,5"], ",", False),
        (["2024-12-31", "31.12.2024", "a,b"], ";", None),
    ],
)
def test_decimal_commas_are_detected_from_the_numbers(cells: list[str], delimiter: str, comma: bool | None) -> None:
    for otherwise in (True, False):
        expected = otherwise if comma is None else comma
        assert decimal_comma([Column.of("x", cells)], delimiter, otherwise) is expected


def test_output_is_utf_8_if_the_encoding_lacks_characters(command: tables.Command) -> None:
    classifier(("ναι", "όχι"))
    Path("new.csv").write_bytes("x,ö\n1,ü\n".encode("cp1252"))
    done = command("predict", "net.nr", "new.csv", "-o", "out.csv")
    assert "the output is UTF-8, since cp1252 lacks some of its characters" in done.err
    written = Path("out.csv").read_bytes()
    assert written.startswith(codecs.BOM_UTF8)
    assert "probability of ναι" in written.decode("utf-8-sig")


def test_predict_never_overwrites_its_input(command: tables.Command) -> None:
    classifier(("a", "b"))
    Path("net.nr").rename("net.csv")
    content = b"x\n1\n"
    Path("new.csv").write_bytes(content)
    Path("folder").mkdir()
    Path("symlink.csv").symlink_to("new.csv")
    Path("chain.csv").symlink_to("symlink.csv")
    os.link("new.csv", "hard.csv")
    for data in ("new.csv", "symlink.csv", "hard.csv"):
        for out in (
            "new.csv",
            "./new.csv",
            "folder/../new.csv",
            str(Path("new.csv").absolute()),
            "symlink.csv",
            "chain.csv",
            "hard.csv",
        ):
            done = command("predict", "net.csv", data, "-o", out)
            assert (done.code, done.out) == (1, "")
            assert f"--out {out} is the table, which would be overwritten: expected another name" in done.err
    assert "--out net.csv is the network" in command("predict", "net.csv", "new.csv", "-o", "net.csv").err
    assert Path("new.csv").read_bytes() == content
    assert nr.load("net.csv")
    assert command("predict", "net.csv", "new.csv", "-o", "other.csv").code == 0
    assert command("predict", "net.csv", "new.csv", "-o", "other.csv").code == 0, "the output may be overwritten"


def test_predict_never_overwrites_a_table_on_standard_input(command: tables.Command) -> None:
    classifier(("a", "b"))
    Path("new.csv").write_bytes(b"x\n1\n")
    with Path("new.csv").open("rb") as table:
        done = subprocess.run(
            [sys.executable, "-m", "neuralredis", "predict", "net.nr", "-", "-o", "new.csv"],
            stdin=table,
            capture_output=True,
            check=False,
        )
    assert done.returncode == 1
    assert b"--out new.csv is the table, which would" in done.stderr
    assert Path("new.csv").read_bytes() == b"x\n1\n"


@pytest.mark.parametrize(
    "label", ["=1+cmd|' /C calc'!A0", "@SUM(1)", "+cmd|x", "-cmd|x", "\t=1", " =A1", '=HYPERLINK("x")']
)
def test_classes_that_look_like_formulas_are_escaped(command: tables.Command, label: str) -> None:
    net = classifier((label, label + "2"))
    (names, row) = answered(command, b"x\n1\n")
    chosen = (label, label + "2")[int(net.classify([1.0]))]
    assert row[1] == f"'{chosen}"
    assert not any(name.startswith(("=", "+", "-", "@", "\t", " ")) for name in names)
    assert json.loads(command("predict", "net.nr", "new.csv", "--json").out)[0]["predicted"] == chosen


@pytest.mark.parametrize(
    "labels", [("-1", "1"), ("-", "+"), ("-1.5", "-2"), ("- 5", "+5 %"), ("<50", ">50"), ("a=b", "c")]
)
def test_other_classes_are_written_unchanged(command: tables.Command, labels: tuple[str, str]) -> None:
    classifier(labels)
    (_, row) = answered(command, b"x\n1\n")
    assert row[1] in labels


def test_formulas_in_the_input_table_are_unchanged(command: tables.Command) -> None:
    classifier(("a", "b"))
    (_, row) = answered(command, b"x,z\n1,=A1\n")
    assert row[1] == "=A1"
