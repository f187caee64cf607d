"""Measures training on two threads and on one, while another process keeps one core busy.

    python benchmarks/busy.py > benchmarks/busy.txt

For each layout the two take turns, three times, for a second each. Figures are medians. The machine must have two cores
and run nothing else.
"""

from __future__ import annotations

import contextlib
import datetime
import multiprocessing
import os
import statistics
from collections.abc import Iterator
from typing import Any

import numpy as np

import neuralredis as nr
from neuralredis import _core

#: Units of each layer, and rows.
LAYOUTS = [
    ([9, 15, 2], 601),
    ([9, 15, 2], 10_000),
    ([21, 15, 3], 7200),
    ([64, 100, 10], 1000),
    ([784, 100, 10], 2000),
]


def spin() -> None:
    """Keep a core busy."""
    while True:
        pass


@contextlib.contextmanager
def busy(processes: int) -> Iterator[None]:
    """Run this many busy processes."""
    spinning = [multiprocessing.Process(target=spin, daemon=True) for _ in range(processes)]
    for process in spinning:
        process.start()
    try:
        yield
    finally:
        for process in spinning:
            process.kill()


def speed(layers: list[int], rows: int, threads: int) -> float:
    """Return the speed of training in millions of rows per second."""
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(rows, layers[0])), rng.integers(0, layers[-1], rows)
    options: Any = {"ensemble": 1, "l2": 0, "algorithm": "irprop+"}
    net = nr.Network("classifier", layers, dataset=rows, test=0, seed=1, **options)
    net.observe(X, y)
    _core.set_threads(threads)
    report = net.train(max_time=1, progress=False)
    return report.cycles * rows / report.seconds / 1e6


def main() -> None:
    """Print the rates."""
    print(f"{datetime.date.today()}, {os.cpu_count()} cores; millions of rows a second on one thread and on two")
    print(f"{'':20} {'rows':>7} {'idle core':>22} {'busy core':>22}")
    for layers, rows in LAYOUTS:
        results = []
        for processes in (0, 1):
            with busy(processes):
                pairs = [[speed(layers, rows, threads) for threads in (1, 2)] for _ in range(3)]
            one, two = (statistics.median(found) for found in zip(*pairs, strict=True))
            results.append(f"{one:6.2f} {two:6.2f} ({two / one:.2f})")
        print(f"{'-'.join(map(str, layers)):20} {rows:7} {results[0]:>22} {results[1]:>22}", flush=True)


if __name__ == "__main__":
    main()
