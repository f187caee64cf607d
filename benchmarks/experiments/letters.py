"""Compares one hidden layer, trained by mini-batches, with logistic regression: 20,000 letters, 20 fonts, 26 classes.

    python benchmarks/experiments/letters.py > benchmarks/experiments/letters.txt

The rows are KEEL's `letter`: sixteen measurements of a picture. 30 % are held out.
"""

from __future__ import annotations

import datetime
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import neuralredis as nr

sys.path.insert(0, str(Path(__file__).parents[1] / "quality"))
from measure import split
from sets import SETS, Rows

SEEDS = 2

Classify = Callable[[Any], Any]


def linear(rows: Rows, seed: int) -> Classify:
    """Return scikit-learn's logistic regression."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    return model.fit(rows.X, rows.y).predict  # type: ignore[no-any-return]


def layers(*hidden: int) -> Callable[[Rows, int], Classify]:
    """Return a function that trains a network with these hidden layers."""

    def train(rows: Rows, seed: int) -> Classify:
        options: dict[str, Any] = {"algorithm": "adam", "normalize": True, "ensemble": 1}
        net = nr.Network("classifier", [rows.X.shape[1], *hidden, 26], seed=seed, dataset=20_000, test=5_000, **options)
        net.observe(rows.X, rows.y)
        net.train(autostop=True, backtrack=True, max_time=0, progress=False)
        return net.classify

    return train


LEARNERS: dict[str, Callable[[Rows, int], Classify]] = {
    "logistic regression of scikit-learn": linear,
    "the same as a network, 16-26": layers(),
    "16-30-26": layers(30),
}


def main() -> None:
    """Print errors and seconds."""
    print(datetime.date.today())
    print(f"Letters classified wrongly, of 6000 held out, and seconds of processor time; means of {SEEDS} splits.\n")
    rows = SETS["letter"]()
    for name, learner in LEARNERS.items():
        wrong, seconds = [], []
        for seed in range(SEEDS):
            known, kept = split(rows, seed)
            start = time.process_time()
            classify = learner(known, seed)
            seconds.append(time.process_time() - start)
            wrong.append(np.mean(classify(kept.X) != kept.y))
        print(f"{name:37}{np.mean(wrong):7.1%}{np.mean(seconds):8.1f} s", flush=True)


if __name__ == "__main__":
    main()
