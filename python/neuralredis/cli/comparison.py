"""Print a comparison of networks in a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from neuralredis.cli.screen import between
from neuralredis.table.comparing import Comparison, Pair
from neuralredis.table.texts import listed, plain, share, shortened

__all__ = ["show"]

#: Classes up to which confusion matrices are printed side by side, and columns of the table beside disagreements.
MOST_CLASSES, MOST_COLUMNS = 6, 4
MCNEMAR = "McNemar's exact test"
#: Pairs of networks that are printed at most.
MOST_PAIRS = 10


def show(out: Console, found: Comparison, most: int) -> None:
    """Print each network's figures, the tests of their differences, and at most `most` disagreements."""
    names = [shortened(name) for name in found.names]
    _rows(out, found, names)
    out.print()
    _figures(out, found, names)
    out.print()
    pairs = found.pairs
    for pair in pairs[:MOST_PAIRS]:
        line = sentence(pair, found.names, numbers=found.classes is None, rows=len(found.rows))
        out.print(Text(line, "yellow" if pair.by_chance else "green"))
    if len(pairs) > MOST_PAIRS:
        out.print(f"and {len(pairs) - MOST_PAIRS} more pairs", style="dim")
    if len(pairs) > 1:
        out.print("p-values are corrected for multiple comparisons (Holm).", style="dim")
    if found.classes is not None:
        _classes(out, found, names)
    _disagreements(out, found, names, most)


def sentence(pair: Pair, names: tuple[str, ...], *, numbers: bool, rows: int) -> str:
    """Return the difference of two networks and its significance as a sentence."""
    better, worse = (shortened(names[place]) for place in (pair.better, pair.worse))
    p = "p < 0.001" if pair.p < 0.001 else f"p = {pair.p:.2g}"
    test = f"({p}, {'paired t-test' if numbers else MCNEMAR})"
    chance = f"not significant {test}" if pair.by_chance else f"significant {test}"
    if not pair.only_better and not pair.only_worse:
        same = "have the same error in every row" if numbers else "are correct for the same rows"
        return f"{better} and {worse} {same}."
    if numbers:
        likely = f"95 % interval {plain(pair.low)} to {plain(pair.high)}" if rows > 1 else "one row is too few to tell"
        where = f"closer in {pair.only_better:,} rows, less close in {pair.only_worse:,}"
        difference = f"mean absolute error of {better} is {plain(pair.difference)} lower than that of {worse}"
        return f"The {difference} ({likely}): {where}; {chance}."
    right = f"{better} is correct for {pair.only_better:,} rows that {worse} gets wrong"
    right += f", and wrong for {pair.only_worse:,} that {worse} gets right"
    if pair.only_better == pair.only_worse:
        return f"{right}: equally accurate."
    interval = f"95 % interval {100 * pair.low:.1f} to {100 * pair.high:.1f}"
    points = f"{100 * pair.difference:.1f} points more accurate, {interval}"
    return f"{right}: {points}; {chance}."


def _rows(out: Console, found: Comparison, names: list[str]) -> None:
    count, of = len(found.rows), found.source.rows
    rows = f"{count:,} row{'s' if count > 1 else ''} of {shortened(found.source.name, 60)}"
    out.print(Text(rows, "bold").append(f", target {shortened(found.target)}", "not bold"))
    if count < of:
        out.print(f"The other {of - count:,} are left out: training rows of a network, or without a known outcome.")
    learnt = [name for name, one in zip(names, found.of, strict=True) if one.fresh is False]
    unknown = [name for name, one in zip(names, found.of, strict=True) if one.fresh is None]
    if learnt:
        subjects = listed(learnt, 4, "and")
        were = "were" if len(learnt) > 1 else "was"
        out.print(f"{subjects} {were} trained on some of these rows, so the figures are too good.", style="yellow")
    if unknown:
        subjects, has = listed(unknown, 4, "and"), "have" if len(unknown) > 1 else "has"
        why = f"{subjects} {has} no stored rows, so training rows cannot be recognized and left out"
        out.print(f"{why}: the figures may be too good.", style="yellow")


def _figures(out: Console, found: Comparison, names: list[str]) -> None:
    """Print the figures of each network."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("  network", overflow="fold")
    if found.classes is None:
        for title in ("mean absolute error", "95 % interval", "RMSE"):
            table.add_column(title, justify="right")
        for place, name in enumerate(names):
            figures = found.figures(place)
            low, high = figures["likely"]
            likely = f"{plain(low)} to {plain(high)}" if len(found.rows) > 1 else ""
            table.add_row(f"  {name}", plain(figures["mae"]), likely, plain(figures["rmse"]))
        out.print(table)
        return
    for title in ("accuracy", "95 % interval", "wrong"):
        table.add_column(title, justify="right")
    for place, name in enumerate(names):
        figures = found.figures(place)
        wrong = len(found.rows) - int(found.right[place].sum())
        table.add_row(f"  {name}", share(figures["accuracy"]), between(*figures["likely"]), f"{wrong:,}")
    label, baseline = found.baseline
    table.add_row(f"  baseline: always {shortened(label)}", share(baseline), "", "", style="dim")
    out.print(table)


def _classes(out: Console, found: Comparison, names: list[str]) -> None:
    """Print the recall of each class by each network, and confusion matrices side by side where they fit."""
    classes = found.classes or ()
    matrices = [found.confusion(place) for place in range(len(names))]
    arrow = "->" if out.options.ascii_only else "→"
    out.print()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title_justify="left")
    table.add_column(f"{shortened(found.target)} is", style="dim", overflow="fold")
    table.add_column("rows", justify="right")
    # Matrices that are wider than the terminal would be folded beyond recognition.
    matrix = len(classes) <= MOST_CLASSES and len(names) * (9 * len(classes) + 12) < out.width
    for name in names:
        if matrix:
            for place, label in enumerate(classes):
                table.add_column(f"{name if place == 0 else ''}\n{arrow} {shortened(label, 12)}", justify="right")
        table.add_column("\nrecall" if matrix else name, justify="right", overflow="fold")
    for place, label in enumerate(classes):
        rows = int(matrices[0][place].sum())
        if not rows:
            continue
        cells: list[Any] = []
        for counts in matrices:
            if matrix:
                for other, count in enumerate(counts[place].tolist()):
                    cells.append(Text(f"{count:,}", "bold" if other == place else "" if count else "dim"))
            cells.append(Text(share(counts[place, place] / rows), "dim" if matrix else ""))
        table.add_row(f"  {shortened(label)}", f"{rows:,}", *cells)
    out.print(table)


def _disagreements(out: Console, found: Comparison, names: list[str], most: int) -> None:
    """Print the rows that are predicted differently, the largest differences first."""
    places = found.disagreements
    out.print()
    if not len(places):
        out.print("All rows are predicted alike.")
        return
    if not most:
        return
    numbers = found.classes is None
    difference = (
        "Rows with the largest differences between predictions"
        if numbers
        else f"Predictions differ in {len(places):,} of {len(found.rows):,} rows; largest differences first"
    )
    out.print(Text(difference, "bold"))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("  row", justify="right", no_wrap=True)
    table.add_column(shortened(found.target), justify="right" if numbers else "left", overflow="fold")
    for name in names:
        table.add_column(name, justify="right" if numbers else "left", overflow="fold")
    room = out.width - 10 - 16 * (len(names) + 1)
    columns = list(found.cells)[: max(0, min(MOST_COLUMNS, room // 12))]
    for name in columns:
        table.add_column(shortened(name, 12), style="dim", no_wrap=True)
    for place in places[:most].tolist():
        cells = [shortened(found.cells[name][place] or "", 12) for name in columns]
        table.add_row(f"  {found.rows[place]:,}", _truth(found, place), *_answers(found, place), *cells)
    out.print(table)
    if len(places) > most:
        out.print(f"  and {len(places) - most:,} more: --html writes them all", style="dim")


def _truth(found: Comparison, place: int) -> str:
    if found.classes is None:
        return plain(float(found.truth[place]))
    return shortened(found.classes[found.truth[place]], 16)


def _answers(found: Comparison, place: int) -> list[Text]:
    if found.classes is None or found.probabilities is None:
        return [Text(plain(float(answer))) for answer in found.answers[:, place]]
    lines = []
    for network, answer in enumerate(found.answers[:, place].tolist()):
        likely = share(float(found.probabilities[network, place, answer]))
        right = answer == found.truth[place]
        lines.append(Text(f"{shortened(found.classes[answer], 16)} ({likely})", "green" if right else "red"))
    return lines
