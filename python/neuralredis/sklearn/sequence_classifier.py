"""The estimator `SequenceClassifier`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from neuralredis.options import Activation
from neuralredis.sequences import Cell, SequenceNetwork
from neuralredis.sklearn.base import weights
from neuralredis.sklearn.checks import hidden_layers_after, refuse_missing, whole_number
from neuralredis.sklearn.classweights import class_weights
from neuralredis.sklearn.panel import sequences
from neuralredis.sklearn.trained import TrainedEstimator
from neuralredis.statistics import hold_out

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["SequenceClassifier"]

#: Limit of the events of a sequence that a network stores.
LONGEST = 65536


class SequenceClassifier(ClassifierMixin, TrainedEstimator):
    """A classifier of sequences, such as gestures, spoken sounds or heartbeats: a `neuralredis.SequenceNetwork`.

    X has the format of aeon's classifiers: series of equal length as an array of shape (cases, channels, time points),
    or series of different lengths as a list of arrays of shape (channels, time points). Series are neither padded nor
    cut. It works with the cross-validation, searches and pipelines of scikit-learn, and those of aeon.

    The defaults need no tuning: each channel is standardized, series are held out for early stopping, and for few
    series it is an ensemble of the better half of several networks. Numbers are float32. The same ``random_state``,
    series and calls give the same predictions on every machine.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, int or None, default None
        Units of each hidden layer. None stands for 30, 30, 30, and with ``cell="gru"`` for no hidden layer.
    cell : {"auto", "window", "reservoir", "gru"}, default "auto"
        How a series becomes inputs: its last time points, the hidden state of fixed recurrent units, that of trained
        units, or by ``"auto"`` the first two. (As for `neuralredis.SequenceNetwork`.)
    length : int or None, default None
        Number of last time points of a series that are used, 1 to 65536; None for the length of the longest series of
        `fit`.
    activation : {"relu", "tanh", "sigmoid"}, default "relu"
        Activation of the hidden units.
    l2, ensemble, class_weight
        As for `NeuralClassifier`.
    max_iter : int or None, default 10000
        Limit of iterations, passes over all series; None for no limit.
    early_stopping : bool, default True
        Whether to hold out series for validation, stop when their error no longer falls, and keep the best weights.
    validation_fraction : float, default 0.2
        Share of each class's series that ``early_stopping`` holds out, above 0 and below 1.
    n_iter_no_change : int or "auto", default "auto"
        Iterations without a lower validation error after which ``early_stopping`` ends a training, as for
        `NeuralClassifier`.
    random_state : int, RandomState or None, default None
        Seed for the initial weights, the fixed units and the choice of held-out series.
    verbose : bool, default False
        Whether to show a progress bar.
    restarts : int, "auto" or None, default None
        The former name of ``ensemble``; give only one of them.

    Attributes
    ----------
    network_ : neuralredis.SequenceNetwork
        The network, for `neuralredis.SequenceNetwork.save` or `neuralredis.NeuralRedis.upload`. Its classes are indices
        of ``classes_``, and it stores none of the series.
    classes_ : numpy.ndarray of shape (classes,)
        The classes, sorted.
    n_channels_ : int
        Number of channels.
    n_iter_, loss_curve_, validation_loss_curve_
        As for `NeuralClassifier`.

    Examples
    --------
    Which of two channels rises first, in series of different lengths:

    >>> import numpy as np
    >>> from neuralredis.sklearn import SequenceClassifier
    >>> lot = np.random.default_rng(1)
    >>> def rising(first, length):
    ...     series = lot.normal(size=(2, length)) / 9
    ...     series[first, 3:] += 1
    ...     series[1 - first, 6:] += 1
    ...     return series
    >>> X = [rising(case % 2, 10 + case % 7) for case in range(80)]
    >>> y = ["left", "right"] * 40
    >>> model = SequenceClassifier(random_state=1).fit(X[:60], y[:60])
    >>> model.score(X[60:], y[60:])
    1.0
    """

    network_: SequenceNetwork
    classes_: NDArray[Any]
    n_channels_: int

    def __init__(
        self,
        hidden_layer_sizes: Any = None,
        cell: Cell = "auto",
        *,
        length: int | None = None,
        activation: Activation = "relu",
        l2: float | Literal["auto"] = "auto",
        ensemble: int | Literal["auto"] = "auto",
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        max_iter: int | None = 10_000,
        early_stopping: bool = True,
        validation_fraction: float = 0.2,
        n_iter_no_change: int | Literal["auto"] = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
        restarts: int | Literal["auto"] | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.cell = cell
        self.length = length
        self.activation = activation
        self.l2 = l2
        self.ensemble = ensemble
        self.class_weight = class_weight
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state
        self.verbose = verbose
        self.restarts = restarts

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train on series, which are not kept.

        Ctrl-C ends the training, keeps the best weights, and raises ``KeyboardInterrupt``.

        Parameters
        ----------
        X : array_like of shape (cases, channels, time points) or (cases, time points), or list of array_like
            Finite numbers. A list has an array of shape (channels, time points) for each series, of any length.
        y : array_like of shape (cases,)
            The class of each series, of any type; at least two classes.
        sample_weight : array_like of shape (cases,), optional
            Weight of each series, at least 0; series of weight 0 are left out.

        Returns
        -------
        SequenceClassifier
            The estimator.

        Raises
        ------
        ValueError
            If series or a parameter are invalid.
        """
        whole_number("length", self.length, None)
        _, seed = self._checked()
        events = sequences(X)
        refuse_missing(y)
        labels = column_or_1d(y, warn=True)
        check_consistent_length(events, labels)
        check_classification_targets(labels)
        weight = weights(sample_weight, len(events))
        learnt = np.flatnonzero(weight > 0)
        classes, positions = np.unique(labels[learnt], return_inverse=True)
        if len(classes) < 2:
            (one,) = classes.tolist()
            raise ValueError(f"y has one class, {one!r}: expected at least two")
        events = [events[case] for case in learnt]
        of_classes: NDArray[Any] = np.bincount(positions, weight[learnt])
        network = SequenceNetwork(
            "classifier",
            [events[0].shape[1], *hidden_layers_after(self.cell, self.hidden_layer_sizes), len(classes)],
            length=self.length or min(max(map(len, events)), LONGEST),
            cell=self.cell,
            seed=seed,
            activation=self.activation,
            l2=self.l2,
            ensemble=self._members(),
            patience=self.n_iter_no_change,
            class_weight=class_weights(self.class_weight, classes, of_classes),
            dataset=len(events),
            test=len(events),
        )
        parts = {"train": np.arange(len(events))}
        if self.early_stopping:
            share = self.validation_fraction
            parts["train"], parts["test"] = hold_out(positions.astype(np.int64), len(events), share, seed)
        for part, cases in parts.items():
            if len(cases):
                shown, outcomes = [events[case] for case in cases], positions[cases]
                network.observe(shown, outcomes, into=part, weight=weight[learnt[cases]])  # type: ignore[arg-type]
        self.classes_, self.n_channels_ = classes, events[0].shape[1]
        self._train(network, keep=False)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each class.

        Parameters
        ----------
        X : array_like or list of array_like
            Series as for `fit`, with the same channels, of any length.

        Returns
        -------
        numpy.ndarray of float64, shape (cases, classes)
            Probabilities, in the order of ``classes_``.
        """
        check_is_fitted(self, "network_")
        outputs = self.network_.run(sequences(X, self.n_channels_)).astype(np.float64)
        # Normalize again: their sum is 1 in float32 only.
        outputs /= outputs.sum(axis=1, keepdims=True)
        return outputs

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each series.

        Parameters
        ----------
        X : array_like or list of array_like
            Series as for `fit`, with the same channels, of any length.

        Returns
        -------
        numpy.ndarray of shape (cases,)
            Members of ``classes_``.
        """
        positions = self.predict_proba(X).argmax(axis=1)
        best: NDArray[Any] = self.classes_[positions]
        return best

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: arrays of three dimensions are supported."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags
