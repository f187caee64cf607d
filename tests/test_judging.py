"""Metrics of evaluations: accuracy, ranking by probabilities, and importance of columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest, hypergeom, mannwhitneyu
from sklearn.metrics import balanced_accuracy_score, log_loss, roc_auc_score

import neuralredis as nr
from neuralredis.statistics import wilson
from neuralredis.table import judging, ranking
from neuralredis.table.known import Known, of_fields


def rows_of(X: np.ndarray) -> dict[str, Any]:
    return {f"x{place}": column for place, column in enumerate(X.T)}


def trained(X: np.ndarray, y: np.ndarray, labels: tuple[str, ...], **options: Any) -> Known:
    fields = dict.fromkeys(rows_of(X), "number")
    net = nr.Network(
        "classifier", fields=fields, target="y", classes=labels, hidden=[10], dataset=len(X), test=0, seed=1, **options
    )
    net.observe(rows_of(X), [labels[place] for place in y])
    net.train(max_cycles=30)
    return of_fields(net)


@pytest.mark.parametrize("digits", [1, 2, 7])
def test_auc_and_log_loss_match_scikit_learn(digits: int) -> None:
    rng = np.random.default_rng(digits)
    for _ in range(50):
        y = rng.permutation(np.arange(rng.integers(3, 200)) % rng.integers(2, 4))
        scores = np.round(rng.random(len(y)), digits).astype(np.float32)
        assert ranking.auc(scores, y == 0) == pytest.approx(roc_auc_score(y == 0, scores))
        p = rng.dirichlet(np.ones(y.max() + 1), len(y))
        loss, baseline = ranking.log_loss(p, y)
        assert loss == pytest.approx(log_loss(y, p))
        shares = np.bincount(y) / len(y)
        assert baseline == pytest.approx(log_loss(y, np.tile(shares, (len(y), 1))))


def test_p_value_of_a_ranking_is_never_too_small() -> None:
    rng = np.random.default_rng(2)
    for _ in range(100):
        rows = int(rng.integers(4, 60))
        positive = rng.permutation(np.arange(rows) < rng.integers(1, rows))
        scores = rng.random(rows) + 0.5 * positive
        exact = mannwhitneyu(scores[positive], scores[~positive], alternative="greater", method="exact").pvalue
        assert ranking._chance(scores, positive) >= exact
        # Two distinct scores only, as with a single yes/no column.
        high = scores > np.median(scores)
        if high.any() and not high.all():
            hits = np.count_nonzero(high & positive)
            exact = hypergeom.sf(hits - 1, rows, np.count_nonzero(high), np.count_nonzero(positive))
            assert ranking._chance(high * 1.0, positive) >= exact - 1e-9


def test_good_ranking_of_few_rows_is_significant_and_noise_is_not() -> None:
    rng = np.random.default_rng(3)
    positive = np.arange(4000) < 33
    p = rng.normal(size=4000) + 1.2 * positive
    (found,) = ranking.rankings(np.column_stack([-p, p]), positive.astype(np.int64), ("no", "yes"))
    assert (found.label, found.rows, found.top, found.by_chance) == ("yes", 33, 200, False)
    assert found.top_share == np.count_nonzero(positive[np.argsort(-p)[:200]]) / 200
    assert found.lift == pytest.approx(found.top_share / (33 / 4000))
    called = 0
    for _ in range(300):
        noise = rng.random((200, 3))
        called += any(not found.by_chance for found in ranking.rankings(noise, np.arange(200) % 3, ("a", "b", "c")))
    assert called <= 300 * ranking.ALPHA


def test_order_of_tied_rows_does_not_change_a_ranking() -> None:
    y = np.array([1, 1, 0, 0, 0, 0] * 20)
    p = np.full((120, 2), 0.5)
    forward, backward = (ranking.rankings(p, rows, ("no", "yes"))[0] for rows in (np.sort(y), np.sort(y)[::-1]))
    assert forward == backward
    assert (forward.auc, forward.lift, forward.by_chance) == (0.5, pytest.approx(1.0), True)


def test_classes_that_cannot_be_ranked_are_left_out() -> None:
    p = np.full((4, 3), 1 / 3)
    assert ranking.rankings(p, np.array([1, 1, 1, 1]), ("a", "b", "c")) == ()
    assert [found.label for found in ranking.rankings(p, np.array([1, 2, 2, 2]), ("a", "b", "c"))] == ["b", "c"]
    assert ranking.rankings(np.full((2, 2), np.nan), np.array([0, 1]), ("a", "b"))[0].auc == 0.5


def test_rare_class_that_is_only_ranked_is_better_than_guessing() -> None:
    rng = np.random.default_rng(4)
    X = rng.normal(size=(6000, 3)).astype(np.float32)
    y = (X[:, 1] + rng.normal(size=6000) > 3.4).astype(np.int64)
    net = trained(X[:3000], y[:3000], ("no", "yes"))
    found = judging.judge(net, rows_of(X[3000:]), y[3000:])
    assert not found.answers_alone
    assert found.verdict.startswith(
        "Better than chance at ranking rows by the probability of yes (statistically significant)."
    )
    assert found.auc == pytest.approx(roc_auc_score(y[3000:], net.run(rows_of(X[3000:]))[:, 1]))
    assert found.log_loss < found.log_loss_baseline
    importance = judging.importance(net, rows_of(X[3000:]), y[3000:], 0, by_ranking=found.by_ranking)
    assert next(iter(importance)) == "x1"
    assert importance["x1"] > 0.2 > 10 * max(importance["x0"], importance["x2"])


def test_noise_with_a_rare_class_is_no_better_than_guessing() -> None:
    rng = np.random.default_rng(5)
    X = rng.normal(size=(4000, 3)).astype(np.float32)
    y = (rng.random(4000) < 0.02).astype(np.int64)
    for options, always in (({}, "always predicting no"), ({"class_weight": "balanced"}, "guessing")):
        net = trained(X[:2000], y[:2000], ("no", "yes"), **options)
        verdict = judging.judge(net, rows_of(X[2000:]), y[2000:]).verdict
        assert not verdict.startswith("Better")
        assert always in verdict


def test_balanced_network_is_judged_by_balanced_accuracy() -> None:
    rng = np.random.default_rng(6)
    X = rng.normal(size=(6000, 3)).astype(np.float32)
    y = (X[:, 1] + rng.normal(size=6000) > 3).astype(np.int64)
    net = trained(X[:3000], y[:3000], ("no", "yes"), class_weight="balanced")
    found = judging.judge(net, rows_of(X[3000:]), y[3000:])
    balanced = found.balanced
    assert balanced is not None
    answers = net.run(rows_of(X[3000:])).argmax(axis=1)
    assert balanced.accuracy == pytest.approx(balanced_accuracy_score(y[3000:], answers))
    assert 0.5 == balanced.chance < balanced.low < balanced.accuracy < balanced.high <= 1
    assert found.verdict == "Better than guessing in balanced accuracy (statistically significant)."
    net = trained(X[:3000], y[:3000], ("no", "yes"))
    assert judging.judge(net, rows_of(X[3000:]), y[3000:]).balanced is None


def test_network_with_a_threshold_is_judged_by_its_predicted_classes() -> None:
    rng = np.random.default_rng(6)
    X = rng.normal(size=(4000, 3)).astype(np.float32)
    y = (X[:, 1] + rng.normal(size=4000) > 2.5).astype(np.int64)
    net = trained(X[:2000], y[:2000], ("no", "yes"))
    rows, truth = rows_of(X[2000:]), y[2000:]
    (before,) = judging.judge(net, rows, truth).rankings
    share = float(y.mean())
    net.network.configure(threshold=share)
    found = judging.judge(net, rows, truth)
    answers = net.run(rows)[:, 1] >= np.float32(share)
    assert found.balanced is not None
    assert found.balanced.accuracy == pytest.approx(balanced_accuracy_score(truth, answers))
    assert found.evaluation.accuracy == pytest.approx(np.mean(answers == truth))
    (ranked,) = found.rankings
    assert (ranked.auc, ranked.answered) == (before.auc, np.count_nonzero(answers & (truth == 1)))
    assert ranked.answered > before.answered


def test_each_of_several_rare_classes_is_ranked() -> None:
    rng = np.random.default_rng(7)
    X = rng.normal(size=(8000, 3)).astype(np.float32)
    noisy = X + rng.normal(size=X.shape)
    y = np.where(noisy[:, 0] > 3.2, 1, np.where(noisy[:, 1] > 3.2, 2, 0))
    net = trained(X[:4000], y[:4000], ("fine", "jam", "leak"))
    found = judging.judge(net, rows_of(X[4000:]), y[4000:])
    assert {ranked.label for ranked in found.telling} == {"jam", "leak"}
    assert found.auc == pytest.approx(roc_auc_score(y[4000:], net.run(rows_of(X[4000:])), multi_class="ovr"), abs=1e-6)
    assert set(found.verdict.split()) & {"jam", "leak"}


def test_balanced_classes_are_judged_by_accuracy() -> None:
    rng = np.random.default_rng(8)
    X = rng.normal(size=(600, 2)).astype(np.float32)
    y = (X[:, 0] > 0).astype(np.int64)
    net = trained(X[:300], y[:300], ("no", "yes"))
    found = judging.judge(net, rows_of(X[300:]), y[300:])
    assert found.verdict.startswith("Better than always predicting")
    assert (found.telling, found.by_ranking, found.balanced) == ((), False, None)


def test_importance_does_not_depend_on_the_order_of_rows() -> None:
    rng = np.random.default_rng(9)
    X = rng.normal(size=(9000, 2)).astype(np.float32)
    y = (X[:, 0] + rng.normal(size=9000) > 3.6).astype(np.int64)
    net = trained(X[:3000], y[:3000], ("no", "yes"))
    order = np.argsort(y[3000:], kind="stable")
    importance = judging.importance(net, rows_of(X[3000:][order]), y[3000:][order], 0, by_ranking=True)
    assert importance["x0"] > 0.2 > 5 * abs(importance["x1"])


def test_wilson_interval_matches_scipy() -> None:
    rights, rows = [0, 1, 7, 10, 400], [10, 10, 10, 10, 1000]
    low, high = wilson(np.divide(rights, rows), rows)
    for place, (right, of) in enumerate(zip(rights, rows, strict=True)):
        expected = binomtest(right, of).proportion_ci(0.95, "wilson")
        # The quantile of the normal distribution is rounded to two decimals, as is usual.
        assert (low[place], high[place]) == pytest.approx((expected.low, expected.high), abs=1e-5)
