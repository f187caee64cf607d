"""Measures how long commands block the server: the longest wait of another client's PING while a command runs.

    python benchmarks/blocking.py server ... [--module FILE] [--only TEXT ...]

`server` is the path of a redis-server or valkey-server. A second process sends PINGs all the time. The cost of a
command is the longest wait of a PING between its start and its end. Each command is repeated, and the least of these
waits is shown, since other programs can only make a wait longer. "idle" is the same without a command: smaller costs
cannot be measured. The last rows show whether Sentinel replaces the primary after one request of a user with only
+nr.run.

blocking.txt is the output.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import multiprocessing
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from ctypes import c_bool, c_double, c_long
from pathlib import Path

import numpy as np
import redis

import neuralredis
from neuralredis.cli import serve

sys.path.append(str(Path(__file__).with_name("speed")))

from server import Server, packed, running

#: The most repetitions, and the seconds after which no further one starts.
TIMES = 5
SECONDS = 6.0
#: Seconds between PINGs. Without them, the PINGs themselves would take a core.
PAUSE = 0.0005
PING = packed("PING")
PONG = b"+PONG\r\n"

#: Layouts with these numbers of parameters, in millions.
PARAMETERS_16M = [2000, 4000, 2000]
PARAMETERS_15M = [16, 2800, 2800, 2800]
PARAMETERS_1M = [100, 1000, 1000]
CLASSES = 1 << 20
#: Options for an AOF that is not rewritten meanwhile.
APPEND_ONLY = ("--appendonly", "yes", "--auto-aof-rewrite-percentage", "0")


class Pinger:
    """A process that sends PINGs to a server, and records the longest wait."""

    def __init__(self, server: Server) -> None:
        context = multiprocessing.get_context("fork")
        self._worst, self._count = context.Value(c_double, 0.0), context.Value(c_long, 0)
        self._stop = context.Value(c_bool, False)
        self._process = context.Process(target=self._run, args=(server,), daemon=True)
        self._process.start()
        self._after_some()

    def worst(self, action: Callable[[], object]) -> float:
        """Return the longest wait of a PING in milliseconds while an action runs."""
        # A PING that waited for earlier work does not count.
        self._after_some()
        self._worst.value = 0.0
        action()
        self._after_some()
        return 1000 * float(self._worst.value)

    def stop(self) -> None:
        self._stop.value = True
        self._process.join()

    def _run(self, server: Server) -> None:
        with contextlib.suppress(PermissionError):
            os.nice(-10)
        with server.connection() as connection:
            while not self._stop.value:
                start = time.perf_counter()
                connection.sendall(PING)
                connection.recv(64)
                self._worst.value = max(self._worst.value, time.perf_counter() - start)
                self._count.value += 1
                time.sleep(PAUSE)

    def _after_some(self) -> None:
        """Wait for the replies to the current PING and the next one."""
        until = self._count.value + 2
        while self._count.value < until:
            time.sleep(0.001)


class Bench:
    """A server, a connection on which commands are sent, and PINGs to that server or to another."""

    def __init__(self, server: Server, pinged: Server) -> None:
        self.client = server.client()
        self.pinged = pinged.client()
        self._connection = server.connection()
        self._pinger = Pinger(pinged)

    def close(self) -> None:
        self._pinger.stop()
        self._connection.close()
        self.client.close()
        self.pinged.close()

    def ask(self, *words: bytes | str | int, times: int = 1) -> None:
        """Send a command this many times in a pipeline, and read the replies. An error reply is raised."""
        request = packed(*words)
        self._connection.sendall(request * times + PING)
        first, end = b"", b""
        while not end.endswith(PONG):
            part = self._connection.recv(1 << 20)
            first, end = first or part, (end + part)[-len(PONG) :]
        if first.startswith(b"-"):
            raise RuntimeError(f"{packed(*words)[:60]!r}: {first[:200].decode()}")

    def worst(
        self, action: Callable[[], object], before: Callable[[], object] = lambda: None, times: int = TIMES
    ) -> float:
        """Return the shortest of the longest waits during an action; its preparation does not count."""
        waits = []
        start = time.perf_counter()
        while len(waits) < times and (not waits or time.perf_counter() - start < SECONDS):
            before()
            waits.append(self._pinger.worst(action))
        return min(waits)

    def command(self, *words: bytes | str | int, times: int = 1) -> float:
        """Return the same for a command that can be repeated."""
        return self.worst(lambda: self.ask(*words, times=times))

    def create(self, name: str, kind: str, units: list[int], outputs: int, rows: int = 16) -> None:
        self.ask("NR.CREATE", name, kind, *units, "->", outputs, "DATASET", rows, "SEED", 1)

    def observe(self, name: str, inputs: int, rows: int) -> None:
        """Store this many random rows in a network with two classes or one output."""
        self.ask("NR.OBSERVE", name, "FP32", random_rows(rows, inputs))

    def many_rows(self, name: str, rows: int = 250_000, hidden: tuple[int, ...] = (10,), inputs: int = 500) -> None:
        """Create a network with this many rows, by default 500 MB."""
        self.client.delete(name)
        self.create(name, "CLASSIFIER", [inputs, *hidden], 2, rows)
        for _ in range(0, rows, 10_000):
            self.observe(name, inputs, 10_000)

    def queue(self, networks: int) -> None:
        """Queue trainings of this many networks behind one that does not end."""
        self.client.config_set("neuralredis.max-trainings", 1)
        # Earlier versions of the module have no such limit.
        with contextlib.suppress(redis.ResponseError):
            self.client.config_set("neuralredis.max-queued", 10 * networks)
        with self.client.pipeline(transaction=False) as pipeline:
            for number in range(networks + 1):
                key = f"q{number}"
                pipeline.execute_command("NR.CREATE", key, "REGRESSOR", 1, "->", 1, "DATASET", 1)
                pipeline.execute_command("NR.OBSERVE", key, 1, "->", 1)
                pipeline.execute_command("NR.TRAIN", key, "MAXTIME", 0)
                if number % 1000 == 0:
                    pipeline.execute()
            pipeline.execute()

    def settled(self) -> None:
        """Wait until no training is left, dropped ones included."""
        while any(self.client.info("neuralredis")[f"neuralredis_trainings_{state}"] for state in ("running", "queued")):
            time.sleep(0.01)
        # Ended trainings are installed between commands.
        while self.client.execute_command("NR.THREADS"):
            time.sleep(0.01)
        time.sleep(0.1)


def random_rows(rows: int, inputs: int) -> bytes:
    """Return rows of random inputs and a class, 0 or 1, as a blob."""
    some = np.random.default_rng(1).normal(size=(min(rows, 1000), inputs + 1)).astype("<f4")
    some[:, -1] = some[:, -1] > 0
    return np.resize(some, (rows, inputs + 1)).tobytes()


def floats(count: int) -> bytes:
    return np.resize(np.linspace(-2, 2, 1000, dtype="<f4"), count).tobytes()


Case = Callable[[Bench], float]
#: Command, size, options of the server, whether it has a replica, whether the replica gets the PINGs, measurement.
CASES: list[tuple[str, str, tuple[str, ...], bool, bool, Case]] = []


def case(
    command: str, size: str, *options: str, replica: bool = False, on_replica: bool = False
) -> Callable[[Case], Case]:
    """Register a row of the table. Several decorators of one function are applied from the last to the first."""

    def add(body: Case) -> Case:
        CASES.append((command, size, options, replica or on_replica, on_replica, body))
        return body

    return add


@case("idle", "half a second")
def _(b: Bench) -> float:
    return b.worst(lambda: time.sleep(0.5))


@case("DUMP, the server's own", "16 M parameters")
def _(b: Bench) -> float:
    b.create("net", "CLASSIFIER", PARAMETERS_16M, 2)
    return b.command("DUMP", "net")


@case("DEBUG DIGEST-VALUE, the server's own", "16 M parameters")
def _(b: Bench) -> float:
    b.create("net", "CLASSIFIER", PARAMETERS_16M, 2)
    return b.command("DEBUG", "DIGEST-VALUE", "net")


@case("SET, the server's own", "144 MB, AOF everysec", *APPEND_ONLY)
@case("SET, the server's own", "144 MB, on the replica", on_replica=True)
@case("SET, the server's own", "144 MB, with a replica", replica=True)
def _(b: Bench) -> float:
    value = bytes(144_000_000)
    return b.worst(lambda: (b.ask("SET", "text", value), followed(b)))


@case("NR.RUN FP32", "5,000 rows, 15.7 M parameters, 320 kB")
def _(b: Bench) -> float:
    b.create("net", "REGRESSOR", PARAMETERS_15M, 1)
    return b.command("NR.RUN", "net", "FP32", floats(5_000 * 16))


@case("NR.RUN FP32", "100,000 rows, 1.1 M parameters, 40 MB")
def _(b: Bench) -> float:
    b.create("net", "REGRESSOR", PARAMETERS_1M, 1)
    return b.command("NR.RUN", "net", "FP32", floats(100_000 * 100))


@case("NR.RUN FP32", "64 MB, 1->2")
def _(b: Bench) -> float:
    b.create("net", "CLASSIFIER", [1], 2)
    return b.command("NR.RUN", "net", "FP32", floats(16_000_000))


@case("NR.RUN FP32", "100 rows of 1->1048576, a reply of 400 MB")
def _(b: Bench) -> float:
    b.create("net", "REGRESSOR", [1], CLASSES)
    return b.command("NR.RUN", "net", "FP32", floats(100))


@case("NR.RUN", "1->1048576, as text")
def _(b: Bench) -> float:
    b.create("net", "REGRESSOR", [1], CLASSES)
    return b.command("NR.RUN", "net", "0.5")


@case("NR.RUN", "one row, 15.7 M parameters")
def _(b: Bench) -> float:
    b.create("net", "REGRESSOR", PARAMETERS_15M, 1)
    return b.command("NR.RUN", "net", *[1] * 16)


@case("NR.RUN", "1000 rows pipelined, 1.1 M parameters")
def _(b: Bench) -> float:
    b.create("net", "REGRESSOR", PARAMETERS_1M, 1)
    return b.command("NR.RUN", "net", *[1] * 100, times=1000)


@case("NR.CLASS FP32", "64 MB, 1->2")
def _(b: Bench) -> float:
    b.create("net", "CLASSIFIER", [1], 2)
    return b.command("NR.CLASS", "net", "FP32", floats(16_000_000))


@case("NR.CLASS FP32", "5,000 rows, 15.7 M parameters")
def _(b: Bench) -> float:
    b.create("net", "CLASSIFIER", PARAMETERS_15M, 2)
    return b.command("NR.CLASS", "net", "FP32", floats(5_000 * 16))


@case("NR.EVALUATE FP32", "64 MB, 1->2")
def _(b: Bench) -> float:
    b.create("net", "CLASSIFIER", [1], 2)
    return b.command("NR.EVALUATE", "net", "FP32", random_rows(8_000_000, 1))


@case("NR.EVALUATE FP32", "2,500 rows, 15.7 M parameters")
def _(b: Bench) -> float:
    b.create("net", "CLASSIFIER", PARAMETERS_15M, 2)
    return b.command("NR.EVALUATE", "net", "FP32", random_rows(2_500, 16))


@case("NR.EVALUATE TRAIN", "30,000 x 500, 1.5 M parameters")
def _(b: Bench) -> float:
    b.many_rows("net", 30_000, (1000, 1000))
    return b.command("NR.EVALUATE", "net", "TRAIN")


@case("NR.EVALUATE TRAIN", "250,000 x 500, 500-100-2")
def _(b: Bench) -> float:
    b.many_rows("net", hidden=(100,))
    return b.command("NR.EVALUATE", "net", "TRAIN")


@case("NR.GETDATA", "a row of 1048576 classes")
def _(b: Bench) -> float:
    b.create("net", "CLASSIFIER", [1], CLASSES)
    b.ask("NR.OBSERVE", "net", 1, "->", 7)
    return b.command("NR.GETDATA", "net", "TRAIN", 0)


@case("NR.CREATE", "16 M parameters")
def _(b: Bench) -> float:
    return b.worst(lambda: b.create("net", "CLASSIFIER", PARAMETERS_16M, 2), lambda: b.client.unlink("net"))


@case("NR.RESET", "16 M parameters")
def _(b: Bench) -> float:
    b.create("net", "CLASSIFIER", PARAMETERS_16M, 2)
    return b.command("NR.RESET", "net")


@case("NR.RESET", "30 pipelined, 16 M parameters")
def _(b: Bench) -> float:
    b.create("net", "CLASSIFIER", PARAMETERS_16M, 2)
    return b.command("NR.RESET", "net", times=30)


@case("NR.EXPORT", "16 M parameters, 144 MB")
def _(b: Bench) -> float:
    b.create("net", "CLASSIFIER", PARAMETERS_16M, 2)
    return b.command("NR.EXPORT", "net")


@case("NR.EXPORT", "480 MB of rows")
def _(b: Bench) -> float:
    b.many_rows("net", 240_000)
    return b.command("NR.EXPORT", "net")


@case("NR.IMPORT", "the same, on the replica", on_replica=True)
@case("NR.IMPORT", "the same, with a replica", replica=True)
@case("NR.IMPORT", "the same, AOF everysec", *APPEND_ONLY)
@case("NR.IMPORT", "16 M parameters, 144 MB")
def _(b: Bench) -> float:
    b.create("net", "CLASSIFIER", PARAMETERS_16M, 2)
    return imported(b)


@case("NR.IMPORT", "480 MB of rows")
def _(b: Bench) -> float:
    b.many_rows("net", 240_000)
    return imported(b)


def imported(b: Bench) -> float:
    blob = bytes(b.client.execute_command("NR.EXPORT", "net"))
    b.client.unlink("net")
    return b.worst(lambda: (b.ask("NR.IMPORT", "net", blob), followed(b)), lambda: b.client.unlink("net"))


@case("NR.OBSERVE FP32", "95 MB")
def _(b: Bench) -> float:
    b.create("net", "CLASSIFIER", [500, 10], 2, 47_500)
    blob = random_rows(47_500, 500)
    b.ask("NR.OBSERVE", "net", "FP32", blob)
    return b.command("NR.OBSERVE", "net", "FP32", blob)


@case("NR.OBSERVE FP32", "95 MB, during a training")
def _(b: Bench) -> float:
    b.create("net", "CLASSIFIER", [500, 10], 2, 47_500)
    blob = random_rows(47_500, 500)
    b.ask("NR.OBSERVE", "net", "FP32", blob)
    return b.worst(lambda: b.ask("NR.OBSERVE", "net", "FP32", blob), lambda: train_anew(b))


@case("NR.OBSERVE FP32", "95 MB, into a copy")
def _(b: Bench) -> float:
    b.create("net", "CLASSIFIER", [500, 10], 2, 47_500)
    blob = random_rows(47_500, 500)
    b.ask("NR.OBSERVE", "net", "FP32", blob)
    return b.worst(lambda: b.ask("NR.OBSERVE", "copy", "FP32", blob), lambda: b.ask("COPY", "net", "copy", "REPLACE"))


@case("NR.CONFIGURE DATASET", "half of 500 MB of rows")
def _(b: Bench) -> float:
    return b.worst(lambda: b.ask("NR.CONFIGURE", "net", "DATASET", 125_000), lambda: b.many_rows("net"), 3)


@case("NR.CONFIGURE DATASET", "half of 500 MB of rows, during a training")
def _(b: Bench) -> float:
    def before() -> None:
        b.many_rows("net")
        train_anew(b)

    return b.worst(lambda: b.ask("NR.CONFIGURE", "net", "DATASET", 125_000), before, 3)


@case("NR.CONFIGURE DATASET", "to 1 of 500 MB of rows")
def _(b: Bench) -> float:
    return b.worst(lambda: b.ask("NR.CONFIGURE", "net", "DATASET", 1), lambda: b.many_rows("net"), 3)


def train_anew(b: Bench) -> None:
    """Start a training of net that does not end by itself."""
    b.client.execute_command("NR.STOP", "net")
    b.client.execute_command("NR.WAIT", "net")
    b.client.execute_command("NR.TRAIN", "net", "MAXTIME", 0)
    while b" cycle=0 " in b.client.execute_command("NR.THREADS")[0]:
        time.sleep(0.01)


@case("installing a result", "16 M parameters, on the replica", on_replica=True)
@case("installing a result", "16 M parameters, with a replica", replica=True)
@case("installing a result", "16 M parameters, AOF everysec", *APPEND_ONLY)
@case("installing a result", "16 M parameters")
def _(b: Bench) -> float:
    b.create("net", "CLASSIFIER", PARAMETERS_16M, 2)
    b.observe("net", 2000, 16)
    b.client.config_set("neuralredis.threads", 1)
    return b.worst(lambda: (b.ask("NR.TRAIN", "net", "MAXCYCLES", 1, "BLOCK", 0), followed(b)))


def followed(b: Bench) -> None:
    """Wait until a replica, if there is one, has applied all commands, and until the AOF is written."""
    replicas = b.client.info("replication")["connected_slaves"]
    # WAIT only waits for the writes of its own client.
    b.client.set("after", "it")
    b.client.execute_command("WAIT", replicas, 60_000)
    time.sleep(0.1)


@case("NR.TRAIN", "the start, 500 MB of rows")
def _(b: Bench) -> float:
    def before() -> None:
        b.client.execute_command("NR.STOP", "net")
        b.client.execute_command("NR.WAIT", "net")

    b.many_rows("net")
    b.client.config_set("neuralredis.threads", 1)
    return b.worst(lambda: b.ask("NR.TRAIN", "net", "MAXTIME", 0), before)


@case("NR.INFO", "500 MB of rows")
def _(b: Bench) -> float:
    b.many_rows("net")
    return b.command("NR.INFO", "net")


@case("MEMORY USAGE", "500 MB of rows")
def _(b: Bench) -> float:
    b.many_rows("net")
    return b.command("MEMORY", "USAGE", "net")


@case("COPY", "500 MB of rows")
def _(b: Bench) -> float:
    b.many_rows("net")
    return b.command("COPY", "net", "copy", "REPLACE")


@case("UNLINK", "500 MB of rows")
def _(b: Bench) -> float:
    return b.worst(lambda: b.ask("UNLINK", "net"), lambda: b.many_rows("net"), 3)


@case("DEL", "500 MB of rows")
def _(b: Bench) -> float:
    return b.worst(lambda: b.ask("DEL", "net"), lambda: b.many_rows("net"), 3)


@case("DEL", "16 M parameters")
def _(b: Bench) -> float:
    return b.worst(lambda: b.ask("DEL", "net"), lambda: b.create("net", "CLASSIFIER", PARAMETERS_16M, 2))


@case("NR.THREADS", "10,000 queued")
def _(b: Bench) -> float:
    b.queue(10_000)
    return b.command("NR.THREADS")


@case("UNLINK", "20,000 keys with queued trainings")
def _(b: Bench) -> float:
    return dropped(b, 20_000, lambda: b.ask("UNLINK", *(f"q{number}" for number in range(20_001))))


@case("UNLINK", "80,000 keys with queued trainings")
def _(b: Bench) -> float:
    return dropped(b, 80_000, lambda: b.ask("UNLINK", *(f"q{number}" for number in range(80_001))))


@case("FLUSHALL", "40,000 keys with queued trainings")
def _(b: Bench) -> float:
    return dropped(b, 40_000, lambda: b.ask("FLUSHALL"))


@case("REPLICAOF", "10,000 queued trainings")
def _(b: Bench) -> float:
    return dropped(b, 10_000, lambda: b.ask("REPLICAOF", "127.0.0.1", 1))


def dropped(b: Bench, networks: int, action: Callable[[], None]) -> float:
    b.queue(networks)
    return b.worst(lambda: (action(), b.settled()), times=1)


@case("10,000 tiny trainings end", "")
def _(b: Bench) -> float:
    def ended() -> None:
        b.client.config_set("neuralredis.max-trainings", 32)
        b.ask("NR.STOP", "q0")
        b.settled()

    b.client.config_set("neuralredis.max-trainings", 1)
    with b.client.pipeline(transaction=False) as pipeline:
        for number in range(10_000):
            pipeline.execute_command("NR.CREATE", f"q{number}", "REGRESSOR", 1, "->", 1, "DATASET", 1)
            pipeline.execute_command("NR.OBSERVE", f"q{number}", 1, "->", 1)
            pipeline.execute_command("NR.TRAIN", f"q{number}", "MAXTIME", 0, "MAXCYCLES", 1 if number else 0)
        pipeline.execute()
    return b.worst(ended, times=1)


@case("NR.WAIT", "2,000 clients are woken")
def _(b: Bench) -> float:
    return waiting(b, 0, lambda _: b.ask("NR.STOP", "net"))


@case("NR.WAIT", "2,000 clients go away")
def _(b: Bench) -> float:
    return waiting(b, 0, lambda clients: [client.close() for client in clients])


@case("NR.WAIT", "2,000 clients time out at once")
def _(b: Bench) -> float:
    return waiting(b, 1000, lambda _: time.sleep(1))


def waiting(b: Bench, milliseconds: int, action: Callable[[list[socket.socket]], object]) -> float:
    """Measure the unblocking of clients: an action, and half a second after it."""
    b.create("net", "CLASSIFIER", [500, 10], 2)
    b.observe("net", 500, 16)
    b.client.config_set("neuralredis.threads", 1)
    train_anew(b)
    path = b.client.connection_pool.connection_kwargs["path"]
    clients = [socket.socket(socket.AF_UNIX) for _ in range(2000)]
    for client in clients:
        client.connect(path)
        client.sendall(packed("NR.WAIT", "net", milliseconds))
    try:
        return b.worst(lambda: (action(clients), time.sleep(0.5)), times=1)
    finally:
        for client in clients:
            client.close()


def measured(
    server: Path, module: Path, options: tuple[str, ...], replica: bool, on_replica: bool, body: Case
) -> float:
    """Return the milliseconds of a row for one server."""
    with contextlib.ExitStack() as stack:
        port = free_port()
        primary = stack.enter_context(running(server, module, *options, *(("--port", str(port)) if replica else ())))
        follower = None
        if replica:
            follower = stack.enter_context(running(server, module, "--replicaof", f"127.0.0.1 {port}"))
            with follower.client() as client:
                while client.info("replication")["master_link_status"] != "up":
                    time.sleep(0.05)
        bench = Bench(primary, follower if on_replica and follower else primary)
        stack.callback(bench.close)
        return body(bench)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def sentinel(server: Path, module: Path) -> str:
    """Return whether a Sentinel replaces a primary after one request of a user who may only run networks."""
    port, other, third = free_port(), free_port(), free_port()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        tcp = ("--bind", "127.0.0.1")
        primary = stack.enter_context(running(server, module, *tcp, "--port", str(port)))
        follow = ("--port", str(other), "--replicaof", f"127.0.0.1 {port}")
        stack.enter_context(running(server, module, *tcp, *follow))
        client = stack.enter_context(primary.client())
        client.execute_command("NR.CREATE", "net", "REGRESSOR", *PARAMETERS_15M, "->", 1, "DATASET", 16)
        client.execute_command("ACL", "SETUSER", "asks", "on", "nopass", "~*", "+nr.run")
        while client.info("replication")["connected_slaves"] < 1 or int(client.execute_command("WAIT", 1, 1000)) < 1:
            time.sleep(0.1)
        config = folder / "sentinel.conf"
        config.write_text(
            f"port {third}\nbind 127.0.0.1\ndir {folder}\nsentinel monitor it 127.0.0.1 {port} 1\n"
            "sentinel down-after-milliseconds it 5000\n"
        )
        stack.enter_context(sentinel_process(server, config))
        watcher = stack.enter_context(contextlib.closing(redis.Redis(port=third, protocol=2, decode_responses=True)))
        while not sees_replica(watcher):
            time.sleep(0.1)
        # By then Sentinel has queried the state of both.
        time.sleep(2)
        with primary.connection() as connection:
            connection.sendall(packed("AUTH", "asks", "any") + packed("NR.RUN", "net", "FP32", floats(20_000 * 16)))
            start = time.monotonic()
            while time.monotonic() - start < 25:
                if watcher.sentinel_master("it")["port"] == other:
                    return f"replaces the primary after {time.monotonic() - start:.1f} s"
                time.sleep(0.1)
    return "keeps the primary"


def sees_replica(watcher: redis.Redis) -> bool:
    try:
        return bool(watcher.sentinel_master("it")["num-slaves"] == 1)
    except redis.RedisError:
        return False


@contextlib.contextmanager
def sentinel_process(server: Path, config: Path) -> Iterator[None]:
    process = subprocess.Popen([server, config, "--sentinel"], stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("servers", nargs="+", type=Path)
    parser.add_argument("--module", type=Path, default=Path(neuralredis.module_path()))
    parser.add_argument("--only", nargs="+", metavar="TEXT", help="rows whose command and size contain one of these")
    args = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with open("/proc/cpuinfo") as file:
        cpu = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown CPU")
    print(f"{datetime.date.today()}, {cpu}, {len(os.sched_getaffinity(0))} cores; milliseconds")
    heads = [serve.version(server) for server in args.servers]
    print(f"{'command':<38}{'size':<46}" + "".join(f"{head:>22}" for head in heads), flush=True)

    def chosen(text: str) -> bool:
        return not args.only or any(part in text for part in args.only)

    for command, size, *how in CASES:
        if not chosen(f"{command}, {size}"):
            continue
        print(f"{command:<38}{size:<46}", end="", flush=True)
        for server in args.servers:
            print(f"{measured(server, args.module, *how):>22,.1f}", end="", flush=True)
        print()
    if chosen("Sentinel"):
        for server, head in zip(args.servers, heads, strict=True):
            output = sentinel(server, args.module)
            print(
                f"Sentinel, down-after 5 s, NR.RUN FP32 of 20,000 rows, 15.7 M parameters, {head}: {output}", flush=True
            )


if __name__ == "__main__":
    main()
