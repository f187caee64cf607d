"""Measures trainings without validation rows, beside one network (`ensemble=1`) trained for as many cycles.

    python benchmarks/whole.py > benchmarks/whole.txt

First come tasks that can be fitted exactly: exclusive or, two spirals, a sine. Then errors on fresh rows, over three
splits of the small sets of benchmarks/quality, whose packages are required (see the Makefile).
"""

from __future__ import annotations

import datetime
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import neuralredis as nr

sys.path.insert(0, str(Path(__file__).parent / "quality"))
from measure import error, split
from sets import SETS, spirals

#: The defaults, and one network.
WAYS: dict[str, dict[str, Any]] = {"trial": {}, "one": {"ensemble": 1}}
#: Small sets with so few errors that their ratios would be mostly noise.
EASY = {"iris", "wine", "cancer", "tic-tac-toe"}


def learnt(kind: Any, layers: list[int], X: Any, y: Any, cycles: int, seed: int, **options: Any) -> nr.Network:
    """Return a network trained on all rows."""
    net = nr.Network(kind, layers, dataset=len(X), test=0, seed=seed, **options)
    net.observe(X, y)
    net.train(max_cycles=cycles, max_time=0, progress=False)
    return net


def spread(found: list[float]) -> str:
    """Return minimum, mean and maximum."""
    return f"{min(found):.0f} to {max(found):.0f}, in the mean {np.mean(found):.0f}"


def fitted() -> None:
    """Print the results on tasks that can be fitted exactly."""
    corners, exclusive = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    points = spirals()
    curled, spiral = points.X[::2], points.y[::2]
    x = np.linspace(0, 4 * np.pi, 200)[:, None]
    sine = np.sin(x)
    for way, options in WAYS.items():
        for normalize in (False, True):
            given = {**options, "normalize": normalize}
            nets = [learnt("classifier", [2, 4, 2], corners, exclusive, 500, seed, **given) for seed in range(40)]
            solved = sum(bool((net.classify(corners) == exclusive).all()) for net in nets)
            title = "exclusive or, 2-4-2, 500 cycles" + ", NORMALIZE" * normalize
            print(f"{title:60} {way:5} {solved} of 40 seeds")
        options = {**options, "normalize": True}
        for activation, cycles in (("tanh", 2000), ("relu", 500), ("relu", 20_000)):
            given = {**options, "activation": activation}
            nets = [learnt("classifier", [2, 20, 10, 2], curled, spiral, cycles, seed, **given) for seed in range(10)]
            right = [100 * float(np.mean(net.classify(curled) == spiral)) for net in nets]
            title = f"194 points of two spirals, 2-20-10-2, {activation}, {cycles} cycles"
            print(f"{title:60} {way:5} {spread(right)} % right, all from {right.count(100)} of 10 seeds")
        waves = [learnt("regressor", [1, 10, 1], x, sine, 500, seed, **options).run(x) for seed in range(10)]
        explained = [100 * (1 - float(np.mean((wave - sine) ** 2) / np.var(sine))) for wave in waves]
        print(f"{'sine over two periods, 1-10-1, 500 cycles':60} {way:5} {spread(explained)} % of the variance")


def kept_back() -> None:
    """Print errors on held-out rows in percent, and seconds of processor time of a training."""
    cases = [(way, cycles) for cycles in (300, 1000) for way in ("one", "trial")]
    print(f"\n{'':12}" + "".join(f"{f'{way} {cycles}':>18}" for way, cycles in cases))
    found = []
    for name, load in SETS.items():
        rows, errors, line = load(), [], f"{name:12}"
        if name in EASY or len(rows.X) > 1000:
            continue
        for way, cycles in cases:
            of_splits, start = [], time.process_time()
            for seed in range(3):
                known, kept = split(rows, seed)
                kind = "classifier" if rows.classifies else "regressor"
                layers = [rows.X.shape[1], 30, 30, 30, int(rows.y.max()) + 1 if rows.classifies else 1]
                net = learnt(kind, layers, known.X, known.y, cycles, seed, normalize=True, **WAYS[way])
                of_splits.append(error(net.classify(kept.X) if rows.classifies else net.run(kept.X)[:, 0], kept, known))
            errors.append(max(float(np.mean(of_splits)), 0.01))
            line += f"{100 * errors[-1]:9.2f} ({(time.process_time() - start) / 3:4.1f} s)"
        found.append(errors)
        print(line, flush=True)
    one_300, trial_300, one_1000, trial_1000 = np.log(found).mean(axis=0)
    for cycles, ratio in ((300, trial_300 - one_300), (1000, trial_1000 - one_1000)):
        print(f"{cycles} cycles with a trial: {np.exp(ratio):.3f} times the errors of one network, geometric mean")


if __name__ == "__main__":
    print(datetime.date.today())
    fitted()
    kept_back()
