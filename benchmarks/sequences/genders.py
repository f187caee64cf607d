"""The gender of first names, letter by letter."""

from __future__ import annotations

import random
import time
from pathlib import Path

from data import first_names
from outcomes import LIMIT, wrong
from printing import CELLS, print_errors

import neuralredis as nr

#: The goal: the largest error in percent. Ridge regression on n-grams has 10.1.
GOAL = 10.5


def learnt(folder: Path, cell: str, seed: int) -> tuple[float, float]:
    """Return the error on a held-out three tenths of the names of one gender only, and the seconds of training."""
    female, male = (set(first_names(folder, sex)) for sex in ("female", "male"))
    rows = [(name, "female" if name in female else "male") for name in sorted(female ^ male)]
    random.Random(seed).shuffle(rows)
    split = len(rows) * 7 // 10
    net = nr.SequenceNetwork(
        "classifier",
        fields={"letter": "category"},
        target="gender",
        length=20,
        cell=cell,
        seed=seed,
        dataset=10_000,
        test=2500,
    )
    start = time.perf_counter()
    net.observe([name for name, _ in rows[:split]], [gender for _, gender in rows[:split]])
    net.train(autostop=True, backtrack=True, max_time=LIMIT, progress=False)
    fresh = rows[split:]
    return wrong(net, [name for name, _ in fresh], [gender for _, gender in fresh]), time.perf_counter() - start


def main(folder: Path, seeds: range) -> None:
    """Print the errors."""
    kept = "of the first names that are of one gender only, three tenths of them held out"
    print(f"\nwrong, % {kept}, trainings of at most {LIMIT} s: means over seeds")
    print_errors(
        "gender of first names", {cell: [learnt(folder, cell, seed) for seed in seeds] for cell in CELLS}, GOAL
    )
