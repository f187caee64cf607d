"""Threads: any thread may use a network at any time, and no training delays it."""

from __future__ import annotations

import sys
import sysconfig
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np

import neuralredis as nr


def network(seed: int = 1) -> nr.Network:
    rng = np.random.default_rng(0)
    net = nr.Network("classifier", [9, 15, 2], normalize=True, dataset=300, test=100, seed=seed)
    X = rng.normal(size=(400, 9))
    net.observe(X, (X[:, 0] * X[:, 1] > 0).astype(int))
    return net


@contextmanager
def counting() -> Iterator[Callable[[], int]]:
    """Count on another thread, as fast as the interpreter allows."""
    count = 0
    ended = threading.Event()

    def run() -> None:
        nonlocal count
        while not ended.is_set():
            count += 1

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield lambda: count
    finally:
        ended.set()
        thread.join()


def pace(work: Callable[[], object]) -> float:
    """Return how often a second another thread counts while `work` runs."""
    with counting() as count:
        start, before = time.perf_counter(), count()
        work()
        return (count() - before) / (time.perf_counter() - start)


def big() -> tuple[nr.Network, Any]:
    return nr.Network("regressor", [200, 400, 200, 10], seed=1), np.random.default_rng(0).normal(size=(20_000, 200))


def test_other_python_threads_run_during_trainings_and_batches() -> None:
    # Work that holds the GIL leaves other threads almost nothing; two busy threads on one core get half each.
    free = pace(lambda: time.sleep(0.3))
    net = network()
    assert pace(lambda: net.train(max_time=0.3)) > free / 10
    net, X = big()
    net.observe(X[:500], X[:500, :10], into="train")
    assert pace(lambda: net.run(X)) > free / 10
    assert pace(lambda: [net.evaluate(X, X[:, :10]) for _ in range(2)]) > free / 10


def test_many_threads_can_use_one_network() -> None:
    net = network()
    rows = np.random.default_rng(1).normal(size=(50, 9))
    end = time.monotonic() + 1.0

    def ask() -> int:
        turns = 0
        while time.monotonic() < end:
            answer = net.run(rows)
            assert np.isfinite(answer).all()
            assert abs(answer.sum(axis=1) - 1).max() < 1e-5
            assert net.classify(rows[0]) in (0, 1)
            turns += 1
        return turns

    def observe() -> int:
        turns = 0
        while time.monotonic() < end:
            train, test = net.observe(rows, np.arange(50) % 2)
            assert train <= 300
            assert test <= 100
            turns += 1
        return turns

    def train() -> int:
        turns = 0
        while time.monotonic() < end:
            try:
                net.train(max_cycles=20)
                turns += 1
            except nr.TrainingError:
                time.sleep(0.001)
        return turns

    def look() -> int:
        turns = 0
        while time.monotonic() < end:
            info = net.info()
            assert info.training_dataset_len <= 300
            assert nr.Network.from_bytes(bytes(net)).info().layout == info.layout
            assert repr(net)
            assert net.evaluate().rows == 100
            net.configure(l2=0.001 * (turns % 3))
            turns += 1
        return turns

    with ThreadPoolExecutor(8) as pool:
        turns = [pool.submit(work) for work in (ask, ask, observe, observe, train, train, look, look)]
        assert all(turn.result(timeout=60) > 0 for turn in turns)
    assert net.info().training_total_cycles > 0


def test_trainings_on_many_threads_equal_separate_trainings() -> None:
    expected = network()
    expected.train(max_cycles=200)
    nets = [network() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda net: net.train(max_cycles=200), nets))
    rows = np.eye(9)
    assert all(np.array_equal(net.run(rows), expected.run(rows)) for net in nets)


def test_several_threads_can_wait_for_one_training() -> None:
    training = network().start_training(max_time=0.2)
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda _: training.wait(), range(4)))
    assert len({report.cycles for report in reports if report is not None}) == 1


def test_network_is_freed_with_its_last_reference() -> None:
    net = network()
    gone = weakref.ref(net)
    net.start_training(max_time=0)
    del net
    assert gone() is None


def test_import_does_not_enable_the_gil() -> None:
    enabled = getattr(sys, "_is_gil_enabled", lambda: True)()
    assert enabled == (not sysconfig.get_config_var("Py_GIL_DISABLED"))
