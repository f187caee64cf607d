"""The trainings of a server, and the curves that they have drawn so far."""

from __future__ import annotations

import threading
import time
from typing import Any

from neuralredis.remote.database import NeuralRedis
from neuralredis.results import ListedTraining

__all__ = ["Trainings", "progress_of"]

#: Seconds between two looks, however many pages ask.
LOOK = 0.2
#: Points of a curve; when there are more, every other one goes.
MOST_POINTS = 512


class Trainings:
    """Watches the trainings that run, for all pages together.

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
        """Return the trainings that run or are queued, by the numbers of their networks."""
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
                # The network is trained again.
                points.clear()
            if progress.train_error is not None and (not points or progress.cycle > points[-1][0]):
                points.append((progress.cycle, progress.train_error, progress.test_error))
            if len(points) > MOST_POINTS:
                # The last one stays.
                points[:] = points[-1::-2][::-1]
        self._running = found

    def of(self, number: int) -> dict[str, Any] | None:
        """Return how far the training of a network is; None if none runs."""
        training = self.running().get(number)
        if training is None:
            return None
        return {**progress_of(training), "points": list(self._points.get(number, []))}


def progress_of(training: ListedTraining) -> dict[str, Any]:
    """Return how far a training is."""
    progress = training.progress
    return {
        "cycle": progress.cycle,
        "seconds": progress.seconds,
        "queued": progress.queued,
        "class_errors": progress.class_errors,
        "max_cycles": training.max_cycles,
        "max_time": training.max_time,
    }
