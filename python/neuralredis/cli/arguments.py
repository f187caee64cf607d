"""Arguments that several subcommands take."""

from __future__ import annotations

import argparse
import textwrap
from typing import Any

__all__ = ["Paragraphs", "add_network", "subcommand"]


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
