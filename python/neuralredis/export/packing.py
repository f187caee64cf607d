"""Encode numbers as text without loss."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["bits", "of_bits", "packed", "unpacked"]


def packed(values: Any) -> str:
    """Return an array as base64 of its float32 values, little-endian, in row-major order.

    Examples
    --------
    >>> packed([1.0, -2.0])
    'AACAPwAAAMA='
    """
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f4").tobytes()).decode("ascii")


def unpacked(text: str, *shape: int) -> NDArray[np.float32]:
    """Return the array that `packed` encoded, in this shape; without a shape one-dimensional.

    Examples
    --------
    >>> unpacked("AACAPwAAAMA=")
    array([ 1., -2.], dtype=float32)
    """
    values = np.frombuffer(base64.b64decode(text), dtype="<f4").astype(np.float32)
    return values.reshape(shape) if shape else values


def bits(values: Iterable[Any]) -> list[str]:
    """Return the bits of each number, rounded to float32, as eight hexadecimal digits.

    Examples
    --------
    >>> bits([1.0, -2.0])
    ['3f800000', 'c0000000']
    """
    return [f"{pattern:08x}" for pattern in np.asarray(values, dtype=np.float32).view(np.uint32).tolist()]


def of_bits(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the float32 numbers with these bits, the inverse of `bits`.

    Examples
    --------
    >>> of_bits(["3f800000"])
    array([1.], dtype=float32)
    """
    return np.array([int(text, 16) for text in texts], dtype=np.uint32).view(np.float32)
