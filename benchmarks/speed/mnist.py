"""Measures the training on all 60,000 digits of MNIST, and the error on the 10,000 others.

examples/mnist.py says where to get the four files. 10,000 of the 60,000 digits are validation rows, which end the
training.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from statistics import mean

import numpy as np
from figures import show

import neuralredis as nr

LAYOUTS = ([784, 100, 10], [784, 200, 10])
SEEDS = range(1, 6)
FILES = ("images-idx3-ubyte", "labels-idx1-ubyte")
#: The original's README does not name its layout.
ORIGINAL = "2.3%"


def measure(folder: Path) -> None:
    """Print the results of trainings, the means over the seeds."""
    for layout in LAYOUTS:
        wrong, seconds, cycles = [], [], []
        for seed in SEEDS:
            net = nr.Network("classifier", layout, dataset=50_000, test=10_000, seed=seed)
            net.observe(*read(folder, "train"))
            report = net.train(autostop=True, backtrack=True, max_time=0, progress=False)
            wrong.append(1 - net.evaluate(*read(folder, "t10k")).accuracy)
            seconds.append(report.seconds)
            cycles.append(report.cycles)
        took = f"{mean(seconds):.1f} s, {mean(cycles):.0f} cycles in the mean of {len(SEEDS)} seeds"
        beside = f"{min(wrong):.2%} to {max(wrong):.2%}; {took}; the original says {ORIGINAL} of its own"
        show(f"MNIST, {'-'.join(map(str, layout))}, wrong", f"{mean(wrong):.2%}", beside=beside)


def read(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures and labels; their files begin with headers of 16 and 8 bytes."""
    files = (gzip.decompress((folder / f"{name}-{part}.gz").read_bytes()) for part in FILES)
    pictures, labels = (np.frombuffer(data, np.uint8, offset=start) for data, start in zip(files, (16, 8), strict=True))
    return pictures.reshape(-1, 784), labels
