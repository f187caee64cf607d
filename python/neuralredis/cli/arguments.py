"""Arguments that several subcommands take."""

from __future__ import annotations

import argparse
from typing import Any

__all__ = ["add_network", "subcommand"]


def subcommand(subparsers: Any, name: str, help: str, description: str, epilog: str) -> argparse.ArgumentParser:
    """Add a subcommand, whose texts keep their lines."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name,
        help=help,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return parser


def add_network(parser: argparse.ArgumentParser) -> None:
    """Add the network that is asked."""
    parser.add_argument("network", metavar="NET", help="a file that 'neuralredis train' saved, or a server's address")
    parser.add_argument("--key", metavar="KEY", help="which network, of a server")
