"""Networks and tables that commands are given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neuralredis.cli import servers
from neuralredis.cli.failure import Failure
from neuralredis.network import Network
from neuralredis.table.column import Column
from neuralredis.table.encoding import Encoding
from neuralredis.table.failure import TableError
from neuralredis.table.reading import Table, read
from neuralredis.table.target import Classes

__all__ = ["Asked", "asked", "encoding_of", "with_encoding"]


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
    table = read(data)
    columns = {name: table.column(name) for name in table.names}
    return Asked(network, encoding, table, columns, encoding.encode(columns))
