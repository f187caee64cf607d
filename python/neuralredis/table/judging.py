"""How good a network is, by rows that it has not seen, and which columns that rests on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neuralredis.network import Network
from neuralredis.results import ClassifierEvaluation, RegressorEvaluation
from neuralredis.table.encoding import Encoding
from neuralredis.table.target import Classes

__all__ = ["Judgement", "importance", "judge", "known", "split"]

#: Rows and repetitions that permutation importance takes at most: more would change its first digit no more.
MOST_ROWS, REPEATS = 2000, 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Judgement:
    """How good a network is.

    Attributes
    ----------
    evaluation : ClassifierEvaluation or RegressorEvaluation
        The figures.
    commonest : str or None
        The commonest class of these rows, which is what the baseline of a classifier always answers.
    low, high : float
        Accuracy, of all rows of the kind, that these are likely of (95 %, Wilson's interval); 0 for numbers.
    """

    evaluation: ClassifierEvaluation | RegressorEvaluation
    commonest: str | None
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """What that comes to, in a sentence."""
        found = self.evaluation
        if isinstance(found, RegressorEvaluation):
            if found.rmse < 0.9 * found.baseline:
                return "Better than always answering the mean."
            if found.rmse < found.baseline:
                return "Hardly better than always answering the mean."
            return (
                "No better than always answering the mean: these columns say little about it, or the rows are too few."
            )
        if self.low > found.baseline:
            return f"Better than always answering {self.commonest}, and not by chance."
        if found.accuracy > found.baseline:
            return f"A little better than always answering {self.commonest}, which may be chance with so few rows."
        why = "these columns say little about it, or the rows are too few"
        return f"No better than always answering {self.commonest}: {why}."


def split(classes: NDArray[np.int64] | None, rows: int, seed: int, share: float) -> tuple[NDArray[np.int64], ...]:
    """Return the rows to learn from and those to keep back, both in random order; each class is shared out alike."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(rows)
    if classes is not None:
        # Of rows in the order of their classes, every so many-th is kept: of each class its share, to within a row.
        order = order[np.argsort(classes[order], kind="stable")]
    kept = min(max(round(share * rows), 1), rows - 1)
    chosen = np.zeros(rows, bool)
    chosen[((np.arange(kept) + 0.5) * rows / kept).astype(np.int64)] = True
    if classes is not None:
        # A class of which nothing is left to learn is of no use among the rows that are kept back.
        in_order = classes[order]
        chosen &= ~np.isin(in_order, np.setdiff1d(in_order[chosen], in_order[~chosen]))
    return rng.permutation(order[~chosen]), rng.permutation(order[chosen])


def judge(net: Network, encoding: Encoding, X: NDArray[np.float32], y: NDArray[np.generic]) -> Judgement:
    """Return how good a network is on some rows."""
    evaluation = net.evaluate(X, y)
    if isinstance(evaluation, RegressorEvaluation) or not isinstance(encoding.target, Classes):
        return Judgement(evaluation=evaluation, commonest=None, low=0.0, high=0.0)
    counts = np.bincount(y.astype(np.int64), minlength=len(encoding.target.labels))
    # E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.
    n, p, z = evaluation.rows, evaluation.accuracy, 1.96
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    label = encoding.target.labels[int(counts.argmax())]
    return Judgement(evaluation=evaluation, commonest=label, low=max(middle - half, 0.0), high=min(middle + half, 1.0))


def importance(
    net: Network, encoding: Encoding, X: NDArray[np.float32], y: NDArray[np.generic], seed: int
) -> dict[str, float]:
    """Return what each column is worth: how much worse the answers are if its values are shuffled among the rows.

    That is in shares of wrong answers for classes, in root mean square errors for numbers; the largest first.
    """
    rng = np.random.default_rng(seed)
    X, y = X[:MOST_ROWS], y[:MOST_ROWS]

    def wrong(rows: NDArray[np.float32]) -> float:
        if isinstance(encoding.target, Classes):
            return float(np.mean(net.classify(rows) != y))
        return float(np.sqrt(np.mean((net.run(rows)[:, 0] - y.astype(np.float64)) ** 2)))

    before = wrong(X)
    found = {}
    for kind, block in encoding.blocks():
        rows = X.copy()
        errors = []
        for _ in range(REPEATS):
            rows[:, block] = X[rng.permutation(len(X)), block]
            errors.append(wrong(rows))
        found[kind.name] = float(np.mean(errors)) - before
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def known(net: Network, X: NDArray[np.float32], y: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Return which rows are among those that a network has: what it answers of them says nothing of others."""
    stored = set()
    for name in ("train", "test"):
        inputs, targets = net.rows(name)
        stored |= {
            (row.tobytes(), float(target)) for row, target in zip(inputs, np.asarray(targets, np.float32), strict=True)
        }
    rows = zip(np.ascontiguousarray(X, np.float32), np.asarray(y, np.float32), strict=True)
    return np.array([(row.tobytes(), float(target)) in stored for row, target in rows], bool)
