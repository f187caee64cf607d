"""Memory: what networks take, what is told of it, and what happens when there is none left."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import inredis
import pytest
import redis

import neuralredis
import servers

#: Layouts, and of how many networks each the growth is measured: a server counts other things as well, some 20 kB.
SIZES = [((1, 1), 1000), ((9, 15, 2), 300), ((130, 20, 5), 50), ((5000, 40, 1), 3), ((1000, 1000, 10), 2)]


def used(client: redis.Redis) -> int:
    """Bytes that the server has in use, buffers of clients apart."""
    memory = client.info("memory")
    return int(memory["used_memory"]) - int(memory["mem_clients_normal"])


def rows(layout: tuple[int, ...], count: int) -> bytes:
    width = layout[0] + layout[-1]
    return inredis.blob(*([float(row * column % 7) for column in range(width)] for row in range(count)))


@pytest.mark.parametrize(("layout", "count"), SIZES, ids=str)
def test_memory_usage_is_what_the_server_gave(server: servers.Server, layout: tuple[int, ...], count: int) -> None:
    client = server.client(protocol=2)
    raw = server.client(protocol=2, decode_responses=False)
    keys = [f"network:{number}" for number in range(count)]
    # What the server takes once: its table of keys, the threads of a training.
    client.mset(dict.fromkeys(keys, "x"))
    inredis.create(client, "first")
    client.execute_command("NR.TRAIN", "first", "MAXCYCLES", 2, "BLOCK", 0)
    client.delete(*keys)
    before = used(client)

    def each(*command: Any) -> None:
        with raw.pipeline(transaction=False) as pipeline:
            for key in keys:
                pipeline.execute_command(command[0], key, *command[1:])
            pipeline.execute()

    def check(what: str) -> None:
        told = sum(client.memory_usage(key) for key in keys)
        # A thread may hold its buffers for a moment after it has told of its end.
        servers.wait_until(lambda: used(client) - before == pytest.approx(told, rel=0.1), 30, what)

    each("NR.CREATE", "REGRESSOR", *layout[:-1], "->", layout[-1], "DATASET", 150, "TEST", 50, "NORMALIZE")
    check("empty")
    each("NR.OBSERVE", "FP32", rows(layout, 1))
    check("with one row")
    each("NR.OBSERVE", "FP32", rows(layout, 250))
    check("full")
    each("NR.OBSERVE", *[1] * layout[0], "->", *[1] * layout[-1], "WEIGHT", 2)
    check("with weights of rows")
    each("NR.TRAIN", "MAXCYCLES", 20, "BLOCK", 0)
    check("trained")
    each("NR.CONFIGURE", "DATASET", 17, "TEST", 0)
    check("with fewer rows")
    each("NR.RESET")
    check("reset")


def test_a_million_small_networks_fit_in_four_gigabytes(
    server: servers.Server, figure: Callable[[str], None]
) -> None:
    client = server.client(protocol=2)
    client.execute_command("NR.CREATE", "net", "CLASSIFIER", 9, 15, "->", 2)
    size = client.memory_usage("net")
    figure(f"a 9-15-2 network without rows takes {size} bytes")
    assert size < 4000


def headroom(server: servers.Server, megabytes: int) -> None:
    """Let the server have so much more memory than it has now."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    size = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmSize"))
    limit = resource.RLIM_INFINITY if megabytes < 0 else size * 1024 + (megabytes << 20)
    resource.prlimit(server.process.pid, resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def large(kind: servers.Kind) -> tuple[bytes, bytes]:
    """Return a network of 74 MB, exported and dumped, from a server of its own."""
    with servers.running(kind, module=neuralredis.module_path()) as server:
        raw = server.client(protocol=2, decode_responses=False)
        raw.execute_command("NR.CREATE", "net", "REGRESSOR", 30, "->", 1, "DATASET", 600_000)
        for _ in range(6):
            raw.execute_command("NR.OBSERVE", "net", "FP32", bytes(4 * 31 * 100_000))
        return raw.execute_command("NR.EXPORT", "net"), raw.dump("net")


def test_a_request_that_takes_more_memory_than_there_is_is_refused(kind: servers.Kind, server: servers.Server) -> None:
    raw = server.client(protocol=2, decode_responses=False)
    raw.execute_command("NR.CREATE", "deep", "REGRESSOR", 500, 2000, "->", 500, "DATASET", 100_000)
    raw.execute_command("NR.CREATE", "wide", "CLASSIFIER", 1, "->", 1 << 20, "DATASET", 100)
    raw.execute_command("NR.OBSERVE", "deep", "FP32", rows((500, 500), 100))
    raw.execute_command("NR.OBSERVE", "wide", "FP32", inredis.blob((0, 1), (1, 2)))
    exported, dumped = large(kind)
    for megabytes, command in (
        (100, ["NR.CREATE", "new", "REGRESSOR", 4095, "->", 4096]),
        (10, ["NR.RESET", "deep"]),
        (20, ["NR.TRAIN", "deep"]),
        (20, ["NR.EXPORT", "deep"]),
        (100, ["NR.RUN", "wide", "FP32", bytes(4 * 100)]),
        (20, ["NR.RUN", "wide", 1]),
        (40, ["NR.EVALUATE", "wide", "TRAIN"]),
        (20, ["NR.OBSERVE", "deep", "FP32", bytes(4 * 1000 * 2500)]),
        (250, ["NR.IMPORT", "new", exported]),
    ):
        before = raw.execute_command("DEBUG", "DIGEST")
        headroom(server, megabytes)
        with pytest.raises(redis.ResponseError, match=r"not enough memory for \d+ bytes"):
            raw.execute_command(*command)
        headroom(server, -1)
        assert raw.execute_command("DEBUG", "DIGEST") == before, command
    # What the server keeps of earlier requests may be enough for this one.
    for megabytes in (140, 120, 100):
        headroom(server, megabytes)
        with contextlib.suppress(redis.ResponseError):
            raw.restore("new", 0, dumped, replace=True)
        headroom(server, -1)
    assert raw.execute_command("NR.CLASS", "wide", 1) in range(1 << 20)


