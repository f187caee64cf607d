"""Write a small network as one SELECT for PostgreSQL, DuckDB and SQLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from neuralredis.exceptions import OptionError
from neuralredis.export import sql_expressions as sql
from neuralredis.export.intermediate import Exported
from neuralredis.export.packing import of_bits, unpacked
from neuralredis.export.refusals import only_known
from neuralredis.export.sql_fields import Columns

__all__ = ["MOST_COLUMNS", "MOST_PARAMETERS", "files"]

#: The largest number of weights and biases, over all members. That many make a file of 0.35 MB; SQLite and PostgreSQL
#: take some milliseconds per row, DuckDB more than a second before the first row.
MOST_PARAMETERS = 10_000
#: The largest number of units in a layer, over all members: a row of PostgreSQL has up to 1664 columns.
MOST_COLUMNS = 1500

HEADER = """\
-- A {kind} of {made_by}, layers {layout}.
--
-- One SELECT for PostgreSQL 12, DuckDB 1 and SQLite 3.35 or later, in double precision. Edit only the lines of
-- "source": put your key and your columns to the left of AS, and your table after FROM. If EXP is used, SQLite must be
-- built with its mathematical functions.
"""
TEST = """\
-- Synthetic rows and the network's outputs. The result is the largest difference relative to the largest output. It is
-- usually below 1e-5: the network computes in single precision, this query in double precision.
"""


def files(exported: Exported, path: Path) -> Mapping[Path, str]:
    """Return the SELECT, and a second file with a SELECT that tests it.

    Raises
    ------
    OptionError
        If the network is too large or learns sequences, or has fields or layers that SQL cannot represent.
    """
    only_known(exported, "SQL")
    if exported["sequence"] is not None:
        raise OptionError("the network learns sequences: expected one of rows, since SQL keeps no state between rows")
    parameters = sum(layer["outputs"] * (1 + layer["inputs"]) for member in exported["members"] for layer in member)
    if parameters > MOST_PARAMETERS:
        raise OptionError(
            f"{parameters:,} weights and biases of all members: expected at most {MOST_PARAMETERS:,} for SQL; train a "
            f"smaller network, or use another format"
        )
    widest = max(len(exported["members"]) * units for units in exported["layout"][1:])
    if max(widest, exported["computed"]) > MOST_COLUMNS:
        raise OptionError(f"{widest:,} units in a layer of all members: expected at most {MOST_COLUMNS:,} for SQL")
    query = _Query(exported)
    layout = "-".join(map(str, exported["layout"]))
    header = HEADER.format(kind=exported["kind"], made_by=exported["made_by"], layout=layout)
    return {path: header + query.select(), path.with_suffix(f".test{path.suffix}"): header + TEST + query.test()}


class _Query:
    """Build a SELECT from common table expressions, each computed from the one before."""

    def __init__(self, exported: Exported) -> None:
        self.exported = exported
        self.parts: list[tuple[str, list[str], str]] = []
        self.columns = Columns(exported)
        self.names = _names(exported)

    def select(self) -> str:
        """Return the SELECT for the user's table."""
        source = ("source", [f"{sql.identifier('id')} AS row_id", *self.columns.source()], sql.identifier("data"))
        return _written([source, *self._answers()], ["row_id", *self.names], "answers")

    def test(self) -> str:
        """Return a SELECT that compares the outputs for synthetic rows with the network's."""
        exported, given = self.exported, self.columns.given
        rows, expected = [], []
        for at, proof in enumerate(exported["proof"]):
            values = [
                f"{value} AS {sql.identifier(name)}"
                for name, value in zip(given, self.columns.literals(proof["row"]), strict=True)
            ]
            rows.append(f"SELECT {at} AS {sql.identifier('id')}, {', '.join(values)}")
            answer = [f"{sql.number(value)} AS e{number}" for number, value in enumerate(of_bits(proof["answer"]), 1)]
            expected.append(f"SELECT {at} AS row_id, {', '.join(answer)}")
        source = ("source", [f"{sql.identifier('id')} AS row_id", *self.columns.source()], "given")
        numbers = range(1, exported["answers"] + 1)
        apart = sql.total([f"ABS(a{at} - e{at})" for at in numbers])
        size = sql.total([f"ABS(e{at})" for at in numbers])
        given_rows = f"WITH given AS MATERIALIZED (\n  {_union(rows)}\n),\n"
        begin = f"{given_rows}expected AS MATERIALIZED (\n  {_union(expected)}\n),\n"
        compared = (
            "compared",
            [f"{apart} AS apart", f"{size} AS size"],
            "answers JOIN expected ON answers.row_id = expected.row_id",
        )
        parts = [source, *self._answers(), compared]
        relative = "CASE WHEN MAX(size) > 0 THEN MAX(apart) / MAX(size) ELSE MAX(apart) END"
        return begin + _parts(parts) + f"\nSELECT {relative} AS apart FROM compared;\n"

    def _answers(self) -> list[tuple[str, list[str], str]]:
        exported = self.exported
        parts = self.columns.parts()
        before = [list(self.columns.inputs) for _ in exported["members"]]
        most = [np.full(exported["computed"], self.columns.most) for _ in exported["members"]]
        name = parts[-1][0] if parts else "source"
        limit = float(exported["unit_limit"])
        for at in range(len(exported["members"][0])):
            sums, units = [], []
            for number, member in enumerate(exported["members"], 1):
                layer = member[at]
                weights = unpacked(layer["weights"], layer["inputs"], layer["outputs"]).astype(float)
                biases = unpacked(layer["biases"]).astype(float)
                width = len(before[number - 1])
                size = np.abs(biases) + most[number - 1] @ np.abs(weights[:width])
                size = size + np.abs(weights[width:]).sum(axis=0)
                own = []
                for unit in range(layer["outputs"]):
                    terms = [sql.number(biases[unit]), *sql.products(before[number - 1], weights[:width, unit])]
                    if at == 0:
                        terms += self.columns.looked_up(weights[:, unit])
                    column = f"z{number}_{unit + 1}"
                    sums.append(f"{sql.total(terms)} AS {column}")
                    own.append(f"h{number}_{unit + 1}")
                    units.append(f"{_activated(layer['activation'], column, limit, size[unit])} AS {own[-1]}")
                before[number - 1] = own
                bounded = np.minimum(size, limit)
                most[number - 1] = bounded if layer["activation"] in ("relu", None) else np.ones(len(own))
            parts.append((f"sums{at + 1}", ["row_id", *sums], name))
            parts.append((f"layer{at + 1}", ["row_id", *units], f"sums{at + 1}"))
            name = f"layer{at + 1}"
        return [*parts, *self._heads(before, name)]

    def _heads(self, before: list[list[str]], name: str) -> list[tuple[str, list[str], str]]:
        exported, members = self.exported, len(before)
        outputs = [f"y{at + 1}" for at in range(len(before[0]))]
        means = [
            f"({' + '.join(units)}) / {members}e0" if members > 1 else units[0] for units in zip(*before, strict=True)
        ]
        parts = [("outputs", ["row_id", *(f"{mean} AS {own}" for mean, own in zip(means, outputs, strict=True))], name)]
        answers, head = outputs[: exported["answers"]], exported["head"]
        if exported["kind"] == "classifier" and "threshold" not in exported:
            parts += _greatest("outputs", answers, "best")
        if head in ("softmax", "two_class") and len(outputs) == 2:
            values = [sql.sigmoid(f"(y{own} - y{other})") for own, other in ((1, 2), (2, 1))]
        elif head == "softmax":
            parts += _greatest(parts[-1][0], outputs, "top")
            powers = [f"EXP({sql.bounded(f'({own} - top)', sql.FAR)}) AS q{at}" for at, own in enumerate(outputs, 1)]
            parts.append(("powers", ["*", *powers], parts[-1][0]))
            parts.append(
                (
                    "powers_sum",
                    ["*", f"{sql.total([f'q{at}' for at in range(1, len(outputs) + 1)])} AS whole"],
                    "powers",
                )
            )
            values = [f"q{at} / whole" for at in range(1, len(outputs) + 1)]
        elif head == "sigmoid":
            values = [sql.sigmoid(own) for own in outputs]
        else:
            values = outputs
        if exported["output_scaling"] is not None:
            scaling = {key: unpacked(exported["output_scaling"][key]).astype(float) for key in ("mean", "scale")}
            values = [
                f"({value}) / {sql.number(scale)} + {sql.number(mean)}" if scale else sql.number(mean)
                for value, mean, scale in zip(values, scaling["mean"], scaling["scale"], strict=True)
            ]
        found = ["row_id"]
        if exported["kind"] == "classifier":
            classes = exported["classes"]
            names = [str(at) if classes is None else sql.string(classes[at]) for at in range(len(answers))]
            cases = " ".join(f"WHEN {own} = best THEN {name}" for own, name in zip(answers, names, strict=True))
            if "threshold" in exported:
                # Of a row that has no answer neither holds.
                threshold = sql.number(exported["threshold"])
                below, beyond = (f"WHEN {values[1]} {sign} {threshold}" for sign in ("<", ">="))
                cases = f"{below} THEN {names[0]} {beyond} THEN {names[1]}"
            found.append(f"CASE {cases} END AS class_name")
        found += [f"{value} AS a{at}" for at, value in enumerate(values[: len(answers)], 1)]
        return [*parts, ("answers", found, parts[-1][0])]


def _activated(activation: str | None, column: str, limit: float, most: float) -> str:
    if activation == "relu":
        return sql.relu(column, limit, most)
    if activation is None:
        return sql.bounded(column, limit, most)
    return sql.tanh(column) if activation == "tanh" else sql.sigmoid(column)


def _greatest(name: str, columns: Sequence[str], result: str) -> list[tuple[str, list[str], str]]:
    """Return the parts that compute the maximum of columns, a few at a time."""
    parts: list[tuple[str, list[str], str]] = []
    turn = 0
    while len(columns) > 1 or not parts:
        turn += 1
        groups = [columns[at : at + sql.COMPARED] for at in range(0, len(columns), sql.COMPARED)]
        own = [result] if len(groups) == 1 else [f"{result}{turn}_{at}" for at in range(1, len(groups) + 1)]
        found = [f"{sql.greatest(group)} AS {column}" for group, column in zip(groups, own, strict=True)]
        parts.append((f"{result}_of_{turn}", ["*", *found], name))
        name, columns = parts[-1][0], own
    return parts


def _names(exported: Exported) -> list[str]:
    """Return the columns of the result: the class, and each output under its name."""
    answers = range(1, exported["answers"] + 1)
    is_classifier = exported["kind"] == "classifier"
    named = exported["classes"] if is_classifier else exported["targets"]
    names = [str(at - 1 if is_classifier else at) for at in answers] if named is None else list(named[: len(answers)])
    # PostgreSQL cuts names after 63 bytes, and in DuckDB and SQLite names are case-insensitive.
    clash = (
        len({name.lower() for name in names}) < len(names)
        or max(len(name.encode("utf-8", "replace")) for name in names) > 60
    )
    names = [
        f"{'p_' if is_classifier else 'output_' if named is None else ''}{at if clash else name}"
        for at, name in zip(answers, names, strict=True)
    ]
    found = [f"a{at} AS {sql.identifier(name)}" for at, name in zip(answers, names, strict=True)]
    return [f"class_name AS {sql.identifier('class')}", *found] if is_classifier else found


def _parts(parts: Sequence[tuple[str, list[str], str]]) -> str:
    written = []
    for name, columns, source in parts:
        lines = ",\n    ".join(columns)
        written.append(f"{name} AS MATERIALIZED (\n  SELECT\n    {lines}\n  FROM {source}\n)")
    return ",\n".join(written)


def _written(parts: Sequence[tuple[str, list[str], str]], columns: Sequence[str], source: str) -> str:
    lines = ",\n  ".join(columns)
    return f"WITH {_parts(parts)}\nSELECT\n  {lines}\nFROM {source};\n"


def _union(rows: Sequence[str]) -> str:
    return "\n  UNION ALL ".join(rows)
