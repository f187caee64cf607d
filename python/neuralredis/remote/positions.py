"""Commands with rows of numbers, and their replies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neuralredis import _core
from neuralredis.exceptions import DataError, KindError, ShapeError
from neuralredis.explanation import Counterfactual, Explanation
from neuralredis.remote import commands, replies
from neuralredis.remote.commands import Command, Key
from neuralredis.results import Interval

__all__ = ["Positions"]


class Positions:
    """Builds commands and parses replies for a network without fields."""

    def __init__(self, kind: str, inputs: int, outputs: int) -> None:
        self._key = (kind, inputs, outputs)
        self.kind, self.inputs, self.outputs = self._key
        self._reader = _core.RowReader(kind, inputs, outputs)
        #: Names of the columns of the first frame that was observed here; later frames must have the same.
        self._names: list[str] | None = None

    def __eq__(self, other: object) -> bool:
        """Return whether both have the same kind and numbers of inputs and outputs."""
        return isinstance(other, Positions) and self._key == other._key

    def observe(self, key: Key, X: ArrayLike, y: Any, into: str | None, weight: ArrayLike | None) -> Iterator[Command]:
        """Return NR.OBSERVE for rows, in parts; nothing for no rows."""
        _check_given(y)
        rows, weights = self._reader.examples(X, y, weight, names=self._names)
        return commands.observe(key, self.inputs, rows, weights, into) if len(rows) else iter(())

    def observed(self, X: ArrayLike) -> None:
        """Store the names of the columns of the first frame."""
        names = self._reader.names(X)
        if names is not None and self._names is None:
            self._names = names

    def ask(
        self, command: str, key: Key, X: ArrayLike, options: list[Any], whole: bool
    ) -> tuple[bool, Iterator[Command]]:
        """Return whether X is a single row, and commands for the predictions of its rows; nothing for no rows.

        With `whole` all rows are in one command.
        """
        if command == "NR.CLASS" and self.kind != "classifier":
            raise KindError("the network is a regressor: only a classifier has classes")
        if options[:1] == ["INTERVAL"] and self.kind == "classifier":
            raise KindError("the network is a classifier: only a regressor has intervals")
        judged = options[:1] in (["INTERVAL"], ["SET"])
        if options and not judged and options[:1] != ["SAMPLE"]:
            raise KindError("top, scores and least are for networks with fields")
        more = ("->", *options) if options else ()
        rows, single = self._reader.inputs(X, names=self._names)
        if len(rows) == 1:
            return single, iter([(command, key, *rows[0].tolist(), *more)])
        if whole and len(rows):
            return single, iter([(command, key, *commands.blob(rows), *more)])
        sliced = commands.parts(len(rows), max(self.inputs, self.outputs * (3 if judged else 1)))
        return single, ((command, key, *commands.blob(rows[part]), *more) for part in sliced)

    def judge(self, command: str, key: Key, X: Any, y: Any, weight: ArrayLike | None) -> Command:
        """Return one command that evaluates or calibrates by fresh rows; results of parts could not be combined."""
        _check_given(y)
        rows, weights = self._reader.examples(X, y, weight, names=self._names)
        if not len(rows):
            raise DataError("there are no rows to evaluate")
        return (command, key, *commands.blob(rows, weights))

    def outputs_of(self, found: list[Any], single: bool) -> Any:
        """Return the outputs in replies of NR.RUN."""
        if not found:
            return np.empty((0, self.outputs), np.float32)
        outputs = np.concatenate([replies.singles(reply, self.outputs) for reply in found])
        return outputs if single else outputs.reshape(-1, self.outputs)

    def intervals_of(self, found: list[Any], single: bool) -> Interval:
        """Return the intervals in replies of NR.RUN with INTERVAL."""
        texts = (np.array(reply, np.float32).ravel() for reply in found if not isinstance(reply, bytes))
        blobs = (np.frombuffer(reply, "<f4").astype(np.float32) for reply in found if isinstance(reply, bytes))
        parts = np.concatenate([np.empty(0, np.float32), *texts, *blobs]).reshape(-1, self.outputs, 3)
        value, low, high = np.moveaxis(parts[0] if single else parts, -1, 0).copy()
        return Interval(value, low, high)

    def sets_of(self, found: list[Any], single: bool) -> list[Any]:
        """Return the sets in replies of NR.CLASS with SET: a list for a single row, else a list of lists."""
        sets = [each for reply in found for each in (reply if isinstance(reply[0], list) else [reply])]
        sets = [[int(label) for label in each] for each in sets]
        return sets[0] if single else sets

    def classes_of(self, found: list[Any], single: bool, several: bool, scores: bool) -> Any:
        """Return the classes in replies of NR.CLASS: an int for a single row, else an array."""
        if single:
            return int(found[0])
        return np.concatenate([np.empty(0, np.int64), *(np.atleast_1d(np.array(reply, np.int64)) for reply in found)])

    def explain(self, key: Key, X: ArrayLike) -> Command:
        """Return NR.EXPLAIN for one row."""
        rows, _ = self._reader.inputs(X, names=self._names)
        if len(rows) != 1:
            raise ShapeError(f"{len(rows)} rows: expected one, of which the answer is explained")
        return ("NR.EXPLAIN", key, *rows[0].tolist())

    def output(self, option: str, label: Any) -> int:
        """Return the number of an output."""
        return commands.whole(option, label, self.outputs - 1)

    def explanation_of(self, reply: Any) -> Explanation:
        """Return the explanation in a reply of NR.EXPLAIN."""
        return replies.explanation(reply, int, lambda _, value: replies.single(value))

    def changes_of(self, reply: Any) -> Counterfactual:
        """Return the changes in a reply of NR.EXPLAIN with WANT."""
        return replies.changes(reply, int, lambda _, value: replies.single(value))

    def rank(self, key: Key, candidates: Any, shared: Any) -> Iterator[Command]:
        """Raise `KindError`: only networks with fields rank candidates."""
        raise KindError("the network has no fields: rank is for networks with fields")


def _check_given(y: Any) -> None:
    """Raise TypeError if outcomes are missing; only rows of fields can have them in X."""
    if y is None:
        raise TypeError("y is missing: expected the classes or the outputs of the rows")
