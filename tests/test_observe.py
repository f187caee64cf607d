"""`observe`: rows are divided among the sets, stored unchanged, and replaced at random once a set is full."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import neuralredis as nr

Create = Callable[..., Any]


def test_rows_are_split_in_proportion_to_the_limits(create: Create) -> None:
    net = create("classifier", [9, 15, 2], dataset=1000, test=500)
    X = np.zeros((601, 9))
    assert net.observe(X[:600], np.zeros(600)) == (400, 200)
    assert net.observe(X[600], 1) == (401, 200)


def test_into_selects_the_set(create: Create) -> None:
    net = create("regressor", [1, 1], dataset=10, test=10)
    assert net.observe([[1], [2], [3]], [1, 2, 3], into="test") == (0, 3)
    assert net.observe([[4]], [4], into="train") == (1, 3)
    assert net.rows("test")[1].tolist() == [1, 2, 3]
    with pytest.raises(nr.OptionError, match="into is 'tset': expected train, test"):
        net.observe([[1]], [1], into="tset")


def test_set_with_limit_0_rejects_rows(create: Create) -> None:
    net = create("regressor", [1, 1], dataset=10)
    with pytest.raises(nr.DataError, match="the validation set takes no rows: its limit is 0"):
        net.observe([[1]], [1], into="test")
    with pytest.raises(nr.DataError, match="its limit is 0"):
        create("regressor", [1, 1], dataset=0, test=0).observe([[1]], [1])


def test_full_set_replaces_random_rows(create: Create) -> None:
    net = create("regressor", [1, 1], dataset=50, seed=1)
    net.observe(np.arange(50)[:, None], np.arange(50))
    assert net.observe(np.arange(50, 100)[:, None], np.arange(50, 100)) == (50, 0)
    kept = net.rows("train")[1]
    assert 5 < (kept < 50).sum() < 30


def test_rows_are_returned_unchanged(create: Create) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3)).astype(np.float32)
    classes = rng.integers(0, 4, 40)
    classifier = create("classifier", [3, 4], normalize=True, seed=1)
    classifier.observe(X, classes, into="train")
    classifier.train(max_cycles=3)
    back = classifier.rows("train")
    assert np.array_equal(back[0], X)
    assert np.array_equal(back[1], classes)
    assert (back[0].dtype, back[1].dtype) == (np.float32, np.int64)

    y = rng.normal(size=(40, 2)).astype(np.float32)
    regressor = create("regressor", [3, 2], normalize=True)
    regressor.observe(X, y, into="test")
    assert np.array_equal(regressor.rows("test")[1], y)
    assert regressor.rows("train")[0].shape == (0, 3)
    assert regressor.rows("train")[1].shape == (0, 2)


def test_returned_rows_are_copies(create: Create) -> None:
    net = create("regressor", [1, 1])
    net.observe([[1]], [2], into="train")
    net.rows("train")[0][:] = 99
    assert net.rows("train")[0][0, 0] == 1


def test_rejected_batch_stores_no_rows(create: Create) -> None:
    net = create("classifier", [2, 3])
    with pytest.raises(nr.DataError, match="row 2: the class is 3"):
        net.observe([[1, 2], [3, 4], [5, 6]], [0, 1, 3])
    assert net.info().training_dataset_len == 0


def test_batch_and_single_rows_store_the_same(create: Create) -> None:
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(700, 4)), rng.normal(size=700)
    together, singly = (create("regressor", [4, 1], dataset=300, test=100, seed=9) for _ in range(2))
    together.observe(X, y)
    for row, target in zip(X, y, strict=True):
        singly.observe(row, target)
    assert bytes(together) == bytes(singly)


def test_row_of_weight_2_equals_two_rows(create: Create) -> None:
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(30, 2)), rng.normal(size=30)
    weighted = create("regressor", [2, 4, 1], seed=3)
    repeated = create("regressor", [2, 4, 1], seed=3)
    weights = np.where(np.arange(30) < 10, 2.0, 1.0)
    weighted.observe(X, y, into="train", weight=weights)
    repeated.observe(np.vstack([X, X[:10]]), np.hstack([y, y[:10]]), into="train")
    weighted.train(max_cycles=10)
    repeated.train(max_cycles=10)
    assert np.allclose(weighted.run(X), repeated.run(X), atol=1e-3)
    assert weighted.info().dataset_error == pytest.approx(repeated.info().dataset_error, rel=1e-3)


def test_scalar_weight_applies_to_all_rows(create: Create) -> None:
    each, all_alike = (create("regressor", [1, 1], seed=1) for _ in range(2))
    each.observe([[1], [2]], [1, 2], weight=[3, 3])
    all_alike.observe([[1], [2]], [1, 2], weight=3)
    assert bytes(each) == bytes(all_alike)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, 0], "row 1: the weight is 0: expected a finite number above 0"),
        ([1, -2], "row 1: the weight is -2"),
        (float("nan"), "row 0: the weight is NaN"),
        ([1, "x"], "row 1: the weight is 'x'"),
        ([1, 2, 3], "2 rows of inputs but 3 of weights"),
    ],
)
def test_invalid_row_weights_are_rejected(create: Create, weight: object, message: str) -> None:
    net = create("regressor", [1, 1])
    with pytest.raises(ValueError, match=message):
        net.observe([[1], [2]], [1, 2], weight=weight)
    assert net.info().training_dataset_len == 0
