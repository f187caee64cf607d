"""Schemas: which fields a network may have, and how they combine with options."""

from __future__ import annotations

import itertools

import inredis
import pytest
import redis
from inredisfields import ask, digests, error_of

import servers


@pytest.mark.parametrize("sign", "+-")
def test_sign_after_a_kind_sets_monotone_and_is_rejected_for_unordered_kinds(client: redis.Redis, sign: str) -> None:
    for kind in ("CATEGORY 5", "TIME", "TEXT 100", "TAGS 100", "VECTOR 2"):
        message = error_of(client, f"NR.CREATE net REGRESSOR SCHEMA size {kind} {sign} b NUMBER -> price")
        assert message.startswith(f"NROPTION monotone is {sign.strip('+')}1 for field size of kind {kind}: expected 0")
    for kind in ("NUMBER", "AUTO 7", "FLAG"):
        message = error_of(client, f"NR.CREATE net REGRESSOR SCHEMA size {kind} {sign} -> price MONOTONE 1")
        assert message == "NROPTION MONOTONE is given besides signs after kinds: expected one of them"
        ask(client, f"NR.CREATE net REGRESSOR SCHEMA b NUMBER size {kind} {sign} -> price")
        info = inredis.info(client, "net")
        assert info["fields"] == ["b", "NUMBER", "size", f"{kind} {sign}"]
        assert [float(of) for of in info["monotone"]] == [0, 1 if sign == "+" else -1]
        ask(client, "DEL net")


@pytest.mark.parametrize(
    ("words", "reason"),
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
        ("CLASSIFIER SCHEMA a NUMBER -> 2 t u", "unknown option 't'"),
        ("CLASSIFIER 3 -> 2 HIDDEN 5", "unknown option 'HIDDEN'"),
        ("REGRESSOR SCHEMA a NUMBER -> 0", "the number of targets is '0'"),
        ("REGRESSOR SCHEMA a NUMBER -> 3 x y", "the number of targets is '3': expected as many names after it"),
        ("REGRESSOR SCHEMA a NUMBER -> 2 x x", "field 'x' stands twice"),
        ("REGRESSOR SCHEMA a NUMBER -> x CLASSES 5", "CLASSES are for a classifier"),
        ("REGRESSOR SCHEMA a NUMBER -> x y", "unknown option 'y'"),
    ],
)
def test_invalid_schema_is_rejected_with_the_reason(client: redis.Redis, words: str, reason: str) -> None:
    message = error_of(client, f"NR.CREATE net {words}")
    assert message.startswith(("NROPTION", "wrong number of arguments"))
    assert reason in message
    assert not client.exists("net")


def test_aof_contains_the_complete_schema_and_recreates_it(any_server: servers.Server) -> None:
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


def test_network_with_fields_can_be_reset_configured_and_trained_again(client: redis.Redis) -> None:
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
    assert "normalize" in error_of(client, "NR.CONFIGURE net NORMALIZE no").lower()


def test_same_seed_and_commands_give_the_same_bits(client: redis.Redis) -> None:
    found = set()
    for _ in range(2):
        client.flushall()
        inredis.create_of_fields(client, "net", "SEED", 11)
        ask(client, "NR.TRAIN net MAXCYCLES 20 BLOCK 0")
        answers = [client.execute_command("NR.RUN", "net", *inredis.words(inredis.known(row))) for row in range(30)]
        found.add(str(answers))
    assert len(found) == 1


def test_each_kind_of_field_is_learnt_alone(client: redis.Redis) -> None:
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
