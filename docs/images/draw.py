"""Draws front.png and overfitting.png, from trainings with fixed seeds: ``python docs/images/draw.py``."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

import neuralredis as nr
from neuralredis.plot.canvas import BLUE, ORANGE

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "examples" / "data"
#: Options of savefig. The background is white, so that the pictures can be read on dark pages, too.
SAVED: dict[str, Any] = {"dpi": 110, "facecolor": "white", "metadata": {"Software": None}}

#: From the colour of the first class to that of the second, with white between them.
BETWEEN = LinearSegmentedColormap.from_list("between", [BLUE, "white", ORANGE])


def spirals() -> tuple[np.ndarray, np.ndarray]:
    """Return the 194 points of two spirals (Lang and Witbrock, 1988), and the spiral of each."""
    points, classes = [], []
    for i in range(97):
        angle, radius = i * math.pi / 16, 6.5 * (104 - i) / 104
        for side in (1, -1):
            points.append([side * radius * math.sin(angle), side * radius * math.cos(angle)])
            classes.append(int(side < 0))
    return np.array(points), np.array(classes)


def draw_map(axes: Axes) -> None:
    """Draw the answers of a network that learnt both spirals, with the points that it learnt from."""
    points, classes = spirals()
    net = nr.Network("classifier", [2, 30, 30, 30, 2], normalize=True, dataset=200, test=0, seed=1, ensemble=10)
    net.observe(points, classes)
    net.train(max_cycles=1000, max_time=None)
    line = np.linspace(-7, 7, 300)
    x, y = np.meshgrid(line, line)
    likely = net.run(np.column_stack([x.ravel(), y.ravel()]))[:, 1].reshape(x.shape)
    axes.pcolormesh(x, y, likely, cmap=BETWEEN, vmin=-0.2, vmax=1.2, rasterized=True)
    for which, color in enumerate((BLUE, ORANGE)):
        axes.scatter(*points[classes == which].T, s=16, color=color, edgecolor="black", linewidth=0.6)
    axes.set_title("Two spirals, learnt from 194 rows")
    axes.set(aspect="equal", xticks=[], yticks=[])


def titanic() -> nr.Network:
    """Return the untrained network of the tutorial's chapter on overfitting, with its rows."""
    with open(DATA / "titanic.csv", newline="") as file:
        rows = list(csv.DictReader(file))[:600]
    fields = {"class": "category", "sex": "category"} | dict.fromkeys(("age", "siblings", "parents", "fare"), "number")
    of_fields: Any = {"fields": fields, "target": "survived", "classes": ["0", "1"], "hidden": [30]}
    net = nr.Network("classifier", **of_fields, dataset=300, test=300, seed=1, ensemble=1, l2=0)
    net.observe(rows)
    return net


def draw_curve(axes: Axes, report: nr.Report, stopped: int | None = None) -> None:
    """Draw training and validation error, dotted after the cycle at which early stopping ends a training, if given."""
    curve = report.curve
    end = len(curve) if stopped is None else int(np.searchsorted(curve.cycles, stopped, side="right"))
    for errors, color, label in (
        (curve.train_error, BLUE, "training rows"),
        (curve.test_error, ORANGE, "validation rows"),
    ):
        axes.plot(curve.cycles[:end], errors[:end], color=color, linewidth=2, label=label)
        axes.plot(curve.cycles[end - 1 :], errors[end - 1 :], color=color, linestyle=":", linewidth=1.2)
    axes.set_xscale("symlog", linthresh=1)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlim(left=0)
    axes.set_ylim(0, 1.5)
    axes.set(xlabel="cycle", ylabel="error (mean cross-entropy of a row)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower left")


def draw_early_stopping(axes: Axes, report: nr.Report) -> None:
    """Draw where early stopping ends the training, and what follows without it."""
    net = titanic()
    stopped = net.train(autostop=True, backtrack=True, max_time=None)
    draw_curve(axes, report, stopped.cycles)
    axes.axvline(stopped.cycles, color="gray", linewidth=0.8)
    axes.annotate(
        "stopped here", (stopped.cycles, 1.42), (-4, 0), textcoords="offset points", ha="right", color="dimgray"
    )
    axes.annotate("without early stopping", (170, 1.02), (8, -8), textcoords="offset points", color="dimgray")
    axes.set_title("Titanic survival: training stops before it overfits")


def main(folder: Path = HERE) -> None:
    """Draw both into a folder."""
    report = titanic().train(max_cycles=3000, max_time=None)
    figure = Figure(figsize=(9.5, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.25))
    draw_map(left)
    draw_early_stopping(right, report)
    figure.savefig(folder / "front.png", **SAVED)
    figure = Figure(figsize=(7, 3.8), layout="constrained")
    axes = figure.add_subplot()
    draw_curve(axes, report)
    curve = report.curve
    best = int(np.argmin(curve.test_error))
    style = {"color": ORANGE, "marker": "o", "linestyle": "none", "markeredgecolor": "black", "zorder": 3}
    axes.plot(curve.cycles[best], curve.test_error[best], label="lowest validation error", **style)
    axes.legend(frameon=False, loc="lower left")
    axes.set_title("Overfitting: 3000 cycles on 300 passengers, without early stopping")
    figure.savefig(folder / "overfitting.png", **SAVED)


if __name__ == "__main__":
    main()
