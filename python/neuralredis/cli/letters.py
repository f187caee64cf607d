"""Remove control characters from texts of files and servers before they are printed on a terminal."""

from __future__ import annotations

__all__ = ["visible"]


def visible(text: str) -> str:
    r"""Return a text of printable characters, in one line.

    Control characters, such as escape, and characters that change the direction of writing become U+FFFD, the
    replacement character. Line ends and tabs become a space.

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
