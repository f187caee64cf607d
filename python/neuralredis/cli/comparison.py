"""What a comparison of networks looks like in a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from neuralredis.cli.screen import between
from neuralredis.table.comparing import Comparison, Pair
from neuralredis.table.texts import listed, plain, share, shortened

__all__ = ["show"]

#: Classes of which matrices are shown side by side, and columns of the table shown beside disagreements.
MOST_CLASSES, MOST_COLUMNS = 6, 4
MCNEMAR = "McNemar's exact test"
#: Pairs of networks whose differences are told.
MOST_PAIRS = 10


def show(out: Console, found: Comparison, most: int) -> None:
    """Show how good each network is, whether the differences are chance, and the rows about which they disagree."""
    names = [shortened(name) for name in found.names]
    _rows(out, found, names)
    out.print()
    _figures(out, found, names)
    out.print()
    pairs = found.pairs
    for pair in pairs[:MOST_PAIRS]:
        line = told(pair, found.names, numbers=found.classes is None, rows=len(found.rows))
        out.print(Text(line, "yellow" if pair.by_chance else "green"))
    if len(pairs) > MOST_PAIRS:
        out.print(f"and {len(pairs) - MOST_PAIRS} more pairs", style="dim")
    if len(pairs) > 1:
        out.print("p-values are corrected for the number of pairs (Holm).", style="dim")
    if found.classes is not None:
        _classes(out, found, names)
    _disagreements(out, found, names, most)


def told(pair: Pair, names: tuple[str, ...], *, numbers: bool, rows: int) -> str:
    """Return what two networks differ in, in a sentence or two."""
    better, worse = (shortened(names[place]) for place in (pair.better, pair.worse))
    p = "p < 0.001" if pair.p < 0.001 else f"p = {pair.p:.2g}"
    test = f"({p}, {'paired t-test' if numbers else MCNEMAR})"
    chance = f"may be chance {test}" if pair.by_chance else f"not by chance {test}"
    if not pair.only_better and not pair.only_worse:
        same = "are equally far off in every row" if numbers else "are right about the same rows"
        return f"{better} and {worse} {same}."
    if numbers:
        likely = f"likely {plain(pair.low)} to {plain(pair.high)}" if rows > 1 else "one row tells little"
        where = f"closer in {pair.only_better:,} rows, farther off in {pair.only_worse:,}"
        return f"{better} is off by {plain(pair.difference)} less than {worse} ({likely}): {where}; {chance}."
    right = f"{better} is right about {pair.only_better:,} rows that {worse} gets wrong"
    right += f", wrong about {pair.only_worse:,} that it gets right"
    if pair.only_better == pair.only_worse:
        return f"{right}: as good."
    points = f"{100 * pair.difference:.1f} points better, likely {100 * pair.low:.1f} to {100 * pair.high:.1f}"
    return f"{right}: {points}; {chance}."


def _rows(out: Console, found: Comparison, names: list[str]) -> None:
    count, of = len(found.rows), found.source.rows
    rows = f"{count:,} row{'s' if count > 1 else ''} of {shortened(found.source.name, 60)}"
    out.print(Text(rows, "bold").append(f", target {shortened(found.target)}", "not bold"))
    if count < of:
        out.print(f"The other {of - count:,} one of the networks has learnt from, or their right answer is not known.")
    learnt = [name for name, one in zip(names, found.of, strict=True) if one.fresh is False]
    unknown = [name for name, one in zip(names, found.of, strict=True) if one.fresh is None]
    if learnt:
        who = listed(learnt, 4, "and")
        out.print(f"{who} learnt from some of these rows, so the figures are too good.", style="yellow")
    if unknown:
        who, has = listed(unknown, 4, "and"), "have" if len(unknown) > 1 else "has"
        why = f"{who} {has} no rows, so it is not known which of these {has} been learnt from"
        out.print(f"{why}: on those the figures are too good.", style="yellow")


def _figures(out: Console, found: Comparison, names: list[str]) -> None:
    """Show how good each network is."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("  network", overflow="fold")
    if found.classes is None:
        for title in ("off by, mean", "likely on other rows", "root mean square"):
            table.add_column(title, justify="right")
        for place, name in enumerate(names):
            figures = found.figures(place)
            low, high = figures["likely"]
            likely = f"{plain(low)} to {plain(high)}" if len(found.rows) > 1 else ""
            table.add_row(f"  {name}", plain(figures["mae"]), likely, plain(figures["rmse"]))
        out.print(table)
        return
    for title in ("right answers", "likely on other rows", "wrong"):
        table.add_column(title, justify="right")
    for place, name in enumerate(names):
        figures = found.figures(place)
        wrong = len(found.rows) - int(found.right[place].sum())
        table.add_row(f"  {name}", share(figures["accuracy"]), between(*figures["likely"]), f"{wrong:,}")
    label, baseline = found.baseline
    table.add_row(f"  always {shortened(label)}", share(baseline), "", "", style="dim")
    out.print(table)


def _classes(out: Console, found: Comparison, names: list[str]) -> None:
    """Show how many rows of each class are answered rightly, and the matrices side by side where these are small."""
    classes = found.classes or ()
    matrices = [found.confusion(place) for place in range(len(names))]
    arrow = "->" if out.options.ascii_only else "→"
    out.print()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title_justify="left")
    table.add_column(f"{shortened(found.target)} is", style="dim", overflow="fold")
    table.add_column("rows", justify="right")
    # Wider than the terminal they would be of no use.
    matrix = len(classes) <= MOST_CLASSES and len(names) * (9 * len(classes) + 12) < out.width
    for name in names:
        if matrix:
            for place, label in enumerate(classes):
                table.add_column(f"{name if place == 0 else ''}\n{arrow} {shortened(label, 12)}", justify="right")
        table.add_column("\nright" if matrix else name, justify="right", overflow="fold")
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
    """Show the rows that are answered differently, those first where the networks differ most."""
    places = found.disagreements
    out.print()
    if not len(places):
        out.print("They answer all rows alike.")
        return
    if not most:
        return
    numbers = found.classes is None
    what = (
        "Rows, those first where the answers are farthest apart"
        if numbers
        else f"They disagree about {len(places):,} of {len(found.rows):,} rows; first where they differ most"
    )
    out.print(Text(what, "bold"))
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
        out.print(f"  and {len(places) - most:,} more: --html shows them all", style="dim")


def _truth(found: Comparison, place: int) -> str:
    if found.classes is None:
        return plain(float(found.truth[place]))
    return shortened(found.classes[found.truth[place]], 16)


def _answers(found: Comparison, place: int) -> list[Text]:
    if found.classes is None or found.probabilities is None:
        return [Text(plain(float(answer))) for answer in found.answers[:, place]]
    said = []
    for network, answer in enumerate(found.answers[:, place].tolist()):
        likely = share(float(found.probabilities[network, place, answer]))
        right = answer == found.truth[place]
        said.append(Text(f"{shortened(found.classes[answer], 16)} ({likely})", "green" if right else "red"))
    return said
