"""Trainings in the background, and waiting for them."""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from neuralredis import _core
from neuralredis.exceptions import TrainingError
from neuralredis.progress import Bar
from neuralredis.results import Progress, Report, errors, report_of
from neuralredis.steps import Steps, run

if TYPE_CHECKING:
    from neuralredis.protocol import AnyNetwork

__all__ = ["Training"]

#: Seconds between two looks at a training: how long a Ctrl-C may take to be heard.
LOOK = 0.05

# Without this the process would end all the same, its threads in the middle of their work.
atexit.register(_core.cancel_all)


#: How a training ended: a word, and with ``"trained"`` the report's fields, with ``"failed"`` the reason.
Outcome = tuple[Literal["trained", "dropped", "failed", "lost"], Any]


class Job(Protocol):
    """What a training is seen through: the engine's own, or one in a server."""

    def progress(self) -> dict[str, Any]:
        """Return the fields of a `Progress`."""

    def limits(self) -> tuple[int, float]:
        """Return the limits of cycles and of seconds, 0 for none."""

    def stop(self) -> None:
        """Ask for an early end."""

    def wait(self, seconds: float) -> bool:
        """Wait for the end, at most so long; whether it has come."""

    def outcome(self) -> Outcome | None:
        """Return how it ended; None while it runs."""


class Training:
    """A training in the background; `start_training` of a network makes one.

    The network answers meanwhile, from the weights of before, and has the result once the training has ended.
    An interpreter that ends cancels the trainings of its embedded networks. In a forked child a training of the parent
    has ended without a result, and the network can be trained anew. A training in a Redis server goes on without the
    client.

    Attributes
    ----------
    network : Network or RedisNetwork
        What is being trained.

    Examples
    --------
    >>> import neuralredis as nr
    >>> net = nr.Network("regressor", [2, 3, 1], seed=1)
    >>> net.observe([[1, 2], [4, 5], [3, 3]], [3, 9, 6], into="train")
    RowCounts(train=3, test=0)
    >>> training = net.start_training(max_cycles=500)
    >>> training.wait().cycles
    500
    >>> training.running
    False
    """

    __slots__ = ("_job", "network")

    network: AnyNetwork

    def __init__(self, network: AnyNetwork, job: Job) -> None:
        self.network = network
        self._job = job

    @property
    def running(self) -> bool:
        """Whether it has not ended; a training that is queued counts as running."""
        return self._job.outcome() is None

    @property
    def queued(self) -> bool:
        """Whether it still waits for other trainings to end."""
        return self.progress.queued

    @property
    def progress(self) -> Progress:
        """How far it is, or was at its end."""
        return Progress(**self._job.progress())

    @property
    def report(self) -> Report | None:
        """What it did and found; None while it runs, or if it ended without a result."""
        return report_if_any(self._job.outcome())

    def stop(self) -> None:
        """Ask it to end; what has been learnt so far is kept, with ``backtrack`` the best of it."""
        self._job.stop()

    def wait(self, timeout: float | None = None) -> Report | None:
        """Wait for the end.

        Ctrl-C interrupts the waiting and leaves the training running, as it would any other wait.

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
        return result_of(self._job.outcome()) if run(awaiting(self._job, timeout)) else None

    def __repr__(self) -> str:
        """Return how far it is, or how it ended."""
        return described(self.network.info().title, self._job.outcome(), self.progress)


def result_of(outcome: Outcome | None) -> Report:
    """Return the report of a training that has ended, or raise what there is instead of one."""
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


def report_if_any(outcome: Outcome | None) -> Report | None:
    """Return the report of a training, if it has ended with one."""
    return report_of(outcome[1]) if outcome is not None and outcome[0] == "trained" else None


def described(title: str, outcome: Outcome | None, progress: Progress) -> str:
    """Return how far a training is, or how it ended, as its ``repr``."""
    match outcome:
        case None if progress.queued:
            state = "queued"
        case None:
            state = f"running, cycle {progress.cycle:,}"
        case ("trained", fields):
            state = f"ended ({fields['reason']}), cycle {fields['cycles']:,}"
        case (word, _):
            state = word
    found = errors(progress.train_error, progress.test_error, progress.class_errors)
    return f"<Training of a {title}: {state}{', ' if found else ''}{found}>"


def awaiting(job: Any, timeout: float | None) -> Steps[bool]:
    """Wait for the end, awake often enough to hear a signal; whether the end has come."""
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        left = LOOK if deadline is None else deadline - time.monotonic()
        if (yield partial(job.wait, max(0.0, min(LOOK, left)))):
            return True
        if left <= 0:
            return False


def check_watching(choice: Any, callback: Any) -> None:
    """Refuse what cannot watch a training, before it starts."""
    if choice is not None and not isinstance(choice, (bool, np.bool_)):
        raise TypeError(f"progress is {choice!r}: expected True, False or None")
    if callback is not None and not callable(callback):
        raise TypeError(f"callback is {callback!r}: expected a function that takes a Progress")


def watching(job: Any, choice: bool | None, callback: Callable[[Progress], object] | None) -> Steps[Report]:
    """Wait for the end of a training and tell of it. What interrupts this stops the training, whose result is kept.

    `choice` is that of a progress bar, as `Network.train` takes it. The job's methods are the steps: those of a `Job`,
    or of one that is awaited.
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
        # What went wrong first is what is told.
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
