"""What the examples in the docstrings of networks in Redis run on: a server, and `db`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import neuralredis
import servers


@pytest.fixture(scope="session")
def documented() -> Iterator[servers.Server]:
    """Run a server for all examples."""
    with servers.running(servers.KINDS[0], module=neuralredis.module_path()) as server:
        yield server


@pytest.fixture(autouse=True)
def _names(request: pytest.FixtureRequest, doctest_namespace: dict[str, Any]) -> None:
    if request.path.parent.name != "remote":
        return
    client = request.getfixturevalue("documented").client()
    client.flushall()
    doctest_namespace["db"] = neuralredis.NeuralRedis(client)
