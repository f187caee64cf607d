"""Answers and trainings have the same bits as in earlier versions.

``data/same-bits.json`` has digests of each case, from an earlier version. ``data/formats.json`` has files of formats 1
to 3 that earlier versions wrote. ``python tests/test_same_bits.py`` prints the digests of this version. A change that
alters them on purpose must say so in CHANGELOG.md.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import neuralredis
from neuralredis import Network, SequenceNetwork

DATA = Path(__file__).parent / "data"


class Digest:
    """Return a digest of a network's state and predictions, without durations and the format of its file."""

    def __init__(self) -> None:
        self.sha = hashlib.sha256()

    def take(self, *values: object) -> None:
        for value in values:
            self.sha.update(np.ascontiguousarray(value, dtype="<f8").tobytes())

    def network(self, net: Network, X: np.ndarray) -> None:
        self.take(net.run(X), *(weights for member in net.weights() for weights in member))
        info = net.info()
        self.take(info.training_total_cycles, info.dataset_error, info.test_error)
        self.take(*net.rows("train"), *net.rows("test"))
        if net.report() is not None:
            self.take(net.report().best_cycle, net.report().curve.train_error, net.report().curve.test_error)
        if info.training_dataset_len:
            judged = net.evaluate("train")
            self.take(judged.error, judged.accuracy if info.type == "classifier" else judged.r2)

    def __str__(self) -> str:
        return self.sha.hexdigest()[:16]


def inputs(width: int) -> np.ndarray:
    rng = np.random.default_rng(width)
    return np.asarray(rng.normal(size=(300, width)) * 10.0 ** rng.integers(-3, 4, width), dtype=np.float32)


def targets(net: Network, X: np.ndarray) -> np.ndarray:
    if net.info().type == "classifier":
        return ((X[:, 0] > 0) + (X[:, -1] > 0)).astype(int) % net.info().layout[-1]
    return np.stack([np.tanh(X[:, output % X.shape[1]]) + 0.1 * X[:, 0] for output in range(net.info().layout[-1])], 1)


def from_a_file(data: bytes) -> str:
    """Digest a saved network, before and after further training."""
    net = Network.from_bytes(data)
    X = inputs(net.info().layout[0])
    digest = Digest()
    digest.network(net, X)
    net.observe(X, targets(net, X), weight=np.linspace(0.5, 2, len(X)))
    net.train(max_cycles=25, max_time=0, autostop=net.info().test_dataset_maxlen > 0)
    digest.network(net, X)
    net.reset()
    digest.network(net, X)
    return str(digest)


def again(kind: str, layout: list[int], options: dict[str, object], training: dict[str, object]) -> str:
    """Digest a network that is trained, then trained further with other options and more rows."""
    net = Network(kind, layout, dataset=200, test=80, seed=7, **options)  # type: ignore[arg-type]
    X = inputs(layout[0])
    digest = Digest()
    digest.network(net, X)
    net.observe(X[:250], targets(net, X)[:250])
    net.train(max_cycles=60, max_time=0, **training)  # type: ignore[arg-type]
    digest.network(net, X)
    net.configure(algorithm="irprop+", patience=30)
    net.observe(X[250:], targets(net, X)[250:])
    net.train(max_cycles=15, max_time=0)
    digest.network(net, X)
    return str(digest)


def gated(target: str) -> str:
    """Digest a network with GRU cells that is trained, then trained further with a new word."""
    chance = np.random.default_rng(5)
    fields = {"page": "category", "n": "number"}
    net = SequenceNetwork("classifier", fields=fields, target=target, cell="gru", length=9, seed=7, ensemble=4)
    pages = [["abc"[page] for page in chance.integers(0, 3, chance.integers(1, 12))] for _ in range(150)]
    events = [[{"page": page, "n": float(chance.normal())} for page in each] for each in pages]
    net.observe(events, *([] if target == "page" else [[each[-1] for each in pages]]))
    digest = Digest()
    for _ in range(2):
        net.train(autostop=True, backtrack=True, max_cycles=6, max_time=0)
        digest.take(net.run(events), net.evaluate("train").error)
        net.observe([[{"page": "new", "n": 1}, {"page": "a", "n": 0}]], *([] if target == "page" else [["a"]]))
    return str(digest)


def cases() -> Iterator[tuple[str, Callable[[], str]]]:
    for dump in json.loads((DATA / "dumps.json").read_text()):
        data = base64.b64decode(dump["export_base64"])
        yield f"{dump['name']} {dump['written']}, format {data[6]}", lambda data=data: from_a_file(data)
    for name, text in json.loads((DATA / "formats.json").read_text()).items():
        yield f"file of {name}", lambda text=text: from_a_file(base64.b64decode(text))
    kinds: list[tuple[str, list[int], list[dict[str, object]]]] = [
        ("classifier", [19, 37, 5, 3], [{}, {"output": "sigmoid"}, {"output": "sigmoid", "loss": "crossentropy"}]),
        ("regressor", [7, 21, 2], [{}, {"output": "sigmoid"}]),
    ]
    activations = ("relu", "tanh", "sigmoid")
    algorithms = ("irprop+", "irprop-", "rprop+", "lbfgs")
    for kind, layout, outputs in kinds:
        for activation, algorithm, output in itertools.product(activations, algorithms, outputs):
            options = {"activation": activation, "algorithm": algorithm, "normalize": True, **output}
            name = f"{kind} {' '.join(str(value) for value in options.values())}"
            # One member, as in all trainings without AUTOSTOP before the version that introduced the trial.
            yield name, lambda k=kind, u=layout, o=options: again(k, u, {**o, "ensemble": 1}, {})
    others: dict[str, tuple[dict[str, object], dict[str, object]]] = {
        "defaults": ({}, {}),
        "autostop": ({"normalize": True}, {"autostop": True}),
        "autostop, backtrack": ({"normalize": True}, {"autostop": True, "backtrack": True}),
        "three starts": ({"ensemble": 3}, {}),
        "six starts, autostop, backtrack": ({"ensemble": 6}, {"autostop": True, "backtrack": True}),
        "no decay": ({"l2": 0.0}, {}),
        "much decay": ({"l2": 0.5}, {"autostop": True}),
        "three starts by L-BFGS": ({"ensemble": 3, "algorithm": "lbfgs", "normalize": True}, {"backtrack": True}),
        "trial": ({"normalize": True}, {}),
    }
    for (kind, layout, _), (name, (options, training)) in itertools.product(kinds, others.items()):
        yield f"{kind}, {name}", lambda k=kind, u=layout, o=options, t=training: again(k, u, o, t)
    for weights in ("balanced", (1, 2.5, 0.5)):
        options = {"class_weight": weights, "normalize": True}
        yield f"class weights {weights}", lambda o=options: again("classifier", [5, 9, 3], o, {"autostop": True})
    for layout in ([3, 1], [1, 1], [40, 2], [2, 30, 20, 10, 2]):
        yield f"layout {layout}", lambda u=layout: again("regressor", u, {"normalize": True}, {"autostop": True})

    for target in ("left", "page"):
        yield f"gated units, {target}", lambda t=target: gated(t)


EXPECTED: dict[str, str] = json.loads(path.read_text()) if (path := DATA / "same-bits.json").exists() else {}


@pytest.mark.parametrize(("name", "digest"), [pytest.param(*case, id=case[0]) for case in cases()])
def test_answers_and_trainings_match_stored_digests(name: str, digest: Callable[[], str]) -> None:
    assert digest() == EXPECTED[name]


def test_stored_digests_cover_exactly_these_cases() -> None:
    assert list(EXPECTED) == [name for name, _ in cases()]


if __name__ == "__main__":
    print(f"neuralredis {neuralredis.__version__}")
    print(json.dumps({name: digest() for name, digest in cases()}, indent=1))
