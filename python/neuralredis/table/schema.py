"""From the columns of a table to fields of a network, their values, and what is to be said of how they are read."""

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
        return cls(fields=used, left_out=left_out, target=target, remarks=tuple(said))

    def kinds(self, most: int = MOST_WORDS) -> dict[str, str]:
        """Return the kind of each field, as a `Network` is told of it.

        Parameters
        ----------
        most : int
            Words of all fields together: the largest dictionaries have no more than leaves room for the others.
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

    def adapted(
        self, columns: Mapping[str, Column], delimiter: str = ",", wishes: Mapping[str, Wish] | None = None
    ) -> Schema:
        """Return the same for another table, whose numbers and dates may be written in another way.

        Parameters
        ----------
        columns : mapping of str to Column
            The columns of the other table.
        delimiter : str
            What stands between its cells.
        wishes : mapping of str to Wish, optional
            How the user says that some of them are written.
        """
        conventions = Conventions.of(columns.values(), delimiter)
        remarks, fields = [], []
        for field in self.fields:
            column, wish = columns.get(field.name), (wishes or {}).get(field.name)
            if column is not None:
                reader, before = field.reader.adapted(column, conventions), field.reader.form
                if isinstance(before, NumberForm | DateForm | TimeForm) and before != reader.form:
                    reader, said = _again(field, reader, column)
                    remarks += said
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
        """Return the texts of each column that are not understood, and how many rows have them.

        Words that stand for a missing value are understood.
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

    def told(self, unread: Mapping[str, dict[str, int]]) -> list[str]:
        """Return what should be said of how a table is read: a line for each column that is not understood in part."""
        lines = list(self.remarks)
        for field in self.fields:
            if not (texts := unread[field.name]):
                continue
            cells, several = sum(texts.values()), len(texts) > 1
            such = f"'{shortened(next(iter(texts)))}'" + (" and others" if several else "")
            what = f"{'are' if several else 'is'} no {field.reader.noun}, and {'count' if several else 'counts'}"
            rows = f"{cells:,} row{'s' if cells > 1 else ''}"
            lines.append(f"column '{shortened(field.name, 60)}', {rows}: {such} {what} as missing")
        return lines


def _again(field: Field, reader: Reader, column: Column) -> tuple[Reader, list[str]]:
    """Return how a column is read in another table, and what is to be said if that is another way than before."""
    before, now = field.reader.form, reader.form
    assert not isinstance(before, Text | str), "it is known how it was read"
    # Of texts that are all read as before nothing need be said.
    if isinstance(now, Text | str) or all(before.read(text) == now.read(text) for text in column.texts):
        return field.reader, []
    name = shortened(field.name, 60)
    return reader, [
        f"column '{name}' is read as {reader.title} in this table, and was {field.title} in the one learnt from"
    ]
