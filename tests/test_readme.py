"""The README's programs print what it shows."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import dialogue
import pytest

import neuralredis
import servers

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
#: Language and text of each fenced block.
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_its_python_prints_what_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, db: neuralredis.NeuralRedis
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(neuralredis, "connect", lambda url: db)
    names: dict[str, Any] = {}
    printed, shown = [], []
    for (language, code), (following, output) in itertools.pairwise(BLOCKS):
        if language != "python":
            continue
        assert following == "text", "each program is followed by what it prints"
        with contextlib.redirect_stdout(io.StringIO()) as stream:
            exec(compile(code, "README.md", "exec"), names)
        printed.append(stream.getvalue())
        shown.append(output)
    assert len(printed) == 5
    assert printed == shown


def test_a_server_replies_as_it_shows(redis7_for_all: servers.Server, db: neuralredis.NeuralRedis) -> None:
    connection = dialogue.Connection(redis7_for_all)
    first, second = (text.replace("127.0.0.1:6379>", ">") for language, text in BLOCKS if language == "redis")
    dialogue.play(connection, first)
    between = README[README.index("After `NR.OBSERVE net 3 4 -> 7`") : README.index("`5 6 -> 11`") + 12]
    rows = re.findall(r"\d+ \d+ -> \d+", between)
    assert len(rows) == 7
    for row in rows:
        connection.ask(f"NR.OBSERVE net {row}")
    dialogue.play(connection, second)
    connection.close()


def test_its_demo_ends_as_it_shows() -> None:
    command = [sys.executable, "examples/titanic.py"]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    shown = next(text for language, text in BLOCKS if language == "text")
    assert _without_times(printed) == _without_times(shown)


def test_its_command_line_prints_what_it_shows(tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (command,) = re.findall(r"^neuralredis (train .*)$", README, re.MULTILINE)
    printed = subprocess.run(
        [sys.executable, "-m", "neuralredis", *command.split()],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "COLUMNS": "100", "PYTHONIOENCODING": "utf-8"},
    ).stdout
    (shown,) = (text for language, text in BLOCKS if language == "text" and "titanic.csv:" in text)
    lines = "\n".join(line.rstrip() for line in printed.splitlines()) + "\n"
    assert _without_times(lines) == _without_times(shown)


def test_its_links_lead_somewhere() -> None:
    places = [place for place in re.findall(r"\]\(([^)]+)\)", README) if "://" not in place]
    assert places
    assert [place for place in places if not (ROOT / place).exists()] == []


def test_its_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"\bmake ([a-z]+(?:-[a-z]+)*)", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def _without_times(text: str) -> str:
    return re.sub(r"[\d.]+ m?s\b", "", text)
