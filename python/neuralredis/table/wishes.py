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
    "text": (),
    "tags": (),
    "auto": (),
    "vector": (),
    "skip": (),
}
#: Kinds after which a number may stand: of words, or of buckets for them.
SIZED = ("category", "text", "tags", "auto", "vector")


@dataclass(frozen=True)
class Wish:
    """What the user says a column is.

    Attributes
    ----------
    kind : {'number', 'category', 'date', 'time', 'flag', 'text', 'tags', 'auto', 'vector', 'skip'}
        Its kind; to skip a column is to leave it out.
    form : str
        How it is written, empty if that is to be found out: the decimal sign of numbers, the order of dates.
    size : int
        How many words or buckets it has, 0 if that is to be found out.
    """

    kind: str
    form: str = ""
    size: int = 0

    @classmethod
    def of(cls, text: str) -> Wish:
        """Return what a text such as ``date``, ``date:dmy`` or ``category 50`` says.

        Raises
        ------
        TableError
            If there is no such kind.

        Examples
        --------
        >>> Wish.of("date:dmy")
        Wish(kind='date', form='dmy', size=0)
        """
        kind, _, form = text.strip().lower().replace(" ", ":").partition(":")
        if kind not in KINDS:
            close = difflib.get_close_matches(kind, KINDS, 1, 0.6)
            meant = f" (did you mean '{close[0]}'?)" if close else ""
            raise TableError(f"'{kind}' is no kind of column{meant}: expected {', '.join(KINDS)}")
        if kind in SIZED and form.isdecimal() and 0 < int(form) <= 1 << 20:
            return cls(kind, size=int(form))
        if form and form not in KINDS[kind]:
            forms = ", ".join(f"{kind}:{form}" for form in KINDS[kind]) or f"{kind} alone"
            raise TableError(f"'{text}' is no way to write a {kind}: expected {forms}")
        return cls(kind, form)
