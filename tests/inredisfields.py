"""Helpers for the tests of networks with fields in a server."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import inredis
import pytest
import redis
from inredis import pairs

#: The options with which the tests create a network.
SMALL = ("HIDDEN", 8, "DATASET", 200, "TEST", 100, "SEED", 5)
BUY = ("NR.CREATE", "net", "CLASSIFIER", "SCHEMA", "age", "NUMBER", "plan", "CATEGORY", "->", "bought", *SMALL)


def ask(client: redis.Redis, line: str, *more: Any) -> Any:
    """Send a command given as one line and further arguments."""
    return client.execute_command(*line.split(), *more)


def error_of(client: redis.Redis, line: str, *more: Any) -> str:
    """Send a command that is an error, check that it changed nothing, and return the error."""
    before = ask(client, "DEBUG DIGEST")
    with pytest.raises(redis.ResponseError) as raised:
        ask(client, line, *more)
    assert ask(client, "DEBUG DIGEST") == before
    return str(raised.value)


def probabilities(reply: Sequence[Any]) -> dict[Any, float]:
    return {name: float(value) for name, value in pairs(reply).items()}


def learnt(client: redis.Redis, rows: int = 240, cycles: int = 100) -> None:
    """Create a network that has learnt who buys: the old, and everyone with a paid plan."""
    client.execute_command(*BUY)
    # At random, since every third row is a validation row.
    chance = random.Random(1)
    for number in range(rows):
        age, plan = (20, "free") if number == 0 else (chance.randrange(20, 60), chance.choice(["free", "paid", None]))
        row = inredis.words({"age": age, "plan": plan})
        client.execute_command("NR.OBSERVE", "net", *row, "->", "yes" if age > 40 or plan == "paid" else "no")
    ask(client, f"NR.TRAIN net MAXCYCLES {cycles} MAXTIME 0 BLOCK 0")


def digests(client: redis.Redis, *keys: str) -> list[str]:
    found: list[str] = client.execute_command("DEBUG", "DIGEST-VALUE", *keys)
    return found
