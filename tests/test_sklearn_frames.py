"""The estimators take data frames: words, categories, dates, texts and gaps become fields of a network."""

from __future__ import annotations

import datetime as dt
import decimal
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pyarrow
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split

import neuralredis as nr
from neuralredis.sklearn import NeuralClassifier, NeuralRegressor

Estimator = NeuralClassifier | NeuralRegressor
TITANIC = Path(__file__).resolve().parents[1] / "examples" / "data" / "titanic.csv"
both = pytest.mark.parametrize("kind", [NeuralClassifier, NeuralRegressor])
QUICK: dict[str, Any] = {"max_iter": 20, "early_stopping": False, "random_state": 1}


def customers(rows: int = 200) -> pandas.DataFrame:
    """Return columns of all kinds, with a gap in each except the flag."""
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame(
        {
            "age": rng.integers(18, 80, rows).astype(float),
            "country": rng.choice(["IT", "FR", "DE"], rows),
            "phone": rng.random(rows) > 0.5,
            "since": pandas.Timestamp("2026-01-01") + pandas.to_timedelta(rng.integers(0, 300, rows), unit="D"),
            "plan": pandas.Categorical(rng.choice(["free", "paid"], rows)),
            "note": [f"a film of {number} minutes that was good" for number in range(rows)],
        }
    )
    for row, column in enumerate(["age", "country", "since", "plan", "note"]):
        frame.loc[row, column] = None
    return frame


def outcomes(kind: type[Estimator], frame: pandas.DataFrame) -> Any:
    """Return outcomes that depend on the country and the age."""
    italian, old = (frame["country"] == "IT").to_numpy(), (frame["age"] > 50).to_numpy()
    return np.where(italian, "yes", "no") if kind is NeuralClassifier else italian * 10.0 + old


def answers(model: Estimator, X: Any) -> Any:
    return model.predict_proba(X) if isinstance(model, NeuralClassifier) else model.predict(X)


def fields_of(X: Any, **parameters: Any) -> dict[str, str] | None:
    y = np.arange(len(X)) % 2
    fields = NeuralClassifier(**{**QUICK, "max_iter": 1, **parameters}).fit(X, y).network_.fields
    return None if fields is None else dict(fields)


# Kinds of columns.


@both
def test_frame_with_words_and_gaps_is_learnt(kind: type[Estimator]) -> None:
    frame = customers()
    y = outcomes(kind, frame)
    model = kind(random_state=1).fit(frame, y)
    assert dict(model.network_.fields or {}) == {
        "age": "number",
        "country": "category 3",
        "phone": "flag",
        "since": "time",
        "plan": "category 2",
        "note": "text 512",
    }
    assert model.score(frame, y) > 0.9
    assert model.feature_names_in_.tolist() == list(frame)
    assert model.n_features_in_ == 6
    assert model.network_.target == "y"
    assert model.network_.info().training_dataset_len == 0


@both
def test_frames_of_other_libraries_are_equivalent(kind: type[Estimator]) -> None:
    frame = customers()
    y = outcomes(kind, frame)
    model = kind(**QUICK).fit(frame, y)
    forms = [
        frame.convert_dtypes(),
        frame.convert_dtypes(dtype_backend="pyarrow"),
        frame.astype({"age": object, "country": object, "since": object, "note": object}),
        frame.assign(since=frame["since"].dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo")),
        pyarrow.Table.from_pandas(frame),
    ]
    for form in forms:
        other = kind(**QUICK).fit(form, y)
        assert other.network_.fields == model.network_.fields
        assert np.array_equal(answers(other, form), answers(model, frame))
        assert np.array_equal(answers(model, form), answers(model, frame))


def test_polars_frames_are_equivalent() -> None:
    polars = pytest.importorskip("polars")
    frame = customers()
    y = outcomes(NeuralClassifier, frame)
    model = NeuralClassifier(**QUICK).fit(frame, y)
    form = polars.from_pandas(frame)
    other = NeuralClassifier(**QUICK).fit(form, y)
    assert other.network_.fields == model.network_.fields
    assert np.array_equal(other.predict_proba(form), model.predict_proba(frame))
    assert fields_of(polars.DataFrame({"a": [1, None, 3, 4], "b": [True, None, False, True]})) == {
        "a": "number",
        "b": "flag",
    }


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["a", "b", "c", None], "category 3"),
        (["a", "a", "a", np.nan], "category 2"),
        (["1", "2", "1", "2"], "category 2"),
        ([None, None, None, None], "category 2"),
        (pandas.Categorical([1, 2, None, 1]), "category 2"),
        (pandas.Categorical([True, False, None, True]), "category 2"),
        ([1, None, 3, 4], "number"),
        ([1, pandas.NA, 3, decimal.Decimal("4.5")], "number"),
        (pandas.array([1, None, 3, 4], "Int64"), "number"),
        (pandas.to_timedelta([1, None, 3, 4], unit="h"), "number"),
        ([True, None, False, True], "flag"),
        (pandas.array([True, None, False, True], "boolean"), "flag"),
        ([12, "unknown", None, 3.5], "auto 3"),
        ([dt.date(2026, 1, 1), None, dt.date(2026, 1, 3), dt.date(2026, 2, 3)], "time"),
        ([dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc), pandas.NaT, None, dt.date(2026, 2, 3)], "time"),
        (pandas.to_datetime(["2026-01-01", None, "2026-01-03", "2026-02-03"]), "time"),
        ([b"a", "a", b"b", dt.time(3)], "category 3"),
        (["a film of many words", "this one is good too", "no, I do not think so", "x"], "text 512"),
        (["a b c d", "a b c d", "e f g h", "e f g h"], "category 2"),
        (["x" * 65, "x" * 66, "x" * 65, None], "text 512"),
    ],
)
def test_dtype_and_values_determine_the_kind_of_field(values: Any, kind: str) -> None:
    frame = pandas.DataFrame({"column": pandas.Series(values, dtype=object if isinstance(values, list) else None)})
    assert fields_of(frame) == {"column": kind}


def test_numeric_frames_without_gaps_have_no_fields() -> None:
    assert fields_of(pandas.DataFrame({"a": [1, 2, 3], "b": [True, False, True], "c": [1.5, 2, 3]})) is None
    assert fields_of(pandas.DataFrame({"a": pandas.Series([1, 2.5, decimal.Decimal(3)], dtype=object)})) is None
    assert fields_of(np.array([[1, 2], [3, True], [4, 5]], object)) is None
    assert fields_of(pandas.DataFrame({"a": [1, 2, None], "b": [True, False, True]})) == {"a": "number", "b": "flag"}


def test_fields_have_the_names_of_columns_if_valid() -> None:
    gaps = np.array([[1, np.nan], [2, 3], [3, 4]])
    assert list(fields_of(gaps) or {}) == ["x0", "x1"]
    assert list(fields_of(pandas.DataFrame(gaps, columns=[0, 1])) or {}) == ["x0", "x1"]
    assert list(fields_of(pandas.DataFrame(gaps, columns=["a", "y"])) or {}) == ["a", "y"]
    for name in ("", "->", "json", "x" * 65):
        assert list(fields_of(pandas.DataFrame(gaps, columns=["a", name])) or {}) == ["x0", "x1"]
    with pytest.raises(ValueError, match="X has 4097 columns with missing values or words: expected at most 4096"):
        NeuralClassifier().fit(np.full((4, 4097), np.nan), [0, 1, 0, 1])


def test_classes_have_the_labels_of_y() -> None:
    frame = pandas.DataFrame({"word": ["a", "b", None, "b"] * 10})
    model = NeuralClassifier(random_state=1).fit(frame, ["no", "yes", "no", "yes"] * 10)
    assert model.network_.classes == ("no", "yes")
    assert model.network_.classify({"word": "b"}) == "yes"
    numbered = NeuralClassifier(**QUICK).fit(frame, [3, 7, 3, 7] * 10)
    assert numbered.network_.classes == ("3", "7")
    assert set(numbered.predict(frame)) <= {3, 7}
    # Empty and long texts are no valid names of classes.
    for odd in ("", "x" * 65):
        model = NeuralClassifier(random_state=1).fit(frame, [odd, "yes", odd, "yes"] * 10)
        assert model.network_.classes == ("0", "1")
        assert model.predict(frame).tolist() == [odd, "yes", odd, "yes"] * 10


def test_several_outputs_are_learnt_from_words() -> None:
    frame = pandas.DataFrame({"word": ["a", "b", "c"] * 20})
    y = np.array([[1, 100], [2, 300], [3, 200]] * 20, float)
    model = NeuralRegressor(random_state=1).fit(frame, y)
    assert model.network_.target == ("y0", "y1")
    assert model.predict(frame).shape == (60, 2)
    assert model.score(frame, y) > 0.98


# Gaps among numbers.


@both
def test_gaps_in_numbers_are_accepted_in_every_form(kind: type[Estimator]) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 3))
    y = (X[:, 0] > 0).astype(int) if kind is NeuralClassifier else X[:, 0].copy()
    X[rng.random(X.shape) < 0.2] = np.nan
    model = kind(**QUICK).fit(X, y)
    assert dict(model.network_.fields or {}) == dict.fromkeys(["x0", "x1", "x2"], "number")
    forms = [
        X.tolist(),
        X.astype(np.float32),
        np.where(np.isnan(X), None, X.astype(object)),
        scipy.sparse.csr_array(X),
        scipy.sparse.coo_matrix(X),
        pandas.DataFrame(X),
    ]
    for form in forms:
        assert np.array_equal(answers(model, form), answers(model, X))
        assert np.array_equal(answers(kind(**QUICK).fit(form, y), X), answers(model, X))
    # Rows without gaps are predicted, too.
    assert np.isfinite(answers(model, np.zeros((2, 3)))).all()


def test_gaps_can_be_informative() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    y = rng.integers(0, 2, 300)
    X[y == 1, 1] = np.nan
    assert NeuralClassifier(random_state=1).fit(X, y).score(X, y) == 1


@both
def test_gap_in_a_column_without_training_gaps_is_the_mean(kind: type[Estimator]) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(5, 2, size=(120, 2))
    model = kind(**QUICK).fit(X, (X[:, 0] > 5).astype(int))
    assert model.network_.fields is None
    gap, mean = X.copy(), X.copy()
    gap[:, 1], mean[:, 1] = np.nan, X[:, 1].mean()
    assert answers(model, gap) == pytest.approx(answers(model, mean), abs=1e-5)
    assert answers(model, scipy.sparse.csr_array(gap)) == pytest.approx(answers(model, gap))
    with pytest.raises(ValueError, match="Input X contains NaN: row 0: input 1; there were none in fit"):
        model.partial_fit(gap, (X[:, 0] > 5).astype(int))


def test_cross_validations_may_have_gaps_in_some_folds_only() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 2))
    y = X[:, 0] > 0
    X[3, 1] = np.nan
    assert cross_val_score(NeuralClassifier(random_state=1), X, y, error_score="raise").min() >= 0.9


# Later rows.


def test_other_column_names_or_order_are_rejected() -> None:
    frame = customers()
    model = NeuralClassifier(**QUICK).fit(frame, outcomes(NeuralClassifier, frame))
    for other in (frame[frame.columns[::-1]], frame.rename(columns={"age": "years"}), frame.drop(columns="age")):
        with pytest.raises(ValueError, match="feature names should match"):
            model.predict(other)


def test_word_after_the_training_counts_as_unknown() -> None:
    frame = customers()
    model = NeuralClassifier(**QUICK).fit(frame, outcomes(NeuralClassifier, frame))
    new, newer, long = (model.predict_proba(frame.assign(country=word)) for word in ("ES", "PT", "x" * 100))
    assert np.array_equal(new, newer)
    assert np.array_equal(new, long)
    assert not np.array_equal(new, model.predict_proba(frame))
    assert np.isfinite(model.predict_proba(frame.assign(country=[None] * len(frame)))).all()


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("age", "old", "row 0, column 'age' is old: expected a number or a missing value"),
        ("age", dt.date(2026, 1, 1), "row 0, column 'age' is 2026-01-01.*: expected a number or a missing value"),
        ("since", 3, "row 0, column 'since' is 3: expected a date, a datetime or a missing value"),
        ("since", "then", "row 0, column 'since' is then: expected a date"),
        ("country", ("IT", "FR"), r"row 0, column 'country' is \('IT', 'FR'\): expected a word or a missing value"),
        ("phone", "perhaps", "row 0, column 'phone' is perhaps: expected True, False or a missing value"),
    ],
)
def test_value_of_another_kind_is_reported_with_its_position(column: str, value: Any, message: str) -> None:
    frame = customers(20)
    model = NeuralClassifier(**QUICK).fit(frame, outcomes(NeuralClassifier, frame))
    with pytest.raises(ValueError, match=message):
        model.predict(frame.assign(**{column: pandas.Series([value] * 20, dtype=object)}))


def test_lists_in_a_column_are_rejected() -> None:
    with pytest.raises(ValueError, match=r"row 0, column 'tags' is \['a'\]: expected a word or a missing value"):
        NeuralClassifier().fit(pandas.DataFrame({"tags": [["a"], ["b"]]}), [0, 1])


def test_arrays_are_read_by_column_position() -> None:
    frame = customers()
    model = NeuralClassifier(**QUICK).fit(frame, outcomes(NeuralClassifier, frame))
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        found = model.predict_proba(frame.to_numpy())
    assert np.array_equal(found, model.predict_proba(frame))


@both
def test_row_order_and_duplicates_do_not_change_the_fit(kind: type[Estimator]) -> None:
    frame = customers(60)
    y = outcomes(kind, frame)
    weight = np.random.default_rng(0).integers(0, 3, 60)
    order = np.random.default_rng(1).permutation(np.repeat(np.arange(60), weight))
    weighted = kind(random_state=1).fit(frame, y, weight)
    repeated = kind(random_state=1).fit(frame.iloc[order], y[order])
    assert weighted.network_.fields == repeated.network_.fields
    assert np.array_equal(answers(weighted, frame), answers(repeated, frame))


def test_class_weights_are_applied() -> None:
    frame = pandas.DataFrame({"word": ["a", "b"] * 60})
    y = np.where(np.arange(120) % 6 == 0, "rare", "usual")
    fair = NeuralClassifier(random_state=1).fit(frame, y).predict_proba(frame)[0]
    model = NeuralClassifier(class_weight="balanced", random_state=1).fit(frame, y)
    assert model.predict_proba(frame)[0, 0] > fair[0] + 0.1
    given = NeuralClassifier(class_weight={"rare": 5, "usual": 1}, **QUICK).fit(frame, y)
    assert given.network_.configure()["class_weight"] == [5, 1]


@both
def test_partial_fit_adds_new_words(kind: type[Estimator]) -> None:
    frame = pandas.DataFrame({"word": ["a", "b", "c", None] * 20, "number": np.arange(80.0)})
    y = np.tile([0, 1, 1, 0], 20)
    model = kind(random_state=1)
    first = frame["word"].isin(["a", "b"]).to_numpy()
    model.partial_fit(frame[first], y[first], *([[0, 1]] if kind is NeuralClassifier else []))
    model.partial_fit(frame[~first], y[~first])
    assert dict(model.network_.fields or {}) == {"word": "category 100", "number": "number"}
    assert model.score(frame, y) > 0.95
    info = model.network_.info()
    assert info.training_dataset_len + info.test_dataset_len == 80
    before = bytes(model.network_)
    with pytest.raises(ValueError, match="feature names should match"):
        model.partial_fit(frame.assign(more=1), y)
    assert bytes(model.network_) == before


@both
def test_warm_start_keeps_the_fields(kind: type[Estimator]) -> None:
    frame = customers()
    y = outcomes(kind, frame)
    model = kind(**QUICK, warm_start=True).fit(frame, y)
    loss = model.loss_curve_[-1]
    fields = model.network_.fields
    model.fit(frame, y)
    assert model.loss_curve_[1] < 2 * loss, "it does not start again"
    assert model.network_.fields == fields
    # Kinds are not detected again: these rows have neither a gap nor a word that would reveal them.
    model.fit(frame.iloc[10:].assign(country=None), y[10:])
    assert model.network_.fields == fields
    with pytest.raises(ValueError, match=r"the fitted network is a .*-30-30-30-., the parameters ask for"):
        model.set_params(hidden_layer_sizes=(5,)).fit(frame, y)


@both
def test_clones_are_unfitted_and_pickles_fitted(kind: type[Estimator]) -> None:
    frame = customers()
    y = outcomes(kind, frame)
    model = kind(**QUICK).fit(frame, y)
    assert not hasattr(clone(model), "network_")
    assert clone(model).get_params() == model.get_params()
    copy = pickle.loads(pickle.dumps(model))
    assert np.array_equal(answers(copy, frame), answers(model, frame))
    assert np.array_equal(answers(copy.partial_fit(frame, y), frame), answers(model.partial_fit(frame, y), frame))


def test_normalize_false_is_rejected_with_fields() -> None:
    with pytest.raises(ValueError, match="normalize is False: expected True for rows with missing values"):
        NeuralClassifier(normalize=False).fit(pandas.DataFrame({"word": ["a", "b"]}), [0, 1])


def test_fitted_network_predicts_rows_by_name(tmp_path: Path, db: nr.NeuralRedis) -> None:
    frame = customers()
    model = NeuralClassifier(**QUICK).fit(frame, outcomes(NeuralClassifier, frame))
    model.network_.save(tmp_path / "customers.nr")
    for network in [nr.load(tmp_path / "customers.nr"), db.upload("customers", model.network_)]:
        assert network.classify(frame.iloc[7].to_dict()) == model.predict(frame.iloc[7:8])[0]
        assert network.classify(frame).tolist() == model.predict(frame).tolist()


# Use in scikit-learn.


def test_titanic_frame_is_learnt_without_preprocessing() -> None:
    passengers = pandas.read_csv(TITANIC)
    survived = passengers.pop("survived").map({0: "no", 1: "yes"})
    assert passengers["age"].isna().any()
    learnt, kept, learnt_survived, kept_survived = train_test_split(passengers, survived, random_state=0)
    model = NeuralClassifier(random_state=1).fit(learnt, learnt_survived)
    assert model.score(kept, kept_survived) > 0.78
    found = permutation_importance(model, kept, kept_survived, n_repeats=3, random_state=0)
    assert list(passengers)[found.importances_mean.argmax()] == "sex"
    grid = {"hidden_layer_sizes": [(), (10,)], "ensemble": [1]}
    search = GridSearchCV(NeuralClassifier(random_state=1), grid, cv=3, error_score="raise").fit(passengers, survived)
    assert search.best_score_ > 0.75


def test_output_of_an_imputer_is_accepted() -> None:
    X = np.array([[1.0, np.nan], [2, np.nan], [3, np.nan], [4, np.nan]] * 10)
    kept = SimpleImputer(keep_empty_features=True).fit_transform(X)
    for rows in (X, kept):
        model = NeuralRegressor(random_state=1).fit(rows, rows[:, 0])
        assert model.score(rows, rows[:, 0]) > 0.9
