"""Commands with rows of fields, and their replies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuralredis import _core
from neuralredis.exceptions import DataError, KindError, OptionError, ShapeError
from neuralredis.explanation import Counterfactual, Explanation
from neuralredis.remote import commands, replies
from neuralredis.remote.commands import Command, Key
from neuralredis.results import Interval

__all__ = ["Named"]


class Named:
    """Builds commands and parses replies for a network with fields.

    Rows are sent as JSON, in commands of about a megabyte.
    """

    def __init__(self, kind: str, fields: dict[str, str], target: str | tuple[str, ...]) -> None:
        self._key = (kind, list(fields.items()), target)
        self.kind, self.fields, self.target = kind, fields, target
        self._reader = _core.FieldReader(kind, fields, target)

    def __eq__(self, other: object) -> bool:
        """Return whether both have the same kind, fields and target."""
        return isinstance(other, Named) and self._key == other._key

    def observe(self, key: Key, X: Any, y: Any, into: str | None, weight: ArrayLike | None) -> Iterator[Command]:
        """Return NR.OBSERVE for rows, in parts; nothing for no rows."""
        return self._with_outcomes("NR.OBSERVE", key, X, y, weight, () if into is None else (into,))

    def _with_outcomes(
        self, command: str, key: Key, X: Any, y: Any, weight: ArrayLike | None, more: tuple[str, ...]
    ) -> Iterator[Command]:
        parts = self._reader.examples(X, y, weight)
        return (
            (command, key, "JSON", json, "->", *outcomes, *(() if weights is None else ("WEIGHTS", weights)), *more)
            for json, _, outcomes, weights in parts
        )

    def observed(self, X: Any) -> None:
        """Do nothing: fields have names already."""

    def ask(self, command: str, key: Key, X: Any, options: list[Any], whole: bool) -> tuple[bool, Iterator[Command]]:
        """Return whether X is a single row, and commands for the predictions of its rows; nothing for no rows.

        With `whole` all rows are in one command.
        """
        if command == "NR.CLASS" and self.kind != "classifier":
            raise KindError("the network is a regressor: only a classifier has classes")
        if options[:1] == ["INTERVAL"] and self.kind == "classifier":
            raise KindError("the network is a classifier: only a regressor has intervals")
        parts, single = self._reader.inputs(X)
        more = ("->", *options) if options else ()
        texts = [json for json, *_ in parts]
        if whole and texts:
            texts = [_joined(texts)]
        return single, ((command, key, "JSON", json, *more) for json in texts)

    def judge(self, command: str, key: Key, X: Any, y: Any, weight: ArrayLike | None) -> Command:
        """Return one command that evaluates or calibrates by fresh rows; results of parts could not be combined."""
        parts = self._reader.examples(X, y, weight)
        if not parts:
            raise DataError("there are no rows to evaluate")
        json = _joined([part[0] for part in parts])
        outcomes = chain.from_iterable(part[2] for part in parts)
        weights = None if parts[0][3] is None else b"".join(part[3] or b"" for part in parts)
        return (command, key, "JSON", json, "->", *outcomes, *(() if weights is None else ("WEIGHTS", weights)))

    def outputs_of(self, found: list[Any], single: bool) -> Any:
        """Return the outputs in replies of NR.RUN."""
        answers = list(chain.from_iterable(found))
        if self.kind == "classifier":
            scores = [replies.scores(answer) for answer in answers]
            if single:
                return {name: float(score) for name, score in scores[0].items()}
            width = len(scores[0]) if scores else 0
            return np.array([list(row.values()) for row in scores], np.float32).reshape(-1, width)
        return self._numbers(np.array([[float(value) for value in answer] for answer in answers], np.float32), single)

    def intervals_of(self, found: list[Any], single: bool) -> Interval:
        """Return the intervals in replies of NR.RUN with INTERVAL."""
        targets = len(self.target) if isinstance(self.target, tuple) else 1
        parts = np.array(list(chain.from_iterable(found)), np.float32).reshape(-1, targets, 3)
        value, low, high = (self._numbers(parts[:, :, part].copy(), single) for part in range(3))
        return Interval(value, low, high)

    def sets_of(self, found: list[Any], single: bool) -> list[Any]:
        """Return the sets in replies of NR.CLASS with SET: a list for a single row, else a list of lists."""
        sets = [[replies.name(name) for name in names] for names in chain.from_iterable(found)]
        return sets[0] if single else sets

    def _numbers(self, values: NDArray[np.float32], single: bool) -> Any:
        """Return the outputs of a regressor; for a single row a number, or a dict of several targets."""
        if isinstance(self.target, tuple):
            names = self.target
            return dict(zip(names, map(float, values[0]), strict=True)) if single else values.reshape(-1, len(names))
        return float(values[0, 0]) if single else values.reshape(-1)

    def scores_of(self, found: list[Any], want: Any) -> list[float]:
        """Return the score of each candidate: the probability of a class, or an output."""
        answers = list(chain.from_iterable(found))
        if self.kind == "classifier":
            named = [replies.scores(answer) for answer in answers]
            names = tuple(named[0]) if named else ()
        else:
            names = self.target if isinstance(self.target, tuple) else (self.target,)
            values = ([float(np.float32(value)) for value in answer] for answer in answers)
            named = [dict(zip(names, row, strict=True)) for row in values]
        if not named:
            return []
        chosen = self._wanted(names, want)
        return [scores[chosen] for scores in named]

    def _wanted(self, names: tuple[str, ...], want: Any) -> str:
        if want is None and len(names) == (2 if self.kind == "classifier" else 1):
            return names[-1]
        chosen = None if want is None else str(want)
        if chosen not in names:
            raise OptionError(f"want is {want!r}: expected one of {', '.join(names)}")
        return chosen

    def classes_of(self, found: list[Any], single: bool, several: bool, scores: bool) -> Any:
        """Return the classes in replies of NR.CLASS: one or `several` for each row, with or without `scores`."""
        answers = [_classes(answer, several, scores) for answer in chain.from_iterable(found)]
        if single:
            return answers[0]
        if several or scores:
            return answers
        names = np.empty(len(answers), object)
        names[:] = answers
        return names

    def rows_of(self, found: list[Any]) -> tuple[list[dict[str, Any]], NDArray[Any]]:
        """Return the rows and outcomes in replies of NR.GETDATA."""
        kinds = [kind.partition(" ")[0] for kind in self.fields.values()]
        rows = [
            {of: _value(kind, value) for of, kind, value in zip(self.fields, kinds, values[1::2], strict=True)}
            for values, _ in found
        ]
        if self.kind == "classifier":
            outcomes = np.empty(len(found), object)
            outcomes[:] = [replies.name(outcome[0]) for _, outcome in found]
            return rows, outcomes
        numbers = np.array([[float(value) for value in outcome] for _, outcome in found], np.float32)
        return rows, numbers.reshape(len(found), -1) if isinstance(self.target, tuple) else numbers.reshape(-1)

    def explain(self, key: Key, X: Any) -> Command:
        """Return NR.EXPLAIN for one row."""
        parts, _ = self._reader.inputs(X)
        given = sum(part[1] for part in parts)
        if given != 1:
            raise ShapeError(f"{given} rows: expected one, of which the answer is explained")
        return ("NR.EXPLAIN", key, "JSON", parts[0][0])

    def output(self, option: str, label: Any) -> str | bytes:
        """Return a class or a target as an argument."""
        return commands.argument(label)

    def explanation_of(self, reply: Any) -> Explanation:
        """Return the explanation in a reply of NR.EXPLAIN."""
        return replies.explanation(reply, replies.name, self._value)

    def changes_of(self, reply: Any) -> Counterfactual:
        """Return the changes in a reply of NR.EXPLAIN with WANT."""
        return replies.changes(reply, replies.name, self._value)

    def _value(self, field: Any, value: Any) -> Any:
        return _value(self.fields[field].partition(" ")[0], value)

    def rank(self, key: Key, candidates: Any, shared: Any) -> Iterator[Command]:
        """Return NR.RUN for candidates, with the values that they share."""
        parts, _ = self._reader.inputs(candidates, shared)
        return (("NR.RUN", key, "JSON", json) for json, *_ in parts)


#: Times are seconds since this moment.
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)


def _value(kind: str, value: Any) -> Any:
    """Return a stored value; None for a text, which is stored as hashes."""
    if value is None or kind == "text":
        return None
    if kind == "tags":
        return [replies.name(word) for word in value if word is not None]
    if kind == "vector":
        return np.array([float(number) for number in value], np.float32)
    if kind == "flag":
        return replies.flag(value)
    if kind == "time":
        seconds = float(value)
        try:
            return EPOCH + dt.timedelta(seconds=seconds)
        except OverflowError:
            return seconds
    if kind == "category":
        return replies.name(value)
    try:
        return float(value)
    except ValueError:
        return replies.name(value)


def _joined(texts: list[bytes]) -> bytes:
    """Return the concatenation of JSON arrays."""
    return b"[" + b",".join(text[1:-1] for text in texts) + b"]"


def _classes(answer: Any, several: bool, scores: bool) -> Any:
    if answer is None:
        return None
    if several:
        return replies.ranking(answer) if scores else [replies.name(name) for name in answer]
    if scores:
        name, score = answer
        return replies.name(name), float(np.float32(score))
    return replies.name(answer)
