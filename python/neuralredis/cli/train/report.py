"""Print the results of ``neuralredis train``, or return them as JSON."""

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

#: Held-out rows below which a hint says that the figures are imprecise.
FEW_HELD_OUT = 100
#: Accuracy, AUC or R² from which on a hint suggests that a column leaks the target.
TOO_GOOD = 0.995
#: Share of the most common class from which on AUC replaces accuracy in that check.
DOMINANT_CLASS = 0.95
#: Share of held-out rows equal to training rows above which a hint is printed.
MANY_COPIES = 0.5
#: Most characters of a value in an example command.
LONG = 40
#: Lines of the learning curve on a terminal.
CURVE_HEIGHT = 8
#: Why a training ended, by the reason of its report.
ENDINGS = {
    "maxtime": "until --max-time (more time may lower the error)",
    "stopped": "until it was stopped by hand",
    "maxcycles": "until the limit of cycles",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """The results of a training.

    Attributes
    ----------
    training : Report
        The report of the training.
    judgement : Judgement
        The figures on the held-out rows.
    copies : int
        Held-out rows that are equal to training or validation rows.
    importance : dict of str to float
        The permutation importance of each column, the largest first.
    layout : tuple of int
        Units of each layer, inputs first.
    """

    training: Report
    judgement: Judgement
    copies: int
    importance: dict[str, float]
    layout: tuple[int, ...]


def introduce(out: Console, args: argparse.Namespace, data: Prepared) -> None:
    """Print the table, the target, and how each column is read."""
    table, target = data.table, data.target
    out.print(Text(f"{table.path}: {len(table):,} rows, {len(table.names)} columns", "bold"))
    for remark in table.remarks:
        out.print(f"  {remark}", style="dim")
    kind, hint = ("classification", "--regress predicts numbers instead")
    if not data.labels:
        kind, hint = ("regression", "--classify predicts classes instead")
    doubtful = args.classify is None and len(data.labels) != 2 and all(map(_is_number, data.labels))
    out.print(f"Target: {shortened(target.name)} ({described(target)}), {kind}{f'; {hint}' if doubtful else ''}.")
    if dropped := len(data.unanswered):
        has = "row has" if dropped == 1 else "rows have"
        texts = [f"'{text}'" for text in data.unanswered.counts]
        such = f" ({listed(texts, 3, 'or')})" if texts else ""
        out.print(f"{dropped:,} {has} no value of the target{such}: left out.")
        if "NA" in data.unanswered.counts:
            out.print(f"If 'NA' is a class and not a missing value: --as {shlex.quote(f'{target.name}=category')}")
    used, answered = len(data.prepared.used), int(data.prepared.answered.sum())
    if used < answered:
        out.print(f"Using {used:,} of {answered:,} rows, chosen at random.")
    screen.columns(out, data.schema, data.gaps, [name for name in table.names if name != target.name])
    for remark in data.remarks:
        out.print(f"Note: {remark}.", style="yellow")
    quantity = f"The probability of '{shortened(data.labels[1])}'" if len(data.labels) == 2 else "The answer"
    for columns, goes in ((args.increasing, "falls"), (args.decreasing, "rises")):
        if columns:
            named = listed([f"'{shortened(name)}'" for name in columns], 8, "or")
            out.print(f"{quantity} never {goes} as {named} rises.")


def ended(training: Report) -> str:
    """Return why a training ended, as the end of a sentence."""
    return ENDINGS.get(training.reason, "until early stopping")


def results(out: Console, args: argparse.Namespace, data: Prepared, trained: Trained) -> None:
    """Print the learning curve, the figures on held-out rows, and the importance of columns."""
    training = trained.training
    if out.is_terminal:
        out.print(screen.curves_of(training).drawn(out, CURVE_HEIGHT))
    layout = "-".join(map(str, trained.layout))
    out.print(f"Trained {layout} units for {training.cycles:,} cycles, {training.seconds:.1f} s, {ended(training)}.")
    for warning in training.warnings:
        out.print(f"Note: {warning}.", style="yellow")
    out.print()
    screen.judgement(out, data.target, trained.judgement, f"the {len(data.prepared.kept):,} held-out rows")
    for hint in _hints(args, data, trained):
        out.print(hint, style="yellow")
    out.print()
    screen.importance_table(out, data.target, trained.importance, by_ranking=trained.judgement.by_ranking)
    out.print()


def _hints(args: argparse.Namespace, data: Prepared, trained: Trained) -> list[str]:
    """Return cautions about the figures, and options that may improve the network."""
    hints = []
    held_out, found = len(data.prepared.kept), trained.judgement
    if _score(found) >= TOO_GOOD:
        first, target = next(iter(trained.importance)), shortened(data.target.name)
        leak = f"does '{shortened(first)}' leak '{target}', because it is filled in later?"
        hints.append(f"Suspiciously good: {leak} If so: --ignore {shlex.quote(first)}")
    if trained.copies > MANY_COPIES * held_out:
        hints.append(
            f"{trained.copies:,} of the held-out rows are copies of training or validation rows: on fresh rows the "
            "error will be higher."
        )
    if held_out < FEW_HELD_OUT:
        hints.append(f"Only {held_out} rows are held out, so the figures are imprecise: another --seed gives others.")
    # Where the network cannot rank a class, predicting it more often would be guessing.
    missed = [one.label for one in found.rare if one.answered < one.rows / 2 and not one.by_chance]
    if missed and not args.balanced:
        hints.append(
            f"'{shortened(missed[0])}' is rare, and its recall is low: --balanced raises it, with more false positives."
        )
    return hints


def _score(found: Judgement) -> float:
    """Return the figure, at most 1, that suggests a leak if it is nearly perfect: accuracy, AUC or R²."""
    figures = found.evaluation
    if not isinstance(figures, ClassifierEvaluation):
        return figures.r2
    if figures.baseline < DOMINANT_CLASS:
        return figures.accuracy
    # The baseline is nearly perfect by itself.
    return max((ranking.auc for ranking in found.rare), default=0.0)


def as_json(args: argparse.Namespace, place: str, data: Prepared, trained: Trained) -> dict[str, Any]:
    """Return the results as values of JSON."""
    training, found = trained.training, trained.judgement
    learnt, held_out = data.learnt, len(data.prepared.kept)
    return {
        "network": place,
        "type": data.target.kind,
        "target": data.target.name,
        "classes": list(data.labels) or None,
        "layout": trained.layout,
        "columns": [{"name": field.name, "kind": field.kind, "title": field.title} for field in data.schema.fields],
        "left_out": {one.name: one.reason for one in data.schema.left_out},
        "rows": {"learnt": learnt, "kept_back": held_out, "without_target": len(data.unanswered)},
        "rows_saved": 0 if args.without_rows else learnt,
        "training": {"reason": training.reason, "cycles": training.cycles, "seconds": training.seconds},
        "warnings": list(training.warnings),
        "kept_back": {"learnt": learnt, "kept": held_out, **found.as_json()},
        "importance": trained.importance,
        "importance_measure": found.measure,
    }


def next_steps(out: Console, args: argparse.Namespace, place: str, data: Prepared) -> None:
    """Print commands that use the network."""
    quoted = shlex.quote(place)
    steps = [
        ("predict a row that you type", f"neuralredis ask {quoted}"),
        ("predict another table", f"neuralredis predict {quoted} new.csv -o predictions.csv"),
    ]
    if args.redis:
        url = f" -u {shlex.quote(args.redis)}" if urlsplit(args.redis).netloc != "localhost" else ""
        command = "NR.CLASS" if data.labels else "NR.RUN"
        steps.append(("predict in the server", f"redis-cli{url} {command} {shlex.quote(args.key)} {_row(data)}"))
    else:
        again, key = f"neuralredis {shlex.join(args.given)}", shlex.quote(Path(place).stem)
        steps.append(("upload it to a server", f"{again} --redis redis://localhost --key {key}"))
    out.print("Next:", style="bold")
    for step, command in steps:
        out.print(Text(f"  {step:27}  ", "dim").append(command, "cyan not dim"), soft_wrap=True)


def _row(data: Prepared) -> str:
    """Return a held-out row as the arguments of a command."""
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
