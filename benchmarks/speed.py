"""Training steps a second, answers a second, and this machine's limit, in one run.

    python benchmarks/speed.py [--seconds S] > benchmarks/speed.txt

A step is one row, forward, backward and into the gradient. Its floating-point operations are 4 for each parameter of
the first layer and 6 for each other one; the limit is what a single-precision matrix product of NumPy reaches at that
count. PyTorch and scikit-learn are measured beside where they are installed; the original module's figures were
measured once, on two cores with AVX2. Numbers of threads are set by CPU affinity, in a process for each.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable

LAYOUTS = ([9, 15, 2], [64, 100, 10], [300, 600, 100])
ROWS = 1000
#: What the original module did on two cores with AVX2, for one thread: steps a second.
ORIGINAL = {(9, 15, 2): 1.8e6, (64, 100, 10): 199e3, (300, 600, 100): 8.4e3}


def best_rate(run: Callable[[], float], seconds: float) -> float:
    """Return the highest rate of several runs: what disturbs a shared machine only ever slows it down."""
    best, end = 0.0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        best = max(best, run())
    return best


def timed(work: Callable[[], object], amount: float) -> float:
    """Return the amount done a second."""
    start = time.perf_counter()
    work()
    return amount / (time.perf_counter() - start)


def measure(threads: int, seconds: float) -> None:
    """Print one table, for the CPUs that this process may use."""
    import numpy as np

    import neuralredis as nr
    from neuralredis import _core

    rng = np.random.default_rng(0)
    a, b = (rng.random((2048, 2048), dtype=np.float32) for _ in range(2))
    limit = best_rate(lambda: timed(lambda: a @ b, 2 * 2048**3), seconds)
    title = f"{threads} thread{'s' * (threads > 1)}, {_core.instruction_set()}"
    print(f"\n{title}: a matrix product does {limit / 1e9:.0f} GFLOP/s")
    print(f"{'layout':13}{'':14}{'steps/s':>10}{'of limit':>10}{'slower':>8}{'one row/s':>12}{'1000 rows/s':>13}")
    for layout in LAYOUTS:
        inputs, hidden, outputs = layout
        operations = 4 * (inputs + 1) * hidden + 6 * (hidden + 1) * outputs
        X = rng.integers(0, 2, (ROWS, inputs)).astype(np.float32)
        y = rng.integers(0, outputs, ROWS)
        net = nr.Network("classifier", layout, dataset=ROWS, seed=1)
        net.observe(X, y)

        def ours(net: nr.Network = net) -> float:
            report = net.train(max_time=seconds / 4, progress=False)
            return report.cycles * ROWS / report.seconds

        row = X[0].copy()
        name = "-".join(map(str, layout))
        steps = best_rate(ours, seconds)
        single = best_rate(
            lambda net=net, row=row: timed(lambda: [net.run(row) for _ in range(1000)], 1000), seconds / 4
        )
        batch = best_rate(lambda net=net, X=X: timed(lambda: net.run(X), ROWS), seconds / 4)
        found = [("neuralredis", steps, f"{single:12.3g}{batch:13.3g}")]
        if threads == 1:
            found.append(("the original", ORIGINAL[inputs, hidden, outputs], ""))
        for peer in (torch, sklearn):
            if importlib.util.find_spec(peer.__name__):
                found.append((peer.__name__, peer(layout, X, y, seconds, threads), ""))
        for peer_name, rate, answers in found:
            share, slower = rate * operations / limit, steps / rate
            print(f"{name:13}{peer_name:14}{rate:10.3g}{share:10.1%}{slower:7.1f}x{answers}")


def torch(layout: list[int], X: object, y: object, seconds: float, threads: int) -> float:
    """Return the steps a second of PyTorch's RPROP."""
    import torch

    torch.set_num_threads(threads)
    inputs, hidden, outputs = layout
    rows, classes = torch.from_numpy(X), torch.from_numpy(y)
    net = torch.nn.Sequential(torch.nn.Linear(inputs, hidden), torch.nn.Tanh(), torch.nn.Linear(hidden, outputs))
    optimizer, loss = torch.optim.Rprop(net.parameters(), lr=0.1), torch.nn.CrossEntropyLoss()

    def cycles() -> None:
        for _ in range(10):
            optimizer.zero_grad()
            loss(net(rows), classes).backward()
            optimizer.step()

    cycles()
    return best_rate(lambda: timed(cycles, 10 * ROWS), seconds)


def sklearn(layout: list[int], X: object, y: object, seconds: float, threads: int) -> float:
    """Return the steps a second of scikit-learn's perceptron with full batches."""
    from sklearn.neural_network import MLPClassifier

    net = MLPClassifier(
        (layout[1],), activation="tanh", batch_size=ROWS, max_iter=10, warm_start=True, tol=0.0, n_iter_no_change=10**9
    )

    def cycles() -> None:
        net.n_iter_ = 0
        net.fit(X, y)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cycles()
        return best_rate(lambda: timed(cycles, 10 * ROWS), seconds)


def main() -> None:
    """Measure with one thread and with two, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each figure (default: %(default)s)")
    parser.add_argument("--threads", type=int, help="measure in this process only")
    args = parser.parse_args()
    if args.threads:
        measure(args.threads, args.seconds)
        return
    with open("/proc/cpuinfo") as file:
        cpu = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown CPU")
    print(f"{datetime.date.today()}, {cpu}, {ROWS} rows, full batch", flush=True)
    cores = sorted(os.sched_getaffinity(0))
    for threads in (1, 2)[: len(cores)]:
        environment = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
        subprocess.run(
            [sys.executable, __file__, "--threads", str(threads), "--seconds", str(args.seconds)],
            env=os.environ | environment,
            preexec_fn=lambda threads=threads: os.sched_setaffinity(0, cores[:threads]),
            check=True,
        )


if __name__ == "__main__":
    main()
