"""A server for a benchmark, and a connection with little overhead of the client."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import redis

#: Bytes of one read.
CHUNK = 1 << 20


def packed(*words: bytes | str | int) -> bytes:
    """Return a command as bytes of the protocol."""
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


class Server:
    """A server with a module, in a temporary directory, without persistence."""

    def __init__(self, directory: Path, process: subprocess.Popen[bytes]) -> None:
        self.socket = directory / "socket"
        self.process = process

    def client(self) -> redis.Redis:
        """Return a client for commands that are not measured."""
        return redis.Redis(unix_socket_path=str(self.socket), protocol=2)

    def connection(self) -> socket.socket:
        """Return a bare connection."""
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(self.socket))
        return connection

    def answers(self) -> bool:
        """Return whether the server accepts connections."""
        try:
            self.connection().close()
        except OSError:
            return False
        return True

    def ran(self) -> float:
        """Return the processor time of the main thread in milliseconds."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/schedstat") as file:
            return int(file.read().split()[0]) / 1e6

    def resident(self) -> int:
        """Return the resident memory of the process in bytes."""
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * 4096


@contextlib.contextmanager
def running(server: Path, module: Path, *options: str) -> Iterator[Server]:
    """Run a server during the block."""
    with tempfile.TemporaryDirectory(prefix="neuralredis-") as directory:
        path = Path(directory)
        where = ["--port", "0", "--unixsocket", str(path / "socket"), "--save", "", "--dir", directory]
        command = [server, *where, "--enable-debug-command", "yes", *options, "--loadmodule", str(module)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            running = Server(path, process)
            while not running.answers():
                if process.poll() is not None:
                    raise RuntimeError(f"{server} does not start with {module}")
                time.sleep(0.01)
            yield running
        finally:
            process.kill()
            process.wait()


def pipeline(connection: socket.socket, command: bytes, length: int, counts: int = 1) -> Callable[[], float]:
    """Return a function that sends a command many times in a pipeline; all replies must be as long as the first.

    Replies are counted in bytes: parsing them in Python would take longer than the server's work.
    """
    connection.sendall(command + packed("PING"))
    first = bytearray()
    while not first.endswith(b"+PONG\r\n"):
        first += connection.recv(CHUNK)
    if first.startswith(b"-"):
        raise RuntimeError(first.decode())
    commands, size = command * length, (len(first) - len(b"+PONG\r\n")) * length
    room = memoryview(bytearray(CHUNK))

    def run() -> float:
        connection.sendall(commands)
        left = size
        while left:
            left -= connection.recv_into(room)
        return length * counts

    return run
