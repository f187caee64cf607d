"""Malformed commands: the server survives, and an error changes nothing and has a code."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

import inredis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wire import RefusedError, Wire, errors

import neuralredis
import saved
import servers

#: Names of keys, existing or not; the value at "string" is no network.
KEYS = [
    b"net",
    b"sum",
    b"string",
    b"net:shop",
    b"net:user",
    b"net:visits",
    b"net:load",
    b"nothing",
    b"",
    b"\0",
    b"%n%n%s",
    b"\r\n+OK\r\n",
    b"\xff\xfe",
    b"a b",
    b"k" * 3000,
]

NUMBERS = [
    b"0", b"1", b"2", b"3", b"-1", b"1.5", b"1e3", b"1e39", b"1e309", b"-0", b"+1", b"0x10", b"nan", b"inf", b"-inf",
    b"", b" 1", b"1 ", b"1\0", b"65536", b"1048576", b"1048577", b"2147483648", b"4294967295", b"4294967296",
    b"9007199254740993", b"9223372036854775807", b"9223372036854775808", b"18446744073709551615",
    b"18446744073709551616", b"9" * 400, b"0." + b"3" * 400, b"\xff", "\u0661".encode(), b"1\r\n2", b"%d",
]  # fmt: skip

WORDS = [
    b"CLASSIFIER", b"regressor", b"->", b"NORMALIZE", b"DATASET", b"TEST", b"TRAIN", b"SEED", b"ACTIVATION", b"OUTPUT",
    b"LOSS", b"ALGO", b"L2", b"tanh", b"RELU", b"sigmoid", b"softmax", b"linear", b"mse", b"crossentropy", b"IRPROP-",
    b"rprop+", b"LBFGS", b"adam", b"auto", b"yes", b"no", b"WEIGHT", b"FP32", b"MAXCYCLES", b"MAXTIME", b"AUTOSTOP",
    b"BACKTRACK", b"BLOCK", b"REPLACE", b"on", b"\0", b"%n", b"-->", b"fp32\0", b"SCHEMA", b"HIDDEN", b"CLASSES",
    b"JSON", b"NUMBER", b"CATEGORY", b"auto", b"Flag", b"TIME", b"TEXT", b"TAGS", b"VECTOR", b"+", b"TOP",
    b"MONOTONE", b"1,-1", b"THRESHOLD", b"0.1",
    b"WITHSCORES", b"MIN", b"FOR", b"WANT", b"SAMPLES", b"user.age", b"item.kind", b"hour", b"net:item", b"{}", b"[]",
    b"[{}]", b'{"hour":1}', b'{"hour":"x"}', b'{"user":{"age":3},"note":["a"]}', b"[" * 200, b'{"hour":1e999}',
    b'{"\\u0000":"\\ud800"}', b"2023-11-14", b"SEQUENCE", b"LENGTH", b"CELL", b"window", b"COUNT", b"UNTIL",
    b"PENALTY", b"page", b"user:1", b'[{"page":"a"},{"page":"b"}]', b"INTERVAL", b"SET",
    b"SAMPLE", b"TEMPERATURE", b"TOPK", b"TOPP", b"MINP",
]  # fmt: skip

#: A valid command of each kind; the tests send them with random changes.
VALID = [
    "NR.CREATE new CLASSIFIER 2 3 -> 2 NORMALIZE DATASET 5 TEST 2 SEED 1 ACTIVATION relu L2 0.1",
    "NR.CREATE new REGRESSOR 2 3 4 -> 1 OUTPUT linear LOSS mse ALGO irprop+ TEST 3",
    "NR.OBSERVE net 1 2 -> 0 WEIGHT 2 TRAIN", "NR.OBSERVE sum 1 2 -> 3 4 TEST", "NR.OBSERVE net FP32 {rows} TRAIN",
    "NR.RUN net 1 2", "NR.RUN net FP32 {rows}", "NR.CLASS net 1 2", "NR.CLASS net FP32 {rows}",
    "NR.TRAIN net MAXCYCLES 2 MAXTIME 5 AUTOSTOP BACKTRACK BLOCK 1", "NR.TRAIN sum MAXCYCLES 3", "NR.INFO net",
    "NR.THREADS", "NR.THREADS FULL", "NR.TRAININGS", "NR.OBSERVE net FP32 ROWS 2 {rows} WEIGHTS {ones}",
    "NR.GETDATA net TRAIN 3 COUNT 9",
    "NR.RESET net", "NR.GETDATA net TRAIN 3", "NR.STOP net", "NR.WAIT net 1", "NR.REPORT net",
    "NR.CONFIGURE net NORMALIZE yes DATASET 50 TEST 7 ACTIVATION tanh L2 auto",
    "NR.EVALUATE net TEST", "NR.EVALUATE net FP32 {rows}", "NR.EXPORT net", "NR.IMPORT net {network} REPLACE",
    "NR.IMPORT new {network}", "NR._LOAD new 0 {head}", "NR._LOAD new 1 {layout}",
    "NR._ROWS net 5 {places} {rows} {ones}", "NR._TRAINED net {head} {weights} {statistics} {end}", "NR._RESET net 5",
    "NR._CONFIGURE net 5 NORMALIZE no DATASET 40 TEST 7",
    "NR.CREATE new CLASSIFIER SCHEMA age NUMBER plan CATEGORY 3 note TEXT 8 -> x CLASSES 2 no yes HIDDEN 3 TEST 3",
    "NR.CREATE new REGRESSOR SCHEMA a AUTO 3 b TAGS 3 c TIME d FLAG e VECTOR 2 -> 2 x y HIDDEN 0",
    "NR.OBSERVE net:shop user.age 3 item.kind b hour 5 note text -> yes WEIGHT 2 TRAIN",
    "NR.OBSERVE net:shop JSON {json} -> yes fresh WEIGHTS {ones} TEST", "NR.OBSERVE net:shop JSON {object} -> yes TEST",
    "NR.RUN net:shop user.age 3 -> TOP 1", "NR.RUN net:shop JSON {json}", "NR.RUN net:shop hour 3 note ->",
    "NR.CLASS net:shop item.kind a -> TOP 2 WITHSCORES MIN 0.1", "NR.CLASS net:shop JSON {object} -> WITHSCORES",
    "NR.HOBSERVE net:shop 2 net:user net:item hour 4 -> yes WEIGHT 2 TEST",
    "NR.HRUN net:shop 2 net:user net:item hour 3 -> WITHSCORES",
    "NR.HCLASS net:shop 2 net:user net:item -> TOP 2 MIN 0.1",
    "NR.RANK net:shop 3 net:user net:item net:none hour 3 -> FOR yes TOP 2 WITHSCORES", "NR.FIELDS net:shop",
    "NR.EXPLAIN net:shop user.age 3 hour 5 -> FOR yes SAMPLES 2 SEED 1", "NR.EXPLAIN net:shop JSON {object} -> WANT no",
    "NR.EXPLAIN net 1 2 -> WANT 1", "NR.EXPLAIN sum 1 2 -> FOR 1",
    "NR.GETDATA net:shop TRAIN 0", "NR.EVALUATE net:shop TRAIN", "NR.INFO net:shop", "NR._OBSERVED net:shop {observed}",
    "NR.TRAIN net:shop MAXCYCLES 2 BLOCK 1", "NR.CONFIGURE net:shop DATASET 10 CLASS-WEIGHT balanced",
    "NR.RESET net:shop", "NR.RUN sum 1 2 -> INTERVAL 50", "NR.RUN sum FP32 ROWS 2 {pairs} -> INTERVAL 50",
    "NR.CLASS net 1 2 -> SET 50", "NR.CLASS net FP32 {pairs} -> SET 50",
    "NR.CLASS net:shop hour 3 -> SET 50 WITHSCORES",
    "NR.RUN net:shop JSON {json} -> SET 50", "NR.CALIBRATE net FP32 ROWS 2 {rows}",
    "NR.CLASS net 1 2 -> SAMPLE TEMPERATURE 2 SEED 1", "NR.RUN net FP32 {pairs} -> SAMPLE TOPK 1 TOPP 0.5 MINP 0.1",
    "NR.CLASS net:shop JSON {json} -> WITHSCORES SAMPLE TOPP 0.5", "NR.HRUN net:shop 2 net:user net:item -> SAMPLE",
    "NR.CREATE new CLASSIFIER SCHEMA page CATEGORY 5 n NUMBER -> page HIDDEN 3 SEQUENCE LENGTH 5 CELL window",
    "NR.CREATE new REGRESSOR 2 3 -> 1 SEQUENCE CELL reservoir TEST 5",
    "NR.CREATE new REGRESSOR 2 3 -> 1 SEQUENCE CELL gru TEST 5",
    "NR.OBSERVE net:visits user:1 page a n 3 -> yes WEIGHT 2 TRAIN", "NR.OBSERVE net:visits user:2 page b",
    "NR.OBSERVE net:visits user:1 JSON {object_of_event} -> no", "NR.OBSERVE net:load m:1 kwh 3 -> TRAIN",
    "NR.RUN net:visits user:1 page b -> TOP 1", "NR.CLASS net:visits user:1 -> SAMPLE SEED 1", "NR.RUN net:load m:1",
    "NR.FORGET net:visits user:1", "NR.FORECAST net:load m:1 2", "NR.FORECAST net:load m:2 1 -> INTERVAL 50",
    "NR.SAMPLE net:pages user:1 COUNT 3 TEMPERATURE 2 TOPK 2 TOPP 0.9 MINP 0.1 PENALTY 2 UNTIL a SEED 1",
    "NR.STEP net:visits {state} page a n 3 -> TOP 1", "NR.STEP net:load {nothing} kwh 3",
    "NR.STEP net:visits {nothing} JSON {object_of_event} -> MIN 0.1", "NR.STEP net:flat {nothing} FP32 ROWS 2 {pairs}",
    "NR.OBSERVE net:flat m:1 FP32 ROWS 2 {pairs} -> 1 WEIGHT 2", "NR.OBSERVE net:flat m:1 FP32 {pairs}",
    "NR.EXPLAIN net:visits user:1 page b -> FOR yes SAMPLES 2", "NR.EXPLAIN net:flat m:1 -> WANT 1",
    "NR.CALIBRATE net:shop JSON {json} -> yes no", "NR._CALIBRATED net {scores}", "NR.CALIBRATE net TEST",
]  # fmt: skip

#: How a command is sent: alone, in a transaction, in a script, in a function.
WAYS = ("plain", "transaction", "script", "function")

LIBRARY = "#!lua name=l\nredis.register_function('f', function(k, a) return redis.pcall(unpack(a)) end)"


@pytest.fixture
def server(relay: servers.Server) -> servers.Server:
    """Return a server that accepts internal commands from clients."""
    return relay


@pytest.fixture
def wire(server: servers.Server) -> Iterator[Wire]:
    with Wire(server) as wire:
        # Large values are tested separately.
        wire.ask("CONFIG", "SET", "neuralredis.max-network-bytes", "200kb")
        wire.ask("FUNCTION", "LOAD", LIBRARY)
        yield wire


def blobs() -> dict[str, bytes]:
    net = neuralredis.Network("classifier", [2, 3, 2], dataset=9, test=4, seed=1)
    net.observe([[1, 2], [3, 4]], [0, 1])
    frames = saved.frames(bytes(net))
    visits = neuralredis.SequenceNetwork(
        "classifier", fields={"page": "category 5", "n": "number"}, target="left", hidden=[3], length=5, seed=1
    )
    visits.observe([[{"page": "a"}, {"page": "b"}]], ["no"])
    _, state = visits.step(b"", {"page": "b", "n": 2})
    return {
        "rows": inredis.blob((1, 2, 0), (3, 4, 1)), "ones": inredis.blob((1, 1)), "places": b"\0\1\0\0\0\1\0\0\0\0",
        "network": bytes(net), "head": bytes(net)[: saved.HEAD], "layout": frames[saved.LAYOUT],
        "weights": frames[saved.WEIGHTS], "statistics": frames[saved.STATISTICS], "end": frames[saved.END],
        "json": b'[{"user.age":30,"item.kind":"new"},{"hour":3}]', "object": b'{"user":{"age":30},"note":"a_text"}',
        "object_of_event": b'{"page":"a"}', "state": state, "nothing": b"",
        "pairs": inredis.blob((1, 2), (3, 4)), "scores": struct.pack("<Q2d", 0, 0.25, 0.5),
        "observed": inredis.observed([(1, b"newer")], [b"newer"], inredis.row_of(30, 5, 5, outcome=1), cells=3),
    }  # fmt: skip


def valid_commands() -> list[list[bytes]]:
    known = blobs()
    return [[known.get(word.strip("{}"), word.encode()) for word in line.split()] for line in VALID]


arguments = st.one_of(
    st.sampled_from(KEYS),
    st.sampled_from(NUMBERS),
    st.sampled_from(WORDS),
    st.sampled_from(list(blobs().values())),
    st.binary(max_size=40),
)


@st.composite
def changed(draw: st.DrawFn) -> list[bytes]:
    """Return a command with a few words omitted, inserted, repeated, replaced or damaged."""
    words = list(draw(st.sampled_from(valid_commands())))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(1, len(words)))
        match draw(st.sampled_from(["insert", "replace", "drop", "repeat", "spoil", "key"])):
            case "insert":
                words.insert(at, draw(arguments))
            case "replace":
                words[at : at + 1] = [draw(arguments)]
            case "drop":
                del words[at : at + 1]
            case "repeat":
                words[at:at] = words[at : at + 1] * draw(st.integers(1, 5))
            case "spoil" if at < len(words) and words[at]:
                byte = draw(st.integers(0, len(words[at]) - 1))
                words[at] = words[at][:byte] + draw(st.binary(max_size=2)) + words[at][byte + 1 :]
            case "key":
                words[1:2] = [draw(st.sampled_from(KEYS))]
    return words


def reply_of(wire: Wire, way: str, words: list[bytes]) -> Any:
    """Send a command in one of the ways. Commands that would wait do not wait."""
    if way == "plain" and words[0] in (b"NR.TRAIN", b"NR.WAIT"):
        way = "transaction"
    if way == "script":
        return wire.ask("EVAL", "return redis.pcall(unpack(ARGV))", 0, *words)
    if way == "function":
        return wire.ask("FCALL", "f", 0, *words)
    if way == "plain":
        return wire.ask(*words)
    wire.ask("MULTI")
    error = wire.ask(*words)
    reply = wire.ask("EXEC")
    return error if isinstance(error, RefusedError) else reply


def settle(wire: Wire) -> None:
    """Wait until no network is being trained, since installed results would look like changes by an error."""
    for key in wire.ask("KEYS", "*") if wire.ask("NR.THREADS") else ():
        wire.ask("NR.STOP", key)
    servers.wait_until(lambda: wire.ask("NR.THREADS") == [])


@pytest.mark.torture
def test_malformed_commands_never_crash_and_errors_change_nothing(
    server: servers.Server, wire: Wire, effort: int, figure: Callable[[str], None]
) -> None:
    sent = {"commands": 0, "errors": 0}

    @settings(
        max_examples=60 * effort,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(st.lists(st.tuples(st.sampled_from(WAYS), changed()), min_size=15, max_size=30))
    def send(commands: list[tuple[str, list[bytes]]]) -> None:
        prepare(wire)
        for way, words in commands:
            before = wire.ask("DEBUG", "DIGEST")
            found = errors(reply_of(wire, way, words))
            sent["commands"] += 1
            sent["errors"] += bool(found)
            assert all(str(error).startswith(("ERR ", "NR", "WRONGTYPE ", "EXECABORT ")) for error in found), found
            settle(wire)
            if found:
                assert wire.ask("DEBUG", "DIGEST") == before, (way, words, found)
        assert "a bug in neuralredis" not in server.log

    send()
    figure(f"{sent['commands']} commands, of which {sent['errors']} were rejected")


def prepare(wire: Wire) -> None:
    """Create the keys that the commands name."""
    wire.ask("FLUSHALL")
    wire.ask("NR.CREATE", "net", "CLASSIFIER", 2, 3, "->", 2, "DATASET", 20, "TEST", 10, "SEED", 1)
    wire.ask("NR.OBSERVE", "net", "FP32", inredis.blob(*[(x, x * x % 7, x % 2) for x in range(25)]))
    wire.ask("NR.CREATE", "sum", "REGRESSOR", 2, "->", 2, "DATASET", 5, "TEST", 2)
    wire.ask("NR.OBSERVE", "sum", 1, 2, "->", 3, 4)
    wire.ask("NR.OBSERVE", "sum", 2, 1, "->", 4, 3, "TEST")
    wire.ask("SET", "string", "text")
    fields = ["user.age", "NUMBER", "item.kind", "CATEGORY", 5, "hour", "NUMBER", "note", "TEXT", 8]
    wire.ask(
        "NR.CREATE", "net:shop", "CLASSIFIER", "SCHEMA", *fields, "->", "x", "HIDDEN", 3, "DATASET", 20, "TEST", 10
    )
    wire.ask("NR.OBSERVE", "net:shop", "user.age", 3, "item.kind", "a", "->", "no", "TRAIN")
    wire.ask("NR.OBSERVE", "net:shop", "user.age", 5, "item.kind", "b", "->", "yes", "TRAIN")
    wire.ask("NR.OBSERVE", "net:shop", "user.age", 4, "item.kind", "b", "->", "yes", "TEST")
    sequence = ["SEQUENCE", "LENGTH", 5, "DATASET", 20, "TEST", 10]
    pages = ["SCHEMA", "page", "CATEGORY", 5, "n", "NUMBER", "->"]
    wire.ask("NR.CREATE", "net:visits", "CLASSIFIER", *pages, "left", "HIDDEN", 3, *sequence)
    wire.ask("NR.CREATE", "net:pages", "CLASSIFIER", *pages, "page", "HIDDEN", 3, *sequence)
    wire.ask("NR.CREATE", "net:load", "REGRESSOR", "SCHEMA", "kwh", "NUMBER", "->", "kwh", "HIDDEN", 3, *sequence)
    wire.ask("NR.CREATE", "net:flat", "CLASSIFIER", 2, 3, "->", 2, *sequence)
    wire.ask("NR.OBSERVE", "net:flat", "m:1", 1, 2, "->", 0, "TRAIN")
    wire.ask("NR.OBSERVE", "net:flat", "m:2", 2, 1, "->", 1, "TRAIN")
    for user, page in ((1, "a"), (2, "b"), (1, "b")):
        wire.ask("NR.OBSERVE", "net:visits", f"user:{user}", "page", page, "n", user)
        wire.ask("NR.OBSERVE", "net:pages", f"user:{user}", "page", page)
    wire.ask("NR.OBSERVE", "net:visits", "user:1", "->", "yes")
    wire.ask("NR.OBSERVE", "net:visits", "user:2", "->", "no")
    wire.ask("NR.TRAIN", "net:pages", "MAXCYCLES", 1, "BLOCK", 0)
    for hour in range(20):
        wire.ask("NR.OBSERVE", "net:load", f"m:{hour % 3}", "kwh", hour, "->", "TEST" if hour % 3 else "TRAIN")
    wire.ask("HSET", "net:user", "age", 40)
    wire.ask("HSET", "net:item", "kind", "a", "hour", 3)


@pytest.mark.parametrize("way", WAYS)
def test_unmodified_commands_are_accepted(wire: Wire, way: str) -> None:
    for words in valid_commands():
        # A frame continues the previous frame.
        if words[:3] != [b"NR._LOAD", b"new", b"1"]:
            prepare(wire)
        assert not errors(reply_of(wire, way, words)), words
        settle(wire)


def test_every_command_accepts_keys_of_any_bytes(server: servers.Server, wire: Wire) -> None:
    wire.ask("CONFIG", "SET", "notify-keyspace-events", "KEA")
    for key in KEYS[8:]:
        prepare(wire)
        names = {b"net": key, b"sum": key + b"2", b"string": key + b"3", b"new": key + b"4"}
        names |= {b"net:shop": key + b"6", b"net:user": key + b"7", b"net:item": key + b"8", b"net:none": key + b"9"}
        names |= {b"net:visits": key + b"10", b"net:load": key + b"11", b"net:pages": key + b"12"}
        for name in names.keys() - {b"new", b"net:none"}:
            wire.ask("RENAME", name, names[name])
        for words in valid_commands():
            if words[:3] != [b"NR._LOAD", b"new", b"1"]:
                wire.ask("DEL", names[b"new"])
            assert not errors(reply_of(wire, "plain", [names.get(word, word) for word in words])), words
            settle(wire)
        for words in valid_commands():
            creates = words[0] in (b"NR.CREATE", b"NR.IMPORT", b"NR._LOAD")
            for wrong in (key + b"5", names[b"string"])[creates : 2 * (len(words) > 1)]:
                [error] = errors(wire.ask(words[0], wrong, *words[2:]))
                assert str(error).isprintable()
        wire.ask("NR.TRAIN", key, "MAXTIME", 0)
        [line] = wire.ask("NR.THREADS")
        assert line.isprintable()
        assert line.count(" key=") == 1
        wire.ask("NR.STOP", key)
        settle(wire)
    assert "\0" not in server.log
    assert "\n+OK" not in server.log


def test_commands_with_huge_argument_counts_are_rejected(server: servers.Server, wire: Wire) -> None:
    prepare(wire)
    before = wire.ask("DEBUG", "DIGEST")
    many = 200_000
    for words in (
        ["NR.CREATE", "new", "REGRESSOR", *[1] * many, "->", 1],
        ["NR.CREATE", "new", "REGRESSOR", 1, "->", 1, *["NORMALIZE"] * many],
        ["NR.CREATE", "new", "REGRESSOR", *[1 << 20] * 30, "->", 1 << 20],
        ["NR.OBSERVE", "net", *[1] * many, "->", 1],
        ["NR.OBSERVE", "net", 1, 2, "->", *[1] * many],
        ["NR.OBSERVE", "net", 1, 2, "->", 1, *["WEIGHT", 1] * many],
        ["NR.RUN", "net", *["x"] * many],
        ["NR.CLASS", "net", *[1] * many],
        ["NR.TRAIN", "net", *["AUTOSTOP"] * many],
        ["NR.CONFIGURE", "net", *["DATASET", 1] * many],
        ["NR._TRAINED", "net", *["x"] * many],
        ["NR._ROWS", "net", 1, bytes(5 * many), bytes(12 * many), bytes(4 * many)],
        ["NR._OBSERVED", "net:shop", bytes(8) + b"\xff" * many],
        ["NR.CREATE", "new", "REGRESSOR", "SCHEMA", *["a", "NUMBER"] * many, "->", "b"],
        ["NR.CREATE", "new", "CLASSIFIER", "SCHEMA", "a", "NUMBER", "->", "b", "CLASSES", many, *["c"] * many],
        ["NR.CREATE", "new", "REGRESSOR", "SCHEMA", "a", "NUMBER", "->", many, *range(many)],
        ["NR.OBSERVE", "net:shop", *["hour", 1] * many, "->", "yes"],
        ["NR.OBSERVE", "net:shop", "hour", 1, "->", *["yes"] * many],
        ["NR.OBSERVE", "net:shop", "JSON", "[" + "{}," * many + "{}]", "->", *["yes"] * many],
        ["NR.RUN", "net:shop", *["hour", 1] * many],
        ["NR.RUN", "net:shop", "JSON", '{"a":' * many],
        ["NR.CLASS", "net:shop", "hour", 1, "->", *["WITHSCORES"] * many],
        ["NR.HRUN", "net:shop", many, *["net:user"] * many, *["hour", 1] * many],
        ["NR.HOBSERVE", "net:shop", many, *["net:user"] * many, "->", "yes"],
        ["NR.RANK", "net:shop", many, *["net:user"] * many],
        ["NR.IMPORT", "new", b"\xff" * (1 << 20)],
        ["NR.RUN", "net", "FP32", b"\xff" * (1 << 20)],
        ["NR.RUN", "net", "1" * (1 << 20), "1"],
        ["NR.GETDATA", "net", "TRAIN", "9" * (1 << 20)],
    ):
        [error] = errors(wire.ask(*words))
        assert len(str(error)) < 500
    assert wire.ask("DEBUG", "DIGEST") == before
    assert wire.ask("NR.GETDATA", "net", "TRAIN", 18446744073709551615) is None


def test_scripts_receive_errors_with_their_code(wire: Wire) -> None:
    prepare(wire)
    run = "return redis.%s('NR.RUN', KEYS[1], 'x', '1')"
    for call in ("call", "pcall"):
        [error] = errors(wire.ask("EVAL", run % call, 1, "net"))
        assert str(error).startswith("NRDATA input 0 is 'x': expected a finite number")
        [error] = errors(wire.ask("EVAL", run % call, 1, "string"))
        assert str(error).startswith("WRONGTYPE ")
    caught = "local found = redis.pcall('NR.RUN', 'net', 'x', '1'); return found.err"
    assert b"expected a finite number" in wire.ask("EVAL", caught, 0)
    # Commands of a script before an error keep their effects, as with the server's own commands.
    wire.ask("EVAL", "redis.call('NR.RESET', 'net'); redis.call('NR.RUN', 'net')", 0)
    answer = wire.ask("EVAL", "return redis.call('NR.RUN', 'net', '1', '2')", 0)
    assert answer == wire.ask("NR.RUN", "net", 1, 2)


def test_read_commands_run_in_read_only_contexts(wire: Wire) -> None:
    prepare(wire)
    call = "return redis.pcall(unpack(ARGV))"
    for words in valid_commands():
        reads = b"NR.RUN NR.CLASS NR.INFO NR.THREADS NR.TRAININGS NR.GETDATA NR.WAIT NR.REPORT NR.EVALUATE NR.EXPORT"
        reads = (reads + b" NR.HRUN NR.HCLASS NR.RANK NR.FIELDS NR.EXPLAIN NR.FORECAST NR.SAMPLE NR.STEP").split()
        found = errors(wire.ask("EVAL_RO", call, 0, *words))
        assert bool(found) == (words[0] not in reads), (words, found)
        assert all("Write commands are not allowed" in str(error) for error in found)


@pytest.mark.parametrize("mode", ["WRITE", "ALL"])
def test_client_pause_during_an_install_loses_no_result(server: servers.Server, wire: Wire, mode: str) -> None:
    prepare(wire)
    client = server.client(protocol=2)
    for rounds in range(1, 21):
        # In one pipeline, so that the training ends before, during and after the pause.
        with client.pipeline(transaction=False) as pipeline:
            pipeline.execute_command("NR.TRAIN", "net", "MAXCYCLES", 1 + rounds % 5 * 20, "MAXTIME", 0)
            pipeline.execute_command("CLIENT", "PAUSE", 30, mode)
            pipeline.execute_command("NR.WAIT", "net")
            done = pipeline.execute()[-1]
        assert done in ("finished", "idle")
        assert inredis.info(client, "net")["training"] == 0
        expected = sum(1 + number % 5 * 20 for number in range(1, rounds + 1))
        assert inredis.cycles(client, "net") == expected
