"""Networks in a server: they have the methods of embedded networks, and return the same numbers to all clients."""

from __future__ import annotations

import asyncio
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import redis
import valkey

import neuralredis as nr
import servers

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 3)).astype(np.float32)
CLASSES = (X[:, 0] > 0).astype(int) + (X[:, 1] > 1)
OUTPUTS = np.stack([X[:, 0] * 100, X[:, 1] ** 2], axis=1)
#: RESP2 and RESP3, with text decoded by the client or not.
PROTOCOLS = [(2, True), (2, False), (3, True), (3, False)]
OPTIONS: dict[str, Any] = {"normalize": True, "dataset": 200, "test": 80, "seed": 7, "l2": 0.1}


@pytest.mark.parametrize(("protocol", "decode"), PROTOCOLS)
@pytest.mark.parametrize(("kind", "y"), [("classifier", CLASSES), ("regressor", OUTPUTS)])
def test_remote_network_matches_an_embedded_network(
    any_server_for_all: servers.Server, kind: Any, y: Any, protocol: int, decode: bool
) -> None:
    client = any_server_for_all.client(protocol=protocol, decode_responses=decode)
    client.flushall()
    outputs = 3 if kind == "classifier" else 2
    options = {**OPTIONS, "patience": 30, "class_weight": [1, 0.1, 2.5] if kind == "classifier" else None}
    local = nr.Network(kind, [3, 6, outputs], **options)
    remote = nr.NeuralRedis(client).create("net", kind, [3, 6, outputs], **options)
    assert remote.report() is None
    for net in (local, remote):
        assert net.observe(X[0], y[0], into="test") == (0, 1)
        assert net.observe(X[:250], y[:250])[0] > 100
        net.observe(X[:5], y[:5], weight=[1, 2, 3, 4, 5.5])
    assert bytes(remote) == bytes(local)
    reports = [net.train(max_cycles=60, autostop=True, backtrack=True) for net in (local, remote)]
    for name in ("reason", "cycles", "best_cycle", "train_error", "test_error", "class_errors", "overfitting"):
        assert getattr(reports[0], name) == getattr(reports[1], name), name
    assert np.array_equal(reports[0].curve.test_error, reports[1].curve.test_error, equal_nan=True)
    assert remote.report() is not None
    for rows in (X, X[:1], X[0]):
        assert np.array_equal(local.run(rows), remote.run(rows))
        assert local.run(rows).dtype == remote.run(rows).dtype
        if kind == "classifier":
            assert np.array_equal(local.classify(rows), remote.classify(rows))
            assert type(local.classify(rows)) is type(remote.classify(rows))
    for given in ((), ("train",), (X, y)):
        assert vars(local.evaluate(*given)).keys() == vars(remote.evaluate(*given)).keys()
        assert repr(local.evaluate(*given)) == repr(remote.evaluate(*given))
    weight = np.linspace(1, 2, 300)
    assert local.evaluate(X, y, weight=weight).error == remote.evaluate(X, y, weight=weight).error
    for mine, theirs in zip(local.rows("test"), remote.rows("test"), strict=True):
        assert np.array_equal(mine, theirs)
        assert mine.dtype == theirs.dtype
    here, there = vars(local.info()), vars(remote.info())
    of_their_own = {"id", "training_total_seconds", "memory_bytes"}
    for name in here.keys() - of_their_own:
        assert there[name] == pytest.approx(here[name], abs=0.005 if name.endswith("perc") else 0), name
        assert type(there[name]) is type(here[name]), name
    changes: Any = {"normalize": False, "test": 20, "algorithm": "rprop+", "l2": "auto"}
    assert local.configure() == remote.configure()
    assert local.configure(**changes) == remote.configure(**changes)
    changes = {"patience": "auto", "class_weight": "none"}
    assert local.configure(**changes) == remote.configure(**changes)
    assert local.configure() == remote.configure()
    local.reset()
    remote.reset()
    assert np.array_equal(local.run(X), remote.run(X))


def test_notes_are_kept_in_a_server(db: nr.NeuralRedis) -> None:
    local = nr.Network("regressor", [3, 2], dataset=40, seed=1)
    local.observe(X, OUTPUTS)
    local.notes = b"what the inputs are called"
    net = db.upload("net", local)
    net.train(max_cycles=3)
    net.reset()
    db.client.copy("net", "copy")
    db.client.restore("restored", 0, db.client.dump("net"))
    db.client.execute_command("DEBUG", "RELOAD")
    for key in ("net", "copy", "restored"):
        assert db[key].download().notes == local.notes


def test_rows_in_several_chunks_keep_their_order(db: nr.NeuralRedis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neuralredis.remote.commands.BLOB_BYTES", 100)
    monkeypatch.setattr("neuralredis.remote.network_steps.BLOBS_AT_A_TIME", 3)
    local, remote = nr.Network("regressor", [3, 2], seed=1), db.create("net", "regressor", [3, 2], seed=1)
    for net in (local, remote):
        net.observe(X, OUTPUTS)
        net.observe(X[:20], OUTPUTS[:20], weight=np.arange(1, 21))
    assert bytes(local) == bytes(remote)
    assert np.array_equal(local.run(X), remote.run(X))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda net: net.run([1, 2]),
        lambda net: net.run([[1, 2, 3], [4, 5, float("inf")]]),
        lambda net: net.run(7),
        lambda net: net.run([]),
        lambda net: net.run([["x", 2, 3]]),
        lambda net: net.classify([1, 2, 3, 4]),
        lambda net: net.observe(X[:3], [0, 1, 5]),
        lambda net: net.observe(X[:3], [0, 1]),
        lambda net: net.observe(X[:2], [0, 1], into="all"),
        lambda net: net.observe(X[:2], [0, 1], into="test"),
        lambda net: net.observe(X[:2], [0, 1], weight=[1, -1]),
        lambda net: net.observe(np.array([[1, 2, 1e300]] * 2), [0, 1]),
        lambda net: net.observe(X[:2], [0, 0.5]),
        lambda net: net.evaluate("all"),
        lambda net: net.evaluate("test"),
        lambda net: net.evaluate(X),
        lambda net: net.evaluate("test", [1]),
        lambda net: net.evaluate("test", weight=2),
        lambda net: net.rows("all"),
        lambda net: net.train(),
        lambda net: net.train(max_cycles=-1),
        lambda net: net.configure(dataset=-1),
        lambda net: net.configure(dataset=2**32),
        lambda net: net.configure(test=1.5),
        lambda net: net.configure(output="linear", loss="crossentropy"),
    ],
)
def test_errors_equal_those_of_embedded_networks(db: nr.NeuralRedis, wrong: Any) -> None:
    local = nr.Network("classifier", [3, 4, 2], dataset=9)
    remote = db.create("net", "classifier", [3, 4, 2], dataset=9)
    with pytest.raises(Exception) as here:  # noqa: PT011
        wrong(local)
    with pytest.raises(type(here.value)) as there:
        wrong(remote)
    assert str(there.value) == str(here.value)
    assert remote.info().training_dataset_len == 0


def test_regressor_rejects_classify(db: nr.NeuralRedis) -> None:
    net = db.create("net", "regressor", [1, 1])
    with pytest.raises(nr.KindError, match="the network is a regressor: only a classifier has classes"):
        net.classify([1])


@pytest.mark.parametrize(
    ("kind", "layout", "options"),
    [
        ("classifier", [3, 1], {}),
        ("regressor", [3], {}),
        ("regressor", [3, 0], {}),
        ("regressor", [3, 2**20 + 1], {}),
        ("regressor", [2**20, 2**20], {}),
        ("regressor", "32", {}),
        ("regressor", [3, 1.5], {}),
        ("regressor", [3, 1], {"seed": -1}),
        ("regressor", [3, 1], {"seed": 2**64}),
        ("regressor", [3, 1], {"test": "x"}),
        ("regressor", [3, 1], {"activation": "step"}),
        ("regressor", [3, 1], {"output": "softmax"}),
        ("regressor", [3, 1], {"l2": -1.0}),
        ("oracle", [3, 1], {}),
    ],
)
def test_invalid_networks_are_rejected(db: nr.NeuralRedis, kind: Any, layout: Any, options: Any) -> None:
    with pytest.raises((nr.OptionError, TypeError)) as here:
        nr.Network(kind, layout, **options)
    with pytest.raises(type(here.value)):
        db.create("net", kind, layout, **options)
    assert "net" not in db


def test_client_detects_a_replaced_network_under_its_key(db: nr.NeuralRedis) -> None:
    net = db.create("net", "regressor", [2, 1])
    assert net.run([1, 2]).shape == (1,)
    del db["net"]
    db.create("net", "classifier", [4, 3])
    assert net.run([1, 2, 3, 4]).shape == (3,)
    assert net.run([[1, 2, 3, 4], [5, 6, 7, 8]]).shape == (2, 3)
    assert net.observe([[1, 2, 3, 4]] * 2, [2, 1], into="train") == (2, 0)
    with pytest.raises(nr.ShapeError, match="the network has 4 inputs, 2 were given"):
        net.run([[1, 2], [3, 4]])


def test_missing_keys_and_keys_of_other_types_are_distinguished(db: nr.NeuralRedis) -> None:
    net = db.create("net", "regressor", [2, 1])
    db.client.set("text", "x")
    assert ("net" in db, "text" in db, "nothing" in db) == (True, False, False)
    assert db.networks() == ["net"]
    assert repr(net) == "<RedisNetwork 'net'>"
    with pytest.raises(nr.ExistsError, match="there is a network at key 'net' already"):
        db.create("net", "regressor", [2, 1])
    with pytest.raises(nr.NotFoundError, match=r"^no network at key 'nothing'$") as missing:
        db["nothing"].info()
    assert isinstance(missing.value, KeyError)
    for use in (db["text"].info, lambda: db.create("text", "regressor", [2, 1]), lambda: db.fetch("net")):
        with pytest.raises(nr.WrongTypeError, match="Operation against a key holding the wrong kind of value"):
            use()
    with pytest.raises(nr.NotFoundError):
        del db["nothing"]
    with pytest.raises(nr.WrongTypeError, match="the key 'text' holds a string"):
        del db["text"]
    del db["net"]
    assert db.networks() == []


def test_key_may_be_any_bytes(db: nr.NeuralRedis) -> None:
    key = b"\xff \r\n\0"
    net = db.create(key, "regressor", [2, 1], seed=1)
    net.observe([[1, 2], [3, 4]], [1, 2], into="train")
    training = net.start_training(max_time=0)
    (listed,) = db.threads()
    assert (listed.key, listed.db, listed.max_cycles, listed.max_time) == (key, 0, 0, 0)
    while not training.progress().cycle:
        pass
    net.stop()
    assert training.wait() is not None


def test_upload_and_download_keep_the_whole_network(db: nr.NeuralRedis, tmp_path: Path) -> None:
    local = nr.Network("classifier", [3, 5, 3], normalize=True, seed=1)
    local.observe(X, CLASSES)
    local.train(max_cycles=20)
    remote = db.upload("net", local)
    assert remote.download() == local == pickle.loads(pickle.dumps(remote.download()))
    remote.save(tmp_path / "net.nr")
    assert nr.load(tmp_path / "net.nr") == local
    with pytest.raises(nr.ExistsError):
        db.upload("net", local)
    db.upload("net", nr.Network("regressor", [1, 1]), replace=True)
    assert remote.info().type == "regressor"
    with pytest.raises(TypeError, match="network is a bytes: expected a neuralredis"):
        db.upload("net", bytes(local))  # type: ignore[arg-type]


def test_notebook_shows_a_drawing_of_the_learning_curve(db: nr.NeuralRedis) -> None:
    net = db.create("net", "regressor", [3, 2], seed=1)
    net.observe(X, OUTPUTS)
    net.train(max_cycles=20)
    assert "<svg" in net._repr_html_()


def test_client_of_valkey_is_supported(any_server_for_all: servers.Server) -> None:
    with valkey.Valkey(unix_socket_path=str(any_server_for_all.socket)) as client:
        client.flushall()
        db = nr.NeuralRedis(client)
        net = db.create("net", "classifier", [3, 3], seed=1)
        assert net.observe(X, CLASSES) == (240, 60)
        assert net.train(max_cycles=3).cycles == 3
        assert np.array_equal(net.run(X), net.download().run(X))
        with pytest.raises(nr.NotFoundError):
            db["nothing"].info()
        client.connection_pool.disconnect()


def test_errors_of_the_server_and_connection_are_not_converted(
    any_server_for_all: servers.Server, tmp_path: Path
) -> None:
    gone = nr.connect(f"unix://{tmp_path / 'nowhere'}", retry=None)
    with pytest.raises(redis.ConnectionError):
        gone["net"].info()
    client = any_server_for_all.client()
    client.execute_command("ACL", "SETUSER", "guest", "on", "nopass", "~*", "-@all", "+@connection")
    guest = nr.NeuralRedis(any_server_for_all.client(username="guest", password="any"))
    with pytest.raises(redis.exceptions.NoPermissionError):
        guest["net"].info()
    client.execute_command("ACL", "DELUSER", "guest")


@pytest.mark.parametrize("decode", [True, False])
def test_keys_that_are_not_utf_8_are_listed_as_bytes(any_server_for_all: servers.Server, decode: bool) -> None:
    client = any_server_for_all.client(decode_responses=decode)
    client.flushall()
    db = nr.NeuralRedis(client)
    for key in ("b", b"\xff\x00", "ä"):
        db.create(key, "regressor", [1, 1])
    assert db.networks() == (["b", "ä", b"\xff\x00"] if decode else [b"b", "ä".encode(), b"\xff\x00"])

    async def listed() -> list[Any]:
        options = {"decode_responses": decode}
        async with nr.aio.connect(f"unix://{any_server_for_all.socket}", **options) as awaited:
            return await awaited.networks()

    assert asyncio.run(listed()) == db.networks()
