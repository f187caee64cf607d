"""Measures the memory of a server, and the effect on other clients, if a request would exceed maxmemory.

    python benchmarks/memory_limits.py server ... [--module FILE]

`server` is the path of a redis-server or valkey-server. Each experiment starts a server of its own. memory_limits.txt
is the output.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import redis

import neuralredis
from neuralredis.cli import serve

sys.path.append(str(Path(__file__).with_name("speed")))

from server import Server, running

MB = 1 << 20
#: Seconds for which other clients write while trainings run.
SECONDS = 5.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("servers", nargs="+", type=Path)
    parser.add_argument("--module", type=Path, default=Path(neuralredis.module_path()))
    args = parser.parse_args()
    print(datetime.date.today())
    for server in args.servers:
        print(f"\n{serve.version(server)}", flush=True)
        for experiment in (trainings_that_evict, trainings_that_refuse, answers, rows, frames):
            with running(server, args.module) as process, connected(process) as client:
                for line in experiment(process, client):
                    print(f"- {line}", flush=True)


def connected(server: Server) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(server.socket), protocol=2, socket_timeout=300)


@contextlib.contextmanager
def poked(server: Server) -> Iterator[None]:
    """Send PINGs on another connection, since a server evicts keys before it runs a command."""
    stop = threading.Event()

    def poke() -> None:
        with connected(server) as client:
            while not stop.wait(0.01):
                client.ping()

    thread = threading.Thread(target=poke)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def used(client: redis.Redis) -> str:
    return f"{client.info('memory')['used_memory'] / MB:,.0f} MB used"


def keys(client: redis.Redis) -> str:
    networks = sum(client.type(key) == b"neural-NN" for key in client.scan_iter(count=1000))
    return f"{networks} networks, {client.dbsize() - networks} other keys"


def outcome(action: Callable[[], object]) -> str:
    """Return "done" or the error, without its details."""
    try:
        action()
    except redis.RedisError as error:
        return str(error)[:60]
    return "done"


def strings_and_networks(client: redis.Redis, policy: str) -> None:
    """Fill a server with 800 strings of 64 kB and 10 networks of 1.5 million parameters, at a maxmemory of 300 MB."""
    client.config_set("maxmemory", "300mb")
    client.config_set("maxmemory-policy", policy)
    for number in range(800):
        client.set(f"text{number}", bytes(1 << 16))
    for number in range(10):
        client.execute_command("NR.CREATE", f"net{number}", "REGRESSOR", 500, 1000, 1000, "->", 1, "DATASET", 16)
        row = np.ones(501, "<f4").tobytes()
        client.execute_command("NR.OBSERVE", f"net{number}", "FP32", row * 16)


def train_all(client: redis.Redis) -> list[str]:
    """Start a training of each network."""
    return [outcome(lambda n=n: client.execute_command("NR.TRAIN", f"net{n}", "MAXTIME", 3000)) for n in range(10)]


def trainings_that_evict(server: Server, client: redis.Redis) -> Iterator[str]:
    strings_and_networks(client, "allkeys-lru")
    yield f"maxmemory 300mb, allkeys-lru: {keys(client)}, {used(client)}"
    with poked(server):
        result = train_all(client)
        time.sleep(SECONDS)
    yield f"  10 times NR.TRAIN, of which {result.count('done')} accepted: afterwards {keys(client)}, {used(client)}"


def trainings_that_refuse(_: Server, client: redis.Redis) -> Iterator[str]:
    strings_and_networks(client, "noeviction")
    yield f"maxmemory 300mb, noeviction: {keys(client)}, {used(client)}"
    result = train_all(client)
    start, sets = time.monotonic(), []
    while time.monotonic() - start < SECONDS / 2:
        sets.append(outcome(lambda: client.set("other", "text")))
        time.sleep(0.005)
    rejected = f"{len(sets) - sets.count('done')} of {len(sets)} SETs refused"
    yield f"  10 times NR.TRAIN, of which {result.count('done')} accepted: {used(client)}, {rejected}"


def answers(server: Server, client: redis.Redis) -> Iterator[str]:
    client.config_set("maxmemory", "300mb")
    client.config_set("maxmemory-policy", "allkeys-lru")
    for number in range(2000):
        client.set(f"text{number}", bytes(100_000))
    client.execute_command("NR.CREATE", "net", "CLASSIFIER", 1, "->", 2)
    yield f"maxmemory 300mb, allkeys-lru: {keys(client)}, {used(client)}, {server.resident() / MB:,.0f} MB resident"
    with poked(server):
        result = outcome(lambda: client.execute_command("NR.CLASS", "net", "FP32", bytes(64 * MB)))
    peak = client.info("memory")["used_memory_peak"] / MB
    yield f"  NR.CLASS FP32 of 64 MB: {result}, {peak:,.0f} MB used at most; afterwards {keys(client)}"


def rows(_: Server, client: redis.Redis) -> Iterator[str]:
    client.config_set("maxmemory", "40mb")
    client.execute_command("NR.CREATE", "net", "REGRESSOR", 99, "->", 1, "DATASET", 1_000_000)
    row = np.ones(100, "<f4").tobytes()
    while (result := outcome(lambda: client.execute_command("NR.OBSERVE", "net", "FP32", row * 1000))) == "done":
        pass
    yield f"maxmemory 40mb, NR.OBSERVE until refused: {used(client)}, {result}"
    info = client.execute_command("NR.INFO", "net")
    stored = int(info[info.index(b"training-dataset-len") + 1])
    for first in range(stored, stored + 900_000, 1000):
        places = b"".join(struct.pack("<BI", 0, place) for place in range(first, first + 1000))
        result = outcome(lambda places=places: client.execute_command("NR._ROWS", "net", 1, places, row * 1000))
    yield f"  NR._ROWS, 900 times 1000 rows: {used(client)}, the last {result}"


def frames(_: Server, client: redis.Redis) -> Iterator[str]:
    client.execute_command("NR.CREATE", "net", "REGRESSOR", 600, 1000, "->", 1)
    blob = bytes(client.execute_command("NR.EXPORT", "net"))
    client.delete("net")
    parts, at = [blob[:8]], 8
    while at < len(blob) - 8:
        (length,) = struct.unpack_from("<I", blob, at)
        parts.append(blob[at + 4 : at + 4 + length])
        at += 4 + length
    client.config_set("maxmemory", "40mb")
    for key in range(60):
        for index, part in enumerate(parts[:-1]):
            result = outcome(
                lambda key=key, at=index, part=part: client.execute_command("NR._LOAD", f"n{key}", at, part)
            )
    yield f"maxmemory 40mb, NR._LOAD of 60 networks but for their last frames: {used(client)}, the last {result}"
    client.flushall()
    yield f"  after FLUSHALL: {used(client)}"


if __name__ == "__main__":
    main()
