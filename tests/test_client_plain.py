"""Servers without the module: they store networks, and reject everything else with a clear error."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import numpy as np
import pytest

import kinds
import neuralredis as nr
import servers


@pytest.fixture
def plain(kind: kinds.Kind) -> Iterator[servers.Server]:
    with servers.running(kind) as server:
        yield server


def trained() -> nr.Network:
    net = nr.Network("regressor", [2, 3, 1], normalize=True, seed=1)
    net.observe(np.arange(60).reshape(30, 2), np.arange(30))
    net.train(max_cycles=10)
    return net


@pytest.mark.parametrize("decode", [True, False])
def test_store_and_fetch_keep_networks_as_bytes(plain: servers.Server, decode: bool) -> None:
    db = nr.NeuralRedis(plain.client(decode_responses=decode))
    net = trained()
    db.store("model", net)
    assert db.fetch("model") == net
    db.store(b"model", nr.Network("regressor", [1, 1], seed=2))
    assert db.fetch("model") == nr.Network("regressor", [1, 1], seed=2)
    db.client.set("text", "x")
    db.client.rpush("list", "x")
    with pytest.raises(nr.NotFoundError, match="no network at key 'nothing'"):
        db.fetch("nothing")
    with pytest.raises(nr.FormatError, match="not a network"):
        db.fetch("text")
    with pytest.raises(nr.WrongTypeError):
        db.fetch("list")
    with pytest.raises(TypeError, match="network is a list: expected a neuralredis"):
        db.store("model", [1, 2])  # type: ignore[arg-type]


def test_missing_module_error_says_how_to_load_it(plain: servers.Server) -> None:
    db = nr.NeuralRedis(plain.client())
    for use in (
        lambda: db.create("net", "regressor", [1, 1]),
        db["net"].info,
        db["net"].train,
        lambda: db["net"].observe([[1]], [1]),
        db.threads,
    ):
        with pytest.raises(nr.NoModuleError, match=f"loadmodule {nr.module_path()}") as missing:
            use()
        assert "neuralredis serve" in str(missing.value)
    assert "net" not in db
    with contextlib.suppress(nr.NoModuleError):
        assert db.networks() == []


def test_asyncio_client_stores_and_fetches_networks(plain: servers.Server) -> None:
    async def program() -> None:
        async with nr.aio.connect(f"unix://{plain.socket}") as db:
            await db.store("model", trained())
            assert (await db.fetch("model")).info().training_total_cycles == 10
            with pytest.raises(nr.NoModuleError):
                await db["net"].info()

    asyncio.run(program())
