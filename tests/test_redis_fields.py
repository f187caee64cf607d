"""Networks with fields: rows by name and as JSON, gaps, and rejected rows."""

from __future__ import annotations

import json

import inredis
import pytest
import redis
from inredis import pairs
from inredisfields import BUY, ask, digests, error_of, learnt, probabilities


def test_rows_by_name_train_and_predict_in_any_field_order(client: redis.Redis) -> None:
    assert client.execute_command(*BUY) == ask(client, "NR.INFO net")[33]
    client.delete("net")
    learnt(client)
    for words, expected in (("age 25 plan free", "no"), ("plan free age 58", "yes"), ("plan paid age 21", "yes")):
        assert ask(client, f"NR.CLASS net {words}") == expected
        found = probabilities(ask(client, f"NR.RUN net {words}"))
        assert max(found, key=lambda name: found[name]) == expected
        assert sum(found.values()) == pytest.approx(1, abs=1e-5)
    # Classes in order of occurrence: the first row is a young customer without a paid plan.
    assert list(found) == ["no", "yes"]


def test_json_rows_equal_rows_by_name(client: redis.Redis) -> None:
    keys = ("names", "objects", "array", "nested")
    for key in keys:
        inredis.create_of_fields(client, key, "SEED", 9)
    rows = [(inredis.known(number), inredis.outcome(number)) for number in range(200, 260)]
    for row, outcome in rows:
        counts = client.execute_command("NR.OBSERVE", "names", *inredis.words(row), "->", outcome)
        # A JSON number is a number, also for categories; a list is tags or a vector.
        text = json.dumps(dict(reversed(row.items())), ensure_ascii=False)
        assert client.execute_command("NR.OBSERVE", "objects", "JSON", text, "->", outcome) == counts
        text = json.dumps([row])
        client.execute_command("NR.OBSERVE", "nested", "JSON", text, "->", outcome)
    text = json.dumps([row for row, _ in rows])
    outcomes = [outcome for _, outcome in rows]
    assert client.execute_command("NR.OBSERVE", "array", "json", text, "->", *outcomes) == counts
    assert len(set(digests(client, *keys))) == 1


def test_json_array_takes_weights_and_a_set(client: redis.Redis) -> None:
    for key in ("one", "all"):
        client.execute_command("NR.CREATE", key, *BUY[2:])
    rows, weights = [{"age": 30 + row, "plan": f"p{row}"} for row in range(7)], [0.5, 1, 2, 3, 4, 5, 6]
    for row, weight in zip(rows, weights, strict=True):
        ask(client, "NR.OBSERVE one", *inredis.words(row), "->", "yes", "WEIGHT", weight, "TEST")
    arguments = [json.dumps(rows), "->", *["yes"] * 7, "WEIGHTS", inredis.blob(weights), "TEST"]
    assert ask(client, "NR.OBSERVE all JSON", *arguments) == [0, 7]
    assert len(set(digests(client, "one", "all"))) == 1
    short = [*arguments[:-2], inredis.blob(weights[1:]), "TEST"]
    assert "the weights have 24 bytes: expected 28" in error_of(client, "NR.OBSERVE all JSON", *short)
    assert "expected 7 outputs, 6 were given" in error_of(
        client, "NR.OBSERVE all JSON", json.dumps(rows), "->", *"abcdef"
    )
    # The name of a class may be a word of the command.
    words = ["TRAIN", "TEST", "WEIGHT", "WEIGHTS", "->", "JSON", "FP32"]
    assert ask(client, "NR.OBSERVE all JSON", json.dumps(rows), "->", *words, "TRAIN") == [7, 7]
    assert inredis.info(client, "all")["classes"] == ["yes", *words]


def test_json_arrays_of_one_or_no_rows_return_lists(client: redis.Redis) -> None:
    learnt(client, 30, 3)
    one = ask(client, "NR.RUN net age 30")
    assert ask(client, "NR.RUN net JSON", '{"age": 30}') == one
    assert ask(client, "NR.RUN net JSON", '[{"age": 30}]') == [one]
    assert ask(client, "NR.RUN net JSON", " [ ] ") == []
    both = [ask(client, "NR.CLASS net ->"), ask(client, "NR.CLASS net plan free")]
    assert ask(client, "NR.CLASS net JSON", '[{}, {"plan": "free"}]') == both
    assert ask(client, "NR.OBSERVE net JSON [] ->") == [20, 10]
    assert ask(client, "NR.CLASS net JSON [] -> TOP 1") == []


def test_nested_json_objects_become_dotted_names(client: redis.Redis) -> None:
    ask(client, "NR.CREATE net REGRESSOR SCHEMA user.age NUMBER user.home.city CATEGORY cart TAGS at VECTOR 2 -> sum")
    nested = {"user": {"age": 31, "home": {"city": "Rome"}}, "cart": ["b", "a"], "at": [1, 2]}
    ask(client, "NR.OBSERVE net JSON", json.dumps(nested), "->", 5)
    fields, targets = ask(client, "NR.GETDATA net TRAIN 0")
    assert pairs(fields) == {"user.age": "31", "user.home.city": "Rome", "cart": ["a", "b"], "at": ["1", "2"]}
    assert targets == ["5"]
    assert "unknown field 'user.home'" in error_of(client, "NR.RUN net JSON", '{"user": {"home": 5}}')
    assert "given twice" in error_of(client, "NR.RUN net JSON", '{"user.age": 1, "user": {"age": 2}}')
    deep = '{"user":' * 40 + "1" + "}" * 40
    assert "objects within objects" in error_of(client, "NR.RUN net JSON", deep)
    assert "NRDATA JSON" in error_of(client, "NR.RUN net JSON", "[" * 100_000)


def test_all_notations_of_a_gap_are_equivalent(client: redis.Redis) -> None:
    learnt(client)
    expected = ask(client, "NR.RUN net plan free")
    for row in (["age", "", "plan", "free"], ["age", "nan", "plan", "free"], ["plan", "free", "age", " "]):
        assert ask(client, "NR.RUN net", *row) == expected
    for text in ('{"plan": "free"}', '{"age": null, "plan": "free"}', '{"age": "", "plan": "free"}'):
        assert ask(client, "NR.RUN net JSON", text) == expected
    nothing = ask(client, "NR.RUN net ->")
    assert nothing == ask(client, "NR.RUN net JSON {}") == ask(client, "NR.RUN net", "age", "", "plan", "")
    assert nothing != expected
    # A gap as the plan has as little effect as the free plan.
    assert [ask(client, f"NR.CLASS net age {age}") for age in (22, 58)] == ["no", "yes"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("NR.RUN net age old", "NRDATA field age is 'old': expected a finite number (NUMBER)"),
        ("NR.RUN net age inf", "field age is 'inf'"),
        ("NR.RUN net city Rome", "NRDATA unknown field 'city': expected age, plan"),
        ("NR.RUN net Age 30", "unknown field 'Age'"),
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
        ("NR.RUN net JSON {} TOP 2", "NROPTION unknown option 'TOP': expected -> or nothing after the JSON"),
        ("NR.OBSERVE net age 30 yes", "NRSHAPE field 'yes' has no value after it"),
        ("NR.OBSERVE net age 30", "NRSHAPE '->' is missing"),
        ("NR.OBSERVE net age 30 ->", "NRSHAPE expected 1 output, 0 were given"),
        ("NR.OBSERVE net age 30 -> yes no", "NROPTION unknown option 'no': expected WEIGHT, TRAIN or TEST"),
        ("NR.OBSERVE net age 30 -> yes WEIGHT 0", "WEIGHT is '0'"),
        ("NR.OBSERVE net age 30 -> yes WEIGHTS 1234", "WEIGHTS"),
        ('NR.OBSERVE net JSON [{"age":1},{"age":"x"}] -> yes no', "NRDATA row 1: field age is 'x'"),
        ('NR.OBSERVE net JSON [{"age":1},{"agee":1}] -> yes no', "NRDATA row 1: unknown field 'agee'"),
        ('NR.OBSERVE net JSON [{"plan":"new"},{"age":1,"age":2}] -> new no', "row 1: field 'age' is given twice"),
        ("NR.FIELDS sum", "NRSHAPE the network has no fields: expected numbers by their positions"),
        ("NR.RUN sum age 1", "NRDATA input 0 is 'age': expected a finite number"),
        ("NR.CONFIGURE net CLASS-WEIGHT 1,2", "class-weight"),
    ],
)
def test_errors_name_the_invalid_argument_and_change_nothing(client: redis.Redis, words: str, message: str) -> None:
    client.execute_command(*BUY)
    ask(client, "NR.CREATE sum REGRESSOR 2 -> 1")
    ask(client, "NR.OBSERVE net age 30 plan free -> yes")
    ask(client, "NR.OBSERVE net age 30 plan free -> no")
    assert message in error_of(client, words)


def test_errors_are_short_for_very_long_arguments(client: redis.Redis) -> None:
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
        with pytest.raises(redis.ResponseError) as raised:
            client.execute_command(*words)
        assert len(str(raised.value)) < 700, [str(word)[:20] for word in words]
