"""Writes the reference of all commands, commands.md, from COMMAND DOCS of a server and from command-notes.md.

python docs/commands.py
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

import neuralredis
from neuralredis.cli.serve import found

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "commands.md"
#: The most seconds that a server takes to start.
PATIENCE = 30.0


def page(client: redis.Redis) -> str:
    """Return the page, given a client with RESP3.

    The order is that of the notes, which must describe exactly the commands of the server, except internal ones, whose
    names begin with an underscore.
    """
    names = sorted(client.execute_command("COMMAND LIST", "FILTERBY", "MODULE", "neuralredis"))
    documented = {name.upper(): docs for name, docs in client.execute_command("COMMAND DOCS", *names).items()}
    flags = {info[0].upper(): set(info[2]) for info in client.execute_command("COMMAND INFO", *names)}
    introduction, *notes = re.split(
        r"^## (?=NR\.)", (DOCS / "command-notes.md").read_text(encoding="utf-8"), flags=re.M
    )
    noted = dict(note.split("\n", 1) for note in notes)
    public = {name for name in documented if not name.startswith("NR._")}
    if public != set(noted):
        raise ValueError(f"notes or commands are missing: {sorted(public ^ set(noted))}")
    head = (
        "<!-- `make pages` writes this page: change command-notes.md, or the tables in rust/redis/src/commands. -->\n"
    )
    entries = [entry(name, documented[name], flags[name], note) for name, note in noted.items()]
    own = ", ".join(f"`{name}`" for name in sorted(set(documented) - public))
    end = (
        f"## Internal commands\n\nReplicas and the AOF receive {own}\n"
        "([persistence and replication](persistence-and-replication.md)). The module rejects them from clients,\n"
        "unless the server's configuration allows them ([access](access.md#internal-commands)).\n"
    )
    return head + introduction + "".join(entries) + end


def entry(name: str, docs: dict[str, Any], flags: set[str], note: str) -> str:
    """Return the section of a command."""
    facts = {
        "Complexity": docs["complexity"],
        "Flags": ", ".join(sorted(flags & {"readonly", "write", "denyoom", "fast", "blocking"})) or "none",
        "Group": docs["group"],
        "Since": docs["since"],
    }
    lines = [f"## {name}", "", docs["summary"], "", "```text", syntax(name, docs.get("arguments", [])), "```", ""]
    lines += [f"- {fact}: {text}" for fact, text in facts.items()]
    return "\n".join(lines) + "\n\n" + note.strip("\n") + "\n\n"


def syntax(name: str, arguments: list[dict[str, Any]]) -> str:
    """Return the syntax of a command, broken into lines of about 100 characters."""
    lines = [name]
    for word in map(term, arguments):
        if len(lines[-1]) + 1 + len(word) > 100:
            lines.append("   ")
        lines[-1] += f" {word}"
    return "\n".join(lines)


def term(argument: dict[str, Any]) -> str:
    """Return the syntax of an argument: brackets around optional parts, bars between alternatives."""
    flags = argument.get("flags", [])
    match argument["type"]:
        case "oneof":
            text = " | ".join(map(term, argument["arguments"]))
            text = text if "optional" in flags else f"<{text}>"
        case "block":
            text = " ".join(map(term, argument["arguments"]))
        case "pure-token":
            return f"[{argument['token']}]" if "optional" in flags else str(argument["token"])
        case _:
            text = argument["name"]
    if "multiple" in flags:
        text = f"{text} ..." if "optional" in flags else f"{text} [{text} ...]"
    if token := argument.get("token"):
        text = f"{token} {text}"
    return f"[{text}]" if "optional" in flags else text


@contextmanager
def server() -> Iterator[redis.Redis]:
    """Run a server with the module, and yield a client of it."""
    with tempfile.TemporaryDirectory(prefix="neuralredis-") as folder:
        socket = Path(folder) / "socket"
        options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", folder, "--logfile", "log"]
        command = [str(found()), *options, "--loadmodule", str(neuralredis.module_path())]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            until = time.monotonic() + PATIENCE
            while not socket.exists() and time.monotonic() < until:
                time.sleep(0.01)
            with redis.Redis(unix_socket_path=str(socket), protocol=3, decode_responses=True) as client:
                yield client
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    with server() as client:
        PAGE.write_text(page(client), encoding="utf-8")
