"""Convert names of fields to identifiers of other languages."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

__all__ = ["identifiers"]


def identifiers(names: Iterable[str], reserved: Collection[str] = ()) -> list[str]:
    """Return a unique identifier for each name, none of them reserved.

    Examples
    --------
    >>> identifiers(["age", "2nd", "größe", "a-b", "a_b", "int"], {"int"})
    ['age', 'x2nd', 'gr_e', 'a_b', 'a_b_2', 'int_']
    """
    found: list[str] = []
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_]+", "_", name).lstrip("_") or "x"
        if plain[0].isdigit():
            plain = f"x{plain}"
        if plain in reserved:
            plain += "_"
        own, number = plain, 2
        while own in found:
            own, number = f"{plain}_{number}", number + 1
        found.append(own)
    return found
