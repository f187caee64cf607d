"""Long tables: each row is an event, with the id of its sequence in a column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuralredis.table.column import Column
from neuralredis.table.conventions import Conventions
from neuralredis.table.dates import DateForm, TimeForm
from neuralredis.table.failure import TableError
from neuralredis.table.forms import form_of
from neuralredis.table.numbers import NumberForm
from neuralredis.table.texts import shortened
from neuralredis.table.values import Reader, taken
from neuralredis.table.wishes import Wish
from neuralredis.table.words import MISSING

__all__ = ["Events", "Order", "ordered", "outcomes", "varies"]

#: The id of the sequence of a table without ids.
ALONE = "series"
#: Most bytes of an id, which leaves room for the suffix of the earlier part of a cut series.
LONGEST_ID = 248


@dataclass(frozen=True, eq=False)
class Events:
    """The events of all sequences, concatenated by field, and the end of each sequence."""

    values: dict[str, Any]
    ends: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of sequences."""
        return len(self.ends)


@dataclass(frozen=True, eq=False)
class Order:
    """The rows of a table, sorted by sequence and time.

    Attributes
    ----------
    ids : list of str
        The ids of the sequences, in order of first occurrence.
    places : numpy.ndarray of int64, shape (rows,)
        Numbers of the table's rows, sequence after sequence.
    ends : numpy.ndarray of int64, shape (sequences,)
        The end of each sequence in `places`.
    times : numpy.ndarray or None
        The times of the rows in `places`, if there is a column of times.
    moved : bool
        Whether rows of a sequence were not in the order of their times.
    """

    ids: list[str]
    places: NDArray[np.int64]
    ends: NDArray[np.int64]
    times: NDArray[Any] | None = None
    moved: bool = False

    def __len__(self) -> int:
        """Return the number of sequences."""
        return len(self.ids)

    @property
    def begins(self) -> NDArray[np.int64]:
        """The beginning of each sequence in `places`."""
        return np.concatenate([[0], self.ends[:-1]]).astype(np.int64)

    def span(self, sequence: int) -> slice:
        """Return the slice of a sequence in `places`."""
        return slice(int(self.begins[sequence]), int(self.ends[sequence]))

    def take(self, sequences: NDArray[np.int64]) -> Order:
        """Return some of the sequences."""
        spans = [self.span(at) for at in sequences.tolist()]
        kept = np.concatenate([np.arange(span.start, span.stop) for span in spans] or [np.array([], np.int64)])
        ends = np.cumsum([span.stop - span.start for span in spans], dtype=np.int64)
        times = None if self.times is None else self.times[kept]
        return Order([self.ids[at] for at in sequences.tolist()], self.places[kept], ends, times, self.moved)

    def cut(self, share: float) -> tuple[Order, Order]:
        """Return the first part of each sequence, and the last part, which is a share of it."""
        parts: tuple[list[slice], list[slice]] = ([], [])
        for at in range(len(self)):
            span = self.span(at)
            place = span.stop - int((span.stop - span.start) * share)
            parts[0].append(slice(span.start, place))
            parts[1].append(slice(place, span.stop))
        first, last = (self._of(spans) for spans in parts)
        return first, last

    def _of(self, spans: list[slice]) -> Order:
        kept = np.concatenate([np.arange(span.start, span.stop) for span in spans])
        ends = np.cumsum([span.stop - span.start for span in spans], dtype=np.int64)
        return Order(self.ids, self.places[kept], ends, None if self.times is None else self.times[kept])

    def events(self, rows: Mapping[str, Any]) -> Events:
        """Return the events in order, from the values of the fields in the table's rows."""
        return Events({name: taken(values, self.places) for name, values in rows.items()}, self.ends)


def ordered(
    columns: Mapping[str, Column],
    sequence: str | None,
    time: str | None,
    conventions: Conventions | None = None,
    wish: Wish | None = None,
) -> Order:
    """Return the rows of a table sorted by sequence and, within a sequence, by time.

    Parameters
    ----------
    columns : mapping of str to Column
        The table.
    sequence : str, optional
        The column of ids; without it the table is one sequence.
    time : str, optional
        The column of times; without it events keep the order of the rows.
    conventions : Conventions, optional
        The conventions of the table.
    wish : Wish, optional
        The kind that the user gives the column of times.

    Raises
    ------
    TableError
        If a row has no id or no time, or times cannot be read.
    """
    count = len(next(iter(columns.values())))
    numbers, ids = np.zeros(count, np.int64), [ALONE]
    if sequence is not None:
        column = columns[sequence]
        if column.gaps:
            row = int(np.flatnonzero(column.codes < 0)[0])
            raise TableError(f"row {row + 1} has no '{sequence}': expected the id of its sequence")
        first: dict[int, int] = {}
        numbers = np.array([first.setdefault(code, len(first)) for code in column.codes.tolist()], np.int64)
        ids = [column.texts[code] for code in first]
        for id in ids:
            if len(id.encode("utf-8", "surrogateescape")) > LONGEST_ID:
                raise TableError(f"'{sequence}' has '{shortened(id)}': expected ids of at most {LONGEST_ID} bytes")
    times = None if time is None else _times(columns[time], conventions or Conventions.of(columns.values()), wish)
    places = np.lexsort((numbers,) if times is None else (times, numbers))
    ends = np.cumsum(np.bincount(numbers, minlength=len(ids)), dtype=np.int64)
    moved = bool((np.diff(places)[np.diff(numbers[places]) == 0] < 0).any())
    return Order(ids, places, ends, None if times is None else times[places], moved)


def _times(column: Column, conventions: Conventions, wish: Wish | None) -> NDArray[Any]:
    """Return the time of each row, as numbers or datetime64."""
    form = form_of(column, conventions, wish)
    if not isinstance(form, NumberForm | DateForm | TimeForm):
        example = shortened(next(iter(column.counts), ""))
        raise TableError(
            f"the column '{column.name}' cannot be read as times: it has '{example}'; expected dates, times of day or "
            f"numbers, or --as {column.name}=date:dmy and the like"
        )
    reader = Reader("number" if isinstance(form, NumberForm) else "time", form)
    times: NDArray[Any] = reader.values(column)
    gaps = np.isnat(times) if times.dtype.kind == "M" else np.isnan(times)
    if gaps.any():
        row = int(np.flatnonzero(gaps)[0])
        there = column.cell(row)
        shown_cell = f"'{shortened(there)}'" if there else "an empty cell"
        raise TableError(
            f"row {row + 1} has {shown_cell} in '{column.name}': expected a time like those of the other rows"
        )
    return times


def varies(column: Column, order: Order) -> bool:
    """Return whether a column varies within most sequences, so that it belongs to events and is not an outcome."""
    several, any_ = 0, 0
    codes, known = _known(column, order)
    for at in range(len(order)):
        span = order.span(at)
        values = codes[span][known[span]]
        any_ += len(values) > 1
        several += len(np.unique(values)) > 1
    return several > any_ / 2


def _known(column: Column, order: Order) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the codes of a column in the order of sequences, and whether each is a value."""
    unknown = np.array([text.lower() in MISSING for text in column.texts] + [True])
    codes = column.codes[order.places]
    return codes, ~unknown[codes]


def outcomes(column: Column, order: Order, sequence: str) -> NDArray[np.int64]:
    """Return for each sequence the number of the row with its outcome, -1 if it has none.

    Raises
    ------
    TableError
        If a sequence has several different outcomes.
    """
    codes, known = _known(column, order)
    found = np.full(len(order), -1, np.int64)
    for at in range(len(order)):
        span = order.span(at)
        answered = np.flatnonzero(known[span]) + span.start
        if not len(answered):
            continue
        several = np.unique(codes[answered])
        if len(several) > 1:
            one, other = (f"'{shortened(column.texts[code])}'" for code in (codes[answered[0]], codes[answered[-1]]))
            other = other if one != other else f"'{shortened(column.texts[several[0]])}'"
            raise TableError(
                f"'{column.name}' of {sequence} '{shortened(order.ids[at])}' is {one} in one row and {other} in "
                "another: expected one outcome, in its last row or in all of them, or --next to predict the next event"
            )
        found[at] = order.places[answered[-1]]
    return found
