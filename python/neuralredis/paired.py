"""Tests and intervals of the difference between two networks on the same rows."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["holm", "mcnemar", "mean_interval", "paired_t", "share_difference", "student_tail"]

#: Standard deviations within which 95 % of a normal distribution lie.
NORMAL_95 = 1.96
#: Most steps of a continued fraction, and the relative change at which it has converged.
MOST_STEPS, CONVERGED = 300, 1e-15


def mcnemar(first: int, second: int) -> float:
    """Return the p-value of McNemar's exact test, two-sided, 0 to 1.

    Rows that both networks get right, or both get wrong, do not count. Under the null hypothesis each remaining row is
    equally likely to be classified correctly by either network.

    Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 12, 1947; for classifiers T. G. Dietterich, "Approximate statistical tests for comparing supervised
    classification learning algorithms", Neural Computation 10, 1998.

    Parameters
    ----------
    first, second : int
        Rows that only the first network classifies correctly, and that only the second does.

    Examples
    --------
    >>> round(mcnemar(1, 9), 4), mcnemar(4, 4), mcnemar(0, 0)
    (0.0215, 1.0, 1.0)
    """
    rows, fewer = first + second, min(first, second)
    if first == second:
        return 1.0
    # Logarithms of the terms of the binomial distribution, from the ratio of successive terms.
    places = np.arange(1, fewer + 1)
    terms = np.concatenate([[0.0], np.cumsum(np.log((rows - places + 1) / places))]) - rows * math.log(2)
    return min(1.0, 2 * float(np.exp(terms).sum()))


def share_difference(first: int, second: int, rows: int) -> tuple[float, float, float]:
    """Return the difference of two accuracies, second minus first, and both ends of its 95 % interval.

    A. Agresti, Y. Min, "Simple improved confidence intervals for comparing matched proportions", Statistics in Medicine
    24, 2005.

    Parameters
    ----------
    first, second : int
        Rows that only the first network classifies correctly, and that only the second does.
    rows : int
        Number of all rows.

    Examples
    --------
    >>> [round(float(value), 3) for value in share_difference(5, 14, 178)]
    [0.051, 0.002, 0.098]
    """
    a, b, n = first + 0.5, second + 0.5, rows + 2
    middle = (b - a) / n
    half = NORMAL_95 * math.sqrt(max(a + b - (b - a) ** 2 / n, 0.0)) / n
    return (second - first) / rows, max(middle - half, -1.0), min(middle + half, 1.0)


def paired_t(differences: ArrayLike) -> float:
    """Return the p-value of Student's paired t-test, two-sided, 0 to 1.

    Student, "The probable error of a mean", Biometrika 6, 1908; for the errors of two forecasts F. X. Diebold, R. S.
    Mariano, "Comparing predictive accuracy", Journal of Business & Economic Statistics 13, 1995, here for independent
    rows.

    Parameters
    ----------
    differences : array_like of float, shape (rows,)
        The difference of the two networks' errors in each row.

    Returns
    -------
    float
        The p-value; 1 for fewer than two rows, and if no row differs.

    Examples
    --------
    >>> round(paired_t([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]), 4)
    0.2176
    """
    values = np.asarray(differences, np.float64)
    if len(values) < 2 or not np.any(values):
        return 1.0
    error = _standard_error(values)
    return 0.0 if error == 0 else student_tail(float(values.mean()) / error, len(values) - 1)


def mean_interval(values: ArrayLike) -> tuple[float, float, float]:
    """Return the mean of some values and both ends of its 95 % interval, by Student's t-distribution.

    For a single value the ends are NaN.

    Examples
    --------
    >>> [round(float(value), 3) for value in mean_interval([1.0, 2.0, 3.0, 4.0])]
    [2.5, 0.446, 4.554]
    """
    given = np.asarray(values, np.float64)
    mean = float(given.mean())
    if len(given) < 2:
        return mean, math.nan, math.nan
    half = _student_95(len(given) - 1) * _standard_error(given)
    return mean, mean - half, mean + half


def holm(values: Sequence[float]) -> list[float]:
    """Return p-values corrected for multiple comparisons, which controls the family-wise error rate.

    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    found, least = [0.0] * len(values), 0.0
    for done, place in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        least = max(least, min(1.0, (len(values) - done) * values[place]))
        found[place] = least
    return found


def student_tail(t: float, freedom: int) -> float:
    """Return the two-sided tail probability of Student's t-distribution, P(|T| >= |t|).

    Examples
    --------
    >>> round(student_tail(2.228, 10), 4)
    0.05
    """
    return _beta(freedom / (freedom + t * t), freedom / 2, 0.5)


def _student_95(freedom: int) -> float:
    """Return the 97.5 % quantile of Student's t-distribution, by bisection."""
    # The largest, with one degree of freedom, is 12.7.
    low, high = 0.0, 16.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if student_tail(middle, freedom) > 0.05 else (low, middle)
    return high


def _standard_error(values: NDArray[np.float64]) -> float:
    return float(values.std(ddof=1)) / math.sqrt(len(values))


def _beta(x: float, a: float, b: float) -> float:
    """Return the regularized incomplete beta function: its continued fraction (NIST, DLMF 8.17.22)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    # The fraction converges fast for small x only; use the symmetry for large x.
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(1 - x, b, a)
    log_front = a * math.log(x) + b * math.log1p(-x) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return math.exp(log_front) / a * _fraction(x, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    """Return the continued fraction of the incomplete beta function, by Lentz's algorithm."""
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, MOST_STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / (1 + term * d)
            c = 1 + term / c
            value *= c * d
        if abs(c * d - 1) < CONVERGED:
            break
    return value
