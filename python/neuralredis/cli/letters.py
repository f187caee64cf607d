"""Texts from files and servers, which may hold what a terminal would obey, made harmless for it."""

from __future__ import annotations

__all__ = ["visible"]


def visible(text: str) -> str:
    r"""Return a text in letters and spaces alone, in one line.

    Characters that control a terminal, such as the escape character, and those that change the direction of writing
    become a replacement character, line ends and tabs a space.

    Examples
    --------
    >>> visible("a\tb\x1b[2J")
    'a b�[2J'
    """
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else " " if letter.isspace() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )
