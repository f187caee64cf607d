"""Collections of series in the format of aeon: channels before time points, of equal or different lengths."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["sequences"]

#: Formats of a collection of series, for errors.
EXPECTED = (
    "an array of shape (cases, channels, time points), one of shape (cases, time points) with one channel, or a list "
    "of arrays of shape (channels, time points)"
)


def sequences(X: Any, channels: int | None = None) -> list[NDArray[np.float32]]:
    """Return the events of each series: arrays of shape (time points, channels).

    Parameters
    ----------
    X : array_like or list of array_like
        A collection in the format of aeon's classifiers.
    channels : int, optional
        The expected number of channels; by default that of the first series.

    Raises
    ------
    ValueError
        If the shape is another, a series is empty, or a number is not finite in float32.
    """
    if hasattr(X, "columns"):
        raise ValueError(f"X is a frame: expected {EXPECTED}")
    cases = [X[at] for at in range(len(X))] if isinstance(X, (list, tuple)) else list(_array(X))
    found = [_case(case, at) for at, case in enumerate(cases)]
    if not found:
        raise ValueError("X has no series: expected at least one")
    expected = len(found[0]) if channels is None else channels
    for at, series in enumerate(found):
        if len(series) != expected:
            why = "as in the first" if channels is None else "as in fit"
            raise ValueError(f"series {at} of X has the shape {series.shape}: expected {expected} channels, {why}")
    return [_events(series, at) for at, series in enumerate(found)]


def _array(X: Any) -> NDArray[Any]:
    array = np.asarray(X)
    if array.ndim not in (2, 3):
        raise ValueError(f"X has the shape {array.shape}: expected {EXPECTED}")
    return array


def _case(case: Any, at: int) -> NDArray[Any]:
    """Return a series of shape (channels, time points)."""
    try:
        array = np.asarray(case)
    except ValueError:
        array = np.empty(0, object)
    if array.ndim == 1 and array.dtype.kind in "biuf":
        array = array[np.newaxis]
    if array.ndim != 2 or array.dtype.kind not in "biuf":
        found = f"the shape {array.shape} and the dtype {array.dtype}"
        raise ValueError(f"series {at} of X has {found}: expected numbers of shape (channels, time points)")
    if 0 in array.shape:
        raise ValueError(f"series {at} of X has the shape {array.shape}: expected at least one time point")
    return array


def _events(series: NDArray[Any], at: int) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        events = np.ascontiguousarray(series.T, np.float32)
    odd = np.argwhere(~np.isfinite(events))
    if len(odd):
        when, channel = odd[0]
        value = series[channel, when]
        # The wording of scikit-learn's message, which its tests require.
        found = "NaN" if np.isnan(value) else "infinity or a value too large for dtype('float32')"
        raise ValueError(f"Input X contains {found}: series {at}, channel {channel}, time point {when} is {value}")
    return events
