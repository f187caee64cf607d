"""The imports of the module's crates have no cycle."""

from __future__ import annotations

import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

RUST = Path(__file__).parents[1] / "rust"

Module = tuple[str, ...]


def modules(source: Path) -> dict[Module, str]:
    """Return the source of each module of a crate without tests and comments."""
    found = {}
    for file in source.rglob("*.rs"):
        path = file.relative_to(source).with_suffix("").parts
        text = file.read_text().partition("#[cfg(test)]\nmod tests")[0]
        found[path[:-1] if path[-1] in ("lib", "mod") else path] = re.sub(r"//.*", "", text)
    return found


def paths(tree: str) -> Iterator[str]:
    """Yield each path that a tree of imports, such as ``crate::{a, b::{c, d}}``, stands for."""
    before, brace, inside = tree.strip().partition("{")
    if not brace:
        yield before.partition(" as ")[0].strip()
        return
    depth, start = 0, 0
    inside = inside.rstrip().removesuffix("}") + ","
    for index, character in enumerate(inside):
        depth += (character == "{") - (character == "}")
        if character == "," and depth == 0:
            if inside[start:index].strip():
                yield from (before + path for path in paths(inside[start:index]))
            start = index + 1


def used(module: Module, text: str, known: dict[Module, str]) -> set[Module]:
    """Return the modules that a module refers to, in imports or by a path."""
    imports = [match[1] for match in re.finditer(r"\buse\s+([^;]+);", text)]
    named = [path for tree in imports for path in paths(tree)]
    named += re.findall(r"(?<![\w:])\w+(?:::\w+)+", re.sub(r"\buse\s+[^;]+;", "", text))
    found = set()
    for path in named:
        at, parts = module, path.split("::")
        if parts[0] == "crate":
            at = ()
        elif parts[0] not in ("self", "super") and (*at, parts[0]) not in known:
            continue
        for part in parts:
            if part == "super":
                at = at[:-1]
            elif (*at, part) in known:
                at = (*at, part)
            elif part not in ("crate", "self"):
                break
        found.add(at)
    return found - {module}


@pytest.mark.parametrize("crate", ["redis", "server"])
def test_imports_of_crates_have_no_cycle(crate: str) -> None:
    known = modules(RUST / crate / "src")
    assert len(known) > 20
    graph = {module: used(module, text, known) for module, text in known.items()}
    assert sum(map(len, graph.values())) > 2 * len(known), "imports are found"
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = " -> ".join("/".join(module) for module in reversed(error.args[1]))
        pytest.fail(f"rust/{crate}: {circle}")
