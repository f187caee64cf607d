"""Random commands, compared with a plain model of the contract and with embedded networks.

The model keeps the layout, limits, rows and trainings of each network, and knows nothing of learning. From these it
computes the counts, the errors, and where rows may be. The embedded network gets the same calls, and must give the same
numbers, to the last bit.
"""

from __future__ import annotations

import itertools
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import beside
import inredis
import numpy as np
import pytest
from beside import KEYS, LIMITS, SETS, TAKEN
from hypothesis import strategies as st
from hypothesis.stateful import rule

import neuralredis as nr
import servers

#: The number of rows that every network predicts after each command.
PROBES = 3
#: Few values, so that rows repeat; some whose text must be exact.
VALUES = st.sampled_from([0.0, 1.0, -1.0, 2.5, 0.1, -1e-3, 3.3333333, 1e6, 7.0, 1e-30])
PAIRS = {
    "classifier": [("softmax", "crossentropy"), ("softmax", "mse"), ("sigmoid", "crossentropy"), ("linear", "mse")],
    "regressor": [("linear", "mse"), ("sigmoid", "mse"), ("sigmoid", "crossentropy")],
}
#: Options that have other names in commands.
WORDS = {"algorithm": "algo", "class_weight": "classweight"}
REJECTED = {
    "classifier": [("linear", "crossentropy")],
    "regressor": [("softmax", "mse"), ("softmax", "crossentropy"), ("linear", "crossentropy")],
}

Row = tuple[tuple[float, ...], tuple[float, ...]]


def single(value: float | bytes) -> float:
    """Return the nearest float32 to a number or to its decimals."""
    number: float = struct.unpack("<f", struct.pack("<f", float(value)))[0]
    return number


@dataclass
class Plain:
    """The state of a network, except for what trainings compute."""

    kind: str
    layout: list[int]
    limits: dict[str, int]
    options: dict[str, Any]
    rows: dict[str, list[Row]] = field(default_factory=lambda: {"train": [], "test": []})
    members: int = 1
    cycles: int = 0
    steps: int = 0

    @property
    def targets(self) -> int:
        """Return the number of values after the inputs of a row."""
        return 1 if self.kind == "classifier" else self.layout[-1]

    def stored(self, row: list[float]) -> Row:
        """Return the reply of NR.GETDATA for an observed row."""
        inputs = tuple(single(value) for value in row[: self.layout[0]])
        targets = [single(value) for value in row[self.layout[0] :]]
        if self.kind == "classifier":
            targets = [float(unit == targets[0]) for unit in range(self.layout[-1])]
        return inputs, tuple(targets)

    def place(self, into: str | None) -> str | None:
        """Return the set that a row goes to; None if it is random."""
        if into is not None:
            return into
        fill = {name: len(self.rows[name]) for name in self.rows}
        for name, other in (("train", "test"), ("test", "train")):
            if self.limits[name] == 0:
                return other
        if all(fill[name] == self.limits[name] for name in fill):
            return None
        return "train" if fill["train"] * self.limits["test"] <= fill["test"] * self.limits["train"] else "test"


class Commands(beside.Commands):
    """The state machine for rows of numbers."""

    def make(self, key: str, data: Any) -> None:
        kind = data.draw(st.sampled_from(["classifier", "regressor"]))
        layout = data.draw(st.lists(st.integers(2, 4), min_size=2, max_size=3))
        limits = data.draw(st.tuples(st.integers(2, 9), st.integers(1, 9)))
        self.create(key, kind, layout, limits, data.draw(st.booleans()), data.draw(st.integers(0, 99)), 0)
        for _ in range(2):
            self.observe(key, data, None, None, True)

    def count(self, key: str, name: str) -> int:
        return len(self.plain[key].rows[name])

    def trained(self, key: str, report: nr.Report, autostop: bool) -> None:
        plain = self.plain[key]
        learning = plain.members
        if plain.cycles == 0:
            # For so few rows and parameters, AUTO creates seven members. With validation rows the better half is kept.
            given = plain.options.get("ensemble", "auto")
            learning = (7 if autostop else 1) if given == "auto" else given
            plain.members = -(-learning // 2) if autostop else learning
        plain.cycles += report.cycles
        plain.steps += report.cycles * len(plain.rows["train"]) * learning

    def was_reset(self, key: str) -> None:
        self.plain[key].cycles = self.plain[key].steps = 0
        self.plain[key].members = 1

    # Commands of clients, and their expected results.

    @rule(
        key=KEYS,
        kind=st.sampled_from(["classifier", "regressor"]),
        layout=st.lists(st.integers(1, 4), min_size=2, max_size=4),
        limits=st.tuples(LIMITS, LIMITS),
        normalize=st.booleans(),
        seed=st.integers(0, 2**64 - 1),
        activation=st.sampled_from(["sigmoid", "tanh", "relu", None]),
        algorithm=st.sampled_from(["auto", "irprop+", "irprop-", "rprop+", "lbfgs", "adam", None]),
        l2=st.sampled_from([None, 0.0, 0.125, "auto"]),
        ensemble=st.sampled_from([None, 1, 3, "auto"]),
        class_weight=st.sampled_from([None, "none", "balanced", [0.5, 3.0], [1e-3, 2.0, 7.0]]),
        patience=st.sampled_from([None, 1, 3, "auto"]),
        pair=st.integers(0, 7),
    )
    def create(
        self, key: str, kind: str, layout: list[int], limits: Any, normalize: bool, seed: int, pair: int, **options: Any
    ) -> None:
        choices = [None, *PAIRS[kind], *REJECTED[kind]]
        chosen = choices[pair % len(choices)]
        if chosen is not None:
            options["output"], options["loss"] = chosen
        given = {name: value for name, value in options.items() if value is not None}
        given |= {name: limit for name, limit in zip(("dataset", "test"), limits, strict=True) if limit is not None}
        words = [
            word
            for name, value in {**given, "seed": seed}.items()
            for word in (WORDS.get(name, name), ",".join(map(str, value)) if isinstance(value, list) else value)
        ]
        weights = given.get("class_weight", "none")
        unfit = weights != "none" if kind == "regressor" else isinstance(weights, list) and len(weights) != layout[-1]
        command = ["NR.CREATE", key, kind, *layout[:-1], "->", layout[-1], *words]
        if normalize:
            command.append("NORMALIZE")
        if kind == "classifier" and layout[-1] < 2:
            self.rejected(*command, because="output|class weight is")
        elif chosen in REJECTED[kind]:
            self.rejected(*command, because="softmax|linear")
        elif unfit:
            self.rejected(*command, because="class weight is")
        elif key in self.plain:
            self.rejected(*command, because="already")
        else:
            parameters = sum((a + 1) * b for a, b in itertools.pairwise(layout))
            assert self.ask(*command) == parameters
            bounds = (10000, 2500) if limits == (None, None) else tuple(limit or 0 for limit in limits)
            self.plain[key] = Plain(kind, layout, dict(zip(("train", "test"), bounds, strict=True)), given)
            self.embedded[key] = nr.Network(kind, layout, normalize=normalize, seed=seed, **given)
        self.check(key)

    @rule(key=TAKEN, data=st.data(), into=SETS, weight=st.sampled_from([None, 0.5, 2.0]), binary=st.booleans())
    def observe(self, key: str, data: Any, into: str | None, weight: float | None, binary: bool) -> None:
        if self.missing(key, "NR.OBSERVE", key, 1, "->", 1):
            return
        plain, embedded = self.plain[key], self.embedded[key]
        inputs, targets = plain.layout[0], plain.targets
        target = st.integers(0, plain.layout[-1]).map(float) if plain.kind == "classifier" else VALUES
        row = st.tuples(st.tuples(*[VALUES] * inputs), st.tuples(*[target] * targets)).map(
            lambda row: [*row[0], *row[1]]
        )
        rows = data.draw(st.lists(row, min_size=1, max_size=4 if binary else 1))
        goes = [into] if into else []
        if binary:
            command: list[Any] = ["NR.OBSERVE", key, "FP32", inredis.blob(*rows), *goes]
            weight = None
        else:
            [numbers] = rows
            heavy = ["WEIGHT", weight] if weight else []
            command = ["NR.OBSERVE", key, *numbers[:inputs], "->", *numbers[inputs:], *heavy, *goes]
        wrong = plain.kind == "classifier" and any(row[inputs] >= plain.layout[-1] for row in rows)
        closed = plain.limits[into] == 0 if into else not any(plain.limits.values())
        if wrong or closed:
            self.rejected(*command, because="class|limit")
        else:
            X = np.array([row[:inputs] for row in rows], dtype=np.float64)
            y = np.array([row[inputs:] for row in rows])
            weights = None if weight is None else [weight] * len(rows)
            reply = embedded.observe(X, y[:, 0] if targets == 1 else y, into=into, weight=weights)
            assert tuple(self.ask(*command)) == reply
            self.follow(key, into, [plain.stored(numbers) for numbers in rows])
            assert reply == (len(plain.rows["train"]), len(plain.rows["test"]))
        self.check(key)

    @rule(key=TAKEN, data=st.data(), binary=st.booleans())
    def answer(self, key: str, data: Any, binary: bool) -> None:
        if self.missing(key, "NR.RUN", key, 1) or self.missing(key, "NR.CLASS", key, 1):
            return
        plain = self.plain[key]
        inputs, outputs = plain.layout[0], plain.layout[-1]
        rows = data.draw(st.lists(st.lists(VALUES, min_size=inputs, max_size=inputs), min_size=1, max_size=3))
        expected = self.embedded[key].run(np.array(rows))
        if binary:
            given: list[Any] = ["FP32", inredis.blob(*rows)]
            found = np.frombuffer(self.ask("NR.RUN", key, *given), np.float32).reshape(len(rows), outputs)
        else:
            rows, expected, given = rows[:1], expected[:1], rows[0]
            found = np.array([self.ask("NR.RUN", key, *given)]).astype(np.float32)
        assert np.array_equal(found, expected)
        if plain.kind == "regressor":
            self.rejected("NR.CLASS", key, *given, because="regressor")
        else:
            classes = self.ask("NR.CLASS", key, *given)
            assert (classes if binary else [classes]) == expected.argmax(axis=1).tolist()
            if plain.options.get("output", "softmax") == "softmax":
                assert np.allclose(found.sum(axis=1), 1)
        self.rejected("NR.RUN", key, *range(inputs + 1), because=f"has {inputs} input.*{inputs + 1} .*given")

    @rule(key=TAKEN, train=LIMITS, test=LIMITS, normalize=st.booleans())
    def configure(self, key: str, train: int | None, test: int | None, normalize: bool) -> None:
        given = {name: limit for name, limit in (("dataset", train), ("test", test)) if limit is not None}
        words = [word for name, value in given.items() for word in (name, value)]
        command = ["NR.CONFIGURE", key, *words, "NORMALIZE", "yes" if normalize else "no"]
        if self.missing(key, *command):
            return
        assert self.ask(*command) == b"OK"
        self.embedded[key].configure(normalize=normalize, **given)
        plain = self.plain[key]
        kept = {name: Counter(rows) for name, rows in plain.rows.items()}
        for name, limit in (("train", train), ("test", test)):
            plain.limits[name] = plain.limits[name] if limit is None else limit
        self.adopt(key)
        for name, rows in plain.rows.items():
            assert Counter(rows) <= kept[name]
            assert len(rows) == min(kept[name].total(), plain.limits[name])
        self.check(key)

    # Invariants.

    def follow(self, key: str, into: str | None, rows: list[Row]) -> None:
        """Store rows in the model; rows of a full set replace random ones, which the server's replies reveal."""
        plain, replacing = self.plain[key], 0
        for row in rows:
            name = plain.place(into)
            if name is not None and len(plain.rows[name]) < plain.limits[name]:
                plain.rows[name].append(row)
            else:
                replacing += 1
        expected = plain.rows
        self.adopt(key)
        pairs = [
            (old, new)
            for name in expected
            for old, new in zip(expected[name], plain.rows[name], strict=True)
            if old != new
        ]
        assert len(pairs) <= replacing
        assert all(new in rows for _, new in pairs)

    def adopt(self, key: str) -> None:
        self.plain[key].rows = {name: self.stored(key, name) for name in ("train", "test")}

    def stored(self, key: str, name: str) -> list[Row]:
        pipeline = self.client.pipeline(transaction=False)
        for number in range(10):
            pipeline.execute_command("NR.GETDATA", key, name.upper(), number)
        found = [reply for reply in pipeline.execute() if reply is not None]
        return [(tuple(map(single, inputs)), tuple(map(single, outputs))) for inputs, outputs in found]

    def check(self, key: str) -> None:
        """Compare everything that is visible of a network."""
        assert self.ask("EXISTS", key) == int(key in self.plain)
        if key not in self.plain:
            return
        plain, embedded = self.plain[key], self.embedded[key]
        reply = inredis.pairs(self.ask("NR.INFO", key))
        assert reply[b"type"].decode() == plain.kind
        assert reply[b"layout"] == plain.layout
        assert reply[b"training"] == 0
        for name, word in (("train", "training"), ("test", "test")):
            assert reply[f"{word}-dataset-maxlen".encode()] == plain.limits[name]
            assert reply[f"{word}-dataset-len".encode()] == len(plain.rows[name])
            assert self.stored(key, name) == plain.rows[name]
        assert reply[b"members"] == plain.members
        assert reply[b"training-total-cycles"] == plain.cycles
        assert reply[b"training-total-steps"] == plain.steps
        info = embedded.info()
        assert float(reply[b"dataset-error"]) == info.dataset_error
        assert float(reply[b"test-error"]) == info.test_error
        for name, value in plain.options.items():
            assert name in ("dataset", "test") or str(getattr(info, name)) == str(value)
            if isinstance(value, list):
                assert [float(weight) for weight in reply[b"class-weight"]] == value
        probes = np.linspace(-3, 3, PROBES * plain.layout[0], dtype=np.float32).reshape(PROBES, -1)
        assert self.ask("NR.RUN", key, "FP32", probes.tobytes()) == embedded.run(probes).tobytes()


@pytest.mark.torture
def test_random_commands_match_the_model(
    any_server_for_all: servers.Server, effort: int, figure: Callable[[str], None]
) -> None:
    beside.run(Commands, any_server_for_all, effort, figure)
