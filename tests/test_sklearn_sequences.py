"""The estimators of sequences take the data of aeon, and behave like those of scikit-learn."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import numpy as np
import pandas
import polars
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import neuralredis as nr
from neuralredis.sklearn import Forecaster, SequenceClassifier


def bumps(cases: int, seed: int = 1) -> tuple[list[NDArray[Any]], list[str]]:
    """Return series of two channels and several lengths, and the channel in which a bump is first."""
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
    return SequenceClassifier([6], max_iter=60, ensemble=1, random_state=1)


pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_classifier_learns_from_series_of_different_lengths() -> None:
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


def test_three_dimensional_array_has_channels_before_time() -> None:
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


def test_classifier_works_in_cross_validation_search_and_pipeline() -> None:
    X, y = bumps(48)
    array, labels = np.stack([series[:, :10] for series in X]), np.array(y)
    assert cross_val_score(short(), array, labels, cv=3).shape == (3,)
    assert cross_val_score(short(), X, y, cv=3).mean() > 0.6
    search = GridSearchCV(short(), {"cell": ["window", "reservoir"]}, cv=2).fit(array, labels)
    assert search.best_params_["cell"] in ("window", "reservoir")
    pipeline = make_pipeline(FunctionTransformer(np.negative), short()).fit(array, labels)
    assert np.array_equal(pipeline.classes_, ["left", "right"])
    assert pipeline.predict(array).shape == (48,)


def test_classifier_can_be_cloned_pickled_and_reproduced() -> None:
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


def test_estimators_accept_the_former_name_of_ensemble() -> None:
    X, y = bumps(20)
    for model, data in ((SequenceClassifier([4], max_iter=20), (X, y)), (Forecaster(8, [4], max_iter=20), (season(),))):
        model.set_params(random_state=1, early_stopping=False)
        assert model.set_params(ensemble=2).fit(*data).network_.info().ensemble == 2
        with pytest.raises(ValueError, match="ensemble is 2, restarts is 3: expected one of them"):
            model.set_params(restarts=3).fit(*data)
        assert model.set_params(ensemble="auto").fit(*data).network_.info().ensemble == 3


def test_classes_may_be_of_any_type_and_weighted() -> None:
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


@pytest.mark.parametrize("cell", ["auto", "window", "gru"])
def test_default_hidden_layers_are_those_of_a_network_with_the_cell(cell: Any) -> None:
    by_default = nr.SequenceNetwork("classifier", fields={"place": "vector 2"}, target="first", cell=cell)
    classifier = SequenceClassifier(cell=cell, max_iter=2, ensemble=1, random_state=1).fit(*bumps(20))
    assert classifier.network_.info().layout[1:-1] == by_default.info().layout[1:-1]
    by_default = nr.SequenceNetwork("regressor", fields={"value": "number"}, target="value", cell=cell)
    forecaster = Forecaster(cell=cell, max_iter=2, ensemble=1, random_state=1).fit(np.sin(np.arange(60)))
    assert forecaster.network_.info().layout[1:-1] == by_default.info().layout[1:-1]


def test_early_stopping_holds_out_series_of_each_class() -> None:
    X, y = bumps(40)
    model = SequenceClassifier([6], ensemble=1, random_state=1).fit(X, y)
    assert model.validation_loss_curve_ is not None
    assert model.loss_curve_.shape == model.validation_loss_curve_.shape == (model.n_iter_,)
    without = short().set_params(early_stopping=False).fit(X, y)
    assert without.validation_loss_curve_ is None
    assert without.n_iter_ == 60
    with pytest.warns(ConvergenceWarning, match="max_iter"):
        SequenceClassifier([6], ensemble=1, random_state=1, max_iter=2).fit(X, y)


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
def test_invalid_series_are_rejected_by_index(X: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        short().fit(X, [0, 1])


def test_invalid_fit_arguments_are_rejected_by_name() -> None:
    X, y = bumps(10)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        short().fit(X, y[:9])
    with pytest.raises(ValueError, match="y has one class, 'left'"):
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
    with pytest.raises(ValueError, match="expected 2 channels, as in fit"):
        short().fit(X, y).predict(np.zeros((3, 1, 5)))


# Forecasters.


def season(length: int = 120, seed: int = 1, level: float = 0.0) -> NDArray[Any]:
    """Return values with a period of eight."""
    noise = np.random.default_rng(seed).normal(size=length) / 9
    return level + np.resize([2.0, 1, 1, 3, 6, 8, 7, 4], length) + noise


def quick(**options: Any) -> Forecaster:
    return Forecaster(8, [8], max_iter=150, ensemble=1, random_state=1, **options)


@pytest.fixture(scope="module")
def predicted() -> Forecaster:
    return quick().fit(season())


def test_forecast_of_one_series_is_an_array(predicted: Forecaster) -> None:
    forecast = predicted.predict(10)
    assert forecast.shape == (10,)
    assert forecast.dtype == np.float64
    assert np.abs(forecast - season(130)[120:]).max() < 1
    assert predicted.predict().shape == (1,)
    # From the end of another series.
    later = predicted.predict(3, y=season(124))
    assert np.abs(later - season(127)[124:]).max() < 1
    # The series is stored in two parts, and a session continues the later one.
    assert predicted.network_.ids() == ["y", "y before"]
    assert np.array_equal(predicted.network_.session("y").forecast(10).values, forecast)
    assert np.array_equal(pickle.loads(pickle.dumps(predicted)).predict(10), forecast)
    assert np.array_equal(clone(predicted).fit(season()[:, np.newaxis]).predict(10), forecast)


def test_mase_is_reported_beside_the_seasonal_naive_baseline(predicted: Forecaster) -> None:
    assert predicted.mase_ is not None
    assert predicted.baseline_mase_ == pytest.approx(1, abs=0.3)
    lazy = quick().set_params(season_length=1).fit(season())
    assert lazy.mase_ is not None
    assert lazy.baseline_mase_ is not None
    assert lazy.mase_ < 0.4 < lazy.baseline_mase_
    # A constant series has no scale, and a series that is not cut has no error.
    assert quick().fit(np.resize(np.arange(8.0), 80)).mase_ is None
    assert quick(early_stopping=False).fit(season(40)).mase_ is None
    assert quick().fit(season(4)).mase_ is None


def test_intervals_cover_outcomes_at_the_requested_level(predicted: Forecaster) -> None:
    forecast = predicted.predict_interval(4, level=0.8)
    assert isinstance(forecast, nr.Forecast)
    assert np.array_equal(forecast.values, predicted.predict(4).astype(np.float32))
    assert (forecast.low < forecast.values).all()
    assert (forecast.values < forecast.high).all()
    with pytest.raises(nr.TrainingError, match=r"places in validation sequences for 99\.9 %"):
        predicted.predict_interval(1, level=0.999)
    with pytest.raises(nr.OptionError, match="steps is 0"):
        predicted.predict(0)


def table(times: Any) -> pandas.DataFrame:
    count = len(times)
    low, high = season(count), season(count, seed=2, level=100)
    found = pandas.DataFrame({"unique_id": ["b"] * count + ["a"] * count, "ds": [*times, *times], "y": [*low, *high]})
    return found.sample(frac=1, random_state=1)


def test_several_series_are_a_nixtla_table() -> None:
    data = table(pandas.date_range("2026-01-05", periods=80, freq="h"))
    model = quick().fit(data)
    forecast = model.predict(3)
    assert forecast.columns.tolist() == ["unique_id", "ds", "Forecaster"]
    ids = data["unique_id"].unique().tolist()
    assert forecast["unique_id"].tolist() == [ids[0]] * 3 + [ids[1]] * 3
    assert forecast["ds"].tolist() == [*pandas.date_range("2026-01-08 08:00", periods=3, freq="h")] * 2
    of = forecast.set_index(["unique_id", "ds"])["Forecaster"]
    assert np.abs(of["b"].to_numpy() - season(83)[80:]).max() < 1.5
    assert np.abs(of["a"].to_numpy() - season(83)[80:] - 100).max() < 1.5
    assert sorted(model.network_.ids()) == ["a", "a before", "b", "b before"]
    bounded = model.predict_interval(2, level=0.75)
    assert bounded.columns.tolist() == ["unique_id", "ds", "Forecaster", "Forecaster-lo-75", "Forecaster-hi-75"]
    assert (bounded["Forecaster-lo-75"] < bounded["Forecaster"]).all()
    # The same as columns, and as a frame of polars.
    columns = {name: data[name].tolist() for name in data}
    assert model.predict(1, y=columns)["Forecaster"].tolist() == model.predict(1)["Forecaster"].tolist()
    of_polars = quick().fit(polars.DataFrame(columns)).predict(3)
    assert isinstance(of_polars, polars.DataFrame)
    assert of_polars["Forecaster"].to_list() == forecast["Forecaster"].tolist()
    assert of_polars["ds"].to_list() == forecast["ds"].tolist()


@pytest.mark.parametrize(
    ("times", "coming"),
    [
        (range(10, 90, 2), [90, 92]),
        (np.arange(40) / 4, [10.0, 10.25]),
        (pandas.date_range("2020-01-31", periods=40, freq="ME"), ["2023-05-31", "2023-06-30"]),
        (pandas.date_range("2020-01-15", periods=40, freq="MS"), ["2023-06-01", "2023-07-01"]),
        (pandas.date_range("2000-01-01", periods=40, freq="QS"), ["2010-01-01", "2010-04-01"]),
        (pandas.date_range("1980-01-01", periods=40, freq="YS"), ["2020-01-01", "2021-01-01"]),
        (pandas.date_range("2026-01-05", periods=40, freq="B"), ["2026-03-02", "2026-03-03"]),
        ([f"2026-01-{day:02}" for day in range(1, 31)], ["2026-01-31", "2026-02-01"]),
    ],
)
def test_forecast_times_continue_the_observed_times(times: Any, coming: list[Any]) -> None:
    model = quick().set_params(max_iter=1).fit(table(list(times)))
    forecast = model.predict(2)["ds"][:2]
    expected = coming if not isinstance(coming[0], str) else [pandas.Timestamp(time) for time in coming]
    assert forecast.tolist() == expected


def test_gaps_in_series_are_accepted() -> None:
    values = season()
    values[[3, 50, 110]] = np.nan
    model = quick().fit(values)
    assert np.isfinite(model.predict(8)).all()
    assert np.abs(model.predict(8) - season(128)[120:]).max() < 2
    assert model.mase_ is not None
    assert np.isfinite(model.predict(8, y=[*values, np.nan])).all()


def test_every_parameter_and_attribute_of_the_forecaster_is_documented(predicted: Forecaster) -> None:
    text = inspect.getdoc(Forecaster) or ""
    fitted = [name for name in vars(predicted) if name.endswith("_")]
    assert len(fitted) >= 5
    for name in [*inspect.signature(Forecaster).parameters, *fitted]:
        assert name in text, name


DAYS = [f"2026-01-0{day}" for day in (1, 2, 3, 5)]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros((2, 3)), r"y has the shape \(2, 3\): expected \(values,\), or a table"),
        ("abc", "y is not a series"),
        ([1], "y has 1 values: expected at least two"),
        ([1, np.inf, 3], "y has inf at 1: expected numbers within the range of float32"),
        ({"ds": [1], "y": [1]}, r"y has the columns \['ds', 'y'\], without 'unique_id'"),
        ({"unique_id": [], "ds": [], "y": []}, "y has no rows"),
        ({"unique_id": ["a", None], "ds": [1, 2], "y": [1, 2]}, "row 1 of y has no unique_id"),
        ({"unique_id": "aa", "ds": [1, np.nan], "y": [1, 2]}, "row 1 of y has no ds"),
        ({"unique_id": list("aa"), "ds": [1, 1], "y": [1, 2]}, "series 'a' has two rows of ds 1: expected one"),
        ({"unique_id": list("aa"), "ds": ["soon", "later"], "y": [1, 2]}, "ds cannot be read"),
        ({"unique_id": list("aa"), "ds": [1, 2], "y": ["x", "y"]}, "y has no numbers in the column 'y'"),
        (
            {"unique_id": list("aaaa"), "ds": DAYS, "y": [1] * 4},
            "no regular step, such as from 2026-01-03 to 2026-01-05",
        ),
        ({"unique_id": [1, 1, "1", "1"], "ds": [1, 2, 1, 2], "y": [1] * 4}, "y has two series of one name"),
    ],
)
def test_invalid_series_of_a_forecaster_are_rejected(y: Any, message: str) -> None:
    if isinstance(y, dict):
        y = {name: np.array(list(column), object if name == "unique_id" else None) for name, column in y.items()}
    with pytest.raises(ValueError, match=message):
        quick().fit(y)


def test_invalid_forecaster_arguments_are_rejected_by_name() -> None:
    with pytest.raises(ValueError, match="X is given: expected None"):
        quick().fit(season(), np.zeros((120, 1)))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="season_length is 0"):
        quick().set_params(season_length=0).fit(season())
    with pytest.raises(NotFittedError):
        quick().predict(3)
