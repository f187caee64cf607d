"""Write an ONNX graph for programs that read ONNX 1.8: operator set 13, or 14 for GRU cells."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neuralredis.exceptions import OptionError
from neuralredis.export.intermediate import Exported, GruCells, GruWeights, LayerWeights, ReservoirUnits, SequenceView
from neuralredis.export.onnx_fields import NOTHING, Inputs, given, inputs_of, width
from neuralredis.export.onnx_graph import FLOAT, INT64, STRING, Graph
from neuralredis.export.packing import unpacked
from neuralredis.export.refusals import only_known
from neuralredis.export.reservoir import input_weights

__all__ = ["files"]

#: Names of the inputs and outputs that are not fields.
ROWS, STATE, NEXT_STATE = "rows", "state", "next_state"
#: Scaled inputs of a cell are clipped to ±10.
MOST_EVENT_INPUT = 10.0


def files(exported: Exported, path: Path) -> Mapping[Path, bytes]:
    """Return one model.

    Raises
    ------
    OptionError
        If a field is text, a name is not valid UTF-8, or a layer or cell is not supported.
    """
    only_known(exported, "ONNX")
    sequence = exported["sequence"]
    own = (exported["fields"] if sequence is None else sequence["fields"]) or []
    for field in own:
        if any("\ud800" <= letter <= "\udfff" for letter in field["name"]):
            raise OptionError(f"field {field['name']!r}: expected a name in UTF-8, for ONNX")
        if field["kind"] == "text":
            raise OptionError(f"field {field['name']!r} is text, which ONNX cannot split into words: use the format js")
    graph = Graph([name for field in own for name in (field["name"], f"{field['name']} (word)")])
    level = None
    if sequence is not None:
        units, level = _of_sequence(graph, exported, sequence)
    elif exported["fields"] is None:
        columns = exported["computed"]
        found = Inputs()
        rows = graph.input(ROWS, FLOAT, "rows", columns)
        found.add(0, rows, graph.constant([[1]]), columns)
        units = _layers(graph, exported, found)
    else:
        found = Inputs()
        for field in exported["fields"]:
            inputs_of(graph, found, field, given(graph, field), field.get("numbers", []), exported["layout"][0])
        units = _layers(graph, exported, found)
    _answer(graph, exported, units, level)
    proof = {"proof": json.dumps(exported["proof"]), "made_by": exported["made_by"], "kind": exported["kind"]}
    if sequence is not None:
        proof["length"] = str(sequence["length"])
    text = f"a {exported['kind']} of {exported['made_by']}"
    return {path: graph.model(exported["kind"], text, {f"neuralredis.{key}": value for key, value in proof.items()})}


def _layers(graph: Graph, exported: Exported, found: Inputs) -> list[str]:
    """Add the layers of all members, and return the output units of each, before the head's activation."""
    mean, scale = (None, None) if exported["input_scaling"] is None else _scaling(exported["input_scaling"])
    x = found.scaled(graph, mean, scale, exported["input_limit"] if mean is not None else np.inf)
    members, limit = exported["members"], float(exported["unit_limit"])
    if "offset" in members[0][0]:
        # The input of each member is the hidden state of its own cell.
        parts = [(member[0]["offset"], member[0]["offset"] + member[0]["inputs"]) for member in members]
        given = [graph.columns(x, *part) for part in parts]
        each = [_dense(graph, own, member[0], limit) for own, member in zip(given, members, strict=True)]
    else:
        first = [_packed(member[0]) for member in members]
        # All members have the same inputs: their first layers are computed as one.
        sums = found.weighed(graph, x, *(np.concatenate(each, axis=-1) for each in zip(*first, strict=True)))
        values = _activated(graph, members[0][0]["activation"], graph.add("Clip", sums, -limit, limit))
        units = members[0][0]["outputs"]
        each = [values]
        if len(members) > 1:
            parts_of = graph.constant([units] * len(members), np.int64)
            each = graph.add_many("Split", len(members), values, parts_of, axis=1)
    for at, member in enumerate(members):
        for layer in member[1:]:
            each[at] = _dense(graph, each[at], layer, limit)
    return each


def _dense(graph: Graph, values: str, layer: LayerWeights, limit: float) -> str:
    sums = graph.add("Clip", graph.add("Gemm", values, *_packed(layer)), -limit, limit)
    return _activated(graph, layer["activation"], sums)


def _packed(layer: Any) -> tuple[Any, Any]:
    return unpacked(layer["weights"], layer["inputs"], layer["outputs"]), unpacked(layer["biases"])


def _scaling(packed: Any) -> tuple[Any, Any]:
    return unpacked(packed["mean"]), unpacked(packed["scale"])


def _activated(graph: Graph, activation: str | None, sums: str) -> str:
    operators = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}
    return sums if activation is None else graph.add(operators[activation], sums)


def _answer(graph: Graph, exported: Exported, units: list[str], level: str | None) -> None:
    """Add the mean of the members, the head's activation and the scaling, and the outputs of the graph."""
    y = units[0] if len(units) == 1 else graph.add("Mul", graph.add("Sum", *units), 1 / len(units))
    if exported["head"] == "two_class":
        apart = graph.add("Sub", graph.columns(y, 1, 2), graph.columns(y, 0, 1))
        y = graph.add("Sigmoid", graph.side_by_side([graph.add("Neg", apart), apart]))
    elif exported["head"] == "softmax":
        y = graph.add("Softmax", y, axis=1)
    elif exported["head"] == "sigmoid":
        y = graph.add("Sigmoid", y)
    if exported["output_scaling"] is not None:
        mean, scale = _scaling(exported["output_scaling"])
        constant = scale == 0
        y = graph.add("Add", graph.add("Div", y, np.where(constant, 1, scale)), mean)
        if constant.any():
            y = graph.add("Where", graph.constant(constant, np.bool_), mean, y)
    if level is not None:
        y = graph.add("Add", y, level)
    answers = exported["answers"]
    if answers < exported["layout"][-1]:
        y = graph.columns(y, 0, answers)
    if exported["kind"] == "classifier":
        at, classes = _class(graph, exported, y), exported["classes"]
        if classes is None:
            graph.output(at, "class", INT64, "rows")
        else:
            # ONNX strings are UTF-8; invalid bytes are replaced.
            names = [name.encode("utf-8", "replace").decode() for name in classes]
            labels = {"keys_int64s": list(range(len(names))), "values_strings": names, "default_string": ""}
            graph.output(graph.add("LabelEncoder", at, domain="ai.onnx.ml", **labels), "class", STRING, "rows")
    graph.output(y, "probabilities" if exported["kind"] == "classifier" else "outputs", FLOAT, "rows", answers)


def _class(graph: Graph, exported: Exported, y: str) -> str:
    """Add what makes the number of a class of the outputs."""
    if "threshold" not in exported:
        return graph.add("ArgMax", y, axis=1, keepdims=0)
    beyond = graph.add("Sub", graph.columns(y, 1, 2), exported["threshold"])
    # The second of equals: at the threshold the second class is answered.
    either = graph.side_by_side([graph.add("Neg", beyond), beyond])
    return graph.add("ArgMax", either, axis=1, keepdims=0, select_last_index=1)


def _of_sequence(graph: Graph, exported: Exported, view: SequenceView) -> tuple[list[str], str | None]:
    """Add a step, from an event and a state, initially zeros, to the outputs and the next state.

    The state contains the packed values of the last events, the latest first, and then the state of the cell.
    """
    fields, cell = view["fields"], view["cell"]
    widths = [width(field) for field in fields]
    event = [given(graph, field) for field in fields]
    window, each = view["window"], sum(widths)
    size = window * each + _state_of(view)
    state = graph.input(_free(graph, STATE), FLOAT, "rows", size)
    lags = [event]
    for lag in range(window - 1):
        ends = [lag * each, *(lag * each + np.cumsum(widths)).tolist()]
        lags.append([graph.columns(state, first, end) for first, end in itertools.pairwise(ends)])
    found, next_state, level = Inputs(), [value for values in lags for value in values][: window * len(fields)], None
    if view["series"]:
        level = _level(graph, lags, view["next"] or 0)
    seen = exported["fields"] or []
    for field in seen:
        if "lag" in field:
            own = {**fields[field["event_field"]], **field}
            value = lags[field["lag"]][field["event_field"]]
            inputs_of(graph, found, own, value, field.get("numbers", []), exported["layout"][0])  # type: ignore[arg-type]
    if cell is not None:
        memory = graph.columns(state, window * each, size)
        if cell["kind"] == "gru":
            numbers, remembered = _gru(graph, view, cell, event, memory)
        else:
            numbers, remembered = _reservoir(graph, view, cell, event, memory)
        found.add(seen[-1]["computed"], numbers, graph.constant([[1]]), seen[-1]["length"])
        next_state.append(remembered)
    graph.output(graph.side_by_side(next_state), NEXT_STATE, FLOAT, "rows", size)
    return _layers(graph, exported, found), level


def _free(graph: Graph, name: str) -> str:
    while name in graph.taken:
        name += "_"
    graph.taken.add(name)
    return name


def _level(graph: Graph, lags: list[list[str]], at: int) -> str:
    """Subtract the last number of a series from those before it, and return the last number, 0 for a missing one."""
    last = lags[0][at]
    number, present = graph.columns(last, 0, 1), graph.columns(last, 1, 2)
    far = float(np.finfo(np.float32).max)
    for lag in range(1, len(lags)):
        own, there = graph.columns(lags[lag][at], 0, 1), graph.columns(lags[lag][at], 1, 2)
        both = graph.add("Mul", there, present)
        apart = graph.add("Clip", graph.add("Sub", own, number), -far, far)
        lags[lag] = [*lags[lag][:at], graph.side_by_side([graph.add("Mul", apart, both), both]), *lags[lag][at + 1 :]]
    return graph.add("Mul", number, present)


def _state_of(view: SequenceView) -> int:
    """Return the number of values in a cell's state."""
    cell = view["cell"]
    if cell is None:
        return 0
    if cell["kind"] == "reservoir":
        return 3 * cell["units"] + 1
    units = cell["units"] * len(cell["members"])
    return units if view["next"] is not None else 2 * units + 1


def _event_inputs(graph: Graph, view: SequenceView, event: list[str], known: int) -> tuple[Inputs, str]:
    """Add the inputs of an event for a cell with weights for ``known`` inputs; return them, and the scaled ones."""
    inputs = Inputs()
    for field, value in zip(view["fields"], event, strict=True):
        plain = {**field, "knots": ""} if "knots" in field else field
        inputs_of(graph, inputs, plain, value, field.get("numbers", []), known)
    mean, scale = (None, None) if view["scaling"] is None else _scaling(view["scaling"])
    return inputs, inputs.scaled(graph, mean, scale, MOST_EVENT_INPUT)


def _gru(graph: Graph, view: SequenceView, cell: GruCells, event: list[str], memory: str) -> tuple[str, str]:
    """Add the GRU cells of all members; return the inputs of the layers, and the cells' next state."""
    units, members = cell["units"], cell["members"]
    inputs, scaled = _event_inputs(graph, view, event, cell["inputs"])
    values, numbers = inputs.dense(graph, scaled)
    first = graph.constant([0], np.int64)
    values = graph.add("Unsqueeze", values, first)
    hidden = []
    for at, weights in enumerate(members):
        before = graph.add("Unsqueeze", graph.columns(memory, at * units, (at + 1) * units), first)
        parameters = _of_onnx(weights, cell, numbers)
        _, last = graph.add_many("GRU", 2, values, *parameters, "", before, hidden_size=units, linear_before_reset=1)
        hidden.append(graph.add("Squeeze", last, first))
    if view["next"] is not None:
        return graph.side_by_side(hidden), graph.side_by_side(hidden)
    of_all, end = len(members) * units, 2 * len(members) * units
    total = graph.add("Add", graph.columns(memory, of_all, end), graph.side_by_side(hidden))
    events = graph.add("Add", graph.columns(memory, end, end + 1), 1)
    mean = graph.add("Div", total, events)
    means = [graph.columns(mean, at * units, (at + 1) * units) for at in range(len(members))]
    features = [part for pair in zip(hidden, means, strict=True) for part in pair]
    return graph.side_by_side(features), graph.side_by_side([*hidden, total, events])


def _of_onnx(weights: GruWeights, cell: GruCells, numbers: list[int]) -> list[Any]:
    """Return ONNX's tensors W, R and B: a row for each unit of z, r and h, after an axis of one direction.

    In ONNX the gate z is the share of the hidden state that stays, which is 1 - z here. So its parameters change their
    signs.
    """
    units = cell["units"]
    sign = np.repeat(np.array([-1, 1, 1], dtype=np.float32), units)
    input_weights = unpacked(weights["input_weights"], cell["inputs"], 3 * units)
    # An input with the number `NOTHING` has no weights.
    of_rows = np.where(np.array(numbers)[:, None] == NOTHING, 0, input_weights[numbers])
    hidden_weights = unpacked(weights["hidden_weights"], units, 3 * units)
    biases = [sign * unpacked(weights["input_biases"]), sign * unpacked(weights["hidden_biases"])]
    return [(of_rows * sign).T[None], (hidden_weights * sign).T[None], np.concatenate(biases)[None]]


def _reservoir(
    graph: Graph, view: SequenceView, cell: ReservoirUnits, event: list[str], memory: str
) -> tuple[str, str]:
    """Add an update of a reservoir by an event; return the inputs of the layers, and the reservoir's next state."""
    units = cell["units"]
    inputs, scaled = _event_inputs(graph, view, event, view["inputs"])
    x = graph.add("Mul", scaled, cell["factor"])
    weights = input_weights(int(cell["seed"]), units, range(view["inputs"]))
    sums = inputs.weighed(graph, x, weights, unpacked(cell["biases"]))
    hidden, total, most = (graph.columns(memory, at * units, (at + 1) * units) for at in range(3))
    count = graph.columns(memory, 3 * units, 3 * units + 1)
    before = graph.side_by_side([graph.columns(hidden, units - 1, units), graph.columns(hidden, 0, units - 1)])
    sums = graph.add("Add", sums, graph.add("Mul", before, unpacked(cell["from_before"])[None]))
    apart = graph.add("Sub", graph.add("Tanh", sums), hidden)
    hidden = graph.add("Add", hidden, graph.add("Mul", apart, unpacked(cell["leaks"])[None]))
    total, events = graph.add("Add", total, hidden), graph.add("Add", count, 1)
    most = graph.add("Where", graph.add("Equal", count, 0), hidden, graph.add("Max", most, hidden))
    remembered = graph.side_by_side([hidden, total, most, events])
    if view["next"] is not None:
        return hidden, remembered
    return graph.side_by_side([hidden, graph.add("Div", total, events), most]), remembered
