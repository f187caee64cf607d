"""Compute the input weights of a reservoir from its seed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["input_weights"]

_GAMMA, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_MASK = 2**64 - 1


def input_weights(seed: int, units: int, inputs: Iterable[int]) -> NDArray[np.float32]:
    """Return the weights of inputs, one row per input.

    Each input has its own stream of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators",
    OOPSLA 2014); a weight is the upper 24 bits of a draw, scaled to [-1, 1) in steps of 2**-23.

    Parameters
    ----------
    seed : int
        The reservoir's seed, below 2**64.
    units : int
        The reservoir's number of units.
    inputs : iterable of int
        Indices of inputs: first the computed ones, then those that are looked up.

    Returns
    -------
    numpy.ndarray of float32, shape (inputs, units)

    Examples
    --------
    >>> input_weights(7, 3, [0, 5]).shape
    (2, 3)
    """
    rows = []
    for number in inputs:
        state = _mix(seed ^ _mix((number + _GAMMA) & _MASK))
        drawn = [_mix((state + _GAMMA * (unit + 1)) & _MASK) >> 40 for unit in range(units)]
        rows.append(np.array(drawn, dtype=np.float32) / np.float32(2**23) - np.float32(1))
    return np.array(rows, dtype=np.float32).reshape(-1, units)


def _mix(number: int) -> int:
    number = (number ^ (number >> 30)) * _FIRST & _MASK
    number = (number ^ (number >> 27)) * _SECOND & _MASK
    return number ^ (number >> 31)
