"""Complete descriptions of networks, to compute their predictions elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neuralredis.exceptions import ShapeError
from neuralredis.options import Kind

__all__ = [
    "Description",
    "FieldInputs",
    "GruCells",
    "GruWeights",
    "Layer",
    "ReservoirUnits",
    "RowInputs",
    "Scaling",
    "SequenceView",
]


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
class FieldInputs:
    """A field, and the numbers of the inputs that it has.

    Attributes
    ----------
    name : str
        Of the field.
    kind : str
        "number", "category", "auto", "flag", "time", "text", "tags" or "vector".
    number : int or None
        What the kind is declared with: the length of a vector, the buckets of a text, the words that there may be.
    computed : int
        The first of its computed inputs.
    gap : int
        The input that says that there is a gap. The next one stands for another word, or is the first bucket of a text.
    knots : numpy.ndarray of float32
        Numbers between which the place of a number lies. Without any, each number has the place 0.
    words : dict of str to int
        The input of each word.
    """

    name: str
    kind: str
    number: int | None
    computed: int
    gap: int
    knots: NDArray[np.float32]
    words: dict[str, int]


@dataclass(frozen=True, kw_only=True, eq=False)
class RowInputs:
    """How inputs follow from fields.

    The format of exports, ``docs/export-format.md``, says how each kind of field becomes inputs, and in which order.

    Attributes
    ----------
    computed : int
        Inputs that each row has a number for. The others are looked up: a row has a few of them, with a value each.
    inputs : int
        Inputs that there are weights for. A word whose input has a higher number is taken for another word.
    fields : tuple of FieldInputs
        In their order.
    """

    computed: int
    inputs: int
    fields: tuple[FieldInputs, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class ReservoirUnits:
    """A reservoir: fixed units; ``docs/export-format.md`` has the equations.

    Attributes
    ----------
    seed : int
        Of the weights of inputs, which are the numbers of a stream for each input.
    biases, leaks, from_before : numpy.ndarray of float32, shape (units,)
        Biases, how fast units forget, and the weights of the unit before.
    factor : float
        What computed inputs are multiplied by.
    """

    seed: int
    biases: NDArray[np.float32]
    leaks: NDArray[np.float32]
    from_before: NDArray[np.float32]
    factor: float


@dataclass(frozen=True, kw_only=True, eq=False)
class GruWeights:
    """The parameters of a GRU cell, those of the gates z, r and n along the axis of length 3.

    Attributes
    ----------
    input_biases : numpy.ndarray of float32, shape (3, units)
        What the sums over an event begin with.
    input_weights : numpy.ndarray of float32, shape (inputs, 3, units)
        Of the inputs of an event.
    hidden_biases : numpy.ndarray of float32, shape (3, units)
        What the sums over the hidden state begin with.
    hidden_weights : numpy.ndarray of float32, shape (units, 3, units)
        Of the hidden state.
    """

    input_biases: NDArray[np.float32]
    input_weights: NDArray[np.float32]
    hidden_biases: NDArray[np.float32]
    hidden_weights: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class GruCells:
    """The GRU cells of a network, one for each member: K. Cho and others, EMNLP 2014.

    A hidden state h is 0 before the first event. All arithmetic is in single precision, each operation rounded once.
    For each event:

    1. A computed input x becomes ``(x - mean) * scale`` by the scaling of events, kept from -10 to 10, and 0 of a gap.
    2. Sums a begin with ``input_biases``. The computed inputs in order, times their weights, are added, product and sum
       rounded together. Sums are kept from ``-unit_limit`` to ``unit_limit``. What is looked up is added in the same
       way, value times weight, and the sums are kept within the bounds again.
    3. Sums b begin with ``hidden_biases``, and h times ``hidden_weights`` is added likewise.
    4. ``z = sigmoid(a + b)`` and ``r = sigmoid(a + b)``, each of its own gate, ``n = tanh(a + r * b)``, and h becomes
       ``h + z * (n - h)``.

    The field of the hidden state has ``parts`` parts of the same length. The cell of member m fills the part m, and the
    others are 0. A part is h. Where no field of the events is the target, the mean of h over all events comes after it:
    the sum from 0 on of h after each event, divided by the number of events, which is taken as 1 if there are none.
    Each member's first layer has weights of 0 for the parts of other members.

    Attributes
    ----------
    units : int
        Numbers of a hidden state.
    parts : int
        Parts of the field of the hidden state.
    inputs : int
        Inputs of an event that there are weights for. A word whose input has a higher number is taken for another word.
    cells : tuple of GruWeights
        One for each member; none before the first training, when all parts are 0.
    """

    units: int
    parts: int
    inputs: int
    cells: tuple[GruWeights, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class SequenceView:
    """How a row of fields follows from a sequence of events.

    The fields of the row are those of the last event, of the one before it and so on, ``window`` times, and one more,
    ``state``, if there is a cell.

    Attributes
    ----------
    events : RowInputs
        The fields of an event, with the inputs of a cell.
    scaling : Scaling or None
        Of the computed inputs of events, for a cell; None before the first training.
    by_position : bool
        Whether an event is a list of numbers: the values of one field, a vector.
    length : int
        Events that count: the last so many.
    window : int
        How many of the last events are in the row.
    next : int or None
        The field of events that is the target. Of a number, answers are differences from the last number.
    reservoir : ReservoirUnits or None
        The reservoir, if there is one.
    gru : GruCells or None
        The GRU cells, if there are any.
    """

    events: RowInputs
    scaling: Scaling | None
    by_position: bool
    length: int
    window: int
    next: int | None
    reservoir: ReservoirUnits | None
    gru: GruCells | None


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

    With fields, ``x`` are the computed inputs of `RowInputs`. Inputs that are looked up follow in the sums of the first
    layer, each value times its weight, after which the sums are clamped again.

    With ReLU and a linear output, predictions are reproduced to the last bit. Other activations use exponentials,
    which differ between libraries in the last bits.

    Attributes
    ----------
    kind : {"classifier", "regressor"}
        The kind of network. The predicted class of a classifier is the first of its greatest outputs, unless it has a
        ``threshold``, which is not part of the description.
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
    fields : RowInputs or None
        How inputs are computed from fields; None if rows are the inputs.
    sequences : SequenceView or None
        How a row is computed from a sequence; None if the network takes rows.
    """

    kind: Kind
    inputs: Scaling | None
    input_limit: float
    members: tuple[tuple[Layer, ...], ...]
    unit_limit: float
    output: Literal["softmax", "sigmoid", "linear"]
    monotone: bool
    outputs: Scaling | None
    fields: RowInputs | None
    sequences: SequenceView | None


def description_of(found: dict[str, Any]) -> Description:
    """Return a description from the engine's dict."""
    given, fields, sequences = found["description"], found["fields"], found["sequences"]
    own = {
        **given,
        "inputs": _scaling(given["inputs"]),
        "outputs": _scaling(given["outputs"]),
        "members": tuple(tuple(Layer(**layer) for layer in layers) for layers in given["members"]),
        "fields": None if fields is None else _row_inputs(fields),
        "sequences": None if sequences is None else _sequence_view(sequences),
    }
    return Description(**own)


def _scaling(given: dict[str, Any] | None) -> Scaling | None:
    return None if given is None else Scaling(**given)


def _row_inputs(given: dict[str, Any]) -> RowInputs:
    def field(own: dict[str, Any]) -> FieldInputs:
        words = dict(zip(own["words"], own["numbers"], strict=True))
        return FieldInputs(**{name: value for name, value in own.items() if name != "numbers"} | {"words": words})

    return RowInputs(**{**given, "fields": tuple(map(field, given["fields"]))})


def _sequence_view(given: dict[str, Any]) -> SequenceView:
    reservoir, gru = given["reservoir"], given["gru"]
    if gru is not None:
        gru = GruCells(**{**gru, "cells": tuple(GruWeights(**cell) for cell in gru["cells"])})
    own = {
        **given,
        "events": _row_inputs(given["events"]),
        "scaling": _scaling(given["scaling"]),
        "reservoir": None if reservoir is None else ReservoirUnits(**reservoir),
        "gru": gru,
    }
    return SequenceView(**own)


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
