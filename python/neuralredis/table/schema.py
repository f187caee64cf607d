"""From the columns of a table to fields of a network, their values, and what is to be said of how they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuralredis.table.column import Column
from neuralredis.table.conventions import Conventions
from neuralredis.table.failure import TableError
from neuralredis.table.fields import ROW_NUMBERS, Field, LeftOut, field_of
from neuralredis.table.remarks import doubts_of
from neuralredis.table.target import Target
from neuralredis.table.texts import shortened
from neuralredis.table.wishes import Wish

__all__ = ["Schema"]

#: Fields of a network, at most.
MOST_FIELDS = 4096


@dataclass(frozen=True, kw_only=True)
class Schema:
    """How a table becomes rows of fields, and what is answered.

    Attributes
    ----------
    fields : tuple of Field
        The columns that a network goes by.
    left_out : tuple of LeftOut
        Those that it does not go by.
    target : Target
        What is answered.
    remarks : tuple of str
        What should be said of how the columns are read.
    """

    fields: tuple[Field, ...]
    left_out: tuple[LeftOut, ...]
    target: Target
    remarks: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        columns: Sequence[Column],
        target: Target,
        wishes: Mapping[str, Wish] | None = None,
        *,
        rows: NDArray[np.int64] | None = None,
        conventions: Conventions | None = None,
    ) -> Schema:
        """Return the fields of some columns.

        Parameters
        ----------
        columns : sequence of Column
            All columns but the target's, with all rows of the table.
        target : Target
            What is to be answered.
        wishes : mapping of str to Wish, optional
            What the user says that some columns are.
        rows : numpy.ndarray of int64, optional
            The rows that are to be learnt from; all if not given.
        conventions : Conventions, optional
            How the writer of the table writes; found out of these columns if not given.

        Raises
        ------
        TableError
            If no column is left, or too many, or a column cannot be what the user says.
        """
        wishes = wishes or {}
        conventions = conventions or Conventions.of(columns)
        found = [field_of(column, rows, conventions, wishes.get(column.name)) for column in columns]
        said = [
            remark
            for column, field in zip(columns, found, strict=True)
            if isinstance(field, Field)
            for remark in doubts_of(column, field.reader, conventions, wishes.get(column.name))
        ]
        used = tuple(field for field in found if isinstance(field, Field))
        left_out = tuple(field for field in found if isinstance(field, LeftOut))
        if not used:
            reasons = "; ".join(f"'{one.name}': {one.reason}" for one in left_out[:5]) or "there is none but the target"
            numbered = next((one.name for one in left_out if one.reason == ROW_NUMBERS), None)
            hint = f"; --as {numbered}=number uses '{numbered}' all the same" if numbered else ""
            raise TableError(f"there is no column to learn from: {reasons}{hint}")
        if len(used) > MOST_FIELDS:
            raise TableError(f"there are {len(used):,} columns to learn from: expected at most {MOST_FIELDS:,}")
        return cls(fields=used, left_out=left_out, target=target, remarks=tuple(said))

    def kinds(self) -> dict[str, str]:
        """Return the kind of each field, as a `Network` is told of it."""
        return {field.name: field.kind for field in self.fields}

    def rows(self, columns: Mapping[str, Column]) -> dict[str, Any]:
        """Return the rows of a table as a network takes them: a column of values for each field.

        Raises
        ------
        TableError
            If a column is not there.
        """
        missing = [field.name for field in self.fields if field.name not in columns]
        if missing:
            names = ", ".join(f"'{shortened(name)}'" for name in missing[:20])
            there = ", ".join(f"'{shortened(name)}'" for name in list(columns)[:20]) or "none"
            raise TableError(
                f"the table has no column {names}, which the network learnt from; its columns are {there}. "
                "A column may be empty, but it has to be there"
            )
        return {field.name: field.values(columns[field.name]) for field in self.fields}
