"""``neuralredis exporter``: serve the metrics of a server to Prometheus."""

from __future__ import annotations

import argparse
import sys
import threading
from typing import Any

from neuralredis.cli.arguments import subcommand
from neuralredis.cli.extras import need
from neuralredis.cli.failure import Failure

__all__ = ["add_to"]

#: The default port.
PORT = 9847

DESCRIPTION = """\
Serve the metrics of a server with the module at http://ADDRESS:PORT/metrics, in the formats of Prometheus and
OpenMetrics. Metrics of networks are included if --networks matches their keys. The exporter runs until Ctrl-C or
SIGTERM; while the server is down, neuralredis_up is 0."""

EPILOG = """\
examples:
  neuralredis exporter
  neuralredis exporter redis://monitor:password@db.example.com:6379 --networks 'shop:*' --evaluate
  neuralredis exporter --once"""


def add_to(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subcommand(subparsers, "exporter", "serve metrics for Prometheus", DESCRIPTION, EPILOG)
    parser.add_argument(
        "url",
        nargs="?",
        default="redis://localhost:6379",
        metavar="URL",
        help="the URL of the server (default: redis://localhost:6379)",
    )
    parser.add_argument("--port", type=int, default=PORT, metavar="N", help=f"the port to listen on (default: {PORT})")
    parser.add_argument(
        "--bind", default="127.0.0.1", metavar="ADDRESS", help="the address to listen on (default: 127.0.0.1)"
    )
    parser.add_argument(
        "--networks", metavar="PATTERN", help="keys of networks to include, such as 'shop:*' (default: none)"
    )
    parser.add_argument(
        "--most", type=int, default=1000, metavar="N", help="include at most N networks (default: 1000)"
    )
    parser.add_argument(
        "--evaluate",
        action="store_true",
        help="evaluate each network on its validation rows after each training, and export its error and baseline",
    )
    parser.add_argument("--once", action="store_true", help="print the metrics once and exit")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Serve until Ctrl-C or SIGTERM, or print the metrics once."""
    need("metrics", "prometheus_client", feature="neuralredis exporter")
    from prometheus_client import CollectorRegistry, start_http_server
    from prometheus_client.openmetrics.exposition import generate_latest

    from neuralredis.cli import servers
    from neuralredis.metrics import ServerMetrics

    with servers.reached(args.url) as db:
        registry = CollectorRegistry()
        registry.register(ServerMetrics(db, args.networks, most=args.most, evaluate=args.evaluate))
        if args.once:
            print(generate_latest(registry).decode(), end="")  # type: ignore[no-untyped-call]
            return
        try:
            server, thread = start_http_server(args.port, args.bind, registry)
        except (OSError, OverflowError) as error:
            why = error.strerror if isinstance(error, OSError) else "expected 0 to 65535"
            raise Failure(f"cannot listen on {args.bind}, port {args.port}: {why}") from None
        place = f"http://{args.bind}:{server.server_port}/metrics"
        print(f"Serving metrics of {servers.show_url(args.url)} at {place}; Ctrl-C ends.", file=sys.stderr, flush=True)
        try:
            threading.Event().wait()
        finally:
            server.shutdown()
            thread.join()
