"""``neuralredis dashboard``: serve a page that shows the networks of a server or in files."""

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

#: The default server.
URL = "redis://localhost:6379"
#: Timeouts, in seconds, of a server's reply and of connecting.
PATIENCE, REACH = 30, 5

DESCRIPTION = """\
Serve a page that shows the networks of a server, or in files, to a browser on this machine: error and baseline,
learning curve, confusion matrix, calibration, fields, a form for predictions, the contribution of each value, and the
rows with the largest errors.

The printed address contains a token, without which requests are rejected. The page is read-only, unless --write
lets it start and stop trainings. Ctrl-C ends it."""

EPILOG = """\
examples:
  neuralredis dashboard
  neuralredis dashboard redis://:password@db.example.com:6379/0 --write
  neuralredis dashboard titanic.nr churn.nr --open"""


def add_to(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subcommand(subparsers, "dashboard", "show networks in a browser", DESCRIPTION, EPILOG)
    parser.add_argument(
        "places", nargs="*", metavar="URL or NET", help=f"the URL of a server, or files of networks (default: {URL})"
    )
    parser.add_argument(
        "--port", type=port, default=0, metavar="N", help="the port to listen on (default: a free port)"
    )
    parser.add_argument("--write", action="store_true", help="let the page start and stop trainings of a server")
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Serve the page."""
    need("dashboard", "starlette", "uvicorn", feature="neuralredis dashboard")
    from neuralredis.dashboard.app import application
    from neuralredis.dashboard.serving import listening, serve

    with _place(args.places or [URL], args.write) as place:
        try:
            listener = listening(args.port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise Failure(f"port {args.port} is in use: expected another --port") from None
            raise Failure(f"cannot listen on port {args.port}: {error.strerror}") from None
        token = secrets.token_urlsafe(24)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/#token={token}"
        print(address, flush=True)
        complain(f"serving {place.name}: open the address in a browser on this machine; Ctrl-C ends")
        if args.open and not webbrowser.open(address):
            complain("cannot open a browser")
        with listener:
            serve(application(place, token, write=args.write), listener)


@contextlib.contextmanager
def _place(places: list[str], write: bool) -> Iterator[Place]:
    """Yield the source of the networks: files, or a server that can be reached."""
    from redis.backoff import NoBackoff
    from redis.exceptions import NoPermissionError
    from redis.retry import Retry

    from neuralredis.cli import servers
    from neuralredis.dashboard.places import Files, Server

    urls = [place for place in places if "://" in place]
    if not urls:
        if write:
            raise Failure("--write needs a server: networks in files cannot be trained from the page")
        yield Files([(place, servers.network(place, None)) for place in places])
        return
    if len(places) > 1:
        raise Failure(f"{len(places)} places with a server among them: expected the URL of one server, or files")
    (url,) = urls
    options = {"socket_timeout": PATIENCE, "socket_connect_timeout": REACH, "retry": Retry(NoBackoff(), 0)}
    with servers.reached(url, **options) as db:
        try:
            db.threads()
        except NoPermissionError as error:
            complain(f"trainings are not shown: {error}")
        yield Server(servers.show_url(url), db)
