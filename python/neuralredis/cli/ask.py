"""``neuralredis ask``: one row, typed in, and its answer."""

from __future__ import annotations

import argparse
import contextlib
import sys
from typing import TYPE_CHECKING, Any

from neuralredis.cli.arguments import add_network, subcommand
from neuralredis.cli.extras import need
from neuralredis.cli.failure import complain

if TYPE_CHECKING:
    from rich.console import Console

    from neuralredis.network import Network
    from neuralredis.table.encoding import Encoding
    from neuralredis.table.kinds import Kind

__all__ = ["add_to"]

#: Answers shown, the likeliest first.
MOST = 8

DESCRIPTION = """\
Ask a network about one row after the other: type the value of each column, and see the answer, and how sure it is.

Return alone stands for a value that is not known. Ctrl-D ends it. From a pipe it reads a line for each column."""

EPILOG = """\
examples:
  neuralredis ask net.nr
  printf '3\\nfemale\\n30\\n' | neuralredis ask net.nr"""


def add_to(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subcommand(subparsers, "ask", "type a row, see the answer", DESCRIPTION, EPILOG)
    add_network(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Ask, until there is nothing more to ask."""
    need("cli", "pyarrow", "rich", what="neuralredis ask")
    from neuralredis.cli import screen
    from neuralredis.cli.sources import with_encoding
    from neuralredis.table.kinds import shortened
    from neuralredis.table.target import described

    network, encoding = with_encoding(args.network, args.key)
    out = screen.console()
    typing = sys.stdin.isatty()
    if typing:
        # Keys that edit a line and bring back those before.
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401
        out.print(f"What is {shortened(encoding.target.name)} ({described(encoding.target)})?")
        out.print("Type what is known of a row; Return where nothing is known, Ctrl-D to end.")
    while True:
        cells: dict[str, str] = {}
        try:
            for kind in encoding.columns:
                cells[kind.name] = _typed(out, kind, typing)
        except EOFError:
            # A pipe may end early: what is missing is not known.
            if typing or not cells:
                if typing:
                    out.print()
                return
        _answer(out, network, encoding, cells)
        if typing:
            out.print()


def _typed(out: Console, kind: Kind, typing: bool) -> str:
    """Return what is typed for a column, which is asked for again until it can be understood."""
    from neuralredis.table.kinds import shortened

    if not typing:
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        text = line.strip()
        if text and not kind.understands(text):
            complain(f"'{text}' for {kind.name}: expected {kind.hint()}")
        return text
    while True:
        out.print(shortened(kind.name, 60), style="bold", end=" ")
        out.print(f"({kind.hint()})", style="dim", end="")
        text = input(": ").strip()
        if not text or kind.understands(text):
            return text
        if kind.kind == "category":
            out.print("  not among those learnt from: taken for another", style="yellow")
            return text
        out.print(f"  '{text}' is not {kind.hint().split(',')[0]}; Return if it is not known", style="yellow")


def _answer(out: Console, network: Network, encoding: Encoding, cells: dict[str, str]) -> None:
    from rich.text import Text

    from neuralredis.cli import screen
    from neuralredis.table.column import Column
    from neuralredis.table.kinds import shortened
    from neuralredis.table.target import Classes
    from neuralredis.table.texts import share

    columns = {kind.name: Column.of(kind.name, [cells.get(kind.name, "")]) for kind in encoding.columns}
    outputs = network.run(encoding.encode(columns))[0].tolist()
    target = encoding.target
    if not isinstance(target, Classes):
        off = encoding.results.get("rmse")
        usual = f"   usually off by {target.written(off)}" if isinstance(off, int | float) else ""
        out.print(
            Text(f"{shortened(target.name)}: {target.written(outputs[0])}", "bold green").append(usual, "dim not bold")
        )
        if not target.low <= outputs[0] <= target.high:
            low, high = target.written(target.low), target.written(target.high)
            out.print(f"  beyond all that it learnt from, {low} to {high}: a guess", style="yellow")
        return
    ranked = sorted(zip(outputs, target.labels, strict=True), key=lambda pair: -pair[0])
    width = max(len(shortened(label)) for _, label in ranked[:MOST])
    out.print(Text(f"{shortened(target.name)}: {shortened(ranked[0][1])}", "bold green"))
    for likely, label in ranked[:MOST]:
        drawn = screen.bar(likely, 30, ascii_only=out.options.ascii_only)
        out.print(Text(f"  {shortened(label):{width}} {share(likely):>7} ").append(drawn, "cyan"))
