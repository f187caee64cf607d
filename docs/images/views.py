"""Draw views.gif again: ``python docs/images/views.py``. How far back several kinds of networks see, layer by layer."""

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
#: How long each picture stays, and the last one, in milliseconds.
SHORT, LONG = 700, 2500


def stack(ax: Any, layers: int, gaps: list[int], title: str) -> None:
    """Draw layers of which each unit sees the one below it, and one that is some events before."""
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
    told(ax, f"{title}: {layers} layer{'s' if layers > 1 else ''}, {len(seen)} events")


def reservoir(ax: Any) -> None:
    """Draw how much of each event is left in the units of a reservoir, on average."""
    leaks = np.exp(np.linspace(np.log(0.02), 0, 200))
    left = np.array([(leaks * (1 - leaks) ** event).mean() for event in range(EVENTS)])
    heights = LAYERS * left / left[0]
    ax.bar(-np.arange(EVENTS), heights, width=0.7, color=SEEN, zorder=2)
    told(ax, "reservoir: no layers, what is left of each event")


def told(ax: Any, title: str) -> None:
    """Write below and above what is drawn."""
    ax.set_title(title, fontsize=10, loc="left")
    ax.set_xlim(-EVENTS + 0.3, 0.7)
    ax.set_ylim(-0.5, LAYERS + 0.5)
    ax.set_yticks([])
    ax.set_xticks([0, -4, -8, -12, -16], ["now", "-4", "-8", "-12", "-16"], fontsize=8)
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
