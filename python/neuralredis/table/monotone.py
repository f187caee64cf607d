"""Columns of a table with which the answer only rises or only falls."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real

from neuralredis.table.failure import TableError
from neuralredis.table.schema import Schema
from neuralredis.table.target import Classes

__all__ = ["check_monotone"]

#: Kinds of fields whose values have an order.
ORDERED = ("number", "flag", "auto")


def check_monotone(schema: Schema, signs: Mapping[str, float]) -> None:
    """Check that the answer can rise or fall with the columns that are named.

    Parameters
    ----------
    schema : Schema
        How the columns are read.
    signs : dict of str to int
        1 for a column with which the answer rises, -1 for one with which it falls, or 0.

    Raises
    ------
    TableError
        If a column is none that the network goes by, or has no order, or there are more classes than two.
    """
    fields = {field.name: field for field in schema.fields}
    reasons = {one.name: one.reason for one in schema.left_out}
    for name, sign in signs.items():
        if not isinstance(sign, Real) or sign not in (1, 0, -1):
            raise TableError(f"monotone is {sign!r} for '{name}': expected 1, 0 or -1")
        if name == schema.target.name:
            raise TableError(f"the answer cannot rise or fall with '{name}', which is the answer")
        if name in reasons:
            raise TableError(f"the answer cannot rise or fall with '{name}', which is left out: {reasons[name]}")
        if name not in fields:
            there = ", ".join(f"'{field}'" for field in list(fields)[:30])
            raise TableError(f"the answer cannot rise or fall with '{name}', which is none of the columns {there}")
        reader = fields[name].reader
        if sign and reader.of not in ORDERED:
            raise TableError(
                f"the answer cannot rise or fall with '{name}', which is read as {reader.title}: expected a number, or "
                "yes and no"
            )
    if any(signs.values()) and isinstance(schema.target, Classes) and len(schema.target.labels) > 2:
        raise TableError(
            f"'{schema.target.name}' has {len(schema.target.labels)} classes: only a number, or the probability of the "
            "second of two classes, can rise or fall with a column"
        )
