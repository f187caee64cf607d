"""RDB, AOF, DUMP and COPY preserve networks to the last bit."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

import inredis
import pytest
import redis

import forged
import kinds
import neuralredis
import saved
import servers

#: The keys of what :func:`fill` makes.
FILLED = ("net", "sum", "shop")


def content(server: servers.Server, *keys: str) -> list[bytes]:
    raw = server.client(protocol=2, decode_responses=False)
    return [raw.execute_command("NR.EXPORT", key) for key in keys or FILLED]


def fill(server: servers.Server) -> None:
    """Create a trained classifier with class weights, and a regressor with row weights and full sets.

    Also create a network with fields that has observed new words and classes since its training.
    """
    client = server.client(protocol=2)
    inredis.create(
        client, "net", "NORMALIZE", "ACTIVATION", "RELU", "L2", "0.1", "CLASSWEIGHT", "0.1,3", "PATIENCE", 33
    )
    client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 20, "BLOCK", 0)
    client.execute_command("NR.CREATE", "sum", "REGRESSOR", 2, 3, "->", 1, "DATASET", 20, "TEST", 5, "ALGO", "RPROP+")
    for number in range(40):
        client.execute_command("NR.OBSERVE", "sum", number, 0.1, "->", number + 0.1, "WEIGHT", 1 + number % 3)
    client.execute_command("NR.RESET", "sum")
    client.execute_command("NR.CONFIGURE", "sum", "DATASET", 15, "NORMALIZE", "yes")
    inredis.create_of_fields(client, "shop", "CLASS-WEIGHT", "balanced")
    client.execute_command("NR.TRAIN", "shop", "MAXCYCLES", 5, "BLOCK", 0)
    client.execute_command("NR.OBSERVE", "shop", *inredis.words({"plan": "new", "tags": ["b\0", "č"]}), "->", "never")
    client.execute_command("NR.OBSERVE", "shop", *inredis.as_json(*range(200, 280)))
    client.hset("user", mapping={"age": 33, "plan": "plan 4", "note": "read from a hash"})
    client.execute_command("NR.HOBSERVE", "shop", 1, "user", "phone", "yes", "->", "perhaps", "WEIGHT", 3)


def future(server: servers.Server) -> list[bytes]:
    """Return digests after further commands, which depend on random states and the state of RPROP."""
    client = server.client(protocol=2)
    for number in range(30):
        client.execute_command("NR.OBSERVE", "sum", number, 5, "->", number + 5)
    client.execute_command("NR.RESET", "sum")
    client.execute_command("NR.TRAIN", "sum", "MAXCYCLES", 7, "BLOCK", 0)
    client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 7, "BLOCK", 0)
    runs = [client.execute_command("NR.RUN", key, 0.3, 0.7) for key in ("net", "sum")]
    rows = [client.execute_command("NR.GETDATA", "sum", "TRAIN", row) for row in range(15)]
    for number in range(300, 340):
        client.execute_command("NR.OBSERVE", "shop", *inredis.named(number))
    client.execute_command("NR.TRAIN", "shop", "MAXCYCLES", 7, "BLOCK", 0)
    runs += [client.execute_command("NR.RUN", "shop", *inredis.words(inredis.known(row))) for row in range(5)]
    rows += [client.execute_command("NR.GETDATA", "shop", into, row) for into in ("TRAIN", "TEST") for row in range(60)]
    return [str(runs).encode(), str(rows).encode()]


def test_rdb_restores_networks_and_their_random_state(kind: kinds.Kind) -> None:
    with servers.running(kind, module=neuralredis.module_path()) as server:
        fill(server)
        before = content(server)
        server.client().save()
        ahead = future(server)
        server.kill()
        with servers.reopened(kind, server, module=neuralredis.module_path()) as again:
            assert content(again) == before
            assert future(again) == ahead


def test_redis_check_tools_accept_rdb_and_aof(kind: kinds.Kind) -> None:
    with servers.running(kind, *AOF, module=neuralredis.module_path()) as server:
        fill(server)
        client = server.client()
        client.bgrewriteaof()
        servers.wait_until(lambda: not client.info("persistence")["aof_rewrite_in_progress"])
        client.execute_command("NR.OBSERVE", "sum", 1, 2, "->", 3)
        client.save()
        # Valkey 9.1 rejects the base file of any manifest as no AOF.
        (base,), (appended,) = (list(server.directory.glob(f"*/*.{end}")) for end in ("base.rdb", "incr.aof"))
        for tool, file in (("check-rdb", server.directory / "dump.rdb"), ("check-rdb", base), ("check-aof", appended)):
            # The server program under another name.
            link = server.directory / kind.binary().name.replace("server", tool)
            if not link.exists():
                link.symlink_to(kind.binary())
            checked = subprocess.run([link, file], capture_output=True, text=True, check=False)
            assert checked.returncode == 0, checked.stdout + checked.stderr


AOF = ["--appendonly", "yes", "--appendfsync", "always"]


@pytest.mark.parametrize("rewritten", [None, "yes", "no"], ids=["appended", "rewritten", "rewritten as commands"])
def test_aof_restores_networks_after_a_power_cut(kind: kinds.Kind, rewritten: str | None) -> None:
    options = [*AOF, "--aof-use-rdb-preamble", rewritten or "yes"]
    with servers.running(kind, *options, module=neuralredis.module_path()) as server:
        fill(server)
        client = server.client()
        if rewritten:
            client.pexpire("sum", 1_000_000)
            client.bgrewriteaof()
            servers.wait_until(lambda: not client.info("persistence")["aof_rewrite_in_progress"])
            assert client.info("persistence")["aof_last_bgrewrite_status"] == "ok"
        client.execute_command("NR.OBSERVE", "sum", 1, 2, "->", 3)
        before = content(server)
        server.kill()
        with servers.reopened(kind, server, *options, module=neuralredis.module_path()) as again:
            assert content(again) == before
            client = again.client()
            assert inredis.section(client)["trainings_finished"] == 0, "it loads results and trains nothing"
            assert (client.pttl("sum") > 0) == bool(rewritten)


def test_observed_rows_count_as_changes_for_save(any_server: servers.Server) -> None:
    client = any_server.client(protocol=2)
    inredis.create(client, "net")
    before = client.info("persistence")["rdb_changes_since_last_save"]
    for _ in range(5):
        client.execute_command("NR.OBSERVE", "net", 1, 2, "->", 1)
    client.eval("for i = 1, 3 do redis.call('NR.OBSERVE', KEYS[1], 1, 2, '->', 1) end", 1, "net")
    client.pipeline(transaction=True).execute_command("NR.OBSERVE", "net", 1, 2, "->", 1).execute()
    assert client.info("persistence")["rdb_changes_since_last_save"] == before + 9


def test_aof_contains_effects(any_server: servers.Server) -> None:
    client = any_server.client(protocol=2)
    client.config_set("appendfsync", "always")
    # These rows are not propagated; an AOF that starts afterwards has them in its base file.
    client.execute_command("NR.CREATE", "before", "REGRESSOR", 2, "->", 1)
    client.execute_command("NR.OBSERVE", "before", 1, 2, "->", 3)
    client.config_set("appendonly", "yes")
    servers.wait_until(lambda: not client.info("persistence")["aof_rewrite_in_progress"])
    client.execute_command("NR.CREATE", "net", "REGRESSOR", 2, 3, "->", 1, "DATASET", 5, "SEED", 7)
    for number in range(8):
        client.execute_command("NR.OBSERVE", "net", number, 1, "->", number + 1)
    client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 1)
    servers.wait_until(lambda: inredis.cycles(client, "net") > 0, 60)
    client.execute_command("NR.RESET", "net")
    client.execute_command("NR.CONFIGURE", "net", "DATASET", 3)
    found = inredis.commands(any_server)
    names = [command[0] for command in found if command[0] not in ("SELECT", "MULTI", "EXEC")]
    assert names == ["NR.CREATE", *["NR._ROWS"] * 8, "NR._TRAINED", "NR._RESET", "NR._CONFIGURE"]
    created = next(command for command in found if command[0] == "NR.CREATE")
    resolved = (
        "net regressor 2 3 -> 1 SEED 7 ACTIVATION relu OUTPUT linear LOSS mse ALGORITHM auto L2 auto ENSEMBLE auto "
        "CLASS-WEIGHT none PATIENCE auto MONOTONE none THRESHOLD 0.5 DATASET 5 TEST 0"
    )
    assert " ".join(created[1:]) == resolved
    before = content(any_server, "net")
    client.execute_command("DEBUG", "LOADAOF")
    assert content(any_server, "net") == before


def test_aof_contains_rows_of_fields_in_parsed_form(any_server: servers.Server) -> None:
    client = any_server.client(protocol=2)
    client.config_set("appendfsync", "always")
    # As above.
    inredis.create_of_fields(client, "before")
    client.config_set("appendonly", "yes")
    servers.wait_until(lambda: not client.info("persistence")["aof_rewrite_in_progress"])
    client.execute_command("NR.CREATE", "net", "CLASSIFIER", *inredis.SCHEMA, "->", "bought", "DATASET", 5, "SEED", 7)
    client.hset("hash", "age", 5)
    client.execute_command("NR.OBSERVE", "net", *inredis.named(1))
    client.execute_command("NR.OBSERVE", "net", *inredis.as_json(*range(2, 90)))
    client.execute_command("NR.HOBSERVE", "net", 1, "hash", "->", "yes")
    client.execute_command("NR.HRUN", "net", 1, "hash")
    client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 1)
    servers.wait_until(lambda: inredis.cycles(client, "net") > 0, 60)
    client.execute_command("NR.OBSERVE", "before", *inredis.named(1))
    found = inredis.commands(any_server)
    names = [command[0] for command in found if command[0].startswith("NR.")]
    assert names == ["NR.CREATE", *["NR._OBSERVED"] * 3, "NR._TRAINED", "NR._OBSERVED"]
    created = next(command for command in found if command[0] == "NR.CREATE")
    schema = "age NUMBER plan CATEGORY 5 spent AUTO 20 phone FLAG at TIME note TEXT 32 tags TAGS 6 place VECTOR 2"
    assert " ".join(created[1:]).startswith(
        f"net classifier SCHEMA {schema} -> bought CLASSES 100 HIDDEN 30 30 30 SEED 7 "
    )
    before = content(any_server, "net", "before")
    client.delete("hash")
    client.execute_command("DEBUG", "LOADAOF")
    assert content(any_server, "net", "before") == before


def test_rejected_command_is_not_written_to_the_aof(any_server: servers.Server) -> None:
    client = any_server.client(protocol=2)
    inredis.create(client, "net")
    inredis.create_of_fields(client, "shop")
    client.hset("hash", "age", "x")
    client.config_set("appendonly", "yes")
    servers.wait_until(lambda: not client.info("persistence")["aof_rewrite_in_progress"])
    for command in (
        "NR.OBSERVE net 1 -> 2",
        "NR.OBSERVE shop plan new age x -> 2",
        'NR.OBSERVE shop JSON [{"plan":"new"},{"age":"x"}] -> 2 3',
        "NR.HOBSERVE shop 1 hash plan new -> 2",
        "NR.HOBSERVE shop 1 nothing plan new -> 2",
        "NR.CREATE new CLASSIFIER SCHEMA a NUMBER b FOO -> c",
        "NR.RESET nothing",
        "NR.CONFIGURE net TEST x",
        "NR.CREATE net REGRESSOR 1 -> 1 x",
    ):
        with pytest.raises(redis.ResponseError):
            client.execute_command(*command.split())
    assert not [command for command in inredis.commands(any_server) if command[0].startswith("NR.")]


# From the oldest server: Valkey rejects dumps of Redis 8.
@pytest.mark.needs(kinds.REDIS_7)
def test_dump_is_restored_on_the_same_and_other_servers(server: servers.Server, any_server: servers.Server) -> None:
    fill(any_server)
    source = any_server.client(protocol=2, decode_responses=False)
    target = server.client(protocol=2, decode_responses=False)
    for key in FILLED:
        target.restore(key, 0, source.dump(key))
    target.hset("user", mapping=source.hgetall("user"))
    assert content(server) == content(any_server)
    source.restore("back", 0, source.dump("net"))
    assert content(any_server, "back") == content(any_server, "net")


def test_damaged_dumps_are_rejected_and_logged(any_server: servers.Server) -> None:
    fill(any_server)
    raw = any_server.client(protocol=2, decode_responses=False)
    raw.execute_command("DEBUG", "SET-SKIP-CHECKSUM-VALIDATION", 1)
    dump = raw.dump("sum")
    for at in range(12, len(dump) - 12, 7):
        damaged = dump[:at] + bytes([dump[at] ^ 0x41]) + dump[at + 1 :]
        try:
            raw.restore("damaged", 0, damaged, replace=True)
        except redis.ResponseError:
            continue
        raw.execute_command("NR.RUN", "damaged", 1, 2)
    assert "a network was not loaded: " in any_server.log
    # The last ten bytes are the server's version and checksum: if they are not checked, any bytes are valid there.
    for length in range(0, len(dump) - 10, 11):
        with pytest.raises(redis.ResponseError):
            raw.restore("short", 0, dump[:length])


@pytest.mark.parametrize("written", ["without a report", "with a report", "with class weights and patience"])
def test_dumps_of_every_version_of_the_format_are_read(server: servers.Server, written: str) -> None:
    raw = server.client(protocol=2, decode_responses=False)
    dumps = json.loads((Path(__file__).parent / "data" / "dumps.json").read_text())
    for network in (network for network in dumps if network["written"] == written):
        raw.restore("net", 0, base64.b64decode(network["dump_base64"]), replace=True)
        exported = raw.execute_command("NR.EXPORT", "net")
        before, after = (saved.sections(data) for data in (base64.b64decode(network["export_base64"]), exported))
        # Format 4 has the options in one section.
        assert len(after.pop(saved.OPTIONS)) > 0
        assert {number: body for number, body in before.items() if number not in saved.OPTIONS_BEFORE} == after
        assert [float(answer) for answer in raw.execute_command("NR.RUN", "net", *network["asked"])] == network[
            "answers"
        ]


@pytest.mark.parametrize("name", ["promo", "costs"])
def test_dumps_of_networks_with_fields_of_format_5_are_read(server: servers.Server, name: str, tmp_path: Path) -> None:
    """Load a network with every kind of field, trained by mini-batches and by L-BFGS, in format 5."""
    raw = server.client(protocol=2, decode_responses=False)
    (network,) = (
        network
        for network in json.loads((Path(__file__).parent / "data" / "fields-dumps.json").read_text())
        if network["name"] == name
    )
    raw.restore("net", 0, base64.b64decode(network["dump_base64"]), replace=True)
    exported = base64.b64decode(network["export_base64"])
    assert raw.execute_command("NR.EXPORT", "net") == exported
    assert [answer.decode() for answer in raw.execute_command("NR.RUN", "net", *network["asked"])] == network["answers"]
    (tmp_path / "net.nr").write_bytes(exported)
    net = neuralredis.load(tmp_path / "net.nr")
    assert bytes(net) == exported
    # The stored state of the trainer is used.
    raw.execute_command("NR.TRAIN", "net", "MAXCYCLES", 2, "BLOCK", 0)
    net.train(max_cycles=2, max_time=None)
    row = dict(zip(network["asked"][::2], network["asked"][1::2], strict=True))
    found = net.run(row)
    answers = found.values() if isinstance(found, dict) else found
    reply = raw.execute_command("NR.RUN", "net", *network["asked"])
    assert [float(answer) for answer in (reply[1::2] if name == "promo" else reply)] == pytest.approx(
        list(answers), rel=1e-6
    )


def test_report_of_the_last_training_is_persisted(kind: kinds.Kind) -> None:
    with servers.running(kind, *AOF, module=neuralredis.module_path(), tcp=True) as server:
        fill(server)
        client = server.client(protocol=3)
        report = client.execute_command("NR.REPORT", "net")
        assert report["cycles"] == 20
        assert len(report["curve"]) > 15
        client.copy("net", "copy")
        client.execute_command("DEBUG", "RELOAD")
        with servers.replica_of(server, kind, module=neuralredis.module_path()) as replica:
            client.execute_command("NR.TRAIN", "sum", "MAXCYCLES", 3, "BLOCK", 0)
            reply = {"net": report, "copy": report, "sum": client.execute_command("NR.REPORT", "sum")}
            assert reply["sum"]["cycles"] == 3
            follower = replica.client(protocol=3)
            servers.wait_until(lambda: follower.execute_command("NR.REPORT", "sum") is not None)
            assert {key: follower.execute_command("NR.REPORT", key) for key in reply} == reply
        server.kill()
        with servers.reopened(kind, server, *AOF, module=neuralredis.module_path()) as again:
            client = again.client(protocol=3)
            assert {key: client.execute_command("NR.REPORT", key) for key in reply} == reply
            client.execute_command("NR.RESET", "net")
            assert client.execute_command("NR.REPORT", "net") is None


def test_dumps_of_later_encodings_are_rejected_by_name(any_server: servers.Server) -> None:
    raw = any_server.client(protocol=2, decode_responses=False)
    inredis.create(raw, "net")
    dump = raw.dump("net")
    assert dump.startswith(forged.head(3))
    with pytest.raises(redis.ResponseError):
        raw.restore("later", 0, saved.with_checksum(forged.head(4) + dump[forged.HEAD : -8]))
    assert "encoding 4: this version reads encodings 2 and 3" in any_server.log


def test_class_weights_and_patience_are_kept_by_every_kind_of_copy(any_server: servers.Server) -> None:
    client = any_server.client(protocol=2)
    client.config_set("appendfsync", "always")
    client.config_set("appendonly", "yes")
    servers.wait_until(lambda: not client.info("persistence")["aof_rewrite_in_progress"])
    inredis.create(client, "net", "CLASSWEIGHT", "0.10,3e0", "PATIENCE", 33)
    inredis.create(client, "sum", "CLASSWEIGHT", "BALANCED")
    client.execute_command("NR.CONFIGURE", "sum", "CLASSWEIGHT", "1e-7,2", "PATIENCE", 5)
    written = [
        " ".join(command) for command in inredis.commands(any_server) if command[0] in ("NR.CREATE", "NR._CONFIGURE")
    ]
    assert [line.partition(" CLASS-WEIGHT ")[2].partition(" DATASET ")[0] for line in written] == [
        "0.1,3 PATIENCE 33 MONOTONE none THRESHOLD 0.5",
        "balanced PATIENCE auto MONOTONE none THRESHOLD 0.5",
        "1e-7,2 PATIENCE 5 MONOTONE none THRESHOLD 0.5",
    ]
    for reload in (("DEBUG", "LOADAOF"), ("DEBUG", "RELOAD")):
        client.execute_command(*reload)
        for key, weights, patience in (("net", ["0.1", "3"], 33), ("sum", ["1e-7", "2"], 5)):
            info = inredis.info(client, key)
            assert (info["class-weight"], info["patience"]) == (weights, patience)


def test_digest_depends_on_all_contents_and_nothing_else(any_server: servers.Server) -> None:
    client = any_server.client(protocol=2)
    fill(any_server)

    def digest(key: str) -> str:
        return str(client.execute_command("DEBUG", "DIGEST-VALUE", key)[0])

    client.copy("sum", "copy")
    seen = {digest("sum")}
    assert digest("copy") in seen
    of_fields = {digest("shop")}
    for command in (
        "NR.OBSERVE shop age 5 -> yes", "NR.OBSERVE shop plan unheard-of -> yes", "NR.OBSERVE shop age 5 -> maybe",
        "NR.OBSERVE shop note word -> yes", "NR.OBSERVE shop note word -> yes WEIGHT 2", "NR.RESET shop",
    ):  # fmt: skip
        client.execute_command(*command.split(), *["TRAIN"] * ("OBSERVE" in command))
        assert digest("shop") not in of_fields, command
        of_fields.add(digest("shop"))
    assert len(created(client)) == 10
    for command in (
        "NR.OBSERVE sum 1 1 -> 1", "NR.RESET sum", "NR.CONFIGURE sum L2 0.5", "NR.CONFIGURE sum TEST 100",
        "NR.TRAIN sum MAXCYCLES 1 BLOCK 0", "NR.CONFIGURE sum PATIENCE 9",
    ):  # fmt: skip
        client.execute_command(*command.split())
        assert digest("sum") not in seen, command
        seen.add(digest("sum"))
    weighted = set()
    for weights in ("none", "balanced", "1,1", "1,2"):
        client.execute_command("NR.CONFIGURE", "net", "CLASSWEIGHT", weights)
        weighted.add(digest("net"))
    assert len(weighted) == 4


def created(client: redis.Redis) -> set[str]:
    """Return digests of networks with fields that have no rows and differ in one word of NR.CREATE."""
    found = set()
    for number, words in enumerate(
        [
            "a NUMBER b NUMBER -> c", "b NUMBER a NUMBER -> c", "a NUMBER b FLAG -> c", "a NUMBER b CATEGORY -> c",
            "a NUMBER b CATEGORY 7 -> c", "a NUMBER b NUMBER -> d", "a NUMBER b NUMBER -> c CLASSES 2",
            "a NUMBER b NUMBER -> c CLASSES 2 x y", "a NUMBER b NUMBER -> c CLASSES 2 y x",
            "a NUMBER b NUMBER -> c HIDDEN 0",
        ]
    ):  # fmt: skip
        client.execute_command("NR.CREATE", f"new{number}", "CLASSIFIER", "SCHEMA", *words.split(), "SEED", 1)
        found.add(str(client.execute_command("DEBUG", "DIGEST-VALUE", f"new{number}")[0]))
    return found
