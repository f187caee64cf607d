"""Check the files that commands write before anything is computed."""

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
    """Raise `Failure` if the folder of a file does not exist.

    Parameters
    ----------
    place : str
        The file.
    why : str
        The beginning of the message.
    """
    folder = Path(place).absolute().parent
    if not folder.is_dir():
        raise Failure(f"{why}: there is no folder {folder}")


def check_inputs(option: str, place: str, inputs: dict[str, str]) -> None:
    """Raise `Failure` if an output file is the same file as one of the inputs, also by a link or another path.

    Parameters
    ----------
    option : str
        The option that names the output file.
    place : str
        The output file.
    inputs : dict of str to str
        Descriptions of the input files, by path; ``-`` is standard input.
    """
    for other, kind in inputs.items():
        if _same(place, other):
            raise Failure(f"{option} {place} is {kind}, which would be overwritten: expected another name")


def network_place(data: str, out: str | None) -> str:
    """Return the path to save a network under: `out`, or the name of the table with ``.nr``.

    Raises
    ------
    Failure
        If the path cannot be written, or holds a file that is not a network.
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
                f"{place} exists and is not a network, so it is not overwritten: expected another name for --out"
            ) from None
    if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
        raise Failure(f"cannot save {place}: no permission to write")
    return place


def check_question(place: str, target: str, table: Table) -> None:
    """Raise `Failure` if the file holds a network with another target, or with fields that the table lacks."""
    from neuralredis.cli.sources import known

    if not Path(place).exists():
        return
    other = "use --replace to overwrite it, or --out for another file"
    try:
        schema = known(load(place)).schema
    except TableError:
        raise Failure(f"{place} is a network without a known target: {other}") from None
    if schema.target.name != target:
        raise Failure(f"{place} predicts '{shortened(schema.target.name)}', not '{shortened(target)}': {other}")
    names = [*(field.name for field in schema.fields), *(one.name for one in schema.left_out)]
    missing = [name for name in names if name not in table.names]
    if missing:
        reason = f"was trained on a table with a column '{shortened(missing[0])}', which {table.path} lacks"
        raise Failure(f"{place} {reason}: {other}")


def check_plot(place: str | None, inputs: dict[str, str]) -> None:
    """Raise `Failure` if a picture cannot be written to a file, or would overwrite an input."""
    if place is None:
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    if Path(place).suffix[1:].lower() not in FigureCanvasAgg.get_supported_filetypes():
        raise Failure(f"--plot {place}: expected a name with .png, .svg or .pdf")
    check_folder(place, f"--plot {place}")
    check_inputs("--plot", place, inputs)


def _stem(path: str) -> str:
    """Return the name of a table without its folder and suffixes, such as ``.csv.gz``."""
    return Path(Path(path).name.removesuffix(".gz")).stem


def _same(place: str, other: str) -> bool:
    try:
        there = os.fstat(sys.stdin.fileno()) if other == "-" else os.stat(other)
        return os.path.samestat(os.stat(place), there)
    except (OSError, ValueError):
        # One of them does not exist: then only equal paths are the same file.
        return other != "-" and os.path.realpath(place) == os.path.realpath(other)
