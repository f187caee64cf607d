"""Write the types of options, python/neuralredis/options.py, from the engine's table of options.

python docs/option_types.py
"""

from __future__ import annotations

import textwrap
from pathlib import Path

from neuralredis import _core

PAGE = Path(__file__).resolve().parent.parent / "python" / "neuralredis" / "options.py"

#: Name, name in replies, former name, words, what else it may be, whether it is for new networks alone.
Row = tuple[str, str, str | None, tuple[str, ...], str | None, bool]

HEAD = '''"""Define the names and types of options, for type checkers and for decoding replies of a server.

`make pages` generates this file from the engine's table of options, rust/core/src/options/mod.rs. At run time words
are case-insensitive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, SupportsIndex, TypedDict

from numpy.typing import NDArray

'''

#: Types of returned and of accepted values, by the type that an option has besides words.
RETURNED = {
    "flag": "bool",
    "integer": "int",
    "number": "float",
    "numbers": "list[float]",
    "signs": "list[float]",
    None: "",
}
ACCEPTED = {
    **RETURNED,
    "integer": "SupportsIndex",
    "numbers": "Sequence[float] | NDArray[Any]",
    "signs": "Sequence[float] | NDArray[Any] | Mapping[str, float]",
}


def page() -> str:
    """Return the file."""
    rows = _core.option_table()
    aliases = {row[0]: camel(row[0]) for row in rows if row[3] and row[4] in (None, "numbers", "signs")}
    names = sorted(["Changes", "Creation", "Kind", "Options", "OptionFields", "Set", *aliases.values()])
    lines = [HEAD + "__all__ = [", *(f"    {quoted(name)}," for name in names), "]", ""]
    lines += ['Kind = Literal["classifier", "regressor"]', 'Set = Literal["train", "test"]']
    lines += [f"{alias} = {type_of(row, ACCEPTED)}" for row in rows if (alias := aliases.get(row[0]))]

    def named(row: Row, types: dict[str | None, str]) -> str:
        return aliases[row[0]] if row[0] in aliases and types[row[4]] == ACCEPTED[row[4]] else type_of(row, types)

    kept = [row for row in rows if not row[5]]
    returned = [f"    {row[0]}: {named(row, RETURNED)}" for row in kept]
    given = "    {}: {} | None"
    lines += klass("Options(TypedDict)", "The options of a network, as returned by `Network.configure`.", returned)
    changes = [given.format(row[0], named(row, ACCEPTED)) for row in kept]
    changes += ["    # Former names.", *(given.format(row[2], named(row, ACCEPTED)) for row in kept if row[2])]
    lines += klass("Changes(TypedDict, total=False)", "Options that `Network.configure` accepts.", changes)
    new = [given.format(row[0], named(row, ACCEPTED)) for row in rows if row[5]]
    lines += klass("Creation(Changes, total=False)", "Options that the constructors of networks accept.", new)
    lines += ["", "", "@dataclass(frozen=True, kw_only=True)"]
    lines += klass("OptionFields", "The options of a network, as attributes of what `Network.info` returns.", returned)[
        2:
    ]
    return "\n".join(lines) + "\n"


def type_of(row: Row, types: dict[str | None, str]) -> str:
    """Return the type of an option."""
    _, _, _, words, other, _ = row
    return " | ".join([*([literal(words)] if words else []), *([types[other]] if other else [])])


def klass(head: str, summary: str, fields: list[str]) -> list[str]:
    """Return the lines of a class."""
    return ["", "", f"class {head}:", textwrap.indent(f'"""{summary}"""', "    "), "", *fields]


def camel(name: str) -> str:
    """Return the name of the type of an option."""
    return "".join(map(str.capitalize, name.split("_")))


def literal(words: tuple[str, ...]) -> str:
    """Return the type of a few words."""
    return f"Literal[{', '.join(map(quoted, words))}]"


def quoted(word: str) -> str:
    """Return a word as code."""
    return f'"{word}"'


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
