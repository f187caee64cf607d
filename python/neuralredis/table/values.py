"""Convert the texts of a column to values of a network: numbers, times in UTC, categories."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuralredis.table.column import Column
from neuralredis.table.conventions import Conventions
from neuralredis.table.dates import DateForm, TimeForm
from neuralredis.table.forms import Form, Text, compact_form, date_form, number_form
from neuralredis.table.numbers import LARGEST, NumberForm, plain_number
from neuralredis.table.words import MISSING, is_gap, yes_or_no

__all__ = ["LONGEST", "Reader", "Words", "is_missing", "taken"]

#: Most bytes of a name or of a category.
LONGEST = 64


def is_missing(text: str) -> bool:
    """Return whether a text stands for a missing value in any column."""
    return text.lower() in MISSING


@dataclass(frozen=True, eq=False)
class Words:
    """Values as codes and categories, in the form of a categorical of pandas, which networks take.

    Attributes
    ----------
    codes : numpy.ndarray of int64, shape (rows,)
        For each row the index of its value, negative if missing.
    categories : numpy.ndarray of object
        The distinct values.
    """

    codes: NDArray[np.int64]
    categories: NDArray[np.object_]
    ordered: bool = False

    @classmethod
    def of(cls, values: list[Any], codes: NDArray[np.int64]) -> Words:
        """Return rows from values and codes; None is a missing value."""
        categories = np.empty(len(values), object)
        categories[:] = values
        places = np.array([-1 if value is None else place for place, value in enumerate(values)] + [-1], np.int64)
        return cls(places[codes], categories)

    @property
    def dtype(self) -> Words:
        """The type, by whose attributes networks recognize a categorical."""
        return self

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.codes)

    def __iter__(self) -> Iterator[Any]:
        """Yield the value of each row, None if missing."""
        return (None if code < 0 else self.categories[code] for code in self.codes.tolist())

    def __getitem__(self, rows: Any) -> Words:
        """Return some of the rows."""
        return Words(self.codes[rows], self.categories)

    def __repr__(self) -> str:
        """Return the numbers of rows and of distinct values."""
        return f"<Words of {len(self.codes):,} rows, {len(self.categories):,} different>"


_ANY = Text()


def taken(values: Any, places: NDArray[np.int64]) -> Any:
    """Return the values of some rows of a column."""
    return [values[place] for place in places.tolist()] if isinstance(values, list) else values[places]


@dataclass(frozen=True)
class Reader:
    """Converts the texts of a column to values.

    Attributes
    ----------
    kind : str
        The kind of the field, with its size.
    form : Form
        The form of its numbers, dates or times.
    known : tuple of str
        Categories of the network, which are matched without regard to case.
    """

    kind: str
    form: Form = _ANY
    known: tuple[str, ...] = ()

    @property
    def of(self) -> str:
        """The kind without its size."""
        return self.kind.partition(" ")[0]

    @property
    def size(self) -> int:
        """Number of categories, buckets or numbers; 0 for kinds without a size."""
        return int(self.kind.partition(" ")[2] or 0)

    @property
    def has_dictionary(self) -> bool:
        """Whether categories are collected from the rows."""
        return self.of in ("category", "auto", "tags")

    @property
    def title(self) -> str:
        """A description of the kind and form, for the user."""
        if isinstance(self.form, TimeForm):
            return "duration, in hours" if self.form.duration else "time of day"
        if isinstance(self.form, DateForm):
            return f"date, {self.form.title}"
        if isinstance(self.form, NumberForm) and self.of == "time":
            return "time, in seconds since 1970"
        if isinstance(self.form, NumberForm) and self.form.title:
            return f"{self.of}, {self.form.title}"
        return "yes/no" if self.of == "flag" else self.of

    @property
    def noun(self) -> str:
        """The noun for one of its values."""
        if isinstance(self.form, TimeForm):
            return "duration" if self.form.duration else "time"
        return {"flag": "yes/no value", "time": "date"}.get(self.of, self.of)

    def values(self, column: Column) -> Any:
        """Return the values of a column: an array of numbers (NaN if missing) or of times (NaT), or `Words`."""
        return _READERS[self.of](self, column)

    def understands(self, text: str) -> bool:
        """Return whether a text is a value of this kind, or missing."""
        column = Column.of("", [text])
        if self.of == "number":
            return is_gap(text) or self.read_number(column)(text) is not None
        if self.of == "time":
            return is_gap(text) or self.moment(text) is not None
        if self.of == "vector":
            return is_missing(text) or _vector(text, self.kind) is not None
        return self.of != "flag" or is_missing(text) or yes_or_no(text) is not None

    def knows(self, text: str) -> bool:
        """Return whether a text is a category of the network, or missing."""
        return is_missing(text) or text.lower() in {word.lower() for word in self.known}

    def adapted(self, column: Column, conventions: Conventions) -> Reader:
        """Return the reader for another column, whose numbers, dates or times may be written differently."""
        counts = {text: rows for text, rows in column.counts.items() if not is_missing(text)}
        form = self.form
        if self.of in ("number", "auto") and not column.typed:
            form = self._of_numbers(counts, conventions)
        elif self.of == "time" and column.values is None:
            before = form if isinstance(form, DateForm) else None
            forms = [date_form(counts, conventions, before), compact_form(counts), DateForm(), TimeForm()]
            numbers = number_form(counts, conventions)
            form = _best(counts, [form, *forms, numbers])
        elif self.of == "category":
            kept = form.kept if isinstance(form, Text) else frozenset()
            form = Text(kept | {word for word in self.known if is_missing(word)})
        return replace(self, form=form)

    def _of_numbers(self, counts: Mapping[str, int], conventions: Conventions) -> NumberForm | TimeForm:
        if isinstance(self.form, TimeForm) and not self.form.duration:
            return self.form
        before = self.form if isinstance(self.form, NumberForm) else None
        form = number_form(counts, conventions, before) or before or NumberForm(bool(conventions.comma))
        span = TimeForm(duration=True)
        return span if self.of == "number" and _read(counts, span.read) > _read(counts, form.read) else form

    def read_number(self, column: Column) -> Callable[[str], float | None]:
        """Return the parser of numbers for a column."""
        if isinstance(self.form, TimeForm):
            return self.form.read
        return (self.form if isinstance(self.form, NumberForm) else NumberForm()).reader(column)

    def moment(self, text: str) -> np.datetime64 | None:
        """Return the time of a text, in UTC if it has a zone; a time of day becomes one of 1 January 1970."""
        if isinstance(self.form, TimeForm):
            hours = self.form.read(text)
            return None if hours is None else _EPOCH + np.timedelta64(round(hours * 3600), "s")
        if isinstance(self.form, NumberForm):
            seconds = self.form.read(text)
            return None if seconds is None else _EPOCH + np.timedelta64(round(seconds * 1e6), "us")
        if text[4:5] == "-" and (moment := _zoned(text)) is not None:
            return moment
        days = (self.form if isinstance(self.form, DateForm) else DateForm()).read(text)
        return None if days is None else _EPOCH + np.timedelta64(round(days * 86_400), "s")


_EPOCH = np.datetime64("1970-01-01T00:00:00", "us")


def _zoned(text: str) -> np.datetime64 | None:
    """Return the time of an ISO 8601 text with a zone, in UTC; None for other texts."""
    try:
        moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return np.datetime64(moment.astimezone(datetime.timezone.utc).replace(tzinfo=None), "us")


def _numbers(reader: Reader, column: Column) -> NDArray[np.float64]:
    if column.values is not None and column.values.dtype.kind == "f":
        # Larger numbers would be infinite in float32.
        return np.where(np.abs(column.values) <= LARGEST, column.values, np.nan)
    return column.numbers(reader.read_number(column))


def _flags(reader: Reader, column: Column) -> NDArray[np.float64]:
    return column.numbers(yes_or_no)


def _moments(reader: Reader, column: Column) -> NDArray[Any]:
    if column.values is not None and column.values.dtype.kind == "M":
        return column.values
    if isinstance(reader.form, NumberForm) or (column.values is not None and column.values.dtype.kind == "f"):
        seconds = _numbers(reader, column)
        whole = np.where(np.isnan(seconds), 0, np.round(seconds * 1e6)).astype("datetime64[us]")
        return np.where(np.isnan(seconds), np.datetime64("NaT", "us"), whole)
    moments = [reader.moment(text) for text in column.texts]
    none = np.datetime64("NaT")
    return np.array([none if moment is None else moment for moment in (*moments, None)], "datetime64[us]")[column.codes]


def _words(reader: Reader, column: Column) -> Words:
    kept = reader.form.kept if isinstance(reader.form, Text) else frozenset()
    known = set(reader.known)
    folded = {word.lower(): word for word in reversed(reader.known)}

    def value(text: str) -> str | None:
        if is_missing(text) and text not in kept:
            return None
        return text if text in known else folded.get(text.lower(), _cut(text))

    return Words.of([value(text) for text in column.texts], column.codes)


def _texts(reader: Reader, column: Column) -> Words:
    return Words.of([None if is_missing(text) else text for text in column.texts], column.codes)


def _numbers_and_words(reader: Reader, column: Column) -> Words:
    read = reader.read_number(column)

    def value(text: str) -> float | str | None:
        number = read(text)
        return number if number is not None else None if is_gap(text) else _cut(text)

    return Words.of([value(text) for text in column.texts], column.codes)


def _several(reader: Reader, column: Column) -> Any:
    if column.values is not None and column.values.dtype == object:
        return list(column.values)
    if reader.of == "tags":
        return _texts(reader, column)
    vectors = [_vector(text, reader.kind) for text in (*column.texts, "")]
    return [vectors[code] for code in column.codes.tolist()]


def _vector(text: str, kind: str) -> list[float] | None:
    """Return the numbers in a text, if their number is the size of the kind."""
    numbers = [plain_number(part) for part in text.strip("[]() ").replace(",", " ").split()]
    found = [number for number in numbers if number is not None]
    return found if len(found) == len(numbers) == int(kind.partition(" ")[2] or 0) else None


def _best(counts: Mapping[str, int], forms: Sequence[Form | None]) -> NumberForm | DateForm | TimeForm:
    """Return the form that reads the most rows, of equals the first."""
    likely = [form for form in forms if isinstance(form, NumberForm | DateForm | TimeForm)]
    return max(likely, key=lambda form: _read(counts, form.read))


def _read(counts: Mapping[str, int], read: Callable[[str], float | None]) -> int:
    """Return the number of rows with a text that can be read."""
    return sum(rows for text, rows in counts.items() if read(text) is not None)


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
    """Return a text cut to the most bytes of a category."""
    data = text.encode("utf-8", "surrogateescape")
    return text if len(data) <= LONGEST else data[:LONGEST].decode("utf-8", "ignore")
