"""Replicas receive effects, and never train."""

from __future__ import annotations

import contextlib
import itertools
import struct
from collections.abc import Iterator

import inredis
import pytest
import redis
from inredis import observed, row_of

import kinds
import neuralredis
import saved
import servers

STRICT = ["--propagation-error-behavior", "panic"]


MODULE = neuralredis.module_path()
#: For tests that do not depend on the kind of server.
on_any_server = pytest.mark.parametrize("kind", [kinds.ANY], indirect=True, ids=lambda kind: kind.name)


@pytest.fixture
def primary(kind: kinds.Kind) -> Iterator[servers.Server]:
    # With a file: after a diskless synchronization a second may pass before a replica is sent anything.
    options = ("--repl-diskless-sync", "no", *servers.INTERNAL_COMMANDS)
    with servers.running(kind, *options, module=MODULE, tcp=True) as primary:
        yield primary


@pytest.fixture
def replica(kind: kinds.Kind, primary: servers.Server) -> Iterator[servers.Server]:
    with servers.replica_of(primary, kind, *STRICT, module=MODULE) as replica:
        yield replica


@pytest.fixture
def stack() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as stack:
        yield stack


def caught_up(primary: servers.Server, replica: servers.Server) -> None:
    """Wait until a replica has received all that its primary has sent."""

    def is_level() -> bool:
        offsets = {server.client().info("replication")["master_repl_offset"] for server in (primary, replica)}
        return len(offsets) == 1

    servers.wait_until(is_level)


def agree(primary: servers.Server, replica: servers.Server) -> bool:
    caught_up(primary, replica)
    return len({server.client().execute_command("DEBUG", "DIGEST") for server in (primary, replica)}) == 1


@on_any_server
def test_replica_receives_the_result_and_gives_the_same_answers(
    primary: servers.Server, replica: servers.Server
) -> None:
    client, reader = primary.client(protocol=2), replica.client(protocol=2)
    inredis.create(client, "net", "CLASSWEIGHT", "1,0.1", "PATIENCE", 20)
    client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 50, "BLOCK", 0)
    assert agree(primary, replica)
    client.execute_command("NR.CONFIGURE", "net", "CLASSWEIGHT", "3,0.7", "PATIENCE", 21, "THRESHOLD", 0.2)
    assert agree(primary, replica)
    replicated = inredis.info(reader, "net")
    assert [replicated[name] for name in ("class-weight", "patience", "threshold")] == [["3", "0.7"], 21, "0.2"]
    assert reader.execute_command("NR.RUN", "net", 0.5, 0.5) == client.execute_command("NR.RUN", "net", 0.5, 0.5)
    assert reader.execute_command("NR.WAIT", "net") == "idle"
    assert inredis.cycles(reader, "net") == 50


@on_any_server
def test_writable_replica_rejects_trainings(primary: servers.Server, replica: servers.Server) -> None:
    client, reader = primary.client(protocol=2), replica.client(protocol=2)
    inredis.create(client, "net")
    assert agree(primary, replica)
    with pytest.raises(redis.ReadOnlyError):
        inredis.train(reader, "net")
    reader.config_set("replica-read-only", "no")
    with pytest.raises(redis.ResponseError, match="is a replica: its primary trains"):
        inredis.train(reader, "net")


@inredis.of_both
@pytest.mark.parametrize(
    "how", [["--repl-diskless-load", "swapdb"], ["--repl-diskless-load", "disabled"]], ids=["beside", "from a file"]
)
def test_full_sync_during_a_training_sends_the_old_weights(
    kind: kinds.Kind, primary: servers.Server, how: list[str], made: inredis.Made
) -> None:
    client = primary.client(protocol=2)
    client.config_set("repl-diskless-sync", "yes" if "swapdb" in how else "no")
    made.create(client, "net")
    inredis.train(client, "net")
    inredis.running(client)
    with servers.replica_of(primary, kind, *STRICT, *how, module=MODULE) as replica:
        reader = replica.client(protocol=2)
        assert (inredis.cycles(reader, "net"), inredis.info(reader, "net")["training"]) == (0, 0)
        client.execute_command("NR.OBSERVE", "net", *made.row(0))
        client.execute_command("NR.STOP", "net")
        servers.wait_until(lambda: inredis.cycles(reader, "net") > 0)
        assert agree(primary, replica)


@inredis.of_both
@pytest.mark.parametrize("parting", ["the primary lives", "the primary is cut off"])
def test_promoted_replica_has_the_last_result_and_can_train(
    primary: servers.Server, replica: servers.Server, parting: str, made: inredis.Made
) -> None:
    client, reader = primary.client(protocol=2), replica.client(protocol=2)
    made.create(client, "net")
    client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 5, "BLOCK", 0)
    before = client.execute_command("DEBUG", "DIGEST-VALUE", "net")
    inredis.train(client, "net")
    inredis.running(client)
    caught_up(primary, replica)
    if parting == "the primary is cut off":
        primary.kill()
    reader.replicaof("NO", "ONE")
    assert reader.execute_command("DEBUG", "DIGEST-VALUE", "net") == before
    assert (inredis.cycles(reader, "net"), inredis.info(reader, "net")["training"]) == (5, 0)
    reader.execute_command("NR.TRAIN", "net", "MAXCYCLES", 5, "BLOCK", 0)
    reader.execute_command("NR.OBSERVE", "net", *made.row(1))
    assert inredis.cycles(reader, "net") == 10
    if parting == "the primary lives":
        # It returns as a replica: its own training is dropped, and the other server's results are loaded.
        client.replicaof("127.0.0.1", replica.port)
        servers.wait_until(lambda: client.info("replication")["master_link_status"] == "up")
        assert agree(replica, primary)
        assert inredis.cycles(client, "net") == 10
        servers.wait_until(lambda: inredis.section(client)["trainings_dropped"] == 1)


@inredis.of_both
def test_promoted_replica_trains_to_the_same_bits_as_the_primary(
    primary: servers.Server, replica: servers.Server, made: inredis.Made
) -> None:
    clients = [server.client(protocol=2, decode_responses=False) for server in (primary, replica)]
    client, promoted = clients
    made.create(client, "net")
    client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 5, "BLOCK", 0)
    client.execute_command("NR.OBSERVE", "net", *made.rows(0, 30))
    caught_up(primary, replica)
    promoted.replicaof("NO", "ONE")
    for each in clients:
        each.execute_command("NR.OBSERVE", "net", *made.rows(30, 30))
        each.execute_command("NR.OBSERVE", "net", *made.row(60))
        each.execute_command("NR.TRAIN", "net", "MAXCYCLES", 15, "AUTOSTOP", "BACKTRACK", "BLOCK", 0)
    first, other = (saved.timeless(each.execute_command("NR.EXPORT", "net")) for each in clients)
    assert first == other
    answers = [each.execute_command("NR.RUN", "net", *made.question) for each in clients]
    assert answers[0] == answers[1]


def frames(kind: kinds.Kind, made: inredis.Made) -> list[list[bytes]]:
    """Return the commands by which an AOF without an RDB creates a network."""
    with servers.running(kind, "--appendonly", "yes", "--aof-use-rdb-preamble", "no", module=MODULE) as server:
        client = server.client()
        made.create(client, "net")
        client.bgrewriteaof()
        servers.wait_until(lambda: not client.info("persistence")["aof_rewrite_in_progress"])
        servers.wait_until(lambda: not client.info("persistence")["aof_rewrite_scheduled"])
        [base] = server.directory.glob("*/*.base.aof")
        return [words for words in inredis.parsed(base.read_bytes()) if words[0].lower() == b"nr._load"]


@inredis.of_both
def test_network_sent_in_frames_reaches_replicas_and_aof_complete(
    kind: kinds.Kind, primary: servers.Server, stack: contextlib.ExitStack, made: inredis.Made
) -> None:
    raw = primary.client(protocol=2, decode_responses=False)
    raw.config_set("appendonly", "yes")
    servers.wait_until(lambda: not raw.info("persistence")["aof_rewrite_in_progress"])
    loads = frames(kind, made)
    assert len(loads) > 2
    # Frames of two networks alternate, and a replica and a rewritten AOF begin between the frames.
    for at, (_, _, index, frame) in enumerate(loads):
        for key in ("net", "other"):
            raw.execute_command("NR._LOAD", key, index, frame)
        assert raw.exists("net", "other") == (2 if at == len(loads) - 1 else 0)
        if at == 1:
            raw.bgrewriteaof()
            servers.wait_until(lambda: not raw.info("persistence")["aof_rewrite_in_progress"])
            late = stack.enter_context(servers.replica_of(primary, kind, *STRICT, module=MODULE))
    assert agree(primary, late)
    assert late.client().exists("net", "other") == 2
    before = raw.execute_command("DEBUG", "DIGEST")
    raw.execute_command("DEBUG", "LOADAOF")
    assert raw.execute_command("DEBUG", "DIGEST") == before
    with pytest.raises(redis.ResponseError, match="follows none"):
        raw.execute_command("NR._LOAD", "net", 3, loads[3][3])


def test_demoted_primary_cancels_trainings_and_the_new_primary_trains(
    primary: servers.Server, replica: servers.Server
) -> None:
    client, reader = primary.client(protocol=2), replica.client(protocol=2)
    inredis.create(client, "net")
    client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 5, "BLOCK", 0)
    inredis.train(client, "net")
    inredis.running(client)
    client.execute_command("FAILOVER")
    servers.wait_until(lambda: client.info("replication")["role"] == "slave")
    servers.wait_until(lambda: client.info("replication")["master_link_status"] == "up")
    servers.wait_until(lambda: inredis.section(client)["trainings_dropped"] == 1)
    assert client.execute_command("NR.THREADS") == []
    assert (inredis.cycles(reader, "net"), inredis.info(reader, "net")["training"]) == (5, 0)
    reader.execute_command("NR.TRAIN", "net", "MAXCYCLES", 5, "BLOCK", 0)
    assert agree(replica, primary)
    assert inredis.cycles(client, "net") == 10


@inredis.of_both
def test_rows_are_propagated_only_if_a_replica_or_aof_exists(
    kind: kinds.Kind, primary: servers.Server, made: inredis.Made
) -> None:
    client = primary.client(protocol=2)
    turns = itertools.count()
    made.create(client, "net")
    client.execute_command("NR.CONFIGURE", "net", "DATASET", 50, "TEST", 25)

    def observe(to: redis.Redis = client) -> None:
        to.execute_command("NR.OBSERVE", "net", *made.rows(10 * next(turns), 30))

    for _ in range(3):
        observe()
    follow = ("--replicaof", f"127.0.0.1 {primary.port}")
    with servers.running(kind, *STRICT, *follow, module=MODULE, tcp=True) as replica:
        reader = replica.client(protocol=2)

        def follows() -> bool:
            # Rows that arrive while the snapshot is written and sent.
            observe()
            return bool(reader.info("replication")["master_link_status"] == "up")

        servers.wait_until(follows)
        assert agree(primary, replica)
        calls = inredis.calls(reader, made.effect)
        observe()
        assert agree(primary, replica)
        assert (inredis.calls(reader, made.effect), inredis.calls(reader, "NR.OBSERVE")) == (calls + 1, 0)
        # A disconnected replica synchronizes partially.
        full = client.info("stats")["sync_full"]
        pipeline = client.pipeline(transaction=False).execute_command("CLIENT", "KILL", "TYPE", "replica")
        pipeline.execute_command("NR.OBSERVE", "net", *made.rows(500, 30)).execute()
        servers.wait_until(lambda: reader.info("replication")["master_link_status"] == "up")
        assert agree(primary, replica)
        assert client.info("stats")["sync_full"] == full


@on_any_server
@inredis.of_both
def test_copy_places_rows_like_the_original(primary: servers.Server, made: inredis.Made) -> None:
    """A replica that received the command instead of the effect would still equal its primary."""
    client = primary.client(protocol=2)
    made.create(client, "net")
    client.execute_command("NR.CONFIGURE", "net", "DATASET", 50, "TEST", 25)
    client.copy("net", "copy")
    for key in ("net", "copy"):
        client.execute_command("NR.OBSERVE", key, *made.rows(0, 200))
        client.execute_command("NR.OBSERVE", key, *made.row(1), "WEIGHT", 2)
    first, copy = client.execute_command("DEBUG", "DIGEST-VALUE", "net", "copy")
    assert first == copy


@on_any_server
@inredis.of_both
def test_promoted_replica_sends_effects_to_its_replicas(
    kind: kinds.Kind, primary: servers.Server, replica: servers.Server, made: inredis.Made
) -> None:
    made.create(primary.client(), "net", "SEED", 1)
    assert agree(primary, replica)
    promoted = replica.client(protocol=2)
    promoted.replicaof("NO", "ONE")
    client = primary.client(protocol=2)
    client.replicaof("127.0.0.1", replica.port)
    servers.wait_until(lambda: client.info("replication")["master_link_status"] == "up")
    client.config_resetstat()
    for number in range(50):
        promoted.execute_command("NR.OBSERVE", "net", *made.row(number))
    assert agree(replica, primary)
    assert (inredis.calls(client, made.effect), inredis.calls(client, "NR.OBSERVE")) == (50, 0)


@on_any_server
def test_transaction_is_propagated_as_one_transaction(primary: servers.Server, replica: servers.Server) -> None:
    client = primary.client(protocol=2)
    with client.pipeline() as transaction:
        transaction.execute_command("NR.CREATE", "net", "REGRESSOR", 1, "->", 1, "DATASET", 5)
        transaction.execute_command("NR.OBSERVE", "net", 1, "->", 2)
        transaction.execute_command("NR.RESET", "net")
        transaction.execute()
    client.eval("redis.call('NR.OBSERVE', 'net', '3', '->', '4') return redis.call('NR.RESET', 'net')", 0)
    assert agree(primary, replica)
    with client.pipeline() as transaction:
        transaction.execute_command("NR.CREATE", "fields", "CLASSIFIER", *inredis.SCHEMA, "->", "what", "DATASET", 5)
        for number in range(20):
            transaction.execute_command("NR.OBSERVE", "fields", *inredis.named(number))
        transaction.execute_command("NR.RESET", "fields")
        transaction.execute_command("NR.OBSERVE", "fields", *inredis.as_json(*range(20, 30)))
        transaction.execute()
    script = "redis.call('NR.OBSERVE', 'fields', 'plan', 'late', '->', 'later') return redis.call('NR.RESET', 'fields')"
    client.eval(script, 0)
    assert agree(primary, replica)


@on_any_server
def test_invalid_effects_of_clients_are_rejected(primary: servers.Server, replica: servers.Server) -> None:
    raw = primary.client(protocol=2, decode_responses=False)
    inredis.create(raw, "net")
    before = raw.execute_command("NR.EXPORT", "net")
    place, row = b"\0" + b"\5\0\0\0", inredis.blob((1, 2, 1))
    for command in [
        ("NR._ROWS", "net", "x", place, row), ("NR._ROWS", "net", 1, b"123", row),
        ("NR._ROWS", "net", 1, place, b"123"),
        ("NR._ROWS", "net", 1, b"\2\0\0\0\0", row), ("NR._ROWS", "net", 1, b"\0\xff\0\0\0", row),
        ("NR._ROWS", "net", 1, place, inredis.blob((1, 2, 5))), ("NR._ROWS", "net", 1, place * 2, row),
        ("NR._ROWS", "net", 1, place, row, inredis.blob((0,))),
        ("NR._ROWS", "net", 1, place, row, inredis.blob((1, 1))),
        ("NR._ROWS", "nothing", 1, place, row), ("NR._RESET", "net", "-1"), ("NR._TRAINED", "net", b"neural\1\0"),
        ("NR._TRAINED", "net", b"x"), ("NR._LOAD", "net", 1, b"x"), ("NR._LOAD", "net", 0, b"x"),
        ("NR._LOAD", "net", "x", b"neural\1\0"), ("NR._CONFIGURE", "net", 1, "DATASET"),
        ("NR._CONFIGURE", "net", 1, "OUTPUT", "linear", "LOSS", "crossentropy"),
        ("NR._CONFIGURE", "net", 1, "TEST", 5, "CLASSWEIGHT", "1,2,3"), ("NR._CONFIGURE", "net", 1, "PATIENCE", 0),
    ]:  # fmt: skip
        with pytest.raises(redis.ResponseError):
            raw.execute_command(*command)
        assert raw.execute_command("NR.EXPORT", "net") == before, command
    raw.execute_command("NR._ROWS", "net", 1, place, row, inredis.blob((2,)))
    assert raw.execute_command("NR.EXPORT", "net") != before
    assert agree(primary, replica)


@on_any_server
def test_invalid_effects_of_rows_of_fields_are_rejected(primary: servers.Server, replica: servers.Server) -> None:
    raw = primary.client(protocol=2, decode_responses=False)
    raw.execute_command("NR.CREATE", "net", "CLASSIFIER", "SCHEMA", "plan", "CATEGORY", 2, "->", "x", "CLASSES", 3)
    raw.execute_command("NR.OBSERVE", "net", "plan", "a", "->", "no", "TRAIN")
    inredis.create(raw, "numbers")
    nan = float("nan")
    # Inputs: one computed, which is unused; then those for a gap, for other words, and for "a".
    gap, other, first, second, third = range(1, 6)
    assert raw.execute_command("NR._OBSERVED", "net", observed([], [], row_of(first, at=1))) == b"OK"
    before = raw.execute_command("DEBUG", "DIGEST")
    for wrong in (
        b"", b"x", observed([], [], row_of(first, at=2))[:-1], observed([], [], row_of(first, at=2)) + b"x",
        observed([], [], row_of(second, at=2)), observed([], [], row_of(0, at=2)), observed([], [], row_of(nan, at=2)),
        observed([], [], row_of(-1, at=2)), observed([], [], row_of(1.5, at=2)), observed([], [], row_of(1e30, at=2)),
        observed([], [], row_of(gap, outcome=1, at=2)), observed([], [], row_of(gap, outcome=nan, at=2)),
        observed([], [], row_of(gap, outcome=0.5, at=2)), observed([], [], row_of(gap, outcome=-1, at=2)),
        observed([], [], row_of(gap, weight=0, at=2)), observed([], [], row_of(gap, weight=nan, at=2)),
        observed([], [], row_of(gap, at=3)), observed([], [], row_of(gap, at=2**32 - 1)),
        observed([], [], row_of(gap, at=1, into=1)), observed([], [], row_of(gap, at=2, into=2)),
        observed([], [], row_of(gap, at=2, listed=struct.pack("<If", first, 1))),
        observed([], [], row_of(gap, at=2), outcomes=0), observed([], [], row_of(gap, at=2), outcomes=2**31),
        observed([(0, b"a")], [], row_of(gap, at=2)), observed([(1, b"b")], [], row_of(gap, at=2)),
        observed([(0, b"")], [], row_of(gap, at=2)), observed([(0, b"b" * 65)], [], row_of(gap, at=2)),
        observed([(0, b"b"), (0, b"b")], [], row_of(gap, at=2)),
        observed([(0, b"b"), (0, b"c")], [], row_of(gap, at=2)), observed([(0, b"b")], [], row_of(third, at=2)),
        observed([], [b"no"], row_of(gap, at=2)), observed([], [b""], row_of(gap, at=2)),
        observed([], [b"b", b"c", b"d"], row_of(gap, at=2)), observed([], [b"b", b"b"], row_of(gap, at=2)),
        # A word and a class are added before the invalid row.
        observed([(0, b"b")], [b"yes"], row_of(second, outcome=2, at=2)),
    ):  # fmt: skip
        with pytest.raises(redis.ResponseError):
            raw.execute_command("NR._OBSERVED", "net", wrong)
        assert raw.execute_command("DEBUG", "DIGEST") == before, wrong
    for key in ("numbers", "nothing"):
        with pytest.raises(redis.ResponseError, match=r"the network has no fields|no network at key"):
            raw.execute_command("NR._OBSERVED", key, observed([], [], row_of(gap, at=2)))
    assert raw.execute_command("DEBUG", "DIGEST") == before
    good = [
        row_of(second, outcome=1, weight=2.5, at=2),
        row_of(other, at=0),
        row_of(gap, outcome=1, into=1),
    ]
    good = observed([(0, b"b")], [b"yes"], *good)
    assert raw.execute_command("NR._OBSERVED", "net", good) == b"OK"
    rows = [
        raw.execute_command("NR.GETDATA", "net", into, at) for into, at in (("TRAIN", 0), ("TRAIN", 2), ("TEST", 0))
    ]
    assert rows == [[[b"plan", None], [b"no"]], [[b"plan", b"b"], [b"yes"]], [[b"plan", None], [b"yes"]]]
    assert agree(primary, replica)
    assert raw.execute_command("NR.OBSERVE", "net", "plan", "b", "->", "maybe", "TRAIN") == [4, 1]
    assert agree(primary, replica)
