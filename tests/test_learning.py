"""Quality of learning: the tasks of the tutorial, with the seeds that the original module was measured with."""

import itertools
import statistics

import numpy as np
import pytest
import tutorial

import neuralredis as nr


def test_titanic_error_is_below_the_original_module():
    wrong = [tutorial.titanic(seed) for seed in range(40)]
    assert statistics.mean(wrong) <= 0.195


def test_iris_error_is_low_for_every_shuffle():
    wrong = [tutorial.iris(seed) for seed in range(40)]
    assert statistics.mean(wrong) <= 0.045
    assert max(wrong) <= 0.14


def learnt(X, y, hidden, *, test=None):
    """Return for how many of 20 seeds all rows are classified correctly, with the options of the tutorial."""
    right = 0
    for seed in range(20):
        net = nr.Network("classifier", [X.shape[1], *hidden, 2], normalize=True, dataset=1000, test=1000, seed=seed)
        net.observe(X, y, into="train")
        net.observe(*(test or (X, y)), into="test")
        net.train(autostop=True, backtrack=True, max_time=60)
        right += np.array_equal(net.classify(X), y)
    return right


def test_exclusive_or_is_learnt():
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    assert learnt(X, np.array([0, 1, 1, 0]), [3]) >= 19


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
@pytest.mark.parametrize("hidden", [[10], [30, 30, 30]])
def test_four_rows_without_noise_are_fitted(kind, hidden):
    """With the default weight decay and no validation rows: it must not hold the weights at 0."""
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    for seed in range(20):
        net = nr.Network(kind, [2, *hidden, 1 if kind == "regressor" else 2], dataset=4, test=0, seed=seed)
        net.observe(X, y)
        net.train(max_cycles=500)
        answers = net.classify(X) if kind == "classifier" else net.run(X)[:, 0]
        np.testing.assert_allclose(answers, y, atol=0.1)


def test_parity_of_eight_bits_is_learnt():
    X = np.array(list(itertools.product([0, 1], repeat=8)))
    assert learnt(X, X.sum(axis=1) % 2, [30]) >= 15


def test_two_spirals_are_learnt():
    """Lang and Witbrock's 194 points (1988), evaluated on the points between them."""
    at = np.arange(0, 97, 0.5)
    angle, radius = at * np.pi / 16, 6.5 * (104 - at) / 104
    one = np.c_[radius * np.sin(angle), radius * np.cos(angle)]
    X, y = np.stack([one, -one], axis=1), np.tile([0, 1], (len(at), 1))
    between = X[1::2].reshape(-1, 2), y[1::2].reshape(-1)
    assert learnt(X[::2].reshape(-1, 2), y[::2].reshape(-1), [30, 30, 30], test=between) >= 18


def test_exact_functions_are_fitted_without_validation_rows():
    """Weight decay alone could not distinguish it from noise."""
    corners = np.array(list(itertools.product([0, 1], repeat=2)))
    at = np.arange(97)
    angle, radius = at * np.pi / 16, 6.5 * (104 - at) / 104
    one = np.c_[radius * np.sin(angle), radius * np.cos(angle)]
    spirals = np.r_[one, -one]
    x = np.linspace(0, 4 * np.pi, 200)[:, None]

    def fit(kind, X, y, layers, cycles, seed, **options):
        net = nr.Network(kind, layers, dataset=len(X), test=0, seed=seed, **options)
        net.observe(X, y)
        net.train(max_cycles=cycles, max_time=0)
        return net

    exclusive = [fit("classifier", corners, [0, 1, 1, 0], [2, 4, 2], 500, seed) for seed in range(40)]
    assert sum(net.classify(corners).tolist() == [0, 1, 1, 0] for net in exclusive) >= 39
    colours = np.repeat([0, 1], 97)
    curled = [fit("classifier", spirals, colours, [2, 20, 10, 2], 2000, seed, activation="tanh") for seed in range(10)]
    assert sum((net.classify(spirals) == colours).mean() > 0.99 for net in curled) >= 9
    waves = [fit("regressor", x, np.sin(x), [1, 10, 1], 500, seed, normalize=True) for seed in range(5)]
    missed = [((net.run(x) - np.sin(x)) ** 2).mean() / np.sin(x).var() for net in waves]
    assert statistics.mean(missed) < 0.2, "without a trial it is 0.3"


def test_order_of_rows_and_columns_does_not_change_the_error():
    X, y = map(np.array, tutorial.titanic_rows())
    wrong = {"as they are": [], "columns": [], "rows": []}
    for seed in range(8):
        rng = np.random.default_rng(seed)
        rows, columns = rng.permutation(601), rng.permutation(9)
        for how, learn, keep in [
            ("as they are", X[:601], X[601:]),
            ("columns", X[:601, columns], X[601:, columns]),
            ("rows", X[:601][rows], X[601:]),
        ]:
            net = nr.Network("classifier", [9, 15, 2], normalize=True, dataset=1000, test=500, seed=seed)
            net.observe(learn, y[:601][rows] if how == "rows" else y[:601])
            net.train(autostop=True, backtrack=True, max_time=60)
            wrong[how].append(1 - net.evaluate(keep, y[601:]).accuracy)
    means = [statistics.mean(found) for found in wrong.values()]
    assert max(means) - min(means) < 0.02, wrong


def test_sums_are_learnt_within_a_tenth():
    assert statistics.mean(tutorial.sums(seed) for seed in range(3)) <= 0.1


@pytest.mark.parametrize("backtrack", [False, True])
def test_random_labels_are_not_memorized(create, backtrack):
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(600, 10)), rng.integers(0, 2, 600)
    net = create("classifier", [10, 15, 2], normalize=True, dataset=1000, test=500, seed=1)
    net.observe(X, y)
    report = net.train(autostop=True, backtrack=backtrack, max_time=0)
    assert report.reason in ("overfitting", "converged")
    assert report.cycles < 500
    assert report.train_error > 0.5, "ln 2 is the loss of equal probabilities"


@pytest.mark.parametrize("factor", [1e-9, 1e9])
def test_scale_of_an_input_does_not_change_the_error(create, factor):
    X, y = map(np.array, tutorial.titanic_rows())
    wrong = []
    for scale in (1.0, factor):
        net = create("classifier", [9, 15, 2], normalize=True, dataset=1000, test=500, seed=2)
        rows = X * [1, 1, 1, 1, 1, scale, 1, 1, 1]
        net.observe(rows[:601], y[:601])
        net.train(autostop=True, max_time=0)
        wrong.append(1 - net.evaluate(rows[601:], y[601:]).accuracy)
    assert wrong[1] == pytest.approx(wrong[0], abs=0.03)


def test_constant_input_does_not_change_predictions(create):
    X, y = map(np.array, tutorial.iris_rows())
    net = create("classifier", [5, 8, 3], normalize=True, dataset=1000, test=500, seed=1)
    net.observe(np.c_[X, np.full(len(X), 7.0)], y)
    report = net.train(max_cycles=100)
    assert report.warnings == ("input 4 is the same in all training rows and ignored",)
    answers = net.run(np.c_[X, np.full(len(X), 7.0)])
    assert np.array_equal(answers, net.run(np.c_[X, np.full(len(X), -1e30)]))


def test_targets_of_any_scale_and_sign_are_learnt(create):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(400, 3))
    y = np.c_[X @ [1, -2, 3] * 1e6 - 5e6, X @ [1, 1, 1] * 1e-6]
    net = create("regressor", [3, 8, 2], normalize=True, dataset=1000, test=500, seed=1)
    net.observe(X, y)
    net.train(autostop=True, backtrack=True, max_time=0)
    assert net.evaluate(X, y).r2 > 0.999
    assert (net.run(X) < 0).any(axis=0).all()


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("algorithm", ["irprop+", "irprop-", "rprop+", "lbfgs", "adam"])
def test_every_activation_and_algorithm_learns_a_circle(create, activation, algorithm):
    rng = np.random.default_rng(5)
    X = rng.uniform(-1, 1, (600, 2))
    y = (X**2).sum(1) < 0.5
    net = create("classifier", [2, 12, 2], normalize=True, seed=1, activation=activation, algorithm=algorithm)
    net.observe(X[:400], y[:400])
    net.train(max_cycles=300, max_time=0)
    assert net.evaluate(X[400:], y[400:]).accuracy > 0.93


def test_network_without_hidden_layers_equals_logistic_regression(create):
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    X, y = map(np.array, tutorial.titanic_rows())
    net = create("classifier", [9, 2], normalize=True, dataset=1000, seed=1)
    net.observe(X, y)
    net.train(max_cycles=3000, max_time=0)
    scaled = StandardScaler().fit_transform(X)
    # Two outputs share the coefficient of logistic regression: w and -w decay by 2 w^2, so C is halved.
    theirs = LogisticRegression(C=2.0, max_iter=1000, tol=1e-8).fit(scaled, y).predict_proba(scaled)
    assert np.abs(net.run(X) - theirs).max() < 0.01


def test_exactly_fitted_rows_stay_fitted() -> None:
    """If all rows are fitted, the rounding errors of the gradients must not move the weights."""
    for seed in range(20):
        net = nr.Network("classifier", [1, 30, 30, 30, 2], l2=0, seed=seed)
        net.observe([[0], [1]], [0, 1], into="train")
        report = net.train(max_cycles=200, max_time=0)
        assert report.train_error == 0
        assert net.classify([[0], [1]]).tolist() == [0, 1]
