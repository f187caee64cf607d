"""Compare several networks by their predictions for the same rows."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuralredis.paired import holm, mcnemar, mean_interval, paired_t, share_difference
from neuralredis.statistics import wilson
from neuralredis.table.answered import Answered, Source
from neuralredis.table.failure import TableError
from neuralredis.table.target import label_key
from neuralredis.table.texts import shortened

__all__ = ["Comparison", "Pair", "compared"]

#: p-value below which a difference is significant.
CHANCE = 0.05


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two networks, the better one first.

    Attributes
    ----------
    better, worse : int
        Their indices. Of equals the first is called better.
    only_better, only_worse : int
        Rows that only one of them predicts correctly, or, for numbers, that it is closer to.
    difference, low, high : float
        Difference of the accuracies, or for numbers of the mean absolute errors, and both ends of its 95 % interval.
    p : float
        p-value of the difference; of several pairs corrected for multiple comparisons.
    """

    better: int
    worse: int
    only_better: int
    only_worse: int
    difference: float
    low: float
    high: float
    p: float

    @property
    def by_chance(self) -> bool:
        """Whether the difference is not significant."""
        return self.p >= CHANCE


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """Predictions of several networks for the same rows.

    Attributes
    ----------
    of : tuple of Answered
        The predictions of each for these rows.
    names : tuple of str
        Their names, made unique.
    target : str
        The column that they predict.
    classes : tuple of str or None
        All classes of any of them or of the outcomes; None for regressors.
    source : Source
        The table.
    rows : numpy.ndarray of int64, shape (rows,)
        Numbers of the rows that all have predicted, from 1.
    truth : numpy.ndarray, shape (rows,)
        The outcomes: indices of classes, or numbers.
    answers : numpy.ndarray, shape (networks, rows)
        The predictions of each, likewise.
    probabilities : numpy.ndarray of float64, shape (networks, rows, classes), or None
        The probability of each class; 0 for a class that a network does not have.
    cells : dict of str to list of str or None
        The cells of these rows by column.
    """

    of: tuple[Answered, ...]
    names: tuple[str, ...]
    target: str
    classes: tuple[str, ...] | None
    source: Source
    rows: NDArray[np.int64]
    truth: NDArray[Any]
    answers: NDArray[Any]
    probabilities: NDArray[np.float64] | None
    cells: Mapping[str, Sequence[str | None]]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each prediction is correct, of shape (networks, rows)."""
        right: NDArray[np.bool_] = np.equal(self.answers, self.truth)
        return right

    @property
    def errors(self) -> NDArray[np.float64]:
        """Absolute errors of the predictions, of shape (networks, rows)."""
        errors: NDArray[np.float64] = np.abs(self.answers - self.truth)
        return errors

    def figures(self, place: int) -> dict[str, Any]:
        """Return the figures of a network: accuracy or mean absolute error with its 95 % interval, and more."""
        if self.classes is None:
            errors = self.errors[place]
            mean, low, high = mean_interval(errors)
            return {"mae": mean, "likely": [low, high], "rmse": float(np.sqrt(np.mean(errors**2)))}
        accuracy = float(self.right[place].mean())
        low, high = (float(end) for end in wilson(accuracy, len(self.rows)))
        return {"accuracy": accuracy, "likely": [low, high], "confusion": self.confusion(place)}

    def confusion(self, place: int) -> NDArray[np.int64]:
        """Return a network's confusion matrix: rows by true class and predicted class."""
        count = len(self.classes or ())
        return np.bincount(self.truth * count + self.answers[place], minlength=count * count).reshape(count, count)

    @property
    def baseline(self) -> tuple[str, float]:
        """The most common class, and the accuracy of always predicting it."""
        assert self.classes is not None, "numbers have no commonest class"
        counts = np.bincount(self.truth, minlength=len(self.classes))
        return self.classes[int(counts.argmax())], float(counts.max() / len(self.truth))

    @property
    def disagreements(self) -> NDArray[np.int64]:
        """Indices of the rows that are predicted differently, the largest differences first.

        For classes the difference is that of the true class's probability. For numbers all rows are returned.
        """
        if self.probabilities is None:
            spread = np.ptp(self.answers, axis=0)
            return np.argsort(-spread, kind="stable")
        differ = np.flatnonzero(np.any(self.answers != self.answers[0], axis=0))
        likely = self.probabilities[:, differ, self.truth[differ]]
        return differ[np.argsort(-np.ptp(likely, axis=0), kind="stable")]

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """All pairs of networks with their difference and its corrected p-value."""
        found = [self._pair(a, b) for a, b in itertools.combinations(range(len(self.of)), 2)]
        corrected = holm([pair.p for pair in found])
        return tuple(Pair(**vars(pair) | {"p": p}) for pair, p in zip(found, corrected, strict=True))

    def _pair(self, a: int, b: int) -> Pair:
        if self.classes is None:
            gained = self.errors[a] - self.errors[b]
            if gained.mean() <= 0:
                a, b, gained = b, a, -gained
            # Now b is better, or as good.
            difference, low, high = mean_interval(gained)
            closer, farther = int(np.sum(gained > 0)), int(np.sum(gained < 0))
            p = paired_t(gained)
        else:
            right = self.right
            if right[b].sum() <= right[a].sum():
                a, b = b, a
            closer, farther = int(np.sum(right[b] & ~right[a])), int(np.sum(right[a] & ~right[b]))
            difference, low, high = share_difference(farther, closer, len(self.rows))
            p = mcnemar(closer, farther)
        return Pair(
            better=b, worse=a, only_better=closer, only_worse=farther, difference=difference, low=low, high=high, p=p
        )

    def as_json(self) -> dict[str, Any]:
        """Return the figures and all predictions as a report."""
        networks = [{"network": name, **self.figures(place)} for place, name in enumerate(self.names)]
        names = self.names
        pairs = [
            {**vars(pair), "better": names[pair.better], "worse": names[pair.worse], "by_chance": pair.by_chance}
            for pair in self.pairs
        ]
        test = "mcnemar" if self.classes is not None else "paired_t"
        reports = [{**one.as_json(cells=False), "network": name} for name, one in zip(names, self.of, strict=True)]
        # Cells are the same in all reports, so they are stored once.
        reports[0]["answers"]["cells"] = self.cells
        content = {"report": "comparison", "target": self.target, "table": vars(self.source), "rows": len(self.rows)}
        return content | {"networks": networks, "test": test, "pairs": pairs, "reports": reports}


def compared(of: Sequence[Answered]) -> Comparison:
    """Return a comparison of predictions for the same table, on the rows that all have.

    Raises
    ------
    TableError
        If they have different targets, tables or outcomes, or no row in common.
    """
    first = of[0]
    _check_question(of)
    rows = first.rows
    for one in of[1:]:
        rows = np.intersect1d(rows, one.rows, assume_unique=True)
    if not len(rows):
        raise TableError(f"the reports have no row of {first.source.name} in common")
    taken = [_of_rows(one, rows) for one in of]
    classes = None if first.classes is None else _labels(taken)
    places = {label_key(label): place for place, label in enumerate(classes or ())}

    def read(answers: Any) -> NDArray[Any]:
        if classes is None:
            return np.asarray(answers, np.float64)
        return np.array([places[label_key(text)] for text in answers], np.int64)

    truth = read(taken[0].truth)
    for one in taken[1:]:
        other = read(one.truth)
        if np.any(other != truth):
            row = int(rows[np.flatnonzero(other != truth)[0]])
            raise TableError(f"{one.network} and {first.network} have different outcomes, such as in row {row:,}")
    probabilities = None
    if classes is not None:
        probabilities = np.zeros((len(of), len(rows), len(classes)))
        for place, one in enumerate(taken):
            probabilities[place][:, read(one.classes)] = one.probabilities
    known = next((one for one in of if one.cells), first)
    found = np.searchsorted(known.rows, rows).tolist()
    return Comparison(
        of=tuple(taken),
        names=_names([one.network for one in of]),
        target=first.target,
        classes=classes,
        source=first.source,
        rows=rows,
        truth=truth,
        answers=np.stack([read(one.answers) for one in taken]),
        probabilities=probabilities,
        cells={name: [column[place] for place in found] for name, column in known.cells.items()},
    )


def _check_question(of: Sequence[Answered]) -> None:
    """Raise `TableError` if targets, kinds of targets or tables differ."""
    first = of[0]
    for one in of[1:]:
        if one.target != first.target:
            target = f"'{shortened(one.target)}', and {first.network} '{shortened(first.target)}'"
            raise TableError(f"{one.network} predicts {target}")
        if (one.classes is None) != (first.classes is None):
            kinds = ["numbers" if each.classes is None else "classes" for each in (one, first)]
            raise TableError(f"{one.network} predicts {kinds[0]}, and {first.network} {kinds[1]}")
        if one.source.digest != first.source.digest:
            names = [f"{each.source.name} ({each.source.rows:,} rows)" for each in (one, first)]
            raise TableError(
                f"{one.network} has predictions for {names[0]}, and {first.network} for another table, {names[1]}"
            )


def _labels(of: Sequence[Answered]) -> tuple[str, ...]:
    """Return all classes of the networks and of the outcomes, those of the first network first."""
    labels: dict[str, str] = {}
    for label in itertools.chain(*(one.classes or () for one in of), *(one.truth for one in of)):
        labels.setdefault(label_key(label), label)
    return tuple(labels.values())


def _of_rows(one: Answered, rows: NDArray[np.int64]) -> Answered:
    """Return the predictions for some of the rows, without cells."""
    places = np.searchsorted(one.rows, rows)

    def some(values: Any) -> Any:
        return values[places] if isinstance(values, np.ndarray) else tuple(values[place] for place in places.tolist())

    return replace(
        one,
        rows=rows,
        truth=some(one.truth),
        answers=some(one.answers),
        probabilities=None if one.probabilities is None else some(one.probabilities),
        cells={},
    )


def _names(given: Sequence[str]) -> tuple[str, ...]:
    """Return names made unique by numbers, as in ``net.nr (2)``."""
    found: list[str] = []
    for name in given:
        other = (f"{name} ({number})" for number in itertools.count(2))
        found.append(name if name not in found else next(one for one in other if one not in found))
    return tuple(found)
