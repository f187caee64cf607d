"""How long a server takes to answer PING while it trains on all its threads: no other command may notice a training.

    python benchmarks/latency.py [server ...] > benchmarks/latency.txt

A server is the path of one; without any, that which `neuralredis serve` would start. PINGs go one after the other over
one connection, to the server at rest and to the server training: small networks whose trainings end and are installed
all the time, then large ones whose trainings never end. The client shares the machine's cores with the trainings.
"""

from __future__ import annotations

import argparse
import datetime
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import redis

import neuralredis
from neuralredis.cli import serve

PINGS = 20_000
#: PINGs after which what has ended is started again; that is not counted.
PAUSE = 200
#: Networks that are trained at a time.
NETWORKS = 8


def pings(path: Path, between: Callable[[], object]) -> np.ndarray:
    """Return how long each PING took, in milliseconds."""
    took = np.empty(PINGS)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        for at in range(PINGS):
            if at % PAUSE == 0:
                between()
            start = time.perf_counter()
            connection.sendall(b"PING\r\n")
            connection.recv(64)
            took[at] = time.perf_counter() - start
    return took * 1000


def create(client: redis.Redis, units: list[int], rows: int) -> None:
    """Make networks with rows to learn from."""
    rng = np.random.default_rng(1)
    data = np.c_[rng.normal(size=(rows, units[0])), rng.integers(units[-1], size=rows)].astype("<f4")
    for number in range(NETWORKS):
        client.execute_command("NR.CREATE", f"net{number}", "CLASSIFIER", *units[:-1], "->", units[-1], "DATASET", rows)
        client.execute_command("NR.OBSERVE", f"net{number}", "FP32", data.tobytes())


def rest(_: redis.Redis) -> Callable[[], object]:
    """Do nothing."""
    return lambda: None


def train(client: redis.Redis, *options: object) -> Callable[[], object]:
    """Return what starts all trainings that have ended."""
    words = "".join(f", '{option}'" for option in options)
    script = client.register_script(f"for _, key in ipairs(KEYS) do redis.pcall('NR.TRAIN', key{words}) end")
    return lambda: script(keys=[f"net{number}" for number in range(NETWORKS)])


def small(client: redis.Redis) -> Callable[[], object]:
    """Train small networks, some milliseconds each."""
    create(client, [9, 15, 2], 1000)
    return train(client, "MAXCYCLES", 100)


def large(client: redis.Redis) -> Callable[[], object]:
    """Train large networks without end."""
    create(client, [300, 600, 100], 1000)
    return train(client, "MAXTIME", 0)


def measure(server: Path, work: Callable[[redis.Redis], Callable[[], object]]) -> tuple[np.ndarray, int]:
    """Return the round trips of a server with some work to do, and how many trainings ended meanwhile."""
    with tempfile.TemporaryDirectory(prefix="neuralredis-") as directory:
        path = Path(directory) / "socket"
        options = ["--port", "0", "--unixsocket", str(path), "--save", "", "--dir", directory]
        module = ["--loadmodule", str(neuralredis.module_path())]
        process = subprocess.Popen([server, *options, *module], stdout=subprocess.DEVNULL)
        try:
            while not path.exists():
                time.sleep(0.01)
            with redis.Redis(unix_socket_path=str(path), protocol=2) as client:
                took = pings(path, work(client))
                return took, client.info("neuralredis")["neuralredis_trainings_finished"]
        finally:
            process.kill()
            process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("servers", nargs="*", type=Path)
    cores = len(os.sched_getaffinity(0))
    print(f"{datetime.date.today()}, {cores} cores, as many training threads, {PINGS} PINGs each, milliseconds")
    print("server                it                       p50    p99  p99.9     max  p99 more  trainings ended")
    for server in parser.parse_args().servers or [serve.found()]:
        at_rest = None
        for name, work in (("rests", rest), ("trains small networks", small), ("trains large networks", large)):
            took, ended = measure(server, work)
            p50, p99, p999 = np.percentile(took, [50, 99, 99.9])
            at_rest = p99 if at_rest is None else at_rest
            figures = f"{p50:6.3f} {p99:6.3f} {p999:6.3f} {took.max():7.3f} {p99 - at_rest:+9.3f} {ended:16}"
            print(f"{serve.version(server):<21} {name:<21} {figures}")


if __name__ == "__main__":
    main()
