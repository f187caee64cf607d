"""Trainings: their ends, their reports, and their results in the network."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import neuralredis as nr

Create = Make = Callable[..., Any]


def circle(rows: int, seed: int = 0, noise: float = 0.0) -> tuple[Any, Any]:
    """Return points and whether they lie within a circle, some of them with wrong labels."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, size=(rows, 2))
    y = (X**2).sum(axis=1) < 0.6
    return X, np.where(rng.random(rows) < noise, ~y, y).astype(int)


@pytest.fixture
def network(create: Create) -> Make:
    def network(rows: int = 300, noise: float = 0.0, **options: Any) -> nr.AnyNetwork:
        net: nr.AnyNetwork = create("classifier", [2, 8, 2], dataset=200, test=100, seed=1, **options)
        net.observe(*circle(rows, noise=noise))
        return net

    return network


def test_training_reduces_the_error(network: Make) -> None:
    net = network(normalize=True)
    before = net.evaluate("train")
    report = net.train(max_cycles=300)
    after = net.evaluate("train")
    assert after.error < before.error / 5
    assert after.error == pytest.approx(report.train_error, rel=1e-6)
    assert (net.classify(circle(1000, seed=9)[0]) == circle(1000, seed=9)[1]).mean() > 0.93


def test_max_cycles_is_exact(network: Make) -> None:
    net = network()
    report = net.train(max_cycles=17)
    assert (report.reason, report.cycles, report.best_cycle) == ("maxcycles", 17, 17)
    info = net.info()
    assert (info.training_total_cycles, info.training_total_steps) == (17, 17 * 200)
    assert info.dataset_error == report.train_error
    assert info.test_error == report.test_error
    assert info.classification_errors_perc == report.class_errors
    assert not info.test_error_optimistic
    net.train(max_cycles=3)
    assert net.info().training_total_cycles == 20


def test_max_time_ends_a_training(network: Make) -> None:
    start = time.monotonic()
    report = network().train(max_time=0.15)
    assert report.reason == "maxtime"
    assert 0.15 <= report.seconds < 10
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("none", [0, None, float("inf"), 1e300])
def test_training_without_max_time_ends_by_cycles(network: Make, none: Any) -> None:
    assert network().train(max_cycles=2, max_time=none).reason == "maxcycles"


def test_autostop_ends_a_training_on_noise(create: Create) -> None:
    net = create("classifier", [2, 8, 2], dataset=200, test=100, seed=1)
    rng = np.random.default_rng(0)
    net.observe(rng.normal(size=(300, 2)), rng.integers(0, 2, 300))
    report = net.train(autostop=True, max_time=20)
    assert report.reason in ("overfitting", "converged")
    assert report.overfitting == (report.reason == "overfitting")
    assert net.info().test_error_optimistic


@pytest.mark.parametrize(("patience", "backtrack"), [(1, False), (10, True), (150, False), (150, True)])
def test_patience_ends_a_training_that_many_cycles_after_the_best(
    network: Make, patience: int, backtrack: bool
) -> None:
    # With one member and squared errors as the loss, the curve has the errors that decide.
    net = network(noise=0.2, patience=patience, ensemble=1, loss="mse")
    report = net.train(autostop=True, backtrack=backtrack, max_time=0)
    assert (report.reason, report.overfitting) in [("converged", False), ("overfitting", True)]
    assert len(report.curve) == report.cycles + 1, "the curve has every cycle"
    best, since = np.inf, 0
    for cycle, error in enumerate(report.curve.test_error):
        assert cycle <= since + patience
        # An error counts as lower if it is lower by a thousandth.
        if error < best * 0.999:
            best, since = error, cycle
    assert report.cycles == since + patience


def test_patience_beyond_max_cycles_has_no_effect(network: Make) -> None:
    report = network(noise=0.2, patience=2**31 - 1).train(autostop=True, max_cycles=600, max_time=0)
    assert (report.reason, report.cycles) == ("maxcycles", 600)


def test_backtrack_returns_to_the_lowest_validation_error(network: Make) -> None:
    ahead, back = (network(noise=0.2, ensemble=1, loss="mse") for _ in range(2))
    last = ahead.train(autostop=True, max_time=20)
    best = back.train(autostop=True, backtrack=True, max_time=20)
    assert last.best_cycle == last.cycles
    assert best.best_cycle < best.cycles
    assert best.test_error == np.nanmin(best.curve.test_error)
    assert last.test_error == last.curve.test_error[-1]
    assert back.evaluate().error == pytest.approx(best.test_error, rel=1e-6)


def test_backtrack_without_autostop_has_no_effect(network: Make) -> None:
    plain, alone = network(noise=0.2), network(noise=0.2)
    plain.train(max_cycles=100)
    alone.train(max_cycles=100, backtrack=True)
    assert np.array_equal(plain.run([[0.1, 0.2]]), alone.run([[0.1, 0.2]]))


def test_report_contains_the_curve_of_both_errors(network: Make) -> None:
    report = network().train(max_cycles=1000)
    curve = report.curve
    assert len(curve) <= 512
    assert curve.cycles[0] == 0
    assert curve.cycles[-1] == 1000
    assert (np.diff(curve.cycles) > 0).all()
    assert curve.train_error[-1] == report.train_error
    assert curve.test_error[-1] == report.test_error
    assert report.threads >= 1
    assert repr(curve) == f"<Curve of {len(curve)} points, cycles 0 to 1000>"


def test_report_is_kept_by_the_network(network: Make) -> None:
    net = network()
    assert net.report() is None
    report = net.train(max_cycles=5)
    assert net.report() is not None
    assert net.report().cycles == report.cycles == 5


def test_report_without_validation_rows_has_no_validation_error(create: Create) -> None:
    net = create("classifier", [2, 3, 2], dataset=100, seed=1)
    net.observe(*circle(50))
    report = net.train(max_cycles=5)
    assert report.test_error is None
    assert report.class_errors is None
    assert np.isnan(report.curve.test_error).all()
    assert "test" not in repr(report)


def test_problems_of_the_rows_are_reported(create: Create) -> None:
    net = create("classifier", [2, 8, 3], normalize=True, seed=1)
    net.observe([[1, 5], [2, 5], [3, 5]] * 6, [0, 1, 0] * 6, into="train")
    report = net.train(max_cycles=200)
    assert report.warnings == (
        "input 1 is the same in all training rows and ignored",
        "class 2 has no training rows",
    )
    assert "Warning: class 2 has no training rows" in repr(report)
    assert net.info().training_warnings == report.warnings
    net.reset()
    assert net.info().training_warnings == ()


def test_classes_with_too_few_rows_are_reported(create: Create) -> None:
    net = create("classifier", [1, 4, 3], seed=1)
    X = np.arange(40.0) % 10
    net.observe(X, X >= 5, into="train")
    net.observe([20, 21], [2, 2], into="train")
    net.observe([3, 4], [0, 0], into="test")
    assert net.train(max_cycles=500).warnings[:2] == (
        "class 2 has fewer than 5 training rows",
        "classes 1, 2 have no validation rows",
    )


def test_constant_columns_are_reported_without_normalization(create: Create) -> None:
    net = create("regressor", [2, 3, 2], seed=1)
    X = np.c_[np.arange(20.0) / 20, np.ones(20)]
    net.observe(X, np.c_[X[:, 0], np.full(20, 3.0)], into="train")
    assert net.train(max_cycles=500).warnings == (
        "input 1 is the same in all training rows",
        "output 1 is the same in all training rows",
    )


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_network_no_better_than_the_baseline_is_reported(create: Create, kind: Any) -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(3000, 2))
    noise = rng.integers(0, 2, 3000) if kind == "classifier" else rng.normal(size=3000)
    warnings = []
    for y in (noise, X[:, 0] > 0):
        layout = [2, 5, 2 if kind == "classifier" else 1]
        net = create(kind, layout, normalize=True, dataset=2000, test=1000, seed=1)
        net.observe(X, y)
        warnings.append(net.train(autostop=True, backtrack=True, max_cycles=300, max_time=0).warnings)
    assert warnings[1] == ()
    (warning,) = warnings[0]
    assert warning.startswith("training did not beat the baseline on validation rows: error ")


def test_inputs_far_from_0_are_reported_unless_normalized(create: Create) -> None:
    rng = np.random.default_rng(1)
    X = np.c_[rng.integers(1990, 2020, 400), rng.normal(size=400), np.full(400, 5), np.arange(400) > 0]
    warnings = []
    for normalize in (False, True):
        net = create("classifier", [4, 5, 2], normalize=normalize, dataset=400, test=0, seed=1)
        net.observe(X, X[:, 1] > 0)
        warnings.append(net.train(max_cycles=50).warnings)
    assert warnings == [
        (
            "input 2 is the same in all training rows",
            "input 0 lies more than 10 standard deviations from 0: NORMALIZE would centre them",
        ),
        ("input 2 is the same in all training rows and ignored",),
    ]


def test_underfitting_by_weight_decay_is_reported(create: Create) -> None:
    """A few rows of a sine over three periods look like noise, and the decay for noisy rows would fit a constant."""
    x = np.linspace(0, 20, 200)[:, None]
    warnings = []
    for l2 in ("auto", 0.001):
        net = create("regressor", [1, 30, 30, 30, 1], normalize=True, dataset=200, test=0, seed=1, l2=l2)
        net.observe(x, np.sin(x))
        few = net.train(max_cycles=10, max_time=0).warnings
        warnings.append((few, net.train(max_cycles=300, max_time=0).warnings))
    (_, (warning,)), (_, none) = warnings
    assert warning.startswith(("training did not beat the baseline", "training barely beat the baseline"))
    assert "on training rows" in warning
    assert none == ()


def test_invalid_trainings_are_rejected(create: Create) -> None:
    net = create("classifier", [2, 3, 2], dataset=100)
    with pytest.raises(nr.TrainingError, match="no training rows") as raised:
        net.train()
    assert isinstance(raised.value, RuntimeError)
    net.observe(*circle(10))
    with pytest.raises(nr.TrainingError, match="early stopping needs validation rows"):
        net.train(autostop=True)


@pytest.mark.parametrize(
    ("limits", "error", "message"),
    [
        ({"max_cycles": -1}, nr.OptionError, "max_cycles is -1: expected an integer from 0"),
        ({"max_cycles": 1.5}, TypeError, "max_cycles is 1.5: expected an integer"),
        ({"max_time": -1}, nr.OptionError, "max_time is -1: expected seconds, at least 0"),
        ({"max_time": float("nan")}, nr.OptionError, "max_time is NaN"),
        ({"max_time": "1"}, TypeError, "max_time is '1': expected seconds, at least 0"),
    ],
)
def test_invalid_limits_are_rejected(network: Make, limits: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        network().train(**limits)


def test_network_answers_with_old_weights_during_a_training(network: Make) -> None:
    net = network()
    before = net.run([0.1, 0.2])
    training = net.start_training(max_time=0)
    while training.progress().cycle < 20:
        time.sleep(0.001)
    assert net.info().training
    assert training.running()
    assert np.array_equal(net.run([0.1, 0.2]), before)
    assert net.stop()
    report = training.wait()
    assert report is not None
    assert report.reason == "stopped"
    assert not net.info().training
    assert not np.array_equal(net.run([0.1, 0.2]), before)
    assert net.info().training_total_cycles == report.cycles >= 20


def test_training_uses_the_rows_of_its_start(network: Make) -> None:
    alone, disturbed = network(), network()
    alone.train(max_cycles=2000)
    training = disturbed.start_training(max_cycles=2000)
    while training.running():
        disturbed.observe(*circle(50, seed=3))
    assert np.array_equal(alone.run([0.1, 0.2]), disturbed.run([0.1, 0.2]))


def test_training_reports_its_progress(network: Make) -> None:
    net = network()
    training = net.start_training(max_time=0)
    assert training.network is net
    assert training.wait(timeout=0) is None
    assert training.wait(timeout=0.05) is None
    assert training.report() is None
    progress = training.progress()
    assert progress.cycle > 0
    assert progress.seconds > 0
    assert progress.train_error is not None
    assert progress.test_error is not None
    assert progress.class_errors is not None
    assert repr(training).startswith("<Training of a classifier 2-8-2: running, cycle ")
    training.stop()
    report = training.wait(timeout=10)
    assert report is not None
    assert training.report() is not None
    assert training.report().cycles == report.cycles == training.progress().cycle
    assert repr(training).startswith(
        f"<Training of a classifier 2-8-2: ended (stopped), cycle {report.cycles:,}, error "
    )


def test_second_training_of_a_network_is_rejected(network: Make) -> None:
    net = network()
    training = net.start_training(max_time=0)
    with pytest.raises(nr.TrainingError, match="already being trained"):
        net.start_training()
    with pytest.raises(nr.TrainingError, match="already being trained"):
        net.train(progress=True)
    with pytest.raises(nr.TrainingError, match="already being trained"):
        net.configure(activation="tanh")
    assert training.running(), "the error changed nothing"
    training.stop()
    training.wait()
    net.train(max_cycles=1)


def test_stop_returns_whether_a_training_was_running(network: Make) -> None:
    net = network()
    assert net.stop() is False
    training = net.start_training()
    assert net.stop() is True
    training.wait()
    assert net.stop() is False


def test_reset_drops_the_training(network: Make) -> None:
    net = network()
    training = net.start_training(max_time=0)
    net.reset()
    with pytest.raises(nr.TrainingError, match="cancelled: the network was reset"):
        training.wait()
    assert not training.running()
    assert training.report() is None
    assert net.info().training_total_cycles == 0
    assert repr(training).startswith("<Training of a classifier 2-8-2: dropped")


def test_training_keeps_its_network_alive(network: Make) -> None:
    report = network().start_training(max_cycles=300).wait()
    assert report is not None
    assert report.cycles == 300


def test_trainings_beyond_the_limit_are_queued(network: Make) -> None:
    nets = [network() for _ in range(40)]
    trainings = [net.start_training(max_time=0) for net in nets]
    try:
        patience = time.monotonic() + 20
        while sum(training.queued() for training in trainings) > 8 and time.monotonic() < patience:
            time.sleep(0.01)
        assert [training.queued() for training in trainings] == [False] * 32 + [True] * 8
        assert all(training.running() for training in trainings)
        assert repr(trainings[-1]) == "<Training of a classifier 2-8-2: queued>"
    finally:
        for net in nets:
            net.stop()
    assert all(training.wait() is not None for training in trainings)


def test_two_trainings_equal_one_of_the_same_length(create: Create) -> None:
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(100, 3)), rng.normal(size=100)
    # Not L-BFGS, which begins each training without curvature pairs; and one member, since
    # several have a trial in half of the cycles of the first training.
    options: dict[str, Any] = {"normalize": True, "algorithm": "irprop+", "seed": 2, "ensemble": 1}
    once, twice = (create("regressor", [3, 6, 1], **options) for _ in range(2))
    for net in (once, twice):
        net.observe(X, y)
    once.train(max_cycles=100)
    twice.train(max_cycles=50)
    twice = nr.Network.from_bytes(bytes(twice))
    twice.train(max_cycles=50)
    assert np.array_equal(once.run(X), twice.run(X))
    assert once.info().training_total_steps == twice.info().training_total_steps


def rare(rows: int, seed: int = 0) -> tuple[Any, Any]:
    """Return points of two overlapping classes; one in twenty has the second class."""
    rng = np.random.default_rng(seed)
    y = (np.arange(rows) % 20 == 0).astype(int)
    return rng.normal(size=(rows, 2)) + 1.5 * y[:, None], y


def test_balanced_class_weights_raise_the_recall_of_a_rare_class(create: Create) -> None:
    X, y = rare(4000, seed=9)
    recall, accuracy = {}, {}
    for weights in ("none", "balanced"):
        net = create("classifier", [2, 8, 2], normalize=True, dataset=800, test=400, seed=1, class_weight=weights)
        net.observe(*rare(1200))
        net.train(autostop=True, backtrack=True, max_time=0)
        found = net.evaluate(X, y)
        recall[weights], accuracy[weights] = found.confusion[1, 1] / found.confusion[1].sum(), found.accuracy
    assert recall["none"] < 0.5
    assert recall["balanced"] > 0.75
    assert accuracy["balanced"] < accuracy["none"], "the cost of it"


@pytest.mark.parametrize("autostop", [False, True])
def test_balanced_equals_inverse_class_frequencies(create: Create, autostop: bool) -> None:
    X, y = rare(600)
    weights: Any = "balanced"
    answers = []
    for _ in range(2):
        net = create("classifier", [2, 5, 2], normalize=True, dataset=400, test=200, seed=1, class_weight=weights)
        net.observe(X, y)
        net.train(max_cycles=80, autostop=autostop, max_time=0)
        answers.append((net.run(X).tobytes(), net.info().dataset_error, net.info().test_error))
        _, classes = net.rows("train")
        weights = len(classes) / (2 * np.bincount(classes))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("autostop", [False, True])
def test_class_weight_equals_weights_of_its_rows(create: Create, autostop: bool) -> None:
    X, y = rare(300)
    # A product with 1 is exact, so all bits are the same if row weights do not affect the scale of the
    # inputs.
    X = np.sign(X)
    answers = []
    for by_class in (True, False):
        weights = {"class_weight": [0.7, 9]} if by_class else {}
        net = create("classifier", [2, 5, 2], dataset=200, test=100, seed=1, **weights)
        net.observe(X, y, weight=None if by_class else np.array([0.7, 9])[y])
        report = net.train(max_cycles=80, autostop=autostop, max_time=0)
        answers.append((net.run(X).tobytes(), report.train_error, report.test_error, report.cycles))
        assert (net.evaluate("train").error == pytest.approx(report.train_error)) == (not by_class)
    assert answers[0] == answers[1]


def test_changed_options_apply_to_the_next_training(create: Create) -> None:
    X, y = rare(400)
    nets = [create("classifier", [2, 5, 2], seed=1, class_weight=weights) for weights in ("none", "balanced")]
    for net in nets:
        net.observe(X, y, into="train")
        net.configure(class_weight="balanced")
        net.train(max_cycles=20)
    assert np.array_equal(nets[0].run(X), nets[1].run(X))
    nets[0].configure(class_weight=[1, 1])
    for net in nets:
        net.train(max_cycles=5)
    assert not np.array_equal(nets[0].run(X), nets[1].run(X))


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_standardization_by_new_rows_does_not_change_predictions(kind: Any) -> None:
    rng = np.random.default_rng(4)
    net = nr.Network(kind, [3, 6, 2], normalize=True, seed=2)

    def rows(scale: float, shift: float) -> tuple[Any, Any]:
        X = rng.normal(size=(200, 3))
        y = (X[:, 0] > 0).astype(int) if kind == "classifier" else np.stack([X[:, 0], X[:, 1] * 50], axis=1)
        return X * scale + shift, y

    X, y = rows(1, 0)
    net.observe(X, y, into="train")
    net.train(max_cycles=100)
    before = net.run(X)
    net.observe(*rows(30, -7), into="train")
    # A training that is stopped before its first step changes only the standardization. No server time is so short.
    training = net.start_training(max_cycles=10**6, max_time=1e-9)
    report = training.wait()
    assert report is not None
    assert report.cycles == 0
    assert np.allclose(net.run(X), before, rtol=1e-4, atol=1e-4 * np.abs(before).max())


@pytest.mark.parametrize("output", ["linear", "sigmoid"])
@pytest.mark.parametrize("constant", [0.0, 1e-6, -7.1, 3e5])
def test_constant_output_is_predicted_exactly(create: Create, constant: float, output: Any) -> None:
    X = np.random.default_rng(1).normal(size=(60, 2))
    far = [[1e4, -1e4], [0, 0]]
    alone = create("regressor", [2, 5, 1], normalize=True, output=output, seed=1)
    alone.observe(X, np.full(60, constant))
    report = alone.train(max_cycles=50)
    assert (alone.run([*X, *far]) == np.float32(constant)).all()
    assert (report.train_error, report.test_error) == (0, 0)
    found = alone.evaluate()
    assert isinstance(found, nr.RegressorEvaluation)
    assert (found.rmse, found.r2, found.error) == (0, 1, 0)
    among = create("regressor", [2, 5, 3], normalize=True, output=output, seed=1)
    among.observe(X, np.c_[X[:, 0], np.full(60, constant), X[:, 1] * 100])
    among.train(autostop=True, backtrack=True, max_time=0)
    assert (among.run([*X, *far])[:, 1] == np.float32(constant)).all()
    assert np.corrcoef(among.run(X)[:, 2], X[:, 1])[0, 1] > 0.95


def test_validation_error_of_a_constant_output_is_reported(create: Create) -> None:
    net = create("regressor", [1, 3, 1], normalize=True, seed=1)
    net.observe(np.arange(20.0), np.full(20, 5.0), into="train")
    net.observe([1.0, 2.0], [5.0, 8.0], into="test")
    report = net.train(max_cycles=10)
    assert (report.train_error, report.test_error) == (0, 4.5)
    assert net.evaluate().rmse == pytest.approx(4.5**0.5)


def test_output_that_varies_later_is_learnt(create: Create) -> None:
    net = create("regressor", [1, 8, 2], normalize=True, dataset=60, seed=1)
    X = np.linspace(-1, 1, 60)
    net.observe(X, np.c_[np.full(60, 4.0), X])
    net.train(max_cycles=100)
    net.configure(dataset=0)
    net.configure(dataset=60)
    net.observe(X, np.c_[4 + 10 * X**2, X])
    assert (net.run(X)[:, 0] == 4).all()
    net.train(max_cycles=1000, max_time=0)
    assert abs(net.run(X)[:, 0] - (4 + 10 * X**2)).max() < 1
