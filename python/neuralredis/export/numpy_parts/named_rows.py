"""Run a network of rows with fields."""

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
    """Return the outputs for rows that `Fields.encode` returned."""
    x = np.array([row for row, _ in encoded], dtype=np.float32).reshape(len(encoded), NETWORK["computed"])
    x = np.where(np.isnan(x), layers().means(x.shape[1]), x)
    return layers().run(x, [entries for _, entries in encoded])


def run(rows: Any) -> Any:
    """Return the outputs for rows.

    Parameters
    ----------
    rows : dict, list of dict, or pandas.DataFrame
        One row or many, by the names of fields; fields left out are missing values.

    Returns
    -------
    numpy.ndarray of float32, shape (rows, outputs), for one row (outputs,)
    """
    if hasattr(rows, "to_dict"):
        rows = rows.to_dict("records")
    one = isinstance(rows, dict)
    answers = answers_to([fields().encode(fields().understand(row)) for row in ([rows] if one else rows)])
    return answers[0] if one else answers


def run_one(row: Any) -> Any:
    """Return the outputs for one row."""
    return run(dict(row))
