"""Trainings that are cancelled, stopped, moved or fail at critical moments.

Files pause the threads of trainings and the main thread at points of the engine. So every test has the order of
events that it describes, on every server and every time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import inredis
import pauses
import pytest
import redis
from pauses import CYCLES, Points, Stage
from redis.backoff import NoBackoff
from redis.retry import Retry
from test_redis_trainings import Asking

import kinds
import neuralredis
import servers

#: Points at which a training's own thread can pause, in the order in which it reaches them.
ON_ITS_WAY = ["start", "first", "end", "install"]
#: Seconds that the shutdown of a server may take with a paused training; it takes a few tenths.
AT_ONCE = 5.0


@pytest.fixture(scope="module", params=kinds.KINDS, ids=lambda kind: kind.name)
def shared(request: pytest.FixtureRequest) -> Iterator[tuple[servers.Server, Points]]:
    """Run each kind of server once, for tests that leave nothing behind but statistics."""
    with pauses.running(request.param, "--appendonly", "yes") as both:
        yield both


@pytest.fixture
def stage(shared: tuple[servers.Server, Points]) -> Iterator[Stage]:
    stage = Stage(*shared)
    yield stage
    stage.clear()


@pytest.fixture
def points(stage: Stage) -> Points:
    return stage.points


def was_let_go(asking: Asking) -> bool:
    """Return whether the waiting client got an error, from the module or from the server."""
    return asking.answer() == "dropped" or "UNBLOCKED" in str(asking.answer())


def test_released_modules_have_no_pauses() -> None:
    name = b"NEURALREDIS_PAUSES"
    assert name in pauses.MODULE.read_bytes()
    assert name not in neuralredis.module_path().read_bytes()


@pytest.mark.parametrize(
    ("point", "state"), [("start", "queued"), ("first", "running"), ("end", "running"), ("install", "installing")]
)
def test_training_is_listed_until_its_result_is_installed(stage: Stage, points: Points, point: str, state: str) -> None:
    training = stage.paused_at(point)
    (line,) = stage.client.execute_command("NR.THREADS")
    assert f" key=net db=0 maxtime=0 maxcycles={CYCLES} " in line
    assert f" state={state} " in line
    assert (stage.cycles(), stage.is_training()) == (0, True)
    with pytest.raises(redis.ResponseError, match="already being trained"):
        inredis.train(stage.client, "net")
    points.release(point)
    assert training.answer() == "finished"
    assert (stage.cycles(), stage.is_training()) == (CYCLES, False)
    stage.over(finished=1)


@pytest.mark.parametrize("point", ON_ITS_WAY)
@pytest.mark.parametrize(
    "command",
    ["DEL net", "UNLINK net", "EXPIRE net -1", "SET net x", "NR.RESET net", "COPY other net REPLACE",
     "RENAME other net", "FLUSHALL", "FLUSHALL ASYNC", "FLUSHDB"],
)  # fmt: skip
def test_cancelled_training_is_dropped_at_every_stage(stage: Stage, points: Points, point: str, command: str) -> None:
    training = stage.paused_at(point)
    stage.client.execute_command(*command.split())
    # A flush in the background ends a little later.
    servers.wait_until(lambda: stage.client.execute_command("NR.THREADS") == [])
    assert stage.pool() == (point != "install", 0)
    points.release(point)
    assert training.answer() == "dropped"
    stage.over(dropped=1)
    assert all(stage.cycles(key) == 0 for key in stage.client.scan_iter() if stage.client.type(key) != "string")


@pytest.mark.parametrize("point", ON_ITS_WAY)
@pytest.mark.parametrize("command", ["DEL net", "SET net x", "NR.RESET net"])
def test_training_that_ends_during_its_cancellation_is_dropped(
    stage: Stage, points: Points, point: str, command: str
) -> None:
    training = stage.paused_at(point)
    points.hold("cancel")
    cancelling = stage.ask(*command.split())
    points.reached("cancel")
    if point != "install":
        points.hold("install")
        points.release(point)
        points.reached("install")
    points.release("install")
    points.release("cancel")
    assert cancelling.answer() in (1, True, "OK")
    assert training.answer() == "dropped"
    stage.over(dropped=1)


@pytest.mark.parametrize("point", ON_ITS_WAY)
def test_async_flush_answers_waiting_clients_at_once(stage: Stage, points: Points, point: str) -> None:
    stage.client.delete("other", "third")
    training = stage.paused_at(point)
    points.hold("cancel")
    stage.client.flushall(asynchronous=True)
    points.reached("cancel")
    points.release(point)
    assert training.answer() == "dropped"
    points.release("cancel")
    stage.over(dropped=1)


@pytest.mark.parametrize(
    ("point", "word", "cycles"),
    [("start", "stopped", 0), ("first", "stopped", 0), ("end", "finished", CYCLES), ("install", "finished", CYCLES)],
)
def test_stopped_training_keeps_its_result(stage: Stage, points: Points, point: str, word: str, cycles: int) -> None:
    training = stage.paused_at(point)
    assert stage.client.execute_command("NR.STOP", "net") == 1
    assert stage.client.execute_command("NR.STOP", "net") == 1
    points.release(point)
    assert training.answer() == word
    assert stage.cycles() == cycles
    assert stage.client.execute_command("NR.STOP", "net") == 0
    stage.over(finished=1)
    stage.trains_on()


@pytest.mark.parametrize("point", ["first", "end", "install"])
def test_old_result_is_not_installed_for_the_next_training(stage: Stage, points: Points, point: str) -> None:
    training = stage.paused_at(point)
    points.hold("start")
    stage.client.execute_command("NR.RESET", "net")
    following = stage.train("net", CYCLES + 1)
    points.reached("start")
    points.release(point)
    assert training.answer() == "dropped"
    assert (stage.cycles(), stage.is_training()) == (0, True)
    points.release("start")
    assert following.answer() == "finished"
    assert stage.cycles() == CYCLES + 1
    stage.over(dropped=1, finished=1)


@pytest.mark.parametrize("point", ON_ITS_WAY)
@pytest.mark.parametrize(
    ("commands", "db", "key"),
    [(["RENAME net x"], 0, "x"), (["RENAME net other"], 0, "other"), (["MOVE net 3"], 3, "net"),
     (["SWAPDB 0 3"], 3, "net"), (["RENAME net x", "MOVE x 3", "SWAPDB 3 5"], 5, "x"), (["COPY net copy"], 0, "net"),
     (["MOVE net 3", "RENAME other net"], 3, "net"), (["NR.OBSERVE net 1 1 -> 1"], 0, "net")],
    ids=str,
)  # fmt: skip
def test_result_follows_a_moved_network(
    stage: Stage, points: Points, point: str, commands: list[str], db: int, key: str
) -> None:
    training = stage.paused_at(point)
    places = {number: stage.server.client(db=number, protocol=2) for number in (0, 3, 5)}
    for command in commands:
        places[0].execute_command(*command.split())
    points.release(point)
    assert training.answer() == "finished"
    for number, place in places.items():
        for other in place.scan_iter():
            assert inredis.cycles(place, other) == (CYCLES if (number, other) == (db, key) else 0)
    stage.over(finished=1)


@pytest.mark.parametrize("point", ON_ITS_WAY)
def test_result_waits_for_the_end_of_a_client_pause(stage: Stage, points: Points, point: str) -> None:
    training = stage.paused_at(point)
    stage.client.client_pause(600_000, all=False)
    points.release(point)
    servers.wait_until(lambda: "state=installing" in str(stage.client.execute_command("NR.THREADS")))
    assert (stage.cycles(), stage.is_training()) == (0, True)
    stage.client.client_unpause()
    assert training.answer() == "finished"
    stage.over(finished=1)


@pytest.mark.parametrize("point", ON_ITS_WAY)
def test_forked_child_saves_while_a_training_is_paused(stage: Stage, points: Points, point: str) -> None:
    training = stage.paused_at(point)
    stage.client.bgrewriteaof()
    servers.wait_until(lambda: not stage.client.info("persistence")["aof_rewrite_in_progress"])
    assert stage.client.info("persistence")["aof_last_bgrewrite_status"] == "ok"
    points.release(point)
    assert training.answer() == "finished"
    stage.over(finished=1)


@pytest.mark.parametrize("point", ON_ITS_WAY)
def test_client_that_stops_waiting_does_not_affect_others(stage: Stage, points: Points, point: str) -> None:
    training = stage.paused_at(point)
    killed, patient = stage.ask("NR.WAIT", "net"), stage.ask("NR.WAIT", "net", 600_000)
    servers.wait_until(lambda: stage.client.info("clients")["blocked_clients"] == 3)
    assert stage.client.execute_command("NR.WAIT", "net", 20) is None
    stage.client.client_kill_filter(_id=killed.id)
    assert isinstance(killed.answer(), redis.ConnectionError)
    points.release(point)
    assert (training.answer(), patient.answer()) == ("finished", "finished")
    stage.over(finished=1)


@pytest.mark.parametrize("point", ON_ITS_WAY)
@pytest.mark.parametrize("back", [False, True], ids=["", "and is a primary again"])
def test_training_is_dropped_when_the_server_becomes_a_replica(
    stage: Stage, points: Points, point: str, back: bool
) -> None:
    training = stage.paused_at(point)
    stage.client.replicaof("127.0.0.1", 1)
    assert stage.client.execute_command("NR.THREADS") == []
    if back:
        stage.client.replicaof("NO", "ONE")
    points.release(point)
    assert was_let_go(training)
    servers.wait_until(lambda: not stage.is_training())
    stage.client.replicaof("NO", "ONE")
    stage.over(dropped=1)
    assert stage.cycles() == 0
    stage.trains_on()


def test_queued_training_that_starts_during_demotion_is_dropped(stage: Stage, points: Points) -> None:
    stage.client.config_set("neuralredis.max-trainings", 1)
    trainings = [stage.paused_at("end"), *stage.queue("other", "third")]
    points.hold("cancel", "start")
    demoting = stage.ask("REPLICAOF", "127.0.0.1", 1)
    # "net" is cancelled, the queued trainings not yet.
    points.reached("cancel")
    points.release("end")
    points.reached("start")
    points.release("cancel")
    assert demoting.answer() in ("OK", True)
    points.release("start")
    assert all(was_let_go(training) for training in trainings)
    stage.client.replicaof("NO", "ONE")
    stage.over(dropped=3)
    assert [stage.cycles(key) for key in ("net", "other", "third")] == [0, 0, 0]
    stage.trains_on()


@pytest.mark.parametrize(
    ("command", "word", "cycles"),
    [("DEL other", "dropped", None), ("NR.RESET other", "dropped", 0), ("NR.STOP other", "stopped", 0),
     ("PERSIST other", "finished", CYCLES)],
)  # fmt: skip
def test_training_that_is_about_to_start_can_be_withdrawn(
    stage: Stage, points: Points, command: str, word: str, cycles: int | None
) -> None:
    stage.client.config_set("neuralredis.max-trainings", 1)
    first = stage.paused_at("end")
    points.hold("turn")
    second, third = stage.queue("other", "third")
    points.release("end")
    points.reached("turn")
    assert stage.pool() == (1, 1)
    stage.client.execute_command(*command.split())
    points.release("turn")
    assert [training.answer() for training in (first, second, third)] == ["finished", word, "finished"]
    if cycles is not None:
        assert stage.cycles("other") == cycles
    stage.over(finished=2 + (word != "dropped"), dropped=int(word == "dropped"))


@pytest.mark.parametrize("command", ["DEL other", "NR.RESET other"])
def test_training_can_start_while_it_is_withdrawn(stage: Stage, points: Points, command: str) -> None:
    stage.client.config_set("neuralredis.max-trainings", 1)
    first = stage.paused_at("end")
    second, third = stage.queue("other", "third")
    points.hold("cancel", "start")
    cancelling = stage.ask(*command.split())
    points.reached("cancel")
    points.release("end")
    points.reached("start")
    points.release("cancel")
    assert cancelling.answer() in (1, "OK")
    assert stage.pool() == (1, 1)
    points.release("start")
    assert [training.answer() for training in (first, second, third)] == ["finished", "dropped", "finished"]
    stage.over(finished=2, dropped=1)


def test_training_can_start_while_its_network_is_freed_in_the_background(stage: Stage, points: Points) -> None:
    stage.client.config_set("neuralredis.max-trainings", 1)
    stage.client.move("other", 3)
    first = stage.paused_at("end")
    there = stage.server.client(db=3, protocol=2)
    inredis.train(there, "other")
    points.hold("cancel")
    there.flushdb(asynchronous=True)
    points.reached("cancel")
    points.release("end")
    assert first.answer() == "finished"
    servers.wait_until(lambda: stage.pool() == (0, 0))
    points.release("cancel")
    stage.over(finished=1, dropped=1)
    stage.trains_on()


def test_training_can_end_while_max_trainings_is_raised(stage: Stage, points: Points) -> None:
    stage.client.config_set("neuralredis.max-trainings", 1)
    trainings = [stage.paused_at("end"), *stage.queue("other", "third")]
    points.hold("turn")
    raising = stage.ask("CONFIG", "SET", "neuralredis.max-trainings", 2)
    # The main thread is starting "other", so the thread of "net" takes "third".
    points.reached("turn")
    points.hold("turn")
    points.release("end")
    points.reached("turn")
    points.release("turn")
    assert raising.answer() in ("OK", True)
    assert [training.answer() for training in trainings] == ["finished"] * 3
    stage.over(finished=3)


@pytest.mark.parametrize("point", ["start", "first", "end"])
def test_panic_in_a_training_is_reported_and_the_next_one_runs(stage: Stage, points: Points, point: str) -> None:
    stage.client.config_set("neuralredis.max-trainings", 1)
    training = stage.paused_at(point)
    waiting = stage.ask("NR.WAIT", "net")
    points.hold("turn")
    (following,) = stage.queue("other")
    points.panic(point)
    points.reached("turn")
    points.release(point, "turn")
    reason = f"a panic was asked for at the point '{point}'"
    assert [asking.answer() for asking in (training, waiting)] == [f"failed: {reason}"] * 2
    assert following.answer() == "finished"
    info = inredis.info(stage.client, "net")
    assert (info["training"], info["training-total-cycles"]) == (0, 0)
    log = stage.server.log
    assert "a bug in neuralredis at rust/core/src/training/pauses.rs:" in log
    assert f"the training of network {info['id']} failed: {reason}" in log
    stage.over(failed=1, finished=1)
    stage.trains_on()


def test_panic_in_a_dropped_training_is_not_counted_as_failed(stage: Stage, points: Points) -> None:
    training = stage.paused_at("first")
    stage.client.delete("net")
    points.panic("first")
    assert training.answer() == "dropped"
    stage.over(dropped=1)
    points.release("first")
    stage.trains_on("other")


@pytest.mark.parametrize("turn", [False, True], ids=["running", "queued"])
def test_panic_during_a_cancellation_leaves_no_training(stage: Stage, points: Points, turn: bool) -> None:
    stage.client.config_set("neuralredis.max-trainings", 1)
    first = stage.paused_at("end")
    (second,) = stage.queue("other")
    key = "other" if turn else "net"
    points.panic("cancel")
    with pytest.raises(redis.ResponseError, match="internal error"):
        stage.client.execute_command("NR.RESET", key)
    points.release("cancel")
    points.release("end")
    assert (first.answer(), second.answer()) == (("finished", "dropped") if turn else ("dropped", "finished"))
    stage.over(finished=1, dropped=1)
    stage.trains_on(key)


@pytest.mark.parametrize("point", ["start", "install"])
def test_failover_drops_the_training(kind: kinds.Kind, point: str) -> None:
    strict = ("--propagation-error-behavior", "panic")
    with (
        pauses.running(kind, tcp=True) as (primary, points),
        servers.replica_of(primary, kind, *strict, module=pauses.MODULE) as replica,
    ):
        client, reader = primary.client(protocol=2), replica.client(protocol=2)
        inredis.create(client, "net")
        client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 20, "BLOCK", 0)
        points.hold(point)
        training = Asking(primary, "NR.TRAIN", "net", "MAXCYCLES", CYCLES, "BLOCK", 0)
        points.reached(point)
        client.execute_command("FAILOVER")
        servers.wait_until(lambda: client.info("replication")["role"] == "slave")
        servers.wait_until(lambda: client.info("replication")["master_link_status"] == "up")
        points.release(point)
        assert was_let_go(training)
        servers.wait_until(lambda: inredis.section(client)["trainings_dropped"] == 1)
        for each in (client, reader):
            assert (inredis.cycles(each, "net"), inredis.info(each, "net")["training"]) == (20, 0)
        pauses.trains_on(reader, "net")
        servers.wait_until(lambda: inredis.cycles(client, "net") == 23)
        assert client.execute_command("DEBUG", "DIGEST") == reader.execute_command("DEBUG", "DIGEST")


@pytest.mark.parametrize("point", [*ON_ITS_WAY, "turn"])
def test_shutdown_is_immediate_and_saves_the_last_installed_result(kind: kinds.Kind, point: str) -> None:
    with pauses.running(kind) as (server, points):
        client = server.client(protocol=2)
        client.config_set("neuralredis.max-trainings", 1)
        for key in ("net", "other"):
            inredis.create(client, key)
            client.execute_command("NR.TRAIN", key, "MAXCYCLES", 20, "BLOCK", 0)
        points.hold("end" if point == "turn" else point)
        client.execute_command("NR.TRAIN", "net", "MAXCYCLES", CYCLES)
        if point == "turn":
            points.reached("end")
            client.execute_command("NR.TRAIN", "other", "MAXCYCLES", CYCLES)
            points.hold("turn")
            points.release("end")
        points.reached(point)
        before = client.execute_command("DEBUG", "DIGEST")
        once = server.client(retry=Retry(NoBackoff(), 0))
        start = time.monotonic()
        once.shutdown(save=True, now=True)
        assert server.process.wait(servers.PATIENCE) == 0
        assert time.monotonic() - start < AT_ONCE
        with servers.reopened(kind, server, module=pauses.MODULE) as again:
            client = again.client(protocol=2)
            assert client.execute_command("DEBUG", "DIGEST") == before
            assert [inredis.cycles(client, key) for key in ("net", "other")] == [20, 20]
            assert client.execute_command("NR.THREADS") == []
