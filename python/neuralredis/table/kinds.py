"""The kinds of columns: what each makes of a column's texts, as inputs of a network, and how it tells so."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from neuralredis.table.column import Column
from neuralredis.table.texts import NO, YES, date_of, plain, reader

__all__ = ["Category", "Date", "Ignored", "Kind", "Number", "Presence", "YesNo"]

Matrix = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Number:
    """Numbers, as they are.

    Attributes
    ----------
    name : str
        The column.
    fill : float
        What stands in for a missing number: the median.
    gaps : bool
        Whether another input says that the number is missing.
    low, high : float
        The least and the greatest number learnt from.
    offset : float
        What is taken off each, where single precision could not tell them apart.
    comma : bool
        Whether decimals follow a comma.
    """

    kind: ClassVar[str] = "number"
    name: str
    fill: float
    gaps: bool
    low: float
    high: float
    offset: float = 0.0
    comma: bool = False

    def inputs(self) -> list[str]:
        """Return what the inputs are called."""
        off = f" - {self.offset:.15g}" if self.offset else ""
        return [self.name + off, *_gap(self)]

    def encode(self, column: Column) -> Matrix:
        """Return the inputs of each row."""
        return _filled(column.numbers(reader(self.comma)), self.fill, self.offset, self.gaps)

    def understands(self, text: str) -> bool:
        """Whether a text is one of these."""
        return reader(self.comma)(text) is not None

    def hint(self) -> str:
        """Return what to type."""
        return f"a number, {plain(self.low)} to {plain(self.high)} so far"

    def detail(self) -> str:
        """Return what it is like."""
        fill = f"; {plain(self.fill)} where missing" if self.gaps else ""
        return f"{plain(self.low)} to {plain(self.high)}{fill}"


@dataclass(frozen=True, kw_only=True)
class YesNo:
    """Yes or no, true or false, 1 or 0: one input, 1 for yes.

    Attributes
    ----------
    name, gaps
        As for `Number`.
    fill : float
        What stands in for a missing one: the commoner, 1 or 0.
    """

    kind: ClassVar[str] = "yes/no"
    name: str
    fill: float
    gaps: bool

    def inputs(self) -> list[str]:
        """Return what the inputs are called."""
        return [self.name, *_gap(self)]

    def encode(self, column: Column) -> Matrix:
        """Return the inputs of each row."""
        return _filled(column.numbers(yes_or_no), self.fill, 0.0, self.gaps)

    def understands(self, text: str) -> bool:
        """Whether a text is one of these."""
        return yes_or_no(text) is not None

    def hint(self) -> str:
        """Return what to type."""
        return "yes or no"

    def detail(self) -> str:
        """Return what it is like."""
        return f"1 for yes, 0 for no{f'; {self.fill:.0f} where missing' if self.gaps else ''}"


@dataclass(frozen=True, kw_only=True)
class Category:
    """A few texts: an input for each, 1 for the one that it is and 0 for the others.

    Attributes
    ----------
    name : str
        The column.
    values : tuple of str
        The texts that have an input, the commonest first.
    other : bool
        Whether there is an input for all other texts. Without it another text has no input that is 1.
    gaps : bool
        Whether there is one for none.
    """

    kind: ClassVar[str] = "category"
    name: str
    values: tuple[str, ...]
    other: bool
    gaps: bool

    def inputs(self) -> list[str]:
        """Return what the inputs are called."""
        other = [f"{self.name} = any other"] if self.other else []
        return [*(f"{self.name} = {value}" for value in self.values), *other, *_gap(self)]

    def encode(self, column: Column) -> Matrix:
        """Return the inputs of each row."""
        width = len(self.inputs())
        known = {value: place for place, value in enumerate(self.values)}
        # Who types an answer need not mind capitals, where they make no difference.
        folded = {value.lower(): place for place, value in reversed(list(enumerate(self.values)))}
        unknown = len(self.values) if self.other else width
        places = [known.get(text, folded.get(text.lower(), unknown)) for text in column.texts]
        missing = width - 1 if self.gaps else width
        which = np.array([*places, missing], np.int64)[column.codes]
        # The last column is for what has no input.
        return np.eye(width + 1, dtype=np.float32)[which, :width]

    def understands(self, text: str) -> bool:
        """Whether a text is one of these."""
        return text.lower() in {value.lower() for value in self.values}

    def hint(self) -> str:
        """Return what to type."""
        return _listed(self.values, 8, "or") + (", or another" if self.other else "")

    def detail(self) -> str:
        """Return what it is like."""
        more = [*(["others as one"] if self.other else []), *(["missing as one"] if self.gaps else [])]
        return "; ".join([_listed(self.values, 4, "and"), *more])


@dataclass(frozen=True, kw_only=True)
class Date:
    """Dates, as years, month, day of the week and perhaps hour.

    Attributes
    ----------
    name, gaps
        As for `Number`.
    fill : float
        What stands in for a missing date: the median, in days since 1970.
    hours : bool
        Whether the time of day is an input too.
    """

    kind: ClassVar[str] = "date"
    name: str
    fill: float
    gaps: bool
    hours: bool

    def inputs(self) -> list[str]:
        """Return what the inputs are called."""
        hours = [f"{self.name}: hour"] if self.hours else []
        parts = [f"{self.name}: years since 2000", f"{self.name}: month", f"{self.name}: day of the week (Monday is 0)"]
        return [*parts, *hours, *_gap(self)]

    def encode(self, column: Column) -> Matrix:
        """Return the inputs of each row."""
        given = column.numbers(date_of)
        days = np.where(np.isnan(given), self.fill, given)
        whole = np.floor(days).astype("datetime64[D]")
        months = whole.astype("datetime64[M]").astype(np.int64) % 12 + 1
        # The first day of 1970 was a Thursday.
        weekdays = (np.floor(days) + 3) % 7
        parts = [(days - date_days(2000)) / 365.2425, months, weekdays]
        if self.hours:
            parts.append(np.floor(days % 1 * 24 + 1e-6))
        if self.gaps:
            parts.append(np.isnan(given))
        return np.column_stack(parts).astype(np.float32)

    def understands(self, text: str) -> bool:
        """Whether a text is one of these."""
        return date_of(text) is not None

    def hint(self) -> str:
        """Return what to type."""
        return "a date such as 2024-12-31" + (" 18:30" if self.hours else "")

    def detail(self) -> str:
        """Return what it is like."""
        parts = "years, month, day of the week" + (", hour" if self.hours else "")
        fill = datetime.date(1970, 1, 1) + datetime.timedelta(days=int(self.fill))
        return parts + (f"; {fill} where missing" if self.gaps else "")


@dataclass(frozen=True, kw_only=True)
class Presence:
    """Texts of which nothing is used but whether there is one.

    Attributes
    ----------
    name : str
        The column.
    reason : str
        Why.
    """

    kind: ClassVar[str] = "given or not"
    name: str
    reason: str

    def inputs(self) -> list[str]:
        """Return what the inputs are called."""
        return [f"{self.name} is given"]

    def encode(self, column: Column) -> Matrix:
        """Return the inputs of each row."""
        return (column.codes >= 0).astype(np.float32)[:, None]

    def understands(self, text: str) -> bool:
        """Whether a text is one of these: any."""
        return True

    def hint(self) -> str:
        """Return what to type."""
        return "anything, or nothing"

    def detail(self) -> str:
        """Return what it is like."""
        return f"1 where there is one; {self.reason}"


@dataclass(frozen=True, kw_only=True)
class Ignored:
    """A column that is left out.

    Attributes
    ----------
    name : str
        The column.
    reason : str
        Why.
    """

    kind: ClassVar[str] = "left out"
    name: str
    reason: str

    def detail(self) -> str:
        """Return why."""
        return self.reason


#: The kinds that have inputs.
Kind = Number | YesNo | Category | Date | Presence


def yes_or_no(text: str) -> float | None:
    """Return 1 for yes, 0 for no."""
    word = text.lower()
    return 1.0 if word in YES else 0.0 if word in NO else None


def date_days(year: int) -> int:
    """Return the days from the beginning of 1970 to that of another year."""
    return (datetime.date(year, 1, 1) - datetime.date(1970, 1, 1)).days


def _gap(kind: Number | YesNo | Category | Date) -> list[str]:
    return [f"{kind.name} is missing"] if kind.gaps else []


def _filled(given: NDArray[np.float64], fill: float, offset: float, gaps: bool) -> Matrix:
    missing = np.isnan(given)
    values = np.where(missing, fill, given) - offset
    return np.column_stack([values, missing] if gaps else [values]).astype(np.float32)


def _listed(values: tuple[str, ...], most: int, last: str) -> str:
    """Return some values in a sentence."""
    shown = [shortened(value) for value in values[:most]]
    if len(values) > most:
        return f"{', '.join(shown)} and {len(values) - most} more"
    return f" {last} ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def shortened(text: str, width: int = 24) -> str:
    """Return a text that fits, in a line of letters: whoever wrote it may have meant to write to a terminal."""
    shown = "".join(letter if letter.isprintable() else "�" for letter in text[:width])
    return shown if len(text) <= width else shown[: width - 1] + "…"
