"""The client with a cluster: everything works as with a single server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import numpy as np
import pytest
import redis
import redis.asyncio

import kinds
import neuralredis as nr
import servers

KEYS = ["a", "b", "c", "d"]
X = np.random.default_rng(0).normal(size=(300, 2))
Y = X.sum(axis=1) > 0


@pytest.fixture
def port() -> Iterator[int]:
    """Run two servers that share the slots, and return the address of one of them."""
    with servers.cluster(kinds.ANY, 0, 8001, module=nr.module_path()) as nodes:
        yield nodes[0].port


def test_client_trains_and_lists_networks_of_all_nodes(port: int) -> None:
    with nr.NeuralRedis(redis.RedisCluster(host="127.0.0.1", port=port)) as db:
        for key in KEYS:
            net = db.create(key, "classifier", [2, 4, 2], seed=1)
            net.observe(X, Y)
            assert net.train(max_cycles=10).cycles == 10
            assert np.array_equal(net.run(X), net.download().run(X))
        assert db.networks() == [key.encode() for key in KEYS]
        trainings = [db[key].start_training(max_time=0) for key in KEYS]
        servers.wait_until(lambda: all(training.progress().cycle for training in trainings))
        assert sorted(listed.key for listed in db.threads()) == KEYS
        for training in trainings:
            training.stop()
            report = training.wait()
            assert report is not None
            assert report.reason == "stopped"
        with pytest.raises(nr.NotFoundError):
            db["nothing"].info()


def test_asyncio_client_trains_and_lists_networks_of_a_cluster(port: int) -> None:
    async def program() -> None:
        async with nr.aio.NeuralRedis(redis.asyncio.RedisCluster(host="127.0.0.1", port=port)) as db:
            assert await db.threads() == []
            net = await db.create("a", "classifier", [2, 4, 2], seed=1)
            await net.observe(X, Y)
            assert (await net.train(max_cycles=10, callback=lambda progress: None)).cycles == 10
            assert await db.networks() == [b"a"]

    asyncio.run(program())
