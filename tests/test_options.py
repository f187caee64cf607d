"""The table of options, and everything that follows from it."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import get_type_hints

import neuralredis
from neuralredis import _core, options

DOCS = Path(__file__).parent.parent / "docs"


def test_option_types_match_the_table() -> None:
    page = runpy.run_path(str(DOCS / "option_types.py"))["page"]()
    assert Path(options.__file__).read_text(encoding="utf-8") == page, "run `make pages`"


def test_every_option_can_be_created_read_and_changed(db: neuralredis.NeuralRedis) -> None:
    names = [name for name, *_ in _core.option_table()]
    kept = [name for name, *_, of_creation in _core.option_table() if not of_creation]
    local = neuralredis.Network("classifier", [2, 3, 2])
    remote = db.create("net", "classifier", [2, 3, 2])
    assert list(local.configure()) == list(remote.configure()) == list(get_type_hints(options.Options)) == kept
    assert set(get_type_hints(options.Creation)) == set(names)
    assert local.configure(**local.configure()) == remote.configure(**remote.configure()) == local.configure()
    for info in (local.info(), remote.info()):
        assert {name: getattr(info, name) for name in kept} == local.configure()


def test_docs_of_commands_list_every_option(db: neuralredis.NeuralRedis) -> None:
    for command, arguments in db.client.execute_command("COMMAND DOCS", "NR.CREATE", "NR.CONFIGURE").items():
        listed = [argument["name"] for argument in arguments["arguments"]]
        expected = [
            word for _, word, *_, of_creation in _core.option_table() if command == "nr.create" or not of_creation
        ]
        assert listed[-len(expected) :] == expected
