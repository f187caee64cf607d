"""Paired tests and intervals that compare two networks, against published values and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from neuralredis.paired import holm, mcnemar, mean_interval, paired_t, share_difference, student_tail

#: Hours of sleep that ten patients gained by two drugs: Student, Biometrika 6, 1908.
SLEEP = [[0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0], [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]]


def test_paired_t_matches_published_values_of_student() -> None:
    assert paired_t(np.subtract(*SLEEP)) == pytest.approx(0.002833, abs=5e-7)


def test_mcnemar_matches_a_published_example() -> None:
    # A. Agresti, "Categorical data analysis", 1990: of 1600 voters 150 changed to disapproval, and 86 to approval.
    assert mcnemar(86, 150) == pytest.approx(3.716e-5, rel=1e-3)
    difference, low, high = share_difference(86, 150, 1600)
    assert (difference, low, high) == pytest.approx((0.04, 0.0214, 0.0586), abs=2e-4)


@pytest.mark.parametrize(("first", "second"), [(0, 1), (0, 6), (3, 9), (40, 60), (9, 3), (5000, 5200), (1, 100_000)])
def test_mcnemar_equals_the_binomial_test_of_disagreements(first: int, second: int) -> None:
    expected = stats.binomtest(first, first + second).pvalue
    assert mcnemar(first, second) == pytest.approx(expected, rel=1e-8, abs=1e-300)


def test_networks_correct_on_the_same_rows_do_not_differ() -> None:
    assert mcnemar(0, 0) == mcnemar(7, 7) == 1
    assert paired_t(np.zeros(5)) == 1
    assert paired_t([0.3]) == 1, "one row is no evidence"
    difference, low, high = share_difference(0, 0, 10)
    assert low < difference == 0 < high


def test_constant_difference_is_significant() -> None:
    assert paired_t([0.5, 0.5, 0.5]) == 0


@pytest.mark.parametrize("freedom", [1, 2, 3, 10, 99, 5000, 1_000_000])
@pytest.mark.parametrize("t", [0.0, 0.01, -1.0, 1.96, 4.0, 60.0])
def test_student_distribution_matches_scipy(t: float, freedom: int) -> None:
    assert student_tail(t, freedom) == pytest.approx(2 * stats.t.sf(abs(t), freedom), rel=1e-8, abs=1e-250)


@pytest.mark.parametrize("rows", [2, 3, 30, 1000])
def test_intervals_of_means_match_scipy(rows: int) -> None:
    values = np.random.default_rng(rows).exponential(size=rows)
    mean, low, high = mean_interval(values)
    expected = stats.t.interval(0.95, rows - 1, values.mean(), stats.sem(values))
    assert (mean, low, high) == pytest.approx((values.mean(), *expected), rel=1e-6)


def test_interval_of_one_value_is_undefined() -> None:
    mean, low, high = mean_interval([2.0])
    assert mean == 2
    assert np.isnan([low, high]).all()


def test_holm_correction_matches_r() -> None:
    assert holm([0.01, 0.02, 0.03, 0.04]) == pytest.approx([0.04, 0.06, 0.06, 0.06])
    assert holm([0.9, 0.001, 0.8]) == pytest.approx([1, 0.003, 1])
    assert holm([]) == []


def test_interval_of_a_difference_covers_the_true_value_in_95_percent() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(2000):
        # Both classify 60 % of the rows correctly, only the first 10 %, only the second 20 %.
        _, first, second, _ = rng.multinomial(150, [0.6, 0.1, 0.2, 0.1])
        _, low, high = share_difference(int(first), int(second), 150)
        covered += low <= 0.1 <= high
    assert 0.93 < covered / 2000 < 0.97
