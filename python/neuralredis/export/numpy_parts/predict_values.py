"""The answer of a regressor by name."""

from __future__ import annotations

from typing import Any

from neuralredis.export.numpy_parts.named_rows import run_one

NETWORK: dict[str, Any] = {}
# ---


def predict(one: Any) -> Any:
    """Return the answer to one row: a number, or of several targets each by its name."""
    values = run_one(one).tolist()
    return values[0] if len(values) == 1 else dict(zip(NETWORK["targets"], values, strict=True))
