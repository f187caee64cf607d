"""Networks and tables that commands are given."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from neuralredis.cli import servers
from neuralredis.cli.failure import Failure, complain
from neuralredis.network import Network
from neuralredis.table.column import Column
from neuralredis.table.failure import TableError
from neuralredis.table.known import Known, of_fields
from neuralredis.table.notes import noted
from neuralredis.table.reading import Table, read
from neuralredis.table.wishes import Wish

__all__ = ["Asked", "asked", "known", "opened", "with_names"]

#: Bytes of a file from which on reading it takes a while, and from which on it takes much memory.
SLOW, LARGE = 10_000_000, 200_000_000
#: Memory that a table takes while it is read, as a multiple of its file, about.
MEMORY = 10


#: Columns of a table without names.
_NUMBERED = re.compile(r"field \d+")


@dataclass(frozen=True, eq=False)
class Asked:
    """A network, and the rows of a table as it takes them.

    Attributes
    ----------
    network : Known
        The network, with its columns read as those of the table.
    table : Table
        The table.
    columns : dict of str to Column
        The columns of the table.
    rows : dict
        The values of those that the network goes by.
    """

    network: Known
    table: Table
    columns: dict[str, Column]
    rows: dict[str, Any]


def known(network: Network) -> Known:
    """Return what a network says of its columns.

    Raises
    ------
    TableError
        If it says nothing.
    """
    return noted(network) if network.fields is None and network.notes else of_fields(network)


def with_names(place: str, key: str | None) -> Known:
    """Return a network that knows what its columns are."""
    network = servers.network(place, key)
    try:
        return known(network)
    except TableError as error:
        why = f"{error}: expected a network that 'neuralredis train' has made"
        raise Failure(f"{servers.show_url(place)}: {why}") from None


def asked(place: str, key: str | None, data: str, wishes: Sequence[tuple[str, Wish]] = ()) -> Asked:
    """Return a network and a table for it, some of whose columns are written as is said."""
    network = with_names(place, key)
    names = [field.name for field in network.schema.fields]
    table = opened(data, header=not all(map(_NUMBERED.fullmatch, names)), names=names)
    for name, _ in wishes:
        table.check(name)
    columns = {name: table.column(name) for name in table.names}
    network = replace(network, schema=network.schema.adapted(columns, table.delimiter, dict(wishes)))
    return Asked(network, table, columns, network.schema.rows(columns))


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
