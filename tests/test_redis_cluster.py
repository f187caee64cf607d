"""A cluster of three servers: networks move between them without loss."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import inredis
import pytest
import redis
from redis.crc import key_slot

import kinds
import neuralredis
import servers

#: The first slot of each server.
SLOTS = (0, 5461, 10922)
#: Source and target of most migrations.
SOURCE, TARGET = 0, 1


@dataclass
class Cluster:
    """The servers of a cluster, with a client and the node id of each."""

    nodes: list[servers.Server]
    clients: list[redis.Redis]
    ids: list[str]
    names: Iterator[int] = field(default_factory=itertools.count)

    def key(self, at: int) -> str:
        """Return an unused key, in a slot that the server had at the start."""
        for number in self.names:
            key = f"net{number}"
            if sum(key_slot(key.encode()) >= first for first in SLOTS) == at + 1:
                return key
        raise AssertionError

    def migrate(self, key: str, source: int, target: int) -> None:
        """Start the atomic migration of a key's slot in Valkey."""
        slot = key_slot(key.encode())
        words = ("MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", self.ids[target])
        self.clients[source].execute_command("CLUSTER", *words)

    def state(self, at: int) -> str:
        """Return the state of the newest migration."""
        newest = self.clients[at].execute_command("CLUSTER", "GETSLOTMIGRATIONS")[0]
        return str(dict(zip(newest[::2], newest[1::2], strict=True))["state"])

    def reached(self, at: int, state: str) -> None:
        servers.wait_until(lambda: self.state(at) in (state, "failed"))
        assert self.state(at) == state, self.nodes[at].log

    def hold(self, step: str, on: bool) -> None:
        """Pause migrations before a step, or let them continue."""
        for client in self.clients:
            client.execute_command("DEBUG", "SLOTMIGRATION", step, int(on))


@pytest.fixture(scope="module", params=kinds.KINDS, ids=lambda kind: kind.name)
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Run three servers for all tests; each test moves other slots."""
    with servers.cluster(request.param, *SLOTS, module=neuralredis.module_path()) as nodes:
        clients = [node.client(protocol=2) for node in nodes]
        yield Cluster(nodes, clients, [client.execute_command("CLUSTER", "MYID") for client in clients])


on_valkey9 = pytest.mark.parametrize("cluster", [kinds.VALKEY_9], indirect=True, ids=lambda kind: kind.name)


def digest(client: redis.Redis, key: str) -> str:
    return str(client.execute_command("DEBUG", "DIGEST-VALUE", key)[0])


def trained(client: redis.Redis, key: str, made: inredis.Made = inredis.NUMBERS) -> str:
    """Create a trained network, and return its digest."""
    made.create(client, key)
    client.execute_command("NR.TRAIN", key, "MAXCYCLES", 20, "BLOCK", 0)
    return digest(client, key)


def with_fields(client: redis.Redis, key: str) -> str:
    """Create a trained network with fields that has observed new words since, and return its digest."""
    trained(client, key, inredis.FIELDS)
    client.execute_command("NR.OBSERVE", key, *inredis.FIELDS.rows(0, 30))
    return digest(client, key)


def training(client: redis.Redis, key: str, made: inredis.Made = inredis.NUMBERS) -> str:
    """Create a trained network that is being trained again, and return its digest."""
    before = trained(client, key, made)
    inredis.train(client, key)
    inredis.running(client)
    return before


def is_whole(client: redis.Redis, key: str, before: str) -> None:
    """Check that a network arrived unchanged: it is not being trained, and it can be trained further."""
    assert (digest(client, key), inredis.cycles(client, key)) == (before, 20)
    assert inredis.info(client, key)["training"] == 0
    client.execute_command("NR.TRAIN", key, "MAXCYCLES", 3, "BLOCK", 0)
    assert inredis.cycles(client, key) == 23


def test_commands_redirect_and_reject_keys_in_several_slots(cluster: Cluster) -> None:
    here, there = cluster.clients[:2]
    key, other = cluster.key(0), cluster.key(1)
    inredis.create(here, key)
    for command in ("NR.INFO", "NR.OBSERVE 1 2 -> 1", "NR.TRAIN", "NR.RUN 1 2", "NR.EXPORT"):
        name, *rest = command.split()
        with pytest.raises(redis.exceptions.MovedError):
            there.execute_command(name, key, *rest)
    script = "redis.call('NR.RESET', KEYS[1]) redis.call('NR.RESET', KEYS[2])"
    for command in (["RENAME", key, other], ["COPY", key, other], ["EVAL", script, 2, key, other]):
        with pytest.raises(redis.exceptions.ClusterCrossSlotError):
            here.execute_command(*command)
    inredis.train(here, key)
    inredis.running(here)
    assert there.execute_command("NR.THREADS") == []
    here.rename(key, f"renamed{{{key}}}")
    assert here.execute_command("NR.STOP", f"renamed{{{key}}}") == 1
    servers.wait_until(lambda: inredis.cycles(here, f"renamed{{{key}}}") > 0)


@pytest.mark.parametrize("make", [trained, training, with_fields])
def test_migrate_moves_a_network_without_its_training(cluster: Cluster, make: Any) -> None:
    here, there = cluster.clients[SOURCE], cluster.clients[TARGET]
    key = cluster.key(SOURCE)
    slot = key_slot(key.encode())
    dropped = inredis.section(here)["trainings_dropped"]
    before = make(here, key)
    there.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", cluster.ids[SOURCE])
    here.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", cluster.ids[TARGET])
    assert here.execute_command("MIGRATE", "127.0.0.1", cluster.nodes[TARGET].port, key, 0, 10_000) == "OK"
    for client in cluster.clients:
        client.execute_command("CLUSTER", "SETSLOT", slot, "NODE", cluster.ids[TARGET])
    is_whole(there, key, before)
    servers.wait_until(lambda: inredis.section(here)["trainings_dropped"] == dropped + (make is training))
    assert here.execute_command("NR.THREADS") == []


@on_valkey9
@pytest.mark.parametrize("make", [trained, training, with_fields])
def test_slot_migration_moves_networks_without_their_trainings(cluster: Cluster, make: Any) -> None:
    here, there = cluster.clients[SOURCE], cluster.clients[TARGET]
    key = cluster.key(SOURCE)
    dropped = inredis.section(here)["trainings_dropped"]
    before = make(here, key)
    cluster.migrate(key, SOURCE, TARGET)
    cluster.reached(SOURCE, "success")
    servers.wait_until(lambda: inredis.section(here)["trainings_dropped"] == dropped + (make is training))
    assert here.execute_command("NR.THREADS") == []
    is_whole(there, key, before)


@on_valkey9
@inredis.of_both
def test_rows_and_results_reach_the_target_of_a_slot_migration(cluster: Cluster, made: inredis.Made) -> None:
    here, there = cluster.clients[SOURCE], cluster.clients[TARGET]
    key = cluster.key(SOURCE)
    training(here, key, made)
    cluster.hold("PREVENT-PAUSE", True)
    cluster.migrate(key, SOURCE, TARGET)
    cluster.reached(SOURCE, "waiting-to-pause")
    own = inredis.calls(there, "NR.OBSERVE")
    for number in range(300):  # some replace others
        here.execute_command("NR.OBSERVE", key, *made.row(number))
    here.execute_command("NR.STOP", key)
    servers.wait_until(lambda: inredis.cycles(here, key) > 20)
    here.execute_command("NR.CONFIGURE", key, "DATASET", 150)
    here.execute_command("NR.RESET", key)
    here.execute_command("NR.TRAIN", key, "MAXCYCLES", 20, "BLOCK", 0)
    before = digest(here, key)
    cluster.hold("PREVENT-PAUSE", False)
    cluster.reached(SOURCE, "success")
    is_whole(there, key, before)
    assert inredis.calls(there, "NR.OBSERVE") == own, "it received effects, not commands"


@on_valkey9
def test_result_during_slot_failover_is_dropped(cluster: Cluster) -> None:
    here, there = cluster.clients[SOURCE], cluster.clients[TARGET]
    key = cluster.key(SOURCE)
    before = trained(here, key)
    dropped = inredis.section(here)["trainings_dropped"]
    cluster.hold("PREVENT-FAILOVER", True)
    here.config_set("cluster-manual-failover-timeout", 30_000)
    # Longer than until the last phase, in which the server rejects all writes, also those of the module.
    inredis.train(here, key, "MAXTIME", 1000)
    cluster.migrate(key, SOURCE, TARGET)
    cluster.reached(SOURCE, "failover-granted")
    servers.wait_until(lambda: "state=installing" in here.execute_command("NR.THREADS")[0])
    assert digest(here, key) == before
    cluster.hold("PREVENT-FAILOVER", False)
    cluster.reached(SOURCE, "success")
    servers.wait_until(lambda: inredis.section(here)["trainings_dropped"] == dropped + 1)
    is_whole(there, key, before)


@on_valkey9
def test_server_imports_slots_from_two_servers_at_once(cluster: Cluster) -> None:
    target = cluster.clients[2]
    target.config_set("neuralredis.max-network-bytes", 100)  # applies to clients, not to the source of a slot
    keys = [cluster.key(at) for at in (0, 1)]
    before = [trained(cluster.clients[at], key) for at, key in enumerate(keys)]
    for at, key in enumerate(keys):
        cluster.migrate(key, at, 2)
    for at in (0, 1):
        cluster.reached(at, "success")
    for key, expected in zip(keys, before, strict=True):
        is_whole(target, key, expected)
