"""Networks with fields in a server: they have the methods of embedded networks, and return the same numbers."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fieldnets import SHOP

import neuralredis as nr
import servers

PROTOCOLS = [(2, True), (2, False), (3, True), (3, False)]
OPTIONS: dict[str, Any] = {"dataset": 200, "test": 80, "seed": 7, "hidden": [8]}


def shop(rows: int = 150, seed: int = 3) -> list[dict[str, Any]]:
    """Return rows of all kinds with gaps, whose outcome depends on the country."""
    rng = np.random.default_rng(seed)
    countries = rng.choice(["IT", "FR", "DE"], rows)
    return [
        {
            "age": None if at % 7 == 0 else int(rng.integers(18, 80)),
            "country": str(country),
            "spent": ["unknown", 12.5, "", 3][at % 4],
            "phone": [True, False, None][at % 3],
            "at": dt.datetime(2026, 1, 1 + at % 28, at % 24, 30, 15),
            "note": ["a good film", 'a "bad" film\n\0', None][at % 3],
            "tags": [["new", "red,blue"], [], ["red"]][at % 3],
            "place": None if at % 5 == 0 else [float(rng.normal()), 1.0],
            "taken": {"IT": "yes", "FR": "no", "DE": "perhaps"}[str(country)],
        }
        for at, country in enumerate(countries)
    ]


@pytest.mark.parametrize(("protocol", "decode"), PROTOCOLS)
def test_classifier_matches_an_embedded_network(
    any_server_for_all: servers.Server, protocol: int, decode: bool
) -> None:
    client = any_server_for_all.client(protocol=protocol, decode_responses=decode)
    client.flushall()
    local = nr.Network("classifier", fields=SHOP, target="taken", **OPTIONS)
    remote = nr.NeuralRedis(client).create("net", "classifier", fields=SHOP, target="taken", **OPTIONS)
    assert bytes(remote) == bytes(local)
    rows = shop()
    for net in (local, remote):
        assert net.observe(rows[0]) == (1, 0)
        assert net.observe(pd.DataFrame(rows[1:100]), weight=np.linspace(1, 2, 99))[0] > 60
        net.observe({"age": [31, 32], "country": ["ES", "IT"]}, ["no", "yes"], into="test")
        net.observe([{key: row[key] for key in SHOP} for row in rows[100:]], [row["taken"] for row in rows[100:]])
        assert sum(net.observe([], [])) == 152
    assert bytes(remote) == bytes(local)
    for net in (local, remote):
        net.train(max_cycles=60, autostop=True, backtrack=True)
    fresh = shop(20, seed=4)
    for given in (fresh, fresh[:1], pd.DataFrame(fresh)):
        assert np.array_equal(local.run(given), remote.run(given))
        assert np.array_equal(local.classify(given), remote.classify(given))
        assert local.classify(given).dtype == remote.classify(given).dtype == object
    one = {"age": 31, "country": "IT"}
    assert local.run(one) == remote.run(one)
    assert list(remote.run(one)) == ["yes", "no", "perhaps"] or set(remote.run(one)) == {"yes", "no", "perhaps"}
    variants: list[dict[str, Any]] = [
        {},
        {"top": 2},
        {"scores": True},
        {"top": 2, "scores": True},
        {"least": 0.99999},
        {"top": 3, "least": 0.3},
    ]
    for variant in variants:
        for rows_or_row in (one, fresh):
            mine, theirs = (net.classify(rows_or_row, **variant) for net in (local, remote))
            assert np.array_equal(np.array(mine, object), np.array(theirs, object)), variant
    for options in ({"want": "yes"}, {"want": "no", "top": 3}):
        assert local.rank(fresh, {"age": 40}, **options) == remote.rank(fresh, {"age": 40}, **options)
    assert local.run([]).shape == (0, 3)
    for given in (("test",), (fresh,), (pd.DataFrame(fresh).drop(columns="taken"), [row["taken"] for row in fresh])):
        assert repr(local.evaluate(*given)) == repr(remote.evaluate(*given))
    assert remote.evaluate().classes == local.evaluate().classes
    mine, theirs = local.info(), remote.info()
    for name in ("fields", "target", "classes", "layout", "parameters", "title"):
        assert getattr(mine, name) == getattr(theirs, name), name
    assert repr(remote.info().fields) == repr(local.info().fields)
    assert remote.field_statistics() == local.field_statistics()
    for mine, theirs in zip(local.rows("test"), remote.rows("test"), strict=True):
        assert repr(mine) == repr(theirs)
    assert remote.download() == local


@pytest.mark.parametrize("target", ["stars", ("stars", "days")])
def test_regressor_matches_an_embedded_network(db: nr.NeuralRedis, target: Any) -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"size": rng.normal(size=80), "kind": rng.choice(["a", "b"], 80)})
    frame["stars"] = frame["size"] * 3 + (frame["kind"] == "a")
    frame["days"] = 10 - frame["size"]
    fields = {"size": "number", "kind": "category"}
    local = nr.Network("regressor", fields=fields, target=target, **OPTIONS)
    remote = db.create("net", "regressor", fields=fields, target=target, **OPTIONS)
    columns = ["size", "kind", *([target] if isinstance(target, str) else target)]
    for net in (local, remote):
        net.observe(frame[columns])
        net.train(max_cycles=30)
    assert bytes(remote) == bytes(local) or remote.download() == local
    one = {"size": 1.5, "kind": "b"}
    assert local.run(one) == remote.run(one)
    assert type(local.run(one)) is type(remote.run(one))
    assert np.array_equal(local.run(frame[["kind", "size"]]), remote.run(frame[["kind", "size"]]))
    assert repr(local.evaluate(frame[columns])) == repr(remote.evaluate(frame[columns]))
    want = None if isinstance(target, str) else "days"
    assert local.rank(frame[["size", "kind"]], want=want, top=5) == remote.rank(
        frame[["size", "kind"]], want=want, top=5
    )
    with pytest.raises(nr.KindError, match="only a classifier has classes"):
        remote.classify(one)


@pytest.mark.parametrize(
    ("error", "rows", "outcomes", "message"),
    [
        (
            nr.DataError,
            [{"age": 1}, {"age": "old"}],
            ["yes", "no"],
            "row 1: field age is 'old': expected a finite number",
        ),
        (nr.DataError, {"aeg": 1}, "yes", "unknown field 'aeg': expected age"),
        (nr.DataError, {"age": 1, "phone": "perhaps"}, "yes", "field phone is 'perhaps'"),
        (nr.DataError, {"age": 1}, None, "the rows have no taken"),
        (nr.ShapeError, [{"age": 1}, {"age": 2}], ["yes"], "2"),
        (nr.DataError, [{"country": b"\xff"}], ["yes"], "what JSON can say"),
    ],
)
def test_invalid_rows_are_rejected_before_sending(
    db: nr.NeuralRedis, error: type[Exception], rows: Any, outcomes: Any, message: str
) -> None:
    net = db.create("net", "classifier", fields=SHOP, target="taken", **OPTIONS)
    with pytest.raises((error, nr.ShapeError), match=message):
        net.observe(rows, outcomes)
    assert net.info().training_dataset_len == 0


def test_client_detects_a_replaced_network_at_its_key(db: nr.NeuralRedis) -> None:
    net = db.create("net", "classifier", fields={"age": "number"}, target="taken", seed=1)
    net.observe([{"age": 1}, {"age": 2}], ["no", "yes"])
    db.delete("net")
    db.create("net", "classifier", fields={"size": "number"}, target="taken", seed=1)
    assert net.observe({"size": 3}, "yes") == (1, 0)
    with pytest.raises(nr.DataError, match="unknown field 'age': expected size"):
        net.observe({"age": 3}, "yes")
    db.delete("net")
    db.create("net", "classifier", [1, 2], seed=1)
    assert net.observe([3], 1) == (1, 0)
    with pytest.raises(nr.KindError, match="networks with fields"):
        net.rank([[1], [2]])
    with pytest.raises(nr.KindError, match="networks with fields"):
        net.classify([1], top=1)


def test_prediction_without_observed_classes_is_rejected(db: nr.NeuralRedis) -> None:
    net = db.create("net", "classifier", fields={"age": "number"}, target="taken", classes=5)
    for ask in (net.run, net.classify):
        with pytest.raises(nr.TrainingError, match="seen no class yet"):
            ask({"age": 3})


def test_create_takes_the_arguments_of_a_network(db: nr.NeuralRedis) -> None:
    made: list[dict[str, Any]] = [
        {"kind": "classifier", "fields": SHOP, "target": "taken", "classes": ["no", "yes"], "hidden": []},
        {"kind": "classifier", "fields": {"a": ("text", 8)}, "target": "->b", "classes": 7, "patience": 30},
        {"kind": "regressor", "fields": {"TEST": "number", "é": "tags 3"}, "target": ["HIDDEN", "3"]},
    ]
    for at, arguments in enumerate(made):
        kind = arguments.pop("kind")
        assert db.create(f"net:{at}", kind, seed=1, **arguments).download() == nr.Network(kind, seed=1, **arguments)
    rejected: list[tuple[type[Exception], dict[str, Any]]] = [
        (TypeError, {"fields": SHOP}),
        (TypeError, {"layout": [1, 2], "fields": SHOP, "target": "a"}),
        (TypeError, {"layout": [1, 2], "target": "a"}),
        (nr.OptionError, {"fields": {"a": "numbre"}, "target": "b"}),
        (nr.OptionError, {"fields": {"a": "number"}, "target": "b", "normalize": False}),
    ]
    for error, arguments in rejected:
        with pytest.raises(error):
            db.create("other", "classifier", **arguments)
    assert not db.holds("other")


def test_asyncio_network_takes_fields(any_server_for_all: servers.Server) -> None:
    async def use() -> Any:
        async with nr.aio.connect(f"unix://{any_server_for_all.socket}") as db:
            await db.client.flushall()
            net = await db.create("net", "classifier", fields={"age": "number"}, target="taken", seed=1)
            await net.observe([{"age": age} for age in range(20)], ["no" if age < 10 else "yes" for age in range(20)])
            await net.train(max_cycles=100)
            return await net.classify([{"age": 2}, {"age": 18}]), await net.rank([{"age": 1}, {"age": 19}])

    classes, ranking = asyncio.run(use())
    assert list(classes) == ["no", "yes"]
    assert [index for index, _ in ranking] == [1, 0]


def test_rows_are_read_from_hashes(db: nr.NeuralRedis) -> None:
    fields = {"user.age": "number", "user.tags": "tags", "offer.price": "number", "at": "time", "place": "vector 2"}
    net = db.create("net", "classifier", fields=fields, target="taken", classes=["no", "yes"], seed=1, hidden=[4])
    client: Any = db.client
    client.hset("user:1", mapping={"age": 31, "tags": "a,b"})
    for offer in range(1, 4):
        client.hset(f"offer:{offer}", "price", offer)
    now = dt.datetime(2026, 11, 25, 18, 30, tzinfo=dt.timezone.utc)
    given = {"at": now, "place": [1.0, 2.0], "user.age": None}
    assert net.observe_hashes(["user:1", b"offer:1"], "yes", fields=given) == (1, 0)
    assert net.observe_hashes(["user:1", "offer:2"], "no", into="test", weight=2.5) == (1, 1)
    assert net.run_hashes(["user:1", "offer:3"]) == net.run({"user.age": 31, "user.tags": ["a", "b"], "offer.price": 3})
    row = {"user.age": 31, "user.tags": "a,b", "offer.price": 3, "at": now}
    assert net.classify_hashes(["user:1", "offer:3"], fields={"at": now}) == net.classify(row)
    for options in ({"top": 2}, {"scores": True}, {"top": 2, "scores": True}, {"least": 1.0}):
        found = net.classify_hashes(["user:1", "offer:3"], fields={"at": now}, **options)  # type: ignore[arg-type]
        assert found == net.classify(row, **options)  # type: ignore[arg-type]
    ranking = net.rank_hashes(["user:1", "offer:1", "offer:2", "offer:9", "offer:3"], want="yes")
    assert [score is None for _, score in ranking] == [False, False, False, True]
    assert ranking[-1] == ("offer:9", None)
    shared, offers = {"user.age": 31, "user.tags": "a,b"}, [{"offer.price": price} for price in (1, 2, 3)]
    assert [score for _, score in ranking[:3]] == [score for _, score in net.rank(offers, shared)]
    assert net.rank_hashes(["user:1", "offer:1", "offer:2", "offer:3"], top=1) == ranking[:1]
    with pytest.raises(nr.DataError, match="no hash at key 'user:2'"):
        net.run_hashes(["user:2", "offer:1"])
    with pytest.raises(TypeError, match="expected a list of keys"):
        net.run_hashes("user:1")


def test_regressor_with_several_targets_observes_hashes(db: nr.NeuralRedis) -> None:
    net = db.create("net", "regressor", fields={"a.x": "number"}, target=["sum", "mean"], seed=1)
    client: Any = db.client
    client.hset("a:1", "x", 3)
    assert net.observe_hashes(["a:1"], [1.5, 2]) == (1, 0)
    assert net.run_hashes(["a:1"]) == net.run({"a.x": 3})
