"""Replicas receive what happened, and never train."""

from __future__ import annotations

import random
from collections.abc import Iterator

import inredis
import pytest
import redis

import neuralredis
import servers

STRICT = ["--propagation-error-behavior", "panic"]


@pytest.fixture
def replica(redis7: servers.Server) -> Iterator[servers.Server]:
    with servers.replica_of(redis7, servers.KINDS[0], *STRICT, module=neuralredis.module_path()) as replica:
        yield replica


def agree(primary: servers.Server, replica: servers.Server) -> bool:
    ours, theirs = primary.client(), replica.client()
    ours.wait(1, 5000)
    same: bool = ours.execute_command("DEBUG", "DIGEST") == theirs.execute_command("DEBUG", "DIGEST")
    return same


def test_a_replica_agrees_after_any_commands(redis7: servers.Server, replica: servers.Server) -> None:
    client = redis7.client(protocol=2)
    chance = random.Random(1)
    keys = [f"net{number}" for number in range(4)]
    for key in keys:
        inredis.create(client, key)
    for _ in range(600):
        key = chance.choice(keys)
        command = chance.choice(
            [
                ["NR.OBSERVE", key, chance.random(), chance.random(), "->", chance.randrange(2)],
                ["NR.OBSERVE", key, 1, 2, "->", 0, "WEIGHT", chance.random() + 0.1],
                [
                    "NR.OBSERVE",
                    key,
                    "FP32",
                    inredis.blob(*[(chance.random(), 1, 1)] * 50),
                    chance.choice(["TRAIN", "TEST"]),
                ],
                ["NR.RESET", key],
                ["NR.TRAIN", key, "MAXCYCLES", 5],
                ["NR.CONFIGURE", key, "DATASET", chance.randrange(1, 300), "NORMALIZE", chance.choice(["yes", "no"])],
                ["RENAME", key, chance.choice(keys)],
                ["COPY", key, chance.choice(keys), "REPLACE"],
                ["NR.STOP", key],
                ["DEL", key],
            ]
        )
        try:
            client.execute_command(*command)
        except redis.ResponseError:
            if not client.exists(key):
                inredis.create(client, key)
    servers.wait_until(lambda: client.execute_command("NR.THREADS") == [])
    servers.wait_until(lambda: agree(redis7, replica))
    assert inredis.section(replica.client())["trainings_finished"] == 0
    assert inredis.section(client)["trainings_finished"] > 5


def test_a_replica_receives_the_result_and_answers_the_same(redis7: servers.Server, replica: servers.Server) -> None:
    client, reader = redis7.client(protocol=2), replica.client(protocol=2)
    inredis.create(client, "net")
    client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 50, "BLOCK", 0)
    assert agree(redis7, replica)
    assert reader.execute_command("NR.RUN", "net", 0.5, 0.5) == client.execute_command("NR.RUN", "net", 0.5, 0.5)
    assert reader.execute_command("NR.WAIT", "net") == "idle"
    assert inredis.cycles(reader, "net") == 50


def test_a_replica_refuses_to_train_even_if_it_may_be_written(redis7: servers.Server, replica: servers.Server) -> None:
    client, reader = redis7.client(protocol=2), replica.client(protocol=2)
    inredis.create(client, "net")
    assert agree(redis7, replica)
    with pytest.raises(redis.ReadOnlyError):
        inredis.train(reader, "net")
    reader.config_set("replica-read-only", "no")
    with pytest.raises(redis.ResponseError, match="is a replica: its primary trains"):
        inredis.train(reader, "net")


def test_a_full_sync_while_training_brings_the_network_of_before(redis7: servers.Server) -> None:
    client = redis7.client(protocol=2)
    inredis.create(client, "net")
    inredis.train(client, "net")
    inredis.running(client)
    module = neuralredis.module_path()
    with servers.replica_of(
        redis7, servers.KINDS[0], *STRICT, "--repl-diskless-load", "swapdb", module=module
    ) as replica:
        reader = replica.client(protocol=2)
        assert (inredis.cycles(reader, "net"), inredis.info(reader, "net")["training"]) == (0, 0)
        client.execute_command("NR.STOP", "net")
        servers.wait_until(lambda: inredis.cycles(reader, "net") > 0)
        assert agree(redis7, replica)


def test_a_replica_of_a_replica_agrees(redis7: servers.Server, replica: servers.Server) -> None:
    with servers.replica_of(replica, servers.KINDS[0], *STRICT, module=neuralredis.module_path()) as last:
        client = redis7.client(protocol=2)
        inredis.create(client, "net")
        client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 5, "BLOCK", 0)
        servers.wait_until(lambda: agree(redis7, last))


def test_a_demoted_primary_cancels_and_the_new_one_trains_on(redis7: servers.Server, replica: servers.Server) -> None:
    client, reader = redis7.client(protocol=2), replica.client(protocol=2)
    inredis.create(client, "net")
    client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 5, "BLOCK", 0)
    inredis.train(client, "net")
    inredis.running(client)
    client.execute_command("FAILOVER")
    servers.wait_until(lambda: client.info("replication")["role"] == "slave")
    servers.wait_until(lambda: client.info("replication")["master_link_status"] == "up")
    assert inredis.section(client)["trainings_dropped"] == 1
    assert client.execute_command("NR.THREADS") == []
    assert (inredis.cycles(reader, "net"), inredis.info(reader, "net")["training"]) == (5, 0)
    reader.execute_command("NR.TRAIN", "net", "MAXCYCLES", 5, "BLOCK", 0)
    assert agree(replica, redis7)
    assert inredis.cycles(client, "net") == 10


def test_in_a_transaction_effects_stay_together(redis7: servers.Server, replica: servers.Server) -> None:
    client = redis7.client(protocol=2)
    with client.pipeline() as transaction:
        transaction.execute_command("NR.CREATE", "net", "REGRESSOR", 1, "->", 1, "DATASET", 5)
        transaction.execute_command("NR.OBSERVE", "net", 1, "->", 2)
        transaction.execute_command("NR.RESET", "net")
        transaction.execute()
    client.eval("redis.call('NR.OBSERVE', 'net', '3', '->', '4') return redis.call('NR.RESET', 'net')", 0)
    assert agree(redis7, replica)


def test_what_replicas_are_sent_is_checked_when_a_client_sends_it(
    redis7: servers.Server, replica: servers.Server
) -> None:
    raw = redis7.client(protocol=2, decode_responses=False)
    inredis.create(raw, "net")
    before = raw.execute_command("NR.EXPORT", "net")
    place, row = b"\0" + b"\5\0\0\0", inredis.blob((1, 2, 1))
    for command in [
        ("NR._ROWS", "net", "x", place, row), ("NR._ROWS", "net", 1, b"123", row),
        ("NR._ROWS", "net", 1, place, b"123"),
        ("NR._ROWS", "net", 1, b"\2\0\0\0\0", row), ("NR._ROWS", "net", 1, b"\0\xff\0\0\0", row),
        ("NR._ROWS", "net", 1, place, inredis.blob((1, 2, 5))), ("NR._ROWS", "net", 1, place * 2, row),
        ("NR._ROWS", "net", 1, place, row, inredis.blob((0,))),
        ("NR._ROWS", "net", 1, place, row, inredis.blob((1, 1))),
        ("NR._ROWS", "nothing", 1, place, row), ("NR._RESET", "net", "-1"), ("NR._TRAINED", "net", b"neural\1\0"),
        ("NR._TRAINED", "net", b"x"), ("NR._LOAD", "net", 1, b"x"), ("NR._LOAD", "net", 0, b"x"),
        ("NR._LOAD", "net", "x", b"neural\1\0"), ("NR._CONFIGURE", "net", 1, "DATASET"),
        ("NR._CONFIGURE", "net", 1, "OUTPUT", "linear", "LOSS", "crossentropy"),
    ]:  # fmt: skip
        with pytest.raises(redis.ResponseError):
            raw.execute_command(*command)
        assert raw.execute_command("NR.EXPORT", "net") == before, command
    raw.execute_command("NR._ROWS", "net", 1, place, row, inredis.blob((2,)))
    assert raw.execute_command("NR.EXPORT", "net") != before
    assert agree(redis7, replica)
