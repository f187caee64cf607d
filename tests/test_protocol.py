"""A program may take a network in the process or in a server: both keep what `AnyNetwork` promises."""

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
    promised, found = inspect.getattr_static(nr.AnyNetwork, name), inspect.getattr_static(kind, name)
    if isinstance(promised, property):
        assert isinstance(found, property)
    else:
        # At run time nothing is left of overloads in the protocol.
        assert parameters(found) == parameters(nr.Network.evaluate if name == "evaluate" else promised)
