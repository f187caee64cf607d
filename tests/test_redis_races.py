"""Events between the end of a training and the installation of its result, or before its first cycle.

The thread of a training posts the result, and the main thread installs it between commands. A transaction holds this
moment: a script in it waits until the training has ended, so the commands after the script run before the
installation, on every server and every time. Where a transaction is not possible, a pause of all writes delays the
installation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import inredis
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

import kinds
import neuralredis
import servers

MODULE = neuralredis.module_path()
#: A script that returns when all trainings have ended.
UNTIL_ENDED = """
    local function ended()
        for _, line in ipairs(redis.call('NR.THREADS')) do
            if not string.find(line.ok or line, 'state=installing', 1, true) then return false end
        end
        return true
    end
    while not ended() do end
"""
CYCLES = 5


@pytest.fixture(scope="module", params=kinds.KINDS, ids=lambda kind: kind.name)
def shared(request: pytest.FixtureRequest) -> Iterator[servers.Server]:
    """Run each kind of server once, for tests that leave nothing behind but statistics."""
    options = ("--appendonly", "yes", "--notify-keyspace-events", "Ed")
    with servers.running(request.param, *options, module=MODULE) as server:
        yield server


@pytest.fixture
def client(shared: servers.Server) -> redis.Redis:
    client = shared.client(protocol=2)
    client.flushall()
    for key in ("net", "other"):
        inredis.create(client, key, "SEED", len(key))
    return client


def before_install(client: redis.Redis, *commands: str) -> None:
    """Run commands after a training of "net" has ended and before its result is installed."""
    with client.pipeline() as transaction:
        transaction.execute_command("NR.TRAIN", "net", "MAXCYCLES", CYCLES)
        transaction.eval(UNTIL_ENDED, 0)
        for command in commands:
            transaction.execute_command(*command.split())
        transaction.execute()


def dropped(client: redis.Redis) -> int:
    return inredis.section(client)["trainings_dropped"]


def is_over(client: redis.Redis) -> None:
    """Wait until no training is left."""
    servers.wait_until(lambda: client.execute_command("NR.THREADS") == [])
    servers.wait_until(lambda: inredis.section(client)["trainings_running"] == 0)


def is_in_the_file(client: redis.Redis) -> None:
    """Check that the AOF has the contents of the server."""
    before = client.execute_command("DEBUG", "DIGEST")
    client.execute_command("DEBUG", "LOADAOF")
    assert client.execute_command("DEBUG", "DIGEST") == before


@pytest.mark.parametrize(
    "commands",
    [
        ["DEL net"], ["UNLINK net"], ["EXPIRE net -1"], ["SET net x"], ["FLUSHALL"], ["FLUSHALL ASYNC"], ["FLUSHDB"],
        ["NR.RESET net"], ["COPY other net REPLACE"], ["RENAME other net"], ["COPY net copy", "DEL net"],
        ["DEL net", "NR.CREATE net CLASSIFIER 2 8 -> 2"], ["RENAME net x", "DEL x"], ["MOVE net 3", "FLUSHALL"],
        ["SWAPDB 0 3", "FLUSHALL"], ["NR.RESET net", "NR.RESET net"], ["COPY net copy", "RENAME copy net"],
    ],
    ids=", ".join,
)  # fmt: skip
def test_result_of_a_deleted_network_is_dropped(client: redis.Redis, commands: list[str]) -> None:
    before = dropped(client)
    before_install(client, *commands)
    servers.wait_until(lambda: dropped(client) == before + 1)
    is_over(client)
    for key in client.scan_iter():
        if client.type(key) != "string":
            assert inredis.cycles(client, key) == 0
    is_in_the_file(client)


@pytest.mark.parametrize(
    ("commands", "db", "key"),
    [
        ([], 0, "net"), (["RENAME net x"], 0, "x"), (["RENAME net other"], 0, "other"), (["MOVE net 3"], 3, "net"),
        (["SWAPDB 0 3"], 3, "net"), (["RENAME net x", "RENAME other net"], 0, "x"),
        (["SWAPDB 0 3", "SWAPDB 3 5"], 5, "net"), (["RENAME net x", "MOVE x 3", "SWAPDB 3 0"], 0, "x"),
        (["MOVE net 3", "NR.CREATE net REGRESSOR 1 -> 1"], 3, "net"),
        (["NR.STOP net"], 0, "net"), (["NR.OBSERVE net 1 1 -> 1"], 0, "net"), (["NR.CONFIGURE net L2 0.5"], 0, "net"),
        (["COPY net copy"], 0, "net"), (["PERSIST net", "EXPIRE net 100"], 0, "net"), (["TOUCH net"], 0, "net"),
    ],
    ids=str,
)  # fmt: skip
def test_result_follows_a_moved_network(
    shared: servers.Server, client: redis.Redis, commands: list[str], db: int, key: str
) -> None:
    finished = inredis.section(client)["trainings_finished"]
    before_install(client, *commands)
    there = shared.client(db=db, protocol=2)
    servers.wait_until(lambda: inredis.section(client)["trainings_finished"] == finished + 1)
    assert inredis.cycles(there, key) == CYCLES
    is_over(client)
    for number in (0, 3, 5):
        here = shared.client(db=number, protocol=2)
        for other in here.scan_iter():
            assert inredis.cycles(here, other) == (CYCLES if (number, other) == (db, key) else 0)
    is_in_the_file(client)


def test_network_cannot_be_trained_while_a_result_awaits_installation(client: redis.Redis) -> None:
    with pytest.raises(redis.ResponseError, match="already being trained"):
        before_install(client, "NR.TRAIN net")
    servers.wait_until(lambda: inredis.cycles(client, "net") == CYCLES)


def test_result_after_a_reset_is_not_installed_for_the_next_training(client: redis.Redis) -> None:
    finished = inredis.section(client)["trainings_finished"]
    before_install(client, "NR.RESET net", f"NR.TRAIN net MAXCYCLES {CYCLES + 1}")
    servers.wait_until(lambda: inredis.section(client)["trainings_finished"] == finished + 1)
    assert inredis.cycles(client, "net") == CYCLES + 1


@pytest.mark.torture
def test_training_can_be_cancelled_right_after_its_start(client: redis.Redis, effort: int) -> None:
    """The progress of a thread that was just started is unknown."""
    before = dropped(client)
    rounds = 30 * effort
    for round_ in range(rounds):
        with client.pipeline() as transaction:
            transaction.execute_command("NR.TRAIN", "net", "MAXTIME", 0)
            for _ in range(round_ % 7):
                transaction.execute_command("NR.EVALUATE", "net")
            transaction.execute_command("NR.RESET", "net")
            transaction.execute_command("NR.TRAIN", "other", "MAXTIME", 0)
            transaction.execute_command("NR.STOP", "other")
            transaction.execute()
        servers.wait_until(lambda: client.execute_command("NR.WAIT", "other") in ("idle", "stopped"))
    servers.wait_until(lambda: dropped(client) == before + rounds)
    is_over(client)
    assert inredis.cycles(client, "net") == 0


@pytest.mark.parametrize("end", ["DEL second", "NR.RESET second", "FLUSHALL", "SET second x"])
def test_cancelled_queued_training_leaves_the_queue(client: redis.Redis, end: str) -> None:
    client.config_set("neuralredis.max-trainings", 1)
    client.rename("other", "second")
    before = dropped(client)
    for key in ("net", "second"):
        inredis.train(client, key)
    assert inredis.section(client)["trainings_queued"] == 1
    client.execute_command(*end.split())
    servers.wait_until(lambda: dropped(client) == before + (2 if end == "FLUSHALL" else 1))
    assert inredis.section(client)["trainings_queued"] == 0
    client.flushall()
    is_over(client)
    client.config_set("neuralredis.max-trainings", 32)


def waiting(client: redis.Redis) -> None:
    """Wait until a result waits to be installed."""
    servers.wait_until(lambda: "state=installing" in str(client.execute_command("NR.THREADS")))


def paused(client: redis.Redis) -> None:
    """Make a result of "net" wait for the end of a pause of all writes."""
    with client.pipeline() as transaction:
        transaction.execute_command("NR.TRAIN", "net", "MAXCYCLES", CYCLES)
        transaction.eval(UNTIL_ENDED, 0)
        transaction.execute_command("CLIENT", "PAUSE", 600_000, "WRITE")
        transaction.execute()
    waiting(client)


def test_result_waits_for_the_end_of_a_client_pause(client: redis.Redis) -> None:
    paused(client)
    assert (inredis.cycles(client, "net"), inredis.info(client, "net")["training"]) == (0, 1)
    client.client_unpause()
    servers.wait_until(lambda: inredis.cycles(client, "net") == CYCLES)
    is_in_the_file(client)


def test_network_deleted_after_a_pause_drops_the_result(shared: servers.Server, client: redis.Redis) -> None:
    # The pause ends when the network is deleted: the server's own commands run first.
    before = dropped(client)
    client.pexpire("net", 600_000)
    with client.pipeline() as transaction:
        transaction.execute_command("NR.TRAIN", "net", "MAXCYCLES", CYCLES)
        transaction.eval(UNTIL_ENDED, 0)
        transaction.pexpire("net", 30)
        transaction.execute_command("CLIENT", "PAUSE", 600_000, "WRITE")
        transaction.execute()
    waiting(client)
    servers.wait_until(lambda: client.exists("net") == 0)
    assert "state=installing" in str(client.execute_command("NR.THREADS"))
    client.client_unpause()
    servers.wait_until(lambda: dropped(client) == before + 1)
    is_in_the_file(client)


def demote(client: redis.Redis) -> None:
    client.replicaof("127.0.0.1", 1)


@pytest.fixture
def lone(kind: kinds.Kind) -> Iterator[redis.Redis]:
    """Run a server for a test that ends it, or its role."""
    with servers.running(kind, module=MODULE, tcp=True) as server:
        client = server.client(protocol=2)
        inredis.create(client, "net")
        yield client


@pytest.mark.parametrize("hold", [before_install, paused])
@pytest.mark.parametrize("back", [False, True], ids=["", "and a primary again"])
def test_result_is_dropped_after_demotion_to_a_replica(lone: redis.Redis, hold: Any, back: bool) -> None:
    if hold is before_install:
        before_install(lone, "REPLICAOF 127.0.0.1 1", *(["REPLICAOF NO ONE"] if back else []))
    else:
        paused(lone)
        demote(lone)
        if back:
            lone.replicaof("NO", "ONE")
    servers.wait_until(lambda: dropped(lone) == 1)
    assert (inredis.cycles(lone, "net"), inredis.info(lone, "net")["training"]) == (0, 0)
    if back:
        lone.client_unpause()
        lone.execute_command("NR.TRAIN", "net", "MAXCYCLES", 3, "BLOCK", 0)
        assert inredis.cycles(lone, "net") == 3


def test_failover_during_an_install_drops_the_result(kind: kinds.Kind) -> None:
    with (
        servers.running(kind, module=MODULE, tcp=True) as primary,
        servers.replica_of(primary, kind, "--propagation-error-behavior", "panic", module=MODULE) as replica,
    ):
        client, reader = primary.client(protocol=2), replica.client(protocol=2)
        inredis.create(client, "net")
        client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 20, "BLOCK", 0)
        before_install(client, "FAILOVER")
        servers.wait_until(lambda: client.info("replication")["role"] == "slave")
        servers.wait_until(lambda: client.info("replication")["master_link_status"] == "up")
        servers.wait_until(lambda: dropped(client) == 1)
        for each in (client, reader):
            assert (inredis.cycles(each, "net"), inredis.info(each, "net")["training"]) == (20, 0)
        reader.execute_command("NR.TRAIN", "net", "MAXCYCLES", 3, "BLOCK", 0)
        servers.wait_until(lambda: inredis.cycles(client, "net") == 23)
        assert client.execute_command("DEBUG", "DIGEST") == reader.execute_command("DEBUG", "DIGEST")


@pytest.mark.parametrize("moment", ["queued", "running", "ended"])
def test_shutdown_saves_the_last_installed_result(kind: kinds.Kind, moment: str) -> None:
    with servers.running(kind, module=MODULE) as server:
        client = server.client(protocol=2)
        inredis.create(client, "net")
        inredis.create(client, "first")
        client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 20, "BLOCK", 0)
        before = client.execute_command("DEBUG", "DIGEST-VALUE", "net")
        if moment == "ended":
            paused(client)
        else:
            client.config_set("neuralredis.max-trainings", 1)
            for key in ("first", "net") if moment == "queued" else ("net",):
                inredis.train(client, key)
            servers.wait_until(lambda: "state=running" in client.execute_command("NR.THREADS")[0])
        once = server.client(retry=Retry(NoBackoff(), 0))
        once.shutdown(save=True, now=True)
        assert server.process.wait(servers.PATIENCE) == 0
        with servers.reopened(kind, server, module=MODULE) as again:
            client = again.client(protocol=2)
            assert client.execute_command("DEBUG", "DIGEST-VALUE", "net") == before
            assert inredis.info(client, "net")["training"] == 0


def test_failed_shutdown_leaves_trainings_working(kind: kinds.Kind) -> None:
    with servers.running(kind, module=MODULE) as server:
        client = server.client(protocol=2)
        inredis.create(client, "net")
        inredis.train(client, "net")
        inredis.running(client)
        (server.directory / "dump.rdb").mkdir()
        with pytest.raises(redis.ResponseError, match="SHUTDOWN"):
            client.execute_command("SHUTDOWN", "SAVE", "NOW")
        # Some servers announce a shutdown that they then abort: there the training was cancelled.
        client.execute_command("NR.STOP", "net")
        is_over(client)
        before = inredis.cycles(client, "net")
        client.execute_command("NR.TRAIN", "net", "MAXCYCLES", CYCLES, "BLOCK", 0)
        assert inredis.cycles(client, "net") == before + CYCLES
