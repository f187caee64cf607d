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

#: The number of tests that were skipped for lack of a server or program.
LEFT_OUT = pytest.StashKey[int]()
#: The name of the report section whose lines are printed at the end.
FIGURE = "figure"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--effort", type=int, default=1, help="how many times as hard the tests marked torture try")


def pytest_configure(config: pytest.Config) -> None:
    if problem := kinds.problem():
        raise pytest.UsageError(problem)
    config.stash[LEFT_OUT] = 0
    # Parallel test processes inherit the width of the terminal, at which output would be wrapped.
    os.environ.pop("COLUMNS", None)
    # Shells start background jobs with this signal ignored, and the programs under test would inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header() -> str:
    tried = f"servers: {', '.join(kind.title for kind in kinds.TRIED)}"
    return f"{tried}; left out: {kinds.missing()}" if kinds.missing() else tried


def needs(item: pytest.Item) -> Iterator[kinds.Program]:
    """Return the requirements that a test is marked with, and the servers among its parameters."""
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
    """Send the counts to the process that prints the summary, if the tests run in several processes."""
    if output := getattr(session.config, "workeroutput", None):
        output["left_out"] = session.config.stash[LEFT_OUT]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    # Each process collects all tests, so all counts are equal. A crashed process reports none.
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
    """Return the factor of effort over a normal run of the suite: 100 in `make torture`."""
    effort: int = request.config.getoption("effort")
    return effort


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Return a function that prints a line at the end of the run: how much was tried and how much was accepted."""
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
    """Run each kind of server with an AOF, so that it accepts internal commands from clients."""
    options = (*servers.INTERNAL_COMMANDS, "--appendonly", "yes")
    with servers.running(kind, *options, module=neuralredis.module_path(), tcp=True) as server:
        yield server


@pytest.fixture(scope="session")
def any_server_for_all() -> Iterator[servers.Server]:
    """Run a server once, for tests that change nothing but its keys."""
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
    """Return the command line, run in this process and in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tables.Command(capsys, monkeypatch)


@pytest.fixture(params=["embedded", "redis"])
def create(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Return a function that creates a network as `Network` does: in this process, then in a server."""
    if request.param == "embedded":
        return neuralredis.Network
    db: neuralredis.NeuralRedis = request.getfixturevalue("db")
    keys = itertools.count(1)

    def create(*arguments: Any, **options: Any) -> neuralredis.RedisNetwork:
        return db.create(f"net{next(keys)}", *arguments, **options)

    return create


@pytest.fixture
def any_server() -> Iterator[servers.Server]:
    """Run one server, for tests that do not depend on the kind of server."""
    with servers.running(kinds.ANY, module=neuralredis.module_path(), tcp=True) as server:
        yield server


@pytest.fixture
def client(any_server_for_all: servers.Server) -> redis.Redis:
    """Return a client of an empty server that returns RESP2 replies as text."""
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
    """Open an empty tab. Errors in its console and uncaught exceptions fail the test."""
    with browsers.tab(browser) as page:
        yield page
