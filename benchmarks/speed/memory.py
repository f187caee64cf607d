"""Measures memory: of a stored row, of a training, and of a network without rows."""

from __future__ import annotations

import resource
import struct
import time
from pathlib import Path
from typing import Any

from figures import below, show
from server import Server, packed, running

#: Rows of the dataset of the layout 64-100-10.
ROWS, NUMBERS = 400_000, 65
#: The number of created networks, and the number to which memory is extrapolated.
NETWORKS, MILLION = 100_000, 1_000_000
#: Commands in a pipeline.
PIPELINE = 1000


def measure(server: Path, module: Path) -> None:
    """Print the memory of each, as reported by the server and as resident memory."""
    with running(server, module) as process, process.client() as client:
        rows(process, client)
    with running(server, module) as process, process.client() as client:
        networks(process, client)


def rows(process: Server, client: Any) -> None:
    """Store rows, then train with them."""
    client.execute_command("NR.CREATE", "net", "CLASSIFIER", NUMBERS - 1, 100, "->", 10, "DATASET", ROWS)
    blob = struct.pack(f"<{NUMBERS}f", *[0.5] * (NUMBERS - 1), 1.0) * 1000
    empty, before = client.memory_usage("net", samples=0), process.resident()
    for _ in range(ROWS // 1000):
        client.execute_command("NR.OBSERVE", "net", "FP32", blob)
    floats = 4 * NUMBERS * ROWS
    used = client.memory_usage("net", samples=0) - empty
    resident = process.resident() - before
    beside = f"{resident / floats - 1:.1%} of the process's memory"
    below("a stored row 64-100-10, beyond its floats", 100 * (used / floats - 1), 10, "%", beside)
    before = process.resident()
    client.execute_command("NR.TRAIN", "net", "MAXTIME", 0)
    most, end = 0, time.monotonic() + 3
    while time.monotonic() < end:
        most = max(most, process.resident())
        time.sleep(0.02)
    client.execute_command("NR.STOP", "net")
    client.execute_command("NR.WAIT", "net", 10_000)
    below("a training's memory, of the dataset", 100 * (most - before) / floats, 20, "%", f"{floats >> 20} MB of rows")


def networks(process: Server, client: Any) -> None:
    """Create many small networks."""
    connection = process.connection()
    before, used = process.resident(), client.info("memory")["used_memory"]
    for first in range(0, NETWORKS, PIPELINE):
        names = range(first, first + PIPELINE)
        connection.sendall(b"".join(packed("NR.CREATE", f"net{n}", "CLASSIFIER", 9, 15, "->", 2) for n in names))
        left = len(b":182\r\n") * PIPELINE
        while left:
            left -= len(connection.recv(1 << 16))
    connection.close()
    each = (process.resident() - before) / NETWORKS
    used = (client.info("memory")["used_memory"] - used) / NETWORKS
    beside = f"MEMORY USAGE {client.memory_usage('net7')}, used_memory {used:.0f}"
    below("a network 9-15-2 without rows, of the process", each, 4000, " B", beside)
    below("a million of them", each * MILLION / 1e9, 4, " GB", f"from {NETWORKS:,}")


def peak() -> int:
    """Return the peak memory of this process in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def embedded() -> None:
    """Print the memory of a training in this process, which must be a fresh one."""
    import numpy as np

    import neuralredis as nr

    net = nr.Network("classifier", [64, 100, 10], dataset=ROWS)
    for _ in range(ROWS // 1000):
        net.observe(np.full((1000, NUMBERS - 1), 0.5, np.float32), np.ones(1000))
    before = peak()
    net.train(max_cycles=3, progress=False)
    floats = 4 * NUMBERS * ROWS
    below("the same embedded", 100 * (peak() - before) / floats, 20, "%")


if __name__ == "__main__":
    embedded()
    show("", "")
