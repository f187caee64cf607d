"""Parse JSON lines: an object in each line, or a list of objects. Nested objects become columns with dotted names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from neuralredis.table.failure import TableError
from neuralredis.table.frames import columns_of_rows

__all__ = ["is_json", "parse"]


def is_json(data: bytes) -> bool:
    """Return whether a text looks like JSON objects, from its beginning.

    Examples
    --------
    >>> is_json(b' {"a": 1}'), is_json(b'[{"a": 1}]'), is_json(b"{a,b"), is_json(b"[1]")
    (True, True, False, False)
    """
    begin = data[:1000].lstrip().removeprefix(b"[").lstrip()
    return begin.startswith(b"{") and begin[1:].lstrip()[:1] in (b'"', b"}")


def parse(name: str, data: bytes) -> Any:
    """Parse JSON lines, and return a table of Arrow.

    Raises
    ------
    TableError
        If it is not valid JSON.
    """
    try:
        columns = columns_of_rows(_objects(data))
    except (ValueError, RecursionError) as error:
        raise TableError(f"{name} cannot be read as JSON lines: {error}") from None
    return pa.table({of: _array(items) for of, items in columns.items()})


def _objects(data: bytes) -> Iterator[Any]:
    if data.lstrip().startswith(b"["):
        yield from json.loads(data)
        return
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError as error:
                raise TableError(f"line {number}: {error}") from None


def _array(items: list[Any]) -> Any:
    try:
        return pa.array(items)
    except (pa.ArrowException, OverflowError):
        # Values of several types become texts as in JSON, but strings without quotation marks.
        texts = [item if item is None or isinstance(item, str) else json.dumps(item) for item in items]
        return pa.array(texts, pa.large_string())
