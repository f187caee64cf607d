"""Damaged and forged networks, in the engine's format and as the payload of DUMP."""

from __future__ import annotations

import base64
import functools
import json
import random
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import saved

#: Values that are invalid in most fields, and valid in some.
WHOLE = [0, 1, 2, 3, 32, 33, 1 << 15, 1 << 20, (1 << 20) + 1, 1 << 24, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]
WIDE = [*WHOLE, 1 << 32, 1 << 40, 1 << 62, (1 << 62) + 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1]
FLOATS = [0.0, -0.0, 1.0, -1.0, 1e-45, 1e-30, 3e38, -3e38, float("inf"), float("-inf"), float("nan")]

REQUIRED, MORE = 1, 2
LAYOUT, LIMITS, END = 1, 3, 0xFFFF
#: Sections that a training changes.
TRAINED = (*range(5, 12), 18, 19, 22, 25, 26)


def extreme(source: random.Random) -> bytes:
    """Return one, four or eight bytes with an unusual value."""
    match source.randrange(4):
        case 0:
            return struct.pack("<f", source.choice(FLOATS))
        case 1:
            return struct.pack("<d", source.choice(FLOATS))
        case 2:
            return struct.pack("<I", source.choice(WHOLE))
        case _:
            return struct.pack("<Q", source.choice(WIDE))[: source.choice([1, 2, 8])]


def damaged(data: bytes, source: random.Random) -> bytes:
    """Return bytes after random changes, moves, deletions and insertions."""
    body = bytearray(data)
    for _ in range(source.choice([1, 1, 1, 2, 5])):
        at = source.randrange(len(body))
        match source.randrange(6):
            case 0:
                body[at] ^= 1 << source.randrange(8)
            case 1:
                body[at] = source.randrange(256)
            case 2:
                del body[at : at + source.randrange(1, 20)]
            case 3:
                body[at:at] = source.randbytes(source.randrange(1, 20))
            case 4:
                field = extreme(source)
                body[at : at + len(field)] = field
            case 5:
                other = source.randrange(len(body))
                body[at : at + 12] = body[other : other + 12]
        body = body or bytearray(1)
    return bytes(body)


def number(frame: bytes) -> int:
    """Return the section number of a frame."""
    return int.from_bytes(frame[:2], "little")


def frames(whole: Sequence[bytes], others: Sequence[bytes], source: random.Random) -> list[bytes]:
    """Return the frames of a network after random changes that respect the format."""
    forged = list(whole)
    for _ in range(source.choice([1, 1, 1, 2, 3])):
        at = source.randrange(1, max(len(forged), 2))
        if at >= len(forged):
            break
        frame = bytearray(forged[at] or b"\0")
        match source.randrange(17):
            case 0:
                frame[source.randrange(len(frame))] ^= 1 << source.randrange(8)
            case 1 | 2:
                field = extreme(source)
                # Most fields begin at a multiple of four after the header.
                place = 3 + source.randrange(max(len(frame) - 3, 1)) // len(field) * len(field)
                frame[place : place + len(field)] = field
            case 3:
                del forged[at]
                continue
            case 4:
                forged.insert(source.randrange(1, len(forged)), bytes(frame))
                continue
            case 5:
                other = source.randrange(1, len(forged))
                forged[at], forged[other] = forged[other], forged[at]
                continue
            case 6:
                same = [other for other in others if number(other) == number(bytes(frame))] or others
                frame = bytearray(source.choice(same))
            case 7:
                del frame[source.randrange(len(frame)) :]
            case 8:
                frame += frame[3:] if source.random() < 0.5 else extreme(source)
            case 9:
                frame[:2] = source.choice([*range(39), 77, END]).to_bytes(2, "little")
            case 10:
                frame[2:3] = bytes([source.randrange(5)])
            case 11:
                cut = source.randrange(3, max(len(frame), 4))
                frame[2:3] = bytes([REQUIRED | MORE])
                forged[at : at + 1] = [bytes(frame[:cut]), bytes(frame[:2]) + bytes([REQUIRED]) + bytes(frame[cut:])]
                continue
            case 12:
                # Counts: of layers, or the limits of the sets.
                fields = [index for index, one in enumerate(forged) if number(one) in (LAYOUT, LIMITS)]
                if not fields:
                    continue
                at = source.choice(fields)
                frame = bytearray(forged[at])
                first, step = (4, 5) if number(frame) == LAYOUT else (3, 4)
                place = source.randrange(first, max(len(frame), first + 1), step)
                near = int.from_bytes(frame[place : place + 4], "little") + source.choice([-1, 1])
                frame[place : place + 4] = struct.pack("<I", source.choice([near & 0xFFFFFFFF, *WHOLE]))
                if number(frame) == LAYOUT and source.random() < 0.3:
                    frame += b"\0" + struct.pack("<I", source.choice([1, 2, 1 << 20]))
            case 13:
                # Numbers that are valid, but make every computation overflow.
                floats = struct.pack("<f", source.choice([3e38, -3e38, 1e-45, 0.0])) * ((len(frame) - 3) // 4)
                frame[3 : 3 + len(floats)] = floats
            case _:
                # A small change in a section of numbers: weights, rows, options.
                place = 3 + source.randrange(max(len(frame) - 3, 1)) // 4 * 4
                field = source.choice([struct.pack("<f", source.uniform(0, 2)), bytes([source.randrange(4)])])
                frame[place : place + len(field)] = field
        forged[at] = bytes(frame)
    return forged


# DUMP: the type of value, the type's number, the values that the module saved, each after an opcode; the version of RDB
# and a checksum.

MODULE = 7
END_OF_VALUE, SIGNED, UNSIGNED, FLOAT, DOUBLE, STRING = range(6)
FOOTER = 10

Item: TypeAlias = "tuple[int, Any]"


def length(value: int) -> bytes:
    """Return a number in the encoding of RDB."""
    if value < 1 << 6:
        return bytes([value])
    if value < 1 << 14:
        return struct.pack(">H", 0x4000 | value)
    if value < 1 << 32:
        return b"\x80" + struct.pack(">I", value)
    return b"\x81" + struct.pack(">Q", value)


def dump(head: bytes, items: Sequence[Item], version: bytes) -> bytes:
    """Return the payload of DUMP for these values; ``head`` is the type, ``version`` the version of RDB."""
    body = bytearray(head)
    for opcode, value in items:
        body += length(opcode)
        if opcode in (SIGNED, UNSIGNED):
            body += length(value)
        elif opcode == FLOAT:
            body += struct.pack("<f", value)
        elif opcode == STRING:
            # Bytes, or a wrong length with bytes.
            encoded_length, text = value if isinstance(value, tuple) else (length(len(value)), value)
            body += encoded_length + text
    return saved.with_checksum(bytes(body + length(END_OF_VALUE) + version))


def head(encoding: int) -> bytes:
    """Return the beginning of a dump: the name neural-NN and an encoding, as 54 bits and 10."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    name = functools.reduce(lambda number, letter: number << 6 | letters.index(letter), "neural-NN", 0)
    return bytes([MODULE, 0x81]) + struct.pack(">Q", name << 10 | encoding)


HEAD = len(head(0))


def items_of_original(payload: bytes) -> list[Item]:
    """Return the values in a dump of the original module: integers and floats."""
    found: list[Item] = []
    at = HEAD

    def read() -> int:
        nonlocal at
        first = payload[at]
        size = {0: 1, 1: 2}.get(first >> 6) or (5 if first == 0x80 else 9)
        raw = int.from_bytes(payload[at : at + size], "big")
        at += size
        return raw & ((1 << (6, 14)[size - 1]) - 1 if size < 3 else (1 << 8 * (size - 1)) - 1)

    while (opcode := read()) != END_OF_VALUE:
        if opcode == FLOAT:
            found.append((FLOAT, struct.unpack_from("<f", payload, at)[0]))
            at += 4
        else:
            assert opcode == UNSIGNED
            found.append((UNSIGNED, read()))
    return found


def items(whole: Sequence[Item], source: random.Random) -> list[Item]:
    """Return the values of a dump after random changes that respect RDB."""
    forged = list(whole)
    for _ in range(source.choice([1, 1, 1, 2, 5])):
        at = source.randrange(len(forged))
        opcode, value = forged[at]
        match source.randrange(8):
            case 0:
                del forged[at:]
            case 1:
                del forged[at]
            case 2:
                forged.insert(at, forged[source.randrange(len(forged))])
            case 3:
                forged[at] = source.choice([(UNSIGNED, source.choice(WIDE)), (FLOAT, source.choice(FLOATS)), (6, 0)])
            case _ if opcode == UNSIGNED:
                forged[at] = (UNSIGNED, source.choice([(value + 1) % (1 << 64), max(value - 1, 0), *WIDE]))
            case _ if opcode == FLOAT:
                forged[at] = (FLOAT, source.choice([*FLOATS, *(source.uniform(0, 2) for _ in FLOATS)]))
            case _ if isinstance(value, bytes):
                # Another length; a number as a string; bytes that are marked as compressed.
                lengths = [0, 1, len(value) + 1, 1 << 20, 1 << 31]
                short, long = length(source.choice(lengths[:2])), length(source.choice(lengths))
                encoded_length = source.choice([long, b"\xc0", b"\xc2", b"\xc3" + short + long])
                forged[at] = (STRING, (encoded_length, value))
        forged = forged or [(UNSIGNED, 0)]
    return forged


@functools.cache
def originals() -> list[dict[str, Any]]:
    """Return networks of the original module: payloads of DUMP, and the module's replies about them."""
    found = json.loads((Path(__file__).parent / "data" / "original-dumps.json").read_text())
    for network in found:
        network["dump"] = base64.b64decode(network["dump_base64"])
    return list(found)
