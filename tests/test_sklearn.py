"""The estimators behave like those of scikit-learn, and learn like a `Network`."""

from __future__ import annotations

import inspect
import itertools
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris, make_blobs, make_classification, make_moons, make_regression
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.inspection import DecisionBoundaryDisplay
from sklearn.metrics import recall_score
from sklearn.model_selection import GridSearchCV, KFold, LearningCurveDisplay, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.estimator_checks import parametrize_with_checks

import neuralredis as nr
from neuralredis.sklearn import NeuralClassifier, NeuralRegressor
from neuralredis.sklearn.rows import Rows, merged, split
from programs import output_of

Estimator = NeuralClassifier | NeuralRegressor
TITANIC = Path(__file__).resolve().parents[1] / "examples" / "data" / "titanic.csv"
both = pytest.mark.parametrize("kind", [NeuralClassifier, NeuralRegressor])


def flowers() -> tuple[Any, Any]:
    X, y = load_iris(return_X_y=True)
    return X, np.array(["setosa", "versicolor", "virginica"])[y]


def rows(kind: type[Estimator]) -> tuple[Any, Any]:
    """Return 120 rows of three inputs for both estimators."""
    X, y = make_blobs(120, 3, centers=3, cluster_std=2, random_state=0)
    return (X, y) if kind is NeuralClassifier else (X, X[:, 0] - X[:, 1] ** 2)


def answers(estimator: Estimator, X: Any) -> Any:
    return estimator.predict_proba(X) if isinstance(estimator, NeuralClassifier) else estimator.predict(X)


# As in scikit-learn's own suite: random rows may take long.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks([NeuralClassifier(), NeuralRegressor()])
def test_estimators_pass_the_checks_of_scikit_learn(
    estimator: Estimator, check: Callable[[Estimator], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without this, scikit-learn skips one of its checks.
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    # Some of the checks do not set random_state.
    np.random.seed(0)
    check(estimator)


@both
def test_every_parameter_and_attribute_is_documented(kind: type[Estimator]) -> None:
    text = inspect.getdoc(kind) or ""
    fitted = [name for name in vars(kind().fit(*rows(kind))) if name.endswith("_")]
    assert len(fitted) >= 5
    for name in [*inspect.signature(kind).parameters, *fitted]:
        assert name in text, name


def test_missing_scikit_learn_is_reported_by_name() -> None:
    program = """
        import sys
        sys.modules["sklearn"] = None
        import neuralredis
        try:
            import neuralredis.sklearn
        except ImportError as error:
            print(error)
    """
    assert "needs scikit-learn 1.6 or later" in output_of(program)
    assert "pip install 'neuralredis[sklearn]'" in output_of(program)


# Fits.


def test_classes_keep_their_labels() -> None:
    X, y = flowers()
    model = NeuralClassifier(random_state=1).fit(X, y)
    assert model.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    assert set(model.predict(X)) == set(model.classes_)
    assert model.score(X, y) > 0.94
    probabilities = model.predict_proba(X)
    assert np.array_equal(model.classes_[probabilities.argmax(axis=1)], model.predict(X))
    assert np.allclose(probabilities.sum(axis=1), 1, rtol=0, atol=1e-12)


def test_several_outputs_are_learnt_at_once() -> None:
    X, y = make_regression(300, 4, n_targets=2, random_state=0)
    y *= [1, 1000]
    model = NeuralRegressor(random_state=1).fit(X, y)
    assert model.predict(X).shape == (300, 2)
    assert model.score(X, y) > 0.98
    with pytest.warns(DataConversionWarning):
        assert NeuralRegressor(max_iter=1, early_stopping=False).fit(X, y[:, :1]).predict(X).shape == (300,)


def test_hidden_layer_sizes_may_be_empty_or_one_integer() -> None:
    X, y = flowers()
    assert NeuralClassifier((), random_state=1).fit(X, y).network_.info().layout == (4, 3)
    assert NeuralClassifier(np.int64(7), random_state=1).fit(X, y).network_.info().layout == (4, 7, 3)


@both
def test_random_state_determines_the_predictions(kind: type[Estimator]) -> None:
    X, y = rows(kind)
    one, same, other = (answers(kind(random_state=state).fit(X, y), X) for state in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    drawn = (answers(kind(random_state=np.random.RandomState(5)).fit(X, y), X) for _ in range(2))
    assert np.array_equal(*drawn)


@both
def test_order_of_rows_does_not_change_the_fit(kind: type[Estimator]) -> None:
    X, y = rows(kind)
    X, y = np.r_[X, X[:10]], np.r_[y, y[:10]]
    weight = np.random.default_rng(0).uniform(0.1, 3, len(X))
    order = np.random.default_rng(1).permutation(len(X))
    one = kind(random_state=1).fit(X, y, weight)
    other = kind(random_state=1).fit(X[order], y[order], weight[order])
    assert np.array_equal(answers(one, X), answers(other, X))


@both
def test_sample_weights_change_the_probabilities(kind: type[Estimator]) -> None:
    X = np.repeat([[0.0], [1.0]], 60, axis=0)
    y = np.tile([0, 1], 60)
    model = kind(random_state=1)
    fair = model.fit(X, y).network_.run([[0], [1]])[:, -1]
    skew = model.fit(X, y, np.where(X[:, 0] == y, 9, 1)).network_.run([[0], [1]])[:, -1]
    assert fair == pytest.approx([0.5, 0.5], abs=0.05)
    assert skew == pytest.approx([0.1, 0.9], abs=0.05)


def test_class_weight_raises_the_recall_of_a_rare_class() -> None:
    X, y = make_classification(1000, 5, weights=[0.95], class_sep=0.5, random_state=1)
    weights: dict[str, Any] = {"none": None, "balanced": "balanced", "given": {0: 1, 1: 20}}
    found = {
        name: recall_score(y, NeuralClassifier(class_weight=weight, random_state=1).fit(X, y).predict(X))
        for name, weight in weights.items()
    }
    assert found["none"] < 0.3
    assert min(found["balanced"], found["given"]) > 0.7


def test_balanced_class_weights_give_classes_equal_total_weight() -> None:
    X = np.random.default_rng(0).normal(size=(60, 2))
    y = np.repeat([0, 1], [40, 20])
    model = NeuralClassifier(class_weight="balanced", max_iter=1, early_stopping=False)
    assert model.fit(X, y).network_.configure()["class_weight"] == pytest.approx([0.75, 1.5])
    assert model.fit(X, y, 1 + y).network_.configure()["class_weight"] == [1, 1]
    model = clone(model).partial_fit(X, y, classes=[0, 1, 2])
    assert model.network_.configure()["class_weight"] == pytest.approx([0.5, 1, 1])
    assert model.partial_fit(X[:20], y[40:]).network_.configure()["class_weight"] == pytest.approx([2 / 3, 2 / 3, 1])


# Training rows.


def test_held_out_rows_are_a_share_of_each_class() -> None:
    X = np.arange(106, dtype=np.float32)[:, np.newaxis]
    y = np.repeat([0, 1, 2], [75, 30, 1]).astype(np.float32)
    for seed in range(20):
        learnt, tested = split(Rows(X, y[:, np.newaxis], np.ones(106)), y, 0.2, np.random.RandomState(seed))
        assert sorted([*learnt.X[:, 0], *tested.X[:, 0]]) == list(range(106))
        assert (tested.y == 0).sum() in (14, 15)
        assert (tested.y == 1).sum() in (5, 6)
        assert (learnt.y == 2).sum() == 1


def test_held_out_rows_depend_on_the_random_state() -> None:
    all_rows = Rows(np.arange(50, dtype=np.float32)[:, np.newaxis], np.zeros((50, 1), np.float32), np.ones(50))
    kept = [split(all_rows, np.zeros(50), 0.1, np.random.RandomState(seed))[1].X[:, 0] for seed in range(200)]
    assert {len(rows) for rows in kept} <= {4, 5}
    times = np.bincount(np.concatenate(kept).astype(int), minlength=50)
    assert 5 <= times.min() <= times.max() <= 40


def test_duplicate_rows_are_merged_with_summed_weights() -> None:
    X = np.array([[0, 1], [-0.0, 1], [2, 3], [4, 5], [0, 1]], np.float32)
    y = np.array([[0], [0], [1], [1], [1]], np.float32)
    found = merged(Rows(X, y, np.array([1, 2, 1, 0, 1.0])))
    assert {(*x, *y): weight for x, y, weight in zip(*map(np.ndarray.tolist, found), strict=True)} == {
        (0, 1, 0): 3,
        (0, 1, 1): 1,
        (2, 3, 1): 1,
    }
    # Sums of weights have the same magnitude.
    orders = itertools.permutations([0.1, 0.2, 0.3])
    assert len({float(merged(Rows(X[:3] * 0, y[:3] * 0, np.array(order))).weight[0]) for order in orders}) == 1
    learnt, tested = split(Rows(X[:1], y[:1], np.array([10.0])), y[:1, 0], 0.2, np.random.RandomState(0))
    assert learnt.weight[0] + tested.weight[0] == 10
    assert tested.weight[0] in (1, 2)


def test_few_distinct_rows_that_repeat_are_all_learnt() -> None:
    X = np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], 25, axis=0)
    y = X[:, 0] ^ X[:, 1]
    assert [NeuralClassifier(random_state=seed).fit(X, y).score(X, y) for seed in range(10)] == [1] * 10


@both
def test_too_few_rows_are_trained_without_validation(kind: type[Estimator]) -> None:
    X, y = [[0.0], [1.0]], [0, 1]
    model = kind(max_iter=25, l2=0, random_state=1).fit(X, y)
    assert model.n_iter_ == 25
    assert model.validation_loss_curve_ is None
    assert model.predict(X) == pytest.approx(y, abs=0.2)


def test_rows_are_converted_to_float32() -> None:
    model = NeuralRegressor(max_iter=1, early_stopping=False).fit([[2.0**24], [2.0**24 + 1], [0]], [1.0, 1, 0])
    assert model.predict([[2.0**24]]) == model.predict([[2.0**24 + 1]])
    with np.errstate(over="ignore"):
        with pytest.raises(ValueError, match=r"Input X .*too large for dtype\('float32'\)"):
            model.fit([[1e39], [1]], [0.0, 1])
        with pytest.raises(ValueError, match=r"Input y .*too large for dtype\('float32'\)"):
            model.fit([[1], [1]], [0.0, 1e39])


# Further fits.


@both
def test_warm_start_continues_the_last_training(kind: type[Estimator]) -> None:
    X, y = rows(kind)
    options: dict[str, Any] = {"early_stopping": False, "random_state": 1}
    whole = kind(max_iter=10, **options).fit(X, y)
    halves = kind(max_iter=5, warm_start=True, **options).fit(X, y).fit(X, y)
    assert halves.n_iter_ == 5
    if kind is NeuralClassifier:
        assert np.array_equal(answers(halves, X), answers(whole, X))
    else:  # L-BFGS begins each training without curvature pairs.
        assert halves.score(X, y) > kind(max_iter=5, **options).fit(X, y).score(X, y)
    cold = kind(max_iter=5, **options).fit(X, y).fit(X, y)
    assert not np.array_equal(answers(cold, X), answers(whole, X))


def test_warm_start_accepts_new_options_but_no_other_layout_or_classes() -> None:
    X, y = flowers()
    model = NeuralClassifier(warm_start=True, class_weight="balanced", max_iter=2, early_stopping=False).fit(X, y)
    model.set_params(l2=0.25, class_weight=None, n_iter_no_change=9).fit(X[:60], y[:60])
    chosen = model.network_.configure()
    assert (chosen["l2"], chosen["class_weight"], chosen["patience"]) == (0.25, "none", 9)
    assert model.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    with pytest.raises(ValueError, match=r"y has \['rose'\]: expected the classes \['setosa'"):
        model.fit(X[:60], np.where(y[:60] == "setosa", "rose", y[:60]))
    with pytest.raises(ValueError, match="3 features, but NeuralClassifier is expecting 4"):
        model.fit(X[:, :3], y)
    before = answers(model, X)
    with pytest.raises(ValueError, match="is a 4-30-30-30-3, the parameters ask for 4-5-3"):
        model.set_params(hidden_layer_sizes=(5,)).fit(X, y)
    assert np.array_equal(answers(model, X), before)


def test_partial_fit_learns_all_parts() -> None:
    X, y = flowers()
    model = NeuralClassifier(random_state=1)
    for kind in np.unique(y):
        model.partial_fit(X[y == kind], y[y == kind], classes=np.unique(y))
    assert model.score(X, y) > 0.94
    info = model.network_.info()
    assert info.training_dataset_len + info.test_dataset_len == len({(*x, c) for x, c in zip(X, y, strict=True)})
    # Each call has the limit max_iter.
    assert model.set_params(early_stopping=False, max_iter=300).partial_fit(X[:1], y[:1]).n_iter_ == 300
    line = NeuralRegressor(random_state=1)
    for start in range(0, 100, 20):
        line.partial_fit(np.arange(start, start + 20)[:, np.newaxis], 3.0 * np.arange(start, start + 20))
    assert line.predict([[10], [90]]) == pytest.approx([30, 270], abs=5)


def test_partial_fit_keeps_the_classes_of_the_first_call() -> None:
    X, y = flowers()
    model = NeuralClassifier(random_state=1, max_iter=3, early_stopping=False)
    with pytest.raises(ValueError, match="classes is missing: expected all classes in the first call of partial_fit"):
        model.partial_fit(X, y)
    with pytest.raises(ValueError, match=r"classes are \['setosa'\]: expected at least two"):
        model.partial_fit(X[:9], y[:9], classes=["setosa"])
    model.partial_fit(X, y, classes=np.unique(y))
    before = answers(model, X)
    with pytest.raises(ValueError, match=r"y has \['rose'\]: expected the classes"):
        model.partial_fit([[1, 2, 3, 4]], ["rose"])
    with pytest.raises(ValueError, match=r"classes are \['rose' 'setosa'\]: expected those of the first call"):
        model.partial_fit(X, y, classes=["setosa", "rose"])
    assert np.array_equal(answers(model, X), before)
    assert model.partial_fit(X[:1], y[:1]).network_.info().training_dataset_len > 140


@both
def test_fit_does_not_keep_rows(kind: type[Estimator]) -> None:
    X, y = rows(kind)
    model = kind(max_iter=20, early_stopping=False, random_state=1).fit(X, y)
    assert model.network_.info().training_dataset_len == 0
    loss = model.loss_curve_[-1]
    model.partial_fit(X, y)
    assert model.network_.info().training_dataset_len == 120
    assert model.loss_curve_[-1] < loss
    assert model.set_params(warm_start=True).fit(X, y).network_.info().training_dataset_len == 0


@both
def test_rejected_rows_change_nothing(kind: type[Estimator]) -> None:
    X, y = rows(kind)
    classes = [np.unique(y)] if kind is NeuralClassifier else []
    model = kind(max_iter=20, early_stopping=False, random_state=1).partial_fit(X, y, *classes)
    before = bytes(model.network_)
    for learn in (model.partial_fit, model.set_params(warm_start=True).fit):
        with np.errstate(over="ignore"), pytest.raises(nr.DataError, match="weight"):
            learn(X, y, sample_weight=np.full(120, 1e39))
        assert bytes(model.network_) == before


# Attributes.


@both
def test_loss_curves_have_a_point_for_each_iteration(kind: type[Estimator]) -> None:
    X, y = rows(kind)
    model = kind(random_state=1).fit(X, y)
    assert model.validation_loss_curve_ is not None
    assert len(model.loss_curve_) == len(model.validation_loss_curve_) == model.n_iter_ > 50
    assert model.loss_curve_[-1] < model.loss_curve_[0] / 2
    assert model.validation_loss_curve_.min() < model.validation_loss_curve_[0] / 2
    long = kind(max_iter=1500, early_stopping=False, random_state=1).fit(X, y)
    assert len(long.loss_curve_) == long.n_iter_ == 1500
    assert np.isfinite(long.loss_curve_).all()
    assert long.validation_loss_curve_ is None


def test_unconverged_training_warns() -> None:
    with pytest.warns(ConvergenceWarning, match="still falling after max_iter=12 iterations"):
        NeuralClassifier(max_iter=12, random_state=1).fit(*flowers())


def test_fit_keeps_the_feature_names_of_frames() -> None:
    frame = pandas.DataFrame(flowers()[0], columns=["a", "b", "c", "d"])
    model = NeuralClassifier(random_state=1, max_iter=2, early_stopping=False).fit(frame, flowers()[1])
    assert model.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame.rename(columns={"a": "e"}))


def test_fitted_network_can_be_saved_and_uploaded(tmp_path: Path, db: nr.NeuralRedis) -> None:
    X, y = flowers()
    model = NeuralClassifier(random_state=1).fit(X, y)
    model.network_.save(tmp_path / "iris.nr")
    for network in [nr.load(tmp_path / "iris.nr"), db.upload("iris", model.network_)]:
        assert np.array_equal(model.classes_[network.classify(X)], model.predict(X))
        # The limits are the numbers of stored rows, without the duplicate row of the data.
        assert network.observe(X, np.zeros(150)) == (119, 30)


def test_interrupted_fit_leaves_a_fitted_model(monkeypatch: pytest.MonkeyPatch) -> None:
    whole_training = nr.Network.train

    def interrupted(network: nr.Network, **limits: Any) -> nr.Report:
        def ctrl_c(progress: nr.Progress) -> None:
            if progress.cycle:
                raise KeyboardInterrupt

        return whole_training(network, callback=ctrl_c, **limits)

    monkeypatch.setattr(nr.Network, "train", interrupted)
    X, y = make_regression(500, 3, random_state=0)
    model = NeuralRegressor(early_stopping=False, max_iter=None, random_state=1)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert len(model.loss_curve_) == model.n_iter_ > 0
    assert model.predict(X).std() > 0
    assert model.network_.info().training_dataset_len == 0


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"max_iter": 0}, "max_iter is 0: expected None or an integer of at least 1"),
        ({"max_iter": 2.5}, "max_iter is 2.5: expected None or an integer of at least 1"),
        ({"n_iter_no_change": "x"}, "n_iter_no_change is 'x': expected 'auto' or an integer of at least 1"),
        ({"validation_fraction": 1.0}, "validation_fraction is 1.0: expected more than 0, below 1"),
        ({"activation": "logistic"}, "activation is 'logistic': expected sigmoid, tanh, relu"),
        ({"hidden_layer_sizes": (3, 0)}, "layer 2 has 0 units: expected 1 to 1048576"),
        ({"l2": -1.0}, "l2 is -1: expected auto or a finite number of at least 0"),
        ({"class_weight": "fair"}, "class_weight is 'fair': expected a dict, 'balanced' or None"),
    ],
)
def test_invalid_parameter_values_are_rejected_by_name(parameters: dict[str, Any], message: str) -> None:
    model = NeuralClassifier(**parameters)
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        model.fit(*flowers())
    assert not hasattr(model, "network_")


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, 2], r"sample_weight has the shape \(2,\): expected \(150,\), a weight for each row of X"),
        (np.linspace(-1, 1, 150), "sample_weight has -1.0: expected numbers of at least 0"),
        (0, "sample_weight is 0 for all rows: expected at least one non-zero number"),
        (np.arange(150) < 50, "y has one class, .*setosa.*: expected at least two"),
    ],
)
def test_row_weights_out_of_range_are_rejected(weight: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NeuralClassifier().fit(*flowers(), sample_weight=weight)


# Use in scikit-learn.


def test_pipeline_learns_from_a_raw_frame() -> None:
    passengers = pandas.read_csv(TITANIC)
    survived = passengers.pop("survived").map({0: "no", 1: "yes"})
    passengers["age"] = passengers["age"].fillna(30)
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["class", "sex"]), remainder="passthrough"),
        NeuralClassifier(random_state=1),
    )
    learnt, kept, learnt_survived, kept_survived = train_test_split(passengers, survived, random_state=0)
    model.fit(learnt, learnt_survived)
    assert model.score(kept, kept_survived) > 0.78
    assert model.predict_proba(kept.assign(sex="female"))[:, 1].mean() > 0.5
    assert model.predict_proba(kept.assign(sex="male"))[:, 1].mean() < 0.4


def test_grid_search_and_cross_validation_accept_estimators() -> None:
    X, y = flowers()
    grid = {"hidden_layer_sizes": [(), (10, 10)], "l2": np.array([1e-3, 10.0])}
    search = GridSearchCV(NeuralClassifier(random_state=1, ensemble=1), grid, cv=3).fit(X, y)
    assert search.best_params_["l2"] == 1e-3
    assert search.best_score_ > 0.9
    assert min(search.cv_results_["mean_test_score"]) < 0.9
    assert cross_val_score(NeuralClassifier(random_state=1), X, y).mean() > 0.93
    folds = KFold(5, shuffle=True, random_state=0)
    assert cross_val_score(NeuralRegressor(random_state=1), X[:, :3], X[:, 3], cv=folds, scoring="r2").mean() > 0.9


@both
def test_estimators_accept_the_former_name_of_ensemble(kind: type[Estimator]) -> None:
    X, y = rows(kind)
    models = [kind((8,), random_state=1, **{name: 3}) for name in ("ensemble", "restarts")]
    models.append(clone(models[1]))
    models.append(kind((8,), random_state=1).set_params(restarts=3))
    assert {model.fit(X, y).network_.info().ensemble for model in models} == {3}
    with pytest.raises(ValueError, match="ensemble is 3, restarts is 2: expected one of them"):
        models[0].set_params(restarts=2).fit(X, y)


@both
def test_clones_are_unfitted_and_pickles_fitted(kind: type[Estimator]) -> None:
    X, y = rows(kind)
    model = kind((8,), random_state=1, ensemble=1).fit(X, y)
    assert not hasattr(clone(model), "network_")
    assert clone(model).get_params() == model.get_params()
    copy = pickle.loads(pickle.dumps(model))
    assert np.array_equal(answers(copy, X), answers(model, X))
    assert np.array_equal(copy.loss_curve_, model.loss_curve_)
    # Further fits are the same, too.
    assert np.array_equal(answers(copy.partial_fit(X, y), X), answers(model.partial_fit(X, y), X))


def test_displays_show_decision_boundaries_and_learning_curves() -> None:
    from matplotlib.figure import Figure

    X, y = make_moons(200, noise=0.2, random_state=0)
    words = np.array(["above", "below"])[y]
    axes = Figure().subplots()
    shown = DecisionBoundaryDisplay.from_estimator(
        NeuralClassifier(random_state=1).fit(X, words), X, response_method="predict_proba", ax=axes
    )
    assert shown.response.min() < 0.1
    assert shown.response.max() > 0.9
    curves = LearningCurveDisplay.from_estimator(
        NeuralClassifier(random_state=1), X, words, train_sizes=[0.1, 0.5, 1.0], ax=Figure().subplots()
    )
    few, _, many = curves.test_scores.mean(axis=1)
    assert few < many
    assert many > 0.9


# Inputs and errors.


@both
def test_sparse_rows_equal_dense_rows(kind: type[Estimator], monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = rows(kind)
    X = np.where(abs(X) > 3, X, 0)
    dense = kind(max_iter=20, early_stopping=False, random_state=1).fit(X, y)
    # So that predictions are computed in several parts.
    monkeypatch.setattr("neuralredis.sklearn.base.DENSE_VALUES", 100)
    for form in (scipy.sparse.csr_matrix, scipy.sparse.csc_array, scipy.sparse.coo_array):
        model = kind(max_iter=20, early_stopping=False, random_state=1).fit(form(X), y)
        assert np.array_equal(answers(model, form(X)), answers(dense, X))
        assert np.array_equal(answers(model, X), answers(dense, X))


def test_vectorizers_and_encoders_work_in_a_pipeline() -> None:
    texts = ["a good film", "good, very good", "a bad film", "bad, very bad"] * 20
    assert (
        make_pipeline(TfidfVectorizer(), NeuralClassifier(random_state=1))
        .fit(texts, [1, 1, 0, 0] * 20)
        .score(texts, [1, 1, 0, 0] * 20)
        == 1
    )
    table = pandas.DataFrame({"colour": ["red", "blue", "green"] * 20})
    encoded = make_column_transformer((OneHotEncoder(), ["colour"]), sparse_threshold=1.0)
    model = make_pipeline(encoded, NeuralRegressor(random_state=1)).fit(table, [1.0, 2, 3] * 20)
    assert model.score(table, [1.0, 2, 3] * 20) > 0.99


def test_sparse_output_of_a_column_transformer_is_accepted() -> None:
    colours = [f"colour {number}" for number in range(20)]
    table = pandas.DataFrame({"colour": colours * 6, "size": np.tile([1.0, 2.0], 60)})
    encoded = make_column_transformer((OneHotEncoder(), ["colour"]), remainder="passthrough")
    assert scipy.sparse.issparse(encoded.fit_transform(table))
    y = [number % 2 for number in range(20)] * 6
    assert make_pipeline(encoded, NeuralClassifier(random_state=1)).fit(table, y).score(table, y) == 1


@both
def test_too_large_sparse_matrix_is_rejected_with_its_size(
    kind: type[Estimator],
) -> None:
    X, y = scipy.sparse.csr_array((1000, 400_000)), np.tile([0, 1], 500)
    with pytest.raises(
        ValueError, match=r"X is sparse with 1000 rows and 400000 columns, .* at most 268435456 numbers"
    ):
        kind().fit(X, y)


@both
def test_infinite_number_is_reported_with_its_position(kind: type[Estimator]) -> None:
    X, y = rows(kind)
    X[3, 1] = np.inf
    for given, place in (
        (X, "row 3: input 1"),
        (scipy.sparse.csr_array(X), "row 3: input 1"),
        (pandas.DataFrame(X, columns=["a", "b", "c"]), "row 3, column 'b'"),
        (pandas.DataFrame(X, columns=["a", "b", "c"]).assign(c="x"), "row 3, column 'b'"),
    ):
        with pytest.raises(ValueError, match=f"Input X contains infinity .*: {place}"):
            kind().fit(given, y)


@both
@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pandas.to_datetime(["2024-01-05"] * 120), "row 0, column 'b' is 2024-01-05.*: expected a number or a missing"),
        (["x"] * 120, "row 0, column 'b' is x: expected a number or a missing value"),
        ([1.0] * 119 + ["x"], "row 119, column 'b' is x"),
        (pandas.Categorical(["x"] * 120), "row 0, column 'b' is x"),
    ],
)
def test_words_in_numeric_columns_are_reported_with_their_row(kind: type[Estimator], column: Any, message: str) -> None:
    X, y = rows(kind)
    frame = pandas.DataFrame(X, columns=["a", "b", "c"])
    model = kind(max_iter=2, early_stopping=False).fit(frame, y)
    with pytest.raises(ValueError, match=message):
        model.predict(frame.assign(b=column))
    with pytest.raises(ValueError, match=message):
        model.partial_fit(frame.assign(b=column), y)


@both
@pytest.mark.parametrize("gap", [None, pandas.NA])
def test_gap_in_y_is_reported_with_its_row(kind: type[Estimator], gap: Any) -> None:
    X, y = rows(kind)
    labels = [*y.astype(str if kind is NeuralClassifier else float)]
    labels[7] = gap
    with pytest.raises(ValueError, match=f"y has {gap!r} in row 7: expected a class or a number"):
        kind().fit(X, labels)


@both
@pytest.mark.parametrize(
    ("parameter", "value", "expected"),
    [
        ("normalize", 1, "True or False"),
        ("early_stopping", 0, "True or False"),
        ("early_stopping", "False", "True or False"),
        ("warm_start", "no", "True or False"),
        ("validation_fraction", "0.2", "more than 0, below 1"),
        ("hidden_layer_sizes", "30", "a number of units, or one for each hidden layer"),
        ("hidden_layer_sizes", None, "a number of units, or one for each hidden layer"),
        ("max_iter", "10", "None or an integer of at least 1"),
        ("l2", [1], "'auto' or a finite number of at least 0"),
        ("ensemble", 2.5, "an integer"),
        ("activation", 1, "sigmoid, tanh, relu"),
    ],
)
def test_parameter_of_the_wrong_type_is_named_with_its_value(
    kind: type[Estimator], parameter: str, value: Any, expected: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=f"{parameter} is {re.escape(repr(value))}: expected {expected}"):
        kind(**{parameter: value}).fit(*rows(kind))


@both
def test_empty_arrays_are_rejected_like_in_scikit_learn(kind: type[Estimator]) -> None:
    model = kind(max_iter=2, early_stopping=False).fit(*rows(kind))
    with pytest.raises(ValueError, match="Found array with 0 sample"):
        model.predict(np.empty((0, 3)))
    with pytest.raises(ValueError, match="Found array with 0 sample"):
        model.predict(scipy.sparse.csr_array((0, 3)))
