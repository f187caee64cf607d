"""Access rules: by command, by category and by key, and the errors of users without permission."""

from __future__ import annotations

import re
from typing import Any

import inredis
import pages
import pytest
import redis
import test_redis_hostile as hostile
from wire import Wire, errors

import neuralredis
import servers

#: The permission on its key that a command needs: read (R), write (W), or any.
NEEDS = {
    "R": ["run", "class", "getdata", "report", "evaluate", "export", "hrun", "hclass", "rank", "fields", "explain",
          "forecast", "sample", "step"],
    "W": ["create", "observe", "train", "reset", "stop", "configure", "import", "_load", "_rows", "_trained", "_reset",
          "_configure", "_observed", "calibrate", "_calibrated", "forget"],
    # It writes its first key and reads others.
    "RW": ["hobserve"],
    "any": ["info", "wait"],
}  # fmt: skip

#: Commands that change nothing.
READS = {
    "run", "class", "info", "threads", "trainings", "getdata", "wait", "report", "evaluate", "export", "hrun", "hclass",
    "rank", "fields", "explain", "forecast", "sample", "step",
}  # fmt: skip


def user(server: servers.Server, *rules: str) -> Wire:
    """Connect as a user with only these rules."""
    with Wire(server) as admin:
        assert admin.ask("ACL", "SETUSER", "someone", "reset", "on", ">secret", *rules) == "OK"
    wire = Wire(server)
    assert wire.ask("AUTH", "someone", "secret") == "OK"
    return wire


def name(words: list[bytes]) -> str:
    return words[0].decode().removeprefix("NR.").lower()


@pytest.fixture
def server(relay: servers.Server) -> servers.Server:
    """Return a server that accepts internal commands from clients."""
    return relay


@pytest.fixture
def admin(server: servers.Server) -> Any:
    with Wire(server) as admin:
        hostile.prepare(admin)
        yield admin


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        ("~*", "RWany"),
        ("%R~*", "Rany"),
        ("%W~*", "Wany"),
        ("%RW~net*", "RWany"),
        ("%RW~other:*", ""),
        ("resetkeys", ""),
    ],
)
def test_every_command_enforces_key_patterns(server: servers.Server, admin: Wire, pattern: str, allowed: str) -> None:
    with user(server, "+@all", pattern) as wire:
        for words in hostile.valid_commands():
            if name(words) in ("threads", "trainings") or not words[1].startswith(b"net"):
                continue
            denied = [
                error for error in errors(hostile.reply_of(wire, "plain", words)) if str(error).startswith("NOPERM")
            ]
            [need] = [need for need, names in NEEDS.items() if name(words) in names]
            assert bool(denied) == (need not in allowed), words
            hostile.prepare(admin)


def test_acl_can_permit_a_single_command(server: servers.Server, admin: Wire) -> None:
    with user(server, "+nr.run", "~*") as wire:
        for words in hostile.valid_commands():
            found = errors(wire.ask(*words))
            assert [str(error).split()[0] for error in found] == ([] if name(words) == "run" else ["NOPERM"]), words


def test_users_without_permission_cannot_detect_keys(server: servers.Server, admin: Wire) -> None:
    with user(server, "+@all", "~mine:*") as wire:
        for words in hostile.valid_commands():
            if name(words) in ("threads", "trainings"):
                continue
            messages = [
                str(errors(hostile.reply_of(wire, way, [words[0], key, *words[2:]]))[0]).replace(key.decode(), "key")
                for way in ("plain", "script")
                for key in (b"net", b"xyz", b"string")
            ]
            assert messages[:3] == [messages[0]] * 3, words
            assert messages[3:] == [messages[3]] * 3, words
            assert messages[0].startswith("NOPERM")


@pytest.mark.parametrize("pattern", ["~mine:*", "%R~mine:*"])
def test_threads_lists_only_readable_keys_in_scripts_and_transactions(
    server: servers.Server, admin: Wire, pattern: str
) -> None:
    client = server.client(protocol=2)
    for key in ("mine:a", "theirs:b"):
        inredis.create(client, key)
        inredis.train(client, key)
    admin.ask("FUNCTION", "LOAD", hostile.LIBRARY)
    with user(server, "+@all", pattern, "%W~theirs:*") as wire:
        for way in hostile.WAYS:
            lines = hostile.reply_of(wire, way, [b"NR.THREADS"])
            [line] = lines[0] if way == "transaction" else lines
            assert " key=mine:a " in line
    assert len(admin.ask("NR.THREADS")) == 2


def test_internal_commands_need_the_admin_category(server: servers.Server, admin: Wire) -> None:
    internal = [words for words in hostile.valid_commands() if name(words).startswith("_")]
    assert len({name(words) for words in internal}) == 7
    # Redis 7.0 has no categories of module commands: there they are denied by name.
    without = ["-@admin"]
    if "neural" not in server.client().acl_cat():
        without = [f"-nr.{name}" for name in sorted({name(words) for words in internal})]
    with user(server, "+@all", "~*", *without) as wire:
        for words in internal:
            [denied] = errors(wire.ask(*words))
            assert str(denied).startswith("NOPERM"), words


def test_acl_categories_permit_and_deny_commands(server: servers.Server, admin: Wire) -> None:
    if "neural" not in server.client().acl_cat():
        return  # Redis 7.0 has none for modules, see tests/test_redis_server.py
    for rules, allowed in (
        (["+@read"], lambda name: name in READS),
        (["+@write"], lambda name: name not in READS and not name.startswith("_")),
        (["+@neural"], lambda name: not name.startswith("_")),
        (["+@neural", "-@write"], lambda name: name in READS),
        (["+@read", "+@write", "+@fast", "+@slow", "+@blocking"], lambda name: not name.startswith("_")),
        (["+@admin"], lambda name: name.startswith("_")),
        (["+@dangerous"], lambda name: name.startswith("_")),
        (["+@all", "-@neural", "-@admin"], lambda name: False),
        (["+@all", "-@blocking"], lambda name: name not in ("train", "wait")),
    ):
        # A dry run checks the rules only.
        admin.ask("ACL", "SETUSER", "someone", "reset", "on", "~*", *rules)
        for words in hostile.valid_commands():
            answer = admin.ask("ACL", "DRYRUN", "someone", *words)
            assert (answer == "OK") == allowed(name(words)), (rules, words, answer)


#: The users of docs/access.md, and the commands that they may send.
USERS = {
    "asker": {"run", "class", "hrun", "hclass", "rank", "info"},
    "trainer": {
        "observe",
        "hobserve",
        "train",
        "stop",
        "wait",
        "threads",
        "trainings",
        "report",
        "evaluate",
        "run",
        "class",
        "info",
    },
    "monitor": {"threads", "trainings", "info", "report"},
    "reader": READS,
    "editor": READS
    | {"create", "observe", "hobserve", "train", "reset", "stop", "calibrate", "configure", "import", "forget"},
}


def create_documented_users(server: servers.Server, admin: Wire) -> list[str]:
    """Create the users of docs/access.md, with categories if the server has them, and return their names."""
    text = (pages.ROOT / "docs" / "access.md").read_text(encoding="utf-8")
    rules = [line.split() for line in re.findall(r"^(?:> )?ACL SETUSER (.*)$", text, re.M)]
    if "neural" not in server.client().acl_cat():
        rules = [words for words in rules if not any("@neural" in word for word in words)]
    for words in rules:
        assert admin.ask("ACL", "SETUSER", *words) == "OK", words
    return [words[0] for words in rules if words[0] in USERS]


def test_users_in_access_md_have_the_documented_permissions(server: servers.Server, admin: Wire) -> None:
    users = create_documented_users(server, admin)
    assert {"asker", "trainer", "monitor"} <= set(users)
    for user in users:
        for words in hostile.valid_commands():
            for key, may in (("net:1", True), ("other:1", name(words) in ("threads", "trainings"))):
                answer = admin.ask("ACL", "DRYRUN", user, words[0], *([key, *words[2:]] if words[1:] else []))
                assert (answer == "OK") == (may and name(words) in USERS[user]), (user, words, answer)


def test_users_in_access_md_work_with_the_python_client(server: servers.Server, admin: Wire) -> None:
    create_documented_users(server, admin)

    def connect(user: str, password: str) -> neuralredis.NeuralRedis:
        return neuralredis.NeuralRedis(server.client(username=user, password=password))

    neuralredis.NeuralRedis(server.client()).create("net:1", "classifier", [2, 3, 2], dataset=20, test=10)
    trainer, asker, monitor = connect("trainer", "train"), connect("asker", "ask"), connect("monitor", "look")
    trainer["net:1"].observe([[1, 2], [2, 1]] * 9, [0, 1] * 9)
    assert trainer["net:1"].train(max_cycles=5).cycles == 5
    assert trainer["net:1"].evaluate("test").rows
    assert asker["net:1"].classify([1, 2]) in (0, 1)
    assert "net:1" in monitor.networks()
    assert monitor["net:1"].info().layout == (2, 3, 2)
    assert monitor.threads() == []
    for db in (asker, monitor):
        with pytest.raises(redis.exceptions.NoPermissionError):
            db["net:1"].reset()


def test_max_network_bytes_applies_to_administrators(server: servers.Server, admin: Wire) -> None:
    admin.ask("CONFIG", "SET", "neuralredis.max-network-bytes", "10kb")
    client = server.client(protocol=2)
    client.execute_command("NR.CONFIGURE", "net", "DATASET", 1_000_000)
    rows = 2000
    places = b"".join(b"\0" + (17 + row).to_bytes(4, "little") for row in range(rows))
    with pytest.raises(redis.ResponseError, match=r"the limit neuralredis\.max-network-bytes"):
        client.execute_command("NR._ROWS", "net", 1, places, bytes(12 * rows))
