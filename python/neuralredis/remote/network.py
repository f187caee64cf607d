"""A network in a Redis server."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

from numpy import float32
from numpy.typing import ArrayLike, NDArray

from neuralredis import files, html
from neuralredis.network import Network
from neuralredis.options import Changes, Options, Set
from neuralredis.remote.commands import Key
from neuralredis.remote.links import Link
from neuralredis.remote.operations import NetworkSteps
from neuralredis.results import Evaluation, Info, Progress, Report, RowCounts
from neuralredis.steps import run
from neuralredis.training import Training
from neuralredis.watching import check_watching, watching

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["RedisNetwork"]


class RedisNetwork:
    """A network in a Redis server; ``db[key]`` and `NeuralRedis.create` make one.

    It does what a `Network` does, by the same methods: rows are read and refused before anything is sent, and the same
    seed, rows and calls give the same numbers. The network stays in the server, which trains it; many clients may use
    it at a time. For `Network.describe`, `Network.weights`, `Network.gradient` and `Network.set_weights`, `download` it
    first. Every method asks the server anew, and may raise `NotFoundError` if the key holds no network,
    `WrongTypeError` if it holds something else, and `NoModuleError` if the module is not loaded. Errors of the
    connection are those of the client.

    Attributes
    ----------
    key : str or bytes
        Where the network is.

    Examples
    --------
    >>> net = db.create("sums", "regressor", [2, 3, 1], normalize=True, seed=7)
    >>> net.observe([[1, 2], [4, 5], [3, 3]], [3, 9, 6], into="train")
    RowCounts(train=3, test=0)
    >>> net.train(max_cycles=500).cycles
    500
    >>> net.run([2, 3]).shape
    (1,)
    """

    def __init__(self, link: Link, key: Key) -> None:
        self.key = key
        self._link = link
        self._steps = NetworkSteps(link, key)

    def observe(
        self, X: ArrayLike, y: ArrayLike, *, into: Set | None = None, weight: ArrayLike | None = None
    ) -> RowCounts:
        """Store rows to learn from and to test on, as `Network.observe` does.

        Many rows are sent in parts of about a megabyte. All are read before the first is sent; if the server refuses
        some all the same, because its memory is full for example, those before them are kept. Rows with weights are
        sent as text, which is slower.

        Parameters
        ----------
        X : array_like of shape (inputs,) or (rows, inputs)
            One row or many.
        y : array_like of shape (rows,) or (rows, outputs)
            The class of each row, or its outputs.
        into : {"train", "test"}, optional
            The set that the rows go to.
        weight : float or array_like of shape (rows,), optional
            How much a row counts in the errors.

        Returns
        -------
        RowCounts
            How many rows there are then of the training set and of the testing set.

        Raises
        ------
        ShapeError, DataError
            As for `Network.observe`.
        """
        return self._link.finish(self._steps.observe(X, y, into, weight))

    def run(self, X: ArrayLike) -> NDArray[float32]:
        """Return the outputs of the network, as `Network.run` does.

        Parameters
        ----------
        X : array_like of shape (inputs,) or (rows, inputs)
            One row or many.

        Returns
        -------
        numpy.ndarray of float32, shape (outputs,) or (rows, outputs)
            A regressor's outputs; a classifier's probability of each class.

        Raises
        ------
        ShapeError, DataError
            As for `Network.run`.
        """
        return self._link.finish(self._steps.run(X))

    def classify(self, X: ArrayLike) -> Any:
        """Return the class of each row, as `Network.classify` does.

        Parameters
        ----------
        X : array_like of shape (inputs,) or (rows, inputs)
            One row or many.

        Returns
        -------
        int or numpy.ndarray of int64, shape (rows,)
            The class of one row, or of each.

        Raises
        ------
        KindError
            If the network is a regressor.
        ShapeError, DataError
            As for `run`.
        """
        return self._link.finish(self._steps.classify(X))

    def train(
        self,
        *,
        max_cycles: int | None = 0,
        max_time: float | None = 10.0,
        autostop: bool = False,
        backtrack: bool = False,
        progress: bool | None = None,
        callback: Callable[[Progress], object] | None = None,
    ) -> Report:
        """Train in the server, and wait for the end.

        Ctrl-C, or an exception of the callback, asks the server to stop the training, waits for it to keep what it has
        learnt (with ``backtrack`` the best of it), and goes on.

        Parameters
        ----------
        max_cycles : int, default 0
            How often the training rows are presented at most; 0 or None for no limit.
        max_time : float, default 10.0
            Seconds at most, counted from the real start; 0 or None for no limit.
        autostop : bool, default False
            Whether to end when the testing rows have nothing more to gain.
        backtrack : bool, default False
            Whether to return to the weights that did best on the testing rows, by the squared error of the outputs
            whatever the loss; without ``autostop`` it has no effect.
        progress : bool, optional
            Whether to show a progress bar; by default on a terminal, once the training has taken half a second.
        callback : callable, optional
            Called with a `Progress` while the training runs and once at its end, as for `Network.train`.

        Returns
        -------
        Report
            Why it ended, both errors, and how they developed.

        Raises
        ------
        TrainingError
            If it cannot start, or ended without a result because the network was reset, replaced or deleted.
        """
        check_watching(progress, callback)
        job = self._link.finish(self._steps.start(max_cycles, max_time, autostop, backtrack))
        return run(watching(job, progress, callback))

    def start_training(
        self,
        *,
        max_cycles: int | None = 0,
        max_time: float | None = 10.0,
        autostop: bool = False,
        backtrack: bool = False,
    ) -> Training:
        """Start a training in the server and return at once.

        It goes on without this client, and its result is there for all. To wait for one that somebody else started, see
        `NeuralRedis.threads` and `info`.

        Parameters
        ----------
        max_cycles, max_time, autostop, backtrack
            As for `train`.

        Returns
        -------
        Training
            What to ask for its progress, to stop it, and to wait for it.

        Raises
        ------
        TrainingError
            If it cannot start.
        """
        return Training(self, self._link.finish(self._steps.start(max_cycles, max_time, autostop, backtrack)))

    def stop(self) -> bool:
        """Ask a running training, whoever started it, to end and to keep what it has learnt.

        Returns
        -------
        bool
            Whether there was one.
        """
        return self._link.finish(self._steps.stop())

    def info(self) -> Info:
        """Return what the network tells of itself: ``NR.INFO``."""
        return self._link.finish(self._steps.info())

    @property
    def report(self) -> Report | None:
        """What the last training did and found; None before the first and after `reset`."""
        return self._link.finish(self._steps.report())

    @overload
    def evaluate(self, X: Set = "test") -> Evaluation: ...
    @overload
    def evaluate(self, X: ArrayLike, y: ArrayLike, *, weight: ArrayLike | None = None) -> Evaluation: ...
    def evaluate(
        self, X: ArrayLike | Set = "test", y: ArrayLike | None = None, *, weight: ArrayLike | None = None
    ) -> Evaluation:
        """Return how well the present weights do on a stored set, or on fresh rows, which are not kept.

        Parameters
        ----------
        X : {"test", "train"} or array_like of shape (inputs,) or (rows, inputs), default "test"
            The set, or fresh rows as for `observe`.
        y : array_like of shape (rows,) or (rows, outputs), optional
            The classes or the outputs of fresh rows.
        weight : float or array_like of shape (rows,), optional
            Weights of fresh rows. The server takes none, so the network is downloaded for these.

        Returns
        -------
        ClassifierEvaluation or RegressorEvaluation
            The figures, with those of a baseline that has learnt nothing.

        Raises
        ------
        DataError
            If there are no rows.
        """
        return self._link.finish(self._steps.evaluate(X, y, weight))

    def rows(self, set: Set) -> tuple[NDArray[float32], NDArray[Any]]:
        """Return the rows of a set, as they came. The whole network is downloaded for them.

        Parameters
        ----------
        set : {"train", "test"}
            The set.

        Returns
        -------
        X : numpy.ndarray of float32, shape (rows, inputs)
        y : numpy.ndarray, shape (rows,) or (rows, outputs)
            Classes as int64; outputs as float32.
        """
        return self._link.finish(self._steps.rows(set))

    def reset(self) -> None:
        """Forget all learning, and begin again from new random weights; a running training is dropped."""
        self._link.finish(self._steps.reset())

    def configure(
        self,
        **options: Unpack[Changes],
    ) -> Options:
        """Change options, all or none, and return all of them.

        Parameters
        ----------
        **options
            As for `Network`, but for ``seed``. A limit below the rows of its set drops random ones.

        Returns
        -------
        dict
            All of these options, as keywords.

        Raises
        ------
        OptionError
            If an option has no such value, or two exclude each other.
        """
        return self._link.finish(self._steps.configure(options))

    def download(self) -> Network:
        """Return a copy of the network in this process, rows and all; a running training is not in it.

        Examples
        --------
        >>> net = db.create("numbers", "regressor", [2, 1], seed=1)
        >>> bool((net.download().run([1, 2]) == net.run([1, 2])).all())
        True
        """
        return self._link.finish(self._steps.download())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a file, which `load` reads; a file of that name is replaced as a whole or not at all.

        Parameters
        ----------
        path : path-like
            The file.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        files.replace(path, bytes(self))

    def __bytes__(self) -> bytes:
        """Return the network as bytes, as `save` writes it."""
        return self._link.finish(self._steps.export())

    def __repr__(self) -> str:
        """Return where the network is, which needs no server."""
        return f"<RedisNetwork {self.key!r}>"

    def _repr_html_(self) -> str:
        """Return a table and the last training's learning curve, for notebooks."""
        return html.network(self.info(), self.report)
