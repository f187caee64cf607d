"""``neuralredis ask``: predict one row that the user types."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from neuralredis.cli.arguments import add_network, subcommand
from neuralredis.cli.extras import need
from neuralredis.cli.failure import Failure, complain

if TYPE_CHECKING:
    from rich.console import Console

    from neuralredis.explanation import Counterfactual
    from neuralredis.table.fields import Field
    from neuralredis.table.known import Known

__all__ = ["add_to", "given", "typed"]

#: Classes that are shown at most, the most probable first.
MOST = 8

DESCRIPTION = """\
Predict one row, given by the names of its columns, with the probability of each class. A column that is left out is a
missing value.

--interval 90 adds a 90 % prediction interval to a number, and --set 90 the set of classes that contains the true one
in 90 % of all rows. Both are calibrated on the validation rows.

--sample draws a class by its probability instead of taking the most probable one.

Without values, it prompts for the value of each column, row after row. Return alone leaves a value missing, Ctrl-D
ends. From a pipe it reads one line for each column.

For a network of sequences, type the events in their order. After each it predicts the sequence's outcome, or the next
event. On the command line, the word 'then' separates events.

--why shows what each value contributes to the prediction, relative to the average prediction. --want shows which values
would have to change for another prediction. Both compare with the stored training rows."""

EPILOG = """\
examples:
  neuralredis ask net.nr
  neuralredis ask net.nr class=3 sex=female
  neuralredis ask net.nr class=3 sex=female --why
  neuralredis ask net.nr class=3 sex=female --want yes
  neuralredis ask net.nr class=3 sex=female --set 95
  neuralredis ask net.nr class=3 sex=female --sample --temperature 0.7
  neuralredis ask visits.nr page=home then page=help then page=help
  neuralredis ask visits.nr page=help --id user:17
  printf '3\\nfemale\\n30\\n' | neuralredis ask net.nr"""


def add_to(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subcommand(subparsers, "ask", "predict one row that you type", DESCRIPTION, EPILOG)
    add_network(parser)
    parser.add_argument("values", nargs="*", metavar="NAME=VALUE", help="values of a row, or of each event")
    parser.add_argument("--id", metavar="ID", help="for sequences: continue the stored sequence with this id")
    parser.add_argument("--why", action="store_true", help="show what each value contributes to the prediction")
    parser.add_argument("--want", metavar="CLASS", help="show which values would have to change for this class")
    often = parser.add_mutually_exclusive_group()
    often.add_argument(
        "--interval", type=percent, metavar="PERCENT", help="add a prediction interval with this coverage"
    )
    often.add_argument(
        "--set", type=percent, metavar="PERCENT", help="add a set of classes that contains the true one this often"
    )
    often.add_argument("--sample", action="store_true", help="draw a class by its probability")
    parser.add_argument(
        "--temperature", type=float, metavar="T", help="with --sample: below 1 draws probable classes more often"
    )
    parser.add_argument("--seed", type=int, metavar="S", help="with --sample: draw the same classes again")
    parser.set_defaults(run=run)


def percent(text: str) -> float:
    """Return a share, above 0 and below 1, from a percentage such as ``90`` or ``90%``."""
    with contextlib.suppress(ValueError):
        share = float(text.removesuffix("%")) / 100
        if 0 < share < 1:
            return share
    raise argparse.ArgumentTypeError(f"'{text}': expected a percentage above 0 and below 100, such as 90")


def run(args: argparse.Namespace) -> None:
    """Predict the row on the command line, or each row from the terminal or pipe."""
    need("cli", "pyarrow", "rich", feature="neuralredis ask")
    from neuralredis.cli import screen, sequences
    from neuralredis.cli.sources import with_names
    from neuralredis.table.known_sequences import KnownSequences
    from neuralredis.table.target import described
    from neuralredis.table.texts import shortened

    network = with_names(args.network, args.key)
    if isinstance(network, KnownSequences):
        sequences.ask(args, network)
        return
    if args.id is not None:
        raise Failure("--id is for networks of sequences, and this one learns from rows")
    reasons = Reasons(args.why, args.want)
    reasons.check(network)
    fields = {field.name: field for field in network.schema.fields}
    level = _level(network, args.interval, args.set)
    drawing = _drawing(network, args)
    if args.values:
        _answer(screen.console(), network, given(args.values, fields), level, drawing, reasons)
        return
    out = screen.console()
    typing = sys.stdin.isatty()
    if typing:
        # Importing it gives `input` line editing and a history.
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401
        out.print(f"Predict {shortened(network.target.name)} ({described(network.target)}).")
        out.print("Type the value of each column; Return leaves it missing, Ctrl-D ends.")
    while True:
        cells: dict[str, str] = {}
        try:
            for name, field in fields.items():
                cells[name] = typed(out, field, typing)
        except EOFError:
            # A pipe may end in the middle of a row: the remaining values are missing.
            if typing or not cells:
                if typing:
                    out.print()
                return
        _answer(out, network, cells, level, drawing, reasons)
        if typing:
            out.print()


def _level(network: Known, interval: float | None, set: float | None) -> float | None:
    """Return the coverage of the interval or set, or None if neither was requested."""
    from neuralredis.table.target import Classes

    if isinstance(network.target, Classes) and interval is not None:
        raise Failure(f"--interval needs a number as the target: '{network.target.name}' has classes, expected --set")
    if not isinstance(network.target, Classes) and set is not None:
        raise Failure(f"--set needs a target with classes: '{network.target.name}' is a number, expected --interval")
    return interval or set


def _drawing(network: Known, args: argparse.Namespace) -> dict[str, Any] | None:
    """Return the options of sampling, or None without ``--sample``."""
    from neuralredis.table.target import Classes

    chosen = {"temperature": args.temperature, "seed": args.seed}
    if not args.sample:
        for name, value in chosen.items():
            if value is not None:
                raise Failure(f"--{name} needs --sample")
        return None
    if not isinstance(network.target, Classes):
        raise Failure(f"--sample needs a target with classes: '{network.target.name}' is a number")
    return {name: value for name, value in chosen.items() if value is not None}


def given(values: Sequence[str], fields: dict[str, Field]) -> dict[str, str]:
    """Return values by field from ``NAME=VALUE`` arguments.

    Raises
    ------
    Failure
        If an argument has no "=", names no field or one twice, or its value cannot be read.
    """
    cells = {}
    for value in values:
        name, sign, text = value.partition("=")
        # A field's name may contain "=" itself.
        name = next((one for one in sorted(fields, key=len, reverse=True) if value.startswith(f"{one}=")), name)
        text = value[len(name) + 1 :]
        if not sign:
            raise Failure(f"'{value}': expected NAME=VALUE, such as {next(iter(fields))}=…")
        if name not in fields:
            near = difflib.get_close_matches(name, fields, 1, 0.6)
            meant = f" (did you mean '{near[0]}'?)" if near else ""
            raise Failure(f"the network has no field '{name}'{meant}: it has {', '.join(fields)}")
        if name in cells:
            raise Failure(f"'{name}' is given twice")
        if text.strip() and not _understood(fields[name], text.strip()):
            raise Failure(f"'{text}' for {name}: expected {fields[name].hint}")
        cells[name] = text.strip()
    return cells


def _understood(field: Field, text: str) -> bool:
    """Return whether a text can be read as a value of a field, without ambiguity."""
    from neuralredis.table.column import Column
    from neuralredis.table.conventions import Conventions
    from neuralredis.table.dates import DateForm
    from neuralredis.table.forms import undecided

    column, conventions = Column.of(field.name, [text]), Conventions()
    reader = field.reader.adapted(column, conventions)
    known = field.reader.form
    if isinstance(reader.form, DateForm) and not isinstance(known, DateForm):
        return reader.understands(text) and not undecided(column.counts, reader.form, conventions)
    return reader.understands(text)


def typed(out: Console, field: Field, typing: bool) -> str:
    """Return the text for a field: prompt until it can be read, or, from a pipe, read one line."""
    from neuralredis.table.texts import shortened

    if not typing:
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        text = line.strip()
        if text and not _understood(field, text):
            complain(f"'{text}' for {field.name}: expected {field.hint}")
            return ""
        return text
    while True:
        out.print(shortened(field.name, 60), style="bold", end=" ")
        out.print(f"({field.hint})", style="dim", end="")
        text = input(": ").strip()
        if not text or _understood(field, text):
            if text and field.reader.of == "category" and not field.reader.knows(text):
                out.print("  not a category of the training rows: treated as unknown", style="yellow")
            return text
        out.print(f"  '{text}' is not {field.hint.split(',')[0]}; Return leaves it missing", style="yellow")


@dataclass(frozen=True)
class Reasons:
    """The requested reasons: contributions of each value (``--why``), and a counterfactual (``--want``)."""

    why: bool
    want: str | None

    def check(self, network: Known) -> None:
        """Raise `Failure` if the network cannot give the requested reasons."""
        from neuralredis.table.target import Classes

        if not (self.why or self.want):
            return
        option = "--why" if self.why else "--want"
        if network.network.fields is None:
            raise Failure(
                f"{option} needs a network with fields, and this file is from an older version: train it again"
            )
        if not network.network.info().training_dataset_len:
            raise Failure(f"{option} compares with the training rows, and the network was saved without them")
        if self.want is None:
            return
        if not isinstance(network.target, Classes):
            raise Failure(f"--want needs a target with classes: '{network.target.name}' is a number")
        if self.want not in network.target.labels:
            raise Failure(f"--want {self.want}: expected one of {', '.join(network.target.labels)}")

    def show(self, out: Console, network: Known, row: dict[str, Any]) -> None:
        """Print the reasons for the prediction of a row."""
        if self.why:
            _show_why(out, network, row)
        if self.want is not None:
            _show_changes(out, network.network.explain(row, want=self.want))


def _show_why(out: Console, network: Known, row: dict[str, Any]) -> None:
    from rich.text import Text

    from neuralredis.table.target import Classes
    from neuralredis.table.texts import share, shortened

    found = network.network.explain(row)
    target = network.target
    if isinstance(target, Classes):
        # The bars are log-odds; the title has probabilities, as the prediction above it.
        mean, answer = (share(1 / (1 + math.exp(-min(max(odds, -700), 700)))) for odds in (found.mean, found.answer))
        title = f"why {shortened(str(found.label))} has {answer}, average {mean} (contributions in log-odds)"
    else:
        title = f"why {target.written(found.answer)}, average {target.written(found.mean)}"
    out.print(Text(title, "bold"))
    ascii_only = out.options.ascii_only
    for bar in found.lines(min(out.width, 80) - 2, ascii_only=ascii_only):
        line = Text(f"  {bar.name} {bar.number} ").append(bar.left, "red").append("|" if ascii_only else "│", "dim")
        out.print(line.append(bar.right, "cyan"), no_wrap=True, overflow="crop")


def _show_changes(out: Console, found: Counterfactual) -> None:
    from rich.text import Text

    from neuralredis.explanation import shown
    from neuralredis.table.texts import shortened

    want = shortened(str(found.want))
    if found.changes is None:
        out.print(f"no training row is predicted as {want}, so there is no change to suggest", style="yellow")
    elif not found.changes:
        out.print(Text(f"the prediction is {want} already", "bold"))
    else:
        out.print(Text(f"it would be {want} with", "bold"))
        for name, (old, new) in found.changes.items():
            out.print(Text(f"  {shortened(str(name))} {shortened(shown(new))} instead of {shortened(shown(old))}"))


def _answer(
    out: Console,
    network: Known,
    cells: dict[str, str],
    level: float | None,
    drawing: dict[str, Any] | None,
    reasons: Reasons,
) -> None:
    from neuralredis.table.column import Column
    from neuralredis.table.conventions import Conventions

    columns = {field.name: Column.of(field.name, [cells.get(field.name, "")]) for field in network.schema.fields}
    fields = tuple(
        replace(field, reader=field.reader.adapted(columns[field.name], Conventions()))
        for field in network.schema.fields
    )
    row = replace(network.schema, fields=fields).rows(columns)
    _show(out, network, row, level, drawing)
    reasons.show(out, network, row)


def _show(
    out: Console, network: Known, row: dict[str, Any], level: float | None, drawing: dict[str, Any] | None
) -> None:
    from rich.text import Text

    from neuralredis.cli import screen
    from neuralredis.table.target import Classes
    from neuralredis.table.texts import listed, share, shortened

    found = network.run(row)[0]
    outputs = found.tolist()
    target = network.target
    percentage = "" if level is None else f"{100 * level:g} %"
    interval = among = None
    if level is not None and isinstance(target, Classes):
        (among,) = network.network.class_set(row, level)
    elif level is not None:
        interval = network.network.interval(row, level)
    if not isinstance(target, Classes):
        off = network.usual_error()
        usual = f"   RMSE {target.written(off)}" if off is not None else ""
        out.print(
            Text(f"{shortened(target.name)}: {target.written(outputs[0])}", "bold green").append(usual, "dim not bold")
        )
        if interval is not None:
            low, high = target.written(interval.low[0]), target.written(interval.high[0])
            out.print(f"  {percentage} interval: {low} to {high}")
        # Without rows the bounds are NaN, and nothing is printed.
        if outputs[0] < target.low or outputs[0] > target.high:
            low, high = target.written(target.low), target.written(target.high)
            out.print(f"  outside the range of the training rows, {low} to {high}: an extrapolation", style="yellow")
        return
    ranked = sorted(zip(outputs, target.labels, strict=True), key=lambda pair: -pair[0])
    width = max(len(shortened(label)) for _, label in ranked[:MOST])
    label, how = target.labels[network.classes_of(found)], ""
    if drawing is not None:
        (drawn,) = network.network.sample(row, **drawing)
        label, how = drawn if isinstance(drawn, str) else target.labels[drawn], "   drawn at random"
    out.print(Text(f"{shortened(target.name)}: {shortened(label)}", "bold green").append(how, "dim not bold"))
    for likely, label in ranked[:MOST]:
        drawn = screen.bar(likely, 30, ascii_only=out.options.ascii_only)
        out.print(Text(f"  {shortened(label):{width}} {share(likely):>7} ").append(drawn, "cyan"))
    if among is not None:
        out.print(Text(f"  {percentage} set: {listed([shortened(label) for label in among], MOST, 'or')}"))
