"""Return the classes of a classifier."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuralredis.export.numpy_parts.rows import run

NETWORK: dict[str, Any] = {}
# ---


def names_of_classes() -> Any:
    """Return the classes, in the order of the outputs: names, or numbers where the network has no names."""
    return range(NETWORK["answers"]) if NETWORK["classes"] is None else NETWORK["classes"]


def places_of_classes(answers: Any) -> Any:
    """Return which class outputs stand for: the first of the greatest, or from a threshold on the second of two."""
    if "threshold" in NETWORK:
        return np.int64(answers[..., 1] >= np.float32(NETWORK["threshold"]))
    return answers.argmax(axis=-1)


def classify(rows: Any) -> Any:
    """Return the class of each row."""
    answers, names = run(rows), names_of_classes()
    at = places_of_classes(answers)
    if answers.ndim == 1:
        return names[int(at)]
    return np.array(names, dtype=None if isinstance(names, range) else object)[at]
