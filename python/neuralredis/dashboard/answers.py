"""Stored rows with the network's predictions, for views that compare these with outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuralredis.dashboard.subject import MissingError, Subject
from neuralredis.options import Set

__all__ = ["MOST", "Answered", "answered", "check_askable"]

#: Most rows of a set that are fetched: each costs the server a command, in batches of a hundred.
MOST = 1000


@dataclass(frozen=True)
class Answered:
    """Rows of a set and their predictions.

    Attributes
    ----------
    places : list of int
        Numbers of the rows in their set.
    of : int
        Size of the set.
    inputs : array of shape (rows, inputs), or list of dict
        Inputs of the rows, or values by field.
    truth : numpy.ndarray
        Outcomes. Of a classifier class numbers, of shape (rows,), in the order of `Subject.classes`, and -1 for a class
        that has no output yet; of a regressor numbers, of shape (rows, outputs).
    outputs : numpy.ndarray of float64, shape (rows, outputs)
        Outputs of the network.
    """

    places: list[int]
    of: int
    inputs: Any
    truth: NDArray[Any]
    outputs: NDArray[np.float64]


def check_askable(subject: Subject) -> None:
    """Raise `MissingError` if the network cannot predict its stored rows."""
    if subject.of_sequences:
        raise MissingError("This view is not available for networks of sequences.")
    if not subject.trained:
        raise MissingError("The network has not been trained yet.")
    texts = [name for name in subject.info.fields or {} if subject.kind_of(name) == "text"]
    if texts:
        raise MissingError(
            f"Texts ({', '.join(texts)}) are stored as hashes, so stored rows cannot be predicted again."
        )


def answered(subject: Subject, set: Set) -> Answered:
    """Return rows of a set, at most `MOST`, and their predictions."""
    check_askable(subject)
    places, inputs, outcomes = subject.rows(set, MOST)
    if not places:
        rows_of = "validation" if set == "test" else "training"
        raise MissingError(f"There are no {rows_of} rows.")
    outputs = np.asarray(subject.net.run(inputs), np.float64).reshape(len(places), -1)
    if subject.info.type == "regressor":
        truth = np.asarray(outcomes, np.float64).reshape(len(places), -1)
    elif subject.info.classes is None:
        truth = np.asarray(outcomes, np.int64)
    else:
        numbers = {name: number for number, name in enumerate(subject.classes[: outputs.shape[1]])}
        truth = np.array([numbers.get(name, -1) for name in outcomes], np.int64)
    return Answered(places, subject.count(set), inputs, truth, outputs)
