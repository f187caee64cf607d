"""Networks of sequences in a server: they have the methods of embedded networks, and return the same numbers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import redis

import kinds
import neuralredis as nr
import servers

PROTOCOLS = [(2, True), (2, False), (3, True), (3, False)]

VISITS: dict[str, Any] = {
    "kind": "classifier",
    "fields": {"page": "category 20", "seconds": "number", "at": "time", "note": "text 32", "place": "vector 2"},
    "target": "left",
    "hidden": [6],
    "length": 20,
    "seed": 1,
}
PAGES: dict[str, Any] = {"kind": "classifier", "fields": {"page": "category"}, "target": "page", "seed": 1}
SERIES: dict[str, Any] = {"kind": "regressor", "fields": {"kwh": "number"}, "target": "kwh", "hidden": [5], "seed": 1}
NUMBERS: dict[str, Any] = {"kind": "classifier", "layout": [2, 4, 3], "cell": "window", "seed": 1}
OUTPUTS: dict[str, Any] = {"kind": "regressor", "layout": [1, 4, 2], "cell": "reservoir", "seed": 1}


def visits(count: int = 60) -> tuple[list[list[dict[str, Any]]], list[str]]:
    """Return events of visitors, with gaps, and whether the visitors leave."""
    chance = random.Random(3)
    sequences, outcomes = [], []
    for user in range(count):
        pages = [chance.choice(["home", "cart", "help"]) for _ in range(chance.randrange(1, 8))]
        pages += ["help", "help"] if user % 2 else []
        events: list[dict[str, Any]] = []
        for page in pages:
            event = {
                "page": page,
                "seconds": chance.random() * 90,
                "note": f'a "{page}"',
                "place": [chance.random(), 1],
            }
            event["at"] = "2026-11-26T12:00:00Z"
            event.pop(chance.choice(list(event)))
            events.append(event)
        sequences.append(events)
        outcomes.append("yes" if pages[-2:] == ["help", "help"] else "no")
    return sequences, outcomes


def both(db: nr.NeuralRedis, **declared: Any) -> tuple[nr.SequenceNetwork, nr.RedisSequenceNetwork]:
    """Return an embedded network, and the same network in a server."""
    return nr.SequenceNetwork(**declared), db.create_sequences("net", **declared)


@pytest.mark.parametrize(("protocol", "decode"), PROTOCOLS)
def test_remote_network_equals_an_embedded_network(
    any_server_for_all: servers.Server, protocol: int, decode: bool
) -> None:
    client = any_server_for_all.client(protocol=protocol, decode_responses=decode)
    client.flushall()
    local, remote = both(nr.NeuralRedis(client), **VISITS)
    assert bytes(remote) == bytes(local)
    sequences, outcomes = visits()
    nets: tuple[nr.AnySequenceNetwork, ...] = (local, remote)
    for net in nets:
        assert sum(net.observe(sequences[:40], outcomes[:40], ids=range(40), weight=np.linspace(1, 2, 40))) == 40
        assert sum(net.observe(sequences[40:50], outcomes[40:50], ids=range(40, 50), into="train")) == 50
        assert net.observe(sequences[50:], ids=[f"é{user}".encode() for user in range(10)])[1] > 2
        assert sum(net.observe([[], []], ["yes", "no"], ids=["é1", "é2"])) == 60
        assert sum(net.observe([], ids=[])) == 60
        visitor = net.session("é3")
        visitor.observe({"page": "a new page"}, into="test")
        visitor.finish("perhaps", weight=2.5)
        visitor.observe({}, into="train")
    assert bytes(remote) == bytes(local)
    reports = [net.train(max_cycles=20, autostop=True, backtrack=True) for net in nets]
    assert reports[0].train_error == reports[1].train_error
    assert bytes(remote.download()) == bytes(remote.export())
    assert remote.download() == local
    for id in ("é3", 7, "nobody"):
        mine, theirs = local.session(id), remote.session(id)
        for event in (None, {"page": "help"}, {"place": [1, 2], "seconds": None}):
            assert np.array_equal(mine.run(event), theirs.run(event))
            assert mine.run(event).dtype == theirs.run(event).dtype
            assert mine.classify(event) == theirs.classify(event)
            assert mine.classify(event, top=2) == theirs.classify(event, top=2)
    assert repr(remote.evaluate()) == repr(local.evaluate())
    assert repr(remote.evaluate("train")) == repr(local.evaluate("train"))
    assert remote.field_statistics() == local.field_statistics()
    for name in ("fields", "target", "classes", "layout", "title"):
        assert getattr(remote.info(), name) == getattr(local.info(), name)
    for net in nets:
        assert net.session(7).forget()
        assert not net.session(7).forget()
        net.reset()
        net.configure(dataset=20)
    assert bytes(remote) == bytes(local)
    assert remote.download().ids() == local.ids()


@pytest.mark.parametrize("seed", range(6))
def test_random_operations_keep_both_networks_equal(db: nr.NeuralRedis, seed: int) -> None:
    chance = random.Random(seed)
    local, remote = both(db, **{**VISITS, "dataset": 6, "test": 3, "length": 4, "classes": 4})
    for _ in range(120):
        id, into = chance.randrange(15), chance.choice([None, None, "train", "test"])
        event = {"page": chance.choice("abcde"), "seconds": chance.choice([1, 2.5, None])}
        outcome, weight = chance.choice("xyzuv"), chance.choice([None, 0.5, 3])
        action = chance.randrange(5)
        results = []
        for net in (local, remote):
            session: nr.AnySession = net.session(id)
            try:
                if action == 0:
                    results.append(session.finish(outcome, weight=weight))
                elif action == 1:
                    results.append(session.forget())
                elif action == 2:
                    y = [outcome, outcome]
                    results.append(net.observe([[event] * 3, [event]], y, ids=[id, id + 1], into=into, weight=weight))
                else:
                    results.append(session.observe(event, into=into))
            except nr.NeuralRedisError as error:
                results.append((type(error), str(error)))
        assert results[0] == results[1]
        assert bytes(remote) == bytes(local)


def test_next_events_are_learnt_and_sampled(db: nr.NeuralRedis) -> None:
    local, remote = both(db, **PAGES)
    for net in (local, remote):
        net.observe(["abcabcabc", "bcabcabca", "cabcabcab"] * 10, ids=range(30))
        net.train(max_cycles=50)
        net.session("new").observe("a")
        net.session("new").observe({"page": "b"})
    assert remote.download() == local
    mine, theirs = local.session("new"), remote.session("new")
    assert theirs.classify() == mine.classify() == "c"
    assert theirs.classify("c") == mine.classify("c") == "a"
    drawings: list[dict[str, Any]] = [
        {"seed": 3},
        {"seed": 4, "temperature": 2.0, "top_k": 2},
        {"seed": 5, "temperature": 3, "top_p": 0.8, "min_p": 0.1, "penalty": 1.5},
        {"temperature": 0, "until": "a"},
    ]
    for drawing in drawings:
        assert theirs.sample(9, **drawing) == mine.sample(9, **drawing), drawing
    assert theirs.sample(3, temperature=0) == ["c", "a", "b"]
    assert len(theirs.sample(4)) == 4


def test_series_are_forecast(db: nr.NeuralRedis) -> None:
    local, remote = both(db, **SERIES)
    noise = np.random.default_rng(1)
    series = [(meter + np.array([0, 5, 9, 2] * 8) + noise.normal(size=32) / 4).tolist() for meter in range(30)]
    for net in (local, remote):
        net.observe(series, ids=range(30))
        net.train(max_cycles=50)
    assert remote.download() == local
    for level in (None, 0.8):
        mine, theirs = (net.session(3).forecast(6, level=level) for net in (local, remote))
        for name in ("values", "low", "high"):
            found, expected = getattr(theirs, name), getattr(mine, name)
            assert (found is None) == (expected is None) == (level is None and name != "values")
            assert found is None or (found.dtype == expected.dtype == np.float32 and np.array_equal(found, expected))
    assert np.array_equal(remote.session(3).run(), local.session(3).run())
    assert np.array_equal(remote.session(3).run(4.5), local.session(3).run({"kwh": 4.5}))


def test_observe_series_splits_series_in_time(db: nr.NeuralRedis) -> None:
    local, remote = both(db, **SERIES)
    for net in (local, remote):
        assert net.observe_series([[1, 5, 9] * 20, [3]], ids=["meter:3", 7]) == (2, 1)
    assert remote.download() == local
    for call, error in [
        (lambda net: net.observe_series([[1, 2]], ids=["a", "b"]), nr.ShapeError),
        (lambda net: net.observe_series([[1] * 9, [*[1] * 9, "x"]], ids=["a", "b"]), nr.DataError),
        (lambda net: net.observe_series([["x", *[1] * 9]], ids=["a"]), nr.DataError),
        (lambda net: net.observe_series([[1]], ids=["a"], kept_back=-1), nr.OptionError),
    ]:
        messages = []
        for net in (local, remote):
            with pytest.raises(error) as rejected:
                call(net)
            messages.append(str(rejected.value))
        assert len(set(messages)) == 1, messages
    with pytest.raises(TypeError, match="ids is missing"):
        remote.observe_series([[1, 2]])
    assert remote.download() == local


def test_events_without_fields_are_accepted(db: nr.NeuralRedis) -> None:
    local, remote = both(db, **NUMBERS)
    chance = np.random.default_rng(1)
    sequences = [chance.normal(size=(chance.integers(1, 9), 2)) for _ in range(40)]
    for net in (local, remote):
        net.observe(sequences, np.arange(40) % 3, ids=range(40), weight=0.1)
        net.observe([[[1e-30, 3e38]]], [2], ids=["a"], into="test")
        net.session("b").observe([0.1, -2], into="test")
        net.session("b").finish(1)
        net.train(max_cycles=20)
    assert remote.download() == local
    state = b""
    for event in ([1, 2], np.array([3, 0], np.float32)):
        answer, after = remote.step(state, event)
        mine, state = local.step(state, event)
        assert (answer.tolist(), after) == (mine.tolist(), state)
    for event in (None, [3, 0]):
        assert np.array_equal(remote.session("b").run(event), local.session("b").run(event))
        assert remote.session("b").classify(event) == local.session("b").classify(event)
        assert remote.session("b").classify(event, top=3) == local.session("b").classify(event, top=3)
    db.delete("net")
    mine, theirs = both(db, **OUTPUTS)
    for regressor in (mine, theirs):
        regressor.observe([[[1], [2]], [[3]]], [[1, 2], [3, 4]], ids="ab")
        regressor.observe([[[1]]], ids="c", into="test")
        regressor.session("c").finish([1.5, 2])
    assert bytes(theirs) == bytes(mine)
    assert np.array_equal(theirs.session("c").run([7]), mine.session("c").run([7]))
    with pytest.raises(nr.KindError, match="only a classifier has classes"):
        theirs.session("c").classify()
    with pytest.raises(nr.KindError, match="only a classifier has classes"):
        mine.session("c").classify()


def test_frame_with_one_event_per_row_is_accepted(db: nr.NeuralRedis) -> None:
    declared = {**VISITS, "fields": {"page": "category", "when": "number"}}
    frame = pd.DataFrame(
        {
            "user": ["b", "a", "b", "a", "b"],
            "when": [3, 1, 1, 2, 2],
            "page": ["third", "one", "first", "two", "second"],
            "left": ["yes", "", "", "no", ""],
        }
    )
    local, remote = both(db, **declared)
    for net in (local, remote):
        assert net.observe(frame, sequence="user", order="when", into="train") == (2, 0)
        columns = {name: column.tolist() for name, column in frame.items() if name != "left"}
        assert net.observe(columns, sequence="user", order="when") == (2, 0)
    assert bytes(remote) == bytes(local)
    with pytest.raises(nr.DataError, match="no column 'visitor': the frame has user, when, page, left"):
        remote.observe(frame, sequence="visitor")


def test_long_sequences_are_sent_in_several_commands(db: nr.NeuralRedis) -> None:
    declared = {**VISITS, "length": 5000}
    events = [{"page": f"page {event % 19}", "note": "word " * 20} for event in range(2000)]
    local, remote = both(db, **declared)
    for net in (local, remote):
        net.observe([events, events[:3]], ["yes", "no"], ids=["long", "short"], into="test")
        net.observe([events, []], ids=["long", "short"])
    assert bytes(remote) == bytes(local)
    with pytest.raises(nr.ShapeError, match="bytes in one command: expected at most 65536"):
        remote.session("longer").observe({"note": "word " * 20_000})


Call = Callable[[Any], object]
WRONG: list[tuple[Call, type[Exception], str]] = [
    (
        lambda net: net.observe([[{"colour": 1}]], ["yes"], ids="a"),
        nr.DataError,
        "unknown field 'colour': expected page",
    ),
    (lambda net: net.observe([[{"seconds": "long"}]], ["yes"], ids="a"), nr.DataError, "field seconds is 'long'"),
    (lambda net: net.observe([[{}]], ["yes", "no"], ids="a"), nr.ShapeError, "1 rows of inputs but 2 of classes"),
    (lambda net: net.observe([[{}]], ids="ab"), nr.ShapeError, "1 sequences but 2 ids"),
    (lambda net: net.observe([[{}], [{}]], ["yes", ""], ids="ab"), nr.DataError, "row 3: field left is ''"),
    (lambda net: net.observe([[{}]], ["yes"], ids="a", weight=[0]), nr.DataError, "row 1: the weight is 0"),
    (lambda net: net.observe([[{}]], ["yes"], ids="a", into="all"), nr.OptionError, "into is 'all'"),
    (lambda net: net.observe([[]], ["yes"], ids="z"), nr.DataError, "sequence 'z' has no events"),
    (lambda net: net.session("").observe({}), nr.DataError, "an id of 0 bytes: expected 1 to 255"),
    (lambda net: net.session("x" * 256).observe({}), nr.DataError, "an id of 256 bytes"),
    (lambda net: net.session("nobody").finish("yes"), nr.DataError, "sequence 'nobody' has no events"),
    (lambda net: net.session(1.5), TypeError, "the id is 1.5"),
    (lambda net: net.session(1).finish("yes", weight=-1), nr.DataError, "the weight is -1"),
    (lambda net: net.session(1).finish("x" * 65), nr.DataError, "expected the name of a class"),
    (lambda net: net.session(1).run(3), nr.ShapeError, "expected a dict of fields"),
    (lambda net: net.session(1).classify({"page": 1}, top=0), nr.OptionError, "top is 0: expected an integer from 1"),
    (lambda net: net.step("state", {"page": 1}), TypeError, "the state is 'state': expected the bytes"),
    (lambda net: net.step(b"state", {"page": 1}), nr.FormatError, "not a state of a sequence of this network"),
    (lambda net: net.step(b"", 3), nr.ShapeError, "expected a dict of fields"),
    (lambda net: net.session(1).forecast(3), nr.KindError, "the network is no series"),
    (lambda net: net.session(1).forecast(0), nr.OptionError, "steps is 0"),
    (lambda net: net.session(1).forecast(3, level=1), nr.OptionError, "level is 1"),
    (lambda net: net.session(1).sample(3), nr.KindError, "does not learn what comes next"),
    (lambda net: net.session(1).sample(0), nr.OptionError, "count is 0"),
    (lambda net: net.session(1).sample(penalty=0), nr.OptionError, "penalty is 0: expected a finite number above 0"),
    (lambda net: net.session(1).sample(penalty="a"), nr.OptionError, "penalty is 'a': expected a number above 0"),
    (lambda net: net.session(1).sample(top_k=0), nr.OptionError, "top_k is 0"),
    (lambda net: net.evaluate("all"), nr.OptionError, "is 'all': expected train, test"),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_errors_equal_those_of_an_embedded_network(db: nr.NeuralRedis, number: int) -> None:
    call, error, message = WRONG[number]
    for net in both(db, **VISITS):
        net.observe([[{"page": "home"}]], ["no"], ids=["1"], into="train")
        before = bytes(net)
        with pytest.raises(error, match=message):
            call(net)
        assert bytes(net) == before


def test_target_among_the_fields_excludes_options(db: nr.NeuralRedis) -> None:
    net: Any
    for net in both(db, **PAGES):
        with pytest.raises(nr.ShapeError, match="the target 'page' is a field of the events: expected no outcome"):
            net.observe(["abc"], ["a"], ids="x")
        with pytest.raises(nr.ShapeError, match="the target 'page' is a field of the events: expected no outcome"):
            net.session("x").finish("a")
        net.session("x").observe("a", into="test")
        with pytest.raises(nr.OptionError, match=r"(?i)until is 'z': expected a word of the events"):
            net.session("x").sample(until="z")
    assert db.network("net").info().test_dataset_len == 1


def test_observe_without_ids_is_rejected(db: nr.NeuralRedis) -> None:
    net = db.create_sequences("net", **PAGES)
    with pytest.raises(TypeError, match="ids is missing: expected the id of each sequence"):
        net.observe(["abc"])
    assert net.info().training_dataset_len == 0


def test_create_sequences_takes_the_arguments_of_a_network(db: nr.NeuralRedis) -> None:
    for at, declared in enumerate((VISITS, PAGES, SERIES, NUMBERS, OUTPUTS)):
        net = db.create_sequences(f"net:{at}", **declared)
        assert bytes(net) == bytes(nr.SequenceNetwork(**declared))
    closed = {**VISITS, "classes": ["no", "yes"], "cell": "RESERVOIR", "dataset": 5, "test": 3, "patience": 9}
    assert bytes(db.create_sequences("closed", **closed)) == bytes(nr.SequenceNetwork(**closed))
    with pytest.raises(nr.DataError, match="perhaps"):
        db.create_sequences("other", **closed).observe([[{}]], ["perhaps"], ids="a")
    rejected: list[tuple[type[Exception], str, dict[str, Any]]] = [
        (nr.OptionError, "length is 0: expected an integer from 1 to 65536", {"length": 0}),
        (nr.OptionError, "cell is 'lstm': expected auto, window", {"cell": "lstm"}),
        (nr.OptionError, "up to 2000 kinds of events", {"fields": {"page": "category 2000"}, "target": "page"}),
        (nr.OptionError, "monotone is given", {"monotone": {"page": 1}}),
        (TypeError, "layout and fields exclude each other", {"layout": [1, 2]}),
        (TypeError, "needs a target", {"target": None}),
    ]
    for error, message, changed in rejected:
        for create in (nr.SequenceNetwork, lambda **declared: db.create_sequences("new", **declared)):
            with pytest.raises(error, match=message):
                create(**{**VISITS, **changed})
    assert not db.holds("new")
    with pytest.raises(nr.ExistsError):
        db.create_sequences("closed", **closed)


def test_upload_and_lookup_return_the_class_of_the_network(db: nr.NeuralRedis) -> None:
    local = nr.SequenceNetwork(**PAGES)
    local.observe(["abc"])
    net = db.upload("uploaded", local)
    assert isinstance(net, nr.RedisSequenceNetwork)
    assert repr(net) == "<RedisSequenceNetwork 'uploaded'>"
    for found in (net.download(), db["uploaded"].download()):
        assert isinstance(found, nr.SequenceNetwork)
        assert found == local
    assert isinstance(db.upload("rows", nr.Network("regressor", [1, 1])), nr.RedisNetwork)
    assert isinstance(db.network("uploaded"), nr.RedisSequenceNetwork)
    assert isinstance(db.network("rows"), nr.RedisNetwork)
    with pytest.raises(nr.NotFoundError):
        db.network("nothing")
    db.store("plain", local)
    kept = db.fetch("plain")
    assert isinstance(kept, nr.SequenceNetwork)
    assert kept == local
    assert "classifier" in net._repr_html_()
    assert repr(net.session("a")) == repr(local.session("a")) == "<session b'a'>"


def test_session_detects_a_replaced_network_at_its_key(db: nr.NeuralRedis) -> None:
    net = db.create_sequences("net", **PAGES)
    visitor = net.session("a")
    visitor.observe({"page": "home"})
    db.delete("net")
    db.create_sequences("net", "classifier", fields={"size": "number"}, target="left", seed=1)
    visitor.observe({"size": 3})
    visitor.finish("yes")
    with pytest.raises(nr.DataError, match="unknown field 'page': expected size"):
        visitor.observe({"page": "home"})
    db.delete("net")
    db.create("net", "classifier", [1, 2], seed=1)
    for ask in (lambda: visitor.observe({"page": "home"}), visitor.forget, net.download):
        with pytest.raises(nr.KindError, match="the network learns from rows"):
            ask()


def test_trainings_run_in_the_server(db: nr.NeuralRedis, tmp_path: Any) -> None:
    net = db.create_sequences("net", **VISITS)
    net.observe(*visits(), ids=range(60))
    training = net.start_training(max_time=0)
    assert training.network is net
    assert net.stop()
    report = training.wait()
    assert report is not None
    assert report.reason == "stopped"
    last = net.report()
    assert last is not None
    assert last.cycles == report.cycles
    net.save(tmp_path / "net.nr")
    assert nr.load(tmp_path / "net.nr") == net.download()


def test_asyncio_network_of_sequences_does_the_same(any_server_for_all: servers.Server) -> None:
    local, series = nr.SequenceNetwork(**PAGES), nr.SequenceNetwork(**SERIES)

    async def use() -> None:
        async with nr.aio.connect(f"unix://{any_server_for_all.socket}") as db:
            await db.client.flushall()
            net = await db.create_sequences("net", **PAGES)
            await net.observe(["abcabc", "bcabca"] * 5, ids=range(10))
            visitor = net.session("new")
            await visitor.observe("a")
            await net.train(max_cycles=30)
            local.observe(["abcabc", "bcabca"] * 5, ids=range(10))
            local.session("new").observe("a")
            local.train(max_cycles=30)
            assert await net.download() == local
            assert await visitor.classify("b") == local.session("new").classify("b")
            assert np.array_equal(await visitor.run(), local.session("new").run())
            assert await visitor.sample(5, seed=1) == local.session("new").sample(5, seed=1)
            assert (await net.evaluate("train")).rows == local.evaluate("train").rows
            with pytest.raises(nr.ShapeError, match="expected no outcome"):
                await visitor.finish("b")
            assert await visitor.forget()
            load = await db.create_sequences("load", **SERIES)
            await load.observe([[1, 5] * 9], ids=["meter"])
            series.observe([[1, 5] * 9], ids=["meter"])
            forecast = await load.session("meter").forecast(3)
            assert np.array_equal(forecast.values, series.session("meter").forecast(3).values)
            assert await load.observe_series([[1, 5] * 9], ids=["cut"]) == (2, 1)
            assert isinstance(await db.network("net"), nr.aio.RedisSequenceNetwork)
            assert isinstance(await db.upload("up", local), nr.aio.RedisSequenceNetwork)
            assert (repr(net), repr(visitor)) == ("<RedisSequenceNetwork 'net'>", "<session b'new'>")

    asyncio.run(use())


def test_empty_outcome_sets_only_the_set(client: redis.Redis) -> None:
    client.execute_command("NR.CREATE", "net", "CLASSIFIER", "SCHEMA", "page", "CATEGORY", "->", "left", "SEQUENCE")
    assert client.execute_command("NR.OBSERVE", "net", "a", "page", "home", "->", "", "TEST") == [0, 1]
    assert client.execute_command("NR.OBSERVE", "net", "a", "page", "home", "->", "TEST", "TRAIN") == [1, 0]
    with pytest.raises(redis.ResponseError, match="nothing has happened"):
        client.execute_command("NR.OBSERVE", "net", "a", "->", "", "TEST")
    client.execute_command("NR.CREATE", "two", "REGRESSOR", 1, "->", 2, "SEQUENCE")
    assert client.execute_command("NR.OBSERVE", "two", "a", 1, "->", "", "", "TEST") == [0, 1]
    with pytest.raises(redis.ResponseError, match="is ''"):
        client.execute_command("NR.OBSERVE", "two", "a", 1, "->", "", 1, "TEST")


def test_cluster_keeps_sequences() -> None:
    with (
        servers.cluster(kinds.ANY, 0, 8001, module=nr.module_path()) as nodes,
        nr.NeuralRedis(redis.RedisCluster(host="127.0.0.1", port=nodes[0].port)) as db,
    ):
        for key in "abc":
            net = db.create_sequences(key, **VISITS)
            local = nr.SequenceNetwork(**VISITS)
            for each in (net, local):
                each.observe(*visits(20), ids=range(20))
            assert net.download() == local
            assert net.session(3).forget()
