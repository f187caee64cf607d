"""Expressions of SQL that PostgreSQL, DuckDB and SQLite take alike.

Numbers have an exponent, without which PostgreSQL and DuckDB take them for decimals. ``GREATEST`` and ``TANH`` are not
in all three: there are ``CASE`` and ``EXP``. PostgreSQL refuses an exponential that is too small or too large, so its
arguments are bounded.
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

#: Terms that stand in one pair of parentheses, since databases bound how deep expressions are.
TERMS = 24
#: Beyond, a sigmoid in single precision does not change, and an exponential fits any double.
FAR = 88
#: Values that are compared each with each.
COMPARED = 8


def number(value: float) -> str:
    """Return a double to the last bit.

    Examples
    --------
    >>> number(0.1), number(-3), number(1e30)
    ('0.1e0', '-3.0e0', '1e+30')
    """
    text = repr(float(value))
    return text if "e" in text else f"{text}e0"


def string(text: str) -> str:
    """Return a text in quotation marks; what a database cannot have in it is replaced.

    Examples
    --------
    >>> print(string("it's"))
    'it''s'
    """
    return "'" + _readable(text).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return a name of a column, of any characters.

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
    """Return the columns times their weights, but for those that are 0."""
    return [f"{column} * {number(weight)}" for column, weight in zip(columns, weights, strict=True) if weight]


def bounded(value: str, limit: float, most: float = np.inf) -> str:
    """Return a value kept from ``-limit`` to ``limit``; as it is if it is ``most`` in size."""
    if most <= limit:
        return value
    bound = number(limit)
    return f"CASE WHEN {value} > {bound} THEN {bound} WHEN {value} < -{bound} THEN -{bound} ELSE {value} END"


def relu(value: str, limit: float, most: float) -> str:
    """Return a value where it is above 0, else 0; NULL stays."""
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
    """Return the greatest of a few columns; NULL if one is."""
    compared = [(own, " AND ".join(f"{own} >= {other}" for other in columns if other != own)) for own in columns]
    return (
        columns[0]
        if len(columns) == 1
        else "CASE " + " ".join(f"WHEN {when} THEN {own}" for own, when in compared) + " END"
    )


def choice(column: str, values: Sequence[float]) -> str:
    """Return a value that a whole number chooses, 0 for the first."""
    common = max(set(values), key=list(values).count)
    cases = [f"WHEN {at} THEN {number(value)}" for at, value in enumerate(values) if value != common]
    return f"CASE {column} {' '.join(cases)} ELSE {number(common)} END" if cases else number(common)
