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
from neuralredis.table.detection import kind_of
from neuralredis.table.failure import TableError
from neuralredis.table.kinds import Category, Date, Ignored, Kind, Number, Presence, YesNo, shortened
from neuralredis.table.target import Classes, Numbers, Target, described

__all__ = ["Encoding"]

#: Of the form in which an encoding is kept.
VERSION = 1
#: Inputs at most. The first layer has as many weights for each unit.
MOST_INPUTS = 10_000

#: Levels of lists and mappings in the results of a training, at most.
DEEPEST = 5

_KINDS: dict[str, type[Any]] = {kind.kind: kind for kind in (Number, YesNo, Category, Date, Presence)}
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
    """

    columns: tuple[Kind, ...]
    ignored: tuple[Ignored, ...]
    target: Target
    results: dict[str, Any] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, columns: Sequence[Column], target: Target, left_out: Mapping[str, str]) -> Encoding:
        """Return the encoding of some columns, by the rows that are to be learnt from.

        Parameters
        ----------
        columns : sequence of Column
            All columns but the target's.
        target : Target
            What is to be answered.
        left_out : mapping of str to str
            Columns to leave out, and why.

        Raises
        ------
        TableError
            If no column is left, or too many inputs.
        """
        kinds = [
            Ignored(name=column.name, reason=left_out[column.name]) if column.name in left_out else kind_of(column)
            for column in columns
        ]
        used = tuple(kind for kind in kinds if not isinstance(kind, Ignored))
        ignored = tuple(kind for kind in kinds if isinstance(kind, Ignored))
        encoding = cls(columns=used, ignored=ignored, target=target)
        if not used:
            reasons = (
                "; ".join(f"'{kind.name}': {kind.reason}" for kind in ignored[:5]) or "there is none but the target"
            )
            raise TableError(f"there is no column to learn from: {reasons}")
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

    def blocks(self) -> list[tuple[Kind, slice]]:
        """Return the inputs that each column has."""
        ends = np.cumsum([len(kind.inputs()) for kind in self.columns]).tolist()
        return [(kind, slice(begin, end)) for kind, begin, end in zip(self.columns, [0, *ends[:-1]], ends, strict=True)]

    def unread(self, columns: Mapping[str, Column]) -> dict[str, dict[str, int]]:
        """Return the texts of each column that are not understood, and how many rows have them."""
        return {
            kind.name: {text: rows for text, rows in columns[kind.name].counts.items() if not kind.understands(text)}
            for kind in self.columns
        }

    def told(self, unread: Mapping[str, dict[str, int]]) -> list[str]:
        """Return what is not understood of a table, in a line for each column."""
        lines = []
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
            if version == VERSION:
                found = cls(
                    columns=tuple(_made(_KINDS, fields) for fields in content["columns"]),
                    ignored=tuple(_made({Ignored.kind: Ignored}, fields) for fields in content["ignored"]),
                    target=_made(_TARGETS, content["target"]),
                    results=_plausible(dict(content["results"])),
                )
                found._try()
                return found
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
            raise TableError("it does not say what its columns are") from None
        form = shortened(str(version)) if isinstance(version, int | str) else "unknown"
        raise TableError(f"its columns are described in form {form}: this version reads form {VERSION}")

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
        value = fields[field.name]
        if field.type == "tuple[str, ...]":
            right = isinstance(value, list) and len(value) > 0 and all(map(_is_text, value))
            value = tuple(value)
        elif field.type == "float":
            right = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e30
        else:
            right = _is_text(value) if field.type == "str" else isinstance(value, {"bool": bool}[str(field.type)])
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
