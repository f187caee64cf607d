"""Compares the defaults with alternatives: the geometric mean, over the data sets, of errors as multiples of theirs.

python benchmarks/quality/choices.py > benchmarks/quality/choices.txt
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from measure import Results, measure, ours
from rivals import Answer
from sets import SETS, Rows

#: Sets that take long, and add no information.
SLOW = ("letter", "diamonds", "images", "co2", "sentences", "visits", "magic")


def decayed(rows: Rows, seed: int) -> Answer:
    """Train with nearly the automatic weight decay, for all members alike; squared errors are estimated as 0.2."""
    count = 0.8 * len(rows.X)
    return ours(rows, seed, l2=1 / count if rows.classifies else 10 * 0.2 / count)


CHOICES: dict[str, Any] = {
    "default": ours,
    "activation tanh": functools.partial(ours, activation="tanh"),
    "ensemble 1": functools.partial(ours, ensemble=1),
    "ensemble 10": functools.partial(ours, ensemble=10),
    "hidden 30": functools.partial(ours, hidden=[30]),
    "hidden 30-15": functools.partial(ours, hidden=[30, 15]),
    "hidden 50-50-50": functools.partial(ours, hidden=[50, 50, 50]),
    "algorithm irprop+": functools.partial(ours, algorithm="irprop+"),
    "algorithm irprop-": functools.partial(ours, algorithm="irprop-"),
    "l2 alike for all members": decayed,
    "l2 0": functools.partial(ours, l2=0),
    "patience 50": functools.partial(ours, patience=50),
}


def main() -> None:
    tasks = [task for task in SETS if task not in SLOW]
    results: Results = {}
    for name, rival in CHOICES.items():
        measure(results, name, rival, tasks)
        ratios = []
        for task in tasks:
            found, default = (results[task][which]["error"] for which in (name, "default"))
            # Plus half a row, so that an error of 0 has a ratio.
            more = 0.5 / (0.3 * len(SETS[task]().X)) if SETS[task]().classifies else 0
            ratios.append((np.mean(found) + more) / (np.mean(default) + more))
        seconds = sum(sum(results[task][name]["seconds"]) for task in tasks)
        mean = float(np.exp(np.mean(np.log(ratios))))
        print(
            f"{name:28} {mean:.3f}, worst {max(ratios):.2f} ({tasks[int(np.argmax(ratios))]}), {seconds:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
