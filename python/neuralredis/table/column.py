"""A column of a table: distinct texts, which are parsed once each, and a code for each row."""

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
        Its name.
    texts : tuple of str
        The distinct texts, without surrounding spaces.
    codes : numpy.ndarray of int64, shape (rows,)
        For each row the index of its text, -1 for an empty cell. Texts such as "NA" are texts like others: whether they
        mean a missing value depends on the column.
    typed : bool
        Whether the source has typed values instead of texts, so that numbers have a decimal point whatever the rest of
        the table looks like.
    values : numpy.ndarray, optional
        Typed values, one for each row: numbers, times in UTC, or lists.
    words : bool
        Whether texts are categories, whatever they look like: a categorical column of a frame.
    """

    name: str
    texts: tuple[str, ...]
    codes: NDArray[np.int64]
    typed: bool = False
    values: NDArray[Any] | None = None
    words: bool = False

    @classmethod
    def of(cls, name: str, cells: Sequence[str | None]) -> Self:
        """Return the column of a list of cells.

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
        """Return the column of cells given as indices of texts, which may have surrounding spaces."""
        numbers: dict[str, int] = {}
        places = np.full(len(texts) + 1, -1, np.int64)
        for place, text in enumerate(texts):
            trimmed = text.strip()
            if trimmed:
                places[place] = numbers.setdefault(trimmed, len(numbers))
        return cls(name, tuple(numbers), places[codes], typed)

    @staticmethod
    def of_numbers(name: str, numbers: NDArray[Any]) -> Column:
        """Return the column of numbers; NaN is a missing value.

        Examples
        --------
        >>> column = Column.of_numbers("age", np.array([31, np.nan, 2.5]))
        >>> column.texts, column.codes.tolist()
        (('2.5', '31'), [1, -1, 0])
        """
        return _Typed(name, numbers)

    @staticmethod
    def of_moments(name: str, moments: NDArray[Any]) -> Column:
        """Return the column of times in UTC; NaT is a missing value."""
        return _Typed(name, moments.astype("datetime64[us]"))

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.codes)

    @property
    def gaps(self) -> int:
        """Number of empty cells."""
        return int(np.count_nonzero(self.codes < 0))

    def take(self, rows: NDArray[np.int64]) -> Column:
        """Return the column of some of the rows."""
        values = None if self.values is None else self.values[rows]
        return Column(self.name, self.texts, self.codes[rows], self.typed, values, self.words)

    def without(self, is_missing: Callable[[str], bool]) -> Column:
        """Return the column with some texts treated as missing.

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
        """Number of rows of each text, the most common first, ties in order of first occurrence."""
        counts = np.bincount(self.codes[self.codes >= 0], minlength=len(self.texts))
        order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
        return {self.texts[place]: count for place, count in zip(order.tolist(), counts[order].tolist(), strict=True)}

    def numbers(self, read: Callable[[str], float | None]) -> NDArray[np.float64]:
        """Return the number of each row that a function parses from its text; NaN for None and missing values."""
        values = [read(text) for text in self.texts]
        return np.array([np.nan if value is None else value for value in (*values, None)], np.float64)[self.codes]

    def cell(self, row: int) -> str | None:
        """Return the text of a row, None if missing."""
        code = int(self.codes[row])
        return None if code < 0 else self.texts[code]


class _Typed(Column):
    """A column of typed numbers or times, whose texts are made on demand, since there may be very many."""

    def __init__(self, name: str, given: NDArray[Any]) -> None:
        values = given if given.dtype.kind == "M" else given.astype(np.float64)
        for attribute, value in (("name", name), ("typed", True), ("values", values), ("words", False)):
            object.__setattr__(self, attribute, value)
        # The original integers, so that texts have all digits.
        object.__setattr__(self, "_given", given)

    def __len__(self) -> int:
        return len(self._given)

    @property
    def gaps(self) -> int:
        return int(np.count_nonzero(self._missing))

    def take(self, rows: NDArray[np.int64]) -> Column:
        return _Typed(self.name, self._given[rows])

    @property
    def _missing(self) -> NDArray[np.bool_]:
        kind = self._given.dtype.kind
        return (
            np.zeros(len(self), bool)
            if kind in "iu"
            else np.isnat(self._given)
            if kind == "M"
            else self._given != self._given
        )

    @cached_property
    def _coded(self) -> tuple[tuple[str, ...], NDArray[np.int64]]:
        given = ~self._missing
        different, places = np.unique(self._given[given], return_inverse=True)
        codes = np.full(len(self), -1, np.int64)
        codes[given] = places.reshape(-1)
        if different.dtype.kind == "M":
            texts = np.datetime_as_string(different, unit="s").tolist()
            return tuple(text.removesuffix("T00:00:00") for text in texts), codes
        return tuple(text.removesuffix(".0") for text in different.astype(str).tolist()), codes

    @cached_property
    def texts(self) -> tuple[str, ...]:
        return self._coded[0]

    @cached_property
    def codes(self) -> NDArray[np.int64]:
        return self._coded[1]

    _given: NDArray[Any]
