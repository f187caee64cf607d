"""A network of rows of fields."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from neuralredis.export.numpy_parts.fields import Fields
from neuralredis.export.numpy_parts.layers import Layers

NETWORK: dict[str, Any] = {}
# ---


@functools.lru_cache(maxsize=1)
def layers() -> Layers:
    """Return the layers, unpacked once."""
    return Layers(NETWORK)


@functools.lru_cache(maxsize=1)
def fields() -> Fields:
    """Return the fields of rows."""
    return Fields(NETWORK["fields"], NETWORK["computed"], NETWORK["layout"][0])


def answers_to(encoded: Any) -> Any:
    """Return the answers to rows that fields have encoded."""
    x = np.array([row for row, _ in encoded], dtype=np.float32).reshape(len(encoded), NETWORK["computed"])
    x = np.where(np.isnan(x), layers().means(x.shape[1]), x)
    return layers().run(x, [entries for _, entries in encoded])


def run(rows: Any) -> Any:
    """Return the outputs of rows, dicts of fields: of shape (rows, outputs), of one row (outputs,)."""
    if hasattr(rows, "to_dict"):
        rows = rows.to_dict("records")
    one = isinstance(rows, dict)
    answers = answers_to([fields().encode(fields().understand(row)) for row in ([rows] if one else rows)])
    return answers[0] if one else answers


def run_one(row: Any) -> Any:
    """Return the outputs of one row."""
    return run(dict(row))
