"""Classes that outputs stand for, where these are computed and compared as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["classes_of"]


def classes_of(outputs: NDArray[Any], threshold: float) -> NDArray[np.intp]:
    """Return the number of the class that a network with this `threshold` answers for the outputs of each row.

    Parameters
    ----------
    outputs : numpy.ndarray of float, shape (..., classes)
        What the network's `run` returns.
    threshold : float
        The option of the network.

    Returns
    -------
    numpy.ndarray of int, shape (...)
        The class of the largest output, the first of equals; with another threshold than 0.5 the second of two classes
        where its probability is at least that.

    Examples
    --------
    >>> outputs = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    >>> classes_of(outputs, 0.5).tolist(), classes_of(outputs, 0.3).tolist()
    ([0, 0, 1], [0, 1, 1])
    """
    if threshold == 0.5:
        found: NDArray[np.intp] = outputs.argmax(axis=-1)
        return found
    # The engine compares numbers of single precision.
    reached: NDArray[np.intp] = (outputs[..., 1] >= np.float32(threshold)).astype(np.intp)
    return reached
