"""The command ``neuralredis``: one file a subcommand, each of which adds its parser and has a function to run."""

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
Small neural networks that learn from tables, and answer in your program and in Redis.

  neuralredis train customers.csv --target churned    learn, and see how good that is
  neuralredis ask customers.nr                        type a row, see the answer
  neuralredis predict customers.nr new.csv            answer the rows of another table"""

EPILOG = (
    "'neuralredis train --help' tells more of train, and so on. What fails exits with 1, a wrong command line with 2."
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
    """Run the command, and exit: 0 if all went well, 1 with a line that says why not, 2 for a wrong command line.

    Parameters
    ----------
    arguments : list of str, optional
        What follows the name of the program, if not what the user typed.
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
    args = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a letter shows another.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    args.given = sys.argv[1:] if arguments is None else arguments
    try:
        args.run(args)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has had enough. What is left to be written at the exit goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (Failure, TableError, NeuralRedisError) as failure:
        _fail(str(failure))
    except OSError as error:
        _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except MemoryError:
        _fail("there is too little memory for that")
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def _fail(why: str) -> NoReturn:
    complain(why)
    sys.exit(1)
