"""Intervals, sets and NR.CALIBRATE as commands, with the same bits wherever a network is."""

from __future__ import annotations

import json
import threading
from typing import Any

import inredis
import numpy as np
import pytest
import redis

import kinds
import neuralredis
import servers

RNG = np.random.default_rng(3)
X = RNG.normal(size=(60, 2)).astype("<f4")
Y = (X.sum(axis=1) + RNG.normal(0, 0.3, 60)).astype("<f4")
#: Rows of a regressor and of a classifier.
NUMBERS = np.column_stack([X, Y]).tobytes()
CLASSES = np.column_stack([X, Y > 0]).astype("<f4").tobytes()


def create(client: redis.Redis) -> None:
    client.execute_command("NR.CREATE", "sum", "REGRESSOR", 2, 4, "->", 1, "TEST", 100, "SEED", 1)
    client.execute_command("NR.OBSERVE", "sum", "FP32", NUMBERS, "TEST")
    client.execute_command("NR.CREATE", "sign", "CLASSIFIER", 2, 4, "->", 2, "TEST", 100, "SEED", 1)
    client.execute_command("NR.OBSERVE", "sign", "FP32", CLASSES, "TEST")
    options = ("DATASET", 50, "TEST", 50, "SEED", 1)
    client.execute_command("NR.CREATE", "spent", "REGRESSOR", "SCHEMA", "age", "NUMBER", "->", "spent", *options)
    client.execute_command("NR.CREATE", "plan", "CLASSIFIER", "SCHEMA", "age", "NUMBER", "->", "plan", *options)
    rows = json.dumps([{"age": age} for age in range(20, 60)])
    client.execute_command("NR.OBSERVE", "spent", "JSON", rows, "->", *range(40))
    client.execute_command("NR.OBSERVE", "plan", "JSON", rows, "->", *(["free", "pro"] * 20))
    client.execute_command("NR.TRAIN", "plan", "MAXCYCLES", 3, "BLOCK", 0)


def answers(client: redis.Redis) -> list[Any]:
    """Return the predictions of all networks, as texts and bytes."""
    blob = X[:5].tobytes()
    return [
        client.execute_command(*words)
        for words in (
            ["NR.RUN", "sum", "0.5", "1", "->", "INTERVAL", "90"],
            ["NR.RUN", "sum", "FP32", blob, "->", "INTERVAL", "90"],
            ["NR.CLASS", "sign", "0.5", "1", "->", "SET", "99.5"],
            ["NR.CLASS", "sign", "FP32", "ROWS", 5, blob, "->", "SET", "80"],
            ["NR.RUN", "spent", "age", "31", "->", "INTERVAL", "80"],
            ["NR.RUN", "spent", "JSON", '[{"age":31},{}]', "->", "INTERVAL", "80"],
            ["NR.CLASS", "plan", "age", "31", "->", "SET", "80"],
            ["NR.CLASS", "plan", "age", "31", "->", "WITHSCORES", "SET", "80"],
            ["NR.RUN", "plan", "age", "31", "->", "SET", "80"],
        )
    ]


@pytest.fixture
def made(raw: redis.Redis) -> redis.Redis:
    create(raw)
    # Enough rows for a level of 99.5 %.
    raw.execute_command("NR.CALIBRATE", "sign", "FP32", np.tile([0.5, 1, 1], (250, 1)).astype("<f4").tobytes())
    return raw


def test_replies_have_the_documented_form(made: redis.Redis) -> None:
    one, many, labels, sets, spent, listed, plan, scored, outputs = answers(made)
    value, low, high = map(float, one)
    assert low < value < high
    bounds = np.frombuffer(many, "<f4").reshape(5, 3)
    assert np.array_equal(
        bounds[:, 0], np.frombuffer(made.execute_command("NR.RUN", "sum", "FP32", X[:5].tobytes()), "<f4")
    )
    assert np.allclose(bounds[:, 2] - bounds[:, 1], high - low, rtol=1e-5)
    assert set(labels) <= {0, 1}
    assert len(sets) == 5
    assert len(spent) == 3
    assert listed[0] == spent
    assert len(listed[1]) == 3
    assert set(plan) <= {b"free", b"pro"}
    assert scored[::2] == plan
    assert outputs == scored


def test_each_output_has_its_own_interval(raw: redis.Redis) -> None:
    raw.execute_command("NR.CREATE", "net", "REGRESSOR", 1, "->", 2, "TEST", 30, "SEED", 1)
    raw.execute_command("NR.OBSERVE", "net", "FP32", np.ones((20, 3), "<f4").tobytes(), "TEST")
    found = raw.execute_command("NR.RUN", "net", 1, "->", "INTERVAL", 50)
    assert [len(bounds) for bounds in found] == [3, 3]
    assert found[0][2] == b"1" or found[0][1] == b"1", "all errors are equal"
    schema = ("SCHEMA", "age", "NUMBER", "->", 2, "spent", "left")
    raw.execute_command("NR.CREATE", "named", "REGRESSOR", *schema, "TEST", 30, "SEED", 1)
    for age in range(20):
        raw.execute_command("NR.OBSERVE", "named", "age", age, "->", age, 2, "TEST")
    assert [len(bounds) for bounds in raw.execute_command("NR.RUN", "named", "->", "INTERVAL", 50)] == [3, 3]


def test_resp3_intervals_are_numbers(made: redis.Redis, newer: redis.Redis) -> None:
    assert all(type(number) is float for number in newer.execute_command("NR.RUN", "sum", 1, 2, "->", "INTERVAL", 90))
    assert isinstance(newer.execute_command("NR.RUN", "plan", "age", 3, "->", "SET", 80), dict)
    [*pairs] = newer.execute_command("NR.CLASS", "plan", "age", 3, "->", "SET", 80, "WITHSCORES")
    assert all(len(pair) == 2 for pair in pairs)


def test_hash_commands_accept_interval_and_set(made: redis.Redis) -> None:
    made.hset("user", "age", "31")
    assert made.execute_command("NR.HRUN", "spent", 1, "user", "->", "INTERVAL", 80) == answers(made)[4]
    assert made.execute_command("NR.HCLASS", "plan", 1, "user", "->", "SET", 80) == answers(made)[6]


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("NR.RUN sum 1 2 -> SET 90", "NROPTION unknown option 'SET': expected INTERVAL and a percentage"),
        ("NR.RUN sum 1 2 ->", "NROPTION nothing stands after '->'"),
        ("NR.RUN sum 1 2 -> INTERVAL 100", "NROPTION INTERVAL is '100': expected a percentage above 0 and below 100"),
        ("NR.RUN sum 1 -> INTERVAL 90", "NRSHAPE the network has 2 inputs, 1 was given"),
        ("NR.RUN sign 1 2 -> INTERVAL 90", "NRKIND the network is a classifier: only a regressor has intervals"),
        ("NR.CLASS sum 1 2 -> SET 90", "NRKIND the network is a regressor: only a classifier has classes"),
        ("NR.CLASS sign 1 2 -> INTERVAL 90", "NROPTION unknown option 'INTERVAL': expected SET and a percentage"),
        ("NR.RUN spent age 3 -> SET 90", "NRKIND the network is a regressor"),
        ("NR.RUN plan age 3 -> INTERVAL 90", "NRKIND the network is a classifier"),
        ("NR.RUN spent age 3 -> INTERVAL 90 TOP 2", "NROPTION INTERVAL is of numbers: expected nothing else after ->"),
        ("NR.CLASS plan age 3 -> SET 90 MIN 0.5", "NROPTION SET chooses the classes: expected neither TOP nor MIN"),
        ("NR.RUN spent age 3 -> TOP 2", "NROPTION TOP, WITHSCORES and MIN are for classes: expected INTERVAL or"),
        ("NR.RUN spent age 3 -> INTERVAL 99", "NRSTATE 20 validation rows for 99 %: expected at least 99"),
        ("NR.CALIBRATE sum 1 2", "NROPTION unknown option '1': expected TEST, or FP32 and a blob of rows"),
        ("NR.CALIBRATE spent age 3", "NRSHAPE '->' is missing"),
        ("NR.CALIBRATE spent age 3 -> 5 WEIGHT 2", "NROPTION the rows are given, and each counts once"),
        ("NR.CALIBRATE spent age 3 -> 5 TEST", "NROPTION the rows are given, and each counts once"),
        ("NR.CALIBRATE spent age x -> 5", "NRDATA field age is 'x'"),
        ("NR.CALIBRATE spent FP32 12341234", "NRSHAPE the network has fields"),
    ],
)
def test_invalid_intervals_and_calibrations_are_rejected(made: redis.Redis, command: str, error: str) -> None:
    before = made.execute_command("DEBUG", "DIGEST")
    with pytest.raises(redis.ResponseError) as raised:
        made.execute_command(*command.split())
    assert str(raised.value).startswith(error)
    assert made.execute_command("DEBUG", "DIGEST") == before


def test_calibrate_rejects_row_weights(made: redis.Redis) -> None:
    with pytest.raises(redis.ResponseError, match="unknown option 'WEIGHTS': expected nothing after the rows"):
        made.execute_command("NR.CALIBRATE", "sum", "FP32", NUMBERS, "WEIGHTS", np.ones(60, "<f4").tobytes())


def test_replicas_and_files_return_the_same_intervals(any_server: servers.Server) -> None:
    with servers.replica_of(any_server, kinds.ANY, module=neuralredis.module_path()) as replica:
        client, reader = (server.client(protocol=2, decode_responses=False) for server in (any_server, replica))
        create(client)
        client.execute_command("NR.CALIBRATE", "sign", "FP32", CLASSES * 5)
        age = json.dumps([{"age": age} for age in range(30)])
        assert client.execute_command("NR.CALIBRATE", "spent", "JSON", age, "->", *range(30)) == 30
        expected = answers(client)

        def has_all() -> bool:
            digests = {each.execute_command("DEBUG", "DIGEST") for each in (client, reader)}
            return len(digests) == 1

        servers.wait_until(has_all)
        assert answers(reader) == expected
        assert inredis.calls(replica.client(), "NR._CALIBRATED") == 2
        assert inredis.calls(replica.client(), "NR.CALIBRATE") == 0
        client.execute_command("DEBUG", "RELOAD")
        assert answers(client) == expected
        for key in ("sum", "sign", "spent", "plan"):
            client.execute_command("NR.IMPORT", key, client.execute_command("NR.EXPORT", key), "REPLACE")
        assert answers(client) == expected
        # A training discards the calibration, on replicas and in files, too.
        client.execute_command("NR.TRAIN", "spent", "MAXCYCLES", 1, "BLOCK", 0)
        changed = answers(client)
        assert changed[4] != expected[4]
        servers.wait_until(has_all)
        assert answers(reader) == changed


def test_aof_restores_the_calibration(any_server: servers.Server) -> None:
    client = any_server.client(protocol=2, decode_responses=False)
    client.config_set("appendonly", "yes")
    servers.wait_until(lambda: not client.info("persistence")["aof_rewrite_in_progress"])
    create(client)
    client.execute_command("NR.CALIBRATE", "sum", "FP32", NUMBERS)
    client.execute_command("NR.CALIBRATE", "sign", "FP32", CLASSES * 5)
    expected = answers(client)
    client.execute_command("DEBUG", "LOADAOF")
    assert answers(client) == expected


def test_calibrated_effect_rejects_invalid_scores(relay: servers.Server) -> None:
    client = relay.client(protocol=2, decode_responses=False)
    create(client)
    before = client.execute_command("DEBUG", "DIGEST")

    def pack(*scores: float) -> bytes:
        return bytes(8) + np.array(scores, "<f8").tobytes()

    for key, scores in [
        ("sum", b""),
        ("sum", bytes(8)),
        ("sum", b"\3" + bytes(15)),
        ("sum", b"1234567"),
        ("sum", pack(2, 1)),
        ("sum", pack(float("nan"))),
        ("sum", pack(-1)),
        ("sign", pack(*[0.5] * 10_001)),
    ]:
        with pytest.raises(redis.ResponseError, match="calibration"):
            client.execute_command("NR._CALIBRATED", key, scores)
    assert client.execute_command("DEBUG", "DIGEST") == before
    assert client.execute_command("NR._CALIBRATED", "sum", pack(*range(1, 20))) == b"OK"
    value, low, high = map(float, client.execute_command("NR.RUN", "sum", 0, 0, "->", "INTERVAL", 95))
    assert (high - low, value) == (pytest.approx(38), pytest.approx((high + low) / 2, abs=1e-5))


def test_calibrate_fails_if_the_weights_change_meanwhile(any_server: servers.Server) -> None:
    client = any_server.client(protocol=2, decode_responses=False)
    client.execute_command("NR.CREATE", "net", "REGRESSOR", 40, 2000, 2000, "->", 1, "TEST", 10, "SEED", 1)
    rows = np.ones((2000, 41), "<f4").tobytes()
    other = any_server.client(protocol=2)
    errors: list[str] = []

    def calibrate() -> None:
        try:
            client.execute_command("NR.CALIBRATE", "net", "FP32", rows)
        except redis.ResponseError as error:
            errors.append(str(error))

    thread = threading.Thread(target=calibrate)
    thread.start()
    servers.wait_until(lambda: other.info("clients")["blocked_clients"] == 1)
    other.execute_command("NR.RESET", "net")
    thread.join()
    assert errors == ["NRSTATE the weights changed during the calibration: calibrate again"]
