"""Compares criteria for early stopping, on learning curves with the error on fresh rows at each cycle.

    python benchmarks/stopping.py > benchmarks/stopping.txt

All criteria are applied to the same trainings of hundreds of cycles. For each the output has the error on fresh rows at
the cycle where it stops (AUTOSTOP alone keeps those weights), that at the least validation error until then
(BACKTRACK), and the median number of cycles. The criteria are those of Prechelt, "Early stopping - but when?" (1998),
and patience.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import tutorial
from sklearn import datasets

import neuralredis as nr


class Task(NamedTuple):
    """A task: rows, how many of them are observed, and the network to train."""

    kind: str
    hidden: list[int]
    observed: int
    cycles: int
    seeds: int
    X: np.ndarray
    y: np.ndarray


class Cycle(NamedTuple):
    """Errors after a cycle."""

    train: float
    test: float
    unseen: float


Curve = list[Cycle]
#: A function from a curve to the cycle at which a training stops.
Criterion = Callable[[Curve], int]


def tasks() -> Iterator[tuple[str, Task]]:
    """Yield classification and regression tasks of 100 to 1800 rows."""
    rng = np.random.default_rng(0)
    X, y = (np.array(a) for a in tutorial.titanic_rows())
    yield "titanic", Task("classifier", [15], 601, 400, 40, X, y)
    X, y = datasets.load_iris(return_X_y=True)
    yield "iris", Task("classifier", [15, 5], 100, 400, 40, X, y)
    X, y = datasets.load_breast_cancer(return_X_y=True)
    yield "cancer", Task("classifier", [15], 380, 400, 10, X, y)
    X, y = datasets.load_wine(return_X_y=True)
    yield "wine", Task("classifier", [10], 120, 400, 10, X, y)
    X, y = datasets.make_moons(600, noise=0.3, random_state=0)
    yield "moons", Task("classifier", [10], 300, 600, 10, X, y)
    X, y = datasets.make_circles(800, noise=0.15, factor=0.5, random_state=0)
    yield "circles", Task("classifier", [10], 300, 600, 10, X, y)
    X, y = datasets.load_digits(return_X_y=True)
    yield "digits", Task("classifier", [30], 900, 300, 4, X, y)
    X, y = datasets.load_diabetes(return_X_y=True)
    yield "diabetes", Task("regressor", [10], 300, 400, 10, X, y)
    X, y = datasets.make_friedman1(1000, noise=1.0, random_state=0)
    yield "friedman", Task("regressor", [15], 500, 600, 10, X, y)
    X = rng.integers(0, 100, (1000, 2)).astype(float)
    yield "sum", Task("regressor", [10], 300, 1000, 5, X, X.sum(1))
    X = rng.normal(size=(600, 10))
    yield "noise", Task("classifier", [15], 400, 400, 10, X, rng.integers(0, 2, 600))


def curves(task: Task, l2: float | None) -> Iterator[Curve]:
    """Yield a curve for each seed, from trainings of one cycle each, which together equal one of many cycles."""
    outputs = len(set(task.y)) if task.kind == "classifier" else 1
    for seed in range(task.seeds):
        order = list(range(len(task.X)))
        random.Random(seed).shuffle(order)
        X, y = task.X[order], task.y[order]
        layout = [X.shape[1], *task.hidden, outputs]
        net = nr.Network(task.kind, layout, normalize=True, dataset=100_000, test=50_000, seed=seed, l2=l2)
        net.observe(X[: task.observed], y[: task.observed])
        curve = []
        for _ in range(task.cycles):
            report = net.train(max_cycles=1, max_time=0, progress=False)
            unseen = net.evaluate(X[task.observed :], y[task.observed :])
            error = 1 - unseen.accuracy if task.kind == "classifier" else 1 - unseen.r2
            curve.append(Cycle(report.train_error, report.test_error, error))
        yield curve


def patience(least: int, share: float) -> Criterion:
    """Stop when the best error has not fallen by a thousandth within some cycles or a share of those so far."""

    def stop(curve: Curve) -> int:
        best, best_at = math.inf, 0
        for at, cycle in enumerate(curve, 1):
            if cycle.test < best * (1 - 1e-3):
                best, best_at = cycle.test, at
            if at >= best_at + max(least, share * best_at):
                return at
        return len(curve)

    return stop


def up(rises: int, strip: int = 5) -> Criterion:
    """Stop when the error has risen in some successive strips."""

    def stop(curve: Curve) -> int:
        seen = 0
        for at in range(2 * strip, len(curve) + 1, strip):
            seen = seen + 1 if curve[at - 1].test > curve[at - 1 - strip].test else 0
            if seen >= rises:
                return at
        return len(curve)

    return stop


def generalization_loss(percent: float) -> Criterion:
    """Stop when the error is some percent above the best."""

    def stop(curve: Curve) -> int:
        best = math.inf
        for at, cycle in enumerate(curve, 1):
            best = min(best, cycle.test)
            if at > 5 and cycle.test > best * (1 + percent / 100):
                return at
        return len(curve)

    return stop


def quotient(limit: float, strip: int = 5) -> Criterion:
    """Stop when the generalization loss is large beside the progress of training."""

    def stop(curve: Curve) -> int:
        best = math.inf
        for at, cycle in enumerate(curve, 1):
            best = min(best, cycle.test)
            if at % strip == 0 and at > strip:
                last = [c.train for c in curve[at - strip : at]]
                progress = 1000 * (sum(last) / (strip * min(last)) - 1) if min(last) > 0 else 0.0
                # An error of exactly 0 has no ratio: one of the criterion's weaknesses.
                loss = 100 * (cycle.test / best - 1) if best > 0 else 0.0
                if progress < 0.1 or loss / progress > limit:
                    return at
        return len(curve)

    return stop


def first(*criteria: Criterion) -> Criterion:
    """Stop at the first of several criteria."""
    return lambda curve: min(criterion(curve) for criterion in criteria)


CRITERIA: dict[str, Criterion] = {
    **{f"GL {a}": generalization_loss(a) for a in (2, 5, 10, 20)},
    **{f"PQ {a}": quotient(a) for a in (0.5, 1, 2, 3)},
    **{f"UP {s}": up(s) for s in (2, 3, 4, 6)},
    **{f"patience {p}": patience(p, 0) for p in (10, 20, 50)},
    **{f"patience {p}, {f}": patience(p, f) for p in (10, 20, 50) for f in (0.5, 1)},
    **{f"UP {s} and patience 50, 0.5": first(up(s), patience(50, 0.5)) for s in (2, 3, 4, 6)},
}


def main() -> None:
    """Print the results of each criterion, and the effect of weight decay."""
    for l2, title in ((None, "weight decay chosen from the rows"), (0.0, "no weight decay")):
        found = {name: list(curves(task, l2)) for name, task in tasks()}
        print(f"\n{title}: percent wrong, or of the variance missed, on kept-back rows")
        print("at the stop / at the best test error until then (median cycles)\n")
        print(" " * 26 + "".join(f"{name:>20}" for name in found) + "  geometric means")
        for name, criterion in CRITERIA.items():
            line, stops, bests = f"{name:26}", [], []
            for task, all_curves in found.items():
                at = [criterion(curve) for curve in all_curves]
                stop = statistics.mean(curve[n - 1].unseen for n, curve in zip(at, all_curves, strict=True))
                best = statistics.mean(
                    min(curve[:n], key=lambda c: c.test).unseen for n, curve in zip(at, all_curves, strict=True)
                )
                cell = f"{100 * stop:.2f}/{100 * best:.2f} ({statistics.median(at):.0f})"
                line += f"{cell:>20}"
                # Noise cannot be learnt, and sums cannot be overfitted.
                if task not in ("noise", "sum"):
                    stops.append(math.log(stop))
                    bests.append(math.log(best))
            print(f"{line}  {100 * math.exp(statistics.mean(stops)):.2f}/{100 * math.exp(statistics.mean(bests)):.2f}")


if __name__ == "__main__":
    main()
