"""Forged payloads are rejected, or are valid networks for every command. The server survives and uses little memory."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import inredis
import numpy as np
import pytest
import redis

import forged
import kinds
import neuralredis
import saved
import servers

#: Payloads that are sent together.
BATCH = 50
#: Batches in a normal run of the suite.
BATCHES = 40
#: Megabytes that a server may grow by. Payloads have a few kilobytes; threads of trainings use a few megabytes.
GROWTH = 64


def networks() -> list[bytes]:
    """Return small networks without fields that cover the format."""
    source = np.random.default_rng(1)
    found = []
    for kind, layout, rows, options in (
        ("classifier", [3, 4, 2], 12, {"normalize": True}),
        ("regressor", [2, 3, 2], 12, {"normalize": True, "activation": "relu", "algorithm": "rprop+"}),
        ("regressor", [2, 2], 5, {"output": "sigmoid", "normalize": True, "l2": 0.1}),
        ("classifier", [1, 2, 2, 3], 8, {"output": "sigmoid", "activation": "sigmoid", "loss": "crossentropy"}),
        ("classifier", [5, 3], 0, {}),
        ("regressor", [1, 30, 1], 3, {}),
    ):
        net = neuralredis.Network(kind, layout, dataset=20, test=10, seed=1, **options)  # type: ignore[arg-type]
        if rows:
            outputs = (
                source.integers(0, layout[-1], rows) if kind == "classifier" else source.normal(size=(rows, layout[-1]))
            )
            net.observe(source.normal(size=(rows, layout[0])), outputs, weight=source.uniform(1, 2, rows))
            net.train(max_cycles=3)
        found.append(bytes(net))
    return found


def networks_of_fields(client: redis.Redis) -> list[bytes]:
    """Return small networks with fields that cover the format."""
    inredis.create_of_fields(client, "all", "SEED", 1, "ENSEMBLE", 2)
    few = ("HIDDEN", 3, "DATASET", 9, "TEST", 5, "SEED", 1)
    schema = ("SCHEMA", "a", "AUTO", 2, "b", "TAGS", 3, "->")
    client.execute_command("NR.CREATE", "some", "REGRESSOR", *schema, 2, "x", "y", *few, "ALGORITHM", "lbfgs")
    client.execute_command("NR.CREATE", "closed", "CLASSIFIER", *schema, "x", "CLASSES", 3, "p", "q", "r", *few)
    client.execute_command("NR.CREATE", "empty", "CLASSIFIER", *schema, "x", *few)
    for number in range(12):
        row = ["a", ["x", "y", "z", number][number % 4], "b", ["p", "q,r", "s", ""][number % 3], "->"]
        client.execute_command("NR.OBSERVE", "some", *row, number, 1, "WEIGHT", 1 + number % 3)
        client.execute_command("NR.OBSERVE", "closed", *row, "pqr"[number % 3])
    for key in ("all", "some", "closed"):
        client.execute_command("NR.TRAIN", key, "MAXCYCLES", 3, "BLOCK", 0)
    # Words and classes that occur after the training.
    client.execute_command("NR.OBSERVE", "all", "plan", "late", "tags", "b,c,d,e,f,g", "->", "late")
    found = [client.execute_command("NR.EXPORT", key) for key in ("all", "some", "closed", "empty")]
    client.delete("all", "some", "closed", "empty")
    return found


class Payloads:
    """Forged payloads for a server, determined by the seed."""

    def __init__(self, client: redis.Redis) -> None:
        self.networks = [*networks(), *networks_of_fields(client)]
        self.frames = [saved.in_frames(data) for data in self.networks]
        self.all_frames = [frame for frames in self.frames for frame in frames[1:]]
        self.dumps = []
        for data in self.networks:
            client.execute_command("NR.IMPORT", "net", data)
            self.dumps.append(client.dump("net"))
            client.delete("net")
        originals = forged.originals()
        self.dumps += [network["dump"] for network in originals]
        self.version = self.dumps[0][-forged.FOOTER : -8]
        self.items = [(3, [(forged.STRING, frame) for frame in frames]) for frames in self.frames]
        self.items += [(2, forged.items_of_original(network["dump"])) for network in originals]

    def commands(self, key: str, source: random.Random) -> list[tuple[Any, ...]]:
        """Return commands that create a forged network: two for clients, and one of rewritten AOFs."""
        match source.randrange(10):
            case 0:
                frames = forged.frames(source.choice(self.frames), self.all_frames, source)
                return [("NR._LOAD", key, index, frame) for index, frame in enumerate(frames)]
            case way if way % 2:
                return [("NR.IMPORT", key, self.imported(source))]
            case _:
                return [("RESTORE", key, 0, self.restored(source))]

    def trained(self, source: random.Random) -> list[bytes]:
        """Return frames of a network for NR._TRAINED."""
        head, *frames = source.choice(self.frames)
        kept = (forged.LAYOUT, *forged.TRAINED, forged.END) if head[6] > 4 else (*forged.TRAINED, forged.END)
        frames = [frame for frame in frames if forged.number(frame) in kept]
        return [head, *frames] if source.random() < 0.2 else forged.frames([head, *frames], self.all_frames, source)

    def imported(self, source: random.Random) -> bytes:
        """Return bytes for NR.IMPORT."""
        if source.random() < 0.25:
            return saved.with_checksum(forged.damaged(source.choice(self.networks)[:-8], source))
        return saved.of_frames(forged.frames(source.choice(self.frames), self.all_frames, source))

    def restored(self, source: random.Random) -> bytes:
        """Return bytes for RESTORE."""
        how = source.random()
        if how < 0.2:
            dump = source.choice(self.dumps)
            body = bytearray(forged.damaged(dump[: -forged.FOOTER], source))
            # Payloads of other types do not reach the module.
            body[: forged.HEAD - 1] = dump[: forged.HEAD - 1]
            return saved.with_checksum(bytes(body) + self.version)
        if how < 0.4:
            frames = forged.frames(source.choice(self.frames), self.all_frames, source)
            return forged.dump(forged.head(3), [(forged.STRING, frame) for frame in frames], self.version)
        encoding, items = source.choice(self.items)
        if source.random() < 0.05:
            encoding = source.choice([0, 1, 2, 3, 4, 1023])
        return forged.dump(forged.head(encoding), forged.items(items, source), self.version)


def uses(key: str, info: dict[str, Any], source: random.Random) -> Iterator[tuple[Any, ...]]:
    """Return every command on a network."""
    yield from uses_of_fields(key, info, source) if "fields" in info else uses_of_numbers(key, info, source)
    for of in (["TRAIN"], ["TEST"]):
        yield "NR.EVALUATE", key, *of
    yield "NR.GETDATA", key, "TRAIN", source.choice([0, 1, 2**31])
    yield "NR.GETDATA", key, "TEST", 0
    yield "NR.REPORT", key
    yield "NR.THREADS"
    yield "NR.STOP", key
    yield "NR.INFO", key
    yield "NR.CONFIGURE", key, "DATASET", 4, "TEST", source.choice([0, 2**32 - 1]), "ALGO", "IRPROP+"
    yield "NR.TRAIN", key, "MAXCYCLES", 2, *source.choice([[], ["AUTOSTOP"], ["AUTOSTOP", "BACKTRACK"]])
    yield "NR.INFO", key
    yield "NR.EXPORT", key
    yield "NR.WAIT", key, 0
    yield "MEMORY", "USAGE", key
    yield "COPY", key, f"{key}:copy", "REPLACE"
    yield "NR.RESET", f"{key}:copy"
    yield "UNLINK", f"{key}:copy"


def uses_of_fields(key: str, info: dict[str, Any], source: random.Random) -> Iterator[tuple[Any, ...]]:
    """Return commands on a network with fields, whose names may be forged as well."""
    outcomes = ["1"] if info["type"] == "classifier" else ["1"] * len(info["targets"])
    row = source.choice(
        [["a", "p", "b", "q,new"], ["plan", "new", "note", "a b c", "age", 3e38], ["at", -1, "tags", "x"]]
    )
    for command in ("NR.RUN", "NR.CLASS"):
        yield command, key, "->"
        yield command, key, *row
        yield command, key, "JSON", "[" + ",".join(["{}"] * 40) + "]"
    yield "NR.OBSERVE", key, *row, "->", *outcomes
    yield "NR.OBSERVE", key, "JSON", "[{},{}]", "->", *outcomes * 2, source.choice(["TRAIN", "TEST"])
    yield "NR.HRUN", key, 1, "hash"
    yield "NR.RANK", key, 2, "hash", "none"
    yield "NR.HOBSERVE", key, 1, "hash", "->", *outcomes
    yield "NR.FIELDS", key
    yield "NR.EXPLAIN", key, *row
    yield "NR.EXPLAIN", key, "->", "WANT", outcomes[0]


def uses_of_numbers(key: str, info: dict[str, Any], source: random.Random) -> Iterator[tuple[Any, ...]]:
    """Return commands on a network without fields."""
    inputs, outputs = info["layout"][0], info["layout"][-1]
    targets = 1 if info["type"] == "classifier" else outputs
    number = source.choice([0.5, -1e9, 3e38, 1e-45])
    row = struct.pack("<f", number) * inputs + struct.pack("<f", 0) * targets
    yield ("NR.RUN", key, *[number] * inputs) if inputs < 100 else ("NR.RUN", key, "FP32", row[: 4 * inputs])
    yield "NR.RUN", key, "FP32", row[: 4 * inputs] * 20
    yield "NR.CLASS", key, "FP32", row[: 4 * inputs] * 2
    yield "NR.OBSERVE", key, "FP32", row * 3
    yield "NR.OBSERVE", key, "FP32", row, source.choice(["TRAIN", "TEST"])
    yield "NR._ROWS", key, 7, b"\0\0\0\0\0", row
    yield "NR.EVALUATE", key, "FP32", row * 2


def leaves(key: str) -> list[tuple[Any, ...]]:
    """Return what commands show of a network."""
    return [("DEBUG", "DIGEST-VALUE", key), ("DUMP", key), ("NR.EXPORT", key)]


def peak(pid: int) -> int:
    """Return the peak memory of a process in megabytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) >> 10


def info_of(reply: list[Any]) -> dict[str, Any]:
    found = {name.decode(): value for name, value in zip(reply[::2], reply[1::2], strict=True)}
    return {**found, "type": found["type"].decode()}


def try_batch(client: redis.Redis, payloads: Payloads, source: random.Random) -> int:
    """Send a batch of forged payloads, use the accepted networks, and return their number."""
    line = client.pipeline(transaction=False)
    counts = {}
    for index in range(BATCH):
        key = f"forged{index}"
        commands = payloads.commands(key, source)
        for command in (*commands, ("NR.INFO", key)):
            line.execute_command(*command)
        counts[key] = len(commands)
    replies = iter(line.execute(raise_on_error=False))
    accepted = {}
    for key, count in counts.items():
        rejected = [isinstance(next(replies), redis.ResponseError) for _ in range(count)]
        info = next(replies)
        if not isinstance(info, redis.ResponseError):
            accepted[key] = info_of(info)
        assert count > 1 or rejected[0] == (key not in accepted), info
    for key, info in accepted.items():
        commands = [*uses(key, info, source), ("NR._TRAINED", key, *payloads.trained(source)), *leaves(key)]
        for command in commands:
            line.execute_command(*command)
        counts[key] = len(commands)
    replies = iter(line.execute(raise_on_error=False))
    for key in accepted:
        *used, digest, dump, export = (next(replies) for _ in range(counts[key]))
        for reply in used:
            assert "internal" not in str(reply), reply
        # The network is as valid as any other: it is saved, and loaded unchanged.
        line.execute_command("RESTORE", "again", 0, dump, "REPLACE")
        line.execute_command("DEBUG", "DIGEST-VALUE", "again")
        line.execute_command("NR.IMPORT", "again", export, "REPLACE")
        line.execute_command("DEBUG", "DIGEST-VALUE", "again")
        line.execute_command("NR.RESET", key)
        line.execute_command(source.choice(["DEL", "UNLINK"]), key)
        assert line.execute(raise_on_error=False) == [b"OK", digest, b"OK", digest, b"OK", 1]
    line.delete("again").execute()
    return len(accepted)


@pytest.mark.torture
@pytest.mark.timeout(3600)
def test_forged_payloads_are_rejected_or_usable(
    relay: servers.Server, kind: kinds.Kind, effort: int, figure: Callable[[str], None]
) -> None:
    client = relay.client(protocol=2, decode_responses=False, socket_timeout=120)
    client.hset("hash", mapping={"a": "p", "plan": "plan 1", "age": 3})
    payloads = Payloads(client)
    # Threads and buffers that are kept from the first use on.
    try_batch(client, payloads, random.Random("first"))
    Path(f"/proc/{relay.process.pid}/clear_refs").write_text("5")
    before = peak(relay.process.pid)
    accepted = 0
    for batch in range(BATCHES * effort):
        try:
            accepted += try_batch(client, payloads, random.Random(f"{kind.name} {batch}"))
        except Exception as error:
            # Without the lines that the log has for every batch.
            lines = [line for line in relay.log.splitlines() if "was not loaded" not in line]
            raise AssertionError("\n".join([f"batch {batch}: {error}", *lines[-200:]])) from error
    tried = BATCHES * effort * BATCH
    grown = peak(relay.process.pid) - before
    trained = inredis.section(client)["trainings_finished"]
    assert accepted > tried / 10, "some payloads are accepted"
    assert trained > accepted / 3
    assert "a bug in neuralredis" not in relay.log
    assert client.keys() == [b"hash"]
    assert grown < GROWTH, f"{grown} MB"
    figure(f"{tried} payloads, {accepted} accepted and used, {trained} trainings, {grown} MB more at most")


@pytest.mark.torture
@pytest.mark.timeout(3600)
def test_forged_rows_of_fields_are_rejected_or_usable(
    relay: servers.Server, kind: kinds.Kind, effort: int, figure: Callable[[str], None]
) -> None:
    client = relay.client(protocol=2, decode_responses=False, socket_timeout=120)
    client.config_set("appendfsync", "always")
    client.hset("hash", mapping={"plan": "plan 1", "age": 3})
    inredis.create_of_fields(client, "made", "SEED", 2)
    client.execute_command("NR.OBSERVE", "made", *inredis.as_json(*range(200, 230)))
    [file] = relay.directory.glob("*/*.incr.aof")
    sent = [words[2] for words in inredis.parsed(file.read_bytes()) if words[0] == b"nr._observed"]
    assert len(sent) == 121
    accepted = 0
    for batch in range(BATCHES * effort):
        source = random.Random(f"rows {kind.name} {batch}")
        client.copy("made", "net", replace=True)
        line = client.pipeline(transaction=False)
        for _ in range(BATCH):
            payload = source.choice(sent)
            line.execute_command(
                "NR._OBSERVED", "net", forged.damaged(payload, source) if source.random() < 0.9 else payload
            )
        accepted += sum(reply == b"OK" for reply in line.execute(raise_on_error=False))
        for command in (
            ["NR.RUN", "net", *inredis.FIELDS.question], ["NR.CLASS", "net", "->", "TOP", 99],
            ["NR.EVALUATE", "net", "TRAIN"], ["NR.FIELDS", "net"],
            ["NR.TRAIN", "net", "MAXCYCLES", 1, "BLOCK", 0], ["NR.FIELDS", "net"],
            ["NR.RANK", "net", 1, "hash", "->", "FOR", "yes"],
            *(["NR.GETDATA", "net", into, row] for into in ("TRAIN", "TEST") for row in range(60)),
        ):  # fmt: skip
            line.execute_command(*command)
        replies = line.execute(raise_on_error=False)
        assert not [reply for reply in replies if isinstance(reply, redis.ResponseError)], batch
        client.execute_command("RESTORE", "again", 0, client.dump("net"), "REPLACE")
        assert len(set(client.execute_command("DEBUG", "DIGEST-VALUE", "net", "again"))) == 1, batch
    before = client.execute_command("DEBUG", "DIGEST")
    client.execute_command("DEBUG", "LOADAOF")
    assert client.execute_command("DEBUG", "DIGEST") == before
    tried = BATCHES * effort * BATCH
    assert tried / 10 < accepted < tried * 0.9
    assert "a bug in neuralredis" not in relay.log
    figure(f"{tried} effects of rows, {accepted} accepted")


def test_memory_of_a_wide_layer_is_proportional_to_its_payload(server: servers.Server) -> None:
    client = server.client(protocol=2, decode_responses=False)
    client.config_set("neuralredis.threads", 2)
    units = 1 << 18
    net = neuralredis.Network("regressor", [1, units, 1], dataset=100, test=100, seed=1)
    net.observe(np.linspace(0, 1, 100).reshape(100, 1), np.linspace(0, 1, 100))
    payload = bytes(net)
    rows = np.linspace(0, 1, 1000, dtype="<f4").tobytes()
    for most, command in (
        # The payload, its parameters with the state of RPROP, which the payload lacks, and little more.
        (5, ("NR.IMPORT", "net", payload)),
        (5, ("NR.RUN", "net", "FP32", rows)),
        # Sixteen rows go through all layers together, in each thread.
        (20, ("NR.EVALUATE", "net", "TRAIN")),
        (16 * 3, ("NR.TRAIN", "net", "MAXCYCLES", 1, "BLOCK", 0)),
    ):
        Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")
        before = peak(server.process.pid)
        client.execute_command(*command)
        grown = peak(server.process.pid) - before
        assert grown <= most * len(payload) / (1 << 20), f"{command[0]!r}: {grown} MB for {len(payload)} bytes"
