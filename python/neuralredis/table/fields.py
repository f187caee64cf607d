"""Choose the kind of a field for each column of a table, and leave out columns without information."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuralredis.table.column import Column
from neuralredis.table.conventions import Conventions
from neuralredis.table.dates import DateForm, TimeForm, clock
from neuralredis.table.failure import TableError
from neuralredis.table.forms import Text, form_of
from neuralredis.table.numbers import NumberForm
from neuralredis.table.rownumbers import numbers_the_rows
from neuralredis.table.texts import listed, shortened, written
from neuralredis.table.values import LONGEST, Reader, is_missing
from neuralredis.table.wishes import Wish
from neuralredis.table.words import is_gap

__all__ = ["MOST_WORDS", "ROW_NUMBERS", "Field", "LeftOut", "field_of"]

#: The reason why columns of row numbers are left out.
ROW_NUMBERS = "it numbers the rows"
#: Largest number of categories of a field.
MOST_WORDS = 1 << 20
#: Names with a special meaning in commands.
RESERVED = frozenset(("->", "JSON", "FP32"))
#: Rows per distinct text below which, on average, a column of several words is a text and not a category.
FEW_ROWS = 5
#: Most distinct words in a column of numbers for the kind ``auto``.
MOST_STRANGE = 10
#: Range of numbers that may be seconds since 1970: from 2001 to 2096.
SECONDS = (1e9, 4e9)
#: Names of columns of times.
_WHEN = re.compile(r"time|date|stamp|when|[_ ]at$", re.I)
_DATE = "a date such as 2024-12-31 or 2024-12-31 18:30"
_LETTERS = frozenset("yntf")

#: A word of letters; in scripts without spaces between words, four letters.
_WORD = re.compile(r"(?:^|(?<=[\s(\"']))[^\W\d_]{2,}(?=$|[\s.,;:!?)\"'])|[\u0e00-\u0e7f\u3040-\u30ff\u4e00-\u9fff]{4}")


@dataclass(frozen=True, kw_only=True)
class Field:
    """A column that becomes a field of the network.

    Attributes
    ----------
    name : str
        Its name.
    kind : str
        Its kind, as a `Network` takes it, such as ``category 12``.
    reader : Reader
        Converts texts to values.
    detail : str
        A short description of its values, such as their range.
    gaps : bool
        Whether some rows have no value.
    """

    name: str
    kind: str
    reader: Reader
    detail: str = ""
    gaps: bool = False

    @property
    def title(self) -> str:
        """The kind of the column and how it is written, for the user."""
        return self.reader.title

    @property
    def hint(self) -> str:
        """A description of the expected input, for the user."""
        so_far = f", {self.detail} so far" if self.detail else ""
        return {
            "number": f"a number{so_far}",
            "flag": "yes or no",
            "time": f"{'a time of day such as 14:30' if isinstance(self.reader.form, TimeForm) else _DATE}{so_far}",
            "category": self.detail or "a category",
            "auto": "a number or a category",
            "text": "a text",
            "tags": "categories, separated by commas",
            "vector": f"{self.kind.partition(' ')[2]} numbers",
        }[self.reader.of]

    def values(self, column: Column) -> Any:
        """Return the values of a column in the form for `Network.observe`."""
        return self.reader.values(column)


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A column that is left out.

    Attributes
    ----------
    name : str
        Its name.
    reason : str
        Why it is left out.
    """

    name: str
    reason: str


def field_of(
    column: Column,
    rows: NDArray[np.int64] | None = None,
    conventions: Conventions | None = None,
    wish: Wish | None = None,
) -> Field | LeftOut:
    """Return the field of a column, or why it is left out.

    Parameters
    ----------
    column : Column
        The whole column, with rows in order.
    rows : numpy.ndarray of int64, optional
        The training and validation rows, which decide whether the column has information; by default all rows.
    conventions : Conventions, optional
        The conventions of the table.
    wish : Wish, optional
        The kind that the user gives the column.

    Raises
    ------
    TableError
        If the column cannot be read as that kind.
    """
    name = column.name
    if wish is not None and wish.kind == "skip":
        return LeftOut(name=name, reason="as asked")
    if len(name.encode("utf-8", "surrogateescape")) > LONGEST or name.upper() in RESERVED:
        why = (
            "it has a special meaning in commands" if name.upper() in RESERVED else f"it has more than {LONGEST} bytes"
        )
        return LeftOut(name=name, reason=f"a field cannot have this name: {why}")
    learnt = column if rows is None else column.take(rows)
    if column.values is not None and column.values.dtype == object:
        return _lists(learnt, wish)
    if wish is not None and wish.kind in ("text", "tags", "auto", "vector"):
        return _asked(column, learnt, wish, conventions or Conventions.of([column]))
    form = form_of(column, conventions or Conventions.of([column]), wish)
    if form == "flag" and wish is None and not column.typed and any(text.lower() in _LETTERS for text in column.counts):
        # A network does not read the letters y, n, t and f as flags.
        form = Text()
    if isinstance(form, NumberForm):
        return _number(column, learnt, form, wish)
    if isinstance(form, DateForm | TimeForm):
        return _moment(learnt, form)
    if isinstance(form, Text):
        return _text(column, learnt, form, wish)
    return _measured(learnt, Reader("flag"), "yes or no", lambda number: "yes" if number else "no")


def _measured(column: Column, reader: Reader, detail: str, shown: Any) -> Field | LeftOut:
    """Return the field of a column of numbers or flags, unless all values are equal."""
    values = np.asarray(reader.values(column), np.float64)
    known = values[~np.isnan(values)]
    if not len(known):
        return LeftOut(name=column.name, reason="it is empty")
    gaps = len(known) < len(values)
    if known.min() == known.max() and not gaps:
        return LeftOut(name=column.name, reason=f"it is always {shown(known[0])}")
    low, high = shown(float(known.min())), shown(float(known.max()))
    return Field(name=column.name, kind=reader.kind, reader=reader, detail=detail or f"{low} to {high}", gaps=gaps)


def _number(column: Column, learnt: Column, form: NumberForm, wish: Wish | None) -> Field | LeftOut:
    reader = Reader("number", form)
    if wish is None and _are_seconds(column.name, reader.values(learnt)):
        return _moment(learnt, form)
    if wish is None and not form.unit and numbers_the_rows(column.name, reader.values(column)):
        return LeftOut(name=column.name, reason=ROW_NUMBERS)
    if wish is None and not column.typed and (words := _words_beside(column, reader)):
        reader = Reader(f"auto {max(len(words), 2)}", form)
        values = Reader("number", form).values(learnt)
        found = _measured(learnt, replace(reader, kind="number"), "", lambda number: written(number, comma=form.comma))
        detail = f"{found.detail}; " if isinstance(found, Field) else ""
        detail += f"also {listed(words, 4, 'and')}"
        gaps = bool(np.isnan(values).any())
        return Field(name=column.name, kind=reader.kind, reader=reader, detail=detail, gaps=gaps)
    return _measured(learnt, reader, "", lambda number: written(number, comma=form.comma))


def _are_seconds(name: str, values: NDArray[np.float64]) -> bool:
    """Return whether numbers are seconds since 1970, which float32 could not distinguish."""
    known = values[~np.isnan(values)]
    if not len(known) or known.min() < SECONDS[0] or known.max() > SECONDS[1]:
        return False
    return bool(_WHEN.search(name)) or known.max() > 1e4 * (known.max() - known.min()) > 0


def _words_beside(column: Column, reader: Reader) -> list[str]:
    """Return the words in a column of numbers that may carry information: few, and not words for missing values."""
    understood = reader.read_number(column)
    strange = {text: rows for text, rows in column.counts.items() if understood(text) is None and not is_gap(text)}
    if any(letter.isdigit() for text in strange for letter in text) or len(strange) > MOST_STRANGE:
        return []
    return [text for text, rows in strange.items() if rows >= FEW_ROWS and len(text.encode()) <= LONGEST]


def _moment(column: Column, form: DateForm | TimeForm | NumberForm) -> Field | LeftOut:
    if isinstance(form, TimeForm) and form.duration:
        return _measured(column, Reader("number", form), "", lambda hours: f"{clock(hours)} hours")
    reader = Reader("time", form)
    moments = np.asarray(reader.values(column))
    known = moments[~np.isnat(moments)]
    if not len(known):
        return LeftOut(name=column.name, reason="it is empty")
    gaps = len(known) < len(moments)
    if known.min() == known.max() and not gaps:
        noun = "time" if isinstance(form, TimeForm) else "date"
        return LeftOut(name=column.name, reason=f"it is always the same {noun}")
    ends = [str(end.astype("datetime64[D]")) for end in (known.min(), known.max())]
    if isinstance(form, TimeForm):
        ends = [str(end)[11:16] for end in (known.min(), known.max())]
    return Field(name=column.name, kind="time", reader=reader, detail=" to ".join(ends), gaps=gaps)


def _text(whole: Column, learnt: Column, form: Text, wish: Wish | None) -> Field | LeftOut:
    name, requested = learnt.name, wish is not None
    column = learnt.without(lambda text: is_missing(text) and text not in form.kept)
    counts = column.counts
    given = sum(counts.values())
    gaps = given < len(column)
    if not given:
        return LeftOut(name=name, reason="it is empty")
    if len(counts) == 1 and not gaps:
        return LeftOut(name=name, reason=f"it is always '{shortened(next(iter(counts)))}'")
    reader = Reader("category 2", form)
    known = sum(not is_missing(text) or text in form.kept for text in whole.counts)
    words = min(max(known, 2), MOST_WORDS)
    if not requested and not column.words and _is_prose(counts, given):
        return _prose(name, counts, form, gaps)
    each, most = len(counts) == given > 5, len(counts) > given / 2 and given > 20
    if not requested and (each or most):
        reason = form.reason or ("each row has a different text" if each else "nearly each row has a different text")
        # Whether a value is missing may carry information, unless nearly all rows are alike in that.
        if not gaps or min(given, len(column) - given) < max(5, len(column) // 50):
            return LeftOut(name=name, reason=reason)
        words = max(2, sum(rows > 2 for rows in counts.values()))
    kind = f"category {wish.size if wish is not None and wish.size else words}"
    return Field(
        name=name, kind=kind, reader=replace(reader, kind=kind), detail=listed(list(counts), 4, "and"), gaps=gaps
    )


def _prose(name: str, counts: dict[str, int], form: Text, gaps: bool, buckets: int = 512) -> Field:
    detail = f"words of {len(counts):,} different texts"
    kind = f"text {buckets}"
    return Field(name=name, kind=kind, reader=Reader(kind, form), detail=detail, gaps=gaps)


def _is_prose(counts: dict[str, int], given: int) -> bool:
    """Return whether texts are prose rather than categories: long, or mostly of several words and seldom repeated."""
    if any(len(text.encode("utf-8", "surrogateescape")) > LONGEST for text in counts):
        return True
    if len(counts) * FEW_ROWS <= given:
        return False
    several = sum(rows for text, rows in counts.items() if _several_words(text))
    return 2 * several > given


def _several_words(text: str) -> bool:
    found = [match[0] for match in _WORD.finditer(text)]
    return len(found) > 1 or any(ord(word[0]) > 0xE00 for word in found)


def _lists(column: Column, wish: Wish | None) -> Field | LeftOut:
    """Return the field of a column of lists: a vector if all have the same number of numbers, else tags."""
    assert column.values is not None, "lists are values"
    lists = [list(items) for items in column.values if items is not None and len(items)]
    gaps = len(lists) < len(column)
    if not lists:
        return LeftOut(name=column.name, reason="it is empty")
    lengths = {len(items) for items in lists}
    numeric = all(isinstance(item, int | float | np.number) for items in lists for item in items)
    if (numeric and len(lengths) == 1 and wish is None) or (wish is not None and wish.kind == "vector"):
        kind = f"vector {max(lengths)}"
        return Field(name=column.name, kind=kind, reader=Reader(kind), detail=f"{max(lengths)} numbers", gaps=gaps)
    words = {str(item) for items in lists for item in items}
    kind = f"tags {min(max(len(words), 2), MOST_WORDS)}"
    if wish is not None and wish.kind in ("tags", "text"):
        kind = f"{wish.kind} {wish.size}" if wish.size else kind if wish.kind == "tags" else "text"
    elif wish is not None:
        raise TableError(f"the column '{column.name}' cannot be read as {wish.kind}: it has lists")
    return Field(name=column.name, kind=kind, reader=Reader(kind), detail=listed(sorted(words), 4, "and"), gaps=gaps)


def _asked(column: Column, learnt: Column, wish: Wish, conventions: Conventions) -> Field:
    """Return the field of a column with a kind that the user gives and that is never detected."""
    counts = {text: rows for text, rows in learnt.counts.items() if not is_missing(text)}
    gaps = sum(counts.values()) < len(learnt)
    if wish.kind == "vector":
        raise TableError(f"the column '{column.name}' cannot be read as vector: it has no lists")
    if wish.kind == "text":
        return _prose(column.name, counts, Text(), gaps, wish.size or 512)
    if wish.kind == "tags":
        words = sorted({word.strip() for text in counts for word in text.split(",") if word.strip()})
        kind = f"tags {wish.size or min(max(len(words), 2), MOST_WORDS)}"
        return Field(name=column.name, kind=kind, reader=Reader(kind), detail=listed(words, 4, "and"), gaps=gaps)
    form = form_of(column, conventions)
    number = form if isinstance(form, NumberForm) else NumberForm(bool(conventions.comma))
    read = Reader("number", number).read_number(column)
    strange = [text for text in counts if read(text) is None]
    kind = f"auto {wish.size or min(max(len(strange), 2), MOST_WORDS)}"
    detail = "numbers" + (f"; also {listed(strange, 4, 'and')}" if strange else "")
    return Field(name=column.name, kind=kind, reader=Reader(kind, number), detail=detail, gaps=gaps)
