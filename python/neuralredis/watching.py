"""Watching a training until it ends, perhaps with a progress bar or a callback."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Literal, Protocol

import numpy as np

from neuralredis.exceptions import TrainingError
from neuralredis.progress import Bar
from neuralredis.results import Progress, Report, report_of
from neuralredis.steps import Steps

__all__ = ["Job", "Outcome", "TrainingSteps", "check_watching", "result_of", "watching"]

#: Seconds between two looks at a training: how long a Ctrl-C may take to be heard.
LOOK = 0.05

#: How a training ended: a word, and with ``"trained"`` the report's fields, with ``"failed"`` the reason.
Outcome = tuple[Literal["trained", "dropped", "failed", "lost"], Any]


class Job(Protocol):
    """A training as it is watched: one of the engine, or one in a server."""

    def progress(self) -> dict[str, Any]:
        """Return the fields of a `Progress`."""

    def limits(self) -> tuple[int, float]:
        """Return the limits of cycles and of seconds, 0 for none."""

    def stop(self) -> None:
        """Ask for an early end."""

    def wait(self, seconds: float) -> bool:
        """Wait for the end, at most so long, and return whether it has come."""

    def outcome(self) -> Outcome | None:
        """Return how it ended; None while it runs."""


def result_of(outcome: Outcome | None) -> Report:
    """Return the report of a training that has ended, or raise if it ended without one."""
    match outcome:
        case ("trained", fields):
            return report_of(fields)
        case ("failed", reason):
            raise TrainingError(f"the training failed: {reason}")
        case ("lost", _):
            raise TrainingError("the training was lost: it runs in the process that this one was forked from")
        case ("dropped", str(reason)):
            raise TrainingError(reason)
        case _:
            raise TrainingError("the training was cancelled: the network was reset, or the interpreter ends")


class TrainingSteps:
    """The operations of a training in the background.

    Parameters
    ----------
    job : Job
        The training; or one whose methods return what is to be awaited.
    """

    def __init__(self, job: Any) -> None:
        self.job = job

    def running(self) -> Steps[bool]:
        """Return whether it has not ended; a training that is queued counts as running."""
        return (yield self.job.outcome) is None

    def queued(self) -> Steps[bool]:
        """Return whether it still waits for other trainings to end."""
        return (yield from self.progress()).queued

    def progress(self) -> Steps[Progress]:
        """Return how far it is, or was at its end."""
        return Progress(**(yield self.job.progress))

    def report(self) -> Steps[Report | None]:
        """Return what it did and found; None while it runs, or if it ended without a result."""
        match (yield self.job.outcome):
            case ("trained", fields):
                return report_of(fields)
        return None

    def stop(self) -> Steps[None]:
        """Ask it to end; what has been learnt so far is kept, with ``backtrack`` the best of it."""
        yield self.job.stop

    def wait(self, timeout: float | None = None) -> Steps[Report | None]:
        """Wait for the end.

        Ctrl-C, or a cancellation of what awaits it, interrupts the waiting and leaves the training running.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most; 0 only looks.

        Returns
        -------
        Report or None
            What it did and found; None if the time ran out first.

        Raises
        ------
        TrainingError
            If it ended without a result: the network was reset, or the engine failed, or this is a forked child.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = LOOK if deadline is None else deadline - time.monotonic()
            # Between two looks Ctrl-C is heard.
            if (yield partial(self.job.wait, max(0.0, min(LOOK, left)))):
                return result_of((yield self.job.outcome))
            if left <= 0:
                return None


def check_watching(choice: Any, callback: Any) -> None:
    """Raise TypeError for a progress bar or a callback that cannot be used, before a training starts."""
    if choice is not None and not isinstance(choice, (bool, np.bool_)):
        raise TypeError(f"progress is {choice!r}: expected True, False or None")
    if callback is not None and not callable(callback):
        raise TypeError(f"callback is {callback!r}: expected a function that takes a Progress")


def watching(job: Any, choice: bool | None, callback: Callable[[Progress], object] | None) -> Steps[Report]:
    """Wait for the end of a training and show its progress. An interruption stops it, and its result is kept.

    `choice` is the ``progress`` of `Network.train`. The steps are methods of a `Job`, or of a job that is awaited.
    """
    bar = None
    progress = None
    try:
        if Bar.wanted(choice):
            bar = Bar(*job.limits(), asked=choice is True)
        while not (yield partial(job.wait, LOOK)):
            if bar is None and callback is None:
                continue
            progress = Progress(**(yield job.progress))
            if bar is not None:
                bar.show(progress)
            if callback is not None and callback(progress) is False:
                callback = None
                yield job.stop
        if callback is not None:
            callback(Progress(**(yield job.progress)))
    except BaseException:
        # The first error is the one to raise.
        with suppress(Exception):
            yield job.stop
            while not (yield partial(job.wait, LOOK)):
                pass
            progress = Progress(**(yield job.progress))
        if bar is not None and progress is not None:
            bar.interrupted(progress)
        raise
    report = result_of((yield job.outcome))
    if bar is not None:
        bar.ended(report)
    return report
