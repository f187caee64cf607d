"""Stored rows beside what the network answers to them, for all views that judge it by rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuralredis.dashboard.subject import MissingError, Subject
from neuralredis.options import Set

__all__ = ["MOST", "Answered", "answered", "check_askable"]

#: Rows of a set that are looked at, at most: so many are asked for by single commands, a hundred at a time.
MOST = 1000


@dataclass(frozen=True)
class Answered:
    """Rows of a set and their answers.

    Attributes
    ----------
    places : list of int
        Where the rows are in their set.
    of : int
        How many rows the set has.
    inputs : array of shape (rows, inputs), or list of dict
        The rows.
    truth : numpy.ndarray
        Of a classifier the number of the class among `Subject.classes`, -1 for one that is not answered yet, of shape
        (rows,); of a regressor the outputs, of shape (rows, outputs).
    outputs : numpy.ndarray of float64, shape (rows, outputs)
        The answers.
    """

    places: list[int]
    of: int
    inputs: Any
    truth: NDArray[Any]
    outputs: NDArray[np.float64]


def check_askable(subject: Subject) -> None:
    """Raise `MissingError` if stored rows cannot be asked again."""
    if subject.of_sequences:
        raise MissingError("Sequences are not looked at one by one here.")
    if not subject.trained:
        raise MissingError("The network has not been trained yet.")
    texts = [name for name in subject.info.fields or {} if subject.kind_of(name) == "text"]
    if texts:
        raise MissingError(
            f"The words of texts ({', '.join(texts)}) are not stored, so stored rows cannot be asked again."
        )


def answered(subject: Subject, set: Set) -> Answered:
    """Return rows of a set, at most `MOST`, and their answers."""
    check_askable(subject)
    places, inputs, outcomes = subject.rows(set, MOST)
    if not places:
        what = "validation" if set == "test" else "training"
        raise MissingError(f"There are no {what} rows.")
    outputs = np.asarray(subject.net.run(inputs), np.float64).reshape(len(places), -1)
    if subject.info.type == "regressor":
        truth = np.asarray(outcomes, np.float64).reshape(len(places), -1)
    elif subject.info.classes is None:
        truth = np.asarray(outcomes, np.int64)
    else:
        numbers = {name: number for number, name in enumerate(subject.classes[: outputs.shape[1]])}
        truth = np.array([numbers.get(name, -1) for name in outcomes], np.int64)
    return Answered(places, subject.count(set), inputs, truth, outputs)
