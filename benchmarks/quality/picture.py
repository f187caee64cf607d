"""Draws quality.png from quality.txt, without measuring again: ``python benchmarks/quality/picture.py``."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
#: Columns of quality.txt, in the order of the table in docs/learning.md, with their names there.
LABELS = {
    "linear": "logistic or ridge regression",
    "mlp": "scikit-learn's MLP",
    "mlp early": "scikit-learn's MLP, early stopping",
    "torch": "PyTorch",
    "fann": "FANN",
    "original": "the original module",
    "forest": "random forest",
    "lightgbm": "LightGBM",
    "catboost": "CatBoost",
}


def ratios(text: str) -> dict[str, list[float]]:
    """Return, for each column, the errors of neuralredis as multiples of the other's: one number for each data set."""
    found: dict[str, list[float]] = {name: [] for name in LABELS}
    lines = text.splitlines()
    header = next(line for line in lines if "baseline" in line)
    # Columns end where their names end.
    ends = [header.index(f" {name}") + 1 + len(name) for name in ["baseline", *LABELS]]
    for line in lines:
        for name, (start, end) in zip(LABELS, pairwise(ends), strict=True):
            if error := re.fullmatch(r" *([\d.]+) \([\d.]+\)", line[start:end]):
                found[name].append(float(line.split()[3]) / float(error[1]))
    return found


def draw(text: str, path: Path) -> None:
    """Draw a point for each data set and engine, from the text of quality.txt."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    from neuralredis.plot.canvas import BLUE

    figure, axes = plt.subplots(figsize=(8, 4.4), layout="constrained")
    for row, (name, found) in enumerate(ratios(text).items()):
        mean = re.search(rf"^{name} +geometric mean ([\d.]+)", text, re.MULTILINE)
        axes.scatter(found, np.full(len(found), row), color=BLUE, alpha=0.4, s=28, linewidth=0)
        if mean:
            axes.scatter(float(mean[1]), row, marker="|", s=400, color="black")
    axes.axvline(1, color="gray", linewidth=0.8)
    axes.set(xscale="log", xlabel="error of neuralredis / error of the other (point: data set; line: geometric mean)")
    axes.set_yticks(range(len(LABELS)), LABELS.values())
    axes.set_xticks([0.01, 0.1, 0.5, 1, 2], ["0.01", "0.1", "0.5", "1", "2"])
    axes.minorticks_off()
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    above = axes.get_xaxis_transform()
    axes.text(0.95, 1.01, "← neuralredis is better", ha="right", va="bottom", color="dimgray", transform=above)
    axes.text(1.05, 1.01, "worse →", va="bottom", color="dimgray", transform=above)
    axes.set_title(f"Errors on {len(next(iter(ratios(text).values())))} data sets, beside other engines", pad=26)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    draw((HERE / "quality.txt").read_text(encoding="utf-8"), HERE / "quality.png")
