"""Rows as bytes: their number, their weights, and reading them back."""

from __future__ import annotations

import inredis
import numpy as np
import pytest
import redis

import neuralredis as nr
import servers


def blob(*values: object) -> bytes:
    return np.asarray(values, "<f4").tobytes()


def test_weighted_batch_equals_weighted_single_rows(any_server: servers.Server) -> None:
    client = any_server.client(protocol=2)
    rng = np.random.default_rng(3)
    rows, weights = rng.normal(size=(50, 3)).astype("<f4"), rng.uniform(0.5, 2, 50).astype("<f4")
    for key in ("one", "many"):
        client.execute_command("NR.CREATE", key, "REGRESSOR", 2, 3, "->", 1, "DATASET", 30, "TEST", 10, "SEED", 5)
    for row, weight in zip(rows, weights, strict=True):
        client.execute_command("NR.OBSERVE", "one", *map(float, row[:2]), "->", float(row[2]), "WEIGHT", float(weight))
    stored = client.execute_command(
        "NR.OBSERVE", "many", "FP32", "ROWS", 50, rows.tobytes(), "WEIGHTS", weights.tobytes()
    )
    assert stored == [30, 10]
    digests = [client.execute_command("DEBUG", "DIGEST-VALUE", key)[0] for key in ("one", "many")]
    assert digests[0] == digests[1]


def test_large_weighted_batch_is_stored_in_slices_and_propagated(any_server: servers.Server) -> None:
    client = any_server.client(protocol=2)
    client.config_set("appendonly", "yes")
    rng = np.random.default_rng(4)
    rows, weights = rng.normal(size=(120_000, 11)).astype("<f4"), rng.uniform(0.5, 2, 120_000).astype("<f4")
    client.execute_command("NR.CREATE", "net", "REGRESSOR", 10, "->", 1, "DATASET", 100_000, "TEST", 20_000, "SEED", 5)
    local = nr.Network("regressor", [10, 1], dataset=100_000, test=20_000, seed=5)
    local.observe(rows[:, :10], rows[:, 10], weight=weights)
    wrong = weights.copy()
    wrong[100_000] = 0
    with pytest.raises(
        redis.ResponseError, match="NRDATA row 100000: the weight is 0: expected a finite number above 0"
    ):
        client.execute_command("NR.OBSERVE", "net", "FP32", rows.tobytes(), "WEIGHTS", wrong.tobytes())
    client.execute_command("NR.OBSERVE", "net", "FP32", rows.tobytes(), "WEIGHTS", weights.tobytes())
    raw = any_server.client(protocol=2, decode_responses=False)
    assert nr.Network.from_bytes(raw.execute_command("NR.EXPORT", "net")) == local
    client.execute_command("DEBUG", "LOADAOF")
    assert nr.Network.from_bytes(raw.execute_command("NR.EXPORT", "net")) == local


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["NR.RUN", "net", "FP32", "ROWS", 2, blob(1, 2)], "NRSHAPE the blob has 1 rows of 2 floats: expected 2"),
        (["NR.RUN", "net", "FP32", "ROWS", "x", blob(1, 2)], "NROPTION ROWS is 'x': expected an integer of at least 1"),
        (["NR.RUN", "net", "FP32", "ROWS", 1, blob(1)], "NRSHAPE the blob has 4 bytes"),
        (["NR.CLASS", "net", "FP32", "ROWS", 0, blob(1, 2)], "NRSHAPE the blob has 1 rows of 2 floats: expected 0"),
        (["NR.OBSERVE", "net", "FP32", "ROWS", 1, blob(1, 2, 0, 1, 2, 0)], "NRSHAPE the blob has 2 rows of 3 floats"),
        (["NR.OBSERVE", "net", "FP32", blob(1, 2, 0), "WEIGHTS", blob(1, 1)], "NRSHAPE the weights have 8 bytes"),
        (["NR.OBSERVE", "net", "FP32", blob(1, 2, 0), "WEIGHTS"], "NROPTION WEIGHTS has no value"),
        (["NR.OBSERVE", "net", "FP32", blob(1, 2, 0), "WEIGHTS", blob(-1)], "NRDATA the weight is -1"),
        (["NR.OBSERVE", "net", "FP32", blob(1, 2, 0), "WEIGHTS", blob(np.nan)], "NRDATA the weight is NaN"),
        (["NR.OBSERVE", "net", "FP32", blob(1, 2, 0), "WEIGHT", 1], "NROPTION WEIGHT is for one row"),
        (["NR.OBSERVE", "net", 1, 2, "->", 0, "WEIGHTS", blob(1)], "NROPTION WEIGHTS are for several rows"),
        (["NR.EVALUATE", "net", "FP32", blob(1, 2, 0), "WEIGHTS", blob(1, 2)], "NRSHAPE the weights have 8 bytes"),
        (["NR.EVALUATE", "net", "FP32", blob(1, 2, 0), "TEST"], "NROPTION the rows are given"),
        (["NR.GETDATA", "net", "TRAIN", 0, "COUNT"], "NROPTION COUNT has no value"),
        (["NR.GETDATA", "net", "TRAIN", 0, "COUNT", -1], "NROPTION COUNT is '-1': expected an integer of at least 0"),
        (["NR.GETDATA", "net", "TRAIN", 0, "FOO", 1], "NROPTION unknown option 'FOO'"),
        (["NR.THREADS", "SOME"], "NROPTION unknown option 'SOME': expected FULL"),
    ],
)
def test_invalid_row_blobs_are_rejected(db: nr.NeuralRedis, arguments: list[object], message: str) -> None:
    net = db.create("net", "classifier", [2, 2], dataset=10)
    with pytest.raises(redis.ResponseError) as raised:
        db.client.execute_command(*arguments)
    assert str(raised.value).startswith(message)
    assert net.info().training_dataset_len == 0


def test_blob_may_equal_a_keyword(db: nr.NeuralRedis) -> None:
    net = db.create("net", "regressor", [1, 1], seed=1)
    value = np.frombuffer(b"ROWS", "<f4")
    (answer,) = np.frombuffer(db.client.execute_command("NR.RUN", "net", "FP32", b"ROWS", NEVER_DECODE=True), "<f4")
    assert answer == net.run(value)[0]


@pytest.mark.parametrize(("kind", "outputs"), [("classifier", 3), ("regressor", 1), ("regressor", 2)])
def test_rows_and_weights_are_read_back_unchanged(db: nr.NeuralRedis, kind: nr.options.Kind, outputs: int) -> None:
    rng = np.random.default_rng(5)
    X, weights = rng.normal(size=(70, 4)).astype("<f4"), rng.uniform(1, 2, 70).astype("<f4")
    y = rng.integers(0, 3, 70) if kind == "classifier" else rng.normal(size=(70, outputs)).astype("<f4")
    if outputs == 1:
        y = y[:, 0]
    net, local = (make(kind, [4, outputs], dataset=40, test=30, seed=2) for make in (
        lambda *given, **options: db.create("net", *given, **options), nr.Network))  # fmt: skip
    for each in (net, local):
        each.observe(X, y, weight=weights)
    for name in ("train", "test"):
        for received, known in zip(net.rows(name), local.rows(name), strict=True):
            assert received.dtype == known.dtype
            assert np.array_equal(received, known)
    found = [
        np.frombuffer(part, "<f4")
        for part in db.client.execute_command("NR.GETDATA", "net", "TRAIN", 35, "COUNT", 99, NEVER_DECODE=True)
    ]
    assert [len(part) for part in found] == [5 * 4, 5 * (1 if kind == "classifier" else outputs), 5]
    assert set(found[2]) <= set(weights)
    assert db.client.execute_command("NR.GETDATA", "net", "TEST", 2**63, "COUNT", 2**64 - 1) == ["", "", ""]
    assert str(net.evaluate(X, y, weight=weights)) == str(local.evaluate(X, y, weight=weights))
    assert net.evaluate(X, y, weight=weights).error == local.evaluate(X, y, weight=weights).error


def test_client_caches_the_layout_of_known_networks(db: nr.NeuralRedis) -> None:
    net = db.create("net", "regressor", [3, 1], dataset=100)
    X = np.arange(30, dtype=np.float32).reshape(10, 3)
    net.run(X)
    before = inredis.calls(db.client, "nr.info")
    net.observe(X, X[:, 0], weight=np.full(10, 2.0))
    net.run(X)
    net.evaluate(X, X[:, 0])
    assert inredis.calls(db.client, "nr.info") == before
    # Another network at the key is detected by the number of rows that it would read from the bytes.
    del db["net"]
    db.create("net", "regressor", [1, 1])
    with pytest.raises(nr.ShapeError, match="the network has 1 input, 3 were given"):
        net.run(X)
    assert net.run(X[:, :1]).shape == (10, 1)


def test_trainings_are_listed_as_maps(any_server: servers.Server) -> None:
    client = any_server.client(protocol=3)
    inredis.create(client, "net")
    client.execute_command("NR.TRAIN", "net", "MAXTIME", 60_000)
    (training,) = client.execute_command("NR.TRAININGS")
    (full,) = client.execute_command("NR.THREADS", "FULL")
    (line,) = client.execute_command("NR.THREADS")
    assert training.keys() == full.keys()
    assert (training["key"], training["db"], training["max-time"], training["max-cycles"]) == ("net", 0, 60_000, 0)
    assert training["state"] in ("queued", "running")
    assert f"nn_id={training['id']} " in line
    client.execute_command("NR.STOP", "net")
