"""Draws views.gif, how far back several kinds of networks see: ``python docs/images/views.py``."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

HERE = Path(__file__).resolve().parent
EVENTS, LAYERS = 17, 4
SEEN, OTHER, LINE = "#D55E00", "#CCCCCC", "#0072B2"
#: Milliseconds for which each picture is shown, and the last one.
SHORT, LONG = 700, 2500


def stack(ax: Any, layers: int, gaps: list[int], title: str) -> None:
    """Draw layers in which a unit sees the unit below it, and one that is `gaps` events earlier."""
    reached = {0}
    points = [(layers, 0)]
    for layer in range(layers, 0, -1):
        for event in reached:
            for back in (0, gaps[layer - 1]):
                ax.plot([-event, -event - back], [layer, layer - 1], color=LINE, linewidth=1.2, zorder=1)
        reached = {event + back for event in reached for back in (0, gaps[layer - 1])}
        points += [(layer - 1, event) for event in reached]
    seen = {event for layer, event in points if layer == 0}
    for layer in range(LAYERS + 1):
        for event in range(EVENTS):
            shown = (layer, event) in points
            if layer == 0 or layer <= layers:
                ax.plot(-event, layer, "o", color=SEEN if shown else OTHER, markersize=6 if shown else 3, zorder=2)
    label(
        ax,
        f"{title}: {layers} layer{'s' if layers > 1 else ''} see{'' if layers > 1 else 's'} {len(seen)} events",
        "layer",
    )


def reservoir(ax: Any) -> None:
    """Draw the mean share of each event that is left in the units of a reservoir."""
    leaks = np.exp(np.linspace(np.log(0.02), 0, 200))
    left = np.array([(leaks * (1 - leaks) ** event).mean() for event in range(EVENTS)])
    heights = LAYERS * left / left[0]
    ax.bar(-np.arange(EVENTS), heights, width=0.7, color=SEEN, zorder=2)
    label(ax, "reservoir, without layers: share of each event that is left", "share")


def label(ax: Any, title: str, ylabel: str) -> None:
    """Write the title and label the axes."""
    ax.set_title(title, fontsize=10, loc="left")
    ax.set_xlim(-EVENTS + 0.3, 0.7)
    ax.set_ylim(-0.5, LAYERS + 0.5)
    ax.set_yticks([])
    ax.set_ylabel(ylabel, fontsize=8)
    ax.set_xticks([0, -4, -8, -12, -16], ["now", "4 events ago", "8 events ago", "12", "16"], fontsize=8)
    ax.spines[["top", "right", "left"]].set_visible(False)


pictures = []
for layers in range(1, LAYERS + 1):
    figure = Figure(figsize=(7, 5.4), dpi=90, layout="constrained")
    top, middle, bottom = figure.subplots(3, 1)
    stack(top, layers, [1] * LAYERS, "stacked")
    stack(middle, layers, [1 << layer for layer in range(LAYERS)], "dilated")
    reservoir(bottom)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    pictures.append(Image.open(file).convert("RGB").quantize(32, dither=Image.Dither.NONE))
path = HERE / "views.gif"
times = [SHORT] * (LAYERS - 1) + [LONG]
pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=times, loop=0, optimize=True)
print(f"{path.stat().st_size / 1000:5.1f} kB  {path}")
