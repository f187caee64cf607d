"""Files that commands write: what must not be overwritten, and where a file can be."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from neuralredis.cli.failure import Failure

__all__ = ["check_folder", "check_inputs"]


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


def _same(place: str, other: str) -> bool:
    try:
        there = os.fstat(sys.stdin.fileno()) if other == "-" else os.stat(other)
        return os.path.samestat(os.stat(place), there)
    except (OSError, ValueError):
        # One of them is not there yet, or is no file: then both are the same only by name.
        return other != "-" and os.path.realpath(place) == os.path.realpath(other)
