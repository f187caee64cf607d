"""``neuralredis module-path``: print the path of the Redis module."""

from __future__ import annotations

import argparse
from typing import Any

from neuralredis.cli.failure import Failure
from neuralredis.module import module_path

__all__ = ["add_to", "module"]


def add_to(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "module-path",
        help="print the path of the Redis module",
        description="Print the path of the Redis module, for loadmodule in a server's configuration.",
    )
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> None:
    """Print the path."""
    print(module())


def module() -> str:
    """Return the path of the module. Raise `Failure` if it is not installed."""
    try:
        return str(module_path())
    except FileNotFoundError as error:
        raise Failure(str(error)) from None
