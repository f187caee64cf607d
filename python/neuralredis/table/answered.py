"""A network's predictions for the rows of a table, with the outcomes: the data of comparisons and reports."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuralredis.table.column import Column
from neuralredis.table.failure import TableError
from neuralredis.table.known import Known
from neuralredis.table.reading import Table
from neuralredis.table.target import Classes
from neuralredis.table.texts import shortened
from neuralredis.table.values import taken

__all__ = ["Answered", "Source", "answered", "cells_of", "read_report"]

#: Most characters of a cell in a report.
LONGEST_CELL = 300
#: Most rows and classes of a report, so that a forged file cannot exhaust the memory.
MOST_ROWS, MOST_CLASSES = 10_000_000, 10_000


@dataclass(frozen=True, kw_only=True)
class Source:
    """The identity of a table.

    Attributes
    ----------
    name : str
        Its file name, without the folder.
    rows : int
        Number of its rows.
    digest : str
        SHA-256 of its cells.
    """

    name: str
    rows: int
    digest: str

    @classmethod
    def of(cls, table: Table, columns: Mapping[str, Column]) -> Source:
        """Return the identity of a table, by its cells and not by its format."""
        found = hashlib.sha256()
        for name in sorted(columns):
            column = columns[name]
            for text in (name, *column.texts):
                data = text.encode("utf-8", "surrogatepass")
                found.update(len(data).to_bytes(8, "little") + data)
            found.update(column.codes.astype("<i8").tobytes())
        return cls(name=Path(table.path).name, rows=len(table), digest=found.hexdigest())


@dataclass(frozen=True, kw_only=True, eq=False)
class Answered:
    """A network's predictions for some rows.

    Attributes
    ----------
    network : str
        The network's name.
    target : str
        The column that it predicts.
    classes : tuple of str or None
        Its classes; None for a regressor.
    source : Source
        The table.
    rows : numpy.ndarray of int64, shape (rows,)
        Numbers of the rows in the table, from 1.
    truth : tuple of str, or numpy.ndarray of float64, shape (rows,)
        The outcomes.
    answers : tuple of str, or numpy.ndarray of float64, shape (rows,)
        The predictions.
    probabilities : numpy.ndarray of float64, shape (rows, classes), or None
        The probability of each class; None for a regressor.
    cells : dict of str to list of str or None
        The cells of these rows by column, without the target.
    fresh : bool or None
        False if some of the rows are training or validation rows of the network; None if that is unknown.
    """

    network: str
    target: str
    classes: tuple[str, ...] | None
    source: Source
    rows: NDArray[np.int64]
    truth: Any
    answers: Any
    probabilities: NDArray[np.float64] | None
    cells: Mapping[str, Sequence[str | None]]
    fresh: bool | None

    def as_json(self, *, cells: bool = True) -> dict[str, Any]:
        """Return the predictions as part of a report."""
        answers: dict[str, Any] = {
            "row": self.rows.tolist(),
            "truth": np.asarray(self.truth).tolist(),
            "predicted": np.asarray(self.answers).tolist(),
        }
        if self.probabilities is not None:
            # Six significant digits, as all figures in JSON.
            answers["probabilities"] = [[float(f"{p:.6g}") for p in row] for row in self.probabilities.tolist()]
        if cells:
            answers["cells"] = self.cells
        content: dict[str, Any] = {"network": self.network, "target": self.target}
        if self.classes is not None:
            content["classes"] = self.classes
        return content | {"fresh": self.fresh, "table": vars(self.source), "answers": answers}


def cells_of(columns: Mapping[str, Column], target: str, rows: NDArray[np.int64]) -> dict[str, list[str | None]]:
    """Return the cells of some rows by column, without the target's."""

    def cut(text: str) -> str:
        return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"

    found: dict[str, list[str | None]] = {}
    for name, column in columns.items():
        if name != target:
            texts = [*map(cut, column.texts), None]
            found[name] = [texts[code] for code in column.codes[rows].tolist()]
    return found


def answered(
    network: Known,
    name: str,
    source: Source,
    columns: Mapping[str, Column],
    *,
    inputs: Mapping[str, Any],
    rows: NDArray[np.int64],
    truth: Any,
    fresh: bool | None,
    cells: Mapping[str, Sequence[str | None]] | None = None,
) -> Answered:
    """Return a network's predictions for some rows of a table.

    Parameters
    ----------
    network : Known
        The network.
    name : str
        The network's name.
    source, columns : Source and mapping of str to Column
        The table.
    inputs : mapping of str to values
        All rows of the table, as values of the network's fields.
    rows : numpy.ndarray of int64
        Indices of the rows to predict, from 0.
    truth : sequence of str, or numpy.ndarray of float64, shape (rows,)
        Their outcomes.
    fresh : bool, optional
        False if some of the rows are training or validation rows of the network.
    cells : mapping, optional
        Their cells, if known already.
    """
    target = network.target
    outputs = np.nan_to_num(network.run({field: taken(values, rows) for field, values in inputs.items()}))
    outputs = outputs.astype(np.float64)
    classes = target.labels if isinstance(target, Classes) else None
    answers: Any = outputs[:, 0]
    if classes is not None:
        answers = tuple(classes[place] for place in network.classes_of(outputs).tolist())
    return Answered(
        network=name,
        target=target.name,
        classes=classes,
        source=source,
        rows=rows + 1,
        truth=truth,
        answers=answers,
        probabilities=None if classes is None else outputs,
        cells=cells_of(columns, target.name, rows) if cells is None else cells,
        fresh=fresh,
    )


def read_report(content: Any) -> Answered:
    """Return the predictions in a report, after a check of every value.

    Raises
    ------
    TableError
        If it is not a report, has no predictions of rows, or a value is malformed; the message continues a sentence
        that begins with the file's name.
    """
    if not isinstance(content, dict) or "target" not in content:
        raise TableError("is not a report of 'neuralredis evaluate --json --rows'")
    given = content.get("answers")
    if given is None:
        raise TableError("has no predictions of rows: 'neuralredis evaluate NET DATA --json --rows' includes them")
    network, target = (_text(content.get(name), name) for name in ("network", "target"))
    table = _mapping(content.get("table"), "table")
    size = table.get("rows")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 < size <= MOST_ROWS:
        raise TableError(f"has '{shortened(str(size))}' as table.rows: expected 1 to {MOST_ROWS}")
    source = Source(
        name=_text(table.get("name"), "table.name"), rows=size, digest=_text(table.get("digest"), "table.digest")
    )
    given = _mapping(given, "answers")
    rows = _numbers(given.get("row"), "answers.row")
    count = len(rows)
    if not count:
        raise TableError("has no rows")
    if not (np.all(rows == np.floor(rows)) and rows.min() >= 1 and rows.max() <= size and _rises(rows)):
        raise TableError(f"has malformed answers.row: expected rising numbers from 1 to {size}, the rows of its table")
    classes: tuple[str, ...] | None = None
    probabilities = None
    if content.get("classes") is not None:
        classes = tuple(_texts(content["classes"], "classes"))
        if not 0 < len(classes) <= MOST_CLASSES or len(set(classes)) < len(classes):
            raise TableError(f"has {len(classes):,} classes: expected 1 to {MOST_CLASSES:,}, each once")
        truth: Any = tuple(_texts(given.get("truth"), "answers.truth", count))
        answers: Any = tuple(_texts(given.get("predicted"), "answers.predicted", count))
        unknown = next((label for label in answers if label not in classes), None)
        if unknown is not None:
            raise TableError(f"predicts '{shortened(unknown)}', which is not one of its classes")
        listed = given.get("probabilities")
        if not isinstance(listed, list) or len(listed) != count:
            raise TableError(f"has no list answers.probabilities of {count:,} rows")
        probabilities = np.stack([_numbers(row, "answers.probabilities", len(classes)) for row in listed])
        if probabilities.min() < 0 or probabilities.max() > 1:
            raise TableError("has probabilities below 0 or above 1")
    else:
        truth = _numbers(given.get("truth"), "answers.truth", count)
        answers = _numbers(given.get("predicted"), "answers.predicted", count)
    cells = {
        name: [None if text is None else _text(text, f"answers.cells.{name}") for text in _list(column, name, count)]
        for name, column in _mapping(given.get("cells", {}), "answers.cells").items()
    }
    fresh = content.get("fresh")
    return Answered(
        network=network,
        target=target,
        classes=classes,
        source=source,
        rows=rows.astype(np.int64),
        truth=truth,
        answers=answers,
        probabilities=probabilities,
        cells=cells,
        fresh=fresh if isinstance(fresh, bool) else None,
    )


def _rises(rows: NDArray[np.float64]) -> bool:
    return bool(np.all(np.diff(rows) > 0))


def _mapping(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TableError(f"has no object '{name}'")
    return value


def _list(value: Any, name: str, count: int | None = None) -> list[Any]:
    if not isinstance(value, list) or (count is not None and len(value) != count):
        expected = "" if count is None else f" of {count:,} values"
        raise TableError(f"has no list '{shortened(name, 40)}'{expected}")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise TableError(f"has '{shortened(str(value))}' as {shortened(name, 40)}: expected a string")
    return value


def _texts(value: Any, name: str, count: int | None = None) -> list[str]:
    return [_text(one, name) for one in _list(value, name, count)]


def _numbers(value: Any, name: str, count: int | None = None) -> NDArray[np.float64]:
    found = _list(value, name, count)
    for one in found:
        if isinstance(one, bool) or not isinstance(one, int | float) or abs(one) > 1e300 or math.isnan(one):
            raise TableError(f"has '{shortened(str(one))}' in {name}: expected a number")
    return np.array(found, np.float64)
