"""The column that a network predicts: classes, or numbers."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from neuralredis.table.column import Column
from neuralredis.table.conventions import Conventions
from neuralredis.table.failure import TableError
from neuralredis.table.forms import form_of, kept_of
from neuralredis.table.numbers import AsWritten, NumberForm
from neuralredis.table.texts import shortened, written
from neuralredis.table.wishes import Wish
from neuralredis.table.words import MISSING, PAIRS, is_gap

__all__ = ["Classes", "Numbers", "Target", "label_key", "target_of"]

#: Limit of the classes of a table's target.
MOST_CLASSES = 200
#: Integers are classes if there are at most this many, each with this many rows on average.
FEW_NUMBERS, ROWS_EACH = 10, 5
_ONE_WAY = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d*)?", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Classes:
    """A target with classes.

    Attributes
    ----------
    name : str
        The column's name.
    labels : tuple of str
        The classes, in the order of the network's outputs.
    """

    kind: ClassVar[str] = "classifier"
    name: str
    labels: tuple[str, ...]

    def encode(self, column: Column) -> NDArray[np.int64]:
        """Return the class number of each row, -1 if missing or another class."""
        places = {label_key(label): place for place, label in enumerate(self.labels)}
        return np.array([*(places.get(label_key(text), -1) for text in column.texts), -1], np.int64)[column.codes]


@dataclass(frozen=True, kw_only=True)
class Numbers(AsWritten):
    """A numeric target.

    Attributes
    ----------
    name : str
        The column's name.
    low, high : float
        The smallest and the largest number in the training rows.
    comma : bool
        Whether the decimal sign is a comma.
    unit : str
        The currency or unit of the numbers.
    """

    kind: ClassVar[str] = "regressor"
    name: str
    low: float
    high: float
    comma: bool = False
    unit: str = ""

    def written(self, number: float) -> str:
        """Return a number as text, in the form of the table."""
        return written(number, comma=self.comma, unit=self.unit)

    def encode(self, column: Column) -> NDArray[np.float64]:
        """Return the number of each row, NaN if missing or another text."""
        return column.numbers(self.reader(column))


Target = Classes | Numbers


def target_of(
    column: Column,
    classify: bool | None = None,
    conventions: Conventions | None = None,
    wish: Wish | None = None,
) -> Target:
    """Return the target of a column: classes or numbers as requested, else by its values.

    Parameters
    ----------
    column : Column
        The whole column.
    classify : bool, optional
        Whether the target has classes (True) or numbers (False); by default this is detected.
    conventions : Conventions, optional
        The conventions of the table.
    wish : Wish, optional
        The kind that the user gives the column. A category has a class for each text, also for words such as "NA".

    Raises
    ------
    TableError
        If the column cannot be a target.
    """
    name = column.name
    if wish is not None and wish.kind not in ("number", "category", "flag"):
        raise TableError(f"the target '{name}' cannot be read as {wish.kind}: expected number, category or flag")
    if wish is not None and classify is None:
        classify = wish.kind != "number"
    conventions = conventions or Conventions.of([column])
    form = form_of(column, conventions, wish)
    kept = frozenset(column.texts) if wish is not None and wish.kind == "category" else kept_of(_given(column), column)
    counts = {text: rows for text, rows in column.counts.items() if text in kept or text.lower() not in MISSING}
    if not counts:
        raise TableError(f"the column '{name}' is empty: there is nothing to learn")
    if len({label_key(text) for text in counts}) == 1:
        raise TableError(
            f"the column '{name}' is always '{shortened(next(iter(counts)))}': there is nothing to distinguish"
        )
    numbers = form if isinstance(form, NumberForm) else None
    if numbers is None and (form == "flag" or classify is False):
        numbers = NumberForm(bool(conventions.comma))
    read = _nothing if numbers is None else numbers.reader(column)
    strange = next((text for text in counts if read(text) is None and not is_gap(text)), None)
    if classify is False and not isinstance(form, NumberForm) and strange is not None:
        raise TableError(
            f"the column '{name}' has '{shortened(strange)}': expected numbers for --regress; without it the network "
            "is a classifier"
        )
    given = {text: number for text in counts if (number := read(text)) is not None}
    values = np.unique(np.array(list(given.values()), np.float64))
    if classify is None:
        classify = not isinstance(form, NumberForm) or _few(values, sum(counts[text] for text in given))
    if not classify:
        assert numbers is not None, "a numeric target has a form"
        low, high = float(values.min()), float(values.max())
        if low == high:
            raise TableError(f"the column '{name}' is always {low:g}: there is nothing to learn")
        return Numbers(name=name, low=low, high=high, comma=numbers.comma, unit=numbers.unit)
    if isinstance(form, NumberForm):
        counts = {text: rows for text, rows in counts.items() if not is_gap(text)}
    # The name of a class is its most common spelling.
    labels = list({label_key(text): text for text in reversed(counts)}.values())
    if len(labels) > min(MOST_CLASSES, max(2, sum(counts.values()) // 2)):
        hint = "; --regress predicts them as numbers" if isinstance(form, NumberForm) else ""
        raise TableError(
            f"the column '{name}' has {len(labels):,} different values in {sum(counts.values()):,} rows: "
            f"too many classes{hint}"
        )
    if all(read(label) is not None for label in labels):
        labels.sort(key=lambda label: read(label) or 0.0)
    else:
        labels.sort()
    for yes, no in PAIRS[:4]:
        if {label.lower() for label in labels} == {yes, no}:
            labels.sort(key=lambda label: label.lower() == yes)
    return Classes(name=name, labels=tuple(labels))


def described(target: Target) -> str:
    """Return a short description of a target."""
    if isinstance(target, Numbers):
        how = " with a decimal comma" if target.comma else ""
        if math.isnan(target.low):
            return f"a number{how}"
        low = written(target.low, comma=target.comma)
        return f"a number{how}, {low} to {target.written(target.high)}"
    labels = [shortened(label) for label in target.labels]
    return (
        " or ".join(labels)
        if len(labels) < 4
        else f"one of {len(labels)}: {', '.join(labels[:6])}" + (", …" if len(labels) > 6 else "")
    )


def _few(values: NDArray[np.float64], rows: int) -> bool:
    whole = bool(np.array_equal(values, np.round(values)))
    return len(values) == 2 or (whole and len(values) <= FEW_NUMBERS and rows >= ROWS_EACH * len(values))


def _nothing(text: str) -> float | None:
    """Return None for any text."""
    return None


def _given(column: Column) -> dict[str, int]:
    """Return the texts that are not words for missing values."""
    return {text: rows for text, rows in column.counts.items() if text.lower() not in MISSING}


def label_key(text: str) -> str:
    """Return a key that is equal for texts of the same class: 1 and 1.0 are the same, 042 and 42 are not."""
    return repr(float(text)) if _ONE_WAY.fullmatch(text) else text
