"""Networks move between servers, databases and Python without loss."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import inredis
import numpy as np
import pytest
import redis

import forged
import kinds
import neuralredis
import saved
import servers


@pytest.fixture(scope="module")
def all_servers() -> Iterator[dict[kinds.Kind, servers.Server]]:
    """Run one server of each kind that other servers can reach."""
    with contextlib.ExitStack() as stack:
        module = neuralredis.module_path()
        yield {kind: stack.enter_context(servers.running(kind, module=module, tcp=True)) for kind in kinds.TRIED}


PAIRS = list(itertools.permutations(kinds.KINDS, 2))


@pytest.fixture(params=[inredis.NUMBERS, inredis.FIELDS], ids=lambda made: made.name)
def made(request: pytest.FixtureRequest) -> inredis.Made:
    """Return each kind of network in turn."""
    made: inredis.Made = request.param
    return made


@pytest.fixture(params=PAIRS, ids=[f"{source.name} to {target.name}" for source, target in PAIRS])
def pair(
    request: pytest.FixtureRequest, all_servers: dict[kinds.Kind, servers.Server], made: inredis.Made
) -> tuple[servers.Server, servers.Server]:
    """Return each pair of servers, both empty except for a network in the first."""
    source, target = (all_servers[kind] for kind in request.param)
    for server in (source, target):
        server.client().flushall()
    fill(source, made)
    return source, target


def raw(server: servers.Server) -> redis.Redis:
    return server.client(protocol=2, decode_responses=False)


def fill(server: servers.Server, made: inredis.Made = inredis.NUMBERS) -> None:
    """Create a trained classifier, whose next row, training and weights depend on its random state."""
    client = raw(server)
    made.create(client, "net", "NORMALIZE", "ALGO", "IRPROP+", "SEED", 7)
    client.execute_command("NR.CONFIGURE", "net", "DATASET", 50, "TEST", 20)
    client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 20, "BLOCK", 0)
    client.execute_command("NR.OBSERVE", "net", *made.rows(0, 20))


def future(client: redis.Redis, key: str, made: inredis.Made = inredis.NUMBERS) -> dict[int, bytes]:
    """Return digests of a network after further rows, a training and a reset."""
    client.execute_command("NR.OBSERVE", key, *made.rows(20, 100))
    client.execute_command("NR.TRAIN", key, "MAXCYCLES", 10, "BLOCK", 0)
    return saved.timeless(client.execute_command("NR.EXPORT", key))


def rdb_version(server: servers.Server) -> int:
    return int.from_bytes(raw(server).dump("any")[-forged.FOOTER : -8], "little")


def takes(pair: tuple[servers.Server, servers.Server]) -> bool:
    """Return whether the second server restores dumps of the first one.

    Its version of RDB must not be older, and Valkey, whose versions begin at 80, rejects Redis's versions from 12 on.
    """
    for server in pair:
        server.client().set("any", 1)
    source, target = map(rdb_version, pair)
    for server in pair:
        server.client().delete("any")
    return source <= target and not 12 <= source < 80 <= target


def test_dump_is_restored_on_every_compatible_server(
    pair: tuple[servers.Server, servers.Server], made: inredis.Made
) -> None:
    source, target = map(raw, pair)
    dump = source.dump("net")
    if not takes(pair):
        with pytest.raises(redis.ResponseError, match="DUMP payload version"):
            target.restore("moved", 0, dump)
        return
    target.restore("moved", 0, dump)
    assert target.execute_command("NR.EXPORT", "moved") == source.execute_command("NR.EXPORT", "net")
    assert future(target, "moved", made) == future(source, "net", made)


def test_export_is_imported_on_every_server(pair: tuple[servers.Server, servers.Server], made: inredis.Made) -> None:
    source, target = map(raw, pair)
    target.execute_command("NR.IMPORT", "moved", source.execute_command("NR.EXPORT", "net"))
    assert target.execute_command("NR.EXPORT", "moved") == source.execute_command("NR.EXPORT", "net")
    assert future(target, "moved", made) == future(source, "net", made)


def test_migrate_moves_a_network_in_training_between_servers(
    pair: tuple[servers.Server, servers.Server],
) -> None:
    source, target = map(raw, pair)
    before = source.execute_command("NR.EXPORT", "net")
    inredis.train(source, "net")
    servers.wait_until(lambda: source.execute_command("NR.THREADS"))
    command = ("MIGRATE", "127.0.0.1", pair[1].port, "net", 0, 20_000)
    if not takes(pair):
        with pytest.raises(redis.ResponseError, match="DUMP payload version"):
            source.execute_command(*command)
        assert source.execute_command("NR.STOP", "net") == 1
        return
    assert source.execute_command(*command) == b"OK"
    assert target.execute_command("NR.EXPORT", "net") == before, "it has the last installed weights"
    assert not source.exists("net")
    servers.wait_until(lambda: not source.execute_command("NR.THREADS"))


def test_move_copy_and_rename_keep_the_whole_network(server: servers.Server, made: inredis.Made) -> None:
    fill(server, made)
    client, other = raw(server), raw(server)
    other.select(3)
    before = client.execute_command("NR.EXPORT", "net")
    # On separate connections: Valkey 8.1 leaves a connection in the other database (valkey-io/valkey#4024).
    assert raw(server).copy("net", "copy", destination_db=3)
    assert client.copy("net", "copy")
    assert client.rename("copy", "renamed")
    assert raw(server).move("renamed", 3)
    futures = [future(other, key, made) for key in ("copy", "renamed")]
    assert client.execute_command("NR.EXPORT", "net") == before, "a copy is independent"
    assert futures == [future(client, "net", made)] * 2


@pytest.mark.parametrize("way", ["reload", "restore", "import", "copy"])
def test_saved_network_continues_training_identically(server: servers.Server, way: str, made: inredis.Made) -> None:
    client = raw(server)
    for key in ("through", "saved"):
        made.create(client, key, "NORMALIZE", "SEED", 3)
    for key in ("through", "saved"):
        client.execute_command("NR.TRAIN", key, "MAXCYCLES", 15, "BLOCK", 0)
    match way:
        case "reload":
            client.execute_command("DEBUG", "RELOAD")
        case "restore":
            client.restore("saved", 0, client.dump("saved"), replace=True)
        case "import":
            client.execute_command("NR.IMPORT", "saved", client.execute_command("NR.EXPORT", "saved"), "REPLACE")
        case "copy":
            client.copy("saved", "other")
            client.rename("other", "saved")
    for key in ("through", "saved"):
        client.execute_command("NR.TRAIN", key, "MAXCYCLES", 15, "AUTOSTOP", "BACKTRACK", "BLOCK", 0)
    assert saved.timeless(client.execute_command("NR.EXPORT", "saved")) == saved.timeless(
        client.execute_command("NR.EXPORT", "through")
    )


def network() -> neuralredis.Network:
    source = np.random.default_rng(2)
    net = neuralredis.Network("regressor", [2, 5, 1], normalize=True, dataset=40, test=10, seed=4)
    net.observe(source.normal(size=(80, 2)), source.normal(size=(80, 1)), weight=source.uniform(1, 2, 80))
    net.train(max_cycles=10)
    return net


def test_files_of_embedded_networks_can_be_imported_and_exported(server: servers.Server, tmp_path: Path) -> None:
    net = network()
    net.save(tmp_path / "net.nr")
    client = raw(server)
    client.execute_command("NR.IMPORT", "net", (tmp_path / "net.nr").read_bytes())
    client.execute_command("DEBUG", "RELOAD")
    (tmp_path / "back.nr").write_bytes(client.execute_command("NR.EXPORT", "net"))
    back = neuralredis.load(tmp_path / "back.nr")
    assert back == net
    rows: Any = np.linspace(-2, 2, 30, dtype=np.float32).reshape(10, 3)
    back.observe(rows[:, :2], rows[:, 2:])
    back.train(max_cycles=10)
    client.execute_command("NR.OBSERVE", "net", "FP32", rows.tobytes())
    client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 10, "BLOCK", 0)
    assert saved.timeless(client.execute_command("NR.EXPORT", "net")) == saved.timeless(bytes(back))
