"""From columns to inputs and back to answers: what has to be kept with a network so that it can be asked again."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuralredis.table.column import Column
from neuralredis.table.conventions import Conventions
from neuralredis.table.dates import ORDERS
from neuralredis.table.detection import ROW_NUMBERS, kind_of
from neuralredis.table.failure import TableError
from neuralredis.table.forms import date_form, number_form
from neuralredis.table.kinds import Category, Date, Ignored, Kind, Number, Presence, Time, YesNo, shortened
from neuralredis.table.remarks import doubts
from neuralredis.table.target import Classes, Numbers, Target, described
from neuralredis.table.wishes import Wish
from neuralredis.table.words import MISSING

__all__ = ["Encoding"]

#: Of the form in which an encoding is kept, and of those that are read. The first did not say how dates and units are
#: written: fields that are missing have their defaults.
VERSION, READ = 2, (1, 2)
#: Inputs at most. The first layer has as many weights for each unit.
MOST_INPUTS = 10_000

#: Levels of lists and mappings in the results of a training, at most.
DEEPEST = 5

_KINDS: dict[str, type[Any]] = {kind.kind: kind for kind in (Number, YesNo, Category, Date, Time, Presence)}
_TARGETS: dict[str, type[Any]] = {kind.kind: kind for kind in (Classes, Numbers)}


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """How a table becomes the rows of a network, and what its answers mean.

    Attributes
    ----------
    columns : tuple of Kind
        The columns that are used, in the order of the inputs.
    ignored : tuple of Ignored
        Those that are not.
    target : Target
        What is answered.
    results : dict
        What came of the training, as `neuralredis train` tells it.
    header : bool
        Whether the first line of the table has the names of the columns.
    remarks : tuple of str
        What should be said of how the columns are read. It is not kept.
    """

    columns: tuple[Kind, ...]
    ignored: tuple[Ignored, ...]
    target: Target
    results: dict[str, Any] = dataclasses.field(default_factory=dict)
    header: bool = True
    remarks: tuple[str, ...] = dataclasses.field(default=(), compare=False)

    @classmethod
    def of(
        cls,
        columns: Sequence[Column],
        target: Target,
        wishes: Mapping[str, Wish] | None = None,
        *,
        rows: NDArray[np.int64] | None = None,
        conventions: Conventions | None = None,
        header: bool = True,
    ) -> Encoding:
        """Return the encoding of some columns.

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
        header : bool
            Whether the first line of the table has names.

        Raises
        ------
        TableError
            If no column is left, or too many inputs, or a column cannot be what the user says.
        """
        wishes = wishes or {}
        conventions = conventions or Conventions.of(columns)
        kinds = [kind_of(column, rows, conventions, wishes.get(column.name)) for column in columns]
        said = [
            remark
            for column, kind in zip(columns, kinds, strict=True)
            for remark in doubts(column, kind, conventions, wishes.get(column.name))
        ]
        used = tuple(kind for kind in kinds if not isinstance(kind, Ignored))
        ignored = tuple(kind for kind in kinds if isinstance(kind, Ignored))
        encoding = cls(columns=used, ignored=ignored, target=target, header=header, remarks=tuple(said))
        if not used:
            reasons = (
                "; ".join(f"'{kind.name}': {kind.reason}" for kind in ignored[:5]) or "there is none but the target"
            )
            numbered = next((kind.name for kind in ignored if kind.reason == ROW_NUMBERS), None)
            hint = f"; --as {numbered}=number uses '{numbered}' all the same" if numbered else ""
            raise TableError(f"there is no column to learn from: {reasons}{hint}")
        if len(encoding.inputs()) > MOST_INPUTS:
            raise TableError(f"the columns make {len(encoding.inputs()):,} inputs: expected at most {MOST_INPUTS:,}")
        return encoding

    def inputs(self) -> list[str]:
        """Return what each input of the network is."""
        return [name for kind in self.columns for name in kind.inputs()]

    def encode(self, columns: Mapping[str, Column]) -> NDArray[np.float32]:
        """Return the inputs of each row of a table.

        Raises
        ------
        TableError
            If a column is not there.
        """
        missing = [kind.name for kind in self.columns if kind.name not in columns]
        if missing:
            names = ", ".join(f"'{shortened(name)}'" for name in missing[:20])
            there = ", ".join(f"'{shortened(name)}'" for name in list(columns)[:20]) or "none"
            raise TableError(
                f"the table has no column {names}, which the network learnt from; its columns are {there}. "
                "A column may be empty, but it has to be there"
            )
        return np.concatenate([kind.encode(columns[kind.name]) for kind in self.columns], axis=1)

    def adapted(self, columns: Mapping[str, Column], delimiter: str = ",") -> Encoding:
        """Return the same encoding for another table, whose numbers and dates may be written in another way.

        What can be read in one way only decides; what cannot is read as in the table learnt from.

        Parameters
        ----------
        columns : mapping of str to Column
            The columns of the other table.
        delimiter : str
            What stands between its cells.
        """
        conventions = Conventions.of(columns.values(), delimiter)
        remarks = []

        def again(kind: Any) -> Any:
            column = columns.get(kind.name)
            if column is None or column.typed or not isinstance(kind, Number | Date | Numbers):
                return kind
            changed = kind
            if isinstance(kind, Date):
                dates = date_form(column.counts, conventions, kind.form)
                changed = dataclasses.replace(kind, order=dates.order) if dates else kind
            elif numbers := number_form(column.counts, conventions, kind.form):
                changed = dataclasses.replace(kind, comma=numbers.comma, unit=numbers.unit)
            # Of texts that are all read as before nothing need be said.
            if any(changed.form.read(text) != kind.form.read(text) for text in column.texts):
                remarks.append(
                    f"column '{shortened(kind.name, 60)}' is read as {changed.title} in this table, and was "
                    f"{kind.title} in the one learnt from"
                )
                return changed
            return kind

        return dataclasses.replace(
            self,
            columns=tuple(again(kind) for kind in self.columns),
            target=again(self.target),
            remarks=(*self.remarks, *remarks),
        )

    def blocks(self) -> list[tuple[Kind, slice]]:
        """Return the inputs that each column has."""
        ends = np.cumsum([len(kind.inputs()) for kind in self.columns]).tolist()
        return [(kind, slice(begin, end)) for kind, begin, end in zip(self.columns, [0, *ends[:-1]], ends, strict=True)]

    def unread(self, columns: Mapping[str, Column]) -> dict[str, dict[str, int]]:
        """Return the texts of each column that are not understood, and how many rows have them.

        Words that stand for a missing value in any column are understood.
        """

        def strange(kind: Kind, column: Column) -> dict[str, int]:
            read = kind.reader(column) if isinstance(kind, Number) else None
            understood = kind.understands if read is None else lambda text: read(text) is not None
            return {
                text: rows
                for text, rows in column.counts.items()
                if text.lower() not in MISSING and not understood(text)
            }

        return {kind.name: strange(kind, columns[kind.name]) for kind in self.columns}

    def told(self, unread: Mapping[str, dict[str, int]]) -> list[str]:
        """Return what should be said of how a table is read: a line for each column that is not understood in part."""
        lines = list(self.remarks)
        for kind in self.columns:
            texts = unread[kind.name]
            if not texts or (isinstance(kind, Category) and kind.other):
                continue
            cells = sum(texts.values())
            several = len(texts) > 1
            such = f"'{shortened(next(iter(texts)))}'" + (" and others" if several else "")
            if isinstance(kind, Category):
                what = f"{'were' if several else 'was'} not among what was learnt from"
            else:
                what = f"{'are' if several else 'is'} no {kind.kind}, and {'count' if several else 'counts'} as missing"
            lines.append(f"column '{shortened(kind.name, 60)}', {cells:,} row{'s' if cells > 1 else ''}: {such} {what}")
        return lines

    def to_bytes(self) -> bytes:
        """Return what is kept with the network."""

        def fields(kind: Any) -> dict[str, Any]:
            return {"kind": kind.kind, **dataclasses.asdict(kind)}

        content = {
            "table": VERSION,
            "columns": [fields(kind) for kind in self.columns],
            "ignored": [fields(kind) for kind in self.ignored],
            "target": fields(self.target),
            "results": self.results,
            "header": self.header,
        }
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, notes: bytes) -> Encoding:
        """Return the encoding that was kept with a network.

        Raises
        ------
        TableError
            If these bytes are none.
        """
        try:
            content = json.loads(notes)
            version = content["table"]
            if version in READ:
                found = cls(
                    columns=tuple(_made(_KINDS, fields) for fields in content["columns"]),
                    ignored=tuple(_made({Ignored.kind: Ignored}, fields) for fields in content["ignored"]),
                    target=_made(_TARGETS, content["target"]),
                    results=_plausible(dict(content["results"])),
                    header=content.get("header", True) is not False,
                )
                found._try()
                return found
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
            raise TableError("it does not say what its columns are") from None
        form = shortened(str(version)) if isinstance(version, int | str) else "unknown"
        raise TableError(f"its columns are described in form {form}: this version reads forms {READ[0]} to {READ[-1]}")

    def _try(self) -> None:
        """Raise if it cannot be used: fields that are right each for itself may be impossible together."""
        if not 0 < len(self.inputs()) <= MOST_INPUTS:
            raise ValueError("no inputs, or too many")
        for kind in self.columns:
            kind.hint(), kind.detail(), kind.encode(Column.of(kind.name, [""]))
        described(self.target)


def _made(kinds: dict[str, type[Any]], fields: dict[str, Any]) -> Any:
    """Return a column or a target of its fields, each of which must be of its type: anyone may have written them."""
    kind = kinds[fields["kind"]]
    given = {}
    for field in dataclasses.fields(kind):
        if field.name not in fields and field.default is not dataclasses.MISSING:
            continue
        value = fields[field.name]
        if field.type == "tuple[str, ...]":
            right = isinstance(value, list) and len(value) > 0 and all(map(_is_text, value))
            value = tuple(value)
        elif field.type == "float":
            right = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e38
        else:
            right = _is_text(value) if field.type == "str" else isinstance(value, {"bool": bool}[str(field.type)])
        if field.name == "order":
            right = value in ORDERS
        if not right:
            raise ValueError(f"{field.name} is of another type")
        given[field.name] = value
    if len(given.get("labels", ("", ""))) < 2:
        raise ValueError("a classifier of one class")
    return kind(**given)


def _is_text(value: object) -> bool:
    """Whether this is a text that can be written: JSON can hold half of a character."""
    return isinstance(value, str) and not re.search("[\ud800-\udfff]", value)


def _plausible(value: Any, depth: int = DEEPEST) -> Any:
    """Return what a training came to, if it is made of texts and numbers alone."""
    if isinstance(value, dict) and depth and all(map(_is_text, value)):
        return {name: _plausible(item, depth - 1) for name, item in value.items()}
    if isinstance(value, list) and depth:
        return [_plausible(item, depth - 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        # Such as the explained share of rows that do not vary.
        return None
    if value is None or _is_text(value) or (isinstance(value, int | float) and abs(value) < 1e30):
        return value
    raise ValueError("results of another type")
