"""What ``neuralredis train`` says of a table and of the network that has learnt from it: for people and as JSON."""

from __future__ import annotations

import argparse
import math
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from rich.console import Console
from rich.text import Text

from neuralredis.cli import screen
from neuralredis.cli.train.prepare import Prepared
from neuralredis.results import ClassifierEvaluation, Report
from neuralredis.table.judging import Judgement
from neuralredis.table.target import described
from neuralredis.table.texts import listed, shortened

__all__ = ["CURVE_HEIGHT", "Trained", "as_json", "introduce", "next_steps", "results"]

#: Rows held out below which the result is rough.
FEW_HELD_OUT = 100
#: Accuracy, AUC or R² from which on it is likely that a column gives the answer away.
TOO_GOOD = 0.995
#: Share of the commonest class from which on the accuracy says little.
DOMINANT_CLASS = 0.95
#: Share of the rows held out that may be the same as rows learnt from.
MANY_COPIES = 0.5
#: Letters of a value that is shown in a command.
LONG = 40
#: Lines that the learning curve takes on a terminal.
CURVE_HEIGHT = 8
#: What a report says of the end of a training, by its reason.
ENDINGS = {
    "maxtime": "until --max-time was over; there may be more to learn",
    "stopped": "until it was stopped by hand",
    "maxcycles": "to the end",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """How a training went, and how good the network is on the rows held out.

    Of these, `copies` are the same as rows that it has learnt from. The importance of each column comes by its name,
    the most important first.
    """

    training: Report
    judgement: Judgement
    copies: int
    importance: dict[str, float]
    layout: tuple[int, ...]


def introduce(out: Console, args: argparse.Namespace, data: Prepared) -> None:
    """Show the table, the target, and how each column is read."""
    table, target = data.table, data.target
    out.print(Text(f"{table.path}: {len(table):,} rows, {len(table.names)} columns", "bold"))
    for remark in table.remarks:
        out.print(f"  {remark}", style="dim")
    kind, hint = ("classes", "--regress would learn them as numbers")
    if not data.labels:
        kind, hint = ("numbers", "--classify would learn classes")
    doubtful = args.classify is None and len(data.labels) != 2 and all(map(_is_number, data.labels))
    out.print(f"Target: {shortened(target.name)} ({described(target)}), as {kind}{f'; {hint}' if doubtful else ''}.")
    if dropped := len(data.unanswered):
        has = "row has" if dropped == 1 else "rows have"
        texts = [f"'{text}'" for text in data.unanswered.counts]
        such = f" ({listed(texts, 3, 'or')})" if texts else ""
        out.print(f"{dropped:,} {has} no value of it{such}, and cannot be learnt from.")
        if "NA" in data.unanswered.counts:
            out.print(f"If 'NA' is a value of it like others: --as {shlex.quote(f'{target.name}=category')}")
    used, answered = len(data.prepared.used), int(data.prepared.answered.sum())
    if used < answered:
        out.print(f"{used:,} of {answered:,} rows are taken, chosen at random.")
    screen.columns(out, data.schema, data.gaps, [name for name in table.names if name != target.name])
    for remark in data.remarks:
        out.print(f"Note: {remark}.", style="yellow")
    what = f"The probability of '{shortened(data.labels[1])}'" if len(data.labels) == 2 else "The answer"
    for columns, goes in ((args.increasing, "falls"), (args.decreasing, "rises")):
        if columns:
            named = listed([f"'{shortened(name)}'" for name in columns], 8, "or")
            out.print(f"{what} never {goes} as {named} rises.")


def results(out: Console, args: argparse.Namespace, data: Prepared, trained: Trained) -> None:
    """Show how the training went, how good the network is, and which columns matter."""
    training = trained.training
    if out.is_terminal:
        out.print(screen.curves_of(training).drawn(out, CURVE_HEIGHT))
    layout = "-".join(map(str, trained.layout))
    ended = ENDINGS.get(training.reason, "until there was nothing more to gain")
    out.print(
        f"Learnt by a network of {layout} units for {training.cycles:,} cycles, {training.seconds:.1f} s, {ended}."
    )
    for warning in training.warnings:
        out.print(f"Note: {warning}.", style="yellow")
    out.print()
    screen.judgement(out, data.target, trained.judgement, f"the {len(data.prepared.kept):,} rows held out")
    for hint in _hints(args, data, trained):
        out.print(hint, style="yellow")
    out.print()
    screen.importance_table(out, data.target, trained.importance, by_ranking=trained.judgement.by_ranking)
    out.print()


def _hints(args: argparse.Namespace, data: Prepared, trained: Trained) -> list[str]:
    """Return what the user should know before believing the result, and what could be tried."""
    hints = []
    held, found = len(data.prepared.kept), trained.judgement
    if _score(found) >= TOO_GOOD:
        first, target = next(iter(trained.importance)), shortened(data.target.name)
        known = f"Is '{shortened(first)}' known before '{target}' is? If not: --ignore {shlex.quote(first)}"
        hints.append(f"That is nearly too good. {known}")
    if trained.copies > MANY_COPIES * held:
        hints.append(
            f"{trained.copies:,} of the rows held out are the same as others that were learnt from: in a table of "
            "copies the figure flatters."
        )
    if held < FEW_HELD_OUT:
        hints.append(f"With {held} rows held out this is a rough figure; another --seed gives another.")
    # Where the network cannot rank a class, more answers of it would be guesses.
    missed = [one.label for one in found.rare if one.answered < one.rows / 2 and not one.by_chance]
    if missed and not args.balanced:
        hints.append(
            f"'{shortened(missed[0])}' is rare, and mostly overlooked: --balanced finds more of it, for more "
            "false alarms."
        )
    return hints


def _score(found: Judgement) -> float:
    """Return the figure, at most 1, that is suspicious if it is nearly perfect."""
    figures = found.evaluation
    if not isinstance(figures, ClassifierEvaluation):
        return figures.r2
    if figures.baseline < DOMINANT_CLASS:
        return figures.accuracy
    # Always answering the commonest class is nearly as accurate.
    return max((ranking.auc for ranking in found.rare), default=0.0)


def as_json(args: argparse.Namespace, place: str, data: Prepared, trained: Trained) -> dict[str, Any]:
    """Return the results for a program."""
    training, found = trained.training, trained.judgement
    learnt, held = data.learnt, len(data.prepared.kept)
    return {
        "network": place,
        "type": data.target.kind,
        "target": data.target.name,
        "classes": list(data.labels) or None,
        "layout": trained.layout,
        "columns": [{"name": field.name, "kind": field.kind, "title": field.title} for field in data.schema.fields],
        "left_out": {one.name: one.reason for one in data.schema.left_out},
        "rows": {"learnt": learnt, "kept_back": held, "without_target": len(data.unanswered)},
        "rows_saved": 0 if args.without_rows else learnt,
        "training": {"reason": training.reason, "cycles": training.cycles, "seconds": training.seconds},
        "warnings": list(training.warnings),
        "kept_back": {"learnt": learnt, "kept": held, **found.as_json()},
        "importance": trained.importance,
        "importance_measure": found.measure,
    }


def next_steps(out: Console, args: argparse.Namespace, place: str, data: Prepared) -> None:
    """Show the commands that use the network."""
    quoted = shlex.quote(place)
    steps = [
        ("type a row, see the answer", f"neuralredis ask {quoted}"),
        ("answer another table", f"neuralredis predict {quoted} new.csv -o answers.csv"),
    ]
    if args.redis:
        url = f" -u {shlex.quote(args.redis)}" if urlsplit(args.redis).netloc != "localhost" else ""
        command = "NR.CLASS" if data.labels else "NR.RUN"
        steps.append(("ask the server", f"redis-cli{url} {command} {shlex.quote(args.key)} {_row(data)}"))
    else:
        again, key = f"neuralredis {shlex.join(args.given)}", shlex.quote(Path(place).stem)
        steps.append(("put it into Redis, too", f"{again} --redis redis://localhost --key {key}"))
    out.print("Next:", style="bold")
    for what, command in steps:
        out.print(Text(f"  {what:26}  ", "dim").append(command, "cyan not dim"), soft_wrap=True)


def _row(data: Prepared) -> str:
    """Return a row that was held out, as commands take it."""
    words = []
    for name, values in data.prepared.taken(data.prepared.kept[:1])[0].items():
        (value,) = values
        if isinstance(value, np.datetime64):
            text = "" if np.isnat(value) else np.datetime_as_string(value, unit="s")
        elif isinstance(value, float):
            text = "" if math.isnan(value) else f"{value:.7g}"
        else:
            text = ",".join(map(str, value)) if isinstance(value, list) else str(value or "")
        if text and len(text) <= LONG:
            words += [shlex.quote(name), shlex.quote(text)]
    return " ".join(words)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
