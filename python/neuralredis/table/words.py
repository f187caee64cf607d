"""Words for missing values, and for yes and no."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["MISSING", "NO", "PAIRS", "YES", "is_gap", "is_pair", "yes_or_no"]

#: Words for missing values in any column, in lower case. "none" is not among them, since it may be a category.
MISSING = frozenset(("", "na", "n/a", "#n/a", "<na>", "nan", "nat", "null", "\\n", "?"))

#: Further words for missing values among numbers, dates or times; so are texts without letters and digits.
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

#: Pairs of words for yes and no.
PAIRS = (("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"), ("on", "off"), ("1", "0"))
YES = frozenset(yes for yes, _ in PAIRS)
NO = frozenset(no for _, no in PAIRS)


def is_gap(text: str) -> bool:
    """Return whether a text stands for a missing number, date or time.

    Examples
    --------
    >>> [is_gap(text) for text in ("..", "NaT", "no data", "12", "low")]
    [True, True, True, False, False]
    """
    word = text.lower()
    return word in MISSING or word in _NOTHING or not any(letter.isalnum() for letter in word)


def is_pair(texts: Iterable[str]) -> bool:
    """Return whether texts are both words of one pair for yes and no, in any case.

    Examples
    --------
    >>> is_pair(["Yes", "no"]), is_pair(["n", "f"]), is_pair(["yes"]), is_pair(["y", "n", "no"])
    (True, False, False, False)
    """
    words = {text.lower() for text in texts}
    return any(words == set(pair) for pair in PAIRS)


def yes_or_no(text: str) -> float | None:
    """Return 1.0 for a word for yes, 0.0 for a word for no, None for others.

    Examples
    --------
    >>> yes_or_no("Yes"), yes_or_no("off"), yes_or_no("maybe")
    (1.0, 0.0, None)
    """
    word = text.lower()
    return 1.0 if word in YES else 0.0 if word in NO else None
