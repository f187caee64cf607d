"""The exception for tables that cannot be used."""

from __future__ import annotations

from neuralredis.exceptions import DataError

__all__ = ["TableError"]


class TableError(DataError):
    """A table that cannot be used; the message says how to fix it."""
