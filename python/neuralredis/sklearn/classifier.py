"""The estimator `NeuralClassifier`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets

from neuralredis.options import Activation
from neuralredis.sklearn.base import NeuralEstimator, weights
from neuralredis.sklearn.checks import checked
from neuralredis.sklearn.classweights import class_weights
from neuralredis.sklearn.coding import as_numbers, class_names
from neuralredis.sklearn.rows import Rows

if TYPE_CHECKING:
    from typing_extensions import Self


class NeuralClassifier(ClassifierMixin, NeuralEstimator):
    """A classifier: a `neuralredis.Network` with softmax outputs, trained with cross-entropy.

    Parameters have the names of scikit-learn's ``MLPClassifier`` where it has them; ``normalize``, ``l2`` and
    ``ensemble`` are those of `neuralredis.Network`. The defaults need no tuning: inputs are standardized, rows are held
    out for early stopping, and for few rows it is an ensemble of the better half of several networks.

    Rows are arrays, sparse matrices, or frames of pandas, polars or Arrow (tables). Frames may have words, dates and
    booleans, and all rows may have missing values (NaN, None, NA). Rows of numbers without missing values give a
    network without fields. Other rows give a network with a field for each column:

    ============================= =================================================
    A column of                   Becomes
    ============================= =================================================
    numbers, durations            ``number``; durations are in seconds
    booleans                      ``flag``
    dates, datetimes              ``time``
    words, categories, all others ``category n``, with ``n`` distinct words
    numbers and words             ``auto n``
    free texts                    ``text 512``
    ============================= =================================================

    A column is free text if most values have more than three words and hardly any is repeated, or one is longer than 64
    bytes. All words that are new after `fit` are treated alike. In a network without fields, a missing value in
    `predict` is replaced by the mean of its column (0 without ``normalize``). Sparse matrices are converted to
    dense ones of at most 2**28 numbers.

    Rows are stored and computed with in float32 (seven digits). Shift and scale columns whose values differ only beyond
    that, such as seconds since 1970.

    The same ``random_state``, rows and calls give the same predictions on every machine. The order of rows does not
    matter, and a row with weight 2 is equivalent to two rows.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int or int, default (30, 30, 30)
        Units of each hidden layer; ``()`` for none, which is a logistic regression.
    activation : {"relu", "tanh", "sigmoid"}, default "relu"
        Activation of the hidden units. With ``monotonic_cst``, ``"relu"`` means tanh.
    normalize : bool, default True
        Whether to standardize the inputs by the training rows; fields are always standardized. (Name of
        `neuralredis.Network`.)
    l2 : float or "auto", default "auto"
        Weight decay: ``l2 / 2`` times the sum of squared weights is added to the mean loss of a row. It is ``alpha`` of
        ``MLPClassifier`` divided by the number of rows. ``"auto"`` corresponds to an ``alpha`` of 1, or 0.01 to 3 for
        the members of an ensemble. (Name of `neuralredis.Network`.)
    ensemble : int or "auto", default "auto"
        Size of the ensemble, 1 to 64. With ``early_stopping`` the better half by validation error is kept and averaged.
        ``"auto"`` trains up to seven networks, for many rows up to sixteen, where that is cheap. (Name of
        `neuralredis.Network`.)
    monotonic_cst : array_like of int of shape (inputs,), dict of str to int, or None, default None
        Monotone constraints on the probability of the second of two classes: 1 for a column in which it never falls, -1
        for one in which it never rises, else 0; a dict if columns have names. They hold exactly for all pairs of rows
        that differ in such columns alone. (Name of ``HistGradientBoostingClassifier``; see ``monotone`` of
        `neuralredis.Network`.)
    class_weight : dict, "balanced" or None, default None
        Weight of each class, above 0, which multiplies row weights; ``"balanced"`` gives all classes the same total
        weight.
    max_iter : int or None, default 10000
        Limit of iterations, passes over all rows; None for no limit.
    early_stopping : bool, default True
        Whether to hold out validation rows, stop when their error no longer falls, and keep the best weights. Without
        it, or with too few rows for it, a training takes ``max_iter`` iterations.
    validation_fraction : float, default 0.2
        Share of each class's rows that ``early_stopping`` holds out, above 0 and below 1. At least one row of each
        class is a training row.
    n_iter_no_change : int or "auto", default "auto"
        Iterations, at least 1, without a lower validation error after which ``early_stopping`` ends a training.
        ``"auto"`` waits half as long as the training took so far, from 50 or 100 to 500.
    random_state : int, RandomState or None, default None
        Seed for the initial weights and the choice of validation rows.
    warm_start : bool, default False
        Whether `fit` continues from the weights of the last call.
    verbose : bool, default False
        Whether to show a progress bar.
    restarts : int, "auto" or None, default None
        The former name of ``ensemble``; give only one of them.

    Attributes
    ----------
    network_ : neuralredis.Network
        The network, for `neuralredis.Network.save` or `neuralredis.NeuralRedis.upload`. Its classes are indices of
        ``classes_``, or, with fields, the classes as text. It stores no rows of `fit`, and all rows of `partial_fit`.
    classes_ : numpy.ndarray of shape (classes,)
        The classes, sorted, without those of rows with weight 0.
    n_iter_ : int
        Iterations of the last training.
    loss_curve_ : numpy.ndarray of float64, shape (``n_iter_``,)
        Mean loss of a training row after each iteration of the last training; beyond a few hundred iterations it is
        interpolated.
    validation_loss_curve_ : numpy.ndarray of float64, shape (``n_iter_``,), or None
        Mean loss of a validation row after each iteration; None without validation rows.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : numpy.ndarray of str, shape (``n_features_in_``,)
        Names of the columns, if X was a frame and all names are strings.

    Examples
    --------
    >>> from neuralredis.sklearn import NeuralClassifier
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import cross_val_score
    >>> X, y = load_iris(return_X_y=True)
    >>> float(cross_val_score(NeuralClassifier(random_state=1), X, y).mean()) > 0.9
    True

    A frame with words and a gap:

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"age": [20, 60, None, 30] * 10, "plan": ["free", "pro", "free", "pro"] * 10})
    >>> model = NeuralClassifier(random_state=1).fit(customers, ["yes", "no", "yes", "no"] * 10)
    >>> model.predict(pd.DataFrame({"age": [33, None], "plan": ["free", "pro"]})).tolist()
    ['yes', 'no']
    >>> dict(model.network_.fields)
    {'age': 'number', 'plan': 'category 2'}
    """

    classes_: NDArray[Any]
    #: Sum of the weights of the network's rows of each class.
    _rows_of: NDArray[np.float64]

    def __init__(
        self,
        hidden_layer_sizes: Any = (30, 30, 30),
        activation: Activation = "relu",
        *,
        normalize: bool = True,
        l2: float | Literal["auto"] = "auto",
        ensemble: int | Literal["auto"] = "auto",
        monotonic_cst: ArrayLike | Mapping[str, int] | None = None,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        max_iter: int | None = 10_000,
        early_stopping: bool = True,
        validation_fraction: float = 0.2,
        n_iter_no_change: int | Literal["auto"] = "auto",
        random_state: int | np.random.RandomState | None = None,
        warm_start: bool = False,
        verbose: bool = False,
        restarts: int | Literal["auto"] | None = None,
    ) -> None:
        super().__init__(
            hidden_layer_sizes,
            activation,
            normalize=normalize,
            l2=l2,
            ensemble=ensemble,
            monotonic_cst=monotonic_cst,
            max_iter=max_iter,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
            random_state=random_state,
            warm_start=warm_start,
            verbose=verbose,
            restarts=restarts,
        )
        self.class_weight = class_weight

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train on rows, which are not kept.

        Ctrl-C ends the training, keeps the best weights, and raises ``KeyboardInterrupt``.

        Parameters
        ----------
        X : array_like, frame or sparse matrix of shape (rows, inputs)
            Finite numbers and missing values; in frames also words, dates and booleans.
        y : array_like of shape (rows,)
            The class of each row, of any type; at least two classes.
        sample_weight : array_like of shape (rows,), optional
            Number of rows that each row stands for, at least 0. The sum matters as the number of rows does: weights
            with a mean of 1 keep it.

        Returns
        -------
        NeuralClassifier
            The estimator.

        Raises
        ------
        ValueError
            If rows or a parameter are invalid.
        """
        goes_on = self._goes_on()
        inputs, labels = checked(self, X, y, reset=not goes_on, ensure_min_samples=2)
        check_classification_targets(labels)
        weight = weights(sample_weight, len(labels))
        classes = self.classes_ if goes_on else np.unique(labels[weight > 0])
        if len(classes) < 2:
            raise ValueError(f"y has one class, {classes[0]!r}: expected at least two")
        return self._fit(inputs, labels, weight, classes, goes_on=goes_on, keep=False)

    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Store further rows and continue training.

        The network trains on the rows of all calls, a share of which is held out in each call for early stopping. Rows
        of `fit` are not among them. For an endless stream use `neuralredis.Network`, whose number of rows is limited.

        The rows of the first call decide the kind of each column, and whether missing values are allowed. A column of
        words has room for 100 categories, or for as many as the first call has if these are more; others are treated
        alike.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`, with at least one row.
        classes : array_like of shape (classes,), optional
            All classes, at least two; required in the first call, unless `fit` was called before.

        Returns
        -------
        NeuralClassifier
            The estimator.

        Raises
        ------
        ValueError
            If y has a class that is not in ``classes``, or as for `fit`.

        Examples
        --------
        >>> from neuralredis.sklearn import NeuralClassifier
        >>> signs = NeuralClassifier(random_state=1)
        >>> signs.partial_fit([[-4], [-1], [3], [8]], ["-", "-", "+", "+"], classes=["-", "+"]).predict([[5]])
        array(['+'], dtype='<U1')
        """
        goes_on = hasattr(self, "network_")
        if classes is None and not goes_on:
            raise ValueError("classes is missing: expected all classes in the first call of partial_fit")
        inputs, labels = checked(self, X, y, reset=not goes_on)
        check_classification_targets(labels)
        named = self.classes_ if classes is None else np.unique(classes)
        if goes_on and not np.array_equal(named, self.classes_):
            raise ValueError(f"classes are {named}: expected those of the first call, {self.classes_}")
        if len(named) < 2:
            raise ValueError(f"classes are {named}: expected at least two")
        return self._fit(inputs, labels, weights(sample_weight, len(labels)), named, goes_on=goes_on, keep=True)

    def _fit(
        self,
        X: Any,
        y: NDArray[Any],
        weight: NDArray[np.float64],
        classes: NDArray[Any],
        *,
        goes_on: bool,
        keep: bool,
    ) -> Self:
        X, y, weight = X[weight > 0], y[weight > 0], weight[weight > 0]
        unknown = np.setdiff1d(y, classes)
        if len(unknown):
            raise ValueError(f"y has {unknown}: expected the classes {classes}")
        positions = np.searchsorted(classes, y)
        rows_of: NDArray[Any] = np.bincount(positions, weight, len(classes))
        if keep and goes_on:
            rows_of += self._rows_of
        table, coding = as_numbers(X)
        rows = Rows(table, positions[:, np.newaxis].astype(np.float32), weight)
        class_weight = class_weights(self.class_weight, classes, rows_of)
        network = self._prepared(
            "classifier", rows, coding, class_names(classes), class_weight, goes_on=goes_on, keep=keep
        )
        self.classes_ = classes
        self._rows_of = rows_of if keep else np.zeros(len(classes))
        self._train(network, keep=keep)
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the probability of each class.

        Parameters
        ----------
        X : array_like, frame or sparse matrix of shape (rows, inputs)
            As for `fit`, with the same columns.

        Returns
        -------
        numpy.ndarray of float64, shape (rows, classes)
            Probabilities, in the order of ``classes_``.

        Examples
        --------
        >>> from neuralredis.sklearn import NeuralClassifier
        >>> X = [[x] for x in range(100)]
        >>> large = NeuralClassifier(random_state=1).fit(X, [x > 49 for x in range(100)])
        >>> large.predict_proba([[20], [80]]).round()
        array([[1., 0.],
               [0., 1.]])
        """
        outputs = self._outputs(X)
        # Normalize again: their sum is 1 in float32 only.
        outputs /= outputs.sum(axis=1, keepdims=True)
        return outputs

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : array_like, frame or sparse matrix of shape (rows, inputs)
            As for `fit`, with the same columns.

        Returns
        -------
        numpy.ndarray of shape (rows,)
            Members of ``classes_``.
        """
        positions = self._outputs(X).argmax(axis=1)
        best: NDArray[Any] = self.classes_[positions]
        return best
