"""Networks of sequences as tables see them: how columns are read for them."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuralredis import _core
from neuralredis.results import ClassifierEvaluation, Evaluation, RegressorEvaluation
from neuralredis.sequences import SequenceNetwork
from neuralredis.table.failure import TableError
from neuralredis.table.fields import Field
from neuralredis.table.known import Known, field_known
from neuralredis.table.schema import Schema
from neuralredis.table.sequences import Events
from neuralredis.table.target import Classes, Numbers

__all__ = ["KnownSequences", "OrderedBy", "note", "of_events"]


@dataclass(frozen=True)
class OrderedBy:
    """The columns of the sequence's id and of the time; None if there is no such column."""

    sequence: str | None = None
    time: str | None = None


@dataclass(frozen=True, eq=False)
class KnownSequences(Known):
    """A network of sequences, and how the columns of tables are read for it. Its rows are `Events`.

    Attributes
    ----------
    by : OrderedBy
        The columns of id and time of the training table.
    """

    network: SequenceNetwork
    by: OrderedBy

    @property
    def comes_next(self) -> bool:
        """Whether it predicts the next event."""
        return bool(self.network._declared["next"])

    @property
    def is_series(self) -> bool:
        """Whether it predicts the next number."""
        return self.comes_next and not isinstance(self.target, Classes)

    def run(self, rows: Any) -> NDArray[np.floating]:
        """Return the outputs for some sequences, of shape (sequences, outputs)."""
        return _core.run_events(self.network, rows.values, rows.ends.tolist())

    def evaluate(self, rows: Any, y: NDArray[Any] | None) -> Evaluation:
        """Evaluate the network on some sequences; `y` has outcomes, or is None if the next event is predicted."""
        answers = None if y is None else self._answers(y)
        found = _core.evaluate_events(self.network, rows.values, rows.ends.tolist(), answers, None)
        return ClassifierEvaluation(**found) if "accuracy" in found else RegressorEvaluation(**found)

    def observe(self, ids: list[bytes], events: Events, y: NDArray[Any] | None, into: Any) -> None:
        """Store sequences."""
        answers = None if y is None else self._answers(y)
        _core.happen(self.network, ids, events.values, events.ends.tolist(), (answers, None), into)


def of_events(network: SequenceNetwork) -> KnownSequences:
    """Return a network of sequences with the schema of its events.

    Raises
    ------
    TableError
        If its events have no fields, or it predicts several numbers.
    """
    declared, name = network._declared, network.target
    if declared["by_position"]:
        raise TableError("its events have no fields")
    if not isinstance(name, str):
        raise TableError("the network predicts several numbers: expected one target")
    figures, _ = network._figures()
    seen = dict(zip([one.name for one in network.field_statistics()], figures, strict=True))
    # Statistics of a series are those of differences between values.
    series = declared["next"] and network.info().type == "regressor"
    blank: dict[str, Any] = {"range": None, "commonest": [], "words": (), "gaps": 0}
    fields: list[Field] = []
    for field, kind in declared["fields"].items():
        last = blank if series else seen.get(f"{field}[-1]", blank)
        if field == name and network.classes:
            last = {**last, "words": network.classes, "commonest": []}
        fields.append(field_known(field, kind, last))
    target: Classes | Numbers = Numbers(name=name, low=math.nan, high=math.nan)
    if network.info().type == "classifier":
        target = Classes(name=name, labels=network.classes or ())
    return KnownSequences(network, Schema(fields=tuple(fields), left_out=(), target=target), _noted(network))


def note(network: SequenceNetwork, by: OrderedBy) -> None:
    """Store the names of the columns of id and time in a network's notes."""
    network.notes = json.dumps({"events": {"sequence": by.sequence, "time": by.time}}).encode()


def _noted(network: SequenceNetwork) -> OrderedBy:
    """Return the columns in a network's notes; none if the notes are malformed, since they are untrusted."""
    try:
        content = json.loads(network.notes)["events"]
        sequence, time = content["sequence"], content["time"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return OrderedBy()
    return OrderedBy(*(name if isinstance(name, str) else None for name in (sequence, time)))
