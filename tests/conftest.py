"""Fixtures and options of all tests: servers, and the effort of random tests."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

import browsers
import kinds
import neuralredis
import servers
import tables

#: How many tests were left out.
LEFT_OUT = pytest.StashKey[int]()
#: What a test's report calls a line to be printed at the end.
FIGURE = "figure"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--effort", type=int, default=1, help="how many times as hard the tests marked torture try")


def pytest_configure(config: pytest.Config) -> None:
    if refusal := kinds.refusal():
        raise pytest.UsageError(refusal)
    config.stash[LEFT_OUT] = 0
    # Processes that run tests at a time are given a width of the terminal, at which output would be wrapped.
    os.environ.pop("COLUMNS", None)
    # A shell starts what it puts into the background without this signal, and so would the programs under test be.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header() -> str:
    tried = f"servers: {', '.join(kind.title for kind in kinds.TRIED)}"
    return f"{tried}; left out: {kinds.missing()}" if kinds.missing() else tried


def needs(item: pytest.Item) -> Iterator[kinds.Program]:
    """What a test is marked to need, and the servers among its parameters."""
    for marker in item.iter_markers("needs"):
        yield from marker.args
    callspec = getattr(item, "callspec", None)
    for value in callspec.params.values() if callspec else ():
        yield from (each for each in (value if isinstance(value, tuple) else [value]) if isinstance(each, kinds.Kind))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = [item for item in items if any(program.missing for program in needs(item))]
    if left_out:
        config.stash[LEFT_OUT] = len(left_out)
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that prints the summary, if the tests run in several."""
    if output := getattr(session.config, "workeroutput", None):
        output["left_out"] = session.config.stash[LEFT_OUT]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    # Each process collects all tests, so each counts alike. One that crashed tells nothing.
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", node.config.stash[LEFT_OUT])


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if left_out := config.stash[LEFT_OUT]:
        terminalreporter.write_line(f"{left_out} tests were left out; they need {kinds.missing()}")
    reports = [report for group in terminalreporter.stats.values() for report in group]
    called = [report for report in reports if getattr(report, "when", None) == "call"]
    figures = [value for report in called for name, value in report.user_properties if name == FIGURE]
    if figures:
        terminalreporter.section(f"figures at effort {config.getoption('effort')}")
        for line in figures:
            terminalreporter.write_line(line)


@pytest.fixture
def effort(request: pytest.FixtureRequest) -> int:
    """How many times as hard to try as in every run of the suite: `make torture` asks for a hundred."""
    effort: int = request.config.getoption("effort")
    return effort


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """What prints a line at the end of the run: how much was tried, how much survived."""
    properties = request.node.user_properties
    return lambda text: properties.append((FIGURE, f"{request.node.name}: {text}"))


@pytest.fixture(params=kinds.KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> kinds.Kind:
    """Each kind of server in turn."""
    kind: kinds.Kind = request.param
    return kind


@pytest.fixture
def server(kind: kinds.Kind) -> Iterator[servers.Server]:
    """Run each kind of server with the module of the package."""
    with servers.running(kind, module=neuralredis.module_path()) as server:
        yield server


@pytest.fixture
def relay(kind: kinds.Kind) -> Iterator[servers.Server]:
    """Run each kind of server with an AOF, so that it takes internal commands from clients."""
    options = (*servers.INTERNAL_COMMANDS, "--appendonly", "yes")
    with servers.running(kind, *options, module=neuralredis.module_path(), tcp=True) as server:
        yield server


@pytest.fixture(scope="session")
def any_server_for_all() -> Iterator[servers.Server]:
    """Run a server once, for tests that leave it as it was but for its keys."""
    with servers.running(kinds.ANY, module=neuralredis.module_path()) as server:
        yield server


@pytest.fixture
def db(any_server_for_all: servers.Server) -> neuralredis.NeuralRedis:
    """An empty database."""
    client = any_server_for_all.client()
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
def any_server() -> Iterator[servers.Server]:
    """Run a server, for what does not differ from server to server."""
    with servers.running(kinds.ANY, module=neuralredis.module_path(), tcp=True) as server:
        yield server


@pytest.fixture
def client(any_server_for_all: servers.Server) -> redis.Redis:
    """A client of an empty server, which shows replies as RESP2 has them."""
    client = any_server_for_all.client(protocol=2)
    client.flushall()
    return client


@pytest.fixture
def raw(client: redis.Redis, any_server_for_all: servers.Server) -> redis.Redis:
    """The same, of bytes."""
    return any_server_for_all.client(protocol=2, decode_responses=False)


@pytest.fixture
def newer(client: redis.Redis, any_server_for_all: servers.Server) -> redis.Redis:
    """The same in RESP3."""
    return any_server_for_all.client(protocol=3)


@pytest.fixture(scope="module")
def browser() -> Iterator[browsers.Browser]:
    """Run Chromium, without a window, for the tests of a file."""
    with browsers.running() as browser:
        yield browser


@pytest.fixture
def page(browser: browsers.Browser) -> Iterator[browsers.Page]:
    """An empty tab. What the page reports as an error, in its console or uncaught, fails the test."""
    with browsers.tab(browser) as page:
        yield page
