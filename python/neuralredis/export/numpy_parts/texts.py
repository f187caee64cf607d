"""Hash words, and pairs of neighbouring words, of texts to buckets."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from neuralredis.export.numpy_parts.layers import fused, polynomial, single

# ---
# Words as in Unicode Standard Annex 29, for ASCII: a mark between two letters or two digits does not separate them.
WORD = re.compile(r"(?:[a-z0-9_]|(?<=[0-9])[.,;'](?=[0-9])|(?<=[a-z])[.:'](?=[a-z]))+")
LOGARITHM = (-0.07634501, 0.1276158, -0.13160183, 0.14201757, -0.16623357, 0.20001227, -0.2500082, 0.3333333)


def logarithm(x: Any) -> Any:
    """Return the natural logarithm."""
    bits = x.view(np.int32)
    exponent = (bits - 0x3F3504F3) >> 23
    f = (bits - (exponent << 23)).view(np.float32) - np.float32(1)
    power, square = single(exponent), f * f
    tail = fused(square * f, polynomial(f, LOGARITHM), square * np.float32(-0.5))
    return fused(power, np.float32(0.6933594), fused(power, np.float32(-2.1219444e-4), tail) + f)


def hashed(value: int, data: bytes) -> int:
    """Return the 64-bit FNV-1a hash of bytes, continued from a value."""
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def bucket(value: int, count: int) -> int:
    """Return the bucket of a hash, from 0 to ``count`` - 1."""
    return ((value ^ (value >> 32)) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF) * count >> 64


def buckets_of(text: str, count: int) -> Any:
    """Return the buckets of a text in ascending order, and the value of each; None if it contains no word."""
    if not text.isascii():
        raise ValueError
    words, found, before = (count + 1) // 2, [], None
    for word in WORD.findall(text.lower()):
        if word.strip("_"):
            value = hashed(0xCBF29CE484222325, word.encode())
            found.append(bucket(value, words))
            if before is not None and words < count:
                found.append(words + bucket(hashed(before, value.to_bytes(8, "little")), count - words))
            before = value
    if not found:
        return None
    own, counts = np.unique(found, return_counts=True)
    values = logarithm(single(counts + 1)).astype(float)
    # The squares are summed in order, since the order affects the rounding.
    return list(zip(own.tolist(), single(values / np.sqrt(np.cumsum(values * values)[-1])).tolist(), strict=True))
