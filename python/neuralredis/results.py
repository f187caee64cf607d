"""Immutable results: information, progress and reports of trainings, evaluations."""

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
    "FieldStatistics",
    "Forecast",
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
    """Numbers of stored rows, as a tuple.

    Attributes
    ----------
    train, test : int
        Number of training rows and of validation rows.
    """

    train: int
    test: int


class Ranked(NamedTuple):
    """A candidate of `Network.rank`, as a tuple of its index and its score.

    Attributes
    ----------
    index : int
        Its index among the candidates, from 0.
    score : float
        The probability of the wanted class, or the output of a regressor.
    """

    index: int  # type: ignore[assignment]
    score: float


class Interval(NamedTuple):
    """A prediction interval, as a tuple of three values of the type that `Network.run` returns.

    Attributes
    ----------
    value : numpy.ndarray, float or dict
        The prediction.
    low, high : numpy.ndarray, float or dict
        Lower and upper bound of the interval.
    """

    value: Any
    low: Any
    high: Any


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The attributes of `Info` that are not options."""

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
    """Information about a network: the fields of ``NR.INFO``, with underscores.

    Errors are mean losses of a row after the last training, without the term of weight decay; 0 before the first.

    Attributes
    ----------
    id : int
        Unique among the networks of a process or a server.
    type : {"classifier", "regressor"}
        The kind of the network.
    auto_normalization : bool
        Whether trainings standardize the inputs (and a regressor's outputs).
    training : bool
        Whether a training runs or is queued.
    layout : tuple of int
        Units of each layer, inputs first.
    training_dataset_maxlen, training_dataset_len : int
        Limit of the training set, and its number of rows.
    test_dataset_maxlen, test_dataset_len : int
        Limit of the validation set, and its number of rows.
    training_total_steps : int
        Rows presented in all trainings: the sum over all cycles.
    training_total_seconds : float
        Seconds spent in all trainings.
    dataset_error, test_error : float
        Mean loss of a training row and of a validation row.
    classification_errors_perc : float or None
        Misclassified validation rows, in percent; None for a regressor.
    overfitting_detected : bool
        Whether early stopping ended the last training because the validation error rose.
    training_total_cycles : int
        Cycles of all trainings.
    parameters : int
        Weights and biases.
    normalize, activation, output, loss, algorithm, l2, ensemble, class_weight, patience, monotone, threshold
        Options, as ``configure()`` returns them.
    dataset, test
        How many rows both sets hold at most, likewise.
    members : int
        Members of the ensemble; 1 before the first training.
    test_error_optimistic : bool
        Whether the last training used the validation rows to stop or to choose weights, so that the error on fresh rows
        is somewhat higher than ``test_error``.
    training_warnings : tuple of str
        Warnings of the last training, about the data or the result.
    memory_bytes : int
        Memory of weights and rows, in bytes.
    fields, target, classes
        As the attributes of `Network`; None for a network without fields.
    """

    @property
    def restarts(self) -> int | Literal["auto"]:
        """The former name of ``ensemble``."""
        return self.ensemble

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
    """Progress of a training.

    Attributes
    ----------
    cycle : int
        Cycles done.
    train_error : float or None
        Mean loss of a training row at that cycle; None before the first.
    test_error : float or None
        Mean loss of a validation row at the last cycle at which it was computed; None without validation rows.
    class_errors : float or None
        Validation rows that a classifier misclassifies, in percent, at the same cycle.
    seconds : float
        Seconds since the training started, without the time in the queue.
    queued : bool
        Whether the training waits in the queue.
    """

    cycle: int
    train_error: float | None
    test_error: float | None
    class_errors: float | None
    seconds: float
    queued: bool = False


@dataclass(frozen=True, kw_only=True)
class ListedTraining:
    """A training that runs or is queued in a Redis server, as listed by ``NR.TRAININGS``.

    Attributes
    ----------
    id : int
        The network's id, as in its `Info`.
    key : str or bytes
        The network's key when the training started; bytes if it is not UTF-8.
    db : int
        The number of the key's database.
    max_cycles : int
        The limit of cycles, 0 for none.
    max_time : float
        The time limit in seconds, 0 for none.
    progress : Progress
        Its progress.
    """

    id: int
    key: str | bytes
    db: int
    max_cycles: int
    max_time: float
    progress: Progress


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """The learning curve of a training: errors by cycle, in at most 512 points.

    Attributes
    ----------
    cycles : numpy.ndarray of int64
        The cycle of each point.
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
        """Return the number of points and the range of cycles."""
        return f"<Curve of {len(self)} points, cycles {self.cycles[0]} to {self.cycles[-1]}>"


@dataclass(frozen=True, kw_only=True, eq=False)
class Report:
    """The report of a training.

    Attributes
    ----------
    reason : {"maxcycles", "maxtime", "stopped", "overfitting", "converged"}
        Why it ended: a limit, a request, or with ``autostop`` because the validation error rose (``"overfitting"``) or
        no longer fell (``"converged"``).
    cycles : int
        Cycles of the training.
    best_cycle : int
        The cycle whose weights the network has: the last, or with ``backtrack`` the best. Members of an ensemble have
        one each; this is the latest of them.
    seconds : float
        Seconds from start to end, without the time in the queue.
    threads : int
        Largest number of threads that took part.
    train_error : float
        Mean loss of a training row with the final weights.
    test_error : float or None
        Mean loss of a validation row with the final weights; None without validation rows.
    class_errors : float or None
        Validation rows that a classifier misclassifies with the final weights, in percent.
    overfitting : bool
        Whether early stopping ended it because the validation error rose.
    warnings : tuple of str
        Warnings about the data or the result, each a sentence.
    curve : Curve
        The learning curve.
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
        """Why it ended, and the errors, in one line."""
        ended = {
            "maxcycles": "cycle limit reached",
            "maxtime": "time limit reached",
            "stopped": "stopped on request",
            "overfitting": "validation error rose",
            "converged": "converged",
        }[self.reason]
        best = f", weights of cycle {self.best_cycle:,}" if self.best_cycle < self.cycles else ""
        found = errors(self.train_error, self.test_error, self.class_errors)
        return f"{ended} after {self.cycles:,} cycles and {self.seconds:.2f} s{best}: {found}"

    def __repr__(self) -> str:
        """Return the summary, and a line for each warning."""
        return "\n".join([f"<Report: {self.summary}>", *(f"Warning: {warning}" for warning in self.warnings)])


@dataclass(frozen=True)
class Forecast:
    """The forecast of a series.

    Attributes
    ----------
    values : numpy.ndarray of float32, shape (steps,)
        The next values, in order.
    low, high : numpy.ndarray of float32, shape (steps,), or None
        Prediction interval of each step by itself; None if no level was given.
    """

    values: NDArray[np.float32]
    low: NDArray[np.float32] | None = None
    high: NDArray[np.float32] | None = None

    @classmethod
    def _of(cls, found: tuple[NDArray[np.float32], tuple[NDArray[np.float32], NDArray[np.float32]] | None]) -> Forecast:
        values, bounds = found
        return cls(values) if bounds is None else cls(values, *bounds)


@dataclass(frozen=True, kw_only=True)
class FieldStatistics:
    """Statistics of a field over all stored rows, and its importance.

    Attributes
    ----------
    name, kind : str
        The field's name, and its kind with its size, such as ``category 100``.
    values, gaps : int
        Rows with a value, and rows without.
    min, max : float or None
        Smallest and largest number; for times in seconds since 1970. None if there are no numbers.
    words : int or None
        Number of distinct categories; None for other kinds.
    other : int or None
        Rows with a category beyond the size of the field.
    commonest : tuple of tuple of str and int
        The most common categories with their numbers of rows, at most ten; of a flag ``yes`` and ``no``.
    importance : float or None
        Permutation importance [1]_: increase of the mean loss of validation rows when the field's values are shuffled
        among them. None without validation rows, or before a training.

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
    """Errors of a classifier on some rows.

    Attributes
    ----------
    rows : int
        Number of rows.
    error : float
        Mean loss of a row. Row weights affect this figure only.
    accuracy : float
        Share of rows classified correctly, 0 to 1.
    baseline : float
        Accuracy of always predicting the most common class of these rows.
    confusion : numpy.ndarray of int64, shape (classes, classes), or None
        Rows by true class (row of the matrix) and predicted class (column); None beyond 1024 classes.
    classes : tuple of str, or None
        Names of the rows and columns of the matrix, for a network with fields; else they are class numbers.
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
    """Errors of a regressor on some rows, in the units of the outputs.

    Attributes
    ----------
    rows : int
        Number of rows.
    error : float
        Mean loss of a row. Row weights affect this figure only.
    rmse : float
        Root mean squared error, over rows and outputs.
    mae : float
        Mean absolute error, over rows and outputs.
    r2 : float
        Coefficient of determination, 1 - squared error / squared error of the mean, averaged over the outputs.
    baseline : float
        Root mean squared error of always predicting the mean of these rows.
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
    """Return a report from the engine's dict."""
    return Report(**{**fields, "warnings": tuple(fields["warnings"]), "curve": Curve(**fields["curve"])})


def errors(train: float | None, test: float | None, wrong: float | None) -> str:
    """Return errors as text: training error, validation error, and misclassified validation rows in percent."""
    words = []
    if train is not None:
        words.append(f"error {train:.4f}")
    if test is not None:
        words.append(f"validation {test:.4f}")
    if wrong is not None:
        words.append(f"{wrong:.1f} % wrong")
    return ", ".join(words)
