"""The scale of learning curves in notebooks, matplotlib and the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Point", "Scale", "points"]

#: Ratio of the largest to the smallest error above which the axis of errors is logarithmic.
WIDE_RANGE = 20.0

#: A cycle and an error.
Point = tuple[float, float]


def points(cycles: Iterable[float], errors: Iterable[float]) -> list[Point]:
    """Return the points of a curve, without the cycles whose error was not computed."""
    return [(cycle, error) for cycle, error in zip(cycles, errors, strict=True) if math.isfinite(error)]


@dataclass(frozen=True)
class Scale:
    """The axis of errors, from the smallest to the largest."""

    low: float
    high: float

    @classmethod
    def of(cls, *curves: Sequence[Point]) -> Scale:
        """Return the axis of some curves, at least one of which has points."""
        errors = [error for curve in curves for _, error in curve]
        return cls(min(errors), max(errors))

    @property
    def logarithmic(self) -> bool:
        """Whether the axis is logarithmic, since on a linear axis the end of the curve would look like 0."""
        return self.low > 0 and self.high > WIDE_RANGE * self.low

    def place(self, error: float) -> float:
        """Return the position of an error, from 0 for the smallest to 1 for the largest; 0.5 if all are equal.

        Examples
        --------
        >>> Scale(0.25, 1.25).place(0.5), Scale(0.01, 1.0).place(0.1), Scale(2.0, 2.0).place(2.0)
        (0.25, 0.5, 0.5)
        """
        scale = math.log if self.logarithmic else float
        low, high = scale(self.low), scale(self.high)
        return (scale(error) - low) / (high - low) if high > low else 0.5
