"""The module in CONFIG, INFO, ACL and COMMAND, and replies in RESP3."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any

import inredis
import numpy as np
import pytest
import redis

import kinds
import neuralredis
import servers

COMMANDS = [
    "create", "observe", "run", "class", "train", "info", "threads", "trainings", "reset", "getdata", "stop", "wait",
    "report", "configure", "evaluate", "export", "import", "_load", "_rows", "_trained", "_reset", "_configure",
    "hobserve", "hrun", "hclass", "rank", "fields", "explain", "calibrate", "_observed", "_calibrated",
    "forecast", "forget", "sample", "step",
]  # fmt: skip
READS = [
    "run", "class", "info", "threads", "trainings", "getdata", "wait", "report", "evaluate", "export", "hrun", "hclass",
    "rank", "fields", "explain", "forecast", "sample", "step",
]  # fmt: skip
#: Commands whose first key is followed by the number of further keys, which are hashes.
OF_HASHES = ["hobserve", "hrun", "hclass", "rank"]


def test_config_shows_sets_and_validates_settings(kind: kinds.Kind) -> None:
    options = ["--loadmodule", str(neuralredis.module_path()), "threads", "3", "neuralredis.max-trainings", "5"]
    with servers.running(kind, *options) as server:
        client = server.client()
        found = client.config_get("neuralredis.*")
        assert found == {
            "neuralredis.threads": "3", "neuralredis.max-trainings": "5", "neuralredis.max-network-bytes": "0",
            "neuralredis.max-blocking-ms": "100",
            "neuralredis.enable-internal-commands": "no",
            "neuralredis.max-queued": "4000", "neuralredis.max-training-ms": "0",
        }  # fmt: skip
        client.config_set("neuralredis.threads", 1)
        client.config_set("neuralredis.max-network-bytes", "10mb")
        assert client.config_get("neuralredis.max-network-bytes")["neuralredis.max-network-bytes"] == str(10 << 20)
        invalid = [
            ("threads", 0),
            ("threads", 65537),
            ("max-trainings", 0),
            ("max-queued", -1),
            ("max-training-ms", -1),
        ]
        for name, value in [*invalid, ("max-network-bytes", -1)]:
            with pytest.raises(redis.ResponseError):
                client.config_set(f"neuralredis.{name}", value)
        assert client.config_get("neuralredis.threads") == {"neuralredis.threads": "1"}


def test_info_counts_networks_answers_and_trainings(server: servers.Server) -> None:
    client = server.client(protocol=2)
    inredis.create(client, "net")
    client.copy("net", "copy")
    client.execute_command("NR.RUN", "net", 1, 2)
    client.execute_command("NR.CLASS", "net", "FP32", inredis.blob((1, 2), (3, 4)))
    client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 1, "BLOCK", 0)
    assert inredis.section(client) == {
        "networks": 2, "trainings_running": 0, "trainings_queued": 0, "partial_networks": 0,
        "partial_network_bytes": 0, "trainings_finished": 1, "trainings_failed": 0, "trainings_dropped": 0,
        "rows_observed": 144, "runs": 3,
    }  # fmt: skip
    client.flushall()
    servers.wait_until(lambda: inredis.section(client)["networks"] == 0)


def docs(client: redis.Redis) -> dict[str, dict[str, Any]]:
    def pairs(reply: list[Any]) -> dict[str, Any]:
        return dict(zip(reply[::2], reply[1::2], strict=True))

    reply = client.connection_pool.get_connection()
    try:
        reply.send_command("COMMAND", "DOCS", *(f"nr.{name}" for name in COMMANDS))
        return {name: pairs(about) for name, about in pairs(reply.read_response()).items()}
    finally:
        client.connection_pool.release(reply)


def test_every_command_is_documented(server: servers.Server) -> None:
    found = docs(server.client(protocol=2))
    assert sorted(found) == sorted(f"nr.{name}" for name in COMMANDS)
    for name, about in found.items():
        assert about["summary"].endswith("."), name
        assert about["complexity"].startswith("O("), name
        assert about["since"] == "0.1.0", name
        assert about["module"] == "neuralredis", name
        if name != "nr.trainings":
            assert about["arguments"], name


def described(client: redis.Redis, name: str) -> tuple[set[str], set[str], list[Any]]:
    connection = client.connection_pool.get_connection()
    try:
        connection.send_command("COMMAND", "INFO", name)
        [reply] = connection.read_response()
    finally:
        client.connection_pool.release(connection)
    return set(reply[2]), set(reply[6]), reply[8]


def test_flags_and_keys_match_each_command(server: servers.Server) -> None:
    client = server.client(protocol=2)
    for name in COMMANDS:
        flags, categories, keys = described(client, f"nr.{name}")
        assert "module" in flags
        reads = name in READS
        assert ("readonly" in flags, "write" in flags) == (reads, not reads), name
        assert ("blocking" in flags) == (name in ("train", "wait")), name
        assert ("denyoom" in flags) == (name in ("create", "observe", "hobserve", "calibrate", "train", "import")), name
        assert ("admin" in flags) == name.startswith("_"), name
        if categories:  # Redis 7.0 has none for commands of modules
            expected = {"@neural", "@fast" if "fast" in flags else "@slow", "@read" if reads else "@write"}
            expected |= {"@blocking"} if "blocking" in flags else set()
            if name.startswith("_"):  # in no category that users are granted
                expected = {"@admin", "@dangerous"}
            assert categories == expected, name
        assert len(keys) == (name not in ("threads", "trainings")) + (name in OF_HASHES), name
        if name in OF_HASHES:
            spec = dict(zip(keys[1][::2], keys[1][1::2], strict=True))
            assert set(spec["flags"]) == {"RO", "access"}, name
        if keys:
            spec = dict(zip(keys[0][::2], keys[0][1::2], strict=True))
            access = {"readonly": "RO", "write": "RW"}["readonly" if reads else "write"]
            assert access in spec["flags"] or "OW" in spec["flags"], name
    assert client.command_getkeys("NR.OBSERVE", "net", "1", "->", "2") == ["net"]


def test_acl_category_contains_the_commands_if_supported(server: servers.Server) -> None:
    client = server.client(protocol=2)
    if client.info("server")["redis_version"].startswith("7.0.") and "valkey_version" not in client.info("server"):
        assert "neural" not in client.acl_cat()  # Redis supports it for modules since 7.4
        return
    assert sorted(client.acl_cat("neural")) == sorted(f"nr.{name}" for name in COMMANDS if not name.startswith("_"))
    client.acl_setuser("reader", enabled=True, nopass=True, keys=["*"], categories=["+@neural", "-@write"])
    with server.client(username="reader", password="x", protocol=2) as reader:
        inredis.create(client, "net")
        assert reader.execute_command("NR.CLASS", "net", 1, 2) in (0, 1)
        with pytest.raises(redis.exceptions.NoPermissionError):
            reader.execute_command("NR.RESET", "net")


def test_threads_lists_only_readable_keys(any_server: servers.Server) -> None:
    client = any_server.client(protocol=2)
    for key in ("mine:a", "theirs:b"):
        inredis.create(client, key)
        inredis.train(client, key)
    client.acl_setuser("me", enabled=True, nopass=True, keys=["mine:*"], commands=["+nr.threads", "+nr.info"])
    me = any_server.client(username="me", password="x", protocol=2)
    [line] = me.execute_command("NR.THREADS")
    assert " key=mine:a " in line
    assert len(client.execute_command("NR.THREADS")) == 2
    with pytest.raises(redis.exceptions.NoPermissionError):
        me.execute_command("NR.INFO", "theirs:b")


def test_resp3_replies_have_native_types(server: servers.Server) -> None:
    client = server.client(protocol=3)
    inredis.create(client, "net")
    client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 3, "BLOCK", 0)
    info = client.execute_command("NR.INFO", "net")
    assert (info["training"], info["auto-normalization"], info["overfitting-detected"]) == (False, False, False)
    assert isinstance(info["training-total-seconds"], float)
    assert isinstance(info["classification-errors-perc"], float)
    assert info["training-total-cycles"] == 3
    outputs = client.execute_command("NR.RUN", "net", 1, 2)
    assert all(isinstance(output, float) for output in outputs)
    report = client.execute_command("NR.REPORT", "net")
    assert (report["reason"], report["cycles"], len(report["curve"])) == ("maxcycles", 3, 4)
    evaluation = client.execute_command("NR.EVALUATE", "net")
    assert 0 <= evaluation["accuracy"] <= 1
    assert sum(map(sum, evaluation["confusion"])) == evaluation["rows"] == 48
    assert (info["auto-normalization"], info["l2"]) == (False, "auto")
    client.execute_command("NR.CONFIGURE", "net", "NORMALIZE", "on", "L2", "0.25")
    after = client.execute_command("NR.INFO", "net")
    assert (after["auto-normalization"], after["l2"]) == (True, 0.25)


def test_evaluate_takes_fresh_rows_of_a_regressor(any_server: servers.Server) -> None:
    client = any_server.client(protocol=3)
    client.execute_command("NR.CREATE", "sum", "REGRESSOR", 1, "->", 1, "SEED", 1)
    rows = inredis.blob(*[(x, 2 * x) for x in range(5)])
    found = client.execute_command("NR.EVALUATE", "sum", "FP32", rows)
    assert list(found) == ["rows", "error", "rmse", "mae", "r2", "baseline"]
    assert found["baseline"] == pytest.approx(np.std([0, 2, 4, 6, 8]))


def test_server_returns_the_numbers_of_an_embedded_network(server: servers.Server) -> None:
    client = server.client(protocol=2)
    raw = server.client(protocol=2, decode_responses=False)
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(700, 4)).astype(np.float32), rng.integers(0, 3, 700)
    net = neuralredis.Network("classifier", [4, 9, 3], normalize=True, dataset=300, test=100, seed=11)
    client.execute_command(
        "NR.CREATE", "net", "CLASSIFIER", 4, 9, "->", 3, "NORMALIZE", "DATASET", 300, "TEST", 100, "SEED", 11
    )
    for row, target in zip(X[:100], y[:100], strict=True):
        sizes = client.execute_command("NR.OBSERVE", "net", *(str(x) for x in row), "->", int(target))
        assert tuple(sizes) == net.observe(row, int(target))
    raw.execute_command("NR.OBSERVE", "net", "FP32", np.c_[X[100:], y[100:]].astype("<f4").tobytes())
    net.observe(X[100:], y[100:])
    client.execute_command("NR.TRAIN", "net", "AUTOSTOP", "BACKTRACK", "MAXTIME", 0, "BLOCK", 0)
    net.train(autostop=True, backtrack=True, max_time=0)
    answers = np.frombuffer(raw.execute_command("NR.RUN", "net", "FP32", X.tobytes()), "<f4").reshape(-1, 3)
    assert np.array_equal(answers, net.run(X))
    text = [float(output) for output in client.execute_command("NR.RUN", "net", *(str(x) for x in X[0]))]
    assert np.array_equal(np.float32(text), net.run(X[0]))
    assert client.execute_command("NR.CLASS", "net", "FP32", X[:50].tobytes()) == list(net.classify(X[:50]))
    assert float(inredis.info(client, "net")["test-error"]) == net.info().test_error


@pytest.mark.parametrize("classes", [256, 257, 70_000])
def test_classifier_predicts_the_last_of_many_classes(db: neuralredis.NeuralRedis, classes: int) -> None:
    net = db.create("net", "classifier", [1, classes], dataset=16)
    X = np.linspace(-3, 3, 16, dtype=np.float32).reshape(-1, 1)
    net.observe(X, np.full(16, classes - 1))
    net.train(max_cycles=100)
    assert list(net.classify(X)) == [classes - 1] * 16


def test_exports_can_be_loaded_in_python_and_imported_again(server: servers.Server) -> None:
    raw = server.client(protocol=2, decode_responses=False)
    inredis.create(raw, "net")
    raw.execute_command("NR.TRAIN", "net", "MAXCYCLES", 3, "BLOCK", 0)
    exported = raw.execute_command("NR.EXPORT", "net")
    net = neuralredis.Network.from_bytes(exported)
    assert bytes(net) == exported
    net.train(max_cycles=3)
    raw.execute_command("NR.IMPORT", "net", bytes(net), "REPLACE")
    assert raw.execute_command("NR.EXPORT", "net") == bytes(net)
    for at in range(0, len(exported), max(1, len(exported) // 50)):
        with pytest.raises(redis.ResponseError, match=r"not a network|format"):
            raw.execute_command("NR.IMPORT", "bad", exported[:at] + bytes([exported[at] ^ 1]) + exported[at + 1 :])


def test_oversized_replies_are_rejected_before_allocation(any_server: servers.Server) -> None:
    raw = any_server.client(protocol=2, decode_responses=False)
    raw.execute_command("NR.CREATE", "wide", "CLASSIFIER", 1, "->", 1 << 20)
    rows = struct.pack("<200f", *range(200))
    with pytest.raises(redis.ResponseError, match="expected at most 536870912"):
        raw.execute_command("NR.RUN", "wide", "FP32", rows)
    assert len(raw.execute_command("NR.CLASS", "wide", "FP32", rows[:40])) == 10


def test_production_md_lists_every_setting_and_info_field(server: servers.Server) -> None:
    page = (Path(__file__).parents[1] / "docs" / "production.md").read_text(encoding="utf-8")
    client = server.client()
    assert set(re.findall(r"^\| `(neuralredis\.[a-z-]+)` \|", page, re.M)) == set(client.config_get("neuralredis.*"))
    assert set(re.findall(r"^\| `(neuralredis_[a-z_]+)` \|", page, re.M)) == set(client.info("neuralredis"))
