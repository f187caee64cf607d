"""How servers treat a result that a thread posts: what the installing of trained weights is built on.

The module is built with the feature ``probe``. ``NEURALREDIS.POST key value ms`` starts a thread that posts ``value!``
after some milliseconds; it is replicated in two pieces. See rust/redis/src/probe.rs.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
import redis

import servers

# The server's own tick is once a second, so that what happens sooner was not waiting for it.
LAZY = ["--hz", "1", "--dynamic-hz", "no"]
TICK = 1_000_000
#: Microseconds that a busy machine may take for what takes a few hundred.
SOON = TICK // 4

INSTALL = ["MULTI", "SET KEY VALUE", "APPEND KEY !", "EXEC"]


@pytest.fixture
def server(kind: servers.Kind, probe_module: Path) -> Iterator[servers.Server]:
    options = [*LAZY, "--appendonly", "yes", "--appendfsync", "always", "--busy-reply-threshold", "50"]
    options += ["--notify-keyspace-events", "Ed"]
    with servers.running(kind, *options, module=probe_module, tcp=True) as server:
        yield server


def post(client: redis.Redis, key: str, value: str, milliseconds: int) -> None:
    assert client.execute_command("NEURALREDIS.POST", key, value, milliseconds)


def samples(client: redis.Redis) -> list[tuple[int, int, int]]:
    """Microseconds until the main thread woke, and until the value was installed; how often it waited."""
    return [tuple(sample) for sample in client.execute_command("NEURALREDIS.SAMPLES")]


def commands(server: servers.Server) -> list[str]:
    """What the append-only file holds, a command a line."""
    parts = iter(server.appended().split("\r\n"))
    found = []
    for part in parts:
        if part.startswith("*"):
            words = [next(parts) for _ in range(2 * int(part[1:]))]
            found.append(" ".join(words[1::2]).upper())  # each comes after its length
    return [command for command in found if command != "SELECT 0"]


def test_an_idle_server_installs_a_result_at_once(server: servers.Server) -> None:
    client = server.client()
    for number in range(20):
        post(client, f"key{number}", "value", 100 + 20 * number)
    time.sleep(0.8)  # nobody says a word to the server
    times = samples(client)
    assert len(times) == 20
    assert median(installed for _, installed, _ in times) < SOON


def test_an_install_reaches_replica_file_and_listeners_unasked_and_whole(
    kind: servers.Kind, server: servers.Server
) -> None:
    with servers.replica_of(server, kind, *LAZY, "--notify-keyspace-events", "E$") as replica:
        here, there = server.client(), replica.client()
        listeners = {}
        for name, client, event in (("primary", here, "nr.probe"), ("replica", there, "append")):
            listeners[name] = client.pubsub()
            listeners[name].subscribe(f"__keyevent@3__:{event}")
            assert listeners[name].get_message(timeout=5)["type"] == "subscribe"
        writer = server.client(db=3)
        post(writer, "key", "value", 300)
        for listener in listeners.values():
            assert listener.get_message(timeout=5)["data"] == "key"
            listener.close()
        assert replica.client(db=3).get("key") == writer.get("key") == "value!"
    assert commands(server) in (["SELECT 3", *INSTALL], [INSTALL[0], "SELECT 3", *INSTALL[1:]])


def test_the_file_alone_brings_the_value_back(server: servers.Server) -> None:
    client = server.client()
    post(client, "key", "value", 0)
    servers.wait_until(lambda: client.get("key"))
    client.execute_command("DEBUG", "LOADAOF")
    assert client.get("key") == "value!"


def test_a_script_never_sees_an_install_in_its_midst(server: servers.Server) -> None:
    client = server.client()
    post(client, "key", "value", 100)
    script = """
        redis.call('SET', 'before', '1')
        local seen = redis.call('GET', 'key')
        local has_clock, clock = pcall(function() return os.clock end)
        if not has_clock then
            clock = function() local time = redis.call('TIME'); return time[1] + time[2] / 1e6 end
        end
        local start = clock()
        while clock() - start < 0.5 do end
        redis.call('SET', 'after', '1')
        return {seen, redis.call('GET', 'key')}
    """
    # An array ends at its first nil: both were.
    assert client.eval(script, 0) in ([], [None, None])
    servers.wait_until(lambda: client.get("key") == "value!")
    [(woken, installed, _)] = samples(client)
    assert woken < SOON  # the event loop turned inside the script
    assert installed > 300_000  # the timer waited for its end
    assert commands(server) == ["MULTI", "SET BEFORE 1", "SET AFTER 1", "EXEC", *INSTALL]


def test_an_open_transaction_is_neither_delayed_nor_entered(server: servers.Server) -> None:
    client = server.client()
    with client.pipeline() as transaction:
        transaction.execute_command("NEURALREDIS.POST", "key", "value", 0)
        transaction.execute_command("DEBUG", "SLEEP", "0.2")
        transaction.set("other", "1")
        transaction.get("key")
        assert transaction.execute()[-1] is None
    servers.wait_until(lambda: client.get("key") == "value!")
    assert commands(server) == ["SET OTHER 1", *INSTALL]  # one command needs no MULTI


def test_an_install_breaks_a_watch(server: servers.Server) -> None:
    client = server.client()
    with client.pipeline() as transaction:
        transaction.watch("key")
        post(client, "key", "value", 0)
        servers.wait_until(lambda: client.get("key"))
        transaction.multi()
        transaction.set("key", "mine")
        with pytest.raises(redis.WatchError):
            transaction.execute()


def test_an_install_waits_while_writes_are_paused(server: servers.Server) -> None:
    client = server.client()
    post(client, "key", "value", 50)
    client.client_pause(400, all=False)
    time.sleep(0.2)
    assert client.get("key") is None
    servers.wait_until(lambda: client.get("key") == "value!")
    [(woken, installed, waits)] = samples(client)
    assert woken < SOON
    assert waits > 1
    assert installed > 200_000
    assert commands(server) == INSTALL


def test_a_panic_is_an_error_and_a_line_in_the_log(server: servers.Server) -> None:
    client = server.client()
    with pytest.raises(redis.ResponseError, match="internal error"):
        client.execute_command("NEURALREDIS.PANIC", "%s%n\r\n\0'end'")
    assert client.ping()
    assert "%s%n\\r\\n\\u{0}'end'" in server.log
    assert "src/probe.rs" in server.log
