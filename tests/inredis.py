"""Helpers for the tests of the module: networks, and questions to a server about them."""

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
    """Rows of numbers as the module's commands take them after FP32."""
    values = [value for row in rows for value in row]
    return struct.pack(f"<{len(values)}f", *values)


def create(client: redis.Redis, key: str, *options: Any) -> None:
    """Make a classifier of two inputs and two classes, with rows to learn from."""
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
    """How long a network has been trained, the running training apart."""
    found: int = info(client, key)["training-total-cycles"]
    return found


def calls(client: redis.Redis, command: str) -> int:
    """How often a server has run a command."""
    found: int = client.info("commandstats").get(f"cmdstat_{command.lower()}", {"calls": 0})["calls"]
    return found


def section(client: redis.Redis) -> dict[str, int]:
    """The module's figures."""
    return {name.removeprefix("neuralredis_"): value for name, value in client.info("neuralredis").items()}


def running(client: redis.Redis, count: int = 1) -> None:
    """Wait until so many trainings have done a cycle."""

    def busy() -> bool:
        lines = client.execute_command("NR.THREADS")
        return len(lines) == count and all(" cycle=0 " not in line and "state=running" in line for line in lines)

    servers.wait_until(busy)


def pairs(reply: Sequence[Any]) -> dict[Any, Any]:
    """Names and values in turn."""
    return dict(zip(reply[::2], reply[1::2], strict=True))


def parsed(data: bytes) -> list[list[bytes]]:
    """The commands in bytes of an append-only file."""
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
    """What the append-only file holds, command by command, in capitals but for their arguments."""
    parts = iter(server.appended().split("\r\n"))
    found = []
    for part in parts:
        if part.startswith("*"):
            words = [next(parts) for _ in range(2 * int(part[1:]))][1::2]
            found.append([words[0].upper(), *words[1:]])
    return found


#: Fields of every kind.
SCHEMA: tuple[Any, ...] = (
    "SCHEMA", "age", "NUMBER", "plan", "CATEGORY", 5, "spent", "AUTO", 20, "phone", "FLAG", "at", "TIME",
    "note", "TEXT", 32, "tags", "TAGS", 6, "place", "VECTOR", 2,
)  # fmt: skip


def create_of_fields(client: redis.Redis, key: str, *options: Any) -> None:
    """Make a classifier of fields of every kind, with rows to learn from."""
    hidden = ("HIDDEN", 6, "DATASET", 60, "TEST", 30)
    client.execute_command("NR.CREATE", key, "CLASSIFIER", *SCHEMA, "->", "bought", *hidden, *options)
    for number in range(120):
        client.execute_command("NR.OBSERVE", key, *named(number))


def known(number: int) -> dict[str, Any]:
    """The fields of a row, as a program has them: some are missing, and words come for which there is no room."""
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
    """The fields of a row, as the arguments of a command have them."""
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
    """What a row came to: a class that comes late is among them."""
    return "perhaps" if number % 10 == 9 and number > 60 else ("yes" if number % 50 > 20 else "no")


def named(number: int) -> list[Any]:
    """A row by names with what it came to, as NR.OBSERVE takes it."""
    return [*words(known(number)), "->", outcome(number)]


def as_json(*numbers: int) -> list[Any]:
    """Rows as JSON with what they came to, as NR.OBSERVE takes them."""
    return ["JSON", json.dumps([known(number) for number in numbers]), "->", *map(outcome, numbers)]


def _numbers(first: int, count: int) -> list[Any]:
    return ["FP32", blob(*[(number, 2, number % 2) for number in range(first, first + count)])]


def _fields(first: int, count: int) -> list[Any]:
    # After those that it is made with: words that are new are among them.
    return as_json(*range(first + 200, first + 200 + count))


@dataclass(frozen=True)
class Made:
    """A way to make a network; rows for it and a question, as commands take them; the effect of rows."""

    name: str
    create: Callable[..., None]
    row: Callable[[int], list[Any]]
    #: Several, from one on.
    rows: Callable[[int, int], list[Any]]
    question: list[Any]
    effect: str


NUMBERS = Made("numbers", create, lambda number: [number, 2, "->", 1], _numbers, [0.5, 0.5], "NR._ROWS")
FIELDS = Made("fields", create_of_fields, lambda number: named(number + 200), _fields, words(known(7)), "NR._OBSERVED")
#: For what must be true of networks of numbers by position and of networks of fields.
of_both = pytest.mark.parametrize("made", [NUMBERS, FIELDS], ids=lambda made: made.name)


def observed(
    words: Sequence[tuple[int, bytes]], classes: Sequence[bytes], *rows: bytes, cells: int = 1, outcomes: int = 1
) -> bytes:
    """What a replica is sent of rows of fields, each from :func:`row_of`, and of the words and classes that are new."""
    found = struct.pack("<QI", 5, len(words))
    found += b"".join(struct.pack("<IB", field, len(word)) + word for field, word in words)
    found += struct.pack("<I", len(classes)) + b"".join(bytes([len(name)]) + name for name in classes)
    return found + struct.pack("<III", len(rows), cells, outcomes) + b"".join(rows)


def row_of(
    *cells: float, outcome: float = 0, weight: float = 1, at: int = 0, into: int = 0, listed: bytes = b""
) -> bytes:
    """A row of such numbers, what it came to, where it is to go, and the inputs and values that it lists."""
    numbers = struct.pack(f"<BIf{len(cells)}ff", into, at, weight, *cells, outcome)
    return numbers + struct.pack("<I", len(listed) // 8) + listed
