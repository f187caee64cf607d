"""A program may take a network in the process or in a server: both keep what `AnyNetwork` promises, awaited or not."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import neuralredis as nr

#: Both are what is promised, or the type checker, which reads this file too, objects.
NETWORKS: tuple[type[nr.AnyNetwork], ...] = (nr.Network, nr.RedisNetwork)
PROMISED = [name for name in vars(nr.AnyNetwork) if name == "__bytes__" or not name.startswith("_")]


def parameters(method: Any) -> dict[str, tuple[Any, Any]]:
    """Return how each argument of a method is given, and its default."""
    found = inspect.signature(method).parameters.values()
    # Methods of the extension take self by position only, which makes no difference.
    return {one.name: (one.kind, one.default) for one in found if one.name != "self"}


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("name", PROMISED)
def test_each_kind_of_network_takes_the_arguments_that_any_network_takes(name: str, kind: type[Any]) -> None:
    # At run time nothing is left of overloads in the protocol.
    promised = nr.Network.evaluate if name == "evaluate" else getattr(nr.AnyNetwork, name)
    taken, expected = parameters(getattr(kind, name)), parameters(promised)
    assert taken == expected


def operations(kind: type[Any]) -> dict[str, Any]:
    return {name: method for name, method in vars(kind).items() if inspect.isfunction(method) and name[0] != "_"}


@pytest.mark.parametrize("name", ["NeuralRedis", "RedisNetwork", "Training"])
def test_what_is_waited_for_can_be_awaited(name: str) -> None:
    waited, awaited = operations(getattr(nr, name)), operations(getattr(nr.aio, name))
    assert waited.keys() == awaited.keys()
    for method, twin in awaited.items():
        assert inspect.iscoroutinefunction(twin)
        assert not inspect.iscoroutinefunction(waited[method])
        assert inspect.signature(twin).replace(return_annotation="") == inspect.signature(waited[method]).replace(
            return_annotation=""
        )
        assert inspect.getdoc(twin) == inspect.getdoc(waited[method])


def test_a_network_in_a_server_is_documented_as_one_in_the_process_with_what_differs() -> None:
    embedded, served = inspect.getdoc(nr.Network.observe) or "", inspect.getdoc(nr.RedisNetwork.observe) or ""
    before, after = served.split("Many rows are sent to the server in parts of about a megabyte", 1)
    assert embedded.startswith(before)
    assert after.partition("\n\n")[2] == embedded[len(before) :].partition("\nExamples\n")[0].rstrip()
    assert "in a server" in (inspect.getdoc(nr.RedisNetwork.stop) or "").lower()
