"""Kinds that the user gives to columns, as in ``--as zip=category``."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from neuralredis.table.failure import TableError

__all__ = ["KINDS", "Wish"]

#: Kinds of columns, with the forms that can follow each.
KINDS: dict[str, tuple[str, ...]] = {
    "number": ("comma", "point"),
    "category": (),
    "date": ("dmy", "mdy", "ymd"),
    "time": (),
    "flag": (),
    "text": (),
    "tags": (),
    "auto": (),
    "vector": (),
    "skip": (),
}
#: Kinds that a size can follow: a number of categories, buckets or numbers.
SIZED = ("category", "text", "tags", "auto", "vector")


@dataclass(frozen=True)
class Wish:
    """The kind that the user gives a column.

    Attributes
    ----------
    kind : {'number', 'category', 'date', 'time', 'flag', 'text', 'tags', 'auto', 'vector', 'skip'}
        The kind; ``skip`` leaves the column out.
    form : str
        The decimal sign of numbers, or the order of dates; empty to detect it.
    size : int
        Number of categories, buckets or numbers; 0 to detect it.
    """

    kind: str
    form: str = ""
    size: int = 0

    @classmethod
    def of(cls, text: str) -> Wish:
        """Parse a text such as ``date``, ``date:dmy`` or ``category 50``.

        Raises
        ------
        TableError
            If there is no such kind or form.

        Examples
        --------
        >>> Wish.of("date:dmy")
        Wish(kind='date', form='dmy', size=0)
        """
        kind, _, form = text.strip().lower().replace(" ", ":").partition(":")
        if kind not in KINDS:
            close = difflib.get_close_matches(kind, KINDS, 1, 0.6)
            meant = f" (did you mean '{close[0]}'?)" if close else ""
            raise TableError(f"'{kind}' is not a kind of column{meant}: expected {', '.join(KINDS)}")
        if kind in SIZED and form.isdecimal() and 0 < int(form) <= 1 << 20:
            return cls(kind, size=int(form))
        if form and form not in KINDS[kind]:
            forms = ", ".join(f"{kind}:{form}" for form in KINDS[kind]) or f"{kind} alone"
            raise TableError(f"'{text}' has no such form of {kind}: expected {forms}")
        return cls(kind, form)
