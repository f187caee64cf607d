"""Check monotone constraints on columns of a table."""

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
    """Check that the prediction can be constrained to be monotone in some columns.

    Parameters
    ----------
    schema : Schema
        How the columns are read.
    signs : dict of str to int
        1 for a column in which the prediction is increasing, -1 for decreasing, 0 for no constraint.

    Raises
    ------
    TableError
        If a column is not a field, its values have no order, or there are more than two classes.
    """
    fields = {field.name: field for field in schema.fields}
    reasons = {one.name: one.reason for one in schema.left_out}
    for name, sign in signs.items():
        if not isinstance(sign, Real) or sign not in (1, 0, -1):
            raise TableError(f"monotone is {sign!r} for '{name}': expected 1, 0 or -1")
        if name == schema.target.name:
            raise TableError(f"monotone has '{name}', which is the target")
        if name in reasons:
            raise TableError(f"monotone has '{name}', which is left out: {reasons[name]}")
        if name not in fields:
            there = ", ".join(f"'{field}'" for field in list(fields)[:30])
            raise TableError(f"monotone has '{name}': expected one of the columns {there}")
        reader = fields[name].reader
        if sign and reader.of not in ORDERED:
            raise TableError(
                f"monotone has '{name}', which is read as {reader.title}: expected a number, or yes and no"
            )
    if any(signs.values()) and isinstance(schema.target, Classes) and len(schema.target.labels) > 2:
        raise TableError(
            f"'{schema.target.name}' has {len(schema.target.labels)} classes: monotone needs a target with two classes "
            "or numbers"
        )
