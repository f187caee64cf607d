"""Rows and sequences that prove an export: made up from what a network knows of its fields, never rows of its data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neuralredis.export.packing import unpacked

if TYPE_CHECKING:
    from neuralredis.export.intermediate import Exported, FieldInputs, ScalingNumbers

__all__ = ["made_up"]

#: Rows or sequences.
ROWS = 12
#: Sequences up to this length are kept long enough to prove that the first events are forgotten.
LONG = 100
#: Words of texts, and one that no dictionary should have.
WORDS = ("good", "bad", "is", "not", "it's", "film", "3.5", "day")
OTHER = "(none of these)"
#: 2000-01-01 in seconds since 1970, and a year.
YEAR_2000, YEAR = 946_684_800, 31_556_952


def made_up(exported: Exported, count: int = ROWS, seed: int = 0) -> list[Any]:
    """Return rows, or sequences of events, that the network takes: drawn at random around the means of its inputs.

    Parameters
    ----------
    exported : dict
        What the answers follow from; ``proof`` is not looked at.
    count : int, default 12
        How many.
    seed : int
        Of what is drawn.

    Returns
    -------
    list
        Rows as lists of numbers, or as dicts of fields; sequences as lists of such.
    """
    random = np.random.default_rng([20, seed])
    sequence, fields = exported["sequence"], exported["fields"]
    if sequence is None:
        columns = _Columns(exported["input_scaling"], random)
        if fields is None:
            rows = [[columns.number(at) for at in range(exported["computed"])] for _ in range(count)]
            return _with_extremes(rows)
        return [_row(fields, columns) for _ in range(count)]
    scaling = sequence["scaling"] if sequence["cell"] is not None else exported["input_scaling"]
    columns = _Columns(scaling, random)
    lengths = [int(random.integers(0, 9)) for _ in range(count)]
    lengths[:2] = [0, 1]
    if sequence["length"] <= LONG:
        lengths[2] = sequence["length"] + 2
    own = sequence["fields"]
    if sequence["by_position"]:
        return [[_value(own[0], columns) for _ in range(length)] for length in lengths]
    return [[_row(own, columns) for _ in range(length)] for length in lengths]


def _with_extremes(rows: list[list[float]]) -> list[list[float]]:
    """Put two rows at the ends of what a row may be."""
    if len(rows) > 2:
        width = len(rows[0])
        rows[0] = [0.0] * width
        rows[1] = [(-1.0) ** at * 10.0 ** (38 - at % 60) for at in range(width)]
    return rows


class _Columns:
    """Numbers such as the columns of inputs have."""

    def __init__(self, scaling: ScalingNumbers | None, random: np.random.Generator) -> None:
        self.random = random
        self.scaling = None if scaling is None else (unpacked(scaling["mean"]), unpacked(scaling["scale"]))

    def number(self, column: int) -> float:
        drawn = float(self.random.normal()) * 2
        if self.scaling is None or column >= len(self.scaling[0]):
            return _short(drawn)
        mean, scale = (float(values[column]) for values in self.scaling)
        return _short(mean + (drawn / scale if scale else drawn))


def _short(number: float) -> float:
    """Return the number with few digits."""
    if not abs(number) < 3e38:
        return float(np.copysign(3e38, number))
    return float(f"{number:.6g}")


def _row(fields: Sequence[FieldInputs], columns: _Columns) -> dict[str, Any]:
    row = {}
    for field in fields:
        # A gap now and then.
        if columns.random.random() >= 0.1:
            row[field["name"]] = _value(field, columns)
    return row


def _value(field: FieldInputs, columns: _Columns) -> Any:
    random, kind, at = columns.random, field["kind"], field["computed"]
    if kind == "auto":
        kind = "number" if random.random() < 0.5 else "category"
    if kind == "number":
        return columns.number(at)
    if kind == "category":
        return _word(field, random)
    if kind == "flag":
        return bool(random.random() < 0.5)
    if kind == "time":
        years = 20.0 if columns.scaling is None else float(columns.scaling[0][at + 6])
        return int(np.clip(YEAR_2000 + (years + float(random.normal())) * YEAR, -6e10, 9e10))
    if kind == "text":
        return " ".join(str(word) for word in random.choice(WORDS, int(random.integers(1, 7))))
    if kind == "tags":
        return sorted({_word(field, random) for _ in range(int(random.integers(1, 4)))})
    return [columns.number(at + place) for place in range(field["length"])]


def _word(field: FieldInputs, random: np.random.Generator) -> str:
    words = field["words"]
    at = int(random.integers(0, len(words) + 1))
    return words[at] if at < len(words) else OTHER
