"""Words with a meaning of their own in any column: those for a missing value, and those for yes and no."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["MISSING", "NO", "PAIRS", "YES", "is_gap", "is_pair", "yes_or_no"]

#: What stands for a missing value in any column, in small letters. Words such as "none" are not among them: they may be
#: a value of a category like any other.
MISSING = frozenset(("", "na", "n/a", "#n/a", "<na>", "nan", "nat", "null", "\\n", "?"))

#: Words for a missing value where numbers, dates or times are expected; so is whatever has neither letter nor digit.
_NOTHING = frozenset(
    (
        *(
            "none",
            "nil",
            "void",
            "missing",
            "unknown",
            "unk",
            "undefined",
            "unspecified",
            "n.a.",
            "n.a",
            "n/d",
            "n.d.",
            "nd",
        ),
        *("not available", "not applicable", "not known", "not given", "not recorded", "not reported", "not measured"),
        *(
            "no data",
            "nodata",
            "no value",
            "no answer",
            "empty",
            "blank",
            "(blank)",
            "(empty)",
            "(null)",
            "(none)",
            "tbd",
        ),
        *("(null)", "(none)", "#value!", "#div/0!", "#ref!", "#name?", "#num!", "#null!"),
        *("0000-00-00", "0000-00-00 00:00:00", "9999-99-99", "00.00.0000", "00/00/0000"),
        *(
            "unbekannt",
            "keine angabe",
            "k.a.",
            "k. a.",
            "fehlt",
            "leer",
            "inconnu",
            "inconnue",
            "manquant",
            "desconocido",
        ),
    )
)

#: Words for yes and for no, which belong together two by two.
PAIRS = (("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"), ("on", "off"), ("1", "0"))
YES = frozenset(yes for yes, _ in PAIRS)
NO = frozenset(no for _, no in PAIRS)


def is_gap(text: str) -> bool:
    """Whether a text stands for a missing number, date or time.

    Examples
    --------
    >>> [is_gap(text) for text in ("..", "NaT", "no data", "12", "low")]
    [True, True, True, False, False]
    """
    word = text.lower()
    return word in MISSING or word in _NOTHING or not any(letter.isalnum() for letter in word)


def is_pair(texts: Iterable[str]) -> bool:
    """Whether some texts are the words of one pair for yes and no, both of them, with capitals or without.

    Examples
    --------
    >>> is_pair(["Yes", "no"]), is_pair(["n", "f"]), is_pair(["yes"]), is_pair(["y", "n", "no"])
    (True, False, False, False)
    """
    words = {text.lower() for text in texts}
    return any(words == set(pair) for pair in PAIRS)


def yes_or_no(text: str) -> float | None:
    """Return 1 for a word for yes, 0 for one for no.

    Examples
    --------
    >>> yes_or_no("Yes"), yes_or_no("off"), yes_or_no("maybe")
    (1.0, 0.0, None)
    """
    word = text.lower()
    return 1.0 if word in YES else 0.0 if word in NO else None
