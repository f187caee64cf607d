"""Measures softer probabilities: log loss on fresh rows before and after the change, over public data sets.

    python benchmarks/quality/softening.py --before PYTHON > benchmarks/quality/softening.txt

PYTHON is the interpreter of an environment with a version from before the change. Both versions learn from the same
rows and seeds, with AUTOSTOP and BACKTRACK. The log loss is -ln of the probability of the true class, of at least
1e-30. The Brier score is the squared error of all probabilities.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys

import numpy as np
from measure import split
from sets import SETS, Rows

import neuralredis as nr

#: Data sets that were not used to decide about the change.
FRESH = ("phoneme", "circles", "moons", "parity", "ring", "spambase", "satimage")
#: Data sets that were used.
KNOWN = (
    *("titanic", "pima", "german", "vehicle", "vowel", "tic-tac-toe", "contraceptive", "digits"),
    *("yeast6", "abalone19", "segment"),
)
SEEDS = 5

Figures = dict[str, list[list[float]]]


def figures(rows: Rows, seed: int, few: int | None) -> list[float]:
    """Return log loss, Brier score and share of errors on held-out rows, after training on all others or a few."""
    learnt, kept = split(rows, seed)
    outputs = int(rows.y.max()) + 1
    layout = [rows.X.shape[1], 30, 30, 30, outputs]
    net = nr.Network("classifier", layout, normalize=True, seed=seed, dataset=10_000, test=2_500)
    net.observe(learnt.X[:few], learnt.y[:few])
    net.train(autostop=True, backtrack=True, max_time=0, progress=False)
    found = net.run(kept.X).astype(np.float64)
    log_loss = -np.log(np.maximum(found[np.arange(len(kept.y)), kept.y], 1e-30)).mean()
    brier = ((found - np.eye(outputs)[kept.y]) ** 2).sum(axis=1).mean()
    return [float(log_loss), float(brier), float((found.argmax(axis=1) != kept.y).mean())]


def measured(python: str, few: int | None, only: list[str]) -> Figures:
    command = [python, __file__, "--figures", *(["--few", str(few)] if few else []), "--only", *only]
    found: Figures = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def mean_ratio(ratios: list[float]) -> float:
    return float(np.exp(np.mean(np.log(ratios))))


def main() -> None:
    """Print a line for each set, and geometric means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", metavar="PYTHON")
    parser.add_argument("--few", type=int, help="rows to learn and test from, at most")
    parser.add_argument("--only", nargs="+", default=[*KNOWN, *FRESH])
    parser.add_argument("--figures", action="store_true", help="print those of this version alone, as JSON")
    args = parser.parse_args()
    if args.figures:
        found = {name: [figures(SETS[name](), seed, args.few) for seed in range(SEEDS)] for name in args.only}
        print(json.dumps(found))
        return
    words = ("rows", "log loss", "after", "ratio", "Brier", "ratio", "errors", "more")
    print(" " * 14 + "".join(f"{word:>{width}}" for word, width in zip(words, (7, 10, 10, 7, 9, 7, 8, 6), strict=True)))
    ratios: dict[str, list[tuple[float, float]]] = {"decided by": [], "fresh": []}
    for name in args.only:
        kept = len(split(SETS[name](), 0)[1].X)
        pythons = (args.before, sys.executable)
        before, after = (np.array(measured(python, args.few, [name])[name]) for python in pythons)
        (loss, brier, errors), (softer, softer_brier, _) = before.mean(axis=0), after.mean(axis=0)
        others = round(float((after[:, 2] - before[:, 2]).sum() * kept))
        ratios["fresh" if name in FRESH else "decided by"].append((softer / loss, softer_brier / brier))
        print(
            f"{name:14} {len(SETS[name]().X):6} {loss:9.4f} {softer:9.4f} {softer / loss:6.3f} {brier:8.4f} "
            f"{softer_brier / brier:6.3f} {100 * errors:6.2f}% {others:5}",
            flush=True,
        )
    print()
    for which, pairs in {**ratios, "all": [pair for of in ratios.values() for pair in of]}.items():
        if pairs:
            losses, briers = zip(*pairs, strict=True)
            print(
                f"{which}: {len(pairs)} sets, log loss times {mean_ratio(list(losses)):.3f} (median "
                f"{np.median(losses):.3f}, worst {max(losses):.3f}), Brier's score times {mean_ratio(list(briers)):.3f}"
            )


if __name__ == "__main__":
    main()
