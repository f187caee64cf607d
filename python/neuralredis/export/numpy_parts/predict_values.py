"""Predict the targets of a row."""

from __future__ import annotations

from typing import Any

from neuralredis.export.numpy_parts.named_rows import run_one

NETWORK: dict[str, Any] = {}
# ---


def predict(one: Any) -> Any:
    """Return the prediction for one row: a number, or for several targets a dict by their names."""
    values = run_one(one).tolist()
    return values[0] if len(values) == 1 else dict(zip(NETWORK["targets"], values, strict=True))
