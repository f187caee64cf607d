"""Compute outputs from inputs."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

# ---
# Single precision as in the engine. NumPy has no fused multiply-add, but in double precision the product is exact, and
# only the sum is rounded twice. That gives the same bits in all but some 2**-29 of the cases.
FLOAT_MAX = np.finfo(np.float32).max


def unpacked(text: str, *shape: int) -> Any:
    """Decode float32 numbers, little-endian, in base64."""
    return np.frombuffer(base64.b64decode(text), dtype="<f4").astype(np.float32).reshape(shape or (-1,))


def single(values: Any) -> Any:
    """Round to single precision."""
    return np.asarray(values, dtype=np.float32)


def fused(a: Any, b: Any, c: Any) -> Any:
    """Return a * b + c, nearly as if rounded once."""
    return single(np.multiply(a, b, dtype=float) + c)


def polynomial(x: Any, coefficients: Any) -> Any:
    """Evaluate a polynomial by Horner's method; the coefficient of the highest power is first."""
    found = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        found = fused(found, x, np.float32(coefficient))
    return found


def exp(x: Any) -> Any:
    """Return e to the power of x, with x clipped to [-87.3, 88.3] so that it neither overflows nor underflows."""
    one, bias = np.float32(1), np.float32(12_582_912 + 127)
    x = np.clip(x, np.float32(-87.3), np.float32(88.3))
    shifted = fused(x, np.float32(1.4426950408889634), bias)
    n = shifted - bias
    r = fused(n, np.float32(2.1219444e-4), fused(n, np.float32(-0.6933594), x))
    p = polynomial(r, (0.001381454, 0.008368745, 0.04166839, 0.16666521, 0.49999994))
    return (one + fused(r * r, p, r)) * (shifted.view(np.int32) << 23).view(np.float32)


def sigmoid(x: Any) -> Any:
    """Return the logistic function of x."""
    return np.float32(1) / (np.float32(1) + exp(np.float32(0) - x))


def tanh(x: Any) -> Any:
    """Return the hyperbolic tangent of x."""
    square, size = x * x, np.abs(x)
    p = polynomial(square, (-0.0057049864, 0.020639086, -0.053739715, 0.13331442, -0.3333328))
    near = fused(square * x, p, x)
    far = np.float32(1) - np.float32(2) / (exp(size + size) + np.float32(1))
    return np.where(size > np.float32(0.625), np.where(x > 0, far, -far), near)


def relu(x: Any) -> Any:
    """Return the larger of x and 0."""
    return np.where(x > 0, x, np.float32(0))


ACTIVATIONS = {"relu": relu, "tanh": tanh, "sigmoid": sigmoid, None: lambda x: x}


class Scaling:
    """Scale columns by ``(x - mean) * scale``."""

    def __init__(self, packed: Any) -> None:
        self.mean, self.scale = unpacked(packed["mean"]), unpacked(packed["scale"])

    def apply(self, x: Any, limit: float) -> Any:
        """Scale columns, and clip the result to ±``limit``."""
        return np.clip(np.clip(x - self.mean, -FLOAT_MAX, FLOAT_MAX) * self.scale, -single(limit), single(limit))

    def invert(self, y: Any) -> Any:
        """Undo the scaling; a column with scale 0 becomes its mean."""
        scale = np.where(self.scale == 0, np.float32(1), self.scale)
        return np.where(self.scale == 0, self.mean, np.clip(y / scale + self.mean, -FLOAT_MAX, FLOAT_MAX))


class Layers:
    """Evaluate the layers of all members together."""

    def __init__(self, network: dict[str, Any]) -> None:
        self.head, self.answers = network["head"], network["answers"]
        self.input_limit, self.unit_limit = network["input_limit"], single(network["unit_limit"])
        self.inputs = Scaling(network["input_scaling"]) if network["input_scaling"] else None
        self.outputs = Scaling(network["output_scaling"]) if network["output_scaling"] else None
        self.layers = [self._stacked(layers) for layers in zip(*network["members"], strict=True)]
        first = [member[0] for member in network["members"]]
        # Each member reads its own part of the inputs, if layers say so.
        self.parts = [(layer["offset"], layer["offset"] + layer["inputs"]) for layer in first if "offset" in layer]

    @staticmethod
    def _stacked(layers: Any) -> tuple[Any, Any, Any]:
        """Return the weights of one layer of all members, of shape (members, inputs, units), biases and activation."""
        weights = np.stack([unpacked(layer["weights"], layer["inputs"], layer["outputs"]) for layer in layers])
        biases = np.stack([unpacked(layer["biases"]) for layer in layers])
        return weights.astype(float), biases, ACTIVATIONS[layers[0]["activation"]]

    def means(self, columns: int) -> Any:
        """Return the value that replaces missing values in each computed column."""
        return np.zeros(columns, dtype=np.float32) if self.inputs is None else self.inputs.mean

    # Overflows are clipped right after.
    @np.errstate(over="ignore", invalid="ignore")
    def run(self, x: Any, entries: Any = ()) -> Any:
        """Return the outputs for computed inputs, and, for each row, pairs (index, value) of looked-up inputs."""
        x = single(x)
        if self.inputs is not None:
            x = self.inputs.apply(x, self.input_limit)
        given = np.stack([x[:, start:end] for start, end in self.parts]) if self.parts else x[None]
        for at, (weights, biases, activation) in enumerate(self.layers):
            sums = np.repeat(biases[:, None], x.shape[0], axis=1)
            exact = np.empty(sums.shape)
            for column, own in enumerate(np.moveaxis(given.astype(float), 2, 0)):
                np.multiply(own[:, :, None], weights[:, None, column], out=exact)
                np.add(exact, sums, out=exact)
                sums[...] = exact
            if at == 0 and len(entries):
                self._look_up(weights, np.clip(sums, -self.unit_limit, self.unit_limit, out=sums), entries)
            given = activation(np.clip(sums, -self.unit_limit, self.unit_limit))
        return self._head(self._mean(given))[:, : self.answers]

    @staticmethod
    def _look_up(weights: Any, sums: Any, entries: Any) -> None:
        """Add the weights of looked-up inputs to the sums: the first input of all rows, then the second, and so on."""
        for turn in range(max(map(len, entries))):
            rows = [row for row, own in enumerate(entries) if turn < len(own)]
            numbers, values = (np.array([entries[row][turn][part] for row in rows]) for part in range(2))
            sums[:, rows] = fused(single(values)[:, None], weights[:, numbers], sums[:, rows])

    @staticmethod
    def _mean(units: Any) -> Any:
        if len(units) == 1:
            return units[0]
        share, total = np.float32(1) / np.float32(len(units)), np.zeros_like(units[0])
        for own in units:
            total = total + own * share
        return total

    def _head(self, y: Any) -> Any:
        if self.head == "softmax":
            powers = exp(y - y.max(axis=1, keepdims=True))
            y = powers / np.cumsum(powers, axis=1, dtype=np.float32)[:, -1:]
        elif self.head == "two_class":
            apart = y[:, 1] - y[:, 0]
            y = np.stack([sigmoid(-apart), sigmoid(apart)], axis=1)
        elif self.head == "sigmoid":
            y = sigmoid(y)
        return y if self.outputs is None else self.outputs.invert(y)
