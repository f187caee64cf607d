"""The option SAMPLE: forms of the replies, and that it changes nothing."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import redis

import kinds
import neuralredis
import servers

X = np.random.default_rng(3).normal(size=(40, 2)).astype("<f4")
ROWS = json.dumps([{"age": age} for age in range(20, 60)])


def create(client: redis.Redis) -> None:
    client.execute_command("NR.CREATE", "net", "CLASSIFIER", 2, 4, "->", 3, "SEED", 1)
    client.execute_command("NR.CREATE", "wide", "CLASSIFIER", 2, "->", 300, "SEED", 1)
    client.execute_command("NR.CREATE", "sum", "REGRESSOR", 2, "->", 1)
    options = ("DATASET", 50, "TEST", 0, "SEED", 1)
    client.execute_command("NR.CREATE", "plan", "CLASSIFIER", "SCHEMA", "age", "NUMBER", "->", "plan", *options)
    client.execute_command("NR.CREATE", "cost", "REGRESSOR", "SCHEMA", "age", "NUMBER", "->", "cost", *options)
    client.execute_command("NR.OBSERVE", "plan", "JSON", ROWS, "->", *(["free", "pro"] * 20))
    client.execute_command("NR.TRAIN", "plan", "MAXCYCLES", 3, "BLOCK", 0)
    client.hset("user", "age", "31")


@pytest.fixture
def made(raw: redis.Redis) -> redis.Redis:
    create(raw)
    return raw


def answers(client: redis.Redis) -> list[Any]:
    blob = X.tobytes()
    options = ("->", "SAMPLE", "TEMPERATURE", 2, "SEED", 5)
    return [
        client.execute_command(*words, *options)
        for words in (
            ["NR.CLASS", "net", "0.5", "1"],
            ["NR.RUN", "net", "0.5", "1"],
            ["NR.CLASS", "net", "FP32", blob],
            ["NR.RUN", "net", "FP32", "ROWS", len(X), blob],
            ["NR.CLASS", "wide", "FP32", blob],
            ["NR.CLASS", "plan", "age", "31"],
            ["NR.RUN", "plan", "age", "31"],
            ["NR.CLASS", "plan", "JSON", ROWS],
            ["NR.HCLASS", "plan", 1, "user"],
            ["NR.HRUN", "plan", 1, "user"],
        )
    ]


def test_sample_returns_classes_in_every_form(made: redis.Redis, newer: redis.Redis) -> None:
    one, ran, many, run, wide, plan, pair, plans, hashed, pairs = answers(made)
    assert one in (0, 1, 2)
    assert ran == one
    assert run == many
    assert len(many) == len(X)
    assert set(many) == {0, 1, 2}
    assert len(wide) == len(X)
    assert max(wide) > 255
    assert plan in (b"free", b"pro")
    assert pair[0] == plan
    probabilities = made.execute_command("NR.RUN", "plan", "age", 31)
    assert pair[1] == probabilities[probabilities.index(plan) + 1], "unaffected by the temperature"
    assert set(plans) == {b"free", b"pro"}
    assert (hashed, pairs) == (plan, pair)
    sampled = ("->", "SAMPLE", "TEMPERATURE", 2, "SEED", 5)
    assert made.execute_command("NR.CLASS", "plan", "age", 31, "->", "WITHSCORES", *sampled[1:]) == pair
    assert newer.execute_command("NR.RUN", "plan", "age", 31, *sampled) == {
        plan.decode(): float(np.float32(pair[1].decode()))
    }
    assert newer.execute_command("NR.CLASS", "plan", "JSON", "[{}, {}]", "->", "WITHSCORES", "SAMPLE") != []


def test_without_a_seed_each_command_draws_anew(made: redis.Redis) -> None:
    def ask(*words: Any) -> set[str]:
        return {str(made.execute_command(*words, "->", "SAMPLE", "TEMPERATURE", 5)) for _ in range(60)}

    assert ask("NR.CLASS", "net", 1, 2) == {"0", "1", "2"}
    assert ask("NR.HCLASS", "plan", 1, "user") == {"b'free'", "b'pro'"}
    assert len(ask("NR.CLASS", "net", "FP32", X.tobytes())) == 60


def test_sample_changes_nothing_in_transactions_and_scripts(made: redis.Redis) -> None:
    keys = ("net", "wide", "plan")
    before, expected = [made.execute_command("NR.EXPORT", key) for key in keys], answers(made)
    in_transaction = made.pipeline(transaction=True)
    in_transaction.execute_command("NR.CLASS", "net", "FP32", X.tobytes(), "->", "SAMPLE", "TEMPERATURE", 2, "SEED", 5)
    assert in_transaction.execute() == [expected[2]]
    script = "return redis.call('NR.CLASS', KEYS[1], 'age', 31, '->', 'SAMPLE', 'TEMPERATURE', 2, 'SEED', 5)"
    assert made.eval(script, 1, "plan") == expected[5]
    assert made.execute_command("EVAL_RO", script, 1, "plan") == expected[5]
    assert [made.execute_command("NR.EXPORT", key) for key in keys] == before


def test_replica_and_reloaded_server_draw_the_same_classes() -> None:
    module = neuralredis.module_path()
    with servers.running(kinds.ANY, module=module, tcp=True) as server:
        client = server.client(protocol=2, decode_responses=False)
        create(client)
        expected = answers(client)
        with servers.replica_of(server, kinds.ANY, module=module) as other:
            assert answers(other.client(protocol=2, decode_responses=False)) == expected
        client.execute_command("DEBUG", "RELOAD")
        assert answers(client) == expected


def test_regressors_and_linear_outputs_reject_sample(made: redis.Redis) -> None:
    regressor = "NRKIND the network is a regressor: only a classifier has classes"
    for words in (["NR.RUN", "sum", 1, 2], ["NR.CLASS", "sum", 1, 2], ["NR.RUN", "cost", "age", 3]):
        with pytest.raises(redis.ResponseError, match=regressor):
            made.execute_command(*words, "->", "SAMPLE")
    made.execute_command("NR.CREATE", "line", "CLASSIFIER", 2, "->", 2, "OUTPUT", "LINEAR")
    made.execute_command("NR.CREATE", "new", "CLASSIFIER", "SCHEMA", "age", "NUMBER", "->", "plan")
    with pytest.raises(redis.ResponseError, match="NRKIND the outputs are linear: a class is drawn by probabilities"):
        made.execute_command("NR.CLASS", "line", 1, 2, "->", "SAMPLE")
    with pytest.raises(redis.ResponseError, match="NRSTATE the network has seen no class yet"):
        made.execute_command("NR.CLASS", "new", "age", 1, "->", "SAMPLE")
