"""From the texts of a column to values that a network understands by itself: numbers, moments in UTC, words."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuralredis.table.column import Column
from neuralredis.table.dates import DateForm, TimeForm
from neuralredis.table.forms import Form, Text
from neuralredis.table.numbers import LARGEST, NumberForm
from neuralredis.table.words import MISSING, is_gap, yes_or_no

__all__ = ["LONGEST", "Reader", "Words", "is_missing"]

#: Bytes of a name or of a word, at most.
LONGEST = 64


def is_missing(text: str) -> bool:
    """Whether a text stands for a missing value in a column of texts."""
    return text.lower() in MISSING


@dataclass(frozen=True, eq=False)
class Words:
    """Values of which many are the same, in the form of a categorical of pandas, which networks know.

    Attributes
    ----------
    codes : numpy.ndarray of int64, shape (rows,)
        For each row the place of its value, below 0 where there is none.
    categories : numpy.ndarray of object
        The values.
    """

    codes: NDArray[np.int64]
    categories: NDArray[np.object_]
    ordered: bool = False

    @classmethod
    def of(cls, values: list[Any], codes: NDArray[np.int64]) -> Words:
        """Return rows of some values, of which those that are None are missing."""
        categories = np.empty(len(values), object)
        categories[:] = values
        places = np.array([-1 if value is None else place for place, value in enumerate(values)] + [-1], np.int64)
        return cls(places[codes], categories)

    @property
    def dtype(self) -> Words:
        """What tells that these are categories."""
        return self

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.codes)

    def __iter__(self) -> Iterator[Any]:
        """Yield the value of each row, None where there is none."""
        return (None if code < 0 else self.categories[code] for code in self.codes.tolist())

    def __getitem__(self, rows: Any) -> Words:
        """Return the same of some rows."""
        return Words(self.codes[rows], self.categories)

    def __repr__(self) -> str:
        """Return how many rows and values there are."""
        return f"<Words of {len(self.codes):,} rows, {len(self.categories):,} different>"


_ANY = Text()


@dataclass(frozen=True)
class Reader:
    """What makes values of the texts of a column.

    Attributes
    ----------
    kind : str
        The kind of the field, with its number.
    form : Form
        How its numbers, dates or times are written.
    """

    kind: str
    form: Form = _ANY

    @property
    def of(self) -> str:
        """The kind alone."""
        return self.kind.partition(" ")[0]

    @property
    def title(self) -> str:
        """What the column is read as, for people."""
        if isinstance(self.form, TimeForm):
            return "duration, in hours" if self.form.duration else "time of day"
        if isinstance(self.form, DateForm):
            return f"date, {self.form.title}"
        if isinstance(self.form, NumberForm) and self.form.title:
            return f"{self.of}, {self.form.title}"
        return "yes/no" if self.of == "flag" else self.of

    def values(self, column: Column) -> Any:
        """Return the values of a column: an array of numbers (NaN for a gap) or of moments (NaT), or words."""
        return _READERS[self.of](self, column)

    def understands(self, text: str) -> bool:
        """Whether a text is a value of this kind, or stands for a missing one."""
        column = Column.of("", [text])
        if self.of == "number":
            return is_gap(text) or self.read_number(column)(text) is not None
        if self.of == "time":
            return is_gap(text) or self.moment(text) is not None
        return self.of != "flag" or is_missing(text) or yes_or_no(text) is not None

    def read_number(self, column: Column) -> Callable[[str], float | None]:
        """Return what reads the numbers of a column."""
        if isinstance(self.form, TimeForm):
            return self.form.read
        return (self.form if isinstance(self.form, NumberForm) else NumberForm()).reader(column)

    def moment(self, text: str) -> np.datetime64 | None:
        """Return the moment that a text is, in UTC where it has a zone; a time of day as one of 1 January 1970."""
        if isinstance(self.form, TimeForm):
            hours = self.form.read(text)
            return None if hours is None else _EPOCH + np.timedelta64(round(hours * 3600), "s")
        if text[4:5] == "-" and (moment := _zoned(text)) is not None:
            return moment
        days = (self.form if isinstance(self.form, DateForm) else DateForm()).read(text)
        return None if days is None else _EPOCH + np.timedelta64(round(days * 86_400), "s")


_EPOCH = np.datetime64("1970-01-01T00:00:00", "us")


def _zoned(text: str) -> np.datetime64 | None:
    """Return a moment with a zone, as ISO 8601 writes it."""
    try:
        moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return np.datetime64(moment.astimezone(datetime.timezone.utc).replace(tzinfo=None), "us")


def _numbers(reader: Reader, column: Column) -> NDArray[np.float64]:
    if column.values is not None and column.values.dtype.kind == "f":
        # Larger ones are infinite in single precision.
        return np.where(np.abs(column.values) <= LARGEST, column.values, np.nan)
    return column.numbers(reader.read_number(column))


def _flags(reader: Reader, column: Column) -> NDArray[np.float64]:
    return column.numbers(yes_or_no)


def _moments(reader: Reader, column: Column) -> NDArray[Any]:
    if column.values is not None and column.values.dtype.kind == "M":
        return column.values
    moments = [reader.moment(text) for text in column.texts]
    none = np.datetime64("NaT")
    return np.array([none if moment is None else moment for moment in (*moments, None)], "datetime64[us]")[column.codes]


def _words(reader: Reader, column: Column) -> Words:
    kept = reader.form.kept if isinstance(reader.form, Text) else frozenset()
    return Words.of(
        [None if is_missing(text) and text not in kept else _cut(text) for text in column.texts], column.codes
    )


def _texts(reader: Reader, column: Column) -> Words:
    return Words.of([None if is_missing(text) else text for text in column.texts], column.codes)


def _numbers_and_words(reader: Reader, column: Column) -> Words:
    read = reader.read_number(column)

    def value(text: str) -> float | str | None:
        number = read(text)
        return number if number is not None else None if is_gap(text) else _cut(text)

    return Words.of([value(text) for text in column.texts], column.codes)


def _several(reader: Reader, column: Column) -> Any:
    return _texts(reader, column) if column.values is None else list(column.values)


_READERS: dict[str, Callable[[Reader, Column], Any]] = {
    "number": _numbers,
    "flag": _flags,
    "time": _moments,
    "category": _words,
    "text": _texts,
    "auto": _numbers_and_words,
    "tags": _several,
    "vector": _several,
}


def _cut(text: str) -> str:
    """Return as much of a word as a dictionary takes."""
    data = text.encode("utf-8", "surrogateescape")
    return text if len(data) <= LONGEST else data[:LONGEST].decode("utf-8", "ignore")
