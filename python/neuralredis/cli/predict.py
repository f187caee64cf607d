"""``neuralredis predict``: predict all rows of a table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neuralredis import files
from neuralredis.cli.arguments import add_network, add_order, add_wishes, check_rows, subcommand
from neuralredis.cli.extras import need
from neuralredis.cli.failure import Failure, complain
from neuralredis.cli.letters import visible

if TYPE_CHECKING:
    from neuralredis.cli.sources import TableInput
    from neuralredis.table.known import Known

__all__ = ["Answers", "add_to", "answers_of"]

DESCRIPTION = """\
Predict each row of a table.

The table needs the columns that the network was trained on, in any order; other columns are passed through. The output
is the table with these columns added:

  predicted TARGET       the prediction
  probability            for classes: the probability of the predicted class, 0 to 1
  probability of CLASS   for classes: the probability of each class

For a network of sequences each row is an event, and the output has one line for each sequence: its predicted outcome,
or its next event. The columns of the id and the time are as in the training table; --sequence and --time name others.

To rank the rows, sort them by the probability of a class. If the table has a column of the same name already, the new
one is called 'NAME (2)'. CSV keeps the table's separator, encoding and decimal comma. A class that a spreadsheet would
read as a formula gets an apostrophe in front."""

EPILOG = """\
examples:
  neuralredis predict net.nr new.csv                      print CSV
  neuralredis predict net.nr new.csv -o answers.csv       or answers.parquet
  neuralredis predict net.nr new.csv --json               print JSON
  neuralredis predict redis://localhost --key net new.csv"""


def add_to(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subcommand(subparsers, "predict", "predict the rows of a table", DESCRIPTION, EPILOG)
    add_network(parser)
    add_wishes(parser)
    add_order(parser)
    parser.add_argument("data", metavar="DATA", help="a CSV, JSON lines or Parquet file; - for CSV from standard input")
    parser.add_argument("-o", "--out", metavar="FILE", help="a .csv or .parquet file to write (default: print CSV)")
    parser.add_argument("--json", action="store_true", help="print the predictions as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Predict the rows, and print or write the table with the predictions."""
    need("cli", "pyarrow", "rich", feature="neuralredis predict")
    from neuralredis.cli import screen, sequences
    from neuralredis.cli.sources import read_for, with_names
    from neuralredis.table.known_sequences import KnownSequences

    if args.out:
        _check(args)
    known = with_names(args.network, args.key)
    if isinstance(known, KnownSequences):
        sequences.predict(args, known)
        return
    check_rows(args)
    given = read_for(known, args.data, args.wishes)
    schema = given.network.schema
    for line in schema.warnings_for(schema.unread(given.columns)):
        complain(line)
    answers = _answers(given)
    if args.json:
        screen.print_json(answers.as_json())
    if args.out:
        _write(given, answers, args.out)
        target = schema.target.name
        has = (
            f"; since the table has '{target}', 'neuralredis evaluate' can tell the error"
            if target in given.columns
            else ""
        )
        complain(f"{len(given.table):,} predictions written to {args.out}{has}")
    elif not args.json:
        _print(given, answers)


@dataclass(frozen=True)
class Answers:
    """Predictions for the rows of a table, as columns to add to it.

    Attributes
    ----------
    names : list of str
        Names of the new columns, none of which the table has.
    columns : list of list of str or float
        Their cells: the prediction and, for classes, its probability and the probability of each class.
    classes : sequence of str
        The classes; empty for numbers.
    """

    names: list[str]
    columns: list[list[Any]]
    classes: Sequence[str]

    def as_json(self) -> list[dict[str, Any]]:
        """Return the prediction for each row as values of JSON."""
        if not self.classes:
            return [{"predicted": answer} for answer in self.columns[0]]
        rows = zip(self.columns[0], *self.columns[2:], strict=True)
        return [
            {"predicted": answer, "probabilities": dict(zip(self.classes, likely, strict=True))}
            for answer, *likely in rows
        ]


def _answers(given: TableInput) -> Answers:
    """Return the predictions for all rows."""
    return answers_of(given.network, given.network.run(given.rows), given.table.names)


def answers_of(network: Known, outputs: NDArray[np.floating], taken: Sequence[str]) -> Answers:
    """Return a network's outputs, of shape (rows, outputs), as columns; `taken` are names that they cannot have."""
    from neuralredis.table.target import Classes
    from neuralredis.table.writing import new_names, probabilities, rounded

    target = network.target
    name = f"predicted {target.name}"
    if not isinstance(target, Classes):
        return Answers(new_names([name], taken), [rounded(outputs[:, 0].tolist())], ())
    chosen = network.classes_of(outputs)
    sure = outputs[np.arange(len(outputs)), chosen]
    likely = [probabilities(column.tolist()) for column in (sure, *outputs.T)]
    names = [name, "probability", *(f"probability of {label}" for label in target.labels)]
    return Answers(
        new_names(names, taken), [[target.labels[place] for place in chosen.tolist()], *likely], target.labels
    )


def _check(args: argparse.Namespace) -> None:
    """Raise `Failure` if the output file cannot be written or would overwrite an input."""
    from neuralredis.cli.places import check_folder, check_inputs

    if Path(args.out).suffix.lower() not in (".csv", ".parquet", ".tsv", ".txt"):
        raise Failure(f"--out {args.out}: expected a name with .csv or .parquet")
    check_folder(args.out, f"cannot write {args.out}")
    check_inputs("--out", args.out, {args.data: "the table", args.network: "the network"})


def _write(given: TableInput, answers: Answers, place: str) -> None:
    """Write the table with the predictions into a file."""
    from neuralredis.table import writing

    if place.lower().endswith(".parquet"):
        files.replace(place, writing.parquet(given.table, answers.names, answers.columns))
    else:
        files.replace(place, _file(given, answers, "\t" if place.lower().endswith(".tsv") else None))


def _print(given: TableInput, answers: Answers) -> None:
    """Print the table with the predictions: the bytes of a file, or on a terminal text without control characters."""
    from neuralredis.table import writing

    if sys.stdout.isatty():
        text = writing.csv_text(
            given.table, answers.names, answers.columns, comma=_comma(given), shown=visible, newline="\n"
        )
        sys.stdout.write(text)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(_file(given, answers))
    sys.stdout.buffer.flush()


def _file(given: TableInput, answers: Answers, delimiter: str | None = None) -> bytes:
    """Return the table with the predictions as CSV, in the table's encoding and with its decimal separator."""
    from neuralredis.table import writing

    table = given.table
    text = writing.csv_text(table, answers.names, answers.columns, delimiter=delimiter, comma=_comma(given))
    data, encoding = writing.encoded(text, table.encoding)
    if encoding != table.encoding:
        complain(f"the output is UTF-8, since {table.encoding} lacks some of its characters")
    return data


def _comma(given: TableInput) -> bool:
    """Return whether to write decimal commas: as the table does or, if it has no decimals, the training table did."""
    from neuralredis.table.writing import decimal_comma

    schema = given.network.schema
    forms = [field.reader.form for field in schema.fields]
    learnt = any(getattr(form, "comma", False) for form in (*forms, schema.target))
    return decimal_comma(list(given.columns.values()), given.table.delimiter, learnt)
