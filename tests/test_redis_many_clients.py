"""Many clients send random commands at once; restarts must preserve the contents."""

from __future__ import annotations

import contextlib
import random
import re
import threading
import time
from collections.abc import Callable

import inredis
import pauses
import pytest
import redis
from traffic import DATABASES, HASHES, KEYS, Traffic, digest, settled

import kinds
import neuralredis
import servers

MODULE = neuralredis.module_path()
CLIENTS = 16
#: Seconds of traffic for each unit of effort, with each kind of server.
SECONDS = 2.0
OPTIONS = ["--appendonly", "yes", "--appendfsync", "no"]


class Crowd:
    """Clients that send random commands until they are stopped."""

    def __init__(self, server: servers.Server, seed: int) -> None:
        self._over = threading.Event()
        self._faults: list[BaseException] = []
        self.traffics = [Traffic(server, seed * CLIENTS + number) for number in range(CLIENTS)]
        self._threads = [threading.Thread(target=self._send, args=[traffic]) for traffic in self.traffics]
        for thread in self._threads:
            thread.start()

    def _send(self, traffic: Traffic) -> None:
        try:
            while not self._over.is_set():
                traffic.send_one()
        except BaseException as fault:
            self._faults.append(fault)

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(servers.PATIENCE)
        assert not any(thread.is_alive() for thread in self._threads), "a client never got a reply"
        assert not self._faults, self._faults


def reload(client: redis.Redis) -> None:
    """Make a server save and load all its keys.

    An expired key could vanish without a DEL in the AOF, so no key may expire or have expired.
    """
    client.config_set("maxmemory", 0)  # the transaction would be rejected
    with client.pipeline() as transaction:
        for db in range(DATABASES):
            transaction.execute_command("SELECT", db)
            for key in (*KEYS, *HASHES):
                transaction.persist(key)
        transaction.execute_command("DEBUG", "RELOAD")
        transaction.execute()


def meddle(server: servers.Server, chance: random.Random, snapshot: str) -> None:
    """Run operations that an operator may run at any time."""
    client = server.client(protocol=2)
    command = chance.choice(
        [snapshot, "BGREWRITEAOF", "CONFIG SET neuralredis.threads 1", "CONFIG SET neuralredis.threads 4",
         "CONFIG SET neuralredis.max-trainings 1", "CONFIG SET neuralredis.max-trainings 32", "CLIENT PAUSE 20 WRITE",
         "CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0", "CLIENT NO-EVICT on", "MEMORY PURGE", "SCRIPT FLUSH",
         "CONFIG SET aof-use-rdb-preamble yes", "CONFIG SET aof-use-rdb-preamble no"]
    )  # fmt: skip
    if command == "DEBUG RELOAD":
        reload(client)
    else:
        # Rejected if one is in progress.
        with contextlib.suppress(redis.ResponseError):
            client.execute_command(*command.split())
    client.close()


@pytest.mark.torture
# Not both in one run: a reload while a snapshot is written corrupts the server's count of changes.
@pytest.mark.parametrize("snapshot", ["BGSAVE SCHEDULE", "DEBUG RELOAD"])
@pytest.mark.parametrize("where", ["at once", "on threads"])
def test_contents_survive_restarts_under_many_concurrent_clients(
    kind: kinds.Kind, snapshot: str, where: str, effort: int, figure: Callable[[str], None]
) -> None:
    chance = random.Random(effort)
    # With this variable, the module built for the tests runs short work on threads, too.
    module, environment = (MODULE, {}) if where == "at once" else (pauses.MODULE, {"NEURALREDIS_NOTHING_IS_BRIEF": "1"})
    with servers.running(kind, *OPTIONS, module=module, environment=environment) as server:
        client = server.client(protocol=2)
        crowd = Crowd(server, effort)
        end = time.monotonic() + SECONDS * effort
        meddled = 0
        while time.monotonic() < end:
            meddle(server, chance, snapshot)
            meddled += 1
            time.sleep(0.02)
        crowd.end()
        client.execute_command("CONFIG", "SET", "maxmemory", 0)
        servers.wait_until(lambda: settled(client))
        section = inredis.section(client)
        # While maxmemory is 1, a training that starts finds no memory. Sequences yield no rows if each of
        # their outcomes is a gap.
        expected_failures = ("OOM", "the network has no training rows", "early stopping needs validation rows")
        failures = re.findall(r"the training of network \d+ failed: (.*)", server.log)
        assert [failure for failure in failures if not failure.startswith(expected_failures)] == []
        assert section["trainings_failed"] == len(failures)
        assert section["trainings_finished"] > 0
        expected = digest(server)
        bases = [server.client(db=db) for db in range(DATABASES)]
        types = [base.type(key) for base in bases for key in base.scan_iter()]
        servers.wait_until(lambda: inredis.section(client)["networks"] == types.count("neural-NN"))
        sent = sum(traffic.sent for traffic in crowd.traffics)
        figure(
            f"{CLIENTS} clients, {SECONDS * effort:.0f} s, {sent} commands, {meddled} interferences, "
            f"{section['trainings_finished']} trainings finished and {section['trainings_dropped']} dropped"
        )
        client.execute_command("DEBUG", "RELOAD")
        assert digest(server) == expected, "the RDB"
        server.kill()
        with servers.reopened(kind, server, *OPTIONS, module=module) as again:
            assert digest(again) == expected, "the AOF"
