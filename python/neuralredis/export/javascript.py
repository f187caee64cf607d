"""JavaScript: an ES module, its CommonJS twin and types, with the same bits and without a dependency.

The parts of the runtime that a network needs are put together from the files in ``javascript``: a network of numbers
has no dates, and so no code for them. Products of single precision are exact in double precision, which is what
JavaScript has; ``arithmetic.js`` says how their sums are rounded once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from neuralredis.export.intermediate import Exported, FieldInputs
from neuralredis.export.refusals import only_known

__all__ = ["constant", "files", "runtime"]

#: Suffixes of the CommonJS twin and of the types of both, by the suffix of the ES module.
TWINS = {".js": (".cjs", ".d.ts", ".d.cts"), ".mjs": (".cjs", ".d.mts", ".d.cts")}


def files(exported: Exported, path: Path) -> Mapping[Path, str]:
    """Return the ES module, its CommonJS twin, and types for both.

    Raises
    ------
    OptionError
        If the network has a layer or a cell that this format does not know.
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
    """Return a module that exports the network as the object ``network``, for pages that consist of one file.

    Raises
    ------
    OptionError
        As `files` does.
    """
    return f"{_body(exported)}export const network = {{ {', '.join(_names(exported))} }};\n"


def _body(exported: Exported) -> str:
    return _head(exported) + runtime(exported) + _api(exported)


def runtime(exported: Exported) -> str:
    """Return the parts that compute, without the weights."""
    sequence, fields = exported["sequence"], exported["fields"]
    only_known(exported, "JavaScript")
    cell = None if sequence is None else sequence["cell"]
    activations = sorted({layer["activation"] for member in exported["members"] for layer in member} - {None})
    scaled = exported["output_scaling"] is not None
    parts = [f"heads/{exported['head']}", "layers", f"outputs/{'scaled' if scaled else 'plain'}"]
    if exported["kind"] == "classifier":
        parts.append("best")
    given = fields if sequence is None else sequence["fields"]
    if given is not None:
        kinds = {field["kind"] for field in given}
        parts += ["kinds", *(f"kinds/{kind}" for kind in sorted(kinds)), "fields"]
        if cell is not None and "vector" not in kinds:
            parts.append("kinds/state")
    if sequence is None:
        parts.append("positions" if fields is None else "rows")
    else:
        if cell is not None:
            parts.append(cell["kind"])
        parts.append("sequence")
        if _samples(exported):
            parts.append("sample")
    parts.append("end")
    first = _with_needs(["arithmetic", *(f"functions/{activation}" for activation in activations)])
    rest = [part for part in _with_needs(parts) if part not in first]
    named = f"const act = {{ {', '.join(activations)} }};\n"
    return "".join([*map(_part, first), named, *map(_part, rest)])


#: The parts that each part depends on.
NEEDS = {
    "functions/exp": ("functions/polynomials",),
    "functions/ln": ("functions/polynomials",),
    "functions/sigmoid": ("functions/exp",),
    "functions/tanh": ("functions/exp",),
    "gru": ("dense", "functions/sigmoid", "functions/tanh"),
    "heads/sigmoid": ("functions/sigmoid",),
    "heads/softmax": ("functions/exp",),
    "heads/two_class": ("functions/sigmoid",),
    "kinds/auto": ("numbers", "place", "words", "known"),
    "kinds/category": ("words", "known"),
    "kinds/number": ("numbers", "place"),
    "kinds/tags": ("numbers", "words", "lists", "known"),
    "kinds/text": ("words", "lists", "functions/ln"),
    "kinds/time": ("numbers",),
    "kinds/vector": ("numbers",),
    "reservoir": ("random", "functions/tanh"),
    "sample": ("random",),
}


def _with_needs(parts: Iterable[str]) -> list[str]:
    """Return parts and their dependencies in an order in which each follows its dependencies."""
    found: dict[str, None] = {}
    for part in parts:
        found.update(dict.fromkeys([*_with_needs(NEEDS.get(part, ())), part]))
    return list(found)


def _part(name: str) -> str:
    return (resources.files(__package__) / "javascript" / f"{name}.js").read_text(encoding="utf-8")


def _samples(exported: Exported) -> bool:
    """Whether events can be drawn."""
    sequence = exported["sequence"]
    return (
        sequence is not None
        and sequence["next"] is not None
        and exported["kind"] == "classifier"
        and exported["head"] != "linear"
    )


def _head(exported: Exported) -> str:
    """Return the first lines, with all that is particular to the network."""
    title = "-".join(map(str, exported["layout"]))
    known = {key: value for key, value in exported.items() if key not in ("sequence", "format", "version", "made_by")}
    if exported["fields"] is None:
        del known["fields"]
    head = (
        f"// A {exported['kind']} of {title} units, exported by {exported['made_by']}.\n"
        "// It answers what the network answers, to the last bit; selfTest() proves that with made-up rows.\n"
        f"const M = {_literal(known)};\n"
    )
    if exported["sequence"] is not None:
        head += f"const S = {_literal(exported['sequence'])};\n"
    return head


def _literal(value: Any) -> str:
    """Return a literal of JavaScript, which may stand in a script of a page."""
    text = json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
    # In a literal, other than in JSON, this name would be that of the prototype.
    return re.sub(r'(?<=[{,])"__proto__":', '["__proto__"]:', text)


def _api(exported: Exported) -> str:
    sequence, classifier = exported["sequence"], exported["kind"] == "classifier"
    lines = []
    if classifier:
        classes = exported["classes"]
        lines.append(f"const classes = Object.freeze({'M.classes' if classes else '[...Array(M.answers).keys()]'});")
        lines.append("const classOf = y => classes[best(y)], classify = x => classOf(run(x));")
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
        # What the class of sequences calls them.
        lines.append("const step = (of, event) => of.step(event), sample = (of, ...options) => of.sample(...options);")
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


#: What a kind of field takes, as a type.
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


def _object(name: str, what: str, lines: Iterable[str]) -> list[str]:
    return [f"/** {what} */", f"export interface {name} {{", *lines, "}"]


def _types(exported: Exported) -> str:
    sequence, fields, classes = exported["sequence"], exported["fields"], exported["classes"]
    lines: list[str] = []
    taken = "row: ArrayLike<number>"
    if sequence is not None:
        own = sequence["fields"]
        taken = "events: Iterable<Event>"
        if sequence["by_position"]:
            lines.append("/** An event: so many numbers. */\nexport type Event = ArrayLike<number>;")
        else:
            lines += _object(
                "EventFields", "An event; what is left out is a gap.", [_field_type(field) for field in own]
            )
            value = f" | EventFields[{json.dumps(own[0]['name'])}]" if len(own) == 1 else ""
            lines.append(f"export type Event = EventFields{value};")
    elif fields is not None:
        lines += _object("Row", "A row; what is left out is a gap.", [_field_type(field) for field in fields])
        taken = "row: Row"
    named = "number"
    if exported["kind"] == "classifier":
        names = "number" if classes is None else " | ".join(map(json.dumps, classes))
        lines.append(f"export type Class = {names};")
        lines.append(
            "/** The classes, in the order of the outputs. */\nexport declare const classes: readonly Class[];"
        )
        lines.append(f"/** The likeliest class. */\nexport declare function classify({taken}): Class;")
        named = "{ answer: Class; probabilities: Record<Class, number> }"
    elif exported["targets"] is not None and len(exported["targets"]) > 1:
        named = "{ " + "; ".join(f"{json.dumps(target)}: number" for target in exported["targets"]) + " }"
    lines.append(f"/** The outputs. */\nexport declare function run({taken}): number[];")
    if fields is not None:
        lines.append(f"export type Answer = {named};")
        lines.append(f"/** The answer by its names. */\nexport declare function predict({taken}): Answer;")
    if sequence is not None:
        of_class = (
            ["  /** The likeliest class now. */\n  classify(): Class;"] if exported["kind"] == "classifier" else []
        )
        if _samples(exported):
            options = "count?: number, options?: SampleOptions"
            lines += _object(
                "SampleOptions",
                "How events are drawn, as SequenceNetwork.sample in Python does; the same seed draws the same there.",
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
            of_class.append(f"  /** Events that could come next. */\n  sample({options}): Class[];")
            lines.append(f"export declare function sample(of: Sequence, {options}): Class[];")
        lines += _object(
            "Sequence",
            "What has happened so far, of which the last events count.",
            [
                "  /** Adds an event, and answers. */\n  step(event: Event): number[];",
                "  /** The outputs now. */\n  run(): number[];",
                "  /** The answer now, by its names. */\n  predict(): Answer;",
                *of_class,
            ],
        )
        lines.append("/** A sequence that begins with these events. */")
        lines.append("export declare function sequence(events?: Iterable<Event>): Sequence;")
        lines.append("/** Adds an event to a sequence, and answers. */")
        lines.append("export declare function step(of: Sequence, event: Event): number[];")
    lines.append(
        "/** Answers made-up rows again; throws unless all bits are the same, and returns how many rows they were. */"
    )
    lines.append("export declare function selfTest(): number;")
    return "\n".join([*lines, ""])
