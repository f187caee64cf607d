"""A GRU of PyTorch on the same sets, trained by Adam with its defaults.

It has one layer of 32 units, and a linear layer on its last state. Channels are standardized; batches of 32 are padded
and packed. One in five sequences of each class is held out: training stops after 30 epochs without improvement, or
after 300, and keeps the best weights.
"""

from __future__ import annotations

import copy
import random
import statistics
import time
from collections import Counter
from pathlib import Path

import numpy as np
from data import labelled

try:
    import torch
    from torch import nn
except ImportError:
    torch = None

NAMES = ("JapaneseVowels", "BasicMotions", "GunPoint", "ItalyPowerDemand")
UNITS, BATCH, EPOCHS, PATIENCE = 32, 32, 300, 30


def main(folder: Path, seeds: range) -> None:
    """Print the errors of all sets."""
    if torch is None:
        print("\nPyTorch is not there: apt-get install python3-torch, or pip install torch")
        return
    # More threads do not speed up such a small cell.
    torch.set_num_threads(1)
    print(f"\nwrong, % of the test sequences, PyTorch {torch.__version__}: means over seeds")
    for name in NAMES:
        runs = [learnt(folder, name, seed) for seed in seeds]
        error = statistics.mean(wrong for wrong, _ in runs)
        print(
            f"{name:24}  GRU of PyTorch {error:6.2f}   {statistics.mean(took for _, took in runs):.1f} s of a core",
            flush=True,
        )


def learnt(folder: Path, name: str, seed: int) -> tuple[float, float]:
    """Return the error on the set's test part, and the processor time of training in seconds."""
    X, labels = labelled(folder, name, "TRAIN")
    fresh, their_labels = labelled(folder, name, "TEST")
    known = sorted(set(labels))
    start = time.process_time()
    every = np.concatenate(X)
    mean, deviation = every.mean(axis=0), every.std(axis=0) + 1e-9
    sequences = [torch.tensor((series - mean) / deviation, dtype=torch.float32) for series in X]
    y = torch.tensor([known.index(label) for label in labels])
    seen, parts = Counter[str](), {"train": [], "test": []}
    for at in random.Random(seed).sample(range(len(X)), len(X)):
        seen[labels[at]] += 1
        parts["test" if seen[labels[at]] % 5 == 0 else "train"].append(at)
    torch.manual_seed(seed)
    net = Net(X[0].shape[1], len(known))
    adam, loss = torch.optim.Adam(net.parameters()), nn.CrossEntropyLoss()
    best, since, weights = np.inf, 0, net.state_dict()
    for _ in range(EPOCHS):
        order = [parts["train"][at] for at in torch.randperm(len(parts["train"])).tolist()]
        for begin in range(0, len(order), BATCH):
            some = order[begin : begin + BATCH]
            adam.zero_grad()
            loss(net([sequences[at] for at in some]), y[some]).backward()
            adam.step()
        with torch.no_grad():
            error = loss(net([sequences[at] for at in parts["test"]]), y[parts["test"]]).item()
        since += 1
        if error < best:
            best, since, weights = error, 0, copy.deepcopy(net.state_dict())
        if since >= PATIENCE:
            break
    took = time.process_time() - start
    net.load_state_dict(weights)
    with torch.no_grad():
        predicted = net([torch.tensor((series - mean) / deviation, dtype=torch.float32) for series in fresh]).argmax(
            dim=1
        )
    right = [known[place] == label for place, label in zip(predicted.tolist(), their_labels, strict=True)]
    return 100 * (1 - float(np.mean(right))), took


if torch is not None:

    class Net(nn.Module):
        """A GRU and a linear layer on its last state."""

        def __init__(self, channels: int, classes: int) -> None:
            super().__init__()
            self.cell, self.out = nn.GRU(channels, UNITS, batch_first=True), nn.Linear(UNITS, classes)

        def forward(self, sequences: list[torch.Tensor]) -> torch.Tensor:
            """Return the scores of the classes."""
            return self.out(self.cell(nn.utils.rnn.pack_sequence(sequences, enforce_sorted=False))[1][0])
