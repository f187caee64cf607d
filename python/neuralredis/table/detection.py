"""What kind of column one is, by its texts."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from neuralredis.table.column import Column
from neuralredis.table.kinds import Category, Date, Ignored, Kind, Number, Presence, YesNo, shortened, yes_or_no
from neuralredis.table.texts import date_of, number_of, number_with_comma_of, reader

__all__ = ["kind_of", "writes_commas"]

#: Texts of a category that have inputs of their own at most. More would make the network large, and each would have few
#: rows to learn from.
MOST_VALUES = 40
#: Share of the cells that must be numbers (or dates) for a column of them; the others then count as missing.
MOST = 0.95
#: Words for nothing, where numbers are expected: they may be any share of the cells.
NOTHING = frozenset(
    ("none", "nil", "-", "--", "unknown", "missing", "undefined", "not available", "#value!", "#div/0!")
)
#: Names of columns that number the rows.
_ID = re.compile(r"(^|[_\W])(id|ids|index|key|uuid|guid|no|nr|number|row|rowid|unnamed)([_\W]|$)|^$", re.I)
_CAMEL_ID = re.compile(r"[a-z](Id|ID)$")


def kind_of(column: Column) -> Kind | Ignored:
    """Return the kind of a column; which rows it is of should be only those that are learnt from."""
    name, counts = column.name, column.counts
    given = sum(counts.values())
    gaps = given < len(column)
    if not given:
        return Ignored(name=name, reason="it is empty")
    if len(counts) == 1:
        (text,) = counts
        if gaps:
            return Presence(name=name, reason=f"it is always '{shortened(text)}'")
        return Ignored(name=name, reason=f"it is always '{shortened(text)}'")
    if all(yes_or_no(text) is not None for text in counts):
        yes = sum(count for text, count in counts.items() if yes_or_no(text))
        if 0 < yes < given:
            return YesNo(name=name, fill=float(2 * yes > given), gaps=gaps)
        return Ignored(name=name, reason=f"it is always {'yes' if yes else 'no'}")
    return _number(column, counts) or _date(column, counts) or _text(column, counts)


def writes_commas(counts: dict[str, int]) -> bool:
    """Whether more of the numbers have a comma before their decimals than a point."""
    if not any("," in text for text in counts):
        return False
    commas = sum(count for text, count in counts.items() if number_with_comma_of(text) is not None)
    points = sum(count for text, count in counts.items() if number_of(text) is not None)
    return commas > points


def _mostly(counts: dict[str, int], understood: Mapping[str, float]) -> bool:
    """Whether the texts that are understood make the column one of these."""
    strange = {text: count for text, count in counts.items() if text not in understood and text.lower() not in NOTHING}
    given = sum(counts[text] for text in understood) + sum(strange.values())
    return bool(understood) and sum(strange.values()) <= (1 - MOST) * given


def _number(column: Column, counts: dict[str, int]) -> Number | Ignored | None:
    comma = writes_commas(counts)
    read = reader(comma)
    understood = {text: number for text in counts if (number := read(text)) is not None}
    if not _mostly(counts, understood):
        return None
    values = column.numbers(understood.get)
    known = values[~np.isnan(values)]
    gaps = len(known) < len(values)
    low, high = float(known.min()), float(known.max())
    if low == high:
        return Ignored(name=column.name, reason=f"it is always {low:g}")
    if not gaps and np.array_equal(known, np.round(known)) and len(np.unique(known)) == len(known) > 5:
        named = _ID.search(column.name) or _CAMEL_ID.search(column.name)
        if named or high - low == len(known) - 1:
            return Ignored(name=column.name, reason="it numbers the rows")
    fill = float(np.median(known))
    # Single precision has 24 bits: what are many digits of a time stamp in seconds would be lost.
    coarse = max(abs(low), abs(high)) > 1e4 * (high - low)
    offset = float(np.round(fill)) if coarse else 0.0
    return Number(name=column.name, fill=fill, gaps=gaps, low=low, high=high, offset=offset, comma=comma)


def _date(column: Column, counts: dict[str, int]) -> Date | Ignored | None:
    understood = {text: days for text in counts if (days := date_of(text)) is not None}
    if not _mostly(counts, understood):
        return None
    values = column.numbers(understood.get)
    known = values[~np.isnan(values)]
    if known.min() == known.max():
        return Ignored(name=column.name, reason="it is always the same date")
    hours = bool((known % 1 != 0).any())
    return Date(name=column.name, fill=float(np.median(known)), gaps=len(known) < len(values), hours=hours)


def _text(column: Column, counts: dict[str, int]) -> Category | Presence | Ignored:
    given = sum(counts.values())
    gaps = given < len(column)
    if len(counts) == given > 5:
        reason = "each row has another text"
    elif len(counts) > given / 2 and given > 20:
        reason = "nearly each row has another text"
    else:
        # A text of few rows teaches nothing but these rows.
        least = 1 if given < 50 else 3 if given < 1000 else 5
        common = [text for text, count in counts.items() if count >= least]
        if common:
            values = tuple(common[:MOST_VALUES])
            other = len(values) < len(counts)
            if len(values) > 1 or other:
                return Category(name=column.name, values=values, other=other, gaps=gaps)
        reason = "no text has enough rows"
    # Whether there is one may tell something, unless nearly all rows are alike in that.
    if gaps and min(given, len(column) - given) >= max(5, len(column) // 50):
        return Presence(name=column.name, reason=reason)
    return Ignored(name=column.name, reason=reason)
