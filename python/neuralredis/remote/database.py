"""The networks of a Redis server by key, and the function `connect`."""

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
    """The networks of a Redis or Valkey server with the neuralredis module.

    `store` and `fetch` also work with a server without the module.

    A client that repeats a command after a timeout, as redis-py does from version 6 on, may store rows twice: to
    observe rows, pass ``retry=None`` and a ``socket_timeout`` above the slowest reply. Trainings may take longer than
    the timeout: waiting for one polls the server.

    Parameters
    ----------
    client : redis.Redis
        A client of redis-py (5 or later) or valkey-py, for a single server or a cluster, with any options. The caller
        owns it.

    Attributes
    ----------
    client : redis.Redis
        The client.

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
        """Return the network of rows at a key, without a request: a missing key raises at the first use.

        Use `network` for a network of sequences, or of unknown type.
        """
        return RedisNetwork(self._link, key)

    def __contains__(self, key: Key) -> bool:
        """Return whether a key holds a network."""
        return self.holds(key)

    def __delitem__(self, key: Key) -> None:
        """Delete the network at a key, as `delete`."""
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
            """Return a `RedisSequenceNetwork` for a network of sequences, else a `RedisNetwork`."""
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
        """Return this object; the end of a ``with`` block closes the client."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the client."""
        self.close()

    def __repr__(self) -> str:
        """Return the client's representation."""
        return f"<NeuralRedis of {self.client!r}>"


def connect(url: str = "redis://localhost:6379", **options: Any) -> NeuralRedis:
    """Return the networks of a Redis or Valkey server.

    The client connects at the first command.

    Parameters
    ----------
    url : str, default "redis://localhost:6379"
        The server's URL: ``redis://user:password@host:port/db``, ``rediss://`` for TLS, or ``unix:///path/of/socket``.
    **options
        Further arguments of ``redis.Redis.from_url``.

    Examples
    --------
    >>> import neuralredis as nr
    >>> with nr.connect("redis://localhost") as db:
    ...     net = db["mynet"]
    """
    import redis

    return NeuralRedis(redis.Redis.from_url(url, **options))
