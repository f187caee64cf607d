"""The words of the NR.* commands."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator
from itertools import islice
from typing import Any, SupportsIndex, TypeVar

import numpy as np
from numpy.typing import NDArray

from neuralredis.exceptions import OptionError

__all__ = ["Command", "Key", "batched", "blobs", "observe", "set_word", "train"]

Key = str | bytes
#: A command and its arguments, as a client takes them.
Command = tuple[Any, ...]
T = TypeVar("T")

#: Bytes of rows in one command: the server is busy with it for some milliseconds at most.
BLOB_BYTES = 1 << 20
#: Milliseconds that the server takes for a time; whatever is longer is for ever.
MOST_MILLISECONDS = 1 << 53


def flag(name: str, value: Any) -> bool:
    """Return a flag; a number is none."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} is {value!r}: expected True or False")
    return bool(value)


def word(name: str, value: Any, expected: str) -> Any:
    """Return a word."""
    if not isinstance(value, str):
        raise TypeError(f"{name} is {value!r}: expected {expected}")
    return value


def _whole(name: str, value: SupportsIndex, most: int, *, least: int = 0) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}: expected an integer") from None
    if not least <= number <= most:
        raise OptionError(f"{name} is {number}: expected an integer from {least} to {most}")
    return number


def train(
    key: Key, max_cycles: SupportsIndex | None, max_time: float | None, autostop: bool, backtrack: bool
) -> tuple[Command, int, float]:
    """Return NR.TRAIN, and its limits: cycles and seconds, 0 for none."""
    cycles = 0 if max_cycles is None else _whole("max_cycles", max_cycles, 2**64 - 1)
    if isinstance(max_time, (str, bytes)) or not (max_time is None or hasattr(max_time, "__float__")):
        raise TypeError(f"max_time is {max_time!r}: expected seconds, at least 0")
    seconds = 0.0 if max_time is None else float(max_time)
    if math.isnan(seconds) or seconds < 0:
        raise OptionError(
            f"max_time is {'NaN' if math.isnan(seconds) else f'{seconds:g}'}: expected seconds, at least 0"
        )
    # A time too short for the server's clock is still a limit, and one too long for it is none.
    milliseconds = 0 if seconds * 1000 > MOST_MILLISECONDS else math.ceil(seconds * 1000)
    # More cycles than any training does.
    words: list[Any] = ["MAXCYCLES", min(cycles, 2**63 - 1), "MAXTIME", milliseconds]
    words += ["AUTOSTOP"] if flag("autostop", autostop) else []
    words += ["BACKTRACK"] if flag("backtrack", backtrack) else []
    return ("NR.TRAIN", key, *words), cycles, milliseconds / 1000


def set_word(argument: str, name: str) -> str:
    """Return the word for a set, refused as an embedded network refuses it."""
    if word(argument, name, "train, test").lower() not in ("train", "test"):
        raise OptionError(f"{argument} is '{name}': expected train, test")
    return name.upper()


def observe(
    key: Key, inputs: int, rows: NDArray[np.float32], weights: NDArray[np.float32] | None, into: str | None
) -> Iterator[Command]:
    """Yield NR.OBSERVE for rows of inputs and outputs: one as text, whose values the server counts; many as bytes."""
    target = () if into is None else (into,)
    if weights is not None:
        # No blob has weights.
        for row, weight in zip(rows.tolist(), weights.tolist(), strict=True):
            yield ("NR.OBSERVE", key, *row[:inputs], "->", *row[inputs:], "WEIGHT", weight, *target)
    elif len(rows) == 1:
        (row,) = rows.tolist()
        yield ("NR.OBSERVE", key, *row[:inputs], "->", *row[inputs:], *target)
    else:
        for blob in blobs(rows, rows.shape[1]):
            yield ("NR.OBSERVE", key, "FP32", blob, *target)


def blobs(rows: NDArray[np.float32], widest: int) -> Iterator[bytes]:
    """Yield rows as bytes, as many rows at a time as are of a bounded size; `widest` numbers go or come with each."""
    count = max(1, BLOB_BYTES // (4 * widest))
    for first in range(0, len(rows), count):
        yield rows[first : first + count].astype("<f4", copy=False).tobytes()


def batched(items: Iterator[T], count: int) -> Iterator[list[T]]:
    """Yield items in lists of at most that many."""
    while batch := list(islice(items, count)):
        yield batch
