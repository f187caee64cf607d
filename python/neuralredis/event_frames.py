"""Frames of events: rows in any order, with columns that name their sequences and their time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from neuralredis.exceptions import DataError
from neuralredis.session import id_of

__all__ = ["sequences_of_frame"]


def sequences_of_frame(
    frame: Any, sequence: str, order: str | None, fields: Mapping[str, str], targets: Sequence[str] | None
) -> tuple[dict[str, Any], list[int], list[bytes], Any]:
    """Return the columns sorted by sequence, the end of each sequence, ids, and outcomes."""
    columns = {str(name): np.asarray(frame[name]) for name in _names(frame)}
    for name in (sequence, order):
        if name is not None and name not in columns:
            raise DataError(f"no column {name!r}: the frame has {', '.join(columns)}")
    ids = columns[sequence]
    # Sequences are ordered by their first row.
    first: dict[Any, int] = {}
    numbers = np.array([first.setdefault(id, len(first)) for id in ids.tolist()], dtype=np.int64)
    keys = (numbers,) if order is None else (columns[order], numbers)
    places = np.lexsort(keys) if len(numbers) else numbers
    counts = np.bincount(numbers, minlength=len(first))
    ends = np.cumsum(counts).tolist()
    last = places[np.asarray(ends, dtype=np.int64) - 1] if ends else places
    outcomes = None
    if targets is not None and all(target in columns for target in targets):
        found = [columns[target][last] for target in targets]
        outcomes = found[0] if len(found) == 1 else np.stack(found, axis=1)
    # The column that sorts events may be a field as well.
    skipped = {sequence, order, *(targets or ())}.difference(fields)
    events = {name: column[places] for name, column in columns.items() if name not in skipped}
    return events, ends, [id_of(id) for id in first], outcomes


def _names(frame: Any) -> Iterable[Any]:
    return frame.keys() if isinstance(frame, Mapping) else frame.columns
