"""The module under valgrind, on servers as they are distributed: no invalid access, and no leak."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import inredis
import pytest
import redis
import test_redis_hostile as hostile
from wire import Wire

import kinds
import neuralredis
import servers

pytestmark = pytest.mark.needs(kinds.VALGRIND)
#: Timeouts: under valgrind a server is ten to fifty times slower.
PATIENCE = 300.0


@contextlib.contextmanager
def watched(kind: kinds.Kind, log: Path, *options: str) -> Iterator[servers.Server]:
    """Run a server under memcheck, which writes its findings to a file for each process."""
    script = log / "server"
    # A server with jemalloc in it has its functions elsewhere than in the C library. Threads take turns, or those that
    # train would keep the server waiting for seconds.
    script.write_text(
        "#!/bin/sh\n"
        f"exec {kinds.VALGRIND.binary()} -q --fair-sched=yes --leak-check=full --show-leak-kinds=definite "
        f"--log-file={log}/%p.valgrind "
        f"--soname-synonyms='somalloc=*jemalloc*' {kind.binary()} \"$@\"\n"
    )
    script.chmod(0o755)
    slow = dataclasses.replace(kind, find=lambda: script)
    # The server's compression reads an uninitialized table on purpose.
    options = ("--rdbcompression", "no", "--enable-debug-command", "yes", *servers.INTERNAL_COMMANDS, *options)
    with servers.running(slow, *options, module=neuralredis.module_path(), tcp=True) as server:
        yield server


def found(log: Path) -> list[str]:
    """Return memcheck's findings in the module, or in the server because of the module."""
    whole = "\n".join(re.sub(r"^==\d+== ?", "", path.read_text(), flags=re.M) for path in log.glob("*.valgrind"))
    return [error for error in whole.split("\n\n") if "libneuralredis.so" in error]


def main_paths(server: servers.Server) -> None:
    """Run every feature once."""
    client = server.client(protocol=2, socket_timeout=PATIENCE)
    raw = server.client(protocol=2, socket_timeout=PATIENCE, decode_responses=False)
    with Wire(server) as wire:
        wire.ask("FUNCTION", "LOAD", hostile.LIBRARY)
        for words in hostile.valid_commands():
            if words[:3] != [b"NR._LOAD", b"new", b"1"]:
                hostile.prepare(wire)
            hostile.reply_of(wire, "plain", words)
            hostile.settle(wire)
        hostile.prepare(wire)
    client.execute_command("NR.CREATE", "odd", "REGRESSOR", 17, 33, 5, "->", 3, "NORMALIZE", "DATASET", 70, "TEST", 40)
    for count in (1, 16, 90):
        client.execute_command("NR.OBSERVE", "odd", "FP32", inredis.blob(*[range(20)] * count))
    for options in (("AUTOSTOP", "BACKTRACK"), ()):
        client.execute_command("NR.TRAIN", "odd", "MAXCYCLES", 4, "MAXTIME", 0, "BLOCK", 0, *options)
    raw.execute_command("NR.RUN", "odd", "FP32", inredis.blob(*[range(17)] * 37))
    client.execute_command("NR.REPORT", "odd")
    client.execute_command("NR.CONFIGURE", "odd", "DATASET", 33, "TEST", 16)
    assert client.execute_command("NR.TRAIN", "odd", "MAXTIME", 0, "BLOCK", 20) is None
    client.copy("odd", "copy")
    client.rename("odd", "away")
    client.restore("restored", 0, raw.dump("copy") or b"")
    raw.execute_command("NR.IMPORT", "copy", raw.execute_command("NR.EXPORT", "away"), "REPLACE")
    digest = client.execute_command("DEBUG", "DIGEST-VALUE", "copy", "restored", "sum")
    client.execute_command("NR.STOP", "away")
    client.execute_command("NR.WAIT", "away")
    client.execute_command("DEBUG", "RELOAD")
    assert client.execute_command("DEBUG", "DIGEST-VALUE", "copy", "restored", "sum") == digest
    client.bgrewriteaof()
    servers.wait_until(lambda: not client.info("persistence")["aof_rewrite_in_progress"], PATIENCE)
    client.execute_command("DEBUG", "LOADAOF")
    assert client.execute_command("DEBUG", "DIGEST-VALUE", "copy", "restored", "sum") == digest
    for key in ("away", "copy", "restored"):
        client.execute_command("NR.TRAIN", key, "MAXTIME", 0)
    client.delete("away")
    client.unlink("copy")
    client.execute_command("NR.RESET", "restored")
    client.info("neuralredis")
    client.memory_usage("restored")


def test_memcheck_finds_no_errors_on_the_main_paths(tmp_path: Path) -> None:
    with watched(kinds.ANY, tmp_path, "--appendonly", "yes", "--aof-use-rdb-preamble", "no") as server:
        main_paths(server)
    assert list(tmp_path.glob("*.valgrind"))
    assert found(tmp_path) == []


@pytest.mark.torture
@pytest.mark.parametrize("instructions", ["portable", "avx2"])
def test_memcheck_finds_no_errors_for_random_commands(
    kind: kinds.Kind,
    instructions: str,
    tmp_path: Path,
    effort: int,
    figure: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if effort == 1:
        return  # The test above is enough for a normal run of the suite.
    monkeypatch.setenv("NEURALREDIS_ISA", instructions)
    chance = random.Random(effort)
    sent = 20 * effort
    with watched(kind, tmp_path, "--appendonly", "yes") as server:
        main_paths(server)
        (tmp_path / "other").mkdir()
        with (
            watched(kind, tmp_path / "other", "--replicaof", f"127.0.0.1 {server.port}") as replica,
            Wire(server) as wire,
        ):
            link = replica.client()
            servers.wait_until(lambda: link.info("replication")["master_link_status"] == "up", PATIENCE)
            known = [*hostile.KEYS, *hostile.NUMBERS, *hostile.WORDS, *hostile.blobs().values()]
            for number in range(sent):
                if number % 20 == 0:
                    hostile.prepare(wire)
                words = list(chance.choice(hostile.valid_commands()))
                for _ in range(chance.randrange(3)):
                    at = chance.randrange(1, len(words) + 1)
                    words[at : at + chance.randrange(2)] = [chance.choice(known)]
                hostile.reply_of(wire, "plain", words)
                hostile.settle(wire)
            with contextlib.suppress(redis.ResponseError):
                server.client().execute_command("WAIT", 1, 10_000)
    assert found(tmp_path) == []
    assert found(tmp_path / "other") == []
    figure(f"{sent} commands")
