"""L-BFGS, step by step, against an independent trace, and the problems that it fits better than RPROP.

The trace is plain NumPy in double precision, written from J. Nocedal and S. Wright, "Numerical Optimization", 2006:
algorithm 7.4 for the direction, Armijo's condition and the cubic of 3.59 for the length of a step. Only the first
weights are the engine's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import neuralredis as nr
import saved

#: Makes a network as `Network` does, in this process or in a server.
Create = Callable[..., Any]

Floats = NDArray[np.float64]

LAYOUT = [3, 4, 2]
L2 = 0.01
CYCLES = 40


def rows() -> tuple[Floats, Floats]:
    X = np.random.default_rng(3).normal(size=(30, 3))
    # Scaled as the engine scales inputs, so that its weights equal those of the trace.
    X = (X / np.sqrt(np.mean(X**2, axis=0))).astype(np.float32).astype(np.float64)
    y = 3 * np.stack([X[:, 0] * X[:, 1], np.sin(4 * X[:, 2])], axis=1).astype(np.float32)
    return X, y.astype(np.float64)


def loss(w: Floats) -> tuple[float, Floats]:
    """Return the loss with its gradient: tanh hidden units, linear outputs, squared error, weight decay."""
    X, y = rows()
    hidden, output = w[:16].reshape(4, 4), w[16:].reshape(5, 2)
    a = np.tanh(X @ hidden[1:] + hidden[0])
    off = a @ output[1:] + output[0] - y
    by_output = 2 * off / off.size
    by_hidden = (by_output @ output[1:].T) * (1 - a**2)
    ones = np.ones((len(X), 1))
    gradients = [np.hstack([ones, X]).T @ by_hidden, np.hstack([ones, a]).T @ by_output]
    decayed = 0.0
    for weights, gradient in zip((hidden, output), gradients, strict=True):
        gradient[1:] += L2 * weights[1:]
        decayed += float((weights[1:] ** 2).sum())
    return float(np.mean(off**2)) + L2 / 2 * decayed, np.concatenate([g.ravel() for g in gradients])


def direction(gradient: Floats, moves: list[tuple[Floats, Floats]]) -> Floats:
    q, shares = gradient.copy(), []
    for s, y in reversed(moves):
        shares.append(s @ q / (s @ y))
        q -= shares[-1] * y
    s, y = moves[-1]
    r = q * (s @ y) / (y @ y)
    for (s, y), share in zip(moves, reversed(shares), strict=True):
        r += s * (share - y @ r / (s @ y))
    return -r


def trace(w: Floats) -> tuple[list[Floats], int]:
    """Return the weights after each cycle, and the number of shortened steps."""
    moves: list[tuple[Floats, Floats]] = []
    f, g = loss(w)
    d, step = -g, min(1.0, 1 / float(np.linalg.norm(g)))
    kept, back = [], 0
    for _ in range(CYCLES):
        f_there, g_there = loss(w + step * d)
        slope, slope_there = float(g @ d), float(g_there @ d)
        if f_there <= f + 1e-4 * step * slope:
            moves = [*moves, (step * d, g_there - g)][-20:]
            w, f, g = w + step * d, f_there, g_there
            d, step = direction(g, moves), 1.0
        else:
            d1 = slope + slope_there - 3 * (f_there - f) / step
            d2 = float(np.sqrt(d1 * d1 - slope * slope_there))
            least = step - step * (slope_there + d2 - d1) / (slope_there - slope + 2 * d2)
            step = min(max(least, step / 10), step / 2)
            back += 1
        kept.append(w)
    return kept, back


def test_training_matches_an_independent_lbfgs(create: Create) -> None:
    X, y = rows()

    def start() -> Any:
        net = create("regressor", LAYOUT, activation="tanh", algorithm="lbfgs", l2=L2, seed=12)
        net.observe(X, y, into="train")
        # No new weights any more: later trainings search along a line from their first cycle on.
        net.train(max_cycles=1)
        return net

    expected, back = trace(saved.weights(bytes(start())).astype(np.float64))
    assert back > 2, "some steps are shortened"
    for cycles in (1, 2, 3, 5, 10, 20, CYCLES):
        net = start()
        net.train(max_cycles=cycles)
        # Rounding errors of single precision grow with the cycles; another rule would differ by far more.
        assert np.allclose(saved.weights(bytes(net)), expected[cycles - 1], rtol=0, atol=2e-3)


def test_new_weights_are_trained_by_rprop_first(create: Create) -> None:
    def trained(algorithm: str, cycles: int) -> bytes:
        net = create("regressor", LAYOUT, algorithm=algorithm, seed=11)
        net.observe(*rows(), into="train")
        net.train(max_cycles=cycles)
        return saved.weights(bytes(net)).tobytes()

    assert trained("lbfgs", 30) == trained("irprop+", 30)
    assert trained("lbfgs", 32) != trained("irprop+", 32)


def test_linear_network_finds_the_least_squares_solution(create: Create) -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(200, 5)) * [1, 3, 0.3, 1, 10] + 1
    y = X @ [1, -2, 3, 0.5, 0.1] + rng.normal(size=200)
    net = create("regressor", [5, 1], algorithm="lbfgs", l2=0, seed=1)
    net.observe(X, y, into="train")
    net.train(max_cycles=100, max_time=0)
    ones = np.c_[np.ones(200), X]
    assert np.allclose(net.run(X)[:, 0], ones @ np.linalg.lstsq(ones, y, rcond=None)[0], atol=1e-3)


@pytest.mark.parametrize(
    ("layout", "activation"),
    [([2, 1], "relu"), ([2, 10, 1], "relu"), ([2, 30, 30, 30, 1], "relu"), ([2, 4, 3, 5, 2, 1], "tanh")],
)
@pytest.mark.parametrize("ensemble", [1, 4])
def test_sums_are_learnt_closely_on_every_layout(layout: list[int], activation: Any, ensemble: int) -> None:
    X = np.random.default_rng(2).uniform(0, 100, (400, 2))
    errors = []
    for seed in range(5):
        options: Any = {"normalize": True, "algorithm": "lbfgs", "activation": activation, "ensemble": ensemble}
        net = nr.Network("regressor", layout, seed=seed, **options)
        net.observe(X, X.sum(axis=1), into="train")
        net.train(max_cycles=1000, max_time=0)
        errors.append(net.evaluate(X, X.sum(axis=1)).rmse)
    # A few seeds start at bad weights.
    assert np.median(errors) < 0.1


def test_training_continues_where_the_last_ended(create: Create) -> None:
    rng = np.random.default_rng(4)
    X = rng.normal(size=(300, 4)) * 10
    y = np.abs(X[:, 0]) + X[:, 1] * X[:, 2] / 10
    net = create("regressor", [4, 12, 1], normalize=True, algorithm="lbfgs", ensemble=3, seed=2)
    net.observe(X, y, into="train")
    before = net.train(max_cycles=200, max_time=0).train_error
    again = net.train(max_cycles=200, max_time=0).train_error
    assert again < before
    # RPROP starts with the lengths of the last steps, not with those of a new network.
    net.configure(algorithm="irprop+")
    report = net.train(max_cycles=50, max_time=0)
    assert max(report.curve.train_error) < 2 * again
    # Rows of another range: the weights are rescaled, and training continues.
    net.configure(algorithm="lbfgs")
    net.observe(X * 3, y + 1, into="train")
    report = net.train(max_cycles=300, max_time=0)
    assert report.train_error < report.curve.train_error[0]


def test_row_weights_equal_repeated_rows(create: Create) -> None:
    net = create("regressor", [1, 1], algorithm="lbfgs", l2=0, seed=1)
    for x, y, weight in [(0, 0, 1), (0, 1, 3), (1, 5, 0.5)]:
        net.observe([[x]], [y], weight=[weight], into="train")
    net.train(max_cycles=100, max_time=0)
    assert np.allclose(net.run([[0], [1]])[:, 0], [0.75, 5], atol=1e-3)


@pytest.mark.parametrize("backtrack", [False, True])
def test_reports_describe_the_kept_weights(create: Create, backtrack: bool) -> None:
    rng = np.random.default_rng(6)
    X = rng.normal(size=(300, 3))
    net = create("regressor", [3, 20, 1], normalize=True, algorithm="lbfgs", seed=3)
    net.observe(X, X[:, 0] ** 2 + rng.normal(size=300))
    for options in ({"autostop": True, "backtrack": backtrack, "max_time": 0}, {"max_cycles": 37}, {"max_time": 0.05}):
        report = net.train(**options)
        assert report.test_error == pytest.approx(net.evaluate("test").error, rel=1e-5)
        assert report.train_error == pytest.approx(net.evaluate("train").error, rel=1e-5)
        assert np.isfinite(saved.weights(bytes(net))).all()
