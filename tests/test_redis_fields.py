"""Networks of named fields: rows by names and as JSON, gaps, words and classes that come later, and answers."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Sequence
from typing import Any

import inredis
import numpy as np
import pytest
import redis
from wire import Wire

import servers

#: How a network of the tests below is created, but for its type and its fields.
SMALL = ("HIDDEN", 8, "DATASET", 200, "TEST", 100, "SEED", 5)
BUY = ("NR.CREATE", "net", "CLASSIFIER", "SCHEMA", "age", "NUMBER", "plan", "CATEGORY", "->", "bought", *SMALL)


@pytest.fixture
def client(any_server_for_all: servers.Server) -> redis.Redis:
    """A client of an empty server, which shows replies as RESP2 has them."""
    client = any_server_for_all.client(protocol=2)
    client.flushall()
    return client


@pytest.fixture
def raw(client: redis.Redis, any_server_for_all: servers.Server) -> redis.Redis:
    """The same, of bytes."""
    return any_server_for_all.client(protocol=2, decode_responses=False)


@pytest.fixture
def newer(client: redis.Redis, any_server_for_all: servers.Server) -> redis.Redis:
    """The same in RESP3."""
    return any_server_for_all.client(protocol=3)


def ask(client: redis.Redis, line: str, *more: Any) -> Any:
    """Send a command that is written as one line, and further arguments."""
    return client.execute_command(*line.split(), *more)


def refused(client: redis.Redis, line: str, *more: Any) -> str:
    """Send a command that is an error, and return its text; nothing has changed by it."""
    before = ask(client, "DEBUG DIGEST")
    with pytest.raises(redis.ResponseError) as refusal:
        ask(client, line, *more)
    assert ask(client, "DEBUG DIGEST") == before
    return str(refusal.value)


def pairs(reply: Sequence[Any]) -> dict[Any, Any]:
    """Names and values in turn."""
    return dict(zip(reply[::2], reply[1::2], strict=True))


def probabilities(reply: Sequence[Any]) -> dict[Any, float]:
    return {name: float(value) for name, value in pairs(reply).items()}


def learnt(client: redis.Redis, rows: int = 240, cycles: int = 100) -> None:
    """Make a network that knows who buys: the old, and all who pay for their plan."""
    client.execute_command(*BUY)
    # By chance, since every third row is for testing.
    chance = random.Random(1)
    for number in range(rows):
        age, plan = (20, "free") if number == 0 else (chance.randrange(20, 60), chance.choice(["free", "paid", None]))
        row = inredis.words({"age": age, "plan": plan})
        client.execute_command("NR.OBSERVE", "net", *row, "->", "yes" if age > 40 or plan == "paid" else "no")
    ask(client, f"NR.TRAIN net MAXCYCLES {cycles} MAXTIME 0 BLOCK 0")


def digests(client: redis.Redis, *keys: str) -> list[str]:
    found: list[str] = client.execute_command("DEBUG", "DIGEST-VALUE", *keys)
    return found


# Rows.


def test_rows_by_names_are_learnt_and_asked_by_names_in_any_order(client: redis.Redis) -> None:
    assert client.execute_command(*BUY) == ask(client, "NR.INFO net")[33]
    client.delete("net")
    learnt(client)
    for words, expected in (("age 25 plan free", "no"), ("plan free age 58", "yes"), ("plan paid age 21", "yes")):
        assert ask(client, f"NR.CLASS net {words}") == expected
        found = probabilities(ask(client, f"NR.RUN net {words}"))
        assert max(found, key=lambda name: found[name]) == expected
        assert sum(found.values()) == pytest.approx(1, abs=1e-5)
    # The order in which the classes came: the first row is of a young one without a paid plan.
    assert list(found) == ["no", "yes"]


def test_rows_as_json_are_the_rows_by_names(client: redis.Redis) -> None:
    keys = ("names", "objects", "array", "nested")
    for key in keys:
        inredis.create_of_fields(client, key, "SEED", 9)
    rows = [(inredis.known(number), inredis.outcome(number)) for number in range(200, 260)]
    for row, outcome in rows:
        counts = client.execute_command("NR.OBSERVE", "names", *inredis.words(row), "->", outcome)
        # A number is a number, whatever word it would be; a list is tags, or a vector.
        text = json.dumps(dict(reversed(row.items())), ensure_ascii=False)
        assert client.execute_command("NR.OBSERVE", "objects", "JSON", text, "->", outcome) == counts
        text = json.dumps([row])
        client.execute_command("NR.OBSERVE", "nested", "JSON", text, "->", outcome)
    text = json.dumps([row for row, _ in rows])
    outcomes = [outcome for _, outcome in rows]
    assert client.execute_command("NR.OBSERVE", "array", "json", text, "->", *outcomes) == counts
    assert len(set(digests(client, *keys))) == 1


def test_rows_of_an_array_have_weights_and_a_set_together(client: redis.Redis) -> None:
    for key in ("one", "all"):
        client.execute_command("NR.CREATE", key, *BUY[2:])
    rows, weights = [{"age": 30 + row, "plan": f"p{row}"} for row in range(7)], [0.5, 1, 2, 3, 4, 5, 6]
    for row, weight in zip(rows, weights, strict=True):
        ask(client, "NR.OBSERVE one", *inredis.words(row), "->", "yes", "WEIGHT", weight, "TEST")
    arguments = [json.dumps(rows), "->", *["yes"] * 7, "WEIGHTS", inredis.blob(weights), "TEST"]
    assert ask(client, "NR.OBSERVE all JSON", *arguments) == [0, 7]
    assert len(set(digests(client, "one", "all"))) == 1
    short = [*arguments[:-2], inredis.blob(weights[1:]), "TEST"]
    assert "the weights have 24 bytes: expected 28" in refused(client, "NR.OBSERVE all JSON", *short)
    assert "expected 7 outputs, 6 were given" in refused(
        client, "NR.OBSERVE all JSON", json.dumps(rows), "->", *"abcdef"
    )
    # A class may be called as a word that would follow it.
    words = ["TRAIN", "TEST", "WEIGHT", "WEIGHTS", "->", "JSON", "FP32"]
    assert ask(client, "NR.OBSERVE all JSON", json.dumps(rows), "->", *words, "TRAIN") == [7, 7]
    assert inredis.info(client, "all")["classes"] == ["yes", *words]


def test_arrays_of_one_row_and_of_none_are_lists_still(client: redis.Redis) -> None:
    learnt(client, 30, 3)
    one = ask(client, "NR.RUN net age 30")
    assert ask(client, "NR.RUN net JSON", '{"age": 30}') == one
    assert ask(client, "NR.RUN net JSON", '[{"age": 30}]') == [one]
    assert ask(client, "NR.RUN net JSON", " [ ] ") == []
    both = [ask(client, "NR.CLASS net ->"), ask(client, "NR.CLASS net plan free")]
    assert ask(client, "NR.CLASS net JSON", '[{}, {"plan": "free"}]') == both
    assert ask(client, "NR.OBSERVE net JSON [] ->") == [20, 10]
    assert ask(client, "NR.CLASS net JSON [] -> TOP 1") == []


def test_nested_objects_are_names_with_dots(client: redis.Redis) -> None:
    ask(client, "NR.CREATE net REGRESSOR SCHEMA user.age NUMBER user.home.city CATEGORY cart TAGS at VECTOR 2 -> sum")
    nested = {"user": {"age": 31, "home": {"city": "Rome"}}, "cart": ["b", "a"], "at": [1, 2]}
    ask(client, "NR.OBSERVE net JSON", json.dumps(nested), "->", 5)
    fields, targets = ask(client, "NR.GETDATA net TRAIN 0")
    assert pairs(fields) == {"user.age": "31", "user.home.city": "Rome", "cart": ["a", "b"], "at": ["1", "2"]}
    assert targets == ["5"]
    assert "no field 'user.home'" in refused(client, "NR.RUN net JSON", '{"user": {"home": 5}}')
    assert "given twice" in refused(client, "NR.RUN net JSON", '{"user.age": 1, "user": {"age": 2}}')
    deep = '{"user":' * 40 + "1" + "}" * 40
    assert "objects within objects" in refused(client, "NR.RUN net JSON", deep)
    assert "NRDATA JSON" in refused(client, "NR.RUN net JSON", "[" * 100_000)


def test_a_gap_is_a_value_however_it_is_written(client: redis.Redis) -> None:
    learnt(client)
    expected = ask(client, "NR.RUN net plan free")
    for row in (["age", "", "plan", "free"], ["age", "nan", "plan", "free"], ["plan", "free", "age", " "]):
        assert ask(client, "NR.RUN net", *row) == expected
    for text in ('{"plan": "free"}', '{"age": null, "plan": "free"}', '{"age": "", "plan": "free"}'):
        assert ask(client, "NR.RUN net JSON", text) == expected
    nothing = ask(client, "NR.RUN net ->")
    assert nothing == ask(client, "NR.RUN net JSON {}") == ask(client, "NR.RUN net", "age", "", "plan", "")
    assert nothing != expected
    # To be in no plan decides as little as a free one.
    assert [ask(client, f"NR.CLASS net age {age}") for age in (22, 58)] == ["no", "yes"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("NR.RUN net age old", "NRDATA field age is 'old': expected a finite number (NUMBER)"),
        ("NR.RUN net age inf", "field age is 'inf'"),
        ("NR.RUN net city Rome", "NRDATA no field 'city': the network has age, plan"),
        ("NR.RUN net Age 30", "no field 'Age'"),
        ("NR.RUN net age 30 plan free age 31", "NRDATA field 'age' is given twice"),
        ("NR.RUN net age", "NRSHAPE field 'age' has no value after it"),
        ("NR.RUN net FP32 1234", "NRSHAPE the network has fields: expected a value for each by its name"),
        ("NR.CLASS net FP32 ROWS 1 1234", "NRSHAPE the network has fields"),
        ("NR.OBSERVE net FP32 123412341234", "NRSHAPE the network has fields"),
        ("NR.EVALUATE net FP32 123412341234", "NRSHAPE the network has fields"),
        ("NR.GETDATA net TRAIN 0 COUNT 2", "NRSHAPE the network has fields"),
        ("NR.RUN net JSON", "NRSHAPE JSON has no text after it"),
        ("NR.RUN net JSON {", "NRDATA JSON '{': EOF while parsing"),
        ("NR.RUN net JSON 5", "NRDATA JSON '5': invalid type: integer `5`, expected an object of fields, or an array"),
        ("NR.RUN net JSON [5]", "expected an object of fields"),
        ('NR.RUN net JSON {"age":[1,2]}', "field age is a list of 2 numbers: expected a finite number"),
        ('NR.RUN net JSON {"age":[1,"a"]}', "field 'age': an array of texts and numbers"),
        ('NR.RUN net JSON {"age":true}x', "trailing characters"),
        ("NR.RUN net JSON {} TOP 2", "NROPTION 'TOP' is no option here: expected -> or nothing after the JSON"),
        ("NR.OBSERVE net age 30 yes", "NRSHAPE field 'yes' has no value after it"),
        ("NR.OBSERVE net age 30", "NRSHAPE '->' is missing"),
        ("NR.OBSERVE net age 30 ->", "NRSHAPE expected 1 output, 0 were given"),
        ("NR.OBSERVE net age 30 -> yes no", "NROPTION 'no' is no option here: expected WEIGHT, TRAIN or TEST"),
        ("NR.OBSERVE net age 30 -> yes WEIGHT 0", "WEIGHT is '0'"),
        ("NR.OBSERVE net age 30 -> yes WEIGHTS 1234", "WEIGHTS"),
        ('NR.OBSERVE net JSON [{"age":1},{"age":"x"}] -> yes no', "NRDATA row 1: field age is 'x'"),
        ('NR.OBSERVE net JSON [{"age":1},{"agee":1}] -> yes no', "NRDATA row 1: no field 'agee'"),
        ('NR.OBSERVE net JSON [{"plan":"new"},{"age":1,"age":2}] -> new no', "row 1: field 'age' is given twice"),
        ("NR.FIELDS sum", "NRSHAPE the network has no fields: expected numbers by their positions"),
        ("NR.RUN sum age 1", "NRDATA input 0 is 'age': expected a finite number"),
        ("NR.CONFIGURE net CLASS-WEIGHT 1,2", "class-weight"),
    ],
)
def test_what_is_not_understood_is_named_and_changes_nothing(client: redis.Redis, words: str, complaint: str) -> None:
    client.execute_command(*BUY)
    ask(client, "NR.CREATE sum REGRESSOR 2 -> 1")
    ask(client, "NR.OBSERVE net age 30 plan free -> yes")
    ask(client, "NR.OBSERVE net age 30 plan free -> no")
    assert complaint in refused(client, words)


def test_errors_are_short_whatever_is_sent(client: redis.Redis) -> None:
    fields = [word for number in range(2000) for word in (f"field number {number}", "NUMBER")]
    classes = [f"class number {number}" for number in range(2000)]
    schema = [*fields, "->", "what", "CLASSES", 2000, *classes, "HIDDEN", 0]
    client.execute_command("NR.CREATE", "wide", "CLASSIFIER", "SCHEMA", *schema)
    client.execute_command(*BUY)
    long = "x" * 1_000_000
    client.hset("hash", mapping={"field number 1": 1})
    for words in (
        ["NR.RUN", "wide", "x", 1],
        ["NR.OBSERVE", "wide", "->", "x"],
        ["NR.RANK", "wide", 1, "hash", "->", "FOR", "x"],
        ["NR.RANK", "wide", 1, "hash"],
        ["NR.RUN", "net", long, 1],
        ["NR.RUN", "net", "age", long],
        ["NR.RUN", "net", "plan", long],
        ["NR.RUN", "net", "JSON", long],
        ["NR.RUN", "net", "JSON", json.dumps(long)],
        ["NR.RUN", "net", "JSON", json.dumps([long])],
        ["NR.RUN", "net", "JSON", json.dumps({long: 1})],
        ["NR.RUN", "net", "JSON", json.dumps({"plan": long})],
        ["NR.RUN", "net", "JSON", json.dumps({"plan": [1, long]})],
        ["NR.RUN", "net", "age", 1, "->", long],
        ["NR.OBSERVE", "net", "age", 1, "->", long],
        ["NR.OBSERVE", "net", "age", 1, "->", "yes", long],
        ["NR.HRUN", "net", 1, long],
        ["NR.HRUN", "net", long, "hash"],
        ["NR.CREATE", "new", "CLASSIFIER", "SCHEMA", long, "NUMBER", "->", "x"],
        ["NR.CREATE", "new", "CLASSIFIER", "SCHEMA", "a", long, "->", "x"],
        ["NR.CREATE", "new", "CLASSIFIER", "SCHEMA", "a", "NUMBER", "->", long],
        ["NR.CREATE", "new", "CLASSIFIER", "SCHEMA", "a", "NUMBER", "->", "x", "CLASSES", 2, "a", long],
    ):
        with pytest.raises(redis.ResponseError) as refusal:
            client.execute_command(*words)
        assert len(str(refusal.value)) < 700, [str(word)[:20] for word in words]


# Words and classes.


def test_classes_come_with_the_rows_and_are_answered_after_the_next_training(client: redis.Redis) -> None:
    client.execute_command(*BUY)
    for command in ("NR.RUN", "NR.CLASS"):
        assert "NRSTATE the network has met no class yet" in refused(client, f"{command} net age 30")
    for number in range(40):
        ask(client, f"NR.OBSERVE net age {number} -> {'young' if number < 20 else 'grown'}")
    assert inredis.info(client, "net")["classes"] == ["young", "grown"]
    assert list(pairs(ask(client, "NR.RUN net age 5"))) == ["young", "grown"], "also before a training"
    ask(client, "NR.TRAIN net MAXCYCLES 40 BLOCK 0")
    before = ask(client, "NR.RUN net age 90")
    for number in range(60, 90):
        ask(client, f"NR.OBSERVE net age {number} -> old")
    assert inredis.info(client, "net")["classes"] == ["young", "grown", "old"]
    assert ask(client, "NR.RUN net age 90") == before, "until it has learnt of them"
    found = pairs(ask(client, "NR.EVALUATE net TRAIN"))
    assert found["classes"] == ["young", "grown", "old"]
    assert [row[2] for row in found["confusion"]] == [0, 0, 0]
    assert sum(found["confusion"][2]) > 0
    ask(client, "NR.TRAIN net MAXCYCLES 60 BLOCK 0")
    assert ask(client, "NR.CLASS net age 88") == "old"
    assert list(pairs(ask(client, "NR.RUN net age 5"))) == ["young", "grown", "old"]
    assert inredis.info(client, "net")["layout"] == [4, 8, 3]


def test_classes_are_at_most_as_many_as_said_or_none_but_those_given(client: redis.Redis) -> None:
    create = "NR.CREATE {} CLASSIFIER SCHEMA age NUMBER -> taken CLASSES {}"
    ask(client, create.format("most", "3"))
    ask(client, create.format("given", "2 no yes"))
    for taken in ("b", "a", "c"):
        ask(client, f"NR.OBSERVE most age 1 -> {taken}")
    assert "NRDATA no class 'd', and no room for another: the network has b, a, c" in refused(
        client, "NR.OBSERVE most age 1 -> d"
    )
    assert list(pairs(ask(client, "NR.RUN given age 3"))) == ["no", "yes"], "before any row"
    assert "no class 'maybe'" in refused(client, "NR.OBSERVE given age 1 -> maybe")
    assert inredis.info(client, "given")["classes"] == ["no", "yes"]
    assert ask(client, "NR.CONFIGURE given CLASS-WEIGHT 1,20") == "OK"
    assert "no class ''" in refused(client, "NR.OBSERVE most age 1 ->", "")
    ask(client, "NR.CREATE open CLASSIFIER SCHEMA age NUMBER -> taken")
    for name in ("", "x" * 65):
        told = refused(client, "NR.OBSERVE open age 1 ->", name)
        assert told.startswith("NRDATA field taken is '")
        assert "expected the name of a class, of 1 to 64 bytes" in told


def test_a_new_word_is_any_other_until_the_next_training(client: redis.Redis) -> None:
    learnt(client)
    other = ask(client, "NR.RUN net age 25 plan unheard-of")
    for number in range(40):
        ask(client, f"NR.OBSERVE net age {20 + number % 20} plan gold -> yes")
    assert ask(client, "NR.RUN net age 25 plan gold") == other
    assert ask(client, "NR.CLASS net age 25 plan free") == "no"
    ask(client, "NR.TRAIN net MAXCYCLES 60 BLOCK 0")
    assert ask(client, "NR.CLASS net age 25 plan gold") == "yes"
    assert ask(client, "NR.RUN net age 25 plan gold") != ask(client, "NR.RUN net age 25 plan unheard-of")


def test_a_dictionary_has_room_for_so_many_words_and_the_rest_are_other(client: redis.Redis) -> None:
    ask(client, "NR.CREATE net REGRESSOR SCHEMA plan CATEGORY 2 tags TAGS 2 any AUTO 1 -> sum HIDDEN 3")
    for word in "abcd":
        ask(client, f"NR.OBSERVE net plan {word} tags {word},z any {word} -> 1 TRAIN")
    rows = [pairs(ask(client, f"NR.GETDATA net TRAIN {row}")[0]) for row in range(4)]
    assert [row["plan"] for row in rows] == ["a", "b", None, None]
    assert [row["tags"] for row in rows] == [["a", "z"], [None, "z"], [None, "z"], [None, "z"]]
    assert [row["any"] for row in rows] == ["a", None, None, None]
    fields = [pairs(field) for field in ask(client, "NR.FIELDS net")]
    assert [(field["words"], field["other"], field["number"]) for field in fields] == [(2, 2, 2), (2, 3, 2), (1, 3, 1)]
    assert inredis.info(client, "net")["words"] == 5
    assert fields[0]["commonest"] == ["a", 1, "b", 1]


def test_words_and_classes_that_come_during_a_training_wait_for_the_next(client: redis.Redis) -> None:
    learnt(client)
    ask(client, "NR.TRAIN net MAXTIME 0")
    inredis.running(client)
    for number in range(200):
        ask(client, f"NR.OBSERVE net age {20 + number % 40} plan gold{number % 5} -> maybe")
    assert list(pairs(ask(client, "NR.RUN net age 30"))) == ["no", "yes"]
    ask(client, "NR.STOP net")
    servers.wait_until(lambda: not ask(client, "NR.THREADS"))
    assert list(pairs(ask(client, "NR.RUN net age 30"))) == ["no", "yes"], "the training knew of no other"
    info = inredis.info(client, "net")
    assert (info["classes"], info["words"], info["layout"][-1]) == (["no", "yes", "maybe"], 7, 2)
    ask(client, "NR.TRAIN net MAXCYCLES 50 BLOCK 0")
    assert ask(client, "NR.CLASS net age 25 plan gold3") == "maybe"


@pytest.mark.parametrize("way", ["plain", "array"])
def test_rows_of_which_one_is_refused_leave_no_word_and_no_class(client: redis.Redis, way: str) -> None:
    client.execute_command(*BUY)
    rows = [{"plan": "new"}, {"plan": "newer", "age": "x"}] if way == "array" else {"plan": "new", "age": "x"}
    outcomes = ["new", "newer"] if way == "array" else ["new"]
    assert "field age is 'x'" in refused(client, "NR.OBSERVE net JSON", json.dumps(rows), "->", *outcomes)
    rows = [{"plan": "new"}] * 101
    outcomes = [f"class {number}" for number in range(101)]
    assert "no class 'class 100'" in refused(client, "NR.OBSERVE net JSON", json.dumps(rows), "->", *outcomes)
    info = inredis.info(client, "net")
    assert (info["classes"], info["words"], info["training-dataset-len"]) == ([], 0, 0)


# What is wanted.


def test_the_best_classes_are_named_as_many_as_wanted_and_with_their_probabilities(client: redis.Redis) -> None:
    ask(client, "NR.CREATE net CLASSIFIER SCHEMA age NUMBER -> group HIDDEN 6 SEED 2")
    for number in range(90):
        ask(client, f"NR.OBSERVE net age {number} -> {['child', 'grown', 'old'][number // 30]}")
    ask(client, "NR.TRAIN net MAXCYCLES 60 BLOCK 0")
    scores = probabilities(ask(client, "NR.RUN net age 31"))
    order = sorted(scores, key=lambda name: -scores[name])
    assert order[0] == "grown"
    assert ask(client, "NR.CLASS net age 31 -> TOP 2") == order[:2]
    assert ask(client, "NR.CLASS net age 31 -> top 9") == order
    found = ask(client, "NR.CLASS net age 31 -> WITHSCORES TOP 2")
    assert probabilities(found) == {name: scores[name] for name in order[:2]}
    assert list(pairs(found)) == order[:2]
    best, score = ask(client, "NR.CLASS net age 31 -> WITHSCORES")
    assert (best, float(score)) == (order[0], scores[order[0]])
    assert list(pairs(ask(client, "NR.RUN net age 31 -> TOP 2"))) == order[:2], "ordered"
    least = scores[order[0]]
    assert ask(client, f"NR.CLASS net age 31 -> MIN {least}") == order[0]
    assert ask(client, f"NR.CLASS net age 31 -> MIN {least} TOP 3") == order[:1]
    assert ask(client, "NR.CLASS net age 31 -> MIN 1") is None
    assert ask(client, "NR.CLASS net age 31 -> MIN 1 WITHSCORES") is None
    assert ask(client, "NR.CLASS net age 31 -> MIN 1 TOP 2 WITHSCORES") == []
    assert ask(client, "NR.RUN net age 31 -> MIN 1") == []
    assert ask(client, "NR.CLASS net JSON", '[{"age":5},{"age":88}]', "->", "TOP", 1) == [["child"], ["old"]]


@pytest.mark.parametrize("command", ["NR.RUN", "NR.CLASS", "NR.HRUN", "NR.HCLASS", "NR.RANK"])
def test_what_cannot_be_had_yet_is_refused_by_its_name(client: redis.Redis, command: str) -> None:
    learnt(client, 30, 3)
    client.hset("hash", "age", 30)
    known = ["age", 30] if command in ("NR.RUN", "NR.CLASS") else [1, "hash"]
    for word in ("INTERVAL 90", "set 90", "SAMPLE", "LAYER 1"):
        message = refused(client, f"{command} net", *known, "->", *word.split())
        assert message == f"NROPTION {word.split()[0].upper()} is not available in this version"
    for word, complaint in (
        ("TOP", "TOP has no value"),
        ("TOP 0", "TOP is '0': expected an integer of at least 1"),
        ("TOP x", "TOP is 'x'"),
        ("TOP 1 TOP 1", "TOP is given twice"),
        ("WITHSCORES WITHSCORES", "WITHSCORES is given twice"),
        ("BEST", "'BEST' is no option here: expected "),
    ):
        assert f"NROPTION {complaint}" in refused(client, f"{command} net", *known, "->", *word.split())
    if command != "NR.RANK":
        for word, complaint in (("MIN 2", "MIN is '2'"), ("MIN nan", "MIN is 'nan'"), ("MIN", "MIN has no value")):
            assert f"NROPTION {complaint}" in refused(client, f"{command} net", *known, "->", *word.split())


def test_answers_are_maps_and_pairs_in_resp3(newer: redis.Redis, client: redis.Redis) -> None:
    learnt(client)
    found = ask(newer, "NR.RUN net age 50")
    assert list(found) == ["no", "yes"]
    assert all(isinstance(value, float) for value in found.values())
    assert {name: np.float32(value) for name, value in found.items()} == {
        name: np.float32(value) for name, value in probabilities(ask(client, "NR.RUN net age 50")).items()
    }
    assert ask(newer, "NR.RUN net JSON", '[{"age":50},{}]')[0] == found
    best = max(found, key=lambda name: found[name])
    assert ask(newer, "NR.CLASS net age 50 -> TOP 2 WITHSCORES") == [
        [name, found[name]] for name in sorted(found, key=lambda name: -found[name])
    ]
    assert ask(newer, "NR.CLASS net age 50 -> WITHSCORES") == [best, found[best]]
    assert ask(newer, "NR.CLASS net age 50 -> MIN 1") is None
    assert ask(newer, "NR.CLASS net age 50") == best
    fields, outcomes = ask(newer, "NR.GETDATA net TRAIN 0")
    assert (fields, outcomes) == (["age", 20.0, "plan", "free"], ["no"])
    info = ask(newer, "NR.INFO net")
    assert info["fields"] == ["age", "NUMBER", "plan", "CATEGORY 100"]
    assert (info["targets"], info["classes"]) == (["bought"], ["no", "yes"])
    age, plan = ask(newer, "NR.FIELDS net")
    assert (age["name"], age["kind"], age["min"], age["max"]) == ("age", "NUMBER", 20.0, 59.0)
    assert (plan["name"], plan["number"], plan["words"]) == ("plan", 100, 2)
    assert isinstance(age["importance"], float)
    evaluation = ask(newer, "NR.EVALUATE net")
    assert evaluation["classes"] == ["no", "yes"]


# Names and values of any bytes.


def test_names_may_be_words_of_commands(client: redis.Redis) -> None:
    names = ["TEST", "WEIGHT", "HIDDEN", "NUMBER", "CATEGORY", "SCHEMA", "7", "WITHSCORES", "TOP", "NR.RUN"]
    schema = [word for name in names for word in (name, "CATEGORY", 9)]
    classes = ["a", "TRAIN", "HIDDEN", "9", "->"]
    create = ["NR.CREATE", "net", "CLASSIFIER", "SCHEMA", *schema, "->", "CLASSES", "CLASSES", 5, *classes, "SEED", 1]
    client.execute_command(*create)
    row = [word for name in names for word in (name, name.lower())]
    for name in classes:
        client.execute_command("NR.OBSERVE", "net", *row, "->", name, "TRAIN")
    client.execute_command("NR.OBSERVE", "net", *row, "->", "TRAIN", "WEIGHT", 2, "TEST")
    client.execute_command("NR.OBSERVE", "net", "7", "->", "->", "TRAIN", "TRAIN")
    assert "no class 'TEST'" in refused(client, "NR.OBSERVE net 7 a -> TEST")
    for reload in ("DEBUG RELOAD", "NR.INFO net"):
        ask(client, reload)
        fields, outcome = ask(client, "NR.GETDATA net TRAIN 0")
        assert (fields, outcome) == (row, ["a"])
        assert ask(client, "NR.GETDATA net TRAIN 5")[1] == ["TRAIN"]
    info = inredis.info(client, "net")
    assert (info["classes"], info["targets"]) == (classes, ["CLASSES"])
    # Without its number, CATEGORY takes a name in digits for it.
    assert "kind '9'" in refused(client, "NR.CREATE new REGRESSOR SCHEMA plan CATEGORY 7 CATEGORY 9 NUMBER -> sum")
    # A number of classes with an option after it is how many there are at most.
    ask(client, "NR.CREATE most CLASSIFIER SCHEMA age NUMBER -> taken CLASSES 2 TEST 50")
    info = inredis.info(client, "most")
    assert (info["classes"], info["test-dataset-maxlen"]) == ([], 50)


def test_an_arrow_is_a_value_where_a_value_stands(client: redis.Redis) -> None:
    ask(client, "NR.CREATE net CLASSIFIER SCHEMA sign CATEGORY note TEXT -> kind CLASSES 2 -> <-")
    ask(client, "NR.OBSERVE net sign -> note -> -> ->")
    ask(client, "NR.OBSERVE net sign <- -> <- TRAIN")
    assert pairs(ask(client, "NR.GETDATA net TRAIN 0")[0])["sign"] == "->"
    assert ask(client, "NR.GETDATA net TRAIN 0")[1] == ["->"]
    assert ask(client, "NR.CLASS net sign -> -> TOP 2 WITHSCORES")[::2] in (["->", "<-"], ["<-", "->"])
    assert "field 'sign' has no value" in refused(client, "NR.OBSERVE net note x sign")
    for name in ("->", "json", "Fp32", ""):
        assert "field" in refused(client, "NR.CREATE new REGRESSOR SCHEMA a NUMBER -> 2 b", name)


BINARY = [b"\0", b"a\0b", b"\xff\xfe", b"\r\n+OK", b"%n%s", b" ", b"x" * 64, "šŽ\u0301".encode(), b"\x1b[2J", b"'\""]


def test_names_values_and_classes_may_be_any_bytes(
    raw: redis.Redis, client: redis.Redis, any_server_for_all: servers.Server
) -> None:
    schema = [word for name in BINARY for word in (name, b"CATEGORY", 20)]
    raw.execute_command("NR.CREATE", "net", "CLASSIFIER", "SCHEMA", *schema, "->", b"\0what\xff", "SEED", 3)
    for name in BINARY:
        row = [word for field in BINARY for word in (field, name)]
        raw.execute_command("NR.OBSERVE", "net", *row, "->", name, "TRAIN")
    raw.execute_command("NR.TRAIN", "net", "MAXCYCLES", 3, "BLOCK", 0)
    exported = raw.execute_command("NR.EXPORT", "net")
    raw.execute_command("NR.IMPORT", "imported", exported)
    raw.restore("restored", 0, raw.dump("net"))
    for key in ("net", "imported", "restored"):
        assert list(pairs(raw.execute_command("NR.RUN", key, b"\0", b"\xff\xfe"))) == BINARY
        info = pairs(raw.execute_command("NR.INFO", key))
        assert (info[b"classes"], info[b"targets"]) == (BINARY, [b"\0what\xff"])
        for number, name in enumerate(BINARY):
            fields, [outcome] = raw.execute_command("NR.GETDATA", key, "TRAIN", number)
            assert (pairs(fields), outcome) == (dict.fromkeys(BINARY, name), name)
        assert [pairs(field)[b"name"] for field in raw.execute_command("NR.FIELDS", key)] == BINARY
    assert len(set(digests(client, "net", "imported", "restored"))) == 1
    with Wire(any_server_for_all) as wire:
        for name in BINARY:
            for words in (
                ["NR.RUN", "net", name + b"?", 1],
                ["NR.RUN", "net", "JSON", name],
                ["NR.RUN", "net", name, name * 70],
                ["NR.OBSERVE", "net", name, name, "->", name * 70],
                ["NR.CREATE", "new", "REGRESSOR", "SCHEMA", name, name, "->", "a"],
                ["NR.CREATE", "new", "REGRESSOR", "SCHEMA", name, "NUMBER", "->", name],
                ["NR.HRUN", "net", 1, name],
            ):
                assert str(wire.ask(*words)).isprintable(), words


def test_texts_are_read_in_any_script_and_form(client: redis.Redis) -> None:
    ask(client, "NR.CREATE net CLASSIFIER SCHEMA text TEXT 256 -> language HIDDEN 4 SEED 1")
    texts = {
        "cs": "Příliš žluťoučký kůň úpěl ďábelské ódy", "he": "שלום עולם, מה שלומך היום",
        "ar": "مرحبا بالعالم كيف حالك اليوم", "ja": "今日は世界 お元気ですか", "hi": "नमस्ते दुनिया आप कैसे हैं",
    }  # fmt: skip
    for _ in range(6):
        for language, text in texts.items():
            ask(client, "NR.OBSERVE net text", text, "->", language, "TRAIN")
    ask(client, "NR.TRAIN net MAXCYCLES 40 BLOCK 0")
    for language, text in texts.items():
        for form in (text, text.upper(), f"\u202e{text}\u202c", f"  {text} !!"):
            assert ask(client, "NR.CLASS net text", form) == language, form
    # The same letters with their marks apart.
    composed, apart = "kůň úpěl", "ku\u030an\u030c u\u0301pe\u030cl"
    assert composed != apart
    assert ask(client, "NR.RUN net text", composed) == ask(client, "NR.RUN net text", apart)
    assert ask(client, "NR.RUN net text", "\u202e\u200f \u0301") == ask(client, "NR.RUN net ->"), "no word at all"
    assert "\u202e" not in refused(client, "NR.RUN net", "\u202etext", "x")


def test_a_long_text_is_the_same_row_whether_a_thread_has_read_it_or_not(raw: redis.Redis, client: redis.Redis) -> None:
    for key in ("thread", "here"):
        ask(client, f"NR.CREATE {key} CLASSIFIER SCHEMA text TEXT tags TAGS 50 -> kind HIDDEN 3 SEED 1")
    text = " ".join(f"word{number % 7919}" for number in range(120_000))
    assert len(text) > 1_000_000
    row = ["text", text, "tags", ",".join(f"tag{number}" for number in range(60)), "->", "long", "WEIGHT", 2]
    assert raw.execute_command("NR.OBSERVE", "thread", *row) == [1, 0]
    client.config_set("neuralredis.max-blocking-ms", 1)
    refuse = "return redis.pcall('NR.OBSERVE', 'here', unpack(ARGV))"
    with pytest.raises(redis.ResponseError, match=r"expected at most 1, the limit neuralredis\.max-blocking-ms"):
        client.eval(refuse, 0, *row)
    client.config_set("neuralredis.max-blocking-ms", 10_000)
    assert raw.pipeline(transaction=True).execute_command("NR.OBSERVE", "here", *row).execute() == [[1, 0]]
    client.config_set("neuralredis.max-blocking-ms", 100)
    assert len(set(digests(client, "thread", "here"))) == 1
    answers = [ask(client, f"NR.RUN {key} text", text) for key in ("thread", "here")]
    assert answers[0] == answers[1] == ask(client, "NR.RUN thread JSON", json.dumps({"text": text}))
    assert "no field 'note'" in refused(client, "NR.OBSERVE thread text", text, "note", text, "->", "x")


# What is kept, and what is told of it.


def test_stored_rows_are_told_as_they_were_understood(client: redis.Redis) -> None:
    client.execute_command("NR.CREATE", "net", "REGRESSOR", *inredis.SCHEMA, "->", 2, "sum", "count", "DATASET", 5)
    row = {"age": 31, "plan": "free", "spent": "much", "phone": "on", "at": "2023-11-14T22:13:20Z", "tags": "b, a,b"}
    client.execute_command("NR.OBSERVE", "net", *inredis.words(row), "place", inredis.blob((0.5, 2)), "->", 0.1, 7)
    client.execute_command("NR.OBSERVE", "net", "spent", "1e2", "note", "a word", "phone", "no", "->", 1, 2)
    client.execute_command("NR.OBSERVE", "net", "->", 3, 4)
    fields, targets = ask(client, "NR.GETDATA net TRAIN 0")
    assert pairs(fields) == {
        "age": "31", "plan": "free", "spent": "much", "phone": 1, "at": "1700000000", "note": None,
        "tags": ["a", "b"], "place": ["0.5", "2"],
    }  # fmt: skip
    assert targets == ["0.1", "7"]
    second = pairs(ask(client, "NR.GETDATA net TRAIN 1")[0])
    assert (second["spent"], second["phone"], second["age"], second["place"]) == ("100", 0, None, None)
    # Of a text its hashed words and pairs of words are kept: buckets and values in turn, of length 1 together.
    buckets = {int(bucket): float(value) for bucket, value in pairs(second["note"]).items()}
    assert all(0 <= bucket < 32 for bucket in buckets)
    assert sum(value * value for value in buckets.values()) == pytest.approx(1, abs=1e-5)
    assert set(pairs(ask(client, "NR.GETDATA net TRAIN 2")[0]).values()) == {None}
    assert ask(client, "NR.GETDATA net TRAIN 3") is None
    assert "expected TRAIN or TEST" in refused(client, "NR.GETDATA net BOTH 0")


def test_fields_are_told_with_what_the_rows_hold_and_how_much_each_matters(client: redis.Redis) -> None:
    ask(
        client,
        "NR.CREATE net CLASSIFIER SCHEMA age NUMBER plan CATEGORY 2 at TIME phone FLAG note TEXT 64 -> bought",
        *SMALL,
    )
    for field in ask(client, "NR.FIELDS net"):
        told = pairs(field)
        assert (told["values"], told["gaps"], told["importance"]) == (0, 0, None)
    chance = np.random.default_rng(1)
    for number in range(300):
        age = int(chance.integers(20, 60))
        row = {"age": age, "plan": f"plan{number % 5}", "phone": bool(chance.random() < 0.5), "at": 1000 * number}
        if number % 4 == 0:
            row.pop("at")
        words = [*inredis.words(row), "note", f"note {number % 10}"]
        client.execute_command("NR.OBSERVE", "net", *words, "->", "yes" if age > 40 else "no")
    assert pairs(ask(client, "NR.FIELDS net")[0])["importance"] is None, "before a training"
    ask(client, "NR.TRAIN net AUTOSTOP BACKTRACK MAXTIME 0 MAXCYCLES 200 BLOCK 0")
    found = {pairs(field)["name"]: pairs(field) for field in ask(client, "NR.FIELDS net")}
    importance = {name: float(told["importance"]) for name, told in found.items()}
    assert max(importance, key=lambda name: importance[name]) == "age"
    assert importance["age"] > 0.2
    assert (float(found["age"]["min"]), float(found["age"]["max"])) == (20, 59)
    assert (found["at"]["kind"], found["at"]["gaps"], found["at"]["values"]) == ("TIME", 75, 225)
    assert float(found["at"]["max"]) == 299_000
    assert (found["plan"]["words"], found["plan"]["other"]) == (2, 180)
    assert found["plan"]["commonest"] == ["plan0", 60, "plan1", 60]
    assert sum(found["phone"]["commonest"][1::2]) == 300
    assert set(found["phone"]["commonest"][::2]) == {"yes", "no"}
    assert "commonest" not in found["note"]
    assert ask(client, "NR.FIELDS net") == ask(client, "NR.FIELDS net"), "nothing in it is chance"
    assert found["note"]["number"] == 64


def test_without_testing_rows_nobody_knows_what_matters(client: redis.Redis) -> None:
    client.execute_command(*BUY, "CLASS-WEIGHT", "balanced")
    ask(client, "NR.CONFIGURE net TEST 0")
    for number in range(20):
        ask(client, f"NR.OBSERVE net age {number} -> {number > 9}")
    ask(client, "NR.TRAIN net MAXCYCLES 5 BLOCK 0")
    assert [pairs(field)["importance"] for field in ask(client, "NR.FIELDS net")] == [None, None]
    assert refused(client, "NR.TRAIN net AUTOSTOP").startswith("NRSTATE automatic stop needs testing rows")


@pytest.mark.parametrize("targets", ["price", "1 price", "3 price cost 7"])
def test_a_regressor_answers_numbers_in_the_order_of_its_targets(client: redis.Redis, targets: str) -> None:
    names = targets.split()[1:] or [targets]
    ask(client, f"NR.CREATE net REGRESSOR SCHEMA size NUMBER kind CATEGORY -> {targets} HIDDEN 6 SEED 1")
    for number in range(60):
        outcomes = [number * (at + 1) + 100 * (number % 2) for at in range(len(names))]
        ask(client, f"NR.OBSERVE net size {number} kind {'ab'[number % 2]} ->", *outcomes)
    ask(client, "NR.TRAIN net MAXCYCLES 100 BLOCK 0")
    found = [float(value) for value in ask(client, "NR.RUN net size 30 kind b")]
    assert found == pytest.approx([30 * (at + 1) + 100 for at in range(len(names))], abs=10)
    assert [float(value) for value in ask(client, "NR.RUN net JSON", '[{"size":30,"kind":"b"}]')[0]] == found
    info = inredis.info(client, "net")
    assert (info["targets"], "classes" in info) == (names, False)
    assert "r2" in pairs(ask(client, "NR.EVALUATE net TRAIN"))
    assert "NRKIND the network is a regressor" in refused(client, "NR.CLASS net size 3")
    for wanted in ("TOP 1", "WITHSCORES", "MIN 0.5"):
        assert "TOP, WITHSCORES and MIN are for classes" in refused(client, f"NR.RUN net size 3 -> {wanted}")
    message = refused(client, "NR.OBSERVE net size 3 ->", *[1] * (len(names) - 1))
    assert message == f"NRSHAPE expected {len(names)} output{'s'[: len(names) > 1]}, {len(names) - 1} " + (
        "was given" if len(names) == 2 else "were given"
    )
    assert f"{names[-1]} is 'x': expected a finite number" in refused(
        client, "NR.OBSERVE net size 3 ->", *[1] * (len(names) - 1), "x"
    )


@pytest.mark.parametrize("sign", "+-")
def test_answers_that_only_rise_or_fall_are_refused_by_name(client: redis.Redis, sign: str) -> None:
    for kind in ("NUMBER", "CATEGORY 5", "CATEGORY", "AUTO"):
        message = refused(client, f"NR.CREATE net REGRESSOR SCHEMA size {kind} {sign} b NUMBER -> price")
        assert message.startswith(f"NROPTION '{sign}' after the kind of field 'size'")
        assert message.endswith("not available in this version")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("CLASSIFIER SCHEMA -> taken", "0 fields: expected 1 to 4096"),
        ("CLASSIFIER SCHEMA age", "wrong number of arguments"),
        ("CLASSIFIER SCHEMA a NUMBER age", "field 'age' has no kind after it"),
        ("CLASSIFIER SCHEMA age NUMBER", "'->' is missing"),
        ("CLASSIFIER SCHEMA age NUMBER ->", "the target is missing"),
        ("CLASSIFIER SCHEMA age -> taken NUMBER", "kind '->': expected AUTO, NUMBER, CATEGORY"),
        ("CLASSIFIER SCHEMA age FLOAT -> taken", "kind 'FLOAT': expected AUTO, NUMBER"),
        ("CLASSIFIER SCHEMA age NUMBER age FLAG -> taken", "field 'age' stands twice"),
        ("CLASSIFIER SCHEMA age NUMBER -> age", "field 'age' stands twice"),
        ("CLASSIFIER SCHEMA age NUMBER 5 -> taken", "kind '->'"),
        ("CLASSIFIER SCHEMA a VECTOR -> taken", "VECTOR alone: expected the number of its values after it"),
        ("CLASSIFIER SCHEMA a VECTOR 0 -> taken", "VECTOR 0: expected an integer from 1 to"),
        ("CLASSIFIER SCHEMA a CATEGORY 0 -> taken", "CATEGORY 0: expected an integer from 1 to"),
        ("CLASSIFIER SCHEMA a TEXT 99999999 -> taken", "TEXT 99999999: expected an integer from 1 to"),
        ("CLASSIFIER SCHEMA a TAGS 1048576 b TAGS 1048576 -> t", "expected at most 1048576"),
        ("CLASSIFIER SCHEMA a CATEGORY 1000000 -> t", "parameters: expected at most 16777216"),
        ("CLASSIFIER SCHEMA a NUMBER -> t CLASSES 1000000", "parameters: expected at most 16777216"),
        ("CLASSIFIER SCHEMA JSON NUMBER -> t", "field 'JSON': expected another name"),
        ("CLASSIFIER SCHEMA a NUMBER -> fp32", "field 'fp32': expected another name"),
        ("CLASSIFIER SCHEMA a NUMBER -> t CLASSES", "CLASSES has no value"),
        ("CLASSIFIER SCHEMA a NUMBER -> t CLASSES 1", "CLASSES 1: expected an integer from 2 to"),
        ("CLASSIFIER SCHEMA a NUMBER -> t CLASSES 2 no no", "class 'no' stands twice"),
        ("CLASSIFIER SCHEMA a NUMBER -> t CLASSES 3 no yes", "CLASSES is '3': expected as many names after it"),
        ("CLASSIFIER SCHEMA a NUMBER -> t CLASSES two", "CLASSES is 'two'"),
        ("CLASSIFIER SCHEMA a NUMBER -> t CLASSES 2 HIDDEN 3 CLASSES 2", "CLASSES is given twice"),
        ("CLASSIFIER SCHEMA a NUMBER -> t HIDDEN", "HIDDEN has no value"),
        ("CLASSIFIER SCHEMA a NUMBER -> t HIDDEN x", "HIDDEN is 'x': expected units of one layer after the other"),
        ("CLASSIFIER SCHEMA a NUMBER -> t HIDDEN 3 0", "HIDDEN is '3'"),
        ("CLASSIFIER SCHEMA a NUMBER -> t HIDDEN " + "3 " * 31, "HIDDEN has more than 30 layers"),
        ("CLASSIFIER SCHEMA a NUMBER -> t HIDDEN 3 HIDDEN 3", "HIDDEN is given twice"),
        ("CLASSIFIER SCHEMA a NUMBER -> t CLASS-WEIGHT 1,2", "class-weight"),
        ("CLASSIFIER SCHEMA a NUMBER -> 2 t u", "'t' is no option here"),
        ("CLASSIFIER 3 -> 2 HIDDEN 5", "'HIDDEN' is no option here"),
        ("REGRESSOR SCHEMA a NUMBER -> 0", "the number of targets is '0'"),
        ("REGRESSOR SCHEMA a NUMBER -> 3 x y", "the number of targets is '3': expected as many names after it"),
        ("REGRESSOR SCHEMA a NUMBER -> 2 x x", "field 'x' stands twice"),
        ("REGRESSOR SCHEMA a NUMBER -> x CLASSES 5", "CLASSES are for a classifier"),
        ("REGRESSOR SCHEMA a NUMBER -> x y", "'y' is no option here"),
    ],
)
def test_a_schema_that_cannot_be_is_refused_by_name(client: redis.Redis, words: str, complaint: str) -> None:
    message = refused(client, f"NR.CREATE net {words}")
    assert message.startswith(("NROPTION", "wrong number of arguments"))
    assert complaint in message
    assert not client.exists("net")


def test_a_schema_is_created_from_its_own_words_on_a_replica_and_from_an_aof(any_server: servers.Server) -> None:
    client = any_server.client(protocol=2)
    client.config_set("appendfsync", "always")
    client.config_set("appendonly", "yes")
    servers.wait_until(lambda: not client.info("persistence")["aof_rewrite_in_progress"])
    for number, (options, written) in enumerate(
        [
            ("-> taken", "-> taken CLASSES 100 HIDDEN 30 30 30"),
            ("-> taken CLASSES 7 HIDDEN 0", "-> taken CLASSES 7 HIDDEN 0"),
            ("-> taken HIDDEN 4 5 CLASSES 3 no yes TEST", "-> taken CLASSES 3 no yes TEST HIDDEN 4 5"),
        ]
    ):
        ask(
            client, f"NR.CREATE net{number} classifier SCHEMA age number plan category tags Tags 5 v VECTOR 3 {options}"
        )
        created = [command for command in inredis.commands(any_server) if command[0] == "NR.CREATE"][-1]
        assert " ".join(created[3 : created.index("SEED")]) == (
            f"SCHEMA age NUMBER plan CATEGORY 100 tags TAGS 5 v VECTOR 3 {written}"
        )
    before = digests(client, "net0", "net1", "net2")
    client.execute_command("DEBUG", "LOADAOF")
    assert digests(client, "net0", "net1", "net2") == before
    assert len(set(before)) == 3


def test_a_network_is_reset_configured_and_trained_on_like_any_other(client: redis.Redis) -> None:
    inredis.create_of_fields(client, "net", "SEED", 4)
    before = inredis.info(client, "net")
    assert before["auto-normalization"] == 1
    client.copy("net", "copy")
    for key in ("net", "copy"):
        ask(client, f"NR.TRAIN {key} MAXCYCLES 10 BLOCK 0")
        assert ask(client, f"NR.RESET {key}") == "OK"
        ask(client, f"NR.CONFIGURE {key} DATASET 20 TEST 10 L2 0.01")
        ask(client, f"NR.TRAIN {key} MAXCYCLES 10 AUTOSTOP BACKTRACK BLOCK 0")
    first, copy = (client.execute_command("NR.RUN", key, *inredis.FIELDS.question) for key in ("net", "copy"))
    assert first == copy
    info = inredis.info(client, "net")
    assert (info["training-dataset-len"], info["test-dataset-len"], info["words"]) == (20, 10, before["words"])
    assert info["classes"] == before["classes"] == ["no", "yes", "perhaps"]
    assert "normalize" in refused(client, "NR.CONFIGURE net NORMALIZE no").lower()


def test_the_same_seed_and_commands_give_the_same_bits(client: redis.Redis) -> None:
    found = set()
    for _ in range(2):
        client.flushall()
        inredis.create_of_fields(client, "net", "SEED", 11)
        ask(client, "NR.TRAIN net MAXCYCLES 20 BLOCK 0")
        answers = [client.execute_command("NR.RUN", "net", *inredis.words(inredis.known(row))) for row in range(30)]
        found.add(str(answers))
    assert len(found) == 1


def test_combinations_of_kinds_of_one_field_each_learn_something(client: redis.Redis) -> None:
    kinds = {
        "NUMBER": lambda yes: 5 + yes, "CATEGORY": lambda yes: f"w{yes}", "FLAG": lambda yes: yes,
        "AUTO": lambda yes: ["3", "three"][yes], "TIME": lambda yes: 1_700_000_000 + 43_200 * yes,
        "TEXT 16": lambda yes: ["some words", "other things"][yes], "TAGS 4": lambda yes: ["a,b", "b,c"][yes],
        "VECTOR 2": lambda yes: inredis.blob((1, yes)),
    }  # fmt: skip
    for number, (kind, value) in enumerate(kinds.items()):
        key = f"net{number}"
        ask(client, f"NR.CREATE {key} CLASSIFIER SCHEMA it {kind} -> yes HIDDEN 4 SEED 1")
        for row, yes in itertools.product(range(20), (0, 1)):
            ask(client, f"NR.OBSERVE {key} it", "" if row == 0 else value(yes), "->", yes)
        ask(client, f"NR.TRAIN {key} MAXCYCLES 60 BLOCK 0")
        assert [ask(client, f"NR.CLASS {key} it", value(yes)) for yes in (0, 1)] == ["0", "1"], kind
