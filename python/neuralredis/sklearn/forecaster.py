"""The estimator `Forecaster`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, SupportsIndex

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from neuralredis.coming import future
from neuralredis.options import Activation
from neuralredis.results import Forecast
from neuralredis.sequences import Cell, SequenceNetwork
from neuralredis.series import cut, scaled_errors
from neuralredis.sklearn.checks import hidden_layers_after, whole_number
from neuralredis.sklearn.long import ID, TIME, Long, is_table, long, one, table_like
from neuralredis.sklearn.sequence_classifier import LONGEST
from neuralredis.sklearn.trained import TrainedEstimator

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Forecaster"]

#: The id of a single series given as an array.
ALONE = "y"
#: The name of the column with forecasts, which is that of the model as in Nixtla's libraries.
NAME = "Forecaster"


class Forecaster(TrainedEstimator):
    """A forecaster of one or several series, which share one `neuralredis.SequenceNetwork`.

    A single series is an array, and so is its forecast, as in statsmodels. Several series are a table in long form with
    the columns ``unique_id``, ``ds`` and ``y``, and their forecasts a table with ``unique_id``, ``ds`` and
    ``Forecaster``, as in Nixtla's libraries: a frame of pandas or polars, or a dict of columns.

    Each series is cut in time: the first part is for training, the last part for early stopping, for the error of
    forecasts, and for the width of intervals. Forecasts start at the end of the whole series. The network takes the
    last 24 values as inputs and predicts the difference of the next value to the last; further steps use its own
    predictions. Take logarithms of values that grow exponentially. NaN is a missing value.

    For a single series of a few hundred values with trend and season, exponential smoothing is as good or better;
    networks are better for many or long series.

    Parameters
    ----------
    season_length : int, default 1
        Number of values in a season, at least 1, such as 12 for monthly values. The baseline is the naive forecast, the
        value one season before. The network does not use it.
    hidden_layer_sizes : sequence of int, int or None, default None
        Units of each hidden layer. None stands for 30, 30, 30, and with ``cell="gru"`` for no hidden layer.
    cell : {"auto", "window", "reservoir", "gru"}, default "auto"
        How a series becomes inputs. (As for `neuralredis.SequenceNetwork`.)
    activation : {"relu", "tanh", "sigmoid"}, default "relu"
        Activation of the hidden units.
    l2, ensemble
        As for `NeuralRegressor`.
    max_iter : int or None, default 10000
        Limit of iterations, passes over all values; None for no limit.
    early_stopping : bool, default True
        Whether to cut series. Without it, or if all series are too short, a training takes ``max_iter`` iterations, and
        the error of forecasts is unknown.
    validation_fraction : float, default 0.2
        Share of each series that is held out for validation, above 0 and below 1.
    n_iter_no_change : int or "auto", default "auto"
        Iterations without a lower validation error after which ``early_stopping`` ends a training.
    random_state : int, RandomState or None, default None
        Seed for the initial weights.
    verbose : bool, default False
        Whether to show a progress bar.
    restarts : int, "auto" or None, default None
        The former name of ``ensemble``; give only one of them.

    Attributes
    ----------
    network_ : neuralredis.SequenceNetwork
        The network, for `neuralredis.SequenceNetwork.save` or `neuralredis.NeuralRedis.upload`. It stores the series
        under their ids, a single one under ``y``, for `neuralredis.Session`.
    mase_ : float or None
        Mean absolute scaled error [1]_ of forecasts one season ahead, from up to 40 origins in the last part of each
        series, averaged over the series: 1 is the mean error of the seasonal naive forecast in the first part. None if
        no series was cut. It is slightly optimistic, since early stopping used the last parts.
    baseline_mase_ : float or None
        The same error of seasonal naive forecasts.
    series_ : dict
        The series by id.
    n_iter_, loss_curve_, validation_loss_curve_
        As for `NeuralRegressor`.

    References
    ----------
    .. [1] R. J. Hyndman, A. B. Koehler, "Another look at measures of forecast accuracy", International Journal of
       Forecasting 22, 2006.

    Examples
    --------
    >>> import numpy as np
    >>> from neuralredis.sklearn import Forecaster
    >>> day = np.array([2, 1, 1, 3, 6, 8, 7, 4])
    >>> load = np.tile(day, 30) + np.random.default_rng(1).normal(size=240) / 9
    >>> model = Forecaster(season_length=8, random_state=1).fit(load)
    >>> model.predict(8).round().tolist()
    [2.0, 1.0, 1.0, 3.0, 6.0, 8.0, 7.0, 4.0]
    >>> model.mase_ < model.baseline_mase_
    True
    >>> bounds = model.predict_interval(8, level=0.8)
    >>> bool((bounds.low < bounds.high).all())
    True

    Several series in long form:

    >>> import pandas as pd
    >>> days = pd.date_range("2026-01-01", periods=60)
    >>> sales = pd.DataFrame(
    ...     {"unique_id": np.repeat(["north", "south"], 60), "ds": [*days, *days], "y": np.tile([1, 4], 60)}
    ... )
    >>> Forecaster(random_state=1).fit(sales).predict(2).round({"Forecaster": 1})
      unique_id         ds  Forecaster
    0     north 2026-03-02         1.0
    1     north 2026-03-03         4.0
    2     south 2026-03-02         1.0
    3     south 2026-03-03         4.0
    """

    network_: SequenceNetwork
    mase_: float | None
    baseline_mase_: float | None
    series_: dict[Any, NDArray[np.float64]]
    #: The times of each series; None for a single series.
    _times: dict[Any, NDArray[Any]] | None
    #: An empty table of the type of the training table.
    _like: Any

    def __init__(
        self,
        season_length: int = 1,
        hidden_layer_sizes: Any = None,
        cell: Cell = "auto",
        *,
        activation: Activation = "relu",
        l2: float | Literal["auto"] = "auto",
        ensemble: int | Literal["auto"] = "auto",
        max_iter: int | None = 10_000,
        early_stopping: bool = True,
        validation_fraction: float = 0.2,
        n_iter_no_change: int | Literal["auto"] = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
        restarts: int | Literal["auto"] | None = None,
    ) -> None:
        self.season_length = season_length
        self.hidden_layer_sizes = hidden_layer_sizes
        self.cell = cell
        self.activation = activation
        self.l2 = l2
        self.ensemble = ensemble
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state
        self.verbose = verbose
        self.restarts = restarts

    def fit(self, y: Any, X: None = None) -> Self:
        """Train on series.

        Ctrl-C ends the training, keeps the best weights, and raises ``KeyboardInterrupt``.

        Parameters
        ----------
        y : array_like of shape (values,), or table
            One series in order of time, or several in long form, in any order of rows. ``ds`` may be datetimes, texts
            of ISO 8601 or numbers, in equal steps, months, or working days.
        X : None
            Must be None: forecasts use the series only.

        Returns
        -------
        Forecaster
            The estimator.

        Raises
        ------
        ValueError
            If series or a parameter are invalid.
        """
        if X is not None:
            raise ValueError("X is given: expected None, since forecasts use the series only")
        whole_number("season_length", self.season_length, None)
        if self.season_length is None:
            raise ValueError("season_length is None: expected an integer of at least 1")
        _, seed = self._checked()
        found = long(y) if is_table(y) else Long({ALONE: one(y)}, {})
        for id, times in found.times.items():
            # Raise an error for irregular times before the training.
            future(times, 1, id)
        # An id such as 1 and another such as "1" would be the same for the network.
        names = {id: str(id) for id in found.values}
        if len(set(names.values())) < len(names):
            raise ValueError(f"y has two series of one name: {sorted(names.values())[:5]}")
        network = SequenceNetwork(
            "regressor",
            fields={"y": "number"},
            target="y",
            hidden=hidden_layers_after(self.cell, self.hidden_layer_sizes),
            length=min(max(map(len, found.values.values())), LONGEST),
            cell=self.cell,
            seed=seed,
            activation=self.activation,
            l2=self.l2,
            ensemble=self._members(),
            patience=self.n_iter_no_change,
            dataset=len(found.values),
            test=len(found.values),
        )
        share = self._kept_back()
        network.observe_series(found.values.values(), ids=list(names.values()), kept_back=share)
        self.series_, self._times = found.values, found.times or None
        self._like = table_like(y, {}) if found.times else None
        self._train(network, keep=True)
        self.mase_, self.baseline_mase_ = self._judged()
        return self

    def predict(self, steps: SupportsIndex = 1, y: Any = None) -> Any:
        """Return the forecast of the next values.

        Parameters
        ----------
        steps : int, default 1
            Number of values, 1 to 10000.
        y : array_like or table, optional
            Series as for `fit`, to forecast instead of those of the training.

        Returns
        -------
        numpy.ndarray of float64, shape (steps,), or table
            The forecast of a single series, or a table with ``unique_id``, ``ds`` and ``Forecaster``.
        """
        return self._answer(steps, None, y)

    def predict_interval(self, steps: SupportsIndex = 1, level: float = 0.9, y: Any = None) -> Any:
        """Return the forecast with prediction intervals.

        Intervals come from the errors of forecasts on the last parts of series, for each step by itself, by split
        conformal prediction.

        Parameters
        ----------
        steps : int, default 1
            Number of values, 1 to 10000.
        level : float, default 0.9
            Coverage of the intervals, above 0 and below 1.
        y : array_like or table, optional
            As for `predict`.

        Returns
        -------
        neuralredis.Forecast or table
            For a single series ``values``, ``low`` and ``high``; else a table as from `predict` with additional columns
            ``Forecaster-lo-90`` and ``Forecaster-hi-90``.

        Raises
        ------
        neuralredis.TrainingError
            If the held-out parts are too short or too few for that level.
        """
        return self._answer(steps, level, y)

    def _answer(self, steps: SupportsIndex, level: float | None, y: Any) -> Any:
        check_is_fitted(self, "network_")
        if y is None:
            series, times, like = self.series_, self._times, self._like
        else:
            found = long(y) if is_table(y) else Long({ALONE: one(y)}, {})
            series, times, like = found.values, found.times or None, y
        count = int(np.asarray(steps))
        if times is None:
            forecast = self._forecast(series[ALONE], count, level)
            return forecast.values.astype(np.float64) if level is None else forecast
        parts = {id: self._forecast(values, count, level) for id, values in series.items()}
        columns: dict[str, Any] = {
            ID: np.repeat(_column(list(parts)), count),
            TIME: np.concatenate([future(times[id], count, id) for id in parts]),
            NAME: np.concatenate([forecast.values for forecast in parts.values()]).astype(np.float64),
        }
        if level is not None:
            for end, bounds in (
                ("lo", [forecast.low for forecast in parts.values()]),
                ("hi", [s.high for s in parts.values()]),
            ):
                columns[f"{NAME}-{end}-{100 * level:g}"] = np.concatenate(bounds).astype(np.float64)  # type: ignore[arg-type]
        return table_like(like, columns)

    def _forecast(self, values: NDArray[np.float64], steps: int, level: float | None = None) -> Forecast:
        return self.network_.forecast(values[-self.network_.length :].tolist(), steps, level=level)

    def _kept_back(self) -> float:
        return float(self.validation_fraction) if self.early_stopping else 0.0

    def _judged(self) -> tuple[float | None, float | None]:
        """Return the scaled errors of the network and of seasonal naive forecasts in the last parts of the series."""
        later = {id: values for id, values in self.series_.items() if cut(values, self._kept_back())[1] is not None}
        begins = [len(cut(values, self._kept_back())[0]) for values in later.values()]
        return scaled_errors(
            lambda known, steps: self._forecast(known, steps).values, later.values(), begins, int(self.season_length)
        )


def _column(ids: list[Any]) -> NDArray[Any]:
    found = np.asarray(ids)
    return found.astype(object) if found.dtype.kind == "U" else found
