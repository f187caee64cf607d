"""What all tests share: the servers."""

from __future__ import annotations

from collections.abc import Iterator

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


@pytest.fixture
def redis7() -> Iterator[servers.Server]:
    """Run Redis 7.0, for what does not differ from server to server."""
    with servers.running(servers.KINDS[0], module=neuralredis.module_path(), tcp=True) as server:
        yield server
