"""Line charts in a terminal: a Braille character has eight dots; in ASCII each character is one dot."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from neuralredis.curves import Point, Scale, points
from neuralredis.table.texts import plain

__all__ = ["Line", "chart"]

#: Bit of each dot of a Braille character (U+2800 + bits), by column and row.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
#: Width of the axis on the left, in characters.
_AXIS = 9


@dataclass(frozen=True)
class Line:
    """A curve of a chart.

    Attributes
    ----------
    style : str
        Its colour, as a style of rich.
    mark : str
        The character that draws it in ASCII.
    points : sequence of tuple of float
        Its points, from left to right.
    """

    style: str
    mark: str
    points: Sequence[Point]


def chart(lines: Sequence[Line], width: int, height: int, *, ascii_only: bool = False) -> Text:
    """Return a chart of curves, `width` characters wide and `height` lines high."""
    curves = [(line, points(*zip(*line.points, strict=True))) for line in lines if line.points]
    curves = [(line, curve) for line, curve in curves if curve]
    if not curves:
        return Text("\n" * (height - 1))
    scale = Scale.of(*(curve for _, curve in curves))
    low, high = scale.low, scale.high
    first, last = min(curve[0][0] for _, curve in curves), max(curve[-1][0] for _, curve in curves)
    across, down = (1, 1) if ascii_only else (2, 4)
    columns, rows = max(width - _AXIS, 2) * across, height * down
    dots: dict[tuple[int, int], tuple[int, str, str]] = {}
    for line, curve in curves:
        places = [
            (
                round((x - first) / max(last - first, 1) * (columns - 1)),
                round((1 - scale.place(y)) * (rows - 1)),
            )
            for x, y in curve
        ]
        for x, y in _joined(places):
            cell = (x // across, y // down)
            bits = dots.get(cell, (0, "", ""))[0] | _DOTS[x % across][y % down]
            dots[cell] = (bits, line.style, line.mark)
    text = Text(no_wrap=True)
    for row in range(height):
        label = plain(high) if row == 0 else plain(low) if row == height - 1 and high > low else ""
        text.append(f"{label[: _AXIS - 2]:>{_AXIS - 2}} {'|' if ascii_only else '┤' if label else '│'}", "dim")
        for column in range(columns // across):
            bits, style, mark = dots.get((column, row), (0, "", " "))
            text.append(mark if ascii_only or not bits else chr(0x2800 + bits), style)
        text.append("\n" if row < height - 1 else "")
    return text


def _joined(places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the cells of a polyline: all places between each given place and the next."""
    joined = places[:1]
    for (x0, y0), (x1, y1) in itertools.pairwise(places):
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        joined += [(round(x0 + (x1 - x0) * i / steps), round(y0 + (y1 - y0) * i / steps)) for i in range(1, steps + 1)]
    return joined
