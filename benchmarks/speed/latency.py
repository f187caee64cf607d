"""Measures delays of a server: by the start and the end of a training, by rows that arrive, and by its threads.

All but the end are round trips over one connection, in milliseconds. The client shares the cores with the trainings, so
the worst of many round trips often shows the machine rather than the server. So goals are for the median of what is
repeated, and for the 99th percentile of PINGs.
"""

from __future__ import annotations

import socket
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from figures import below, show
from server import Server, packed, running

PINGS = 10_000
#: PINGs after which ended trainings are restarted, which is not measured.
PAUSE = 200
#: Networks that are trained at a time.
NETWORKS = 8
#: Repetitions of a measurement.
TIMES = 15
PING = packed("PING")


def milliseconds(connection: socket.socket, request: bytes) -> float:
    """Return the duration of a request with a short reply."""
    start = time.perf_counter()
    connection.sendall(request)
    connection.recv(1 << 16)
    return 1000 * (time.perf_counter() - start)


def measure(server: Path, module: Path) -> None:
    """Print all delays of a server."""
    with running(server, module) as process, process.client() as client, process.connection() as connection:
        starts(client, connection)
        rows_meanwhile(client, connection)
    installs(server, module)
    at_rest = pings(server, module, lambda _: lambda: None)
    for name, work in (("small", small), ("large", large)):
        busy = pings(server, module, work)
        p99, rest = np.percentile(busy, 99), np.percentile(at_rest, 99)
        beside = f"{p99:.3f} ms, at rest {rest:.3f}; p50 {np.percentile(busy, 50):.3f}, worst {busy.max():.1f}"
        below(f"PING p99 while {name} networks train, beyond rest", p99 - rest, 2, " ms", beside)


def create(client: Any, name: str, units: list[int], rows: int, limit: int | None = None) -> bytes:
    """Create a network with training rows, and return a blob of at most a thousand of them."""
    shape = [*units[:-1], "->", units[-1]]
    client.execute_command("NR.CREATE", name, "CLASSIFIER", *shape, "DATASET", limit or rows)
    rng = np.random.default_rng(1)
    some = min(rows, 1000)
    blob = np.c_[rng.normal(size=(some, units[0])), rng.integers(units[-1], size=some)].astype("<f4").tobytes()
    for _ in range(rows // some):
        client.execute_command("NR.OBSERVE", name, "FP32", blob)
    return blob


def starts(client: Any, connection: socket.socket) -> None:
    """Print how long NR.TRAIN takes, by the size of the dataset."""
    for rows in (1000, 1_000_000):
        create(client, f"rows{rows}", [9, 15, 2], rows)
        took = []
        for _ in range(TIMES):
            took.append(milliseconds(connection, packed("NR.TRAIN", f"rows{rows}", "MAXCYCLES", 1)))
            client.execute_command("NR.WAIT", f"rows{rows}")
        beside = f"worst {max(took):.2f} ms"
        below(f"NR.TRAIN, {rows:,} rows of 9-15-2", statistics.median(took), 1, " ms", beside)
        client.delete(f"rows{rows}")


def rows_meanwhile(client: Any, connection: socket.socket) -> None:
    """Print how long NR.OBSERVE of many rows takes while a training shares the blocks that they are written to."""
    rows, took = 100_000, {}
    blob = create(client, "net", [64, 100, 10], rows)
    for name in ("at rest", "in a training"):
        took[name] = []
        for _ in range(TIMES):
            if name == "in a training":
                client.execute_command("NR.TRAIN", "net", "MAXTIME", 0)
            took[name].append(milliseconds(connection, packed("NR.OBSERVE", "net", "FP32", blob)))
            client.execute_command("NR.STOP", "net")
            client.execute_command("NR.WAIT", "net")
    rest, busy = (statistics.median(times) for times in took.values())
    beside = f"at rest {rest:.2f}, worst {max(took['in a training']):.1f}; at most the 26 MB of rows are copied"
    show("NR.OBSERVE, 1000 rows of 64-100-10, in a training", f"{busy:.3g} ms", beside=beside)


def installs(server: Path, module: Path) -> None:
    """Print how long the server is held up when a training of a million parameters ends: alone, and with an AOF.

    It is the time that the main thread ran from the request to its end, less that of a small network: what a client
    sees is as often the machine's doing, while all threads train.
    """
    for name, options in (("", ()), (", with an AOF", ("--appendonly", "yes", "--appendfsync", "no"))):
        with running(server, module, *options) as process, process.client() as client:
            ran = [
                statistics.median(held_up(process, client, f"net{number}", units) for number in range(TIMES))
                for units in ([9, 15, 2], [998, 1000, 2])
            ]
        label = f"installing a result, 1,000,000 parameters{name}"
        if name:
            show(label, f"{ran[1] - ran[0]:.3g} ms")
        else:
            below(label, ran[1] - ran[0], 1, " ms")


def held_up(process: Server, client: Any, name: str, units: list[int]) -> float:
    """Return the milliseconds that the main thread spends on a training, from its start to its end."""
    create(client, name, units, 16)
    start = process.ran()
    client.execute_command("NR.TRAIN", name, "MAXCYCLES", 3, "BLOCK", 60_000)
    # For work after the reply, such as sending the result and freeing it.
    time.sleep(0.02)
    took = process.ran() - start
    client.delete(name)
    return took


def pings(server: Path, module: Path, work: Callable[[Any], Callable[[], object]]) -> np.ndarray:
    """Return the duration of each PING during a workload."""
    took = np.empty(PINGS)
    with running(server, module) as process, process.client() as client, process.connection() as connection:
        between = work(client)
        for at in range(PINGS):
            if at % PAUSE == 0:
                between()
            took[at] = milliseconds(connection, PING)
    return took


def train(client: Any, *options: object) -> Callable[[], object]:
    """Return a function that restarts all ended trainings."""
    words = "".join(f", '{option}'" for option in options)
    script = client.register_script(f"for _, key in ipairs(KEYS) do redis.pcall('NR.TRAIN', key{words}) end")
    return lambda: script(keys=[f"net{number}" for number in range(NETWORKS)])


def small(client: Any) -> Callable[[], object]:
    """Train small networks for some milliseconds each, so that results are installed continually."""
    for number in range(NETWORKS):
        create(client, f"net{number}", [9, 15, 2], 1000)
    return train(client, "MAXCYCLES", 100)


def large(client: Any) -> Callable[[], object]:
    """Train large networks without end."""
    for number in range(NETWORKS):
        create(client, f"net{number}", [300, 600, 100], 1000)
    return train(client, "MAXTIME", 0)
