"""Generate the synthetic rows and sequences that an export is tested with; never rows of the network's data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neuralredis.export.packing import unpacked

if TYPE_CHECKING:
    from neuralredis.export.intermediate import Exported, FieldInputs, ScalingNumbers

__all__ = ["made_up"]

#: The default number of rows or sequences.
ROWS = 12
#: If the network's ``length`` is at most this, one sequence is longer, to test that its first events are dropped.
LONG = 100
#: Words of texts, and a word that is in no vocabulary.
WORDS = ("good", "bad", "is", "not", "it's", "film", "3.5", "day")
OTHER = "(none of these)"
#: 2000-01-01 in seconds since 1970, and the seconds of a year.
YEAR_2000, YEAR = 946_684_800, 31_556_952


def made_up(exported: Exported, count: int = ROWS, seed: int = 0) -> list[Any]:
    """Return synthetic rows, or sequences of events, drawn at random around the means of the network's inputs.

    Parameters
    ----------
    exported : dict
        The intermediate representation; ``proof`` is not read.
    count : int, default 12
        The number of rows or sequences.
    seed : int, default 0
        The seed of the draws.

    Returns
    -------
    list
        Rows as lists of numbers or as dicts of fields; sequences as lists of these.
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
    """Replace the first two rows by zeros and by numbers of extreme magnitudes."""
    if len(rows) > 2:
        width = len(rows[0])
        rows[0] = [0.0] * width
        rows[1] = [(-1.0) ** at * 10.0 ** (38 - at % 60) for at in range(width)]
    return rows


class _Columns:
    """Draw numbers with the mean and scale of each column of inputs."""

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
    """Return the number rounded to six significant digits, within single precision."""
    if not abs(number) < 3e38:
        return float(np.copysign(3e38, number))
    return float(f"{number:.6g}")


def _row(fields: Sequence[FieldInputs], columns: _Columns) -> dict[str, Any]:
    row = {}
    for field in fields:
        # One value in ten is missing.
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
