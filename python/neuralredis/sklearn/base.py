"""What both estimators do: check what they are given, keep rows back, and have a network train."""

from __future__ import annotations

import warnings
from copy import copy
from numbers import Real
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted

from neuralredis.network import Network
from neuralredis.options import Activation, ClassWeight, Kind
from neuralredis.results import Curve
from neuralredis.sklearn.checks import checked, flag, hidden_layers, whole_number
from neuralredis.sklearn.rows import Rows, dense, merged, split

#: What a `numpy.random.RandomState` draws as the seed of a network is below this, on every machine.
SEEDS = 2**31 - 1
#: Values of a sparse matrix that are made dense at a time: 16 MB.
DENSE_VALUES = 1 << 22


class NeuralEstimator(BaseEstimator):
    """The parameters and the training of `NeuralClassifier` and `NeuralRegressor`."""

    network_: Network
    n_iter_: int
    loss_curve_: NDArray[np.float64]
    validation_loss_curve_: NDArray[np.float64] | None

    def __init__(
        self,
        hidden_layer_sizes: Any = (30, 30, 30),
        activation: Activation = "relu",
        *,
        normalize: bool = True,
        l2: float | Literal["auto"] = "auto",
        restarts: int | Literal["auto"] = "auto",
        max_iter: int | None = 10_000,
        early_stopping: bool = True,
        validation_fraction: float = 0.2,
        n_iter_no_change: int | Literal["auto"] = "auto",
        random_state: int | np.random.RandomState | None = None,
        warm_start: bool = False,
        verbose: bool = False,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.normalize = normalize
        self.l2 = l2
        self.restarts = restarts
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose

    def _goes_on(self) -> bool:
        """Whether `fit` begins with what was learnt before."""
        return self.warm_start and hasattr(self, "network_")

    def _prepared(
        self,
        kind: Kind,
        rows: Rows,
        outputs: int,
        class_weight: ClassWeight | None = None,
        *,
        goes_on: bool,
        keep: bool,
    ) -> Network:
        """Return the network that is to learn from some rows: of that which there is, if any is to go on, a copy.

        With `keep` the rows are added to those that it has; otherwise they take their place.
        """
        for name in ("normalize", "early_stopping", "warm_start"):
            flag(name, getattr(self, name))
        whole_number("max_iter", self.max_iter, None)
        whole_number("n_iter_no_change", self.n_iter_no_change, "auto")
        lot = check_random_state(self.random_state)
        seed = int(lot.randint(SEEDS, dtype=np.int64))
        rows = merged(rows)
        learnt, tested = rows, None
        if self.early_stopping:
            if not isinstance(self.validation_fraction, Real) or not 0 < self.validation_fraction < 1:
                raise ValueError(f"validation_fraction is {self.validation_fraction!r}: expected more than 0, below 1")
            classes = rows.y[:, 0] if kind == "classifier" else np.zeros(len(rows.X))
            learnt, tested = split(rows, classes, self.validation_fraction, lot)
        network = self._network(kind, rows.X.shape[1], outputs, seed, class_weight, goes_on=goes_on)
        if not keep:
            drop_rows(network)
        add_rows(network, learnt, tested)
        return network

    def _network(
        self, kind: Kind, inputs: int, outputs: int, seed: int, class_weight: ClassWeight | None, *, goes_on: bool
    ) -> Network:
        """Return the network that is to learn, as the parameters have it now."""
        layout = (inputs, *hidden_layers(self.hidden_layer_sizes), outputs)
        options: dict[str, Any] = {
            "normalize": bool(self.normalize),
            "activation": self.activation,
            "l2": self.l2,
            "restarts": self.restarts,
            "class_weight": class_weight,
            "patience": self.n_iter_no_change,
        }
        if not goes_on:
            return Network(kind, layout, seed=seed, **options)
        if layout != self.network_.info().layout:
            before = "-".join(map(str, self.network_.info().layout))
            now = "-".join(map(str, layout))
            raise ValueError(f"the network that is to go on learning is a {before}, and would have to be a {now}")
        network = copy(self.network_)
        network.configure(**options)
        return network

    def _train(self, network: Network, *, keep: bool) -> None:
        """Have a network train that is this estimator's from now on; with `keep` its rows stay."""
        self.network_ = network
        watched = self.early_stopping and network.info().test_dataset_len > 0
        try:
            report = network.train(
                max_cycles=self.max_iter,
                max_time=None,
                autostop=watched,
                backtrack=watched,
                progress=bool(self.verbose),
            )
        finally:
            # An interruption, too, leaves a network that has learnt something.
            self._tell_of(network)
            if not keep:
                drop_rows(network)
        if watched and report.reason == "maxcycles":
            warnings.warn(
                f"the rows kept back had still something to gain after {report.cycles} iterations, which are max_iter",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _tell_of(self, network: Network) -> None:
        report = network.report()
        if report is not None:
            self.n_iter_ = report.cycles
            self.loss_curve_ = at_each_cycle(report.curve, report.curve.train_error)
            watched = report.test_error is not None
            self.validation_loss_curve_ = at_each_cycle(report.curve, report.curve.test_error) if watched else None

    def _outputs(self, X: Any) -> NDArray[np.float64]:
        """Return what the network answers, in double precision, for sums of many answers."""
        check_is_fitted(self, "network_")
        X = checked(self, X, reset=False)
        if not issparse(X):
            answers: NDArray[np.float32] = self.network_.run(X)
            return answers.astype(np.float64)
        rows = max(1, DENSE_VALUES // max(1, X.shape[1]))
        parts = [self.network_.run(dense(X[first : first + rows])) for first in range(0, X.shape[0], rows)]
        return np.concatenate(parts).astype(np.float64)

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn asks of an estimator: this one takes sparse matrices."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def weights(weight: ArrayLike | None, rows: int) -> NDArray[np.float64]:
    """Return weights of rows as an array, 1 if there are none."""
    if weight is None:
        return np.ones(rows)
    if np.isscalar(weight):
        weight = np.full(rows, weight)
    weight = np.asarray(check_array(weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"))
    if weight.shape != (rows,):
        raise ValueError(f"sample_weight has the shape {weight.shape}: expected ({rows},), a weight for each row of X")
    if weight.min() < 0:
        raise ValueError(f"sample_weight has {weight.min()}: expected numbers of at least 0")
    if weight.max() == 0:
        raise ValueError("sample_weight is 0 for all rows: expected at least one non-zero number")
    return weight


def add_rows(network: Network, learnt: Rows, tested: Rows | None) -> None:
    """Give rows to a network, and make room for them."""
    info = network.info()
    room = 0 if tested is None else len(tested.X)
    network.configure(dataset=info.training_dataset_len + len(learnt.X), test=info.test_dataset_len + room)
    network.observe(learnt.X, learnt.y, into="train", weight=learnt.weight)
    if tested is not None and room:
        network.observe(tested.X, tested.y, into="test", weight=tested.weight)


def drop_rows(network: Network) -> None:
    """Take a network's rows away; it has room for as many others."""
    info = network.info()
    network.configure(dataset=0, test=0)
    network.configure(dataset=info.training_dataset_maxlen, test=info.test_dataset_maxlen)


def at_each_cycle(curve: Curve, error: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return an error after each cycle, on straight lines between the points that the curve has."""
    cycles, known = np.arange(1, curve.cycles[-1] + 1), ~np.isnan(error)
    # An interruption may come before anything was computed.
    return np.interp(cycles, curve.cycles[known], error[known]) if known.any() else np.full(len(cycles), np.nan)
