"""Random commands to a server, beside a plain model of what the contract promises, and beside embedded networks.

The model knows of each network its layout, its limits, its rows and what it was trained for, and nothing of learning:
from it follow the counts, the errors and what may have become of the rows. The embedded network is given the same
calls and must give the same numbers, to the last bit.
"""

from __future__ import annotations

import copy
import itertools
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import inredis
import numpy as np
import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

import neuralredis as nr
import servers

#: What is asked of every network after each command.
PROBES = 3
KEYS = st.sampled_from(["a", "b", "c"])
#: Few values, so that rows repeat; some that must survive as text.
VALUES = st.sampled_from([0.0, 1.0, -1.0, 2.5, 0.1, -1e-3, 3.3333333, 1e6, 7.0, 1e-30])
SETS = st.sampled_from([None, "train", "test"])
PAIRS = {
    "classifier": [("softmax", "crossentropy"), ("softmax", "mse"), ("sigmoid", "crossentropy"), ("linear", "mse")],
    "regressor": [("linear", "mse"), ("sigmoid", "mse"), ("sigmoid", "crossentropy")],
}
#: Options that are called otherwise in commands.
WORDS = {"algorithm": "algo", "class_weight": "classweight"}
REFUSED = {
    "classifier": [("linear", "crossentropy")],
    "regressor": [("softmax", "mse"), ("softmax", "crossentropy"), ("linear", "crossentropy")],
}

Row = tuple[tuple[float, ...], tuple[float, ...]]


def single(value: float | bytes) -> float:
    """The nearest float32 of a number, or of its decimals."""
    number: float = struct.unpack("<f", struct.pack("<f", float(value)))[0]
    return number


@dataclass
class Plain:
    """What is known of a network without knowing what it has learnt."""

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
        """Numbers that a row has behind its inputs."""
        return 1 if self.kind == "classifier" else self.layout[-1]

    def stored(self, row: list[float]) -> Row:
        """What NR.GETDATA says of a row that was observed."""
        inputs = tuple(single(value) for value in row[: self.layout[0]])
        targets = [single(value) for value in row[self.layout[0] :]]
        if self.kind == "classifier":
            targets = [float(unit == targets[0]) for unit in range(self.layout[-1])]
        return inputs, tuple(targets)

    def place(self, into: str | None) -> str | None:
        """The set that a row goes to; None where chance decides."""
        if into is not None:
            return into
        fill = {name: len(self.rows[name]) for name in self.rows}
        for name, other in (("train", "test"), ("test", "train")):
            if self.limits[name] == 0:
                return other
        if all(fill[name] == self.limits[name] for name in fill):
            return None
        return "train" if fill["train"] * self.limits["test"] <= fill["test"] * self.limits["train"] else "test"


class Commands(RuleBasedStateMachine):
    """A server, the model and the embedded networks."""

    client: redis.Redis

    @initialize()
    def begin(self) -> None:
        self.client.flushall()
        self.plain: dict[str, Plain] = {}
        self.embedded: dict[str, nr.Network] = {}

    def ask(self, *command: Any) -> Any:
        return self.client.execute_command(*command)

    def refused(self, *command: Any, because: str) -> None:
        with pytest.raises(redis.ResponseError, match=because):
            self.ask(*command)

    def missing(self, key: str, *command: Any) -> bool:
        """Whether there is no network; then the command must say so."""
        if key not in self.plain:
            self.refused(*command, because=f"no network at key '{key}'")
        return key not in self.plain

    # What clients ask for, and what must come of it.

    @rule(
        key=KEYS,
        kind=st.sampled_from(["classifier", "regressor"]),
        layout=st.lists(st.integers(1, 4), min_size=2, max_size=4),
        limits=st.tuples(*[st.none() | st.integers(0, 9)] * 2),
        normalize=st.booleans(),
        seed=st.integers(0, 2**64 - 1),
        activation=st.sampled_from(["sigmoid", "tanh", "relu", None]),
        algorithm=st.sampled_from(["auto", "irprop+", "irprop-", "rprop+", "lbfgs", None]),
        l2=st.sampled_from([None, 0.0, 0.125, "auto"]),
        restarts=st.sampled_from([None, 1, 3, "auto"]),
        class_weight=st.sampled_from([None, "none", "balanced", [0.5, 3.0], [1e-3, 2.0, 7.0]]),
        patience=st.sampled_from([None, 1, 3, "auto"]),
        pair=st.integers(0, 7),
    )
    def create(
        self, key: str, kind: str, layout: list[int], limits: Any, normalize: bool, seed: int, pair: int, **options: Any
    ) -> None:
        choices = [None, *PAIRS[kind], *REFUSED[kind]]
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
            self.refused(*command, because="output|class weight is")
        elif chosen in REFUSED[kind]:
            self.refused(*command, because="softmax|linear")
        elif unfit:
            self.refused(*command, because="class weight is")
        elif key in self.plain:
            self.refused(*command, because="already")
        else:
            parameters = sum((a + 1) * b for a, b in itertools.pairwise(layout))
            assert self.ask(*command) == parameters
            bounds = (10000, 2500) if limits == (None, None) else tuple(limit or 0 for limit in limits)
            self.plain[key] = Plain(kind, layout, dict(zip(("train", "test"), bounds, strict=True)), given)
            self.embedded[key] = nr.Network(kind, layout, normalize=normalize, seed=seed, **given)
        self.check(key)

    @rule(key=KEYS, data=st.data(), into=SETS, weight=st.sampled_from([None, 0.5, 2.0]), binary=st.booleans())
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
            self.refused(*command, because="class|limit")
        else:
            X = np.array([row[:inputs] for row in rows], dtype=np.float64)
            y = np.array([row[inputs:] for row in rows])
            weights = None if weight is None else [weight] * len(rows)
            told = embedded.observe(X, y[:, 0] if targets == 1 else y, into=into, weight=weights)
            assert tuple(self.ask(*command)) == told
            self.follow(key, into, [plain.stored(numbers) for numbers in rows])
            assert told == (len(plain.rows["train"]), len(plain.rows["test"]))
        self.check(key)

    @rule(key=KEYS, data=st.data(), binary=st.booleans())
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
            self.refused("NR.CLASS", key, *given, because="regressor")
        else:
            classes = self.ask("NR.CLASS", key, *given)
            assert (classes if binary else [classes]) == expected.argmax(axis=1).tolist()
            if plain.options.get("output", "softmax") == "softmax":
                assert np.allclose(found.sum(axis=1), 1)
        self.refused("NR.RUN", key, *range(inputs + 1), because=f"has {inputs} input.*{inputs + 1} .*given")

    @rule(key=KEYS, cycles=st.integers(1, 12), autostop=st.booleans(), backtrack=st.booleans())
    def train(self, key: str, cycles: int, autostop: bool, backtrack: bool) -> None:
        words = [word for word, wished in (("AUTOSTOP", autostop), ("BACKTRACK", backtrack)) if wished]
        command = ["NR.TRAIN", key, "MAXCYCLES", cycles, "MAXTIME", 0, *words, "BLOCK", 0]
        if self.missing(key, *command):
            return
        plain, embedded = self.plain[key], self.embedded[key]
        if not plain.rows["train"] or (autostop and not plain.rows["test"]):
            self.refused(*command, because="training rows|testing rows|rows")
        else:
            assert self.ask(*command) == b"finished"
            report = embedded.train(max_cycles=cycles, max_time=None, autostop=autostop, backtrack=backtrack)
            assert report.cycles <= cycles
            assert autostop or report.cycles == cycles
            if plain.cycles == 0:
                # So few rows and parameters are cheap.
                wished = plain.options.get("restarts", "auto")
                plain.members = (10 if autostop else 1) if wished == "auto" else wished
            plain.cycles += report.cycles
            plain.steps += report.cycles * len(plain.rows["train"]) * plain.members
            told = self.ask("NR.REPORT", key)
            told = dict(zip(told[::2], told[1::2], strict=True))
            assert told[b"cycles"] == report.cycles
            assert told[b"reason"].decode() == report.reason
            assert told[b"best-cycle"] == report.best_cycle
        self.check(key)

    @rule(key=KEYS, chosen=st.sampled_from(["TRAIN", "TEST"]))
    def evaluate(self, key: str, chosen: Any) -> None:
        if self.missing(key, "NR.EVALUATE", key, chosen):
            return
        plain = self.plain[key]
        if not plain.rows[chosen.lower()]:
            self.refused("NR.EVALUATE", key, chosen, because="no .*rows")
            return
        told = self.ask("NR.EVALUATE", key, chosen)
        told = dict(zip(told[::2], told[1::2], strict=True))
        expected = self.embedded[key].evaluate(chosen.lower())
        assert told[b"rows"] == len(plain.rows[chosen.lower()]) == expected.rows
        assert float(told[b"error"]) == expected.error

    @rule(key=KEYS)
    def reset(self, key: str) -> None:
        if not self.missing(key, "NR.RESET", key):
            assert self.ask("NR.RESET", key) == b"OK"
            self.embedded[key].reset()
            self.plain[key].cycles = self.plain[key].steps = 0
            self.plain[key].members = 1
        self.check(key)

    @rule(key=KEYS, train=st.none() | st.integers(0, 9), test=st.none() | st.integers(0, 9), normalize=st.booleans())
    def configure(self, key: str, train: int | None, test: int | None, normalize: bool) -> None:
        wished = {name: limit for name, limit in (("dataset", train), ("test", test)) if limit is not None}
        words = [word for name, value in wished.items() for word in (name, value)]
        command = ["NR.CONFIGURE", key, *words, "NORMALIZE", "yes" if normalize else "no"]
        if self.missing(key, *command):
            return
        assert self.ask(*command) == b"OK"
        self.embedded[key].configure(normalize=normalize, **wished)
        plain = self.plain[key]
        kept = {name: Counter(rows) for name, rows in plain.rows.items()}
        for name, limit in (("train", train), ("test", test)):
            plain.limits[name] = plain.limits[name] if limit is None else limit
        self.adopt(key)
        for name, rows in plain.rows.items():
            assert Counter(rows) <= kept[name]
            assert len(rows) == min(kept[name].total(), plain.limits[name])
        self.check(key)

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        assert self.ask("DEL", key) == int(key in self.plain)
        self.plain.pop(key, None)
        self.embedded.pop(key, None)
        self.check(key)

    @rule(key=KEYS, other=KEYS)
    def rename(self, key: str, other: str) -> None:
        if key in self.plain:
            assert self.ask("RENAME", key, other)
            self.plain[other], self.embedded[other] = self.plain.pop(key), self.embedded.pop(key)
        self.check(key)
        self.check(other)

    @rule(key=KEYS, other=KEYS, by=st.sampled_from(["COPY", "DUMP", "EXPORT"]))
    def duplicate(self, key: str, other: str, by: str) -> None:
        if key == other or key not in self.plain:
            return
        if by == "COPY":
            assert self.ask("COPY", key, other, "REPLACE") == 1
        elif by == "DUMP":
            assert self.ask("RESTORE", other, 0, self.ask("DUMP", key), "REPLACE") == b"OK"
        else:
            assert self.ask("NR.IMPORT", other, self.ask("NR.EXPORT", key), "REPLACE") == b"OK"
        self.plain[other] = copy.deepcopy(self.plain[key])
        self.embedded[other] = copy.copy(self.embedded[key])
        self.check(other)

    @rule()
    def reload(self) -> None:
        assert self.ask("DEBUG", "RELOAD") == b"OK"
        for key in self.plain:
            self.check(key)

    # What must hold.

    def follow(self, key: str, into: str | None, rows: list[Row]) -> None:
        """Put rows where they must go; which row of a full set each replaced is chance, and the server tells."""
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
        """Compare all that can be seen of a network."""
        assert self.ask("EXISTS", key) == int(key in self.plain)
        if key not in self.plain:
            return
        plain, embedded = self.plain[key], self.embedded[key]
        told = self.ask("NR.INFO", key)
        told = dict(zip(told[::2], told[1::2], strict=True))
        assert told[b"type"].decode() == plain.kind
        assert told[b"layout"] == plain.layout
        assert told[b"training"] == 0
        for name, word in (("train", "training"), ("test", "test")):
            assert told[f"{word}-dataset-maxlen".encode()] == plain.limits[name]
            assert told[f"{word}-dataset-len".encode()] == len(plain.rows[name])
            assert self.stored(key, name) == plain.rows[name]
        assert told[b"members"] == plain.members
        assert told[b"training-total-cycles"] == plain.cycles
        assert told[b"training-total-steps"] == plain.steps
        info = embedded.info()
        assert float(told[b"dataset-error"]) == info.dataset_error
        assert float(told[b"test-error"]) == info.test_error
        for name, value in plain.options.items():
            assert name in ("dataset", "test") or str(getattr(info, name)) == str(value)
            if isinstance(value, list):
                assert [float(weight) for weight in told[b"class-weight"]] == value
        probes = np.linspace(-3, 3, PROBES * plain.layout[0], dtype=np.float32).reshape(PROBES, -1)
        assert self.ask("NR.RUN", key, "FP32", probes.tobytes()) == embedded.run(probes).tobytes()


@pytest.mark.torture
def test_any_commands_do_what_the_contract_says(
    any_server_for_all: servers.Server, effort: int, figure: Callable[[str], None]
) -> None:
    asked = 0

    class Client(redis.Redis):
        def execute_command(self, *command: Any, **options: Any) -> Any:
            nonlocal asked
            asked += 1
            return super().execute_command(*command, **options)

    class Here(Commands):
        client = Client(unix_socket_path=str(any_server_for_all.socket), protocol=2)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=60 * effort,
            stateful_step_count=60,
            deadline=None,
            # The suite repeats itself; with more effort, something else is tried each time.
            derandomize=effort == 1,
            suppress_health_check=list(HealthCheck),
        ),
    )
    Here.client.close()
    figure(f"{asked} commands")
