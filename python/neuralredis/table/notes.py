"""Networks of versions before fields existed: their notes describe columns and how these become inputs."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuralredis.network import Network
from neuralredis.results import Evaluation
from neuralredis.table.column import Column
from neuralredis.table.dates import ORDERS, DateForm, TimeForm
from neuralredis.table.failure import TableError
from neuralredis.table.fields import Field, LeftOut
from neuralredis.table.forms import Text
from neuralredis.table.known import Known
from neuralredis.table.numbers import NumberForm
from neuralredis.table.positions import among_rows
from neuralredis.table.schema import Schema
from neuralredis.table.target import Classes, Numbers, Target
from neuralredis.table.texts import listed, shortened, written
from neuralredis.table.values import Reader, Words, is_missing

__all__ = ["Noted", "noted"]

#: Supported versions of notes. The first has no forms of dates and units.
READ = (1, 2)
#: Limit of inputs.
MOST_INPUTS = 10_000

Block = Callable[[Any], NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Noted(Known):
    """A network without fields whose notes describe its inputs.

    Attributes
    ----------
    blocks : dict
        Functions from the values of each column to its inputs, of shape (rows, inputs of the column).
    """

    blocks: Mapping[str, Block]

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
        return np.concatenate([block(rows[name]).astype(np.float32) for name, block in self.blocks.items()], axis=1)


def noted(network: Network) -> Noted:
    """Return a network with the schema in its notes.

    Raises
    ------
    TableError
        If there are no notes, or they do not fit the network.
    """
    try:
        content = json.loads(network.notes)
        version = content["table"]
        if version not in READ:
            form = shortened(str(version)) if isinstance(version, int | str) else "unknown"
            raise TableError(f"its columns are described in form {form}: this version reads forms 1 to 2")
        columns = [_column(_Fields(fields)) for fields in content["columns"]]
        left_out = tuple(
            LeftOut(name=fields.text("name"), reason=fields.text("reason"))
            for fields in map(_Fields, content["ignored"])
        )
        target = _target(_Fields(content["target"]))
        # Values that are valid each for itself may not fit together.
        for field, block, width in columns:
            if block(field.values(Column.of(field.name, [""]))).shape != (1, width):
                raise ValueError("other inputs than there are")
        inputs = sum(width for _, _, width in columns)
        if not 0 < inputs <= MOST_INPUTS or len({field.name for field, _, _ in columns}) < len(columns):
            raise ValueError("no inputs, or too many")
    except TableError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
        raise TableError("the network has no fields, and no valid notes on its columns") from None
    info = network.info()
    outputs = len(target.labels) if isinstance(target, Classes) else 1
    if (info.type, info.layout[0], info.layout[-1]) != (target.kind, inputs, outputs):
        raise TableError(f"the network is a {info.title}, and its notes describe another one")
    fields = tuple(field for field, _, _ in columns)
    schema = Schema(fields=fields, left_out=left_out, target=target)
    return Noted(network, schema, {field.name: block for field, block, _ in columns})


class _Fields:
    """Untrusted JSON values of a column, each of which is checked for its type."""

    def __init__(self, content: Any) -> None:
        self.content: dict[str, Any] = dict(content)

    def text(self, name: str, otherwise: str | None = None) -> str:
        return str(self._of(name, otherwise, _is_text))

    def number(self, name: str, otherwise: float | None = None) -> float:
        return float(self._of(name, otherwise, _is_number))

    def flag(self, name: str, otherwise: bool | None = None) -> bool:
        return bool(self._of(name, otherwise, lambda value: isinstance(value, bool)))

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(
            self._of(name, None, lambda value: isinstance(value, list) and value and all(map(_is_text, value)))
        )

    def _of(self, name: str, otherwise: Any, right: Callable[[Any], Any]) -> Any:
        value = self.content.get(name, otherwise) if otherwise is not None else self.content[name]
        if not right(value):
            raise ValueError(f"{name} is of another type")
        return value


def _is_text(value: object) -> bool:
    """Return whether a value is a string without lone surrogates, which JSON can contain."""
    return isinstance(value, str) and not re.search("[\ud800-\udfff]", value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e38


def _target(fields: _Fields) -> Target:
    name = fields.text("name")
    if fields.content["kind"] == "classifier":
        labels = fields.texts("labels")
        if len(labels) < 2:
            raise ValueError("a classifier of one class")
        return Classes(name=name, labels=labels)
    if fields.content["kind"] != "regressor":
        raise ValueError("neither classes nor numbers")
    return Numbers(
        name=name,
        low=fields.number("low"),
        high=fields.number("high"),
        comma=fields.flag("comma", False),
        unit=fields.text("unit", ""),
    )


def _column(fields: _Fields) -> tuple[Field, Block, int]:
    """Return a field, the function that computes its inputs, and their number."""
    kind, name = fields.content["kind"], fields.text("name")
    if kind == "category":
        return _category(name, fields)
    if kind == "given or not":
        fields.text("reason")
        return _field(name, Reader("text"), ""), lambda words: (words.codes >= 0)[:, None], 1
    fill, gaps, detail = fields.number("fill"), fields.flag("gaps"), ""
    parts: Callable[[NDArray[Any]], list[NDArray[Any]]] = _as_it_is
    reader = Reader("flag")
    count = 1
    if kind == "number":
        form = NumberForm(fields.flag("comma", False), fields.text("unit", ""))
        low, high = (written(fields.number(end), comma=form.comma) for end in ("low", "high"))
        offset = fields.number("offset", 0.0)
        reader, detail, parts = Reader("number", form), f"{low} to {high}", lambda values: [values - offset]
    elif kind == "date":
        hours, order = fields.flag("hours"), fields.text("order", "ymd")
        if order not in ORDERS or datetime.date(1970, 1, 1) + datetime.timedelta(days=int(fill)) is None:
            raise ValueError("no such date")
        reader, count = Reader("time", DateForm(order)), 4 if hours else 3
        parts = partial(_parts_of_days, fill=fill, hours=hours)
    elif kind == "time":
        reader = Reader("number", TimeForm(fields.flag("duration", False)))
    elif kind != "yes/no":
        raise ValueError("no such kind")

    def block(values: NDArray[Any]) -> NDArray[Any]:
        missing = np.isnat(values) if values.dtype.kind == "M" else np.isnan(values)
        found = parts(values if values.dtype.kind == "M" else np.where(missing, fill, values))
        return np.column_stack([*found, missing] if gaps else found)

    return _field(name, reader, detail, gaps), block, count + gaps


def _as_it_is(values: NDArray[Any]) -> list[NDArray[Any]]:
    """Return a number or flag as one input."""
    return [values]


def _parts_of_days(moments: NDArray[Any], fill: float, hours: bool) -> list[NDArray[Any]]:
    """Return the years since 2000, the month, the day of the week (Monday is 0) and optionally the hour."""
    days = moments.astype(np.int64) / 86_400e6
    days = np.where(np.isnat(moments), fill, days)
    whole = np.floor(days)
    months = whole.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    # 2000 began 10,957 days after 1970, whose first day was a Thursday.
    parts = [(days - 10_957) / 365.2425, months, (whole + 3) % 7]
    return [*parts, np.floor(days % 1 * 24 + 1e-6)] if hours else parts


def _category(name: str, fields: _Fields) -> tuple[Field, Block, int]:
    values, other, gaps = fields.texts("values"), fields.flag("other"), fields.flag("gaps")
    places = {value: place for place, value in enumerate(values)}
    width = len(values) + other + gaps

    def block(words: Words) -> NDArray[Any]:
        unknown, missing = len(values) if other else width, width - 1 if gaps else width
        found = [places.get(word, unknown) for word in words.categories]
        which = np.array([*found, missing], np.int64)[np.where(words.codes < 0, len(found), words.codes)]
        # The last column of the matrix is for categories without an input; it is cut off.
        return np.eye(width + 1, dtype=np.float32)[which, :width]

    kept = Text(frozenset(filter(is_missing, values)))
    reader = Reader(f"category {len(values)}", kept, values)
    return _field(name, reader, listed(values, 8, "or") + (", or another" if other else ""), gaps), block, width


def _field(name: str, reader: Reader, detail: str, gaps: bool = False) -> Field:
    return Field(name=name, kind=reader.kind, reader=reader, detail=detail, gaps=gaps)
