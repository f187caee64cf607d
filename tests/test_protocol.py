"""Embedded networks, networks in a server, and those of asyncio all implement `AnyNetwork`."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import neuralredis as nr

#: The type checker, which reads this file too, checks that both implement the protocols.
NETWORKS: tuple[type[nr.AnyNetwork], ...] = (nr.Network, nr.RedisNetwork)
SEQUENCES: tuple[type[nr.AnySequenceNetwork], ...] = (nr.SequenceNetwork, nr.RedisSequenceNetwork)
SESSIONS: tuple[type[nr.AnySession], ...] = (nr.Session, nr.RedisSession)
#: Members that need no server, and so are not awaited.
FREE = {"session"}


def promised(protocol: type[Any]) -> list[str]:
    """Return the names of the members of a protocol."""
    return [name for name in vars(protocol) if name == "__bytes__" or not name.startswith("_")]


def parameters(method: Any) -> dict[str, tuple[Any, Any]]:
    """Return the kind and the default of each parameter of a method."""
    found = inspect.signature(method).parameters.values()
    # Methods of the extension take self by position only, which does not matter here.
    return {one.name: (one.kind, one.default) for one in found if one.name != "self"}


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("name", promised(nr.AnyNetwork))
def test_networks_have_the_signatures_of_anynetwork(name: str, kind: type[Any]) -> None:
    # Overloads of the protocol do not exist at run time.
    method = nr.Network.evaluate if name == "evaluate" else getattr(nr.AnyNetwork, name)
    taken, expected = parameters(getattr(kind, name)), parameters(method)
    assert taken == expected


@pytest.mark.parametrize("kind", SEQUENCES)
@pytest.mark.parametrize("name", promised(nr.AnySequenceNetwork))
def test_networks_of_sequences_have_the_signatures_of_anysequencenetwork(name: str, kind: type[Any]) -> None:
    taken, expected = parameters(getattr(kind, name)), parameters(getattr(nr.AnySequenceNetwork, name))
    if name == "evaluate":
        # Only embedded networks evaluate fresh sequences.
        taken = {"X": taken["X"]}
    assert taken == expected


@pytest.mark.parametrize("kind", SESSIONS)
@pytest.mark.parametrize("name", promised(nr.AnySession))
def test_sessions_have_the_signatures_of_anysession(name: str, kind: type[Any]) -> None:
    assert parameters(getattr(kind, name)) == parameters(getattr(nr.AnySession, name))


def operations(kind: type[Any]) -> dict[str, Any]:
    return {name: method for name, method in vars(kind).items() if inspect.isfunction(method) and name[0] != "_"}


FACES = ["NeuralRedis", "RedisNetwork", "RedisSequenceNetwork", "RedisSession", "Training"]


@pytest.mark.parametrize("name", FACES)
def test_asyncio_methods_match_the_blocking_methods(name: str) -> None:
    waited, awaited = operations(getattr(nr, name)), operations(getattr(nr.aio, name))
    assert waited.keys() == awaited.keys()
    for method, twin in awaited.items():
        if method in FREE:
            continue
        assert inspect.iscoroutinefunction(twin)
        assert not inspect.iscoroutinefunction(waited[method])
        assert inspect.signature(twin).replace(return_annotation="") == inspect.signature(waited[method]).replace(
            return_annotation=""
        )
        assert inspect.getdoc(twin) == inspect.getdoc(waited[method])


def test_docstrings_of_remote_networks_extend_those_of_embedded_ones() -> None:
    embedded, served = inspect.getdoc(nr.Network.observe) or "", inspect.getdoc(nr.RedisNetwork.observe) or ""
    before, after = served.split("Many rows are sent in parts of about a megabyte", 1)
    assert embedded.startswith(before)
    assert after.partition("\n\n")[2] == embedded[len(before) :].partition("\nExamples\n")[0].rstrip()
    assert "in a server" in (inspect.getdoc(nr.RedisNetwork.stop) or "").lower()


def test_docstrings_of_remote_sequence_networks_extend_those_of_embedded_ones() -> None:
    embedded, served = (
        inspect.getdoc(nr.SequenceNetwork.observe) or "",
        inspect.getdoc(nr.aio.RedisSequenceNetwork.observe),
    )
    before, after = (served or "").split("In a server each sequence needs an id", 1)
    assert embedded.startswith(before)
    assert after.partition("\n\n")[2] == embedded[len(before) :]
    evaluate = inspect.getdoc(nr.RedisSequenceNetwork.evaluate) or ""
    assert evaluate.count("Parameters\n") == 1
    assert inspect.getdoc(nr.RedisSession.forget) == "Delete the sequence; return whether it existed."
