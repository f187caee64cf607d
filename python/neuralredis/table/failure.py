"""What is wrong with a table, in a sentence for whoever has it."""

from __future__ import annotations

from neuralredis.exceptions import DataError

__all__ = ["TableError"]


class TableError(DataError):
    """A table, or an encoding of one, that cannot be used; the message says what to do."""
