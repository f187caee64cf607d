"""Networks for the tests of the module, and what can be asked of a server about them."""

from __future__ import annotations

import struct
from typing import Any

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


def commands(server: servers.Server) -> list[list[str]]:
    """What the append-only file holds, command by command, in capitals but for their arguments."""
    parts = iter(server.appended().split("\r\n"))
    found = []
    for part in parts:
        if part.startswith("*"):
            words = [next(parts) for _ in range(2 * int(part[1:]))][1::2]
            found.append([words[0].upper(), *words[1:]])
    return found
