"""Write one Python file that depends only on NumPy."""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from neuralredis.export.intermediate import Exported
from neuralredis.export.refusals import only_known

__all__ = ["files"]

#: Characters per line of packed data.
WIDTH = 110
#: The marker after which the code of a part is copied.
FROM = "\n# ---\n"


def files(exported: Exported, path: Path) -> Mapping[Path, str]:
    """Return one Python module.

    Raises
    ------
    OptionError
        If the network has a layer or a cell that this format does not support.
    """
    only_known(exported, "Python")
    parts = _parts(exported)
    sources = [
        importlib.resources.files(f"{__package__}.numpy_parts").joinpath(f"{part}.py").read_text() for part in parts
    ]
    imports = "\n".join(_imports(sources))
    code = "\n\n".join(source.split(FROM, 1)[1].strip("\n") for source in sources)
    return {
        path: f"{_docstring(exported)}\n{imports}\n\nNETWORK: dict[str, Any] = {_literal(dict(exported))}\n\n{code}\n"
    }


def _parts(exported: Exported) -> list[str]:
    if exported["sequence"] is not None:
        cell = exported["sequence"]["cell"]
        parts = ["layers", "texts", "fields", "no_cell" if cell is None else cell["kind"], "sequences"]
    else:
        parts = ["layers", "rows"] if exported["fields"] is None else ["layers", "texts", "fields", "named_rows"]
    is_classifier = exported["kind"] == "classifier"
    parts += ["classes"] if is_classifier else []
    if exported["fields"] is not None:
        parts.append("predict_class" if is_classifier else "predict_values")
    return [*parts, "proof"]


def _imports(sources: list[str]) -> Iterator[str]:
    """Yield the import lines of the parts, each once, without imports of other parts."""
    lines = {line for source in sources for line in source.split(FROM, 1)[0].splitlines()}
    found = {line for line in lines if re.match(r"(import|from) (?!neuralredis)", line)}
    yield "from __future__ import annotations\n"
    standard = sorted(
        found - {"import numpy as np", "from __future__ import annotations"},
        key=lambda line: (line[:4] == "from", line),
    )
    yield from standard
    yield "\nimport numpy as np"


def _docstring(exported: Exported) -> str:
    units = "-".join(map(str, exported["layout"]))
    members = f", {len(exported['members'])} members" if len(exported["members"]) > 1 else ""
    functions = ["run(rows)"] if exported["sequence"] is None else ["run(sequences)", "step(state, event)"]
    functions += ["classify(...)"] if exported["kind"] == "classifier" else []
    functions += ["predict(...)"] if exported["fields"] is not None else []
    own = (exported["sequence"] or exported)["fields"]
    takes = "numbers by position"
    if own is not None and not (exported["sequence"] and exported["sequence"]["by_position"]):
        takes = ", ".join(f"{_readable(field['name'])} ({field['kind']})" for field in own)
    text = f"""A {exported["kind"]} of {exported["made_by"]}, layers {units}{members}. Requires Python 3.10 and NumPy.

The outputs of {", ".join(functions)} are within 1e-6 of the network's; self_test() checks this.
Inputs: {takes}.
"""
    return '"""' + text.replace("\\", "\\\\").replace('"', '\\"') + '"""\n'


def _readable(name: str) -> str:
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in name)


def _literal(value: Any, indent: int = 0) -> str:
    """Return a value as a Python literal, with lines of limited length."""
    inner = " " * (indent + 4)
    if isinstance(value, str) and len(value) > WIDTH:
        lines = [repr(value[at : at + WIDTH]) for at in range(0, len(value), WIDTH)]
        return "(\n" + "".join(f"{inner}{line}\n" for line in lines) + " " * indent + ")"
    short = repr(value)
    if len(short) + indent <= WIDTH or not isinstance(value, (dict, list)):
        return short
    if isinstance(value, dict):
        lines = [f"{key!r}: {_literal(each, indent + 4)}" for key, each in value.items()]
    else:
        lines = [_literal(each, indent + 4) for each in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return opening + "\n" + "".join(f"{inner}{line},\n" for line in lines) + " " * indent + closing
