"""Convert frames with words, dates or missing values: the kind of each column, and its values in a common form.

The kind follows from the column's dtype, and from its values only for object columns. A frame of numbers without
missing values is not converted: it becomes an array for a network without fields.

| column | kind | values here |
|---|---|---|
| integers, floats, durations (as seconds) | ``number`` | float32, NaN if missing |
| booleans | ``flag`` | float32, NaN if missing |
| dates and datetimes | ``time`` | datetime64[us] in UTC, NaT if missing |
| numbers and words | ``auto`` | str, None if missing |
| words, categories, any other single values | ``words`` | str, None if missing |
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

ColumnKind = Literal["number", "flag", "time", "auto", "words"]

#: Types that are not single values.
SEVERAL = (list, tuple, dict, Set, np.ndarray)
#: Types of missing values by name, since pandas need not be installed.
GAPS = ("NoneType", "NAType", "NaTType", "MaskedConstant")
#: Expected values of each kind, for errors.
EXPECTED: dict[ColumnKind, str] = {
    "number": "a number or a missing value",
    "flag": "True, False or a missing value",
    "time": "a date, a datetime or a missing value",
    "auto": "a word, a number or a missing value",
    "words": "a word or a missing value",
}


@dataclass(frozen=True)
class Frame:
    """Columns of the same length with their kinds, each in the form of its kind."""

    kinds: tuple[ColumnKind, ...]
    values: tuple[NDArray[Any], ...]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.values[0])

    def __getitem__(self, rows: Any) -> Frame:
        """Return some of the rows."""
        return Frame(self.kinds, tuple(column[rows] for column in self.values))


def is_frame(X: Any) -> bool:
    """Return whether X is a frame of pandas or polars, a table of Arrow, or a similar object with columns."""
    return hasattr(type(X), "columns") or hasattr(type(X), "column_names")


def arrays(X: Any) -> list[NDArray[Any]]:
    """Return the columns of a frame, or of an array of rows, as arrays; object arrays for words or gaps."""
    kind = type(X)
    if hasattr(kind, "iloc"):
        columns = [X.iloc[:, column] for column in range(X.shape[1])]
    elif hasattr(kind, "get_column"):
        columns = [X.get_column(name) for name in X.columns]
    elif hasattr(kind, "column_names"):
        columns = [X.column(column) for column in range(X.shape[1])]
    elif is_frame(X):
        columns = [X[name] for name in X.columns]
    else:
        columns = list(np.asarray(X).T)
    return [array(column) for column in columns]


def array(column: Any) -> NDArray[Any]:
    """Return a column of any library as an array. Categories become text, also numeric ones."""
    dtype = getattr(column, "dtype", None)
    if hasattr(column, "to_pylist"):
        # Arrow loses missing values in the conversion of dictionary arrays.
        words = hasattr(column.type, "index_type")
        column = column.cast(column.type.value_type) if words else column
        found = column.to_numpy(zero_copy_only=False)
        return texts(found) if words else np.asarray(found)
    if hasattr(dtype, "categories") and hasattr(dtype, "ordered"):
        return texts(np.asarray(column.astype(object)))
    if hasattr(dtype, "tz"):
        # Datetimes of pandas with a zone; the array is in UTC.
        return np.asarray(column.to_numpy("datetime64[us]"))
    if getattr(dtype, "na_value", None) is not None and getattr(dtype, "kind", "") in tuple("iuf"):
        # Nullable types of pandas.
        return np.asarray(column.to_numpy(np.float64, na_value=np.nan))
    return np.asarray(column.to_numpy() if hasattr(column, "to_numpy") else column)


def is_gap(value: Any) -> bool:
    """Return whether a value is missing."""
    if isinstance(value, (str, bytes)):
        return not value
    if isinstance(value, (float, np.floating)):
        return bool(np.isnan(value))
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return bool(np.isnat(value))
    return type(value).__name__ in GAPS


def is_plain(column: NDArray[Any]) -> bool:
    """Return whether scikit-learn converts a column to numbers, with NaN for missing values."""
    if column.dtype.kind != "O":
        return column.dtype.kind in "biuf"
    return kind_of(column) in ("number", "flag") and not any(map(is_gap, column))


def kind_of(column: NDArray[Any]) -> ColumnKind:
    """Return the kind of a column."""
    letter = column.dtype.kind
    if letter != "O":
        found: ColumnKind = (
            "flag" if letter == "b" else "number" if letter in "iufm" else "time" if letter == "M" else "words"
        )
        return found
    types = set(map(type, column))
    if float in types and all(value != value for value in column if type(value) is float):
        # NaN, which pandas uses for missing values among words.
        types.discard(float)
    sorts = {sort(kind) for kind in types if kind.__name__ not in GAPS}
    if sorts == {"flag"} or sorts == {"time"}:
        return sorts.pop()
    if sorts and sorts <= {"flag", "number"}:
        return "number"
    return "auto" if sorts == {"number", "words"} else "words"


def column_kind_of(kind: str) -> ColumnKind:
    """Return the kind of column for a kind of field."""
    kinds: dict[str, ColumnKind] = {"number": "number", "flag": "flag", "time": "time", "auto": "auto"}
    return kinds.get(kind.split()[0], "words")


def sort(kind: type) -> ColumnKind:
    """Return the kind of values of a type."""
    if issubclass(kind, (bool, np.bool_)):
        return "flag"
    if issubclass(kind, (int, float, Decimal, np.integer, np.floating)):
        return "number"
    return "time" if issubclass(kind, (dt.date, np.datetime64)) else "words"


def frame(columns: Sequence[NDArray[Any]], names: Sequence[Any], kinds: Sequence[ColumnKind] | None = None) -> Frame:
    """Return a frame of columns, with their kinds given or detected."""
    found = tuple(kind_of(column) for column in columns) if kinds is None else tuple(kinds)
    values = tuple(formed(column, is_, name) for column, is_, name in zip(columns, found, names, strict=True))
    return Frame(found, values)


def formed(column: NDArray[Any], is_: ColumnKind, name: Any) -> NDArray[Any]:
    """Return a column in the form of its kind; errors name the column."""
    if is_ in ("number", "flag"):
        return numbers(column, is_, name)
    return moments(column, name) if is_ == "time" else texts(column, name)


def numbers(column: NDArray[Any], is_: ColumnKind, name: Any) -> NDArray[np.float32]:
    """Return numbers as float32, flags as 1 and 0, and NaN for missing values."""
    letter = column.dtype.kind
    if letter == "m":
        seconds = column / np.timedelta64(1, "s")
    elif letter in "biuf":
        seconds = column
    else:
        seconds = np.array([number(value, row, is_, name) for row, value in enumerate(column)], np.float64)
    with np.errstate(over="ignore"):
        found: NDArray[np.float32] = seconds.astype(np.float32)
    odd = np.flatnonzero(np.isinf(found))
    if len(odd):
        raise infinite(f"row {odd[0]}, column {name!r}")
    return found


def number(value: Any, row: int, is_: ColumnKind, name: Any) -> float:
    """Return a value as a number, NaN if missing."""
    if is_gap(value):
        return np.nan
    try:
        if isinstance(value, (dt.date, np.datetime64)):
            raise TypeError("a date is not a number")
        return float(value)
    except (TypeError, ValueError) as error:
        raise error_for(value, row, is_, name) from error


def moments(column: NDArray[Any], name: Any) -> NDArray[np.datetime64]:
    """Return datetimes in UTC."""
    if column.dtype.kind == "M":
        return column.astype("datetime64[us]")
    return np.array([moment(value, row, name) for row, value in enumerate(column)], "datetime64[us]")


def moment(value: Any, row: int, name: Any) -> np.datetime64:
    """Return a value as a datetime in UTC; without a zone it is taken as UTC."""
    if is_gap(value):
        return np.datetime64("NaT", "us")
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        value = value.astimezone(dt.timezone.utc).replace(tzinfo=None)
    if not isinstance(value, (dt.date, np.datetime64)):
        raise error_for(value, row, "time", name)
    found: np.datetime64 = np.array([value], "datetime64[us]")[0]
    return found


def texts(column: NDArray[Any], name: Any = "") -> NDArray[np.object_]:
    """Return words as strings, None for missing values."""
    found = np.empty(len(column), object)
    found[:] = [
        value or None if type(value) is str else None if is_gap(value) else text(value, row, name)
        for row, value in enumerate(column)
    ]
    return found


def text(value: Any, row: int, name: Any) -> str:
    """Return a value as a string, as networks with fields read it: 5 and 5.0 are equal, and so are True and "true"."""
    if isinstance(value, SEVERAL):
        raise error_for(value, row, "words", name)
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)) and value == np.rint(value) and abs(value) < 2**53:
        return str(int(value))
    return str(value)


def error_for(value: Any, row: int, is_: ColumnKind, name: Any) -> ValueError:
    """Return the error for an invalid value of a column."""
    return ValueError(f"row {row}, column {name!r} is {value!s:.40}: expected {EXPECTED[is_]}")


def infinite(where: str) -> ValueError:
    """Return the error for a number that is not finite in float32."""
    return ValueError(f"Input X contains infinity or a value too large for dtype('float32'): {where}")
