"""Measures rates in turns, as shares of another rate, and prints them beside their goals."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Layouts, by their names.
LAYOUTS = {"9-15-2": [9, 15, 2], "64-100-10": [64, 100, 10], "300-600-100": [300, 600, 100]}
#: Seconds of a turn of one of several workloads.
TURN = 0.04


def best_rates(works: dict[str, Callable[[], float]], seconds: float) -> dict[str, float]:
    """Return the best rate per second of each workload, each with this many seconds.

    A workload does some work and returns its amount. They take turns, so that other load of the machine affects all of
    them, and the best turn counts, which is disturbed least.
    """
    best = dict.fromkeys(works, 0.0)
    for work in works.values():
        work()
    for _ in range(max(1, round(seconds / TURN))):
        for name, work in works.items():
            done, start = 0.0, time.perf_counter()
            while (took := time.perf_counter() - start) < TURN:
                done += work()
            best[name] = max(best[name], done / took)
    return best


def show(label: str, value: str, goal: str = "", reached: bool | None = None, beside: str = "") -> None:
    """Print a line: a figure, its goal if there is one, whether it is reached, and its source."""
    verdict = {None: "", True: "ok", False: "missed"}[reached]
    print(f"{label:50}{value:>11}  {goal:14}{verdict:7}{beside}".rstrip(), flush=True)


def at_least(label: str, value: float, goal: float, unit: str = "", beside: str = "") -> None:
    """Print a figure with a lower bound as its goal."""
    show(label, f"{value:.3g}{unit}", f"at least {goal:g}{unit}", value >= goal, beside)


def below(label: str, value: float, goal: float, unit: str = "", beside: str = "") -> None:
    """Print a figure with an upper bound as its goal."""
    show(label, f"{value:.3g}{unit}", f"under {goal:g}{unit}", value < goal, beside)
