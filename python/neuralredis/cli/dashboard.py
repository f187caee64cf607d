"""``neuralredis dashboard``: a page that shows networks, in a server or in files."""

from __future__ import annotations

import argparse
import contextlib
import errno
import secrets
import webbrowser
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from neuralredis.cli.arguments import subcommand
from neuralredis.cli.extras import need
from neuralredis.cli.failure import Failure, complain
from neuralredis.cli.serve import port

if TYPE_CHECKING:
    from neuralredis.dashboard.places import Place

__all__ = ["add_to"]

#: Where networks are that nothing is said of.
URL = "redis://localhost:6379"
#: Seconds that a server may take to answer, and to be reached.
PATIENCE, REACH = 30, 5

DESCRIPTION = """\
Show networks on a page, in a browser on this machine: those of a server, or of files. How good each is beside knowing
nothing, how its training goes on, which answers are wrong, what its fields hold, a form that asks it while you drag,
what each value adds to the answer, and the rows that it gets most wrong.

The address that is printed has a token in it, without which nothing is told. The page changes nothing, unless --write
lets it start and end trainings. Ctrl-C ends it."""

EPILOG = """\
examples:
  neuralredis dashboard
  neuralredis dashboard redis://:password@db.example.com:6379/0 --write
  neuralredis dashboard titanic.nr churn.nr --open"""


def add_to(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subcommand(subparsers, "dashboard", "show networks on a page", DESCRIPTION, EPILOG)
    parser.add_argument(
        "places", nargs="*", metavar="URL or NET", help=f"a server's address, or files of networks (default: {URL})"
    )
    parser.add_argument("--port", type=port, default=0, metavar="N", help="where to listen (default: a free port)")
    parser.add_argument("--write", action="store_true", help="let the page start and end trainings of a server")
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Serve the page."""
    need("dashboard", "starlette", "uvicorn", what="neuralredis dashboard")
    from neuralredis.dashboard.app import application
    from neuralredis.dashboard.serving import listening, serve

    with _place(args.places or [URL], args.write) as place:
        try:
            listener = listening(args.port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise Failure(f"port {args.port} is in use: --port takes another") from None
            raise Failure(f"cannot listen at port {args.port}: {error.strerror}") from None
        token = secrets.token_urlsafe(24)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/#token={token}"
        print(address, flush=True)
        complain(f"shows {place.name}; open the address in a browser on this machine. Ctrl-C ends it")
        if args.open and not webbrowser.open(address):
            complain("no browser could be opened")
        with listener:
            serve(application(place, token, write=args.write), listener)


@contextlib.contextmanager
def _place(places: list[str], write: bool) -> Iterator[Place]:
    """Yield where networks are, if it is there."""
    from redis.backoff import NoBackoff
    from redis.exceptions import NoPermissionError
    from redis.retry import Retry

    from neuralredis.cli import servers
    from neuralredis.dashboard.places import Files, Server

    urls = [place for place in places if "://" in place]
    if not urls:
        if write:
            raise Failure("--write lets a page train the networks of a server: files are shown as they are")
        yield Files([(place, servers.network(place, None)) for place in places])
        return
    if len(places) > 1:
        raise Failure("expected the address of one server, or files of networks")
    (url,) = urls
    options = {"socket_timeout": PATIENCE, "socket_connect_timeout": REACH, "retry": Retry(NoBackoff(), 0)}
    with servers.reached(url, **options) as db:
        try:
            db.threads()
        except NoPermissionError as error:
            complain(f"trainings will not be shown: {error}")
        yield Server(servers.show_url(url), db)
