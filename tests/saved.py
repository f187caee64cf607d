"""The bytes of a saved network, read by themselves: the format is said in rust/core/src/codec."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

#: Numbers of sections.
LAYOUT, WEIGHTS, SIZES, SIGNS, STATISTICS, END = 1, 5, 6, 7, 11, 0xFFFF

HEAD = 8
CHECKSUM = 8


def sections(data: bytes) -> dict[int, bytes]:
    """Return the body of each section by its number, pieces joined."""
    found: dict[int, bytes] = {}
    at = HEAD
    while at < len(data) - CHECKSUM:
        (length,) = struct.unpack_from("<I", data, at)
        number, _flags = struct.unpack_from("<HB", data, at + 4)
        found[number] = found.get(number, b"") + data[at + 7 : at + 4 + length]
        at += 4 + length
    return found


def frames(data: bytes) -> dict[int, bytes]:
    """Return the last frame of each section by its number, as a server keeps and sends them."""
    found = {}
    at = HEAD
    while at < len(data) - CHECKSUM:
        (length,) = struct.unpack_from("<I", data, at)
        (number,) = struct.unpack_from("<H", data, at + 4)
        at += 4
        found[number] = data[at : at + length]
        at += length
    return found


def weights(data: bytes) -> NDArray[np.float32]:
    """Return all parameters: for each connection its biases, then the weights from each input."""
    return np.frombuffer(sections(data)[WEIGHTS], "<f4")


def _table() -> list[int]:
    # CRC-64 "redis": polynomial ad93d23594c935a9, bits of each byte reflected.
    polynomial = int(f"{0xAD93D23594C935A9:064b}"[::-1], 2)
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (polynomial if value & 1 else 0)
        table.append(value)
    return table


_CRC = _table()


def checksum(data: bytes) -> int:
    """Return the CRC-64 that Redis uses."""
    value = 0
    for byte in data:
        value = _CRC[(value ^ byte) & 0xFF] ^ value >> 8
    return value


def with_checksum(body: bytes) -> bytes:
    """Return bytes with their right checksum after them."""
    return body + checksum(body).to_bytes(8, "little")
