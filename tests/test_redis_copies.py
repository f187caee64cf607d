"""A primary, its replica, the replica's replica, and all their files have the same contents after any commands."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import inredis
import pytest
from traffic import Traffic, digest, settled

import kinds
import neuralredis
import servers

MODULE = neuralredis.module_path()
#: Replicas panic at an error in the stream, so that no error goes unnoticed.
STRICT = ["--propagation-error-behavior", "panic"]
AOF = ["--appendonly", "yes", "--appendfsync", "no", "--auto-aof-rewrite-percentage", "0"]


@pytest.fixture
def chain(kind: kinds.Kind) -> Iterator[list[servers.Server]]:
    """Run a chain of primary, replica and replica, all with an AOF; the last one loads with swapdb."""
    with contextlib.ExitStack() as stack:
        primary = stack.enter_context(servers.running(kind, *AOF, module=MODULE, tcp=True))
        middle = stack.enter_context(servers.replica_of(primary, kind, *STRICT, *AOF, module=MODULE))
        swap = ["--repl-diskless-load", "swapdb"]
        last = stack.enter_context(servers.replica_of(middle, kind, *STRICT, *AOF, *swap, module=MODULE))
        yield [primary, middle, last]


def agree(chain: list[servers.Server]) -> bool:
    offsets = {server.client().info("replication")["master_repl_offset"] for server in chain}
    return len(offsets) == 1 and len({digest(server) for server in chain}) == 1


def synced(server: servers.Server, how: str) -> int:
    """Return how often a server's replicas have synchronized fully and partially."""
    count: int = server.client().info("stats")[how]
    return count


def cut(server: servers.Server) -> None:
    """Close the connections to a server's replicas, which then synchronize partially."""
    before = synced(server, "sync_partial_ok")
    server.client().execute_command("CLIENT", "KILL", "TYPE", "replica")
    servers.wait_until(lambda: synced(server, "sync_partial_ok") > before)


def disown(server: servers.Server) -> None:
    """Make a server's replicas synchronize fully."""
    before = synced(server, "sync_full")
    client = server.client()
    client.execute_command("DEBUG", "CHANGE-REPL-ID")
    client.execute_command("CLIENT", "KILL", "TYPE", "replica")
    servers.wait_until(lambda: synced(server, "sync_full") > before)


def finished_rewriting(server: servers.Server) -> bool:
    persistence = server.client().info("persistence")
    return not persistence["aof_rewrite_in_progress"] and not persistence["aof_rewrite_scheduled"]


def rewrite(server: servers.Server) -> None:
    """Rewrite the AOF, alternately as an RDB and as commands."""
    client = server.client()
    preamble = client.config_get("aof-use-rdb-preamble")["aof-use-rdb-preamble"]
    client.config_set("aof-use-rdb-preamble", "no" if preamble == "yes" else "yes")
    # A replica rewrites its AOF by itself after a synchronization.
    servers.wait_until(lambda: finished_rewriting(server))
    client.bgrewriteaof()


@pytest.mark.torture
def test_replicas_and_files_match_the_primary_after_random_commands(
    kind: kinds.Kind, chain: list[servers.Server], effort: int, figure: Callable[[str], None]
) -> None:
    primary, middle, last = chain
    client = primary.client(protocol=2)
    traffic = Traffic(primary, seed=effort)
    for _ in range(effort):
        for interfere in (
            lambda: cut(primary), lambda: cut(middle), lambda: disown(primary), lambda: rewrite(primary),
            lambda: rewrite(middle), lambda: rewrite(last),
        ):  # fmt: skip
            traffic.send(300)
            interfere()
            traffic.send(200)
        servers.wait_until(lambda: settled(client))
        servers.wait_until(lambda: agree(chain))
        servers.wait_until(lambda: all(finished_rewriting(server) for server in chain))
    expected = digest(primary)
    assert expected != "0" * 40, "there are keys to compare"
    for replica in (middle, last):
        section = inredis.section(replica.client())
        assert (section["trainings_finished"], section["trainings_running"]) == (0, 0)
        assert errors(replica) == 0
    assert inredis.section(client)["trainings_finished"] > 20
    full, partial = (sum(synced(server, how) for server in chain) for how in ("sync_full", "sync_partial_ok"))
    figure(f"{traffic.sent} commands, {full} full and {partial} partial synchronizations")
    client.execute_command("DEBUG", "RELOAD")
    assert digest(primary) == expected, "the RDB"
    for server in chain:
        server.kill()
        with servers.reopened(kind, server, *STRICT, *AOF, module=MODULE) as again:
            assert digest(again) == expected, "the AOF"
            assert inredis.section(again.client())["trainings_finished"] == 0


def errors(server: servers.Server) -> int:
    """Return how many commands of its primary or its AOF a server has rejected."""
    count: int = server.client().info("stats")["unexpected_error_replies"]
    return count
