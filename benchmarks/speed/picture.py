"""Draws speed.png from speed.txt, without measuring again: ``python benchmarks/speed/picture.py``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from training import LAYOUTS, operations

from neuralredis.plot.canvas import CLASSES

mpl.use("agg")
from matplotlib import pyplot as plt

HERE = Path(__file__).parent
#: Engines of speed.txt, with their names in the picture.
LABELS = {
    "neuralredis": "neuralredis",
    "torch": "PyTorch",
    "sklearn": "scikit-learn's MLP",
    "FANN": "FANN",
    "the original": "the original module",
}


def part(text: str, threads: int) -> str:
    """Return the lines about training on this many threads."""
    head = f"training, {threads} thread{'s' * (threads > 1)}: "
    return text.partition(head)[2].partition("\n\n")[0]


def rates(lines: str) -> dict[str, list[tuple[int, float]]]:
    """Return, for each engine, operations of a step and steps a second, in the order of the operations."""
    found: dict[str, list[tuple[int, float]]] = {name: [] for name in LABELS}
    for units in sorted(LAYOUTS, key=operations):
        line = re.search(rf"^steps {'-'.join(map(str, units))}, 1000 rows, .*(neuralredis .*)$", lines, re.MULTILINE)
        for name, rate in re.findall(r"([A-Za-z][A-Za-z ]*?) ([\d.e+]+)/s", line[1] if line else ""):
            found[name].append((operations(units), float(rate)))
    return found


def shares(lines: str) -> dict[str, list[tuple[int, float]]]:
    """Return, for each layout, rows and the share of the speed of a matrix product."""
    found = re.findall(r"^steps ([\d-]+), .* rows: share: (.*)$", lines, re.MULTILINE)
    return {
        layout: [
            (int(rows.replace(",", "")), float(share)) for rows, share in re.findall(r"([\d,]+): ([\d.]+)", points)
        ]
        for layout, points in found
    }


def draw(text: str, path: Path) -> None:
    """Draw speed against the size of the network, and against the number of rows, from the text of speed.txt."""
    figure, (sizes, counts) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    one = part(text, 1)
    for (name, points), color in zip(rates(one).items(), CLASSES, strict=False):
        style: Any = {"linewidth": 2.5, "zorder": 3} if name == "neuralredis" else {"linewidth": 1.2}
        sizes.plot(*zip(*points, strict=True), marker="o", markersize=4, color=color, label=LABELS[name], **style)
    limit = 1e9 * float(re.search(r"does (\d+) GFLOP/s", one)[1])  # type: ignore[index]
    spread = np.array([operations(units) for units in LAYOUTS])
    spread = np.array([spread.min(), spread.max()])
    sizes.plot(spread, limit / spread, color="black", linestyle=":", label="limit: a matrix product")
    sizes.set(xscale="log", yscale="log", xlabel="floating-point operations per step", ylabel="steps per second")
    sizes.set_title("One thread, 1000 rows, by size of the network", fontsize="medium")
    for threads, line in ((1, "-"), (2, "--")):
        for (layout, points), color, marker in zip(shares(part(text, threads)).items(), CLASSES, "os^", strict=False):
            rows, share = zip(*points, strict=True)
            label = f"{layout}, {threads} thread{'s' * (threads > 1)}"
            percent = [100 * one for one in share]
            counts.plot(rows, percent, color=color, linestyle=line, marker=marker, markersize=4, label=label)
    counts.set(xscale="log", ylim=(0, 105), xlabel="training rows", ylabel="speed, in % of a matrix product")
    counts.set_title("By number of training rows", fontsize="medium")
    for axes in (sizes, counts):
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize="small")
    counts.get_legend().set_loc("lower right")
    figure.suptitle("Speed of training (a step is one row, forward and backward)")
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    draw((HERE / "speed.txt").read_text(encoding="utf-8"), HERE / "speed.png")
