"""``neuralredis predict``: the answers for all rows of a table."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neuralredis import files
from neuralredis.cli.arguments import add_network, subcommand
from neuralredis.cli.extras import need
from neuralredis.cli.failure import Failure, complain

if TYPE_CHECKING:
    from neuralredis.cli.sources import Asked

__all__ = ["add_to"]

DESCRIPTION = """\
Answer each row of a table.

The table needs the columns that the network learnt from, in any order; others do no harm, and are passed on. What comes
out is the table with a column more, 'predicted TARGET'; of classes also with how sure the network is, 0 to 1."""

EPILOG = """\
examples:
  neuralredis predict net.nr new.csv                      print them
  neuralredis predict net.nr new.csv -o answers.csv       or answers.parquet
  neuralredis predict net.nr new.csv --json               each row's answer, and how likely each class is
  neuralredis predict redis://localhost --key net new.csv"""


def add_to(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subcommand(subparsers, "predict", "answer the rows of a table", DESCRIPTION, EPILOG)
    add_network(parser)
    parser.add_argument("data", metavar="DATA", help="a CSV or Parquet file; - for CSV from standard input")
    parser.add_argument("-o", "--out", metavar="FILE", help="a .csv or .parquet file to write (default: print CSV)")
    parser.add_argument("--json", action="store_true", help="print the answers for a program")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Answer."""
    need("cli", "pyarrow", "rich", what="neuralredis predict")
    from neuralredis.cli import screen
    from neuralredis.cli.sources import asked

    if args.out:
        _check(args.out)
    question = asked(args.network, args.key, args.data)
    names, columns, likely = _answers(question)
    for line in question.encoding.told(question.encoding.unread(question.columns)):
        complain(line)
    if args.json:
        answers = [
            {"predicted": answer, **({"probabilities": likely[row]} if likely else {})}
            for row, answer in enumerate(columns[0])
        ]
        screen.print_json(answers)
        if not args.out:
            return
    if args.out:
        _write(question, names, columns, args.out)
        target = question.encoding.target.name
        has = (
            f"; 'neuralredis evaluate' tells how good they are, since '{target}' is there"
            if target in question.columns
            else ""
        )
        complain(f"{len(question.X):,} answers are in {args.out}{has}")
    else:
        # Whatever the terminal may show: what is passed on to another program is as it was read.
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")
        sys.stdout.write(_csv(question, names, columns))


def _answers(question: Asked) -> tuple[list[str], list[list[Any]], list[dict[str, float]]]:
    """Return the names of the new columns, the columns, and of classes how likely each is in each row."""
    from neuralredis.table.target import Classes

    target = question.encoding.target
    outputs = question.network.run(question.X)
    name = f"predicted {target.name}"
    if not isinstance(target, Classes):
        # As many digits as single precision has.
        return [name], [[float(f"{value:.7g}") for value in outputs[:, 0].tolist()]], []
    chosen = np.argmax(outputs, axis=1)
    sure = [round(value, 4) for value in outputs[np.arange(len(outputs)), chosen].tolist()]
    likely = [dict(zip(target.labels, row, strict=True)) for row in outputs.tolist()]
    return [name, "probability"], [[target.labels[place] for place in chosen.tolist()], sure], likely


def _check(place: str) -> None:
    path = Path(place)
    if path.suffix.lower() not in (".csv", ".parquet", ".tsv", ".txt"):
        raise Failure(f"--out {place}: expected a name with .csv or .parquet")
    if not path.absolute().parent.is_dir():
        raise Failure(f"cannot write {place}: there is no folder {path.absolute().parent}")


def _new(names: list[str], taken: list[str]) -> list[str]:
    """Return names that the table does not have yet."""
    fresh = []
    for name in names:
        again = 2
        free = name
        while free in taken:
            free = f"{name} ({again})"
            again += 1
        fresh.append(free)
    return fresh


def _csv(question: Asked, names: list[str], columns: list[list[Any]], delimiter: str | None = None) -> str:
    table = question.table
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter or table.delimiter, lineterminator="\n")
    writer.writerow([*table.names, *_new(names, table.names)])
    writer.writerows(zip(*(cells.to_pylist() for cells in table.cells.columns), *columns, strict=True))
    return text.getvalue()


def _write(question: Asked, names: list[str], columns: list[list[Any]], place: str) -> None:
    if not place.lower().endswith(".parquet"):
        files.replace(place, _csv(question, names, columns, "\t" if place.lower().endswith(".tsv") else None).encode())
        return
    import pyarrow as pa
    import pyarrow.parquet

    cells = question.table.cells
    for name, column in zip(_new(names, question.table.names), columns, strict=True):
        cells = cells.append_column(name, pa.array(column))
    sink = pa.BufferOutputStream()
    pyarrow.parquet.write_table(cells, sink)
    files.replace(place, sink.getvalue().to_pybytes())
