"""The estimators of sequences take what aeon's take, and are scikit-learn's in all that its users expect."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import neuralredis as nr
from neuralredis.sklearn import SequenceClassifier


def bumps(cases: int, seed: int = 1) -> tuple[list[NDArray[Any]], list[str]]:
    """Return series of two channels and several lengths, and in which of them there is a bump first."""
    lot = np.random.default_rng(seed)
    X, y = [], []
    for case in range(cases):
        series = lot.normal(size=(2, lot.integers(10, 20))) / 9
        first = case % 2
        series[first, 2:4] += 1
        series[1 - first, 6:8] += 1
        X.append(series)
        y.append(["left", "right"][first])
    return X, y


def short() -> SequenceClassifier:
    return SequenceClassifier([6], max_iter=60, restarts=1, random_state=1)


pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_a_classifier_learns_from_series_of_any_lengths_and_forgets_them() -> None:
    X, y = bumps(80)
    model = SequenceClassifier(random_state=1).fit(X, y)
    fresh, truth = bumps(40, seed=2)
    assert model.score(fresh, truth) > 0.95
    assert model.classes_.tolist() == ["left", "right"]
    assert model.n_channels_ == 2
    assert set(model.predict(fresh)) == {"left", "right"}
    assert model.predict_proba(fresh).shape == (40, 2)
    assert np.allclose(model.predict_proba(fresh).sum(axis=1), 1, rtol=0, atol=1e-12)
    assert isinstance(model.network_, nr.SequenceNetwork)
    assert model.network_.ids() == []
    assert model.network_.length == max(map(len, (series.T for series in X)))


def test_an_array_of_three_dimensions_has_channels_before_time_points_as_in_aeon() -> None:
    X, y = bumps(60)
    array = np.stack([series[:, :10] for series in X])
    assert array.shape == (60, 2, 10)
    model = short().fit(array, y)
    assert model.network_.info().layout[-1] == 2
    assert model.n_channels_ == 2
    assert np.array_equal(model.predict_proba(array), short().fit(list(array), y).predict_proba(list(array)))
    # Two dimensions are one channel.
    one = short().fit(array[:, 0], y)
    assert np.array_equal(one.predict_proba(array[:, 0]), one.predict_proba(array[:, :1]))
    assert one.n_channels_ == 1
    assert np.array_equal(one.predict_proba(list(array[:, 0])), one.predict_proba(array[:, 0]))


def test_it_works_in_a_cross_validation_a_search_and_a_pipeline() -> None:
    X, y = bumps(48)
    array, labels = np.stack([series[:, :10] for series in X]), np.array(y)
    assert cross_val_score(short(), array, labels, cv=3).shape == (3,)
    assert cross_val_score(short(), X, y, cv=3).mean() > 0.6
    search = GridSearchCV(short(), {"cell": ["window", "reservoir"]}, cv=2).fit(array, labels)
    assert search.best_params_["cell"] in ("window", "reservoir")
    pipeline = make_pipeline(FunctionTransformer(np.negative), short()).fit(array, labels)
    assert np.array_equal(pipeline.classes_, ["left", "right"])
    assert pipeline.predict(array).shape == (48,)


def test_it_can_be_cloned_pickled_and_repeated() -> None:
    X, y = bumps(40)
    model = short().fit(X, y)
    other = clone(model)
    assert other.get_params() == model.get_params()
    assert not hasattr(other, "network_")
    assert np.array_equal(other.fit(X, y).predict_proba(X), model.predict_proba(X))
    assert np.array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), model.predict_proba(X))
    assert not np.array_equal(
        clone(model).set_params(random_state=2).fit(X, y).predict_proba(X), model.predict_proba(X)
    )


def test_classes_are_of_any_sort_and_weights_count() -> None:
    X, y = bumps(40)
    numbers = np.where(np.array(y) == "left", 7, 3)
    model = short().fit(X, numbers)
    assert model.classes_.tolist() == [3, 7]
    assert model.predict(X).dtype == numbers.dtype
    same = [np.array([[1, 2, 3]])] * 80
    skew = short().fit(same, [0, 1] * 40, [1, 9] * 40)
    assert skew.predict_proba(same)[:, 1].mean() == pytest.approx(0.9, abs=0.06)
    assert short().fit(same, [0, 1] * 40).predict_proba(same)[:, 1].mean() == pytest.approx(0.5, abs=0.06)
    left_out = short().fit([*X, X[0]], [*y, "other"], [1] * 40 + [0])
    assert left_out.classes_.tolist() == ["left", "right"]
    balanced = short().set_params(class_weight="balanced").fit(same, [0] * 60 + [1] * 20)
    assert balanced.predict_proba(same)[:, 1].mean() == pytest.approx(0.5, abs=0.1)


def test_early_stopping_keeps_series_of_each_class_back() -> None:
    X, y = bumps(40)
    model = SequenceClassifier([6], restarts=1, random_state=1).fit(X, y)
    assert model.validation_loss_curve_ is not None
    assert model.loss_curve_.shape == model.validation_loss_curve_.shape == (model.n_iter_,)
    without = short().set_params(early_stopping=False).fit(X, y)
    assert without.validation_loss_curve_ is None
    assert without.n_iter_ == 60
    with pytest.warns(ConvergenceWarning, match="max_iter"):
        SequenceClassifier([6], restarts=1, random_state=1, max_iter=2).fit(X, y)


def test_every_parameter_and_attribute_of_the_classifier_is_documented() -> None:
    text = inspect.getdoc(SequenceClassifier) or ""
    fitted = [name for name in vars(short().fit(*bumps(20))) if name.endswith("_")]
    assert len(fitted) >= 5
    for name in [*inspect.signature(SequenceClassifier).parameters, *fitted]:
        assert name in text, name


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros(4), r"X has the shape \(4,\): expected an array of shape \(cases, channels, time points\)"),
        ([], "X has no series"),
        ([np.zeros((2, 3)), np.zeros((3, 3))], r"series 1 of X has the shape \(3, 3\): expected 2 channels"),
        ([np.zeros((2, 3)), np.zeros((2, 0))], r"series 1 of X has the shape \(2, 0\): expected at least one time"),
        ([np.zeros((2, 3)), [["a"], ["b"]]], "series 1 of X has .* expected numbers of shape"),
        ([np.zeros((2, 3)), [[1, 2], [3]]], "series 1 of X has .* expected numbers of shape"),
        ([np.zeros((2, 3)), [[1, 2], [3, np.nan]]], "contains NaN: series 1, channel 1, time point 1"),
        ([np.zeros((2, 3)), [[1, 1e39], [3, 4]]], "contains infinity .*: series 1, channel 0, time point 1"),
    ],
)
def test_series_that_are_none_are_named(X: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        short().fit(X, [0, 1])


def test_what_else_cannot_be_learnt_is_named() -> None:
    X, y = bumps(10)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        short().fit(X, y[:9])
    with pytest.raises(ValueError, match="y has one class: 'left'"):
        short().fit(X, ["left"] * 10)
    with pytest.raises(ValueError, match="y has None in row 3"):
        short().fit(X, [*y[:3], None, *y[4:]])
    with pytest.raises(ValueError, match="cell is 'lstm'"):
        short().set_params(cell="lstm").fit(X, y)
    with pytest.raises(ValueError, match="length is 0"):
        short().set_params(length=0).fit(X, y)
    with pytest.raises(ValueError, match="validation_fraction is 1"):
        short().set_params(validation_fraction=1).fit(X, y)
    with pytest.raises(NotFittedError):
        short().predict(X)
    with pytest.raises(ValueError, match="expected 2 channels, as many as it has learnt from"):
        short().fit(X, y).predict(np.zeros((3, 1, 5)))
