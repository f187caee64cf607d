"""Each variant of RPROP, step by step, against an independent trace.

The trace is plain NumPy in single precision, written from the papers: M. Riedmiller and H. Braun (ICNN 1993) for
Rprop+, C. Igel and M. Huesken (NC 2000) for iRprop+ and iRprop-. Only the first weights are the engine's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import saved

#: Makes a network as `Network` does, in this process or in a server.
Create = Callable[..., Any]

Floats = NDArray[np.float32]

LAYOUT = [3, 4, 2]
ROWS = 30
CYCLES = 40


def targets(X: Floats) -> Floats:
    """Return rows for which the loss rises in some cycles, so that iRprop+ reverts steps."""
    return np.stack([X[:, 0] * X[:, 1], np.sin(2 * X[:, 2])], axis=1).astype(np.float32)


class Trace:
    """A network with tanh hidden units, linear outputs and the squared error, trained by a variant of RPROP."""

    def __init__(self, parameters: Floats, algorithm: str, l2: float) -> None:
        first = (LAYOUT[0] + 1) * LAYOUT[1]
        self.hidden = parameters[:first].reshape(LAYOUT[0] + 1, LAYOUT[1]).copy()
        self.output = parameters[first:].reshape(LAYOUT[1] + 1, LAYOUT[2]).copy()
        self.algorithm = algorithm
        self.l2 = np.float32(l2)
        self.sizes = [np.full_like(w, 0.1) for w in (self.hidden, self.output)]
        self.gradients = [np.zeros_like(w) for w in (self.hidden, self.output)]
        self.moves = [np.zeros_like(w) for w in (self.hidden, self.output)]
        self.error = np.inf

    def run(self, X: Floats) -> tuple[Floats, Floats]:
        hidden = np.tanh(X @ self.hidden[1:] + self.hidden[0])
        return hidden, hidden @ self.output[1:] + self.output[0]

    def step(self, X: Floats, y: Floats) -> None:
        hidden, output = self.run(X)
        squares = sum(float((w[1:].astype(np.float64) ** 2).sum()) for w in (self.hidden, self.output))
        error = float(np.mean((output - y) ** 2, dtype=np.float64)) + float(self.l2) / 2 * squares
        # The loss of a row is the mean over its outputs, that of the set the mean over its rows.
        by_output = 2 * (output - y) / y.size
        by_hidden = (by_output @ self.output[1:].T) * (1 - hidden**2)
        ones = np.ones((len(X), 1), np.float32)
        for layer, (weights, gradient) in enumerate(
            [
                (self.hidden, np.hstack([ones, X]).T @ by_hidden),
                (self.output, np.hstack([ones, hidden]).T @ by_output),
            ]
        ):
            gradient[1:] += self.l2 * weights[1:]
            self._move(layer, weights, gradient, worse=error > self.error)
        self.error = error

    def _move(self, layer: int, weights: Floats, gradient: Floats, *, worse: bool) -> None:
        sizes, before, moves = self.sizes[layer], self.gradients[layer], self.moves[layer]
        for at in np.ndindex(weights.shape):
            change = before[at] * gradient[at]
            if change > 0:
                sizes[at] = min(sizes[at] * np.float32(1.2), np.float32(50))
                moves[at] = -np.sign(gradient[at]) * sizes[at]
                weights[at] += moves[at]
                before[at] = gradient[at]
            elif change < 0:
                sizes[at] = max(sizes[at] * np.float32(0.5), np.float32(1e-6))
                if self.algorithm == "rprop+" or (self.algorithm == "irprop+" and worse):
                    weights[at] -= moves[at]
                before[at] = 0
            else:
                moves[at] = -np.sign(gradient[at]) * sizes[at]
                weights[at] += moves[at]
                before[at] = gradient[at]


@pytest.fixture(params=[("irprop+", 0.0), ("irprop-", 0.0), ("rprop+", 0.0), ("irprop+", 0.01)])
def variant(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_training_matches_an_independent_rprop(create: Create, variant: Any) -> None:
    algorithm, l2 = variant
    rng = np.random.default_rng(3)
    X = rng.normal(size=(ROWS, LAYOUT[0])).astype(np.float32)
    # Scaled as the engine scales inputs, so that its weights equal those of the trace.
    X /= np.sqrt(np.mean(X**2, axis=0))
    y = targets(X)
    net = create("regressor", LAYOUT, activation="tanh", algorithm=algorithm, l2=l2, seed=11)
    net.observe(X, y, into="train")
    trace = Trace(saved.weights(bytes(net)), algorithm, l2)
    undone = 0
    for _ in range(CYCLES):
        trace.step(X, y)
        net.train(max_cycles=1)
        expected = np.concatenate([trace.hidden.ravel(), trace.output.ravel()])
        # Another order of sums changes the last bits; a step of another direction or size would change far more.
        assert np.allclose(saved.weights(bytes(net)), expected, rtol=0, atol=2e-4)
        undone += sum(int((before == 0).sum()) for before in trace.gradients)
    assert np.allclose(net.run(X), trace.run(X)[1], atol=1e-3)
    assert undone > CYCLES, "the variants differ only where a gradient changes its sign"


def test_variants_give_different_networks(create: Create) -> None:
    def trained(algorithm: Any) -> bytes:
        rng = np.random.default_rng(3)
        X = rng.normal(size=(ROWS, LAYOUT[0])).astype(np.float32)
        net = create("regressor", LAYOUT, algorithm=algorithm, seed=11)
        net.observe(X, targets(X), into="train")
        net.train(max_cycles=CYCLES)
        return net.run(X).tobytes()

    assert len({trained(algorithm) for algorithm in ("irprop+", "irprop-", "rprop+")}) == 3
