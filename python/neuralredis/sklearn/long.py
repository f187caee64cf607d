"""Series in long form: tables with the columns unique_id, ds and y, as in Nixtla's libraries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuralredis.coming import shown
from neuralredis.sklearn.frames import array

__all__ = ["Long", "is_table", "long", "one", "table_like"]

#: Names of the columns: the id of the series, the time, and the value.
ID, TIME, VALUE = "unique_id", "ds", "y"


class Long(NamedTuple):
    """The values and the times of series by id, in order of first occurrence."""

    values: dict[Any, NDArray[np.float64]]
    times: dict[Any, NDArray[Any]]


def is_table(y: Any) -> bool:
    """Return whether series are given as a frame or dict of columns."""
    return isinstance(y, Mapping) or hasattr(type(y), "columns")


def table_like(y: Any, columns: dict[str, Any]) -> Any:
    """Return columns as a table of the type of another one."""
    return columns if isinstance(y, Mapping) else type(y)(columns)


def one(y: Any) -> NDArray[np.float64]:
    """Return a single series as float64 of shape (values,); raise ValueError for other shapes."""
    try:
        values = np.asarray(y, np.float64)
    except (TypeError, ValueError):
        raise ValueError(
            f"y is not a series: expected numbers of shape (values,), or a table with {ID}, {TIME}, {VALUE}"
        ) from None
    if values.ndim == 2 and 1 in values.shape:
        values = values.ravel()
    if values.ndim != 1:
        raise ValueError(
            f"y has the shape {values.shape}: expected (values,), or a table with {ID}, {TIME}, {VALUE} for several "
            "series"
        )
    return checked(values, "y")


def checked(values: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    """Return the values of a series; raise ValueError if one is infinite, or fewer than two are not NaN."""
    with np.errstate(over="ignore"):
        odd = np.flatnonzero(np.isinf(values.astype(np.float32)))
    if len(odd):
        raise ValueError(
            f"{name} has {values[odd[0]]} at {odd[0]}: expected numbers within the range of float32, or NaN"
        )
    if np.count_nonzero(~np.isnan(values)) < 2:
        raise ValueError(f"{name} has {np.count_nonzero(~np.isnan(values))} values: expected at least two")
    return values


def long(y: Any) -> Long:
    """Return the series of a table, each sorted by time."""
    names = list(y.keys() if isinstance(y, Mapping) else y.columns)
    if missing := [name for name in (ID, TIME, VALUE) if name not in names]:
        raise ValueError(f"y has the columns {names}, without {missing[0]!r}: expected {ID}, {TIME} and {VALUE}")
    ids = [_id(id, row) for row, id in enumerate(np.asarray(y[ID]).tolist())]
    times, values = _times(array(y[TIME])), array(y[VALUE])
    try:
        numbers = values.astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"y has no numbers in the column {VALUE!r}: its dtype is {values.dtype}") from None
    rows: dict[Any, list[int]] = {}
    for row, id in enumerate(ids):
        rows.setdefault(id, []).append(row)
    found = Long({}, {})
    for id, places in rows.items():
        when = times[places]
        order = np.argsort(when, kind="stable")
        if len(twice := np.flatnonzero(when[order][:-1] == when[order][1:])):
            raise ValueError(f"series {id!r} has two rows of {TIME} {shown(when[order][twice[0]])}: expected one")
        found.times[id] = when[order]
        found.values[id] = checked(numbers[places][order], f"series {id!r}")
    if not rows:
        raise ValueError("y has no rows: expected at least one series")
    return found


def _id(id: Any, row: int) -> Any:
    if id is None or id != id:
        raise ValueError(f"row {row} of y has no {ID}")
    return id


def _times(column: NDArray[Any]) -> NDArray[Any]:
    """Return times as numbers or datetime64; texts are parsed as ISO 8601."""
    if column.dtype.kind in "iuf":
        gaps = np.isnan(column) if column.dtype.kind == "f" else np.zeros(len(column), bool)
        times: NDArray[Any] = column
    else:
        try:
            times = column.astype("datetime64[us]")
        except (TypeError, ValueError) as error:
            raise ValueError(f"{TIME} cannot be read: {error}; expected datetimes, ISO 8601 or numbers") from None
        gaps = np.isnat(times)
    if gaps.any():
        raise ValueError(f"row {np.flatnonzero(gaps)[0]} of y has no {TIME}")
    return times
