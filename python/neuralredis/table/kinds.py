"""The kinds of columns: what each makes of a column's texts, as inputs of a network, and how it tells so."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from neuralredis.table.column import Column
from neuralredis.table.dates import DateForm, TimeForm, clock, day_of
from neuralredis.table.numbers import AsWritten
from neuralredis.table.texts import listed, shortened, written
from neuralredis.table.words import MISSING, yes_or_no

__all__ = ["Category", "Date", "Ignored", "Kind", "Number", "Presence", "Time", "YesNo", "shortened"]

Matrix = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class _Named:
    """A column, and how it is read."""

    kind: ClassVar[str]
    name: str

    @property
    def title(self) -> str:
        """What the column is read as."""
        return self.kind


@dataclass(frozen=True, kw_only=True)
class _Read(_Named):
    """A column whose texts are read as numbers, of which some may be missing."""

    fill: float
    gaps: bool

    def reader(self, column: Column | None = None) -> Callable[[str], float | None]:
        """Return what reads the texts of a column, or those that are typed in."""
        raise NotImplementedError

    def inputs(self) -> list[str]:
        """Return what the inputs are called."""
        return [self.name, *_gap(self)]

    def encode(self, column: Column) -> Matrix:
        """Return the inputs of each row."""
        given = column.numbers(self.reader(column))
        missing = np.isnan(given)
        parts = self._parts(np.where(missing, self.fill, given))
        return np.column_stack([*parts, missing] if self.gaps else parts).astype(np.float32)

    def _parts(self, values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        """Return the inputs that are made of numbers."""
        return [values]

    def understands(self, text: str) -> bool:
        """Whether a text is one of these."""
        return self.reader()(text) is not None


@dataclass(frozen=True, kw_only=True)
class Number(AsWritten, _Read):
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
    unit : str
        What stands beside the numbers: a currency or a unit.
    """

    kind: ClassVar[str] = "number"
    low: float
    high: float
    offset: float = 0.0
    comma: bool = False
    unit: str = ""

    def inputs(self) -> list[str]:
        """Return what the inputs are called."""
        off = f" - {self.offset:.15g}" if self.offset else ""
        return [self.name + off, *_gap(self)]

    def _parts(self, values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        return [values - self.offset]

    def hint(self) -> str:
        """Return what to type."""
        low, high = (written(number, comma=self.comma) for number in (self.low, self.high))
        how = " with a decimal comma" if self.comma else ""
        return f"a number{how}, {low} to {high}{f' {self.unit}' if self.unit else ''} so far"

    def detail(self) -> str:
        """Return what it is like."""
        low, high, fill = (written(number, comma=self.comma) for number in (self.low, self.high, self.fill))
        return f"{low} to {high}" + (f"; {fill} where missing" if self.gaps else "")


@dataclass(frozen=True, kw_only=True)
class YesNo(_Read):
    """Yes or no, true or false, 1 or 0: one input, 1 for yes.

    Attributes
    ----------
    name, gaps
        As for `Number`.
    fill : float
        What stands in for a missing one: the commoner, 1 or 0.
    """

    kind: ClassVar[str] = "yes/no"

    def reader(self, column: Column | None = None) -> Callable[[str], float | None]:
        """Return what reads the texts."""
        return yes_or_no

    def hint(self) -> str:
        """Return what to type."""
        return "yes or no"

    def detail(self) -> str:
        """Return what it is like."""
        return f"1 for yes, 0 for no{f'; {self.fill:.0f} where missing' if self.gaps else ''}"


@dataclass(frozen=True, kw_only=True)
class Category(_Named):
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
        missing = width - 1 if self.gaps else width
        places = [
            known.get(text, missing if self.is_gap(text) else folded.get(text.lower(), unknown))
            for text in column.texts
        ]
        which = np.array([*places, missing], np.int64)[column.codes]
        # The last column is for what has no input.
        return np.eye(width + 1, dtype=np.float32)[which, :width]

    def is_gap(self, text: str) -> bool:
        """Whether a text stands for a missing value, and is not one of these."""
        return text.lower() in MISSING and text not in self.values

    def understands(self, text: str) -> bool:
        """Whether a text is one of these, or a word for a missing one."""
        return self.is_gap(text) or text.lower() in {value.lower() for value in self.values}

    def hint(self) -> str:
        """Return what to type."""
        return listed(self.values, 8, "or") + (", or another" if self.other else "")

    def detail(self) -> str:
        """Return what it is like."""
        more = [*(["others as one"] if self.other else []), *(["missing as one"] if self.gaps else [])]
        return "; ".join([listed(self.values, 4, "and"), *more])


@dataclass(frozen=True, kw_only=True)
class Date(_Read):
    """Dates, as years, month, day of the week and perhaps hour.

    Attributes
    ----------
    name, gaps
        As for `Number`.
    fill : float
        What stands in for a missing date: the median, in days since 1970.
    hours : bool
        Whether the time of day is an input too.
    order : {'ymd', 'named', 'dmy', 'mdy', 'compact', 'short'}
        How the dates are written.
    """

    kind: ClassVar[str] = "date"
    hours: bool
    order: str = "ymd"

    @property
    def form(self) -> DateForm:
        """How the dates are written."""
        return DateForm(self.order)

    @property
    def title(self) -> str:
        """What the column is read as."""
        return f"{self.kind}, {self.form.title}"

    def inputs(self) -> list[str]:
        """Return what the inputs are called."""
        hours = [f"{self.name}: hour"] if self.hours else []
        parts = [f"{self.name}: years since 2000", f"{self.name}: month", f"{self.name}: day of the week (Monday is 0)"]
        return [*parts, *hours, *_gap(self)]

    def _parts(self, values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        days = np.floor(values)
        months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1
        # The first day of 1970 was a Thursday.
        parts = [(values - date_days(2000)) / 365.2425, months, (days + 3) % 7]
        return [*parts, np.floor(values % 1 * 24 + 1e-6)] if self.hours else parts

    def reader(self, column: Column | None = None) -> Callable[[str], float | None]:
        """Return what reads the texts."""
        return self.form.read

    def hint(self) -> str:
        """Return what to type."""
        return f"a date such as {self.form.example(hours=self.hours)}"

    def detail(self) -> str:
        """Return what it is like."""
        parts = "years, month, day of the week" + (", hour" if self.hours else "")
        return parts + (f"; {day_of(self.fill)} where missing" if self.gaps else "")


@dataclass(frozen=True, kw_only=True)
class Time(_Read):
    """Times of day, or durations, as hours.

    Attributes
    ----------
    name, gaps
        As for `Number`.
    fill, low, high : float
        What stands in for a missing one, the median; the least and the greatest learnt from. In hours.
    duration : bool
        Whether they are durations.
    """

    kind: ClassVar[str] = "time"
    low: float
    high: float
    duration: bool = False

    @property
    def form(self) -> TimeForm:
        """How the times are written."""
        return TimeForm(self.duration)

    @property
    def title(self) -> str:
        """What the column is read as."""
        return "duration" if self.duration else "time of day"

    def inputs(self) -> list[str]:
        """Return what the inputs are called."""
        return [f"{self.name} in hours", *_gap(self)]

    def reader(self, column: Column | None = None) -> Callable[[str], float | None]:
        """Return what reads the texts."""
        return self.form.read

    def hint(self) -> str:
        """Return what to type."""
        return "a duration such as 1:30 or 1:30:00 (hours first)" if self.duration else "a time of day such as 14:30"

    def detail(self) -> str:
        """Return what it is like."""
        fill = f"; {clock(self.fill)} where missing" if self.gaps else ""
        return f"hours, {clock(self.low)} to {clock(self.high)}{fill}"


@dataclass(frozen=True, kw_only=True)
class Presence(_Named):
    """Texts of which nothing is used but whether there is one.

    Attributes
    ----------
    name : str
        The column.
    reason : str
        Why.
    """

    kind: ClassVar[str] = "given or not"
    reason: str

    def inputs(self) -> list[str]:
        """Return what the inputs are called."""
        return [f"{self.name} is given"]

    def encode(self, column: Column) -> Matrix:
        """Return the inputs of each row."""
        return (column.without(is_missing).codes >= 0).astype(np.float32)[:, None]

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
class Ignored(_Named):
    """A column that is left out.

    Attributes
    ----------
    name : str
        The column.
    reason : str
        Why.
    """

    kind: ClassVar[str] = "left out"
    reason: str

    def detail(self) -> str:
        """Return why."""
        return self.reason


#: The kinds that have inputs.
Kind = Number | YesNo | Category | Date | Time | Presence


def is_missing(text: str) -> bool:
    """Whether a text stands for a missing value in a column of texts."""
    return text.lower() in MISSING


def date_days(year: int) -> int:
    """Return the days from the beginning of 1970 to that of another year."""
    return (datetime.date(year, 1, 1) - datetime.date(1970, 1, 1)).days


def _gap(kind: _Read | Category) -> list[str]:
    return [f"{kind.name} is missing"] if kind.gaps else []
