"""The classifier."""

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
    """A classifier that is a `neuralredis.Network`, with softmax outputs and the cross-entropy.

    Parameters that scikit-learn's ``MLPClassifier`` has, too, have its names; ``normalize``, ``l2`` and ``restarts``
    are those of `neuralredis.Network`. Nothing needs to be set: it standardizes the inputs, holds rows out to tell
    when to stop, and where rows are few it is the better half of several networks.

    Rows are arrays, sparse matrices or frames as they were read, of pandas, polars or Arrow (tables). Frames may have
    words, dates and booleans, and all may have gaps (NaN, None, NA). Numbers without gaps make a network of numbers.
    Other rows make one of fields, a field for each column:

    ============================= =================================================
    A column of                   Becomes
    ============================= =================================================
    numbers, durations            ``number``; durations are in seconds
    booleans                      ``flag``
    dates, datetimes              ``time``
    words, categories, all others ``category n``, of the ``n`` words that there are
    numbers and words             ``auto n``
    free texts                    ``text 512``
    ============================= =================================================

    Free texts mostly have more than three words and hardly ever repeat themselves, or one is longer than 64 bytes. A
    word that is new after `fit` counts as any other new word. A gap that comes to a network of numbers is answered as
    the mean of its column (as 0 without ``normalize``). Sparse matrices are learnt from as dense ones, of at most 2**28
    numbers.

    Rows are kept and computed with in single precision (float32, seven digits), whatever they come in: what differs
    only beyond that, such as seconds since 1970, is to be shifted and scaled before.

    The same ``random_state``, rows and calls give the same answers on every machine. The order of the rows does not
    matter, and a row of weight 2 is the same as two rows.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int or int, default (30, 30, 30)
        Units of each hidden layer; ``()`` for none, which is a logistic regression.
    activation : {"relu", "tanh", "sigmoid"}, default "relu"
        Of the hidden units. With ``monotonic_cst`` ``"relu"`` stands for tanh.
    normalize : bool, default True
        Whether a training standardizes the inputs by its rows; fields always are. (Name of `neuralredis.Network`.)
    l2 : float or "auto", default "auto"
        Weight decay: ``l2 / 2`` times the sum of squared weights is added to the mean loss of a row. It is ``alpha`` of
        ``MLPClassifier``, divided by the rows. ``"auto"`` is an ``alpha`` of 1, and a hundredth to three times that
        where ``restarts`` makes several networks. (Name of `neuralredis.Network`.)
    restarts : int or "auto", default "auto"
        Networks, 1 to 64, that are begun and trained. With ``early_stopping`` the half of them that does best on the
        rows held out answers, as one. ``"auto"`` makes up to seven, of many rows up to sixteen, where that is cheap.
        (Name of `neuralredis.Network`.)
    monotonic_cst : array_like of int of shape (inputs,), dict of str to int, or None, default None
        1 for a column with which the probability of the second of two classes only rises, -1 for one with which it only
        falls, else 0; of columns that have names also a dict. It holds exactly, for every two rows that differ in such
        columns alone. (Name of ``HistGradientBoostingClassifier``; see `neuralredis.Network`, ``monotone``.)
    class_weight : dict, "balanced" or None, default None
        How much the rows of each class count, above 0, besides their own weights; ``"balanced"`` gives all classes as
        much say.
    max_iter : int or None, default 10000
        Iterations at most, each over all rows; None for no limit.
    early_stopping : bool, default True
        Whether to hold rows out, end when these have nothing more to gain, and return to the weights that did best on
        them. Without it, and with too few rows for that, a training takes ``max_iter`` iterations.
    validation_fraction : float, default 0.2
        The share of each class's rows that ``early_stopping`` holds out, above 0, below 1. At least one row of each
        class is learnt from.
    n_iter_no_change : int or "auto", default "auto"
        Iterations, 1 or more, without a gain on the rows held out after which ``early_stopping`` ends a training.
        ``"auto"`` waits half as long as the training took so far, from 50 or 100 to 500.
    random_state : int, RandomState or None, default None
        Of the initial weights and of the rows held out.
    warm_start : bool, default False
        Whether `fit` begins with the weights that it left the last time.
    verbose : bool, default False
        Whether to show a progress bar.

    Attributes
    ----------
    network_ : neuralredis.Network
        The network, to be saved, or put into a Redis server with `neuralredis.NeuralRedis.upload`. It answers with
        positions in ``classes_``; if it is one of fields, with the classes as text. It has kept none of the rows of
        `fit`, and all of those of `partial_fit`.
    classes_ : numpy.ndarray of shape (classes,)
        The classes, sorted. Those of rows without weight are not among them.
    n_iter_ : int
        Iterations of the last training.
    loss_curve_ : numpy.ndarray of float64, shape (``n_iter_``,)
        The mean loss of a row that is learnt from, after each iteration of the last training; beyond a few hundreds of
        iterations on straight lines between some of them.
    validation_loss_curve_ : numpy.ndarray of float64, shape (``n_iter_``,), or None
        The same of the rows held out; None if there are none.
    n_features_in_ : int
        Inputs.
    feature_names_in_ : numpy.ndarray of str, shape (``n_features_in_``,)
        Names of the columns, if the rows came as a frame whose columns all have names.

    Examples
    --------
    >>> from neuralredis.sklearn import NeuralClassifier
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import cross_val_score
    >>> X, y = load_iris(return_X_y=True)
    >>> float(cross_val_score(NeuralClassifier(random_state=1), X, y).mean()) > 0.9
    True

    A frame with words and a gap.

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"age": [20, 60, None, 30] * 10, "plan": ["free", "pro", "free", "pro"] * 10})
    >>> model = NeuralClassifier(random_state=1).fit(customers, ["yes", "no", "yes", "no"] * 10)
    >>> model.predict(pd.DataFrame({"age": [33, None], "plan": ["free", "pro"]})).tolist()
    ['yes', 'no']
    >>> dict(model.network_.fields)
    {'age': 'number', 'plan': 'category 2'}
    """

    classes_: NDArray[Any]
    #: How much the rows that the network has of each class weigh.
    _rows_of: NDArray[np.float64]

    def __init__(
        self,
        hidden_layer_sizes: Any = (30, 30, 30),
        activation: Activation = "relu",
        *,
        normalize: bool = True,
        l2: float | Literal["auto"] = "auto",
        restarts: int | Literal["auto"] = "auto",
        monotonic_cst: ArrayLike | Mapping[str, int] | None = None,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        max_iter: int | None = 10_000,
        early_stopping: bool = True,
        validation_fraction: float = 0.2,
        n_iter_no_change: int | Literal["auto"] = "auto",
        random_state: int | np.random.RandomState | None = None,
        warm_start: bool = False,
        verbose: bool = False,
    ) -> None:
        super().__init__(
            hidden_layer_sizes,
            activation,
            normalize=normalize,
            l2=l2,
            restarts=restarts,
            monotonic_cst=monotonic_cst,
            max_iter=max_iter,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
            random_state=random_state,
            warm_start=warm_start,
            verbose=verbose,
        )
        self.class_weight = class_weight

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Learn from rows, and forget them.

        Ctrl-C ends the training, keeps the best that was learnt, and raises ``KeyboardInterrupt``.

        Parameters
        ----------
        X : array_like, frame or sparse matrix of shape (rows, inputs)
            Finite numbers and gaps; of frames also words, dates and booleans.
        y : array_like of shape (rows,)
            The class of each row, of any sort; two classes or more.
        sample_weight : array_like of shape (rows,), optional
            How many rows each row stands for, 0 or more. So it matters how large weights are together, as it does how
            many rows there are: weights of mean 1 leave that as it is.

        Returns
        -------
        NeuralClassifier
            This one.

        Raises
        ------
        ValueError
            If rows are not as described, or a parameter has no such value.
        """
        goes_on = self._goes_on()
        inputs, labels = checked(self, X, y, reset=not goes_on, ensure_min_samples=2)
        check_classification_targets(labels)
        weight = weights(sample_weight, len(labels))
        classes = self.classes_ if goes_on else np.unique(labels[weight > 0])
        if len(classes) < 2:
            raise ValueError(f"{type(self).__name__} learns to tell classes apart, and y has one class: {classes[0]!r}")
        return self._fit(inputs, labels, weight, classes, goes_on=goes_on, keep=False)

    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn from more rows, and keep them.

        The network trains on with all rows of all calls, of which a share was held out each time, until those have
        nothing more to gain. Rows of `fit` are not among them. A stream without an end is for a
        `neuralredis.Network`, which bounds the rows it has.

        The first rows decide what each column is, and whether there may be gaps. A column of words has room for 100
        different ones, or for as many as came first if these are more; further ones are alike.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`, from one row on.
        classes : array_like of shape (classes,), optional
            All classes that there are, two or more; needed the first time, unless `fit` came before.

        Returns
        -------
        NeuralClassifier
            This one.

        Raises
        ------
        ValueError
            If a class is not among those, or as for `fit`.

        Examples
        --------
        >>> from neuralredis.sklearn import NeuralClassifier
        >>> signs = NeuralClassifier(random_state=1)
        >>> signs.partial_fit([[-4], [-1], [3], [8]], ["-", "-", "+", "+"], classes=["-", "+"]).predict([[5]])
        array(['+'], dtype='<U1')
        """
        goes_on = hasattr(self, "network_")
        if classes is None and not goes_on:
            raise ValueError("the first call of partial_fit needs classes, all that there are")
        inputs, labels = checked(self, X, y, reset=not goes_on)
        check_classification_targets(labels)
        named = self.classes_ if classes is None else np.unique(classes)
        if goes_on and not np.array_equal(named, self.classes_):
            raise ValueError(f"classes are {named}: expected those of before, {self.classes_}")
        if len(named) < 2:
            raise ValueError(f"classes are {named}: expected two or more")
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
            As for `fit`, with the columns that it had.

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
        # Their sum is 1 in single precision only.
        outputs /= outputs.sum(axis=1, keepdims=True)
        return outputs

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : array_like, frame or sparse matrix of shape (rows, inputs)
            As for `fit`, with the columns that it had.

        Returns
        -------
        numpy.ndarray of shape (rows,)
            Members of ``classes_``.
        """
        positions = self._outputs(X).argmax(axis=1)
        best: NDArray[Any] = self.classes_[positions]
        return best
