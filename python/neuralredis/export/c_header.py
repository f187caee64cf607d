"""Write the header of a network in C: its types, constants and functions."""

from __future__ import annotations

import re

from neuralredis.export.c_literals import in_comment
from neuralredis.export.intermediate import Exported, FieldInputs, SequenceView
from neuralredis.export.names import identifiers

__all__ = ["Header", "cells_of"]

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


class Header:
    """The header of a network, and what its source refers to.

    Parameters
    ----------
    exported : dict
        The intermediate representation.
    stem : str
        The name of the files, without a suffix.
    """

    def __init__(self, exported: Exported, stem: str) -> None:
        self.exported, self.sequence = exported, exported["sequence"]
        #: The prefix of all names.
        [self.prefix] = identifiers([stem], KEYWORDS)
        #: Fields that a user gives: of rows, or of events; and their members.
        self.given = (exported["fields"] or []) if self.sequence is None else self.sequence["fields"]
        self.members = identifiers((field["name"] for field in self.given), KEYWORDS | {"event"})
        self.by_position = self.sequence is not None and self.sequence["by_position"]
        #: The parameter of functions that take an event.
        self.event = "const float event[NET_INPUTS]" if self.by_position else "const struct net_event *event"

    def text(self) -> str:
        """Return the header; names have the prefixes `net_` and `NET_`."""
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
                f"    {own} = {at}, /* {in_comment(name)} */"
                for at, (own, name) in enumerate(zip(names, exported["classes"], strict=True))
            ]
            lines += ["", "/* The classes. */", "enum net_class {", *known[:-1], known[-1].replace(",", "", 1), "};"]
        elif not classifier and exported["targets"]:
            lines += [f"/* Output {at} is {in_comment(name)}. */" for at, name in enumerate(exported["targets"])]
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
            stored = max(sum(map(cells_of, self.given)), 1)
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
                f"    float cells[NET_LENGTH][{stored}];",
                *state,
                "};",
                "",
                "/* Initializes a sequence without events. */",
                "void net_begin(struct net_sequence *of);",
                "/* Adds an event. Returns 0, or -1 - i if field i does not accept its value; then none is added. */",
                f"int net_observe(struct net_sequence *of, {self.event});",
                "/* Computes the outputs after the events so far. */",
                "void net_run(const struct net_sequence *of, float outputs[NET_OUTPUTS]);",
                "/* Adds an event and computes the outputs. Returns 0, or an error as net_observe. */",
                f"int net_step(struct net_sequence *of, {self.event}, float outputs[NET_OUTPUTS]);",
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
            lines.append(f"    {declared.format(own)}; /* {in_comment(field['name'])}: {meaning} */")
            gaps.append(
                {"flag": "-1", "number": "NAN", "auto": "NAN", "time": "(double)NAN", "vector": "{NAN}"}.get(
                    field["kind"], "NULL"
                )
            )
            if field["kind"] == "auto":
                lines.append(f"    const char *{member}_word; /* the value if it is a word, else NULL */")
                gaps.append("NULL")
        return [*lines, "};", f"/* Needs math.h and stddef.h. */\n#define NET_{name.upper()} {{{', '.join(gaps)}}}"]


def cells_of(field: FieldInputs) -> int:
    """Return the number of cells in which a field's value is stored."""
    return {
        "auto": 2,
        "time": 2,
        "text": field.get("buckets", 0) + 1,
        "tags": len(field.get("words", ())) + 2,
        "vector": field.get("length", 0),
    }.get(field["kind"], 1)


def _state(sequence: SequenceView) -> list[str]:
    """Return the members of a sequence's state that its cell needs."""
    cell = sequence["cell"]
    if cell is None:
        return []
    count, arrays = cell["units"], ["hidden", "sum", "most"]
    if cell["kind"] == "gru":
        count, arrays = count * len(cell["members"]), ["hidden", "sum"] if sequence["next"] is None else ["hidden"]
    return [f"    float {', '.join(f'{name}[{count}]' for name in arrays)};", "    int updates;"]
