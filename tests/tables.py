"""Tables for the tests of the command line, and the command run in this process."""

from __future__ import annotations

import contextlib
import csv
import fcntl
import io
import json
import os
import pty
import random
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import neuralredis as nr
from neuralredis.cli import main

TITANIC = Path(__file__).parents[1] / "examples" / "data" / "titanic.csv"


@dataclass(frozen=True)
class Done:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str


class Command:
    """Runs the command in this process, with its output in a pipe."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.capsys, self.monkeypatch = capsys, monkeypatch

    def __call__(self, *arguments: Any, typed: str | None = None) -> Done:
        self.capsys.readouterr()
        if typed is not None:
            self.monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(typed.encode()), encoding="utf-8"))
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        out, err = self.capsys.readouterr()
        assert isinstance(end.value.code, int)
        assert "Traceback" not in err
        return Done(end.value.code, out, err)


class Terminal:
    """Runs the command in another process, on a terminal with this many columns."""

    def __init__(self, *arguments: Any, columns: int = 100, cwd: Path | None = None) -> None:
        self.terminal, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "neuralredis", *map(str, arguments)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=cwd,
            env={**os.environ, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"},
        )
        os.close(theirs)
        self.output = b""

    def until(self, words: str) -> str:
        """Read until this text is printed, and return the output up to it."""
        while words.encode() not in self.output:
            assert select.select([self.terminal], [], [], 60)[0], self.output
            self.output += os.read(self.terminal, 65536)
        before, found, self.output = self.output.partition(words.encode())
        return (before + found).decode()

    def type(self, text: str) -> None:
        """Type a text."""
        os.write(self.terminal, text.encode())

    def end(self) -> tuple[int, str]:
        """Read to the end of the output, and return the exit code and the output since the last `until`."""
        # The end of a terminal is an OSError.
        with contextlib.suppress(OSError):
            while more := os.read(self.terminal, 65536):
                self.output += more
        os.close(self.terminal)
        return self.process.wait(60), self.output.decode()


def write(path: Path, names: Sequence[str], rows: Iterable[Sequence[Any]], **how: Any) -> Path:
    """Write a table as CSV."""
    encoding = how.pop("encoding", "utf-8")
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.writer(file, **how)
        writer.writerow(names)
        writer.writerows(rows)
    return path


def shop(rows: int = 400) -> tuple[list[str], list[list[Any]]]:
    """Return customers of a shop with columns of each kind. Those who get no newsletter or joined late have churned."""
    rng = random.Random(1)
    names = ["customer_id", "mail", "city", "age", "newsletter", "joined", "country", "empty", "comment", "churned"]
    found: list[list[Any]] = []
    for row in range(rows):
        newsletter, year = rng.choice(["Yes", "No"]), rng.choice([2019, 2020, 2021, 2022])
        age = "" if rng.random() < 0.1 else rng.randint(18, 80)
        comment = f'He said "hi, {row}"' if rng.random() < 0.3 else ""
        city = rng.choice(["Köln", "Paris", "Rome", "Rome"]) if rng.random() < 0.97 else f"Town {row}"
        joined = f"{year}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
        churned = "yes" if newsletter == "No" or year == 2022 else "no"
        found.append([1000 + row, f"u{row}@x.com", city, age, newsletter, joined, "DE", "", comment, churned])
    return names, found


def noted(kind: str, inputs: int, columns: list[dict[str, Any]], target: dict[str, Any]) -> nr.Network:
    """Return a network without fields, as earlier versions saved it, whose notes describe its columns."""
    net = nr.Network(
        "classifier" if kind == "classifier" else "regressor", [inputs, 3, len(target.get("labels", "1"))], seed=1
    )
    net.notes = json.dumps(
        {
            "table": 2,
            "columns": columns,
            "ignored": [],
            "target": {"kind": kind, **target},
            "results": {},
            "header": True,
        }
    ).encode()
    return net


def noted_number(**changes: Any) -> dict[str, Any]:
    """Return the notes on a column of numbers."""
    return {"kind": "number", "name": "x", "fill": 0.0, "gaps": False, "low": 0.0, "high": 1.0, **changes}
