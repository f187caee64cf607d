"""Predict the class of a row, with probabilities by class."""

from __future__ import annotations

from typing import Any

from neuralredis.export.numpy_parts.classes import names_of_classes, places_of_classes
from neuralredis.export.numpy_parts.named_rows import run_one

# ---


def predict(one: Any) -> dict[str, Any]:
    """Return the class of one row, and the probability of each class."""
    answers, names = run_one(one), names_of_classes()
    probabilities = dict(zip(names, answers.tolist(), strict=True))
    return {"answer": names[int(places_of_classes(answers))], "probabilities": probabilities}
