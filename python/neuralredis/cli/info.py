"""``neuralredis info``: what a network is, and what its inputs are."""

from __future__ import annotations

import argparse
from typing import Any

from neuralredis.cli.arguments import add_network, subcommand
from neuralredis.cli.extras import need
from neuralredis.cli.failure import complain

__all__ = ["add_to"]

DESCRIPTION = """\
Show what a network is, how good it is on the rows that told when to stop, and which fields it goes by: what NR.RUN in a
server, or net.run in Python, take by these names."""

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
    from neuralredis.results import ClassifierEvaluation
    from neuralredis.sequences import SequenceNetwork
    from neuralredis.table.failure import TableError
    from neuralredis.table.target import Classes, described
    from neuralredis.table.texts import plain, share, shortened

    network = servers.network(args.network, args.key)
    info, report = network.info(), network.report()
    known, why = None, ""
    try:
        known = sources.known(network)
    except TableError as error:
        why = str(error) if network.notes else ""
    if args.json:
        content: dict[str, Any] = dict(vars(info))
        if report is not None:
            content["report"] = {key: value for key, value in vars(report).items() if key != "curve"}
        if known is not None:
            content["fields"] = {field.name: field.kind for field in known.schema.fields}
            content["target"] = known.target.name
            content["classes"] = list(known.target.labels) if isinstance(known.target, Classes) else None
        elif why:
            complain(f"{servers.show_url(args.network)}: {why}")
        if isinstance(network, SequenceNetwork):
            content |= {"length": network.length, "cell": network.cell}
        screen.print_json(content)
        return
    out = screen.console()
    layout = "-".join(map(str, info.layout))
    members = f", {info.members} of them that answer together" if info.members > 1 else ""
    out.print(
        Text(f"{info.type} of {layout} units", "bold").append(f" ({info.parameters:,} parameters{members})", "not bold")
    )
    learnt, stop = info.training_dataset_len, info.test_dataset_len
    what = "sequences" if isinstance(network, SequenceNetwork) else "rows"
    rows = (
        f"{learnt:,} {what[: -1 if learnt == 1 else None]} to learn from, {stop:,} that tell when to stop"
        if learnt + stop
        else f"no {what}"
    )
    out.print(f"It has {rows}, and takes {info.memory_bytes / 1e6:.1f} MB.")
    if report is not None:
        back = (
            f", of which it has the weights of cycle {report.best_cycle:,}" if report.best_cycle < report.cycles else ""
        )
        out.print(f"Its last training took {report.cycles:,} cycles and {report.seconds:.1f} s{back}.")
    else:
        out.print("It has not been trained.")
    if known is None:
        means = f": {why}." if why else ", and does not say what they are."
        out.print(f"It takes {info.layout[0]:,} numbers{means}")
        return
    target = known.target
    out.print(f"It answers {shortened(target.name)} ({described(target)}).")
    if isinstance(network, SequenceNetwork):
        out.print(f"It sees the last {network.length:,} events of a sequence, by the cell {network.cell}.")
    if stop and report is not None:
        found, of = (
            network.evaluate("test"),
            f"On the {stop:,} {what[: -1 if stop == 1 else None]} that told when to stop",
        )
        if isinstance(found, ClassifierEvaluation):
            baseline = f"always answering the commonest, {share(found.baseline)}"
            out.print(f"{of}: {share(found.accuracy)} right; {baseline}.")
        else:
            baseline = f"always answering the mean, by {plain(found.baseline)}"
            out.print(f"{of}: off by {plain(found.rmse)} (RMSE); {baseline}.")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("field", overflow="fold")
    table.add_column("kind", overflow="fold")
    table.add_column("", overflow="fold")
    for field in known.schema.fields:
        table.add_row(shortened(field.name, 80), field.kind, field.detail)
    out.print(table)
    if isinstance(target, Classes):
        out.print("Classes, in the order of the outputs: " + ", ".join(map(shortened, target.labels[:40])))
