"""``neuralredis compare``: compare networks on the rows of a table, with a test of significance."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neuralredis import files
from neuralredis.cli.arguments import add_wishes, subcommand
from neuralredis.cli.extras import need
from neuralredis.cli.failure import Failure, complain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuralredis.cli.samples import Samples
    from neuralredis.network import Network
    from neuralredis.table.answered import Answered
    from neuralredis.table.column import Column
    from neuralredis.table.known import Known

__all__ = ["add_to"]

#: Default number of disagreements that are printed.
SHOWN = 10

DESCRIPTION = """\
Compare networks by their predictions for the rows of a table with outcomes: the error of each, whether the difference
is statistically significant, and the rows that they predict differently.

Rows that one of the networks was trained on are left out, unless there are no others. A network without fields takes
all columns but the one of --target, in their order.

Reports of earlier runs can be compared instead of networks: those of 'neuralredis evaluate --json --rows', and texts
from 'neuralredis sample --json'. --html writes the comparison as a page: one file that works offline."""

EPILOG = """\
examples:
  neuralredis compare a.nr b.nr --data rows.csv
  neuralredis compare a.nr b.nr --data rows.csv --html comparison.html
  neuralredis compare 'redis://localhost#live' new.nr --data rows.csv
  neuralredis compare january.json february.json
  neuralredis compare a.nr b.nr --data numbers.csv --target class"""


def add_to(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subcommand(subparsers, "compare", "compare networks on the rows of a table", DESCRIPTION, EPILOG)
    parser.add_argument(
        "networks",
        nargs="+",
        metavar="NET",
        help="two or more: files of networks, servers with a key (redis://localhost#key), or reports (.json)",
    )
    parser.add_argument("--data", metavar="DATA", help="a CSV, JSON lines or Parquet file that has the outcomes")
    parser.add_argument("--target", metavar="COLUMN", help="the column of the outcomes, for networks without fields")
    add_wishes(parser)
    parser.add_argument(
        "--show", type=int, default=SHOWN, metavar="N", help=f"disagreements to print (default: {SHOWN})"
    )
    parser.add_argument("--json", metavar="FILE", help="write the report as JSON; - prints it")
    parser.add_argument("--html", metavar="FILE", help="write the report as a page, one file")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Compare the networks or reports, and print or write the result."""
    need("cli", "pyarrow", "rich", feature="neuralredis compare")
    from neuralredis.cli import comparison, jsontext, samples, screen
    from neuralredis.table.comparing import compared

    if args.show < 0:
        raise Failure(f"--show {args.show}: expected 0 or more")
    _check_places(args)
    found = _found(args)
    drawn = [one for one in found if isinstance(one, samples.Samples)]
    if len(found) < 2 and not drawn:
        raise Failure(f"only {args.networks[0]} is given: expected two networks or more")
    if drawn and len(drawn) < len(found):
        raise Failure("sampled texts cannot be compared with networks or rows: expected reports of one kind")
    if drawn:
        content: dict[str, Any] = samples.as_json(drawn)
    else:
        made = compared([one for one in found if not isinstance(one, samples.Samples)])
        content = made.as_json()
    text = jsontext.report_text(content)
    if args.json == "-":
        print(text)
    elif args.json:
        files.replace(args.json, f"{text}\n".encode("utf-8", "surrogatepass"))
        complain(f"report written to {args.json}")
    if args.html:
        from neuralredis.cli import page

        files.replace(args.html, page.with_report("compare", text).encode("utf-8", "replace"))
        complain(f"page written to {args.html}: open it in a browser")
    if args.json == "-":
        return
    out = screen.console()
    if drawn:
        samples.show(out, drawn)
    else:
        comparison.show(out, made, args.show)


def _check_places(args: argparse.Namespace) -> None:
    """Raise `Failure` if an output file cannot be written or would overwrite an input."""
    from neuralredis.cli.places import check_folder, check_inputs

    inputs = dict.fromkeys(args.networks, "one of the networks or reports")
    if args.data:
        inputs[args.data] = "the table"
    for option, place in (("--json", args.json), ("--html", args.html)):
        if place and (option, place) != ("--json", "-"):
            check_folder(place, f"cannot write {place}")
            check_inputs(option, place, inputs)
    if args.json and args.html and Path(args.json).absolute() == Path(args.html).absolute():
        raise Failure(f"--json and --html both name {args.json}: expected two files")


def _found(args: argparse.Namespace) -> list[Answered | Samples]:
    """Return the predictions or samples of each network and report, in the order of the command line."""
    reports = {place: _reports(place) for place in args.networks if _is_report(place)}
    networks = [place for place in dict.fromkeys(args.networks) if place not in reports]
    for place, subject in (("--data", args.data), ("--target", args.target)):
        if subject is not None and not networks:
            raise Failure(f"{place} needs networks: reports have their rows in them")
    if networks and args.data is None:
        raise Failure(f"expected --data, the table whose rows {networks[0]} is to predict")
    answered = dict(zip(networks, _answered(networks, args), strict=True)) if networks else {}
    found: list[Answered | Samples] = []
    for place in args.networks:
        found += reports[place] if place in reports else [answered[place]]
    return found


def _is_report(place: str) -> bool:
    """Return whether a file is a report (a JSON object) rather than a network."""
    if "://" in place:
        return False
    with open(place, "rb") as file:
        return file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def _reports(place: str) -> Sequence[Answered | Samples]:
    """Return the reports in a file: one, or all reports of a comparison."""
    from neuralredis.cli import samples
    from neuralredis.table.answered import read_report
    from neuralredis.table.failure import TableError

    def non_finite(subject: str) -> float:
        raise ValueError(f"{subject} is not a JSON number")

    try:
        content = json.loads(Path(place).read_bytes(), parse_constant=non_finite)
        if content.get("report") == "samples":
            return samples.read(content)
        several = content.get("reports")
        return [read_report(one) for one in (several if isinstance(several, list) and several else [content])]
    except (TableError, Failure) as error:
        raise Failure(f"{place} {error}") from None
    except (ValueError, RecursionError) as error:
        raise Failure(f"{place} is not valid JSON: {error}") from None


def _answered(places: Sequence[str], args: argparse.Namespace) -> list[Answered]:
    """Return the predictions of networks for the rows of the table."""
    from neuralredis.cli import servers
    from neuralredis.cli.sources import opened
    from neuralredis.table.answered import Source, answered, cells_of
    from neuralredis.table.failure import TableError
    from neuralredis.table.values import taken

    loaded = {place: _network(place) for place in places}
    table = opened(args.data, header=_has_names(list(loaded.values())))
    columns = {name: table.column(name) for name in table.names}
    for name, _ in args.wishes:
        table.check(name)
    networks: list[Known] = []
    for place, network in loaded.items():
        try:
            one = _known(network, columns, args.target)
        except TableError as error:
            raise Failure(f"{servers.show_url(place)}: {error}") from None
        schema = one.schema.adapted(columns, table.delimiter, dict(args.wishes))
        networks.append(replace(one, schema=schema))
    target = networks[0].target
    for place, one in zip(places, networks, strict=True):
        if (one.target.name, one.target.kind) != (target.name, target.kind):
            subject, other = (f"'{each.target.name}' as {each.target.kind}" for each in (one, networks[0]))
            raise Failure(f"{servers.show_url(place)} predicts {subject}, and {servers.show_url(places[0])} {other}")
    table.check(target.name)
    inputs = [one.schema.rows(columns) for one in networks]
    known, truth = _truth(networks, columns[target.name])
    if not len(known):
        raise Failure(f"no row of {table.path} has an outcome in '{target.name}' that one of the networks can predict")
    learnt = []
    for one, values in zip(networks, inputs, strict=True):
        seen = np.zeros(len(known), bool)
        encoded = one.target.encode(columns[target.name])[known]
        # A network cannot store rows of a class that it does not have.
        of_its = encoded >= 0 if encoded.dtype.kind == "i" else np.ones(len(known), bool)
        rows = {name: taken(column, known[of_its]) for name, column in values.items()}
        if of_its.any():
            seen[of_its] = one.has(rows, encoded[of_its])
        learnt.append(seen)
        for line in one.schema.warnings_for(one.schema.unread(columns)):
            complain(line)
    fresh = ~np.any(learnt, axis=0)
    chosen = np.flatnonzero(fresh) if fresh.any() else np.arange(len(known))
    source, cells = Source.of(table, columns), cells_of(columns, target.name, known[chosen])
    right = truth[chosen] if isinstance(truth, np.ndarray) else tuple(truth[row] for row in chosen.tolist())
    return [
        answered(
            one,
            servers.name_of(place),
            source,
            columns,
            inputs=values,
            rows=known[chosen],
            truth=right,
            fresh=not seen[chosen].any() if one.network.info().training_dataset_len else None,
            cells=cells,
        )
        for place, one, values, seen in zip(places, networks, inputs, learnt, strict=True)
    ]


def _network(place: str) -> Network:
    """Return the network in a file, or at a server's URL with a key. Raise `Failure` for a network of sequences."""
    from neuralredis.cli import servers
    from neuralredis.sequences import SequenceNetwork

    network = servers.addressed(place)
    if isinstance(network, SequenceNetwork):
        raise Failure(
            f"{servers.show_url(place)} is a network of sequences: expected networks of rows. 'neuralredis sample' "
            "compares texts that networks of sequences generate"
        )
    return network


def _has_names(networks: Sequence[Network]) -> bool:
    """Return whether the table has a line of names: not if all fields are called ``field 1``, ``field 2``, ..."""
    from neuralredis.cli.sources import is_numbered

    names = [name for network in networks for name in network.fields or ()]
    return not names or not all(map(is_numbered, names))


def _known(network: Network, columns: Mapping[str, Column], target: str | None) -> Known:
    """Return a network with its fields; one without fields takes the columns in their order."""
    from neuralredis.cli import sources
    from neuralredis.table.failure import TableError
    from neuralredis.table.positions import by_position

    if network.fields is None and not network.notes:
        if target is None:
            raise TableError("the network has no fields: expected --target, the column of the outcomes")
        if target not in columns:
            raise TableError(f"the table has no column '{target}' for --target: its columns are {', '.join(columns)}")
        return by_position(network, columns, target)
    one = sources.known(network)
    if target is not None and one.target.name != target:
        raise TableError(f"the network predicts '{one.target.name}', not '{target}'")
    return one


def _truth(networks: Sequence[Known], column: Column) -> tuple[NDArray[np.int64], Any]:
    """Return the numbers of the rows whose outcome one of the networks can predict, and the outcomes."""
    from neuralredis.table.target import Classes, label_key

    labels: dict[str, str] = {}
    for one in networks:
        if isinstance(one.target, Classes):
            for label in one.target.labels:
                labels.setdefault(label_key(label), label)
    if not labels:
        numbers = networks[0].target.encode(column).astype(np.float64)
        known = np.flatnonzero(~np.isnan(numbers))
        return known, numbers[known]
    classes = Classes(name=column.name, labels=tuple(labels.values()))
    codes = classes.encode(column)
    known = np.flatnonzero(codes >= 0)
    return known, tuple(classes.labels[place] for place in codes[known].tolist())
