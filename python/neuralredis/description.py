"""Complete descriptions of networks, to compute their predictions elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neuralredis.exceptions import ShapeError
from neuralredis.options import Kind

__all__ = ["Description", "Layer", "Scaling"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Scaling:
    """The scaling of each input or output.

    Attributes
    ----------
    mean, scale : numpy.ndarray of float32, shape (columns,)
        The scaled value is ``(value - mean) * scale``.
    """

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """A layer of one member of an ensemble.

    Attributes
    ----------
    kind : {"dense"}
        The kind of layer; dense layers are fully connected.
    weights : numpy.ndarray of float32, shape (inputs, outputs)
        Weights from each value of the previous layer to each unit.
    biases : numpy.ndarray of float32, shape (outputs,)
        Biases of the units.
    activation : {"relu", "tanh", "sigmoid"} or None
        Activation of the units; None for the output layer, whose activation is the ``output`` of the `Description`.
    """

    kind: Literal["dense"]
    weights: NDArray[np.float32]
    biases: NDArray[np.float32]
    activation: Literal["relu", "tanh", "sigmoid"] | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Description:
    """Everything needed to compute a network's predictions.

    All arithmetic is in single precision (float32), with one rounding for each operation:

    1. If ``inputs`` is given, each input ``x`` becomes ``(x - mean) * scale``; the difference is clamped to finite
       numbers, the product to ``-input_limit`` to ``input_limit``. Otherwise inputs are used as they are.
    2. For each member, layer by layer: a unit starts with its bias; for each value of the previous layer, in order, the
       product of value and weight is added by a fused multiply-add. The sum is clamped to ``-unit_limit`` to
       ``unit_limit``. Then the layer's activation is applied.
    3. The output units of several members are averaged: starting from 0, for each member in order, its unit times
       ``1 / members`` is added.
    4. ``output`` is the activation of the output units: softmax over all units, after subtraction of their maximum,
       sigmoid of each, or linear (none). If the network is monotone in some inputs, softmax is computed as the sigmoid
       of the difference between a unit and the other.
    5. If ``outputs`` is given, each output ``y`` becomes ``y / scale + mean``, clamped to finite numbers, or ``mean``
       if the scale is 0.

    With ReLU and a linear output, predictions are reproduced to the last bit. Other activations use exponentials,
    which differ between libraries in the last bits.

    Attributes
    ----------
    kind : {"classifier", "regressor"}
        The kind of network. The predicted class of a classifier is the first of its greatest outputs.
    inputs : Scaling or None
        Scaling of the inputs; None before the first training, unless the network is monotone in some.
    input_limit : float
        Bound of a scaled input.
    members : tuple of tuple of Layer
        The layers of each member, in order.
    unit_limit : float
        Bound of a unit's sum, before its activation.
    output : {"softmax", "sigmoid", "linear"}
        Activation of the output units.
    monotone : bool
        Whether the network is monotone in some inputs.
    outputs : Scaling or None
        Scaling of a regressor's outputs; None if they are not scaled.
    """

    kind: Kind
    inputs: Scaling | None
    input_limit: float
    members: tuple[tuple[Layer, ...], ...]
    unit_limit: float
    output: Literal["softmax", "sigmoid", "linear"]
    monotone: bool
    outputs: Scaling | None


def description_of(fields: dict[str, Any]) -> Description:
    """Return a description from the engine's dict."""

    def scaling(name: str) -> Scaling | None:
        return None if fields[name] is None else Scaling(**fields[name])

    members = tuple(tuple(Layer(**layer) for layer in layers) for layers in fields["members"])
    return Description(**{**fields, "inputs": scaling("inputs"), "outputs": scaling("outputs"), "members": members})


def stacked(description: Description) -> list[list[NDArray[np.float32]]]:
    """Return the layers of each member, of shape (1 + inputs, outputs), with biases in the first row."""
    return [[np.vstack([layer.biases, layer.weights]) for layer in layers] for layers in description.members]


def folded(description: Description) -> list[NDArray[np.float64]]:
    """Return the layers of a single equivalent network without scalings, with biases in the first row."""
    depth = len(description.members[0])
    of_members = ([member[at] for member in description.members] for at in range(depth))
    layers = [_merged(each, first=at == 0, last=at == depth - 1) for at, each in enumerate(of_members)]
    if description.inputs is not None:
        mean, scale = (values.astype(np.float64) for values in (description.inputs.mean, description.inputs.scale))
        layers[0][1:] *= scale[:, None]
        layers[0][0] -= mean @ layers[0][1:]
    if description.outputs is not None and description.output == "linear":
        mean, scale = (values.astype(np.float64) for values in (description.outputs.mean, description.outputs.scale))
        # A constant output has the scale 0 and is its mean, whatever the weights are.
        layers[-1] *= np.divide(1, scale, out=np.zeros_like(scale), where=scale != 0)
        layers[-1][0] += mean
    return layers


def _merged(each: list[Layer], *, first: bool, last: bool) -> NDArray[np.float64]:
    """Return one layer of all members as one: block-diagonal, with shared inputs and averaged outputs."""
    members, (inputs, outputs) = len(each), each[0].weights.shape
    merged = np.zeros((1 + inputs * (1 if first else members), outputs * (1 if last else members)))
    share = 1 / members if last else 1.0
    for at, layer in enumerate(each):
        row, column = 1 if first else 1 + at * inputs, 0 if last else at * outputs
        merged[0, column : column + outputs] += share * layer.biases.astype(np.float64)
        merged[row : row + inputs, column : column + outputs] += share * layer.weights.astype(np.float64)
    return merged


def flat(weights: Any, like: list[list[NDArray[np.float32]]]) -> NDArray[Any]:
    """Return nested weights as one flat array, after a check that their shapes are those of `like`."""
    given = [list(layers) for layers in weights]
    counts, expected = ([len(layers) for layers in members] for members in (given, like))
    if counts != expected:
        raise ShapeError(f"weights have {counts} layers for each member: expected {expected}")
    arrays = []
    for member, layers in enumerate(given):
        for at, layer in enumerate(layers):
            where, expected_shape = f"weights of member {member}, layer {at}", like[member][at].shape
            try:
                shape = np.shape(layer)
            except ValueError as error:
                raise ShapeError(f"{where} are not an array: expected the shape {expected_shape}") from error
            if shape != expected_shape:
                raise ShapeError(f"{where} have the shape {shape}: expected {expected_shape}")
            arrays.append(np.ravel(layer))
    return np.concatenate(arrays)
