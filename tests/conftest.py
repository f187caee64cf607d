"""What all tests share: the servers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import neuralredis
import servers


@pytest.fixture(params=servers.KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> servers.Kind:
    """Each kind of server in turn. One that is not there is a failure: a skipped server is an unknown one."""
    kind: servers.Kind = request.param
    try:
        kind.binary()
    except FileNotFoundError as error:
        pytest.fail(str(error), pytrace=False)
    return kind


@pytest.fixture
def server(kind: servers.Kind) -> Iterator[servers.Server]:
    """Run each kind of server with the module of the package."""
    with servers.running(kind, module=neuralredis.module_path()) as server:
        yield server


@pytest.fixture(scope="session")
def redis7_for_all() -> Iterator[servers.Server]:
    """Run Redis 7.0 once, for tests that leave it as it was but for its keys."""
    with servers.running(servers.KINDS[0], module=neuralredis.module_path()) as server:
        yield server


@pytest.fixture
def db(redis7_for_all: servers.Server) -> neuralredis.NeuralRedis:
    """An empty database."""
    client = redis7_for_all.client()
    client.flushall()
    return neuralredis.NeuralRedis(client)


@pytest.fixture(params=["embedded", "redis"])
def create(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """What makes a network as `Network` does: in this process, then in a server."""
    if request.param == "embedded":
        return neuralredis.Network
    db: neuralredis.NeuralRedis = request.getfixturevalue("db")
    keys = itertools.count(1)

    def create(*arguments: Any, **options: Any) -> neuralredis.RedisNetwork:
        return db.create(f"net{next(keys)}", *arguments, **options)

    return create


@pytest.fixture
def redis7() -> Iterator[servers.Server]:
    """Run Redis 7.0, for what does not differ from server to server."""
    with servers.running(servers.KINDS[0], module=neuralredis.module_path(), tcp=True) as server:
        yield server
