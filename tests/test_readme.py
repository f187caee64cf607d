"""The programs in the README print what it shows."""

from __future__ import annotations

import contextlib
import io
import itertools
import re
from pathlib import Path
from typing import Any

import dialogue
import pages
import pytest

import neuralredis
import servers

README = (pages.ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = pages.blocks(README)


def test_python_snippets_print_the_shown_output(
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
        assert pages.statements(code), code
        with contextlib.redirect_stdout(io.StringIO()) as stream:
            exec(compile(code, "README.md", "exec"), names)
        printed.append(stream.getvalue())
        shown.append(output)
    assert len(printed) == 4
    assert printed == shown


def test_redis_snippets_get_the_shown_replies(any_server_for_all: servers.Server, db: neuralredis.NeuralRedis) -> None:
    connection = dialogue.Connection(any_server_for_all)
    first, *pasted, end = next(text for _, text in BLOCKS if text.startswith("redis-cli")).splitlines()
    assert first == f"redis-cli <<{end}"
    *_, last = [connection.ask(line) for line in pasted]
    assert last == "finished"
    (shown,) = (text.replace(pages.PROMPT, "> ") for language, text in BLOCKS if language == "redis")
    dialogue.play(connection, shown)
    connection.close()


def test_links_resolve() -> None:
    places = [place for place in re.findall(r"\]\(([^)]+)\)", README) if "://" not in place]
    assert places
    assert [place for place in places if not (pages.ROOT / place.partition("#")[0]).exists()] == []


def test_make_targets_exist() -> None:
    makefile = (pages.ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"\bmake ([a-z]+(?:-[a-z]+)*)", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
