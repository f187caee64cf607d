"""Internal commands: permissions, limits, and networks that arrive incomplete."""

from __future__ import annotations

import contextlib
import struct

import inredis
import pytest
import redis
import test_redis_hostile as hostile
from wire import Wire, errors

import forged
import kinds
import neuralredis
import saved
import servers

MODULE = neuralredis.module_path()
VALKEYS = [kind for kind in kinds.KINDS if "valkey" in kind.name]
on_valkeys = pytest.mark.parametrize("kind", VALKEYS, indirect=True, ids=lambda kind: kind.name)

#: Networks that the commands under test create.
KEYS = ("loaded", "imported", "created", "restored")


def internal() -> list[list[bytes]]:
    return [words for words in hostile.valid_commands() if words[0].startswith(b"NR._")]


def parts() -> list[bytes]:
    """Return the frames of a network of a megabyte."""
    return saved.in_frames(bytes(neuralredis.Network("regressor", [200, 600, 1], seed=1)))


def load(client: redis.Redis, key: str, frames: list[bytes]) -> None:
    for index, frame in enumerate(frames):
        client.execute_command("NR._LOAD", key, index, frame)


def partial(client: redis.Redis) -> tuple[int, int]:
    section = inredis.section(client)
    return section["partial_networks"], section["partial_network_bytes"]


@pytest.mark.parametrize("way", hostile.WAYS)
def test_clients_may_not_send_internal_commands(server: servers.Server, way: str) -> None:
    with Wire(server) as wire:
        hostile.prepare(wire)
        wire.ask("FUNCTION", "LOAD", hostile.LIBRARY)
        before = wire.ask("DEBUG", "DIGEST")
        for words in internal():
            [error] = errors(hostile.reply_of(wire, way, words))
            name = words[0].decode()
            assert f"{name} is an internal command: expected from a primary, an AOF or a slot migration" in str(error)
            assert "neuralredis.enable-internal-commands yes" in str(error)
        assert wire.ask("DEBUG", "DIGEST") == before
    assert partial(server.client()) == (0, 0)


def test_enable_internal_commands_is_immutable_at_runtime(server: servers.Server) -> None:
    client = server.client()
    setting = "neuralredis.enable-internal-commands"
    assert client.config_get(setting) == {setting: "no"}
    with pytest.raises(redis.ResponseError, match="immutable"):
        client.config_set(setting, "yes")


def test_maxmemory_rejects_internal_commands_of_clients(relay: servers.Server) -> None:
    with Wire(relay) as wire:
        hostile.prepare(wire)
        before = wire.ask("DEBUG", "DIGEST")
        wire.ask("CONFIG", "SET", "maxmemory", 1)
        for words in internal():
            [error] = errors(wire.ask(*words))
            assert str(error) == "OOM command not allowed when used memory > 'maxmemory'."
        assert wire.ask("DEBUG", "DIGEST") == before
    assert partial(relay.client()) == (0, 0)


def test_maxmemory_does_not_apply_to_commands_of_a_primary(kind: kinds.Kind, relay: servers.Server) -> None:
    options = ("--maxmemory", "1", "--replica-ignore-maxmemory", "yes", "--propagation-error-behavior", "panic")
    with servers.replica_of(relay, kind, *options, module=MODULE) as replica, Wire(relay) as wire:
        hostile.prepare(wire)
        for words in internal():
            assert not errors(wire.ask(*words)), words
        servers.wait_until(lambda: wire.ask("DEBUG", "DIGEST") == digest(replica))


def digest(server: servers.Server) -> str:
    return str(server.client().execute_command("DEBUG", "DIGEST"))


def test_max_network_bytes_rejects_internal_commands_of_clients(relay: servers.Server) -> None:
    client = relay.client(protocol=2)
    net = neuralredis.Network("classifier", [2, 500, 2], dataset=100_000, test=0, seed=1)
    client.execute_command("NR.IMPORT", "net", bytes(net))
    before = client.execute_command("DEBUG", "DIGEST")
    client.config_set("neuralredis.max-network-bytes", client.memory_usage("net") + 1000)
    # A training that creates an ensemble from one network.
    net.configure(ensemble=8)
    net.observe([[1, 2], [3, 4]] * 10, [0, 1] * 10)
    net.train(max_cycles=2)
    head, *frames = saved.in_frames(bytes(net))
    trained = [head, *(frame for frame in frames if forged.number(frame) in (*forged.TRAINED, forged.END))]
    rows = 2000
    places = b"".join(struct.pack("<BI", 0, row) for row in range(rows))
    for words in (
        ["NR._ROWS", "net", 1, places, bytes(12 * rows)],
        ["NR._TRAINED", "net", *trained],
        ["NR._LOAD", "new", 0, bytes(net)],
    ):
        with pytest.raises(redis.ResponseError, match=r"the limit neuralredis\.max-network-bytes"):
            client.execute_command(*words)
    assert client.execute_command("DEBUG", "DIGEST") == before
    client.config_set("neuralredis.max-network-bytes", 0)
    assert client.execute_command("NR._TRAINED", "net", *trained) == "OK"


def test_partial_network_is_counted_and_dropped_with_its_client(relay: servers.Server) -> None:
    client, other = relay.client(), relay.client()
    frames = parts()
    load(other, "net", frames[:-1])
    assert partial(client) == (1, sum(map(len, frames[:-1])))
    other.connection_pool.disconnect()
    servers.wait_until(lambda: partial(client) == (0, 0))
    with pytest.raises(redis.ResponseError, match="follows none"):
        client.execute_command("NR._LOAD", "net", len(frames) - 1, frames[-1])
    load(client, "net", frames)
    assert client.exists("net")
    assert partial(client) == (0, 0)


def test_frames_of_two_clients_for_one_key_are_not_mixed(relay: servers.Server) -> None:
    client, other = relay.client(), relay.client()
    frames = parts()
    load(other, "net", frames[:2])
    load(client, "net", frames)
    assert partial(client)[0] == 1
    for index, frame in enumerate(frames[2:], 2):
        other.execute_command("NR._LOAD", "net", index, frame)
    assert partial(client) == (0, 0)


@pytest.mark.parametrize(
    ("flush", "left"), [("FLUSHALL", 0), ("FLUSHALL ASYNC", 0), ("FLUSHDB", 1), ("FLUSHDB ASYNC", 1)]
)
def test_flush_drops_partial_networks(relay: servers.Server, flush: str, left: int) -> None:
    client = relay.client()
    load(client, "net", parts()[:-1])
    elsewhere = relay.client(db=1)
    load(elsewhere, "net", parts()[:-1])
    assert partial(client)[0] == 2
    client.execute_command(*flush.split())
    assert partial(client)[0] == left


def test_at_most_64_partial_networks_are_kept(relay: servers.Server) -> None:
    client = relay.client()
    for number in range(200):
        load(client, f"net{number}", parts()[:1])
    assert partial(client)[0] == 64


def test_truncated_aof_leaves_no_partial_network(kind: kinds.Kind) -> None:
    frames = parts()
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(servers.running(kind, "--appendonly", "yes", module=MODULE))
        first.client().set("text", "abc")
        first.stop()
        [file] = first.directory.glob("*/*.incr.aof")
        words = [[b"NR._LOAD", b"net", b"%d" % index, frame] for index, frame in enumerate(frames[:-1])]
        file.write_bytes(file.read_bytes() + b"".join(map(packed, words)))
        again = stack.enter_context(servers.reopened(kind, first, "--appendonly", "yes", module=MODULE))
        client = again.client()
        servers.wait_until(lambda: client.info("persistence")["loading"] == 0)
        assert client.keys() == ["text"]
        assert partial(client) == (0, 0)


def packed(words: list[bytes]) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def expired(client: redis.Redis, key: str) -> None:
    """Create a key that has expired and is not deleted yet."""
    client.set(key, "text", px=1)
    servers.wait_until(lambda: client.get(key) is None)


@on_valkeys
def test_network_replaces_an_expired_key_in_import_mode(relay: servers.Server) -> None:
    client = relay.client()
    client.config_set("import-mode", "yes")
    for key in KEYS:
        expired(client, key)
    assert client.dbsize() == len(KEYS)
    load(client, "loaded", parts())
    make(relay)
    assert_the_aof_has_all(client, relay)


def test_network_replaces_an_expired_key_on_a_writable_replica(kind: kinds.Kind, relay: servers.Server) -> None:
    options = (*servers.INTERNAL_COMMANDS, "--appendonly", "yes", "--replica-read-only", "no")
    with servers.replica_of(relay, kind, *options, module=MODULE) as replica:
        client = relay.client()
        client.execute_command("DEBUG", "SET-ACTIVE-EXPIRE", 0)
        for key in KEYS:
            client.set(key, "text", px=100)
        writer = replica.client()
        servers.wait_until(lambda: writer.dbsize() == len(KEYS) and all(writer.get(key) is None for key in KEYS))
        load(writer, "loaded", parts())
        make(replica)
        assert_the_aof_has_all(writer, replica)


def make(server: servers.Server) -> None:
    """Create networks by the other commands that can."""
    client = server.client()
    blob = bytes(neuralredis.Network("regressor", [2, 1], seed=1))
    client.execute_command("NR.IMPORT", "imported", blob)
    client.execute_command("NR.CREATE", "created", "REGRESSOR", 2, "->", 1)
    raw = server.client(decode_responses=False)
    raw.restore("restored", 0, raw.dump("imported") or b"")


def assert_the_aof_has_all(client: redis.Redis, server: servers.Server) -> None:
    before = digest(server)
    client.execute_command("DEBUG", "LOADAOF")
    assert digest(server) == before
    assert client.exists(*KEYS) == len(KEYS)
