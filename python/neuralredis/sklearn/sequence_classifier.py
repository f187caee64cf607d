"""The classifier of sequences."""

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
from neuralredis.sklearn.checks import hidden_layers, refuse_missing, whole_number
from neuralredis.sklearn.classweights import class_weights
from neuralredis.sklearn.panel import sequences
from neuralredis.sklearn.trained import TrainedEstimator
from neuralredis.statistics import hold_out

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["SequenceClassifier"]

#: Events of a sequence that a network keeps, at most.
LONGEST = 65536


class SequenceClassifier(ClassifierMixin, TrainedEstimator):
    """A classifier of sequences that is a `neuralredis.SequenceNetwork`: of gestures, spoken sounds, heartbeats.

    It takes what aeon's classifiers take: series of one length as an array of shape (cases, channels, time points), or
    series of several lengths as a list of arrays of shape (channels, time points). Nothing is padded or cut off. So it
    is for a cross-validation, a search or a pipeline of scikit-learn, and for what aeon makes of these.

    Nothing needs to be set: it standardizes each channel, keeps series back to tell when to stop, and where series are
    few it is the better half of several networks. Numbers are computed with in single precision. The same
    ``random_state``, series and calls give the same answers on every machine.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int or int, default (30, 30, 30)
        Units of each hidden layer.
    cell : {"auto", "window", "reservoir"}, default "auto"
        How a series is seen: by its last time points, by fixed units that remember, or by both. (As of
        `neuralredis.SequenceNetwork`.)
    length : int or None, default None
        Time points of a series that are seen, the last so many, 1 to 65536; None for as many as the longest series has
        that is learnt from.
    activation : {"relu", "tanh", "sigmoid"}, default "relu"
        Of the hidden units.
    l2, restarts, class_weight
        As for `NeuralClassifier`.
    max_iter : int or None, default 10000
        Iterations at most, each over all series; None for no limit.
    early_stopping : bool, default True
        Whether to keep series back, end when these have nothing more to gain, and return to the weights that did best
        on them.
    validation_fraction : float, default 0.2
        The share of each class's series that ``early_stopping`` holds out, above 0, below 1.
    n_iter_no_change : int or "auto", default "auto"
        Iterations without a gain on the series held out after which ``early_stopping`` ends a training, as for
        `NeuralClassifier`.
    random_state : int, RandomState or None, default None
        Of the initial weights, of the fixed units and of the series held out.
    verbose : bool, default False
        Whether to show a progress bar.

    Attributes
    ----------
    network_ : neuralredis.SequenceNetwork
        The network, to be saved, or put into a Redis server with `neuralredis.NeuralRedis.upload`. It answers with
        positions in ``classes_``, and has kept none of the series.
    classes_ : numpy.ndarray of shape (classes,)
        The classes, sorted.
    n_channels_ : int
        Channels of a series.
    n_iter_, loss_curve_, validation_loss_curve_
        As of `NeuralClassifier`.

    Examples
    --------
    Which of two channels rises first, in series of several lengths.

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
        hidden_layer_sizes: Any = (30, 30, 30),
        cell: Cell = "auto",
        *,
        length: int | None = None,
        activation: Activation = "relu",
        l2: float | Literal["auto"] = "auto",
        restarts: int | Literal["auto"] = "auto",
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        max_iter: int | None = 10_000,
        early_stopping: bool = True,
        validation_fraction: float = 0.2,
        n_iter_no_change: int | Literal["auto"] = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.cell = cell
        self.length = length
        self.activation = activation
        self.l2 = l2
        self.restarts = restarts
        self.class_weight = class_weight
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Learn from series, and forget them.

        Ctrl-C ends the training, keeps the best that was learnt, and raises ``KeyboardInterrupt``.

        Parameters
        ----------
        X : array_like of shape (cases, channels, time points) or (cases, time points), or list of array_like
            Finite numbers. A list has an array of shape (channels, time points) for each series, of any lengths.
        y : array_like of shape (cases,)
            The class of each series, of any sort; two classes or more.
        sample_weight : array_like of shape (cases,), optional
            How much each series counts, 0 or more; those of 0 are left out.

        Returns
        -------
        SequenceClassifier
            This one.

        Raises
        ------
        ValueError
            If series are not as described, or a parameter has no such value.
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
            raise ValueError(f"{type(self).__name__} learns to tell classes apart, and y has one class: {one!r}")
        events = [events[case] for case in learnt]
        of_classes: NDArray[Any] = np.bincount(positions, weight[learnt])
        network = SequenceNetwork(
            "classifier",
            [events[0].shape[1], *hidden_layers(self.hidden_layer_sizes), len(classes)],
            length=self.length or min(max(map(len, events)), LONGEST),
            cell=self.cell,
            seed=seed,
            activation=self.activation,
            l2=self.l2,
            restarts=self.restarts,
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
                shown, told = [events[case] for case in cases], positions[cases]
                network.observe(shown, told, into=part, weight=weight[learnt[cases]])  # type: ignore[arg-type]
        self.classes_, self.n_channels_ = classes, events[0].shape[1]
        self._train(network, keep=False)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each class.

        Parameters
        ----------
        X : array_like or list of array_like
            Series as for `fit`, with as many channels, of any lengths.

        Returns
        -------
        numpy.ndarray of float64, shape (cases, classes)
            Probabilities, in the order of ``classes_``.
        """
        check_is_fitted(self, "network_")
        outputs = self.network_.run(sequences(X, self.n_channels_)).astype(np.float64)
        # Their sum is 1 in single precision only.
        outputs /= outputs.sum(axis=1, keepdims=True)
        return outputs

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each series.

        Parameters
        ----------
        X : array_like or list of array_like
            Series as for `fit`, with as many channels, of any lengths.

        Returns
        -------
        numpy.ndarray of shape (cases,)
            Members of ``classes_``.
        """
        positions = self.predict_proba(X).argmax(axis=1)
        best: NDArray[Any] = self.classes_[positions]
        return best

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn asks of an estimator: this one takes arrays of three dimensions."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags
