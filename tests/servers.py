"""Private servers: each is started for one test or module, and stopped after it."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from kinds import Kind

#: Timeout in seconds for starts and stops of a server. Far more than any needs: it only ends what would hang.
PATIENCE = 30.0


#: Lets clients send the commands of replication.
INTERNAL_COMMANDS = ("--neuralredis.enable-internal-commands", "yes")


class Server:
    """A running server with a socket in its own directory and, if it has replicas, a port."""

    def __init__(
        self,
        binary: Path,
        directory: Path,
        options: Sequence[str],
        *,
        port: int = 0,
        config: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = directory
        self.port = port
        self.socket = directory / "socket"
        self._log = directory / "log"
        self._clients: list[redis.Redis] = []
        command = [
            str(binary),
            *([str(config)] if config else []),
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--unixsocket",
            str(self.socket),
        ]
        command += ["--dir", str(directory), "--logfile", str(self._log), "--save", "", "--daemonize", "no"]
        command += ["--enable-debug-command", "local", "--enable-module-command", "local"]
        # Do not wait for more replicas that might use the same snapshot.
        command += ["--repl-diskless-sync-delay", "0", *options]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env={**os.environ, **(environment or {})}
        )
        try:
            self._wait_until_up()
        except BaseException:
            self.stop()
            raise

    def client(self, **options: Any) -> redis.Redis:
        """Return a new connection, closed with the server.

        It waits long for an answer and never asks twice: on a busy machine a command would be carried out twice.
        """
        usual = {"decode_responses": True, "socket_timeout": PATIENCE, "retry": Retry(NoBackoff(), 0)}
        client = redis.Redis(unix_socket_path=str(self.socket), **{**usual, **options})
        self._clients.append(client)
        return client

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def appended(self) -> str:
        """Return the contents of the append-only files without base files."""
        files = sorted(self.directory.glob("*/*.incr.aof"))
        return b"".join(path.read_bytes() for path in files).decode(errors="replace")

    def stop(self) -> None:
        """Stop the server with SHUTDOWN, then SIGTERM, then SIGKILL."""
        if self.process.poll() is None:
            with contextlib.suppress(redis.RedisError):
                self._control().execute_command("SHUTDOWN", "NOSAVE", "NOW", "FORCE")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(PATIENCE)
        for client in self._clients:
            client.close()
            client.connection_pool.disconnect()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"the server did not stop:\n{self._tail()}") from None

    def kill(self) -> None:
        """Kill the server as a power cut would."""
        self.process.kill()
        self.process.wait()

    def check(self) -> None:
        """Fail if the server reported a crash."""
        assert "BUG REPORT START" not in self.log, f"the server crashed:\n{self._tail(200)}"

    def _control(self) -> redis.Redis:
        return self.client(socket_timeout=5)

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + PATIENCE
        client = self._control()
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended at once:\n{self._tail()}")
            with contextlib.suppress(redis.ConnectionError, redis.BusyLoadingError):
                client.ping()
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"the server did not start:\n{self._tail()}")
            time.sleep(0.01)

    def _tail(self, lines: int = 40) -> str:
        return "\n".join(self.log.splitlines()[-lines:])


@contextlib.contextmanager
def running(
    kind: Kind,
    *options: str,
    module: Path | None = None,
    tcp: bool = False,
    config: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Run a server in a directory of its own, with a module and further options.

    ``tcp`` lets replicas reach it; ``config`` is its configuration file; ``environment`` is added to that of the tests.
    """
    # Not in pytest's directories: the path of a socket is limited to about a hundred characters.
    with tempfile.TemporaryDirectory(prefix="neuralredis-") as name:
        load = ["--loadmodule", str(module)] if module else []
        port = free_port() if tcp else 0
        server = Server(kind.binary(), Path(name), [*options, *load], port=port, config=config, environment=environment)
        try:
            yield server
        finally:
            server.stop()
        server.check()


@contextlib.contextmanager
def reopened(kind: Kind, before: Server, *options: str, module: Path | None = None) -> Iterator[Server]:
    """Run a server on the files of a stopped server."""
    load = ["--loadmodule", str(module)] if module else []
    server = Server(kind.binary(), before.directory, [*options, *load])
    try:
        yield server
    finally:
        server.stop()
    server.check()


@contextlib.contextmanager
def replica_of(primary: Server, kind: Kind, *options: str, module: Path | None = None) -> Iterator[Server]:
    """Run a replica of a server that was started with ``tcp``, and wait until it is synchronized."""
    with running(kind, *options, "--replicaof", f"127.0.0.1 {primary.port}", module=module, tcp=True) as replica:
        client = replica.client()
        wait_until(lambda: client.info("replication")["master_link_status"] == "up")
        yield replica


@contextlib.contextmanager
def cluster(kind: Kind, *slots: int, module: Path | None = None) -> Iterator[list[Server]]:
    """Run a cluster: each server has the slots from its number in ``slots`` up to the next server's."""
    with contextlib.ExitStack() as stack:
        bus = [free_port() for _ in slots]
        options = ("--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1", "--cluster-port")
        nodes = [stack.enter_context(running(kind, *options, str(port), module=module, tcp=True)) for port in bus]
        clients = [node.client() for node in nodes]
        for client, first, end in zip(clients, slots, [*slots[1:], 16384], strict=True):
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, end - 1)
        for node, port in zip(nodes[1:], bus[1:], strict=True):
            clients[0].execute_command("CLUSTER", "MEET", "127.0.0.1", node.port, port)

        def agree() -> bool:
            infos = [str(client.execute_command("CLUSTER", "INFO")) for client in clients]
            tables = [str(client.execute_command("CLUSTER", "NODES")) for client in clients]
            known = all(str(table).count("connected") == len(slots) for table in tables)
            return known and all("cluster_state:ok" in info for info in infos)

        wait_until(agree)
        yield nodes


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE, subject: object = "") -> None:
    """Poll until the condition holds; ``what`` names it in the error."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain {subject}"
        time.sleep(0.01)


def free_port() -> int:
    """Return a free port, and none twice, since its server may start later."""
    for port in _ports:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no free port")


def _own_ports() -> list[int]:
    """Return the ports of this process in random order. Processes that run tests at a time share none."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    # Below those that systems give connections that go out, replicas' for one.
    ports = list(range(10_000 + number, 32_000, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))))
    random.SystemRandom().shuffle(ports)
    return ports


_ports = iter(_own_ports())
