"""Write SQL expressions that PostgreSQL, DuckDB and SQLite evaluate alike.

Numbers are written with an exponent, since PostgreSQL and DuckDB otherwise read them as decimals. Not all three have
``GREATEST`` and ``TANH``, so that ``CASE`` and ``EXP`` are used instead. PostgreSQL raises an error if an exponential
underflows or overflows, so its arguments are bounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = [
    "bounded",
    "choice",
    "greatest",
    "identifier",
    "number",
    "products",
    "relu",
    "sigmoid",
    "string",
    "tanh",
    "total",
]

#: Terms in one pair of parentheses: databases limit the depth of expressions.
TERMS = 24
#: Beyond this a sigmoid in single precision is constant; the exponential of it is finite in double precision.
FAR = 88
#: The largest number of values that are compared pairwise.
COMPARED = 8


def number(value: float) -> str:
    """Return a double as a literal that preserves every bit.

    Examples
    --------
    >>> number(0.1), number(-3), number(1e30)
    ('0.1e0', '-3.0e0', '1e+30')
    """
    text = repr(float(value))
    return text if "e" in text else f"{text}e0"


def string(text: str) -> str:
    """Return a string literal; characters that a database cannot store are replaced.

    Examples
    --------
    >>> print(string("it's"))
    'it''s'
    """
    return "'" + _readable(text).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return a quoted column name.

    Examples
    --------
    >>> print(identifier("a b"))
    "a b"
    """
    return '"' + _readable(name).replace('"', '""') + '"'


def _readable(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def total(terms: Sequence[str]) -> str:
    """Return a sum."""
    parts = list(terms)
    while len(parts) > TERMS:
        parts = [f"({' + '.join(parts[at : at + TERMS])})" for at in range(0, len(parts), TERMS)]
    return " + ".join(parts) if parts else number(0)


def products(columns: Sequence[str], weights: Any) -> list[str]:
    """Return the products of columns and their weights; weights of 0 are left out."""
    return [f"{column} * {number(weight)}" for column, weight in zip(columns, weights, strict=True) if weight]


def bounded(value: str, limit: float, most: float = np.inf) -> str:
    """Return a value clipped to ±``limit``, or unchanged if its absolute value, at most ``most``, never exceeds it."""
    if most <= limit:
        return value
    bound = number(limit)
    return f"CASE WHEN {value} > {bound} THEN {bound} WHEN {value} < -{bound} THEN -{bound} ELSE {value} END"


def relu(value: str, limit: float, most: float) -> str:
    """Return the rectified value, clipped to ``limit``; NULL stays NULL."""
    above = f"WHEN {value} > {number(limit)} THEN {number(limit)} " if most > limit else ""
    return f"CASE {above}WHEN {value} > 0 THEN {value} WHEN {value} <= 0 THEN 0e0 END"


def sigmoid(value: str) -> str:
    """Return the sigmoid of a value."""
    bounded = f"CASE WHEN {value} > {FAR} THEN -{FAR}e0 WHEN {value} < -{FAR} THEN {FAR}e0 ELSE -({value}) END"
    return f"1e0 / (1e0 + EXP({bounded}))"


def tanh(value: str) -> str:
    """Return the hyperbolic tangent of a value."""
    return (
        f"CASE WHEN {value} > 20 THEN 1e0 WHEN {value} < -20 THEN -1e0 ELSE 1e0 - 2e0 / (EXP(2e0 * {value}) + 1e0) END"
    )


def greatest(columns: Sequence[str]) -> str:
    """Return the maximum of a few columns; NULL if one is NULL."""
    compared = [(own, " AND ".join(f"{own} >= {other}" for other in columns if other != own)) for own in columns]
    return (
        columns[0]
        if len(columns) == 1
        else "CASE " + " ".join(f"WHEN {when} THEN {own}" for own, when in compared) + " END"
    )


def choice(column: str, values: Sequence[float]) -> str:
    """Return the element of ``values`` at the index in a column."""
    common = max(set(values), key=list(values).count)
    cases = [f"WHEN {at} THEN {number(value)}" for at, value in enumerate(values) if value != common]
    return f"CASE {column} {' '.join(cases)} ELSE {number(common)} END" if cases else number(common)
