"""Series that are cut in time: what came first is learnt, and what came last tells when to stop."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuralredis.exceptions import OptionError

__all__ = ["CONTEXT", "KEPT_BACK", "Part", "cut", "parts", "scaled_errors"]

#: Events that a network of a series has as inputs unless its cell is a reservoir. The later part begins so many before
#: those that are held out, so that the first of these is answered by what came before it.
CONTEXT = 24
#: The share of a series that is held out.
KEPT_BACK = 0.2
#: What is added to the id of a series for its earlier part.
BEFORE = b" before"
#: Places of a series, at most, from which its last part is forecast to see how good that is, and those of all series.
PLACES, ALL_PLACES = 40, 2000


class Part(NamedTuple):
    """Series, or parts of them, that go to one set, and their ids."""

    events: list[Any]
    ids: list[bytes]


def cut(series: Any, kept_back: float = KEPT_BACK) -> tuple[Any, Any]:
    """Return the earlier part of a series, and the later one; None for that if the series is too short.

    Parameters
    ----------
    series : sequence or numpy.ndarray
        Its events, the first one first.
    kept_back : float, default 0.2
        The share of the events that are in the later part alone, from 0 to less than 1.

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
    """Return what of some series is learnt, and what tells when to stop, which has the ids of the series."""
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
    """Return the mean absolute scaled error of forecasts of a season, and that of seasonal naive forecasts.

    R. J. Hyndman, A. B. Koehler, "Another look at measures of forecast accuracy", International Journal of Forecasting
    22, 2006. The scale is the mean error of seasonal naive forecasts in the part that was learnt.

    Parameters
    ----------
    forecast : callable
        From what is known of a series, and a number of steps, to its next values.
    all_series : collection of numpy.ndarray
        The series, whole; NaN is a gap.
    begins : sequence of int
        Where the last part of each begins, of which nothing was learnt.
    season : int
        Values of a season.

    Returns
    -------
    tuple of float or None
        The means over the series; None if none has a season in its last part, or a scale.

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
            said = (forecast(values[:place], season), values[place - season : place])
            errors.append([_mean(np.abs(each - truth)) for each in said])
        means = [_mean(np.array(of)) for of in zip(*errors, strict=True)]
        if usual > 0 and not np.isnan(means).any():
            found.append((means[0] / usual, means[1] / usual))
    if not found:
        return None, None
    network, naive = np.mean(found, axis=0).tolist()
    return network, naive


def _mean(values: NDArray[Any]) -> float:
    """Return the mean of what is known, NaN if nothing is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
