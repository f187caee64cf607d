"""Encode frames as tables of numbers, so that equal rows can be merged, and choose kinds of fields for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from neuralredis.sklearn.frames import ColumnKind, Frame
from neuralredis.sklearn.rows import dense

#: Most bytes of a name, a class or a category.
NAME_BYTES = 64
#: Limit of the fields of a network.
MOST_FIELDS = 4096
#: Names with a special meaning in commands.
RESERVED = ("->", "JSON", "FP32")
#: Free texts mostly have more words than this. Categories have few, as "United Arab Emirates".
FEW_WORDS = 3
#: Least share of distinct values among free texts; a category with as many values could not be learnt.
DIFFERENT = 0.9
#: Buckets of a free text: the default of `neuralredis.Network`.
BUCKETS = 512


class Coding(NamedTuple):
    """The meaning of the numbers in an encoded table, by column."""

    kinds: tuple[ColumnKind, ...]
    #: For each column its distinct words, sorted, whose indices are the numbers, followed by None for missing values;
    #: None for a column of numbers or times.
    words: tuple[NDArray[np.object_] | None, ...]

    def column(self, at: int, numbers: NDArray[np.float64]) -> NDArray[Any]:
        """Return the original values of a column from its numbers."""
        if self.kinds[at] == "time":
            gaps = np.isnan(numbers)
            values = np.where(gaps, 0, numbers).astype(np.int64).astype("datetime64[us]")
            values[gaps] = np.datetime64("NaT")
            return values
        words = self.words[at]
        if words is None:
            return numbers
        return words[np.where(np.isnan(numbers), -1, numbers).astype(np.intp)]


def as_numbers(X: Any) -> tuple[NDArray[Any], Coding | None]:
    """Return checked rows as an array of numbers, and their coding, None if they are numbers already."""
    return coded(X) if isinstance(X, Frame) else (dense(X), None)


def coded(frame: Frame) -> tuple[NDArray[np.float64], Coding]:
    """Return a frame as a table of numbers, NaN for missing values, and its coding."""
    table = np.empty((len(frame), len(frame.values)))
    words: list[NDArray[np.object_] | None] = []
    for at, (kind, values) in enumerate(zip(frame.kinds, frame.values, strict=True)):
        if kind == "time":
            # Microseconds since 1970, which float64 represents exactly until the year 2255.
            table[:, at] = np.where(np.isnat(values), np.nan, values.astype(np.int64))
        elif kind in ("number", "flag"):
            table[:, at] = values
        else:
            different = sorted(set(values) - {None})
            places: dict[str | None, float] = {word: place for place, word in enumerate(different)}
            places[None] = np.nan
            table[:, at] = [places[word] for word in values]
            words.append(np.array([*different, None], object))
            continue
        words.append(None)
    return table, Coding(frame.kinds, tuple(words))


def kinds(table: NDArray[np.float64], copies: NDArray[np.float64], coding: Coding, room: int) -> list[str]:
    """Return the kind of field for each column of a table.

    Parameters
    ----------
    table : numpy.ndarray of shape (rows, columns)
        The numbers of distinct rows.
    copies : numpy.ndarray of shape (rows,)
        The number of copies of each row.
    coding : Coding
        The coding of the table.
    room : int
        Least number of categories of a field.
    """
    found = []
    for kind, words, numbers in zip(coding.kinds, coding.words, table.T, strict=True):
        if words is None:
            found.append(str(kind))
            continue
        known = ~np.isnan(numbers)
        different = cast("list[str]", words[np.unique(numbers[known]).astype(np.intp)].tolist())
        if is_free_text(different, float(copies[known].sum())):
            found.append(f"text {BUCKETS}")
        else:
            found.append(f"{'auto' if kind == 'auto' else 'category'} {max(room, len(different))}")
    return found


def is_free_text(different: Sequence[str], rows: float) -> bool:
    """Return whether distinct values of a number of rows are free texts rather than categories."""
    if any(len(encoded(value)) > NAME_BYTES for value in different):
        return True
    long = sum(len(value.split()) > FEW_WORDS for value in different)
    return long > len(different) / 2 and len(different) >= DIFFERENT * rows


def field_columns(fields: Iterable[tuple[str, str]], columns: Iterable[NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the columns of rows by field, in the form for `Network.observe`."""
    return {
        name: shortened(values) if kind.startswith(("category", "auto")) else values
        for (name, kind), values in zip(fields, columns, strict=True)
    }


def shortened(words: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return words, those that are too long for a category cut to the limit."""
    if not any(word is not None and len(word) > NAME_BYTES // 4 and len(encoded(word)) > NAME_BYTES for word in words):
        return words
    found = np.empty(len(words), object)
    found[:] = [None if word is None else encoded(word)[:NAME_BYTES].decode("utf-8", "ignore") for word in words]
    return found


def encoded(text: str) -> bytes:
    """Return the bytes of a text, encoded with ``surrogateescape``."""
    return text.encode("utf-8", "surrogateescape")


def field_names(names: Iterable[str] | None, columns: int) -> list[str]:
    """Return names for the fields of columns: their own, or x0, x1, ... if these are missing or invalid."""
    if columns > MOST_FIELDS:
        raise ValueError(
            f"X has {columns} columns with missing values or words: expected at most {MOST_FIELDS}, or only numbers"
        )
    own = [] if names is None else list(names)
    fit = all(0 < len(encoded(name)) <= NAME_BYTES and name.upper() not in RESERVED for name in own)
    return own if own and fit and len(set(own)) == columns else [f"x{column}" for column in range(columns)]


def target_names(outputs: int, fields: Iterable[str]) -> str | list[str]:
    """Return names for the outputs, y or y0, y1, ..., that differ from those of the fields."""
    prefix, taken = "y", set(fields)
    while any(name.startswith(prefix) for name in taken):
        prefix += "_"
    return prefix if outputs == 1 else [f"{prefix}{output}" for output in range(outputs)]


def class_names(classes: NDArray[Any]) -> list[str]:
    """Return names for classes: their own, or their numbers if these are invalid or not unique."""
    names = [str(name) for name in classes.tolist()]
    fit = all(0 < len(encoded(name)) <= NAME_BYTES for name in names)
    return names if fit and len(set(names)) == len(names) else [str(position) for position in range(len(names))]
