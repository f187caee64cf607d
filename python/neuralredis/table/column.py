"""A column of a table: texts, each of which is understood once however many rows have it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Column"]


@dataclass(frozen=True, eq=False)
class Column:
    """A column of texts.

    Attributes
    ----------
    name : str
        What it is called.
    texts : tuple of str
        The texts that occur, without spaces around them.
    codes : numpy.ndarray of int64, shape (rows,)
        For each row the number of its text, -1 for an empty cell. Words for a missing value are texts like others: what
        they mean depends on the column.
    typed : bool
        Whether a program wrote values of a type, not texts: numbers have a decimal point whatever the rest of the table
        is like.
    values : numpy.ndarray, optional
        The values of these types, one a row: numbers, moments in UTC, or lists.
    words : bool
        Whether they are words, whatever they look like: categories of a frame.
    """

    name: str
    texts: tuple[str, ...]
    codes: NDArray[np.int64]
    typed: bool = False
    values: NDArray[Any] | None = None
    words: bool = False

    @classmethod
    def of(cls, name: str, cells: Sequence[str | None]) -> Self:
        """Return the column of some cells.

        Examples
        --------
        >>> column = Column.of("sex", ["male", " female", "NA", "male"])
        >>> column.texts, column.codes.tolist()
        (('male', 'female', 'NA'), [0, 1, 2, 0])
        """
        numbers: dict[str, int] = {}
        codes = [numbers.setdefault("" if cell is None else cell, len(numbers)) for cell in cells]
        return cls.of_coded(name, list(numbers), np.asarray(codes, np.int64))

    @classmethod
    def of_coded(cls, name: str, texts: Sequence[str], codes: NDArray[np.int64], *, typed: bool = False) -> Self:
        """Return the column of cells that are numbers of texts already, with spaces around them."""
        numbers: dict[str, int] = {}
        places = np.full(len(texts) + 1, -1, np.int64)
        for place, text in enumerate(texts):
            trimmed = text.strip()
            if trimmed:
                places[place] = numbers.setdefault(trimmed, len(numbers))
        return cls(name, tuple(numbers), places[codes], typed)

    @classmethod
    def of_numbers(cls, name: str, numbers: NDArray[Any]) -> Self:
        """Return the column of numbers, NaN where there is none.

        Examples
        --------
        >>> column = Column.of_numbers("age", np.array([31, np.nan, 2.5]))
        >>> column.texts, column.codes.tolist()
        (('2.5', '31'), [1, -1, 0])
        """
        given = np.ones(len(numbers), bool) if numbers.dtype.kind in "iu" else ~np.isnan(numbers)
        different, places = np.unique(numbers[given], return_inverse=True)
        codes = np.full(len(numbers), -1, np.int64)
        codes[given] = places.reshape(-1)
        texts = tuple(text.removesuffix(".0") for text in different.astype(str).tolist())
        return cls(name, texts, codes, typed=True, values=numbers.astype(np.float64))

    @classmethod
    def of_moments(cls, name: str, moments: NDArray[Any]) -> Self:
        """Return the column of moments in UTC, NaT where there is none."""
        moments = moments.astype("datetime64[us]")
        given = ~np.isnat(moments)
        different, places = np.unique(moments[given], return_inverse=True)
        codes = np.full(len(moments), -1, np.int64)
        codes[given] = places.reshape(-1)
        texts = tuple(np.datetime_as_string(different, unit="s").tolist())
        return cls(name, tuple(text.removesuffix("T00:00:00") for text in texts), codes, typed=True, values=moments)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.codes)

    @property
    def gaps(self) -> int:
        """How many rows have no value."""
        return int(np.count_nonzero(self.codes < 0))

    def take(self, rows: NDArray[np.int64]) -> Column:
        """Return the same column of some of the rows."""
        values = None if self.values is None else self.values[rows]
        return Column(self.name, self.texts, self.codes[rows], self.typed, values, self.words)

    def without(self, is_missing: Callable[[str], bool]) -> Column:
        """Return the same column, in which some texts are missing values.

        Examples
        --------
        >>> column = Column.of("sex", ["male", "?", "NA", "?"]).without(lambda text: text == "?")
        >>> column.codes.tolist(), column.gaps
        ([0, -1, 2, -1], 2)
        """
        places = np.array([-1 if is_missing(text) else place for place, text in enumerate(self.texts)] + [-1], np.int64)
        return Column(self.name, self.texts, places[self.codes], self.typed, None, self.words)

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many rows have each text, the commonest first, and of equals the one that came first."""
        counts = np.bincount(self.codes[self.codes >= 0], minlength=len(self.texts))
        order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
        return {self.texts[place]: count for place, count in zip(order.tolist(), counts[order].tolist(), strict=True)}

    def numbers(self, read: Callable[[str], float | None]) -> NDArray[np.float64]:
        """Return what a function reads in the text of each row, NaN where it is missing or not to be read."""
        values = [read(text) for text in self.texts]
        return np.array([np.nan if value is None else value for value in (*values, None)], np.float64)[self.codes]

    def cell(self, row: int) -> str | None:
        """Return the text of a row."""
        code = int(self.codes[row])
        return None if code < 0 else self.texts[code]
