"""The class `Network`: the extension's network with trainings, evaluation, export and files."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from numpy import float32, float64
from numpy.typing import ArrayLike, NDArray

from neuralredis import _core, files
from neuralredis.exceptions import KindError
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

if TYPE_CHECKING:
    from neuralredis.description import Description

__all__ = ["Network"]


class Network(NetworkWithIntervals, NetworkWithReasons, NetworkWithSamples):
    """A small fully connected neural network that stores its rows and trains on them.

    `observe` stores rows, some of them as validation rows; `train` fits the weights by full batches with a variant of
    RPROP ([1]_, [2]_) or with L-BFGS ([3]_), or by mini-batches with Adam ([4]_). None of them needs a learning rate. A
    network can be used from any thread at any time, and predicts while it trains.

    The same seed, rows and calls give the same numbers, on every machine and for any number of threads, unless a
    training was ended by its time limit or by a request.

    Parameters
    ----------
    kind : {"classifier", "regressor"}
        What it predicts: one of a fixed number of classes, or numbers.
    layout : sequence of int
        Units of each layer: inputs, hidden layers if any, outputs (a classifier's classes). 2 to 32 layers of at most
        2**20 units, with at most 2**24 parameters in all. Leave it out for a network with ``fields``.
    fields : dict of str to str, optional
        For rows of named values: the kind of each field, see Notes. Inputs and outputs then follow from the rows.
    target : str or sequence of str, optional
        The name of what a network with fields predicts; a regressor can have several.
    hidden : sequence of int, default (30, 30, 30)
        Units of the hidden layers of a network with fields.
    classes : int or sequence of str, default 100
        The classes of a classifier with fields, in the order of its outputs; or the greatest number of classes, which
        are then collected from the rows.
    normalize : bool, default False
        Whether a training standardizes the inputs, and a regressor's outputs, by its training rows. Use it unless all
        inputs have a similar scale. Without it, each input is only multiplied by a factor that brings it near a common
        scale, and outputs are not scaled. Rows and predictions are in the original units in any case.
    dataset, test : int, optional
        Greatest number of training rows and of validation rows that are stored, below 2**32. 10000 and 2500 if neither
        is given; with one of them the other is 0.
    seed : int, optional
        Seed of the network's random state, below 2**64. By default the operating system chooses it.
    activation : {"relu", "tanh", "sigmoid"}, default "relu"
        Activation of the hidden units.
    output : {"softmax", "sigmoid", "linear"}, optional
        Activation of the output units; by default softmax for a classifier and linear for a regressor.
    loss : {"crossentropy", "mse"}, optional
        The loss that trainings minimize; by default cross-entropy with softmax, else the squared error.
    algorithm : {"auto", "irprop+", "irprop-", "rprop+", "lbfgs", "adam"}, default "auto"
        The trainer: a variant of RPROP; L-BFGS, which fits numbers with little noise more closely; or mini-batches of
        at most 256 rows with Adam [4]_ and averaged weights. L-BFGS begins with thirty cycles of iRprop+ if the weights
        are new. ``"auto"`` chooses when a training starts: Adam from 1000 training rows on (20000 for a regressor of up
        to 20000 parameters, 256 for a network with fields), else L-BFGS for such a regressor, else iRprop+.
    l2 : float or "auto", default "auto"
        Weight decay: ``l2 / 2`` times the sum of squared weights is added to the mean loss of a row. ``"auto"``
        computes it at every step from the number of training rows, at least 50: with cross-entropy 1 / rows, as in
        regularized logistic regression; with squared errors 10 / rows times the current error, so that rows without
        noise are fitted exactly. In an ensemble each member multiplies it by another factor, from 0.01 to 3.
    ensemble : int or "auto", default "auto"
        Size of the ensemble, 1 to 64, that the first training creates. Members have the same layout, begin with random
        weights of their own, and learn from the same rows. With ``autostop`` the better half by validation error,
        rounded up, is kept. The ensemble averages the members' logits (sums of the output units); its error is usually
        lower than that of any member. ``"auto"`` creates up to seven members, by mini-batches up to sixteen, as long as
        training and prediction stay cheap, for few rows and few parameters. Without ``autostop`` members are chosen by
        a trial in which some training rows are held out; with fewer than 40 rows there is no trial, and four members
        learn. A training of fewer than 50 cycles, or with a given ``l2``, then has one member. The former name,
        ``restarts``, is accepted.
    class_weight : {"none", "balanced"} or sequence of float, optional
        Class weights: factors of the loss, a finite number above 0 for each output, in trainings and for ``autostop``;
        they multiply row weights. ``"balanced"`` computes rows / (classes * rows of the class) when a training starts,
        so that rare classes count as much as common ones. Only for classifiers; `evaluate` ignores them. ``None`` and
        ``"none"`` weight all classes alike.
    patience : int or "auto", default "auto"
        Cycles, at least 1, without a fall of the validation error by a thousandth, after which ``autostop`` ends a
        training; it does not end one earlier. ``"auto"`` waits half as long as the training took so far, from 50 or 100
        to 500 cycles, by mini-batches from 4 to 20; without ``backtrack`` shorter if the validation error rises
        repeatedly.
    monotone : sequence of int or dict of str to int, optional
        Constraints: 1 for an input in which the prediction never falls, -1 for one in which it never rises, 0 for the
        others; with fields by name, or as a ``"+"`` or ``"-"`` after a kind. The prediction is a regressor's single
        output, or the probability of the second of two classes. The constraint holds exactly for all pairs of rows
        that differ in such inputs alone, whatever the training rows are, and cannot be changed later. Hidden units use
        tanh unless ``activation`` is sigmoid, since monotone networks of ReLU are convex functions only, and iRprop+
        replaces L-BFGS. See Notes.
    threshold : float, default 0.5
        The least probability, 0 to 1, at which a classifier of two classes predicts the second one. With 0.5 it
        predicts the more probable class. Another threshold requires softmax outputs and, with fields, ``classes`` given
        by name. It changes the results of `classify` and `evaluate` but no probability, and can be changed at any time.
        The share of the second class among the rows maximizes balanced accuracy.

    Raises
    ------
    OptionError
        If the layout is too large or too small, an option has no such value, two options exclude each other, or a
        field's kind or name is invalid.

    Notes
    -----
    A network with fields takes rows as dicts, frames of pandas and polars, and tables of Arrow. Values may be missing
    (a field left out, None, NaN, NA, NaT or an empty text), and are always standardized. Kinds are case-insensitive;
    some take a number (``"category 500"`` or ``("category", 500)``):

    ================= =================================================================================================
    Kind              Values
    ================= =================================================================================================
    ``number``        A finite number.
    ``category [n]``  A text of at most 64 bytes, or a number; the first ``n`` (100) are distinguished, others are not.
    ``auto [n]``      A number if the value is one, else as ``category``.
    ``flag``          Yes or no: booleans, 1 and 0, true and false, yes and no, on and off.
    ``time``          A date or time: datetimes, seconds or milliseconds since 1970, ISO 8601; UTC without a zone.
    ``text [n]``      Words in any script, hashed to ``n`` buckets (512).
    ``tags [n]``      Several categories: a list, or a text with commas.
    ``vector n``      A list of ``n`` numbers.
    ================= =================================================================================================

    Numbers, flags and the numbers of ``auto`` can have a ``+`` or ``-`` after the kind, as in ``"number -"``.

    With ``monotone``, the weights of constrained inputs and all weights of later layers keep their signs; a step that
    would change a sign is reflected at 0 [5]_. The result is exact in floating point, since rounding is monotone, too.
    Other inputs are not constrained. If the constraint is true it reduces the error, most with few and noisy rows.
    Minima and maxima of several monotone inputs are approximated badly.

    A category that first occurs after a training is treated as unknown, and a class is not predicted, until the next
    training. Names are text; bytes that are not UTF-8 are decoded with ``surrogateescape``.

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
    Learn to add:

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

    A network with fields:

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
        """Return the report of the last training; None before the first and after `reset`."""
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
        """Train, and return when the training has ended.

        Other threads run meanwhile. Ctrl-C stops the training, keeps its result (with ``backtrack`` the best weights),
        and raises ``KeyboardInterrupt``. Greenlets of gevent are blocked: call it in gevent's thread pool,
        ``gevent.get_hub().threadpool.apply(net.train)``.

        Parameters
        ----------
        max_cycles : int, default 0
            Limit of cycles, passes over the training rows; 0 or None for no limit.
        max_time : float, default 10.0
            Time limit in seconds, without time in the queue; 0 or None for no limit.
        autostop : bool, default False
            Early stopping: whether to stop when the validation error no longer falls. The limits apply as well.
            Without it, the first training begins with a trial of several networks, see ``ensemble`` of `Network`. With
            it, and cross-entropy as the loss, a classifier's logits are finally divided by the temperature, 1 to 10,
            with the lowest validation loss (C. Guo and others, "On calibration of modern neural networks", ICML 2017);
            this lowers overconfident probabilities and keeps the most probable class.
        backtrack : bool, default False
            Whether to return to the weights with the lowest validation error, measured by squared errors whatever the
            loss is; without ``autostop`` it has no effect.
        progress : bool, optional
            Whether to show a progress bar; by default on a terminal, for trainings longer than half a second.
        callback : callable, optional
            Called on this thread with a `Progress`, about twenty times a second and once at the end. If it returns
            False the training is stopped. If it raises, the training is stopped, its result is kept, and the exception
            propagates.

        Returns
        -------
        Report
            Why the training ended, the errors, and the learning curve.

        Raises
        ------
        TrainingError
            If there are no training rows, no validation rows with ``autostop``, if the network is being trained
            already, or if it was reset during the training.

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
        """Start a training in the background and return at once.

        Up to 32 networks train at the same time and share the cores; further trainings are queued.

        Parameters
        ----------
        max_cycles, max_time, autostop, backtrack
            As for `train`.

        Returns
        -------
        Training
            The running training: its progress, and methods to stop it and to wait for it.

        Raises
        ------
        TrainingError
            If there are no training rows, no validation rows with ``autostop``, or the network is being trained
            already.
        """
        return Training(self, self._start(max_cycles, max_time, autostop, backtrack))

    def info(self) -> Info:
        """Return layout, options, numbers of rows, and the errors of the last training.

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
        """Evaluate the current weights on a stored set, or on fresh rows, which are not stored.

        Parameters
        ----------
        X : {"test", "train"} or array_like of shape (inputs,) or (rows, inputs), default "test"
            The stored set, or fresh rows as for `observe`.
        y : array_like of shape (rows,) or (rows, outputs), optional
            The outcomes of fresh rows: classes or numbers. Rows of fields may have them as a column of X.
        weight : float or array_like of shape (rows,), optional
            Row weights of fresh rows; they affect ``error`` only.

        Returns
        -------
        ClassifierEvaluation or RegressorEvaluation
            Errors and the baseline.

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
        """Return everything needed to compute the network's predictions elsewhere.

        Returns
        -------
        Description
            Layers, activations, scalings, bounds and members, with the order of computation; and how inputs follow from
            fields and sequences. Arrays are copies.

        See Also
        --------
        Network.weights : with ``folded=True`` the same as fewer numbers

        Examples
        --------
        >>> import neuralredis as nr
        >>> description = nr.Network("classifier", [9, 15, 2], seed=1).describe()
        >>> [(layer.weights.shape, layer.activation) for layer in description.members[0]]
        [((9, 15), 'relu'), ((15, 2), None)]
        >>> description.output
        'softmax'
        """
        from neuralredis.description import description_of

        return description_of(_core.described(self))

    @overload
    def weights(self, folded: Literal[False] = False) -> list[list[NDArray[float32]]]: ...
    @overload
    def weights(self, folded: Literal[True]) -> list[list[NDArray[float64]]]: ...
    @overload
    def weights(self, folded: bool) -> list[list[NDArray[Any]]]: ...
    def weights(self, folded: bool = False) -> Any:
        """Return the current weights and biases.

        They apply to scaled values: with ``normalize`` inputs and a regressor's outputs are standardized by the
        training rows, else inputs are multiplied by a factor. So the sizes of weights are comparable, whatever the
        units of the rows.

        Parameters
        ----------
        folded : bool, default False
            Whether to return a single equivalent network in the units of the rows: scalings are folded into the first
            and the last layer, and the members of an ensemble are stacked side by side, with their mean as the last
            layer. Its outputs differ by rounding only, about 1e-7 relatively, as long as no value reaches the bounds of
            `describe`. Softmax or sigmoid follow after the last layer; for a regressor with sigmoid output the scaling
            of outputs follows as well, see `describe`.

        Returns
        -------
        list of list of numpy.ndarray, shape (1 + inputs, outputs)
            For each member of the ensemble (``members`` of `info`) one array for each layer after the inputs: the
            biases in the first row, then a row of weights from each unit of the previous layer. float32; with
            ``folded`` float64, and a single member. Arrays are copies.

        Raises
        ------
        KindError
            If the network has fields or sequences: `describe` has the weights of their layers, too.

        Examples
        --------
        >>> import neuralredis as nr
        >>> net = nr.Network("classifier", [9, 15, 2], seed=1)
        >>> [[layer.shape for layer in member] for member in net.weights()]
        [[(10, 15), (16, 2)]]

        Predictions in plain NumPy:

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
        from neuralredis import description as description_module

        description = self.describe()
        if description.fields is not None:
            raise KindError("the network has fields: weights is for networks without")
        return [description_module.folded(description)] if folded else description_module.stacked(description)

    def set_weights(self, weights: ArrayLike | Sequence[Sequence[ArrayLike]]) -> None:
        """Set the weights and biases, such as those of a trainer of your own or of a network with the same layout.

        Rows, options and the scaling of inputs and outputs are kept. As after `reset`, the statistics of `info`
        restart, there is no report, and the trainer's state is cleared; but the next training starts from these
        weights, with the same members.

        Scalings are computed when a training starts, so a network that was never trained has none, even with
        ``normalize``. For a trainer of your own, call ``train(max_cycles=1)`` first.

        Parameters
        ----------
        weights : array_like of shape (members * parameters,), or list of list of array_like
            One flat array in the order of `gradient`, or nested lists as `weights` returns them. Stored as float32.

        Raises
        ------
        ShapeError
            If their number or shapes do not fit the layout.
        DataError
            If a weight is not finite, or its sign violates a constraint of ``monotone``.
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
        from neuralredis.description import flat

        self._set_weights(flat(weights, self.weights()) if by_layer else weights)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a file for `load`; an existing file is replaced atomically.

        The file contains rows, weights, statistics and random state, so that a loaded network behaves exactly like this
        one. A running training is not saved.

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
        """Write the network as code or a model file that runs without neuralredis.

        An export contains fields, categories, scalings and weights, but no stored rows. It also has a dozen synthetic
        rows with this network's predictions, by which it can test itself. ``docs/export.md`` describes the formats and
        their precision.

        Parameters
        ----------
        path : path-like
            The file. Files that belong to it, such as a header, are written beside it.
        to : str, optional
            The format; by default given by the suffix of the path.

        Returns
        -------
        list of pathlib.Path
            The written files.

        Raises
        ------
        OptionError
            If there is no such format, or the format does not support a feature of this network.
        TrainingError
            If a classifier with fields has no classes yet.
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
        from neuralredis.export import export

        return export(self, path, to)

    def __eq__(self, other: object) -> bool:
        """Return whether two networks have the same state, so that the same calls give the same bits.

        The state is layout, options, limits, rows, weights, statistics and report, notes, and random state. Durations
        and numbers of threads of trainings are not compared: two networks of the same seed, rows and calls are equal,
        on any machine.

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
        """Return how to pickle the network, by its saved bytes."""
        return type(self).from_bytes, (bytes(self),), getattr(self, "__dict__", None) or None

    def __repr__(self) -> str:
        """Return kind, layout, numbers of rows, and errors."""
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
        """Return a table and the learning curve of the last training, for notebooks."""
        from neuralredis import html

        return html.network(self.info(), self.report())


def names_a_set(X: Any, y: Any, weight: Any) -> bool:
    """Return whether the arguments of `evaluate` name a stored set rather than fresh rows."""
    if isinstance(X, str):
        if y is not None or weight is not None:
            raise TypeError(f"evaluate({X!r}) takes no y or weight: stored rows have outcomes and weights")
        return True
    return False


def _signature() -> inspect.Signature:
    """Return the signature of `Network`, with the options of the engine's table."""
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
