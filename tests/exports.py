"""Networks of every kind, and rows for them, for the tests of exports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from hypothesis import strategies
from numpy.typing import NDArray

import neuralredis as nr
from neuralredis.export import Exported, format_of, intermediate
from neuralredis.export.packing import bits
from neuralredis.export.proof import made_up

__all__ = ["COLUMNS", "network", "networks", "of_fields", "of_positions", "of_sequences", "proved", "rows", "written"]

Net = TypeVar("Net", bound=nr.Network)

KINDS = ("number", "category", "auto", "flag", "time", "text 16", "tags", "vector 3")
#: Kinds of fields that a single column of a table can hold.
COLUMNS = ("number", "category", "flag", "time", "vector 3")
#: Names that are no identifiers in any language, that clash, and that contain quotes.
NAMES = ("n", "class", "größe", "a b", "a-b", "a_b", 'say "hi"\\', "2nd")
CELLS = ("auto", "window", "reservoir", "gru")
WORDS = ("u", "v", "it's", "é", "7")
TEXTS = ("good film", "bad day", "Not GOOD, is it?", "3.5 of 5")


def networks() -> strategies.SearchStrategy[nr.Network]:
    """Return a strategy of networks of all kinds, trained for a moment."""
    return strategies.integers(0, 2**32 - 1).map(network)


def network(seed: int) -> nr.Network:
    """Return a random network of some kind, determined by the seed."""
    random = np.random.default_rng(seed)
    return [of_positions, of_fields, of_sequences][int(random.integers(0, 3))](random)


def rows(net: nr.Network, count: int, seed: int = 1) -> list[Any]:
    """Return random rows or sequences for a network."""
    return made_up(intermediate(net), count, seed)


def _options(random: np.random.Generator, kind: str) -> dict[str, Any]:
    outputs = ["softmax", "sigmoid", "linear"] if kind == "classifier" else ["linear", "sigmoid"]
    return {
        "seed": int(random.integers(0, 2**63)),
        "activation": str(random.choice(["relu", "tanh", "sigmoid"])),
        "output": str(random.choice(outputs)),
        "ensemble": int(random.choice([1, 1, 3])),
        "dataset": 60,
        "test": 20,
    }


def _hidden(random: np.random.Generator) -> list[int]:
    return [int(units) for units in random.integers(1, 20, int(random.integers(0, 3)))]


def _trained(net: Net, random: np.random.Generator) -> Net:
    cycles = int(random.choice([0, 1, 20]))
    if cycles:
        net.train(max_cycles=cycles, max_time=None, autostop=bool(random.random() < 0.3))
    return net


def of_positions(random: np.random.Generator) -> nr.Network:
    """Return a random network without fields."""
    kind = str(random.choice(["classifier", "regressor"]))
    inputs, outputs = int(random.integers(1, 12)), int(random.integers(2, 5))
    options = _options(random, kind)
    if random.random() < 0.3:
        outputs = 2 if kind == "classifier" else 1
        options["monotone"] = [int(sign) for sign in random.integers(-1, 2, inputs)]
        if options["activation"] == "relu":
            options["activation"] = "tanh"
    net = nr.Network(kind, [inputs, *_hidden(random), outputs], normalize=bool(random.random() < 0.7), **options)  # type: ignore[arg-type]
    X = random.normal(size=(70, inputs)) * 10.0 ** random.integers(-3, 4, inputs)
    y = random.integers(0, outputs, 70) if kind == "classifier" else random.normal(size=(70, outputs)) * 5 + 3
    net.observe(X, y)
    return _trained(net, random)


def _fields(random: np.random.Generator, kinds: Sequence[str] = KINDS) -> dict[str, str]:
    kinds = [str(kind) for kind in random.choice(kinds, int(random.integers(1, 7)))]
    names = [str(name) for name in random.permutation(NAMES)]
    return dict(zip(names, kinds, strict=False))


def _row(fields: dict[str, str], random: np.random.Generator) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, kind in fields.items():
        number = float(random.normal()) * 30
        if random.random() < 0.1:
            continue
        row[name] = {
            "number": number,
            "category": str(random.choice(WORDS)),
            "auto": number if random.random() < 0.5 else str(random.choice(WORDS)),
            "flag": bool(random.random() < 0.5),
            "time": 1.7e9 + number * 1e6,
            "text": str(random.choice(TEXTS)),
            "tags": [str(word) for word in random.choice(WORDS, 2)],
            "vector": [number, 1.0, float(random.normal())],
        }[kind.split()[0]]
    return row


def of_fields(random: np.random.Generator, kinds: Sequence[str] = KINDS) -> nr.Network:
    """Return a random network with fields of some kinds."""
    kind, fields = str(random.choice(["classifier", "regressor"])), _fields(random, kinds)
    options = _options(random, kind)
    ordered = [name for name, of in fields.items() if of in ("number", "flag", "auto")]
    if ordered and random.random() < 0.3:
        options["monotone"] = {ordered[0]: 1}
        if options["activation"] == "relu":
            options["activation"] = "sigmoid"
    classes = 2 if "monotone" in options else int(random.integers(2, 5))
    if kind == "classifier" and classes == 2:
        options["classes"] = 2
    net = nr.Network(kind, fields=fields, target="the answer", hidden=_hidden(random), **options)  # type: ignore[arg-type]
    outcomes = random.integers(0, classes, 70).tolist() if kind == "classifier" else random.normal(size=70) * 9
    net.observe([_row(fields, random) for _ in range(70)], outcomes)
    net = _trained(net, random)
    if random.random() < 0.3:
        # Words that the weights do not know yet.
        net.observe([{name: "late" for name, of in fields.items() if of in ("category", "tags", "auto")}], outcomes[:1])
    return net


def of_sequences(random: np.random.Generator, cells: Sequence[str] = CELLS) -> nr.SequenceNetwork:
    """Return a random network of sequences with one of these cells."""
    kind = str(random.choice(["classifier", "regressor"]))
    options = {**_options(random, kind), "cell": str(random.choice(cells)), "length": 12}
    outcomes: list[Any] | None = random.integers(0, 2, 40).tolist()
    if random.random() < 0.2:
        net = nr.SequenceNetwork(kind, [3, *_hidden(random), 2], **options)  # type: ignore[arg-type]
        labels = outcomes if kind == "classifier" else random.normal(size=(40, 2))
        net.observe([random.normal(size=(int(random.integers(1, 15)), 3)) for _ in range(40)], labels)
        return _trained(net, random)
    fields, target = _fields(random), "what came"
    if random.random() < 0.5:
        target = "next one"
        fields[target] = "category" if kind == "classifier" else "number"
        outcomes = None
    net = nr.SequenceNetwork(kind, fields=fields, target=target, hidden=_hidden(random), **options)  # type: ignore[arg-type]
    events = [[_row(fields, random) for _ in range(int(random.integers(1, 15)))] for _ in range(40)]
    for sequence in events if outcomes is None else ():
        for event in sequence:
            event.setdefault(target, "u" if kind == "classifier" else 1.0)
    net.observe(events, outcomes)
    net = _trained(net, random)
    if random.random() < 0.3:
        # Words that the weights do not know yet.
        late = {name: "late" for name, of in fields.items() if of in ("category", "tags", "auto")}
        net.observe([[late, late]], outcomes and outcomes[:1])
    return net


def proved(net: nr.Network, count: int, seed: int = 1) -> Exported:
    """Return the description that exports are written from, with random rows and the network's outputs for them."""
    exported = intermediate(net)
    given = made_up(exported, count, seed)
    answers = np.reshape(net.run(given), (count, -1))
    key = "row" if exported["sequence"] is None else "events"
    exported["proof"] = [{key: row, "answer": bits(answer)} for row, answer in zip(given, answers, strict=True)]  # type: ignore[misc]
    return exported


def written(exported: Exported, path: Path) -> list[Path]:
    """Write an export in the format of the path's suffix."""
    made = format_of(path).files(exported, path)
    for own, content in made.items():
        own.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(made)


def with_threshold() -> tuple[nr.Network, NDArray[np.float32], NDArray[np.bool_]]:
    """Return a network with a threshold, rows, and a mask of the rows whose probability clearly differs from it."""
    random = np.random.default_rng(1)
    y = np.int64(random.random(200) < 0.1)
    rows = np.float32(random.normal(size=(200, 2)) + y[:, None])
    net = nr.Network("classifier", [2, 4, 2], normalize=True, seed=1, dataset=200)
    net.observe(rows, y)
    net.train(max_cycles=20)
    likely = net.run(rows)[:, 1]
    net.configure(threshold=float(likely[np.argsort(likely)[150]]))
    return net, rows, np.abs(likely - np.float32(net.info().threshold)) > 1e-5
