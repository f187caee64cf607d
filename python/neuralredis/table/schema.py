"""Turn the columns of a table into fields of a network and their values, with remarks on how they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuralredis.table.column import Column
from neuralredis.table.conventions import Conventions
from neuralredis.table.dates import DateForm, TimeForm
from neuralredis.table.failure import TableError
from neuralredis.table.fields import MOST_WORDS, ROW_NUMBERS, Field, LeftOut, field_of
from neuralredis.table.forms import Text, form_of, number_form
from neuralredis.table.numbers import NumberForm
from neuralredis.table.remarks import doubts
from neuralredis.table.target import Numbers, Target
from neuralredis.table.texts import shortened
from neuralredis.table.values import Reader
from neuralredis.table.wishes import Wish
from neuralredis.table.words import MISSING

__all__ = ["Schema"]

#: Limit of the fields of a network.
MOST_FIELDS = 4096


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The fields and the target of a network, with the way to read them from tables.

    Attributes
    ----------
    fields : tuple of Field
        The columns that are used.
    left_out : tuple of LeftOut
        The columns that are left out.
    target : Target
        The column to predict.
    remarks : tuple of str
        Remarks on ambiguous decisions about columns.
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
        """Return the schema of some columns.

        Parameters
        ----------
        columns : sequence of Column
            All columns but the target's, with all rows of the table.
        target : Target
            The column to predict.
        wishes : mapping of str to Wish, optional
            Kinds that the user gives to columns.
        rows : numpy.ndarray of int64, optional
            The training and validation rows; by default all rows.
        conventions : Conventions, optional
            The conventions of the table; by default detected from these columns.

        Raises
        ------
        TableError
            If no columns are left or too many, or a column cannot be read as the kind that the user gives.
        """
        wishes = wishes or {}
        conventions = conventions or Conventions.of(columns)
        found = [field_of(column, rows, conventions, wishes.get(column.name)) for column in columns]
        remarks = [
            remark
            for column, field in zip(columns, found, strict=True)
            if isinstance(field, Field)
            for remark in doubts(column, field.reader, conventions, wishes.get(column.name))
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
        return cls(fields=used, left_out=left_out, target=target, remarks=tuple(remarks))

    def kinds(self, most: int = MOST_WORDS) -> dict[str, str]:
        """Return the kind of each field, as a `Network` takes it.

        Parameters
        ----------
        most : int
            Limit of the categories of all fields together; the largest fields are cut to it.
        """
        sizes = [field.reader.size for field in self.fields if field.reader.has_dictionary]
        largest = max(sizes, default=2)
        while largest > 2 and sum(min(size, largest) for size in sizes) > most:
            largest = max(largest * 9 // 10, 2)

        def kind(field: Field) -> str:
            reader = field.reader
            return f"{reader.of} {min(reader.size, largest)}" if reader.has_dictionary else field.kind

        return {field.name: kind(field) for field in self.fields}

    def rows(self, columns: Mapping[str, Column]) -> dict[str, Any]:
        """Return the values of each field in the rows of a table, in the form for `Network.observe`.

        Raises
        ------
        TableError
            If a column is missing.
        """
        missing = [field.name for field in self.fields if field.name not in columns]
        if missing:
            names = ", ".join(f"'{shortened(name)}'" for name in missing[:20])
            there = ", ".join(f"'{shortened(name)}'" for name in list(columns)[:20]) or "none"
            raise TableError(
                f"the table lacks columns of the network: {names}; it has {there}. A column may be empty, but must "
                "exist"
            )
        return {field.name: field.values(columns[field.name]) for field in self.fields}

    def adapted(
        self, columns: Mapping[str, Column], delimiter: str = ",", wishes: Mapping[str, Wish] | None = None
    ) -> Schema:
        """Return the schema adapted to another table, whose numbers and dates may be written differently.

        Parameters
        ----------
        columns : mapping of str to Column
            The columns of the other table.
        delimiter : str
            The separator of its cells.
        wishes : mapping of str to Wish, optional
            Kinds and forms that the user gives to columns.
        """
        conventions = Conventions.of(columns.values(), delimiter)
        remarks, fields = [], []
        for field in self.fields:
            column, wish = columns.get(field.name), (wishes or {}).get(field.name)
            if column is not None:
                reader, before = field.reader.adapted(column, conventions), field.reader.form
                if isinstance(before, NumberForm | DateForm | TimeForm) and before != reader.form:
                    reader, changes = _again(field, reader, column)
                    remarks += changes
                if wish is not None and reader.of in ("number", "time"):
                    form = form_of(column, conventions, wish)
                    reader = replace(reader, form=form)
                if not isinstance(before, DateForm):
                    remarks += doubts(column, reader, conventions, wish)
                field = replace(field, reader=reader)
            fields.append(field)
        target = self.target
        if isinstance(target, Numbers) and (column := columns.get(target.name)) and not column.typed:
            numbers = number_form(column.counts, conventions, target.form)
            target = replace(target, comma=numbers.comma, unit=numbers.unit) if numbers else target
        return replace(self, fields=tuple(fields), target=target, remarks=tuple(remarks))

    def unread(self, columns: Mapping[str, Column]) -> dict[str, dict[str, int]]:
        """Return the texts of each field that cannot be read, with their numbers of rows.

        Words for missing values are not among them.
        """

        def strange(reader: Reader, column: Column) -> dict[str, int]:
            if column.values is not None:
                return {}
            read = reader.read_number(column) if reader.of == "number" else None
            understood = reader.understands if read is None else lambda text: read(text) is not None
            return {
                text: rows
                for text, rows in column.counts.items()
                if text.lower() not in MISSING and not understood(text)
            }

        return {field.name: strange(field.reader, columns[field.name]) for field in self.fields}

    def warnings_for(self, unread: Mapping[str, dict[str, int]]) -> list[str]:
        """Return remarks on how a table is read, with a line for each column with texts that cannot be read."""
        lines = list(self.remarks)
        for field in self.fields:
            if not (texts := unread[field.name]):
                continue
            cells, several = sum(texts.values()), len(texts) > 1
            such = f"'{shortened(next(iter(texts)))}'" + (" and others" if several else "")
            verdict = f"{'are' if several else 'is'} not a {field.reader.noun}, and {'count' if several else 'counts'}"
            rows = f"{cells:,} row{'s' if cells > 1 else ''}"
            lines.append(f"column '{shortened(field.name, 60)}', {rows}: {such} {verdict} as missing")
        return lines


def _again(field: Field, reader: Reader, column: Column) -> tuple[Reader, list[str]]:
    """Return how a column is read in another table, with a remark if that differs from the training table."""
    before, now = field.reader.form, reader.form
    assert not isinstance(before, Text | str), "it is known how it was read"
    # No remark if all texts are read as before.
    if isinstance(now, Text | str) or all(before.read(text) == now.read(text) for text in column.texts):
        return field.reader, []
    name = shortened(field.name, 60)
    return reader, [
        f"column '{name}' is read as {reader.title} in this table, and was {field.title} in the training table"
    ]
