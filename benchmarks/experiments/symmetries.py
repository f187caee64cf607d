"""Measures whether swapping or rescaling hidden units in the midst of a training lowers the error.

    python benchmarks/experiments/symmetries.py > benchmarks/experiments/symmetries.txt

Predictions do not change if hidden units are swapped with all their weights, or if the incoming weights and the bias of
a ReLU unit are multiplied by a number above 0 and its outgoing weights divided by it. They change if only the incoming
weights move to the next unit. A network with one hidden layer is trained for 300 cycles without weight decay, then
changed and trained for 300 more, three times; each time the weights with the lower training error are kept.
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import neuralredis as nr

sys.path.insert(0, str(Path(__file__).parents[1] / "quality"))
from measure import split
from sets import SETS, Floats, Rows

TASKS = ("pima", "vehicle", "vowel", "moons", "spirals", "xor", "friedman1", "diabetes")
SEEDS, CYCLES, ROUNDS, UNITS = 5, 300, 3, 15

#: Biases in the first row, then the weights of each input; of the hidden layer and of the outputs.
Layers = tuple[Floats, Floats]
Random = np.random.Generator


def swapped(hidden: Floats, output: Floats, random: Random) -> Layers:
    """Permute the hidden units."""
    order = random.permutation(UNITS)
    return hidden[:, order], output[[0, *(1 + order)]]


def rescaled(hidden: Floats, output: Floats, random: Random) -> Layers:
    """Multiply the incoming weights of a unit, and divide the outgoing ones."""
    factors = 4 ** random.uniform(-1, 1, UNITS)
    return hidden * factors, output / np.concatenate([[1], factors])[:, None]


def rotated(hidden: Floats, output: Floats, random: Random) -> Layers:
    """Move the incoming weights of each unit to the next one, without the outgoing weights."""
    return np.roll(hidden, 1 + random.integers(UNITS - 1), axis=1), output


def shaken(hidden: Floats, output: Floats, random: Random) -> Layers:
    """Change each weight by about a tenth."""
    return hidden * random.normal(1, 0.1, hidden.shape), output * random.normal(1, 0.1, output.shape)


#: Changes of weights before the training continues. None only resets the step sizes of the trainer, as all do.
WAYS: dict[str, Callable[[Floats, Floats, Random], Layers]] = {
    "untouched": lambda hidden, output, random: (hidden, output),
    "swapped": swapped,
    "rescaled": rescaled,
    "rotated": rotated,
    "shaken": shaken,
}


def network(rows: Rows, seed: int) -> nr.Network:
    outputs = int(rows.y.max()) + 1 if rows.classifies else 1
    kind: Any = "classifier" if rows.classifies else "regressor"
    layout = [rows.X.shape[1], UNITS, outputs]
    options: dict[str, Any] = {"normalize": True, "l2": 0.0, "ensemble": 1, "algorithm": "irprop+"}
    net = nr.Network(kind, layout, dataset=len(rows.X), test=0, seed=seed, **options)
    net.observe(rows.X, rows.y)
    return net


def layers(net: nr.Network) -> list[Floats]:
    return [np.asarray(layer, np.float64) for layer in net.weights()[0]]


def errors(net: nr.Network, known: Rows, kept: Rows) -> tuple[float, float]:
    """Return the mean loss of training rows, and the error on fresh rows."""
    loss = net.gradient(known.X, known.y)[0]
    found = net.evaluate(kept.X, kept.y)
    wrong = 1 - found.accuracy if isinstance(found, nr.ClassifierEvaluation) else found.rmse / found.baseline
    return loss, wrong


def followed(rows: Rows, seed: int) -> dict[str, tuple[float, float]]:
    """Return the errors after all rounds, for each change and for an uninterrupted training."""
    known, kept = split(rows, seed)
    net = network(known, seed)
    net.train(max_cycles=CYCLES, max_time=0, progress=False)
    valley = layers(net)
    found = {}
    net.train(max_cycles=CYCLES * ROUNDS, max_time=0, progress=False)
    found["uninterrupted"] = errors(net, known, kept)
    for way, change in WAYS.items():
        random = np.random.default_rng(seed)
        best, (loss, wrong) = valley, (np.inf, np.inf)
        net.set_weights(np.concatenate([layer.ravel() for layer in best]))
        loss, wrong = errors(net, known, kept)
        for _ in range(ROUNDS):
            net.set_weights(np.concatenate([layer.ravel() for layer in change(*best, random)]))
            net.train(max_cycles=CYCLES, max_time=0, progress=False)
            after = errors(net, known, kept)
            if after[0] < loss:
                best, (loss, wrong) = layers(net), after
        found[way] = loss, wrong
    return found


def main() -> None:
    """Print errors, and the medians of their ratios to those of an uninterrupted training."""
    names = ("uninterrupted", *WAYS)
    print(datetime.date.today())
    print(f"Mean loss of training rows, and errors on rows held out in percent, means of {SEEDS} seeds.\n")
    print(f"{'':11}" + "".join(f"{way:>20}" for way in names))
    ratios = []
    for name in TASKS:
        runs = [followed(SETS[name](), seed) for seed in range(SEEDS)]
        of_task = np.mean([[run[way] for way in names] for run in runs], axis=0)
        ratios.append(of_task / of_task[0])
        print(f"{name:11}" + "".join(f"{loss:12.5f}{100 * wrong:8.2f}" for loss, wrong in of_task), flush=True)
    print(f"{'median':11}" + "".join(f"{loss:12.3f}{wrong:8.3f}" for loss, wrong in np.median(ratios, axis=0)))


if __name__ == "__main__":
    main()
