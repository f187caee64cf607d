"""Load networks of rows or of sequences from files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from neuralredis import _core
from neuralredis.network import Network
from neuralredis.sequences import SequenceNetwork

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["from_bytes", "load"]


def load(path: str | os.PathLike[str]) -> Network:
    """Return the network in a file that `Network.save` wrote: a `Network` or a `SequenceNetwork`.

    Parameters
    ----------
    path : path-like
        The file.

    Raises
    ------
    FormatError
        If the file is not a network, is damaged, or has a later version of the format.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import neuralredis as nr
    >>> net = nr.Network("regressor", [2, 3, 1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     net.save(pathlib.Path(folder, "sum.nr"))
    ...     nr.load(pathlib.Path(folder, "sum.nr")) == net
    True
    """
    with open(path, "rb") as file:
        return from_bytes(file.read())


def from_bytes(data: Buffer) -> Network:
    """Return the network in bytes that `Network.save` would write: a `Network` or a `SequenceNetwork`."""
    net = Network.from_bytes(data)
    return net if _core.sequence_declaration(net) is None else SequenceNetwork.from_bytes(data)
