"""Networks without fields as tables see them: columns become inputs by their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuralredis.network import Network
from neuralredis.results import Evaluation
from neuralredis.table.column import Column
from neuralredis.table.failure import TableError
from neuralredis.table.fields import Field
from neuralredis.table.known import Known
from neuralredis.table.schema import Schema
from neuralredis.table.target import Classes, Numbers, Target
from neuralredis.table.texts import shortened
from neuralredis.table.values import Reader

__all__ = ["ByPosition", "among_rows", "by_position"]


@dataclass(frozen=True, eq=False)
class ByPosition(Known):
    """A network whose inputs are the columns of a table, in order."""

    def run(self, rows: dict[str, Any]) -> NDArray[np.floating]:
        """Return the outputs for some rows, of shape (rows, outputs)."""
        return self.network.run(self._inputs(rows))

    def evaluate(self, rows: dict[str, Any], y: NDArray[Any]) -> Evaluation:
        """Evaluate the network on some rows."""
        return self.network.evaluate(self._inputs(rows), y)

    def has(self, rows: dict[str, Any], y: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which rows are stored in the network, of shape (rows,)."""
        return among_rows(self.network, self._inputs(rows), y)

    def _inputs(self, rows: dict[str, Any]) -> NDArray[np.float32]:
        columns = [np.asarray(rows[field.name], np.float64) for field in self.schema.fields]
        for field, column in zip(self.schema.fields, columns, strict=True):
            gaps = np.flatnonzero(~np.isfinite(column))
            if len(gaps):
                raise TableError(
                    f"column '{shortened(field.name)}' has no number in {len(gaps):,} rows: a network without fields "
                    "does not support missing values"
                )
        return np.stack(columns, axis=1).astype(np.float32)


def by_position(network: Network, columns: Mapping[str, Column], target: str) -> ByPosition:
    """Return a network that takes all columns of a table but the target, in order.

    Parameters
    ----------
    network : Network
        A network without fields.
    columns : mapping of str to Column
        The columns of the table, in its order.
    target : str
        The column of the outcomes; of a classifier class numbers, from 0.

    Raises
    ------
    TableError
        If the number of inputs is not that of the columns, or the network predicts several numbers.
    """
    info = network.info()
    names: Sequence[str] = [name for name in columns if name != target]
    inputs, outputs = info.layout[0], info.layout[-1]
    if len(names) != inputs:
        raise TableError(f"the network has {inputs:,} inputs, and the table {len(names):,} columns besides '{target}'")
    if info.type == "regressor" and outputs > 1:
        raise TableError(f"the network predicts {outputs:,} numbers: expected one")
    declared: Target = Numbers(name=target, low=float("nan"), high=float("nan"))
    if info.type == "classifier":
        declared = Classes(name=target, labels=tuple(map(str, range(outputs))))
    fields = tuple(Field(name=name, kind="number", reader=Reader("number"), detail="", gaps=False) for name in names)
    return ByPosition(network, Schema(fields=fields, left_out=(), target=declared))


def among_rows(network: Network, inputs: NDArray[np.float32], y: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which rows of numbers, with their outcomes, are stored in a network."""
    stored = {
        (row.tobytes(), float(target))
        for known, targets in (network.rows("train"), network.rows("test"))
        for row, target in zip(known, np.asarray(targets, np.float32), strict=True)
    }
    given = zip(inputs, np.asarray(y, np.float32), strict=True)
    return np.array([(row.tobytes(), float(target)) in stored for row, target in given], bool)
