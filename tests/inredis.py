"""Helpers for the tests of the module: create networks, and query a server about them."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import redis

import servers


def blob(*rows: Any) -> bytes:
    """Return rows of numbers as commands take them after FP32."""
    values = [value for row in rows for value in row]
    return struct.pack(f"<{len(values)}f", *values)


def create(client: redis.Redis, key: str, *options: Any) -> None:
    """Create a classifier with two inputs, two classes and training rows."""
    client.execute_command("NR.CREATE", key, "CLASSIFIER", 2, 8, "->", 2, "DATASET", 200, "TEST", 100, *options)
    rows = [(x / 10, y / 10, float(x * y > 20)) for x in range(12) for y in range(12)]
    client.execute_command("NR.OBSERVE", key, "FP32", blob(*rows))


def train(client: redis.Redis, key: str, *options: Any) -> None:
    """Start a training that does not end by itself."""
    client.execute_command("NR.TRAIN", key, *(options or ("MAXTIME", 0)))


def info(client: redis.Redis, key: str) -> dict[str, Any]:
    reply = client.execute_command("NR.INFO", key)
    return reply if isinstance(reply, dict) else dict(zip(reply[::2], reply[1::2], strict=True))


def cycles(client: redis.Redis, key: str) -> int:
    """Return the duration of a network's trainings, without the running one."""
    found: int = info(client, key)["training-total-cycles"]
    return found


def calls(client: redis.Redis, command: str) -> int:
    """Return how often a server has run a command."""
    found: int = client.info("commandstats").get(f"cmdstat_{command.lower()}", {"calls": 0})["calls"]
    return found


def section(client: redis.Redis) -> dict[str, int]:
    """Return the module's section of INFO."""
    return {name.removeprefix("neuralredis_"): value for name, value in client.info("neuralredis").items()}


def running(client: redis.Redis, count: int = 1) -> None:
    """Wait until this many trainings have finished a cycle."""

    def busy() -> bool:
        lines = client.execute_command("NR.THREADS")
        return len(lines) == count and all(" cycle=0 " not in line and "state=running" in line for line in lines)

    servers.wait_until(busy)


def pairs(reply: Sequence[Any]) -> dict[Any, Any]:
    """Return a dict from alternating names and values."""
    return dict(zip(reply[::2], reply[1::2], strict=True))


def parsed(data: bytes) -> list[list[bytes]]:
    """Yield the commands in the bytes of an append-only file."""
    found = []
    while data:
        count, data = data[1:].split(b"\r\n", 1)
        words = []
        for _ in range(int(count)):
            length, data = data[1:].split(b"\r\n", 1)
            words.append(data[: int(length)])
            data = data[int(length) + 2 :]
        found.append(words)
    return found


def commands(server: servers.Server) -> list[list[str]]:
    """Return the commands of the append-only file, with command names in capitals."""
    parts = iter(server.appended().split("\r\n"))
    found = []
    for part in parts:
        if part.startswith("*"):
            words = [next(parts) for _ in range(2 * int(part[1:]))][1::2]
            found.append([words[0].upper(), *words[1:]])
    return found


#: A field of every kind.
SCHEMA: tuple[Any, ...] = (
    "SCHEMA", "age", "NUMBER", "plan", "CATEGORY", 5, "spent", "AUTO", 20, "phone", "FLAG", "at", "TIME",
    "note", "TEXT", 32, "tags", "TAGS", 6, "place", "VECTOR", 2,
)  # fmt: skip


def create_of_fields(client: redis.Redis, key: str, *options: Any) -> None:
    """Create a classifier with fields of every kind and training rows."""
    hidden = ("HIDDEN", 6, "DATASET", 60, "TEST", 30)
    client.execute_command("NR.CREATE", key, "CLASSIFIER", *SCHEMA, "->", "bought", *hidden, *options)
    for number in range(120):
        client.execute_command("NR.OBSERVE", key, *named(number))


def known(number: int) -> dict[str, Any]:
    """Return the fields of a row: some are missing, and there are more words than a dictionary holds."""
    return {
        "age": 20 + number % 50,
        "plan": f"plan {number * number % 11}",
        "spent": ["", "much", number / 8][number % 3],
        "phone": [True, False, None][number % 3],
        "at": 1_700_000_000 + 40_000 * number,
        "note": f"the {['good', 'bad', 'fair'][number % 3]} row, číslo {number % 9}",
        "tags": [f"tag {tag}" for tag in range(number % 4)] + ["café"] * (number % 2),
        "place": [number / 8, -1.5],
    }


def words(row: Mapping[str, Any]) -> list[Any]:
    """Return the fields of a row as arguments of a command."""
    found: list[Any] = []
    for name, value in row.items():
        if value is None:
            continue
        if name == "place":
            value = blob(value)
        elif isinstance(value, list):
            value = ",".join(value)
        found += [name, str(value).lower() if isinstance(value, bool) else value]
    return found


def outcome(number: int) -> str:
    """Return the outcome of a row: one of the classes first occurs late."""
    return "perhaps" if number % 10 == 9 and number > 60 else ("yes" if number % 50 > 20 else "no")


def named(number: int) -> list[Any]:
    """Return the arguments of NR.OBSERVE for a row of fields and its outcome."""
    return [*words(known(number)), "->", outcome(number)]


def as_json(*numbers: int) -> list[Any]:
    """Return the arguments of NR.OBSERVE for rows as JSON and their outcomes."""
    return ["JSON", json.dumps([known(number) for number in numbers]), "->", *map(outcome, numbers)]


def _numbers(first: int, count: int) -> list[Any]:
    return ["FP32", blob(*[(number, 2, number % 2) for number in range(first, first + count)])]


def _fields(first: int, count: int) -> list[Any]:
    # After the rows of the creation: some have new words.
    return as_json(*range(first + 200, first + 200 + count))


@dataclass(frozen=True)
class Made:
    """How to create a kind of network, with arguments of rows and of a prediction, and the effect of rows."""

    name: str
    create: Callable[..., None]
    row: Callable[[int], list[Any]]
    #: Several rows, starting at an index.
    rows: Callable[[int, int], list[Any]]
    question: list[Any]
    effect: str


NUMBERS = Made("numbers", create, lambda number: [number, 2, "->", 1], _numbers, [0.5, 0.5], "NR._ROWS")
FIELDS = Made("fields", create_of_fields, lambda number: named(number + 200), _fields, words(known(7)), "NR._OBSERVED")
#: For tests that must hold with and without fields.
of_both = pytest.mark.parametrize("made", [NUMBERS, FIELDS], ids=lambda made: made.name)


def observed(
    words: Sequence[tuple[int, bytes]], classes: Sequence[bytes], *rows: bytes, cells: int = 1, outcomes: int = 1
) -> bytes:
    """Return the effect of rows of fields, each from :func:`row_of`, and of new words and classes."""
    found = struct.pack("<QI", 5, len(words))
    found += b"".join(struct.pack("<IB", field, len(word)) + word for field, word in words)
    found += struct.pack("<I", len(classes)) + b"".join(bytes([len(name)]) + name for name in classes)
    return found + struct.pack("<III", len(rows), cells, outcomes) + b"".join(rows)


def row_of(
    *cells: float, outcome: float = 0, weight: float = 1, at: int = 0, into: int = 0, listed: bytes = b""
) -> bytes:
    """Return a row for an effect: its outcome, its place, and the inputs and values that it lists."""
    numbers = struct.pack(f"<BIf{len(cells)}ff", into, at, weight, *cells, outcome)
    return numbers + struct.pack("<I", len(listed) // 8) + listed
