"""The operations on keys of a server, as steps with the arguments, types and docstrings of both interfaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from neuralredis import _core, loading
from neuralredis.exceptions import NotFoundError, WrongTypeError
from neuralredis.network import Network
from neuralredis.options import Creation, Kind
from neuralredis.remote import replies
from neuralredis.remote.commands import Key
from neuralredis.results import ListedTraining
from neuralredis.sequences import Cell
from neuralredis.steps import Steps

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["DatabaseSteps", "Found"]

#: The name of the module's data type.
TYPE = "neural-NN"


class Found(NamedTuple):
    """A network in the server."""

    key: Key
    #: Whether it learns from sequences.
    of_sequences: bool


class DatabaseSteps:
    """The operations of a database."""

    def __init__(self, link: Any) -> None:
        self._link = link

    def _ask(self, *command: Any) -> Steps[Any]:
        (reply,) = yield partial(self._link.send, [command])
        return reply

    def create(
        self,
        key: Key,
        kind: Kind,
        layout: Sequence[SupportsIndex] | NDArray[np.integer[Any]] | None = None,
        *,
        fields: Mapping[str, str | tuple[str, SupportsIndex]] | None = None,
        target: str | Sequence[str] | None = None,
        hidden: Sequence[SupportsIndex] | NDArray[np.integer[Any]] | None = None,
        classes: SupportsIndex | Sequence[Any] | None = None,
        **options: Unpack[Creation],
    ) -> Steps[Key]:
        """Create a network.

        Parameters
        ----------
        key : str or bytes
            The key of the new network.
        kind, layout, fields, target, hidden, classes, **options
            As for `Network`.

        Returns
        -------
        RedisNetwork
            The network.

        Raises
        ------
        ExistsError
            If there is a network at the key.
        WrongTypeError
            If the key holds a value of another type.
        OptionError
            If an argument is invalid.
        """
        words = _core.creation_words(
            kind, layout, fields=fields, target=target, hidden=hidden, classes=classes, **options
        )
        yield from self._ask("NR.CREATE", key, *words)
        return key

    def create_sequences(
        self,
        key: Key,
        kind: Kind,
        layout: Sequence[SupportsIndex] | NDArray[np.integer[Any]] | None = None,
        *,
        fields: Mapping[str, str | tuple[str, SupportsIndex]] | None = None,
        target: str | Sequence[str] | None = None,
        length: SupportsIndex = 64,
        cell: Cell = "auto",
        hidden: Sequence[SupportsIndex] | NDArray[np.integer[Any]] | None = None,
        classes: SupportsIndex | Sequence[Any] | None = None,
        **options: Unpack[Creation],
    ) -> Steps[Key]:
        """Create a network of sequences.

        Parameters
        ----------
        key : str or bytes
            The key of the new network.
        kind, layout, fields, target, length, cell, hidden, classes, **options
            As for `SequenceNetwork`.

        Returns
        -------
        RedisSequenceNetwork
            The network.

        Raises
        ------
        ExistsError
            If there is a network at the key.
        WrongTypeError
            If the key holds a value of another type.
        OptionError
            If an argument is invalid.

        Examples
        --------
        >>> net = db.create_sequences("visits", "classifier", fields={"page": "category"}, target="left")
        >>> net.session("user:17").observe({"page": "cart"})
        >>> net.session("user:17").finish("yes")
        """
        declared: Any = {"fields": fields, "target": target, "hidden": hidden, "classes": classes}
        declared["_sequence"] = (length, cell)
        words = _core.creation_words(kind, layout, **declared, **options)
        yield from self._ask("NR.CREATE", key, *words)
        return key

    def network(self, key: Key) -> Steps[Found]:
        """Return the network at a key, of the class for what it learns from: rows or sequences.

        Parameters
        ----------
        key : str or bytes
            The key.

        Returns
        -------
        RedisNetwork or RedisSequenceNetwork
            The network.

        Raises
        ------
        NotFoundError
            If the key does not exist.
        WrongTypeError
            If it holds a value of another type.

        Examples
        --------
        >>> _ = db.create("numbers", "regressor", [2, 1])
        >>> _ = db.create_sequences("load", "regressor", fields={"kwh": "number"}, target="kwh")
        >>> db.network("numbers"), db.network("load")
        (<RedisNetwork 'numbers'>, <RedisSequenceNetwork 'load'>)
        """
        info = replies.fields((yield from self._ask("NR.INFO", key)))
        return Found(key, "sequence_length" in info)

    def upload(self, key: Key, network: Network, *, replace: bool = False) -> Steps[Found]:
        """Copy an embedded network into the server, where it can be used and trained.

        Parameters
        ----------
        key : str or bytes
            The key of the new network.
        network : Network
            The network, with its rows.
        replace : bool, default False
            Whether to replace a network at the key.

        Returns
        -------
        RedisNetwork, or RedisSequenceNetwork of a SequenceNetwork
            The network in the server.

        Raises
        ------
        ExistsError
            If there is a network at the key, without ``replace``.
        WrongTypeError
            If the key holds a value of another type.

        Examples
        --------
        >>> import neuralredis as nr
        >>> local = nr.Network("regressor", [2, 1], seed=1)
        >>> db.upload("numbers", local).download() == local
        True
        """
        flag = ("REPLACE",) if replace else ()
        yield from self._ask("NR.IMPORT", key, _bytes_of(network), *flag)
        return Found(key, _core.sequence_declaration(network) is not None)

    def store(self, key: Key, network: Network) -> Steps[None]:
        """Store an embedded network as a string value, in any server, with or without the module.

        Any previous value of the key is replaced atomically.

        Parameters
        ----------
        key : str or bytes
            The key.
        network : Network
            The network, with its rows.

        Examples
        --------
        >>> import neuralredis as nr
        >>> net = nr.Network("regressor", [2, 1], seed=1)
        >>> db.store("model", net)
        >>> db.fetch("model") == net
        True
        """
        yield from self._ask("SET", key, _bytes_of(network))

    def fetch(self, key: Key) -> Steps[Network]:
        """Return the network that `store` wrote.

        Parameters
        ----------
        key : str or bytes
            The key.

        Raises
        ------
        NotFoundError
            If the key does not exist.
        FormatError
            If the value is not a saved network.
        WrongTypeError
            If the value is not a string. For a network of the module use ``db[key].download()``.
        """
        found = yield from self._ask("GET", key)
        if found is None:
            raise NotFoundError(f"no network at key {_shown(key)}")
        return loading.from_bytes(found)

    def holds(self, key: Key) -> Steps[bool]:
        """Return whether a key holds a network."""
        return replies.text((yield from self._ask("TYPE", key))) == TYPE

    def delete(self, key: Key) -> Steps[None]:
        """Delete the network at a key.

        Raises
        ------
        NotFoundError
            If the key does not exist.
        WrongTypeError
            If it holds a value of another type, which is kept.
        """
        kind = replies.text((yield from self._ask("TYPE", key)))
        if kind == "none":
            raise NotFoundError(f"no network at key {_shown(key)}")
        if kind != TYPE:
            raise WrongTypeError(f"the key {_shown(key)} holds a {kind}: expected a network")
        yield from self._ask("UNLINK", key)

    def networks(self) -> Steps[list[Any]]:
        """Return the keys of all networks, sorted: text or bytes as the client decodes keys, bytes if not decodable.

        It scans all keys of the database in batches, between which the server handles other commands.

        Examples
        --------
        >>> _ = db.create("first", "regressor", [2, 1])
        >>> db.networks()
        ['first']
        """
        keys: list[Any] = yield partial(self._link.keys, TYPE)
        return keys

    def threads(self) -> Steps[list[ListedTraining]]:
        """Return the running and queued trainings of the server, for networks that this user may read.

        Examples
        --------
        >>> db.threads()
        []
        """
        return replies.threads((yield from self._ask("NR.TRAININGS")))


def _bytes_of(network: Network) -> bytes:
    if not isinstance(network, Network):
        raise TypeError(f"network is a {type(network).__name__}: expected a neuralredis.Network")
    return bytes(network)


def _shown(key: Key) -> str:
    return f"'{key.decode(errors='replace') if isinstance(key, bytes) else key}'"
