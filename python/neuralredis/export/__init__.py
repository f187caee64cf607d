"""Export networks to files that run without neuralredis: JavaScript, C, JSON and others.

A format is an entry of `FORMATS` and a module with a function ``files``, which generates the contents of the files
from the intermediate representation that `intermediate` returns.
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
    """Describe an export format.

    Attributes
    ----------
    name : str
        Its name in ``to`` of `Network.export` and in ``--to`` of the command line.
    suffixes : tuple of str
        File name suffixes in lower case; the first is the default.
    module : str
        Its module in this package, with ``files(exported, path)``, which returns the contents of all files of an
        export by their paths; strings are written as UTF-8.
    what : str
        A description in a few words.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str
    what: str

    def files(self, exported: Exported, path: Path) -> Mapping[Path, str | bytes]:
        """Return the contents of all files of an export, by their paths."""
        made: Mapping[Path, str | bytes] = importlib.import_module(f"{__name__}.{self.module}").files(exported, path)
        return made


#: All formats, in the order in which messages list them.
FORMATS = (
    Format("js", (".js", ".mjs"), "javascript", "ES module, CommonJS twin and types, identical outputs"),
    Format("c", (".c", ".h"), "c99", "C99 source and header, no dynamic memory, identical outputs"),
    Format("json", (".json",), "as_json", "a documented description of the computation, exact weights"),
    Format("py", (".py",), "as_numpy", "one file that needs only NumPy, outputs within 1e-6"),
    Format("onnx", (".onnx",), "as_onnx", "a graph for ONNX runtimes, outputs within 1e-5"),
    Format("sql", (".sql",), "as_sql", "one SELECT for PostgreSQL, DuckDB and SQLite, for small networks"),
)


def export(network: Network, path: str | os.PathLike[str], to: str | None = None) -> list[Path]:
    """Write a network to files that run without neuralredis; see `Network.export`.

    Returns
    -------
    list of pathlib.Path
        The files that were written.

    Raises
    ------
    OptionError
        If the format is unknown, or cannot represent this network.
    """
    path = Path(path)
    format = format_of(path, to)
    made = format.files(intermediate(network), path)
    for own, content in made.items():
        files.replace(own, content.encode() if isinstance(content, str) else content)
    return list(made)


def format_of(path: Path, to: str | None = None) -> Format:
    """Return the format named ``to``, or, without it, the format of the path's suffix.

    Raises
    ------
    OptionError
        If there is no such format.
    """
    expected = ", ".join(format.name for format in FORMATS)
    for format in FORMATS:
        if to == format.name if to is not None else path.suffix.lower() in format.suffixes:
            return format
    if to is not None:
        raise OptionError(f"format {to!r}: expected {expected}")
    suffixes = ", ".join(suffix for format in FORMATS for suffix in format.suffixes)
    raise OptionError(f"{path}: unknown suffix: expected {suffixes}, or to= one of {expected}")
