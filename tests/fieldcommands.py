"""A state machine that sends random commands about networks of named fields, except those on hashes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import beside
import numpy as np
import pytest
import redis
from beside import KEYS, LIMITS, SETS, TAKEN
from fieldrows import (
    CLASSES,
    FIELDS,
    TARGETS,
    UNKNOWN,
    WRONG,
    Plain,
    Row,
    as_arguments,
    compare_fields,
    compare_rows,
    flat,
    is_invalid,
    kind_of,
    named,
    rarely,
    values_of,
)
from hypothesis import strategies as st
from hypothesis.stateful import rule
from inredis import blob, pairs

import neuralredis as nr
from neuralredis.remote.refusals import ours

FORMS = st.sampled_from(["words", "json", "array"])
WEIGHTS = st.sampled_from([None, "none", "balanced", [0.5, 3.0]])


class Commands(beside.Commands):
    """The state machine for rows of named fields."""

    def make(self, key: str, data: Any) -> None:
        kind = data.draw(st.sampled_from(["classifier", "regressor"]))
        fields = data.draw(st.lists(st.sampled_from(list(FIELDS)), unique=True, min_size=2, max_size=6))
        limits = data.draw(st.tuples(st.integers(2, 9), st.integers(1, 9)))
        self.create(key, kind, fields, "taken", None, limits, [3], data.draw(st.integers(0, 99)), None)
        for _ in range(2):
            self.observe(key, data, "array", None, None)

    def count(self, key: str, name: str) -> int:
        rows: dict[str, int] = self.plain[key].rows
        return rows[name]

    def alike(self, command: list[Any], call: Callable[[], Any], faults: int = 1) -> tuple[Any, Any] | None:
        """Return the server's reply and the embedded network's result.

        None if both reject it for the same kind of reason. With two faults, each may report another one.
        """
        error: Exception | None = None
        try:
            expected = call()
        except nr.NeuralRedisError as raised:
            error = raised
        if error is None:
            return self.ask(*command), expected
        self.rejected_as(type(error) if faults < 2 else nr.NeuralRedisError, command)
        return None

    def rejected_as(self, kind: type[Exception], command: list[Any]) -> None:
        with pytest.raises(redis.ResponseError) as raised:
            self.ask(*command)
        assert isinstance(ours(raised.value), kind), (str(raised.value), kind, command)

    # Random rows.

    def row(self, data: Any, names: list[str]) -> tuple[Row, bool]:
        """Draw fields with a value each, and whether one of the values is invalid."""
        chosen = data.draw(st.lists(st.sampled_from(names), unique=True))
        row = {name: data.draw(values_of(name)) for name in chosen}
        if data.draw(rarely()):
            row[UNKNOWN] = "red"
        able = [name for name in names if kind_of(name) in WRONG]
        if able and data.draw(rarely()):
            name = data.draw(st.sampled_from(able))
            row[name] = WRONG[kind_of(name)]
        return row, any(is_invalid(name, value) for name, value in row.items())

    def rows(self, data: Any, plain: Plain, form: str, least: int = 0) -> tuple[list[Row], bool]:
        """Draw rows, one unless they are an array, and whether one of them is invalid."""
        count = data.draw(st.integers(least, 4)) if form == "array" else 1
        drawn = [self.row(data, plain.fields) for _ in range(count)]
        return [row for row, _ in drawn], any(wrong for _, wrong in drawn)

    def outcomes(self, data: Any, plain: Plain, rows: int) -> list[Any]:
        outcome: st.SearchStrategy[Any] = st.sampled_from(CLASSES)
        if plain.kind == "regressor":
            outcome = st.lists(st.sampled_from(TARGETS), min_size=plain.room, max_size=plain.room)
        found: list[Any] = data.draw(st.lists(outcome, min_size=rows, max_size=rows))
        return found

    # Commands of clients, and their expected results.

    @rule(
        key=KEYS,
        kind=st.sampled_from(["classifier", "regressor"]),
        fields=st.lists(st.sampled_from(list(FIELDS)), unique=True, min_size=1, max_size=6),
        names=st.sampled_from(["taken", "taken", "plan", ("low", "high")]),
        classes=st.sampled_from([None, None, None, 2, 3, CLASSES[:2], CLASSES[3:0:-1]]),
        limits=st.tuples(LIMITS, LIMITS),
        hidden=st.sampled_from([None, [], [2], [3, 2]]),
        seed=st.integers(0, 2**64 - 1),
        weight=WEIGHTS,
    )
    def create(
        self,
        key: str,
        kind: Any,
        fields: list[str],
        names: Any,
        classes: Any,
        limits: Any,
        hidden: list[int] | None,
        seed: int,
        weight: Any,
    ) -> None:
        # A network with one target takes no list of outcomes.
        target = names[0] if kind == "classifier" and isinstance(names, tuple) else names
        targets = [target] if isinstance(target, str) else list(target)
        given = {"dataset": limits[0], "test": limits[1], "class_weight": weight, "seed": seed}
        given = {name: value for name, value in given.items() if value is not None}
        schema = [word for name in fields for word in (name, *FIELDS[name].split())]
        command = ["NR.CREATE", key, kind, "SCHEMA", *schema, "->", *([len(targets)] if len(targets) > 1 else [])]
        command += targets
        if classes is not None:
            command += ["CLASSES", *([classes] if isinstance(classes, int) else [len(classes), *classes])]
        if hidden is not None:
            command += ["HIDDEN", *(hidden or [0])]
        command += options(given)
        if key in self.plain:
            self.rejected(*command, because="already|NROPTION")
            return

        def here() -> nr.Network:
            kinds = {name: FIELDS[name] for name in fields}
            return nr.Network(kind, fields=kinds, target=target, classes=classes, hidden=hidden, **given)

        both = self.alike(command, here)
        listed = classes if isinstance(classes, list) else []
        wrong = target in fields or (kind == "regressor" and (classes is not None or weight not in (None, "none")))
        assert (both is None) == (wrong or (isinstance(weight, list) and len(weight) != len(listed)))
        if both is not None:
            parameters, network = both
            assert parameters == network.info().parameters
            most = (10000, 2500) if limits == (None, None) else tuple(limit or 0 for limit in limits)
            room = len(targets) if kind == "regressor" else len(listed) or classes or 100
            self.plain[key] = Plain(kind, fields, dict(zip(("train", "test"), most, strict=True)), room, list(listed))
            self.embedded[key] = network
        self.check(key)

    @rule(key=TAKEN, data=st.data(), form=FORMS, into=SETS, weight=st.sampled_from([None, 0.5, 2.0]))
    def observe(self, key: str, data: Any, form: str, into: Any, weight: float | None) -> None:
        if self.missing(key, "NR.OBSERVE", key, "age", 1, "->", 1):
            return
        plain = self.plain[key]
        rows, wrong = self.rows(data, plain, form)
        outcomes = self.outcomes(data, plain, len(rows))
        weights = [weight + at for at in range(len(rows))] if weight and rows else None
        command = ["NR.OBSERVE", key, *as_arguments(form, rows), "->", *flat(outcomes)]
        if weights is not None:
            command += ["WEIGHTS", blob(weights)] if form == "array" else ["WEIGHT", weight]
        self.store(key, [*command, *([into] if into else [])], rows, outcomes, into, weights, wrong)

    def store(
        self, key: str, command: list[Any], rows: list[Row], outcomes: list[Any], into: Any, weights: Any, wrong: bool
    ) -> None:
        """Observe rows on both sides."""
        plain, embedded = self.plain[key], self.embedded[key]
        both = self.alike(command, lambda: embedded.observe(rows, plain.targets(outcomes), into=into, weight=weights))
        # No rows need no room in a set.
        assert not rows or (both is None) == (wrong or plain.rejects(outcomes, into))
        if both is not None:
            assert tuple(both[0]) == both[1]
            plain.rows = {"train": both[1].train, "test": both[1].test}
            if plain.kind == "classifier":
                plain.classes += [name for name in dict.fromkeys(outcomes) if name not in plain.classes]
        self.check(key)

    @rule(key=TAKEN, data=st.data(), form=FORMS)
    def answer(self, key: str, data: Any, form: str) -> None:
        if self.missing(key, "NR.RUN", key, "age", 1) or self.missing(key, "NR.CLASS", key, "age", 1):
            return
        # A prediction of no rows is an error, whatever the network has observed.
        rows, wrong = self.rows(data, self.plain[key], form, least=1)
        self.answered(key, data, ("NR.RUN", "NR.CLASS"), as_arguments(form, rows), rows, wrong, listed=form == "array")

    def answered(
        self,
        key: str,
        data: Any,
        commands: tuple[str, str],
        known: list[Any],
        rows: list[Row],
        wrong: bool,
        listed: bool,
    ) -> None:
        """Request the outputs and the classes, with random options."""
        plain, embedded = self.plain[key], self.embedded[key]
        run, classify = ([command, key, *known] for command in commands)
        unmet = plain.kind == "classifier" and not embedded.classes
        both = self.alike([*run, *([] if known else ["->"])], lambda: embedded.run(rows), faults=wrong + unmet)
        assert (both is None) == (wrong or unmet)
        if both is not None:
            replies = both[0] if listed else [both[0]]
            for found, outputs in zip(replies, both[1].reshape(len(rows), -1), strict=True):
                if plain.kind == "classifier":
                    assert [name.decode() for name in found[::2]] == list(embedded.classes or ())
                numbers = found[1::2] if plain.kind == "classifier" else found
                assert np.array_equal(np.array(numbers).astype(np.float32), outputs)
        top, least = data.draw(st.sampled_from([None, 1, 2, 9])), data.draw(st.sampled_from([None, 0.25, 0.5]))
        scores = data.draw(st.booleans())
        arguments = options({"TOP": top, "MIN": least}) + ["WITHSCORES"] * scores
        unable = plain.kind == "regressor"
        both = self.alike(
            [*classify, *(["->"] if arguments or not known else []), *arguments],
            lambda: embedded.classify(rows, top=top, least=least, scores=scores),
            faults=wrong + unmet + unable,
        )
        assert (both is None) == (wrong or unmet or unable)
        if both is not None:
            replies = both[0] if listed else [both[0]]
            assert [named(reply, top is not None, scores) for reply in replies] == list(both[1])

    @rule(key=TAKEN, data=st.data(), form=FORMS)
    def evaluate_rows(self, key: str, data: Any, form: str) -> None:
        if self.missing(key, "NR.EVALUATE", key, "age", 1, "->", 1):
            return
        plain = self.plain[key]
        rows, wrong = self.rows(data, plain, form)
        outcomes = self.outcomes(data, plain, len(rows))
        command = ["NR.EVALUATE", key, *as_arguments(form, rows), "->", *flat(outcomes)]
        both = self.alike(command, lambda: self.embedded[key].evaluate(rows, plain.targets(outcomes)), faults=2)
        assert both is None or not wrong
        if both is not None:
            found, expected = pairs(both[0]), both[1]
            assert found[b"rows"] == len(rows)
            assert float(found[b"error"]) == expected.error
            if plain.kind == "classifier":
                assert [name.decode() for name in found[b"classes"]] == list(expected.classes)
                assert np.array_equal(found[b"confusion"], expected.confusion)

    @rule(key=TAKEN, train=LIMITS, test=LIMITS, weight=WEIGHTS)
    def configure(self, key: str, train: int | None, test: int | None, weight: Any) -> None:
        given = {"dataset": train, "test": test, "class_weight": weight}
        given = {name: value for name, value in given.items() if value is not None}
        command = ["NR.CONFIGURE", key, *options(given)]
        if not given or self.missing(key, *command):
            return
        if self.alike(command, lambda: self.embedded[key].configure(**given)) is not None:
            plain = self.plain[key]
            for name, limit in (("train", train), ("test", test)):
                plain.limits[name] = plain.limits[name] if limit is None else limit
                plain.rows[name] = min(plain.rows[name], plain.limits[name])
        self.check(key)

    # Invariants.

    def rows_of(self, key: str, name: str) -> list[Any]:
        """Return the replies of NR.GETDATA for all rows of a set, and for one index beyond them."""
        pipeline = self.client.pipeline(transaction=False)
        for number in range(self.count(key, name) + 1):
            pipeline.execute_command("NR.GETDATA", key, name, number)
        return pipeline.execute()

    def check(self, key: str) -> None:
        assert self.ask("EXISTS", key) == int(key in self.plain)
        if key not in self.plain:
            return
        plain, embedded = self.plain[key], self.embedded[key]
        found, info = pairs(self.ask("NR.INFO", key)), embedded.info()
        assert found[b"type"].decode() == plain.kind
        assert tuple(found[b"layout"]) == info.layout
        assert [name.decode() for name in found[b"fields"][::2]] == plain.fields
        if plain.kind == "classifier":
            assert [name.decode() for name in found[b"classes"]] == plain.classes
        sets: list[tuple[Any, str]] = [("train", "training"), ("test", "test")]
        for name, word in sets:
            assert found[f"{word}-dataset-maxlen".encode()] == plain.limits[name]
            assert found[f"{word}-dataset-len".encode()] == plain.rows[name]
            compare_rows(self.rows_of(key, name), embedded.rows(name), plain)
        assert found[b"members"] == info.members
        assert found[b"training-total-cycles"] == info.training_total_cycles
        assert float(found[b"dataset-error"]) == info.dataset_error
        assert float(found[b"test-error"]) == info.test_error
        compare_fields(self.ask("NR.FIELDS", key), embedded)
        # Hidden state, too: weights, random state, and words that no training has used yet.
        assert nr.Network.from_bytes(self.ask("NR.EXPORT", key)) == embedded


def options(given: dict[str, Any]) -> list[Any]:
    """Return the given options with their names, as arguments of a command."""
    return [
        word
        for name, value in given.items()
        if value is not None
        for word in (name.replace("_", "-"), ",".join(map(str, value)) if isinstance(value, list) else value)
    ]
