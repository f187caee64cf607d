"""The column that a network is to answer: classes, or numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from neuralredis.table.column import Column
from neuralredis.table.detection import writes_commas
from neuralredis.table.failure import TableError
from neuralredis.table.kinds import shortened
from neuralredis.table.texts import number_of, plain, reader

__all__ = ["Classes", "Numbers", "Target", "target_of"]

#: Classes at most. More have few rows each.
MOST_CLASSES = 200
#: Whole numbers, so few and each with so many rows, are taken for classes.
FEW_NUMBERS, ROWS_EACH = 10, 5


@dataclass(frozen=True, kw_only=True)
class Classes:
    """One of a few answers.

    Attributes
    ----------
    name : str
        The column.
    labels : tuple of str
        The answers, in the order of the network's outputs.
    """

    kind: ClassVar[str] = "classifier"
    name: str
    labels: tuple[str, ...]

    def encode(self, column: Column) -> NDArray[np.int64]:
        """Return the class of each row, -1 where it is missing or none of these."""
        places = {_same(label): place for place, label in enumerate(self.labels)}
        return np.array([*(places.get(_same(text), -1) for text in column.texts), -1], np.int64)[column.codes]


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """A number.

    Attributes
    ----------
    name : str
        The column.
    low, high : float
        The least and the greatest so far.
    comma : bool
        Whether decimals follow a comma.
    """

    kind: ClassVar[str] = "regressor"
    name: str
    low: float
    high: float
    comma: bool = False

    def encode(self, column: Column) -> NDArray[np.float64]:
        """Return the number of each row, NaN where it is missing or none."""
        return column.numbers(reader(self.comma))


Target = Classes | Numbers


def target_of(column: Column, classify: bool | None = None) -> Target:
    """Return what is to be answered: classes or numbers as asked, else by what the column has.

    Raises
    ------
    TableError
        If nothing can be learnt of such a column.
    """
    counts = column.counts
    if not counts:
        raise TableError(f"the column '{column.name}' is empty: there is nothing to learn")
    if len({_same(text) for text in counts}) == 1:
        raise TableError(
            f"the column '{column.name}' is always '{shortened(next(iter(counts)))}': there is nothing to tell apart"
        )
    comma = writes_commas(counts)
    read = reader(comma)
    strange = next((text for text in counts if read(text) is None), None)
    if classify is False and strange is not None:
        raise TableError(
            f"the column '{column.name}' has '{shortened(strange)}', which is no number: without --regress the network "
            "learns to tell texts apart"
        )
    values = np.unique(np.array([] if strange is not None else [read(text) for text in counts], np.float64))
    if classify is None:
        classify = strange is not None or _few(values, sum(counts.values()))
    if not classify:
        return Numbers(name=column.name, low=float(values.min()), high=float(values.max()), comma=comma)
    # The commonest way to write a class is what it is called.
    labels = list({_same(text): text for text in reversed(counts)}.values())
    if len(labels) > min(MOST_CLASSES, max(2, sum(counts.values()) // 2)):
        hint = "; --regress learns them as numbers" if strange is None else ""
        raise TableError(
            f"the column '{column.name}' has {len(labels):,} different values in {sum(counts.values()):,} rows: "
            f"too many to tell apart{hint}"
        )
    order = (lambda text: read(text) or 0.0) if strange is None else None
    labels.sort() if order is None else labels.sort(key=order)
    if {label.lower() for label in labels} in ({"yes", "no"}, {"y", "n"}, {"true", "false"}, {"t", "f"}):
        labels.sort(key=lambda label: label.lower()[0] in "yt")
    return Classes(name=column.name, labels=tuple(labels))


def described(target: Target) -> str:
    """Return what is to be answered, in a few words."""
    if isinstance(target, Numbers):
        return f"a number, {plain(target.low)} to {plain(target.high)}"
    labels = [shortened(label) for label in target.labels]
    return (
        " or ".join(labels)
        if len(labels) < 4
        else f"one of {len(labels)}: {', '.join(labels[:6])}" + (", …" if len(labels) > 6 else "")
    )


def _few(values: NDArray[np.float64], rows: int) -> bool:
    whole = bool(np.array_equal(values, np.round(values)))
    return len(values) == 2 or (whole and len(values) <= FEW_NUMBERS and rows >= ROWS_EACH * len(values))


def _same(text: str) -> str:
    """Return what texts of one class have in common: 1 and 1.0 are the same."""
    number = number_of(text)
    return text if number is None else repr(number)
