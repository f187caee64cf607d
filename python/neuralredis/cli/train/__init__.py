"""``neuralredis train``: train a network on a table, and evaluate it on rows that are held out."""

from __future__ import annotations

import argparse
from typing import Any

from neuralredis.cli.arguments import add_cost, add_order, add_wishes, subcommand
from neuralredis.cli.extras import need

__all__ = ["add_to"]

#: Hidden layers. Three small layers have a lower error than one large layer, over many data sets (docs/learning.md).
HIDDEN = "30,30,30"

DESCRIPTION = """\
Train a network to predict one column of a table from the others, and evaluate it.

The table is CSV with a header, JSON lines, Parquet or Feather. The kind of each column is detected from all of its rows
and printed: number, flag (yes or no), date, time, category, text. Columns without information, such as row numbers, are
left out. --as COLUMN=KIND overrides a kind. A target of texts, or of few different values, gives a classifier, any
other target a regressor.

A fifth of the rows is held out from training to measure the error. The baseline to beat is always predicting the most
common class, or the mean. For a rare class, which is seldom the most probable one, the AUC shows how well its
probability ranks the rows.

If rows are events, --sequence names the column with the id of the sequence, such as a user, and --time the column with
the time. The target is then the outcome of each sequence, given in its last row or in all of its rows. If it varies
within most sequences, or with --next, the network learns to predict the next event instead. --time without --sequence
makes the table one series of numbers, to forecast."""

EPILOG = """\
examples:
  neuralredis train customers.csv --target churned
  neuralredis train houses.parquet --target price --ignore address,agent --plot curve.png
  neuralredis train shops.csv --target sales --as zip=category --as opened=date:dmy
  neuralredis train flats.csv --target rent --increasing size,rooms --decreasing distance
  neuralredis train customers.csv --target churned --redis redis://localhost --key churn
  neuralredis train clicks.csv --target left --sequence user --time when
  neuralredis train clicks.csv --target page --sequence user --time when --next
  neuralredis train load.csv --target kwh --time hour --season 24

The same table, options and seed give the same network. Ctrl-C ends the training early and keeps the network.

The network is saved with its training and validation rows, so that it can be trained further, and 'neuralredis
evaluate' can leave them out. Anyone with the file can read these rows: use --without-rows before you share a network
trained on personal data. The names of columns and categories stay in the file."""


def add_to(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subcommand(subparsers, "train", "train a network on a table and evaluate it", DESCRIPTION, EPILOG)
    parser.add_argument("data", metavar="DATA", help="a CSV, JSON lines, Parquet or Feather file; - for standard input")
    parser.add_argument("--target", metavar="COLUMN", help="the column to predict; without it the columns are listed")
    add_order(parser)
    parser.add_argument(
        "--next", action="store_true", help="with --sequence: predict the value of --target in the next event"
    )
    parser.add_argument(
        "--season",
        type=rows,
        default=1,
        metavar="N",
        help="length of a season: the baseline of forecasts is the value N steps before (default: 1)",
    )
    parser.add_argument("--ignore", type=names, action="extend", default=[], metavar="A,B", help="columns to leave out")
    add_wishes(parser)
    parser.add_argument(
        "--no-header", action="store_true", help="the first line is a row: columns are called field 1, field 2, …"
    )
    parser.add_argument("--rows", type=rows, metavar="N", help="use N random rows of a large table")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--classify", dest="classify", action="store_true", default=None, help="train a classifier")
    kind.add_argument("--regress", dest="classify", action="store_false", help="train a regressor")
    parser.add_argument(
        "--hidden", type=layers, default=HIDDEN, metavar="N,N", help=f"units of each hidden layer (default: {HIDDEN})"
    )
    parser.add_argument(
        "--ensemble",
        type=members,
        metavar="N",
        help="train N networks and keep the better half as an ensemble, 1 to 64 (default: up to 16, by the rows)",
    )
    parser.add_argument(
        "--increasing",
        type=names,
        action="extend",
        default=[],
        metavar="A,B",
        help="columns in which the prediction is increasing: a number, or the probability of the second of two classes",
    )
    parser.add_argument(
        "--decreasing", type=names, action="extend", default=[], metavar="A,B", help="columns in which it is decreasing"
    )
    parser.add_argument(
        "--balanced", action="store_true", help="weight classes so that rare ones count as much as common ones"
    )
    add_cost(parser)
    parser.add_argument(
        "--max-time", type=seconds, default=60.0, metavar="S", help="time limit of training, in seconds (default: 60)"
    )
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="the random seed (default: 0)")
    parser.add_argument(
        "--out", "-o", metavar="FILE", help="file to save the network to (default: DATA's name with .nr)"
    )
    parser.add_argument(
        "--without-rows",
        action="store_true",
        help="save the network without rows: it can predict, but needs new rows to train further",
    )
    parser.add_argument("--plot", metavar="IMAGE", help="plot the learning curve into a PNG, SVG or PDF file")
    parser.add_argument("--redis", metavar="URL", help="also upload the network to this server")
    parser.add_argument("--key", metavar="KEY", help="the key of the network in the server")
    parser.add_argument(
        "--replace",
        action="store_true",
        help="overwrite a file with a network for another target, and a key that holds a network",
    )
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.set_defaults(run=run, parser=parser)


def names(text: str) -> list[str]:
    """Return the names of columns from a list with commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def layers(text: str) -> list[int]:
    """Return the units of each hidden layer; ``0`` means no hidden layers."""
    try:
        units = [int(unit) for unit in text.replace("-", ",").split(",")]
    except ValueError:
        units = [-1]
    if min(units) < (0 if len(units) == 1 else 1) or max(units) > 1 << 20 or len(units) > 30:
        raise argparse.ArgumentTypeError(f"{text}: expected the units of each layer, such as 15 or 30,30")
    return [unit for unit in units if unit]


def members(text: str) -> int:
    """Return the number of networks that an ensemble begins with, 1 to 64."""
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text}: expected 1 to 64 networks")
    return int(text)


def rows(text: str) -> int:
    """Return a number of rows, at least 1."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def seconds(text: str) -> float:
    """Return a time limit in seconds, 0 for none."""
    number = float(text)
    if not 0 <= number < 1e9:
        raise ValueError
    return number


def seed(text: str) -> int:
    """Return a seed, 0 to 2**64 - 1."""
    number = int(text)
    if not 0 <= number < 1 << 64:
        raise ValueError
    return number


def run(args: argparse.Namespace) -> None:
    """Train a network on a table of rows or of events."""
    if (args.redis is None) != (args.key is None):
        args.parser.error("expected both --redis URL and --key KEY, or neither")
    need("cli", "pyarrow", "rich", feature="neuralredis train")
    if args.plot:
        need("plot", "matplotlib", feature="--plot")
    if args.sequence is None and args.time is None:
        if args.next:
            args.parser.error("--next needs --sequence COLUMN")
        from neuralredis.cli.train.command import train
    else:
        from neuralredis.cli.train.sequences import train

    train(args)
