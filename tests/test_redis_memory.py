"""Memory: the use of networks, its reports, and errors if none is left."""

from __future__ import annotations

import contextlib
import json
import re
import resource
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import inredis
import pytest
import redis
from test_redis_forged import peak

import kinds
import neuralredis
import servers

#: Layouts, and the number of networks to measure: the figures of a server include about 20 kB of other memory.
SIZES = [((1, 1), 2000), ((9, 15, 2), 300), ((130, 20, 5), 50), ((5000, 40, 1), 3), ((1000, 1000, 10), 2)]


def used(client: redis.Redis) -> int:
    """Return the bytes that the server uses, without buffers of clients."""
    memory = client.info("memory")
    return int(memory["used_memory"]) - int(memory["mem_clients_normal"])


def rows(layout: tuple[int, ...], count: int) -> bytes:
    width = layout[0] + layout[-1]
    return inredis.blob(*([float(row * column % 7) for column in range(width)] for row in range(count)))


def measured(server: servers.Server, count: int) -> tuple[Callable[..., None], Callable[[str], None]]:
    """Return two functions: send a command for each network, and compare measured and reported memory."""
    client = server.client(protocol=2)
    raw = server.client(protocol=2, decode_responses=False)
    keys = [f"network:{number}" for number in range(count)]
    # Memory that the server allocates once: its table of keys, the threads of a training.
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
        raw.connection_pool.disconnect()  # and with it the server's buffers for the connection

    def check(state: str) -> None:
        def usage_is_reported() -> bool:
            reported = sum(client.memory_usage(key) for key in keys)
            return bool(used(client) - before == pytest.approx(reported, rel=0.1))

        # Threads may hold buffers shortly after the end, and draw weights after a reset.
        servers.wait_until(usage_is_reported, subject=f"for the reported memory to be allocated: {state}")

    return each, check


@pytest.mark.parametrize(("layout", "count"), SIZES, ids=str)
def test_memory_usage_equals_the_allocated_memory(server: servers.Server, layout: tuple[int, ...], count: int) -> None:
    each, check = measured(server, count)
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


@pytest.mark.parametrize(("fields", "words", "count"), [(1, 0, 1500), (12, 3, 100), (4, 400, 40)])
def test_memory_usage_of_fields_equals_the_allocated_memory(
    server: servers.Server, fields: int, words: int, count: int
) -> None:
    each, check = measured(server, count)
    kinds = ["NUMBER", "CATEGORY", "TAGS", "TEXT"]
    schema = [word for field in range(fields) for word in (f"a field of number {field}", kinds[field % 4])]
    each("NR.CREATE", "CLASSIFIER", "SCHEMA", *schema, "->", "x", "HIDDEN", 4, "DATASET", 150, "TEST", 50)
    check("empty")
    rows = [
        {
            f"a field of number {field}": f"{row % (words or 100)}" if kinds[field % 4] == "NUMBER" else
            ",".join(f"a word {(row + more) % (words or 1)}" for more in range(3))
            for field in range(fields)
        }
        for row in range(180)
    ]  # fmt: skip
    observe = ["JSON", json.dumps(rows), "->", *(f"class {row % 7}" for row in range(180))]
    each("NR.OBSERVE", *observe[:3], *observe[3:])
    check("with rows")
    each("NR.OBSERVE", *observe)
    check("full")
    each("NR.OBSERVE", "a field of number 0", 1, "->", "class 0", "WEIGHT", 2)
    check("with weights of rows")
    each("NR.TRAIN", "MAXCYCLES", 5, "BLOCK", 0)
    check("trained")
    each("NR.CONFIGURE", "DATASET", 17, "TEST", 0)
    check("with fewer rows")
    each("NR.RESET")
    check("reset")


def test_small_network_takes_less_than_4000_bytes(server: servers.Server, figure: Callable[[str], None]) -> None:
    client = server.client(protocol=2)
    client.execute_command("NR.CREATE", "net", "CLASSIFIER", 9, 15, "->", 2)
    size = client.memory_usage("net")
    figure(f"a 9-15-2 network without rows takes {size} bytes")
    assert size < 4000


def headroom(server: servers.Server, megabytes: int) -> None:
    """Limit the address space of the server to its size plus these megabytes; below 0 there is no limit."""
    if megabytes > 0:
        # Free memory for the server's own small allocations, without which it would abort. It keeps the second block.
        client = server.client()
        for _ in range(2):
            client.set("room", "x" * (4 << 20))
            client.delete("room")
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    size = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmSize"))
    limit = resource.RLIM_INFINITY if megabytes < 0 else size * 1024 + (megabytes << 20)
    resource.prlimit(server.process.pid, resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def large(kind: kinds.Kind) -> bytes:
    """Return the bytes of a network of 74 MB, from a separate server."""
    with servers.running(kind, module=neuralredis.module_path()) as server:
        raw = server.client(protocol=2, decode_responses=False)
        raw.execute_command("NR.CREATE", "net", "REGRESSOR", 30, "->", 1, "DATASET", 600_000)
        for _ in range(6):
            raw.execute_command("NR.OBSERVE", "net", "FP32", bytes(4 * 31 * 100_000))
        exported: bytes = raw.execute_command("NR.EXPORT", "net")
        return exported


def test_requests_without_enough_memory_are_rejected(kind: kinds.Kind, server: servers.Server) -> None:
    raw = server.client(protocol=2, decode_responses=False)
    raw.execute_command("NR.CREATE", "deep", "REGRESSOR", 500, 2000, "->", 500, "DATASET", 100_000)
    raw.execute_command("NR.CREATE", "wide", "CLASSIFIER", 1, "->", 1 << 20, "DATASET", 100)
    raw.execute_command("NR.OBSERVE", "deep", "FP32", rows((500, 500), 100))
    raw.execute_command("NR.OBSERVE", "wide", "FP32", inredis.blob((0, 1), (1, 2)))
    exported = large(kind)
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
    assert raw.execute_command("NR.CLASS", "wide", 1) in range(1 << 20)


def test_import_makes_no_extra_copy_of_the_network(server: servers.Server) -> None:
    client = server.client(protocol=2)
    blob = bytes(neuralredis.Network("classifier", [2000, 5000, 2], seed=1))
    before = peak(server.process.pid)
    client.execute_command("NR.IMPORT", "net", blob)
    more = peak(server.process.pid) - before - client.memory_usage("net") / (1 << 20)
    assert more < 1.5 * len(blob) / (1 << 20)


def test_maxmemory_rejects_only_commands_that_allocate(server: servers.Server) -> None:
    client = server.client(protocol=2)
    raw = server.client(protocol=2, decode_responses=False)
    inredis.create(client, "net")
    inredis.create_of_fields(client, "shop")
    client.hset("hash", "age", 3)
    inredis.create(client, "trained")
    exported = raw.execute_command("NR.EXPORT", "net")
    inredis.train(client, "trained")
    inredis.running(client)
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", "1mb")
    before = client.execute_command("DEBUG", "DIGEST")
    for command in (
        ["NR.CREATE", "new", "REGRESSOR", 1, 2, "->", 1],
        ["NR.OBSERVE", "net", 1, 2, "->", 0],
        ["NR.OBSERVE", "net", "FP32", inredis.blob((1, 2, 0))],
        ["NR.CREATE", "new", "CLASSIFIER", *inredis.SCHEMA, "->", "x"],
        ["NR.OBSERVE", "shop", "plan", "new", "->", "yes"],
        ["NR.OBSERVE", "shop", "JSON", "[{}]", "->", "yes"],
        ["NR.HOBSERVE", "shop", 1, "hash", "->", "yes"],
        ["NR.TRAIN", "net"],
        ["NR.IMPORT", "new", exported],
        ["NR.IMPORT", "net", exported, "REPLACE"],
    ):
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            raw.execute_command(*command)
    assert client.execute_command("DEBUG", "DIGEST") == before
    # Raising a limit allocates nothing, and lowering it must work without memory.
    size = client.memory_usage("net")
    for rows in (1_000_000, 5):
        assert client.execute_command("NR.CONFIGURE", "net", "DATASET", rows) == "OK"
    assert client.memory_usage("net") < size
    assert client.execute_command("NR.RESET", "net") == "OK"
    assert len(client.execute_command("NR.RUN", "net", 1, 2)) == 2
    # The memory of the result was reserved when the training started.
    assert client.execute_command("NR.STOP", "trained") == 1
    assert client.execute_command("NR.WAIT", "trained") in ("stopped", "idle")
    assert inredis.cycles(client, "trained") > 0


def test_network_can_be_evicted_during_its_training(server: servers.Server) -> None:
    client = server.client(protocol=2)
    for number in range(5):
        inredis.create(client, f"net{number}")
        inredis.train(client, f"net{number}")
    inredis.running(client, 5)
    client.config_set("maxmemory-policy", "allkeys-lru")
    client.config_set("maxmemory", used(client) + (2 << 20))
    for number in range(20_000):
        if inredis.section(client)["networks"] == 0:
            break
        client.set(f"other{number}", "x" * 1000)
    servers.wait_until(lambda: inredis.section(client)["trainings_dropped"] == 5)
    assert client.execute_command("NR.THREADS") == []
    assert client.info("stats")["evicted_keys"] >= 5
    client.config_set("maxmemory", 0)
    inredis.create(client, "net0")
    assert client.execute_command("NR.TRAIN", "net0", "MAXCYCLES", 2, "BLOCK", 0) == "finished"


class Pings:
    """A connection that sends PING without pause, and records the longest wait for a reply."""

    def __init__(self, server: servers.Server) -> None:
        self._client = server.client()
        self._done = threading.Event()
        self.longest = 0.0
        self._thread = threading.Thread(target=self._ping)

    def __enter__(self) -> Pings:
        self._thread.start()
        return self

    def _ping(self) -> None:
        while not self._done.is_set():
            start = time.monotonic()
            self._client.ping()
            self.longest = max(self.longest, time.monotonic() - start)

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()


@pytest.mark.torture
@pytest.mark.parametrize("command", ["UNLINK net", "FLUSHALL ASYNC", "NR.RESET net", "RENAME other net"])
def test_deleting_a_large_network_does_not_block_the_server(
    server: servers.Server, effort: int, figure: Callable[[str], None], command: str
) -> None:
    # 100 MB, or with more effort 1 GB.
    size = (100 if effort == 1 else 1000) << 20
    client = server.client(protocol=2)
    raw = server.client(protocol=2, decode_responses=False)
    client.execute_command("NR.CREATE", "net", "REGRESSOR", 99, "->", 1, "DATASET", 10_000_000)
    client.execute_command("NR.CREATE", "other", "REGRESSOR", 99, "->", 1)
    client.config_set("lazyfree-lazy-server-del", "yes")  # for the network that RENAME replaces
    before = used(client)
    many = bytes(4 << 20)[: 4 * 100 * 10_000]
    for _ in range(size // len(many)):
        raw.execute_command("NR.OBSERVE", "net", "FP32", many)
    assert client.memory_usage("net") > size * 0.9
    client.config_resetstat()
    with Pings(server) as pings:
        client.execute_command(*command.split())
        if command != "NR.RESET net":
            servers.wait_until(lambda: used(client) - before < size / 10)
            # On the server's thread for it.
            servers.wait_until(lambda: client.info("memory")["lazyfreed_objects"] > 0)
    took = client.info("commandstats")[f"cmdstat_{command.split()[0].lower()}"]["usec_per_call"]
    # Freeing on the main thread takes about 100 ms for a gigabyte.
    slowest = pings.longest * 1000
    figure(f"{size >> 20} MB: the command took {took / 1000:.2f} ms, a PING beside it at most {slowest:.1f} ms")


@pytest.mark.torture
def test_creating_and_deleting_networks_leaks_no_memory(
    server: servers.Server, effort: int, figure: Callable[[str], None]
) -> None:
    rounds = 100 * effort
    client = server.client(protocol=2)
    raw = server.client(protocol=2, decode_responses=False)
    many = rows((20, 3), 60)

    def resident() -> int:
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmRSS"))

    def go_round(number: int) -> None:
        raw.execute_command("NR.CREATE", "net", "REGRESSOR", 20, 30, "->", 3, "DATASET", 40, "TEST", 10, "NORMALIZE")
        raw.execute_command("NR.OBSERVE", "net", "FP32", many)
        raw.execute_command("NR.CREATE", "shop", "CLASSIFIER", *inredis.SCHEMA, "->", "x", "HIDDEN", 4, "DATASET", 40)
        raw.execute_command("NR.OBSERVE", "shop", *inredis.as_json(*range(number % 7, 60)))
        raw.execute_command("NR.TRAIN", "shop", "MAXCYCLES", 2, *(["BLOCK", 0] if number % 2 else []))
        raw.execute_command("NR.RUN", "shop", "JSON", "[{},{}]")
        raw.execute_command("NR.FIELDS", "shop")
        if number % 3:
            raw.execute_command("NR.TRAIN", "net", "MAXCYCLES", 3, "AUTOSTOP", "BACKTRACK", "BLOCK", 0)
        else:
            # Deleted while it is trained.
            raw.execute_command("NR.TRAIN", "net", "MAXTIME", 0)
        raw.copy("net", "copy")
        raw.execute_command("NR.IMPORT", "copy", raw.execute_command("NR.EXPORT", "net"), "REPLACE")
        raw.restore("restored", 0, raw.dump("copy"))
        with contextlib.suppress(redis.ResponseError):
            raw.execute_command("NR.OBSERVE", "net", 1, "->", "x")
        with contextlib.suppress(redis.ResponseError):
            raw.execute_command("NR.OBSERVE", "shop", "plan", "a word that is not kept", "age", "x", "->", "a class")
        raw.execute_command(*[("DEL", "net", "copy", "restored", "shop"), ("UNLINK", "net", "copy", "restored", "shop"),
                              ("FLUSHALL", "ASYNC"), ("FLUSHALL", "SYNC")][number % 4])  # fmt: skip

    def in_use() -> int:
        return int(client.info("memory")["used_memory"])

    def settle() -> None:
        number = raw.client_id()
        raw.connection_pool.disconnect()  # and with it the server's buffers for the connection
        servers.wait_until(lambda: not client.client_list(client_id=[number]))
        servers.wait_until(lambda: client.execute_command("NR.THREADS") == [] and not client.dbsize())
        servers.wait_until(lambda: not inredis.section(client)["networks"])
        servers.wait_until(lambda: not client.info("memory")["lazyfree_pending_objects"])

    for number in range(100):
        go_round(number)
    settle()
    before, resident_before = in_use(), resident()
    for number in range(rounds):
        go_round(number)
    settle()
    # The server's own memory varies by about 10 kB; a leak of one small block a round would exceed this.
    servers.wait_until(lambda: in_use() - before < 50_000 + 15 * rounds)
    grown, resident_grown = in_use() - before, resident() - resident_before
    figure(f"{rounds} rounds: {grown:+} bytes used, {resident_grown:+} bytes resident")
    assert resident_grown < (8 << 20) + 200 * rounds


@pytest.mark.parametrize("when", ["at the start", "at the end"])
def test_training_that_runs_out_of_memory_fails_and_can_be_repeated(server: servers.Server, when: str) -> None:
    client, waiting = server.client(protocol=2), server.client(protocol=2)
    # The weights of a large network are drawn by a thread, whose stack the C library keeps for the next thread.
    width, hidden = (500, 2000) if when == "at the end" else (5, 20)
    client.execute_command("NR.CREATE", "net", "REGRESSOR", width, hidden, "->", width, "DATASET", 1000)
    client.execute_command("NR.OBSERVE", "net", "FP32", rows((width, width), 5))
    inredis.create(client, "small")
    before = client.execute_command("DEBUG", "DIGEST")
    if when == "at the start":
        headroom(server, 1)
        answer = client.execute_command("NR.TRAIN", "small", "MAXCYCLES", 5, "BLOCK", 0)
        expected = "failed: no thread for the training: "
    else:
        inredis.train(client, "net")
        inredis.running(client)
        headroom(server, 5)
        client.execute_command("NR.STOP", "net")
        answer = waiting.execute_command("NR.WAIT", "net")
        expected = "failed: not enough memory for 36045000 bytes"
    headroom(server, -1)
    if answer != "idle":  # NR.WAIT may arrive after the end
        assert answer.startswith(expected)
    servers.wait_until(lambda: client.execute_command("NR.THREADS") == [])
    assert inredis.section(client)["trainings_failed"] == 1
    assert re.search(rf"the training of network \d+ {expected}", server.log)
    assert client.execute_command("DEBUG", "DIGEST") == before
    for key in ("net", "small"):
        assert client.execute_command("NR.TRAIN", key, "MAXCYCLES", 1, "MAXTIME", 0, "BLOCK", 0) == "finished"
