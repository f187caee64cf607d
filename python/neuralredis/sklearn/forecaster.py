"""The forecaster of series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, SupportsIndex

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from neuralredis.coming import future
from neuralredis.options import Activation
from neuralredis.sequences import Cell, Forecast, SequenceNetwork
from neuralredis.series import cut, scaled_errors
from neuralredis.sklearn.checks import hidden_layers, whole_number
from neuralredis.sklearn.long import ID, TIME, Long, is_table, long, one, table_like
from neuralredis.sklearn.sequence_classifier import LONGEST
from neuralredis.sklearn.trained import TrainedEstimator

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Forecaster"]

#: What the one series of an array is called.
ALONE = "y"
#: The name of the column with forecasts, which Nixtla's libraries have after the model.
NAME = "Forecaster"


class Forecaster(TrainedEstimator):
    """A forecaster of one series or of several, which share one `neuralredis.SequenceNetwork`.

    One series is an array, and so is its forecast, as of statsmodels. Several are a table in long form with the columns
    ``unique_id``, ``ds`` and ``y``, and their forecasts a table with ``unique_id``, ``ds`` and ``Forecaster``, as of
    Nixtla's libraries: a frame of pandas or polars, or a dict of columns.

    Each series is cut in time: the network learns its first part, and the last one tells when to stop, how good the
    forecasts are, and how wide their bounds have to be. Forecasts go on from the very end all the same. The network
    sees the last 24 values, and learns by how much the next differs from the last; it answers further ahead from its
    own answers. Values that grow by shares are to be given as logarithms. Gaps may be NaN.

    Where a series has a trend and a season and no more than a few hundred values, exponential smoothing is as good or
    better; networks gain where there are many series or long ones.

    Parameters
    ----------
    season_length : int, default 1
        Values of a season, such as 12 of monthly ones, 1 or more: the naive forecast that the network is compared with
        is the value of a season before. What the network learns does not depend on it.
    hidden_layer_sizes : sequence of int or int, default (30, 30, 30)
        Units of each hidden layer.
    cell : {"auto", "window", "reservoir"}, default "auto"
        How a series is seen. (As of `neuralredis.SequenceNetwork`.)
    activation : {"relu", "tanh", "sigmoid"}, default "relu"
        Of the hidden units.
    l2, restarts
        As for `NeuralRegressor`.
    max_iter : int or None, default 10000
        Iterations at most, each over all values; None for no limit.
    early_stopping : bool, default True
        Whether to cut series. Without it, and where all are too short for it, a training takes ``max_iter`` iterations,
        and nothing is known of how good the forecasts are.
    validation_fraction : float, default 0.2
        The share of each series that the network does not learn, above 0, below 1.
    n_iter_no_change : int or "auto", default "auto"
        Iterations without a gain on the last parts after which ``early_stopping`` ends a training.
    random_state : int, RandomState or None, default None
        Of the initial weights.
    verbose : bool, default False
        Whether to show a progress bar.

    Attributes
    ----------
    network_ : neuralredis.SequenceNetwork
        The network, to be saved, or put into a Redis server with `neuralredis.NeuralRedis.upload`. It has kept the
        series under their ids, one alone under ``y``, so that a `neuralredis.Session` goes on with them.
    mase_ : float or None
        Mean absolute scaled error [1]_ of forecasts of a season, from up to 40 places in the last part of each series:
        1 is the mean error of the seasonal naive forecast in the first part. The mean of all series; None if none was
        cut. The last parts told when to stop, which makes it a little too good.
    baseline_mase_ : float or None
        That of the seasonal naive forecasts of the same values, to be beaten.
    series_ : dict
        The series, by their ids.
    n_iter_, loss_curve_, validation_loss_curve_
        As of `NeuralRegressor`.

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

    Several series in long form.

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
    #: When the values of each series were; None of one series alone.
    _times: dict[Any, NDArray[Any]] | None
    #: An empty table of the kind that was learnt from.
    _like: Any

    def __init__(
        self,
        season_length: int = 1,
        hidden_layer_sizes: Any = (30, 30, 30),
        cell: Cell = "auto",
        *,
        activation: Activation = "relu",
        l2: float | Literal["auto"] = "auto",
        restarts: int | Literal["auto"] = "auto",
        max_iter: int | None = 10_000,
        early_stopping: bool = True,
        validation_fraction: float = 0.2,
        n_iter_no_change: int | Literal["auto"] = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
    ) -> None:
        self.season_length = season_length
        self.hidden_layer_sizes = hidden_layer_sizes
        self.cell = cell
        self.activation = activation
        self.l2 = l2
        self.restarts = restarts
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, y: Any, X: None = None) -> Self:
        """Learn series.

        Ctrl-C ends the training, keeps the best that was learnt, and raises ``KeyboardInterrupt``.

        Parameters
        ----------
        y : array_like of shape (values,), or table
            One series, the first value first; or several in long form, in any order of rows. ``ds`` may be moments,
            texts of ISO 8601 or numbers, and goes on in equal steps, in months, or in working days.
        X : None
            Has to be None: a forecast is made of what the series was, and of nothing else.

        Returns
        -------
        Forecaster
            This one.

        Raises
        ------
        ValueError
            If series are not as described, or a parameter has no such value.
        """
        if X is not None:
            raise ValueError("X is given: expected None, since forecasts are made of the series alone")
        whole_number("season_length", self.season_length, None)
        if self.season_length is None:
            raise ValueError("season_length is None: expected an integer of at least 1")
        _, seed = self._checked()
        found = long(y) if is_table(y) else Long({ALONE: one(y)}, {})
        for id, times in found.times.items():
            # What cannot go on is refused before anything is learnt.
            future(times, 1, id)
        # Texts and numbers that are written alike are two series for the table, and one for the network.
        names = {id: str(id) for id in found.values}
        if len(set(names.values())) < len(names):
            raise ValueError(f"y has two series of one name: {sorted(names.values())[:5]}")
        network = SequenceNetwork(
            "regressor",
            fields={"y": "number"},
            target="y",
            hidden=hidden_layers(self.hidden_layer_sizes),
            length=min(max(map(len, found.values.values())), LONGEST),
            cell=self.cell,
            seed=seed,
            activation=self.activation,
            l2=self.l2,
            restarts=self.restarts,
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
        """Return the next values.

        Parameters
        ----------
        steps : int, default 1
            How many values ahead, 1 to 10000.
        y : array_like or table, optional
            Series as for `fit`, to go on from in the place of those that were learnt.

        Returns
        -------
        numpy.ndarray of float64, shape (steps,), or table
            The forecasts of one series; of a table one with ``unique_id``, ``ds`` and ``Forecaster``.
        """
        return self._answer(steps, None, y)

    def predict_interval(self, steps: SupportsIndex = 1, level: float = 0.9, y: Any = None) -> Any:
        """Return the next values, and bounds between which each lies as often as is asked.

        They follow from how far forecasts of the last parts of series were off, each step by itself: by split conformal
        prediction.

        Parameters
        ----------
        steps : int, default 1
            How many values ahead, 1 to 10000.
        level : float, default 0.9
            How often a value is to lie within its bounds, above 0, below 1.
        y : array_like or table, optional
            As for `predict`.

        Returns
        -------
        neuralredis.Forecast or table
            Of one series, ``values``, ``low`` and ``high``; of a table what `predict` returns, with
            ``Forecaster-lo-90`` and ``Forecaster-hi-90``.

        Raises
        ------
        neuralredis.TrainingError
            If what was held out of the series is too short, or they are too few, for that level.
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
            said = self._forecast(series[ALONE], count, level)
            return said.values.astype(np.float64) if level is None else said
        parts = {id: self._forecast(values, count, level) for id, values in series.items()}
        columns: dict[str, Any] = {
            ID: np.repeat(_column(list(parts)), count),
            TIME: np.concatenate([future(times[id], count, id) for id in parts]),
            NAME: np.concatenate([said.values for said in parts.values()]).astype(np.float64),
        }
        if level is not None:
            for end, bounds in (
                ("lo", [said.low for said in parts.values()]),
                ("hi", [s.high for s in parts.values()]),
            ):
                columns[f"{NAME}-{end}-{100 * level:g}"] = np.concatenate(bounds).astype(np.float64)  # type: ignore[arg-type]
        return table_like(like, columns)

    def _forecast(self, values: NDArray[np.float64], steps: int, level: float | None = None) -> Forecast:
        return self.network_.forecast(values[-self.network_.length :].tolist(), steps, level=level)

    def _kept_back(self) -> float:
        return float(self.validation_fraction) if self.early_stopping else 0.0

    def _judged(self) -> tuple[float | None, float | None]:
        """Return the errors of the network, and of seasonal naive forecasts, in the last parts of the series."""
        later = {id: values for id, values in self.series_.items() if cut(values, self._kept_back())[1] is not None}
        begins = [len(cut(values, self._kept_back())[0]) for values in later.values()]
        return scaled_errors(
            lambda known, steps: self._forecast(known, steps).values, later.values(), begins, int(self.season_length)
        )


def _column(ids: list[Any]) -> NDArray[Any]:
    found = np.asarray(ids)
    return found.astype(object) if found.dtype.kind == "U" else found
