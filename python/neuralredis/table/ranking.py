"""How well probabilities rank rows. A class that is too rare to be the answer may still be ranked well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["TOP", "Ranking", "Threshold", "auc", "cheapest", "log_loss", "rankings"]

#: Share of the rows that are looked at first: those that are most likely to be of the class.
TOP = 0.05
#: Probability, over all classes together, that noise is taken for more than chance, at most. For many rows it is an
#: eighth of that, since the bound is not sharp.
ALPHA = 0.02
#: Different ranks that the test takes at most.
RANKS = 500
#: Probabilities of 0 count as this, so that one wrong answer does not make the whole log loss infinite.
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
        These as a share of all rows, 0 to 1.
    auc : float
        Area under the ROC curve: how often a row of the class has a higher probability of it than another row has, 0 to
        1; 0.5 is chance.
    by_chance : bool
        Whether chance alone may have ranked the rows that well.
    top : int
        How many rows the most likely 5 % are.
    top_share : float
        The share of these that is of the class, 0 to 1.
    answered : int
        Rows of the class of which it is the answer, being the most likely class.
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
        """How many times as common the class is among the most likely rows as among all."""
        return self.top_share / self.share


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """From which probability on to answer with a class, if mistakes about it do not all cost the same.

    Attributes
    ----------
    label : str
        The class.
    probability : float
        The probability from which on to answer with it, 0 to 1.
    cost : float
        What that would have cost a row, in the mean of these rows.
    false_alarms, misses : int
        Rows of other classes that are taken for it, and its rows that are not.
    likelier, never, always : float
        What it would have cost a row to answer with the likelier class, never with this one, or always.
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
    """Return the threshold that would have cost least on some rows.

    Of those that cost the same it is the one nearest to where a false alarm and a miss are as costly if probabilities
    are right: C. Elkan, "The foundations of cost-sensitive learning", IJCAI 2001, equation 2.

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
    # From each different score on there is an alarm, or there is none at all.
    values, where = np.unique(scores, return_inverse=True)
    hits = np.bincount(where.reshape(-1), weights=positive, minlength=len(values))
    others = np.bincount(where.reshape(-1), weights=~positive, minlength=len(values))
    misses = np.append(np.cumsum(hits) - hits, found)
    false_alarms = np.append(others[::-1].cumsum()[::-1], 0)
    # Midway to the score below.
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
    """Return how well each class is ranked against all others, the rarest class first.

    Two classes are ranked alike, one in the reverse order of the other, so that of two only the rarer is returned. A
    class that none or all of the rows have cannot be ranked.

    Parameters
    ----------
    probabilities : numpy.ndarray, shape (rows, classes)
        The probability of each class.
    y : numpy.ndarray of int64, shape (rows,)
        The right class of each row.
    labels : tuple of str
        What the classes are called.
    answers : numpy.ndarray of int, shape (rows,), optional
        The class that is answered, if it is not the most probable one.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.4, 0.6]])
    >>> (found,) = rankings(p, np.array([0, 1, 0, 1]), ("no", "yes"))
    >>> found.label, found.auc, found.by_chance
    ('yes', 0.75, True)
    """
    # A network of forged weights may answer NaN.
    probabilities = np.nan_to_num(probabilities)
    counts = np.bincount(y, minlength=len(labels))
    classes = [place for place in np.argsort(counts, kind="stable").tolist() if 0 < counts[place] < len(y)]
    if len(labels) == 2:
        # Of equally common classes the second, which of yes and no is yes.
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
    """Return the area under the ROC curve, 0 to 1: how often a positive row has a higher score than another row.

    Equal scores count as half. There has to be at least one row of either kind. It follows from the ranks: J. A.
    Hanley, B. J. McNeil, "The meaning and use of the area under a receiver operating characteristic (ROC) curve",
    Radiology 143, 1982.

    Examples
    --------
    >>> auc(np.array([0.1, 0.2, 0.2, 0.3]), np.array([False, True, False, True]))
    0.875
    """
    rows, found = len(scores), int(np.count_nonzero(positive))
    # The mean rank of the positive rows above that of the lowest places there are for them.
    return float((_ranks(scores)[positive].sum() - found * (found + 1) / 2) / (found * (rows - found)))


def log_loss(probabilities: NDArray[np.floating], y: NDArray[np.int64]) -> tuple[float, float]:
    """Return the log loss, and that of the share of each class as its probability.

    It is the mean of -log(probability of the right class).

    Parameters
    ----------
    probabilities : numpy.ndarray, shape (rows, classes)
        The probability of each class.
    y : numpy.ndarray of int64, shape (rows,)
        The right class of each row, of at least one row.

    Returns
    -------
    loss, baseline : float
        In nats, 0 or more; less is better.

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
    """Return the rank of each score, from 1 for the lowest; equal scores have the mean of their ranks."""
    _, where, ties = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = np.cumsum(ties) - (ties - 1) / 2
    return np.asarray(ranks[where.reshape(-1)], np.float64)


def _chance(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> float:
    """Return an upper bound of the probability that chance ranks the positive rows as high as they are, or higher.

    Chance draws the ranks of the positive rows (or of the others, if these are fewer) from those of all rows. Their
    mean is the statistic of Mann and Whitney, but its normal approximation is wrong by a factor of 20 where rows are
    few and scores are equal. Chernoff's bound always holds, and holds for draws without replacement too: W. Hoeffding,
    "Probability inequalities for sums of bounded random variables", Journal of the American Statistical Association
    58, 1963, section 6.
    """
    # So many different ranks are enough, and bound the work.
    ranks = _ranks(np.ceil(_ranks(scores) * RANKS / len(scores))) / len(scores)
    if 2 * np.count_nonzero(positive) > len(ranks):
        ranks, positive = 1 - ranks, ~positive
    mean = float(ranks[positive].mean())
    values, counts = np.unique(ranks, return_counts=True)
    if mean <= float(ranks.mean()):
        return 1.0
    # The bound holds for each tilt. The best one is the larger, the farther the ranks are from chance.
    tilts = np.geomspace(0.1, 100 * RANKS, 200)[:, None]
    logs = np.log(np.exp(tilts * (values - values[-1])) @ (counts / len(ranks))) + tilts[:, 0] * (values[-1] - mean)
    return float(np.exp(np.count_nonzero(positive) * min(logs.min(), 0.0)))


def _hits(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> tuple[int, float]:
    """Return how many rows the most likely are, and how many of them are positive.

    Of rows with the same score at the limit each counts in part, so that the order of the rows does not matter.
    """
    top = max(round(TOP * len(scores)), 1)
    limit = np.partition(scores, len(scores) - top)[len(scores) - top]
    above, at = scores > limit, scores == limit
    part = (top - np.count_nonzero(above)) / np.count_nonzero(at)
    return top, float(np.count_nonzero(positive & above) + part * np.count_nonzero(positive & at))
