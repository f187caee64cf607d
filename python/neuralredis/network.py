"""The network: all of a Python user's surface of it that is not the engine's own."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, overload

from numpy import float32, float64
from numpy.typing import ArrayLike, NDArray

from neuralredis import _core, files, html
from neuralredis.description import Description, description_of, flat, stacked
from neuralredis.description import folded as _folded
from neuralredis.export import export
from neuralredis.intervals import NetworkWithIntervals
from neuralredis.options import Set
from neuralredis.reasons import NetworkWithReasons
from neuralredis.results import (
    ClassifierEvaluation,
    Evaluation,
    Info,
    Progress,
    RegressorEvaluation,
    Report,
    errors,
    report_of,
)
from neuralredis.sampling import NetworkWithSamples
from neuralredis.steps import run
from neuralredis.training import Training
from neuralredis.watching import check_watching, watching

__all__ = ["Network"]


class Network(NetworkWithIntervals, NetworkWithReasons, NetworkWithSamples):
    """A small fully connected neural network, with the rows it has observed, that trains itself.

    It observes rows, of which some are kept for testing, and learns from them by full batches, with a variant of RPROP
    ([1]_, [2]_) or L-BFGS ([3]_), which need no learning rate. Any thread may use it at any time: it answers while it
    trains.

    The same seed, rows and calls give the same numbers, on every machine, for any number of threads; trainings that
    time or a request ended excepted.

    Parameters
    ----------
    kind : {"classifier", "regressor"}
        What it answers: one of a fixed number of classes, or numbers.
    layout : sequence of int
        Units of each layer: inputs, hidden layers if any, outputs (a classifier's classes). 2 to 32 layers of at most
        2**20 units with at most 2**24 parameters together. Left out of a network with ``fields``.
    fields : dict of str to str, optional
        For rows that have names: the kind of each field, see below. Inputs and outputs then follow from the rows.
    target : str or sequence of str, optional
        What a network of fields answers; of a regressor it may be several outputs.
    hidden : sequence of int, default (30, 30, 30)
        Units of the hidden layers of a network of fields.
    classes : int or sequence of str, default 100
        How many classes a classifier of fields has room for, which it takes up as rows come; or just these, in order.
    normalize : bool, default False
        Whether a training standardizes the inputs (and a regressor's outputs) by its training rows. Wanted whenever
        inputs are not of the same size. Without it each is only brought near a common size, by a factor, and outputs
        are learnt as they are. What is asked and answered is in the units of the rows all the same.
    dataset, test : int, optional
        How many rows the training and the validation set hold at most, below 2**32. 10000 and 2500 if neither is given;
        with one of them the other is 0.
    seed : int, optional
        Of all that is random, below 2**64; else the operating system's choice.
    activation : {"relu", "tanh", "sigmoid"}, default "relu"
        Of the hidden units.
    output : {"softmax", "sigmoid", "linear"}, optional
        Of the output units: softmax for a classifier, linear for a regressor unless given.
    loss : {"crossentropy", "mse"}, optional
        What trainings make small: cross-entropy with softmax, else the squared error unless given.
    algorithm : {"auto", "irprop+", "irprop-", "rprop+", "lbfgs", "adam"}, default "auto"
        How gradients become steps: by a variant of RPROP; by L-BFGS, which comes closer to numbers that have little
        noise; or by mini-batches of at most 256 rows, many of them a cycle, with Adam [4]_ and an average of the
        weights. L-BFGS begins with thirty cycles of iRprop+ where the weights are new. ``"auto"`` chooses when a
        training starts: mini-batches from 1000 training rows on (20000 for a regressor of up to 20000 parameters, 256
        for a network of fields), else L-BFGS for such a regressor, else iRprop+.
    l2 : float or "auto", default "auto"
        Weight decay: ``l2 / 2`` times the sum of squared weights is added to the mean loss of a row. ``"auto"`` chooses
        it at every step from the training rows, of at least 50: with cross-entropy 1 / rows, as regularized logistic
        regression has it; with squared errors 10 / rows times the present error, so that rows without noise are fitted
        exactly. Of several networks (``restarts``) each has another share of that, from a hundredth to three times.
    restarts : int or "auto", default "auto"
        Networks of this layout, 1 to 64, that the first training makes of this one. Each begins with random weights of
        its own and learns from the same rows. With ``autostop`` the half of them that does best on the validation rows
        is kept, rounded up; the answer is that of the mean of what their output units sum up. Together they are wrong
        less often than any one of them. ``"auto"`` makes up to seven, by mini-batches up to sixteen, where training and
        answering stay cheap, for few rows and few parameters. Without ``autostop`` these are chosen by training rows
        that are held back for a part of the training; of fewer than 40 rows none is held back, and four members learn.
        A training of fewer than 50 cycles, or with a given ``l2``, then makes one.
    class_weight : {"none", "balanced"} or sequence of float, optional
        How much the rows of each class count in the errors that trainings make small and ``autostop`` watches, besides
        their own weights: a finite number above 0 for each output. ``"balanced"`` computes it when a training starts,
        as rows / (classes * rows of the class), so that a rare class has as much say as any other. Only for
        classifiers; `evaluate` does not know of it. ``None`` and ``"none"`` leave all classes alike.
    patience : int or "auto", default "auto"
        Cycles, 1 or more, without a lower validation error (by a thousandth) after which ``autostop`` ends a training,
        and before which it does not. ``"auto"`` waits half as long as the training took so far, from 50 or 100 to 500
        cycles, by mini-batches from 4 to 20; without ``backtrack`` less where the validation error rises again and
        again.
    monotone : sequence of int or dict of str to int, optional
        1 for an input with which the answer only rises, -1 for one with which it only falls, 0 for the others; of a
        network of fields by their names, or as a ``"+"`` or ``"-"`` after a kind. The answer is a regressor's one
        output, or the second of a classifier's two classes. It holds for every two rows that differ in such inputs
        alone, exactly, whatever the rows are that were learnt from, and does not change afterwards. Hidden units are
        then of tanh unless ``activation`` says sigmoid, since rectified ones could form convex functions alone, and
        iRprop+ takes the place of L-BFGS. See Notes.
    threshold : float, default 0.5
        The least probability, 0 to 1, with which a classifier of two classes answers the second one. With 0.5 it
        answers the more probable class. Another threshold needs softmax outputs and, of a network of fields, classes
        that are given by their names. It changes what `classify` and `evaluate` say and no probability, and can be
        changed at any time. The share of the second class among the rows is best for balanced accuracy.

    Raises
    ------
    OptionError
        If the layout is too large or too small, an option has no such value, or two exclude each other; or if there is
        no such kind of field, or a name that cannot be.

    Notes
    -----
    A network of fields takes rows as programs have them: dicts, frames of pandas and polars, tables of Arrow. Values
    may be missing (a gap: left out, None, NaN, NA, NaT or an empty text), and are always normalized. The kinds, in any
    case of letters, some with a number after them (``"category 500"`` or ``("category", 500)``):

    ================= =================================================================================================
    Kind              Values
    ================= =================================================================================================
    ``number``        A finite number.
    ``category [n]``  A word of at most 64 bytes, or a number as one; of ``n`` (100) different ones, others are alike.
    ``auto [n]``      A number where it is one, else a word as of ``category``.
    ``flag``          Yes or no: booleans, 1 and 0, true and false, yes and no, on and off.
    ``time``          A date or a moment: datetimes, seconds or milliseconds since 1970, ISO 8601; UTC without a zone.
    ``text [n]``      Words of any script, hashed to ``n`` buckets (512).
    ``tags [n]``      Several words, a list or a text with commas.
    ``vector n``      A list of ``n`` numbers.
    ================= =================================================================================================

    Numbers, flags and what is a number in ``auto`` can have a ``+`` or ``-`` after the kind, as in ``"number -"``.

    For a monotone answer, weights of these inputs and all weights of later layers keep their signs; a step that would
    take one across 0 is reflected [5]_. That is exact in floating point, since each rounding is monotone, too. In
    other inputs the answer is as free as ever. Where it is true of what is learnt it makes errors smaller, the more so
    the fewer the rows and the more noise they have. Minima and maxima of several monotone inputs are learnt badly.

    A word or a class that comes first after a training is another word, or not answered, until the next takes it up.
    Names are text; bytes that are no UTF-8 are as in the names of files (``surrogateescape``).

    References
    ----------
    .. [1] C. Igel, M. Huesken, "Improving the Rprop learning algorithm", Second International Symposium on Neural
       Computation, 2000.
    .. [2] M. Riedmiller, H. Braun, "A direct adaptive method for faster backpropagation learning: the RPROP algorithm",
       IEEE International Conference on Neural Networks, 1993.
    .. [3] D. C. Liu, J. Nocedal, "On the limited memory BFGS method for large scale optimization", Mathematical
       Programming 45, 1989.
    .. [4] D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", International Conference on Learning
       Representations, 2015.
    .. [5] D. Runje, S. M. Shankaranarayana, "Constrained monotonic neural networks", International Conference on
       Machine Learning, 2023.

    Examples
    --------
    A network that learns to add.

    >>> import neuralredis as nr
    >>> net = nr.Network("regressor", [2, 3, 1], normalize=True, dataset=60, seed=7)
    >>> for a in range(0, 50, 5):
    ...     sizes = net.observe([[a, 1], [2, a], [a, a], [40 - a, a]], [a + 1, a + 2, a + a, 40])
    >>> sizes
    RowCounts(train=40, test=0)
    >>> report = net.train(max_cycles=500)
    >>> report.cycles
    500
    >>> round(float(net.run([20, 30])[0]))
    50

    One that has rows with names.

    >>> net = nr.Network("classifier", fields={"age": "number", "plan": "category"}, target="left", dataset=100, seed=7)
    >>> rows = [{"age": 20, "plan": "free"}, {"age": 60, "plan": "pro"}, {"plan": "free"}, {"age": None, "plan": "pro"}]
    >>> net.observe(rows * 10, ["yes", "no", "yes", "no"] * 10)
    RowCounts(train=40, test=0)
    >>> report = net.train(max_cycles=50)
    >>> net.classify({"age": 33, "plan": "free"})
    'yes'
    >>> net.classify([{"plan": "pro"}, {}], least=0.9).tolist()
    ['no', None]
    >>> {name: round(probability) for name, probability in net.run({"plan": "pro"}).items()}
    {'yes': 0, 'no': 1}
    """

    __slots__ = ()

    def report(self) -> Report | None:
        """Return what the last training did and found; None before the first and after `reset`."""
        fields = self._report()
        return None if fields is None else report_of(fields)

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
        """Train, and wait for the end.

        Other threads run meanwhile. Ctrl-C stops the training, keeps what it has learnt (with ``backtrack`` the best of
        it), and then raises ``KeyboardInterrupt``. Greenlets of gevent do not run meanwhile: call it in gevent's thread
        pool, ``gevent.get_hub().threadpool.apply(net.train)``.

        Parameters
        ----------
        max_cycles : int, default 0
            How often the training rows are presented at most; 0 or None for no limit.
        max_time : float, default 10.0
            Seconds at most, counted from the real start; 0 or None for no limit.
        autostop : bool, default False
            Whether to end when the validation rows have nothing more to gain. The limits hold all the same. Without it
            the first training begins with a trial of several networks; see ``restarts`` of `Network`. With it, where
            the loss is the cross-entropy, what a classifier's output units sum up is then divided by the temperature
            from 1 to 10 with which the validation rows have the least loss (Guo and others, "On calibration of modern
            neural networks", ICML 2017): probabilities become less sure, and the likeliest class stays.
        backtrack : bool, default False
            Whether to return to the weights that did best on the validation rows, by the squared error of the outputs
            whatever the loss; without ``autostop`` it has no effect.
        progress : bool, optional
            Whether to show a progress bar; by default on a terminal, once the training has taken half a second.
        callback : callable, optional
            Called with a `Progress` on this thread, some twenty times a second while the training runs and once at its
            end. If it returns False the training is stopped; if it raises, the training is stopped, its result is kept,
            and the exception goes on.

        Returns
        -------
        Report
            Why it ended, both errors, and how they developed.

        Raises
        ------
        TrainingError
            If there are no training rows, no validation rows with ``autostop``, or the network is being trained
            already; or if the training ended without a result because the network was reset.

        Examples
        --------
        >>> import neuralredis as nr
        >>> net = nr.Network("classifier", [1, 3, 2], normalize=True, dataset=20, test=10, seed=1)
        >>> net.observe([[x] for x in range(30)], [x > 14 for x in range(30)])
        RowCounts(train=20, test=10)
        >>> net.train(max_cycles=200).reason
        'maxcycles'
        >>> net.classify([[3], [26]])
        array([0, 1])
        """
        check_watching(progress, callback)
        return run(watching(self._start(max_cycles, max_time, autostop, backtrack), progress, callback))

    def start_training(
        self,
        *,
        max_cycles: int | None = 0,
        max_time: float | None = 10.0,
        autostop: bool = False,
        backtrack: bool = False,
    ) -> Training:
        """Start a training in the background and return at once, however many rows there are.

        Several networks train at a time, and share the cores; beyond 32 they are queued.

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
            If there are no training rows, no validation rows with ``autostop``, or the network is being trained
            already.
        """
        return Training(self, self._start(max_cycles, max_time, autostop, backtrack))

    def info(self) -> Info:
        """Return what the network tells of itself.

        Examples
        --------
        >>> import neuralredis as nr
        >>> nr.Network("classifier", [5, 10, 3]).info().parameters
        93
        """
        fields = self._info()
        return Info(**{**fields, "layout": tuple(fields["layout"]), **(self._named() or {})})

    @overload
    def evaluate(self, X: Set = "test") -> Evaluation: ...
    @overload
    def evaluate(self, X: Any, y: Any = None, *, weight: ArrayLike | None = None) -> Evaluation: ...
    def evaluate(self, X: Any = "test", y: Any = None, *, weight: ArrayLike | None = None) -> Evaluation:
        """Return how well the present weights do on a stored set, or on fresh rows, which are not kept.

        Parameters
        ----------
        X : {"test", "train"} or array_like of shape (inputs,) or (rows, inputs), default "test"
            The set, or fresh rows as for `observe`.
        y : array_like of shape (rows,) or (rows, outputs), optional
            The classes or the outputs of fresh rows; rows of fields may have them among their own columns.
        weight : float or array_like of shape (rows,), optional
            Weights of fresh rows; they count in the error alone.

        Returns
        -------
        ClassifierEvaluation or RegressorEvaluation
            The figures, with those of a baseline that has learnt nothing.

        Raises
        ------
        DataError
            If there are no rows.

        Examples
        --------
        >>> import neuralredis as nr
        >>> net = nr.Network("classifier", [1, 2], seed=1)
        >>> net.evaluate([[1], [2], [3]], [0, 1, 1]).rows
        3
        """
        fields = self._evaluate(X) if names_a_set(X, y, weight) else self._evaluate_on(X, y, weight)
        return ClassifierEvaluation(**fields) if "accuracy" in fields else RegressorEvaluation(**fields)

    def describe(self) -> Description:
        """Return all that the answers of the network follow from, for those who compute them elsewhere.

        Returns
        -------
        Description
            Layers, activations, scalings, bounds and members, and in which order they are computed. Copies, which
            nothing changes.

        See Also
        --------
        Network.weights : the same in fewer numbers, with ``folded=True``

        Examples
        --------
        >>> import neuralredis as nr
        >>> description = nr.Network("classifier", [9, 15, 2], seed=1).describe()
        >>> [(layer.weights.shape, layer.activation) for layer in description.members[0]]
        [((9, 15), 'relu'), ((15, 2), None)]
        >>> description.output
        'softmax'
        """
        return description_of(self._describe())

    @overload
    def weights(self, folded: Literal[False] = False) -> list[list[NDArray[float32]]]: ...
    @overload
    def weights(self, folded: Literal[True]) -> list[list[NDArray[float64]]]: ...
    @overload
    def weights(self, folded: bool) -> list[list[NDArray[Any]]]: ...
    def weights(self, folded: bool = False) -> Any:
        """Return the weights and biases that answers go through now.

        They are in the units that the network computes in: inputs standardized by the training rows with ``normalize``,
        else brought near a common size by a factor, and a regressor's outputs likewise. So their sizes can be compared
        with one another, whatever the units of the rows.

        Parameters
        ----------
        folded : bool, default False
            Whether they are to be those of one network that takes inputs and gives outputs in the units of the rows:
            scalings become part of the first and of the last layer, and several members become one, each with units of
            its own, of which the last layer is the mean. Its answers are those of this network but for rounding, some
            1e-7 of their size, as long as no value reaches the bounds of `describe`. Softmax and sigmoid come after the
            last layer; where a regressor has a sigmoid output, so does the scaling of its outputs, see `describe`.

        Returns
        -------
        list of list of numpy.ndarray, shape (1 + inputs, outputs)
            For each network that answers (``members`` of `info`, one unless there are ``restarts``) an array for each
            layer after the inputs: the biases in its first row, then a row of weights from each unit of the layer
            before. As float32; with ``folded`` as float64, and of one network. Copies, which nothing changes.

        Examples
        --------
        >>> import neuralredis as nr
        >>> net = nr.Network("classifier", [9, 15, 2], seed=1)
        >>> [[layer.shape for layer in member] for member in net.weights()]
        [[(10, 15), (16, 2)]]

        Answers in plain NumPy.

        >>> import numpy as np
        >>> net = nr.Network("regressor", [1, 4, 1], normalize=True, seed=1)
        >>> x = np.arange(20.0)[:, None]
        >>> sizes = net.observe(x, 3 * x)
        >>> report = net.train(max_cycles=50)
        >>> [[first, last]] = net.weights(folded=True)
        >>> answers = np.maximum(x @ first[1:] + first[0], 0) @ last[1:] + last[0]
        >>> bool(np.allclose(answers, net.run(x), rtol=0, atol=1e-4))
        True
        """
        return [_folded(self.describe())] if folded else stacked(self.describe())

    def set_weights(self, weights: ArrayLike | Sequence[Sequence[ArrayLike]]) -> None:
        """Have other weights and biases: those of a trainer of your own, or of another network of this layout.

        Rows, options and the scaling of inputs and outputs stay. As after `reset`, the statistics of `info` begin
        again, there is no report, and trainers remember nothing of the steps that led to the weights before; but the
        next training goes on from these weights, with as many members as there are.

        Scalings are computed when a training starts. A network that has never been trained has none, even with
        ``normalize``: have ``train(max_cycles=1)`` compute them before a trainer of your own begins.

        Parameters
        ----------
        weights : array_like of shape (members * parameters,), or list of list of array_like
            All of them in a row, as `gradient` has them, or as `weights` returns them. Kept in single precision.

        Raises
        ------
        ShapeError
            If they are more or fewer than those of the network, or of other shapes.
        DataError
            If one is no finite number, or has the wrong sign for an answer that is monotone in inputs.
        TrainingError
            If the network is being trained.

        Examples
        --------
        >>> import neuralredis as nr
        >>> net = nr.Network("regressor", [2, 1])
        >>> net.set_weights([0.5, 2, 3])
        >>> net.run([10, 100])
        array([320.5], dtype=float32)
        >>> net.set_weights([[[[0], [1], [1]]]])
        >>> net.run([10, 100])
        array([110.], dtype=float32)
        """
        by_layer = isinstance(weights, list | tuple) and weights and isinstance(weights[0], list | tuple)
        self._set_weights(flat(weights, self.weights()) if by_layer else weights)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a file, which `load` reads; a file of that name is replaced as a whole or not at all.

        Rows, weights, statistics and the state of all that is random are in it, so that a loaded network goes on as
        this one would. A running training is not.

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

    def export(self, path: str | os.PathLike[str], to: str | None = None) -> list[Path]:
        """Write the network as files that answer without neuralredis.

        Fields, words, scalings and all weights go along, rows do not. Each export has a dozen rows in it that were made
        up, with what this network answers, and can test itself by them. The formats, and what each of them promises,
        are in ``docs/export.md``.

        Parameters
        ----------
        path : path-like
            The file. What belongs to it is written beside it: a header, types.
        to : str, optional
            The format; else the suffix of the path says it.

        Returns
        -------
        list of pathlib.Path
            The files that were written.

        Raises
        ------
        OptionError
            If there is no such format, or the format has no way to say what this network is.
        TrainingError
            If a classifier of fields has seen no class.
        OSError
            If a file cannot be written.

        Examples
        --------
        >>> import json, pathlib, tempfile
        >>> import neuralredis as nr
        >>> net = nr.Network("classifier", [9, 15, 2], seed=1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     [path] = net.export(pathlib.Path(folder) / "net.json")
        ...     json.loads(path.read_text())["layout"]
        [9, 15, 2]
        """
        return export(self, path, to)

    def __eq__(self, other: object) -> bool:
        """Whether both have the same contents and will do the same from here on, to the last bit.

        Layout, options, limits, rows, weights, what the last training found, notes and the state of all that is random
        count. How long trainings took, and on how many threads, does not: two networks of the same seed, rows and calls
        are equal, on any machine.

        Examples
        --------
        >>> import neuralredis as nr
        >>> def sums():
        ...     net = nr.Network("regressor", [2, 3, 1], seed=7)
        ...     net.observe([[1, 2], [3, 4], [5, 6]], [3, 7, 11])
        ...     net.train(max_cycles=100)
        ...     return net
        >>> sums() == sums()
        True
        """
        return self._same(other) if isinstance(other, Network) else NotImplemented

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as the saved bytes."""
        return type(self).from_bytes, (bytes(self),), getattr(self, "__dict__", None) or None

    def __repr__(self) -> str:
        """Return kind, layout, rows and what training has come to."""
        info = self.info()
        if not info.training_total_cycles:
            state = "untrained"
        else:
            test = info.test_error if info.test_dataset_len else None
            wrong = info.classification_errors_perc if info.test_dataset_len else None
            state = f"trained {info.training_total_cycles:,} cycles: {errors(info.dataset_error, test, wrong)}"
        rows = f"{info.training_dataset_len:,}+{info.test_dataset_len:,} rows"
        training = ", training" if info.training else ""
        return f"<Network {info.title}, {rows}, {state}{training}>"

    def _repr_html_(self) -> str:
        """Return a table and the last training's learning curve, for notebooks."""
        return html.network(self.info(), self.report())


def names_a_set(X: Any, y: Any, weight: Any) -> bool:
    """Whether the arguments of `evaluate` are those of a stored set rather than of fresh rows."""
    if isinstance(X, str):
        if y is not None or weight is not None:
            raise TypeError(f"evaluate({X!r}) of a stored set takes nothing else: its rows have outputs and weights")
        return True
    return False


def _signature() -> inspect.Signature:
    """Return how a network is made, with the options that the engine has."""
    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
    leading = [inspect.Parameter("kind", positional), inspect.Parameter("layout", positional, default=None)]
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None)
        for name in ("fields", "target", "hidden", "classes")
    ]
    options += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None) for name, *_ in _core.option_table()
    ]
    return inspect.Signature([*leading, *options])


Network.__signature__ = _signature()  # type: ignore[attr-defined]
