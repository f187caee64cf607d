"""What a network tells: of itself, of a training, of how well it does. Values, made once and never changed."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import fields as fields_of
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuralredis.options import Kind, OptionFields

__all__ = [
    "ClassifierEvaluation",
    "Curve",
    "Evaluation",
    "Info",
    "Interval",
    "ListedTraining",
    "Progress",
    "Ranked",
    "RegressorEvaluation",
    "Report",
    "RowCounts",
]


class RowCounts(NamedTuple):
    """How many rows a network has: a tuple of two numbers.

    Attributes
    ----------
    train, test : int
        Rows of the training set and of the validation set.
    """

    train: int
    test: int


class Ranked(NamedTuple):
    """A candidate of `Network.rank`: a tuple of its place and its score.

    Attributes
    ----------
    index : int
        Its place among the candidates, from 0 on.
    score : float
        The probability of the class that is wanted, or the output of a regressor.
    """

    index: int  # type: ignore[assignment]
    score: float


class Interval(NamedTuple):
    """An answer of `Network.interval`: a tuple of three parts, each of them what `Network.run` returns for the rows.

    Attributes
    ----------
    value : numpy.ndarray, float or dict
        What the network answers.
    low, high : numpy.ndarray, float or dict
        The bounds between which the truth is as often as was asked.
    """

    value: Any
    low: Any
    high: Any


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What `Info` tells beside the options."""

    id: int
    type: Kind
    auto_normalization: bool
    training: bool
    layout: tuple[int, ...]
    training_dataset_maxlen: int
    training_dataset_len: int
    test_dataset_maxlen: int
    test_dataset_len: int
    training_total_steps: int
    training_total_seconds: float
    dataset_error: float
    test_error: float
    classification_errors_perc: float | None
    overfitting_detected: bool
    training_total_cycles: int
    parameters: int
    members: int
    test_error_optimistic: bool
    training_warnings: tuple[str, ...]
    memory_bytes: int
    fields: dict[str, str] | None = None
    target: str | tuple[str, ...] | None = None
    classes: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Info(OptionFields, Figures):
    """What a network tells of itself: the fields of ``NR.INFO``, with underscores.

    Errors are the mean loss of a row as of the last training, without the term of weight decay; 0 before the first.

    Attributes
    ----------
    id : int
        Tells the networks of a process, or of a server, apart.
    type : {"classifier", "regressor"}
        What it answers.
    auto_normalization : bool
        Whether trainings standardize the inputs (and a regressor's outputs).
    training : bool
        Whether a training runs or is queued.
    layout : tuple of int
        Units of each layer, inputs first.
    training_dataset_maxlen, training_dataset_len : int
        Rows that the training set may hold, and rows that it holds.
    test_dataset_maxlen, test_dataset_len : int
        The same of the validation set.
    training_total_steps : int
        Rows presented in all trainings, each time counted.
    training_total_seconds : float
        Seconds spent in all trainings.
    dataset_error, test_error : float
        Mean loss of a training row and of a validation row.
    classification_errors_perc : float or None
        Validation rows classified wrongly, in percent; None for a regressor.
    overfitting_detected : bool
        Whether the last training was stopped because the validation rows got worse.
    training_total_cycles : int
        Times that all training rows were presented.
    parameters : int
        Weights and biases.
    normalize, activation, output, loss, algorithm, l2, restarts, class_weight, patience, monotone, threshold
        Options, as ``configure()`` returns them.
    dataset, test
        How many rows both sets hold at most, likewise.
    members : int
        Networks of this layout that answer together; 1 before the first training.
    test_error_optimistic : bool
        Whether the validation rows had a say in when the last training stopped or what it kept, so that fresh rows will
        do somewhat worse than ``test_error``.
    training_warnings : tuple of str
        Faults that the last training has found, of the data and of what came of it.
    memory_bytes : int
        Memory that weights and rows take.
    fields, target, classes
        As of the `Network`; None where it has no fields.
    """

    @property
    def title(self) -> str:
        """Kind and layout, such as ``classifier 9-15-2`` or ``classifier of 4 fields 31-30-30-30-2``."""
        of = "" if self.fields is None else f" of {len(self.fields)} field{'s' if len(self.fields) > 1 else ''}"
        return f"{self.type}{of} {'-'.join(map(str, self.layout))}"

    def __str__(self) -> str:
        """Return a line for each field."""
        width = max(len(field.name) for field in fields_of(self))
        return "\n".join(f"{field.name:{width}}  {getattr(self, field.name)}" for field in fields_of(self))


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a training is.

    Attributes
    ----------
    cycle : int
        Times that all training rows have been presented.
    train_error : float or None
        Mean loss of a training row at that cycle; None before the first.
    test_error : float or None
        Mean loss of a validation row at the last cycle at which it was computed; None without validation rows.
    class_errors : float or None
        Validation rows that a classifier gets wrong, in percent, likewise.
    seconds : float
        Seconds since the real start, the time in the queue not counted.
    queued : bool
        Whether the training still waits for others to end.
    """

    cycle: int
    train_error: float | None
    test_error: float | None
    class_errors: float | None
    seconds: float
    queued: bool = False


@dataclass(frozen=True, kw_only=True)
class ListedTraining:
    """A training that runs or is queued in a Redis server: an entry of ``NR.TRAININGS``.

    Attributes
    ----------
    id : int
        Of the network, as in its `Info`.
    key : str or bytes
        Where the network was when the training started; bytes if they are no text.
    db : int
        The number of the database that the key is in.
    max_cycles : int
        The limit of cycles, 0 for none.
    max_time : float
        The limit of time in seconds, 0 for none.
    progress : Progress
        How far it is.
    """

    id: int
    key: str | bytes
    db: int
    max_cycles: int
    max_time: float
    progress: Progress


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """The errors over the cycles of a training, in at most 512 points.

    Attributes
    ----------
    cycles : numpy.ndarray of int64
        Cycles done.
    train_error, test_error : numpy.ndarray of float64
        Mean loss of a training row and of a validation row; NaN where it was not computed.
    """

    cycles: NDArray[np.int64]
    train_error: NDArray[np.float64]
    test_error: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.cycles)

    def __repr__(self) -> str:
        """Return how many points there are, and of which cycles."""
        return f"<Curve of {len(self)} points, cycles {self.cycles[0]} to {self.cycles[-1]}>"


@dataclass(frozen=True, kw_only=True, eq=False)
class Report:
    """What a training did and found.

    Attributes
    ----------
    reason : {"maxcycles", "maxtime", "stopped", "overfitting", "converged"}
        Why it ended: at a limit, on request, or with ``autostop`` because the validation rows got worse or there was
        nothing more to gain.
    cycles : int
        Times that all training rows were presented.
    best_cycle : int
        The cycle whose weights the network has now: the last, or with ``backtrack`` the best; where several networks
        answer as one (``members``), each has its own, and this is the latest.
    seconds : float
        Seconds from the real start to the end, the time in the queue not counted.
    threads : int
        Threads that took part, at most.
    train_error : float
        Mean loss of a training row with the weights that the network has now.
    test_error : float or None
        Mean loss of a validation row with these weights; None without validation rows.
    class_errors : float or None
        Validation rows that a classifier gets wrong with these weights, in percent.
    overfitting : bool
        Whether it was stopped because the validation rows got worse.
    warnings : tuple of str
        Faults of the data, each in a sentence.
    curve : Curve
        Both errors over the cycles.
    """

    reason: Literal["maxcycles", "maxtime", "stopped", "overfitting", "converged"]
    cycles: int
    best_cycle: int
    seconds: float
    threads: int
    train_error: float
    test_error: float | None
    class_errors: float | None
    overfitting: bool
    warnings: tuple[str, ...]
    curve: Curve

    @property
    def summary(self) -> str:
        """How it ended and with which errors, in a line."""
        ended = {
            "maxcycles": "all cycles done",
            "maxtime": "out of time",
            "stopped": "stopped on request",
            "overfitting": "overfitting seen",
            "converged": "nothing more to gain",
        }[self.reason]
        best = f", back at cycle {self.best_cycle:,}" if self.best_cycle < self.cycles else ""
        found = errors(self.train_error, self.test_error, self.class_errors)
        return f"{ended} after {self.cycles:,} cycles and {self.seconds:.2f} s{best}: {found}"

    def __repr__(self) -> str:
        """Return the summary, and a line for each warning."""
        return "\n".join([f"<Report: {self.summary}>", *(f"Warning: {warning}" for warning in self.warnings)])


@dataclass(frozen=True, kw_only=True)
class FieldStatistics:
    """What the stored rows of a network, those of both sets, hold of a field.

    Attributes
    ----------
    name, kind : str
        The field, and its kind with the number after it.
    values, gaps : int
        Rows that have a value, and rows that have none.
    min, max : float or None
        The smallest and the largest number; of a time in seconds since 1970. None where there are none.
    words : int or None
        Words that have come, of a field with a dictionary.
    other : int or None
        Rows with a word for which the dictionary had no room.
    commonest : tuple of tuple of str and int
        The commonest words with their rows, at most ten; of a flag ``yes`` and ``no``.
    importance : float or None
        How much the mean loss of validation rows grows when the values of this field are exchanged among them [1]_: the
        more, the more the network goes by it. None without validation rows, or before a training.

    References
    ----------
    .. [1] L. Breiman, "Random forests", Machine Learning 45, 2001, section 10.
    """

    name: str
    kind: str
    values: int
    gaps: int
    min: float | None
    max: float | None
    words: int | None
    other: int | None
    commonest: tuple[tuple[str, int], ...]
    importance: float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassifierEvaluation:
    """How well a classifier does on some rows.

    Attributes
    ----------
    rows : int
        Rows evaluated.
    error : float
        Mean loss of a row. Row weights count here alone.
    accuracy : float
        Share of rows classified rightly, 0 to 1.
    baseline : float
        Accuracy of always answering the commonest class of these rows.
    confusion : numpy.ndarray of int64, shape (classes, classes), or None
        Rows by true class (row of the matrix) and answer (column); None beyond 1024 classes.
    classes : tuple of str, or None
        What rows and columns of the matrix are, of a network of fields; else they are the numbers of the classes.
    """

    rows: int
    error: float
    accuracy: float
    baseline: float
    confusion: NDArray[np.int64] | None
    classes: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        """Return the figures in a line."""
        return (
            f"<ClassifierEvaluation of {self.rows:,} rows: accuracy {self.accuracy:.4g}, "
            f"baseline {self.baseline:.4g}, error {self.error:.4g}>"
        )


@dataclass(frozen=True, kw_only=True)
class RegressorEvaluation:
    """How well a regressor does on some rows, in the units of the outputs.

    Attributes
    ----------
    rows : int
        Rows evaluated.
    error : float
        Mean loss of a row. Row weights count here alone.
    rmse : float
        Root of the mean squared error, over rows and outputs.
    mae : float
        Mean absolute error, over rows and outputs.
    r2 : float
        1 minus the squared error over that of the mean, averaged over the outputs.
    baseline : float
        Root of the mean squared error of always answering the mean of these rows.
    """

    rows: int
    error: float
    rmse: float
    mae: float
    r2: float
    baseline: float

    def __repr__(self) -> str:
        """Return the figures in a line."""
        return (
            f"<RegressorEvaluation of {self.rows:,} rows: rmse {self.rmse:.4g}, mae {self.mae:.4g}, r2 {self.r2:.4g}, "
            f"baseline {self.baseline:.4g}, error {self.error:.4g}>"
        )


Evaluation = ClassifierEvaluation | RegressorEvaluation


def report_of(fields: dict[str, Any]) -> Report:
    """Return a report of fields as the engine gives them."""
    return Report(**{**fields, "warnings": tuple(fields["warnings"]), "curve": Curve(**fields["curve"])})


def errors(train: float | None, test: float | None, wrong: float | None) -> str:
    """Return errors as people read them, in a few words; of a percentage, what is wrong of the validation rows."""
    words = []
    if train is not None:
        words.append(f"error {train:.4f}")
    if test is not None:
        words.append(f"test {test:.4f}")
    if wrong is not None:
        words.append(f"{wrong:.1f} % wrong")
    return ", ".join(words)
