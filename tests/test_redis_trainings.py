"""Trainings in a server: results, and clients that wait for them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import inredis
import numpy as np
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

import kinds
import neuralredis
import servers

#: Far longer than any test.
LONG = 60_000


@pytest.fixture
def client(any_server: servers.Server) -> redis.Redis:
    return any_server.client(protocol=2)


class Asking:
    """A command on another connection, which waits for the reply."""

    def __init__(self, server: servers.Server, *command: Any) -> None:
        # A closed connection must not retry.
        once = Retry(NoBackoff(), 0)
        self.client = server.client(protocol=2, single_connection_client=True, retry=once)
        self.id = self.client.client_id()
        self.reply: Any = None
        self._thread = threading.Thread(target=self._ask, args=command, daemon=True)
        self._thread.start()

    def _ask(self, *command: Any) -> None:
        try:
            self.reply = self.client.execute_command(*command)
        except Exception as error:  # a connection that is closed meanwhile fails in many ways
            self.reply = error

    def answer(self) -> Any:
        self._thread.join(servers.PATIENCE)
        assert not self._thread.is_alive(), "no reply"
        return self.reply


@pytest.fixture
def ask(any_server: servers.Server, client: redis.Redis) -> Iterator[Callable[..., Asking]]:
    def ask(*command: Any) -> Asking:
        before = client.info("clients")["blocked_clients"]
        asking = Asking(any_server, *command)
        servers.wait_until(lambda: client.info("clients")["blocked_clients"] == before + 1 or asking.reply is not None)
        return asking

    return ask


def test_result_is_installed_without_a_further_command(client: redis.Redis) -> None:
    client.config_set("notify-keyspace-events", "Ed")
    listener = client.pubsub()
    listener.subscribe("__keyevent@0__:nr.trained")
    assert listener.get_message(timeout=5)
    inredis.create(client, "net")
    inredis.train(client, "net", "MAXCYCLES", 5)
    message = listener.get_message(timeout=5)
    assert message
    assert message["data"] == "net"
    assert inredis.cycles(client, "net") == 5
    assert inredis.section(client)["trainings_finished"] == 1
    listener.close()


def test_idle_server_installs_a_result_immediately(client: redis.Redis) -> None:
    # The server's timer runs once a second: faster events did not wait for it.
    client.config_set("hz", 1)
    inredis.create(client, "net")
    took = []
    for _ in range(9):
        start = time.monotonic()
        client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 1, "BLOCK", 0)
        took.append(time.monotonic() - start)
    assert sorted(took)[4] < 0.5, took


def test_results_are_not_installed_during_a_script(client: redis.Redis) -> None:
    client.config_set("busy-reply-threshold", 50)
    inredis.create(client, "net")
    script = """
        redis.call('NR.TRAIN', 'net', 'MAXCYCLES', '1')
        local before = redis.call('NR.RUN', 'net', '1', '1')
        local function clock() local time = redis.call('TIME') return time[1] + time[2] / 1e6 end
        local start = clock()
        while clock() - start < 0.3 do end
        local after = redis.call('NR.RUN', 'net', '1', '1')
        return {before[1], after[1]}
    """
    before, after = client.eval(script, 0)
    assert before == after
    servers.wait_until(lambda: inredis.cycles(client, "net") == 1)


def test_keyspace_events_report_writes(client: redis.Redis) -> None:
    client.config_set("notify-keyspace-events", "Kd")
    listener = client.pubsub()
    listener.psubscribe("__keyspace@0__:*")
    assert listener.get_message(timeout=5)
    inredis.create(client, "net")
    client.execute_command("NR.CONFIGURE", "net", "TEST", 5)
    client.execute_command("NR.RESET", "net")
    client.execute_command("NR.IMPORT", "copy", redis_bytes(client, "net"))
    events = [listener.get_message(timeout=5)["data"] for _ in range(5)]
    assert events == ["nr.create", "nr.observe", "nr.configure", "nr.reset", "nr.import"]
    listener.close()


def redis_bytes(client: redis.Redis, key: str) -> bytes:
    pool = client.connection_pool
    raw = redis.Redis(unix_socket_path=pool.connection_kwargs["path"], protocol=2)
    with raw:
        exported: bytes = raw.execute_command("NR.EXPORT", key)
    return exported


def test_network_in_training_answers_with_its_old_weights(client: redis.Redis) -> None:
    inredis.create(client, "net")
    before = client.execute_command("NR.RUN", "net", 0.1, 0.9)
    inredis.train(client, "net")
    inredis.running(client)
    assert client.execute_command("NR.RUN", "net", 0.1, 0.9) == before
    assert inredis.info(client, "net")["training"] == 1
    assert client.execute_command("NR.STOP", "net") == 1
    servers.wait_until(lambda: not inredis.info(client, "net")["training"])
    assert client.execute_command("NR.RUN", "net", 0.1, 0.9) != before


def test_second_training_of_a_network_is_rejected(client: redis.Redis) -> None:
    inredis.create(client, "net")
    inredis.train(client, "net")
    with pytest.raises(redis.ResponseError, match="already being trained"):
        inredis.train(client, "net")
    with pytest.raises(redis.ResponseError, match="already being trained"):
        client.execute_command("NR.CONFIGURE", "net", "ACTIVATION", "TANH")
    assert client.execute_command("NR.CONFIGURE", "net", "L2", "0.5") == "OK"


def test_ensemble_beyond_max_network_bytes_is_rejected(client: redis.Redis) -> None:
    inredis.create(client, "net", "ENSEMBLE", 64)
    client.config_set("neuralredis.max-network-bytes", inredis.info(client, "net")["memory-bytes"] + 1000)
    with pytest.raises(redis.ResponseError, match=r"the limit neuralredis\.max-network-bytes"):
        inredis.train(client, "net")
    assert inredis.info(client, "net")["training"] == 0
    client.execute_command("NR.CONFIGURE", "net", "ENSEMBLE", 2)
    assert client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 1, "BLOCK", 0) == "finished"
    assert inredis.info(client, "net")["members"] == 2


def test_trainings_beyond_max_trainings_are_queued_and_listed(client: redis.Redis) -> None:
    client.config_set("neuralredis.max-trainings", 1)
    for key in ("first", "second"):
        inredis.create(client, key)
        inredis.train(client, key)
    servers.wait_until(lambda: "state=running" in client.execute_command("NR.THREADS")[0])
    lines = client.execute_command("NR.THREADS")
    assert [line.split("state=")[1].split()[0] for line in lines] == ["running", "queued"]
    assert inredis.info(client, "second")["training"] == 1
    assert inredis.section(client)["trainings_queued"] == 1
    client.delete("second")
    assert len(client.execute_command("NR.THREADS")) == 1
    assert inredis.section(client)["trainings_queued"] == 0


def test_raising_max_trainings_starts_queued_trainings(client: redis.Redis) -> None:
    client.config_set("neuralredis.max-trainings", 1)
    for key in ("first", "second"):
        inredis.create(client, key)
        inredis.train(client, key)
    client.config_set("neuralredis.max-trainings", 2)
    inredis.running(client, 2)


def test_all_waiting_clients_receive_the_end_of_a_training(client: redis.Redis, ask: Callable[..., Asking]) -> None:
    inredis.create(client, "net")
    block = ask("NR.TRAIN", "net", "MAXTIME", 0, "BLOCK", LONG)
    waits = [ask("NR.WAIT", "net"), ask("NR.WAIT", "net", LONG)]
    client.execute_command("NR.STOP", "net")
    assert [asking.answer() for asking in (block, *waits)] == ["stopped"] * 3
    assert ask("NR.TRAIN", "net", "MAXCYCLES", 1, "BLOCK", 0).answer() == "finished"
    assert ask("NR.WAIT", "net").answer() == "idle"


def test_wait_times_out_and_the_training_continues(client: redis.Redis, ask: Callable[..., Asking]) -> None:
    inredis.create(client, "net")
    start = time.monotonic()
    assert ask("NR.TRAIN", "net", "MAXTIME", 0, "BLOCK", 100).answer() is None
    assert ask("NR.WAIT", "net", 100).answer() is None
    assert 0.2 <= time.monotonic() - start < 5
    assert client.execute_command("NR.STOP", "net") == 1


@pytest.mark.parametrize(
    "command",
    [("DEL", "net"), ("UNLINK", "net"), ("FLUSHALL",), ("FLUSHALL", "ASYNC"), ("SET", "net", "x"), ("NR.RESET", "net"),
     ("PEXPIRE", "net", "1")],
    ids=" ".join,
)  # fmt: skip
def test_deleting_or_resetting_a_network_drops_its_training(
    client: redis.Redis, ask: Callable[..., Asking], command: tuple[str, ...]
) -> None:
    inredis.create(client, "net")
    inredis.train(client, "net")
    waiting = ask("NR.WAIT", "net")
    client.execute_command(*command)
    assert waiting.answer() == "dropped"
    assert client.execute_command("NR.THREADS") == []
    assert inredis.section(client)["trainings_dropped"] == 1
    if command[0] == "NR.RESET":
        assert inredis.cycles(client, "net") == 0


def test_deleting_a_network_drops_its_queued_training(client: redis.Redis, ask: Callable[..., Asking]) -> None:
    client.config_set("neuralredis.max-trainings", 1)
    for key in ("first", "second"):
        inredis.create(client, key)
        inredis.train(client, key)
    waiting = ask("NR.WAIT", "second")
    client.delete("second")
    assert waiting.answer() == "dropped"


def test_waiting_clients_can_be_killed_unblocked_or_disconnected(
    any_server: servers.Server, client: redis.Redis, ask: Callable[..., Asking]
) -> None:
    inredis.create(client, "net")
    inredis.train(client, "net")
    timed_out, failed, killed, left = (ask("NR.WAIT", "net") for _ in range(4))
    assert client.client_unblock(timed_out.id) == 1
    assert timed_out.answer() is None
    assert client.client_unblock(failed.id, error=True) == 1
    assert "UNBLOCKED" in str(failed.answer())
    client.client_kill_filter(_id=killed.id)
    left.client.connection.disconnect()
    servers.wait_until(lambda: client.info("clients")["blocked_clients"] == 0)
    last = ask("NR.WAIT", "net")
    client.execute_command("NR.STOP", "net")
    assert last.answer() == "stopped"
    assert client.ping()


def test_transactions_and_scripts_never_wait(client: redis.Redis) -> None:
    inredis.create(client, "net")
    with client.pipeline() as transaction:
        transaction.execute_command("NR.TRAIN", "net", "MAXTIME", 0, "BLOCK", 0)
        transaction.execute_command("NR.WAIT", "net")
        transaction.execute_command("NR.INFO", "net")
        blocked, waited, _ = transaction.execute()
    assert (blocked, waited) == (None, None)
    assert not client.eval("return redis.call('NR.WAIT', 'net', 0)", 0)
    client.execute_command("NR.STOP", "net")
    servers.wait_until(lambda: not inredis.info(client, "net")["training"])
    assert client.eval("return redis.call('NR.WAIT', 'net')", 0) in ("idle", {"ok": "idle"})
    assert not client.eval("return redis.call('NR.TRAIN', 'net', 'MAXCYCLES', '1', 'BLOCK', '0')", 0)


def test_result_waits_while_writes_are_paused(client: redis.Redis) -> None:
    inredis.create(client, "net")
    inredis.train(client, "net", "MAXTIME", 200)
    client.client_pause(1000, all=False)
    time.sleep(0.5)
    assert inredis.info(client, "net")["training"] == 1
    assert inredis.cycles(client, "net") == 0
    servers.wait_until(lambda: inredis.cycles(client, "net") > 0, 30)


def test_installing_a_result_touches_watched_keys(client: redis.Redis) -> None:
    inredis.create(client, "net")
    with client.pipeline() as transaction:
        transaction.watch("net")
        transaction.execute_command("NR.TRAIN", "net", "MAXCYCLES", 2)
        servers.wait_until(lambda: inredis.cycles(client, "net") == 2)
        transaction.multi()
        transaction.set("other", "1")
        with pytest.raises(redis.WatchError):
            transaction.execute()


def test_rejected_command_does_not_touch_watched_keys(client: redis.Redis) -> None:
    inredis.create(client, "net")
    other = redis.Redis(unix_socket_path=client.connection_pool.connection_kwargs["path"], protocol=2)
    with other, client.pipeline() as transaction:
        transaction.watch("net")
        for command in ("NR.OBSERVE net 1 -> 2", "NR.CONFIGURE net TEST x", "NR.CREATE net REGRESSOR 1 3 -> 1"):
            with pytest.raises(redis.ResponseError):
                other.execute_command(*command.split())
        transaction.multi()
        transaction.set("other", "1")
        assert transaction.execute() == [True]


def test_report_describes_the_training(client: redis.Redis) -> None:
    inredis.create(client, "net")
    assert client.execute_command("NR.REPORT", "net") is None
    client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 600, "BLOCK", 0)
    fields = client.execute_command("NR.REPORT", "net")
    report = dict(zip(fields[::2], fields[1::2], strict=True))
    assert (report["reason"], report["cycles"], report["overfitting"]) == ("maxcycles", 600, "no")
    assert len(report["curve"]) <= 512
    assert report["curve"][-1][0] == 600
    assert float(report["train-error"]) == float(report["curve"][-1][1])
    client.execute_command("NR.RESET", "net")
    assert client.execute_command("NR.REPORT", "net") is None


def test_training_on_many_rows_starts_immediately(client: redis.Redis, any_server: servers.Server) -> None:
    client.execute_command("NR.CREATE", "net", "CLASSIFIER", 784, 30, "->", 10, "DATASET", 40_000)
    raw = any_server.client(protocol=2, decode_responses=False)
    rows = np.random.default_rng(1).random((1000, 785), dtype=np.float32)
    rows[:, -1] = np.arange(1000) % 10
    for _ in range(40):
        raw.execute_command("NR.OBSERVE", "net", "FP32", rows.tobytes())
    client.config_resetstat()
    took = []
    for _ in range(20):
        inredis.train(client, "net")
        client.execute_command("NR.STOP", "net")
        client.execute_command("NR.WAIT", "net")
        took.append(client.info("commandstats")["cmdstat_nr.train"]["usec_per_call"])
        client.config_resetstat()
    # Copying the rows, 125 MB, would take several times as long.
    assert sorted(took)[len(took) // 2] < 10_000, took


def test_training_threads_have_low_priority(any_server: servers.Server, client: redis.Redis) -> None:
    client.config_set("neuralredis.threads", 2)
    client.execute_command("NR.CREATE", "net", "REGRESSOR", 100, 100, "->", 1, "DATASET", 1000)
    client.execute_command("NR.OBSERVE", "net", "FP32", np.ones((1000, 101), np.float32).tobytes())
    inredis.train(client, "net")

    def niceness(name: str) -> list[int]:
        tasks = Path(f"/proc/{any_server.process.pid}/task").iterdir()
        own = [task for task in tasks if (task / "comm").read_text().strip() == name]
        return [os.getpriority(os.PRIO_PROCESS, int(task.name)) for task in own]

    for thread in ("nr-training", "nr-helper"):
        servers.wait_until(lambda: niceness(thread) == [10])  # noqa: B023
    assert os.getpriority(os.PRIO_PROCESS, any_server.process.pid) == os.getpriority(os.PRIO_PROCESS, 0)


def test_shutdown_does_not_wait_for_trainings(kind: kinds.Kind) -> None:
    with servers.running(kind, module=neuralredis.module_path()) as server:
        client = server.client(protocol=2)
        for key in ("a", "b", "c"):
            inredis.create(client, key)
            inredis.train(client, key)
        inredis.running(client, 3)
        start = time.monotonic()
        server.stop()
        assert time.monotonic() - start < 10, "they would run forever"
        assert server.process.returncode == 0
