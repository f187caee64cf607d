"""The running trainings of a server, with their learning curves so far."""

from __future__ import annotations

import threading
import time
from typing import Any

from neuralredis.remote.database import NeuralRedis
from neuralredis.results import ListedTraining

__all__ = ["Trainings", "progress_of"]

#: Seconds between two polls of the server, for any number of open pages.
LOOK = 0.2
#: Most points of a curve; beyond that every other point is dropped.
MOST_POINTS = 512


class Trainings:
    """Polls the running trainings for all open pages together.

    Parameters
    ----------
    db : NeuralRedis
        The server.
    """

    def __init__(self, db: NeuralRedis) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._looked = -LOOK
        self._running: dict[int, ListedTraining] = {}
        self._points: dict[int, list[tuple[int, float | None, float | None]]] = {}

    def running(self) -> dict[int, ListedTraining]:
        """Return the trainings that run or are queued, by the ids of their networks."""
        with self._lock:
            if time.monotonic() - self._looked >= LOOK:
                self._look()
            return dict(self._running)

    def _look(self) -> None:
        found = {training.id: training for training in self._db.threads()}
        self._looked = time.monotonic()
        self._points = {number: points for number, points in self._points.items() if number in found}
        for number, training in found.items():
            points = self._points.setdefault(number, [])
            progress = training.progress
            if points and progress.cycle < points[-1][0]:
                # A new training of the same network.
                points.clear()
            if progress.train_error is not None and (not points or progress.cycle > points[-1][0]):
                points.append((progress.cycle, progress.train_error, progress.test_error))
            if len(points) > MOST_POINTS:
                # Keep the last point.
                points[:] = points[-1::-2][::-1]
        self._running = found

    def of(self, number: int) -> dict[str, Any] | None:
        """Return the progress and curve of a network's training; None if none runs."""
        training = self.running().get(number)
        if training is None:
            return None
        return {**progress_of(training), "points": list(self._points.get(number, []))}


def progress_of(training: ListedTraining) -> dict[str, Any]:
    """Return the progress of a training as JSON values."""
    progress = training.progress
    return {
        "cycle": progress.cycle,
        "seconds": progress.seconds,
        "queued": progress.queued,
        "class_errors": progress.class_errors,
        "max_cycles": training.max_cycles,
        "max_time": training.max_time,
    }
