"""What the answers of a network follow from, for those who compute them elsewhere."""

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
    """How each column of the inputs or outputs is scaled.

    Attributes
    ----------
    mean, scale : numpy.ndarray of float32, shape (columns,)
        ``(value - mean) * scale`` is the scaled value.
    """

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """A layer of one member.

    Attributes
    ----------
    kind : {"dense"}
        How its units are connected; dense is each with all values of the layer before.
    weights : numpy.ndarray of float32, shape (inputs, outputs)
        From each value of the layer before to each unit.
    biases : numpy.ndarray of float32, shape (outputs,)
        Of the units.
    activation : {"relu", "tanh", "sigmoid"} or None
        The function of the units; None for the output units, whose function is the ``output`` of the `Description`.
    """

    kind: Literal["dense"]
    weights: NDArray[np.float32]
    biases: NDArray[np.float32]
    activation: Literal["relu", "tanh", "sigmoid"] | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Description:
    """All that the answers of a network follow from.

    All arithmetic is in single precision (float32), each operation rounded once:

    1. With ``inputs``, each input ``x`` becomes ``(x - mean) * scale``, the difference kept within the finite numbers,
       the product from ``-input_limit`` to ``input_limit``. Without, it stays as it is.
    2. Each member goes through its layers. A unit begins with its bias, and for each value of the layer before, in
       order, the value times its weight is added, product and sum rounded together (a fused multiply-add). The sum is
       kept from ``-unit_limit`` to ``unit_limit``. Then comes the layer's activation.
    3. Of several members, the output units become a sum: from 0 on, for each member in order, what its unit gives times
       ``1 / members``.
    4. ``output`` is the function of the output units: softmax of all of them together, after their maximum has been
       subtracted, sigmoid of each, or linear, which is none. Where the answer is monotone in inputs, softmax is the
       sigmoid of what its unit is above the other.
    5. With ``outputs``, each output ``y`` becomes ``y / scale + mean``, kept within the finite numbers; ``mean`` where
       the scale is 0.

    With ReLU and a linear output that gives each answer to the last bit. Other functions have exponentials in them, of
    which those of other libraries differ from the engine's in the last bits.

    Attributes
    ----------
    kind : {"classifier", "regressor"}
        What the network answers. A classifier's class is the first of its greatest outputs.
    inputs : Scaling or None
        Of the inputs; None before the first training, unless the answer is monotone in some.
    input_limit : float
        Bound of a scaled input.
    members : tuple of tuple of Layer
        The layers of each member, in order.
    unit_limit : float
        Bound of what a unit sums up.
    output : {"softmax", "sigmoid", "linear"}
        The function of the output units.
    monotone : bool
        Whether the answer is monotone in inputs.
    outputs : Scaling or None
        Of a regressor's outputs; None where they are not scaled.
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
    """Return a description of fields as the engine gives them."""

    def scaling(name: str) -> Scaling | None:
        return None if fields[name] is None else Scaling(**fields[name])

    members = tuple(tuple(Layer(**layer) for layer in layers) for layers in fields["members"])
    return Description(**{**fields, "inputs": scaling("inputs"), "outputs": scaling("outputs"), "members": members})


def stacked(description: Description) -> list[list[NDArray[np.float32]]]:
    """Return the layers of each member, biases in the first row of each."""
    return [[np.vstack([layer.biases, layer.weights]) for layer in layers] for layers in description.members]


def folded(description: Description) -> list[NDArray[np.float64]]:
    """Return the layers of one network that answers what the members answer, biases in the first row of each."""
    depth = len(description.members[0])
    of_members = ([member[at] for member in description.members] for at in range(depth))
    layers = [_merged(each, first=at == 0, last=at == depth - 1) for at, each in enumerate(of_members)]
    if description.inputs is not None:
        mean, scale = (values.astype(np.float64) for values in (description.inputs.mean, description.inputs.scale))
        layers[0][1:] *= scale[:, None]
        layers[0][0] -= mean @ layers[0][1:]
    if description.outputs is not None and description.output == "linear":
        mean, scale = (values.astype(np.float64) for values in (description.outputs.mean, description.outputs.scale))
        # An output that is constant is its mean, whatever the weights.
        layers[-1] *= np.divide(1, scale, out=np.zeros_like(scale), where=scale != 0)
        layers[-1][0] += mean
    return layers


def _merged(each: list[Layer], *, first: bool, last: bool) -> NDArray[np.float64]:
    """Return the members' layers as one: all see the inputs, then each its own units, and outputs are averaged."""
    members, (inputs, outputs) = len(each), each[0].weights.shape
    merged = np.zeros((1 + inputs * (1 if first else members), outputs * (1 if last else members)))
    share = 1 / members if last else 1.0
    for at, layer in enumerate(each):
        row, column = 1 if first else 1 + at * inputs, 0 if last else at * outputs
        merged[0, column : column + outputs] += share * layer.biases.astype(np.float64)
        merged[row : row + inputs, column : column + outputs] += share * layer.weights.astype(np.float64)
    return merged


def flat(weights: Any, like: list[list[NDArray[np.float32]]]) -> NDArray[Any]:
    """Return an array for each layer of each member in a row, if their shapes are those of others."""
    given = [list(layers) for layers in weights]
    counts, expected = ([len(layers) for layers in members] for members in (given, like))
    if counts != expected:
        raise ShapeError(f"weights have members of {counts} layers: expected {expected}")
    arrays = []
    for member, layers in enumerate(given):
        for at, layer in enumerate(layers):
            where, expected_shape = f"weights of member {member}, layer {at}", like[member][at].shape
            try:
                shape = np.shape(layer)
            except ValueError as error:
                raise ShapeError(f"{where} are no array: expected the shape {expected_shape}") from error
            if shape != expected_shape:
                raise ShapeError(f"{where} have the shape {shape}: expected {expected_shape}")
            arrays.append(np.ravel(layer))
    return np.concatenate(arrays)
