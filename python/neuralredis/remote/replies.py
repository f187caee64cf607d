"""Parse replies of the server into the values that an embedded network returns.

Replies are undecoded bytes, whatever the client is configured to decode. In RESP2 a map is a list of alternating names
and values, numbers are text, and flags are 0, 1, yes or no; RESP3 has types for them.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from neuralredis import _core
from neuralredis.exceptions import FormatError
from neuralredis.explanation import Counterfactual, Explanation
from neuralredis.options import Kind
from neuralredis.results import FieldStatistics, Info, ListedTraining, Progress

__all__ = [
    "changes",
    "evaluation",
    "explanation",
    "field_statistics",
    "fields",
    "info",
    "name",
    "options",
    "outcome",
    "ranking",
    "report",
    "scores",
    "single",
    "singles",
    "text",
    "threads",
]


def text(reply: Any) -> str:
    """Return a simple string or error text."""
    return reply.decode() if isinstance(reply, bytes) else str(reply)


def name(reply: Any) -> str:
    """Return a name that a user chose, decoded with ``surrogateescape``."""
    return reply.decode(errors="surrogateescape") if isinstance(reply, bytes) else str(reply)


def scores(reply: Any) -> dict[str, float]:
    """Return numbers by name, in order."""
    return {of: float(np.float32(score)) for of, score in _pairs(reply)}


def ranking(reply: Any) -> list[tuple[str, Any]]:
    """Return names and scores, best first; None for a missing score."""
    return [(of, None if score is None else float(np.float32(score))) for of, score in _pairs(reply)]


def _pairs(reply: Any) -> list[tuple[str, Any]]:
    """Return pairs from a map, from a list of pairs, or (RESP2) from alternating names and values."""
    if isinstance(reply, dict):
        pairs = list(reply.items())
    elif reply and isinstance(reply[0], list):
        pairs = [(of, value) for of, value in reply]
    else:
        pairs = list(zip(reply[::2], reply[1::2], strict=True))
    return [(name(of), value) for of, value in pairs]


def number(reply: Any) -> float | None:
    """Return a number, or None for null."""
    return None if reply is None else float(reply)


def flag(reply: Any) -> bool:
    """Return a flag, in any form of RESP2 or RESP3."""
    return reply in (True, 1, b"1", b"yes", "yes")


def fields(reply: Any) -> dict[str, Any]:
    """Return values by name, with underscores for dashes."""
    pairs = reply.items() if isinstance(reply, dict) else zip(reply[::2], reply[1::2], strict=True)
    return {text(name).replace("-", "_"): value for name, value in pairs}


def single(reply: Any) -> float:
    """Return the shortest decimal of a float32 number, which is the one that the user gave."""
    return float(str(np.float32(reply)))


#: Parsers of options that are not words, by type.
_OPTIONS: dict[str | None, Callable[[Any], Any]] = {
    None: text,
    "flag": flag,
    "integer": int,
    "number": single,
    "numbers": lambda reply: [single(number) for number in reply],
    "signs": lambda reply: [single(number) for number in reply],
}


#: Options that NR.INFO has under the names of the original module.
_AS_THE_ORIGINAL = {
    "normalize": "auto_normalization",
    "dataset": "training_dataset_maxlen",
    "test": "test_dataset_maxlen",
}


def options(found: dict[str, Any]) -> dict[str, Any]:
    """Return the options in the fields of NR.INFO."""
    values = {}
    for name, _, _, words, other, _ in _core.option_table():
        if (reply := found.get(_AS_THE_ORIGINAL.get(name, name))) is not None:
            is_word = isinstance(reply, (bytes, str)) and text(reply) in words
            values[name] = text(reply) if is_word else _OPTIONS[other](reply)
    return values


def _kind(reply: Any) -> str:
    if text(reply) not in get_args(Kind):
        raise FormatError(f"the kind of the network is {text(reply)!r}: expected {' or '.join(get_args(Kind))}")
    return text(reply)


def info(reply: Any) -> Info:
    """Return the information in a reply of NR.INFO. Unknown fields, of a later module, are ignored."""
    found = fields(reply)
    chosen = options(found) | _named(found)
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
            case "Kind":
                values[field.name] = _kind(value)
    return Info(**values)


def _named(found: dict[str, Any]) -> dict[str, Any]:
    """Return fields, target and classes from NR.INFO; an empty dict for a network without fields."""
    if "fields" not in found:
        return {}
    targets = tuple(map(name, found["targets"]))
    return {
        "fields": {of: name(kind).lower() for of, kind in _pairs(found["fields"])},
        "target": targets[0] if len(targets) == 1 else targets,
        "classes": tuple(map(name, found["classes"])) if "classes" in found else None,
    }


def field_statistics(reply: Any) -> FieldStatistics:
    """Return the statistics of a field in a reply of NR.FIELDS."""
    found = fields(reply)
    size = "" if found["number"] is None else f" {int(found['number'])}"
    sign = f" {text(found['monotone'])}" if "monotone" in found else ""
    whole = {key: None if found.get(key) is None else int(found[key]) for key in ("words", "other")}
    words = found.get("commonest", [])
    return FieldStatistics(
        name=name(found["name"]),
        kind=text(found["kind"]).lower() + size + sign,
        values=int(found["values"]),
        gaps=int(found["gaps"]),
        min=number(found.get("min")),
        max=number(found.get("max")),
        commonest=tuple((name(word), int(rows)) for word, rows in zip(words[::2], words[1::2], strict=True)),
        importance=number(found["importance"]),
        **whole,
    )


def explanation(reply: Any, named: Callable[[Any], Any], value: Callable[[Any, Any], Any]) -> Explanation:
    """Return the explanation in a reply of NR.EXPLAIN; `named` parses names of fields and outputs, `value` values."""
    found = fields(reply)

    def of_fields(changes: Any, read: Callable[[Any, Any], Any]) -> dict[Any, Any]:
        names = map(named, changes[::2])
        return {name: read(name, one) for name, one in zip(names, changes[1::2], strict=True)}

    def double(_: Any, one: Any) -> float:
        return float(one)

    errors = found.get("standard_errors")
    return Explanation(
        label=named(found["class"] if "class" in found else found["output"]),
        answer=float(found["answer"]),
        mean=float(found["mean"]),
        rows=int(found["rows"]),
        shares=of_fields(found["shares"], double),
        values=of_fields(found["values"], value),
        standard_errors=None if errors is None else of_fields(errors, double),
    )


def changes(reply: Any, named: Callable[[Any], Any], value: Callable[[Any, Any], Any]) -> Counterfactual:
    """Return the changes in a reply of NR.EXPLAIN with WANT."""
    found = fields(reply)
    values = found["changes"]
    changed = None
    if values is not None:
        names = map(named, values[::3])
        triples = zip(names, values[1::3], values[2::3], strict=True)
        changed = {name: (value(name, old), value(name, new)) for name, old, new in triples}
    return Counterfactual(label=named(found["class"]), want=named(found["want"]), changes=changed)


def report(reply: Any) -> dict[str, Any] | None:
    """Return the attributes of a `Report`, as the extension returns them; None before the first training."""
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
    """Return the attributes of an evaluation, as the extension returns them."""
    found = fields(reply)
    of_classes = ("confusion", "classes")
    values: dict[str, Any] = {name: number(value) for name, value in found.items() if name not in of_classes}
    values["rows"] = int(found["rows"])
    if "confusion" in found:
        matrix = found["confusion"]
        values["confusion"] = None if matrix is None else np.array(matrix, np.int64)
        values["classes"] = tuple(map(name, found["classes"])) if "classes" in found else None
    return values


def singles(reply: Any, outputs: int) -> NDArray[np.float32]:
    """Return outputs as float32: of one row, from a list of numbers; of several, from bytes."""
    if isinstance(reply, bytes):
        return np.frombuffer(reply, "<f4").astype(np.float32).reshape(-1, outputs)
    return np.array([float(value) for value in reply], np.float32)


def outcome(reply: Any) -> tuple[str, str | None]:
    """Return how a training ended: a word and, for a failed one, the reason."""
    word, _, reason = text(reply).partition(": ")
    return word, reason or None


def threads(reply: Any) -> list[ListedTraining]:
    """Return the trainings in a reply of NR.TRAININGS, of all servers of a cluster."""
    listed = [each for found in reply.values() for each in found] if isinstance(reply, dict) else reply
    return [_listed(fields(each)) for each in listed]


def _listed(found: dict[str, Any]) -> ListedTraining:
    progress = Progress(
        cycle=int(found["cycle"]),
        train_error=number(found["train_error"]),
        test_error=number(found["test_error"]),
        class_errors=number(found["class_errors"]),
        seconds=float(found["seconds"]),
        queued=text(found["state"]) == "queued",
    )
    return ListedTraining(
        id=int(found["id"]),
        key=_key(found["key"]),
        db=int(found["db"]),
        max_cycles=int(found["max_cycles"]),
        max_time=int(found["max_time"]) / 1000,
        progress=progress,
    )


def _key(key: bytes) -> str | bytes:
    try:
        return key.decode()
    except UnicodeDecodeError:
        return key
