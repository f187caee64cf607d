"""Describe a network in the intermediate representation from which every format is generated.

It is plain data that JSON can represent: ``docs/export-format.md`` documents each key, in the order of the
computation. It contains none of the network's rows: the rows that test an export are synthetic.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import numpy as np

from neuralredis import _core
from neuralredis.exceptions import TrainingError
from neuralredis.export.packing import bits, packed
from neuralredis.export.proof import made_up

if TYPE_CHECKING:
    from neuralredis.network import Network

__all__ = [
    "FORMAT",
    "THRESHOLD_VERSION",
    "VERSION",
    "Exported",
    "FieldInputs",
    "GruCells",
    "GruWeights",
    "LayerWeights",
    "Proof",
    "ReservoirUnits",
    "ScalingNumbers",
    "SequenceView",
    "intermediate",
]

FORMAT = "neuralredis network"
#: Of networks with a threshold, by which a reader of version 1 would not go, and of all others.
THRESHOLD_VERSION, VERSION = 2, 1


class ScalingNumbers(TypedDict):
    """The packed means and scales of columns, applied as ``(value - mean) * scale``."""

    mean: str
    scale: str


class _LayerPart(TypedDict, total=False):
    #: The index of the layer's first input; only in first layers of networks with GRU cells.
    offset: int


class LayerWeights(_LayerPart):
    """A layer with packed biases, and packed weights of shape (inputs, outputs) in row-major order."""

    kind: Literal["dense"]
    inputs: int
    outputs: int
    biases: str
    weights: str
    activation: Literal["relu", "tanh", "sigmoid"] | None


class FieldInputs(TypedDict, total=False):
    """A field and its inputs. Keys that do not apply to its kind are left out."""

    name: str
    kind: Literal["auto", "number", "category", "flag", "time", "text", "tags", "vector"]
    computed: int
    gap: int
    #: Of the kinds number and auto.
    knots: str
    #: Of the kinds category, auto and tags; the fields of a sequence network have those of the field of events.
    words: list[str]
    numbers: list[int]
    #: Of the kind text.
    buckets: int
    #: Of the kind vector.
    length: int
    #: In a sequence network: which field of which event, counted back from the last one, which is 0.
    event_field: int
    lag: int


class ReservoirUnits(TypedDict):
    """A reservoir of units with fixed weights; `neuralredis.export.reservoir` computes the input weights."""

    kind: Literal["reservoir"]
    units: int
    #: Below 2**64, as a string: many programs read JSON's numbers as doubles.
    seed: str
    biases: str
    leaks: str
    from_before: str
    factor: float


class GruWeights(TypedDict):
    """The packed parameters of a cell: in each row those of the gates z, r and n, one after the other."""

    #: One row per input of an event.
    input_biases: str
    input_weights: str
    #: One row per unit.
    hidden_biases: str
    hidden_weights: str


class GruCells(TypedDict):
    """A GRU cell for each member."""

    kind: Literal["gru"]
    units: int
    #: The number of inputs of an event that have weights: words with higher indices count as unknown.
    inputs: int
    members: list[GruWeights]


class SequenceView(TypedDict):
    """How a sequence network computes its inputs from the events of a sequence."""

    length: int
    by_position: bool
    #: The fields of events.
    fields: list[FieldInputs]
    computed: int
    inputs: int
    scaling: ScalingNumbers | None
    window: int
    cell: ReservoirUnits | GruCells | None
    next: int | None
    series: bool


class Proof(TypedDict, total=False):
    """A synthetic row or sequence, and the bits of the network's outputs."""

    row: Any
    events: list[Any]
    answer: list[str]


class _Always(TypedDict):
    """What every export has."""

    format: str
    version: int
    made_by: str
    kind: Literal["classifier", "regressor"]
    layout: list[int]
    computed: int
    fields: list[FieldInputs] | None
    sequence: SequenceView | None
    input_scaling: ScalingNumbers | None
    input_limit: float
    members: list[list[LayerWeights]]
    unit_limit: float
    head: Literal["softmax", "sigmoid", "linear", "two_class"]
    output_scaling: ScalingNumbers | None
    answers: int
    classes: list[str] | None
    targets: list[str] | None
    proof: list[Proof]


class Exported(_Always, total=False):
    """All that the answers of a network follow from."""

    #: Of version 2 alone: a number of single precision.
    threshold: float


def intermediate(network: Network) -> Exported:
    """Return all that determines a network's outputs, and synthetic rows with their outputs.

    Parameters
    ----------
    network : Network or SequenceNetwork
        A network of rows by position, of rows with fields, or of sequences.

    Returns
    -------
    dict
        See ``docs/export-format.md``. The same network gives the same dictionary.

    Raises
    ------
    TrainingError
        If a classifier with fields has observed no class yet.

    Examples
    --------
    >>> import neuralredis as nr
    >>> found = intermediate(nr.Network("classifier", [9, 15, 2], seed=1))
    >>> found["layout"], found["head"], len(found["members"][0]), len(found["proof"])
    ([9, 15, 2], 'softmax', 2, 12)
    """
    # The description and the outputs have to agree, even if another thread trains the network meanwhile.
    network = copy.copy(network)
    found = _core.described(network)
    described, names = found["description"], found["names"]
    targets, classes = (None, None) if names is None else (list(names[0]), list(names[1]))
    is_classifier = described["kind"] == "classifier"
    layout = [int(units) for units in found["layout"]]
    if is_classifier and classes is not None and not classes:
        raise TrainingError("the network has seen no class yet: observe some rows, and train, before it is exported")
    fields, sequences = found["fields"], found["sequences"]
    # Networks of events by position call their classes by numbers, and so do their exports.
    is_named = sequences is None or not sequences["by_position"]
    exported: Exported = {
        "format": FORMAT,
        "version": VERSION,
        "made_by": f"neuralredis {_core.__version__}",
        "kind": described["kind"],
        "layout": layout,
        "computed": layout[0] if fields is None else fields["computed"],
        "fields": None if fields is None else _fields(fields, sequences),
        "sequence": None if sequences is None else _sequence(sequences, described["kind"], len(described["members"])),
        "input_scaling": _scaling(described["inputs"]),
        "input_limit": float(described["input_limit"]),
        "members": [[_layer(layer) for layer in member] for member in described["members"]],
        "unit_limit": float(described["unit_limit"]),
        "head": "two_class" if described["monotone"] and described["output"] == "softmax" else described["output"],
        "output_scaling": _scaling(described["outputs"]),
        "answers": len(classes) if is_classifier and classes is not None else layout[-1],
        "classes": classes if is_classifier and is_named else None,
        "targets": targets,
        "proof": [],
    }
    if sequences is not None and sequences["gru"] is not None:
        exported.update(_own_parts(exported, described, sequences))  # type: ignore[typeddict-item]
    if (threshold := network.info().threshold) != 0.5:
        exported["version"], exported["threshold"] = THRESHOLD_VERSION, float(np.float32(threshold))
    rows = made_up(exported)
    # With a single target, each output is a number.
    answers = np.reshape(network.run(rows), (len(rows), -1))
    row: Literal["events", "row"] = "row" if sequences is None else "events"
    exported["proof"] = [
        {row: given, "answer": bits(answer)}  # type: ignore[misc]
        for given, answer in zip(rows, answers, strict=True)
    ]
    return exported


def _scaling(scaling: dict[str, Any] | None) -> ScalingNumbers | None:
    return None if scaling is None else {"mean": packed(scaling["mean"]), "scale": packed(scaling["scale"])}


def _layer(layer: dict[str, Any]) -> LayerWeights:
    inputs, outputs = layer["weights"].shape
    return {
        "kind": layer["kind"],
        "inputs": inputs,
        "outputs": outputs,
        "biases": packed(layer["biases"]),
        "weights": packed(layer["weights"]),
        "activation": layer["activation"],
    }


def _fields(described: dict[str, Any], sequences: dict[str, Any] | None) -> list[FieldInputs]:
    if sequences is None:
        return [_field(field, described["inputs"]) for field in described["fields"]]
    fields = [_field(field, None) for field in described["fields"]]
    each = len(sequences["events"]["fields"])
    for at, field in enumerate(fields[: each * sequences["window"]]):
        field.pop("words", None)
        field["event_field"], field["lag"] = at % each, at // each
    return fields


def _field(field: dict[str, Any], inputs: int | None) -> FieldInputs:
    kind = field["kind"]
    found: FieldInputs = {"name": field["name"], "kind": kind, "computed": field["computed"], "gap": field["gap"]}
    if kind in ("number", "auto"):
        found["knots"] = packed(field["knots"])
    if kind in ("category", "auto", "tags"):
        words = list(zip(field["words"], field["numbers"], strict=True))
        # A word first seen after the last training counts as unknown. Unknown tags are counted one by one.
        if inputs is not None and kind != "tags":
            words = [(word, number) for word, number in words if number < inputs]
        found["words"], found["numbers"] = [word for word, _ in words], [number for _, number in words]
    if kind == "text":
        found["buckets"] = field["number"]
    if kind == "vector":
        found["length"] = field["number"]
    return found


def _own_parts(exported: Exported, described: dict[str, Any], sequences: dict[str, Any]) -> dict[str, Any]:
    """Return what changes where each member reads the hidden state of its own cell alone.

    The engine's rows have a part for the cell of each member that there could be. The first layer of a member has
    weights of 0 for the parts of the others. Before the first training all parts are 0, whatever the weights.
    """
    [state] = exported["fields"] or []
    each = state["length"] // sequences["gru"]["parts"]
    members, inputs, layers = described["members"], described["inputs"], []
    for at, (first, *others) in enumerate(members):
        own = _layer({**first, "weights": first["weights"][at * each : (at + 1) * each]})
        layers.append([{**own, "offset": at * each}, *map(_layer, others)])
    count = each * len(members)
    return {
        "layout": [count, *exported["layout"][1:]],
        "computed": count,
        "fields": [{**state, "length": count, "gap": count}],
        "input_scaling": inputs and _scaling({name: values[:count] for name, values in inputs.items()}),
        "members": layers,
    }


def _gru(described: dict[str, Any], members: int) -> GruCells:
    units, inputs, cells = described["units"], described["inputs"], described["cells"]
    if not cells:
        # A cell whose parameters are all 0 holds 0 after any event, as the network does before its first training.
        rows = {"input_biases": 1, "input_weights": inputs, "hidden_biases": 1, "hidden_weights": units}
        cells = [{name: np.zeros(count * 3 * units) for name, count in rows.items()}] * members
    packed_cells = [{name: packed(values) for name, values in cell.items()} for cell in cells]
    return {"kind": "gru", "units": units, "inputs": inputs, "members": packed_cells}  # type: ignore[typeddict-item]


def _sequence(described: dict[str, Any], kind: str, members: int) -> SequenceView:
    reservoir, events = described["reservoir"], described["events"]
    cell: ReservoirUnits | GruCells | None = None
    if described["gru"] is not None:
        cell = _gru(described["gru"], members)
    if reservoir is not None:
        cell = {
            "kind": "reservoir",
            "units": len(reservoir["biases"]),
            "seed": str(reservoir["seed"]),
            "biases": packed(reservoir["biases"]),
            "leaks": packed(reservoir["leaks"]),
            "from_before": packed(reservoir["from_before"]),
            "factor": float(reservoir["factor"]),
        }
    return {
        "length": described["length"],
        "by_position": described["by_position"],
        "fields": [_field(field, None) for field in events["fields"]],
        "computed": events["computed"],
        "inputs": events["inputs"],
        "scaling": _scaling(described["scaling"]),
        "window": described["window"],
        "cell": cell,
        "next": described["next"],
        "series": described["next"] is not None and kind == "regressor",
    }
