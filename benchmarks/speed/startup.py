"""Measures an import and the start of a training, each in fresh processes."""

from __future__ import annotations

import os
import subprocess
import sys

from figures import below

#: Processes of each program. The fastest counts.
RUNS = 25

IMPORT = "import time; start = time.perf_counter(); import {module}; print(time.perf_counter() - start)"
#: The first training of a program, until the end of its first cycle.
TRAINING = """
import time
import numpy as np
import neuralredis as nr
net = nr.Network("classifier", [64, 100, 10], normalize=True, dataset=10000, seed=1)
rng = np.random.default_rng(1)
net.observe(rng.random((10000, 64)), rng.integers(10, size=10000))
start = time.perf_counter()
training = net.start_training(max_cycles=1)
print(time.perf_counter() - start)
"""


def best(*programs: str) -> list[float]:
    """Return the least milliseconds that each of the programs printed, which take turns."""
    # With bytecode, as an installed package has it.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    found: list[list[float]] = [[] for _ in programs]
    for _ in range(RUNS):
        for program, times in zip(programs, found, strict=True):
            command = [sys.executable, "-c", program]
            run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
            times.append(1000 * float(run.stdout))
    return [min(times) for times in found]


def measure() -> None:
    """Print both durations."""
    alone, both = best(IMPORT.format(module="numpy"), IMPORT.format(module="numpy, neuralredis"))
    below("import neuralredis, beyond numpy", both - alone, 30, " ms", f"numpy alone {alone:.0f} ms")
    below("starting a training, 10,000 rows of 64-100-10", *best(TRAINING), 0.2, " ms", "a program's first")
