"""The table of options, and everything that follows from it."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any, get_type_hints

import inredis
import pytest

import neuralredis
from neuralredis import _core, options

DOCS = Path(__file__).parent.parent / "docs"


def test_option_types_match_the_table() -> None:
    page = runpy.run_path(str(DOCS / "option_types.py"))["page"]()
    assert Path(options.__file__).read_text(encoding="utf-8") == page, "run `make pages`"


def test_every_option_can_be_created_read_and_changed(db: neuralredis.NeuralRedis) -> None:
    names = [name for name, *_ in _core.option_table()]
    former = {alias for _, _, alias, *_ in _core.option_table() if alias}
    kept = [name for name, *_, of_creation in _core.option_table() if not of_creation]
    local = neuralredis.Network("classifier", [2, 3, 2])
    remote = db.create("net", "classifier", [2, 3, 2])
    assert list(local.configure()) == list(remote.configure()) == list(get_type_hints(options.Options)) == kept
    assert set(get_type_hints(options.Creation)) == former.union(names)
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


@pytest.mark.parametrize("name", ["ensemble", "restarts"])
def test_commands_accept_the_former_name_of_ensemble(db: neuralredis.NeuralRedis, name: str) -> None:
    db.client.execute_command("NR.CREATE", "net", "REGRESSOR", 2, "->", 1, name, 5)
    info = inredis.info(db.client, "net")
    assert (info["ensemble"], info["restarts"]) == (5, 5)
    db.client.execute_command("NR.CONFIGURE", "net", name.upper(), 3)
    info = inredis.info(db.client, "net")
    assert (info["ensemble"], info["restarts"]) == (3, 3)
    assert (db["net"].info().ensemble, db["net"].info().restarts) == (3, 3)


@pytest.mark.parametrize("name", ["ensemble", "restarts"])
def test_python_accepts_the_former_name_of_ensemble(db: neuralredis.NeuralRedis, name: str) -> None:
    made: list[Any] = [
        neuralredis.Network("classifier", [2, 2], **{name: 5}),  # type: ignore[arg-type]
        neuralredis.SequenceNetwork("classifier", [2, 2], **{name: 5}),  # type: ignore[arg-type]
        db.create("net", "classifier", [2, 2], **{name: 5}),  # type: ignore[arg-type]
        db.create_sequences("events", "classifier", [2, 2], **{name: 5}),  # type: ignore[arg-type]
    ]
    for net in made:
        assert (net.info().ensemble, net.info().restarts) == (5, 5)
        assert net.configure(**{name: 3})["ensemble"] == 3
        with pytest.raises(neuralredis.OptionError, match="ensemble is given twice: expected ensemble or restarts"):
            net.configure(ensemble=2, restarts=2)
        with pytest.raises(neuralredis.OptionError, match="ensemble is 65: expected an integer from 1 to 64"):
            net.configure(**{name: 65})
        assert net.configure(ensemble=None, restarts=None)["ensemble"] == 3
    table = {"x": list(range(40)), "y": [number % 3 / 2 for number in range(40)]}
    learnt = neuralredis.learn(table, "y", kind="regressor", fields={"x": "number"}, seed=1, **{name: 3})
    assert (learnt.network.info().ensemble, learnt.network.info().members) == (3, 2)
