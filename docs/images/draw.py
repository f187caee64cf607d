"""Draws the pictures of the pages, from trainings of fixed seeds.

python docs/images/draw.py
"""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import neuralredis as nr

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "examples" / "data"
#: Of what is drawn, whatever the reader's background is.
SAVED = {"dpi": 110, "facecolor": "white", "metadata": {"Software": None}}


def spirals() -> tuple[np.ndarray, np.ndarray]:
    """Return the two spirals of Lang and Witbrock, 1988: 194 points, and which spiral each is of."""
    points, classes = [], []
    for i in range(97):
        angle, radius = i * math.pi / 16, 6.5 * (104 - i) / 104
        for side in (1, -1):
            points.append([side * radius * math.sin(angle), side * radius * math.cos(angle)])
            classes.append(int(side < 0))
    return np.array(points), np.array(classes)


def draw_map(axes: Axes) -> None:
    """Draw what a network answers on a plane of which it has seen the points."""
    points, classes = spirals()
    net = nr.Network("classifier", [2, 30, 30, 30, 2], normalize=True, dataset=200, test=0, seed=1, restarts=10)
    net.observe(points, classes)
    net.train(max_cycles=1000, max_time=None)
    line = np.linspace(-7, 7, 300)
    x, y = np.meshgrid(line, line)
    likely = net.run(np.column_stack([x.ravel(), y.ravel()]))[:, 1].reshape(x.shape)
    axes.pcolormesh(x, y, likely, cmap="RdBu", vmin=-0.25, vmax=1.25, rasterized=True)
    for which, color in ((0, "#8c1a1a"), (1, "#12477d")):
        axes.scatter(*points[classes == which].T, s=9, color=color, edgecolor="white", linewidth=0.4)
    axes.set_title("Two spirals, learnt from 194 points")
    axes.set(aspect="equal", xticks=[], yticks=[])


def overfitting() -> nr.Report:
    """Return the training of the tutorial in which a network learns its rows by heart."""
    with open(DATA / "titanic.csv", newline="") as file:
        rows = list(csv.DictReader(file))[:600]
    fields = {"class": "category", "sex": "category"} | dict.fromkeys(("age", "siblings", "parents", "fare"), "number")
    of_fields: Any = {"fields": fields, "target": "survived", "classes": ["0", "1"], "hidden": [30]}
    net = nr.Network("classifier", **of_fields, dataset=300, test=300, seed=1, restarts=1, l2=0)
    net.observe(rows)
    return net.train(max_cycles=3000, max_time=None)


def draw_curve(axes: Axes, report: nr.Report) -> None:
    """Draw the errors of training and testing rows."""
    curve = report.curve
    best = int(np.argmin(curve.test_error))
    axes.plot(curve.cycles, curve.train_error, color="#12477d", label="rows that it learns from")
    axes.plot(curve.cycles, curve.test_error, color="#8c1a1a", label="rows that it does not")
    axes.axvline(curve.cycles[best], color="gray", linestyle=":", label="best moment to stop")
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xlim(left=0)
    axes.set_ylim(0, 1.5)
    axes.set(xlabel="cycle", ylabel="mean error of a row", title="Who survived the Titanic, learnt by heart")
    axes.legend(framealpha=1, edgecolor="white", loc="lower left")


def main(folder: Path = HERE) -> None:
    """Draw them all."""
    report = overfitting()
    figure = Figure(figsize=(9.5, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.25))
    draw_map(left)
    draw_curve(right, report)
    figure.savefig(folder / "front.png", **SAVED)
    figure = Figure(figsize=(7, 3.8), layout="constrained")
    draw_curve(figure.add_subplot(), report)
    figure.savefig(folder / "overfitting.png", **SAVED)


if __name__ == "__main__":
    main()
