"""Format numbers, shares and texts for people."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["listed", "plain", "share", "shortened", "written"]


def plain(number: float) -> str:
    """Return a number with four significant digits, without an exponent unless it is huge or tiny.

    Examples
    --------
    >>> plain(0.190476), plain(12.0), plain(1234567.8), plain(-0.00001234)
    ('0.1905', '12', '1,234,568', '-0.00001234')
    """
    if number == 0 or not abs(number) < 1e15:
        return f"{number:.4g}"
    if abs(number) >= 1000:
        # No comma below 10,000, so that years read well.
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
    """Return a share, 0 to 1, in percent.

    Examples
    --------
    >>> share(0.190476), share(1)
    ('19.0 %', '100 %')
    """
    return "100 %" if part == 1 else f"{100 * part:.1f} %"


def written(number: float, *, comma: bool = False, unit: str = "") -> str:
    """Return a number as text with the decimal sign and unit of its column.

    Examples
    --------
    >>> written(12345.6, comma=True, unit="EUR"), written(0.25)
    ('12.346 EUR', '0.25')
    """
    text = plain(number)
    text = text.translate(str.maketrans(",.", ".,")) if comma else text
    return f"{text} {unit}" if unit else text


def listed(values: Sequence[str], most: int, last: str) -> str:
    """Return values as a list in a sentence, at most `most` of them, with `last` before the last one.

    Examples
    --------
    >>> listed(["a", "b", "c"], 3, "or"), listed(["a", "b", "c"], 2, "or")
    ('a, b or c', 'a, b and 1 more')
    """
    shown = [shortened(value) for value in values[:most]]
    if len(values) > most:
        return f"{', '.join(shown)} and {len(values) - most} more"
    return f" {last} ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def shortened(text: str, width: int = 24) -> str:
    r"""Return a text cut to a width, in one line, without control characters.

    Examples
    --------
    >>> shortened("two\nlines"), shortened("a name that is far too long", 10)
    ('two⏎lines', 'a name th…')
    """
    text = text.replace("\r\n", "\n").replace("\n", "⏎").replace("\t", " ")
    shown = "".join(letter if letter.isprintable() else "�" for letter in text[:width])
    return shown if len(text) <= width else shown[: width - 1] + "…"
