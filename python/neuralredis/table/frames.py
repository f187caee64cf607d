"""Read tables of a program: frames, tables of Arrow, dicts of columns, lists of dicts, without importing libraries."""

from __future__ import annotations

import datetime
import numbers
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuralredis.table.column import Column
from neuralredis.table.failure import TableError
from neuralredis.table.texts import shortened

__all__ = ["columns_of", "columns_of_rows", "of_values"]

#: Types of missing values.
_NONE = frozenset(("NAType", "NaTType", "MaskedConstant"))


def columns_of(data: Any) -> dict[str, Column]:
    """Return the columns of a table by name.

    Parameters
    ----------
    data : frame, dict of columns, or iterable of dict
        A frame of pandas or polars, a table of Arrow, columns by name, or rows as dicts. A dict within a row becomes
        columns with dotted names.

    Raises
    ------
    TableError
        If it is not a table, or has two columns of one name or columns of different lengths.

    Examples
    --------
    >>> columns = columns_of([{"age": 31, "plan": "pro"}, {"age": None, "plan": "free"}])
    >>> columns["age"].texts, columns["plan"].codes.tolist()
    (('31',), [0, 1])
    """
    named: list[tuple[Any, Any]]
    if isinstance(data, Mapping):
        named = list(data.items())
    elif isinstance(getattr(data, "dtype", None), np.dtype) and data.dtype.names:
        named = [(name, data[name]) for name in data.dtype.names]
    elif hasattr(type(data), "column_names"):
        named = list(zip(data.column_names, data.columns, strict=True))
    elif hasattr(type(data), "get_column"):
        named = [(name, data.get_column(name)) for name in data.columns]
    elif hasattr(type(data), "iloc") and hasattr(data, "columns"):
        named = [(name, data.iloc[:, place]) for place, name in enumerate(data.columns)]
    elif isinstance(data, Iterable) and not isinstance(data, str | bytes):
        named = list(columns_of_rows(data).items())
    else:
        raise TableError(f"{_shown(data)} is not a table: expected a frame, columns by name, rows, or a file")
    columns: dict[str, Column] = {}
    for given, values in named:
        name = given if isinstance(given, str) else str(given)
        if name in columns:
            raise TableError(f"there are two columns '{shortened(name)}'")
        columns[name] = of_values(name, values)
    if len({len(column) for column in columns.values()}) > 1:
        first, *others = columns.values()
        other = next(column for column in others if len(column) != len(first))
        raise TableError(f"column '{shortened(other.name)}' has {len(other):,} rows, '{first.name}' {len(first):,}")
    if not columns or not len(next(iter(columns.values()))):
        raise TableError("the table has no rows")
    return columns


def of_values(name: str, values: Any) -> Column:
    """Return a column of values of any type: a list, an array, a column of a frame.

    Raises
    ------
    TableError
        If it does not have one value for each row.
    """
    dtype = getattr(values, "dtype", None)
    if hasattr(dtype, "categories") and hasattr(dtype, "ordered"):
        # A series of pandas has an accessor `cat`; a Categorical has the codes itself.
        coded = getattr(values, "cat", values)
        texts = [_text(value) for value in coded.categories.tolist()]
        codes = np.asarray(coded.codes, np.int64)
        return Column(name, tuple(texts), codes, typed=True, words=True)
    # Types of polars.
    words = str(dtype).partition("(")[0] in ("Categorical", "Enum")
    array = values if isinstance(values, np.ndarray) else _array(values)
    if isinstance(array, np.ma.MaskedArray):
        array = np.array(array.tolist(), object)
    if array is not None and array.dtype.kind == "m":
        # Durations become seconds.
        array = array / np.timedelta64(1, "s")
    if array is not None and array.ndim == 2 and array.dtype.kind in "biuf":
        return _of_lists(name, list(array))
    if array is None or array.dtype.kind not in "biufM":
        items = array.tolist() if array is not None and array.ndim == 1 else _items(name, values)
        column = _of_objects(name, items)
        return Column(name, column.texts, column.codes, True, None, True) if words else column
    if array.ndim != 1:
        raise TableError(f"column '{shortened(name)}' has the shape {array.shape}: expected one value for each row")
    if array.dtype.kind == "M":
        return Column.of_moments(name, array)
    if array.dtype.kind == "b":
        return Column.of_coded(name, ["false", "true"], array.astype(np.int64), typed=True)
    return Column.of_numbers(name, array)


def _array(values: Any) -> NDArray[Any] | None:
    """Return a series or a column of Arrow as an array; a 0-dimensional one for lists, None for other objects."""
    if not hasattr(values, "to_numpy"):
        return None
    if hasattr(values, "to_pylist"):
        kind = values.type
        values = values.cast(kind.value_type) if hasattr(kind, "index_type") else values
        if getattr(kind, "tz", None) is None and not str(kind).startswith(("date", "timestamp")):
            return np.array(None) if _is_nested(kind) else np.asarray(values.to_numpy(zero_copy_only=False))
        # Times with a zone are converted to UTC.
        return np.asarray(values.to_numpy(zero_copy_only=False), "datetime64[us]")
    dtype = getattr(values, "dtype", None)
    if hasattr(dtype, "tz"):
        return np.asarray(values.to_numpy("datetime64[us]"))
    if not isinstance(dtype, np.dtype) and getattr(dtype, "kind", None) in ("i", "u", "f"):
        # Nullable types of pandas.
        return np.asarray(values.to_numpy(np.float64, na_value=np.nan))
    return np.asarray(values.to_numpy())


def _is_nested(kind: Any) -> bool:
    return hasattr(kind, "value_type") or (hasattr(kind, "num_fields") and kind.num_fields > 0)


def _items(name: str, values: Any) -> list[Any]:
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(values, method):
            return list(getattr(values, method)())
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise TableError(f"column '{shortened(name)}' is {_shown(values)}: expected a value for each row")
    return list(values)


def columns_of_rows(rows: Iterable[Any]) -> dict[str, list[Any]]:
    """Return the columns of rows given as dicts, in order of first occurrence."""
    columns: dict[str, list[Any]] = {}
    count = 0
    for row in rows:
        if not isinstance(row, Mapping):
            raise TableError(f"row {count} is {_shown(row)}: expected a dict")
        for name, value in _flat(row):
            column = columns.setdefault(name, [])
            column.extend([None] * (count - len(column)))
            column.append(value)
        count += 1
    for column in columns.values():
        column.extend([None] * (count - len(column)))
    return columns


def _flat(row: Mapping[Any, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in row.items():
        called = f"{before}{name}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{called}.")
        else:
            yield called, value


def _of_objects(name: str, items: list[Any]) -> Column:
    """Return the column of Python objects of any types."""
    if set(map(type, items)) <= {str, type(None)}:
        return Column.of(name, items)
    given = [item for item in items if not _is_none(item)]
    if any(_is_list(item) for item in given):
        return _of_lists(name, items)
    kinds = {type(item) for item in given}
    if given and all(issubclass(kind, datetime.timedelta) for kind in kinds):
        return Column.of_numbers(name, np.array([np.nan if _is_none(item) else item.total_seconds() for item in items]))
    if given and all(issubclass(kind, numbers.Real) and not issubclass(kind, bool | np.bool_) for kind in kinds):
        if all(issubclass(kind, int) for kind in kinds) and len(given) == len(items):
            try:
                return Column.of_numbers(name, np.array(items, np.int64))
            except OverflowError:
                pass
        return Column.of_numbers(name, np.array([np.nan if _is_none(item) else float(item) for item in items]))
    texts = [None if _is_none(item) else _text(item) for item in items]
    column = Column.of(name, texts)
    typed = bool(given) and not any(issubclass(kind, str | bytes) for kind in kinds)
    return Column(name, column.texts, column.codes, typed)


def _of_lists(name: str, items: list[Any]) -> Column:
    values = np.empty(len(items), object)
    values[:] = [None if _is_none(item) else item if _is_list(item) else [item] for item in items]
    return Column(name, (), np.full(len(items), -1, np.int64), typed=True, values=values)


def _is_list(item: object) -> bool:
    if isinstance(item, np.ndarray):
        return item.ndim > 0
    return isinstance(item, list | tuple | set | frozenset) or hasattr(item, "to_list") or hasattr(item, "as_py")


def _is_none(item: Any) -> bool:
    if isinstance(item, str):
        return False
    if item is None or type(item).__name__ in _NONE:
        return True
    if isinstance(item, np.datetime64):
        return bool(np.isnat(item))
    return isinstance(item, numbers.Real) and item != item


def _text(value: Any) -> str:
    """Return a value as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "surrogateescape")
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, numbers.Real):
        return str(value).removesuffix(".0")
    return str(value)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
