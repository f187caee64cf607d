"""Tests a second-order rule: to each derivative of the error its product with the second derivative is added.

    python benchmarks/experiments/second_order.py > benchmarks/experiments/second_order.txt

The rule takes larger steps where the curvature is larger, the opposite of Newton's method, so both are compared
with plain gradient descent. Each takes 100 steps from the same weights with `net.gradient` and `net.set_weights`, at
each of five rates; the rate with the lowest training error counts. Second derivatives are differences of gradients,
one for each weight.
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import neuralredis as nr

sys.path.insert(0, str(Path(__file__).parents[1] / "quality"))
from measure import split
from sets import SETS, Floats, Rows

TASKS = ("pima", "friedman1", "diabetes")
SEEDS, STEPS = 3, 100
RATES = (0.03, 0.1, 0.3, 1.0, 3.0)
#: The step of a weight for a second derivative. Weights have single precision.
APART = 1e-2

#: The step of a weight, before it is multiplied by the rate, from first and second derivatives.
RULES: dict[str, Callable[[Floats, Floats], Floats]] = {
    "gradient": lambda first, _: first,
    "with second derivatives": lambda first, second: first + first * second,
    "divided by them": lambda first, second: first / (np.abs(second) + 0.01),
}


class Task:
    """Training and test rows, with a network at its initial weights."""

    def __init__(self, rows: Rows, seed: int) -> None:
        self.known, self.kept = split(rows, seed)
        outputs = int(rows.y.max()) + 1 if rows.classifies else 1
        layout = [rows.X.shape[1], 6, outputs]
        kind: Any = "classifier" if rows.classifies else "regressor"
        limits = {"dataset": len(self.known.X), "test": 0}
        self.net = nr.Network(kind, layout, activation="tanh", normalize=True, l2=0.0, ensemble=1, seed=seed, **limits)
        self.net.observe(self.known.X, self.known.y)
        # The first cycle determines the scalings.
        self.net.train(max_cycles=1, progress=False)
        self.first = np.concatenate([layer.ravel() for member in self.net.weights() for layer in member])

    def gradient(self, weights: Floats) -> tuple[float, Floats]:
        self.net.set_weights(weights)
        return self.net.gradient(self.known.X, self.known.y)

    def second(self, weights: Floats, first: Floats) -> Floats:
        """Return the second derivative with respect to each weight."""
        found = np.empty(len(weights))
        for at in range(len(weights)):
            moved = weights.copy()
            moved[at] += APART
            found[at] = (self.gradient(moved)[1][at] - first[at]) / APART
        return found

    def descended(self, rule: str, rate: float) -> tuple[float, float]:
        """Return the mean loss of training and test rows after all steps; infinite if the weights diverge."""
        weights = self.first.astype(np.float64)
        for _ in range(STEPS):
            _, first = self.gradient(weights)
            second = first if rule == "gradient" else self.second(weights, first)
            weights -= rate * RULES[rule](first, second)
            if not np.abs(weights).max() < 1e3:
                return np.inf, np.inf
        return self.gradient(weights)[0], self.net.gradient(self.kept.X, self.kept.y)[0]


def main() -> None:
    """Print the losses of each rule at its best rate."""
    print(datetime.date.today())
    print(f"Mean loss of training rows and of rows held out after {STEPS} steps, means of {SEEDS} seeds; best rates.\n")
    print(f"{'':12}" + "".join(f"{rule:>34}" for rule in RULES))
    for name in TASKS:
        line = f"{name:12}"
        tasks = [Task(SETS[name](), seed) for seed in range(SEEDS)]
        for rule in RULES:
            runs = [min((*task.descended(rule, rate), rate) for rate in RATES) for task in tasks]
            training, kept, _ = np.mean(runs, axis=0)
            line += f"{training:12.4f}{kept:9.4f}  {min(run[2] for run in runs):4g} to {max(run[2] for run in runs):g}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
