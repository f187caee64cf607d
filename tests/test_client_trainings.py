"""Trainings in a server: they are watched, stopped, and lost with their connection or network."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import redis

import neuralredis as nr
import servers
from neuralredis.steps import Steps, run_async
from programs import run_program

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 2))
Y = (X.sum(axis=1) > 0).astype(int)


@pytest.fixture
def url(any_server_for_all: servers.Server) -> str:
    return f"unix://{any_server_for_all.socket}"


@pytest.fixture
def net(db: nr.NeuralRedis) -> nr.RedisNetwork:
    net = db.create("net", "classifier", [2, 8, 2], dataset=200, test=100, seed=1)
    net.observe(X, Y)
    return net


def test_callback_receives_progress_and_can_stop_the_training(net: nr.RedisNetwork) -> None:
    seen: list[nr.Progress] = []

    def callback(progress: nr.Progress) -> bool:
        seen.append(progress)
        return progress.cycle < 100

    report = net.train(max_time=0, callback=callback)
    assert report.reason == "stopped"
    assert report.cycles >= seen[-1].cycle >= 100
    assert seen[-1].train_error is not None
    assert [one.cycle for one in seen] == sorted(one.cycle for one in seen)


def test_raising_callback_stops_the_training_and_keeps_its_result(net: nr.RedisNetwork) -> None:
    def callback(progress: nr.Progress) -> None:
        raise ArithmeticError("enough")

    with pytest.raises(ArithmeticError, match="enough"):
        net.train(max_time=0, callback=callback)
    info = net.info()
    assert not info.training
    assert info.training_total_cycles > 0


def test_progress_bar_shows_the_end_of_the_training(net: nr.RedisNetwork, capsys: pytest.CaptureFixture[str]) -> None:
    net.train(max_cycles=3000, progress=True)
    shown = capsys.readouterr().err
    assert "training 100%" in shown
    assert "cycle limit reached after 3,000 cycles" in shown


def test_ctrl_c_stops_the_training_and_keeps_its_result(url: str, net: nr.RedisNetwork) -> None:
    program = run_program(f"""
        import os, signal, threading, neuralredis as nr
        db = nr.connect("{url}")
        threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            db["net"].train(max_time=0)
        except KeyboardInterrupt:
            info = db["net"].info()
            print(info.training, info.training_total_cycles > 0, db["net"].report().reason)
    """)
    assert program.stdout == "False True stopped\n", program.stderr


def test_reset_or_deletion_drops_the_training(db: nr.NeuralRedis, net: nr.RedisNetwork) -> None:
    training = net.start_training(max_time=0)
    net.reset()
    with pytest.raises(nr.TrainingError, match="the network was reset, replaced or deleted"):
        training.wait()
    training = net.start_training(max_time=0)
    assert training.running()
    del db["net"]
    assert not training.running()
    with pytest.raises(nr.TrainingError, match="deleted"):
        training.wait()
    training.stop()
    with pytest.raises(nr.NotFoundError):
        net.train()


def test_wait_after_the_end_returns_the_report(net: nr.RedisNetwork) -> None:
    training = net.start_training(max_cycles=5)
    servers.wait_until(lambda: not net.info().training)
    report = training.wait(timeout=0)
    assert report is not None
    assert report.cycles == training.progress().cycle == 5
    assert not training.running()


def test_threads_lists_running_trainings(db: nr.NeuralRedis, net: nr.RedisNetwork) -> None:
    assert db.threads() == []
    training = net.start_training(max_cycles=10**9, max_time=30.5)
    servers.wait_until(lambda: db.threads()[0].progress.cycle > 5)
    (listed,) = db.threads()
    assert (listed.id, listed.key, listed.max_cycles, listed.max_time) == (net.info().id, "net", 10**9, 30.5)
    assert listed.progress.train_error is not None
    assert not listed.progress.queued
    net.stop()
    training.wait()


@pytest.mark.parametrize(("protocol", "decode"), [(2, True), (2, False), (3, True), (3, False)])
def test_asyncio_client_trains_like_the_blocking_client(
    url: str, net: nr.RedisNetwork, protocol: int, decode: bool, tmp_path: Path
) -> None:
    async def program() -> None:
        async with nr.aio.connect(url, protocol=protocol, decode_responses=decode) as db:
            weighted: Any = {"seed": 3, "class_weight": [1, 2.5], "patience": 9}
            local = nr.Network("classifier", [2, 4, 2], **weighted)
            other = await db.create("other", "classifier", [2, 4, 2], **weighted)
            assert await other.configure() == local.configure()
            assert await other.observe(X, Y) == local.observe(X, Y)
            seen: list[Any] = []
            report = await other.train(max_cycles=30, callback=seen.append)
            assert report.train_error == local.train(max_cycles=30).train_error
            assert seen[-1].cycle == 30
            assert np.array_equal(await other.run(X), local.run(X))
            assert np.array_equal(await other.classify(X), local.classify(X))
            assert repr(await other.evaluate()) == repr(local.evaluate())
            assert (await other.rows("test"))[0].shape == (60, 2)
            assert (await other.configure(test=9))["test"] == 9
            changed = await other.configure(class_weight="balanced", patience="auto")
            assert (changed["class_weight"], changed["patience"]) == ("balanced", "auto")
            assert (await other.download()).info().parameters == (await other.info()).parameters
            await other.save(tmp_path / "other.nr")
            assert (tmp_path / "other.nr").read_bytes() == await other.export()
            assert len(await db.networks()) == 2
            assert await db.holds("other")
            with pytest.raises(nr.ShapeError, match="the network has 2 inputs, 3 were given"):
                await other.run([1, 2, 3])
            training = await other.start_training(max_time=0)
            assert await training.running()
            assert await training.wait(timeout=0) is None
            assert len(await db.threads()) == 1
            await training.stop()
            ended = await training.wait()
            assert ended is not None
            assert ended.cycles == (await training.progress()).cycle
            await other.reset()
            assert await other.report() is None
            await db.upload("third", local)
            await db.delete("third")

    asyncio.run(program())


def test_cancelled_task_stops_the_training_and_keeps_its_result(url: str, net: nr.RedisNetwork) -> None:
    async def program() -> None:
        async with nr.aio.connect(url) as db:
            waiting = asyncio.create_task(db["net"].train(max_time=0))
            while not (await db["net"].info()).training:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

    asyncio.run(program())
    info = net.info()
    assert not info.training
    assert info.training_total_cycles > 0


def test_cancellation_swallowed_by_the_client_still_stops_the_training() -> None:
    # As in redis-py, where a cancellation that arrives with a reply looks like the timeout of the next command.
    if not hasattr(asyncio.Task, "cancelling"):
        return  # tasks do not report it before Python 3.11
    seen = []

    async def lose() -> str:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(servers.PATIENCE)
        return "reply"

    async def end() -> None:
        seen.append("asked to stop")

    def steps() -> Steps[None]:
        try:
            seen.append((yield lose))
        except asyncio.CancelledError:
            yield end
            raise

    async def program() -> None:
        waiting = asyncio.create_task(run_async(steps()))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(program())
    assert seen == ["asked to stop"]


def test_wait_that_times_out_as_the_training_ends_returns(net: nr.RedisNetwork) -> None:
    # On Redis 7.0 a client that was woken late would get no answer: not until its own socket's timeout.
    for milliseconds in range(30, 60, 5):
        start = time.monotonic()
        training = net.start_training(max_time=0.1)
        while not training.wait(timeout=milliseconds / 1000):
            pass
        assert time.monotonic() - start < 2


@pytest.mark.parametrize("timeout", [0.03, 0.05, 0.2, None])
def test_wait_respects_the_socket_timeout(url: str, db: nr.NeuralRedis, timeout: float | None) -> None:
    timeouts: list[int] = []
    with nr.connect(url, socket_timeout=timeout, retry=None) as impatient:
        execute = impatient.client.execute_command

        def recorded(*command: Any, **options: Any) -> Any:
            if command[0] == "NR.WAIT":
                timeouts.append(command[2])
            return execute(*command, **options)

        impatient.client.execute_command = recorded
        net = impatient.create("impatient", "classifier", [2, 8, 2], seed=1)
        db["impatient"].observe(X, Y, into="train")
        # A busy machine may make the server late for so little patience.
        late = () if timeout is None else (redis.TimeoutError, nr.TrainingError)
        while not timeouts:
            with contextlib.suppress(*late):
                assert net.train(max_time=0.3).reason == "maxtime"
    assert max(timeouts) <= (50 if timeout is None else 1000 * timeout / 2)
