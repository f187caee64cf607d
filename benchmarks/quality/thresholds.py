"""Measures the effect of thresholds and class weights on held-out rows if one of two classes is rare.

    python benchmarks/quality/thresholds.py > benchmarks/quality/thresholds.txt

Networks at their defaults learn the same rows from the same seeds with AUTOSTOP and BACKTRACK, with and without
`class_weight="balanced"`. The rare class is then predicted at these thresholds: a half; the share of the
class in the training rows; or the threshold that has the best balanced accuracy, or F1, on the validation rows.
"""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
from measure import split
from sets import Floats, Rows, keel

import neuralredis as nr

#: Sets of KEEL with two classes; the rare class has from one third to one thirtieth of the rows.
KEEL = (
    *("pima", "haberman", "yeast1", "vehicle1", "ecoli2", "yeast3", "ecoli3", "yeast-2_vs_4", "abalone9-18"),
    *("yeast-1_vs_7", "yeast4"),
)
SEEDS = 3
#: The least number of validation rows for which a threshold is chosen by them.
LEAST_ROWS = 50
WAYS = ("a half", "the share", "best balanced", "best F1", "balanced", "balanced, best")


def loaded(name: str) -> Rows:
    """Return a set, with the rare class as 1."""
    rows = keel(name, "imbalanced")
    return Rows(rows.X, np.int64(rows.y == np.bincount(rows.y).argmin()))


def balanced(answers: Any, y: Any) -> float:
    """Return the balanced accuracy."""
    return float(np.mean([np.mean(answers[y == one] == one) for one in (0, 1)]))


def f1(answers: Any, y: Any) -> float:
    """Return the harmonic mean of precision and recall of class 1."""
    hits = np.count_nonzero(answers & (y == 1))
    return 2 * hits / max(np.count_nonzero(answers) + np.count_nonzero(y), 1)


def best(probabilities: Floats, y: Any, score: Any) -> float:
    """Return the threshold with the best score: of several the one nearest to a half."""
    if len(y) < LEAST_ROWS or len(np.unique(y)) < 2:
        return 0.5
    between = np.unique(probabilities)
    tried = np.concatenate([[0.5], (between[1:] + between[:-1]) / 2])
    tried = tried[np.argsort(np.abs(tried - 0.5), kind="stable")]
    return float(tried[np.argmax([score(probabilities >= threshold, y) for threshold in tried])])


def learnt(rows: Rows, seed: int, class_weight: Any) -> nr.Network:
    layout = [rows.X.shape[1], 30, 30, 30, 2]
    net = nr.Network("classifier", layout, normalize=True, seed=seed, class_weight=class_weight)
    net.observe(rows.X, rows.y)
    net.train(autostop=True, backtrack=True, max_time=0, progress=False)
    return net


def scores(rows: Rows, seed: int) -> list[tuple[float, float]]:
    """Return balanced accuracy and F1 on held-out rows for each of the thresholds."""
    known, kept = split(rows, seed)
    found = []
    for class_weight in (None, "balanced"):
        net = learnt(known, seed, class_weight)
        validation = net.rows("test")
        judged, fresh = net.run(validation[0])[:, 1], net.run(kept.X)[:, 1]
        truth = np.asarray(validation[1]).astype(np.int64)
        thresholds = [0.5, best(judged, truth, balanced)]
        if class_weight is None:
            thresholds[1:1] = [float(known.y.mean())]
            thresholds.append(best(judged, truth, f1))
        found += [(balanced(fresh >= at, kept.y), f1(fresh >= at, kept.y)) for at in thresholds]
    return found


def main() -> None:
    """Print a line for each set."""
    print(datetime.date.today())
    print("Balanced accuracy and F1 of the rare class on rows held out, in percent, means of", SEEDS, "seeds.\n")
    print(f"{'':20}{'rows':>6}{'rare':>7}" + "".join(f"{way:>17}" for way in WAYS))
    for name in KEEL:
        rows = loaded(name)
        of_set = 100 * np.mean([scores(rows, seed) for seed in range(SEEDS)], axis=0)
        line = f"{name:20}{len(rows.X):6}{rows.y.mean():7.1%}"
        print(line + "".join(f"{accuracy:10.1f}{rare:7.1f}" for accuracy, rare in of_set), flush=True)


if __name__ == "__main__":
    main()
