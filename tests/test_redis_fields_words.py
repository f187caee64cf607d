"""Words and classes that first occur after the creation, and names and values of any bytes."""

from __future__ import annotations

import json

import inredis
import pytest
import redis
from inredis import pairs
from inredisfields import BUY, ask, digests, error_of, learnt
from wire import Wire

import servers

# Words and classes.


def test_new_classes_are_predicted_after_the_next_training(client: redis.Redis) -> None:
    client.execute_command(*BUY)
    for command in ("NR.RUN", "NR.CLASS"):
        assert "NRSTATE the network has seen no class yet" in error_of(client, f"{command} net age 30")
    for number in range(40):
        ask(client, f"NR.OBSERVE net age {number} -> {'young' if number < 20 else 'grown'}")
    assert inredis.info(client, "net")["classes"] == ["young", "grown"]
    assert list(pairs(ask(client, "NR.RUN net age 5"))) == ["young", "grown"], "also before a training"
    ask(client, "NR.TRAIN net MAXCYCLES 40 BLOCK 0")
    before = ask(client, "NR.RUN net age 90")
    for number in range(60, 90):
        ask(client, f"NR.OBSERVE net age {number} -> old")
    assert inredis.info(client, "net")["classes"] == ["young", "grown", "old"]
    assert ask(client, "NR.RUN net age 90") == before, "until the next training"
    found = pairs(ask(client, "NR.EVALUATE net TRAIN"))
    assert found["classes"] == ["young", "grown", "old"]
    assert [row[2] for row in found["confusion"]] == [0, 0, 0]
    assert sum(found["confusion"][2]) > 0
    ask(client, "NR.TRAIN net MAXCYCLES 60 BLOCK 0")
    assert ask(client, "NR.CLASS net age 88") == "old"
    assert list(pairs(ask(client, "NR.RUN net age 5"))) == ["young", "grown", "old"]
    assert inredis.info(client, "net")["layout"] == [5, 8, 3]


def test_classes_option_limits_number_or_names_of_classes(client: redis.Redis) -> None:
    create = "NR.CREATE {} CLASSIFIER SCHEMA age NUMBER -> taken CLASSES {}"
    ask(client, create.format("most", "3"))
    ask(client, create.format("given", "2 no yes"))
    for taken in ("b", "a", "c"):
        ask(client, f"NR.OBSERVE most age 1 -> {taken}")
    assert "NRDATA unknown class 'd': expected b, a, c" in error_of(client, "NR.OBSERVE most age 1 -> d")
    assert list(pairs(ask(client, "NR.RUN given age 3"))) == ["no", "yes"], "before any row"
    assert "unknown class 'maybe'" in error_of(client, "NR.OBSERVE given age 1 -> maybe")
    assert inredis.info(client, "given")["classes"] == ["no", "yes"]
    assert ask(client, "NR.CONFIGURE given CLASS-WEIGHT 1,20") == "OK"
    assert "unknown class ''" in error_of(client, "NR.OBSERVE most age 1 ->", "")
    ask(client, "NR.CREATE open CLASSIFIER SCHEMA age NUMBER -> taken")
    for name in ("", "x" * 65):
        message = error_of(client, "NR.OBSERVE open age 1 ->", name)
        assert message.startswith("NRDATA field taken is '")
        assert "expected the name of a class, of 1 to 64 bytes" in message


def test_new_word_counts_as_unknown_until_the_next_training(client: redis.Redis) -> None:
    learnt(client)
    other = ask(client, "NR.RUN net age 25 plan unheard-of")
    for number in range(40):
        ask(client, f"NR.OBSERVE net age {20 + number % 20} plan gold -> yes")
    assert ask(client, "NR.RUN net age 25 plan gold") == other
    assert ask(client, "NR.CLASS net age 25 plan free") == "no"
    ask(client, "NR.TRAIN net MAXCYCLES 60 BLOCK 0")
    assert ask(client, "NR.CLASS net age 25 plan gold") == "yes"
    assert ask(client, "NR.RUN net age 25 plan gold") != ask(client, "NR.RUN net age 25 plan unheard-of")


def test_words_beyond_the_dictionary_size_count_as_other(client: redis.Redis) -> None:
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


def test_words_and_classes_added_during_a_training_are_used_by_the_next(client: redis.Redis) -> None:
    learnt(client)
    ask(client, "NR.TRAIN net MAXTIME 0")
    inredis.running(client)
    for number in range(200):
        ask(client, f"NR.OBSERVE net age {20 + number % 40} plan gold{number % 5} -> maybe")
    assert list(pairs(ask(client, "NR.RUN net age 30"))) == ["no", "yes"]
    ask(client, "NR.STOP net")
    servers.wait_until(lambda: not ask(client, "NR.THREADS"))
    assert list(pairs(ask(client, "NR.RUN net age 30"))) == ["no", "yes"], "the training had no other class"
    info = inredis.info(client, "net")
    assert (info["classes"], info["words"], info["layout"][-1]) == (["no", "yes", "maybe"], 7, 2)
    ask(client, "NR.TRAIN net MAXCYCLES 50 BLOCK 0")
    assert ask(client, "NR.CLASS net age 25 plan gold3") == "maybe"


@pytest.mark.parametrize("way", ["plain", "array"])
def test_rejected_rows_add_no_words_and_no_classes(client: redis.Redis, way: str) -> None:
    client.execute_command(*BUY)
    rows = [{"plan": "new"}, {"plan": "newer", "age": "x"}] if way == "array" else {"plan": "new", "age": "x"}
    outcomes = ["new", "newer"] if way == "array" else ["new"]
    assert "field age is 'x'" in error_of(client, "NR.OBSERVE net JSON", json.dumps(rows), "->", *outcomes)
    rows = [{"plan": "new"}] * 101
    outcomes = [f"class {number}" for number in range(101)]
    assert "unknown class 'class 100'" in error_of(client, "NR.OBSERVE net JSON", json.dumps(rows), "->", *outcomes)
    info = inredis.info(client, "net")
    assert (info["classes"], info["words"], info["training-dataset-len"]) == ([], 0, 0)


# Names and values of any bytes.


def test_names_may_equal_keywords_of_commands(client: redis.Redis) -> None:
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
    assert "unknown class 'TEST'" in error_of(client, "NR.OBSERVE net 7 a -> TEST")
    for reload in ("DEBUG RELOAD", "NR.INFO net"):
        ask(client, reload)
        fields, outcome = ask(client, "NR.GETDATA net TRAIN 0")
        assert (fields, outcome) == (row, ["a"])
        assert ask(client, "NR.GETDATA net TRAIN 5")[1] == ["TRAIN"]
    info = inredis.info(client, "net")
    assert (info["classes"], info["targets"]) == (classes, ["CLASSES"])
    # Without a number, CATEGORY takes a name in digits as its number.
    assert "kind '9'" in error_of(client, "NR.CREATE new REGRESSOR SCHEMA plan CATEGORY 7 CATEGORY 9 NUMBER -> sum")
    # A number of classes that is followed by an option is their greatest number.
    ask(client, "NR.CREATE most CLASSIFIER SCHEMA age NUMBER -> taken CLASSES 2 TEST 50")
    info = inredis.info(client, "most")
    assert (info["classes"], info["test-dataset-maxlen"]) == ([], 50)


def test_arrow_is_accepted_as_a_value(client: redis.Redis) -> None:
    ask(client, "NR.CREATE net CLASSIFIER SCHEMA sign CATEGORY note TEXT -> kind CLASSES 2 -> <-")
    ask(client, "NR.OBSERVE net sign -> note -> -> ->")
    ask(client, "NR.OBSERVE net sign <- -> <- TRAIN")
    assert pairs(ask(client, "NR.GETDATA net TRAIN 0")[0])["sign"] == "->"
    assert ask(client, "NR.GETDATA net TRAIN 0")[1] == ["->"]
    assert ask(client, "NR.CLASS net sign -> -> TOP 2 WITHSCORES")[::2] in (["->", "<-"], ["<-", "->"])
    assert "field 'sign' has no value" in error_of(client, "NR.OBSERVE net note x sign")
    for name in ("->", "json", "Fp32", ""):
        assert "field" in error_of(client, "NR.CREATE new REGRESSOR SCHEMA a NUMBER -> 2 b", name)


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


def test_texts_are_normalized_in_every_script(client: redis.Redis) -> None:
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
    # The same letters with combining marks.
    composed, apart = "kůň úpěl", "ku\u030an\u030c u\u0301pe\u030cl"
    assert composed != apart
    assert ask(client, "NR.RUN net text", composed) == ask(client, "NR.RUN net text", apart)
    assert ask(client, "NR.RUN net text", "\u202e\u200f \u0301") == ask(client, "NR.RUN net ->"), "no word at all"
    assert "\u202e" not in error_of(client, "NR.RUN net", "\u202etext", "x")


def test_long_text_is_stored_equally_by_a_thread_and_inline(raw: redis.Redis, client: redis.Redis) -> None:
    for key in ("thread", "here"):
        ask(client, f"NR.CREATE {key} CLASSIFIER SCHEMA text TEXT tags TAGS 50 -> kind HIDDEN 3 SEED 1")
    text = " ".join(f"word{number % 7919}" for number in range(120_000))
    assert len(text) > 1_000_000
    row = ["text", text, "tags", ",".join(f"tag{number}" for number in range(60)), "->", "long", "WEIGHT", 2]
    assert raw.execute_command("NR.OBSERVE", "thread", *row) == [1, 0]
    client.config_set("neuralredis.max-blocking-ms", 1)
    script = "return redis.pcall('NR.OBSERVE', 'here', unpack(ARGV))"
    with pytest.raises(redis.ResponseError, match=r"expected at most 1, the limit neuralredis\.max-blocking-ms"):
        client.eval(script, 0, *row)
    client.config_set("neuralredis.max-blocking-ms", 10_000)
    assert raw.pipeline(transaction=True).execute_command("NR.OBSERVE", "here", *row).execute() == [[1, 0]]
    client.config_set("neuralredis.max-blocking-ms", 100)
    assert len(set(digests(client, "thread", "here"))) == 1
    answers = [ask(client, f"NR.RUN {key} text", text) for key in ("thread", "here")]
    assert answers[0] == answers[1] == ask(client, "NR.RUN thread JSON", json.dumps({"text": text}))
    assert "unknown field 'note'" in error_of(client, "NR.OBSERVE thread text", text, "note", text, "->", "x")
