"""What all tests share: the servers, and how hard the tests try."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import neuralredis
import servers
import tables

FIGURES = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--effort", type=int, default=1, help="how many times as hard the tests marked torture try")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = []
    # A shell starts what it puts into the background without this signal, and so would the programs under test be.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if config.stash[FIGURES]:
        terminalreporter.section(f"figures at effort {config.getoption('effort')}")
        for line in config.stash[FIGURES]:
            terminalreporter.write_line(line)


@pytest.fixture
def effort(request: pytest.FixtureRequest) -> int:
    """How many times as hard to try as in every run of the suite: `make torture` asks for a hundred."""
    effort: int = request.config.getoption("effort")
    return effort


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """What prints a line at the end of the run: how much was tried, how much survived."""
    lines = request.config.stash[FIGURES]
    return lambda text: lines.append(f"{request.node.name}: {text}")


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
def relay(kind: servers.Kind) -> Iterator[servers.Server]:
    """Run each kind of server with an AOF, so that it takes internal commands from clients."""
    options = (*servers.INTERNAL_COMMANDS, "--appendonly", "yes")
    with servers.running(kind, *options, module=neuralredis.module_path(), tcp=True) as server:
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


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tables.Command:
    """The command line, in this process and in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tables.Command(capsys, monkeypatch)


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
