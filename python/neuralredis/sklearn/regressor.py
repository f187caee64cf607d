"""The estimator `NeuralRegressor`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.utils import check_array, column_or_1d

from neuralredis.sklearn.base import NeuralEstimator, weights
from neuralredis.sklearn.checks import checked
from neuralredis.sklearn.coding import as_numbers
from neuralredis.sklearn.rows import Rows

if TYPE_CHECKING:
    from typing_extensions import Self


class NeuralRegressor(RegressorMixin, NeuralEstimator):
    """A regressor: a `neuralredis.Network` with one or several linear outputs, trained with squared errors.

    Rows are as for `NeuralClassifier`, and results are as reproducible. Outputs are float32, as inputs.

    Parameters
    ----------
    hidden_layer_sizes, activation, ensemble, max_iter, early_stopping, n_iter_no_change
        As for `NeuralClassifier`.
    normalize : bool, default True
        Whether to standardize inputs and outputs by the training rows; with fields they always are. Predictions are in
        the original units in any case. (Name of `neuralredis.Network`.)
    l2 : float or "auto", default "auto"
        Weight decay: ``l2 / 2`` times the sum of squared weights is added to the mean loss of a row. ``"auto"`` is 10
        times the current error divided by the number of rows, so that rows without noise are fitted exactly, and 0.01
        to 3 times that for the members of an ensemble. (Name of `neuralredis.Network`.)
    monotonic_cst : array_like of int of shape (inputs,), dict of str to int, or None, default None
        Monotone constraints on the single output: 1 for a column in which it never falls, -1 for one in which it never
        rises, else 0, as for `NeuralClassifier`.
    validation_fraction : float, default 0.2
        Share of the rows that ``early_stopping`` holds out, above 0 and below 1.
    random_state, warm_start, verbose, restarts
        As for `NeuralClassifier`.

    Attributes
    ----------
    network_ : neuralredis.Network
        The network, for `neuralredis.Network.save` or `neuralredis.NeuralRedis.upload`. It stores no rows of `fit`, and
        all rows of `partial_fit`.
    n_iter_, loss_curve_, validation_loss_curve_, n_features_in_, feature_names_in_
        As for `NeuralClassifier`.

    Examples
    --------
    >>> from neuralredis.sklearn import NeuralRegressor
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import cross_val_score
    >>> X, y = load_diabetes(return_X_y=True)
    >>> float(cross_val_score(NeuralRegressor(random_state=1), X, y).mean()) > 0.4
    True
    """

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train on rows, which are not kept.

        Parameters
        ----------
        X, sample_weight
            As for `NeuralClassifier.fit`, and so is Ctrl-C.
        y : array_like of shape (rows,) or (rows, outputs)
            Finite numbers.

        Returns
        -------
        NeuralRegressor
            The estimator.

        Raises
        ------
        ValueError
            If rows or a parameter are invalid.
        """
        return self._fit(X, y, sample_weight, goes_on=self._goes_on(), keep=False)

    def partial_fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Store further rows and continue training, as `NeuralClassifier.partial_fit`.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`, with at least one row.

        Returns
        -------
        NeuralRegressor
            The estimator.

        Raises
        ------
        ValueError
            As for `fit`.
        """
        return self._fit(X, y, sample_weight, goes_on=hasattr(self, "network_"), keep=True)

    def _fit(self, X: Any, y: Any, sample_weight: ArrayLike | None, *, goes_on: bool, keep: bool) -> Self:
        least = 1 if keep else 2
        X, y = checked(self, X, y, reset=not goes_on, ensure_min_samples=least, multi_output=True, y_numeric=True)
        y = check_array(y, dtype=np.float32, ensure_2d=False, ensure_min_samples=least, input_name="y")
        if y.ndim == 1 or y.shape[1] == 1:
            y = column_or_1d(y, warn=True)[:, np.newaxis]
        weight = weights(sample_weight, len(y))
        X, y, weight = X[weight > 0], y[weight > 0], weight[weight > 0]
        table, coding = as_numbers(X)
        rows = Rows(table, y, weight)
        network = self._prepared("regressor", rows, coding, y.shape[1], goes_on=goes_on, keep=keep)
        self._train(network, keep=keep)
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the outputs for each row.

        Parameters
        ----------
        X : array_like, frame or sparse matrix of shape (rows, inputs)
            As for `fit`, with the same columns.

        Returns
        -------
        numpy.ndarray of float64, shape (rows,) or (rows, outputs)
            The outputs, with the precision of float32; of shape (rows,) for a single output.
        """
        outputs = self._outputs(X)
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: several outputs are supported."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
