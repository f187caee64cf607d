"""What the pictures share: where they are drawn, and in which colours."""

from __future__ import annotations

from typing import Any

#: Colours that people who do not see all colours tell apart too: M. Okabe, K. Ito, "Color universal design", 2008.
BLUE, ORANGE, GREEN, PURPLE, SKY, RED, YELLOW = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#F0E442",
)
CLASSES = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED, YELLOW)
GRAY = "#666666"


def axes(ax: Any, width: float = 6.4, height: float = 4.4) -> Any:
    """Return the axes to draw into: those given, or those of a new figure of so many inches."""
    if ax is not None:
        return ax
    # Not a figure of pyplot's, which would keep it until somebody closes it.
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=110, layout="constrained").add_subplot()


def plain(ax: Any) -> None:
    """Take away the lines that say nothing."""
    ax.spines[["top", "right"]].set_visible(False)
