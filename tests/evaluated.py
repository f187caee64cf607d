"""A reference evaluation of exported networks of rows, in double precision."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuralredis.export.intermediate import Exported
from neuralredis.export.packing import unpacked

FUNCTIONS = {
    None: lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "tanh": np.tanh,
    "sigmoid": lambda z: 1 / (1 + np.exp(-np.clip(z, -500, 500))),
}


def _all_inputs(exported: Exported, row: Any) -> NDArray[np.float64]:
    """Return the inputs of a row, with those that are looked up; fields of lists are not supported."""
    computed, fields = exported["computed"], exported["fields"]
    x = np.zeros(exported["layout"][0])
    scaling = exported["input_scaling"]
    mean, scale = np.zeros(computed), np.ones(computed)
    if scaling is not None:
        mean, scale = (unpacked(scaling[part]).astype(float) for part in ("mean", "scale"))  # type: ignore[literal-required]
    x[:computed] = mean if fields is not None else row
    for field in fields or ():
        kind, at, gap, value = field["kind"], field["computed"], field["gap"], row.get(field["name"])
        if value is None:
            x[gap] = 1
        elif kind == "category":
            numbers = dict(zip(field["words"], field["numbers"], strict=True))
            x[numbers.get(value, gap + 1)] = 1
        elif kind in ("number", "auto"):
            knots = unpacked(field["knots"]).astype(float)
            pieces = np.clip((value - knots[:-1]) / np.diff(knots), 0, 1) if len(knots) else np.zeros(1)
            x[at : at + 2] = value, pieces.sum()
        elif kind == "time":
            days = math.floor(value / 86400)
            years = (days - 10957) / 365.2425
            turns = 2 * np.pi * np.array([value / 86400 - days, (days - 10959) / 7, years])
            x[at : at + 7] = [*np.stack([np.sin(turns), np.cos(turns)], axis=1).ravel(), years]
        else:
            values = value if kind == "vector" else [float(value)]
            x[at : at + len(values)] = values
    if scaling is not None:
        limit = exported["input_limit"]
        x[:computed] = np.clip((x[:computed] - mean) * scale, -limit, limit)
    return x


def evaluated(exported: Exported, rows: list[Any]) -> NDArray[np.float64]:
    """Return the outputs for rows, of shape (rows, outputs)."""
    given = np.array([_all_inputs(exported, row) for row in rows])
    limit, units = exported["unit_limit"], []
    for member in exported["members"]:
        values = given
        for layer in member:
            weights = unpacked(layer["weights"], layer["inputs"], layer["outputs"]).astype(float)
            sums = np.clip(values @ weights + unpacked(layer["biases"]), -limit, limit)
            values = FUNCTIONS[layer["activation"]](sums)
        units.append(values)
    y = sum(units) / len(units)
    if exported["head"] in ("softmax", "two_class"):
        powers = np.exp(y - y.max(axis=1, keepdims=True))
        y = powers / powers.sum(axis=1, keepdims=True)
    elif exported["head"] == "sigmoid":
        y = FUNCTIONS["sigmoid"](y)
    if exported["output_scaling"] is not None:
        mean, scale = (unpacked(exported["output_scaling"][part]).astype(float) for part in ("mean", "scale"))  # type: ignore[literal-required]
        y = np.where(scale == 0, mean, y / np.where(scale == 0, 1, scale) + mean)
    return np.asarray(y[:, : exported["answers"]])
