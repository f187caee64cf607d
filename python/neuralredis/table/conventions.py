"""Conventions that the columns of a table share: the decimal sign, and the order of day and month."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from neuralredis.table.column import Column
from neuralredis.table.dates import DateForm
from neuralredis.table.numbers import decimal_signs, digits_of, unit_of
from neuralredis.table.words import is_gap

__all__ = ["MOST", "Conventions", "commas_and_points", "days_and_months", "fits", "sample"]

#: Share of the cells that must be numbers (or dates) for the column to be read so; the others count as missing.
MOST = 0.95
#: Most distinct texts that are examined to find out what a column may be.
SAMPLE = 1000


@dataclass(frozen=True)
class Conventions:
    """How the numbers and dates of a table are written.

    Attributes
    ----------
    comma : bool, optional
        Whether a comma is the decimal sign; None if all numbers are ambiguous.
    day_first : bool, optional
        Whether the day comes before the month; None if all dates are ambiguous.
    delimiter : str
        The separator of the cells in a line.
    """

    comma: bool | None = None
    day_first: bool | None = None
    delimiter: str = ","

    @classmethod
    def of(cls, columns: Iterable[Column], delimiter: str = ",") -> Conventions:
        """Return the conventions of the unambiguous cells of a table."""
        commas = days = 0
        for column in columns:
            if column.typed:
                continue
            counts = column.counts
            with_comma, with_point = commas_and_points(counts)
            commas += (with_comma > with_point) - (with_comma < with_point)
            day, month = days_and_months(counts)
            days += (day > month) - (day < month)
        return cls(commas > 0 if commas else None, days > 0 if days else None, delimiter)

    @property
    def lone_comma_is_decimal(self) -> bool | None:
        """Whether '1,234' means 1.234; None if unknown."""
        if self.comma is not None:
            return self.comma
        # Tables with another separator than a comma mostly have it because of decimal commas.
        return True if self.delimiter in ";\t" else None


def sample(counts: Mapping[str, int]) -> dict[str, int]:
    """Return a sample of the texts of a column, evenly from the most common to the rarest."""
    texts = list(counts)
    return {text: counts[text] for text in texts[:: -(-len(texts) // SAMPLE) or 1]}


def fits(counts: Mapping[str, int], understood: Iterable[str], share: float = MOST) -> bool:
    """Return whether understood texts make up at least a share of the rows that have a value."""
    known = set(understood)
    rows = sum(counts[text] for text in known)
    given = rows + sum(count for text, count in counts.items() if text not in known and not is_gap(text))
    return rows > 0 and rows >= share * given


def commas_and_points(counts: Mapping[str, int]) -> tuple[int, int]:
    """Return the numbers of rows that can only have a decimal comma, and that can only have a decimal point."""
    if not any("," in text or "." in text for text in counts):
        return 0, 0
    some = sample(counts)
    if not fits(some, [text for text in some if unit_of(text) is not None], 0.8):
        return 0, 0
    if not any("," in text for text in counts) and (rows := _needing(some)[1]):
        # Without any comma in the column a sample is enough.
        return 0, rows
    return _needing(counts)


def _needing(counts: Mapping[str, int]) -> tuple[int, int]:
    commas = points = 0
    understood = []
    for text, count in counts.items():
        with_comma, with_point = decimal_signs(text)
        if with_comma or with_point:
            understood.append(text)
        if with_comma != with_point:
            commas += count * with_comma
            points += count * with_point
    if not fits(counts, understood, 0.8):
        return 0, 0
    return (commas, points) if commas or points else _grouped(understood, counts)


def _grouped(texts: Iterable[str], counts: Mapping[str, int]) -> tuple[int, int]:
    """Return the same numbers if all texts are ambiguous.

    If there are texts such as 1,234 and 950, and all numbers without a sign are below 1000, the sign separates
    thousands: as decimals, some numbers would have other than three of them, or all would have three.
    """
    signs: set[str] = set()
    rows, largest = 0, 0
    for text in texts:
        digits = digits_of(text)
        signs |= set(digits) & {",", "."}
        if digits.isdigit():
            largest = max(largest, int(digits))
            rows += counts[text] if 100 <= int(digits) <= 999 else 0
    if largest > 999 or len(signs) != 1:
        return 0, 0
    return (rows, 0) if signs == {"."} else (0, rows)


def days_and_months(counts: Mapping[str, int]) -> tuple[int, int]:
    """Return the numbers of rows with a date that can only be day first, and that can only be month first."""
    some = sample(counts)
    day, month = DateForm("dmy"), DateForm("mdy")
    if not fits(some, [text for text in some if day.read(text) is not None or month.read(text) is not None], 0.8):
        return 0, 0
    if all(DateForm().read(text) is not None or is_gap(text) for text in some):
        # Dates with the year first, or the month in letters, are never ambiguous.
        return 0, 0
    days = months = 0
    for text, count in counts.items():
        first, second = day.read(text) is not None, month.read(text) is not None
        if first != second:
            days += count * first
            months += count * second
    return days, months
