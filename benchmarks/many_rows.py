"""Measures a training on a million rows, beside scikit-learn's MLP.

    pip install scikit-learn
    python benchmarks/many_rows.py > benchmarks/many_rows.txt

A row has 20 numbers and one of two classes, which depends on products and sums of some of the numbers; 10 % of the
classes are wrong. The error is that on 200,000 fresh rows. Both have a hidden layer of 100 units, and otherwise the
options of the tutorial. Each is trained in a separate process, with any number of threads.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).with_name("speed")))

from figures import show

ROWS, KEPT, INPUTS = 1_000_000, 200_000, 20


def rows(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and classes."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(count, INPUTS)).astype(np.float32)
    score = X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]) + X[:, 3] - np.abs(X[:, 4]) + 0.5 * X[:, 5] * X[:, 6]
    return X, ((score > 0) ^ (rng.random(count) < 0.1)).astype(np.int64)


def ours(X: np.ndarray, y: np.ndarray) -> tuple[Callable[..., Any], float]:
    """Return the network and the seconds of its training."""
    import neuralredis as nr

    net = nr.Network("classifier", [INPUTS, 100, 2], normalize=True, dataset=800_000, test=200_000, seed=1)
    start = time.perf_counter()
    net.observe(X, y)
    net.train(autostop=True, backtrack=True, max_time=None, progress=False)
    return net.classify, time.perf_counter() - start


def theirs(X: np.ndarray, y: np.ndarray) -> tuple[Callable[..., Any], float]:
    """Return scikit-learn's classifier and the seconds of its training."""
    from sklearn.neural_network import MLPClassifier

    start = time.perf_counter()
    fitted = MLPClassifier(random_state=1).fit(X, y)
    return fitted.predict, time.perf_counter() - start


def measured(learner: str) -> dict[str, float]:
    """Return time, memory and error of a learner, measured in this process."""
    X, y = rows(ROWS, 0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cpu = time.process_time()
    answer, seconds = {"ours": ours, "theirs": theirs}[learner](X, y)
    cpu = time.process_time() - cpu
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    kept, right = rows(KEPT, 1)
    return {"seconds": seconds, "cpu": cpu, "bytes": memory, "error": float(np.mean(answer(kept) != right))}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--learner", choices=["ours", "theirs"], help="measure one here, which the script does itself")
    args = parser.parse_args()
    if args.learner:
        print(json.dumps(measured(args.learner)))
        return
    found = {}
    for learner in ("ours", "theirs"):
        command = [sys.executable, __file__, "--learner", learner]
        found[learner] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(f"{datetime.date.today()}, {os.cpu_count()} cores; {ROWS:,} rows of {INPUTS} numbers, 100 hidden units")
    for name, learner in (("neuralredis", "ours"), ("scikit-learn's MLP", "theirs")):
        one = found[learner]
        beside = f"{one['cpu']:.0f} s of processor time; {one['bytes'] / 1e6:.0f} MB beyond the rows as they came"
        show(f"{name}: seconds", f"{one['seconds']:.1f}", beside=beside)
        show(f"{name}: wrong (10 % cannot be known)", f"{one['error']:.2%}")


if __name__ == "__main__":
    main()
