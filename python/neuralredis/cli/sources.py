"""Open the networks and tables that a command names, and match their columns."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from neuralredis.cli import servers
from neuralredis.cli.failure import Failure, complain
from neuralredis.network import Network
from neuralredis.sequences import SequenceNetwork
from neuralredis.table.column import Column
from neuralredis.table.conventions import Conventions
from neuralredis.table.failure import TableError
from neuralredis.table.known import Known, of_fields
from neuralredis.table.known_sequences import KnownSequences, OrderedBy, of_events
from neuralredis.table.notes import noted
from neuralredis.table.reading import Table, read
from neuralredis.table.sequences import Events, Order, ordered
from neuralredis.table.wishes import Wish

__all__ = [
    "SequenceInput",
    "TableInput",
    "is_numbered",
    "known",
    "opened",
    "read_for",
    "read_sequences_for",
    "with_names",
]

#: Bytes of a file from which on reading takes seconds, and from which on it takes gigabytes of memory.
SLOW, LARGE = 10_000_000, 200_000_000
#: Peak memory of reading a table, as a multiple of the file's size; approximate.
MEMORY = 10


#: Names of the columns of a table without a header.
_NUMBERED = re.compile(r"field \d+")


@dataclass(frozen=True, eq=False)
class TableInput:
    """A network, and the rows of a table in its fields.

    Attributes
    ----------
    network : Known
        The network, with a schema adapted to how the table writes values.
    table : Table
        The table.
    columns : dict of str to Column
        All columns of the table.
    rows : dict
        The values of the network's fields, by name.
    """

    network: Known
    table: Table
    columns: dict[str, Column]
    rows: dict[str, Any]


def known(network: Network) -> Known:
    """Return a network with the schema that is stored in it.

    Raises
    ------
    TableError
        If it has no fields.
    """
    if isinstance(network, SequenceNetwork):
        return of_events(network)
    return noted(network) if network.fields is None and network.notes else of_fields(network)


def with_names(place: str, key: str | None) -> Known:
    """Return the network in a file or server with its schema. Raise `Failure` if it has no fields."""
    network = servers.network(place, key)
    try:
        return known(network)
    except TableError as error:
        why = f"{error}: expected a network from 'neuralredis train'"
        raise Failure(f"{servers.show_url(place)}: {why}") from None


def read_for(network: Known, data: str, wishes: Sequence[tuple[str, Wish]] = ()) -> TableInput:
    """Return a network and the rows of a table for it; `wishes` override how columns are read."""
    names = [field.name for field in network.schema.fields]
    table = opened(data, header=not all(map(is_numbered, names)), names=names)
    for name, _ in wishes:
        table.check(name)
    columns = {name: table.column(name) for name in table.names}
    network = replace(network, schema=network.schema.adapted(columns, table.delimiter, dict(wishes)))
    return TableInput(network, table, columns, network.schema.rows(columns))


@dataclass(frozen=True, eq=False)
class SequenceInput:
    """A network of sequences, and the sequences of a table in its fields.

    Attributes
    ----------
    network : KnownSequences
        The network, with a schema adapted to how the table writes values.
    table : Table
        The table.
    columns : dict of str to Column
        All columns of the table.
    order : Order
        The rows of each sequence, in order.
    events : Events
        The values of the network's fields.
    """

    network: KnownSequences
    table: Table
    columns: dict[str, Column]
    order: Order
    events: Events


def read_sequences_for(network: KnownSequences, data: str, args: argparse.Namespace) -> SequenceInput:
    """Return a network of sequences and a table for it; options override the columns of id and time of the training."""
    names = [field.name for field in network.schema.fields]
    table = opened(data, names=names)
    by = OrderedBy(args.sequence or network.by.sequence, args.time or network.by.time)
    if by == OrderedBy():
        raise Failure(f"expected --sequence, the column with the sequence's id: {table.path} has {table.listed()}")
    for name in (*(name for name, _ in args.wishes), by.sequence, by.time):
        if name is not None:
            table.check(name)
    columns, wishes = {name: table.column(name) for name in table.names}, dict(args.wishes)
    conventions = Conventions.of(columns.values(), table.delimiter)
    order = ordered(columns, by.sequence, by.time, conventions, wishes.get(by.time or ""))
    schema = network.schema.adapted(columns, table.delimiter, wishes)
    network = replace(network, schema=schema, by=by)
    return SequenceInput(network, table, columns, order, order.events(schema.rows(columns)))


def is_numbered(name: str) -> bool:
    """Return whether a name is that of a column of a table without a header, such as ``field 1``."""
    return _NUMBERED.fullmatch(name) is not None


def opened(path: str, *, header: bool = True, names: Collection[str] = (), hint: str = "") -> Table:
    """Return the table in a file. For a large file, print the memory or time that reading takes to stderr.

    Parameters
    ----------
    path : str
        The file.
    header, names
        As for `read`.
    hint : str
        Advice on saving memory, appended to the message.
    """
    size = Path(path).stat().st_size if path != "-" and Path(path).is_file() else 0
    if size >= LARGE:
        complain(f"{path} ({size / 1e6:,.0f} MB) takes about {MEMORY * size / 1e9:.1f} GB of memory{hint}")
    elif size >= SLOW and sys.stderr.isatty():
        complain(f"reading {path} ({size / 1e6:,.0f} MB) ...")
    return read(path, header=header, names=names)
