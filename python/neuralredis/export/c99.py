"""Write a C99 header and source, which allocate no memory and compute the same bits.

The source consists of the network's tables, followed by those parts of the template ``c/net.c`` that it needs. Weights
are written as hexadecimal floating-point constants, which are exact. Where a product is to be rounded before it is
added, it is kept in a volatile variable, so that no compiler contracts the two operations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from neuralredis.exceptions import OptionError
from neuralredis.export.c_header import Header, cells_of
from neuralredis.export.c_literals import array, float_literal, text_literal
from neuralredis.export.intermediate import Exported, FieldInputs, GruCells
from neuralredis.export.packing import unpacked
from neuralredis.export.refusals import only_known

__all__ = ["files"]

#: The largest number of values of a layer, a row or an event, since they are on the stack.
MOST = 1 << 16
NUMBER = re.compile(r"[ \t\n\f\r]*([+-]*[\d.].*|nan)?[ \t\n\f\r]*", re.IGNORECASE | re.DOTALL)


def files(exported: Exported, path: Path) -> Mapping[Path, str]:
    """Return the C source and its header.

    Raises
    ------
    OptionError
        If the network has a layer or a cell that this format does not support, or too many values for the stack.
    """
    return _Source(exported, path).files()


class _Source:
    def __init__(self, exported: Exported, path: Path) -> None:
        self.exported = exported
        self.path, self.sequence = path.with_suffix(".c"), exported["sequence"]
        self.header = Header(exported, path.stem)
        self.given, self.members, self.by_position = self.header.given, self.header.members, self.header.by_position
        self.check()

    def check(self) -> None:
        exported = self.exported
        only_known(exported, "C")
        for name, count in (
            ("values of a layer", max(exported["computed"], *exported["layout"][1:])),
            ("values of a row", sum(map(cells_of, self.given))),
            ("events of a sequence", 0 if self.sequence is None else self.sequence["length"]),
        ):
            if count > MOST:
                raise OptionError(f"{count} {name}: expected at most {MOST}, since C code keeps them on the stack")

    def files(self) -> Mapping[Path, str]:
        template = (resources.files(__package__) / "c" / "net.c").read_text(encoding="utf-8")
        entries = ", const struct entries *entries" if self.exported["fields"] is not None else ""
        source = chosen(template, self.parts())
        for mark, text in (
            ("@DATA@", self.data()),
            ("@ENTRIES@", entries),
            ("@UNDERSTAND@", self.understand()),
            ("@EVENT@", self.header.event),
            ("@PROOF@", self.proof()),
            ("@PROOF_ROW@", "proof[row]" if self.exported["fields"] is None else "&proof[row]"),
            ("@PROOF_EVENT@", "proof[event]" if self.by_position else "&proof[event]"),
        ):
            source = source.replace(mark, text)
        header = self.path.with_suffix(".h")
        head = f'/* See {header.name}. */\n#include "{header.name}"\n\n'
        return {self.path: self.named(head + source), header: self.named(self.header.text())}

    def named(self, text: str) -> str:
        """Replace the template's prefix by that of this network."""
        text = re.sub(r"\bnet_", f"{self.header.prefix}_", text)
        return re.sub(r"\bNET_", f"{self.header.prefix.upper()}_", text)

    def parts(self) -> set[str]:
        exported, sequence = self.exported, self.sequence
        fields = exported["fields"]
        kinds = {field["kind"] for field in self.given}
        activations = {layer["activation"] for member in exported["members"] for layer in member}
        head, cell = exported["head"], None if sequence is None else sequence["cell"]
        parts = {head, *kinds, "scaled_inputs" if exported["input_scaling"] else "raw_inputs", exported["kind"]}
        parts.discard("sigmoid")
        parts.add("threshold" if "threshold" in exported else "no_threshold")
        parts |= {"members", "product"} if len(exported["members"]) > 1 else {"one_member"}
        parts |= {f"hidden_{name}" for name in activations if name in ("tanh", "sigmoid")}
        if head == "sigmoid":
            parts.add("head_sigmoid")
        if "relu" in activations:
            parts.add("relu")
        if "tanh" in activations or cell is not None:
            parts.add("tanh")
        if "sigmoid" in activations or head in ("sigmoid", "two_class") or (cell and cell["kind"] == "gru"):
            parts.add("sigmoid")
        if parts & {"tanh", "sigmoid", "softmax"}:
            parts.add("exp")
        if exported["output_scaling"]:
            parts.add("scaled_outputs")
        if fields is None:
            return parts | {"positions", "no_sequence"}
        parts |= {"fields", "entries"}
        if kinds & {"category", "auto", "tags"}:
            parts |= {"words", "codes"}
        else:
            parts.add("no_codes")
        if kinds & {"category", "auto"}:
            parts.add("word")
        if kinds & {"number", "auto"}:
            parts |= {"place", "numbers"}
        if kinds & {"time", "vector"} or (sequence is not None and sequence["window"]):
            parts.add("nothing")
        if sequence is None:
            return parts | {"rows", "no_sequence"}
        parts.add("sequence")
        if sequence["window"]:
            parts.add("window")
        if sequence["series"]:
            parts.add("series")
        if cell is not None:
            parts |= {"cell", cell["kind"], "product"}
            if cell["kind"] == "gru" and any(member[0].get("offset") for member in exported["members"]):
                parts.add("parts")
            if sequence["scaling"]:
                parts.add("scaled_events")
            if sequence["next"] is None:
                parts.add("outcome")
        return parts

    def data(self) -> str:
        exported, sequence = self.exported, self.sequence
        layers = len(exported["members"][0])
        widest = max([exported["computed"], *exported["layout"][1:]])
        constants: dict[str, Any] = {
            "COMPUTED": exported["computed"],
            "ALL_OUTPUTS": exported["layout"][-1],
            "WIDEST": widest,
            "LAYERS": layers,
            "MEMBERS": len(exported["members"]),
            "INPUT_LIMIT": float_literal(exported["input_limit"]),
            "UNIT_LIMIT": float_literal(exported["unit_limit"]),
            "PROOFS": len(self.proofs()),
        }
        if "threshold" in exported:
            constants["THRESHOLD"] = float_literal(exported["threshold"])
        lines: list[str] = []
        if (scaling := exported["input_scaling"]) is not None:
            lines += [array("input_mean", scaling["mean"]), array("input_scale", scaling["scale"])]
        if (scaling := exported["output_scaling"]) is not None:
            lines += [array("output_mean", scaling["mean"]), array("output_scale", scaling["scale"])]
        rows = []
        for at, member in enumerate(exported["members"]):
            for number, layer in enumerate(member):
                own = f"{at}_{number}"
                lines += [
                    array(f"biases_{own}", layer["biases"]),
                    array(f"weights_{own}", layer["weights"]),
                ]
                # Before those that are looked up, if there are any.
                inputs = layer["inputs"] if number else min(layer["inputs"], exported["computed"])
                activation = (layer["activation"] or "none").upper()
                rows.append(f"{{{inputs}, {layer['outputs']}, {activation}, biases_{own}, weights_{own}}}")
        lines.append("enum { NONE, RELU, TANH, SIGMOID };")
        lines.append("struct layer {\n    int inputs, outputs, activation;\n    const float *biases, *weights;\n};")
        lines.append("static const struct layer layers[] = {\n    " + ",\n    ".join(rows) + "\n};")
        if exported["fields"] is not None:
            constants["INPUTS"] = f"UINT32_C({exported['layout'][0]})"
            constants["CELLS"] = max(sum(map(cells_of, self.given)), 1)
            lines += self.tables(constants)
        if sequence is not None:
            if sequence["series"]:
                constants["NEXT_CELL"] = sum(map(cells_of, self.given[: sequence["next"] or 0]))
            constants["EVENT_FIELDS"] = len(sequence["fields"])
            if sequence["window"]:
                constants["WINDOW"] = sequence["window"]
            if (cell := sequence["cell"]) is not None:
                state = (exported["fields"] or [])[-1]
                constants["UNITS"] = cell["units"]
                constants["EVENT_COMPUTED"] = sequence["computed"]
                constants["STATE"] = state["computed"]
                if cell["kind"] == "gru":
                    constants["PART"] = state["length"] // len(cell["members"])
                    constants["EVENT_INPUTS"] = f"UINT32_C({cell['inputs']})"
                    lines += _cells_of(cell, sequence["computed"])
                else:
                    constants["SEED"] = f"UINT64_C({cell['seed']})"
                    constants["FACTOR"] = float_literal(cell["factor"])
                    for name, key in (("unit_biases", "biases"), ("leaks", "leaks"), ("from_before", "from_before")):
                        lines.append(array(name, cell[key]))  # type: ignore[literal-required]
                if (scaling := sequence["scaling"]) is not None:
                    lines += [
                        array("event_mean", scaling["mean"]),
                        array("event_scale", scaling["scale"]),
                    ]
        defined = [f"#define {name} {value}" for name, value in constants.items()]
        return "\n".join([*defined, "", *lines])

    def tables(self, constants: dict[str, Any]) -> list[str]:
        """Return the tables of fields and of their words."""
        fields, sequence = self.exported["fields"] or [], self.sequence
        seen = fields if sequence is None else fields[: len(self.given) * sequence["window"]]
        of_events = self.given if sequence is not None and sequence["cell"] is not None else []
        most = max(_entries(seen, self.given), _entries(of_events, self.given), 1)
        lines = [
            "enum { AUTO, NUMBER, CATEGORY, FLAG, TIME, TEXT, TAGS, VECTOR };",
            f"struct entries {{\n    int count;\n    uint32_t number[{most}];\n    float value[{most}];\n}};",
            "struct field {\n    int kind, cells, computed;\n    uint32_t gap;\n    const uint32_t *numbers;\n"
            "    const float *knots;\n    int knot_count;\n};",
        ]
        if any("words" in field for field in self.given):
            lines.append("struct words {\n    int count;\n    const char *const *words;\n};")
        for at, field in enumerate(self.given):
            if "words" in field:
                words = ", ".join(text_literal(word) for word in field["words"]) or '""'
                lines.append(f"static const char *const text_{at}[] = {{{words}}};")
                lines.append(f"static const struct words words_{at} = {{{len(field['words'])}, text_{at}}};")
        if seen:
            constants["FIELDS"] = len(seen)
            lines += _fields("fields", seen, self.given)
        if of_events:
            lines += _fields("events", of_events, self.given)
        return lines

    def understand(self) -> str:
        if self.exported["fields"] is None:
            return ""
        given = "const float event[NET_INPUTS]" if self.by_position else "const struct net_event *event"
        name = "event"
        if self.sequence is None:
            given, name = "const struct net_row *row", "row"
        lines = [
            "/* Stores the values of all fields in cells, as numbers or as codes of words. */",
            f"static int understand({given}, float cells[CELLS]) {{",
        ]
        gaps, cell = [], 0
        for at, (field, member) in enumerate(zip(self.given, self.members, strict=True)):
            kind, to = field["kind"], f"cells + {cell}"
            of = name if self.by_position else f"{name}->{member}"
            take = {
                "number": f"take_number({of}, {to})",
                "category": f"take_word({of}, &words_{at}, {to})",
                "flag": f"take_flag({of}, {to})",
                "time": f"take_time({of}, {to})",
                "text": f"take_text({of}, {field.get('buckets')}, {to})",
                "tags": f"take_tags({of}, &words_{at}, {to})",
                "vector": f"take_vector({of}, {field.get('length')}, {to})",
                "auto": f"take_word({of}_word, &words_{at}, cells + {cell + 1})"
                f" || !take_number(cells[{cell + 1}] > 0.0f ? NAN : {of}, {to})",
            }[kind]
            lines.append(f"    if (!{take}) return -{at + 1};")
            zeros = {"category": 1, "text": cells_of(field), "tags": cells_of(field)}.get(kind, 0)
            gaps.append(f"    take_nothing({to}, {cells_of(field)});")
            gaps += [f"    memset({to}, 0, {zeros} * sizeof *cells);"] if zeros else []
            gaps += [f"    cells[{cell + 1}] = 0.0f;"] if kind == "auto" else []
            cell += cells_of(field)
        lines += ["    return 0;", "}"]
        if self.sequence is not None and self.sequence["window"]:
            lines += ["", "static void understand_gaps(float cells[CELLS]) {", *gaps, "}"]
        return "\n".join(lines)

    def proofs(self) -> list[Any]:
        """Return the synthetic rows that C can represent."""
        return [
            proof
            for proof in self.exported["proof"]
            if all(self.can_say(row) for row in (proof["events"] if "events" in proof else [proof["row"]]))
        ]

    def can_say(self, row: Any) -> bool:
        if not isinstance(row, dict):
            return True
        for field in self.given:
            value = row.get(field["name"])
            if field["kind"] == "auto" and isinstance(value, str) and NUMBER.fullmatch(value):
                return False
            given = value if isinstance(value, list) else [value]
            words = [word for word in given if isinstance(word, str)]
            if any("\0" in word for word in words):
                return False
            if field["kind"] == "tags" and any("," in word or word != word.strip(" \t\n\f\r") for word in words):
                return False
        return True

    def proof(self) -> str:
        proofs = self.proofs()
        answers = ",\n    ".join(
            "{" + ", ".join(f"UINT32_C(0x{bits})" for bits in proof["answer"]) + "}" for proof in proofs
        )
        lines = []
        if self.sequence is None:
            rows = [proof["row"] for proof in proofs]
            kind = "float proof[][NET_INPUTS]" if self.exported["fields"] is None else "struct net_row proof[]"
        else:
            rows = [event for proof in proofs for event in proof["events"]]
            ends = np.cumsum([len(proof["events"]) for proof in proofs]).tolist()
            lines.append(f"static const int proof_ends[] = {{{', '.join(map(str, ends))}}};")
            kind = "float proof[][NET_INPUTS]" if self.by_position else "struct net_event proof[]"
        given = ",\n    ".join(self.row(row) for row in rows)
        return "\n".join(
            [
                "/* Synthetic rows, and the bits of the network's outputs. */",
                f"static const {kind} = {{\n    {given}\n}};",
                *lines,
                f"static const uint32_t proof_answers[][NET_OUTPUTS] = {{\n    {answers}\n}};",
            ]
        )

    def row(self, row: Any) -> str:
        if not isinstance(row, dict):
            return "{" + ", ".join(map(float_literal, row)) + "}"
        values = []
        for field, member in zip(self.given, self.members, strict=True):
            kind = field["kind"]
            value: Any = row.get(field["name"])
            if kind == "auto":
                word = isinstance(value, str)
                values.append(f".{member} = {'NAN' if word or value is None else float_literal(value)}")
                values.append(f".{member}_word = {text_literal(value) if word else 'NULL'}")
                continue
            initializers = {
                "number": lambda of: "NAN" if of is None else float_literal(of),
                "category": lambda of: "NULL" if of is None else text_literal(of),
                "flag": lambda of: "-1" if of is None else str(int(of)),
                "time": lambda of: "(double)NAN" if of is None else float(of).hex(),
                "text": lambda of: "NULL" if of is None else text_literal(of),
                "tags": lambda of: "NULL" if of is None else text_literal(",".join(of)),
                "vector": lambda of: "{NAN}" if of is None else "{" + ", ".join(map(float_literal, of)) + "}",
            }[kind](value)
            values.append(f".{member} = {initializers}")
        return "{" + ", ".join(values) + "}"


def chosen(template: str, parts: set[str]) -> str:
    """Return a template without the lines from ``//if part`` to ``//end`` of parts that are not in ``parts``."""
    lines, conditions = [], []
    for line in template.splitlines():
        if line.startswith("//if "):
            conditions.append(line.removeprefix("//if ") in parts)
        elif line == "//end":
            conditions.pop()
        elif all(conditions):
            lines.append(line)
    return "\n".join(lines) + "\n"


def _cells_of(cell: GruCells, computed: int) -> list[str]:
    """Return the layers of the cells: for each cell that of events, then that of the hidden state."""
    lines, rows, gates = [], [], 3 * cell["units"]
    for at, member in enumerate(cell["members"]):
        for part, inputs in (("input", computed), ("hidden", cell["units"])):
            biases, weights = f"{part}_biases_{at}", f"{part}_weights_{at}"
            lines += [
                array(biases, member[f"{part}_biases"]),  # type: ignore[literal-required]
                array(weights, member[f"{part}_weights"]),  # type: ignore[literal-required]
            ]
            rows.append(f"{{{inputs}, {gates}, NONE, {biases}, {weights}}}")
    return [*lines, "static const struct layer gru[] = {\n    " + ",\n    ".join(rows) + "\n};"]


def _entries(fields: Sequence[FieldInputs], given: Sequence[FieldInputs]) -> int:
    """Return the largest number of inputs of fields that are looked up for one row."""
    own = [given[field.get("event_field", at)] for at, field in enumerate(fields)]
    return sum(cells_of(field) if field["kind"] in ("text", "tags") else 1 for field in own)


def _fields(name: str, fields: Sequence[FieldInputs], given: Sequence[FieldInputs]) -> list[str]:
    """Return the table of fields, and the tables that it refers to."""
    lines, rows = [], []
    for at, field in enumerate(fields):
        numbers, knots, count = "NULL", "NULL", 0
        if field.get("numbers"):
            numbers = f"{name}_numbers_{at}"
            listed = ", ".join(f"{number}" for number in field["numbers"])
            lines.append(f"static const uint32_t {numbers}[] = {{{listed}}};")
        if field.get("knots"):
            knots, count = f"{name}_knots_{at}", len(unpacked(field["knots"]))
            lines.append(array(knots, field["knots"]))
        stored = cells_of(given[field.get("event_field", at)])
        rows.append(
            f"{{{field['kind'].upper()}, {stored}, {field['computed']}, {field['gap']}, {numbers}, {knots}, {count}}}"
        )
    return [*lines, f"static const struct field {name}[] = {{\n    " + ",\n    ".join(rows) + "\n};"]
