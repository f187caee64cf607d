"""Conversations as redis-cli shows them, where simple strings and bulk strings look different."""

from __future__ import annotations

import re
import shlex
import socket
from typing import IO

import servers


class Connection:
    """A connection in RESP2 that reads replies as they are on the wire."""

    def __init__(self, server: servers.Server) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(servers.PATIENCE)
        self._socket.connect(str(server.socket))
        self._file: IO[bytes] = self._socket.makefile("rb")

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def ask(self, command: str) -> str:
        """Return a reply as redis-cli prints it."""
        words = [_typed(word) for word in shlex.split(command)]
        self._socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        return self._read("")

    def _read(self, indent: str) -> str:
        line = self._file.readline().removesuffix(b"\r\n").decode()
        kind, rest = line[0], line[1:]
        if kind == "+":
            return rest
        if kind == "-":
            return f"(error) {rest}"
        if kind == ":":
            return f"(integer) {rest}"
        if kind == "$":
            if rest == "-1":
                return "(nil)"
            return f'"{_shown(self._file.read(int(rest) + 2)[:-2])}"'
        assert kind == "*", line
        count = int(rest)
        if count <= 0:
            return "(empty array)" if count == 0 else "(nil)"
        width = len(str(count))
        lines = []
        for number in range(1, count + 1):
            lead = f"{number:>{width}}) "
            item = self._read(indent + " " * len(lead))
            lines.append((indent if number > 1 else "") + lead + item)
        return "\n".join(lines)


def _typed(word: str) -> bytes:
    """Return the bytes of a word, with escapes such as ``\\x2a`` decoded as redis-cli does."""
    return word.encode().decode("unicode_escape").encode("latin-1") if "\\x" in word else word.encode()


def _shown(text: bytes) -> str:
    """Return a text as redis-cli shows it; UTF-8 letters are shown as with ``--raw``."""
    try:
        letters = text.decode()
    except UnicodeDecodeError:
        letters = ""
    if letters.isprintable() and (letters or not text):
        return letters
    escaped = {34: '\\"', 92: "\\\\", 10: "\\n", 13: "\\r", 9: "\\t", 7: "\\a", 8: "\\b"}
    return "".join(escaped.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}") for byte in text)


def play(connection: Connection, script: str) -> None:
    """Send each command after ``>``, and compare the reply with the lines up to the next ``>``.

    ``~`` stands for any number, ``~~`` for any word, a line of ``...`` for any lines.
    """
    for turn in re.split(r"^> ", script.strip("\n"), flags=re.M)[1:]:
        command, _, expected = turn.partition("\n")
        expected = expected.strip("\n")
        reply = connection.ask(command)
        number = r"-?\\d+(?:\\.\\d+)?(?:e-?\\d+)?"
        pattern = re.sub("~", number, re.escape(expected).replace(re.escape("~~"), r"\w+").replace(re.escape("~"), "~"))
        pattern = re.sub(r"^ *(?:\\\.){3}$", "(?s:.*)", pattern, flags=re.M)
        assert re.fullmatch(pattern, reply), f"> {command}\n{reply}\nbut expected\n{expected}"
