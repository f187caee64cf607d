"""Networks as files that need no neuralredis: JavaScript, C, JSON and others.

A format is a line of `FORMATS` and a module with a function ``files``, which makes the contents of files from what
`intermediate` says of a network.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from neuralredis import files
from neuralredis.exceptions import OptionError
from neuralredis.export.intermediate import Exported, intermediate

if TYPE_CHECKING:
    from neuralredis.network import Network

__all__ = ["FORMATS", "Exported", "Format", "export", "format_of", "intermediate"]


@dataclass(frozen=True)
class Format:
    """A format of exports.

    Attributes
    ----------
    name : str
        What ``to`` of `Network.export` and ``--to`` of the command line call it.
    suffixes : tuple of str
        Of files, in lower case; the first is that of files without a name.
    module : str
        Its module in this package, which has ``files(exported, path)``: the contents of all files that belong to an
        export, by their paths; texts are written as UTF-8.
    what : str
        What it is, in a few words.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str
    what: str

    def files(self, exported: Exported, path: Path) -> Mapping[Path, str | bytes]:
        """Return the contents of all files of an export, by their paths."""
        made: Mapping[Path, str | bytes] = importlib.import_module(f"{__name__}.{self.module}").files(exported, path)
        return made


#: All formats, in the order in which they are told.
FORMATS = (
    Format("js", (".js", ".mjs"), "javascript", "ES module, CommonJS twin and types: the same bits"),
    Format("c", (".c", ".h"), "c99", "C99 source and header without memory of their own: the same bits"),
    Format("json", (".json",), "as_json", "a documented description of all that is computed: the same bits"),
    Format("py", (".py",), "as_numpy", "one file for NumPy alone: within 1e-6"),
    Format("onnx", (".onnx",), "as_onnx", "a graph for ONNX runtimes: within 1e-5"),
    Format(
        "sql", (".sql",), "as_sql", "one SELECT for PostgreSQL, DuckDB and SQLite: small networks, in double precision"
    ),
)


def export(network: Network, path: str | os.PathLike[str], to: str | None = None) -> list[Path]:
    """Write a network as files that need no neuralredis; see `Network.export`."""
    path = Path(path)
    format = format_of(path, to)
    made = format.files(intermediate(network), path)
    for own, content in made.items():
        files.replace(own, content.encode() if isinstance(content, str) else content)
    return list(made)


def format_of(path: Path, to: str | None = None) -> Format:
    """Return the format of that name, or that of a path.

    Raises
    ------
    OptionError
        If there is none.
    """
    expected = ", ".join(format.name for format in FORMATS)
    for format in FORMATS:
        if to == format.name if to is not None else path.suffix.lower() in format.suffixes:
            return format
    if to is not None:
        raise OptionError(f"format {to!r}: expected {expected}")
    suffixes = ", ".join(suffix for format in FORMATS for suffix in format.suffixes)
    raise OptionError(f"{path} does not say its format: expected a name in {suffixes}, or to= one of {expected}")
