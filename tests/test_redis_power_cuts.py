"""With appendfsync always, everything that was acknowledged survives kill -9 at any moment."""

from __future__ import annotations

import contextlib
import itertools
import random
import threading
from collections.abc import Callable
from typing import Any

import inredis
import numpy as np
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

import kinds
import neuralredis
import servers

MODULE = neuralredis.module_path()
ALWAYS = ["--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0"]
#: So few that most rows replace others.
LIMIT = 40
#: The number of clients that write; some observe rows, the others train as well.
WRITERS = 6
PROBE = np.random.default_rng(1).normal(size=(20, 2)).astype(np.float32)


class Writer:
    """A client that writes to its own network, and repeats the acknowledged commands on an embedded twin."""

    def __init__(self, server: servers.Server, number: int, seed: int) -> None:
        self.key = f"net{number}"
        self.trains = number % 2 == 1
        self.chance = random.Random(seed)
        self.twin = neuralredis.Network("regressor", [2, 3, 1], dataset=LIMIT, test=LIMIT // 4, seed=seed)
        #: The twin before the last request, which was not acknowledged.
        self.before = bytes(self.twin)
        self.acknowledged = 0
        self.client = server.client(protocol=2, decode_responses=False, retry=Retry(NoBackoff(), 0))
        self.client.execute_command("NR.IMPORT", self.key, bytes(self.twin))
        self.thread = threading.Thread(target=self._write, daemon=True)
        self.thread.start()

    def _write(self) -> None:
        with contextlib.suppress(redis.ConnectionError):
            for number in itertools.count(1):
                self.before = bytes(self.twin)
                if self.trains and number % 10 == 0:
                    self.twin.train(max_cycles=3)
                    assert self._ask("NR.TRAIN", self.key, "MAXCYCLES", 3, "BLOCK", 0) == b"finished"
                elif number % 17 == 0:
                    self.twin.reset()
                    self._ask("NR.RESET", self.key)
                elif number % 29 == 0:
                    limit = self.chance.randrange(LIMIT // 2, LIMIT)
                    self.twin.configure(dataset=limit)
                    self._ask("NR.CONFIGURE", self.key, "DATASET", limit)
                else:
                    rows = np.array(
                        [[self.chance.random() for _ in range(3)] for _ in range(self.chance.choice([1, 7]))]
                    )
                    rows = rows.astype(np.float32)
                    self.twin.observe(rows[:, :2], rows[:, 2])
                    self._ask("NR.OBSERVE", self.key, "FP32", rows.tobytes())
                self.acknowledged += 1

    def _ask(self, *command: object) -> object:
        return self.client.execute_command(*command)

    def check(self, client: redis.Redis) -> None:
        """Check that the server has the twin, or the twin before the last request if this was not acknowledged."""
        found = client.execute_command("NR.EXPORT", self.key)
        assert any(is_same(found, twin) for twin in (bytes(self.twin), self.before)), self.key


def is_same(one: bytes, other: bytes) -> bool:
    """Return whether two networks have the same state, except for the durations of trainings."""
    networks = [neuralredis.Network.from_bytes(saved) for saved in (one, other)]
    seen = [traits(network) for network in networks]
    if all(network.info().training_dataset_len for network in networks):
        for network, traits_ in zip(networks, seen, strict=True):
            network.observe(PROBE, PROBE[:, 0])
            network.train(max_cycles=2)
            traits_ += traits(network)
    return seen[0] == seen[1]


def traits(network: neuralredis.Network) -> list[Any]:
    rows = [column.tobytes() for set_ in ("train", "test") for column in network.rows(set_)]
    return [network.info().training_total_cycles, network.run(PROBE).tobytes(), network.configure(), *rows]


@pytest.mark.torture
@pytest.mark.parametrize("preamble", ["yes", "no"], ids=["rewritten as an RDB", "rewritten as commands"])
def test_acknowledged_writes_survive_a_power_cut(
    kind: kinds.Kind, preamble: str, effort: int, figure: Callable[[str], None]
) -> None:
    options = [*ALWAYS, "--aof-use-rdb-preamble", preamble]
    chance = random.Random(effort)
    acknowledged, rewrites = 0, 0
    for round_ in range(1 + effort):
        with servers.running(kind, *options, module=MODULE) as server:
            writers = [Writer(server, number, 100 * round_ + number) for number in range(WRITERS)]
            client = server.client()
            target = chance.randrange(100, 1500)
            servers.wait_until(lambda: sum(writer.acknowledged for writer in writers) > target // 2)  # noqa: B023
            if round_ % 2 == 0:  # the cut comes before, while or after the rewritten file replaces the old one
                client.bgrewriteaof()
                rewrites += 1
            servers.wait_until(lambda: sum(writer.acknowledged for writer in writers) > target)  # noqa: B023
            server.kill()
            for writer in writers:
                writer.thread.join(servers.PATIENCE)
                assert not writer.thread.is_alive()
            with servers.reopened(kind, server, *options, module=MODULE) as again:
                raw = again.client(protocol=2, decode_responses=False)
                assert inredis.section(again.client())["trainings_finished"] == 0, "loading trains nothing"
                for writer in writers:
                    writer.check(raw)
            acknowledged += sum(writer.acknowledged for writer in writers)
    figure(f"{1 + effort} power cuts, {rewrites} with a rewrite, {acknowledged} acknowledged writes, none lost")
