"""Pages whose snippets run: Python by this process, what is typed into redis-cli by a server, in the page's order."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import dialogue
import pytest

import neuralredis
import servers

ROOT = Path(__file__).resolve().parents[1]
#: What redis-cli shows before what one types.
PROMPT = "127.0.0.1:6379> "


def blocks(text: str) -> list[tuple[str, str]]:
    """Return language and text of each fenced block."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run(page: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run a page's snippets, compare with what it shows, and return how many there were.

    All Python of a page is one program, whose ``neuralredis.connect`` reaches the server that replies to the page's
    commands. What a snippet prints is in the block of text after it. In replies, ``...`` stands for any lines.
    """
    found = blocks(page.read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    count = 0
    with (
        servers.running(servers.KINDS[0], module=neuralredis.module_path()) as server,
        contextlib.closing(dialogue.Connection(server)) as connection,
    ):
        monkeypatch.setattr(neuralredis, "connect", lambda url: neuralredis.NeuralRedis(server.client()))
        for (language, code), following in zip(found, [*found, ("", "")][1:], strict=True):
            count += language in ("python", "redis")
            if language == "redis":
                dialogue.play(connection, code.replace(PROMPT, "> "))
            elif language == "python":
                with contextlib.redirect_stdout(io.StringIO()) as stream:
                    exec(compile(code, page.name, "exec"), names)
                shown = following[1] if following[0] == "text" else ""
                printed = stream.getvalue()
                assert (printed or following[0] != "text") and printed in ("", shown), f"{code}\nprinted\n{printed}"
    return count


def run_shell(page: Path, folder: Path) -> int:
    """Do in a folder what a page has one type into a shell, compare with what it shows, and return how many programs ran.

    What would install something, or go on until it is ended, is only looked at: whether there is such a thing.
    """
    found = blocks(page.read_text(encoding="utf-8"))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (folder / "examples").symlink_to(ROOT / "examples")
    count = 0
    for (language, code), following in zip(found, [*found, ("", "")][1:], strict=True):
        printed = ""
        for line in code.splitlines() if language == "sh" else ():
            words = shlex.split(line, comments=True)
            match words:
                case [] | ["pip" | "redis-server" | "apt" | "sudo" | "git" | "pre-commit" | ".ci/run", *_]:
                    pass
                case ["make", target, *_]:
                    assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
                case ["neuralredis", "serve" | "ask" | "watch" as command, *_]:
                    _output([sys.executable, "-m", "neuralredis", command, "--help"], folder)
                case ["neuralredis", *arguments]:
                    printed = _output([sys.executable, "-m", "neuralredis", *arguments], folder)
                    count += 1
                case [python, program, *arguments] if python.endswith("python"):
                    printed = _output([sys.executable, program, *arguments], folder)
                    count += 1
                case _:
                    raise AssertionError(f"{page.name}: how is this to be tested? {line}")
        if printed and following[0] == "text":
            assert without_times(following[1]) in without_times(printed), f"{code}\nprinted\n{printed}"
    return count


def _output(command: list[str], folder: Path) -> str:
    # Width and letters of a terminal, whatever this one is.
    environment = {**os.environ, "COLUMNS": "100", "PYTHONIOENCODING": "utf-8"}
    printed = subprocess.run(
        command, cwd=folder, check=True, capture_output=True, encoding="utf-8", env=environment
    ).stdout
    return "\n".join(line.rstrip() for line in printed.splitlines()) + "\n"


def without_times(text: str) -> str:
    """Return what machines do not differ in."""
    return re.sub(r"[\d.]+ m?s\b", "", text)
