"""Measures the tasks of the tutorial over many seeds, in the way in which the original module was measured.

    python benchmarks/tutorial.py

Each task shuffles with `random.Random(seed)`, so that other engines can be measured on the same rows. The original
module misclassified 19.7 % of the fresh passengers and 13.8 % (up to 74 %) of the validation rows of iris, and its sums
were off by 0.15.
"""

from __future__ import annotations

import csv
import random
import statistics
from pathlib import Path

import neuralredis as nr

DATA = Path(__file__).parent.parent / "examples" / "data"


def read(name: str) -> list[dict[str, str]]:
    """Return the rows of a file of the examples."""
    with open(DATA / name, newline="") as file:
        return list(csv.DictReader(file))


def shuffled(X: list[list[float]], y: list[int], seed: int) -> tuple[list[list[float]], list[int]]:
    """Return the rows in the order of a seed."""
    order = list(range(len(X)))
    random.Random(seed).shuffle(order)
    return [X[i] for i in order], [y[i] for i in order]


def titanic_rows() -> tuple[list[list[float]], list[int]]:
    """Return nine inputs of each passenger, and who survived."""
    passengers = read("titanic.csv")
    X = [
        [
            *(float(p["class"] == kind) for kind in "123"),
            *(float(p["sex"] == kind) for kind in ("male", "female")),
            float(p["age"] or 30),
            *(float(p[name]) for name in ("siblings", "parents", "fare")),
        ]
        for p in passengers
    ]
    return X, [int(p["survived"]) for p in passengers]


def iris_rows() -> tuple[list[list[float]], list[int]]:
    """Return four lengths of each flower, and its species."""
    flowers = read("iris.csv")
    names = list(flowers[0])
    species = sorted({flower[names[-1]] for flower in flowers})
    X = [[float(flower[name]) for name in names[:-1]] for flower in flowers]
    return X, [species.index(flower[names[-1]]) for flower in flowers]


def titanic(seed: int) -> float:
    """Return the share of misclassified passengers among 290 fresh ones: 601 observed, AUTOSTOP."""
    X, y = shuffled(*titanic_rows(), seed)
    net = nr.Network("classifier", [9, 15, 2], normalize=True, dataset=1000, test=500, seed=seed)
    net.observe(X[:601], y[:601])
    net.train(autostop=True, max_time=60)
    return 1 - net.evaluate(X[601:], y[601:]).accuracy


def iris(seed: int) -> float:
    """Return the share of misclassified validation rows: 150 observed, AUTOSTOP BACKTRACK."""
    X, y = shuffled(*iris_rows(), seed)
    net = nr.Network("classifier", [4, 15, 5, 3], normalize=True, dataset=1000, test=500, seed=seed)
    net.observe(X, y)
    net.train(autostop=True, backtrack=True, max_time=60)
    return net.info().classification_errors_perc / 100


def sums(seed: int, seconds: float = 2.0) -> float:
    """Return the mean absolute error of 300 sums of two numbers below 100, after 300 rows and some seconds."""
    rng = random.Random(seed)
    pairs = [[rng.randrange(m), rng.randrange(m)] for m in (100, 10) for _ in range(150)]
    net = nr.Network("regressor", [2, 10, 1], normalize=True, dataset=1000, test=500, seed=seed)
    net.observe(pairs, [a + b for a, b in pairs])
    net.train(max_time=seconds)
    questions = [[rng.randrange(100), rng.randrange(100)] for _ in range(300)]
    return statistics.mean(abs(got - a - b) for (a, b), (got,) in zip(questions, net.run(questions), strict=True))


if __name__ == "__main__":
    for name, task, seeds, unit, factor in (
        ("titanic, unseen passengers", titanic, 40, "%", 100),
        ("iris, validation rows", iris, 40, "%", 100),
        ("sum, absolute error", sums, 10, "", 1),
    ):
        found = [factor * task(seed) for seed in range(seeds)]
        print(f"{name:28} mean {statistics.mean(found):.4g}{unit}, worst {max(found):.4g}{unit} over {seeds} seeds")
