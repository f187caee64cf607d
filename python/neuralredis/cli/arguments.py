"""Arguments that several subcommands share, and checks of them."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from typing import Any

from neuralredis.cli.failure import Failure
from neuralredis.table.failure import TableError
from neuralredis.table.wishes import KINDS, Wish

__all__ = ["Paragraphs", "add_cost", "add_network", "add_order", "add_wishes", "check_cost", "check_rows", "subcommand"]


def subcommand(subparsers: Any, name: str, help: str, description: str, epilog: str) -> argparse.ArgumentParser:
    """Add a subcommand and return its parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name, help=help, description=description, epilog=epilog, formatter_class=Paragraphs
    )
    return parser


class Paragraphs(argparse.HelpFormatter):
    """Wrap each paragraph of a help text to the width of the terminal; keep the lines of one with indented lines."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n\n".join(
            paragraph if "\n  " in f"\n{paragraph}" else textwrap.fill(paragraph, width)
            for paragraph in text.split("\n\n")
        )


def add_network(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name a network: a file, or a server's URL and a key."""
    parser.add_argument("network", metavar="NET", help="a file saved by 'neuralredis train', or the URL of a server")
    parser.add_argument("--key", metavar="KEY", help="the key of the network, if NET is a server")


def add_order(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that make rows events: the columns with the sequence's id and with the time."""
    parser.add_argument(
        "--sequence", metavar="COLUMN", help="rows are events; this column names the sequence, such as a user's id"
    )
    parser.add_argument("--time", metavar="COLUMN", help="the time of each event (default: events are in row order)")


def add_wishes(parser: argparse.ArgumentParser) -> None:
    """Add ``--as``, which overrides how a column is read."""
    parser.add_argument(
        "--as",
        dest="wishes",
        type=wish,
        action="append",
        default=[],
        metavar="COLUMN=KIND",
        help=f"override the kind of a column: {', '.join(KINDS)}; also date:dmy, date:mdy, number:comma, "
        "number:point; can be repeated for other columns",
    )


def add_cost(parser: argparse.ArgumentParser) -> None:
    """Add ``--cost``, the costs of both kinds of errors."""
    parser.add_argument(
        "--cost",
        type=costs,
        metavar="FALSE_ALARM:MISS",
        help="costs of a false positive and a false negative for the rarer of two classes, such as 1:10; reports the "
        "threshold of its probability with the lowest cost",
    )


def costs(text: str) -> tuple[float, float]:
    """Return the costs of a false alarm and of a miss, both above 0."""
    alarm, sign, missed = text.partition(":")
    try:
        found = float(alarm), float(missed)
    except ValueError:
        found = 0.0, 0.0
    if not sign or not all(0 < cost < float("inf") for cost in found):
        raise argparse.ArgumentTypeError(f"'{text}': expected two numbers above 0, FALSE_ALARM:MISS, such as 1:10")
    return found


def check_cost(given: tuple[float, float] | None, target: str, labels: Sequence[str]) -> None:
    """Raise `Failure` if costs are given and the target does not have two classes."""
    if given is not None and len(labels) != 2:
        problem = f"has {len(labels)}" if labels else "is a number"
        raise Failure(f"--cost needs a target with two classes: '{target}' {problem}")


def check_rows(args: argparse.Namespace) -> None:
    """Raise `Failure` if options for sequences are given and the network learns from rows."""
    if args.sequence is not None or args.time is not None:
        raise Failure("--sequence and --time need a network of sequences, and this one learns from rows")


def wish(text: str) -> tuple[str, Wish]:
    """Return a column's name and the kind that the user gives it."""
    name, sign, kind = text.rpartition("=")
    if not sign or not name:
        raise argparse.ArgumentTypeError(f"'{text}': expected COLUMN=KIND, such as zip=category")
    try:
        return name, Wish.of(kind)
    except TableError as error:
        raise argparse.ArgumentTypeError(f"'{text}': {error}") from None
