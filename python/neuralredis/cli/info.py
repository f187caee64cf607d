"""``neuralredis info``: what a network is, and what its inputs are."""

from __future__ import annotations

import argparse
from typing import Any

from neuralredis.cli.arguments import add_network, subcommand
from neuralredis.cli.extras import need
from neuralredis.cli.failure import complain

__all__ = ["add_to"]

DESCRIPTION = """\
Show what a network is, how good it was when it was trained, and which number each column is for it: what NR.RUN in a
server, or net.run in Python, have to be given, in that order."""

EPILOG = """\
examples:
  neuralredis info net.nr
  neuralredis info redis://localhost --key net --json"""


def add_to(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subcommand(subparsers, "info", "show what a network is", DESCRIPTION, EPILOG)
    add_network(parser)
    parser.add_argument("--json", action="store_true", help="print it for a program")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Show it."""
    need("cli", "pyarrow", "rich", what="neuralredis info")
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from neuralredis.cli import screen, servers, sources
    from neuralredis.cli.naming import named
    from neuralredis.table.failure import TableError
    from neuralredis.table.kinds import shortened
    from neuralredis.table.target import Classes, described
    from neuralredis.table.texts import plain, share

    network = servers.network(args.network, args.key)
    info, report = network.info(), network.report()
    encoding, why = None, ""
    try:
        encoding = sources.encoding_of(network)
    except TableError as error:
        why = str(error) if network.notes else ""
    if args.json:
        content: dict[str, Any] = dict(vars(info))
        if report is not None:
            content["report"] = {key: value for key, value in vars(report).items() if key != "curve"}
        if encoding is not None:
            labels = list(encoding.target.labels) if isinstance(encoding.target, Classes) else None
            content["target"] = {"name": encoding.target.name, "classes": labels}
            content["inputs"] = encoding.inputs()
            content["results"] = encoding.results
            content["training_warnings"] = [named(warning, encoding) for warning in info.training_warnings]
            if report is not None:
                content["report"]["warnings"] = [named(warning, encoding) for warning in report.warnings]
        elif why:
            complain(f"{servers.show_url(args.network)}: {why}")
        screen.print_json(content)
        return
    out = screen.console()
    layout = "-".join(map(str, info.layout))
    members = f", {info.members} of them that answer together" if info.members > 1 else ""
    out.print(
        Text(f"{info.type} of {layout} units", "bold").append(f" ({info.parameters:,} parameters{members})", "not bold")
    )
    learnt, stop = info.training_dataset_len, info.test_dataset_len
    rows = f"{learnt:,} rows to learn from, {stop:,} that tell when to stop" if learnt + stop else "no rows"
    out.print(f"It has {rows}, and takes {info.memory_bytes / 1e6:.1f} MB.")
    if report is not None:
        back = (
            f", of which it has the weights of cycle {report.best_cycle:,}" if report.best_cycle < report.cycles else ""
        )
        out.print(f"Its last training took {report.cycles:,} cycles and {report.seconds:.1f} s{back}.")
    else:
        out.print("It has not been trained.")
    if info.fields is not None:
        # Names are of who made the network, and may hold anything.
        of = [f"{shortened(name)} ({kind})" for name, kind in info.fields.items()]
        targets = [info.target] if isinstance(info.target, str) else info.target or ()
        out.print(f"It takes {', '.join(of)}, and answers {', '.join(map(shortened, targets))}.")
        return
    if encoding is None:
        what = f": {why}." if why else ", and does not say what they are."
        out.print(f"It takes {info.layout[0]:,} numbers{what}")
        return
    results = encoding.results
    target, data = shortened(encoding.target.name), shortened(str(results.get("data", "a table")))
    out.print(f"It answers {target} ({described(encoding.target)}), from {data}.")
    figures = {name: value for name, value in results.items() if isinstance(value, int | float)}
    told = ""
    if {"accuracy", "baseline", "kept"} <= figures.keys():
        told = f"{share(figures['accuracy'])} right; always answering the commonest, {share(figures['baseline'])}"
        told += f"; AUC {figures['auc']:.2f}" if "auc" in figures else ""
    elif {"rmse", "baseline", "kept"} <= figures.keys():
        told = f"off by {plain(figures['rmse'])} (RMSE); always answering the mean, by {plain(figures['baseline'])}"
    if told:
        out.print(f"On {figures['kept']:,} rows kept back: {told}.")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("#", justify="right", style="dim")
    table.add_column("input", overflow="fold")
    table.add_column("of a column that is", overflow="fold")
    for kind, block in encoding.blocks():
        for place, name in zip(range(block.start, block.stop), kind.inputs(), strict=True):
            table.add_row(
                str(place), shortened(name, 80), f"{kind.title}: {kind.detail()}" if place == block.start else ""
            )
    out.print(table)
    if isinstance(encoding.target, Classes):
        out.print("Classes, in the order of the outputs: " + ", ".join(map(shortened, encoding.target.labels[:40])))
