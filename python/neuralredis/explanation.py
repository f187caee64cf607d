"""Why a network answers what it does: values that say it, and bars that show it."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Bar", "Counterfactual", "Explanation"]

#: Characters of a name with its value at most.
LONGEST = 32


class Bar(NamedTuple):
    """A line of a bar chart: what it is of, the number, and a bar to the left or to the right of the axis."""

    name: str
    number: str
    left: str
    right: str


class Told:
    """What is the same if all that it tells is, vectors too, which arrays leave open."""

    def __eq__(self, other: object) -> bool:
        """Return whether both tell the same."""
        return type(self) is type(other) and _alike(vars(self), vars(other))

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, kw_only=True, eq=False)
class Explanation(Told):
    """What each field of a row adds to the answer; `Network.explain` makes one.

    Attributes
    ----------
    label : str or int
        The class that is explained, or the target of a regressor; of a network without fields the number of the output.
    answer : float
        What is answered to the row: of a regressor in the units of the outputs, of a classifier the logarithm of the
        odds for the class, ``log(p / (1 - p))`` (with linear outputs the output itself).
    mean : float
        The same on average over the stored rows that the row was compared with: ``answer`` minus all shares.
    rows : int
        How many stored rows these are, at most 100.
    shares : dict of str or int to float
        What each field adds to the mean, by its name; of a network without fields by the number of the input. They add
        up to ``answer - mean`` exactly, in any order.
    values : dict of str or int to object
        What the network made of the row: the value of each field as `Network.rows` tells them, None for a gap, for a
        word that it does not know, and for the words of a text.
    standard_errors : dict of str or int to float, or None
        How far the shares are likely to be off, where not all coalitions of fields were asked; None where they were.
    """

    label: str | int
    answer: float
    mean: float
    rows: int
    shares: dict[Any, float]
    values: dict[Any, Any]
    standard_errors: dict[Any, float] | None = None

    def __repr__(self) -> str:
        """Return the answer, and the fields that add most to it or take most from it."""
        largest = ", ".join(f"{name} {share:+.3g}" for name, share in self._sorted()[:3])
        more = ", ..." if len(self.shares) > 3 else ""
        return f"<Explanation of {self.label}: {self.answer:.4g}, on average {self.mean:.4g}; {largest}{more}>"

    def bars(self, width: int = 72, *, most: int = 12, ascii_only: bool = False) -> str:
        """Return the shares as a chart for terminals, the largest first.

        Parameters
        ----------
        width : int, default 72
            Characters of a line at most, 40 at least.
        most : int, default 12
            Fields that are shown at most; the last line is of all others together.
        ascii_only : bool, default False
            Whether bars are made of ``#`` rather than of blocks.

        Returns
        -------
        str
            A line for each field, with a bar to the right for what speaks for the answer, and to the left for what
            speaks against it.

        Examples
        --------
        >>> from neuralredis import Explanation
        >>> shares, values = {"age": 2.0, "plan": -0.75}, {"age": 31.0, "plan": None}
        >>> found = Explanation(label="yes", answer=1.5, mean=0.25, rows=100, shares=shares, values=values)
        >>> print(found.bars(40, ascii_only=True))
        age = 31     +2.00      |##############
        plan unknown -0.75 #####|
        """
        lines = self.lines(width, most=most, ascii_only=ascii_only)
        axis = "|" if ascii_only else "│"
        return "\n".join(f"{bar.name} {bar.number} {bar.left}{axis}{bar.right}".rstrip() for bar in lines)

    def lines(self, width: int = 72, *, most: int = 12, ascii_only: bool = False) -> list[Bar]:
        """Return the parts of each line of `bars`, aligned."""
        ranked = self._sorted()
        told = [(described(name, self.values.get(name)), share) for name, share in ranked]
        if len(told) > max(most, 1):
            rest = told[max(most, 1) - 1 :]
            told = [*told[: max(most, 1) - 1], (f"{len(rest)} others", sum(share for _, share in rest))]
        numbers = aligned([share for _, share in told])
        names = max((len(name) for name, _ in told), default=0)
        digits = max(map(len, numbers), default=0)
        room = max(width, 40) - names - digits - 3
        low = max((-share for _, share in told if share < 0), default=0.0)
        high = max((share for _, share in told if share > 0), default=0.0)
        whole = (low + high) or 1.0
        left = round(room * low / whole)
        return [
            Bar(
                f"{name:{names}}",
                f"{number:>{digits}}",
                f"{_bar(min(-share / whole * room, left), ascii_only, to_left=True):>{left}}",
                _bar(min(share / whole * room, room - left), ascii_only, to_left=False),
            )
            for (name, share), number in zip(told, numbers, strict=True)
        ]

    def _sorted(self) -> list[tuple[Any, float]]:
        """Return the shares, the largest first, whichever their sign."""
        return sorted(self.shares.items(), key=lambda pair: -abs(pair[1]))


@dataclass(frozen=True, kw_only=True, eq=False)
class Counterfactual(Told):
    """What would have to change for another class; ``Network.explain(row, want=...)`` makes one.

    Attributes
    ----------
    label : str or int
        The class that is answered to the row.
    want : str or int
        The class that was wanted.
    changes : dict of str or int to tuple of two objects, or None
        The fields that would have to change, each with the value that the row has and the one that it would need, as
        `Network.rows` tells them. Empty if the answer is what was wanted; None if no training row is answered so,
        towards which the row could change.
    """

    label: str | int
    want: str | int
    changes: dict[Any, tuple[Any, Any]] | None

    def __repr__(self) -> str:
        """Return the changes in a line."""
        if self.changes is None:
            return f"<Counterfactual: {self.label}, and no stored row is answered {self.want}>"
        told = ", ".join(f"{name} {shown(old)} -> {shown(new)}" for name, (old, new) in self.changes.items())
        return f"<Counterfactual: {self.label}, but {self.want} with {told or 'no change'}>"


def described(name: Any, value: Any) -> str:
    """Return the name of a field with its value, in few letters that write nothing else to a terminal."""
    text = f"{'input ' if isinstance(name, int) else ''}{name}"
    text += " unknown" if value is None else f" = {shown(value)}"
    plain = "".join(letter if letter.isprintable() else "�" for letter in text)
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"


def aligned(shares: list[float]) -> list[str]:
    """Return shares with their signs, with as many decimals as give the largest three digits."""
    largest = max(map(abs, shares), default=0.0)
    decimals = 2 - math.floor(math.log10(largest)) if largest else 2
    return [f"{share:+,.{min(max(decimals, 0), 12)}f}" if share else "0" for share in shares]


def shown(value: Any) -> str:
    """Return a value of a field as people read it."""
    match value:
        case None:
            return "unknown"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.6g}"
        case dt.datetime():
            midnight = value.time() == dt.time()
            return str(value.date()) if midnight else value.strftime("%Y-%m-%d %H:%M")
        case list():
            return ", ".join(map(str, value)) or "none"
        case np.ndarray():
            return f"{len(value)} numbers"
    return str(value)


def _alike(one: Any, other: Any) -> bool:
    """Whether two values are the same, with arrays in them."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return np.array_equal(one, other)
    return bool(one == other)


def _bar(length: float, ascii_only: bool, *, to_left: bool) -> str:
    """Return a bar of so many characters, to a half."""
    halves = round(2 * max(length, 0.0))
    if ascii_only:
        return "#" * round(halves / 2)
    half = "" if halves % 2 == 0 else "▐" if to_left else "▌"
    return half + "█" * (halves // 2) if to_left else "█" * (halves // 2) + half
