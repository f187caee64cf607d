"""Networks in a Redis server, by their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from neuralredis.remote.commands import Key
from neuralredis.remote.database_steps import DatabaseSteps, Found
from neuralredis.remote.links import Link
from neuralredis.remote.network import RedisNetwork
from neuralredis.remote.sequences import RedisSequenceNetwork
from neuralredis.steps import waited

if TYPE_CHECKING:
    from typing_extensions import Self

    from neuralredis.network import Network
    from neuralredis.sequences import SequenceNetwork

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
        """Return the network at a key. The server is not asked: a missing one is noticed when it is used.

        One of sequences is had by `network`, which asks.
        """
        return RedisNetwork(self._link, key)

    def __contains__(self, key: Key) -> bool:
        """Whether there is a network at a key."""
        return self.holds(key)

    def __delitem__(self, key: Key) -> None:
        """Delete the network at a key, as `delete` does."""
        self.delete(key)

    def _of_sequences(self, key: Key) -> RedisSequenceNetwork:
        return RedisSequenceNetwork(self._link, key)

    def _found(self, found: Found) -> RedisNetwork | RedisSequenceNetwork:
        return self._of_sequences(found.key) if found.of_sequences else self[found.key]

    create = waited(DatabaseSteps.create, __getitem__)
    create_sequences = waited(DatabaseSteps.create_sequences, _of_sequences)
    network = waited(DatabaseSteps.network, _found)
    if TYPE_CHECKING:

        @overload
        def upload(  # type: ignore[overload-overlap]
            self, key: Key, network: SequenceNetwork, *, replace: bool = False
        ) -> RedisSequenceNetwork: ...
        @overload
        def upload(self, key: Key, network: Network, *, replace: bool = False) -> RedisNetwork: ...
        def upload(self, key: Key, network: Network, *, replace: bool = False) -> Any:
            """Return what fits the network."""
    else:
        upload = waited(DatabaseSteps.upload, _found)
    store = waited(DatabaseSteps.store)
    fetch = waited(DatabaseSteps.fetch)
    holds = waited(DatabaseSteps.holds)
    delete = waited(DatabaseSteps.delete)
    networks = waited(DatabaseSteps.networks)
    threads = waited(DatabaseSteps.threads)

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
