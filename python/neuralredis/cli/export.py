"""``neuralredis export``: write a network as code or a model file that runs without neuralredis."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from neuralredis.cli import servers
from neuralredis.cli.arguments import add_network, subcommand
from neuralredis.export import FORMATS, export, format_of

__all__ = ["add_to"]

DESCRIPTION = """\
Write a network as code or a model file that runs without neuralredis. An export contains the fields, categories,
scaling and weights, but none of the stored rows. It also contains synthetic rows with the network's predictions, by
which it can test itself."""

EPILOG = """\
examples:
  neuralredis export customers.nr --to js
  neuralredis export sensor.nr -o firmware/sensor.c
  neuralredis export redis://localhost --key customers --to json -o customers.json"""


def add_to(subparsers: Any) -> None:
    """Add the subcommand."""
    formats = "; ".join(f"{format.name}: {format.what}" for format in FORMATS)
    parser = subcommand(subparsers, "export", "write a network as code for other languages", DESCRIPTION, EPILOG)
    add_network(parser)
    parser.add_argument("--to", choices=[format.name for format in FORMATS], help=f"the format. {formats}")
    parser.add_argument(
        "-o",
        dest="path",
        metavar="FILE",
        help="the file to write, whose suffix can give the format (default: the network's name)",
    )
    parser.set_defaults(run=run, parser=parser)


def run(args: argparse.Namespace) -> None:
    """Write the files, and print their names."""
    if args.to is None and args.path is None:
        args.parser.error("one of the arguments --to and -o is required")
    path = Path(args.path) if args.path is not None else _beside(args)
    # Reject an unknown format before connecting to a server.
    format_of(path, args.to)
    network = servers.network(args.network, args.key)
    for written in export(network, path, args.to):
        print(written)


def _beside(args: argparse.Namespace) -> Path:
    """Return the default path: the network's name with the suffix of the format, in the current folder."""
    name = Path(args.network).stem if args.key is None else Path(args.key).name
    [format] = [format for format in FORMATS if format.name == args.to]
    return Path(name.replace(":", "-") or "network").with_suffix(format.suffixes[0])
