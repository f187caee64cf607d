"""Continue the times of a series."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["future", "shown", "texts"]


def future(times: NDArray[Any], steps: int, id: Any) -> NDArray[Any]:
    """Return the times that follow those of a series, in equal steps, whole months, or working days.

    Parameters
    ----------
    times : numpy.ndarray of numbers or datetime64, shape (values,)
        The times of its values, in order.
    steps : int
        Number of times to return.
    id : str
        The id of the series, for the error message.

    Raises
    ------
    ValueError
        If the steps are none of these.

    Examples
    --------
    >>> future(np.array(["2026-01-31", "2026-02-28", "2026-03-31"], "datetime64[D]"), 2, "sales").tolist()
    [datetime.date(2026, 4, 30), datetime.date(2026, 5, 31)]
    """
    coming = _coming(times, steps)
    if coming is not None:
        return coming
    before, after = _neighbours(times)
    first = np.flatnonzero(after - before != after[0] - before[0])[0]
    raise ValueError(
        f"the times of series {id!r} have no regular step, such as from {shown(before[first])} to "
        f"{shown(after[first])}: expected equal steps, months, or working days"
    )


def _coming(times: NDArray[Any], steps: int) -> NDArray[Any] | None:
    before, after = _neighbours(times)
    gaps = np.unique(after - before)
    ahead = np.arange(1, steps + 1)
    if len(gaps) == 1 or (times.dtype.kind == "f" and np.allclose(gaps, gaps[0], rtol=1e-6)):
        equal: NDArray[Any] = times[-1] + ahead * gaps[0]
        return equal
    if times.dtype.kind == "M":
        months = times.astype("datetime64[M]")
        between = np.unique(np.diff(months).astype(np.int64))
        coming = months[-1] + ahead * between[0]
        into, rest = np.unique(times - months), np.unique(times - (months + 1))
        if len(between) == 1 and between[0] > 0:
            if len(into) == 1:
                return np.asarray(coming.astype(times.dtype) + into[0])
            if len(rest) == 1:
                return np.asarray((coming + 1).astype(times.dtype) + rest[0])
        days = times.astype("datetime64[D]")
        if (days == times).all() and np.is_busday(days).all() and (np.busday_count(*_neighbours(days)) == 1).all():
            return np.asarray(np.busday_offset(days[-1], ahead).astype(times.dtype))
    return None


def _neighbours(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    return values[:-1], values[1:]


def shown(time: Any) -> str:
    """Return a time as text, without a fraction or time of day that is zero."""
    return str(time).removesuffix(".000000").removesuffix("T00:00:00")


def texts(times: NDArray[Any]) -> list[str]:
    """Return times as texts: dates if all times are midnight, else with seconds; numbers with up to 12 digits.

    Examples
    --------
    >>> texts(np.array(["2026-01-31T00", "2026-01-31T01"], "datetime64[us]"))
    ['2026-01-31T00:00:00', '2026-01-31T01:00:00']
    """
    if times.dtype.kind != "M":
        return [f"{time:.12g}" for time in times.tolist()]
    days = times.astype("datetime64[D]")
    return [str(time) for time in (days if (days == times).all() else times.astype("datetime64[s]"))]
