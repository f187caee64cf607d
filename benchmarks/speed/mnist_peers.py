"""Trains MNIST beside PyTorch and scikit-learn, on the same cores: ``python benchmarks/speed/mnist_peers.py FOLDER``.

The folder is that of examples/mnist.py. PyTorch has Adam with batches of 256 rows, its default learning rate and no
weight decay. It trains for 40 epochs, and its error on the test digits is computed after each of them, so that the
lowest one is that of an early stopping which knows the test digits. The others stop by themselves.
"""

from __future__ import annotations

import datetime
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mnist import read
from sklearn.neural_network import MLPClassifier

import neuralredis as nr

UNITS = (100, 200)
SEEDS = range(3)
EPOCHS = 40
BATCH = 256


def main() -> None:
    folder = Path(sys.argv[1])
    cores = len(os.sched_getaffinity(0))
    torch.set_num_threads(cores)
    print(f"{datetime.date.today()}, {cores} cores, PyTorch {torch.__version__}; means over the seeds")
    (X, y), (X_fresh, y_fresh) = read(folder, "train"), read(folder, "t10k")
    scaled, fresh = X.astype(np.float32) / 255, X_fresh.astype(np.float32) / 255
    for units in UNITS:
        found = [ours(units, seed, (X, y), (X_fresh, y_fresh)) for seed in SEEDS]
        show(units, "neuralredis", found)
        for name, options in (("scikit-learn", {}), ("scikit-learn, early stopping", {"early_stopping": True})):
            show(units, name, [peer(units, seed, options, (scaled, y), (fresh, y_fresh)) for seed in SEEDS[:1]])
        curves = [pytorch(units, seed, (scaled, y), (fresh, y_fresh)) for seed in SEEDS]
        show(units, "PyTorch, epoch with the lowest", [min(curve, key=lambda point: point[1]) for curve in curves])
        show(units, "PyTorch, last epoch", [curve[-1] for curve in curves])


def show(units: int, name: str, found: list[tuple[float, float]]) -> None:
    """Print the mean seconds and errors of some trainings."""
    seconds, wrong = np.mean(found, axis=0)
    print(f"784-{units}-10 {name:32} {wrong:6.2%} wrong after {seconds:5.1f} s, seeds: {len(found)}", flush=True)


def ours(units: int, seed: int, rows: Any, fresh: Any) -> tuple[float, float]:
    net = nr.Network("classifier", [784, units, 10], dataset=50_000, test=10_000, seed=seed)
    net.observe(*rows)
    start = time.perf_counter()
    net.train(autostop=True, backtrack=True, max_time=0, progress=False)
    return time.perf_counter() - start, 1 - net.evaluate(*fresh).accuracy


def peer(units: int, seed: int, options: Any, rows: Any, fresh: Any) -> tuple[float, float]:
    start = time.perf_counter()
    found = MLPClassifier((units,), random_state=seed, **options).fit(*rows)
    return time.perf_counter() - start, 1 - found.score(*fresh)


def pytorch(units: int, seed: int, rows: Any, fresh: Any) -> list[tuple[float, float]]:
    """Return the seconds of training and the error after each epoch."""
    (X, y), (X_fresh, y_fresh) = ([torch.from_numpy(np.array(part)) for part in rows] for rows in (rows, fresh))
    torch.manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.Linear(784, units), torch.nn.ReLU(), torch.nn.Linear(units, 10))
    adam, loss, spent, curve = torch.optim.Adam(net.parameters()), torch.nn.CrossEntropyLoss(), 0.0, []
    for _ in range(EPOCHS):
        start = time.perf_counter()
        for batch in torch.randperm(len(X)).split(BATCH):
            adam.zero_grad()
            loss(net(X[batch]), y[batch].long()).backward()
            adam.step()
        spent += time.perf_counter() - start
        with torch.no_grad():
            wrong = (net(X_fresh).argmax(1) != y_fresh).double().mean()
        curve.append((spent, float(wrong)))
    return curve


if __name__ == "__main__":
    main()
