"""What the server answers, as the values that an embedded network gives.

Replies come undecoded, so that bytes are bytes whatever the client was told to do with text. In RESP2 a map is a list
of names and values in turn, numbers are text, and flags are 0, 1, yes or no; in RESP3 they are what they are.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Iterable
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from neuralredis import _core
from neuralredis.exceptions import FormatError
from neuralredis.options import Kind
from neuralredis.results import Info, ListedTraining, Progress

__all__ = ["evaluation", "fields", "info", "options", "outcome", "report", "singles", "text", "threads"]


def text(reply: Any) -> str:
    """Return a word."""
    return reply.decode() if isinstance(reply, bytes) else str(reply)


def number(reply: Any) -> float | None:
    """Return a number, if there is one."""
    return None if reply is None else float(reply)


def flag(reply: Any) -> bool:
    """Return a flag, in whichever form."""
    return reply in (True, 1, b"1", b"yes", "yes")


def fields(reply: Any) -> dict[str, Any]:
    """Return named values, names with underscores."""
    pairs = reply.items() if isinstance(reply, dict) else zip(reply[::2], reply[1::2], strict=True)
    return {text(name).replace("-", "_"): value for name, value in pairs}


def _single(reply: Any) -> float:
    """Return the decimal that was given rather than what single precision makes of it."""
    return float(str(np.float32(reply)))


#: How what is told of an option that is no word is read, by what it may be.
_OPTIONS: dict[str | None, Callable[[Any], Any]] = {
    None: text,
    "flag": flag,
    "integer": int,
    "number": _single,
    "numbers": lambda reply: [_single(number) for number in reply],
}


def options(found: dict[str, Any]) -> dict[str, Any]:
    """Return the options among the fields of NR.INFO."""
    values = {}
    for name, _, words, other, _ in _core.option_table():
        if name in found:
            reply = found[name]
            is_word = isinstance(reply, (bytes, str)) and text(reply) in words
            values[name] = text(reply) if is_word else _OPTIONS[other](reply)
    return values


def _kind(reply: Any) -> str:
    if text(reply) not in get_args(Kind):
        raise FormatError(
            f"the server says that the network is a {text(reply)!r}: expected {' or '.join(get_args(Kind))}"
        )
    return text(reply)


def info(reply: Any) -> Info:
    """Return what NR.INFO says. Fields of a later module are left out."""
    found = fields(reply)
    chosen = options(found)
    values: dict[str, Any] = {"classification_errors_perc": None, **chosen}
    for field in dataclasses.fields(Info):
        if field.name in chosen or field.name not in found:
            continue
        value = found[field.name]
        match field.type:
            case "int":
                values[field.name] = int(value)
            case "bool":
                values[field.name] = flag(value)
            case "float" | "float | None":
                values[field.name] = number(value)
            case "tuple[str, ...]":
                values[field.name] = tuple(map(text, value))
            case "tuple[int, ...]":
                values[field.name] = tuple(int(units) for units in value)
            case _:
                values[field.name] = _kind(value)
    return Info(**values)


def report(reply: Any) -> dict[str, Any] | None:
    """Return the fields of a `Report`, as an embedded network gives them; None before the first training."""
    if reply is None:
        return None
    found = fields(reply)
    points = found["curve"]
    return {
        "reason": text(found["reason"]),
        **{name: int(found[name]) for name in ("cycles", "best_cycle", "threads")},
        **{name: number(found[name]) for name in ("seconds", "train_error", "test_error", "class_errors")},
        "overfitting": flag(found["overfitting"]),
        "warnings": [text(warning) for warning in found["warnings"]],
        "curve": {
            "cycles": np.array([int(cycle) for cycle, _, _ in points], np.int64),
            "train_error": _numbers(train for _, train, _ in points),
            "test_error": _numbers(test for _, _, test in points),
        },
    }


def _numbers(column: Iterable[Any]) -> NDArray[np.float64]:
    return np.array([math.nan if value is None else float(value) for value in column], np.float64)


def evaluation(reply: Any) -> dict[str, Any]:
    """Return the fields of an evaluation, as an embedded network gives them."""
    found = fields(reply)
    values: dict[str, Any] = {name: number(value) for name, value in found.items() if name != "confusion"}
    values["rows"] = int(found["rows"])
    if "confusion" in found:
        matrix = found["confusion"]
        values["confusion"] = None if matrix is None else np.array(matrix, np.int64)
    return values


def singles(reply: Any, outputs: int) -> NDArray[np.float32]:
    """Return the outputs of rows: of one as an array of numbers, of many as bytes."""
    if isinstance(reply, bytes):
        return np.frombuffer(reply, "<f4").astype(np.float32).reshape(-1, outputs)
    return np.array([float(value) for value in reply], np.float32)


def outcome(reply: Any) -> tuple[str, str | None]:
    """Return how a training ended, in a word and, if it failed, with the reason."""
    word, _, reason = text(reply).partition(": ")
    return word, reason or None


def threads(reply: Any) -> list[ListedTraining]:
    """Return the lines of NR.THREADS; of a cluster, those of all its servers."""
    lines = [line for lines in reply.values() for line in lines] if isinstance(reply, dict) else reply
    return [_listed(line) for line in lines]


#: A name and a value, which is in quotes if it is not one plain word.
_PAIR = re.compile(rb'(\w+)=("(?:[^"\\]|\\.)*"|[^ ]*)')
_ESCAPE = re.compile(rb"\\(x[0-9a-f]{2}|.)", re.DOTALL)


def _listed(line: bytes) -> ListedTraining:
    found = dict(_PAIR.findall(line))
    errors = {name: float(found[name]) for name in (b"trainerr", b"testerr", b"classerr")}
    train, test, wrong = (None if math.isnan(error) else error for error in errors.values())
    progress = Progress(
        cycle=int(found[b"cycle"]),
        train_error=train,
        test_error=test,
        class_errors=wrong,
        seconds=float(found[b"seconds"]),
        queued=found[b"state"] == b"queued",
    )
    return ListedTraining(
        id=int(found[b"nn_id"]),
        key=_key(found[b"key"]),
        db=int(found[b"db"]),
        max_cycles=int(found[b"maxcycles"]),
        max_time=int(found[b"maxtime"]) / 1000,
        progress=progress,
    )


def _key(word: bytes) -> str | bytes:
    if word.startswith(b'"'):
        word = _ESCAPE.sub(_unescaped, word[1:-1])
    try:
        return word.decode()
    except UnicodeDecodeError:
        return word


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if len(code) == 3:
        return bytes.fromhex(code[1:].decode())
    return {b"n": b"\n", b"r": b"\r", b"t": b"\t"}.get(code, code)
