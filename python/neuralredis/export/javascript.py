"""Write an ES module, its CommonJS twin and types, which compute the same bits and have no dependencies.

The runtime is assembled from the files in ``javascript``, and contains only the parts that the network needs: a
network without dates has no code for them. JavaScript computes in double precision, in which products of single
precision are exact; ``arithmetic.js`` describes how sums are rounded once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from neuralredis.export.intermediate import Exported, FieldInputs, ScalingNumbers, SequenceView
from neuralredis.export.packing import of_bits, packed
from neuralredis.export.refusals import only_known

__all__ = ["constant", "files", "runtime"]

#: Suffixes of the CommonJS twin and of the type declarations of both, by the suffix of the ES module.
TWINS = {".js": (".cjs", ".d.ts", ".d.cts"), ".mjs": (".cjs", ".d.mts", ".d.cts")}


def files(exported: Exported, path: Path) -> Mapping[Path, str]:
    """Return the ES module, its CommonJS twin, and type declarations for both.

    Raises
    ------
    OptionError
        If the network has a layer or a cell that this format does not support.
    """
    twin, types, twin_types = TWINS.get(path.suffix.lower(), TWINS[".js"])
    body = _body(exported)
    names = ", ".join(_names(exported))
    declared = _types(exported)
    return {
        path: f"{body}export {{ {names} }};\n",
        path.with_suffix(twin): f'"use strict";\n{body}module.exports = {{ {names} }};\n',
        path.with_suffix(types): declared,
        path.with_suffix(twin_types): declared,
    }


def constant(exported: Exported) -> str:
    """Return a module that exports the network as an object, ``network``, for pages with bundled scripts.

    Raises
    ------
    OptionError
        As `files` does.
    """
    return f"{_body(exported)}export const network = {{ {', '.join(_names(exported))} }};\n"


def _body(exported: Exported) -> str:
    return _head(exported) + runtime(exported) + _api(exported)


def runtime(exported: Exported) -> str:
    """Return the code of the runtime that the network needs, without weights and API.

    Raises
    ------
    OptionError
        If the network has a layer or a cell that this format does not support.
    """
    only_known(exported, "JavaScript")
    sequence, fields = exported["sequence"], exported["fields"]
    # Inputs of fields may be gaps, which become 0 even without a scaling.
    parts = ["inputs/plain" if exported["input_scaling"] is None and fields is None else "inputs/scaled"]
    parts += ["outputs/plain" if exported["output_scaling"] is None else "outputs/scaled"]
    parts += ["members/one" if len(exported["members"]) == 1 else "members/several"]
    parts += [f"heads/{exported['head']}", "layers"]
    if exported["kind"] == "classifier" and "threshold" not in exported:
        parts.append("best")
    if sequence is not None:
        parts += _parts_of_sequences(exported, sequence)
    elif fields is not None:
        parts += [*_kinds(fields), "rows"]
    else:
        parts.append("positions")
    parts.append("end")
    activations = sorted(
        {layer["activation"] for member in exported["members"] for layer in member if layer["activation"]}
    )
    first = _with_needs(["arithmetic", *(f"functions/{activation}" for activation in activations)])
    rest = [part for part in _with_needs(parts) if part not in first]
    # The last layer has no activation.
    named = f"const act = {{ {''.join(f'{activation}, ' for activation in activations)}null: x => x }};\n"
    return "".join([*map(_part, first), named, *map(_part, rest)])


def _kinds(fields: Iterable[FieldInputs]) -> list[str]:
    return [f"kinds/{kind}" for kind in sorted({field["kind"] for field in fields})]


def _parts_of_sequences(exported: Exported, sequence: SequenceView) -> list[str]:
    parts, cell = _kinds(sequence["fields"]), sequence["cell"]
    if sequence["by_position"]:
        parts.append("events/position")
    else:
        parts.append("events/single" if len(sequence["fields"]) == 1 else "events/named")
    if cell is not None:
        parts += [f"cells/{cell['kind']}", f"states/{cell['kind']}" if sequence["next"] is None else "states/last"]
        if sequence["window"] and "kinds/vector" not in parts:
            parts.append("kinds/state")
    parts.append("levels/series" if sequence["series"] else "levels/plain")
    if not sequence["window"]:
        parts.append("views/state")
    elif cell is not None:
        parts.append("views/window_and_state")
    else:
        parts.append("views/series" if sequence["series"] else "views/window")
    return [*parts, "sequence", *(["sample"] if _samples(exported) else [])]


#: The parts that each part depends on.
NEEDS = {
    "cells/gru": ("functions/sigmoid", "functions/tanh", "states/extended"),
    "cells/reservoir": ("random", "functions/tanh", "states/extended"),
    "encoded": ("fields",),
    "events/named": ("values",),
    "events/position": ("fields",),
    "events/single": ("values",),
    "functions/exp": ("functions/polynomials",),
    "functions/ln": ("functions/polynomials",),
    "functions/sigmoid": ("functions/exp",),
    "functions/tanh": ("functions/exp",),
    "heads/sigmoid": ("functions/sigmoid",),
    "heads/softmax": ("functions/exp",),
    "heads/two_class": ("functions/sigmoid",),
    "inputs/scaled": ("standardizer",),
    "kinds/auto": ("kinds", "numbers", "places", "words", "finder"),
    "kinds/category": ("kinds", "words", "finder"),
    "kinds/flag": ("kinds",),
    "kinds/number": ("kinds", "numbers", "places"),
    "kinds/state": ("kinds",),
    "kinds/tags": ("kinds", "numbers", "words", "lists", "finder"),
    "kinds/text": ("kinds", "words", "lists", "u64", "functions/ln"),
    "kinds/time": ("kinds", "numbers"),
    "kinds/vector": ("kinds", "numbers"),
    "layers": ("unpack",),
    "outputs/scaled": ("unpack",),
    "random": ("u64",),
    "rows": ("values", "encoded"),
    "sample": ("random",),
    "standardizer": ("unpack",),
    "states/gru": ("states/means",),
    "states/extended": ("standardizer",),
    "states/reservoir": ("states/means",),
    "values": ("fields",),
    "views/series": ("views/fields",),
    "views/window": ("views/fields",),
    "views/window_and_state": ("views/fields",),
    "views/fields": ("encoded",),
}


def _with_needs(parts: Iterable[str]) -> list[str]:
    """Return parts and their dependencies, each once, dependencies first."""
    found: dict[str, None] = {}
    for part in parts:
        found.update(dict.fromkeys([*_with_needs(NEEDS.get(part, ())), part]))
    return list(found)


def _part(name: str) -> str:
    return (resources.files(__package__) / "javascript" / f"{name}.js").read_text(encoding="utf-8")


def _samples(exported: Exported) -> bool:
    """Return whether the network can sample events."""
    sequence = exported["sequence"]
    return (
        sequence is not None
        and sequence["next"] is not None
        and exported["kind"] == "classifier"
        and exported["head"] != "linear"
    )


def _head(exported: Exported) -> str:
    """Return the header, and the constants of this network."""
    title = "-".join(map(str, exported["layout"]))
    exported = _scaled(_in_order_of_entries(exported))
    known: dict[str, Any] = {
        key: value for key, value in exported.items() if key not in ("sequence", "format", "version", "made_by")
    }
    known["proof"] = [
        (proof["row"] if "row" in proof else proof["events"], packed(of_bits(proof["answer"])))
        for proof in exported["proof"]
    ]
    if exported["fields"] is None:
        del known["fields"]
    head = (
        f"// A {exported['kind']} with layers {title}, exported by {exported['made_by']}.\n"
        "// Its outputs equal the network's bit for bit; selfTest() checks this with synthetic rows.\n"
        f"const M = {_literal(known)};\n"
    )
    if exported["sequence"] is not None:
        head += f"const S = {_literal(exported['sequence'])};\n"
    return head


def _in_order_of_entries(exported: Exported) -> Exported:
    """Return the description with fields in the order in which the runtime adds their looked-up inputs."""
    fields, sequence = exported["fields"], exported["sequence"]
    if fields is None:
        return exported
    fields = [fields[at] for at in _order(fields)]
    if sequence is not None:
        order = _order(sequence["fields"])
        fields = [
            {**field, "event_field": order.index(field["event_field"])} if "event_field" in field else field
            for field in fields
        ]
        sequence = {
            **sequence,
            "fields": [sequence["fields"][at] for at in order],
            "next": None if sequence["next"] is None else order.index(sequence["next"]),
        }
    return {**exported, "fields": fields, "sequence": sequence}


def _scaled(exported: Exported) -> Exported:
    """Return the description with a scaling that changes nothing where there is none, except of inputs by position."""
    sequence = exported["sequence"]
    if exported["fields"] is not None and exported["input_scaling"] is None:
        largest = float(np.finfo(np.float32).max)
        exported = {**exported, "input_scaling": _unchanged(exported["computed"]), "input_limit": largest}
    if sequence is not None and sequence["scaling"] is None:
        exported = {**exported, "sequence": {**sequence, "scaling": _unchanged(sequence["computed"])}}
    return exported


def _unchanged(columns: int) -> ScalingNumbers:
    return {"mean": packed(np.zeros(columns)), "scale": packed(np.ones(columns))}


def _order(fields: Sequence[FieldInputs]) -> list[int]:
    return sorted(range(len(fields)), key=lambda at: fields[at]["kind"] in ("text", "tags"))


def _literal(value: Any) -> str:
    """Return a JavaScript literal that is safe in a script of a page."""
    text = json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
    # In an object literal, unlike in JSON, this key would set the prototype.
    return re.sub(r'(?<=[{,])"__proto__":', '["__proto__"]:', text)


def _api(exported: Exported) -> str:
    sequence, classifier = exported["sequence"], exported["kind"] == "classifier"
    lines = []
    if classifier:
        classes = exported["classes"]
        lines.append(f"const classes = Object.freeze({'M.classes' if classes else '[...Array(M.answers).keys()]'});")
        chosen = "Number(y[1] >= M.threshold)" if "threshold" in exported else "best(y)"
        lines.append(f"const classOf = y => classes[{chosen}], classify = x => classOf(run(x));")
    else:
        lines.append('const classOf = () => fail("the network is a regressor: only a classifier has classes");')
    if exported["fields"] is None:
        return "\n".join([*lines, ""])
    if classifier:
        answers = "({ answer: classOf(y), probabilities: Object.fromEntries(y.map((p, i) => [classes[i], p])) })"
    elif len(exported["targets"] or ()) == 1 or exported["targets"] is None:
        answers = "y[0]"
    else:
        answers = "Object.fromEntries(y.map((v, i) => [M.targets[i], v]))"
    lines.append(f"const named = y => {answers}, predict = x => named(run(x));")
    if sequence is not None:
        # Functions for the methods of the class Sequence.
        lines.append("const step = (of, event) => of.step(event);")
        if _samples(exported):
            lines.append("const sample = (of, ...options) => of.sample(...options);")
    return "\n".join([*lines, ""])


def _names(exported: Exported) -> list[str]:
    names = ["run"]
    if exported["fields"] is not None:
        names.append("predict")
    if exported["kind"] == "classifier":
        names += ["classify", "classes"]
    if exported["sequence"] is not None:
        names += ["sequence", "step"]
        if _samples(exported):
            names.append("sample")
    return [*names, "selfTest"]


#: The TypeScript type of the values of each kind of field.
VALUES = {
    "number": "number | string",
    "auto": "number | string",
    "category": "{words}(string & {{}}) | number | boolean",
    "flag": "boolean | 0 | 1 | string",
    "time": "Date | number | string",
    "text": "string",
    "tags": "readonly string[] | string",
    "vector": "readonly number[] | Float32Array | Float64Array",
}


def _field_type(field: FieldInputs) -> str:
    words = "".join(f"{json.dumps(word)} | " for word in field.get("words", [])[:100])
    return f"  {json.dumps(field['name'])}?: {VALUES[field['kind']].format(words=words)} | null;"


def _object(name: str, comment: str, lines: Iterable[str]) -> list[str]:
    return [f"/** {comment} */", f"export interface {name} {{", *lines, "}"]


def _types(exported: Exported) -> str:
    sequence, fields, classes = exported["sequence"], exported["fields"], exported["classes"]
    lines: list[str] = []
    taken = "row: ArrayLike<number>"
    if sequence is not None:
        own = sequence["fields"]
        taken = "events: Iterable<Event>"
        if sequence["by_position"]:
            lines.append("/** An event: a fixed number of numbers. */\nexport type Event = ArrayLike<number>;")
        else:
            lines += _object(
                "EventFields", "An event; fields left out are missing values.", [_field_type(field) for field in own]
            )
            value = f" | EventFields[{json.dumps(own[0]['name'])}]" if len(own) == 1 else ""
            lines.append(f"export type Event = EventFields{value};")
    elif fields is not None:
        lines += _object("Row", "A row; fields left out are missing values.", [_field_type(field) for field in fields])
        taken = "row: Row"
    named = "number"
    if exported["kind"] == "classifier":
        names = "number" if classes is None else " | ".join(map(json.dumps, classes))
        lines.append(f"export type Class = {names};")
        lines.append(
            "/** The classes, in the order of the outputs. */\nexport declare const classes: readonly Class[];"
        )
        lines.append(f"/** Returns the most probable class. */\nexport declare function classify({taken}): Class;")
        named = "{ answer: Class; probabilities: Record<Class, number> }"
    elif exported["targets"] is not None and len(exported["targets"]) > 1:
        named = "{ " + "; ".join(f"{json.dumps(target)}: number" for target in exported["targets"]) + " }"
    lines.append(f"/** Returns the outputs. */\nexport declare function run({taken}): number[];")
    if fields is not None:
        lines.append(f"export type Answer = {named};")
        lines.append(f"/** Returns the answer by name. */\nexport declare function predict({taken}): Answer;")
    if sequence is not None:
        of_class = (
            ["  /** Returns the most probable class after the events so far. */\n  classify(): Class;"]
            if exported["kind"] == "classifier"
            else []
        )
        if _samples(exported):
            options = "count?: number, options?: SampleOptions"
            lines += _object(
                "SampleOptions",
                "Options of sampling, as in Python's SequenceNetwork.sample; the same seed gives the same events.",
                [
                    f"  {option}?: {of};"
                    for option, of in (
                        ("until", "Class"),
                        ("temperature", "number"),
                        ("topK", "number"),
                        ("topP", "number"),
                        ("minP", "number"),
                        ("penalty", "number"),
                        ("seed", "number | bigint"),
                    )
                ],
            )
            of_class.append(f"  /** Samples the next events. */\n  sample({options}): Class[];")
            lines.append(f"export declare function sample(of: Sequence, {options}): Class[];")
        lines += _object(
            "Sequence",
            "The events so far, of which the network uses the last ones.",
            [
                "  /** Adds an event, and returns the outputs. */\n  step(event: Event): number[];",
                "  /** Returns the outputs after the events so far. */\n  run(): number[];",
                "  /** Returns the answer after the events so far, by name. */\n  predict(): Answer;",
                *of_class,
            ],
        )
        lines.append("/** Returns a sequence that begins with these events. */")
        lines.append("export declare function sequence(events?: Iterable<Event>): Sequence;")
        lines.append("/** Adds an event to a sequence, and returns the outputs. */")
        lines.append("export declare function step(of: Sequence, event: Event): number[];")
    lines.append(
        "/** Recomputes the outputs of synthetic rows, and returns their number; throws if any bit differs. */"
    )
    lines.append("export declare function selfTest(): number;")
    return "\n".join([*lines, ""])
