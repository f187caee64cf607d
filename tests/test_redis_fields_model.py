"""Random commands about networks with fields, compared with embedded networks that observe the same rows.

The model keeps the fields, limits and classes of each network, and the contents of hashes. From these it computes which
row a command means, and whether it is rejected. The embedded network observes that row, and must have the same counts,
rows and answers, to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import beside
import numpy as np
import pytest
from beside import SETS, TAKEN
from fieldcommands import Commands, options
from fieldrows import (
    FIELDS,
    UNKNOWN,
    WRONG,
    Plain,
    Row,
    as_arguments,
    flat,
    is_invalid,
    kind_of,
    rarely,
    values_of,
    written,
)
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

import neuralredis as nr
import servers

#: Keys of hashes, and a key with another value.
HASHES = ["h1", "h2", "h3", "h4"]
OTHER = "h5"


class CommandsOnHashes(Commands):
    """The state machine for hashes, and for the commands that read them."""

    @initialize(data=st.data())
    def begin(self, data: Any) -> None:
        super().begin(data)
        self.hashes: dict[str, Row] = {}
        for key in HASHES:
            self.write(key, data)
        self.ask("SET", OTHER, "no hash")

    @rule(key=st.sampled_from(HASHES), data=st.data())
    def write(self, key: str, data: Any) -> None:
        written_now = {"name": "Ada"} if data.draw(rarely()) else {}
        for name in data.draw(st.lists(st.sampled_from(list(FIELDS)), unique=True, min_size=1)):
            value = WRONG.get(kind_of(name)) if data.draw(rarely()) else data.draw(values_of(name))
            written_now[name.rpartition(".")[2]] = written(name, value)
        self.ask("HSET", key, *flat([[name, value] for name, value in written_now.items()]))
        self.hashes.setdefault(key, {}).update(written_now)

    @rule(key=st.sampled_from(HASHES), name=st.sampled_from(["age", "plan", "price", "tags", "at"]), whole=rarely())
    def forget(self, key: str, name: str, whole: bool) -> None:
        found = self.hashes.get(key, {})
        if whole:
            assert self.ask("DEL", key) == int(bool(found))
            found.clear()
        else:
            assert self.ask("HDEL", key, name) == int(name in found)
            found.pop(name, None)
        if not found:
            self.hashes.pop(key, None)

    def gathered(self, data: Any, key: str) -> tuple[list[str], Row, list[Any]]:
        """Draw keys of hashes and given fields, and both as arguments of a command."""
        plain = self.plain[key]
        least = 1 if data.draw(rarely()) else max(1, len(plain.roles))
        names = data.draw(st.lists(st.sampled_from(HASHES), min_size=least, max_size=least + 2))
        if data.draw(rarely()):
            names[data.draw(st.integers(0, len(names) - 1))] = OTHER
        given, _ = self.row(data, plain.fields) if data.draw(st.booleans()) else ({}, False)
        return names, given, [len(names), *names, *as_arguments("words", [given])]

    def unreadable(self, plain: Plain, names: list[str], needed: int) -> type[Exception] | None:
        """Return why hashes are rejected, of which this many, the first ones, must exist."""
        if len(names) < len(plain.roles):
            return nr.ShapeError
        for at, name in enumerate(names):
            if name == OTHER:
                return nr.WrongTypeError
            if name not in self.hashes and at < needed:
                return nr.DataError
        return None

    def of_hashes(self, plain: Plain, names: list[str], given: Row) -> tuple[Row, bool]:
        """Return the row of hashes and given fields, and whether it is invalid."""
        hashes = [self.hashes[name] for name in names]
        row = {**given, **{name: plain.read(name, hashes) for name in plain.fields if name not in given}}
        return row, any(is_invalid(name, value) for name, value in row.items())

    @rule(key=TAKEN, data=st.data(), into=SETS, weight=st.sampled_from([None, 3.0]))
    def observe_hashes(self, key: str, data: Any, into: Any, weight: float | None) -> None:
        if self.missing(key, "NR.HOBSERVE", key, 1, "h1", "->", 1):
            return
        plain = self.plain[key]
        names, given, known = self.gathered(data, key)
        outcomes = self.outcomes(data, plain, 1)
        command = ["NR.HOBSERVE", key, *known, "->", *flat(outcomes), *options({"WEIGHT": weight})]
        command += [into] if into else []
        if error := self.unreadable(plain, names, len(names)):
            self.rejected_as(error, command)
            self.check(key)
        else:
            row, wrong = self.of_hashes(plain, names, given)
            self.store(key, command, [row], outcomes, into, [weight] if weight else None, wrong)

    @rule(key=TAKEN, data=st.data())
    def answer_from_hashes(self, key: str, data: Any) -> None:
        if self.missing(key, "NR.HRUN", key, 1, "h1") or self.missing(key, "NR.HCLASS", key, 1, "h1"):
            return
        plain = self.plain[key]
        names, given, known = self.gathered(data, key)
        if error := self.unreadable(plain, names, len(names)):
            self.rejected_as(error, ["NR.HRUN", key, *known])
        else:
            row, wrong = self.of_hashes(plain, names, given)
            self.answered(key, data, ("NR.HRUN", "NR.HCLASS"), known, [row], wrong, listed=False)

    @rule(key=TAKEN, data=st.data(), top=st.sampled_from([None, 1, 3]), scores=st.booleans())
    def rank(self, key: str, data: Any, top: int | None, scores: bool) -> None:
        if self.missing(key, "NR.RANK", key, 1, "h1"):
            return
        plain, embedded = self.plain[key], self.embedded[key]
        names, given, known = self.gathered(data, key)
        want = data.draw(st.sampled_from([None, *plain.classes])) if not data.draw(rarely()) else "never"
        arguments = options({"FOR": want, "TOP": top}) + ["WITHSCORES"] * scores
        command = ["NR.RANK", key, *known, *(["->"] if arguments else []), *arguments]
        first = max(len(plain.roles) - 1, 0)
        if error := self.unreadable(plain, names, first):
            self.rejected_as(nr.NeuralRedisError if UNKNOWN in given else error, command)
            return
        shared, _ = self.of_hashes(plain, names[:first], given)
        shared = {name: value for name, value in shared.items() if name in given or value is not None}
        there = [at for at in range(first, len(names)) if names[at] in self.hashes]
        rows = [
            {name: plain.read(name, [self.hashes[names[at]]], first) for name in plain.fields if name not in shared}
            for at in there
        ]
        wrong = any(is_invalid(name, value) for row in [shared, *rows] for name, value in row.items())
        if wrong or (plain.kind == "regressor" and want is not None):
            self.rejected_as(nr.NeuralRedisError if wrong else nr.OptionError, command)
            return
        # Without candidates, a row of gaps shows whether the network can predict.
        both = self.alike(command, lambda: embedded.rank([{**row, **shared} for row in rows or [{}]], want=want))
        if both is None:
            return
        expected: list[Any] = [(names[there[at]], np.float32(score)) for at, score in both[1]] if rows else []
        expected += [(names[at], None) for at in range(first, len(names)) if at not in there]
        found = [name.decode() for name in both[0][:: 2 if scores else 1]]
        assert found == [name for name, _ in expected][:top]
        if scores:
            singles = [None if score is None else np.float32(score) for score in both[0][1::2]]
            assert singles == [score for _, score in expected][:top]


@pytest.mark.torture
def test_random_commands_on_fields_match_an_embedded_network(
    any_server_for_all: servers.Server, effort: int, figure: Callable[[str], None]
) -> None:
    beside.run(CommandsOnHashes, any_server_for_all, effort, figure, examples=30)
