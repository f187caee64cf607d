"""Measures the errors of each engine on fresh rows, over the same seeded splits, and stores them in a file.

An error is the share of misclassified rows, or the root mean square error divided by that of always predicting the
mean.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from rivals import Answer, Rival
from sets import SETS, Rows
from sklearn.model_selection import train_test_split

import neuralredis as nr

Results = dict[str, dict[str, dict[str, list[float]]]]


def ours(rows: Rows, seed: int, **options: Any) -> Answer:
    """Return the library's predictions with the options of the tutorial and a rough layout."""
    hidden = options.pop("hidden", [30, 30, 30])
    outputs = int(rows.y.max()) + 1 if rows.classifies else 1
    kind: Any = "classifier" if rows.classifies else "regressor"
    count = len(rows.X)
    limits = {"dataset": 10_000, "test": 2_500} if count <= 12_500 else {"dataset": count, "test": count // 4}
    net = nr.Network(kind, [rows.X.shape[1], *hidden, outputs], normalize=True, seed=seed, **limits, **options)
    net.observe(rows.X, rows.y)
    net.train(autostop=True, backtrack=True, max_time=0, progress=False)
    return net.classify if rows.classifies else lambda X: net.run(X)[:, 0]


def split(rows: Rows, seed: int) -> tuple[Rows, Rows]:
    """Return seven tenths of the rows for training, and at most 10,000 of the others."""
    kept = min(10_000, round(0.3 * len(rows.X)))
    stratify = rows.y if rows.classifies else None
    at, kept_at = train_test_split(np.arange(len(rows.X)), test_size=kept, random_state=seed, stratify=stratify)
    return Rows(rows.X[at], rows.y[at]), Rows(rows.X[kept_at], rows.y[kept_at])


def error(found: Any, rows: Rows, learnt: Rows) -> float:
    if rows.classifies:
        return float(np.mean(np.asarray(found) != rows.y))
    return float(np.sqrt(np.mean((found - rows.y) ** 2) / np.mean((learnt.y.mean() - rows.y) ** 2)))


def seeds(rows: Rows) -> int:
    return 10 if len(rows.X) < 4000 else 3


def measure(results: Results, name: str, rival: Rival, sets: list[str], keep: Path | None = None) -> None:
    """Add missing errors and seconds of a rival."""
    for task in sets:
        found = results.setdefault(task, {}).get(name, {"error": [], "seconds": []})
        rows = SETS[task]()
        for seed in range(len(found["error"]), seeds(rows)):
            learnt, kept = split(rows, seed)
            start = time.process_time()
            answer = rival(learnt, seed)
            found["seconds"].append(time.process_time() - start + getattr(answer, "seconds", 0.0))
            found["error"].append(error(answer(kept.X), kept, learnt))
            results[task][name] = found
        if keep:
            keep.write_text(json.dumps(results))
