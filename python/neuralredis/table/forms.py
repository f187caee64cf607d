"""Detect the form of a column's texts: numbers, dates, times, flags or plain texts, and how they are written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neuralredis.table.column import Column
from neuralredis.table.conventions import Conventions, commas_and_points, fits, sample
from neuralredis.table.dates import DateForm, TimeForm
from neuralredis.table.failure import TableError
from neuralredis.table.numbers import NumberForm, units_in
from neuralredis.table.texts import listed, shortened
from neuralredis.table.wishes import Wish
from neuralredis.table.words import MISSING, is_gap, is_pair, yes_or_no

__all__ = ["Form", "Text", "compact_form", "date_form", "form_of", "kept_of", "number_form", "undecided"]

#: A column of numbers may contain words for missing values: it needs at least this many distinct numbers, at most this
#: many words, and numbers in this share of the rows.
DIFFERENT, WORDS, SHARE = 10, 2, 0.5
#: Codes that begin with a zero, such as zip codes: '05' may be a month.
_CODE = re.compile(r"0\d{2,}", re.ASCII)


@dataclass(frozen=True)
class Text:
    """The form of categories and other texts.

    Attributes
    ----------
    kept : frozenset of str
        Words for missing values that are values in this column.
    reason : str
        Why a column that looks like numbers or dates is not read so.
    """

    kept: frozenset[str] = frozenset()
    reason: str = ""


_Read = NumberForm | DateForm | TimeForm
Form = NumberForm | DateForm | TimeForm | Literal["flag"] | Text


def form_of(column: Column, conventions: Conventions, wish: Wish | None = None) -> Form:
    """Return the form of a column's texts, from all of its rows.

    Raises
    ------
    TableError
        If the column cannot be read as the kind that the user gives.
    """
    if wish is not None:
        return _wished(column, conventions, wish)
    if column.values is not None and column.values.dtype.kind in "fM" and not _is_flag(column.values):
        return DateForm() if column.values.dtype.kind == "M" else NumberForm()
    counts = {text: count for text, count in column.counts.items() if text.lower() not in MISSING}
    if is_pair(counts):
        return "flag"
    if column.words:
        return Text()
    if column.typed:
        forms = (NumberForm(), DateForm(), TimeForm())
        return next((form for form in forms if fits(counts, _understood(counts, _reader(form, column)))), Text())
    codes = any(_CODE.fullmatch(text) for text in counts) and all(text.isdigit() or is_gap(text) for text in counts)
    reason = ""
    if codes:
        return Text(kept_of(counts, column), "codes that begin with zeros")
    finders: list[Callable[[Mapping[str, int], Conventions], _Read | None]]
    finders = [compact_form, number_form, date_form, time_form]
    for finder in finders:
        form = finder(counts, conventions)
        if form is None:
            continue
        understood = _understood(counts, form.read)
        if fits(counts, understood) or _but_for_words(counts, understood):
            return form
        reason = reason or _nearly(counts, understood, form)
    return Text(kept_of(counts, column), reason)


def _is_flag(values: NDArray[Any]) -> bool:
    """Return whether all values that are not missing are 0 or 1, and both occur."""
    if values.dtype.kind == "M" or not ((values == 0) | (values == 1) | np.isnan(values)).all():
        return False
    return bool((values == 0).any() and (values == 1).any())


def number_form(
    counts: Mapping[str, int], conventions: Conventions, preferred: NumberForm | None = None
) -> NumberForm | None:
    """Return the form of numbers: from their own commas and points, else from the table's, else the preferred one."""
    some = sample(counts)
    units = units_in(some)
    unit = next(iter(units), "") if preferred is None or not preferred.unit else preferred.unit
    commas, points = commas_and_points(counts)
    lone = conventions.lone_comma_is_decimal
    if commas != points:
        comma = commas > points
    elif conventions.comma is not None:
        comma = conventions.comma
    elif lone and any("," in text for text in counts):
        comma = True
    else:
        comma = preferred is not None and preferred.comma
    forms = [NumberForm(comma, unit), NumberForm(not comma, unit)]
    read = [len(_understood(some, form.read)) for form in forms]
    if not max(read):
        return None
    return forms[0] if read[0] >= read[1] else forms[1]


def date_form(
    counts: Mapping[str, int], conventions: Conventions, preferred: DateForm | None = None
) -> DateForm | None:
    """Return the form of dates: the order that reads most of them; ties go to the order of the table."""
    some = sample(counts)
    day_first = conventions.day_first
    if day_first is None:
        # Countries with a decimal comma nearly always write the day first.
        day_first = bool(conventions.lone_comma_is_decimal)
    if preferred is None and all(DateForm().read(text) is not None or is_gap(text) for text in some):
        dates = _understood(some, DateForm().read)
        named = dates and all(re.search(r"[^\W\d_]{3}", text[:8]) for text in dates)
        return None if not dates else DateForm("named") if named else DateForm()
    orders = ["ymd", *(("dmy", "mdy") if day_first else ("mdy", "dmy")), "short"]
    if preferred is not None:
        orders = [preferred.order, *(order for order in orders if order != preferred.order)]
    likely = [DateForm(order) for order in orders if fits(some, _understood(some, DateForm(order).read), 0.2)]
    rows = {form: sum(counts[text] for text in _understood(counts, form.read)) for form in likely}
    return max(likely, key=lambda form: rows[form], default=None)


def time_form(counts: Mapping[str, int], conventions: Conventions) -> TimeForm | None:
    """Return the form of times: times of day, unless more of them can only be durations."""
    some = sample(counts)
    day, duration = (len(_understood(some, TimeForm(duration).read)) for duration in (False, True))
    if not max(day, duration):
        return None
    return TimeForm(duration=day < 0.95 * duration)


def undecided(counts: Mapping[str, int], form: DateForm, conventions: Conventions) -> bool:
    """Return whether the order of day and month is ambiguous in all dates of a column and in the table."""
    other = {"dmy": "mdy", "mdy": "dmy"}.get(form.order)
    if other is None or conventions.day_first is not None or conventions.lone_comma_is_decimal:
        return False
    return len(_understood(counts, DateForm(other).read)) == len(_understood(counts, form.read))


def kept_of(counts: Mapping[str, int], column: Column) -> frozenset[str]:
    """Return words for missing values that are values here: NA among codes such as EMEA and APAC."""
    if "NA" not in column.counts:
        return frozenset()
    texts = list(counts)
    codes = all(re.fullmatch(r"[A-Z]{2,5}", text) for text in texts)
    return frozenset(("NA",)) if len(texts) > 1 and codes and not is_pair(texts) else frozenset()


def _reader(form: _Read, column: Column) -> Callable[[str], float | None]:
    return form.reader(column) if isinstance(form, NumberForm) else form.read


def compact_form(counts: Mapping[str, int], conventions: Conventions | None = None) -> DateForm | None:
    """Return the form of dates such as 20240101, if all texts are such dates from 1900 to 2099."""
    form = DateForm("compact")
    digits = [text for text in counts if len(text) >= 8 and text[:8].isdigit() and "1900" <= text[:4] < "2100"]
    others = any(text not in digits and not is_gap(text) for text in counts) if len(digits) > 1 else True
    return form if not others and all(form.read(text) is not None for text in digits) else None


def _wished(column: Column, conventions: Conventions, wish: Wish) -> Form:
    counts = {text: count for text, count in column.counts.items() if text.lower() not in MISSING}
    form: NumberForm | DateForm | TimeForm | Literal["flag"] | None
    if wish.kind == "category":
        # Then each text is a value, even words for missing values.
        return Text(frozenset(column.texts))
    if wish.kind == "flag":
        form = "flag" if counts and all(yes_or_no(text) is not None for text in counts) else None
    elif wish.kind == "number":
        form = number_form(counts, conventions) or NumberForm()
        if wish.form:
            form = replace(form, comma=wish.form == "comma")
    elif wish.kind == "date":
        form = DateForm(wish.form) if wish.form else compact_form(counts, conventions) or date_form(counts, conventions)
    else:
        form = time_form(counts, conventions) or compact_form(counts, conventions) or date_form(counts, conventions)
    if form is None or (counts and form != "flag" and not _understood(counts, _reader(form, column))):
        text = shortened(next(iter(counts), ""))
        raise TableError(f"the column '{column.name}' cannot be read as {wish.kind}: it has '{text}'")
    return form


def _understood(counts: Mapping[str, int], read: Callable[[str], float | None]) -> list[str]:
    return [text for text in counts if read(text) is not None]


def _but_for_words(counts: Mapping[str, int], understood: list[str]) -> bool:
    """Return whether a column has numbers but for one or two words, which then stand for missing values."""
    known = set(understood)
    strange = [text for text in counts if text not in known and not is_gap(text)]
    words = len(strange) <= WORDS and not any(letter.isdigit() for text in strange for letter in text)
    return words and len(understood) >= DIFFERENT and fits(counts, understood, SHARE)


def _nearly(counts: Mapping[str, int], understood: list[str], form: NumberForm | DateForm | TimeForm) -> str:
    """Return why a column with many numbers or dates is not read so; an empty text otherwise."""
    noun = {NumberForm: "numbers", DateForm: "dates", TimeForm: "times"}[type(form)]
    units = units_in(counts) if isinstance(form, NumberForm) else {}
    if len(units) > 1 and sum(units.values()) >= SHARE * sum(counts.values()):
        if len(units) <= 10:
            return f"numbers with different units: {listed(list(units), 4, 'and')}"
        return ""
    if not fits(counts, understood, SHARE):
        return ""
    known = set(understood)
    strange = {text: count for text, count in counts.items() if text not in known}
    first = next(text for text in strange if not is_gap(text))
    rows = sum(strange.values())
    others = " and others" if len(strange) > 1 else ""
    return f"{noun}, except '{shortened(first)}'{others} in {rows:,} row{'s' if rows > 1 else ''}"
