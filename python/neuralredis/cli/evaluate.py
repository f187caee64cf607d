"""``neuralredis evaluate``: evaluate a network on the rows of a table."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from neuralredis.cli.arguments import add_cost, add_network, add_order, add_wishes, check_cost, check_rows, subcommand
from neuralredis.cli.extras import need
from neuralredis.cli.failure import Failure

__all__ = ["add_to"]

DESCRIPTION = """\
Evaluate a network on the rows of a table that has the outcomes.

Rows that the network was trained on are left out, since results on them are too good; if there are no others, they are
used, with a note. For a network of sequences, sequences whose ids it stores are left out.

--json --rows includes each row's prediction: a report that 'neuralredis compare' reads."""

EPILOG = """\
examples:
  neuralredis evaluate net.nr fresh.csv
  neuralredis evaluate net.nr fresh.csv --json
  neuralredis evaluate net.nr fresh.csv --json --rows > january.json"""


def add_to(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subcommand(subparsers, "evaluate", "evaluate a network on a table", DESCRIPTION, EPILOG)
    add_network(parser)
    add_wishes(parser)
    add_order(parser)
    parser.add_argument("data", metavar="DATA", help="a CSV, JSON lines or Parquet file that has the outcomes")
    add_cost(parser)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--rows", action="store_true", help="with --json: include each row's cells and prediction")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Evaluate the network, and print the figures."""
    if args.rows and not args.json:
        raise Failure("--rows needs --json")
    need("cli", "pyarrow", "rich", feature="neuralredis evaluate")
    from neuralredis.cli import jsontext, screen, sequences, servers
    from neuralredis.cli.sources import read_for, with_names
    from neuralredis.table import judging
    from neuralredis.table.answered import Source, answered
    from neuralredis.table.known_sequences import KnownSequences
    from neuralredis.table.target import Classes
    from neuralredis.table.texts import shortened
    from neuralredis.table.values import taken

    named = with_names(args.network, args.key)
    if isinstance(named, KnownSequences):
        if args.rows:
            raise Failure("--rows needs a network of rows, and this one learns from sequences")
        sequences.evaluate(args, named)
        return
    check_rows(args)
    given = read_for(named, args.data, args.wishes)
    network, table = given.network, given.table
    target = network.target
    table.check(target.name)
    answers = target.encode(given.columns[target.name])
    known = answers >= 0 if isinstance(target, Classes) else ~np.isnan(answers)
    y = answers[known]
    rows = {name: taken(values, np.flatnonzero(known)) for name, values in given.rows.items()}
    if not len(y):
        raise Failure(f"no row of {table.path} has an outcome in '{target.name}' that the network can predict")
    learnt = network.has(rows, y)
    fresh = ~learnt if not learnt.all() else learnt
    rows, y = {name: taken(values, np.flatnonzero(fresh)) for name, values in rows.items()}, y[fresh]
    # Without stored rows, training rows cannot be recognized.
    knows = network.network.info().training_dataset_len > 0
    check_cost(args.cost, target.name, target.labels if isinstance(target, Classes) else ())
    found = judging.judge(network, rows, y, args.cost)
    importance = judging.importance(network, rows, y, 0, by_ranking=found.by_ranking)
    if args.json:
        content = {"rows": found.evaluation.rows, **found.as_json(), "target": target.name}
        if isinstance(target, Classes):
            content["classes"] = list(target.labels)
        content |= {"importance": importance, "importance_measure": found.measure}
        content |= {"learnt_from": int(learnt.sum()), "fresh": bool(not learnt.all())} if knows else {"fresh": None}
        content |= {"without_answer": int((~known).sum()), "network": servers.name_of(args.network, args.key)}
        source = Source.of(table, given.columns)
        content["table"] = vars(source)
        if not args.rows:
            screen.print_json(content)
            return
        truth = tuple(target.labels[place] for place in y.tolist()) if isinstance(target, Classes) else y
        places = np.flatnonzero(known)[fresh]
        printed = answered(
            network,
            content["network"],
            source,
            given.columns,
            inputs=given.rows,
            rows=places,
            truth=truth,
            fresh=content["fresh"],
        )
        print(jsontext.report_text({**content, **printed.as_json()}))
        return
    out = screen.console()
    for line in network.schema.warnings_for(network.schema.unread(given.columns)):
        out.print(line, style="yellow")
    if not known.all():
        unknown = list(given.columns[target.name].take(np.flatnonzero(~known)).counts)
        such = f", or one that the network does not know, such as '{shortened(unknown[0])}'" if unknown else ""
        out.print(f"{int((~known).sum()):,} rows have no outcome in '{target.name}'{such}: left out.")
    if not knows:
        out.print(
            "This network was saved without its rows, so training rows cannot be recognized and left out: "
            "the figures may be too good.",
            style="yellow",
        )
    elif learnt.all():
        out.print(
            "The network was trained on all of these rows, so the figures are too good: evaluate it on fresh rows.",
            style="yellow",
        )
    elif learnt.any():
        out.print(f"{int(learnt.sum()):,} rows are training or validation rows of the network: left out.")
    count = len(y)
    fresh_ = "" if learnt.all() or not knows else "fresh "
    screen.judgement(out, target, found, f"{count:,} {fresh_}row{'s' if count > 1 else ''} of {table.path}")
    if count > 1:
        out.print()
        screen.importance_table(out, target, importance, by_ranking=found.by_ranking)
