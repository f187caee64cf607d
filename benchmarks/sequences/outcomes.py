"""Errors on sequences with an outcome, by the cell of the network."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from data import labelled
from printing import CELLS, print_errors

import neuralredis as nr

#: Data sets, with the goal for the error in percent.
GOALS = {"JapaneseVowels": 2.2, "BasicMotions": 2.5, "GunPoint": 4.5, "ItalyPowerDemand": 4.3}
#: Seconds of a training at most.
LIMIT = 60


def wrong(net: nr.SequenceNetwork, X: Sequence[object], y: Sequence[object]) -> float:
    """Return the percentage of misclassified sequences."""
    return 100 * float(np.mean([predicted != right for predicted, right in zip(net.classify(X), y, strict=True)]))


def movements(folder: Path, name: str, cell: str, seed: int) -> tuple[float, float]:
    """Return the error on the set's test part, and the seconds of training on its training part."""
    X, labels = labelled(folder, name, "TRAIN")
    fresh, their_labels = labelled(folder, name, "TEST")
    known = sorted(set(labels))
    longest = max(map(len, [*X, *fresh]))
    layout = [X[0].shape[1], 30, 30, 30, len(known)]
    net = nr.SequenceNetwork("classifier", layout, length=longest, cell=cell, seed=seed, dataset=2000, test=500)
    # One in five of each class is a validation row.
    order, seen = random.Random(seed).sample(range(len(X)), len(X)), Counter[str]()
    parts: dict[str, list[int]] = {"train": [], "test": []}
    for at in order:
        seen[labels[at]] += 1
        parts["test" if seen[labels[at]] % 5 == 0 else "train"].append(at)
    start = time.perf_counter()
    for part, places in parts.items():
        net.observe([X[at] for at in places], [known.index(labels[at]) for at in places], into=part)
    net.train(autostop=True, backtrack=True, max_time=LIMIT, progress=False)
    return wrong(net, fresh, [known.index(label) for label in their_labels]), time.perf_counter() - start


def main(folder: Path, seeds: range) -> None:
    """Print the errors of all sets."""
    print(f"\nwrong, % of the test sequences, trainings of at most {LIMIT} s: means over seeds")
    for name, goal in GOALS.items():
        print_errors(name, {cell: [movements(folder, name, cell, seed) for seed in seeds] for cell in CELLS}, goal)
