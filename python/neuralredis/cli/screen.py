"""What results look like in a terminal, a pipe or a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from neuralredis.cli.chart import Line, chart
from neuralredis.cli.jsontext import print_json
from neuralredis.cli.letters import visible
from neuralredis.curves import Point, points
from neuralredis.results import ClassifierEvaluation, Report
from neuralredis.table.judging import Judgement
from neuralredis.table.ranking import TOP
from neuralredis.table.schema import Schema
from neuralredis.table.target import Classes, Target
from neuralredis.table.texts import listed, plain, share, shortened
from neuralredis.table.wishes import KINDS

__all__ = ["Curves", "Gaps", "bar", "columns", "console", "curves_of", "importance_table", "judgement", "print_json"]

TRAIN, TEST = "blue", "red"
#: Classes of which a matrix of answers is shown, and of which it is shown how they are ranked.
MOST_CLASSES, MOST_RANKINGS = 12, 5
#: Rows below which it is not shown what the most likely of them are.
FEW = 100


def console(*, stderr: bool = False) -> Console:
    """Return what prints: with colours on a terminal, and as wide as that."""
    # Elsewhere lines are as wide as most people can read, unless the environment says otherwise.
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else 100
    return HarmlessConsole(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


class HarmlessConsole(Console):
    """A console on which nothing but its own styles reaches the terminal as control characters."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Yield the parts of something that is printed, with texts made harmless."""
        for segment in super().render(renderable, options):
            text = segment.text
            if segment.control or text.isprintable():
                yield segment
            else:
                yield Segment("\n".join(map(visible, text.split("\n"))), segment.style)


def columns(out: Console, schema: Schema, gaps: Mapping[str, Gaps], order: Sequence[str]) -> None:
    """Show how each column is read."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("column", overflow="fold", max_width=28)
    table.add_column("read as", overflow="fold")
    table.add_column("", overflow="fold", ratio=1)
    fields = {field.name: field for field in schema.fields}
    left_out = {one.name: one for one in schema.left_out}
    for name in order:
        if name in fields:
            field = fields[name]
            table.add_row(shortened(name, 40), field.title, field.detail + (str(gaps[name]) if field.gaps else ""))
        elif name in left_out:
            table.add_row(shortened(name, 40), "left out", left_out[name].reason, style="dim")
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
        """Return it as part of a line."""
        if not self.rows:
            return ""
        words = listed([f"'{word}'" for word in self.words], 3, "or")
        return f"; {self.rows:,} without{f' ({words})' if words else ''}"


def bar(part: float, width: int, *, ascii_only: bool) -> str:
    """Return a bar of a share of a width."""
    eighths = round(max(0.0, min(part, 1.0)) * width * 8)
    if ascii_only:
        return "#" * round(eighths / 8)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def judgement(out: Console, target: Target, found: Judgement, rows: str) -> None:
    """Show how good a network is on some rows."""
    figures, balanced = found.evaluation, found.balanced
    out.print(Text(f"On {rows}", "bold"))
    if isinstance(figures, ClassifierEvaluation):
        lines = [
            ("right answers", share(figures.accuracy), ""),
            ("likely on other rows", between(found.low, found.high), ""),
            (f"always answering {shortened(found.commonest or '')}", share(figures.baseline), ""),
        ]
        if balanced is not None:
            lines += [
                ("balanced accuracy", share(balanced.accuracy), "each class counts alike"),
                ("likely on other rows", between(balanced.low, balanced.high), ""),
                ("guessing", share(balanced.chance), ""),
            ]
        elif found.telling:
            # Weights of the classes make the probabilities of rare ones too high, on purpose.
            baseline = f"{found.log_loss_baseline:.3g} for each class's share of the rows"
            lines.append(("log loss", f"{found.log_loss:.3g}", baseline))
        width = max(20, *(len(name) for name, _, _ in lines))
        for name, value, note in lines:
            # Both "80.9 %" and "74.4 to 86.0 %" end where the first number ends.
            number, gap, rest = value.partition(" ")
            remark = f"   {note}" if note else ""
            out.print(Text(f"  {name:{width}}  {number:>5}{gap}{rest}").append(remark, "dim"))
        _rankings(out, found)
        _threshold(out, found)
    else:
        out.print(f"  off by, root mean square (RMSE)  {plain(figures.rmse):>9}")
        out.print(f"  off by, mean                     {plain(figures.mae):>9}")
        out.print(f"  RMSE of always answering the mean {plain(figures.baseline):>8}")
        out.print(f"  explained of what varies (R²)    {share(figures.r2):>9}")
    out.print(Text(found.verdict, "green" if found.verdict.startswith("Better") else "yellow"))
    if isinstance(figures, ClassifierEvaluation) and isinstance(target, Classes):
        _confusion(out, target, figures)


def between(low: float, high: float) -> str:
    """Return an interval of shares, with as many digits as it takes to tell its ends apart.

    Examples
    --------
    >>> between(0.744, 0.8604), between(0.99921, 0.99943)
    ('74.4 to 86.0 %', '99.92 to 99.94 %')
    """
    digits = next((n for n in (1, 2, 3) if f"{100 * low:.{n}f}" != f"{100 * high:.{n}f}"), 4)
    return f"{100 * low:.{digits}f} to {100 * high:.{digits}f} %"


def _rankings(out: Console, found: Judgement) -> None:
    """Show how well probabilities rank the rows, where that says more than the answers."""
    shown = found.telling[:MOST_RANKINGS]
    if not shown:
        return
    # The most likely of so few rows would be one or two.
    enough = found.evaluation.rows >= FEW
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("  ranked by probability", overflow="fold", max_width=26)
    table.add_column("AUC", justify="right", no_wrap=True)
    if enough:
        table.add_column(f"of the {shown[0].top:,} most likely ({100 * TOP:.0f} %)", overflow="fold")
    for ranking in shown:
        label = shortened(ranking.label)
        best = f"{share(ranking.top_share)} are {label} ({ranking.lift:.1f} times as many)"
        table.add_row(f"  {label}", f"{ranking.auc:.2f}", *([best] if enough else []))
    out.print()
    out.print(table)
    if len(found.telling) > len(shown):
        out.print(f"  and {len(found.telling) - len(shown)} more classes", style="dim")
    out.print("  AUC: 0.5 is chance, 1 is perfect", style="dim")


def _threshold(out: Console, found: Judgement) -> None:
    """Show from which probability on to answer with the rarer class."""
    at = found.threshold
    if at is None:
        return
    label = shortened(at.label)
    out.print()
    out.print(f"  cheapest: answer {label} from {share(at.probability)} on, which costs {plain(at.cost)} a row")
    out.print(f"  ({at.false_alarms:,} false alarms, {at.misses:,} misses); the likelier class {plain(at.likelier)},")
    out.print(f"  never {label} {plain(at.never)}, always {label} {plain(at.always)}")
    out.print("  chosen by these rows: on others it costs a little more", style="dim")


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


def importance_table(
    out: Console, target: Target, worth: Mapping[str, float], *, by_ranking: bool = False, most: int = 10
) -> None:
    """Show what each column is worth."""
    classes = isinstance(target, Classes)
    what = "lower AUC" if by_ranking else "more wrong answers" if classes else "greater RMSE"
    out.print(
        Text("Column importance", "bold").append(
            f"   {what} when the column is shuffled among these rows", "not bold dim"
        )
    )
    shown = list(worth.items())[:most]
    width = max((len(shortened(name)) for name, _ in shown), default=0)
    amounts = [_amount(value, classes) for _, value in shown]
    largest = max((value for _, value in shown), default=0.0)
    room = max(10, min(30, out.width - width - 24))
    for (name, value), amount in zip(shown, amounts, strict=True):
        part = value / largest if amount and largest > 0 else 0
        length = bar(part, room, ascii_only=out.options.ascii_only)
        out.print(Text(f"  {shortened(name):{width}}  ").append(length, "cyan").append(f" {amount or 'none'}"))
    if len(worth) > most:
        out.print(f"  and {len(worth) - most} more columns", style="dim")


def _amount(value: float, classes: bool) -> str:
    """Return how much worse the answers are without a column; an empty text if that is nothing."""
    if not classes:
        return plain(value) if value > 0 else ""
    # What is shown as 0.0 points is nothing.
    return f"{100 * value:.1f} points" if value >= 0.0005 else ""


class Curves:
    """Both errors of a training, as they come."""

    def __init__(self, title: str = "") -> None:
        self.title = title
        self.train: list[Point] = []
        self.test: list[Point] = []
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
    curves.train = points(curve.cycles, curve.train_error)
    curves.test = points(curve.cycles, curve.test_error)
    return curves
