"""Networks in a Redis server for asyncio: the interface of `neuralredis.connect` with coroutines.

Examples
--------
A program::

    import asyncio
    import neuralredis as nr

    async def main():
        async with nr.aio.connect("redis://localhost") as db:
            net = await db.create("sums", "regressor", [2, 3, 1], normalize=True, seed=1)
            X = [[a, b] for a in range(10) for b in range(10)]
            await net.observe(X, [a + b for a, b in X])
            await net.train(autostop=True)
            print((await net.run([2, 3])).round(1))

    asyncio.run(main())
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from neuralredis.remote.commands import Key
from neuralredis.remote.database_steps import DatabaseSteps, Found
from neuralredis.remote.job import RedisJob
from neuralredis.remote.links import AsyncLink
from neuralredis.remote.network_steps import NetworkSteps
from neuralredis.remote.sequence_steps import SequenceSteps
from neuralredis.remote.session_steps import SessionSteps
from neuralredis.session import id_of
from neuralredis.steps import awaited
from neuralredis.watching import TrainingSteps

if TYPE_CHECKING:
    from typing_extensions import Self

    from neuralredis.network import Network
    from neuralredis.sequences import SequenceNetwork

__all__ = ["NeuralRedis", "RedisNetwork", "RedisSequenceNetwork", "RedisSession", "Training", "connect"]


class Training:
    """A training in a server, which continues without this client; `RedisNetwork.start_training` returns one.

    Attributes
    ----------
    network : RedisNetwork
        The network that is trained.
    """

    network: RedisNetwork

    def __init__(self, network: RedisNetwork, job: RedisJob) -> None:
        self.network = network
        self._steps = TrainingSteps(job)

    running = awaited(TrainingSteps.running)
    queued = awaited(TrainingSteps.queued)
    progress = awaited(TrainingSteps.progress)
    report = awaited(TrainingSteps.report)
    stop = awaited(TrainingSteps.stop)
    wait = awaited(TrainingSteps.wait)

    def __repr__(self) -> str:
        """Return the network's representation, without a request to the server."""
        return f"<Training of {self.network!r}>"


class RedisNetwork:
    """A network in a Redis server: `neuralredis.RedisNetwork` with coroutines.

    Attributes
    ----------
    key : str or bytes
        The network's key.
    """

    def __init__(self, link: AsyncLink, key: Key) -> None:
        self.key = key
        self._steps = NetworkSteps(link, key)

    observe = awaited(NetworkSteps.observe)
    run = awaited(NetworkSteps.run)
    classify = awaited(NetworkSteps.classify)
    interval = awaited(NetworkSteps.interval)
    class_set = awaited(NetworkSteps.class_set)
    sample = awaited(NetworkSteps.sample)
    calibrate = awaited(NetworkSteps.calibrate)
    rank = awaited(NetworkSteps.rank)
    explain = awaited(NetworkSteps.explain)
    field_statistics = awaited(NetworkSteps.field_statistics)
    observe_hashes = awaited(NetworkSteps.observe_hashes)
    run_hashes = awaited(NetworkSteps.run_hashes)
    classify_hashes = awaited(NetworkSteps.classify_hashes)
    rank_hashes = awaited(NetworkSteps.rank_hashes)
    train = awaited(NetworkSteps.train)
    start_training = awaited(NetworkSteps.start_training, Training)
    stop = awaited(NetworkSteps.stop)
    info = awaited(NetworkSteps.info)
    report = awaited(NetworkSteps.report)
    evaluate = awaited(NetworkSteps.evaluate)
    rows = awaited(NetworkSteps.rows)
    reset = awaited(NetworkSteps.reset)
    configure = awaited(NetworkSteps.configure)
    export = awaited(NetworkSteps.export)
    save = awaited(NetworkSteps.save)
    download = awaited(NetworkSteps.download)

    def __repr__(self) -> str:
        """Return the network's key, without a request to the server."""
        return f"<RedisNetwork {self.key!r}>"


class RedisSequenceNetwork:
    """A network of sequences in a Redis server: `neuralredis.RedisSequenceNetwork` with coroutines.

    Attributes
    ----------
    key : str or bytes
        The network's key.
    """

    def __init__(self, link: AsyncLink, key: Key) -> None:
        self.key = key
        self._steps = SequenceSteps(link, key)

    def session(self, id: str | bytes | int) -> RedisSession:
        """Return a session, the methods of one sequence, without a request to the server. It is not a coroutine.

        Parameters
        ----------
        id : str, bytes or int
            The id of the sequence, 1 to 255 bytes.

        Returns
        -------
        RedisSession
            It refers to the network and the id, and has no state of its own.
        """
        return RedisSession(self, id_of(id))

    observe = awaited(SequenceSteps.observe)
    observe_series = awaited(SequenceSteps.observe_series)
    step = awaited(SequenceSteps.step)
    field_statistics = awaited(NetworkSteps.field_statistics)
    train = awaited(NetworkSteps.train)
    start_training = awaited(NetworkSteps.start_training, Training)
    stop = awaited(NetworkSteps.stop)
    info = awaited(NetworkSteps.info)
    report = awaited(NetworkSteps.report)
    evaluate = awaited(SequenceSteps.evaluate)
    reset = awaited(NetworkSteps.reset)
    configure = awaited(NetworkSteps.configure)
    export = awaited(NetworkSteps.export)
    save = awaited(NetworkSteps.save)
    download = awaited(SequenceSteps.download)

    def __repr__(self) -> str:
        """Return the network's key, without a request to the server."""
        return f"<RedisSequenceNetwork {self.key!r}>"


class RedisSession:
    """One sequence of a network in a server: `neuralredis.RedisSession` with coroutines.

    Attributes
    ----------
    net : RedisSequenceNetwork
        The network.
    id : bytes
        The id of the sequence.
    """

    __slots__ = ("_steps", "id", "net")

    def __init__(self, net: RedisSequenceNetwork, id: bytes) -> None:
        self.net = net
        self.id = id
        self._steps = SessionSteps(net._steps, id)

    observe = awaited(SessionSteps.observe)
    finish = awaited(SessionSteps.finish)
    run = awaited(SessionSteps.run)
    classify = awaited(SessionSteps.classify)
    forecast = awaited(SessionSteps.forecast)
    sample = awaited(SessionSteps.sample)
    forget = awaited(SessionSteps.forget)

    def __repr__(self) -> str:
        """Return the id."""
        return f"<session {self.id!r}>"


class NeuralRedis:
    """The networks of a server: `neuralredis.NeuralRedis` with coroutines.

    Parameters
    ----------
    client : redis.asyncio.Redis
        An asyncio client of redis-py (5 or later) or valkey-py. The caller owns it.

    Attributes
    ----------
    client : redis.asyncio.Redis
        The client.
    """

    def __init__(self, client: Any) -> None:
        self.client = client
        self._link = AsyncLink(client)
        self._steps = DatabaseSteps(self._link)

    def __getitem__(self, key: Key) -> RedisNetwork:
        """Return the network of rows at a key, without a request: a missing key raises at the first use.

        Use `network` for a network of sequences, or of unknown type.
        """
        return RedisNetwork(self._link, key)

    def _of_sequences(self, key: Key) -> RedisSequenceNetwork:
        return RedisSequenceNetwork(self._link, key)

    def _found(self, found: Found) -> RedisNetwork | RedisSequenceNetwork:
        return self._of_sequences(found.key) if found.of_sequences else self[found.key]

    create = awaited(DatabaseSteps.create, __getitem__)
    create_sequences = awaited(DatabaseSteps.create_sequences, _of_sequences)
    network = awaited(DatabaseSteps.network, _found)
    if TYPE_CHECKING:

        @overload
        async def upload(  # type: ignore[overload-overlap]
            self, key: Key, network: SequenceNetwork, *, replace: bool = False
        ) -> RedisSequenceNetwork: ...
        @overload
        async def upload(self, key: Key, network: Network, *, replace: bool = False) -> RedisNetwork: ...
        async def upload(self, key: Key, network: Network, *, replace: bool = False) -> Any:
            """Return a `RedisSequenceNetwork` for a network of sequences, else a `RedisNetwork`."""
    else:
        upload = awaited(DatabaseSteps.upload, _found)
    store = awaited(DatabaseSteps.store)
    fetch = awaited(DatabaseSteps.fetch)
    holds = awaited(DatabaseSteps.holds)
    delete = awaited(DatabaseSteps.delete)
    networks = awaited(DatabaseSteps.networks)
    threads = awaited(DatabaseSteps.threads)

    async def close(self) -> None:
        """Close the client."""
        await self.client.aclose()

    async def __aenter__(self) -> Self:
        """Return this object; the end of an ``async with`` block closes the client."""
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close the client."""
        await self.close()

    def __repr__(self) -> str:
        """Return the client's representation."""
        return f"<NeuralRedis of {self.client!r}>"


def connect(url: str = "redis://localhost:6379", **options: Any) -> NeuralRedis:
    """Return the networks of a server; see `neuralredis.connect`.

    Parameters
    ----------
    url : str, default "redis://localhost:6379"
        The server's URL.
    **options
        Further arguments of ``redis.asyncio.Redis.from_url``.
    """
    from redis import asyncio

    return NeuralRedis(asyncio.Redis.from_url(url, **options))
