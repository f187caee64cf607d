"""Reports, information and evaluations: they read well, add up, and cannot be changed."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from sklearn import metrics

import neuralredis as nr
from neuralredis import html

#: Makes a network as `Network` does, in this process or in a server.
Create = Callable[..., Any]


def classifier(create: Create) -> nr.AnyNetwork:
    rng = np.random.default_rng(0)
    net = create("classifier", [4, 6, 3], normalize=True, dataset=1500, test=500, seed=1)
    X = rng.normal(size=(2000, 4))
    net.observe(X, np.digitize(X[:, 0] + rng.normal(size=2000) / 2, [-0.5, 0.8]))
    return net


def regressor(create: Create) -> nr.AnyNetwork:
    rng = np.random.default_rng(0)
    net = create("regressor", [4, 6, 2], normalize=True, dataset=150, test=50, seed=1)
    X = rng.normal(size=(200, 4))
    net.observe(X, np.stack([X[:, 0] * 100, X[:, 1] ** 2], axis=1))
    return net


def test_evaluation_of_a_classifier_matches_scikit_learn(create: Create) -> None:
    net = classifier(create)
    net.train(max_cycles=60)
    for found, (X, y) in [(net.evaluate(), net.rows("test")), (net.evaluate("train"), net.rows("train"))]:
        assert isinstance(found, nr.ClassifierEvaluation)
        classes = net.classify(X)
        assert found.rows == len(X)
        assert found.accuracy == pytest.approx(metrics.accuracy_score(y, classes))
        assert found.baseline == pytest.approx(np.bincount(y).max() / len(y))
        assert np.array_equal(found.confusion, metrics.confusion_matrix(y, classes, labels=[0, 1, 2]))
        assert found.error == pytest.approx(-np.log(net.run(X)[range(len(y)), y]).mean(), rel=1e-4)
        fresh = net.evaluate(X, y)
        assert isinstance(fresh, nr.ClassifierEvaluation)
        assert (fresh.error, fresh.accuracy) == (found.error, found.accuracy)
        assert found.accuracy > found.baseline + 0.1


def test_evaluation_of_a_regressor_matches_scikit_learn(create: Create) -> None:
    net = regressor(create)
    net.train(max_cycles=200)
    found, (X, y) = net.evaluate(), net.rows("test")
    assert isinstance(found, nr.RegressorEvaluation)
    answers = net.run(X)
    assert found.rows == 50
    assert found.rmse == pytest.approx(metrics.mean_squared_error(y, answers) ** 0.5, rel=1e-4)
    assert found.mae == pytest.approx(metrics.mean_absolute_error(y, answers), rel=1e-4)
    assert found.r2 == pytest.approx(metrics.r2_score(y, answers), abs=1e-5)
    assert found.baseline == pytest.approx(metrics.mean_squared_error(y, np.tile(y.mean(axis=0), (50, 1))) ** 0.5)
    assert found.rmse < found.baseline / 4
    assert repr(found) == (
        f"<RegressorEvaluation of 50 rows: rmse {found.rmse:.4g}, mae {found.mae:.4g}, r2 {found.r2:.4g}, "
        f"baseline {found.baseline:.4g}, error {found.error:.4g}>"
    )


def test_evaluate_accepts_one_row_and_rejects_none(create: Create) -> None:
    net = classifier(create)
    assert net.evaluate([1, 2, 3, 4], 0).rows == 1
    net.configure(test=0)
    with pytest.raises(nr.DataError, match="no rows to evaluate"):
        net.evaluate()


def test_evaluated_rows_are_not_stored(create: Create) -> None:
    net = classifier(create)
    before = bytes(net)
    net.evaluate([[1, 2, 3, 4]], [0])
    assert bytes(net) == before


def test_row_weights_affect_only_the_error(create: Create) -> None:
    net = classifier(create)
    X, y = net.rows("test")
    plain, weighted = net.evaluate(X, y), net.evaluate(X, y, weight=np.linspace(0.1, 9, len(X)))
    assert isinstance(plain, nr.ClassifierEvaluation)
    assert isinstance(weighted, nr.ClassifierEvaluation)
    assert plain.accuracy == weighted.accuracy
    assert plain.error != weighted.error


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("tset",), nr.OptionError, "set is 'tset': expected train, test"),
        (("test", [0]), TypeError, "takes no y or weight: stored rows have"),
        (([[1, 2, 3, 4]],), TypeError, "y is missing"),
    ],
)
def test_evaluate_rejects_invalid_arguments(
    create: Create, arguments: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        classifier(create).evaluate(*arguments)


def test_confusion_matrix_is_omitted_for_many_classes(create: Create) -> None:
    net = create("classifier", [1, 1500], seed=1)
    found = net.evaluate([[1], [2]], [3, 1400])
    assert isinstance(found, nr.ClassifierEvaluation)
    assert found.confusion is None


def test_info_has_the_fields_of_nr_info(create: Create) -> None:
    # First those of the tutorial, then those of later versions.
    names = (
        *("id", "type", "auto-normalization", "training", "layout"),
        *("training-dataset-maxlen", "training-dataset-len", "test-dataset-maxlen", "test-dataset-len"),
        *("training-total-steps", "training-total-seconds", "dataset-error", "test-error"),
        *("classification-errors-perc", "overfitting-detected", "training-total-cycles", "parameters"),
    )
    fields = [field.name for field in dataclasses.fields(nr.Info)]
    assert fields[: len(names)] == [name.replace("-", "_") for name in names]
    info = classifier(create).info()
    assert (info.type, info.layout, info.parameters) == ("classifier", (4, 6, 3), 51)
    assert (info.training_dataset_len, info.test_dataset_len) == (1500, 500)
    assert (info.dataset_error, info.test_error, info.classification_errors_perc) == (0, 0, 0)
    assert (info.training, info.overfitting_detected, info.auto_normalization) == (False, False, True)
    assert regressor(create).info().classification_errors_perc is None
    assert str(info).splitlines()[1].split() == ["type", "classifier"]


def test_ids_are_unique(create: Create) -> None:
    assert len({classifier(create).info().id for _ in range(5)}) == 5


def test_results_are_immutable(create: Create) -> None:
    net = classifier(create)
    report = net.train(max_cycles=1)
    for result in (net.info(), report, report.curve, net.evaluate()):
        with pytest.raises(dataclasses.FrozenInstanceError):
            result.cycles = 3


def test_repr_describes_the_network() -> None:
    net = classifier(nr.Network)
    assert repr(net) == "<Network classifier 4-6-3, 1,500+500 rows, untrained>"
    report = net.train(max_cycles=20)
    errors = f"error {report.train_error:.4f}, validation {report.test_error:.4f}, {report.class_errors:.1f} % wrong"
    assert repr(net) == f"<Network classifier 4-6-3, 1,500+500 rows, trained 20 cycles: {errors}>"
    assert repr(report) == f"<Report: cycle limit reached after 20 cycles and {report.seconds:.2f} s: {errors}>"
    found = net.evaluate()
    assert re.fullmatch(
        r"<ClassifierEvaluation of 500 rows: accuracy 0\.\d+, baseline 0\.\d+, error 0\.\d+>", repr(found)
    )
    training = net.start_training(max_time=0)
    assert repr(net).endswith(", training>")
    training.stop()
    training.wait()
    assert "% wrong" not in repr(regressor(nr.Network))


@pytest.mark.parametrize("make", [classifier, regressor])
def test_notebook_shows_a_table_and_the_learning_curve(create: Create, make: Any) -> None:
    net = make(create)
    untrained = net._repr_html_()
    assert "<svg" not in untrained
    report = net.train(max_cycles=80)
    page = net._repr_html_()
    root = ElementTree.fromstring(page)
    cells = {row[0].text: row[1].text for row in root.iter("tr")}
    assert cells["training rows"] == f"{net.info().training_dataset_len:,} of {net.info().training_dataset_maxlen:,}"
    assert cells["validation error"] == f"{net.info().test_error:.4f}"
    curves = list(root.iter("polyline"))
    assert len(curves) == 2
    for curve in curves:
        points = [tuple(map(float, point.split(","))) for point in curve.attrib["points"].split()]
        assert len(points) == len(report.curve.cycles) > 20
        assert all(0 <= x <= 360 and 0 <= y <= 130 for x, y in points)
        assert points[0][1] < points[-1][1], "errors fall, and the drawing's height grows downwards"
    assert "http" not in page
    assert "src=" not in page
    assert ElementTree.fromstring(untrained) is not None


def test_every_exception_derives_from_a_builtin_exception() -> None:
    ours = [error for name, error in vars(nr).items() if name.endswith("Error") and error is not nr.NeuralRedisError]
    assert len(ours) == 11
    for error in ours:
        assert issubclass(error, nr.NeuralRedisError)
        assert error.__bases__[1].__module__ == "builtins"
        assert error.__module__ == "neuralredis.exceptions"


def test_row_counts_are_a_named_tuple(create: Create) -> None:
    counts = create("regressor", [1, 1], seed=1).observe([[1.0], [2.0], [3.0]], [1, 2, 3], into="test")
    assert counts == (0, 3)
    assert (counts.train, counts.test) == (0, 3)
    assert repr(counts) == "RowCounts(train=0, test=3)"


def test_texts_of_a_network_are_escaped_in_a_notebook() -> None:
    evil = "<img src=x onerror=alert(1)>"
    info = classifier(nr.Network).info()
    words = {field.name: evil for field in dataclasses.fields(info) if isinstance(getattr(info, field.name), str)}
    assert {"type", "activation", "output", "loss", "algorithm"} <= words.keys()
    page = html.network(dataclasses.replace(info, **words), None)
    assert "<img" not in page
    assert page.count("&lt;img") == 5
