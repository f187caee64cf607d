"""Trainings in the background, and waiting for them."""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from neuralredis import _core
from neuralredis.exceptions import TrainingError
from neuralredis.progress import Bar
from neuralredis.results import Progress, Report, errors, report_of

if TYPE_CHECKING:
    from neuralredis.network import Network

__all__ = ["Training"]

#: Seconds between two looks at a training: how long a Ctrl-C may take to be heard.
LOOK = 0.05

# Without this the process would end all the same, its threads in the middle of their work.
atexit.register(_core.cancel_all)


class Training:
    """A training in the background; `Network.start_training` makes one.

    The network answers meanwhile, from the weights of before, and has the result once the training has ended.
    An interpreter that ends cancels its trainings. In a forked child a training of the parent has ended without a
    result, and the network can be trained anew.

    Attributes
    ----------
    network : Network
        What is being trained.

    Examples
    --------
    >>> import neuralredis as nr
    >>> net = nr.Network("regressor", [2, 3, 1], seed=1)
    >>> net.observe([[1, 2], [4, 5], [3, 3]], [3, 9, 6], into="train")
    (3, 0)
    >>> training = net.start_training(max_cycles=500)
    >>> training.wait().cycles
    500
    >>> training.running
    False
    """

    __slots__ = ("_job", "network")

    network: Network

    def __init__(self, network: Network, job: _core.Job) -> None:
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
        match self._job.outcome():
            case ("trained", fields):
                return report_of(fields)
            case _:
                return None

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
        return self._result() if await_end(self._job, timeout) else None

    def _result(self) -> Report:
        match self._job.outcome():
            case ("trained", fields):
                return report_of(fields)
            case ("failed", reason):
                raise TrainingError(f"the training failed: {reason}")
            case ("lost", _):
                raise TrainingError("the training was lost: it runs in the process that this one was forked from")
            case _:
                raise TrainingError("the training was cancelled: the network was reset, or the interpreter ends")

    def __repr__(self) -> str:
        """Return how far it is, or how it ended."""
        progress = self.progress
        match self._job.outcome():
            case None if progress.queued:
                state = "queued"
            case None:
                state = f"running, cycle {progress.cycle:,}"
            case ("trained", fields):
                state = f"ended ({fields['reason']}), cycle {fields['cycles']:,}"
            case (word, _):
                state = word
        found = errors(progress.train_error, progress.test_error, progress.class_errors)
        return f"<Training of a {self.network.info().title}: {state}{', ' if found else ''}{found}>"


def await_end(job: _core.Job, timeout: float | None) -> bool:
    """Wait for the end, awake often enough to hear a signal; whether the end has come."""
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        left = LOOK if deadline is None else deadline - time.monotonic()
        if job.wait(max(0.0, min(LOOK, left))):
            return True
        if left <= 0:
            return False


def watch(training: Training, choice: bool | None, callback: Callable[[Progress], object] | None) -> Report:
    """Wait for the end of a training and tell of it. What interrupts this stops the training, whose result is kept.

    `choice` is that of a progress bar, as `Network.train` takes it.
    """
    job = training._job
    bar = None
    try:
        if Bar.wanted(choice):
            bar = Bar(*job.limits(), asked=choice is True)
        while not job.wait(LOOK):
            progress = training.progress
            if bar is not None:
                bar.show(progress)
            if callback is not None and callback(progress) is False:
                callback = None
                job.stop()
        if callback is not None:
            callback(training.progress)
    except BaseException:
        job.stop()
        await_end(job, None)
        if bar is not None:
            bar.interrupted(training.progress)
        raise
    report = training._result()
    if bar is not None:
        bar.ended(report)
    return report
