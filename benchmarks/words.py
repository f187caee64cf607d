"""Compares categories with many words as named fields and as one-hot columns.

    python benchmarks/words.py > benchmarks/words.txt

There are 100,000 rows with five categories of 10,000 words each, of which a few are common and most are rare (Zipf),
and one of two classes, which depends on the words. Both forms are trained on one core, in separate processes: three
hidden layers of 30 units, 20 cycles, no early stopping. One-hot columns are not standardized, since all have the same
scale. They would take 20 GB, so two smaller amounts are measured, and the cost per row is extrapolated.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import neuralredis as nr

sys.path.append(str(Path(__file__).with_name("speed")))

from figures import at_least, show

ROWS, KEPT, CATEGORIES, WORDS = 100_000, 10_000, 5, 10_000
#: Two numbers of rows as one-hot columns.
LOTS = (1000, 3000)
CYCLES, HIDDEN, SEED = 20, [30, 30, 30], 1
#: The goal: fields are this many times as fast, and take this many times less memory.
GOAL = 20


def rows(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of the words, of shape (rows, categories), and the classes."""
    rng = np.random.default_rng(SEED)
    frequency = 1 / np.arange(1, WORDS + 1)
    weights = rng.normal(size=(CATEGORIES, WORDS))
    words = rng.choice(WORDS, size=(count, CATEGORIES), p=frequency / frequency.sum())
    return words, (weights[np.arange(CATEGORIES), words].sum(1) > 0).astype(int)


def peak() -> int:
    """Return the peak memory of this process in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def trained(net: nr.Network, before: int) -> dict[str, Any]:
    """Return the seconds of a cycle, the memory of the process, and the inputs of the network."""
    report = net.train(max_cycles=CYCLES, max_time=None, progress=False)
    return {
        "seconds": report.seconds / report.cycles,
        "bytes": peak() - before,
        "inputs": net.info().layout[0],
    }


def fields() -> dict[str, Any]:
    """Train on named fields."""
    words, classes = rows(ROWS + KEPT)
    names = [f"field {category}" for category in range(CATEGORIES)]
    before = peak()
    kinds = dict.fromkeys(names, f"category {WORDS}")
    net = nr.Network(
        "classifier", fields=kinds, target="class", hidden=HIDDEN, classes=["0", "1"], dataset=ROWS, test=0, seed=SEED
    )
    table = {name: [f"word {word}" for word in words[:, at]] for at, name in enumerate(names)}
    net.observe({name: column[KEPT:] for name, column in table.items()}, classes[KEPT:])
    found = trained(net, before)
    unseen = net.evaluate({name: column[:KEPT] for name, column in table.items()}, classes[:KEPT])
    return found | {"accuracy": unseen.accuracy, "baseline": unseen.baseline}


def columns(count: int) -> dict[str, Any]:
    """Train on this many rows as one-hot columns, which are created in parts as they are stored."""
    words, classes = rows(count)
    before = peak()
    net = nr.Network("classifier", [CATEGORIES * WORDS, *HIDDEN, 2], dataset=count, test=0, seed=SEED)
    places = words + WORDS * np.arange(CATEGORIES)
    for first in range(0, count, 100):
        X = np.zeros((100, CATEGORIES * WORDS), np.float32)
        np.put_along_axis(X, places[first : first + 100], 1, axis=1)
        net.observe(X, classes[first : first + 100])
    return trained(net, before)


def apart(label: str, count: int = 0) -> Any:
    """Measure in another process, on one core."""
    core = min(os.sched_getaffinity(0))
    run = subprocess.run(
        [sys.executable, __file__, "--only", label, "--rows", str(count)],
        preexec_fn=lambda: os.sched_setaffinity(0, [core]),
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(run.stdout)


def scaled(lots: list[dict[str, Any]], name: str) -> float:
    """Return what all rows would take by what two lots did: linear in the rows, and something whatever their number."""
    (fewer, more), (small, large) = LOTS, (lot[name] for lot in lots)
    return float(small + (large - small) * (ROWS - fewer) / (more - fewer))


def line(label: str, found: dict[str, Any]) -> None:
    show(label, f"{found['seconds']:.3g} s", beside=f"a cycle, {found['bytes'] / 1e6:,.0f} MB at most")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["fields", "columns"], help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=int, default=0, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        measure: Callable[[], Any] = fields if args.only == "fields" else lambda: columns(args.rows)
        print(json.dumps(measure()))
        return
    print(f"{datetime.date.today()}: {CATEGORIES} categories of {WORDS:,} words, {CYCLES} cycles on one core\n")
    named, lots = apart("fields"), [apart("columns", count) for count in LOTS]
    line(f"{ROWS:,} rows as fields, {named['inputs']:,} inputs", named)
    for count, lot in zip(LOTS, lots, strict=True):
        line(f"{count:,} rows as {lot['inputs']:,} columns", lot)
    whole = {name: scaled(lots, name) for name in ("seconds", "bytes")}
    line(f"{ROWS:,} rows as columns, scaled linearly", whole)
    print(f"\nOf {KEPT:,} rows held out, fields get {named['accuracy']:.1%} right; whoever always says the commoner")
    print(f"class, {named['baseline']:.1%}.\n")
    at_least("fields, times as fast", whole["seconds"] / named["seconds"], GOAL)
    at_least("fields, times less memory", whole["bytes"] / named["bytes"], GOAL)


if __name__ == "__main__":
    main()
