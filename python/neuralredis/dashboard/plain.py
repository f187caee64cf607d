"""Convert values to JSON."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["text", "value"]


def text(content: Any) -> str:
    """Return JSON in ASCII; bytes that are not UTF-8 become lone surrogates."""
    return json.dumps(value(content), allow_nan=False, separators=(",", ":"))


def value(content: Any) -> Any:
    """Return a value as types of JSON: arrays as lists, times as ISO 8601, numbers that are not finite as null.

    Examples
    --------
    >>> value({"a": np.float32(0.5), "b": (1, float("nan")), 3: dt.datetime(2024, 1, 2)})
    {'a': 0.5, 'b': [1, None], '3': '2024-01-02T00:00:00'}
    """
    match content:
        case Mapping():
            return {str(key): value(item) for key, item in content.items()}
        case np.ndarray():
            return value(content.tolist())
        case list() | tuple():
            return [value(item) for item in content]
        case bool() | np.bool_():
            return bool(content)
        case int() | np.integer():
            return int(content)
        case float() | np.floating():
            return float(content) if math.isfinite(content) else None
        case dt.datetime():
            return content.isoformat()
        case bytes():
            return content.decode(errors="surrogateescape")
    return content
