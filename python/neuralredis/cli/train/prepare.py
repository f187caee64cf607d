"""From a table to rows that a network can learn from: how columns are read, which rows are used, and for what."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neuralredis.cli.failure import Failure
from neuralredis.cli.screen import Gaps
from neuralredis.statistics import hold_out
from neuralredis.table.column import Column
from neuralredis.table.conventions import Conventions
from neuralredis.table.encoding import Encoding
from neuralredis.table.kinds import Category
from neuralredis.table.reading import Table
from neuralredis.table.remarks import gap_words
from neuralredis.table.target import Classes, Target, target_of
from neuralredis.table.wishes import Wish

__all__ = ["Prepared", "prepare", "wishes_of"]

#: Rows with a value of the target that a table needs.
LEAST_ROWS = 10
#: Share of the rows that is held out, and of the others that which validates the network while it trains.
HELD_OUT, VALIDATION = 0.2, 0.2


@dataclass(frozen=True, kw_only=True, eq=False)
class Prepared:
    """A table, ready for training.

    Attributes
    ----------
    X, y, held_X, held_y : numpy.ndarray
        Inputs of shape (rows, inputs) and answers of shape (rows,): those to learn from, and those that are held out.
    unanswered : Column
        The cells of the target that have no value.
    answered : int
        How many have one. With ``--rows`` not all of these rows are used.
    gaps : dict of str to Gaps
        The rows without a value, by column.
    remarks : list of str
        What was not understood in the table.
    """

    table: Table
    encoding: Encoding
    X: NDArray[np.float32]
    y: NDArray[np.generic]
    held_X: NDArray[np.float32]
    held_y: NDArray[np.generic]
    unanswered: Column
    answered: int
    gaps: dict[str, Gaps]
    remarks: list[str]

    @property
    def target(self) -> Target:
        """The column to be answered."""
        return self.encoding.target

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes; empty for numbers."""
        return self.target.labels if isinstance(self.target, Classes) else ()

    @property
    def validation_rows(self) -> int:
        """How many of the rows to learn from validate the network, so that training can stop in time."""
        return max(round(VALIDATION * len(self.X)), 1)

    def layout(self, hidden: list[int]) -> list[int]:
        """Return the units of each layer of a network with these hidden ones."""
        return [self.X.shape[1], *hidden, len(self.labels) or 1]


def wishes_of(args: argparse.Namespace, table: Table) -> dict[str, Wish]:
    """Return what the user says that columns are, after a check that they exist and are said to be one thing."""
    if args.target is None:
        args.parser.error(f"--target says which column is to be answered: {table.listed()}")
    for name in (*args.ignore, *(name for name, _ in args.wishes)):
        table.check(name)
    wishes = dict(args.wishes)
    for name, wish in args.wishes:
        if wishes[name] != wish:
            raise Failure(f"--as says that '{name}' is {wish.kind} and {wishes[name].kind}: expected one")
    wishes |= dict.fromkeys(args.ignore, Wish("skip"))
    if wishes.get(args.target) == Wish("skip"):
        raise Failure(f"'{args.target}' cannot be both the target and left out")
    table.check(args.target)
    return wishes


def prepare(args: argparse.Namespace, table: Table, wishes: dict[str, Wish]) -> Prepared:
    """Return the rows to learn from and those that are held out, as the options ask."""
    columns = {name: table.column(name) for name in table.names}
    conventions = Conventions.of(columns.values(), table.delimiter)
    column = columns.pop(args.target)
    target = target_of(column, args.classify, conventions, wishes.get(column.name))
    answers = target.encode(column)
    classifies = isinstance(target, Classes)
    has_answer = answers >= 0 if classifies else ~np.isnan(answers)
    answered = np.flatnonzero(has_answer)
    used = _chosen(args, table, answered)
    y = answers[used]
    train, held = hold_out(y.astype(np.int64) if classifies else None, len(y), HELD_OUT, args.seed)
    # How a column is written is found out of all rows; what it holds only of those that are learnt from.
    encoding = Encoding.of(
        list(columns.values()), target, wishes, rows=used[train], conventions=conventions, header=table.header
    )
    columns = {name: column.take(used) for name, column in columns.items()}
    X = encoding.encode(columns)
    gaps, remarks = _not_understood(encoding, columns)
    return Prepared(
        table=table,
        encoding=encoding,
        X=X[train],
        y=y[train],
        held_X=X[held],
        held_y=y[held],
        unanswered=column.take(np.flatnonzero(~has_answer)),
        answered=len(answered),
        gaps=gaps,
        remarks=remarks,
    )


def _chosen(args: argparse.Namespace, table: Table, answered: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows to use of those with an answer: all, or as many as ``--rows`` says, in order."""
    if len(answered) < LEAST_ROWS:
        raise Failure(
            f"{table.path} has {len(answered)} row{'' if len(answered) == 1 else 's'} with a value of "
            f"'{args.target}': expected at least {LEAST_ROWS}, to learn from some and keep others back"
        )
    if args.rows is None or args.rows >= len(answered):
        return answered
    if args.rows < LEAST_ROWS:
        raise Failure(f"--rows {args.rows}: expected at least {LEAST_ROWS}")
    return np.sort(np.random.default_rng(args.seed).choice(answered, args.rows, replace=False))


def _not_understood(encoding: Encoding, columns: dict[str, Column]) -> tuple[dict[str, Gaps], list[str]]:
    """Return which rows have no value of a column, and remarks about texts that are no value of theirs."""
    unread = encoding.unread(columns)
    gaps = {}
    for kind in encoding.columns:
        column = columns[kind.name]
        words = gap_words(column, kind)
        unread[kind.name] = {text: rows for text, rows in unread[kind.name].items() if text not in words}
        lost = 0 if isinstance(kind, Category) else sum(unread[kind.name].values())
        gaps[kind.name] = Gaps(column.gaps + sum(words.values()) + lost, words)
    return gaps, encoding.told(unread)
