"""An independent reader of saved networks, by the format in rust/core/src/codec."""

from __future__ import annotations

import struct

import anycrc
import numpy as np
from numpy.typing import NDArray

#: Numbers of sections.
LAYOUT, WEIGHTS, SIZES, SIGNS, STATISTICS, REPORT, OPTIONS, END = 1, 5, 6, 7, 11, 18, 24, 0xFFFF
#: Numbers of the sections of options in formats up to 3.
OPTIONS_BEFORE = (2, 17, 20, 21)

HEAD = 8
CHECKSUM = 8

#: The CRC-64 that Redis uses.
checksum = anycrc.Model("CRC64-REDIS").calc


def in_frames(data: bytes) -> list[bytes]:
    """Return the frames of a network, the head first."""
    found = [data[:HEAD]]
    at = HEAD
    while at < len(data) - CHECKSUM:
        (length,) = struct.unpack_from("<I", data, at)
        found.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return found


def of_frames(frames: list[bytes]) -> bytes:
    """Return the bytes of a network with these frames and a valid checksum."""
    return with_checksum(frames[0] + b"".join(len(frame).to_bytes(4, "little") + frame for frame in frames[1:]))


def sections(data: bytes) -> dict[int, bytes]:
    """Return the body of each section by its number, with its pieces joined."""
    found: dict[int, bytes] = {}
    for frame in in_frames(data)[1:]:
        number, _flags = struct.unpack_from("<HB", frame)
        found[number] = found.get(number, b"") + frame[3:]
    return found


def frames(data: bytes) -> dict[int, bytes]:
    """Return the last frame of each section by its number, as a server stores and sends them."""
    found = {}
    at = HEAD
    while at < len(data) - CHECKSUM:
        (length,) = struct.unpack_from("<I", data, at)
        (number,) = struct.unpack_from("<H", data, at + 4)
        at += 4
        found[number] = data[at : at + length]
        at += length
    return found


def timeless(data: bytes) -> dict[int, bytes]:
    """Return all sections without durations and numbers of threads, which differ between equal trainings."""
    found = sections(data)
    found[STATISTICS] = found[STATISTICS][:16] + found[STATISTICS][24:]
    if REPORT in found:
        found[REPORT] = found[REPORT][:2] + found[REPORT][6:22] + found[REPORT][30:]
    return found


def weights(data: bytes) -> NDArray[np.float32]:
    """Return all parameters: for each connection its biases, then the weights from each input."""
    return np.frombuffer(sections(data)[WEIGHTS], "<f4")


def with_checksum(body: bytes) -> bytes:
    """Return bytes followed by their checksum."""
    return body + checksum(body).to_bytes(8, "little")
