"""The form for predictions: its fields, the prediction, and its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from neuralredis.dashboard.subject import MissingError, Subject
from neuralredis.exceptions import DataError, NeuralRedisError, OptionError
from neuralredis.explanation import described
from neuralredis.results import FieldStatistics
from neuralredis.thresholds import classes_of

__all__ = ["answer", "form", "form_of_report", "reasons", "typical_reasons"]

#: Stored rows whose medians are the form's initial values.
SAMPLE = 100
#: Inputs up to which each has a field of the form; more share one text field.
MOST_INPUTS = 64
#: Most classes of a prediction, the most probable ones.
MOST_ANSWERS = 12
#: Most contributions of an explanation, the largest ones.
MOST_REASONS = 12
#: Most classes or outputs to choose from for an explanation.
MOST_LABELS = 100
#: Most ids of sequences that are suggested.
MOST_IDS = 100
#: Coverage of prediction intervals.
LEVEL = 0.9
#: Statistics of a field without any.
UNKNOWN = FieldStatistics(
    name="", kind="", values=0, gaps=0, min=None, max=None, words=None, other=None, commonest=(), importance=None
)


def form(subject: Subject) -> dict[str, Any]:
    """Return the fields of the form: kind, range, categories, and initial value of each."""
    named = subject.info.fields is not None
    if not named and subject.info.layout[0] > MOST_INPUTS:
        return {"named": False, "inputs": subject.info.layout[0], "fields": None, "sequence": None}
    fields = _named_fields(subject) if named else _numbered_fields(subject)
    return {"named": named, "inputs": len(fields), "fields": fields, "sequence": _sequence(subject)}


def form_of_report(subject: Subject) -> dict[str, Any]:
    """Return the form, and what the page of a report needs to show predictions."""
    classifier = subject.info.type == "classifier"
    found = form(subject)
    if found["sequence"] is not None:
        # A report contains no stored sequences: the user adds events.
        found["sequence"] = {"ids": None}
    return found | {
        "classifier": classifier,
        "labels": subject.classes if classifier else subject.targets,
        "probabilities": subject.info.output != "linear",
        "most": MOST_ANSWERS,
    }


def _sequence(subject: Subject) -> dict[str, Any] | None:
    """Return the ids of sequences to suggest; none for a server, which does not list them."""
    if not subject.of_sequences:
        return None
    ids = getattr(subject.net, "ids", None)
    return {"ids": ids()[:MOST_IDS] if ids else []}


def _named_fields(subject: Subject) -> list[dict[str, Any]]:
    statistics: tuple[FieldStatistics, ...] = subject.net.field_statistics()
    if subject.of_sequences:
        # Statistics are per event of the window; those of the last event, "name[-1]", are used for the field.
        last = {field.name.removesuffix("[-1]"): field for field in statistics}
        kinds = (subject.info.fields or {}).items()
        return [_field(replace(last.get(name, UNKNOWN), name=name, kind=kind), []) for name, kind in kinds]
    sample = _sample(subject)
    return [_field(field, [row[field.name] for row in sample]) for field in statistics]


def _sample(subject: Subject) -> Any:
    """Return some training rows, or none if the user has no permission to read them."""
    if subject.of_sequences:
        return []
    from redis import ResponseError

    try:
        return subject.rows("train", SAMPLE)[1]
    except ResponseError:
        return []


def _field(field: FieldStatistics, values: list[Any]) -> dict[str, Any]:
    kind, _, more = field.kind.partition(" ")
    words = [word for word, _ in field.commonest]
    found: dict[str, Any] = {"name": field.name, "kind": kind, "words": words, "start": None}
    numbers = [value for value in values if isinstance(value, float)]
    if kind == "vector":
        found["length"] = int(more)
        vectors = [value for value in values if value is not None]
        found["start"] = list(np.median(np.array(vectors), axis=0)) if vectors else None
    elif kind == "number" or (kind == "auto" and not words):
        found.update(_scale(field.min, field.max, numbers))
    elif kind == "time":
        times = sorted(value for value in values if hasattr(value, "isoformat"))
        found["start"] = times[len(times) // 2].isoformat() if times else None
    elif words and kind != "tags":
        found["start"] = words[0]
        # The list is complete: the form can offer a choice instead of a text field.
        found["whole"] = kind == "category" and field.words == len(words)
    return found


def _scale(low: float | None, high: float | None, numbers: list[float]) -> dict[str, Any]:
    """Return the range of a slider and its initial value."""
    if low is None or high is None:
        return {"low": None, "high": None, "whole": False, "start": None}
    whole = all(number == round(number) for number in [low, high, *numbers])
    start = float(np.median(numbers)) if numbers else (low + high) / 2
    return {"low": low, "high": high, "whole": whole, "start": round(start) if whole else float(f"{start:.4g}")}


def _numbered_fields(subject: Subject) -> list[dict[str, Any]]:
    sample = np.asarray(_sample(subject), np.float64).reshape(-1, subject.info.layout[0])
    fields = []
    for number, column in enumerate(sample.T if len(sample) else [np.empty(0)] * subject.info.layout[0]):
        low, high = (float(column.min()), float(column.max())) if len(column) else (None, None)
        scale = _scale(low, high, column.tolist())
        if scale["start"] is None:
            scale["start"] = 0
        fields.append({"name": str(number), "kind": "number", "words": [], **scale})
    return fields


def row_of(subject: Subject, request: Mapping[str, Any]) -> Any:
    """Return the row that a form sent. Raise `DataError` if it is malformed."""
    row = request.get("row")
    if subject.info.fields is None:
        values = list(row.values()) if isinstance(row, dict) else row
        if not isinstance(values, list) or not all(isinstance(value, int | float) for value in values):
            raise DataError("the row is malformed: expected a number for each input")
        return np.asarray(values, np.float64)
    if not isinstance(row, dict):
        raise DataError("the row is malformed: expected an object of fields")
    for name, value in row.items():
        if name not in subject.info.fields:
            raise DataError(f"there is no field {name}")
        # `run` reads lists in fields of other kinds as columns of several rows.
        if isinstance(value, list | dict) and subject.kind_of(name) not in ("tags", "vector"):
            raise DataError(f"field {name} is {value}: expected one value")
    return {name: value for name, value in row.items() if value is not None}


def answer(subject: Subject, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the prediction for a row: the most probable classes, or numbers with intervals."""
    row = row_of(subject, request)
    if subject.of_sequences:
        return _of_sequence(subject, row, request.get("sequence"))
    found = subject.net.run(row)
    if subject.info.type == "classifier":
        return _classes(subject, list(found.values()) if isinstance(found, dict) else found)
    values = list(found.values()) if isinstance(found, dict) else np.ravel(found).tolist()
    low, high = _bounds(subject, row)
    return {
        "numbers": [
            {"name": name, "value": value, "low": low[at], "high": high[at]}
            for at, (name, value) in enumerate(zip(subject.targets, values, strict=True))
        ],
        "level": LEVEL,
    }


def _bounds(subject: Subject, row: Any) -> tuple[list[Any], list[Any]]:
    """Return the lower and upper bounds of the outputs; None if there are too few validation rows."""
    try:
        found = subject.net.interval(row, LEVEL)
    except NeuralRedisError:
        none = [None] * len(subject.targets)
        return none, none
    low, high = (list(part.values()) if isinstance(part, dict) else np.ravel(part).tolist() for part in found[1:])
    return low, high


def _of_sequence(subject: Subject, event: dict[str, Any], id: Any) -> dict[str, Any]:
    """Return the prediction for a stored sequence, after one more event if values are given."""
    if not isinstance(id, str) or not id:
        raise MissingError("Enter the id of a sequence.")
    if not any(value is not None for value in event.values()):
        given: Any = None
    else:
        # A plain value works for networks with and without a named field.
        given = next(iter(event.values())) if len(subject.info.fields or {}) == 1 else event
    outputs = subject.net.session(id).run(given)
    if subject.info.type == "classifier":
        return _classes(subject, outputs)
    numbers = [
        {"name": name, "value": value, "low": None, "high": None}
        for name, value in zip(subject.targets, outputs.tolist(), strict=True)
    ]
    return {"numbers": numbers, "level": LEVEL}


def _classes(subject: Subject, outputs: Any) -> dict[str, Any]:
    scores = np.asarray(outputs, np.float64)
    best = classes_of(np.asarray(outputs), subject.info.threshold)
    order = np.argsort(-scores, kind="stable")
    order = np.concatenate([[best], order[order != best]])[:MOST_ANSWERS]
    names = subject.classes
    return {
        "classes": [{"name": names[number], "probability": scores[number]} for number in order],
        "more": len(scores) - len(order),
        "probabilities": subject.info.output != "linear",
    }


def reasons(subject: Subject, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the contribution of each field to the prediction for a row."""
    if not subject.count("train"):
        raise MissingError("Reasons compare with training rows, and there are none.")
    several = subject.info.type == "regressor" and len(subject.targets) > 1
    label = request.get("label")
    names = subject.classes if subject.info.type == "classifier" else subject.targets
    if label is None and several:
        label = names[0]
    if label is not None:
        if label not in names:
            raise OptionError(f"label is {label!r}: expected one of {', '.join(names[:MOST_LABELS])}")
        label = label if subject.info.fields is not None else names.index(label)
    found = subject.net.explain(row_of(subject, request), label=label)
    ranked = sorted(found.shares.items(), key=lambda pair: -abs(pair[1]))
    shown, rest = ranked[:MOST_REASONS], ranked[MOST_REASONS:]
    shares = [{"name": described(name, found.values.get(name)), "share": share} for name, share in shown]
    if rest:
        shares.append({"name": f"{len(rest)} others", "share": sum(share for _, share in rest)})
    return {
        "label": str(found.label) if subject.info.fields is not None else names[int(found.label)],
        "labels": names[:MOST_LABELS] if several or subject.info.type == "classifier" else [],
        "classifier": subject.info.type == "classifier",
        "odds": subject.info.type == "classifier" and subject.info.output != "linear",
        "answer": found.answer,
        "mean": found.mean,
        "rows": found.rows,
        "shares": shares,
        "sampled": found.standard_errors is not None,
    }


def typical_reasons(subject: Subject) -> dict[str, Any]:
    """Return the reasons for the form's initial row, for a static report."""
    begun = form(subject)
    if begun["fields"] is None:
        raise MissingError(f"Reasons are shown for at most {MOST_INPUTS} inputs.")
    row = {field["name"]: field["start"] for field in begun["fields"]}
    return reasons(subject, {"row": row}) | {"typical": True}
