"""Cut series in time into a training and a validation part, and measure errors of forecasts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuralredis.exceptions import OptionError

__all__ = ["CONTEXT", "KEPT_BACK", "Part", "cut", "parts", "scaled_errors"]

#: Window of a network of series, in events. The validation part begins this many events before the held-out ones, so
#: that the first of these has a full window.
CONTEXT = 24
#: Default share of a series that is held out.
KEPT_BACK = 0.2
#: Suffix of the id of the training part of a series.
BEFORE = b" before"
#: Most origins of forecasts in one series, and in all series together, for `scaled_errors`.
PLACES, ALL_PLACES = 40, 2000


class Part(NamedTuple):
    """The series, or parts of series, of one set, with their ids."""

    events: list[Any]
    ids: list[bytes]


def cut(series: Any, kept_back: float = KEPT_BACK) -> tuple[Any, Any]:
    """Return the training part of a series and the validation part, which is None if the series is too short.

    Parameters
    ----------
    series : sequence or numpy.ndarray
        Its events, in order.
    kept_back : float, default 0.2
        The share of events to hold out, from 0 to less than 1. The validation part also has the `CONTEXT` events before
        them.

    Examples
    --------
    >>> early, late = cut(list(range(100)))
    >>> early[-1], late[0], late[-1]
    (79, 56, 99)
    """
    if not 0 <= kept_back < 1:
        raise OptionError(f"kept_back is {kept_back}: expected a share from 0 to less than 1")
    events = series if isinstance(series, np.ndarray) else list(series)
    later = int(len(events) * kept_back)
    place = len(events) - later
    return (events[:place], events[max(place - CONTEXT, 0) :]) if later else (events, None)


def parts(X: Iterable[Any], ids: Sequence[bytes], kept_back: float) -> tuple[Part, Part]:
    """Return the training parts and the validation parts of series; the latter have the ids of the series."""
    train, test = Part([], []), Part([], [])
    for series, id in zip(X, ids, strict=True):
        early, late = cut(series, kept_back)
        if late is None:
            train.events.append(early)
            train.ids.append(id)
        else:
            train.events.append(early)
            train.ids.append(id + BEFORE)
            test.events.append(late)
            test.ids.append(id)
    return train, test


def scaled_errors(
    forecast: Callable[[NDArray[Any], int], NDArray[Any]],
    all_series: Collection[NDArray[Any]],
    begins: Sequence[int],
    season: int,
) -> tuple[float | None, float | None]:
    """Return the mean absolute scaled error (MASE) of forecasts one season ahead, and that of the naive forecast.

    R. J. Hyndman, A. B. Koehler, "Another look at measures of forecast accuracy", International Journal of Forecasting
    22, 2006. The naive forecast is the value one season before; the scale is its mean absolute error in the training
    part.

    Parameters
    ----------
    forecast : callable
        Returns the next values, given a series so far and a number of steps.
    all_series : collection of numpy.ndarray
        The whole series; NaN is a missing value.
    begins : sequence of int
        Where the held-out part of each begins.
    season : int
        Length of a season in values, at least 1.

    Returns
    -------
    tuple of float or None
        Means over the series; None if no held-out part is as long as a season, or no scale is above 0.

    Examples
    --------
    >>> series = np.array([0.0, 1, 4, 9, 16, 25, 36])
    >>> scaled_errors(lambda known, steps: known[-steps:] + 9, [series], [5], 1)
    (0.25, 2.5)
    """
    found: list[tuple[float, float]] = []
    most = max(min(PLACES, ALL_PLACES // max(len(all_series), 1)), 1)
    for values, begin in zip(all_series, begins, strict=True):
        last = len(values) - season
        if begin <= season or last < begin:
            continue
        usual = _mean(np.abs(values[season:begin] - values[: begin - season]))
        errors = []
        for place in np.unique(np.linspace(begin, last, most).astype(int)).tolist():
            truth = values[place : place + season]
            forecasts = (forecast(values[:place], season), values[place - season : place])
            errors.append([_mean(np.abs(each - truth)) for each in forecasts])
        means = [_mean(np.array(of)) for of in zip(*errors, strict=True)]
        if usual > 0 and not np.isnan(means).any():
            found.append((means[0] / usual, means[1] / usual))
    if not found:
        return None, None
    network, naive = np.mean(found, axis=0).tolist()
    return network, naive


def _mean(values: NDArray[Any]) -> float:
    """Return the mean without NaN; NaN if there is no other value."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
