"""The rows of a table: those that a network learns from, those that decide the stop, and those that are held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuralredis.exceptions import DataError
from neuralredis.network import Network
from neuralredis.results import Evaluation
from neuralredis.statistics import hold_out
from neuralredis.table.column import Column
from neuralredis.table.conventions import Conventions
from neuralredis.table.monotone import check_monotone
from neuralredis.table.schema import Schema
from neuralredis.table.target import Classes, target_of
from neuralredis.table.values import Words, taken
from neuralredis.table.wishes import Wish

__all__ = ["KEPT_BACK", "LEAST_ROWS", "PreparedTable", "prepare"]

#: Rows with a value of the target that a table needs.
LEAST_ROWS = 10
#: Share of the rows that is held out, and of the others that which decides when a training stops.
KEPT_BACK, VALIDATION = 0.2, 0.2
#: Rows that a network has room for at least, those that decide the stop among them.
DATASET, TEST = 10_000, 2_500
#: Parameters of a network.
MOST_PARAMETERS = 1 << 24


@dataclass(frozen=True, kw_only=True, eq=False)
class PreparedTable:
    """A table, ready to be learnt from.

    Attributes
    ----------
    schema : Schema
        How its columns are read.
    answered : numpy.ndarray of bool, shape (all rows,)
        Which rows of the table have an answer.
    used : numpy.ndarray of int64
        Which of its rows are used.
    rows : dict
        The values of each field in the rows that are used.
    answers : numpy.ndarray or Words
        What these rows have come to.
    train, test, kept : numpy.ndarray of int64
        Which of these rows are learnt from, which decide when a training stops, and which are held out.
    """

    schema: Schema
    answered: NDArray[np.bool_]
    used: NDArray[np.int64]
    rows: dict[str, Any]
    answers: Any
    train: NDArray[np.int64]
    test: NDArray[np.int64]
    kept: NDArray[np.int64]

    def taken(self, places: NDArray[np.int64]) -> tuple[dict[str, Any], Any]:
        """Return some of the rows, and what they have come to."""
        return {name: taken(values, places) for name, values in self.rows.items()}, self.answers[places]

    def network(self, *, hidden: Sequence[int] | None = None, seed: int | None = None, **options: Any) -> Network:
        """Return a new network that has the rows to be learnt from, and those that decide the stop."""
        target = self.schema.target
        if isinstance(monotone := options.get("monotone"), Mapping):
            check_monotone(self.schema, monotone)
        if isinstance(target, Classes):
            options.setdefault("classes", list(target.labels))
        # Half of the parameters that there may be, since several networks may answer together.
        first = max(hidden[0] if hidden else 30, 2)
        network = Network(
            "classifier" if isinstance(target, Classes) else "regressor",
            fields=self.schema.kinds(most=MOST_PARAMETERS // (2 * first)),
            target=target.name,
            **{
                "hidden": hidden,
                "seed": seed,
                "dataset": max(len(self.train), DATASET),
                "test": max(len(self.test), TEST),
                **options,
            },
        )
        network.observe(*self.taken(self.train), into="train")
        network.observe(*self.taken(self.test), into="test")
        return network

    def evaluate(self, network: Network) -> Evaluation:
        """Return how good a network is on the rows held out."""
        rows, answers = self.taken(self.kept)
        return network.evaluate(rows, answers)


def prepare(
    columns: dict[str, Column],
    target: str,
    *,
    classify: bool | None = None,
    wishes: Mapping[str, Wish] | None = None,
    delimiter: str = ",",
    kept_back: float = KEPT_BACK,
    seed: int | None = None,
    most: int | None = None,
    called: str = "the table",
) -> PreparedTable:
    """Return a table, ready to be learnt from.

    Parameters
    ----------
    columns : dict of str to Column
        The table.
    target : str
        The column to be answered.
    classify : bool, optional
        Whether to learn classes, or numbers.
    wishes : mapping of str to Wish, optional
        What the user says that some columns are.
    delimiter : str
        What stands between the cells of the table.
    kept_back : float
        Share of the rows that is held out.
    seed : int, optional
        Of how rows are chosen.
    most : int, optional
        Rows that are used at most.
    called : str
        What the table is called in messages.

    Raises
    ------
    DataError
        If there is no such column, or too little to learn from.
    """
    wishes = wishes or {}
    if target not in columns:
        there = ", ".join(f"'{name}'" for name in list(columns)[:30])
        raise DataError(f"{called} has no column '{target}'; its columns are {there}")
    conventions = Conventions.of(columns.values(), delimiter)
    found = target_of(columns[target], classify, conventions, wishes.get(target))
    answers = found.encode(columns[target])
    answered = answers >= 0 if isinstance(found, Classes) else ~np.isnan(answers)
    used = np.flatnonzero(answered)
    if len(used) < LEAST_ROWS:
        rows = f"{len(used)} row{'' if len(used) == 1 else 's'}"
        raise DataError(
            f"{called} has {rows} with a value of '{target}': expected at least {LEAST_ROWS}, to learn from some and "
            "keep others back"
        )
    if most is not None and most < len(used):
        used = np.sort(np.random.default_rng(seed).choice(used, most, replace=False))
    y = answers[used]
    classes = y.astype(np.int64) if isinstance(found, Classes) else None
    learnt, kept = np.arange(len(y)), np.array([], np.int64)
    if kept_back:
        learnt, kept = hold_out(classes, len(y), kept_back, seed)
    of_learnt = None if classes is None else classes[learnt]
    train, test = hold_out(of_learnt, len(learnt), VALIDATION, None if seed is None else seed + 1)
    # How a column is written is found out of all rows; what it holds only of those that are learnt from.
    others = [column for name, column in columns.items() if name != target]
    schema = Schema.of(others, found, wishes, rows=used[learnt], conventions=conventions)
    fields = {field.name: columns[field.name].take(used) for field in schema.fields}
    return PreparedTable(
        schema=schema,
        answered=answered,
        used=used,
        rows=schema.rows(fields),
        answers=y if classes is None else Words.of(list(found.labels), classes),  # type: ignore[union-attr]
        train=learnt[train],
        test=learnt[test],
        kept=kept,
    )
