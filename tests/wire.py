"""A connection that shows replies as they are sent: bytes, and errors with their codes."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

import servers


class RefusedError(Exception):
    """An error reply, with its code."""

    def __str__(self) -> str:
        return str(self.args[0])


class Wire:
    """A connection in RESP2. It returns errors instead of raising them."""

    def __init__(self, server: servers.Server) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(servers.PATIENCE)
        self._socket.connect(str(server.socket))
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def ask(self, *words: Any) -> Any:
        """Send a command and read its reply."""
        parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self._socket.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
        return self._read()

    def _read(self) -> Any:
        line = self._file.readline()
        assert line.endswith(b"\r\n"), f"the server closed the connection within {line!r}"
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            return RefusedError(rest.decode())
        if kind == b"+":
            return rest.decode()
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self._file.read(int(rest) + 2)[:-2]
        assert kind == b"*", line
        return None if rest == b"-1" else [self._read() for _ in range(int(rest))]


def errors(reply: Any) -> Sequence[RefusedError]:
    """Return all errors in a reply, at any depth."""
    if isinstance(reply, RefusedError):
        return [reply]
    return [error for part in reply for error in errors(part)] if isinstance(reply, list) else []
