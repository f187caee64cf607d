"""Servers whose trainings a test can pause, at the points of rust/core/src/training/pauses.rs."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import inredis
import pytest
import redis
from test_redis_trainings import Asking

import kinds
import servers

#: The module with the feature `pauses`, which the Makefile builds for these tests.
MODULE = Path(__file__).parents[1] / "target" / "pauses" / "libneuralredis.so"
#: The default limit of cycles of a training.
CYCLES = 5


class Points:
    """The points at which threads of a server pause or panic."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def hold(self, *points: str) -> None:
        """Pause threads that reach these points from now on, or are there already."""
        for point in points:
            self._mark(point).unlink(missing_ok=True)
            (self._directory / point).touch()

    def panic(self, point: str) -> None:
        """Make threads panic that reach a point or are there already."""
        (self._directory / point).write_text("panic")

    def reached(self, point: str) -> None:
        """Wait until a thread has reached a point since the last `hold`."""
        servers.wait_until(self._mark(point).exists, subject=f"for a thread at '{point}'")

    def release(self, *points: str) -> None:
        for point in points:
            (self._directory / point).unlink()

    def release_all(self) -> None:
        for path in self._directory.iterdir():
            path.unlink()

    def _mark(self, point: str) -> Path:
        return self._directory / f"{point}.reached"


@contextlib.contextmanager
def running(kind: kinds.Kind, *options: str, tcp: bool = False) -> Iterator[tuple[servers.Server, Points]]:
    """Run a server as `servers.running` does, and yield it with its pauses."""
    if not MODULE.exists():
        pytest.fail(f"the tests need {MODULE}: make test-python builds it", pytrace=False)
    with tempfile.TemporaryDirectory(prefix="neuralredis-") as name:
        points = Points(Path(name))
        environment = {"NEURALREDIS_PAUSES": name}
        with servers.running(kind, *options, module=MODULE, tcp=tcp, environment=environment) as server:
            try:
                yield server, points
            finally:
                # A paused server does not handle signals.
                points.release_all()


class Stage:
    """Actions on a server with the untrained networks "net", "other" and "third"."""

    def __init__(self, server: servers.Server, points: Points) -> None:
        self.server = server
        self.points = points
        self.client = server.client(protocol=2)
        for key in ("net", "other", "third"):
            inredis.create(self.client, key, "SEED", len(key))
        self._before = self._figures()

    def ask(self, *command: Any) -> Asking:
        """Send a command on another connection, which waits for the reply."""
        return Asking(self.server, *command)

    def train(self, key: str, cycles: int = CYCLES) -> Asking:
        return self.ask("NR.TRAIN", key, "MAXCYCLES", cycles, "MAXTIME", 0, "BLOCK", 0)

    def paused_at(self, point: str) -> Asking:
        """Train "net" up to a point, and return the client that waits for it."""
        self.points.hold(point)
        asking = self.train("net")
        self.points.reached(point)
        return asking

    def queue(self, *keys: str) -> list[Asking]:
        """Queue further trainings in this order."""
        asking = []
        for number, key in enumerate(keys, 1):
            asking.append(self.train(key))
            servers.wait_until(lambda number=number: self.pool() == (1, number))
        return asking

    def pool(self) -> tuple[int, int]:
        """Return how many trainings are running and how many are queued."""
        figures = self._figures()
        return figures["running"], figures["queued"]

    def cycles(self, key: str = "net") -> int:
        return inredis.cycles(self.client, key)

    def is_training(self, key: str = "net") -> bool:
        return inredis.info(self.client, key)["training"] == 1

    def over(self, **ends: int) -> None:
        """Wait until this many trainings have ended in each way and none is left."""
        expected = {how: count + ends.get(how, 0) for how, count in self._before.items()}
        servers.wait_until(lambda: self._figures() == expected, subject=f"for {expected}")
        assert self.client.execute_command("NR.THREADS") == []
        # The AOF has the contents of the server.
        digest = self.client.execute_command("DEBUG", "DIGEST")
        self.client.execute_command("DEBUG", "LOADAOF")
        assert self.client.execute_command("DEBUG", "DIGEST") == digest

    def trains_on(self, key: str = "net") -> None:
        trains_on(self.client, key)

    def clear(self) -> None:
        """Restore the server, except for its statistics."""
        self.points.release_all()
        self.client.replicaof("NO", "ONE")
        self.client.client_unpause()
        self.client.flushall()
        self.client.config_set("neuralredis.max-trainings", 32)
        servers.wait_until(lambda: self.pool() == (0, 0))

    def _figures(self) -> dict[str, int]:
        section = inredis.section(self.client)
        return {how: section[f"trainings_{how}"] for how in ("finished", "dropped", "failed", "running", "queued")}


def trains_on(client: redis.Redis, key: str) -> None:
    """Train a network for three cycles more."""
    before = inredis.cycles(client, key)
    assert client.execute_command("NR.TRAIN", key, "MAXCYCLES", 3, "BLOCK", 0) == "finished"
    assert inredis.cycles(client, key) == before + 3
