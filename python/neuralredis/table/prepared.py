"""Split a table into training, validation and held-out rows of a network."""

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

#: Least number of rows with an outcome.
LEAST_ROWS = 10
#: Share of the rows that is held out, and share of the others that are validation rows.
KEPT_BACK, VALIDATION = 0.2, 0.2
#: Least limits of training rows and of validation rows of a network.
DATASET, TEST = 10_000, 2_500
#: Limit of the parameters of a network.
MOST_PARAMETERS = 1 << 24


@dataclass(frozen=True, kw_only=True, eq=False)
class PreparedTable:
    """A table as rows of a network, split for training.

    Attributes
    ----------
    schema : Schema
        How its columns are read.
    answered : numpy.ndarray of bool, shape (all rows,)
        Whether each row of the table has an outcome.
    used : numpy.ndarray of int64
        Numbers of the rows of the table that are used.
    rows : dict
        Values of each field in the used rows.
    answers : numpy.ndarray or Words
        Outcomes of the used rows.
    train, test, kept : numpy.ndarray of int64
        Numbers, among the used rows, of training rows, validation rows, and held-out rows.
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
        """Return some of the rows, and their outcomes."""
        return {name: taken(values, places) for name, values in self.rows.items()}, self.answers[places]

    def network(self, *, hidden: Sequence[int] | None = None, seed: int | None = None, **options: Any) -> Network:
        """Return a new network with the training and validation rows."""
        target = self.schema.target
        if isinstance(monotone := options.get("monotone"), Mapping):
            check_monotone(self.schema, monotone)
        if isinstance(target, Classes):
            options.setdefault("classes", list(target.labels))
        # Use half of the limit for categories, to leave room for other weights and for ensembles.
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
        """Evaluate a network on the held-out rows."""
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
    """Return a table as rows of a network, split for training.

    Parameters
    ----------
    columns : dict of str to Column
        The table.
    target : str
        The column to predict.
    classify : bool, optional
        Whether the target has classes (True) or numbers (False); by default this is detected.
    wishes : mapping of str to Wish, optional
        Kinds that the user gives to columns.
    delimiter : str
        The separator of the table's cells.
    kept_back : float
        Share of the rows to hold out.
    seed : int, optional
        Seed for the choice of rows.
    most : int, optional
        Largest number of rows to use.
    called : str
        The table's name in messages.

    Raises
    ------
    DataError
        If there is no such column, or too few rows or columns to learn from.
    """
    wishes = wishes or {}
    if target not in columns:
        there = ", ".join(f"'{name}'" for name in list(columns)[:30])
        raise DataError(f"{called} has no column '{target}': its columns are {there}")
    conventions = Conventions.of(columns.values(), delimiter)
    found = target_of(columns[target], classify, conventions, wishes.get(target))
    answers = found.encode(columns[target])
    answered = answers >= 0 if isinstance(found, Classes) else ~np.isnan(answers)
    used = np.flatnonzero(answered)
    if len(used) < LEAST_ROWS:
        rows = f"{len(used)} row{'' if len(used) == 1 else 's'}"
        raise DataError(
            f"{called} has {rows} with a value of '{target}': expected at least {LEAST_ROWS}, to train on some and "
            "hold out others"
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
    # The form of a column is detected from all rows, its kind and categories only from training and validation rows.
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
