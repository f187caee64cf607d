"""Measures the training on all 60,000 digits of MNIST, and the error on the 10,000 others.

examples/mnist.py says where to get the four files. 10,000 of the 60,000 digits are validation rows, which end the
training.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
from figures import show

import neuralredis as nr

LAYOUTS = ([784, 100, 10], [784, 200, 10])
FILES = ("images-idx3-ubyte", "labels-idx1-ubyte")
#: The original's README does not name its layout.
ORIGINAL = "2.3%"


def measure(folder: Path) -> None:
    """Print the results of trainings."""
    for layout in LAYOUTS:
        net = nr.Network("classifier", layout, dataset=50_000, test=10_000, seed=1)
        net.observe(*read(folder, "train"))
        report = net.train(autostop=True, backtrack=True, max_time=0)
        wrong = 1 - net.evaluate(*read(folder, "t10k")).accuracy
        beside = f"{report.seconds:.0f} s, {report.cycles} cycles; the original says {ORIGINAL} of its own"
        show(f"MNIST, {'-'.join(map(str, layout))}, wrong", f"{wrong:.2%}", beside=beside)


def read(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures and labels; their files begin with headers of 16 and 8 bytes."""
    files = (gzip.decompress((folder / f"{name}-{part}.gz").read_bytes()) for part in FILES)
    pictures, labels = (np.frombuffer(data, np.uint8, offset=start) for data, start in zip(files, (16, 8), strict=True))
    return pictures.reshape(-1, 784), labels
