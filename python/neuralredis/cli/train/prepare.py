"""Turn a table and the options of ``train`` into rows of a network, with remarks for the user."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neuralredis.cli.failure import Failure
from neuralredis.cli.screen import Gaps
from neuralredis.table.column import Column
from neuralredis.table.prepared import LEAST_ROWS, PreparedTable
from neuralredis.table.prepared import prepare as prepared_of
from neuralredis.table.reading import Table
from neuralredis.table.remarks import gap_words
from neuralredis.table.schema import Schema
from neuralredis.table.target import Classes, Target
from neuralredis.table.values import Words
from neuralredis.table.wishes import Wish

__all__ = ["Prepared", "monotone_of", "not_understood", "prepare", "wishes_of"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Prepared:
    """A table, ready for training.

    Attributes
    ----------
    table : Table
        The table.
    prepared : PreparedTable
        Its rows as values of the network's fields, and how they are split.
    unanswered : Column
        The target's cells that have no value or one that cannot be read.
    gaps : dict of str to Gaps
        The missing values of each column.
    remarks : list of str
        Remarks on texts that could not be read.
    """

    table: Table
    prepared: PreparedTable
    unanswered: Column
    gaps: dict[str, Gaps]
    remarks: list[str]

    @property
    def schema(self) -> Schema:
        """How its columns are read."""
        return self.prepared.schema

    @property
    def target(self) -> Target:
        """The column to predict."""
        return self.schema.target

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes; empty for numbers."""
        return self.target.labels if isinstance(self.target, Classes) else ()

    @property
    def learnt(self) -> int:
        """Number of training and validation rows together."""
        return len(self.prepared.train) + len(self.prepared.test)

    @property
    def kept_y(self) -> NDArray[np.generic]:
        """Outcomes of the held-out rows: float64 numbers, or class numbers."""
        answers = self.prepared.answers
        return np.asarray(answers.codes if isinstance(answers, Words) else answers)[self.prepared.kept]


def wishes_of(args: argparse.Namespace, table: Table) -> dict[str, Wish]:
    """Return the kinds that options give to columns.

    Raises
    ------
    Failure
        If a column is given two kinds, or the target is ignored.
    TableError
        If a column does not exist.
    """
    if args.target is None:
        args.parser.error(f"expected --target, the column to predict: {table.listed()}")
    for name in (*args.ignore, *(name for name, _ in args.wishes), *monotone_of(args)):
        table.check(name)
    wishes = dict(args.wishes)
    for name, wish in args.wishes:
        if wishes[name] != wish:
            raise Failure(f"--as gives '{name}' the kinds {wish.kind} and {wishes[name].kind}: expected one")
    wishes |= dict.fromkeys(args.ignore, Wish("skip"))
    if wishes.get(args.target) == Wish("skip"):
        raise Failure(f"'{args.target}' is the target and is ignored: expected one of these")
    table.check(args.target)
    return wishes


def monotone_of(args: argparse.Namespace) -> dict[str, int]:
    """Return the columns in which the prediction is to be monotone: 1 for increasing, -1 for decreasing."""
    if both := sorted({*args.increasing} & {*args.decreasing}):
        raise Failure(f"'{both[0]}' is in --increasing and in --decreasing: expected one of them")
    return dict.fromkeys(args.increasing, 1) | dict.fromkeys(args.decreasing, -1)


def prepare(args: argparse.Namespace, table: Table, wishes: dict[str, Wish]) -> Prepared:
    """Return the table split into training, validation and held-out rows, as the options ask."""
    if args.rows is not None and args.rows < LEAST_ROWS:
        raise Failure(f"--rows {args.rows}: expected at least {LEAST_ROWS}")
    columns = {name: table.column(name) for name in table.names}
    prepared = prepared_of(
        columns,
        args.target,
        classify=args.classify,
        wishes=wishes,
        delimiter=table.delimiter,
        seed=args.seed,
        most=args.rows,
        called=table.path,
    )
    used = {field.name: columns[field.name].take(prepared.used) for field in prepared.schema.fields}
    gaps, remarks = not_understood(prepared.schema, used)
    return Prepared(
        table=table,
        prepared=prepared,
        unanswered=columns[args.target].take(np.flatnonzero(~prepared.answered)),
        gaps=gaps,
        remarks=remarks,
    )


def not_understood(schema: Schema, columns: dict[str, Column]) -> tuple[dict[str, Gaps], list[str]]:
    """Return the missing values of each field, and remarks on texts that could not be read."""
    unread = schema.unread(columns)
    gaps = {}
    for field in schema.fields:
        column = columns[field.name]
        words = gap_words(column, field.reader)
        unread[field.name] = {text: rows for text, rows in unread[field.name].items() if text not in words}
        gaps[field.name] = Gaps(column.gaps + sum(words.values()) + sum(unread[field.name].values()), words)
    return gaps, schema.warnings_for(unread)
