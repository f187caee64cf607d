"""Runs the snippets of a page in order: Python in this process, commands of redis-cli on a server."""

from __future__ import annotations

import codeop
import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import dialogue
import pytest

import kinds
import neuralredis
import servers
from neuralredis import aio

ROOT = Path(__file__).resolve().parents[1]
#: The prompt of redis-cli.
PROMPT = "127.0.0.1:6379> "


def blocks(text: str) -> list[tuple[str, str]]:
    """Return language and text of each fenced block, including blocks in lists."""
    found = re.findall(r"^( *)```(\w+)\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL)
    return [(language, textwrap.dedent(code)) for _, language, code in found]


def statements(code: str) -> list[str]:
    """Return the statements that an interactive Python reads if this code is pasted into it.

    Raises
    ------
    SyntaxError
        It would not read the code as a file does: before Python 3.13, a compound statement ends only at a blank line.
    """
    read, lines = [], list[str]()
    for line in [*code.splitlines(), ""]:
        lines.append(line)
        if codeop.compile_command("\n".join(lines)) is not None:
            read.append("\n".join(lines))
            lines.clear()
    return read


def reach(server: servers.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connect programs to this server, whatever address they use."""
    connect_async = aio.connect
    monkeypatch.setattr(neuralredis, "connect", lambda url: neuralredis.NeuralRedis(server.client()))
    monkeypatch.setattr(aio, "connect", lambda url: connect_async(f"unix://{server.socket}"))


def run(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Run a page's snippets in a folder, compare the output with the page, and return their number by language.

    All Python of a page is one program, which reaches the server that replies to the page's commands. What a snippet
    prints is in the block of text after it. In replies, ``...`` stands for any lines.
    """
    found = blocks(page.read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    counts: dict[str, int] = {}
    monkeypatch.chdir(folder)
    (folder / "examples").symlink_to(ROOT / "examples")
    with (
        servers.running(kinds.ANY, module=neuralredis.module_path()) as server,
        contextlib.closing(dialogue.Connection(server)) as connection,
    ):
        reach(server, monkeypatch)
        for (language, code), (following, text) in zip(found, [*found, ("", "")][1:], strict=True):
            counts[language] = counts.get(language, 0) + 1
            shown = text if following == "text" else ""
            if language == "redis":
                dialogue.play(connection, code.replace(PROMPT, "> "))
            elif language == "python":
                assert statements(code), code
                with contextlib.redirect_stdout(io.StringIO()) as stream:
                    exec(compile(code, page.name, "exec"), names)
                assert without_times(stream.getvalue()) == without_times(shown), f"{code}\nprinted\n{stream.getvalue()}"
            elif language == "sh":
                printed = "".join(
                    type_into_shell(line.replace("redis://localhost", f"unix://{server.socket}"), folder)
                    for line in code.splitlines()
                )
                assert without_times(shown) in without_times(printed), f"{code}\nprinted\n{printed}"
    return counts


def type_into_shell(line: str, folder: Path) -> str:
    """Return the output of a command line.

    What would install something, build, or go on until it is ended, is only looked at: whether there is such a thing.
    """
    match shlex.split(line, comments=True):
        case [] | ["python"] | ["pip" | "redis-server" | "apt" | "git" | "pre-commit" | ".ci/run", *_]:
            return ""
        case ["make", target, *_]:
            makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
            return ""
        case ["neuralredis", "ask", _, given, *_] if "=" in given:
            return _output([sys.executable, "-m", *shlex.split(line)], folder)
        case ["neuralredis", "serve" | "ask" | "watch" | "dashboard" as command, *_]:
            _output([sys.executable, "-m", "neuralredis", command, "--help"], folder)
            return ""
        case ["neuralredis", *arguments]:
            return _output([sys.executable, "-m", "neuralredis", *arguments], folder)
        case [python, program, *arguments] if python.endswith("python"):
            return _output([sys.executable, program, *arguments], folder)
    raise AssertionError(f"how is this to be tested? {line}")


def _output(command: list[str], folder: Path) -> str:
    # A fixed width and encoding of the terminal.
    environment = {**os.environ, "COLUMNS": "100", "PYTHONIOENCODING": "utf-8"}
    printed = subprocess.run(
        command, cwd=folder, check=True, capture_output=True, encoding="utf-8", env=environment
    ).stdout
    return "\n".join(line.rstrip() for line in printed.splitlines()) + "\n"


def without_times(text: str) -> str:
    """Remove from an output what depends on the machine."""
    return re.sub(r"[\d.]+ m?s\b", "", text)
