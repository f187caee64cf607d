"""Axes and colours of all plots."""

from __future__ import annotations

import sys
from typing import Any

#: Colours that colour-blind people can distinguish: M. Okabe, K. Ito, "Color universal design", 2008.
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
    """Return the given axes, or those of a new figure; width and height are in inches."""
    if ax is not None:
        return ax
    options: dict[str, Any] = {"figsize": (width, height), "dpi": 110, "layout": "constrained"}
    if _is_shown_by_pyplot():
        from matplotlib import pyplot

        return pyplot.figure(**options).add_subplot()
    # pyplot keeps figures until they are closed; a program that does not use pyplot would leak them.
    from matplotlib.figure import Figure

    return Figure(**options).add_subplot()


def _is_shown_by_pyplot() -> bool:
    """Return whether pyplot's figures are shown: a program has imported pyplot, or this is a notebook."""
    if "matplotlib.pyplot" in sys.modules:
        return True
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None


def plain(ax: Any) -> None:
    """Remove the upper and right border."""
    ax.spines[["top", "right"]].set_visible(False)
