"""What results look like in a terminal, a pipe or a file."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from neuralredis.cli.chart import Line, chart
from neuralredis.results import ClassifierEvaluation, Report
from neuralredis.table.encoding import Encoding
from neuralredis.table.judging import Judgement
from neuralredis.table.kinds import shortened
from neuralredis.table.target import Classes
from neuralredis.table.texts import listed, plain, share
from neuralredis.table.wishes import KINDS

__all__ = ["Curves", "Gaps", "bar", "columns", "console", "curves_of", "judgement", "looked_at", "print_json"]

TRAIN, TEST = "blue", "red"
#: Classes of which a matrix of answers is shown.
MOST_CLASSES = 12


def console(*, stderr: bool = False) -> Console:
    """Return what prints: with colours on a terminal, and as wide as that."""
    # Elsewhere lines are as wide as most people can read, unless the environment says otherwise.
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else 100
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def print_json(content: object) -> None:
    """Print something for a program, with numbers of six digits."""

    def rounded(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {str(key): rounded(item) for key, item in value.items()}
        if isinstance(value, np.ndarray):
            return rounded(value.tolist())
        if isinstance(value, list | tuple):
            return [rounded(item) for item in value]
        if isinstance(value, float | np.floating):
            return float(f"{value:.6g}") if np.isfinite(value) else None
        return value.item() if isinstance(value, np.generic) else value

    print(json.dumps(rounded(content), ensure_ascii=False, indent=2))


def columns(out: Console, encoding: Encoding, gaps: Mapping[str, Gaps], order: Sequence[str]) -> None:
    """Show how each column is read."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("column", overflow="fold", max_width=28)
    table.add_column("read as", overflow="fold")
    table.add_column("", overflow="fold", ratio=1)
    kinds = {kind.name: kind for kind in (*encoding.columns, *encoding.ignored)}
    for name in order:
        if name in kinds:
            kind = kinds[name]
            missing = str(gaps[name]) if name in gaps and getattr(kind, "gaps", False) else ""
            style = "dim" if kind in encoding.ignored else ""
            table.add_row(shortened(name, 40), kind.title, kind.detail() + missing, style=style)
    out.print(table)
    out.print(f"Is one of them read wrongly? --as COLUMN=KIND says what it is: {', '.join(KINDS)}.", style="dim")


@dataclass(frozen=True)
class Gaps:
    """The rows that have no value of a column.

    Attributes
    ----------
    rows : int
        How many.
    words : dict of str to int
        What stands there instead, and in how many of them; the others are empty.
    """

    rows: int
    words: Mapping[str, int]

    def __str__(self) -> str:
        """Return it in a parenthesis, as part of a line."""
        if not self.rows:
            return ""
        words = listed([f"'{word}'" for word in self.words], 3, "or")
        return f" ({self.rows:,} row{'s' if self.rows > 1 else ''}{f': {words}' if words else ''})"


def bar(part: float, width: int, *, ascii_only: bool) -> str:
    """Return a bar of a share of a width."""
    eighths = round(max(0.0, min(part, 1.0)) * width * 8)
    if ascii_only:
        return "#" * round(eighths / 8)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def judgement(out: Console, encoding: Encoding, found: Judgement, rows: str) -> None:
    """Show how good a network is on some rows."""
    figures = found.evaluation
    out.print(Text(f"On {rows}", "bold"))
    if isinstance(figures, ClassifierEvaluation):
        always = f"always answering {shortened(found.commonest or '')}"
        width = max(len(always), 20)
        out.print(f"  {'right answers':{width}}  {share(figures.accuracy):>7}")
        out.print(f"  {'likely on other rows':{width}}  {100 * found.low:>3.0f} to {100 * found.high:.0f} %")
        out.print(f"  {always:{width}}  {share(figures.baseline):>7}")
    else:
        out.print(f"  off by, root mean square (RMSE)  {plain(figures.rmse):>9}")
        out.print(f"  off by, mean                     {plain(figures.mae):>9}")
        out.print(f"  RMSE of always answering the mean {plain(figures.baseline):>8}")
        out.print(f"  explained of what varies (R²)    {share(figures.r2):>9}")
    out.print(Text(found.verdict, "green" if found.verdict.startswith("Better") else "yellow"))
    if isinstance(figures, ClassifierEvaluation) and isinstance(encoding.target, Classes):
        _confusion(out, encoding.target, figures)


def _confusion(out: Console, target: Classes, figures: ClassifierEvaluation) -> None:
    matrix = figures.confusion
    if matrix is None:
        return
    out.print()
    arrow = "->" if out.options.ascii_only else "→"
    if len(target.labels) <= MOST_CLASSES:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title_justify="left")
        table.add_column(f"{shortened(target.name)} is", style="dim", no_wrap=True)
        for label in target.labels:
            table.add_column(f"{arrow} {shortened(label, 12)}", justify="right")
        table.add_column("right", justify="right", style="dim")
        for place, label in enumerate(target.labels):
            row = matrix[place]
            cells = [
                Text(f"{n:,}", "bold" if other == place else "" if n else "dim") for other, n in enumerate(row.tolist())
            ]
            right = share(row[place] / row.sum()) if row.sum() else ""
            table.add_row(f"  {shortened(label)}", *cells, right)
        out.print(table)
        return
    wrong = [
        (int(matrix[a, b]), a, b) for a in range(len(matrix)) for b in range(len(matrix)) if a != b and matrix[a, b]
    ]
    out.print("Most often taken for each other:")
    for count, a, b in sorted(wrong, reverse=True)[:8]:
        pair = f"{shortened(target.labels[a])} {arrow} {shortened(target.labels[b])}"
        out.print(f"  {pair}: {count:,} of {int(matrix[a].sum()):,}")


def looked_at(out: Console, encoding: Encoding, worth: Mapping[str, float], most: int = 10) -> None:
    """Show what each column is worth."""
    classes = isinstance(encoding.target, Classes)
    what = "more wrong answers" if classes else "greater RMSE"
    out.print(
        Text("What it goes by", "bold").append(
            f"   {what} when the column is shuffled among these rows", "not bold dim"
        )
    )
    shown = list(worth.items())[:most]
    width = max((len(shortened(name)) for name, _ in shown), default=0)
    largest = max((value for _, value in shown), default=0.0)
    room = max(10, min(30, out.width - width - 24))
    for name, value in shown:
        length = bar(value / largest if largest > 0 else 0, room, ascii_only=out.options.ascii_only)
        amount = (f"{100 * value:.1f} points" if classes else plain(value)) if value > 0 else "none"
        out.print(Text(f"  {shortened(name):{width}}  ").append(length, "cyan").append(f" {amount}"))
    if len(worth) > most:
        out.print(f"  and {len(worth) - most} more columns", style="dim")


class Curves:
    """Both errors of a training, as they come."""

    def __init__(self, title: str = "") -> None:
        self.title = title
        self.train: list[tuple[float, float]] = []
        self.test: list[tuple[float, float]] = []
        self.words = ""

    def add(self, cycle: int, train: float | None, test: float | None) -> None:
        """Take the errors of a cycle."""
        if train is not None and (not self.train or cycle > self.train[-1][0]):
            self.train.append((cycle, train))
            if test is not None:
                self.test.append((cycle, test))

    def drawn(self, out: Console, height: int) -> Text:
        """Return them as a drawing with a line of words."""
        head = Text(self.title, "bold", end="")
        if len(self.train) < 2:
            return Text("\n").join([part for part in (head, Text(self.words)) if part.plain])
        ascii_only = out.options.ascii_only
        lines = [Line(TRAIN, "*", self.train), Line(TEST, "o", self.test)]
        text = chart(lines, min(out.width - 2, 90), height, ascii_only=ascii_only)
        marks = ("*", "o") if ascii_only else ("━", "━")
        text.append("\n  error of ").append(f"{marks[0]} rows learnt from  ", TRAIN)
        text.append(f"{marks[1]} rows that tell when to stop", TEST)
        return Text("\n").join([part for part in (head, text, Text(self.words)) if part.plain])


def curves_of(report: Report) -> Curves:
    """Return the errors of a training that has ended."""
    curves = Curves()
    curve = report.curve
    curves.train = list(zip(curve.cycles.tolist(), curve.train_error.tolist(), strict=True))
    curves.test = list(zip(curve.cycles.tolist(), curve.test_error.tolist(), strict=True))
    return curves
