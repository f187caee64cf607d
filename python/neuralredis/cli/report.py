"""``neuralredis report``: write a page about a network, as one file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from neuralredis import files
from neuralredis.cli.arguments import add_network, subcommand

__all__ = ["add_to"]

DESCRIPTION = """\
Write a page about a network: error and baseline, the learning curve of its last training, confusion matrix,
calibration, fields, and a form that predicts. It is one file that works offline and can be mailed.

It contains the network's weights, and the range, median and categories of each field, but stored rows only with
--rows."""

EPILOG = """\
examples:
  neuralredis report net.nr -o net.html
  neuralredis report redis://localhost --key net -o net.html --rows"""


def add_to(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subcommand(subparsers, "report", "write a page about a network", DESCRIPTION, EPILOG)
    add_network(parser)
    parser.add_argument("-o", "--out", required=True, metavar="PAGE", help="the file to write, such as net.html")
    parser.add_argument("--rows", action="store_true", help="include the stored rows with the largest errors")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Write the page."""
    from neuralredis.cli import servers
    from neuralredis.cli.failure import complain
    from neuralredis.cli.places import check_folder, check_inputs
    from neuralredis.dashboard.report import report

    check_folder(args.out, f"cannot write {args.out}")
    check_inputs("-o", args.out, {args.network: "the network"})
    name = args.key or Path(args.network).name
    page = report(name, servers.network(args.network, args.key), rows=args.rows)
    files.replace(args.out, page.encode())
    complain(f"report written to {args.out}, {'with' if args.rows else 'without'} stored rows")
