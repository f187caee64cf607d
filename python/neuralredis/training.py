"""Background trainings."""

from __future__ import annotations

import atexit
from typing import TYPE_CHECKING

from neuralredis import _core
from neuralredis.results import errors
from neuralredis.steps import waited
from neuralredis.watching import Job, TrainingSteps

if TYPE_CHECKING:
    from neuralredis.protocol import AnyNetwork

__all__ = ["Training"]

# Stop the threads of trainings before the process ends.
atexit.register(_core.cancel_all)


class Training:
    """A background training; `start_training` of a network returns one.

    Meanwhile the network predicts with its previous weights; it gets the new ones when the training ends. When the
    interpreter exits, trainings of embedded networks are cancelled. In a forked child, a training of the parent counts
    as ended without a result, and the network can be trained again. A training in a Redis server continues without the
    client.

    Attributes
    ----------
    network : Network or RedisNetwork
        The network that is trained.

    Examples
    --------
    >>> import neuralredis as nr
    >>> net = nr.Network("regressor", [2, 3, 1], seed=1)
    >>> net.observe([[1, 2], [4, 5], [3, 3]], [3, 9, 6], into="train")
    RowCounts(train=3, test=0)
    >>> training = net.start_training(max_cycles=500)
    >>> training.wait().cycles
    500
    >>> training.running()
    False
    """

    __slots__ = ("_steps", "network")

    network: AnyNetwork

    def __init__(self, network: AnyNetwork, job: Job) -> None:
        self.network = network
        self._steps = TrainingSteps(job)

    running = waited(TrainingSteps.running)
    queued = waited(TrainingSteps.queued)
    progress = waited(TrainingSteps.progress)
    report = waited(TrainingSteps.report)
    stop = waited(TrainingSteps.stop)
    wait = waited(TrainingSteps.wait)

    def __repr__(self) -> str:
        """Return the progress, or how the training ended."""
        outcome, progress = self._steps.job.outcome(), self.progress()
        match outcome:
            case None:
                state = "queued" if progress.queued else f"running, cycle {progress.cycle:,}"
            case ("trained", fields):
                state = f"ended ({fields['reason']}), cycle {fields['cycles']:,}"
            case (word, _):
                state = word
        found = errors(progress.train_error, progress.test_error, progress.class_errors)
        return f"<Training of a {self.network.info().title}: {state}{', ' if found else ''}{found}>"
