"""Print tables, figures and curves on a terminal, or as plain text into a pipe or file."""

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
#: Classes up to which a confusion matrix is printed, and classes whose ranking is printed at most.
MOST_CLASSES, MOST_RANKINGS = 12, 5
#: Rows from which on the precision among the most probable rows is printed.
FEW = 100


def console(*, stderr: bool = False) -> Console:
    """Return a console for stdout or stderr: as wide as the terminal and in colours, else 100 columns of plain text."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else 100
    return HarmlessConsole(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


class HarmlessConsole(Console):
    """A console that removes control characters from all texts but its own styles."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Yield the segments of a renderable, with control characters in texts replaced."""
        for segment in super().render(renderable, options):
            text = segment.text
            if segment.control or text.isprintable():
                yield segment
            else:
                yield Segment("\n".join(map(visible, text.split("\n"))), segment.style)


def columns(out: Console, schema: Schema, gaps: Mapping[str, Gaps], order: Sequence[str]) -> None:
    """Print how each column is read."""
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
    out.print(f"To override how a column is read: --as COLUMN=KIND, with {', '.join(KINDS)}.", style="dim")


@dataclass(frozen=True)
class Gaps:
    """The rows in which a column has no value.

    Attributes
    ----------
    rows : int
        Their number.
    words : dict of str to int
        Texts that stand for a missing value, with their number of rows; the other cells are empty.
    """

    rows: int
    words: Mapping[str, int]

    def __str__(self) -> str:
        """Return the number of missing values as the end of a line."""
        if not self.rows:
            return ""
        words = listed([f"'{word}'" for word in self.words], 3, "or")
        return f"; {self.rows:,} missing{f' ({words})' if words else ''}"


def bar(part: float, width: int, *, ascii_only: bool) -> str:
    """Return a bar that fills a share, 0 to 1, of a width in characters."""
    eighths = round(max(0.0, min(part, 1.0)) * width * 8)
    if ascii_only:
        return "#" * round(eighths / 8)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def judgement(out: Console, target: Target, found: Judgement, rows: str) -> None:
    """Print a network's figures on some rows: errors, baselines, rankings and confusion matrix."""
    figures, balanced = found.evaluation, found.balanced
    out.print(Text(f"On {rows}", "bold"))
    if isinstance(figures, ClassifierEvaluation):
        lines = [
            ("accuracy", share(figures.accuracy), ""),
            ("95 % interval", between(found.low, found.high), ""),
            (f"baseline: always {shortened(found.commonest or '')}", share(figures.baseline), ""),
        ]
        if balanced is not None:
            lines += [
                ("balanced accuracy", share(balanced.accuracy), "mean of the classes' recalls"),
                ("95 % interval", between(balanced.low, balanced.high), ""),
                ("baseline: guessing", share(balanced.chance), ""),
            ]
        elif found.telling:
            # Not with class weights: these make the probabilities of rare classes too high, on purpose.
            baseline = f"baseline {found.log_loss_baseline:.3g}: each class's share of the rows"
            lines.append(("log loss", f"{found.log_loss:.3g}", baseline))
        width = max(20, *(len(name) for name, _, _ in lines))
        for name, value, note in lines:
            # Align the first numbers of "80.9 %" and "74.4 to 86.0 %".
            number, gap, rest = value.partition(" ")
            remark = f"   {note}" if note else ""
            out.print(Text(f"  {name:{width}}  {number:>5}{gap}{rest}").append(remark, "dim"))
        _rankings(out, found)
        _threshold(out, found)
    else:
        out.print(f"  root mean squared error (RMSE)  {plain(figures.rmse):>9}")
        out.print(f"  baseline: RMSE of the mean      {plain(figures.baseline):>9}")
        out.print(f"  mean absolute error (MAE)       {plain(figures.mae):>9}")
        out.print(f"  explained variance (R²)         {share(figures.r2):>9}")
    out.print(Text(found.verdict, "green" if found.verdict.startswith("Better") else "yellow"))
    if isinstance(figures, ClassifierEvaluation) and isinstance(target, Classes):
        _confusion(out, target, figures)


def between(low: float, high: float) -> str:
    """Return an interval of shares in percent, with as many digits as its ends need to differ.

    Examples
    --------
    >>> between(0.744, 0.8604), between(0.99921, 0.99943)
    ('74.4 to 86.0 %', '99.92 to 99.94 %')
    """
    digits = next((n for n in (1, 2, 3) if f"{100 * low:.{n}f}" != f"{100 * high:.{n}f}"), 4)
    return f"{100 * low:.{digits}f} to {100 * high:.{digits}f} %"


def _rankings(out: Console, found: Judgement) -> None:
    """Print how well probabilities rank the rows, for classes where the accuracy says little."""
    shown = found.telling[:MOST_RANKINGS]
    if not shown:
        return
    # 5 % of fewer rows would be one or two.
    enough = found.evaluation.rows >= FEW
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("  ranked by probability", overflow="fold", max_width=26)
    table.add_column("AUC", justify="right", no_wrap=True)
    if enough:
        table.add_column(f"among the {shown[0].top:,} most probable ({100 * TOP:.0f} %)", overflow="fold")
    for ranking in shown:
        label = shortened(ranking.label)
        best = f"{share(ranking.top_share)} are {label} ({ranking.lift:.1f} times their share of all)"
        table.add_row(f"  {label}", f"{ranking.auc:.2f}", *([best] if enough else []))
    out.print()
    out.print(table)
    if len(found.telling) > len(shown):
        out.print(f"  and {len(found.telling) - len(shown)} more classes", style="dim")
    out.print("  AUC (area under the ROC curve): 0.5 is chance, 1 is perfect", style="dim")


def _threshold(out: Console, found: Judgement) -> None:
    """Print the threshold of the rarer class's probability that costs least."""
    at = found.threshold
    if at is None:
        return
    label = shortened(at.label)
    out.print()
    out.print(f"  threshold with the lowest cost: predict {label} from {share(at.probability)} on")
    counts = f"{at.false_alarms:,} false positives, {at.misses:,} false negatives"
    out.print(f"  cost per row {plain(at.cost)} ({counts}); by the more probable class {plain(at.likelier)},")
    out.print(f"  never {label} {plain(at.never)}, always {label} {plain(at.always)}")
    out.print("  chosen on these rows: on fresh rows it costs a little more", style="dim")


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
        table.add_column("recall", justify="right", style="dim")
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
    out.print("Most frequent confusions:")
    for count, a, b in sorted(wrong, reverse=True)[:8]:
        pair = f"{shortened(target.labels[a])} {arrow} {shortened(target.labels[b])}"
        out.print(f"  {pair}: {count:,} of {int(matrix[a].sum()):,}")


def importance_table(
    out: Console, target: Target, importance: Mapping[str, float], *, by_ranking: bool = False, most: int = 10
) -> None:
    """Print the permutation importance of each column, the largest first."""
    classes = isinstance(target, Classes)
    measure = "loss of AUC" if by_ranking else "loss of accuracy" if classes else "increase of RMSE"
    out.print(
        Text("Column importance", "bold").append(
            f"   {measure} when the column is shuffled among these rows", "not bold dim"
        )
    )
    shown = list(importance.items())[:most]
    width = max((len(shortened(name)) for name, _ in shown), default=0)
    amounts = [_amount(value, classes) for _, value in shown]
    largest = max((value for _, value in shown), default=0.0)
    room = max(10, min(30, out.width - width - 24))
    for (name, value), amount in zip(shown, amounts, strict=True):
        part = value / largest if amount and largest > 0 else 0
        length = bar(part, room, ascii_only=out.options.ascii_only)
        out.print(Text(f"  {shortened(name):{width}}  ").append(length, "cyan").append(f" {amount or 'none'}"))
    if len(importance) > most:
        out.print(f"  and {len(importance) - most} more columns", style="dim")


def _amount(value: float, classes: bool) -> str:
    """Return an importance as text; an empty text if it is too small to be shown."""
    if not classes:
        return plain(value) if value > 0 else ""
    # Smaller values would be printed as 0.0 points.
    return f"{100 * value:.1f} points" if value >= 0.0005 else ""


class Curves:
    """The training and validation errors of a training so far."""

    def __init__(self, title: str = "") -> None:
        self.title = title
        self.train: list[Point] = []
        self.test: list[Point] = []
        self.words = ""

    def add(self, cycle: int, train: float | None, test: float | None) -> None:
        """Append the errors of a cycle."""
        if train is not None and (not self.train or cycle > self.train[-1][0]):
            self.train.append((cycle, train))
            if test is not None:
                self.test.append((cycle, test))

    def drawn(self, out: Console, height: int) -> Text:
        """Return the errors as a chart of `height` lines, with a title and a line of text."""
        head = Text(self.title, "bold", end="")
        if len(self.train) < 2:
            return Text("\n").join([part for part in (head, Text(self.words)) if part.plain])
        ascii_only = out.options.ascii_only
        lines = [Line(TRAIN, "*", self.train), Line(TEST, "o", self.test)]
        text = chart(lines, min(out.width - 2, 90), height, ascii_only=ascii_only)
        marks = ("*", "o") if ascii_only else ("━", "━")
        text.append("\n  error of ").append(f"{marks[0]} training rows  ", TRAIN)
        text.append(f"{marks[1]} validation rows", TEST)
        return Text("\n").join([part for part in (head, text, Text(self.words)) if part.plain])


def curves_of(report: Report) -> Curves:
    """Return the learning curve of a training that has ended."""
    curves = Curves()
    curve = report.curve
    curves.train = points(curve.cycles, curve.train_error)
    curves.test = points(curve.cycles, curve.test_error)
    return curves
