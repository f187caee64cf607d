"""What the server answers, as the values that an embedded network gives.

Replies come undecoded, so that bytes are bytes whatever the client was told to do with text. In RESP2 a map is a list
of names and values in turn, numbers are text, and flags are 0, 1, yes or no; in RESP3 they are what they are.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterable
from typing import Any, cast, get_args

import numpy as np
from numpy.typing import NDArray

from neuralredis.exceptions import FormatError
from neuralredis.options import Kind, Options
from neuralredis.results import Info, ListedTraining, Progress

__all__ = ["configured", "evaluation", "fields", "info", "outcome", "report", "singles", "text", "threads"]


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


def decay(reply: Any) -> Any:
    """Return weight decay: ``"auto"``, or the decimal that was given rather than what single precision makes of it."""
    return "auto" if text(reply) == "auto" else float(str(np.float32(reply)))


def count(reply: Any) -> Any:
    """Return ``"auto"``, or a number of members or of cycles."""
    return "auto" if text(reply) == "auto" else int(reply)


def class_weight(reply: Any) -> Any:
    """Return ``"none"``, ``"balanced"``, or the numbers that were given."""
    return [float(str(np.float32(weight))) for weight in reply] if isinstance(reply, list) else text(reply)


def _word(name: str, reply: Any) -> Any:
    """Return a field that has a name as its value, or a name or a number."""
    if name == "l2":
        return decay(reply)
    if name == "type" and text(reply) not in get_args(Kind):
        raise FormatError(
            f"the server says that the network is a {text(reply)!r}: expected {' or '.join(get_args(Kind))}"
        )
    return count(reply) if name in ("restarts", "patience") else text(reply)


def info(reply: Any) -> Info:
    """Return what NR.INFO says. Fields of a later module are left out."""
    found = fields(reply)
    values: dict[str, Any] = {"classification_errors_perc": None}
    for field in dataclasses.fields(Info):
        if field.name not in found:
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
                values[field.name] = _word(field.name, value)
    return Info(**values)


def configured(reply: Any) -> Options:
    """Return what NR.CONFIGURE says without options."""
    found = fields(reply)
    values: dict[str, Any] = {name: text(found[name]) for name in ("activation", "output", "loss")}
    values |= {"algorithm": text(found["algo"]), "normalize": flag(found["normalize"]), "l2": decay(found["l2"])}
    values |= {name: count(found[name]) for name in ("restarts", "patience")}
    values |= {"class_weight": class_weight(found["classweight"])}
    values |= {"dataset": int(found["dataset"]), "test": int(found["test"])}
    return cast("Options", values)


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
