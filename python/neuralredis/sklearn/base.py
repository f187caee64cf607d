"""The base of the classifier and the regressor: check rows, hold rows out, and train a network."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from neuralredis.network import Network
from neuralredis.options import Activation, ClassWeight, Kind
from neuralredis.sklearn.checks import checked, flag, hidden_layers
from neuralredis.sklearn.coding import Coding, field_columns, field_names, kinds, target_names
from neuralredis.sklearn.frames import Frame
from neuralredis.sklearn.monotone import signs_of
from neuralredis.sklearn.rows import Rows, dense, merged, split
from neuralredis.sklearn.trained import TrainedEstimator, drop_rows

#: Values of a sparse matrix that are converted to a dense array at a time: 16 MB.
DENSE_VALUES = 1 << 22
#: Least number of categories of a column for `partial_fit`: the default of `Network`.
WORDS = 100


class NeuralEstimator(TrainedEstimator):
    """The parameters and the training of `NeuralClassifier` and `NeuralRegressor`."""

    n_features_in_: int

    def __init__(
        self,
        hidden_layer_sizes: Any = (30, 30, 30),
        activation: Activation = "relu",
        *,
        normalize: bool = True,
        l2: float | Literal["auto"] = "auto",
        ensemble: int | Literal["auto"] = "auto",
        monotonic_cst: ArrayLike | Mapping[str, int] | None = None,
        max_iter: int | None = 10_000,
        early_stopping: bool = True,
        validation_fraction: float = 0.2,
        n_iter_no_change: int | Literal["auto"] = "auto",
        random_state: int | np.random.RandomState | None = None,
        warm_start: bool = False,
        verbose: bool = False,
        restarts: int | Literal["auto"] | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.normalize = normalize
        self.l2 = l2
        self.ensemble = ensemble
        self.monotonic_cst = monotonic_cst
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.restarts = restarts

    def _goes_on(self) -> bool:
        """Return whether `fit` continues from the weights of the last call."""
        return self.warm_start and hasattr(self, "network_")

    def _prepared(
        self,
        kind: Kind,
        rows: Rows,
        coding: Coding | None,
        outputs: int | list[str],
        class_weight: ClassWeight | None = None,
        *,
        goes_on: bool,
        keep: bool,
    ) -> Network:
        """Return the network to train, with its rows: a new one, or a copy of the fitted one if it goes on.

        `outputs` is their number, or the names of classes. With `keep` the rows are added to those that the network
        has; otherwise they replace them.
        """
        for name in ("normalize", "warm_start"):
            flag(name, getattr(self, name))
        lot, seed = self._checked()
        rows = merged(rows)
        learnt, tested = rows, None
        if self.early_stopping:
            classes = rows.y[:, 0] if kind == "classifier" else np.zeros(len(rows.X))
            learnt, tested = split(rows, classes, self.validation_fraction, lot)
        if goes_on:
            network = self._further(None if coding else rows.X.shape[1], outputs, class_weight)
        else:
            network = self._begun(kind, rows, coding, outputs, seed, class_weight, room=WORDS if keep else 2)
        if not keep:
            drop_rows(network)
        add_rows(network, coding, learnt, tested)
        return network

    def _options(self, class_weight: ClassWeight | None) -> dict[str, Any]:
        """Return the options of the network from the parameters."""
        signs = signs_of(self.monotonic_cst, getattr(self, "feature_names_in_", None), self.n_features_in_)
        # Monotone networks of ReLU are convex functions only.
        activation = "tanh" if signs and any(signs) and self.activation == "relu" else self.activation
        return {
            "normalize": bool(self.normalize),
            "activation": activation,
            "monotone": signs,
            "l2": self.l2,
            "ensemble": self._members(),
            "class_weight": class_weight,
            "patience": self.n_iter_no_change,
        }

    def _begun(
        self,
        kind: Kind,
        rows: Rows,
        coding: Coding | None,
        outputs: int | list[str],
        seed: int,
        class_weight: ClassWeight | None,
        room: int,
    ) -> Network:
        """Return a new network; of coded rows one with fields, which have room for `room` categories at least."""
        hidden = hidden_layers(self.hidden_layer_sizes)
        options = self._options(class_weight)
        if coding is None:
            layout = (rows.X.shape[1], *hidden, number_of(outputs))
            return Network(kind, layout, seed=seed, **options)
        if not self.normalize:
            raise ValueError("normalize is False: expected True for rows with missing values, words or dates")
        names = field_names(getattr(self, "feature_names_in_", None), rows.X.shape[1])
        copies = np.maximum(np.rint(rows.weight), 1)
        fields = dict(zip(names, kinds(rows.X, copies, coding, room), strict=True))
        if isinstance(outputs, list):
            options["classes"] = outputs
        target = target_names(1 if isinstance(outputs, list) else outputs, names)
        return Network(kind, fields=fields, target=target, hidden=hidden, seed=seed, **options)

    def _further(self, inputs: int | None, outputs: int | list[str], class_weight: ClassWeight | None) -> Network:
        """Return a copy of the fitted network with the current parameters; `inputs` is None for fields."""
        layout = self.network_.info().layout
        expected = (
            layout[0] if inputs is None else inputs,
            *hidden_layers(self.hidden_layer_sizes),
            number_of(outputs),
        )
        if expected != layout:
            before, now = "-".join(map(str, layout)), "-".join(map(str, expected))
            raise ValueError(
                f"cannot continue training: the fitted network is a {before}, the parameters ask for {now}"
            )
        network = copy(self.network_)
        network.configure(**self._options(class_weight))
        return network

    def _outputs(self, X: Any) -> NDArray[np.float64]:
        """Return the network's outputs as float64, of shape (rows, outputs)."""
        check_is_fitted(self, "network_")
        X = checked(self, X, reset=False)
        if not issparse(X):
            return answers(self.network_, X)
        rows = max(1, DENSE_VALUES // max(1, X.shape[1]))
        parts = [answers(self.network_, dense(X[first : first + rows])) for first in range(0, X.shape[0], rows)]
        return np.concatenate(parts)

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: sparse matrices, gaps and categories are supported."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags


def number_of(outputs: int | list[str]) -> int:
    """Return the number of outputs, given their number or names."""
    return outputs if isinstance(outputs, int) else len(outputs)


def answers(network: Network, X: NDArray[np.float32] | Frame) -> NDArray[np.float64]:
    """Return a network's outputs for rows. Without fields, missing values are replaced by means of training rows."""
    if isinstance(X, Frame):
        fields = network.fields or {}
        given: Any = field_columns(fields.items(), X.values)
    else:
        given = X
        if np.isnan(X.min(initial=0)):
            scaling = network.describe().inputs
            given = np.where(np.isnan(X), np.float32(0) if scaling is None else scaling.mean, X)
    found: NDArray[np.float32] = network.run(given)
    # With fields, a single output has the shape (rows,).
    return found.astype(np.float64).reshape(len(found), -1)


def weights(weight: ArrayLike | None, rows: int) -> NDArray[np.float64]:
    """Return row weights as float64 of shape (rows,), 1 by default; raise ValueError if they are invalid."""
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


def add_rows(network: Network, coding: Coding | None, learnt: Rows, tested: Rows | None) -> None:
    """Raise a network's limits by the numbers of rows, and store the rows."""
    info = network.info()
    room = 0 if tested is None else len(tested.X)
    network.configure(dataset=info.training_dataset_len + len(learnt.X), test=info.test_dataset_len + room)
    network.observe(*observed(network, coding, learnt), into="train", weight=learnt.weight)
    if tested is not None and room:
        network.observe(*observed(network, coding, tested), into="test", weight=tested.weight)


def observed(network: Network, coding: Coding | None, rows: Rows) -> tuple[Any, NDArray[Any]]:
    """Return inputs and outcomes for `Network.observe`: arrays, or columns of fields and names of classes."""
    if coding is None or network.fields is None:
        return rows.X, rows.y
    columns = [coding.column(at, numbers) for at, numbers in enumerate(rows.X.T)]
    y = rows.y if network.classes is None else np.array(network.classes, object)[rows.y.astype(np.intp)]
    return field_columns(network.fields.items(), columns), y[:, 0] if y.shape[1] == 1 else y
