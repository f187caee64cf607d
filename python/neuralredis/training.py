"""Trainings in the background."""

from __future__ import annotations

import atexit
from typing import TYPE_CHECKING

from neuralredis import _core
from neuralredis.results import Progress, Report, errors
from neuralredis.steps import run
from neuralredis.watching import Job, awaiting, report_if_any, result_of

if TYPE_CHECKING:
    from neuralredis.protocol import AnyNetwork

__all__ = ["Training"]

# Without this the process would end all the same, its threads in the middle of their work.
atexit.register(_core.cancel_all)


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
        outcome, progress = self._job.outcome(), self.progress
        match outcome:
            case None:
                state = "queued" if progress.queued else f"running, cycle {progress.cycle:,}"
            case ("trained", fields):
                state = f"ended ({fields['reason']}), cycle {fields['cycles']:,}"
            case (word, _):
                state = word
        found = errors(progress.train_error, progress.test_error, progress.class_errors)
        return f"<Training of a {self.network.info().title}: {state}{', ' if found else ''}{found}>"
