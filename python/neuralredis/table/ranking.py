"""Measure how well probabilities rank rows; a class that is too rare to be predicted may still be ranked well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["TOP", "Ranking", "Threshold", "auc", "cheapest", "log_loss", "rankings"]

#: Share of the rows whose precision is reported: those with the highest probability of the class.
TOP = 0.05
#: Significance level of all classes together. For many rows the actual level is an eighth of it, since the bound is
#: not sharp.
ALPHA = 0.02
#: Most distinct ranks of the test.
RANKS = 500
#: Lower limit of probabilities in the log loss, so that one prediction of 0 does not make it infinite.
LEAST = 1e-7


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """How well the probability of one class ranks the rows.

    Attributes
    ----------
    label : str
        The class.
    rows : int
        Rows of the class.
    share : float
        Their share of all rows, 0 to 1.
    auc : float
        Area under the ROC curve: probability that a row of the class has a higher score than another row, 0 to 1; 0.5
        is chance.
    by_chance : bool
        Whether the ranking is not significantly better than chance.
    top : int
        Number of rows in the 5 % with the highest probability.
    top_share : float
        Precision among these: the share that is of the class, 0 to 1.
    answered : int
        Rows of the class that are predicted correctly, by the most probable class.
    """

    label: str
    rows: int
    share: float
    auc: float
    by_chance: bool
    top: int
    top_share: float
    answered: int

    @property
    def lift(self) -> float:
        """Ratio of the class's share among the top rows to its share of all rows."""
        return self.top_share / self.share


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """The threshold of a class's probability with the lowest cost, if both kinds of errors have different costs.

    Attributes
    ----------
    label : str
        The class.
    probability : float
        The threshold: predict the class from this probability on, 0 to 1.
    cost : float
        Mean cost per row with this threshold.
    false_alarms, misses : int
        False positives and false negatives with this threshold.
    likelier, never, always : float
        Mean cost per row of predicting the more probable class, never this class, or always this class.
    """

    label: str
    probability: float
    cost: float
    false_alarms: int
    misses: int
    likelier: float
    never: float
    always: float


def cheapest(
    scores: NDArray[np.floating], positive: NDArray[np.bool_], label: str, costs: tuple[float, float]
) -> Threshold:
    """Return the threshold with the lowest cost on some rows.

    Ties go to the threshold nearest to the optimum for calibrated probabilities: C. Elkan, "The foundations of
    cost-sensitive learning", IJCAI 2001, equation 2.

    Parameters
    ----------
    scores : numpy.ndarray, shape (rows,)
        The probability of the class, of at least one row.
    positive : numpy.ndarray of bool, shape (rows,)
        Whether a row is of the class.
    label : str
        What the class is called.
    costs : tuple of two floats
        Of a false alarm and of a miss, above 0.

    Examples
    --------
    >>> found = cheapest(np.array([0.1, 0.2, 0.3, 0.6]), np.array([False, True, False, True]), "yes", (1, 10))
    >>> round(found.probability, 2), found.cost, found.false_alarms, found.misses
    (0.15, 0.25, 1, 0)
    >>> found.likelier, found.never, found.always
    (2.5, 5.0, 0.5)
    """
    alarm, missed = costs
    rows, found = len(scores), int(np.count_nonzero(positive))
    # Candidates: predict the class from each distinct score on, or never.
    values, where = np.unique(scores, return_inverse=True)
    hits = np.bincount(where.reshape(-1), weights=positive, minlength=len(values))
    others = np.bincount(where.reshape(-1), weights=~positive, minlength=len(values))
    misses = np.append(np.cumsum(hits) - hits, found)
    false_alarms = np.append(others[::-1].cumsum()[::-1], 0)
    # A threshold lies midway between two scores.
    limits = (np.append(values, 1.0) + np.append(0.0, values)) / 2
    spent = alarm * false_alarms + missed * misses
    best = np.flatnonzero(spent == spent.min())
    chosen = best[np.argmin(np.abs(limits[best] - alarm / (alarm + missed)))]
    likely = scores > 0.5
    likelier = alarm * np.count_nonzero(~positive & likely) + missed * np.count_nonzero(positive & ~likely)
    return Threshold(
        label=label,
        probability=float(limits[chosen]),
        cost=float(spent[chosen]) / rows,
        false_alarms=int(false_alarms[chosen]),
        misses=int(misses[chosen]),
        likelier=float(likelier) / rows,
        never=missed * found / rows,
        always=alarm * (rows - found) / rows,
    )


def rankings(
    probabilities: NDArray[np.floating],
    y: NDArray[np.int64],
    labels: tuple[str, ...],
    answers: NDArray[np.intp] | None = None,
) -> tuple[Ranking, ...]:
    """Return the ranking of each class against all others, the rarest class first.

    Of two classes only the rarer is returned, since the ranking of the other is its reverse. A class of no row or of
    all rows is left out.

    Parameters
    ----------
    probabilities : numpy.ndarray, shape (rows, classes)
        The probability of each class.
    y : numpy.ndarray of int64, shape (rows,)
        The true class of each row.
    labels : tuple of str
        The names of the classes.
    answers : numpy.ndarray of int, shape (rows,), optional
        The predicted class of each row; by default the most probable one.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.4, 0.6]])
    >>> (found,) = rankings(p, np.array([0, 1, 0, 1]), ("no", "yes"))
    >>> found.label, found.auc, found.by_chance
    ('yes', 0.75, True)
    """
    # A network with forged weights may return NaN.
    probabilities = np.nan_to_num(probabilities)
    counts = np.bincount(y, minlength=len(labels))
    classes = [place for place in np.argsort(counts, kind="stable").tolist() if 0 < counts[place] < len(y)]
    if len(labels) == 2:
        # Of equally common classes take the second: of no and yes it is yes.
        classes = classes[:1] if counts[0] != counts[1] else classes[-1:]
    answers = np.argmax(probabilities, axis=1) if answers is None else answers
    found = []
    for place in classes:
        scores, positive = probabilities[:, place], y == place
        top, hits = _hits(scores, positive)
        found.append(
            Ranking(
                label=labels[place],
                rows=int(counts[place]),
                share=int(counts[place]) / len(y),
                auc=auc(scores, positive),
                by_chance=_chance(scores, positive) > ALPHA / len(classes),
                top=top,
                top_share=hits / top,
                answered=int(np.count_nonzero(positive & (answers == place))),
            )
        )
    return tuple(found)


def auc(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve, 0 to 1: probability that a positive row has a higher score than another row.

    Ties count as half. At least one row must be positive, and one negative. It is computed from ranks: J. A. Hanley,
    B. J. McNeil, "The meaning and use of the area under a receiver operating characteristic (ROC) curve", Radiology
    143, 1982.

    Examples
    --------
    >>> auc(np.array([0.1, 0.2, 0.2, 0.3]), np.array([False, True, False, True]))
    0.875
    """
    rows, found = len(scores), int(np.count_nonzero(positive))
    # The Mann-Whitney U statistic over its maximum.
    return float((_ranks(scores)[positive].sum() - found * (found + 1) / 2) / (found * (rows - found)))


def log_loss(probabilities: NDArray[np.floating], y: NDArray[np.int64]) -> tuple[float, float]:
    """Return the log loss, and its baseline with each class's share of the rows as its probability.

    The log loss is the mean of -log(probability of the true class).

    Parameters
    ----------
    probabilities : numpy.ndarray, shape (rows, classes)
        The probability of each class.
    y : numpy.ndarray of int64, shape (rows,)
        The true class of each row, of at least one row.

    Returns
    -------
    loss, baseline : float
        In nats, 0 or more; lower is better.

    Examples
    --------
    >>> loss, baseline = log_loss(np.array([[0.75, 0.25], [0.25, 0.75]]), np.array([0, 1]))
    >>> round(loss, 4), round(baseline, 4)
    (0.2877, 0.6931)
    """
    given = np.clip(np.nan_to_num(probabilities[np.arange(len(y)), y].astype(np.float64)), LEAST, 1)
    shares = np.bincount(y) / len(y)
    shares = shares[shares > 0]
    return float(-np.mean(np.log(given))), float(-np.sum(shares * np.log(shares))) + 0.0


def _ranks(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the rank of each score, 1 for the lowest; ties share the mean of their ranks."""
    _, where, ties = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = np.cumsum(ties) - (ties - 1) / 2
    return np.asarray(ranks[where.reshape(-1)], np.float64)


def _chance(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> float:
    """Return an upper bound of the p-value of a ranking: that chance ranks the positive rows as high, or higher.

    Under the null hypothesis the ranks of the positive rows (or of the others, if these are fewer) are drawn at random
    from all ranks. Their mean is the Mann-Whitney statistic; its normal approximation is wrong by a factor of 20 for
    few rows with ties. Chernoff's bound always holds, also for draws without replacement: W. Hoeffding, "Probability
    inequalities for sums of bounded random variables", Journal of the American Statistical Association 58, 1963,
    section 6.
    """
    # Rounding to `RANKS` distinct ranks limits the work.
    ranks = _ranks(np.ceil(_ranks(scores) * RANKS / len(scores))) / len(scores)
    if 2 * np.count_nonzero(positive) > len(ranks):
        ranks, positive = 1 - ranks, ~positive
    mean = float(ranks[positive].mean())
    values, counts = np.unique(ranks, return_counts=True)
    if mean <= float(ranks.mean()):
        return 1.0
    # The bound holds for each tilt; the farther the ranks are from chance, the larger is the best tilt.
    tilts = np.geomspace(0.1, 100 * RANKS, 200)[:, None]
    logs = np.log(np.exp(tilts * (values - values[-1])) @ (counts / len(ranks))) + tilts[:, 0] * (values[-1] - mean)
    return float(np.exp(np.count_nonzero(positive) * min(logs.min(), 0.0)))


def _hits(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> tuple[int, float]:
    """Return the number of top rows, and how many of them are positive.

    Rows with the same score at the limit count in part, so that the order of the rows does not matter.
    """
    top = max(round(TOP * len(scores)), 1)
    limit = np.partition(scores, len(scores) - top)[len(scores) - top]
    above, at = scores > limit, scores == limit
    part = (top - np.count_nonzero(above)) / np.count_nonzero(at)
    return top, float(np.count_nonzero(positive & above) + part * np.count_nonzero(positive & at))
