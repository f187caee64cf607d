"""Networks with fields as tables see them: how columns are read for them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuralredis.network import Network
from neuralredis.results import Evaluation, RegressorEvaluation
from neuralredis.sequences import SequenceNetwork
from neuralredis.table.dates import TimeForm
from neuralredis.table.failure import TableError
from neuralredis.table.fields import Field
from neuralredis.table.schema import Schema
from neuralredis.table.target import Classes, Numbers, Target
from neuralredis.table.texts import listed, written
from neuralredis.table.values import Reader, Words
from neuralredis.thresholds import classes_of

__all__ = ["Known", "field_known", "of_fields"]


@dataclass(frozen=True, eq=False)
class Known:
    """A network, and how the columns of tables are read for it.

    Attributes
    ----------
    network : Network
        The network.
    schema : Schema
        Its fields and target.
    """

    network: Network
    schema: Schema

    @property
    def target(self) -> Target:
        """The column that it predicts."""
        return self.schema.target

    def run(self, rows: dict[str, Any]) -> NDArray[np.floating]:
        """Return the outputs for some rows, of shape (rows, outputs)."""
        outputs = np.asarray(self.network.run(rows))
        return outputs.reshape(len(outputs), -1)

    def classes_of(self, outputs: NDArray[np.floating]) -> NDArray[np.intp]:
        """Return the number of the class that it answers for each row of outputs."""
        return classes_of(outputs, self.network.info().threshold)

    def evaluate(self, rows: dict[str, Any], y: NDArray[Any]) -> Evaluation:
        """Evaluate the network on some rows; `y` has numbers, or class numbers."""
        return self.network.evaluate(rows, self._answers(y))

    def has(self, rows: dict[str, Any], y: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which rows are training or validation rows of the network, of shape (rows,)."""
        return self.network._has(rows, self._answers(y))

    def usual_error(self) -> float | None:
        """Return the RMSE of a regressor on its validation rows; None without these, and for a classifier."""
        if not self.network.info().test_dataset_len:
            return None
        found = self.network.evaluate("test")
        return found.rmse if isinstance(found, RegressorEvaluation) else None

    def _answers(self, y: NDArray[Any]) -> Any:
        target = self.target
        return Words.of(list(target.labels), y.astype(np.int64)) if isinstance(target, Classes) else y


def of_fields(network: Network) -> Known:
    """Return a network with the schema of its fields.

    Raises
    ------
    TableError
        If it has no fields, learns from sequences, or predicts several numbers.
    """
    if isinstance(network, SequenceNetwork):
        raise TableError("the network learns from sequences: expected a network of rows")
    if network.fields is None:
        raise TableError("the network has no fields")
    name = network.target
    if not isinstance(name, str):
        raise TableError("the network predicts several numbers: expected one target")
    figures, ranges = network._figures()
    fields = tuple(
        field_known(of, kind, figure) for (of, kind), figure in zip(network.fields.items(), figures, strict=True)
    )
    if network.info().type == "classifier":
        target: Target = Classes(name=name, labels=network.classes or ())
    else:
        low, high = ranges[0] or (math.nan, math.nan)
        target = Numbers(name=name, low=low, high=high)
    return Known(network, Schema(fields=fields, left_out=(), target=target))


def field_known(name: str, kind: str, figures: dict[str, Any]) -> Field:
    """Return a field of a network, with a description from the statistics of its values."""
    # Constraints do not affect how values are read.
    reader = Reader(kind.rstrip(" +-"), known=figures["words"])
    detail = ""
    if figures["range"] is not None:
        low, high = figures["range"]
        detail = f"{written(low)} to {written(high)}"
        if reader.of == "time":
            ends = [str(np.datetime64(round(seconds), "s")) for seconds in (low, high)]
            # Times of day are stored as times of 1 January 1970.
            of_day = all(end.startswith("1970-01-01T") for end in ends)
            reader = replace(reader, form=TimeForm()) if of_day else reader
            detail = " to ".join(end[11:16] if of_day else end[:10] for end in ends)
    elif reader.of in ("category", "tags"):
        words = [word for word, _ in figures["commonest"]] or list(figures["words"])
        more = [word for word in figures["words"] if word not in words]
        detail = listed([*words, *more], 8, "or")
    return Field(name=name, kind=kind, reader=reader, detail=detail, gaps=bool(figures["gaps"]))
