"""Intervals and sets of classes contain the outcome as often as requested, embedded and in a server."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neuralredis as nr


def sums(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of two numbers, and their sum with noise."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-2, 2, (rows, 2)).astype(np.float32)
    return X, (X.sum(axis=1) + rng.normal(0, 0.3, rows)).astype(np.float32)


def groups(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of three classes that overlap."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, rows)
    return (rng.normal(0, 1, (rows, 2)) + np.stack([y, y % 2], 1)).astype(np.float32), y


def regressor(create: Callable[..., Any], test: int = 100, **training: Any) -> Any:
    net = create("regressor", [2, 6, 1], normalize=True, dataset=200, test=test, seed=3)
    net.observe(*sums(200, 1), into="train")
    if test:
        net.observe(*sums(test, 2), into="test")
    net.train(max_cycles=60, max_time=None, **training)
    return net


def classifier(create: Callable[..., Any], test: int = 100, **training: Any) -> Any:
    net = create("classifier", [2, 6, 3], normalize=True, dataset=200, test=test, seed=3)
    net.observe(*groups(200, 1), into="train")
    net.observe(*groups(test, 2), into="test")
    net.train(max_cycles=60, max_time=None, **training)
    return net


def rank(rows: int, percent: int, decided: bool = False) -> int:
    """Return the rank of the score that is the quantile, computed with integers."""
    least = -(-(rows + 1) * percent // 100)
    return least + (math.isqrt(rows * 25 - 1) // 25 + 1 if decided and rows else 0)


@pytest.mark.parametrize("percent", [80, 90, 95])
def test_intervals_and_sets_cover_fresh_rows_at_the_requested_level(percent: int) -> None:
    shares = {"interval": [], "set": []}  # type: dict[str, list[float]]
    given, fresh = 500, 4000
    net, sorter = regressor(nr.Network, autostop=True), classifier(nr.Network, autostop=True)
    for seed in range(8):
        net.calibrate(*sums(given, 100 + seed))
        sorter.calibrate(*groups(given, 100 + seed))
        X, y = sums(fresh, 200 + seed)
        _, low, high = net.interval(X, percent / 100)
        shares["interval"].append(float(np.mean((low[:, 0] <= y) & (y <= high[:, 0]))))
        X, y = groups(fresh, 200 + seed)
        found = sorter.class_set(X, percent / 100)
        shares["set"].append(float(np.mean([label in labels for label, labels in zip(y, found, strict=True)])))
    level = percent / 100
    # The share of fresh rows in the intervals follows a beta distribution around the level, in one run and in 8.
    spread = math.sqrt(level * (1 - level) * (1 / given + 1 / fresh))
    for found_shares in shares.values():
        assert all(abs(share - level) < 4 * spread for share in found_shares), shares
        assert abs(np.mean(found_shares) - level) < 3 * spread / math.sqrt(8), shares


@pytest.mark.parametrize("decided", [False, True])
@pytest.mark.parametrize("percent", [50, 80, 90, 95])
def test_bounds_are_the_prediction_plus_and_minus_a_quantile(
    create: Callable[..., Any], percent: int, decided: bool
) -> None:
    net = regressor(create, autostop=decided)
    assert net.info().test_error_optimistic == decided
    X, y = net.rows("test")
    scores = np.sort(np.abs(y.astype(float) - net.run(X)[:, 0].astype(float)))
    distance = scores[rank(len(y), percent, decided) - 1]
    value, low, high = net.interval(X[:7], percent / 100)
    assert np.array_equal(value, net.run(X[:7]))
    assert value.shape == low.shape == high.shape == (7, 1)
    assert value.dtype == low.dtype == high.dtype == np.float32
    assert np.array_equal(low, (value.astype(float) - distance).astype(np.float32))
    assert np.array_equal(high, (value.astype(float) + distance).astype(np.float32))


@pytest.mark.parametrize("decided", [False, True])
@pytest.mark.parametrize("percent", [50, 80, 90, 95])
def test_sets_contain_the_classes_above_the_quantile(create: Callable[..., Any], percent: int, decided: bool) -> None:
    net = classifier(create, autostop=decided)
    X, y = net.rows("test")
    outputs = net.run(X).astype(float)
    quantile = np.sort(1 - outputs[np.arange(len(y)), y])[rank(len(y), percent, decided) - 1]
    for row, labels in zip(outputs, net.class_set(X, percent / 100), strict=True):
        best_first = [int(label) for label in np.argsort(-row, kind="stable")]
        assert labels == ([label for label in best_first if 1 - row[label] <= quantile] or best_first[:1])


def test_single_row_has_the_same_interval_as_in_a_batch(create: Callable[..., Any]) -> None:
    net = create("regressor", [2, 4, 2], dataset=10, test=40, seed=1)
    X, y = sums(40, 1)
    net.observe(X, np.stack([y, -3 * y], 1), into="test")
    many = net.interval(X[:3], 0.8)
    assert many.value.shape == (3, 2)
    for which in range(3):
        one = net.interval(X[which], 0.8)
        listed = net.interval(X[which : which + 1], 0.8)
        assert [part.tolist() for part in one] == [part[which].tolist() for part in many]
        assert [part.tolist() for part in listed] == [part[which : which + 1].tolist() for part in many]
    widths = many.high - many.low
    assert (widths[:, 1] > widths[:, 0]).all(), "each output has its own interval"
    assert [part.shape for part in net.interval(X[:0])] == [(0, 2)] * 3
    sorter = classifier(create)
    X, _ = groups(5, 9)
    assert [sorter.class_set(row) for row in X] == sorter.class_set(X)
    assert sorter.class_set(X[:1]) == [sorter.class_set(X[0])]
    assert sorter.class_set(X[:0]) == []
    assert all(type(label) is int for label in sorter.class_set(X[0]))


def test_given_calibration_is_used_until_the_next_training(create: Callable[..., Any]) -> None:
    net = regressor(create, autostop=True)
    X, y = sums(300, 7)
    by_test = net.interval(X, 0.9)
    assert net.calibrate(X, y) == 300
    scores = np.sort(np.abs(y.astype(float) - net.run(X)[:, 0].astype(float)))
    value, _, high = net.interval(X, 0.9)
    expected = (value.astype(float) + scores[rank(300, 90) - 1]).astype(np.float32)
    assert np.array_equal(high, expected)
    net.observe(X, y)
    assert np.array_equal(net.interval(X, 0.9).high, expected), "later rows change nothing"
    net.train(max_cycles=1)
    assert not np.array_equal(net.interval(X, 0.9).high, expected)
    assert not np.array_equal(by_test.high, expected)


def test_new_validation_rows_change_intervals_immediately(create: Callable[..., Any]) -> None:
    net = create("regressor", [1, 1], dataset=10, test=100, seed=1)
    net.observe(np.zeros((20, 1)), np.zeros(20), into="test")
    before = net.interval([0], 0.9)
    net.observe(np.zeros((20, 1)), np.full(20, 50.0), into="test")
    after = net.interval([0], 0.9)
    assert after.value == before.value
    assert (after.high - after.low)[0] > 90 > (before.high - before.low)[0]


def test_too_few_rows_are_rejected_with_the_number_needed(create: Callable[..., Any]) -> None:
    for rows, level, needed in [(0, 0.9, 9), (8, 0.9, 9), (18, 0.95, 19), (98, 0.99, 99)]:
        net = regressor(create, test=rows)
        with pytest.raises(
            nr.TrainingError, match=f"^{rows} validation rows for {level * 100:g} %: expected at least {needed}$"
        ):
            net.interval([0, 0], level)
    net = regressor(create, test=19, autostop=True)
    with pytest.raises(nr.TrainingError, match=r"^19 validation rows for 95 %: expected at least 59$"):
        net.interval([0, 0], 0.95)
    net.calibrate(*sums(18, 1))
    with pytest.raises(nr.TrainingError, match=r"^18 rows to calibrate by for 95 %: expected at least 19$"):
        net.interval([0, 0], 0.95)
    with pytest.raises(
        nr.TrainingError, match=r"^18 rows .* expected a lower level, since 10000 rows at most are looked at$"
    ):
        net.interval([0, 0], 0.999999)
    sorter = classifier(create, test=18)
    with pytest.raises(nr.TrainingError, match=r"^18 validation rows for 95 %: expected at least 19$"):
        sorter.class_set([0, 0], 0.95)
    assert sorter.class_set([0, 0], 0.9)


def test_invalid_values_are_rejected(create: Callable[..., Any]) -> None:
    net, sorter = regressor(create, 20), classifier(create, 20)
    for level in (0, 1, -0.5, 1.5, 90, float("nan")):
        for call in (net.interval, sorter.class_set):
            with pytest.raises(nr.OptionError, match=r"level is .*: expected a number above 0 and below 1"):
                call([0, 0], level)
    with pytest.raises(TypeError, match="level is 'most': expected a number above 0 and below 1"):
        net.interval([0, 0], "most")
    with pytest.raises(nr.KindError, match="only a regressor has intervals"):
        sorter.interval([0, 0])
    with pytest.raises(nr.KindError, match="only a classifier has classes"):
        net.class_set([0, 0])
    with pytest.raises(nr.ShapeError, match="the network has 2 inputs, 3 were given"):
        net.interval([0, 0, 0])
    with pytest.raises(nr.DataError, match="input 1 is NaN"):
        sorter.class_set([0, float("nan")])
    with pytest.raises(nr.DataError, match="there are no rows"):
        net.calibrate(np.empty((0, 2)), [])
    with pytest.raises(nr.DataError, match="the class is 3"):
        sorter.calibrate([[0, 0], [1, 1]], [0, 3])
    with pytest.raises(TypeError, match="y is missing"):
        net.calibrate([[0, 0]])
    assert net.interval([0, 0]).value.shape == (1,), "an error changes nothing"


def test_calibration_can_be_kept_without_validation_rows(create: Callable[..., Any]) -> None:
    net = regressor(create, autostop=True)
    X, _ = sums(20, 7)
    before = net.interval(X)
    assert net.calibrate() == 100
    net.configure(dataset=0, test=0)
    assert net.info().test_dataset_len == 0
    copy = nr.Network.from_bytes(bytes(net))
    for one in (net, copy):
        assert all(np.array_equal(*pair) for pair in zip(one.interval(X), before, strict=True))
    with pytest.raises(nr.TrainingError, match=r"^100 validation rows for 99.5 %: expected at least"):
        net.interval(X, 0.995)
    with pytest.raises(nr.DataError, match="there are no rows"):
        net.calibrate()
    with pytest.raises(TypeError, match="y without X"):
        net.calibrate(y=[1])
    assert np.array_equal(net.interval(X).high, before.high), "an error changes nothing"


def test_intervals_include_all_equal_scores(create: Callable[..., Any]) -> None:
    net = create("regressor", [1, 1], dataset=1, test=40, seed=1)
    X = np.zeros((40, 1))
    answer = float(net.run(X[:1])[0, 0])
    truth = np.float32(answer + 0.5)
    net.observe(X, np.full(40, truth), into="test")
    for level in (0.1, 0.5, 0.95):
        assert net.interval([0], level).high[0] == truth


def test_calibration_is_saved_with_the_network() -> None:
    net = regressor(nr.Network)
    before = bytes(net)
    X, y = sums(50, 4)
    intervals = net.interval(X)
    assert bytes(net) == before, "predictions change nothing"
    assert all(np.array_equal(*pair) for pair in zip(nr.Network.from_bytes(before).interval(X), intervals, strict=True))
    net.calibrate(X, y)
    loaded = nr.Network.from_bytes(bytes(net))
    assert loaded == net
    assert len(bytes(net)) == len(before) + 51 * 8 + 7
    assert all(np.array_equal(*pair) for pair in zip(loaded.interval(X), net.interval(X), strict=True))
    assert net != nr.Network.from_bytes(before)
    net.reset()
    net.calibrate(X, y)
    net.reset()
    copy = nr.Network.from_bytes(bytes(net))
    assert copy == net
    assert all(np.array_equal(*pair) for pair in zip(copy.interval(X), net.interval(X), strict=True))


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.integers(-8, 8), min_size=1, max_size=60),
    st.integers(1, 99),
)
def test_rank_matches_exact_arithmetic(targets: list[int], percent: int) -> None:
    net = nr.Network("regressor", [1, 1], dataset=1, test=0)
    net.set_weights([0.0, 0.0])
    net.calibrate([[0]] * len(targets), targets)
    expected = sorted(map(abs, targets))
    if rank(len(targets), percent) > len(targets):
        with pytest.raises(nr.TrainingError) as raised:
            net.interval([0], percent / 100)
        needed = int(str(raised.value).split()[-1])
        assert rank(needed, percent) <= needed
        assert all(rank(fewer, percent) > fewer for fewer in range(len(targets), needed))
    else:
        assert net.interval([0], percent / 100).high[0] == expected[rank(len(targets), percent) - 1]


# Networks with fields.


def shop(rows: int, seed: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    plans = rng.choice(["free", "pro", "team"], rows)
    return [
        {"age": int(age), "plan": str(plan), "spent": float(age + 10 * (plan == "pro") + rng.normal(0, 3))}
        for age, plan in zip(rng.integers(20, 70, rows), plans, strict=True)
    ]


def without(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows without their outcome."""
    return [{"age": row["age"], "plan": row["plan"]} for row in rows]


def spending(create: Callable[..., Any], target: Any = "spent") -> Any:
    fields = {"age": "number", "plan": "category"}
    net = create("regressor", fields=fields, target=target, hidden=(8,), dataset=200, test=100, seed=5)
    rows, spent = shop(300, 1), np.array([row["spent"] for row in shop(300, 1)])
    net.observe(without(rows), spent if target == "spent" else np.stack([spent, 2 * spent], 1))
    net.train(max_cycles=60, max_time=None)
    return net


def test_intervals_with_fields_have_the_form_of_predictions(create: Callable[..., Any]) -> None:
    net = spending(create)
    rows = shop(20, 2)
    value, low, high = net.interval(rows, 0.8)
    assert value.shape == low.shape == high.shape == (20,)
    assert np.array_equal(value, net.run(rows))
    one = net.interval(rows[0], 0.8)
    assert one == (value[0], low[0], high[0])
    assert all(type(part) is float for part in one)
    assert net.interval({}, 0.8).low < net.interval({}, 0.8).value
    covered = np.mean([(low <= row["spent"] <= high) for row, low, high in zip(rows, low, high, strict=True)])
    assert covered >= 0.5
    assert net.calibrate(shop(60, 3)) == 60
    assert net.interval(rows, 0.8).high[0] != high[0]
    several = spending(create, ["spent", "twice"])
    assert [part.shape for part in several.interval(without(rows))] == [(20, 2)] * 3
    named = several.interval(without(rows)[0])
    assert list(named.high) == ["spent", "twice"]
    assert named.high["twice"] - named.value["twice"] > named.high["spent"] - named.value["spent"]


def test_class_sets_with_fields_contain_names(create: Callable[..., Any]) -> None:
    fields = {"age": "number", "spent": "number"}
    net = create("classifier", fields=fields, target="plan", hidden=(8,), dataset=200, test=100, seed=5)
    net.observe(shop(300, 1))
    net.train(max_cycles=60, max_time=None)
    rows = shop(30, 2)
    sets = net.class_set(rows, 0.8)
    assert {len(labels) for labels in sets} <= {1, 2, 3}
    answers = net.classify(rows, top=3)
    for labels, best in zip(sets, answers, strict=True):
        assert labels == best[: len(labels)]
    assert net.class_set(rows[0], 0.8) == sets[0]
    assert net.class_set({}, 0.8)
    assert net.class_set([], 0.8) == []
    # A class that no training knows yet: only the set of all classes is sure to contain it.
    fresh = [{"age": 40, "spent": 40, "plan": "new"}] * 30
    assert net.calibrate(fresh) == 30
    assert sorted(net.class_set(rows[0], 0.8)) == ["free", "pro", "team"]
    with pytest.raises(nr.DataError, match="spent is 'much'"):
        net.calibrate([{"spent": "much", "plan": "free"}])


def test_class_set_without_classes_is_rejected(create: Callable[..., Any]) -> None:
    net = create("classifier", fields={"age": "number"}, target="plan", seed=5)
    with pytest.raises(nr.TrainingError):
        net.class_set({"age": 1})
