"""Monotone constraints from the parameter ``monotonic_cst``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["signs_of"]


def signs_of(monotonic_cst: Any, names: Any, columns: int) -> list[int] | None:
    """Return 1, -1 or 0 for each column; None if `monotonic_cst` is None.

    `names` are the names of the columns, for a dict, or None; `columns` is their number. Raise ValueError for invalid
    constraints.
    """
    if monotonic_cst is None:
        return None
    if isinstance(monotonic_cst, Mapping):
        if names is None:
            raise ValueError("monotonic_cst is a dict: expected a list, since the columns have no names")
        if unknown := [name for name in monotonic_cst if name not in set(names)]:
            raise ValueError(f"monotonic_cst has {unknown[0]!r}: expected names of columns, {', '.join(names)}")
        monotonic_cst = [monotonic_cst.get(name, 0) for name in names]
    if isinstance(monotonic_cst, str) or np.ndim(monotonic_cst) != 1:
        raise ValueError(f"monotonic_cst is {monotonic_cst!r}: expected a list, a dict or None")
    signs = list(monotonic_cst)
    if len(signs) != columns:
        raise ValueError(f"monotonic_cst has {len(signs)} values: expected {columns}, one for each column")
    if wrong := [sign for sign in signs if sign not in (1, 0, -1)]:
        raise ValueError(f"monotonic_cst has {wrong[0]!r}: expected 1, 0 or -1")
    return [int(sign) for sign in signs]
