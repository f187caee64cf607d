"""Reject kinds of layers and cells that an export format does not support."""

from __future__ import annotations

from neuralredis.exceptions import OptionError
from neuralredis.export.intermediate import Exported

__all__ = ["only_known"]

#: Kinds of cells that all formats of sequences know.
CELLS = ("reservoir", "gru")


def only_known(exported: Exported, format: str) -> None:
    """Check that a network has only dense layers, and no cell of an unknown kind; otherwise raise `OptionError`."""
    kinds = {layer["kind"] for member in exported["members"] for layer in member}
    if kinds != {"dense"}:
        raise OptionError(f"layers of the kinds {', '.join(sorted(kinds))}: expected dense layers, for {format}")
    cell = None if exported["sequence"] is None else exported["sequence"]["cell"]
    if cell is not None and cell["kind"] not in CELLS:
        raise OptionError(f"cell {cell['kind']}: expected window, {' or '.join(CELLS)}, for {format}")
