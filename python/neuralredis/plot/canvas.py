"""What the pictures share: where they are drawn, and in which colours."""

from __future__ import annotations

import sys
from typing import Any

#: Colours that people who do not see all colours distinguish too: M. Okabe, K. Ito, "Color universal design", 2008.
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
    options: dict[str, Any] = {"figsize": (width, height), "dpi": 110, "layout": "constrained"}
    if _is_shown_by_pyplot():
        from matplotlib import pyplot

        return pyplot.figure(**options).add_subplot()
    # pyplot keeps its figures until somebody closes them, which a program that does not use it would never do.
    from matplotlib.figure import Figure

    return Figure(**options).add_subplot()


def _is_shown_by_pyplot() -> bool:
    """Whether somebody will look at pyplot's figures: a program that has imported it, or a notebook."""
    if "matplotlib.pyplot" in sys.modules:
        return True
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None


def plain(ax: Any) -> None:
    """Take away the lines that say nothing."""
    ax.spines[["top", "right"]].set_visible(False)
