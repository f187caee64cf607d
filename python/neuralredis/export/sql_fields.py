"""Write the columns of a table, and the network's inputs that follow from them, in SQL."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from neuralredis.exceptions import OptionError
from neuralredis.export import sql_expressions as sql
from neuralredis.export.intermediate import Exported, FieldInputs
from neuralredis.export.packing import unpacked

__all__ = ["Columns"]

YES, NO = "('1', '1.0', 'true', 'yes', 'on')", "('0', '0.0', 'false', 'no', 'off')"
#: A bound on the absolute value of a number in single precision.
UNKNOWN = 3.5e38
REFUSED = {
    "text": "SQL has no rules for splitting text into words",
    "tags": "a column contains one word",
    "auto": "a column contains either numbers or words",
}


class Columns:
    """Describe the columns of a table and the inputs computed from them.

    Attributes
    ----------
    given : list of str
        The names of the table's columns.
    inputs : list of str
        The names of the computed inputs.
    most : numpy.ndarray
        A bound on the absolute value of each computed input.
    """

    def __init__(self, exported: Exported) -> None:
        self.exported = exported
        self.fields = exported["fields"]
        count = exported["computed"]
        self.inputs = [f"x{at + 1}" for at in range(count)]
        self.limit = float(exported["input_limit"])
        scaling = exported["input_scaling"]
        self.mean = np.zeros(count) if scaling is None else unpacked(scaling["mean"]).astype(float)
        self.scale = np.ones(count) if scaling is None else unpacked(scaling["scale"]).astype(float)
        self.most = UNKNOWN if scaling is None else self.limit
        for field in self.fields or ():
            if field["kind"] in REFUSED:
                raise OptionError(
                    f"field {field['name']!r} is {field['kind']}: expected a number, category, flag, time or vector "
                    f"for SQL, since {REFUSED[field['kind']]}; use another format"
                )
        if self.fields is None:
            self.given = [f"x{at + 1}" for at in range(count)]
        else:
            self.given = [name for field in self.fields for name in _names(field)]

    def source(self) -> list[str]:
        """Return the expressions that read the table's columns, named ``f1``, ``f2``, ..."""
        if self.fields is None:
            return [
                f"CAST({sql.identifier(name)} AS DOUBLE PRECISION) AS f{at}" for at, name in enumerate(self.given, 1)
            ]
        read, at = [], 1
        for field in self.fields:
            for name in _names(field):
                read.append(f"{_read(field['kind'], sql.identifier(name))} AS f{at}")
                at += 1
        return read

    def literals(self, row: Any) -> list[str]:
        """Return the values of a synthetic row as SQL literals."""
        if self.fields is None:
            return [f"CAST({sql.number(value)} AS DOUBLE PRECISION)" for value in row]
        found = []
        for field in self.fields:
            value, kind = row.get(field["name"]), field["kind"]
            of = "TEXT" if kind in ("category", "flag") else "DOUBLE PRECISION"
            values = [None] * len(_names(field)) if value is None else value if isinstance(value, list) else [value]
            for each in values:
                text = "NULL" if each is None else sql.string(str(each)) if of == "TEXT" else sql.number(each)
                found.append(f"CAST({text} AS {of})")
        return found

    def parts(self) -> list[tuple[str, list[str], str]]:
        """Return the parts that compute the inputs from the columns read."""
        if self.fields is None:
            scaled = [f"{self._scaled(f'f{at + 1}', at)} AS {own}" for at, own in enumerate(self.inputs)]
            return [("inputs", ["row_id", *scaled], "source")]
        parts, name = [], "source"
        columns = self._columns()
        times = [column for field, [column, *_] in zip(self.fields, columns, strict=True) if field["kind"] == "time"]
        if times:
            seconds = [
                f"CASE WHEN ABS({own}) >= 1e11 THEN {own} / 1e3 ELSE {own} END AS {own}_seconds" for own in times
            ]
            days = [f"FLOOR({own}_seconds / 86400e0) AS {own}_days" for own in times]
            parts += [("seconds", ["*", *seconds], name), ("days", ["*", *days], "seconds")]
            name = "days"
        found = {}
        kept = []
        for field, own in zip(self.fields, columns, strict=True):
            at = field["computed"]
            for part, (value, most) in enumerate(_computed(field, own)):
                found[at + part] = f"COALESCE({self._scaled(value, at + part, most)}, 0e0)"
            if field["kind"] == "category":
                cases = " ".join(
                    f"WHEN {sql.string(word)} THEN {number}"
                    for number, word in enumerate(field["words"], 2)
                    if _can_be_read(word)
                )
                known = f"CASE {own[0]} {cases} ELSE 1 END" if cases else "1"
                kept.append(f"CASE WHEN {own[0]} IS NULL THEN 0 ELSE {known} END AS {own[0]}_word")
            else:
                gap = " OR ".join(f"{column} IS NULL" for column in own)
                kept.append(f"CASE WHEN {gap} THEN 0 ELSE 1 END AS {own[0]}_word")
        inputs = [f"{found.get(at, '0e0')} AS {own}" for at, own in enumerate(self.inputs)]
        return [*parts, ("inputs", ["row_id", *inputs, *kept], name)]

    def looked_up(self, weights: Any) -> list[str]:
        """Return the terms that a unit adds for looked-up inputs, from its weights for all inputs."""
        terms = []
        for field, own in zip(self.fields or (), self._columns(), strict=True):
            gap = field["gap"]
            numbers = [gap, gap + 1, *field["numbers"]] if field["kind"] == "category" else [gap]
            values = [float(weights[number]) for number in numbers] + ([] if field["kind"] == "category" else [0.0])
            if any(values):
                terms.append(sql.choice(f"{own[0]}_word", values))
        return terms

    def _columns(self) -> list[list[str]]:
        """Return the names of the columns read for each field."""
        found, at = [], 1
        for field in self.fields or ():
            count = len(_names(field))
            found.append([f"f{number}" for number in range(at, at + count)])
            at += count
        return found

    def _scaled(self, value: str, column: int, most: float = UNKNOWN) -> str:
        if self.exported["input_scaling"] is None:
            return value
        mean, scale = self.mean[column], self.scale[column]
        if scale == 0:
            return "0e0"
        most = (most + abs(mean)) * abs(scale)
        return sql.bounded(f"({value} - {sql.number(mean)}) * {sql.number(scale)}", self.limit, most)


def _names(field: FieldInputs) -> list[str]:
    """Return the columns of a field: for a vector one per element."""
    if field["kind"] != "vector":
        return [field["name"]]
    return [f"{field['name']}_{at}" for at in range(1, field["length"] + 1)]


def _can_be_read(word: str) -> bool:
    """Return whether a string in a database can equal this word."""
    return "\0" not in word and not any("\ud800" <= letter <= "\udfff" for letter in word)


def _read(kind: str, column: str) -> str:
    """Return the expression that parses a column by the field's kind: NULL if the value is missing."""
    if kind == "category":
        return f"NULLIF(CAST({column} AS TEXT), '')"
    if kind == "flag":
        text = f"LOWER(CAST({column} AS TEXT))"
        return f"CASE WHEN {text} IN {YES} THEN 1e0 WHEN {text} IN {NO} THEN 0e0 END"
    return f"NULLIF(CAST({column} AS DOUBLE PRECISION), 'NaN')"


def _computed(field: FieldInputs, own: list[str]) -> list[tuple[str, float]]:
    """Return the computed inputs of a field before scaling, NULL if missing, each with its largest absolute value."""
    kind = field["kind"]
    if kind in ("number", "auto"):
        knots = unpacked(field["knots"]).astype(float).tolist()
        return [(own[0], UNKNOWN), (_place(own[0], knots), float(len(knots)))]
    if kind == "flag":
        return [(own[0], 1.0)]
    if kind == "time":
        seconds, days = f"{own[0]}_seconds", f"{own[0]}_days"
        years = f"({days} - 10957e0) / {sql.number(365.2425)}"
        turns = (f"({seconds} - {days} * 86400e0) / 86400e0", f"({days} - 10959e0) / 7e0", years)
        circles = [f"{turn}({sql.number(2 * math.pi)} * ({share}))" for share in turns for turn in ("SIN", "COS")]
        return [*((circle, 1.0) for circle in circles), (years, 1e4)]
    if kind == "vector":
        gap = " OR ".join(f"{column} IS NULL" for column in own)
        return [(f"CASE WHEN NOT ({gap}) THEN {column} END", UNKNOWN) for column in own]
    return []


def _place(column: str, knots: list[float]) -> str:
    """Return the position of a number among the knots; NULL if the number is missing."""
    if not knots:
        return f"CASE WHEN {column} IS NOT NULL THEN 0e0 END"
    cases = [f"WHEN {column} <= {sql.number(knots[0])} THEN 0e0"]
    for at, (low, high) in enumerate(itertools.pairwise(knots)):
        share = f"({column} - {sql.number(low)}) / {sql.number(high - low)}"
        cases.append(f"WHEN {column} < {sql.number(high)} THEN {sql.number(at)} + {share}")
    cases.append(f"WHEN {column} >= {sql.number(knots[-1])} THEN {sql.number(len(knots) - 1)}")
    return f"CASE {' '.join(cases)} END"
