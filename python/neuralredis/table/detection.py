"""What kind of column one is: the form of its texts by all rows of the table, the rest by the rows learnt from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from neuralredis.table.column import Column
from neuralredis.table.conventions import Conventions
from neuralredis.table.dates import DateForm, TimeForm
from neuralredis.table.forms import Text, form_of
from neuralredis.table.kinds import Category, Date, Ignored, Kind, Number, Presence, Time, YesNo, is_missing, shortened
from neuralredis.table.numbers import NumberForm
from neuralredis.table.rownumbers import numbers_the_rows
from neuralredis.table.wishes import Wish
from neuralredis.table.words import yes_or_no

__all__ = ["ROW_NUMBERS", "kind_of"]

#: Why a column of row numbers is left out.
ROW_NUMBERS = "it numbers the rows"

#: Texts of a category that have inputs of their own at most. More would make the network large, and each would have few
#: rows to learn from. With `--as x=category` it is more.
MOST_VALUES, MOST_VALUES_ASKED = 40, 1000


def kind_of(
    column: Column,
    rows: NDArray[np.int64] | None = None,
    conventions: Conventions | None = None,
    wish: Wish | None = None,
) -> Kind | Ignored:
    """Return the kind of a column.

    Parameters
    ----------
    column : Column
        The whole column, with the rows in their order.
    rows : numpy.ndarray of int64, optional
        The rows that are learnt from: ranges, medians and the values of categories are taken from these alone. All rows
        if not given.
    conventions : Conventions, optional
        How the writer of the table writes.
    wish : Wish, optional
        What the user says the column is.

    Raises
    ------
    TableError
        If the column cannot be what the user says it is.
    """
    name = column.name
    if wish is not None and wish.kind == "skip":
        return Ignored(name=name, reason="as asked")
    form = form_of(column, conventions or Conventions.of([column]), wish)
    learnt = column if rows is None else column.take(rows)
    if wish is None and sum(not is_missing(text) for text in learnt.counts) == 1:
        return _text(learnt, Text(), asked=False)
    if isinstance(form, NumberForm):
        read = form.reader(column)
        if wish is None and not form.unit and numbers_the_rows(name, column.numbers(read)):
            return Ignored(name=name, reason=ROW_NUMBERS)
        return _number(learnt, form, read)
    if isinstance(form, DateForm | TimeForm):
        return _date(learnt, form)
    if isinstance(form, Text):
        return _text(learnt, form, asked=wish is not None)
    return _flag(learnt)


def _known(column: Column, read: Callable[[str], float | None]) -> tuple[NDArray[np.float64], bool]:
    """Return the values of the rows that have one, and whether some have none."""
    values = column.numbers(read)
    known = values[~np.isnan(values)]
    return known, len(known) < len(values)


def _number(column: Column, form: NumberForm, read: Callable[[str], float | None]) -> Number | Ignored:
    known, gaps = _known(column, read)
    if not len(known):
        return Ignored(name=column.name, reason="it is empty")
    low, high = float(known.min()), float(known.max())
    if low == high:
        return Ignored(name=column.name, reason=f"it is always {low:g}")
    fill = float(np.median(known))
    # Single precision has 24 bits: what are many digits of a time stamp in seconds would be lost.
    coarse = max(abs(low), abs(high)) > 1e4 * (high - low)
    offset = float(np.round(fill)) if coarse else 0.0
    return Number(
        name=column.name, fill=fill, gaps=gaps, low=low, high=high, offset=offset, comma=form.comma, unit=form.unit
    )


def _date(column: Column, form: DateForm | TimeForm) -> Date | Time | Ignored:
    known, gaps = _known(column, form.read)
    what = "date" if isinstance(form, DateForm) else "time"
    if not len(known):
        return Ignored(name=column.name, reason="it is empty")
    if known.min() == known.max():
        return Ignored(name=column.name, reason=f"it is always the same {what}")
    fill = float(np.median(known))
    if isinstance(form, DateForm):
        return Date(name=column.name, fill=fill, gaps=gaps, hours=bool((known % 1 != 0).any()), order=form.order)
    low, high = float(known.min()), float(known.max())
    return Time(name=column.name, fill=fill, gaps=gaps, low=low, high=high, duration=form.duration)


def _flag(column: Column) -> YesNo | Ignored:
    known, gaps = _known(column, yes_or_no)
    if not len(known):
        return Ignored(name=column.name, reason="it is empty")
    if known.min() == known.max():
        return Ignored(name=column.name, reason=f"it is always {'yes' if known[0] else 'no'}")
    return YesNo(name=column.name, fill=float(2 * known.sum() > len(known)), gaps=gaps)


def _text(column: Column, form: Text, *, asked: bool) -> Category | Presence | Ignored:
    name = column.name
    column = column.without(lambda text: is_missing(text) and text not in form.kept)
    counts = column.counts
    given = sum(counts.values())
    gaps = given < len(column)
    if not given:
        return Ignored(name=name, reason="it is empty")
    if len(counts) == 1:
        reason = f"it is always '{shortened(next(iter(counts)))}'"
        return Presence(name=name, reason=reason) if gaps else Ignored(name=name, reason=reason)
    if len(counts) == given > 5 and not asked:
        reason = form.reason or "each row has another text"
    elif len(counts) > given / 2 and given > 20 and not asked:
        reason = form.reason or "nearly each row has another text"
    else:
        # A text of few rows teaches nothing but these rows.
        least = 1 if given < 50 else 3 if given < 1000 else 5
        common = [text for text, count in counts.items() if count >= least]
        if common:
            values = tuple(common[: MOST_VALUES_ASKED if asked else MOST_VALUES])
            other = len(values) < len(counts)
            if len(values) > 1 or other:
                return Category(name=name, values=values, other=other, gaps=gaps)
        reason = form.reason or "no text has enough rows"
    # Whether there is one may tell something, unless nearly all rows are alike in that.
    if gaps and min(given, len(column) - given) >= max(5, len(column) // 50):
        return Presence(name=name, reason=reason)
    return Ignored(name=name, reason=reason)
