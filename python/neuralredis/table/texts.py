"""Numbers, dates and yes or no, as people write them and spreadsheets export them."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable

__all__ = ["LARGEST", "NO", "YES", "date_of", "number_of", "plain", "reader", "share"]

YES = frozenset(("yes", "y", "true", "t", "on", "1"))
NO = frozenset(("no", "n", "false", "f", "off", "0"))

#: Beyond this a number in single precision, which is what networks compute with, has no room for its square.
LARGEST = 1e18

_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
#: 1,234.50 and $12 and 7 %.
_DECORATED = re.compile(r"([+-]?)[$€£¥]? ?(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)? ?[%€$£¥]?", re.ASCII)
#: 1.234,50 as most of Europe and South America write.
_COMMA = re.compile(r"([+-]?)[$€£¥]? ?(\d{1,3}(?:\.\d{3})+|\d+)(,\d+)? ?[%€$£¥]?", re.ASCII)
_DATE = re.compile(
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d*)?)?.{0,6})?", re.ASCII
)
_EPOCH = datetime.date(1970, 1, 1)


def number_of(text: str) -> float | None:
    """Return the number that a text is, with a point before its decimals.

    Examples
    --------
    >>> number_of("-1e3"), number_of("$1,234.50"), number_of("12 %"), number_of("12 apples")
    (-1000.0, 1234.5, 12.0, None)
    """
    if _PLAIN.fullmatch(text):
        return _bounded(text)
    found = _DECORATED.fullmatch(text)
    return _bounded(found[1] + found[2].replace(",", "") + (found[3] or "")) if found else None


def number_with_comma_of(text: str) -> float | None:
    """Return the number that a text is, with a comma before its decimals."""
    found = _COMMA.fullmatch(text)
    if found is None:
        return None
    return _bounded(found[1] + found[2].replace(".", "") + (found[3] or "").replace(",", "."))


def reader(comma: bool) -> Callable[[str], float | None]:
    """Return what reads numbers, with a comma or a point before their decimals."""
    return number_with_comma_of if comma else number_of


def date_of(text: str) -> float | None:
    """Return the days from the beginning of 1970 to a date, with the time of day as a fraction.

    Examples
    --------
    >>> date_of("1970-01-03 12:00"), date_of("31.12.1999")
    (2.5, None)
    """
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    try:
        days = (datetime.date(year, month, day) - _EPOCH).days
    except ValueError:
        return None
    if hours > 24 or minutes > 59 or seconds > 60:
        return None
    return days + (hours * 3600 + minutes * 60 + seconds) / 86400


def plain(number: float) -> str:
    """Return a number for people: four digits that count, none of them behind a power of ten unless it is huge.

    Examples
    --------
    >>> plain(0.190476), plain(12.0), plain(1234567.8), plain(-0.00001234)
    ('0.1905', '12', '1,234,568', '-0.00001234')
    """
    if number == 0 or not abs(number) < 1e15:
        return f"{number:.4g}"
    if abs(number) >= 1000:
        # Years and the like read badly with a comma.
        whole = f"{number:,.0f}" if abs(number) >= 10000 else f"{number:.0f}"
        return whole
    if abs(number) < 1e-12:
        return f"{number:.3g}"
    digits = 0
    while round(abs(number) * 10**digits) < 1000:
        digits += 1
    text = f"{number:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def share(part: float) -> str:
    """Return a share of one as people read it.

    Examples
    --------
    >>> share(0.190476), share(1)
    ('19.0 %', '100 %')
    """
    return "100 %" if part == 1 else f"{100 * part:.1f} %"


def _bounded(text: str) -> float | None:
    number = float(text)
    return number if abs(number) <= LARGEST else None
