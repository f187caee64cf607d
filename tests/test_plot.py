"""The functions of `neuralredis.plot`: each draws on the axes it is given, and shows the right values."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import neuralredis as nr
import saved
from neuralredis import plot
from programs import output_of

LABELS = ["inside", "outside"]


@pytest.fixture(scope="module")
def classifier() -> nr.Network:
    """Return a network that distinguishes points inside a circle from points outside; its third input is noise."""
    X = np.random.default_rng(3).uniform(-1, 1, (300, 3))
    net = nr.Network("classifier", [3, 8, 2], normalize=True, dataset=200, test=100, seed=1, ensemble=4)
    net.observe(X, np.hypot(X[:, 0], X[:, 1]) > 0.75)
    net.train(autostop=True, backtrack=True)
    return net


@pytest.fixture(scope="module")
def regressor() -> nr.Network:
    X = np.random.default_rng(3).uniform(-1, 1, (90, 2))
    net = nr.Network("regressor", [2, 6, 1], normalize=True, dataset=60, test=30, seed=1)
    net.observe(X, X[:, 0] * X[:, 1])
    net.train(max_cycles=60)
    return net


DRAWN: dict[str, Callable[..., Any]] = {
    "learning_curve": lambda net, ax: plot.learning_curve(net, ax=ax),
    "learning_curve of a report": lambda net, ax: plot.learning_curve(net.report(), ax=ax),
    "confusion_matrix": lambda net, ax: plot.confusion_matrix(net, ax=ax),
    "confusion_matrix of an evaluation": lambda net, ax: plot.confusion_matrix(net.evaluate("train"), ax=ax),
    "decision_map": lambda net, ax: plot.decision_map(net, resolution=20, ax=ax),
    "network": lambda net, ax: plot.network(net, ax=ax),
    "calibration": lambda net, ax: plot.calibration(net, ax=ax),
    "reasons": lambda net, ax: plot.reasons(net.explain([0.9, 0.1, 0]), ax=ax),
}


@pytest.mark.parametrize("name", DRAWN)
def test_functions_draw_on_the_given_axes_and_return_them(name: str, classifier: nr.Network) -> None:
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert DRAWN[name](classifier, right) is right
    assert right.has_data() or right.collections
    assert not left.has_data()
    assert not left.collections


@pytest.mark.parametrize("name", DRAWN)
def test_functions_create_a_figure_without_axes(name: str, classifier: nr.Network) -> None:
    file = io.BytesIO()
    DRAWN[name](classifier, None).figure.savefig(file, format="png")
    picture = file.getvalue()
    width, height = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))
    assert width >= 560
    assert height >= 440


@pytest.mark.parametrize("name", DRAWN)
def test_functions_accept_a_network_in_a_server(name: str, classifier: nr.Network, db: nr.NeuralRedis) -> None:
    net = db.upload("circle", classifier)
    assert DRAWN[name](net, None).has_data() or name == "network"


def texts(legend: Any) -> list[str]:
    return [text.get_text() for text in legend.get_texts()]


def test_learning_curve_shows_errors_stop_and_kept_cycle(classifier: nr.Network) -> None:
    report = classifier.report()
    assert report
    ax = plot.learning_curve(report)
    train, test, stop, kept = ax.get_lines()
    np.testing.assert_array_equal(train.get_ydata(), report.curve.train_error)
    np.testing.assert_array_equal(test.get_ydata(), report.curve.test_error)
    assert list(stop.get_xdata()) == [report.cycles] * 2
    assert list(kept.get_xdata()) == [report.best_cycle]
    # The error of the network, not of the curve: the network has the better half of the trained members.
    assert list(kept.get_ydata()) == [report.test_error]
    kept_at = f"kept: cycle {report.best_cycle:,}, error {report.test_error:.3g}"
    assert texts(ax.get_legend())[2:] == [f"stopped: cycle {report.cycles:,}", kept_at]


def test_learning_curve_of_an_ensemble_explains_jumps(classifier: nr.Network) -> None:
    assert classifier.info().members == 2
    ax = plot.learning_curve(classifier)
    report = classifier.report()
    assert report
    assert texts(ax.get_legend())[-1].startswith(f"best members kept: up to cycle {report.best_cycle:,}, error ")
    assert "jumps where a member stops" in ax.get_xlabel()


def test_learning_curve_without_validation_rows_shows_training_error() -> None:
    net = nr.Network("regressor", [1, 2, 1], dataset=9, seed=1)
    net.observe([[x] for x in range(9)], range(9))
    report = net.train(max_cycles=3)
    assert texts(plot.learning_curve(report).get_legend()) == [
        "training rows",
        "stopped: cycle 3",
        f"kept: cycle 3, error {report.train_error:.3g}",
    ]


def test_learning_curve_of_an_untrained_network_is_rejected() -> None:
    with pytest.raises(nr.TrainingError, match="the network has no learning curve"):
        plot.learning_curve(nr.Network("regressor", [1, 1]))


def test_confusion_matrix_shows_counts_accuracy_and_baseline(classifier: nr.Network) -> None:
    ax = plot.confusion_matrix(classifier, labels=LABELS)
    found = classifier.evaluate()
    assert isinstance(found, nr.ClassifierEvaluation)
    assert found.confusion is not None
    counts = [int(text.get_text().split("\n")[0]) for text in ax.texts]
    assert counts == found.confusion.ravel().tolist()
    assert [tick.get_text() for tick in ax.get_yticklabels()] == LABELS
    assert ax.get_title() == (f"accuracy {found.accuracy:.1%} of 100 rows (baseline: {found.baseline:.1%})")


@pytest.mark.parametrize("classes", [12, 60])
def test_confusion_matrix_of_many_classes_has_fewer_ticks(classes: int) -> None:
    net = nr.Network("classifier", [1, classes], seed=1)
    found = net.evaluate([[x] for x in range(classes)], range(classes))
    ax = plot.confusion_matrix(found)
    assert len(ax.get_xticks()) == (12 if classes == 12 else 11)


def test_confusion_matrix_and_calibration_reject_regressors(regressor: nr.Network) -> None:
    for draw in (plot.confusion_matrix, plot.calibration):
        with pytest.raises(nr.KindError, match="regressor"):
            draw(regressor)


@pytest.mark.parametrize("draw", [plot.confusion_matrix, plot.network, plot.decision_map])
def test_labels_of_too_few_classes_are_rejected(draw: Callable[..., Any], classifier: nr.Network) -> None:
    with pytest.raises(nr.OptionError, match="1 labels: expected 2"):
        draw(classifier, labels=["inside"])


def test_decision_map_has_the_colours_of_predicted_classes(classifier: nr.Network) -> None:
    ax = plot.decision_map(classifier, resolution=41, xlim=(-1, 1), ylim=(-1, 1), labels=LABELS)
    picture = ax.images[0].get_array()
    (blue, orange) = picture[20, 20], picture[0, 0]
    assert blue[2] > blue[0], "the middle has class 0, blue"
    assert orange[0] > orange[2], "the corner has class 1, orange"
    assert texts(ax.get_legend()) == LABELS
    assert sum(len(points.get_offsets()) for points in ax.collections if len(points.get_offsets())) >= 200


def test_decision_map_of_a_regressor_shows_its_output(regressor: nr.Network) -> None:
    ax = plot.decision_map(regressor, inputs=(1, 0), resolution=15, names=["east", "north"], xlim=(0, 1), ylim=(-1, 0))
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_xlim()) == ("north", "east", (0, 1))
    corner = regressor.run([-1, 0])[0]
    assert ax.collections[0].get_array().ravel()[0] == pytest.approx(corner)


def test_decision_map_fixes_other_inputs_at_given_values(classifier: nr.Network) -> None:
    def picture(at: list[float] | None) -> Any:
        return plot.decision_map(classifier, at=at, resolution=9).images[0].get_array()

    median = np.median(classifier.rows("train")[0], axis=0)
    np.testing.assert_array_equal(picture(None), picture(median.tolist()))
    assert (picture([0, 0, 50]) != picture(None)).any()


def test_decision_map_rejects_invalid_inputs(classifier: nr.Network) -> None:
    for inputs in ((0, 0), (0, 3), (-1, 1)):
        with pytest.raises(
            nr.OptionError, match=re.escape(f"inputs are {inputs}: expected two different ones of 0 to")
        ):
            plot.decision_map(classifier, inputs)
    with pytest.raises(nr.DataError, match="no training rows"):
        plot.decision_map(nr.Network("classifier", [2, 2]))


def test_calibration_compares_probabilities_with_frequencies() -> None:
    # An untrained network predicts nearly the same for all rows. One row in four has class 1.
    net = nr.Network("classifier", [1, 2], seed=1)
    rows = np.zeros((400, 1))
    counts = float(net.run([0])[1])
    ax = plot.calibration(net, rows, np.arange(400) % 4 == 0, bins=4)
    ((x, y),) = ax.collections[-1].get_offsets()
    assert (x, y) == (pytest.approx(counts), 0.25)
    assert texts(ax.get_legend())[-1] == f"calibration error {abs(counts - 0.25):.1%}"
    assert [text.get_text() for text in ax.texts] == ["400"]


def test_calibration_of_many_classes_uses_the_predicted_class() -> None:
    net = nr.Network("classifier", [1, 3], seed=1)
    assert plot.calibration(net, [[0], [1]], [0, 1]).get_xlabel() == "probability of the predicted class"


def test_two_calibrations_can_share_axes(classifier: nr.Network) -> None:
    ax = plot.calibration(classifier, label="validation rows")
    plot.calibration(classifier, *classifier.rows("train"), label="training rows", ax=ax)
    assert texts(ax.get_legend()) == ["perfect calibration", "validation rows", "training rows"]


def test_calibration_rejects_missing_rows_and_invalid_options(classifier: nr.Network) -> None:
    with pytest.raises(nr.OptionError, match="bins is 1: expected 2 to 100"):
        plot.calibration(classifier, bins=1)
    with pytest.raises(nr.DataError, match="one of X and y is missing: expected both"):
        plot.calibration(classifier, [[0, 0, 0]])
    with pytest.raises(nr.DataError, match="no validation rows"):
        plot.calibration(nr.Network("classifier", [1, 2]))


def test_network_drawing_has_a_line_per_weight_colored_by_sign(classifier: nr.Network) -> None:
    ax = plot.network(classifier, member=1, names=["x", "y", "nothing"], labels=LABELS)
    first = ax.collections[0]
    weights = classifier.weights()[1][0][1:].ravel()
    order = np.argsort(np.abs(weights))
    assert len(first.get_segments()) == 3 * 8
    blue = first.get_colors()[:, 2] > first.get_colors()[:, 0]
    np.testing.assert_array_equal(blue, weights[order] >= 0)
    assert np.all(np.diff(first.get_linewidths()) >= 0)
    assert {"x", "nothing", "outside", "8 hidden"} <= {text.get_text() for text in ax.texts}
    assert f"|w| ≤ {np.abs(weights).max():.2g}" in {text.get_text() for text in ax.texts}
    assert ax.get_title() == "classifier 3-8-2, member 2 of 2"


def test_network_drawing_rejects_an_unknown_member(classifier: nr.Network) -> None:
    with pytest.raises(nr.OptionError, match="member is 2: expected 0 to 1"):
        plot.network(classifier, member=2)


def test_network_drawing_shows_the_ends_of_large_layers() -> None:
    ax = plot.network(nr.Network("classifier", [500, 100, 3], seed=1))
    assert len(ax.collections[0].get_segments()) == 16 * 16
    assert {"500 inputs", "100 hidden", "3 outputs"} <= {text.get_text() for text in ax.texts}


def test_weights_match_the_saved_network(classifier: nr.Network) -> None:
    members = classifier.weights()
    assert [[layer.shape for layer in member] for member in members] == [[(4, 8), (9, 2)]] * 2
    flat = np.concatenate([layer.ravel() for member in members for layer in member])
    np.testing.assert_array_equal(flat, saved.weights(bytes(classifier)))
    members[0][0][:] = 0
    assert classifier.weights()[0][0].any(), "copies"


def test_answer_can_be_computed_from_weights_at_mean_inputs() -> None:
    net = nr.Network("regressor", [2, 4, 1], normalize=True, seed=1, activation="tanh", ensemble=1)
    X = np.random.default_rng(1).normal(5, 2, (50, 2)).astype(np.float32)
    net.observe(X, X.sum(axis=1), into="train")
    net.train(max_cycles=50)
    ((first, last),) = net.weights()
    y = X.sum(axis=1)
    standardized = last[0] + np.tanh(first[0]) @ last[1:]
    # At the mean of the inputs, only the biases of the first layer matter.
    assert net.run(X.mean(axis=0))[0] == pytest.approx(standardized[0] * y.std() + y.mean(), abs=0.02)


def test_figures_are_registered_with_imported_pyplot() -> None:
    program = """
        import matplotlib
        matplotlib.use("agg")
        from matplotlib import pyplot
        import neuralredis as nr
        from neuralredis import plot
        net = nr.Network("classifier", [2, 3, 2], seed=1)
        net.observe([[0, 1], [1, 0]], [0, 1], into="train")
        net.train(max_cycles=3)
        for draw in (plot.learning_curve, plot.network, lambda net: plot.decision_map(net, resolution=3)):
            ax = draw(net)
            assert pyplot.gcf() is ax.figure
        own = pyplot.figure().add_subplot()
        assert plot.network(net, ax=own) is own
        print(pyplot.get_fignums())
    """
    assert output_of(program) == "[1, 2, 3, 4]\n"


@pytest.mark.parametrize("ipython", [True, False])
def test_pyplot_is_imported_only_in_notebooks(ipython: bool) -> None:
    program = """
        import sys, types
        shell = types.SimpleNamespace(events=types.SimpleNamespace(register=print)) if %s else None
        sys.modules["IPython"] = types.SimpleNamespace(version_info=(9, 0), get_ipython=lambda: shell)
        import neuralredis as nr
        from neuralredis import plot
        plot.network(nr.Network("classifier", [2, 3, 2], seed=1))
        pyplot = sys.modules.get("matplotlib.pyplot")
        print(pyplot and pyplot.get_fignums())
    """
    last = output_of(program % ipython, env={"MPLBACKEND": "agg"}).splitlines()[-1]
    assert last == ("[1]" if ipython else "None")


def test_functions_label_networks_with_fields_by_class_names() -> None:
    net = nr.Network("classifier", fields={"age": "number"}, target="left", hidden=[2], classes=["no", "yes"], seed=1)
    rows, names = {"age": range(60)}, ["no", "yes"] * 30
    net.observe(rows, names)
    net.train(max_cycles=3)
    for source in (net, net.evaluate("train")):
        ax = plot.confusion_matrix(source)
        assert [tick.get_text() for tick in ax.get_xticklabels()] == ["no", "yes"]
    assert plot.calibration(net, rows, names).get_xlabel() == "predicted probability of yes"
    assert plot.learning_curve(net) is not None
    for draw in (lambda: plot.network(net), lambda: plot.decision_map(net), lambda: plot.calibration(net)):
        with pytest.raises(nr.KindError, match="the network has fields"):
            draw()


def test_reasons_bars_sum_from_the_mean_to_the_answer(classifier: nr.Network) -> None:
    found = classifier.explain([0.9, 0.2, 0.5])
    ax = plot.reasons(found)
    bars = ax.patches
    assert len(bars) == 3
    assert bars[0].get_x() == pytest.approx(found.mean)
    for before, bar in itertools.pairwise(bars):
        assert before.get_x() + before.get_width() == pytest.approx(bar.get_x())
    assert bars[-1].get_x() + bars[-1].get_width() == pytest.approx(found.answer)
    ranked = sorted(found.shares.values(), key=abs)
    assert [bar.get_width() for bar in bars] == pytest.approx(ranked)
    assert ax.get_title() == f"output {found.label}: {found.answer:.3g}, mean {found.mean:.3g}"


def test_reasons_merge_small_shares_and_show_standard_errors() -> None:
    shares = {f"field {at}": 0.5**at for at in range(20)}
    errors = dict.fromkeys(shares, 0.1)
    found = nr.Explanation(
        label="yes", answer=2.0, mean=0.0, rows=9, shares=shares, values=dict.fromkeys(shares), standard_errors=errors
    )
    ax = plot.reasons(found, most=5)
    names = [tick.get_text() for tick in ax.get_yticklabels()]
    assert names == ["15 others", *(f"field {at} unknown" for at in range(4, -1, -1))]
    assert ax.collections, "lines of the errors"
    with pytest.raises(nr.OptionError, match="most is 1: expected at least 2"):
        plot.reasons(found, most=1)
