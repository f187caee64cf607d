"""``neuralredis forecast``: forecast the next values of series."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuralredis.cli.arguments import add_network, add_order, add_wishes, subcommand
from neuralredis.cli.ask import percent
from neuralredis.cli.extras import need
from neuralredis.cli.failure import Failure

if TYPE_CHECKING:
    from neuralredis.results import Forecast
    from neuralredis.table.known_sequences import KnownSequences

__all__ = ["add_to"]

#: Steps that can be forecast at most.
MOST_STEPS = 10_000

DESCRIPTION = """\
Forecast the series that a network stores, or the series of a table.

The network comes from 'neuralredis train' with --time and a column of numbers as the target. A table must have the
columns that the network was trained on; forecasts start at the end of each series in it, and have times.

--interval 90 adds a 90 % prediction interval to each step, from the errors of forecasts on values that the network
was not trained on. Each step's interval holds by itself, not all of them together."""

EPILOG = """\
examples:
  neuralredis train load.csv --target kwh --time hour --season 24
  neuralredis forecast load.nr --steps 24 --interval 90
  neuralredis forecast load.nr newer.csv --steps 24 -o tomorrow.csv
  neuralredis forecast redis://localhost --key load --id meter:3"""


def add_to(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subcommand(subparsers, "forecast", "forecast the next values of series", DESCRIPTION, EPILOG)
    add_network(parser)
    parser.add_argument(
        "data", nargs="?", metavar="DATA", help="a table whose series to forecast instead of the stored ones"
    )
    add_wishes(parser)
    add_order(parser)
    parser.add_argument(
        "--steps", type=steps, default=12, metavar="N", help="number of values to forecast (default: 12)"
    )
    parser.add_argument("--interval", type=percent, metavar="PERCENT", help="add prediction intervals of this coverage")
    parser.add_argument("--id", action="append", metavar="ID", help="forecast this series only; can be repeated")
    parser.add_argument("-o", "--out", metavar="FILE", help="a .csv or .parquet file to write (default: print them)")
    parser.add_argument("--json", action="store_true", help="print them for a program")
    parser.set_defaults(run=run)


def steps(text: str) -> int:
    """Return a number of steps, 1 to `MOST_STEPS`."""
    number = int(text)
    if not 1 <= number <= MOST_STEPS:
        raise argparse.ArgumentTypeError(f"{text}: expected 1 to {MOST_STEPS}")
    return number


def run(args: argparse.Namespace) -> None:
    """Forecast the series, and print or write the values."""
    need("cli", "pyarrow", "rich", feature="neuralredis forecast")
    from neuralredis.cli import screen, sources
    from neuralredis.cli.places import check_folder, check_inputs
    from neuralredis.table.known_sequences import KnownSequences

    known = sources.with_names(args.network, args.key)
    if not isinstance(known, KnownSequences) or not known.is_series:
        raise Failure(
            f"{args.network} is not a network of series: expected one from 'neuralredis train TABLE --target COLUMN "
            "--time COLUMN', with a column of numbers as the target"
        )
    if args.out:
        if Path(args.out).suffix.lower() not in (".csv", ".parquet", ".tsv", ".txt"):
            raise Failure(f"--out {args.out}: expected a name with .csv or .parquet")
        check_folder(args.out, f"cannot write {args.out}")
        check_inputs("--out", args.out, {args.data or args.network: "the table", args.network: "the network"})
    if args.data is None and (args.sequence or args.time or args.wishes):
        raise Failure("--sequence, --time and --as need a table: expected one after the network")
    found, times = _of_table(args, known) if args.data else (_kept(args, known), {})
    if args.json:
        screen.print_json([_as_json(id, forecast, times.get(id)) for id, forecast in found.items()])
        if not args.out:
            return
    _show(args, known, found, times)


def _kept(args: argparse.Namespace, known: KnownSequences) -> dict[str, Forecast]:
    """Return the forecasts of the series that the network stores, by id."""
    from neuralredis.series import BEFORE

    kept, net = known.network.ids(), known.network
    # A series that was cut is stored as two; the earlier part, with the suffix, is continued by the other.
    earlier = BEFORE.decode()
    ids = args.id or [id for id in kept if not (id.endswith(earlier) and id.removesuffix(earlier) in kept)]
    if not ids:
        raise Failure(f"{args.network} stores no series: expected a table after it")
    for id in ids:
        if id not in kept:
            raise Failure(f"{args.network} stores no series '{id}': it has {_listed(kept, earlier)}")
    return {id: net.session(id).forecast(args.steps, level=args.interval) for id in ids}


def _listed(kept: list[str], earlier: str) -> str:
    from neuralredis.table.texts import listed

    return listed([f"'{id}'" for id in kept if not id.endswith(earlier)], 8, "and") or "none"


def _of_table(args: argparse.Namespace, known: KnownSequences) -> tuple[dict[str, Forecast], dict[str, list[str]]]:
    """Return the forecasts of the series of a table, and the times of the forecasts, both by id."""
    from neuralredis.cli.failure import complain
    from neuralredis.cli.sources import read_sequences_for
    from neuralredis.coming import future, texts

    given = read_sequences_for(known, args.data, args)
    for line in given.network.schema.warnings_for(given.network.schema.unread(given.columns)):
        complain(line)
    order, net = given.order, known.network
    if unknown := sorted(set(args.id or ()) - set(order.ids)):
        raise Failure(f"{args.data} has no series '{unknown[0]}'")
    values = given.events.values[known.target.name]
    found, times = {}, {}
    for at, id in enumerate(order.ids):
        if args.id and id not in args.id:
            continue
        span = order.span(at)
        found[id] = net.forecast(values[span][-net.length :].tolist(), args.steps, level=args.interval)
        if order.times is not None:
            try:
                times[id] = texts(future(order.times[span], args.steps, id))
            except ValueError as error:
                complain(f"{error}; steps are counted instead")
    return found, times


def _as_json(id: str, forecast: Forecast, times: list[str] | None) -> dict[str, Any]:
    content: dict[str, Any] = {"id": id, "values": forecast.values}
    if times is not None:
        content["times"] = times
    return content if forecast.low is None else {**content, "low": forecast.low, "high": forecast.high}


def _show(
    args: argparse.Namespace, known: KnownSequences, found: dict[str, Forecast], times: dict[str, list[str]]
) -> None:
    """Write the forecasts into a file, or print them as CSV."""
    import sys

    import numpy as np
    import pyarrow as pa

    from neuralredis import files
    from neuralredis.cli.failure import complain
    from neuralredis.cli.sequences import written
    from neuralredis.table.reading import Table
    from neuralredis.table.writing import rounded

    when = [times.get(id, [str(step + 1) for step in range(args.steps)]) for id in found]
    name, sequence = known.target.name, known.by.sequence
    cells = {(known.by.time if times else None) or "step": [one for some in when for one in some]}
    if sequence or len(found) > 1:
        cells = {sequence or "series": [id for id in found for _ in range(args.steps)]} | cells
    names, columns = (
        [f"predicted {name}"],
        [rounded(np.concatenate([forecast.values for forecast in found.values()]).tolist())],
    )
    if args.interval is not None:
        names += ["low", "high"]
        columns += [rounded(np.concatenate([forecast.low for forecast in found.values()]).tolist())]
        columns += [rounded(np.concatenate([forecast.high for forecast in found.values()]).tolist())]
    table = Table("forecasts", pa.table(cells))
    if args.out:
        files.replace(args.out, written(table, names, list(columns), args.out))
        complain(f"{len(table):,} forecasts written to {args.out}")
    else:
        sys.stdout.write(written(table, names, list(columns)).decode())
