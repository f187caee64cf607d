"""Measures training steps per second, beside the limit of the machine and other engines. steps.py runs it.

A step is one row, forward, backward and added to the gradient. It has 4 floating-point operations for each weight of
the first layer, and 6 for each other weight. The limit is the speed of a single-precision matrix product of NumPy with
as many operations, on as many threads. All engines learn from full batches.
"""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import importlib.util
import itertools
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import neuralredis as nr

#: Layouts beyond the three of the goals: large, wide, deep, tiny, and without a hidden layer.
LAYOUTS = (
    [9, 15, 2],
    [64, 100, 10],
    [300, 600, 100],
    [784, 100, 10],
    [3000, 50, 2],
    [20, 64, 64, 1],
    [16, 30, 30, 30, 26],
    [5, 5, 5, 5, 3],
    [30, 2],
)
#: Layouts that are trained from few rows to many, and how many at most.
MANY_ROWS = {(9, 15, 2): 1_000_000, (64, 100, 10): 100_000, (300, 600, 100): 10_000}
#: Output and loss of a classifier.
HEADS = (("softmax", "crossentropy"), ("sigmoid", "crossentropy"), ("sigmoid", "mse"), ("linear", "mse"))
#: Seconds of a run. The best of several runs counts.
TURN = 0.15
#: Seconds after which the threads of other engines sleep.
SETTLED = 0.05
#: Rows and columns of the matrices whose product is the limit.
SIZE = 2048

Rate = Callable[[], float]


def operations(units: list[int]) -> int:
    """Return the floating-point operations of a step, biases left out."""
    return sum((6 if at else 4) * before * after for at, (before, after) in enumerate(itertools.pairwise(units)))


def rows(units: list[int], count: int) -> tuple[Any, Any]:
    """Return inputs, and classes or, with a single output, numbers."""
    rng = np.random.default_rng(0)
    X = rng.random((count, units[0]), dtype=np.float32)
    return X, rng.integers(0, units[-1], count) if units[-1] > 1 else rng.random(count, dtype=np.float32)


def ours(units: list[int], count: int, **options: Any) -> Rate:
    """Return a function that trains our network for a turn."""
    X, y = rows(units, count)
    kind: Any = "classifier" if units[-1] > 1 else "regressor"
    net = nr.Network(kind, units, dataset=count, test=0, seed=1, **{"algorithm": "irprop+", **options})
    net.observe(X, y)

    def seconds(cycles: int) -> float:
        return net.train(max_cycles=cycles, max_time=0, progress=False).seconds

    # So many cycles that the time before the first and after the last one hardly matters.
    enough, cycles = max(TURN, 10 * seconds(1)), 1
    while seconds(cycles) < enough:
        cycles *= 2

    return lambda: cycles * count / seconds(cycles)


def with_autostop(watched: bool) -> Rate:
    """Return a function that trains with a fifth of the rows for validation after each cycle, or without validation."""
    X, y = rows([64, 100, 10], 1250)
    net = nr.Network("classifier", [64, 100, 10], dataset=1000, test=250, seed=1, ensemble=1, patience=10**9)
    net.observe(X[:1000], y[:1000], into="train")
    net.observe(X[1000:], y[1000:], into="test")

    def rate() -> float:
        report = net.train(max_time=TURN, autostop=watched, backtrack=watched, progress=False)
        return report.cycles / report.seconds

    return rate


def digits() -> float:
    """Return the seconds of a cycle over as many rows as MNIST has."""
    rate = ours([784, 100, 10], 60_000)
    return 60_000 / max(rate() for _ in range(3))


def product(size: int = SIZE) -> Rate:
    """Return a function that multiplies two matrices."""
    rng = np.random.default_rng(0)
    a, b = (rng.random((size, size), dtype=np.float32) for _ in range(2))
    return timed(lambda: np.matmul(a, b), 2.0 * size**3)


def timed(work: Callable[[], object], amount: float) -> Rate:
    """Return a function that repeats work for a turn, and returns its rate: amount per second."""

    def rate() -> float:
        start, done = time.perf_counter(), 0.0
        while (took := time.perf_counter() - start) < TURN:
            work()
            done += amount
        return done / took

    return rate


def torch(units: list[int], threads: int) -> Rate:
    """Return a function that trains with PyTorch's RPROP."""
    import torch

    torch.set_num_threads(threads)
    X, y = (torch.from_numpy(values) for values in rows(units, 1000))
    layers: list[Any] = []
    for before, after in itertools.pairwise(units):
        layers += [torch.nn.Linear(before, after), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Rprop(net.parameters(), lr=0.1)
    loss = torch.nn.CrossEntropyLoss() if units[-1] > 1 else torch.nn.MSELoss()
    target = y if units[-1] > 1 else y[:, None]

    def cycle() -> None:
        optimizer.zero_grad()
        loss(net(X), target).backward()
        optimizer.step()

    cycle()
    return timed(cycle, 1000)


def sklearn(units: list[int], threads: int) -> Rate:
    """Return a function that trains scikit-learn's perceptron, in full batches as the others."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    X, y = rows(units, 1000)
    kind = MLPClassifier if units[-1] > 1 else MLPRegressor
    options = {"batch_size": 1000, "max_iter": 10, "warm_start": True, "tol": 0.0, "n_iter_no_change": 10**9}
    net = kind(hidden_layer_sizes=tuple(units[1:-1]), **options)

    def cycles() -> None:
        net.n_iter_ = 0
        net.fit(X, y)

    warnings.simplefilter("ignore")
    cycles()
    return timed(cycles, 10_000)


def fann(units: list[int], threads: int) -> Rate:
    """Return a function that trains with FANN's RPROP, which uses one thread."""
    library = ctypes.CDLL(ctypes.util.find_library("fann") or "libfann.so.2")
    floats = ctypes.POINTER(ctypes.c_float)
    filler = ctypes.CFUNCTYPE(None, ctypes.c_uint, ctypes.c_uint, ctypes.c_uint, floats, floats)
    for name in ("fann_create_standard_array", "fann_create_train_from_callback"):
        getattr(library, name).restype = ctypes.c_void_p
    X, y = rows(units, 1000)

    def fill(row: int, inputs: int, outputs: int, to: Any, target: Any) -> None:
        np.ctypeslib.as_array(to, (inputs,))[:] = X[row]
        np.ctypeslib.as_array(target, (outputs,))[:] = np.eye(outputs)[y[row]] if outputs > 1 else y[row]

    filled = filler(fill)
    data = ctypes.c_void_p(library.fann_create_train_from_callback(1000, units[0], units[-1], filled))
    layers = (ctypes.c_uint * len(units))(*units)
    net = ctypes.c_void_p(library.fann_create_standard_array(len(units), layers))
    return timed(lambda: library.fann_train_epoch(net, data), 1000)


def peers(units: list[int], threads: int) -> dict[str, Rate]:
    """Return the installed engines that can train such a network on this many threads."""
    found = {}
    for name, peer in (("torch", torch), ("sklearn", sklearn)):
        if importlib.util.find_spec(name) and (name == "torch" or len(units) > 2):
            found[name] = peer(units, threads)
    if threads == 1:
        with contextlib.suppress(OSError):
            found["FANN"] = fann(units, threads)
    return found


def best(works: dict[str, Rate], seconds: float) -> dict[str, float]:
    """Return the best rate of each engine; they take turns."""
    rates = dict.fromkeys(works, 0.0)
    for _ in range(max(2, round(seconds / TURN))):
        for name, work in works.items():
            # Threads of the previous engine may still spin.
            time.sleep(SETTLED)
            rates[name] = max(rates[name], work())
    return rates


def measure(threads: int, seconds: float) -> dict[str, Any]:
    """Return all rates, for the CPUs that this process may use."""
    found: dict[str, Any] = {"threads": threads, "layouts": {}, "rows": {}, "heads": {}}
    limit = found["limit"] = best({"limit": product()}, seconds)["limit"]
    for units in LAYOUTS:
        works = {"limit": product(), "neuralredis": ours(units, 1000), **peers(units, threads)}
        rates = best(works, seconds)
        limit = found["limit"] = max(limit, rates.pop("limit"))
        found["layouts"]["-".join(map(str, units))] = {"operations": operations(units), "rates": rates}
    for units, most in MANY_ROWS.items():
        counts = [10**n for n in range(1, 7) if 10**n <= most]
        rates = {count: best({"": ours(list(units), count)}, seconds / 2)[""] for count in counts}
        found["rows"]["-".join(map(str, units))] = {"operations": operations(list(units)), "rates": rates}
    works = {
        f"{activation}, {output}, {loss}": ours([64, 100, 10], 1000, activation=activation, output=output, loss=loss)
        for activation in ("relu", "tanh", "sigmoid")
        for output, loss in HEADS
    }
    found["heads"] = best(works, seconds / 2)
    found["autostop"] = best({"with": with_autostop(True), "without": with_autostop(False)}, seconds)
    found["digits"] = digits()
    return found


if __name__ == "__main__":
    json.dump(measure(int(sys.argv[1]), float(sys.argv[2])), sys.stdout)
    # FANN's networks are not freed: the process ends soon.
    sys.stdout.flush()
    os._exit(0)
