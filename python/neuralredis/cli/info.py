"""``neuralredis info``: show a network's layout, rows, errors and fields."""

from __future__ import annotations

import argparse
from typing import Any

from neuralredis.cli.arguments import add_network, subcommand
from neuralredis.cli.extras import need
from neuralredis.cli.failure import complain

__all__ = ["add_to"]

DESCRIPTION = """\
Show a network's layout, its stored rows, its error on the validation rows, and its fields: the names that NR.RUN in a
server, and net.run in Python, take values by."""

EPILOG = """\
examples:
  neuralredis info net.nr
  neuralredis info redis://localhost --key net --json"""


def add_to(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subcommand(subparsers, "info", "show a network's layout, rows and fields", DESCRIPTION, EPILOG)
    add_network(parser)
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Print the information about the network."""
    need("cli", "pyarrow", "rich", feature="neuralredis info")
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
        content: dict[str, Any] = {**vars(info), "restarts": info.restarts}
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
    members = f", ensemble of {info.members}" if info.members > 1 else ""
    out.print(
        Text(f"{info.type}, {layout} units", "bold").append(f" ({info.parameters:,} parameters{members})", "not bold")
    )
    learnt, stop = info.training_dataset_len, info.test_dataset_len
    unit = "sequences" if isinstance(network, SequenceNetwork) else "rows"
    rows = (
        f"{learnt:,} training {unit[: -1 if learnt == 1 else None]} and {stop:,} validation "
        f"{unit[: -1 if stop == 1 else None]}"
        if learnt + stop
        else f"no {unit}"
    )
    out.print(f"It stores {rows}, and takes {info.memory_bytes / 1e6:.1f} MB.")
    if report is not None:
        back = f"; the weights are those of cycle {report.best_cycle:,}" if report.best_cycle < report.cycles else ""
        out.print(f"Its last training took {report.cycles:,} cycles and {report.seconds:.1f} s{back}.")
    else:
        out.print("It has not been trained.")
    if known is None:
        means = f": {why}." if why else ", and has no fields."
        out.print(f"It takes {info.layout[0]:,} numbers{means}")
        return
    target = known.target
    out.print(f"It predicts {shortened(target.name)} ({described(target)}).")
    if isinstance(network, SequenceNetwork):
        out.print(f"It uses the last {network.length:,} events of a sequence (cell: {network.cell}).")
    if stop and report is not None:
        found, of = (
            network.evaluate("test"),
            f"On the {stop:,} validation {unit[: -1 if stop == 1 else None]}",
        )
        if isinstance(found, ClassifierEvaluation):
            baseline = f"baseline (the most common class) {share(found.baseline)}"
            out.print(f"{of}: accuracy {share(found.accuracy)}, {baseline}.")
        else:
            baseline = f"baseline (the mean) {plain(found.baseline)}"
            out.print(f"{of}: RMSE {plain(found.rmse)}, {baseline}.")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("field", overflow="fold")
    table.add_column("kind", overflow="fold")
    table.add_column("", overflow="fold")
    for field in known.schema.fields:
        table.add_row(shortened(field.name, 80), field.kind, field.detail)
    out.print(table)
    if isinstance(target, Classes):
        out.print("Classes, in the order of the outputs: " + ", ".join(map(shortened, target.labels[:40])))
        if info.threshold != 0.5:
            out.print(
                f"Threshold: it predicts {shortened(target.labels[1])} from a probability of {info.threshold:g} on."
            )
