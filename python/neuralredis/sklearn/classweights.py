"""Class weights from the parameter ``class_weight``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_class_weight

__all__ = ["class_weights"]


def class_weights(
    class_weight: Mapping[Any, float] | Literal["balanced"] | None, classes: NDArray[Any], rows_of: NDArray[np.float64]
) -> Literal["none"] | NDArray[Any]:
    """Return the weight of each class, given the parameter and the sum of row weights of each class."""
    if class_weight is None:
        return "none"
    if isinstance(class_weight, Mapping):
        given: NDArray[Any] = compute_class_weight(class_weight, classes=classes, y=classes)
        return given
    if class_weight != "balanced":
        raise ValueError(f"class_weight is {class_weight!r}: expected a dict, 'balanced' or None")
    fair = rows_of.sum() / len(classes)
    balanced: NDArray[Any] = fair / np.where(rows_of > 0, rows_of, fair)
    return balanced
