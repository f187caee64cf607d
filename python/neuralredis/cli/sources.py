"""Networks and tables that commands are given."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neuralredis.cli import servers
from neuralredis.cli.failure import Failure, complain
from neuralredis.network import Network
from neuralredis.table.column import Column
from neuralredis.table.encoding import Encoding
from neuralredis.table.failure import TableError
from neuralredis.table.reading import Table, read
from neuralredis.table.target import Classes

__all__ = ["Asked", "asked", "encoding_of", "opened", "with_encoding"]

#: Bytes of a file from which on reading it takes a while, and from which on it takes much memory.
SLOW, LARGE = 10_000_000, 200_000_000
#: Memory that a table takes while it is read, as a multiple of its file, about.
MEMORY = 10


@dataclass(frozen=True, eq=False)
class Asked:
    """A network, and the rows of a table as it takes them.

    Attributes
    ----------
    network : Network
        The network.
    encoding : Encoding
        What its inputs and its answers mean.
    table : Table
        The table.
    columns : dict
        Those of its columns that the network goes by.
    X : numpy.ndarray of float32, shape (rows, inputs)
        The rows.
    """

    network: Network
    encoding: Encoding
    table: Table
    columns: dict[str, Column]
    X: NDArray[np.float32]


def with_encoding(place: str, key: str | None) -> tuple[Network, Encoding]:
    """Return a network that knows what its columns are."""
    network = servers.network(place, key)
    try:
        return network, encoding_of(network)
    except TableError as error:
        why = f"{error}: expected a network that 'neuralredis train' has made"
        raise Failure(f"{servers.show_url(place)}: {why}") from None


def encoding_of(network: Network) -> Encoding:
    """Return what a network says of its columns.

    Raises
    ------
    TableError
        If it says nothing, or something of other columns than it has.
    """
    encoding = Encoding.from_bytes(network.notes)
    info = network.info()
    outputs = len(encoding.target.labels) if isinstance(encoding.target, Classes) else 1
    if (info.type, info.layout[0], info.layout[-1]) != (encoding.target.kind, len(encoding.inputs()), outputs):
        raise TableError(f"it is a {info.title}, and its columns are described for another network")
    return encoding


def asked(place: str, key: str | None, data: str) -> Asked:
    """Return a network and a table for it."""
    network, encoding = with_encoding(place, key)
    table = opened(data, header=encoding.header, names=[kind.name for kind in encoding.columns])
    columns = {name: table.column(name) for name in table.names}
    encoding = encoding.adapted(columns, table.delimiter)
    return Asked(network, encoding, table, columns, encoding.encode(columns))


def opened(path: str, *, header: bool = True, names: Collection[str] = (), hint: str = "") -> Table:
    """Return the table in a file; of a large one it is said that this takes a while, and how much memory.

    Parameters
    ----------
    path : str
        The file.
    header, names
        As for `read`.
    hint : str
        What can be done about the memory.
    """
    size = Path(path).stat().st_size if path != "-" and Path(path).is_file() else 0
    if size >= LARGE:
        complain(f"{path} ({size / 1e6:,.0f} MB) takes about {MEMORY * size / 1e9:.1f} GB of memory{hint}")
    elif size >= SLOW and sys.stderr.isatty():
        complain(f"reading {path} ({size / 1e6:,.0f} MB) ...")
    return read(path, header=header, names=names)
