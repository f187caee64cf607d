"""Networks with fields: predictions, stored rows, and statistics of fields."""

from __future__ import annotations

import inredis
import numpy as np
import pytest
import redis
from inredis import pairs
from inredisfields import BUY, SMALL, ask, error_of, learnt, probabilities

# Options of predictions.


def test_class_returns_top_classes_with_scores_above_a_minimum(client: redis.Redis) -> None:
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
    assert list(pairs(ask(client, "NR.RUN net age 31 -> TOP 2"))) == order[:2], "in order"
    least = scores[order[0]]
    assert ask(client, f"NR.CLASS net age 31 -> MIN {least}") == order[0]
    assert ask(client, f"NR.CLASS net age 31 -> MIN {least} TOP 3") == order[:1]
    assert ask(client, "NR.CLASS net age 31 -> MIN 1") is None
    assert ask(client, "NR.CLASS net age 31 -> MIN 1 WITHSCORES") is None
    assert ask(client, "NR.CLASS net age 31 -> MIN 1 TOP 2 WITHSCORES") == []
    assert ask(client, "NR.RUN net age 31 -> MIN 1") == []
    assert ask(client, "NR.CLASS net JSON", '[{"age":5},{"age":88}]', "->", "TOP", 1) == [["child"], ["old"]]


@pytest.mark.parametrize("command", ["NR.RUN", "NR.CLASS", "NR.HRUN", "NR.HCLASS", "NR.RANK"])
def test_invalid_prediction_options_are_rejected_by_name(client: redis.Redis, command: str) -> None:
    learnt(client, 30, 3)
    client.hset("hash", "age", 30)
    known = ["age", 30] if command in ("NR.RUN", "NR.CLASS") else [1, "hash"]
    message = error_of(client, f"{command} net", *known, "->", "LAYER", 1)
    assert message == "NROPTION LAYER is not available in this version"
    for word, expected in (
        ("TOP", "TOP has no value"),
        ("TOP 0", "TOP is '0': expected an integer of at least 1"),
        ("TOP x", "TOP is 'x'"),
        ("TOP 1 TOP 1", "TOP is given twice"),
        ("WITHSCORES WITHSCORES", "WITHSCORES is given twice"),
        ("BEST", "unknown option 'BEST': expected "),
    ):
        assert f"NROPTION {expected}" in error_of(client, f"{command} net", *known, "->", *word.split())
    if command != "NR.RANK":
        for word, expected in (("MIN 2", "MIN is '2'"), ("MIN nan", "MIN is 'nan'"), ("MIN", "MIN has no value")):
            assert f"NROPTION {expected}" in error_of(client, f"{command} net", *known, "->", *word.split())


def test_resp3_replies_are_maps_and_pairs(newer: redis.Redis, client: redis.Redis) -> None:
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
    assert ask(newer, "NR.CLASS net -> MIN 1") is None
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


@pytest.mark.parametrize("targets", ["price", "1 price", "3 price cost 7"])
def test_regressor_returns_numbers_in_target_order(client: redis.Redis, targets: str) -> None:
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
    assert "NRKIND the network is a regressor" in error_of(client, "NR.CLASS net size 3")
    for option in ("TOP 1", "WITHSCORES", "MIN 0.5"):
        assert "TOP, WITHSCORES and MIN are for classes" in error_of(client, f"NR.RUN net size 3 -> {option}")
    message = error_of(client, "NR.OBSERVE net size 3 ->", *[1] * (len(names) - 1))
    assert message == f"NRSHAPE expected {len(names)} output{'s'[: len(names) > 1]}, {len(names) - 1} " + (
        "was given" if len(names) == 2 else "were given"
    )
    assert f"{names[-1]} is 'x': expected a finite number" in error_of(
        client, "NR.OBSERVE net size 3 ->", *[1] * (len(names) - 1), "x"
    )


# Stored rows and their statistics.


def test_stored_rows_are_returned_in_parsed_form(client: redis.Redis) -> None:
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
    # Of a text, hashed words and pairs of words are stored: alternating buckets and values, a vector of length 1.
    buckets = {int(bucket): float(value) for bucket, value in pairs(second["note"]).items()}
    assert all(0 <= bucket < 32 for bucket in buckets)
    assert sum(value * value for value in buckets.values()) == pytest.approx(1, abs=1e-5)
    assert set(pairs(ask(client, "NR.GETDATA net TRAIN 2")[0]).values()) == {None}
    assert ask(client, "NR.GETDATA net TRAIN 3") is None
    assert "expected TRAIN or TEST" in error_of(client, "NR.GETDATA net BOTH 0")


def test_fields_are_listed_with_statistics_and_importance(client: redis.Redis) -> None:
    ask(
        client,
        "NR.CREATE net CLASSIFIER SCHEMA age NUMBER plan CATEGORY 2 at TIME phone FLAG note TEXT 64 -> bought",
        *SMALL,
    )
    for field in ask(client, "NR.FIELDS net"):
        statistics = pairs(field)
        assert (statistics["values"], statistics["gaps"], statistics["importance"]) == (0, 0, None)
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
    importance = {name: float(statistics["importance"]) for name, statistics in found.items()}
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
    assert ask(client, "NR.FIELDS net") == ask(client, "NR.FIELDS net"), "nothing in it is random"
    assert found["note"]["number"] == 64


def test_without_validation_rows_there_is_no_importance(client: redis.Redis) -> None:
    client.execute_command(*BUY, "CLASS-WEIGHT", "balanced")
    ask(client, "NR.CONFIGURE net TEST 0")
    for number in range(20):
        ask(client, f"NR.OBSERVE net age {number} -> {number > 9}")
    ask(client, "NR.TRAIN net MAXCYCLES 5 BLOCK 0")
    assert [pairs(field)["importance"] for field in ask(client, "NR.FIELDS net")] == [None, None]
    assert error_of(client, "NR.TRAIN net AUTOSTOP").startswith("NRSTATE early stopping needs validation rows")
