"""Run a network of rows of numbers."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from neuralredis.export.numpy_parts.layers import Layers

NETWORK: dict[str, Any] = {}
# ---


@functools.lru_cache(maxsize=1)
def layers() -> Layers:
    """Return the layers, unpacked once."""
    return Layers(NETWORK)


def run(rows: Any) -> Any:
    """Return the outputs for rows.

    Parameters
    ----------
    rows : array_like, shape (rows, inputs), or (inputs,) for one row
        Finite numbers.

    Returns
    -------
    numpy.ndarray of float32, shape (rows, outputs), for one row (outputs,)
    """
    x = np.asarray(rows, dtype=np.float32)
    if x.ndim not in (1, 2) or x.shape[-1] != NETWORK["computed"]:
        raise ValueError(f"rows of the shape {x.shape}: expected {NETWORK['computed']} numbers each")
    if not np.isfinite(x).all():
        raise ValueError("rows with NaN or infinity: expected finite numbers")
    answers = layers().run(np.atleast_2d(x))
    return answers if x.ndim == 2 else answers[0]
