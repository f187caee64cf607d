"""Measures answers per second of an embedded network on one thread, beside PyTorch and scikit-learn.

A weight counts as two floating-point operations. The limit is the speed of a matrix product of NumPy with as many.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from figures import LAYOUTS, at_least, best_rates, show

import neuralredis as nr

ROWS = 1000
#: Rows and columns of the matrices whose product is the limit.
SIZE = 1024
#: Single rows at a time.
SINGLE = 200


def measure(seconds: float) -> None:
    """Print the table, for the one CPU that this process may use."""
    rng = np.random.default_rng(0)
    a, b = (rng.random((SIZE, SIZE), dtype=np.float32) for _ in range(2))
    peers = {name: peer for name, peer in (("torch", torch), ("sklearn", sklearn)) if importlib.util.find_spec(name)}
    for layout, units in LAYOUTS.items():
        X = rng.random((ROWS, units[0]), dtype=np.float32)
        net = nr.Network("classifier", units, seed=1)
        works = {
            "limit": lambda: (np.matmul(a, b), 2.0 * SIZE**3)[1],
            "one row": singly(net.run, X[0].copy()),
            "rows": batch(net.run, X),
        }
        for name, peer in peers.items():
            run, rows = peer(units, X)
            works |= {f"one row, {name}": singly(run, rows[:1]), f"rows, {name}": batch(run, rows)}
        rates = best_rates(works, seconds)
        small, large = layout == "9-15-2", layout == "300-600-100"
        beside = ", ".join(f"{name} {rates[f'one row, {name}']:,.0f}/s" for name in peers)
        label, rate = f"answers {layout}, one row", rates["one row"] / 1e6
        if small:
            at_least(label, rate, 1, "M/s", beside)
        else:
            show(label, f"{rate:.3g}M/s", beside=beside)
        share = 2 * weights(units) * rates["rows"] / rates["limit"]
        label, beside = f"answers {layout}, 1000 rows, of the limit", f"{rates['rows']:,.0f}/s"
        if large:
            at_least(label, share, 0.6, beside=f"{beside}, the limit {rates['limit'] / 1e9:.0f} GFLOP/s")
        else:
            show(label, f"{share:.3g}", beside=beside)
        for name in peers:
            label, times = f"answers {layout}, 1000 rows, times {name}", rates["rows"] / rates[f"rows, {name}"]
            if small and name == "torch":
                at_least(label, times, 3)
            else:
                show(label, f"{times:.3g}")


def weights(units: list[int]) -> int:
    """Return the number of weights, without biases."""
    inputs, hidden, outputs = units
    return (inputs + outputs) * hidden


def singly(run: Callable[[Any], object], row: Any) -> Callable[[], float]:
    """Return a function that predicts one row many times."""

    def work() -> float:
        for _ in range(SINGLE):
            run(row)
        return SINGLE

    return work


def batch(run: Callable[[Any], object], rows: Any) -> Callable[[], float]:
    """Return a function that predicts all rows."""
    return lambda: (run(rows), float(len(rows)))[1]


def torch(units: list[int], X: Any) -> tuple[Callable[[Any], object], Any]:
    """Return PyTorch's network of these units, and the rows as it takes them."""
    import torch

    torch.set_num_threads(1)
    inputs, hidden, outputs = units
    net = torch.nn.Sequential(
        torch.nn.Linear(inputs, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, outputs), torch.nn.Softmax(1)
    ).eval()

    def run(rows: Any) -> object:
        with torch.inference_mode():
            return net(rows)

    return run, torch.from_numpy(X)


def sklearn(units: list[int], X: Any) -> tuple[Callable[[Any], object], Any]:
    """Return scikit-learn's network of these units, trained for one iteration."""
    from sklearn.neural_network import MLPClassifier

    net = MLPClassifier((units[1],), max_iter=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net.fit(X, np.arange(len(X)) % units[-1])
    return net.predict_proba, X


if __name__ == "__main__":
    import sys

    measure(float(sys.argv[1]))
