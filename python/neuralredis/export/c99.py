"""Write a C99 header and source, which allocate no memory and compute the same bits.

The source consists of the network's tables, followed by those parts of the template ``c/net.c`` that it needs. Weights
are written as hexadecimal floating-point constants, which are exact. Where a product is to be rounded before it is
added, it is kept in a volatile variable, so that no compiler contracts the two operations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from neuralredis.exceptions import OptionError
from neuralredis.export.intermediate import Exported, FieldInputs, GruCells, SequenceView
from neuralredis.export.names import identifiers
from neuralredis.export.packing import unpacked
from neuralredis.export.refusals import only_known

__all__ = ["files"]

#: The largest number of values of a layer, a row or an event, since they are on the stack.
MOST = 1 << 16
#: The keywords of C, and of C++, which may include the header.
KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        """
        auto break case char const continue default do double else enum extern float for goto if inline int long
        register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
        bool true false NULL NAN INFINITY and and_eq asm bitand bitor catch class compl constexpr const_cast delete
        dynamic_cast explicit export friend mutable namespace new not not_eq operator or or_eq private protected
        public reinterpret_cast static_cast template this throw try typeid typename using virtual wchar_t xor xor_eq
        """,
    )
)
#: The macros of a source and its header, without the prefix.
MACROS = ("H", "OUTPUTS", "INPUTS", "LENGTH", "ROW", "EVENT", "FMA", "FMA_IN_DOUBLES", "ANY_PRECISION")
#: The type of a member of a row, and its comment.
MEMBERS = {
    "number": ("float {}", "NAN if missing"),
    "auto": ("float {}", "NAN if missing, or if the value is a word"),
    "category": ("const char *{}", "NULL if missing"),
    "flag": ("int {}", "1 or 0, -1 if missing"),
    "time": ("double {}", "seconds since 1970, NAN if missing"),
    "text": ("const char *{}", "ASCII, NULL if missing"),
    "tags": ("const char *{}", "words separated by commas, NULL if missing"),
    "vector": ("float {}", "first element NAN if missing"),
}
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
        self.source, self.header = path.with_suffix(".c"), path.with_suffix(".h")
        [self.prefix] = identifiers([path.stem], KEYWORDS)
        sequence = exported["sequence"]
        self.sequence = sequence
        #: Fields that a user gives: of rows, or of events.
        self.given = (exported["fields"] or []) if sequence is None else sequence["fields"]
        self.members = identifiers((field["name"] for field in self.given), KEYWORDS | {"event"})
        self.by_position = sequence is not None and sequence["by_position"]
        self.check()

    def check(self) -> None:
        exported = self.exported
        only_known(exported, "C")
        for name, count in (
            ("values of a layer", max(exported["computed"], *exported["layout"][1:])),
            ("values of a row", sum(map(_cells, self.given))),
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
            ("@EVENT@", self.event()),
            ("@PROOF@", self.proof()),
            ("@PROOF_ROW@", "proof[row]" if self.exported["fields"] is None else "&proof[row]"),
            ("@PROOF_EVENT@", "proof[event]" if self.by_position else "&proof[event]"),
        ):
            source = source.replace(mark, text)
        head = f'/* See {self.header.name}. */\n#include "{self.header.name}"\n\n'
        return {self.source: self.named(head + source), self.header: self.named(self.heading())}

    def named(self, text: str) -> str:
        """Replace the template's prefix by that of this network."""
        text = re.sub(r"\bnet_", f"{self.prefix}_", text)
        return re.sub(r"\bNET_", f"{self.prefix.upper()}_", text)

    def event(self) -> str:
        return "const float event[NET_INPUTS]" if self.by_position else "const struct net_event *event"

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
            "INPUT_LIMIT": _float(exported["input_limit"]),
            "UNIT_LIMIT": _float(exported["unit_limit"]),
            "PROOFS": len(self.proofs()),
        }
        if "threshold" in exported:
            constants["THRESHOLD"] = _float(exported["threshold"])
        lines: list[str] = []
        if (scaling := exported["input_scaling"]) is not None:
            lines += [_array("input_mean", scaling["mean"]), _array("input_scale", scaling["scale"])]
        if (scaling := exported["output_scaling"]) is not None:
            lines += [_array("output_mean", scaling["mean"]), _array("output_scale", scaling["scale"])]
        rows = []
        for at, member in enumerate(exported["members"]):
            for number, layer in enumerate(member):
                own = f"{at}_{number}"
                lines += [_array(f"biases_{own}", layer["biases"]), _array(f"weights_{own}", layer["weights"])]
                # Before those that are looked up, if there are any.
                inputs = layer["inputs"] if number else min(layer["inputs"], exported["computed"])
                activation = (layer["activation"] or "none").upper()
                rows.append(f"{{{inputs}, {layer['outputs']}, {activation}, biases_{own}, weights_{own}}}")
        lines.append("enum { NONE, RELU, TANH, SIGMOID };")
        lines.append("struct layer {\n    int inputs, outputs, activation;\n    const float *biases, *weights;\n};")
        lines.append("static const struct layer layers[] = {\n    " + ",\n    ".join(rows) + "\n};")
        if exported["fields"] is not None:
            constants["INPUTS"] = f"UINT32_C({exported['layout'][0]})"
            constants["CELLS"] = max(sum(map(_cells, self.given)), 1)
            lines += self.tables(constants)
        if sequence is not None:
            if sequence["series"]:
                constants["NEXT_CELL"] = sum(map(_cells, self.given[: sequence["next"] or 0]))
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
                    constants["FACTOR"] = _float(cell["factor"])
                    for name, key in (("unit_biases", "biases"), ("leaks", "leaks"), ("from_before", "from_before")):
                        lines.append(_array(name, cell[key]))  # type: ignore[literal-required]
                if (scaling := sequence["scaling"]) is not None:
                    lines += [_array("event_mean", scaling["mean"]), _array("event_scale", scaling["scale"])]
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
                words = ", ".join(_text(word) for word in field["words"]) or '""'
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
            zeros = {"category": 1, "text": _cells(field), "tags": _cells(field)}.get(kind, 0)
            gaps.append(f"    take_nothing({to}, {_cells(field)});")
            gaps += [f"    memset({to}, 0, {zeros} * sizeof *cells);"] if zeros else []
            gaps += [f"    cells[{cell + 1}] = 0.0f;"] if kind == "auto" else []
            cell += _cells(field)
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
            return "{" + ", ".join(map(_float, row)) + "}"
        values = []
        for field, member in zip(self.given, self.members, strict=True):
            kind = field["kind"]
            value: Any = row.get(field["name"])
            if kind == "auto":
                word = isinstance(value, str)
                values.append(f".{member} = {'NAN' if word or value is None else _float(value)}")
                values.append(f".{member}_word = {_text(value) if word else 'NULL'}")
                continue
            initializers = {
                "number": lambda of: "NAN" if of is None else _float(of),
                "category": lambda of: "NULL" if of is None else _text(of),
                "flag": lambda of: "-1" if of is None else str(int(of)),
                "time": lambda of: "(double)NAN" if of is None else float(of).hex(),
                "text": lambda of: "NULL" if of is None else _text(of),
                "tags": lambda of: "NULL" if of is None else _text(",".join(of)),
                "vector": lambda of: "{NAN}" if of is None else "{" + ", ".join(map(_float, of)) + "}",
            }[kind](value)
            values.append(f".{member} = {initializers}")
        return "{" + ", ".join(values) + "}"

    def heading(self) -> str:
        exported, sequence = self.exported, self.sequence
        title = "-".join(map(str, exported["layout"]))
        classifier = exported["kind"] == "classifier"
        lines = [
            f"/* A {exported['kind']} with layers {title}, exported by {exported['made_by']}.",
            " *",
            " * Its outputs equal the network's bit for bit, if fmaf rounds once, as C99 requires; net_self_test()",
            " * checks this with synthetic rows. It allocates no memory and has no mutable global state.",
            " * Compile it as C99, and link the mathematical library. If fmaf is slow or inexact, define",
            " * NET_FMA_IN_DOUBLES, which gives the same bits, or NET_FMA(a, b, c) as ((a) * (b) + (c)), which is fast",
            " * but gives different ones. */",
            "#ifndef NET_H",
            "#define NET_H",
            "",
            "#ifdef __cplusplus",
            'extern "C" {',
            "#endif",
            "",
            f"#define NET_OUTPUTS {exported['answers']}",
        ]
        if exported["classes"] is not None:
            taken = {f"{self.prefix}_{name}".upper() for name in MACROS}
            names = identifiers((f"{self.prefix}_{name}".upper() for name in exported["classes"]), taken)
            known = [
                f"    {own} = {at}, /* {_in_comment(name)} */"
                for at, (own, name) in enumerate(zip(names, exported["classes"], strict=True))
            ]
            lines += ["", "/* The classes. */", "enum net_class {", *known[:-1], known[-1].replace(",", "", 1), "};"]
        elif not classifier and exported["targets"]:
            lines += [f"/* Output {at} is {_in_comment(name)}. */" for at, name in enumerate(exported["targets"])]
        failed = "Returns 0, or -1 - i if field i does not accept its value; then the outputs are not set."
        if exported["fields"] is None:
            lines += [
                f"#define NET_INPUTS {exported['computed']}",
                "",
                "/* Computes the outputs. Returns 0, or -1 - i if input i is not finite; then they are not set. */",
                "int net_run(const float inputs[NET_INPUTS], float outputs[NET_OUTPUTS]);",
            ]
            if classifier:
                lines += [
                    "/* Returns the class with the largest output, the first of equals, or an error as net_run. */"
                ]
                lines += ["int net_classify(const float inputs[NET_INPUTS]);"]
        elif sequence is None:
            lines += [
                "",
                "/* A row. Initialize it with NET_ROW, in which all values are missing. */",
                *self.struct("row"),
            ]
            lines += ["", f"/* Computes the outputs. {failed} */"]
            lines += ["int net_run(const struct net_row *row, float outputs[NET_OUTPUTS]);"]
            if classifier:
                lines += [
                    "/* Returns the class with the largest output, the first of equals, or an error as net_run. */"
                ]
                lines += ["int net_classify(const struct net_row *row);"]
        else:
            cells = max(sum(map(_cells, self.given)), 1)
            lines += [f"#define NET_LENGTH {sequence['length']}"]
            if self.by_position:
                lines += [f"#define NET_INPUTS {self.given[0]['length']}"]
            else:
                lines += [
                    "",
                    "/* An event. Initialize it with NET_EVENT, in which all values are missing. */",
                    *self.struct("event"),
                ]
            state = _state(sequence)
            lines += [
                "",
                "/* The events so far, of which the network uses the last NET_LENGTH. */",
                "struct net_sequence {",
                "    int first, count;",
                f"    float cells[NET_LENGTH][{cells}];",
                *state,
                "};",
                "",
                "/* Initializes a sequence without events. */",
                "void net_begin(struct net_sequence *of);",
                "/* Adds an event. Returns 0, or -1 - i if field i does not accept its value; then none is added. */",
                f"int net_observe(struct net_sequence *of, {self.event()});",
                "/* Computes the outputs after the events so far. */",
                "void net_run(const struct net_sequence *of, float outputs[NET_OUTPUTS]);",
                "/* Adds an event and computes the outputs. Returns 0, or an error as net_observe. */",
                f"int net_step(struct net_sequence *of, {self.event()}, float outputs[NET_OUTPUTS]);",
            ]
            if classifier:
                lines += ["/* Returns the class with the largest output, the first of equals. */"]
                lines += ["int net_classify(const struct net_sequence *of);"]
        lines += [
            "",
            "/* Recomputes the outputs of synthetic rows. Returns 0 if all bits are the same, else the number of the",
            " * first row that differs, counted from 1. */",
            "int net_self_test(void);",
            "",
            "#ifdef __cplusplus",
            "}",
            "#endif",
            "#endif",
            "",
        ]
        return "\n".join(lines)

    def struct(self, name: str) -> list[str]:
        """Return the type of a row or an event, and an initializer in which all values are missing."""
        lines, gaps = [f"struct net_{name} {{"], []
        for field, member in zip(self.given, self.members, strict=True):
            declared, meaning = MEMBERS[field["kind"]]
            own = f"{member}[{field['length']}]" if field["kind"] == "vector" else member
            lines.append(f"    {declared.format(own)}; /* {_in_comment(field['name'])}: {meaning} */")
            gaps.append(
                {"flag": "-1", "number": "NAN", "auto": "NAN", "time": "(double)NAN", "vector": "{NAN}"}.get(
                    field["kind"], "NULL"
                )
            )
            if field["kind"] == "auto":
                lines.append(f"    const char *{member}_word; /* the value if it is a word, else NULL */")
                gaps.append("NULL")
        return [*lines, "};", f"/* Needs math.h and stddef.h. */\n#define NET_{name.upper()} {{{', '.join(gaps)}}}"]


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


def _state(sequence: SequenceView) -> list[str]:
    """Return the members of a sequence's state that its cell needs."""
    cell = sequence["cell"]
    if cell is None:
        return []
    count, arrays = cell["units"], ["hidden", "sum", "most"]
    if cell["kind"] == "gru":
        count, arrays = count * len(cell["members"]), ["hidden", "sum"] if sequence["next"] is None else ["hidden"]
    return [f"    float {', '.join(f'{name}[{count}]' for name in arrays)};", "    int updates;"]


def _cells_of(cell: GruCells, computed: int) -> list[str]:
    """Return the layers of the cells: for each cell that of events, then that of the hidden state."""
    lines, rows, gates = [], [], 3 * cell["units"]
    for at, member in enumerate(cell["members"]):
        for part, inputs in (("input", computed), ("hidden", cell["units"])):
            biases, weights = f"{part}_biases_{at}", f"{part}_weights_{at}"
            lines += [
                _array(biases, member[f"{part}_biases"]),  # type: ignore[literal-required]
                _array(weights, member[f"{part}_weights"]),  # type: ignore[literal-required]
            ]
            rows.append(f"{{{inputs}, {gates}, NONE, {biases}, {weights}}}")
    return [*lines, "static const struct layer gru[] = {\n    " + ",\n    ".join(rows) + "\n};"]


def _cells(field: FieldInputs) -> int:
    """Return the number of cells in which a field's value is stored."""
    return {
        "auto": 2,
        "time": 2,
        "text": field.get("buckets", 0) + 1,
        "tags": len(field.get("words", ())) + 2,
        "vector": field.get("length", 0),
    }.get(field["kind"], 1)


def _entries(fields: Sequence[FieldInputs], given: Sequence[FieldInputs]) -> int:
    """Return the largest number of inputs of fields that are looked up for one row."""
    own = [given[field.get("event_field", at)] for at, field in enumerate(fields)]
    return sum(_cells(field) if field["kind"] in ("text", "tags") else 1 for field in own)


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
            lines.append(_array(knots, field["knots"]))
        cells = _cells(given[field.get("event_field", at)])
        rows.append(
            f"{{{field['kind'].upper()}, {cells}, {field['computed']}, {field['gap']}, {numbers}, {knots}, {count}}}"
        )
    return [*lines, f"static const struct field {name}[] = {{\n    " + ",\n    ".join(rows) + "\n};"]


def _array(name: str, values: str) -> str:
    return f"static const float {name}[] = {{{_wrapped(map(_float, unpacked(values).tolist()))}}};"


def _wrapped(items: Iterable[str]) -> str:
    listed = list(items)
    if len(listed) <= 6:
        return ", ".join(listed)
    return "".join("\n    " + ", ".join(listed[at : at + 6]) + "," for at in range(0, len(listed), 6)) + "\n"


def _float(value: Any) -> str:
    """Return a C constant that is exactly the number in single precision."""
    single = float(np.float32(value))
    short = repr(single)
    # Small integers are written in decimal, for readability.
    if len(short) <= 5 and single == int(single):
        return f"{short}f"
    return re.sub(r"\.?0*p", "p", single.hex()) + "f"


def _text(text: str) -> str:
    """Return a C string literal with the bytes of a text."""
    initializers = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\?' else f"\\{byte:03o}"
        for byte in text.encode("utf-8", "surrogateescape")
    )
    return f'"{initializers}"'


def _in_comment(name: str) -> str:
    """Return a name such that it is safe in a comment."""
    plain = name.encode("ascii", "backslashreplace").decode("ascii")
    return re.sub(r"[^ -~]", "?", plain).replace("*/", "* /").replace("/*", "/ *").rstrip("\\")
