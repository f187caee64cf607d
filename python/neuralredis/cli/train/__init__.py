"""``neuralredis train``: from a table to a network, and how good that is."""

from __future__ import annotations

import argparse
from typing import Any

from neuralredis.cli.arguments import add_cost, add_order, add_wishes, subcommand
from neuralredis.cli.extras import need

__all__ = ["add_to"]

#: Hidden layers. Three small ones do better than one large one, over many data sets (docs/learning.md).
HIDDEN = "30,30,30"

DESCRIPTION = """\
Learn from the rows of a table to predict one of its columns from the others.

The table is CSV with a first line of names, JSON lines, Parquet or Feather. What each column holds is decided by all of
its rows, and shown: numbers, yes or no, dates, times, categories, texts; what tells nothing, such as numbers of rows,
is left out. --as COLUMN=KIND overrules it. A column of texts, or of few different values, is learnt as classes, and any
other as a number.

A fifth of the rows is held out until the end, and never seen by the network: how often it is right on these is how
good it is. Always answering the commonest class, or the mean, has to be beaten. Of a rare class, which is seldom the
most likely one, it is shown how well the network ranks the rows by how likely it is.

Where each row is an event, --sequence names the column that says whose, and --time the column that says when. The
target is what each sequence has come to, in its last row or in all of its rows. If it varies within most sequences, or
with --next, it is a column of the events, and what comes next is learnt. --time alone makes the table one series of
numbers, to be forecast."""

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

The same table, options and seed make the same network. Ctrl-C ends the training, and keeps what has been learnt.

The network is saved with the rows that it learnt from, so that it can be trained on, and 'neuralredis evaluate' can
leave them out. Whoever has the file has these rows: use --without-rows before you hand out a network of personal data.
Names of the columns and words of categories stay in it."""


def add_to(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subcommand(subparsers, "train", "learn from a table, and tell how good that is", DESCRIPTION, EPILOG)
    parser.add_argument("data", metavar="DATA", help="a CSV, JSON lines, Parquet or Feather file; - for standard input")
    parser.add_argument(
        "--target", metavar="COLUMN", help="the column to be answered; without it the columns are listed"
    )
    add_order(parser)
    parser.add_argument(
        "--next", action="store_true", help="with --sequence: learn what comes next, of which --target is a column"
    )
    parser.add_argument(
        "--season", type=rows, default=1, metavar="N", help="values of a season, to compare forecasts with the last one"
    )
    parser.add_argument("--ignore", type=names, action="extend", default=[], metavar="A,B", help="columns to leave out")
    add_wishes(parser)
    parser.add_argument(
        "--no-header", action="store_true", help="the first line is a row: columns are field 1, field 2, …"
    )
    parser.add_argument("--rows", type=rows, metavar="N", help="learn from N rows chosen at random, of a large table")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--classify", dest="classify", action="store_true", default=None, help="learn classes")
    kind.add_argument("--regress", dest="classify", action="store_false", help="learn numbers")
    parser.add_argument(
        "--hidden", type=layers, default=HIDDEN, metavar="N,N", help=f"units of each hidden layer (default: {HIDDEN})"
    )
    parser.add_argument(
        "--increasing",
        type=names,
        action="extend",
        default=[],
        metavar="A,B",
        help="columns with which the answer never falls: a number, or the probability of the second of two classes",
    )
    parser.add_argument(
        "--decreasing", type=names, action="extend", default=[], metavar="A,B", help="columns with which it never rises"
    )
    parser.add_argument("--balanced", action="store_true", help="give rare classes as much say as common ones")
    add_cost(parser)
    parser.add_argument("--max-time", type=seconds, default=60.0, metavar="S", help="seconds at most (default: 60)")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="of all that is random (default: 0)")
    parser.add_argument("--out", "-o", metavar="FILE", help="where to save the network (default: DATA's name with .nr)")
    parser.add_argument(
        "--without-rows",
        action="store_true",
        help="save the network without the rows of the table: it can be asked, but not trained on without new rows",
    )
    parser.add_argument("--plot", metavar="IMAGE", help="draw the errors into a PNG, SVG or PDF file")
    parser.add_argument("--redis", metavar="URL", help="put the network into this server, too")
    parser.add_argument("--key", metavar="KEY", help="where to put it there")
    parser.add_argument(
        "--replace",
        action="store_true",
        help="overwrite a file whose network answers something else, and a key that has a network already",
    )
    parser.add_argument("--json", action="store_true", help="print the results for a program")
    parser.set_defaults(run=run, parser=parser)


def names(text: str) -> list[str]:
    """Return the names of columns."""
    return [name.strip() for name in text.split(",") if name.strip()]


def layers(text: str) -> list[int]:
    """Return units of hidden layers: none for 0."""
    try:
        units = [int(unit) for unit in text.replace("-", ",").split(",")]
    except ValueError:
        units = [-1]
    if min(units) < (0 if len(units) == 1 else 1) or max(units) > 1 << 20 or len(units) > 30:
        raise argparse.ArgumentTypeError(f"{text}: expected numbers of units such as 15 or 30,30")
    return [unit for unit in units if unit]


def rows(text: str) -> int:
    """Return a number of rows."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def seconds(text: str) -> float:
    """Return a limit of time, 0 for none."""
    number = float(text)
    if not 0 <= number < 1e9:
        raise ValueError
    return number


def seed(text: str) -> int:
    """Return a seed."""
    number = int(text)
    if not 0 <= number < 1 << 64:
        raise ValueError
    return number


def run(args: argparse.Namespace) -> None:
    """Train a network on a table, and say how good it is."""
    if (args.redis is None) != (args.key is None):
        args.parser.error("--redis URL and --key KEY go together")
    need("cli", "pyarrow", "rich", what="neuralredis train")
    if args.plot:
        need("plot", "matplotlib", what="--plot")
    if args.sequence is None and args.time is None:
        if args.next:
            args.parser.error("--next is of events: expected --sequence COLUMN, too")
        from neuralredis.cli.train.command import train
    else:
        from neuralredis.cli.train.sequences import train

    train(args)
