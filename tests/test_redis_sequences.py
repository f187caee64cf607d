"""Networks of sequences in a server: the same bits as embedded, after a restart and on replicas, and errors."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import redis
from test_redis_replication import agree

import kinds
import neuralredis as nr
import servers

MODULE = nr.module_path()

SCHEMA = ("SCHEMA", "page", "CATEGORY", 20, "seconds", "NUMBER", "->", "left", "HIDDEN", 10)
CREATE = ("NR.CREATE", "net", "CLASSIFIER", *SCHEMA, "SEQUENCE", "LENGTH", 20, "SEED", 1)


def happened(users: int = 60) -> list[tuple[Any, ...]]:
    """Return events of visitors and whether they leave, as arguments after the key."""
    chance = random.Random(3)
    words: list[tuple[Any, ...]] = []
    for user in range(users):
        pages = [chance.choice(["home", "cart", "help"]) for _ in range(chance.randrange(2, 8))]
        pages += ["help", "help"] if user % 2 else []
        for page in pages:
            words.append((f"user:{user}", "page", page, "seconds", chance.randrange(90)))
        words.append((f"user:{user}", "->", "yes" if pages[-2:] == ["help", "help"] else "no"))
    return words


def prepare(client: redis.Redis, cell: str = "auto") -> None:
    client.execute_command(*CREATE, "CELL", cell)
    for words in happened():
        client.execute_command("NR.OBSERVE", "net", *words)


def embedded(cell: nr.sequences.Cell = "auto") -> nr.SequenceNetwork:
    net = nr.SequenceNetwork(
        "classifier",
        fields={"page": "category 20", "seconds": "number"},
        target="left",
        hidden=[10],
        length=20,
        cell=cell,
        seed=1,
    )
    for id, *words in happened():
        session = net.session(id)
        if words[0] == "->":
            session.finish(words[1])
        else:
            session.observe({"page": words[1], "seconds": words[3]})
    return net


def exported(server: servers.Server, key: str = "net") -> bytes:
    return bytes(server.client(decode_responses=False).execute_command("NR.EXPORT", key))


@pytest.fixture
def server(any_server_for_all: servers.Server, client: redis.Redis) -> servers.Server:
    """Return the server of the client."""
    return any_server_for_all


@pytest.mark.parametrize("cell", ["auto", "gru"])
def test_server_network_equals_an_embedded_network(
    client: redis.Redis, server: servers.Server, cell: nr.sequences.Cell
) -> None:
    prepare(client, cell)
    net = embedded(cell)
    assert nr.SequenceNetwork.from_bytes(exported(server)) == net
    client.execute_command("NR.TRAIN", "net", "AUTOSTOP", "MAXCYCLES", 30, "BLOCK", 0)
    net.train(autostop=True, max_cycles=30)
    assert nr.SequenceNetwork.from_bytes(exported(server)) == net
    client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 2, "BLOCK", 0)
    net.train(max_cycles=2)
    assert nr.SequenceNetwork.from_bytes(exported(server)) == net
    for user in ("user:1", "user:2", "nobody"):
        answer = client.execute_command("NR.RUN", "net", user)
        assert [np.float32(share) for share in answer[1::2]] == net.session(user).run().tolist()
        assert answer[::2] == ["no", "yes"]
        event = {"page": "help", "seconds": 3}
        reply = client.execute_command("NR.CLASS", "net", user, "page", "help", "seconds", 3)
        assert reply == net.session(user).classify(event)
        assert client.execute_command("NR.CLASS", "net", user, "JSON", '{"page":"help","seconds":3}') == reply
    assert client.execute_command("NR.CLASS", "net", "user:1", "->", "TOP", 2, "WITHSCORES")
    assert client.execute_command("NR.CLASS", "net", "user:1", "->", "SET", 80)


@pytest.mark.parametrize("cell", ["auto", "gru"])
def test_replica_stores_the_same_sequences(kind: kinds.Kind, cell: str) -> None:
    with (
        servers.running(kind, "--repl-diskless-sync", "no", module=MODULE, tcp=True) as primary,
        servers.replica_of(primary, kind, module=MODULE) as replica,
    ):
        client = primary.client(protocol=2)
        prepare(client, cell)
        client.execute_command("NR.FORGET", "net", "user:7")
        client.execute_command("NR.CONFIGURE", "net", "DATASET", 30)
        client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 5, "BLOCK", 0)
        client.execute_command("NR.OBSERVE", "net", "user:1", "page", "a new page")
        assert agree(primary, replica)
        assert exported(replica) == exported(primary)
        reader = replica.client(protocol=2)
        with pytest.raises(redis.ResponseError, match=r"READONLY|read only"):
            reader.execute_command("NR.FORGET", "net", "user:1")
        assert reader.execute_command("NR.RUN", "net", "user:1") == client.execute_command("NR.RUN", "net", "user:1")


def test_forecast_predicts_the_next_events_of_a_series(client: redis.Redis) -> None:
    client.execute_command(
        "NR.CREATE", "load", "REGRESSOR", "SCHEMA", "kwh", "NUMBER", "->", "kwh", "SEQUENCE", "SEED", 1
    )
    chance = random.Random(1)
    for meter in range(30):
        for hour in range(30):
            kwh = meter + [0, 5, 9, 2][hour % 4] + chance.random() / 4
            client.execute_command("NR.OBSERVE", "load", f"meter:{meter}", "kwh", kwh)
    client.execute_command("NR.TRAIN", "load", "AUTOSTOP", "MAXCYCLES", 200, "BLOCK", 0)
    values = client.execute_command("NR.FORECAST", "load", "meter:3", 4)
    assert [round(float(value)) for value in values] == pytest.approx([12, 5, 3, 8], abs=1)
    bounds = client.execute_command("NR.FORECAST", "load", "meter:3", 4, "->", "INTERVAL", 80)
    assert [value for value, *_ in bounds] == values
    assert all(float(low) < float(value) < float(high) for value, low, high in bounds)
    value, low, high = map(float, client.execute_command("NR.RUN", "load", "meter:3", "->", "INTERVAL", 80))
    assert low < value < high
    for words, message in [
        (("nobody", 4), "NRDATA sequence 'nobody' has no events"),
        (("meter:3", 0), "steps is '0': expected an integer from 1 to 10000"),
        (("meter:3", 4, "INTERVAL", 80), "unknown option 'INTERVAL': expected -> or nothing"),
        (("meter:3", 4, "->", "INTERVAL"), "INTERVAL has no value"),
    ]:
        with pytest.raises(redis.ResponseError, match=message):
            client.execute_command("NR.FORECAST", "load", *words)


def test_events_without_fields_have_numbered_classes(client: redis.Redis) -> None:
    client.execute_command("NR.CREATE", "net", "CLASSIFIER", 2, 4, "->", 3, "SEQUENCE", "CELL", "WINDOW", "SEED", 1)
    assert client.execute_command("NR.OBSERVE", "net", "a", 1, 2) == [1, 0]
    assert client.execute_command("NR.OBSERVE", "net", "a", 1.5, 2, "->", 2) == [1, 0]
    assert client.execute_command("NR.CLASS", "net", "a") in ("0", "1", "2")
    info = client.execute_command("NR.INFO", "net")
    explained = dict(zip(info[::2], info[1::2], strict=True))
    assert (explained["sequence-length"], explained["sequence-cell"], explained["fields"]) == (
        64,
        "window",
        ["x", "VECTOR 2"],
    )


def test_aof_and_copies_recreate_networks_of_sequences(any_server: servers.Server) -> None:
    client, server = any_server.client(protocol=2), any_server
    client.config_set("appendonly", "yes")
    servers.wait_until(lambda: not client.info("persistence")["aof_rewrite_in_progress"])
    prepare(client)
    client.execute_command("NR.CREATE", "flat", "REGRESSOR", 2, 4, "->", 1, "SEQUENCE", "CELL", "reservoir")
    client.execute_command("NR.OBSERVE", "flat", "a", 1, 2, "->", 3)
    fields = ("SCHEMA", "letter", "CATEGORY", "->", "letter", "SEQUENCE", "CELL", "GRU")
    client.execute_command("NR.CREATE", "gated", "CLASSIFIER", *fields)
    client.execute_command("NR.OBSERVE", "gated", "a", "JSON", '[{"letter":"a"},{"letter":"b"},{"letter":"a"}]')
    client.execute_command("NR.TRAIN", "gated", "MAXCYCLES", 2, "BLOCK", 0)
    before = [exported(server, key) for key in ("net", "flat", "gated")]
    client.execute_command("DEBUG", "LOADAOF")
    assert [exported(server, key) for key in ("net", "flat", "gated")] == before
    client.execute_command("DEBUG", "RELOAD")
    assert [exported(server, key) for key in ("net", "flat", "gated")] == before
    client.execute_command("COPY", "gated", "copy")
    assert exported(server, "copy") == before[-1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("NR.OBSERVE net user:1 colour red", "NRDATA unknown field 'colour': expected page, seconds"),
        ("NR.OBSERVE net user:1 page", "NRSHAPE field 'page' has no value"),
        ("NR.OBSERVE net user:1 ->", "NRSHAPE expected 1 output, 0 were given"),
        ("NR.OBSERVE net nobody -> yes", "NRDATA sequence 'nobody' has no events"),
        ("NR.OBSERVE net user:1 page home -> yes WEIGHT 0", "WEIGHT is '0'"),
        ("NR.OBSERVE net user:1 page home -> yes no", "unknown option 'no': expected WEIGHT, TRAIN or TEST"),
        ("NR.RUN net user:1 -> INTERVAL 80", "NRKIND the network is a classifier"),
        ("NR.RUN net user:1 JSON [{},{}]", "NRSHAPE 2 events: expected at most one"),
        ("NR.FORECAST net user:1 3", "NRKIND the network is no series"),
        ("NR.GETDATA net TRAIN 0", "NRSHAPE the network learns from sequences"),
        ("NR.EVALUATE net page home -> yes", "NRSHAPE the network learns from sequences"),
        ("NR.CALIBRATE net page home -> yes", "NRSHAPE the network learns from sequences"),
        ("NR.HOBSERVE net 1 hash page home -> yes", "NRSHAPE the network learns from sequences"),
        ("NR.FORGET rows a", "NRKIND the network learns from rows"),
        ("NR.FORECAST rows a 3", "NRKIND the network learns from rows"),
        ("NR.CREATE new CLASSIFIER SCHEMA a NUMBER -> b LENGTH 3", "LENGTH and CELL are for a network of sequences"),
        (
            "NR.CREATE new CLASSIFIER SCHEMA a NUMBER -> b SEQUENCE LENGTH 0",
            "LENGTH is '0': expected an integer from 1",
        ),
        ("NR.CREATE new CLASSIFIER SCHEMA a NUMBER -> b SEQUENCE CELL LSTM", "CELL is 'LSTM': expected AUTO, WINDOW"),
        ("NR.CREATE new CLASSIFIER SCHEMA a NUMBER -> b SEQUENCE SEQUENCE", "SEQUENCE is given twice"),
        ("NR.CREATE new CLASSIFIER SCHEMA a NUMBER + -> b SEQUENCE", "signs after kinds are for networks of rows"),
        ("NR.CREATE new CLASSIFIER SCHEMA a CATEGORY 2000 -> a SEQUENCE", "up to 2000 kinds of events"),
        ("NR.CREATE new CLASSIFIER SCHEMA a NUMBER -> a SEQUENCE", "field of kind NUMBER: expected a CATEGORY"),
    ],
)
def test_errors_name_the_argument_and_change_nothing(
    client: redis.Redis, server: servers.Server, words: str, message: str
) -> None:
    prepare(client)
    client.execute_command("NR.CREATE", "rows", "CLASSIFIER", 2, "->", 2)
    before = exported(server)
    with pytest.raises(redis.ResponseError) as error:
        client.execute_command(*words.split())
    assert message in str(error.value)
    assert exported(server) == before


def test_many_events_in_one_command_are_rejected(client: redis.Redis) -> None:
    prepare(client)
    with pytest.raises(redis.ResponseError, match="bytes in one command: expected at most 65536, in several"):
        client.execute_command("NR.OBSERVE", "net", "user:1", "JSON", "[" + ",".join(["{}"] * 40_000) + "]")


def test_step_with_a_client_state_equals_a_stored_sequence(kind: kinds.Kind) -> None:
    with (
        servers.running(kind, "--repl-diskless-sync", "no", module=MODULE, tcp=True) as primary,
        servers.replica_of(primary, kind, module=MODULE) as replica,
    ):
        client = primary.client(protocol=2, decode_responses=False)
        prepare(client)
        client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 20, "BLOCK", 0)
        assert agree(primary, replica)
        reader = replica.client(protocol=2, decode_responses=False)
        net = nr.SequenceNetwork.from_bytes(exported(primary))
        state = mine = b""
        # More than the 20 that are stored.
        for at in range(30):
            event = ("page", ["home", "cart", "help"][at * at % 3], "seconds", at)
            answer, new = client.execute_command("NR.STEP", "net", state, *event)
            assert reader.execute_command("NR.STEP", "net", state, *event) == [answer, new]
            outputs, mine = net.step(mine, {"page": event[1], "seconds": at})
            assert mine == new
            assert [np.float32(share) for share in answer[1::2]] == outputs.tolist()
            client.execute_command("NR.OBSERVE", "net", "live", *event)
            assert client.execute_command("NR.RUN", "net", "live") == answer
            state = new
        event = ("page", "help", "seconds", 3)
        # A state remains valid after a training, a restart and new words.
        client.execute_command("NR.OBSERVE", "net", "other", "page", "another")
        client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 20, "BLOCK", 0)
        client.execute_command("DEBUG", "RELOAD")
        answer, new = client.execute_command("NR.STEP", "net", state, *event)
        assert client.execute_command("NR.RUN", "net", "live", *event) == answer
        # Options change the form of the prediction; the state is the same.
        best, again = client.execute_command("NR.STEP", "net", state, *event, "->", "TOP", 1)
        assert (len(best), again) == (2, new)
        block = '[{"page":"help","seconds":3}]'
        assert client.execute_command("NR.STEP", "net", state, "JSON", block) == [answer, new]
        # The primary has a word that a copy does not have yet.
        client.execute_command("NR.IMPORT", "before", bytes(net))
        with pytest.raises(redis.ResponseError, match=r"NRFORMAT .* it knows 4 words, and this network 3"):
            client.execute_command("NR.STEP", "before", new, *event)


def test_invalid_states_are_rejected_and_change_nothing(client: redis.Redis, server: servers.Server) -> None:
    prepare(client)
    net = nr.SequenceNetwork.from_bytes(exported(server))
    state = b""
    for seconds in range(3):
        _, state = net.step(state, {"page": "home", "seconds": seconds})
    before = exported(server)
    chance = random.Random(5)
    for _ in range(300):
        spoilt = bytearray(state)
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(spoilt))
            spoilt[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        if bytes(spoilt) in (state, b""):
            continue
        with pytest.raises(redis.ResponseError, match="NRFORMAT not a state of a sequence of this network: "):
            client.execute_command("NR.STEP", "net", bytes(spoilt), "page", "home")
        with pytest.raises(nr.FormatError, match="not a state of a sequence of this network: "):
            net.step(bytes(spoilt), {"page": "home"})
    with pytest.raises(redis.ResponseError, match="no event after the state"):
        client.execute_command("NR.STEP", "net", state, "->", "TOP")
    with pytest.raises(redis.ResponseError, match="unknown field 'colour'"):
        client.execute_command("NR.STEP", "net", state, "colour", "red")
    with pytest.raises(redis.ResponseError, match=r"NRKIND .*only a regressor"):
        client.execute_command("NR.STEP", "net", state, "page", "home", "->", "INTERVAL", 80)
    assert exported(server) == before


def test_events_without_fields_can_be_sent_as_bytes(client: redis.Redis, server: servers.Server) -> None:
    for key in ("text", "bytes"):
        client.execute_command("NR.CREATE", key, "CLASSIFIER", 2, 4, "->", 3, "SEQUENCE", "LENGTH", 5, "SEED", 1)
    events = np.random.default_rng(1).normal(size=(9, 2)).astype(np.float32)
    for event in events:
        client.execute_command("NR.OBSERVE", "text", "a", *event.tolist())
    client.execute_command("NR.OBSERVE", "text", "a", "->", 2)
    client.execute_command("NR.OBSERVE", "bytes", "a", "FP32", events[:1].tobytes())
    client.execute_command("NR.OBSERVE", "bytes", "a", "FP32", "ROWS", 8, events[1:].tobytes(), "->", 2)
    assert exported(server, "bytes") == exported(server, "text")
    event = np.array([1, 2], np.float32).tobytes()
    reply = client.execute_command("NR.RUN", "text", "a", 1, 2)
    assert client.execute_command("NR.RUN", "bytes", "a", "FP32", event) == reply
    raw = server.client(protocol=2, decode_responses=False)
    stepped = raw.execute_command("NR.STEP", "text", "", "FP32", events[-1:].tobytes())
    assert raw.execute_command("NR.STEP", "text", "", *events[-1].tolist()) == stepped
    nothing = np.array([[1, np.nan], [3, 4]], np.float32)
    for words, message in [
        (("FP32", b"1234567"), "NRSHAPE the blob has 7 bytes: expected a multiple of 8"),
        (("FP32", "ROWS", 2, event), "NRSHAPE the blob has 1 rows of 2 floats: expected 2, as ROWS says"),
        (("FP32", nothing.tobytes()), "NRDATA row 0: input 1 is NaN"),
        (("FP32", event, "TRAIN"), "NROPTION unknown option 'TRAIN': expected -> or nothing after the blob"),
        (("FP32", bytes(80_000)), "bytes in one command: expected at most 65536"),
    ]:
        with pytest.raises(redis.ResponseError, match=message):
            client.execute_command("NR.OBSERVE", "bytes", "a", *words)
    assert exported(server, "bytes") == exported(server, "text")
    with pytest.raises(redis.ResponseError, match="2 events: expected at most one to ask about"):
        client.execute_command("NR.RUN", "bytes", "a", "FP32", bytes(16))
    prepare(client)
    with pytest.raises(redis.ResponseError, match="NRSHAPE"):
        client.execute_command("NR.OBSERVE", "net", "user:1", "FP32", event)


def test_explain_takes_the_id_of_a_sequence(client: redis.Redis) -> None:
    prepare(client)
    client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 30, "BLOCK", 0)

    def explain(*words: Any) -> dict[str, Any]:
        reply = client.execute_command("NR.EXPLAIN", "net", *words)
        return dict(zip(reply[::2], reply[1::2], strict=True))

    found = explain("user:1", "->", "SAMPLES", 2)
    assert found["class"] == client.execute_command("NR.CLASS", "net", "user:1")
    shares = dict(zip(found["shares"][::2], map(float, found["shares"][1::2]), strict=True))
    assert {"page[-1]", "seconds[-8]", "state"} <= shares.keys()
    assert float(found["answer"]) - float(found["mean"]) == pytest.approx(sum(shares.values()))
    after = explain("user:1", "page", "home", "seconds", 3, "->", "SAMPLES", 2)
    assert after["values"][:2] == ["page[-1]", "home"]
    counterfactual = explain("user:1", "->", "WANT", "no")
    assert counterfactual["want"] == "no"
    with pytest.raises(redis.ResponseError, match="2 events: expected at most one to ask about"):
        explain("user:1", "JSON", "[{},{}]")


def test_hash_commands_reject_networks_of_sequences(client: redis.Redis) -> None:
    prepare(client)
    client.hset("hash", mapping={"page": "home"})
    for words in (
        ("NR.HOBSERVE", "net", 1, "hash", "->", "yes"),
        ("NR.HRUN", "net", 1, "hash"),
        ("NR.HCLASS", "net", 1, "hash"),
        ("NR.RANK", "net", 1, "hash"),
    ):
        with pytest.raises(redis.ResponseError, match="NRSHAPE the network learns from sequences"):
            client.execute_command(*words)


def test_an_answer_that_a_thread_computes_is_short_the_next_time(client: redis.Redis) -> None:
    # So many events that the main thread would take longer than 5 ms, which a byte each stores.
    events = 10_000
    create = ("CLASSIFIER", "SCHEMA", "page", "CATEGORY", 8, "->", "left", "CLASSES", 2, "no", "yes")
    client.execute_command("NR.CREATE", "net", *create, "SEQUENCE", "LENGTH", events, "CELL", "GRU", "SEED", 1)
    block = "[" + ",".join(f'{{"page":"{"abc"[at % 3]}"}}' for at in range(1000)) + "]"
    for _ in range(events // 1000):
        client.execute_command("NR.OBSERVE", "net", "live", "JSON", block)
    before = client.execute_command("MEMORY", "USAGE", "net")
    answer = client.execute_command("NR.RUN", "net", "live")
    # The cache has the events of a hidden state beside it.
    assert client.execute_command("MEMORY", "USAGE", "net") > before + events
    assert client.execute_command("NR.RUN", "net", "live") == answer
    client.execute_command("COPY", "net", "copy")
    assert client.execute_command("NR.RUN", "copy", "live") == answer
