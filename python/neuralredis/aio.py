"""Networks in a Redis server for programs with asyncio: as `neuralredis.connect`, but that answers are awaited.

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

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from numpy import float32, integer
from numpy.typing import ArrayLike, NDArray

from neuralredis.network import Network
from neuralredis.options import Changes, Creation, Kind, Options, Set
from neuralredis.remote.commands import Key
from neuralredis.remote.job import RedisJob
from neuralredis.remote.links import UNDECODED, AsyncLink, in_order, raise_ours
from neuralredis.remote.operations import TYPE, DatabaseSteps, NetworkSteps
from neuralredis.results import Evaluation, Info, ListedTraining, Progress, Report, RowCounts
from neuralredis.steps import run_async
from neuralredis.watching import awaiting, check_watching, report_if_any, result_of, watching

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

__all__ = ["NeuralRedis", "RedisNetwork", "Training", "connect"]


class Training:
    """A training in a server, which goes on without this client; `RedisNetwork.start_training` makes one.

    Attributes
    ----------
    network : RedisNetwork
        What is being trained.
    """

    network: RedisNetwork

    def __init__(self, network: RedisNetwork, job: RedisJob) -> None:
        self.network = network
        self._job = job

    async def running(self) -> bool:
        """Return whether it has not ended; a training that is queued counts as running."""
        return await self._job.outcome() is None

    async def queued(self) -> bool:
        """Return whether it still waits for other trainings to end."""
        return (await self.progress()).queued

    async def progress(self) -> Progress:
        """Return how far it is, or was at its end."""
        return Progress(**await self._job.progress())

    async def report(self) -> Report | None:
        """Return what it did and found; None while it runs, or if it ended without a result."""
        return report_if_any(await self._job.outcome())

    async def stop(self) -> None:
        """Ask it to end; what has been learnt so far is kept, with ``backtrack`` the best of it."""
        await self._job.stop()

    async def wait(self, timeout: float | None = None) -> Report | None:
        """Wait for the end; a cancelled wait leaves the training running.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most; 0 only looks.

        Returns
        -------
        Report or None
            What it did and found; None if the time ran out first.

        Raises
        ------
        TrainingError
            If it ended without a result.
        """
        return result_of(await self._job.outcome()) if await run_async(awaiting(self._job, timeout)) else None

    def __repr__(self) -> str:
        """Return what it is a training of, which needs no server."""
        return f"<Training of {self.network!r}>"


class RedisNetwork:
    """A network in a Redis server, as `neuralredis.RedisNetwork`, of which every answer is awaited.

    Attributes
    ----------
    key : str or bytes
        Where the network is.
    """

    def __init__(self, link: AsyncLink, key: Key) -> None:
        self.key = key
        self._link = link
        self._steps = NetworkSteps(link, key)

    async def observe(
        self, X: ArrayLike, y: ArrayLike, *, into: Set | None = None, weight: ArrayLike | None = None
    ) -> RowCounts:
        """Store rows to learn from and to test on; see `neuralredis.RedisNetwork.observe`."""
        return await self._link.finish(self._steps.observe(X, y, into, weight))

    async def run(self, X: ArrayLike) -> NDArray[float32]:
        """Return the outputs of the network; see `neuralredis.Network.run`."""
        return await self._link.finish(self._steps.run(X))

    async def classify(self, X: ArrayLike) -> Any:
        """Return the class of each row; see `neuralredis.Network.classify`."""
        return await self._link.finish(self._steps.classify(X))

    async def train(
        self,
        *,
        max_cycles: int | None = 0,
        max_time: float | None = 10.0,
        autostop: bool = False,
        backtrack: bool = False,
        progress: bool | None = None,
        callback: Callable[[Progress], object] | None = None,
    ) -> Report:
        """Train in the server, and wait for the end; see `neuralredis.RedisNetwork.train`.

        If the waiting is cancelled, the server is asked to stop the training and to keep what it has learnt, and the
        cancellation goes on once it has.
        """
        check_watching(progress, callback)
        job = await self._link.finish(self._steps.start(max_cycles, max_time, autostop, backtrack))
        return await run_async(watching(job, progress, callback))

    async def start_training(
        self,
        *,
        max_cycles: int | None = 0,
        max_time: float | None = 10.0,
        autostop: bool = False,
        backtrack: bool = False,
    ) -> Training:
        """Start a training in the server and return at once; see `neuralredis.RedisNetwork.start_training`."""
        return Training(self, await self._link.finish(self._steps.start(max_cycles, max_time, autostop, backtrack)))

    async def stop(self) -> bool:
        """Ask a running training to end and to keep what it has learnt; return whether there was one."""
        return await self._link.finish(self._steps.stop())

    async def info(self) -> Info:
        """Return what the network tells of itself: ``NR.INFO``."""
        return await self._link.finish(self._steps.info())

    async def report(self) -> Report | None:
        """Return what the last training did and found."""
        return await self._link.finish(self._steps.report())

    @overload
    async def evaluate(self, X: Set = "test") -> Evaluation: ...
    @overload
    async def evaluate(self, X: ArrayLike, y: ArrayLike, *, weight: ArrayLike | None = None) -> Evaluation: ...
    async def evaluate(
        self, X: ArrayLike | Set = "test", y: ArrayLike | None = None, *, weight: ArrayLike | None = None
    ) -> Evaluation:
        """Return how well the present weights do; see `neuralredis.RedisNetwork.evaluate`."""
        return await self._link.finish(self._steps.evaluate(X, y, weight))

    async def rows(self, set: Set) -> tuple[NDArray[float32], NDArray[Any]]:
        """Return the rows of a set, as they came; see `neuralredis.RedisNetwork.rows`."""
        return await self._link.finish(self._steps.rows(set))

    async def reset(self) -> None:
        """Forget all learning, and begin again from new random weights; a running training is dropped."""
        await self._link.finish(self._steps.reset())

    async def configure(
        self,
        **options: Unpack[Changes],
    ) -> Options:
        """Change options, all or none, and return all of them; see `neuralredis.RedisNetwork.configure`."""
        return await self._link.finish(self._steps.configure(options))

    async def download(self) -> Network:
        """Return a copy of the network in this process, to be saved for example; a running training is not in it."""
        return await self._link.finish(self._steps.download())

    def __repr__(self) -> str:
        """Return where the network is, which needs no server."""
        return f"<RedisNetwork {self.key!r}>"


class NeuralRedis:
    """The networks of a server, as `neuralredis.NeuralRedis`, of which every answer is awaited.

    Parameters
    ----------
    client : redis.asyncio.Redis
        A client of redis-py (5 or later) or valkey-py for asyncio. It remains the caller's.

    Attributes
    ----------
    client : redis.asyncio.Redis
        The same.
    """

    def __init__(self, client: Any) -> None:
        self.client = client
        self._link = AsyncLink(client)
        self._steps = DatabaseSteps(self._link)

    def __getitem__(self, key: Key) -> RedisNetwork:
        """Return the network at a key. The server is not asked: a missing one is noticed when it is used."""
        return RedisNetwork(self._link, key)

    async def holds(self, key: Key) -> bool:
        """Return whether there is a network at a key."""
        return await self._link.finish(self._steps.holds(key))

    async def delete(self, key: Key) -> None:
        """Delete the network at a key; anything else that it may hold is left alone."""
        await self._link.finish(self._steps.delete(key))

    async def create(
        self,
        key: Key,
        kind: Kind,
        layout: Sequence[SupportsIndex] | NDArray[integer[Any]],
        **options: Unpack[Creation],
    ) -> RedisNetwork:
        """Create a network; see `neuralredis.NeuralRedis.create`."""
        await self._link.finish(self._steps.create(key, kind, layout, options))
        return self[key]

    async def upload(self, key: Key, network: Network, *, replace: bool = False) -> RedisNetwork:
        """Put a copy of an embedded network into the server; see `neuralredis.NeuralRedis.upload`."""
        await self._link.finish(self._steps.upload(key, network, replace))
        return self[key]

    async def store(self, key: Key, network: Network) -> None:
        """Keep an embedded network as plain bytes under an ordinary key; see `neuralredis.NeuralRedis.store`."""
        await self._link.finish(self._steps.store(key, network))

    async def fetch(self, key: Key) -> Network:
        """Return the network that `store` kept."""
        return await self._link.finish(self._steps.fetch(key))

    async def networks(self) -> list[Any]:
        """Return the keys of all networks, sorted; text or bytes, as the client gives keys."""
        try:
            found = [key async for key in self.client.scan_iter(_type=TYPE, **UNDECODED)]
            return in_order(self.client, found)
        except Exception as error:
            raise_ours(error)
            raise

    async def threads(self) -> list[ListedTraining]:
        """Return the trainings that run or are queued in the server, of networks that this user may read."""
        found: list[ListedTraining] = await self._link.finish(self._steps.threads())
        return found

    async def close(self) -> None:
        """Close the client."""
        await self.client.aclose()

    async def __aenter__(self) -> Self:
        """Return this, to be closed at the end of an ``async with`` block."""
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close the client."""
        await self.close()

    def __repr__(self) -> str:
        """Return which client it is of."""
        return f"<NeuralRedis of {self.client!r}>"


def connect(url: str = "redis://localhost:6379", **options: Any) -> NeuralRedis:
    """Return the networks of a server; see `neuralredis.connect`.

    Parameters
    ----------
    url : str, default "redis://localhost:6379"
        The server.
    **options
        What ``redis.asyncio.Redis.from_url`` takes besides.
    """
    from redis import asyncio

    return NeuralRedis(asyncio.Redis.from_url(url, **options))
