"""Wait for a training, with a progress bar or a callback."""

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

#: Seconds between two polls of a training: the largest delay of a Ctrl-C.
LOOK = 0.05

#: How a training ended: a word, and for ``"trained"`` the attributes of the report, for ``"failed"`` the reason.
Outcome = tuple[Literal["trained", "dropped", "failed", "lost"], Any]


class Job(Protocol):
    """The protocol of a training: embedded, or in a server."""

    def progress(self) -> dict[str, Any]:
        """Return the attributes of a `Progress` as a dict."""

    def limits(self) -> tuple[int, float]:
        """Return the limits of cycles and of seconds, 0 for none."""

    def stop(self) -> None:
        """Request the training to stop."""

    def wait(self, seconds: float) -> bool:
        """Wait for the end for at most some seconds, and return whether the training has ended."""

    def outcome(self) -> Outcome | None:
        """Return how the training ended; None while it runs."""


def result_of(outcome: Outcome | None) -> Report:
    """Return the report of a training that has ended, or raise if it ended without one."""
    match outcome:
        case ("trained", fields):
            return report_of(fields)
        case ("failed", reason):
            raise TrainingError(f"the training failed: {reason}")
        case ("lost", _):
            raise TrainingError("the training was lost: it runs in the parent process of this fork")
        case ("dropped", str(reason)):
            raise TrainingError(reason)
        case _:
            raise TrainingError("the training was cancelled: the network was reset, or the interpreter exits")


class TrainingSteps:
    """The operations of a background training.

    Parameters
    ----------
    job : Job
        The training; its methods may return coroutines.
    """

    def __init__(self, job: Any) -> None:
        self.job = job

    def running(self) -> Steps[bool]:
        """Return whether the training has not ended; a queued training counts as running."""
        return (yield self.job.outcome) is None

    def queued(self) -> Steps[bool]:
        """Return whether the training waits in the queue."""
        return (yield from self.progress()).queued

    def progress(self) -> Steps[Progress]:
        """Return the progress, now or at the end of the training."""
        return Progress(**(yield self.job.progress))

    def report(self) -> Steps[Report | None]:
        """Return the report; None while the training runs, or if it ended without a result."""
        match (yield self.job.outcome):
            case ("trained", fields):
                return report_of(fields)
        return None

    def stop(self) -> Steps[None]:
        """Stop the training; its result so far is kept, with ``backtrack`` the best weights."""
        yield self.job.stop

    def wait(self, timeout: float | None = None) -> Steps[Report | None]:
        """Wait for the end of the training.

        Ctrl-C, or a cancellation of the task, interrupts the wait and leaves the training running.

        Parameters
        ----------
        timeout : float, optional
            Largest time to wait in seconds; 0 returns at once.

        Returns
        -------
        Report or None
            The report; None after the timeout.

        Raises
        ------
        TrainingError
            If it ended without a result: the network was reset, the training failed, or this process was forked.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = LOOK if deadline is None else deadline - time.monotonic()
            # Short waits, so that Ctrl-C is handled in between.
            if (yield partial(self.job.wait, max(0.0, min(LOOK, left)))):
                return result_of((yield self.job.outcome))
            if left <= 0:
                return None


def check_watching(choice: Any, callback: Any) -> None:
    """Raise TypeError for an invalid ``progress`` or ``callback``, before a training starts."""
    if choice is not None and not isinstance(choice, (bool, np.bool_)):
        raise TypeError(f"progress is {choice!r}: expected True, False or None")
    if callback is not None and not callable(callback):
        raise TypeError(f"callback is {callback!r}: expected a function that takes a Progress")


def watching(job: Any, choice: bool | None, callback: Callable[[Progress], object] | None) -> Steps[Report]:
    """Wait for the end of a training and show its progress. An interruption stops it and keeps its result.

    `choice` is the ``progress`` of `Network.train`. The steps are methods of a `Job`, which may return coroutines.
    """
    bar = None
    progress = None
    try:
        if Bar.is_enabled(choice):
            bar = Bar(*job.limits(), requested=choice is True)
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
        # Errors below must not replace the one that is handled here.
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
