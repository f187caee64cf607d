"""Rows from hashes: roles, plain fields, ranking of candidates, permissions, and replication."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import Any

import inredis
import pytest
import redis
import test_redis_hostile as hostile
from inredisfields import ask, error_of
from wire import RefusedError, Wire, errors

import kinds
import neuralredis
import servers

MODULE = neuralredis.module_path()
CREATE = (
    "NR.CREATE", "net", "CLASSIFIER", "SCHEMA", "user.age", "NUMBER", "user.country", "CATEGORY", "hour", "NUMBER",
    "item.price", "NUMBER", "item.kind", "CATEGORY", "->", "taken", "CLASSES", 2, "no", "yes", "HIDDEN", 8, "SEED", 1,
)  # fmt: skip
#: The commands that read hashes, with their arguments after the hashes.
COMMANDS = {
    "NR.HOBSERVE": ["->", "yes"],
    "NR.HRUN": [],
    "NR.HCLASS": [],
    "NR.RANK": [],
}  # fmt: skip


def pairs(reply: Sequence[Any]) -> dict[Any, Any]:
    """Return a dict from alternating names and values."""
    return dict(zip(reply[::2], reply[1::2], strict=True))


def fill(client: redis.Redis) -> None:
    """Create hashes of users and items, and a network that has learnt that old users take expensive items."""
    client.execute_command(*CREATE)
    for number in range(12):
        client.hset(
            f"user:{number}", mapping={"age": 20 + 3 * number, "country": ["IT", "FR"][number % 2], "name": "x"}
        )
        client.hset(f"item:{number}", mapping={"price": 5 * number, "kind": ["book", "bag"][number % 2]})
    for user in range(12):
        for item in range(12):
            taken = "yes" if (item > 5) == (user > 5) else "no"
            observe = ("NR.HOBSERVE", "net", 2, f"user:{user}", f"item:{item}", "hour", user % 5)
            client.execute_command(*observe, "->", taken)
    client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 80, "BLOCK", 0)


@pytest.fixture
def client(any_server_for_all: servers.Server) -> redis.Redis:
    """Return a client of a server with users and items."""
    client = any_server_for_all.client(protocol=2)
    client.flushall()
    fill(client)
    return client


def row(client: redis.Redis, number: int = 0) -> dict[str, Any]:
    """Return a training row of the network "net"."""
    return pairs(ask(client, f"NR.GETDATA net TRAIN {number}")[0])


# Sources of values.


def test_role_fields_are_read_from_hashes_in_role_order(client: redis.Redis) -> None:
    assert row(client) == {"user.age": "20", "user.country": "IT", "hour": "0", "item.price": "0", "item.kind": "book"}
    ask(client, "NR.RESET net")
    client.hset("user:2", "price", 99)
    expected = ask(client, "NR.RUN net user.age 26 user.country IT item.price 35 item.kind bag")
    assert ask(client, "NR.HRUN net 2 user:2 item:7") == expected
    assert ask(client, "NR.HRUN net 2 item:7 user:2") == ask(client, "NR.RUN net item.price 99"), "by roles"
    best = max(pairs(expected), key=lambda name: float(pairs(expected)[name]))
    assert ask(client, "NR.HCLASS net 2 user:2 item:7") == best
    assert ask(client, "NR.HCLASS net 2 user:2 item:7 -> TOP 2 WITHSCORES")[0] == best


def test_field_without_role_is_given_or_read_from_any_hash(client: redis.Redis) -> None:
    def run(words: str) -> Any:
        return ask(client, f"NR.RUN net user.age 26 user.country IT item.price 35 item.kind bag {words}")

    assert ask(client, "NR.HRUN net 2 user:2 item:7 hour 3") == run("hour 3")
    client.hset("item:7", "hour", 4)
    client.hset("now", "hour", 5)
    assert ask(client, "NR.HRUN net 2 user:2 item:7") == run("hour 4")
    assert ask(client, "NR.HRUN net 3 user:2 item:7 now") == run("hour 4"), "the first hash that has it"
    assert ask(client, "NR.HRUN net 2 user:2 item:7 hour 3") == run("hour 3"), "given values override hashes"
    client.hdel("item:7", "hour")
    assert ask(client, "NR.HRUN net 3 user:2 item:7 now") == run("hour 5")
    # A given gap overrides hashes, too.
    assert ask(client, "NR.HRUN net 3 user:2 item:7 now", "hour", "") == run("")
    # The same holds for a field of a role.
    given = ask(client, "NR.HRUN net 2 user:2 item:7 user.age 50")
    assert given == ask(client, "NR.RUN net user.age 50 user.country IT item.price 35 item.kind bag")
    # Unknown fields of a hash are ignored, but are an error if the command names them.
    assert "unknown field 'name'" in error_of(client, "NR.HRUN net 2 user:2 item:7 name x")


def test_without_roles_every_hash_supplies_every_field(client: redis.Redis) -> None:
    ask(client, "NR.CREATE plain REGRESSOR SCHEMA age NUMBER price NUMBER -> sum HIDDEN 3 SEED 1")
    assert ask(client, "NR.HRUN plain 1 user:3") == ask(client, "NR.RUN plain age 29")
    assert ask(client, "NR.HRUN plain 2 user:3 item:4") == ask(client, "NR.RUN plain age 29 price 20")
    assert ask(client, "NR.HOBSERVE plain 2 item:4 user:3 -> 49") == [1, 0]
    assert pairs(ask(client, "NR.GETDATA plain TRAIN 0")[0]) == {"age": "29", "price": "20"}
    assert ask(client, "NR.HOBSERVE plain 2 item:4 user:3 -> 49 WEIGHT 2 TEST") == [1, 1]
    # Candidates of a network without roles are all hashes.
    ranked = ask(client, "NR.RANK plain 3 item:1 item:2 item:3 age 29 -> WITHSCORES")
    scores = {key: ask(client, f"NR.RUN plain age 29 price {5 * int(key[-1])}")[0] for key in pairs(ranked)}
    assert scores == pairs(ranked)


def test_dot_separates_a_role_only_between_two_words(client: redis.Redis) -> None:
    ask(client, "NR.CREATE dots REGRESSOR SCHEMA .a NUMBER b. NUMBER c.d.e NUMBER . NUMBER -> sum SEED 1 HIDDEN 2")
    client.hset("hash", mapping={".a": 1, "b.": 2, "d.e": 3, ".": 4, "a": 5, "b": 6, "c.d.e": 7})
    assert ask(client, "NR.HRUN dots 1 hash") == ask(client, "NR.RUN dots .a 1 b. 2 c.d.e 3 . 4")


def test_keys_and_field_names_of_hashes_may_be_any_bytes(
    client: redis.Redis, any_server_for_all: servers.Server
) -> None:
    raw = any_server_for_all.client(protocol=2, decode_responses=False)
    role, name, key = b"\0role\xff", b"\xfe\0", b"\0\r\n%n"
    raw.execute_command("NR.CREATE", "bytes", "CLASSIFIER", "SCHEMA", role + b"." + name, "CATEGORY", "->", "x")
    raw.hset(key, name, b"\0value\xff")  # type: ignore[arg-type]
    raw.execute_command("NR.HOBSERVE", "bytes", 1, key, "->", b"\xff")
    assert raw.execute_command("NR.GETDATA", "bytes", "TRAIN", 0) == [[role + b"." + name, b"\0value\xff"], [b"\xff"]]
    assert raw.execute_command("NR.RANK", "bytes", 2, b"\0none", key, "->", "FOR", b"\xff") == [key, b"\0none"]


# Order.


def test_candidates_are_ranked_by_their_outputs(client: redis.Redis) -> None:
    items = [f"item:{number}" for number in range(12)]
    ranked = ask(client, "NR.RANK net 13 user:9", *items, "hour", 3, "->", "FOR", "yes", "WITHSCORES")
    scores = {key: pairs(ask(client, f"NR.HRUN net 2 user:9 {key} hour 3"))["yes"] for key in items}
    assert pairs(ranked) == scores
    assert ranked[::2] == sorted(items, key=lambda key: -float(scores[key])), "equal candidates in the given order"
    names = ask(client, "NR.RANK net 13 user:9", *items, "hour", 3, "->", "FOR", "yes")
    assert names == ranked[::2]
    assert set(names[:5]) < set(items[6:]), "old users take expensive items"
    assert set(ask(client, "NR.RANK net 13 user:1", *items, "hour", 1, "->", "TOP", 5)) <= set(items[:6])
    assert ask(client, "NR.RANK net 13 user:9", *items, "hour", 3, "->", "TOP", 2) == names[:2]
    assert ask(client, "NR.RANK net 13 user:9", *items, "hour", 3, "->", "TOP", 99) == names
    # Without FOR by the second class; by the first one the order is reversed.
    assert ask(client, "NR.RANK net 13 user:9", *items, "hour", 3) == names
    others = ask(client, "NR.RANK net 13 user:9", *items, "hour", 3, "->", "FOR", "no", "WITHSCORES")
    assert others[::2] == sorted(items, key=lambda key: -float(pairs(others)[key]))
    assert pairs(others)["item:3"] == pairs(ask(client, "NR.HRUN net 2 user:9 item:3 hour 3"))["no"]
    # A candidate that is given twice is returned twice.
    assert ask(client, "NR.RANK net 3 user:9 item:3 item:3") == ["item:3"] * 2


def test_missing_candidate_ranks_last_without_a_score(client: redis.Redis, any_server_for_all: servers.Server) -> None:
    keys = ["item:gone", "item:2", "item:never", "item:8"]
    command = ["NR.RANK", "net", 5, "user:9", *keys]
    found = client.execute_command(*command, "->", "WITHSCORES")
    assert (found[::2], found[5::2]) == (["item:8", "item:2", "item:gone", "item:never"], [None, None])
    assert client.execute_command(*command) == found[::2]
    assert client.execute_command(*command, "->", "TOP", 3) == found[:6:2]
    newer = any_server_for_all.client(protocol=3)
    reply = newer.execute_command(*command, "->", "WITHSCORES", "TOP", 3)
    assert reply == [["item:8", pytest.approx(float(found[1]))], ["item:2", pytest.approx(float(found[3]))],
                    ["item:gone", None]]  # fmt: skip
    assert newer.execute_command(*command) == found[::2]
    assert client.execute_command("NR.RANK", "net", 2, "user:9", "item:gone", "->", "WITHSCORES") == ["item:gone", None]
    assert "NRDATA no hash at key 'user:gone'" in error_of(client, "NR.RANK net 2 user:gone item:2")


def test_field_without_role_is_read_from_each_candidate(client: redis.Redis) -> None:
    client.hset("item:1", "hour", 1)
    client.hset("item:2", "hour", 2)
    found = pairs(ask(client, "NR.RANK net 4 user:9 item:1 item:2 item:3 -> WITHSCORES"))
    for number, hour in ((1, "hour 1"), (2, "hour 2"), (3, "")):
        assert found[f"item:{number}"] == pairs(ask(client, f"NR.HRUN net 2 user:9 item:{number} {hour}"))["yes"]
    client.hset("user:9", "hour", 7)
    found = pairs(ask(client, "NR.RANK net 2 user:9 item:1 -> WITHSCORES"))
    assert found["item:1"] == pairs(ask(client, "NR.HRUN net 2 user:9 item:1"))["yes"], "the first hash that has it"


def test_rank_needs_exactly_one_output(client: redis.Redis) -> None:
    ask(client, "NR.CREATE three CLASSIFIER SCHEMA age NUMBER -> group")
    assert "NRSTATE the network has seen no class yet" in error_of(client, "NR.RANK three 1 user:1")
    for group in "ab":
        ask(client, f"NR.OBSERVE three age 3 -> {group}")
    assert ask(client, "NR.RANK three 1 user:1") == ["user:1"], "by the second of two classes"
    ask(client, "NR.OBSERVE three age 3 -> c")
    assert "NROPTION FOR is 'c': expected one of a, b" in error_of(client, "NR.RANK three 1 user:1 -> FOR c")
    ask(client, "NR.TRAIN three MAXCYCLES 1 BLOCK 0")
    for group in "abc":
        ask(client, f"NR.OBSERVE three age 3 -> {group}")
    assert "NROPTION FOR is missing: expected the class to rank by, one of a, b, c" in error_of(
        client, "NR.RANK three 1 user:1"
    )
    assert "NROPTION FOR is 'd': expected one of a, b, c" in error_of(client, "NR.RANK three 1 user:1 -> FOR d")
    assert "FOR has no value" in error_of(client, "NR.RANK three 1 user:1 -> FOR")
    assert "FOR is given twice" in error_of(client, "NR.RANK three 1 user:1 -> FOR a FOR a")
    assert "unknown option 'MIN': expected FOR, TOP or WITHSCORES" in error_of(
        client, "NR.RANK three 1 user:1 -> MIN 0.5"
    )
    assert ask(client, "NR.RANK three 1 user:1 -> FOR c") == ["user:1"]
    ask(client, "NR.CREATE sums REGRESSOR SCHEMA age NUMBER -> 2 sum count")
    assert "the network answers 2 numbers: expected one to rank by" in error_of(client, "NR.RANK sums 1 user:1")
    ask(client, "NR.CREATE sum REGRESSOR SCHEMA age NUMBER -> sum HIDDEN 0 SEED 1")
    assert "FOR is for a classifier" in error_of(client, "NR.RANK sum 1 user:1 -> FOR sum")
    users = [f"user:{number}" for number in range(12)]
    found = ask(client, "NR.RANK sum 12", *users, "->", "WITHSCORES")
    assert found[::2] in (users, users[::-1]), "by age, the only known field"
    assert pairs(found)["user:4"] == ask(client, "NR.RUN sum age 32")[0]


def test_rank_defaults_to_the_second_observed_class(client: redis.Redis) -> None:
    for key, classes in (("open", ["yes", "no"]), ("given", ["no", "yes"])):
        more = ["CLASSES", 2, "no", "yes"] if key == "given" else []
        client.execute_command("NR.CREATE", key, "CLASSIFIER", "SCHEMA", "age", "NUMBER", "->", "x", *more, "SEED", 3)
        for taken in ("yes", "no"):
            ask(client, f"NR.OBSERVE {key} age 30 -> {taken}")
        assert inredis.info(client, key)["classes"] == classes
        [_, score] = ask(client, f"NR.RANK {key} 1 user:1 -> WITHSCORES")
        assert score == pairs(ask(client, f"NR.HRUN {key} 1 user:1"))[classes[1]]


# Errors.


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("net 0 user:1 item:1", "NROPTION numkeys is '0': expected an integer from 1 to"),
        ("net -1 user:1 item:1", "numkeys is '-1'"),
        ("net two user:1 item:1", "numkeys is 'two'"),
        ("net 99 user:1 item:1", "numkeys is '99'"),
        ("net 02 user:1 item:1", "numkeys is '02'"),
        ("net +2 user:1 item:1", "numkeys is '+2'"),
        ("net 99999999999999999999 user:1 item:1", "numkeys is '99999999999999999999'"),
        ("net 1 user:1", "NRSHAPE 1 hash: expected one for each of user, item"),
        ("net 2 user:1 string", "WRONGTYPE"),
        ("net 2 net item:1", "WRONGTYPE"),
        ("net 2 user:none item:1", "NRDATA no hash at key 'user:none'"),
        ("net 2 user:1 item:1 hour", "NRSHAPE field 'hour' has no value after it"),
        ("net 2 user:1 item:1 hour late", "field hour is 'late': expected a finite number"),
        ("net 2 user:1 item:1 minute 5", "NRDATA unknown field 'minute'"),
        ("net 2 user:1 item:1 hour 5 hour 6", "NRDATA field 'hour' is given twice"),
        ("net 2 user:1 item:1 JSON {}", "NRDATA unknown field 'JSON'"),
        ("net 2 user:old item:1", "field user.age is 'old': expected a finite number"),
        ("numbers 1 user:1", "NRSHAPE the network has no fields"),
        ("nothing 1 user:1", "no network at key 'nothing'"),
        ("string 1 user:1", "WRONGTYPE"),
        ("user:1 1 user:1", "WRONGTYPE"),
    ],
)
def test_invalid_hashes_and_values_are_rejected(client: redis.Redis, command: str, words: str, expected: str) -> None:
    client.set("string", "text")
    client.hset("user:old", "age", "old")
    ask(client, "NR.CREATE numbers REGRESSOR 2 -> 1")
    more = COMMANDS[command] + (["TRAIN"] if command == "NR.HOBSERVE" and words.count(" ") < 3 else [])
    if words.split()[-1] in ("hour",):
        more = []
    assert expected in error_of(client, f"{command} {words}", *more)


def test_error_in_a_candidate_names_its_hash(client: redis.Redis) -> None:
    client.hset("item:5", "price", "dear")
    message = error_of(client, "NR.RANK net 4 user:1 item:4 item:5 item:6")
    assert message.startswith("NRDATA hash 'item:5': field item.price is 'dear': expected a finite number")
    message = error_of(client, "NR.HOBSERVE net 2 user:1 item:5 -> yes")
    assert message.startswith("NRDATA field item.price is 'dear'")
    for words, expected in (
        ("-> maybe", "NRDATA unknown class 'maybe'"),
        ("", "'->' is missing"),
        ("->", "expected 1 output, 0 were given"),
        ("-> yes TOP 2", "unknown option 'TOP'"),
        ("-> yes WEIGHT x", "WEIGHT is 'x'"),
    ):
        more = ["hour", 1] if not words else words.split()
        assert expected in error_of(client, "NR.HOBSERVE net 2 user:1 item:4", *more)


def test_expired_hashes_and_fields_are_missing(server: servers.Server) -> None:
    client = server.client(protocol=2)
    fill(client)
    whole = ask(client, "NR.HRUN net 2 user:2 item:7")
    without = ask(client, "NR.RUN net user.country IT item.price 35 item.kind bag")
    assert whole != without
    if has_fields_that_expire(client):
        client.execute_command("HPEXPIRE", "user:2", 1, "FIELDS", 1, "age")
        servers.wait_until(lambda: client.hget("user:2", "age") is None)
        assert ask(client, "NR.HRUN net 2 user:2 item:7") == without
        assert ask(client, "NR.HOBSERVE net 2 user:2 item:7 -> yes TEST")[1] >= 1
    client.pexpire("user:2", 1)
    time.sleep(0.005)
    # Whether or not the server has removed the expired field.
    with pytest.raises(redis.ResponseError, match="no hash at key 'user:2'"):
        ask(client, "NR.HRUN net 2 user:2 item:7")
    client.execute_command("DEBUG", "SET-ACTIVE-EXPIRE", 0)
    client.pexpire("item:7", 1)
    time.sleep(0.005)
    assert ask(client, "NR.RANK net 3 user:1 item:7 item:8") == ["item:8", "item:7"]
    with pytest.raises(redis.ResponseError, match="no hash at key 'item:7'"):
        ask(client, "NR.HOBSERVE net 2 user:1 item:7 -> yes")


def has_fields_that_expire(client: redis.Redis) -> bool:
    """Return whether fields of hashes can expire, as since Redis 7.4 and Valkey 9."""
    return "hpexpire" in client.command_list()


# In transactions and scripts.


def test_transaction_can_write_observe_and_delete_a_hash(client: redis.Redis) -> None:
    before = inredis.info(client, "net")["training-dataset-len"]
    with client.pipeline(transaction=True) as transaction:
        transaction.hset("user:new", mapping={"age": 77, "country": "CZ"})
        transaction.execute_command("NR.HOBSERVE", "net", 2, "user:new", "item:3", "->", "yes", "TRAIN")
        transaction.execute_command("NR.HCLASS", "net", 2, "user:new", "item:3")
        transaction.execute_command("NR.RANK", "net", 3, "user:new", "item:3", "item:8")
        transaction.delete("user:new")
        replies = transaction.execute()
    assert replies[1][0] == before + 1
    assert replies[2] in ("no", "yes")
    assert sorted(replies[3]) == ["item:3", "item:8"]
    assert (row(client, before)["user.age"], row(client, before)["user.country"]) == ("77", "CZ")


def test_scripts_read_hashes_by_their_keys(client: redis.Redis) -> None:
    observe = """
        redis.call('HSET', KEYS[2], 'age', ARGV[1], 'country', 'CZ')
        return redis.call('NR.HOBSERVE', KEYS[1], 2, KEYS[2], KEYS[3], '->', ARGV[2], 'TEST')
    """
    tests = inredis.info(client, "net")["test-dataset-len"]
    assert client.eval(observe, 3, "net", "user:new", "item:3", 66, "yes")[1] == tests + 1
    fields, outcome = ask(client, f"NR.GETDATA net TEST {tests}")
    assert (pairs(fields)["user.age"], outcome) == ("66", ["yes"])
    rank = "return redis.call('NR.RANK', KEYS[1], #KEYS - 1, unpack(KEYS, 2))"
    keys = ["net", "user:9", "item:1", "item:8"]
    assert client.eval_ro(rank, 4, *keys) == client.execute_command("NR.RANK", "net", 3, *keys[1:])
    with pytest.raises(redis.ResponseError, match="Write commands are not allowed"):
        client.eval_ro(observe, 3, "net", "user:new", "item:3", 66, "yes")


# Keys of commands: clients, access rules, clusters.


@pytest.mark.parametrize("command", COMMANDS)
def test_command_getkeys_returns_only_the_keys(server: servers.Server, command: str) -> None:
    client = server.client(protocol=2)
    more = ["hour", "user:5", *COMMANDS[command]]
    keys = client.command_getkeys(command, "net", 3, "user:1", "item:1", "item:2", *more)
    assert keys == ["net", "user:1", "item:1", "item:2"]
    with Wire(server) as wire:
        found = wire.ask("COMMAND", "GETKEYSANDFLAGS", command, "net", 2, "user:1", "2", *more)
    flags = {key.decode(): set(words) for key, words in found}
    assert list(flags) == ["net", "user:1", "2"]
    assert flags["user:1"] == flags["2"] == {"RO", "access"}
    assert flags["net"] == ({"RW", "insert"} if command == "NR.HOBSERVE" else {"RO", "access"})


@pytest.fixture
def wire(server: servers.Server) -> Iterator[Wire]:
    fill(server.client(protocol=2))
    with Wire(server) as wire:
        wire.ask("FUNCTION", "LOAD", hostile.LIBRARY)
        yield wire


def user(server: servers.Server, *rules: str) -> Wire:
    """Connect as a user with only these rules."""
    with Wire(server) as admin:
        assert admin.ask("ACL", "SETUSER", "someone", "reset", "on", ">secret", "+@all", *rules) == "OK"
    wire = Wire(server)
    assert wire.ask("AUTH", "someone", "secret") == "OK"
    return wire


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("rules", "may"),
    [
        (("~*",), True),
        (("~net", "%R~user:*", "%R~item:*"), True),
        (("~net", "~user:*", "%R~item:2"), True),
        (("~net", "%W~user:*", "%R~item:*"), False),
        (("~net", "%R~user:*"), False),
        (("~net", "%R~item:*"), False),
        (("%R~user:*", "%R~item:*"), False),
        (("~other", "%R~user:*", "%R~item:*"), False),
    ],
)
def test_acl_denies_hashes_that_a_user_may_not_read(
    server: servers.Server, wire: Wire, command: str, rules: tuple[str, ...], may: bool
) -> None:
    words = [command.encode(), b"net", b"2", b"user:1", b"item:2", *(word.encode() for word in COMMANDS[command])]
    before = wire.ask("DEBUG", "DIGEST")
    with user(server, *rules) as someone:
        for way in hostile.WAYS:
            found = errors(hostile.reply_of(someone, way, words))
            assert ([str(error)[:4] for error in found] == []) == may, (way, found)
            assert all("permission" in str(error) or "can't access" in str(error) for error in found), found
    assert (wire.ask("DEBUG", "DIGEST") == before) == (not may or command != "NR.HOBSERVE")
    if may and command != "NR.HOBSERVE":
        with user(server, "%R~net", "%R~user:1", "%R~item:2") as reader:
            assert not errors(reader.ask(*words)), "permission to read is enough"


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("number", ["02", "+2", "2 ", " 2", "2.0", "0x2", "3", "-1", "0", "", "4294967298", "x"])
def test_invalid_number_of_keys_does_not_bypass_acl(
    server: servers.Server, wire: Wire, command: str, number: str
) -> None:
    """A server that cannot determine which arguments are keys permits all of them."""
    before = wire.ask("DEBUG", "DIGEST")
    with user(server, "~mine:*") as someone:
        for way in hostile.WAYS:
            reply = set()
            for net in (b"net", b"nothing", b"user:1"):
                words = [command.encode(), net, number.encode(), b"user:1", b"item:2"]
                found = errors(hostile.reply_of(someone, way, [*words, *(word.encode() for word in COMMANDS[command])]))
                assert len(found) == 1, (way, net)
                reply.add(str(found[0]).replace(net.decode(), "key"))
            assert len(reply) == 1, f"errors reveal which keys exist: {reply}"
    assert wire.ask("DEBUG", "DIGEST") == before


def test_cluster_rejects_hashes_in_other_slots(kind: kinds.Kind) -> None:
    with servers.cluster(kind, 0, 8192, module=MODULE) as nodes:
        clients = [node.client(protocol=2) for node in nodes]
        shop = next(tag for tag in ("{shop}", "{mall}", "{fair}", "{stall}") if slot(clients[0], tag) < 8192)
        here, there = clients
        here.execute_command("NR.CREATE", f"{shop}net", *CREATE[2:])
        here.hset(f"{shop}user:1", mapping={"age": 30})
        here.hset(f"{shop}item:1", mapping={"price": 3})
        other = next(f"user:{number}" for number in range(99) if slot(here, f"user:{number}") < 8192)
        for command, more in COMMANDS.items():
            words = [command, f"{shop}net", 2, f"{shop}user:1", f"{shop}item:1", *more]
            assert here.execute_command(*words)
            with pytest.raises(redis.exceptions.MovedError):
                there.execute_command(*words)
            for crossed in ([*words[:3], other, *words[4:]], [*words[:4], other, *more]):
                with pytest.raises(redis.exceptions.ClusterCrossSlotError):
                    here.execute_command(*crossed)
            # A wrong slot is reported even if other arguments are wrong, too.
            with pytest.raises(redis.ResponseError):
                here.execute_command(*words[:2], 9, *words[3:])


def slot(client: redis.Redis, key: str) -> int:
    found: int = client.execute_command("CLUSTER", "KEYSLOT", key)
    return found


# Replicas and the AOF.


@pytest.fixture
def pair(kind: kinds.Kind) -> Iterator[tuple[servers.Server, servers.Server]]:
    """Run a primary with an AOF, and a replica that panics at any error."""
    with contextlib.ExitStack() as stack:
        options = ("--repl-diskless-sync", "no", "--appendonly", "yes", "--appendfsync", "always")
        primary = stack.enter_context(servers.running(kind, *options, module=MODULE, tcp=True))
        strict = ("--propagation-error-behavior", "panic")
        yield primary, stack.enter_context(servers.replica_of(primary, kind, *strict, module=MODULE))


def agree(pair: tuple[servers.Server, servers.Server], *keys: str) -> bool:
    clients = [server.client() for server in pair]

    def level() -> bool:
        return len({client.info("replication")["master_repl_offset"] for client in clients}) == 1

    servers.wait_until(level)
    return len({str(client.execute_command("DEBUG", "DIGEST-VALUE", *keys)) for client in clients}) == 1


def test_replicas_and_aof_receive_rows_instead_of_hashes(pair: tuple[servers.Server, servers.Server]) -> None:
    primary, replica = (server.client(protocol=2) for server in pair)
    fill(primary)
    assert agree(pair, "net")
    # A replica whose hashes differ, or are gone.
    replica.config_set("replica-read-only", "no")
    replica.hset("user:1", "age", "not a number")
    replica.delete("user:2", "item:1")
    for user, item in ((1, 3), (2, 3), (3, 1)):
        primary.execute_command("NR.HOBSERVE", "net", 2, f"user:{user}", f"item:{item}", "hour", 1, "->", "yes")
    with primary.pipeline(transaction=True) as transaction:
        transaction.hset("user:2", "country", "a word that comes later")
        transaction.execute_command("NR.HOBSERVE", "net", 2, "user:2", "item:3", "->", "no", "WEIGHT", 3)
        transaction.delete("user:2")
        transaction.execute()
    assert agree(pair, "net")
    assert (inredis.calls(replica, "NR.HOBSERVE"), inredis.calls(replica, "NR._OBSERVED")) == (0, 148)
    # The replica predicts with its own hashes.
    with pytest.raises(redis.ResponseError, match=r"field user\.age is 'not a number'"):
        ask(replica, "NR.HRUN net 2 user:1 item:3")
    assert ask(replica, "NR.RANK net 3 user:3 item:1 item:2") == ["item:2", "item:1"]
    assert ask(replica, "NR.HRUN net 2 user:3 item:4") == ask(primary, "NR.HRUN net 2 user:3 item:4")
    replica.config_set("replica-read-only", "yes")
    with pytest.raises(redis.ReadOnlyError):
        ask(replica, "NR.HOBSERVE net 2 user:3 item:4 -> yes")
    names = [words[0] for words in inredis.commands(pair[0]) if words[0].startswith("NR.")]
    assert "NR.HOBSERVE" not in names
    assert names.count("NR._OBSERVED") == 148
    before = primary.execute_command("DEBUG", "DIGEST")
    primary.execute_command("DEBUG", "LOADAOF")
    assert primary.execute_command("DEBUG", "DIGEST") == before


def test_promoted_replica_learns_without_the_original_hashes(
    pair: tuple[servers.Server, servers.Server],
) -> None:
    primary, replica = (server.client(protocol=2) for server in pair)
    fill(primary)
    primary.copy("net", "copy")
    assert agree(pair, "net", "copy")
    pair[0].kill()
    replica.replicaof("NO", "ONE")
    for number in range(12):
        replica.delete(f"user:{number}", f"item:{number}")
    replica.hset("user:x", mapping={"age": 33, "country": "a new word"})
    replica.hset("item:x", mapping={"price": 33})
    for _ in range(5):
        replica.execute_command("NR.HOBSERVE", "net", 2, "user:x", "item:x", "->", "yes")
        words = ["user.age", 33, "user.country", "a new word", "item.price", 33]
        replica.execute_command("NR.OBSERVE", "copy", *words, "->", "yes")
    for key in ("net", "copy"):
        replica.execute_command("NR.TRAIN", key, "MAXCYCLES", 20, "BLOCK", 0)
    first, copy = (ask(replica, f"NR.HRUN {key} 2 user:x item:x") for key in ("net", "copy"))
    assert first == copy


def test_values_of_other_types_are_rejected_in_place_of_hashes(
    client: redis.Redis, any_server_for_all: servers.Server
) -> None:
    """Every kind of value in place of a hash and of a network."""
    client.lpush("list", 1)
    client.sadd("set", 1)
    client.zadd("zset", {"a": 1})
    client.xadd("stream", {"a": "1"})
    client.set("string", "x")
    with Wire(any_server_for_all) as wire:
        for key in ("list", "set", "zset", "stream", "string", "net"):
            for command, more in COMMANDS.items():
                for words in ([command, "net", 2, key, "item:1", *more], [command, "net", 2, "user:1", key, *more]):
                    reply = wire.ask(*words)
                    assert isinstance(reply, RefusedError), words
                    assert str(reply).startswith("WRONGTYPE"), words
