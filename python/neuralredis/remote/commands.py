"""Build the NR.* commands."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, SupportsIndex, TypeVar

import numpy as np
from numpy.typing import NDArray

from neuralredis.exceptions import OptionError

__all__ = [
    "Command",
    "Key",
    "argument",
    "batched",
    "blob",
    "class_options",
    "hashes",
    "observe",
    "parts",
    "percent",
    "set_word",
    "train",
    "whole",
]

Key = str | bytes
#: A command with its arguments, for ``execute_command``.
Command = tuple[Any, ...]
T = TypeVar("T")

#: Most bytes of rows in one command, which keeps the server busy for a few milliseconds.
BLOB_BYTES = 1 << 20
#: Largest time that the server accepts, in milliseconds; longer times mean no limit.
MOST_MILLISECONDS = 1 << 53


def flag(name: str, value: Any) -> bool:
    """Return a bool; raise TypeError for other types, also for numbers."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} is {value!r}: expected True or False")
    return bool(value)


def word(name: str, value: Any, expected: str) -> Any:
    """Return a string; raise TypeError for other types."""
    if not isinstance(value, str):
        raise TypeError(f"{name} is {value!r}: expected {expected}")
    return value


def whole(name: str, value: SupportsIndex, most: int, *, least: int = 0) -> int:
    """Return an integer from `least` to `most`; raise TypeError or OptionError."""
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
    """Return NR.TRAIN, the limit of cycles, and the time limit in seconds; 0 means no limit."""
    cycles = 0 if max_cycles is None else whole("max_cycles", max_cycles, 2**64 - 1)
    if isinstance(max_time, (str, bytes)) or not (max_time is None or hasattr(max_time, "__float__")):
        raise TypeError(f"max_time is {max_time!r}: expected seconds, at least 0")
    seconds = 0.0 if max_time is None else float(max_time)
    if math.isnan(seconds) or seconds < 0:
        raise OptionError(
            f"max_time is {'NaN' if math.isnan(seconds) else f'{seconds:g}'}: expected seconds, at least 0"
        )
    # Round up, so that a time below a millisecond is still a limit; a time too long for the server is no limit.
    milliseconds = 0 if seconds * 1000 > MOST_MILLISECONDS else math.ceil(seconds * 1000)
    # The server's integers are signed.
    words: list[Any] = ["MAXCYCLES", min(cycles, 2**63 - 1), "MAXTIME", milliseconds]
    words += ["AUTOSTOP"] if flag("autostop", autostop) else []
    words += ["BACKTRACK"] if flag("backtrack", backtrack) else []
    return ("NR.TRAIN", key, *words), cycles, milliseconds / 1000


def class_options(top: SupportsIndex | None, scores: bool | None, least: float | None) -> list[Any]:
    """Return the arguments after ``->`` that choose the form of a reply."""
    words: list[Any] = [] if top is None else ["TOP", whole("top", top, 2**32 - 1, least=1)]
    words += ["WITHSCORES"] if scores is not None and flag("scores", scores) else []
    if least is not None:
        if not isinstance(least, (int, float, np.number)) or isinstance(least, bool):
            raise TypeError(f"least is {least!r}: expected a number from 0 to 1")
        if not 0 <= least <= 1:
            raise OptionError(f"least is {least}: expected a number from 0 to 1")
        words += ["MIN", float(least)]
    return words


def percent(name: str, share: Any) -> float:
    """Return a share, above 0 and below 1, in percent."""
    if not isinstance(share, (int, float, np.number)):
        raise TypeError(f"{name} is {share!r}: expected a number above 0 and below 1")
    if not 0 < share < 1:
        raise OptionError(f"{name} is {share}: expected a number above 0 and below 1")
    return float(share) * 100


def argument(value: Any) -> str | bytes:
    """Return a value of a row as an argument of a command; an empty string for a missing value."""
    if value is None:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (str, bytes)):
        return value
    if isinstance(value, (list, tuple, np.ndarray)):
        if all(isinstance(item, str) for item in value):
            return ",".join(value)
        return np.asarray(value, "<f4").tobytes()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def hashes(keys: Sequence[Key], fields: Mapping[str, Any] | None) -> list[Any]:
    """Return arguments: the number of hashes, their keys, then names and values of fields."""
    if isinstance(keys, (str, bytes)):
        raise TypeError(f"hashes is {keys!r}: expected a list of keys")
    pairs = ((name, argument(value)) for name, value in (fields or {}).items())
    return [len(keys), *keys, *chain.from_iterable(pairs)]


def set_word(argument: str, name: str) -> str:
    """Return the argument for a set; raise the same errors as an embedded network."""
    if word(argument, name, "train, test").lower() not in ("train", "test"):
        raise OptionError(f"{argument} is '{name}': expected train, test")
    return name.upper()


def observe(
    key: Key, inputs: int, rows: NDArray[np.float32], weights: NDArray[np.float32] | None, into: str | None
) -> Iterator[Command]:
    """Yield NR.OBSERVE for rows of inputs and outputs: a single row as text, several as bytes."""
    target = () if into is None else (into,)
    if len(rows) == 1:
        (row,) = rows.tolist()
        weight = () if weights is None else ("WEIGHT", float(weights[0]))
        yield ("NR.OBSERVE", key, *row[:inputs], "->", *row[inputs:], *weight, *target)
    else:
        for part in parts(len(rows), rows.shape[1]):
            yield ("NR.OBSERVE", key, *blob(rows[part], None if weights is None else weights[part]), *target)


def blob(rows: NDArray[np.float32], weights: NDArray[np.float32] | None = None) -> Command:
    """Return arguments with rows as float32 bytes and their number, by which the server checks the width."""
    weighted = () if weights is None else ("WEIGHTS", weights.astype("<f4", copy=False).tobytes())
    return ("FP32", "ROWS", len(rows), rows.astype("<f4", copy=False).tobytes(), *weighted)


def parts(rows: int, widest: int) -> Iterator[slice]:
    """Yield slices of rows of at most `BLOB_BYTES`; `widest` is the number of values per row, sent or received."""
    count = max(1, BLOB_BYTES // (4 * widest))
    for first in range(0, rows, count):
        yield slice(first, first + count)


def batched(items: Iterator[T], count: int) -> Iterator[list[T]]:
    """Yield items in lists of at most `count`."""
    while batch := list(islice(items, count)):
        yield batch
