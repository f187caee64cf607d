"""Data of the views that evaluate a network: error, confusion matrix, calibration, and rows with the largest errors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuralredis.dashboard.answers import Answered, answered, check_askable
from neuralredis.dashboard.subject import MissingError, Subject
from neuralredis.results import ClassifierEvaluation, Evaluation
from neuralredis.statistics import wilson
from neuralredis.thresholds import classes_of

__all__ = ["calibration", "confusion", "figures", "quality", "surprises"]

#: Classes up to which a confusion matrix is whole; the rarest of more are merged.
MOST_CLASSES = 12
#: Bins of a calibration plot.
GROUPS = 10
#: Outputs of a regressor that are plotted.
MOST_OUTPUTS = 4
#: Rows with the largest errors that are returned.
MOST_SURPRISES = 20
#: Most inputs of a row that are returned, of a network without fields.
MOST_VALUES = 16


def evaluated(subject: Subject) -> Evaluation:
    """Return the evaluation on the validation rows, or raise `MissingError`."""
    if not subject.trained:
        raise MissingError("The network has not been trained yet.")
    if not subject.count("test"):
        raise MissingError("There are no validation rows, so the error on fresh rows is unknown.")
    found: Evaluation = subject.net.evaluate("test")
    return found


def figures(found: Evaluation) -> dict[str, Any]:
    """Return the figures of an evaluation as JSON values; ``wrong`` compares with ``baseline``, lower is better."""
    if isinstance(found, ClassifierEvaluation):
        wrong, baseline = 1 - found.accuracy, 1 - found.baseline
        low, high = wilson(wrong, found.rows)
        return {"measure": "wrong", "wrong": wrong, "baseline": baseline, "low": low, "high": high, "rows": found.rows}
    return {
        "measure": "rmse",
        "wrong": found.rmse,
        "baseline": found.baseline,
        "mae": found.mae,
        "r2": found.r2,
        "rows": found.rows,
    }


def quality(subject: Subject) -> dict[str, Any]:
    """Return the error on the validation rows and the baseline."""
    return figures(evaluated(subject)) | {
        "loss": subject.info.test_error,
        "optimistic": subject.info.test_error_optimistic,
        "sequences": subject.of_sequences,
    }


def confusion(subject: Subject) -> dict[str, Any]:
    """Return the confusion matrix of the validation rows; the rarest of many classes are merged."""
    found = evaluated(subject)
    if not isinstance(found, ClassifierEvaluation) or found.confusion is None:
        raise MissingError("There are too many classes for a confusion matrix.")
    names = list(found.classes or map(str, range(len(found.confusion))))
    matrix = found.confusion
    if len(names) > MOST_CLASSES:
        order = np.argsort(-(matrix.sum(0) + matrix.sum(1)), kind="stable")
        shown, others = np.sort(order[: MOST_CLASSES - 1]), order[MOST_CLASSES - 1 :]
        matrix = _folded(_folded(matrix, shown, others).T, shown, others).T
        names = [names[number] for number in shown] + [f"{len(others)} others"]
    return {"classes": names, "matrix": matrix, "rows": found.rows, "accuracy": found.accuracy}


def _folded(matrix: NDArray[np.int64], shown: NDArray[Any], others: NDArray[Any]) -> NDArray[np.int64]:
    """Return a matrix whose rows `others` are summed into one last row."""
    return np.vstack([matrix[shown], matrix[others].sum(0)])


def calibration(subject: Subject) -> dict[str, Any]:
    """Return predictions and outcomes of validation rows, in bins of similar predictions."""
    if subject.info.output == "linear" and subject.info.type == "classifier":
        raise MissingError("Linear outputs are not probabilities.")
    found = answered(subject, "test")
    looked = {"rows": len(found.places), "of": found.of}
    if subject.info.type == "classifier":
        return looked | {"classifier": True, **_reliability(subject, found)}
    outputs = [
        {"name": name, "groups": _levels(found.outputs[:, at], found.truth[:, at])}
        for at, name in enumerate(subject.targets[:MOST_OUTPUTS])
    ]
    return looked | {"classifier": False, "outputs": outputs, "more": max(len(subject.targets) - MOST_OUTPUTS, 0)}


def _reliability(subject: Subject, found: Answered) -> dict[str, Any]:
    """Return the reliability diagram and the expected calibration error.

    Of two classes it is that of the second one, of more classes that of the predicted one. M. P. Naeini, G. F. Cooper,
    M. Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015.
    """
    if found.outputs.shape[1] == 2:
        name: str | None = subject.classes[1]
        sure, right = found.outputs[:, 1], found.truth == 1
    else:
        name = None
        sure, right = found.outputs.max(1), found.outputs.argmax(1) == found.truth
    group = np.clip((sure * GROUPS).astype(np.int64), 0, GROUPS - 1)
    groups, error = [], 0.0
    for number in range(GROUPS):
        chosen = group == number
        count = int(chosen.sum())
        if count:
            predicted, observed = float(sure[chosen].mean()), float(right[chosen].mean())
            low, high = wilson(observed, count)
            groups.append({"predicted": predicted, "observed": observed, "low": low, "high": high, "rows": count})
            error += count * abs(predicted - observed)
    return {"class": name, "groups": groups, "error": error / len(sure)}


def _levels(predicted: NDArray[np.float64], observed: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Return bins of equal size, ordered by prediction: mean prediction, and mean and 80 % range of the outcome."""
    order = np.argsort(predicted, kind="stable")
    groups = [part for part in np.array_split(order, min(GROUPS, len(order))) if len(part)]
    return [
        {
            "predicted": predicted[part].mean(),
            "observed": observed[part].mean(),
            "low": np.quantile(observed[part], 0.1),
            "high": np.quantile(observed[part], 0.9),
            "rows": len(part),
        }
        for part in groups
    ]


def surprises(subject: Subject) -> dict[str, Any]:
    """Return the stored rows with the largest errors."""
    check_askable(subject)
    looked, found = [], []
    sets: tuple[Any, ...] = ("test", "train")
    for set in sets:
        if subject.count(set):
            rows = answered(subject, set)
            looked.append({"set": set, "rows": len(rows.places), "of": rows.of})
            found += _surprising(subject, set, rows)
    if not looked:
        raise MissingError("There are no stored rows.")
    found.sort(key=lambda row: -row["surprise"])
    fields = list(subject.info.fields or map(str, range(min(subject.info.layout[0], MOST_VALUES))))
    more = 0 if subject.info.fields else max(subject.info.layout[0] - MOST_VALUES, 0)
    kinds = [subject.kind_of(name) for name in subject.info.fields or {}]
    return {"fields": fields, "kinds": kinds, "more": more, "looked": looked, "rows": found[:MOST_SURPRISES]}


def _surprising(subject: Subject, set: str, rows: Answered) -> list[dict[str, Any]]:
    """Return the rows of a set with the largest errors."""
    at = np.arange(len(rows.places))
    if subject.info.type == "classifier":
        known = rows.truth >= 0
        sure = np.where(known, rows.outputs[at, np.maximum(rows.truth, 0)], 0.0)
        best = classes_of(rows.outputs, subject.info.threshold)
        surprise = np.where(best == rows.truth, -1.0, 1.0) - sure
    else:
        # In standard deviations of each output, so that several outputs are comparable.
        spread = rows.truth.std(0)
        misses = np.abs(rows.outputs - rows.truth) / np.where(spread > 0, spread, 1.0)
        surprise = misses.max(1)
    order = np.argsort(-surprise, kind="stable")[:MOST_SURPRISES]
    if subject.info.type == "classifier":
        order = order[best[order] != rows.truth[order]]
    return [
        {
            "set": set,
            "place": rows.places[number],
            "surprise": surprise[number],
            "values": _values(rows.inputs, number),
            **_judged(subject, rows, int(number)),
        }
        for number in order
    ]


def _values(inputs: Any, number: int) -> list[Any]:
    row = inputs[number]
    return list(row.values()) if isinstance(row, dict) else list(row[:MOST_VALUES])


def _judged(subject: Subject, rows: Answered, number: int) -> dict[str, Any]:
    """Return a row's outcome, its prediction, and the probability of the true class."""
    outputs, truth = rows.outputs[number], rows.truth[number]
    if subject.info.type == "regressor":
        return {"truth": truth, "answer": outputs, "probability": None}
    best = int(classes_of(outputs, subject.info.threshold))
    name = subject.classes[truth] if truth >= 0 else None
    return {
        "truth": name,
        "answer": subject.classes[best],
        "probability": outputs[truth] if truth >= 0 else 0.0,
    }
