"""Saving under load: many forks while trainings run and rows arrive, and transfers that are cut anywhere."""

from __future__ import annotations

import contextlib
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import inredis
import numpy as np
import pytest
import redis

import kinds
import neuralredis
import servers

KEYS = [f"net{number}" for number in range(3)]
#: Rows in one command of a writer.
BATCH = 20


class Writer(threading.Thread):
    """Sends rows that contain their number, and counts the acknowledged ones."""

    def __init__(self, client: redis.Redis, key: str) -> None:
        super().__init__()
        self.client = client
        self.key = key
        self.acknowledged = 0
        self.stopped = threading.Event()
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            while not self.stopped.is_set():
                rows = [row(self.acknowledged + index) for index in range(BATCH)]
                self.client.execute_command("NR.OBSERVE", self.key, "FP32", inredis.blob(*rows), "TRAIN")
                self.acknowledged += BATCH
                # Trainings end from time to time, and further ones start.
                with contextlib.suppress(redis.ResponseError):
                    self.client.execute_command("NR.TRAIN", self.key, "MAXCYCLES", 5)
        except Exception as error:
            self.error = error


def row(number: int) -> tuple[float, float, float]:
    return float(number), float(number % 7), float(number % 2)


@contextlib.contextmanager
def writing(server: servers.Server) -> Iterator[list[Writer]]:
    """Run a writer for each network, and stop them all."""
    client = server.client()
    for key in KEYS:
        # More than the arriving rows, so that none is replaced.
        client.execute_command("NR.CREATE", key, "CLASSIFIER", 2, 30, "->", 2, "DATASET", 10_000_000, "TEST", 10)
    writers = [Writer(server.client(decode_responses=False), key) for key in KEYS]
    for writer in writers:
        writer.start()
    try:
        servers.wait_until(lambda: all(writer.acknowledged or writer.error for writer in writers))
        yield writers
    finally:
        for writer in writers:
            writer.stopped.set()
        for writer in writers:
            writer.join()
    assert [writer.error for writer in writers] == [None] * len(writers)


def check_rows(client: redis.Redis, key: str, least: int, most: int) -> None:
    """Check that the number of rows is in this range, and that each is as it was sent."""
    found = inredis.info(client, key)["training-dataset-len"]
    assert least <= found <= most
    assert found % BATCH == 0, "the rows of a command are stored together"
    for number in {0, found // 2, found - 1}:
        inputs, outputs = client.execute_command("NR.GETDATA", key, "TRAIN", number)
        *expected, label = row(number)
        assert ([float(value) for value in inputs], int(float(outputs[1]))) == (expected, int(label))


@contextlib.contextmanager
def loaded(kind: kinds.Kind, rdb: Path, directory: Path) -> Iterator[redis.Redis]:
    """Run a server on a snapshot."""
    directory.mkdir()
    shutil.move(rdb, directory / "dump.rdb")
    with servers.running(kind, "--dir", str(directory), module=neuralredis.module_path()) as server:
        yield server.client(protocol=2)


def quiet(client: redis.Redis) -> bool:
    state = client.info("persistence")
    return not (state["rdb_bgsave_in_progress"] or state["aof_rewrite_in_progress"])


@pytest.mark.torture
@pytest.mark.timeout(3600)
def test_snapshots_under_load_contain_acknowledged_rows(
    kind: kinds.Kind, tmp_path: Path, effort: int, figure: Callable[[str], None]
) -> None:
    options = ["--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0"]
    forks, module = 6 * effort, neuralredis.module_path()
    with servers.running(kind, *options, module=module) as server:
        client = server.client(protocol=2)
        with writing(server) as writers:
            snapshots = []
            for fork in range(forks):
                before = [writer.acknowledged for writer in writers]
                if fork % 2:
                    client.bgrewriteaof()
                    servers.wait_until(lambda: quiet(client))
                    assert client.info("persistence")["aof_last_bgrewrite_status"] == "ok"
                else:
                    client.bgsave()
                    servers.wait_until(lambda: quiet(client))
                    assert client.info("persistence")["rdb_last_bgsave_status"] == "ok"
                # Some of the snapshots: the first, and later ones after many forks.
                if fork % 2 == 0 and (fork == 0 or fork >= forks - 4):
                    kept = tmp_path / f"{fork}.rdb"
                    shutil.copy(server.directory / "dump.rdb", kept)
                    snapshots.append((kept, before, [writer.acknowledged + BATCH for writer in writers]))
        trained = inredis.section(client)["trainings_finished"]
        for key in KEYS:
            client.execute_command("NR.STOP", key)
            client.execute_command("NR.WAIT", key, 0)
        raw = server.client(protocol=2, decode_responses=False)
        final = [raw.execute_command("NR.EXPORT", key) for key in KEYS]
        acknowledged = [writer.acknowledged for writer in writers]
        server.kill()
        again = servers.Server(kind.binary(), server.directory, [*options, "--loadmodule", str(module)])
        try:
            raw = again.client(protocol=2, decode_responses=False)
            assert [raw.execute_command("NR.EXPORT", key) for key in KEYS] == final
            for key, rows in zip(KEYS, acknowledged, strict=True):
                check_rows(again.client(protocol=2), key, rows, rows)
        finally:
            again.stop()
        again.check()
    for number, (snapshot, least, most) in enumerate(snapshots):
        with loaded(kind, snapshot, tmp_path / f"snapshot{number}") as client:
            for key, low, high in zip(KEYS, least, most, strict=True):
                check_rows(client, key, low, high)
                assert client.execute_command("NR.WAIT", key) == "idle", "a loaded network is not being trained"
    assert trained > 0
    figure(f"{forks} forks, {trained} trainings, {sum(acknowledged)} rows, {len(snapshots)} snapshots loaded")


class Cut:
    """A proxy between a replica and its primary that forwards a limited number of the primary's bytes."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.limit: int | None = None
        self.passed = 0
        self.cuts = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.own_port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                replica, _ = self._listener.accept()
                primary = socket.create_connection(("127.0.0.1", self.port))
                self.passed = 0
                threading.Thread(target=self._forward, args=(replica, primary, False), daemon=True).start()
                threading.Thread(target=self._forward, args=(primary, replica, True), daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if counted and self.limit is not None and self.passed + len(data) >= self.limit:
                    target.sendall(data[: self.limit - self.passed])
                    self.cuts += 1
                    break
                if counted:
                    self.passed += len(data)
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        self._listener.close()


@pytest.mark.torture
@pytest.mark.timeout(3600)
def test_full_sync_can_be_interrupted_anywhere(kind: kinds.Kind, effort: int, figure: Callable[[str], None]) -> None:
    module = neuralredis.module_path()
    diskless = ["--repl-diskless-sync", "yes", "--repl-diskless-load", "swapdb", "--rdbcompression", "no"]
    with (
        servers.running(kind, *diskless, module=module, tcp=True) as primary,
        servers.running(kind, *diskless, module=module, tcp=True) as replica,
    ):
        source, target = primary.client(protocol=2), replica.client(protocol=2)
        for number in range(3):
            inredis.create(source, f"net{number}", "NORMALIZE")
            source.execute_command("NR.TRAIN", f"net{number}", "MAXCYCLES", 5, "BLOCK", 0)
        cut = Cut(primary.port)
        try:
            follow(target, cut)
            servers.wait_until(lambda: target.info("replication")["master_link_status"] == "up")
            whole = cut.passed
            target.execute_command("REPLICAOF", "NO", "ONE")
            target.flushall()
            inredis.create(target, "before")
            digest = target.execute_command("DEBUG", "DIGEST")
            places = np.linspace(1, whole - 50, 12 * effort).astype(int)
            for place in places:
                cut.limit, cuts = int(place), cut.cuts
                follow(target, cut)
                servers.wait_until(lambda cuts=cuts: cut.cuts > cuts)  # type: ignore[misc]
                servers.wait_until(lambda: not target.info("replication").get("master_sync_in_progress"))
                assert target.execute_command("DEBUG", "DIGEST") == digest, f"cut after {place} bytes"
                target.execute_command("REPLICAOF", "NO", "ONE")
            assert "a bug in neuralredis" not in replica.log
            assert replica.log.count("a network was not loaded: it ends too early") > len(places) / 2
            cut.limit = None
            follow(target, cut)
            servers.wait_until(
                lambda: target.execute_command("DEBUG", "DIGEST") == source.execute_command("DEBUG", "DIGEST")
            )
        finally:
            cut.close()
        figure(f"{len(places)} cuts of a transfer of {whole} bytes")


def follow(client: redis.Redis, cut: Cut) -> None:
    client.execute_command("REPLICAOF", "127.0.0.1", cut.own_port)
