"""The same seed and rows give the same bits, for every instruction set, number of threads and size of batches."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from neuralredis import _core
from programs import output_of, run_program

#: Trains networks with every activation and loss, and prints a digest of their states and predictions.
PROGRAM = """
import hashlib, itertools, sys
import numpy as np
import neuralredis as nr
from neuralredis import _core

if len(sys.argv) > 1:
    _core.set_threads(int(sys.argv[1]))
digest = hashlib.sha256()
rng = np.random.default_rng(0)
X = rng.normal(size=(1500, 19)) * 10.0 ** rng.integers(-3, 4, 19)
each = itertools.product(("tanh", "sigmoid", "relu"), ("irprop+", "rprop+"))
for activation, algorithm in [*each, ("tanh", "lbfgs"), ("tanh", "adam")]:
    for kind, options in [
        ("classifier", {"ensemble": 3, "class_weight": "balanced"}),
        ("classifier", {"output": "sigmoid", "ensemble": 1}),
        ("classifier", {"output": "sigmoid", "loss": "crossentropy", "ensemble": 1}),
        ("regressor", {"l2": 0.001, "ensemble": 1}),
    ]:
        net = nr.Network(kind, [19, 37, 5, 3], normalize=True, dataset=1000, test=500, seed=7, activation=activation,
                         algorithm=algorithm, **options)
        y = (X[:, 0] > 0) + (X[:, 1] > 0) if kind == "classifier" else np.stack([X[:, 0], X[:, 1] ** 2, X[:, 2]], 1)
        net.observe(X, y)
        # Beyond the cycles of RPROP with which L-BFGS begins.
        cycles = 50 if algorithm == "lbfgs" else 30
        report = net.train(max_cycles=cycles, max_time=0, autostop=True, backtrack=True)
        digest.update(net.run(X).tobytes())
        digest.update(np.array([report.train_error, report.test_error, *report.curve.test_error]).tobytes())
print(_core.instruction_set(), digest.hexdigest())
"""


def test_every_instruction_set_gives_the_same_bits() -> None:
    digests = {}
    for pin in ("portable", "avx2", "avx512", "neon"):
        done = run_program(PROGRAM, env={"NEURALREDIS_ISA": pin})
        if done.returncode == 0:
            name, digest = done.stdout.split()
            assert name == pin
            digests[pin] = digest
        else:
            assert "ImportError" in done.stderr
    assert "portable" in digests
    assert _core.instruction_set() in {*digests, os.environ.get("NEURALREDIS_ISA")}
    assert len(set(digests.values())) == 1, digests


def test_unsupported_instruction_set_is_reported_at_import() -> None:
    done = run_program("import neuralredis", env={"NEURALREDIS_ISA": "abacus"})
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: ")
    assert "abacus" in last


def test_any_number_of_threads_gives_the_same_bits() -> None:
    digests = {output_of(f"import sys; sys.argv = ['', '{threads}']\n{PROGRAM}") for threads in (1, 2, 3, 8)}
    assert len(digests) == 1


def test_seed_determines_the_network(create: Callable[..., Any]) -> None:
    def trained(seed: int) -> bytes:
        rng = np.random.default_rng(0)
        net = create("regressor", [3, 5, 1], dataset=50, test=20, seed=seed)
        net.observe(rng.normal(size=(200, 3)), rng.normal(size=200))
        net.train(max_cycles=20)
        # Durations depend on the clock; everything else depends on the seed.
        return net.run(np.eye(3)).tobytes() + net.rows("train")[0].tobytes()

    assert trained(1) == trained(1)
    assert trained(1) != trained(2)


@pytest.mark.parametrize("layout", [[1, 1], [3, 2], [9, 15, 2], [17, 33, 4, 5], [64, 100, 10]])
@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_row_has_the_same_answer_alone_and_in_a_batch(create: Callable[..., Any], kind: str, layout: list[int]) -> None:
    if kind == "classifier" and layout[-1] == 1:
        layout = [*layout[:-1], 2]
    net = create(kind, layout, normalize=True, seed=5)
    rng = np.random.default_rng(1)
    X = rng.normal(size=(203, layout[0])) * 100
    y = rng.integers(0, 2, 203) if kind == "classifier" else rng.normal(size=(203, layout[-1]))
    net.observe(X, y, into="train")
    net.train(max_cycles=5)
    together = net.run(X)
    assert np.array_equal(together, np.stack([net.run(X[at : at + 1])[0] for at in range(len(X))]))
    for rows in (2, 3, 4, 16, 17, 128, 129):
        assert np.array_equal(together[:rows], net.run(X[:rows]))
        assert np.array_equal(together[-rows:], net.run(X[-rows:]))
