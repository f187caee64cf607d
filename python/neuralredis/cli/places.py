"""Files that commands write: what must not be overwritten, and where a file can be."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from neuralredis.cli.failure import Failure
from neuralredis.loading import load
from neuralredis.table.failure import TableError
from neuralredis.table.texts import shortened

if TYPE_CHECKING:
    from neuralredis.table.reading import Table

__all__ = ["check_folder", "check_inputs", "check_plot", "check_question", "network_place"]


def check_folder(place: str, why: str) -> None:
    """Fail if there is no folder for a file.

    Parameters
    ----------
    place : str
        The file.
    why : str
        What the message begins with.
    """
    folder = Path(place).absolute().parent
    if not folder.is_dir():
        raise Failure(f"{why}: there is no folder {folder}")


def check_inputs(option: str, place: str, inputs: dict[str, str]) -> None:
    """Fail if a file that would be written is one of those that are read, by whatever name.

    Parameters
    ----------
    option : str
        What names the file that would be written.
    place : str
        That file.
    inputs : dict of str to str
        What the files are that are read, by their places; ``-`` is standard input.
    """
    for other, what in inputs.items():
        if _same(place, other):
            raise Failure(f"{option} {place} is {what}, which would be overwritten: expected another name")


def network_place(data: str, out: str | None) -> str:
    """Return where to save the network of a table: where it is asked for, or under the name of the table.

    It fails where nothing can be saved, and where something is that is no network.
    """
    place = out or ("net.nr" if data == "-" else f"{_stem(data) or 'net'}.nr")
    path = Path(place)
    check_folder(place, f"cannot save {place}")
    if path.is_dir():
        raise Failure(f"cannot save {place}: it is a folder")
    if path.exists():
        try:
            load(path)
        except ValueError:
            raise Failure(
                f"{place} is there, and no network: it is not overwritten. --out names another file"
            ) from None
    if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
        raise Failure(f"cannot save {place}: it may not be written")
    return place


def check_question(place: str, target: str, table: Table) -> None:
    """Fail if a network is there that answers something else than the target, or goes by columns of another table."""
    from neuralredis.cli.sources import known

    if not Path(place).exists():
        return
    other = "--replace puts the new network in its place, --out names another file"
    try:
        schema = known(load(place)).schema
    except TableError:
        raise Failure(f"{place} is a network of which it is not known what it answers: {other}") from None
    if schema.target.name != target:
        raise Failure(f"{place} answers '{shortened(schema.target.name)}', not '{shortened(target)}': {other}")
    names = [*(field.name for field in schema.fields), *(one.name for one in schema.left_out)]
    missing = [name for name in names if name not in table.names]
    if missing:
        what = f"has learnt from a table with a column '{shortened(missing[0])}', which {table.path} lacks"
        raise Failure(f"{place} {what}: {other}")


def check_plot(place: str | None, inputs: dict[str, str]) -> None:
    """Fail if a picture cannot be drawn into a file, or must not be."""
    if place is None:
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    if Path(place).suffix[1:].lower() not in FigureCanvasAgg.get_supported_filetypes():
        raise Failure(f"--plot {place}: expected a name with .png, .svg or .pdf")
    check_folder(place, f"--plot {place}")
    check_inputs("--plot", place, inputs)


def _stem(path: str) -> str:
    """Return the name of a table without what says how it is stored."""
    return Path(Path(path).name.removesuffix(".gz")).stem


def _same(place: str, other: str) -> bool:
    try:
        there = os.fstat(sys.stdin.fileno()) if other == "-" else os.stat(other)
        return os.path.samestat(os.stat(place), there)
    except (OSError, ValueError):
        # One of them is not there yet, or is no file: then both are the same only by name.
        return other != "-" and os.path.realpath(place) == os.path.realpath(other)
