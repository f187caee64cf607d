"""Networks in a Redis server, by their keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, SupportsIndex

from numpy import integer
from numpy.typing import NDArray

from neuralredis.network import Network
from neuralredis.options import Creation, Kind
from neuralredis.remote.commands import Key
from neuralredis.remote.links import UNDECODED, Link, in_order, raise_ours
from neuralredis.remote.network import RedisNetwork
from neuralredis.remote.operations import TYPE, DatabaseSteps
from neuralredis.results import ListedTraining

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

__all__ = ["NeuralRedis", "connect"]


class NeuralRedis:
    """The networks of a Redis or Valkey server that has loaded the neuralredis module.

    Of a server without it, `store` and `fetch` are of use.

    A client that repeats a command whose reply is late, as redis-py does from version 6 on, may store rows twice: pass
    ``retry=None`` to a client that observes, and a ``socket_timeout`` that is longer than the slowest reply. Trainings
    may take longer than that: waiting for one asks the server again and again.

    Parameters
    ----------
    client : redis.Redis
        A client of redis-py (5 or later) or valkey-py, of a single server or of a cluster, with any options. It remains
        the caller's.

    Attributes
    ----------
    client : redis.Redis
        The same.

    Examples
    --------
    >>> net = db.create("fruits", "classifier", [3, 5, 2], dataset=1000, test=500)
    >>> net.info().parameters
    32
    >>> db["fruits"]
    <RedisNetwork 'fruits'>
    >>> "fruits" in db, "vegetables" in db
    (True, False)
    >>> del db["fruits"]
    """

    def __init__(self, client: Any) -> None:
        self.client = client
        self._link = Link(client)
        self._steps = DatabaseSteps(self._link)

    def __getitem__(self, key: Key) -> RedisNetwork:
        """Return the network at a key. The server is not asked: a missing one is noticed when it is used."""
        return RedisNetwork(self._link, key)

    def __contains__(self, key: Key) -> bool:
        """Whether there is a network at a key."""
        return self._link.finish(self._steps.holds(key))

    def __delitem__(self, key: Key) -> None:
        """Delete the network at a key; anything else that it may hold is left alone."""
        self._link.finish(self._steps.delete(key))

    def create(
        self,
        key: Key,
        kind: Kind,
        layout: Sequence[SupportsIndex] | NDArray[integer[Any]],
        **options: Unpack[Creation],
    ) -> RedisNetwork:
        """Create a network.

        Parameters
        ----------
        key : str or bytes
            Where it will be.
        kind, layout, **options
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
            If the key holds something else.
        OptionError
            If there is no such network.
        """
        self._link.finish(self._steps.create(key, kind, layout, options))
        return self[key]

    def upload(self, key: Key, network: Network, *, replace: bool = False) -> RedisNetwork:
        """Put a copy of an embedded network into the server, where it can be used and trained on.

        Parameters
        ----------
        key : str or bytes
            Where it will be.
        network : Network
            The network, rows and all.
        replace : bool, default False
            Whether it may take the place of another network.

        Returns
        -------
        RedisNetwork
            The network in the server.

        Raises
        ------
        ExistsError
            If there is a network at the key, without ``replace``.
        WrongTypeError
            If the key holds something else.

        Examples
        --------
        >>> import neuralredis as nr
        >>> local = nr.Network("regressor", [2, 1], seed=1)
        >>> db.upload("numbers", local).download() == local
        True
        """
        self._link.finish(self._steps.upload(key, network, replace))
        return self[key]

    def store(self, key: Key, network: Network) -> None:
        """Keep an embedded network as plain bytes under an ordinary key, of any server, with or without the module.

        Whatever the key held is replaced at once: readers find the old or the new.

        Parameters
        ----------
        key : str or bytes
            The key.
        network : Network
            The network, rows and all.

        Examples
        --------
        >>> import neuralredis as nr
        >>> net = nr.Network("regressor", [2, 1], seed=1)
        >>> db.store("model", net)
        >>> db.fetch("model") == net
        True
        """
        self._link.finish(self._steps.store(key, network))

    def fetch(self, key: Key) -> Network:
        """Return the network that `store` kept.

        Parameters
        ----------
        key : str or bytes
            The key.

        Raises
        ------
        NotFoundError
            If the key does not exist.
        FormatError
            If it holds other bytes.
        WrongTypeError
            If it holds no plain bytes; a network of the module is had by ``db[key].download()``.
        """
        return self._link.finish(self._steps.fetch(key))

    def networks(self) -> list[Any]:
        """Return the keys of all networks, sorted; text or bytes, as the client gives keys; bytes if they are no text.

        The keys of the whole database are looked through, some at a time, which does not hold up the server.

        Examples
        --------
        >>> _ = db.create("first", "regressor", [2, 1])
        >>> db.networks()
        ['first']
        """
        try:
            found = self.client.scan_iter(_type=TYPE, **UNDECODED)
            return in_order(self.client, found)
        except Exception as error:
            raise_ours(error)
            raise

    def threads(self) -> list[ListedTraining]:
        """Return the trainings that run or are queued in the server, of networks that this user may read.

        Examples
        --------
        >>> db.threads()
        []
        """
        found: list[ListedTraining] = self._link.finish(self._steps.threads())
        return found

    def close(self) -> None:
        """Close the client."""
        self.client.close()

    def __enter__(self) -> Self:
        """Return this, to be closed at the end of a ``with`` block."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the client."""
        self.close()

    def __repr__(self) -> str:
        """Return which client it is of."""
        return f"<NeuralRedis of {self.client!r}>"


def connect(url: str = "redis://localhost:6379", **options: Any) -> NeuralRedis:
    """Return the networks of a Redis or Valkey server.

    The connection is made at the first use.

    Parameters
    ----------
    url : str, default "redis://localhost:6379"
        Such as ``redis://user:password@host:port/db``, ``rediss://`` with TLS, or ``unix:///path/of/socket``.
    **options
        What ``redis.Redis.from_url`` takes besides.

    Examples
    --------
    >>> import neuralredis as nr
    >>> with nr.connect("redis://localhost") as db:
    ...     net = db["mynet"]
    """
    import redis

    return NeuralRedis(redis.Redis.from_url(url, **options))
