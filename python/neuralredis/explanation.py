"""Explanations of predictions and counterfactuals, with bar charts for terminals."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Bar", "Counterfactual", "Explanation"]

#: Most characters of a field's name with its value.
LONGEST = 32


class Bar(NamedTuple):
    """A line of a bar chart: name, number, and a bar to the left or to the right of the axis."""

    name: str
    number: str
    left: str
    right: str


class Told:
    """A base class with equality by attributes, also for attributes that contain arrays."""

    def __eq__(self, other: object) -> bool:
        """Return whether all attributes are equal."""
        return type(self) is type(other) and _alike(vars(self), vars(other))

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, kw_only=True, eq=False)
class Explanation(Told):
    """The contributions of a row's fields to its prediction; `Network.explain` returns one.

    Attributes
    ----------
    label : str or int
        The explained class, or the target of a regressor; for a network without fields the number of the output.
    answer : float
        The prediction for the row: of a regressor in the units of the output, of a classifier the log-odds of the
        class, ``log(p / (1 - p))`` (with linear outputs the output itself).
    mean : float
        Mean prediction over the stored rows that the row was compared with: ``answer`` minus all shares.
    rows : int
        Number of these stored rows, at most 100.
    shares : dict of str or int to float
        Contribution of each field, by name; for a network without fields by the number of the input. Their sum is
        exactly ``answer - mean``, in any order.
    values : dict of str or int to object
        The row as the network read it: the value of each field as `Network.rows` returns it, None if missing, for an
        unknown category, and for a text.
    standard_errors : dict of str or int to float, or None
        Standard errors of the shares, if they were estimated from samples; None if they are exact.
    """

    label: str | int
    answer: float
    mean: float
    rows: int
    shares: dict[Any, float]
    values: dict[Any, Any]
    standard_errors: dict[Any, float] | None = None

    def __repr__(self) -> str:
        """Return the prediction, the mean, and the three largest contributions."""
        largest = ", ".join(f"{name} {share:+.3g}" for name, share in self._sorted()[:3])
        more = ", ..." if len(self.shares) > 3 else ""
        return f"<Explanation of {self.label}: {self.answer:.4g}, mean {self.mean:.4g}; {largest}{more}>"

    def bars(self, width: int = 72, *, most: int = 12, ascii_only: bool = False) -> str:
        """Return the contributions as a bar chart for terminals, the largest first.

        Parameters
        ----------
        width : int, default 72
            Width of the chart in characters, at least 40.
        most : int, default 12
            Largest number of lines; the last one sums up all remaining fields.
        ascii_only : bool, default False
            Whether to draw bars with ``#`` instead of block characters.

        Returns
        -------
        str
            A line for each field, with a bar to the right if it raises the prediction, and to the left if it lowers it.

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
        bars = [(described(name, self.values.get(name)), share) for name, share in ranked]
        if len(bars) > max(most, 1):
            rest = bars[max(most, 1) - 1 :]
            bars = [*bars[: max(most, 1) - 1], (f"{len(rest)} others", sum(share for _, share in rest))]
        numbers = aligned([share for _, share in bars])
        names = max((len(name) for name, _ in bars), default=0)
        digits = max(map(len, numbers), default=0)
        room = max(width, 40) - names - digits - 3
        low = max((-share for _, share in bars if share < 0), default=0.0)
        high = max((share for _, share in bars if share > 0), default=0.0)
        whole = (low + high) or 1.0
        left = round(room * low / whole)
        return [
            Bar(
                f"{name:{names}}",
                f"{number:>{digits}}",
                f"{_bar(min(-share / whole * room, left), ascii_only, to_left=True):>{left}}",
                _bar(min(share / whole * room, room - left), ascii_only, to_left=False),
            )
            for (name, share), number in zip(bars, numbers, strict=True)
        ]

    def _sorted(self) -> list[tuple[Any, float]]:
        """Return the shares by absolute value, the largest first."""
        return sorted(self.shares.items(), key=lambda pair: -abs(pair[1]))


@dataclass(frozen=True, kw_only=True, eq=False)
class Counterfactual(Told):
    """The changes of a row for another predicted class; ``Network.explain(row, want=...)`` returns one.

    Attributes
    ----------
    label : str or int
        The class that is predicted for the row.
    want : str or int
        The wanted class.
    changes : dict of str or int to tuple of two objects, or None
        The fields to change, each with the row's value and the new value, as `Network.rows` returns them. Empty if the
        wanted class is predicted already; None if it is predicted for no training row.
    """

    label: str | int
    want: str | int
    changes: dict[Any, tuple[Any, Any]] | None

    def __repr__(self) -> str:
        """Return the changes in a line."""
        if self.changes is None:
            return f"<Counterfactual: {self.label}, no stored row is predicted as {self.want}>"
        changes = ", ".join(f"{name} {shown(old)} -> {shown(new)}" for name, (old, new) in self.changes.items())
        return f"<Counterfactual: {self.label}, but {self.want} with {changes or 'no change'}>"


def described(name: Any, value: Any) -> str:
    """Return a field's name with its value, shortened and without control characters."""
    text = f"{'input ' if isinstance(name, int) else ''}{name}"
    text += " unknown" if value is None else f" = {shown(value)}"
    plain = "".join(letter if letter.isprintable() else "�" for letter in text)
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"


def aligned(shares: list[float]) -> list[str]:
    """Return signed shares, with as many decimals as give the largest one three digits."""
    largest = max(map(abs, shares), default=0.0)
    decimals = 2 - math.floor(math.log10(largest)) if largest else 2
    return [f"{share:+,.{min(max(decimals, 0), 12)}f}" if share else "0" for share in shares]


def shown(value: Any) -> str:
    """Return a value of a field as text."""
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
    """Return whether two values are equal, with arrays in them."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return np.array_equal(one, other)
    return bool(one == other)


def _bar(length: float, ascii_only: bool, *, to_left: bool) -> str:
    """Return a bar of a length in characters, rounded to halves."""
    halves = round(2 * max(length, 0.0))
    if ascii_only:
        return "#" * round(halves / 2)
    half = "" if halves % 2 == 0 else "▐" if to_left else "▌"
    return half + "█" * (halves // 2) if to_left else "█" * (halves // 2) + half
