"""The command ``neuralredis``: one file a subcommand, each of which adds its parser and has a function to run."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

from neuralredis._core import __version__
from neuralredis.cli import module_path, serve
from neuralredis.cli.failure import Failure

__all__ = ["main"]

SUBCOMMANDS = (serve, module_path)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command, and exit: 0 if all went well, 1 with a line that says why not, 2 for a wrong command line.

    Parameters
    ----------
    arguments : list of str, optional
        What follows the name of the program, if not what the user typed.
    """
    parser = argparse.ArgumentParser(prog="neuralredis", description="Small neural networks in Redis.")
    parser.add_argument("--version", action="version", version=f"neuralredis {__version__}")
    subparsers = parser.add_subparsers(metavar="command", required=True)
    for subcommand in SUBCOMMANDS:
        subcommand.add_to(subparsers)
    args = parser.parse_args(arguments)
    try:
        args.run(args)
    except Failure as failure:
        print(f"neuralredis: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)
