"""What the user says a column is: ``--as zip=category``."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from neuralredis.table.failure import TableError

__all__ = ["KINDS", "Wish"]

#: What a column can be said to be, and how its texts can be said to be written.
KINDS: dict[str, tuple[str, ...]] = {
    "number": ("comma", "point"),
    "category": (),
    "date": ("dmy", "mdy", "ymd"),
    "time": (),
    "flag": (),
    "skip": (),
}


@dataclass(frozen=True)
class Wish:
    """What the user says a column is.

    Attributes
    ----------
    kind : {'number', 'category', 'date', 'time', 'flag', 'skip'}
        Its kind; to skip a column is to leave it out.
    form : str
        How it is written, empty if that is to be found out: the decimal sign of numbers, the order of dates.
    """

    kind: str
    form: str = ""

    @classmethod
    def of(cls, text: str) -> Wish:
        """Return what a text such as ``date`` or ``date:dmy`` says.

        Raises
        ------
        TableError
            If there is no such kind.

        Examples
        --------
        >>> Wish.of("date:dmy")
        Wish(kind='date', form='dmy')
        """
        kind, _, form = text.strip().lower().partition(":")
        if kind not in KINDS:
            close = difflib.get_close_matches(kind, KINDS, 1, 0.6)
            meant = f" (did you mean '{close[0]}'?)" if close else ""
            raise TableError(f"'{kind}' is no kind of column{meant}: expected {', '.join(KINDS)}")
        if form and form not in KINDS[kind]:
            forms = ", ".join(f"{kind}:{form}" for form in KINDS[kind]) or f"{kind} alone"
            raise TableError(f"'{text}' is no way to write a {kind}: expected {forms}")
        return cls(kind, form)
