"""The command ``neuralredis``: each subcommand is a module with ``add_to``, which adds its parser, and ``run``."""

from __future__ import annotations

import argparse
import io
import os
import sys
from typing import NoReturn

from neuralredis._core import __version__
from neuralredis.cli import (
    ask,
    compare,
    dashboard,
    evaluate,
    export,
    exporter,
    forecast,
    info,
    module_path,
    predict,
    report,
    sample,
    serve,
    train,
    watch,
)
from neuralredis.cli.arguments import Paragraphs
from neuralredis.cli.failure import Failure, complain
from neuralredis.exceptions import NeuralRedisError
from neuralredis.table.failure import TableError

__all__ = ["main"]

DESCRIPTION = """\
Train small neural networks on tables, and use them in a program or in Redis.

  neuralredis train customers.csv --target churned    train a network and evaluate it
  neuralredis ask customers.nr                        type a row, see the prediction
  neuralredis predict customers.nr new.csv            predict the rows of another table"""

EPILOG = (
    "'neuralredis train --help' describes train, and so on. The exit status is 1 after an error, and 2 after a wrong "
    "command line."
)

SUBCOMMANDS = (
    train,
    predict,
    ask,
    forecast,
    sample,
    evaluate,
    compare,
    info,
    report,
    export,
    watch,
    dashboard,
    exporter,
    serve,
    module_path,
)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command and exit: status 0 on success, 1 after an error (one line on stderr), 2 for a wrong command line.

    Parameters
    ----------
    arguments : list of str, optional
        The arguments after the program's name (default: ``sys.argv[1:]``).
    """
    parser = argparse.ArgumentParser(
        prog="neuralredis",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=Paragraphs,
    )
    parser.add_argument("--version", action="version", version=f"neuralredis {__version__}")
    subparsers = parser.add_subparsers(metavar="command", required=True)
    for subcommand in SUBCOMMANDS:
        subcommand.add_to(subparsers)
    args = _parsed(parser, arguments)
    for stream in (sys.stdout, sys.stderr):
        # A terminal whose encoding lacks a character shows "?" instead of failing.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    args.given = sys.argv[1:] if arguments is None else arguments
    try:
        args.run(args)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of the pipe has closed it. Without this, flushing the rest at exit would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (Failure, TableError, NeuralRedisError) as failure:
        _fail(str(failure))
    except OSError as error:
        _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except MemoryError:
        _fail("out of memory")
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def _parsed(parser: argparse.ArgumentParser, arguments: list[str] | None) -> argparse.Namespace:
    """Parse the command line; values of `ask` may stand before, between and after options."""
    # argparse takes all of them at once, right after the network, and leaves those behind an option over.
    args, rest = parser.parse_known_args(arguments)
    if rest and (not hasattr(args, "values") or any(text.startswith("-") for text in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        args.values = [*args.values, *rest]
    return args


def _fail(why: str) -> NoReturn:
    complain(why)
    sys.exit(1)
