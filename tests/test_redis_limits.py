"""Limits of trainings: memory of the server, length of the queue, time, and shares of users."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import inredis
import pytest
import redis
from test_redis_trainings import Asking
from wire import Wire

import kinds
import neuralredis
import servers

MB = 1 << 20


@pytest.fixture
def client(server: servers.Server) -> redis.Redis:
    return server.client(protocol=2)


def state(client: redis.Redis, key: str) -> str:
    """Return whether a training is running, queued or about to be installed."""
    [line] = [line for line in client.execute_command("NR.THREADS") if f" key={key} " in line]
    return str(re.search(r"state=(\w+)", line)[1])  # type: ignore[index]


def large(client: redis.Redis, key: str) -> None:
    """Create a network with 1.5 million parameters and rows, whose training takes about 60 MB."""
    client.execute_command("NR.CREATE", key, "REGRESSOR", 500, 1000, 1000, "->", 1, "DATASET", 300)
    client.execute_command("NR.OBSERVE", key, "FP32", inredis.blob(*[[float(row % 7)] * 501 for row in range(300)]))


def full(client: redis.Redis, policy: str) -> int:
    """Fill a server with 300 MB by 204 MB of strings and networks, and return the number of keys."""
    client.config_set("maxmemory", "300mb")
    client.config_set("maxmemory-policy", policy)
    for number in range(4):
        large(client, f"net{number}")
    number = 0
    while client.info("memory")["used_memory"] < 204 * MB:
        client.set(f"string{number}", "x" * 64_000)
        number += 1
    return int(client.dbsize())


@pytest.mark.parametrize("policy", ["allkeys-lru", "noeviction"])
def test_trainings_are_rejected_before_they_evict_keys(client: redis.Redis, policy: str) -> None:
    before = full(client, policy)
    rejected = []
    for number in range(4):
        try:
            inredis.train(client, f"net{number}")
        except redis.exceptions.OutOfMemoryError as error:
            rejected.append(str(error))
            continue
        inredis.running(client, number + 1 - len(rejected))
    assert len(rejected) >= 2
    pattern = r"the training would take \d+ bytes, \d+ with those that run and wait: expected at most \d+, half of what"
    assert all(re.match(pattern, error) for error in rejected)
    # Other clients write half of the remaining memory.
    for number in range(40 * MB // 64_000):
        client.set(f"more{number}", "x" * 64_000)
    assert client.info("stats")["evicted_keys"] == 0
    assert client.dbsize() == before + 40 * MB // 64_000
    assert client.info("memory")["used_memory"] < 300 * MB
    client.delete(*client.keys("net*"))
    servers.wait_until(lambda: client.execute_command("NR.THREADS") == [])


def test_training_that_fits_into_maxmemory_starts(client: redis.Redis) -> None:
    large(client, "net")
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", client.info("memory")["used_memory"] + 250 * MB)
    assert client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 2, "BLOCK", 0) == "finished"
    assert client.info("memory")["used_memory_peak"] < client.info("memory")["maxmemory"]
    # Without a limit nothing is evicted.
    client.config_set("maxmemory", 0)
    assert client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 2, "BLOCK", 0) == "finished"


def test_queued_trainings_count_towards_maxmemory(client: redis.Redis) -> None:
    client.config_set("neuralredis.max-trainings", 1)
    for key in ("first", "second", "third"):
        large(client, key)
    inredis.train(client, "first")
    inredis.running(client)
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", client.info("memory")["used_memory"] + 270 * MB)
    inredis.train(client, "second")
    assert state(client, "second") == "queued"
    with pytest.raises(redis.exceptions.OutOfMemoryError, match="half of what keys leave below maxmemory"):
        inredis.train(client, "third")
    client.delete("second")
    servers.wait_until(lambda: inredis.section(client)["trainings_dropped"] == 1)
    inredis.train(client, "third")


def test_queued_training_without_memory_fails_with_an_error(server: servers.Server, client: redis.Redis) -> None:
    client.config_set("neuralredis.max-trainings", 1)
    inredis.create(client, "first")
    large(client, "second")
    inredis.train(client, "first")
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", client.info("memory")["used_memory"] + 250 * MB)
    waiting = Asking(server, "NR.TRAIN", "second", "MAXTIME", 0, "BLOCK", 0)
    servers.wait_until(lambda: inredis.section(client)["trainings_queued"] == 1)
    for number in range(75):
        client.set(f"string{number}", "x" * (3 * MB - 100))  # for which every allocator uses 3 MB
    client.execute_command("NR.STOP", "first")
    assert re.fullmatch(r"failed: OOM not enough memory below maxmemory for \d+ bytes", waiting.answer())
    assert inredis.section(client)["trainings_failed"] == 1
    assert inredis.info(client, "second")["training"] == 0
    assert client.set("more", "x" * (3 * MB - 100))


def test_small_training_starts_in_a_full_cache(client: redis.Redis) -> None:
    inredis.create(client, "net")
    client.config_set("maxmemory", client.info("memory")["used_memory"] + 4 * MB)
    client.config_set("maxmemory-policy", "allkeys-lfu")
    for number in range(400):
        client.execute_command("NR.RUN", "net", 1, 1)  # it is the last to be evicted
        client.set(f"string{number}", "x" * 20_000)
    assert client.info("stats")["evicted_keys"] > 0
    assert client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 2, "BLOCK", 0) == "finished"


def test_max_queued_limits_the_queue(client: redis.Redis) -> None:
    assert client.config_get("neuralredis.max-queued") == {"neuralredis.max-queued": "4000"}
    client.config_set("neuralredis.max-trainings", 1)
    client.config_set("neuralredis.max-queued", 2)
    for key in ("first", "second", "third", "fourth"):
        inredis.create(client, key)
    for key in ("first", "second", "third"):
        inredis.train(client, key)
    with pytest.raises(redis.ResponseError, match=r"^NRSTATE 2 trainings wait already: .* at most 2, .*max-queued"):
        inredis.train(client, "fourth")
    with pytest.raises(redis.ResponseError, match="already being trained"):
        inredis.train(client, "third")
    assert inredis.info(client, "fourth")["training"] == 0
    client.delete("second")
    inredis.train(client, "fourth")
    client.config_set("neuralredis.max-queued", 0)
    inredis.create(client, "fifth")
    with pytest.raises(redis.ResponseError, match="expected at most 0"):
        inredis.train(client, "fifth")


@pytest.mark.parametrize("end", ["FLUSHALL", "UNLINK", "REPLICAOF", "NR.STOP"])
def test_thousands_of_queued_trainings_can_be_dropped_at_once(client: redis.Redis, end: str) -> None:
    count = 4000
    client.config_set("neuralredis.max-trainings", 1)
    inredis.create(client, "first")
    inredis.train(client, "first")
    with client.pipeline(transaction=False) as pipeline:
        for number in range(count):
            pipeline.execute_command("NR.CREATE", f"net{number}", "REGRESSOR", 1, "->", 1, "DATASET", 5)
            pipeline.execute_command("NR.OBSERVE", f"net{number}", 1, "->", 2)
            pipeline.execute_command("NR.TRAIN", f"net{number}", "MAXCYCLES", 1)
        pipeline.execute()
    assert inredis.section(client)["trainings_queued"] == count
    dropped, finished = count, 0
    match end:
        case "FLUSHALL":
            client.flushall()
            dropped += 1
        case "UNLINK":
            client.unlink(*[f"net{number}" for number in range(count)])
        case "REPLICAOF":
            client.replicaof("127.0.0.1", 1)
            dropped += 1
        case _:
            client.execute_command("NR.STOP", "first")
            dropped, finished = 0, count + 1
    servers.wait_until(lambda: inredis.section(client)["trainings_dropped"] == dropped)
    servers.wait_until(lambda: inredis.section(client)["trainings_finished"] == finished)
    assert inredis.section(client)["trainings_queued"] == 0
    if end == "REPLICAOF":
        client.replicaof("NO", "ONE")
        assert inredis.info(client, "first")["training"] == 0
        assert client.execute_command("NR.TRAIN", "first", "MAXCYCLES", 1, "BLOCK", 0) == "finished"


def test_max_training_ms_limits_every_training(server: servers.Server, client: redis.Redis) -> None:
    inredis.create(client, "net")
    assert client.config_get("neuralredis.max-training-ms") == {"neuralredis.max-training-ms": "0"}
    client.config_set("neuralredis.max-training-ms", 300)
    for options in (("MAXTIME", 0), ("MAXTIME", 60_000), (), ("MAXCYCLES", 0)):
        waiting = Asking(server, "NR.TRAIN", "net", *options, "BLOCK", 0)
        servers.wait_until(lambda: "maxtime=300 " in str(client.execute_command("NR.THREADS")))
        assert waiting.answer() == "finished"
    inredis.train(client, "net", "MAXTIME", 200)
    assert "maxtime=200 " in str(client.execute_command("NR.THREADS"))


@pytest.fixture
def users(server: servers.Server) -> dict[str, redis.Redis]:
    """Connect as two users with separate keys."""
    admin = server.client()
    found = {}
    for name in ("ann", "bob"):
        admin.acl_setuser(name, enabled=True, passwords=["+secret"], commands=["+@all"], keys=[f"{name}:*"])
        found[name] = server.client(protocol=2, username=name, password="secret")
    return found


def test_trainings_of_one_user_do_not_block_another_user(users: dict[str, redis.Redis], client: redis.Redis) -> None:
    ann, bob = users["ann"], users["bob"]
    for number in range(40):
        inredis.create(ann, f"ann:{number}")
        inredis.train(ann, f"ann:{number}")
    section = inredis.section(client)
    assert (section["trainings_running"], section["trainings_queued"]) == (32, 8)
    for number in range(3):
        inredis.create(bob, f"bob:{number}")
    # The second user gets a thread and a place in the queue.
    client.config_set("neuralredis.max-queued", 1)
    assert bob.execute_command("NR.TRAIN", "bob:0", "MAXCYCLES", 1, "MAXTIME", 0, "BLOCK", 0) == "finished"
    inredis.train(bob, "bob:1")
    with pytest.raises(redis.ResponseError, match="max-queued"):
        inredis.train(bob, "bob:2")
    assert inredis.section(client)["trainings_running"] == 33
    client.flushall()


def test_users_take_turns_in_the_queue(users: dict[str, redis.Redis], client: redis.Redis) -> None:
    client.config_set("neuralredis.max-trainings", 2)
    for name, user in users.items():
        for number in range(4):
            inredis.create(user, f"{name}:{number}")
    for name, number in [("ann", 0), ("bob", 0), ("ann", 1), ("ann", 2), ("ann", 3), ("bob", 1)]:
        inredis.train(users[name], f"{name}:{number}")
    client.config_set("neuralredis.max-trainings", 4)
    assert inredis.section(client)["trainings_queued"] == 2
    servers.wait_until(lambda: [state(client, key) for key in ("ann:1", "bob:1")] == ["running"] * 2)
    assert [state(client, key) for key in ("ann:2", "ann:3")] == ["queued"] * 2
    client.flushall()


def test_ids_do_not_reveal_the_number_of_networks(client: redis.Redis) -> None:
    ids = []
    for number in range(50):
        inredis.create(client, f"net{number}")
        ids.append(inredis.info(client, f"net{number}")["id"])
    assert len(set(ids)) == 50
    assert all(0 < number <= 1 << 52 for number in ids)
    steps = [after - before for before, after in pairwise(ids)]
    assert len(set(steps)) == len(steps)
    inredis.train(client, "net7")
    assert f"nn_id={ids[7]} " in client.execute_command("NR.THREADS")[0]


def test_threads_lists_only_databases_that_the_user_may_select(server: servers.Server) -> None:
    for db in (0, 5):
        client = server.client(db=db, protocol=2)
        inredis.create(client, "net")
        inredis.train(client, "net")
    with Wire(server) as admin:
        rules = ["reset", "on", ">secret", "~*", "+@all"]
        kept_out = admin.ask("ACL", "SETUSER", "someone", *rules, "resetdbs", "db=0") == "OK"
        if not kept_out:  # a server without such rules
            assert admin.ask("ACL", "SETUSER", "someone", *rules) == "OK"
        assert len(admin.ask("NR.THREADS")) == 2
    with Wire(server) as wire:
        assert wire.ask("AUTH", "someone", "secret") == "OK"
        shown = [re.search(r" db=(\d+) ", line)[1] for line in wire.ask("NR.THREADS")]  # type: ignore[index]
        assert shown == (["0"] if kept_out else ["0", "5"])
        rejected = str(wire.ask("SELECT", "5")) != "OK"
        assert rejected == kept_out


def held_back(client: redis.Redis) -> None:
    """Wait until a result waits to be installed, and check that it continues to wait."""
    servers.wait_until(lambda: "state=installing" in str(client.execute_command("NR.THREADS")))
    assert (inredis.cycles(client, "net"), inredis.info(client, "net")["training"]) == (0, 1)


def test_result_waits_for_min_replicas_to_write(kind: kinds.Kind) -> None:
    module = neuralredis.module_path()
    with servers.running(kind, module=module, tcp=True) as primary:
        client = primary.client(protocol=2)
        inredis.create(client, "net")
        waiting = Asking(primary, "NR.TRAIN", "net", "MAXTIME", 500, "BLOCK", 0)
        inredis.running(client)
        client.config_set("min-replicas-to-write", 1)
        with pytest.raises(redis.ResponseError, match="NOREPLICAS"):
            client.set("key", "value")
        held_back(client)
        with servers.replica_of(primary, kind, module=module) as replica:
            assert waiting.answer() == "finished"
            servers.wait_until(lambda: inredis.cycles(replica.client(protocol=2), "net") > 0)


def test_result_waits_while_the_server_cannot_save(server: servers.Server, client: redis.Redis) -> None:
    inredis.create(client, "net")
    waiting = Asking(server, "NR.TRAIN", "net", "MAXTIME", 500, "BLOCK", 0)
    inredis.running(client)
    client.config_set("save", "3600 1")
    obstacle = server.directory / "dump.rdb"
    obstacle.mkdir()
    client.bgsave()
    servers.wait_until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")
    held_back(client)
    obstacle.rmdir()
    client.bgsave()
    assert waiting.answer() == "finished"


@pytest.mark.parametrize("count", [1, 30])
def test_result_for_an_expired_key_in_import_mode_is_dropped(kind: kinds.Kind, count: int) -> None:
    if not kind.name.startswith("valkey"):
        return  # only Valkey has import mode, which keeps such keys
    with servers.running(kind, "--import-mode", "yes", module=neuralredis.module_path()) as server:
        client = server.client(protocol=2)
        client.mset({f"other{number}": "x" for number in range(20_000)})
        waiting = []
        for number in range(count):
            inredis.create(client, f"net{number}")
            client.pexpire(f"net{number}", 200)
            inredis.train(client, f"net{number}", "MAXTIME", 600)
        waiting = [Asking(server, "NR.WAIT", f"net{number}") for number in range(count)]
        assert {waiter.answer() for waiter in waiting} <= {"dropped", *nothing(waiting)}
        servers.wait_until(lambda: inredis.section(client)["trainings_dropped"] == count)
        assert client.execute_command("NR.THREADS") == []
        assert client.dbsize() == 20_000 + count, "the server has not freed them"


def nothing(waiting: list[Asking]) -> list[Any]:
    """Return the replies of clients that waited when the network had expired."""
    return [waiter.answer() for waiter in waiting if "no network" in str(waiter.answer())]
