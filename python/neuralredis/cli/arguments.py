"""Arguments that several subcommands take."""

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
    """Add a subcommand."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name, help=help, description=description, epilog=epilog, formatter_class=Paragraphs
    )
    return parser


class Paragraphs(argparse.HelpFormatter):
    """Fills each paragraph of a text to the width of the terminal; a paragraph with indented lines keeps its lines."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n\n".join(
            paragraph if "\n  " in f"\n{paragraph}" else textwrap.fill(paragraph, width)
            for paragraph in text.split("\n\n")
        )


def add_network(parser: argparse.ArgumentParser) -> None:
    """Add the network that is asked."""
    parser.add_argument("network", metavar="NET", help="a file that 'neuralredis train' saved, or a server's address")
    parser.add_argument("--key", metavar="KEY", help="which network, of a server")


def add_order(parser: argparse.ArgumentParser) -> None:
    """Add what says that rows are events."""
    parser.add_argument("--sequence", metavar="COLUMN", help="each row is an event: whose, such as a user")
    parser.add_argument("--time", metavar="COLUMN", help="when it was (without: events come in the order of the rows)")


def add_wishes(parser: argparse.ArgumentParser) -> None:
    """Add what the user says that columns are."""
    parser.add_argument(
        "--as",
        dest="wishes",
        type=wish,
        action="append",
        default=[],
        metavar="COLUMN=KIND",
        help=f"what a column is, if it is read wrongly: {', '.join(KINDS)}; also date:dmy, date:mdy, number:comma, "
        "number:point; can be given again for other columns",
    )


def add_cost(parser: argparse.ArgumentParser) -> None:
    """Add what mistakes cost."""
    parser.add_argument(
        "--cost",
        type=costs,
        metavar="FALSE_ALARM:MISS",
        help="what mistakes about the rarer of two classes cost, such as 1:10: tells from which probability on to "
        "answer with it",
    )


def costs(text: str) -> tuple[float, float]:
    """Return what a false alarm and a miss cost."""
    alarm, sign, missed = text.partition(":")
    try:
        found = float(alarm), float(missed)
    except ValueError:
        found = 0.0, 0.0
    if not sign or not all(0 < cost < float("inf") for cost in found):
        raise argparse.ArgumentTypeError(f"'{text}': expected two numbers above 0, FALSE_ALARM:MISS, such as 1:10")
    return found


def check_cost(given: tuple[float, float] | None, target: str, labels: Sequence[str]) -> None:
    """Refuse costs where there are not two classes."""
    if given is not None and len(labels) != 2:
        what = f"has {len(labels)}" if labels else "is a number"
        raise Failure(f"--cost is for two classes: '{target}' {what}")


def check_rows(args: argparse.Namespace) -> None:
    """Refuse what says that rows are events where a network learns from rows."""
    if args.sequence is not None or args.time is not None:
        raise Failure("--sequence and --time are for networks of sequences, and this one learns from rows")


def wish(text: str) -> tuple[str, Wish]:
    """Return a column and what it is."""
    name, sign, kind = text.rpartition("=")
    if not sign or not name:
        raise argparse.ArgumentTypeError(f"'{text}': expected COLUMN=KIND, such as zip=category")
    try:
        return name, Wish.of(kind)
    except TableError as error:
        raise argparse.ArgumentTypeError(f"'{text}': {error}") from None
