"""``neuralredis evaluate``: how good a network is on the rows of a table."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from neuralredis.cli.arguments import add_cost, add_network, add_order, add_wishes, check_cost, check_rows, subcommand
from neuralredis.cli.extras import need
from neuralredis.cli.failure import Failure

__all__ = ["add_to"]

DESCRIPTION = """\
Tell how good a network is on the rows of a table, which has the right answers.

Rows that the network was trained on are recognized and left out, since results on them are too good; if there are no
others, they are taken, and that is said. Of a network of sequences, those that it keeps are left out by their ids.

With --json --rows the answer to each row is told, too: 'neuralredis compare' takes such reports."""

EPILOG = """\
examples:
  neuralredis evaluate net.nr fresh.csv
  neuralredis evaluate net.nr fresh.csv --json
  neuralredis evaluate net.nr fresh.csv --json --rows > january.json"""


def add_to(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subcommand(subparsers, "evaluate", "tell how good a network is", DESCRIPTION, EPILOG)
    add_network(parser)
    add_wishes(parser)
    add_order(parser)
    parser.add_argument("data", metavar="DATA", help="a CSV, JSON lines or Parquet file with the right answers")
    add_cost(parser)
    parser.add_argument("--json", action="store_true", help="print the figures for a program")
    parser.add_argument("--rows", action="store_true", help="with --json: and the cells of each row, and its answer")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Tell how good it is."""
    if args.rows and not args.json:
        raise Failure("--rows is of --json: expected both")
    need("cli", "pyarrow", "rich", what="neuralredis evaluate")
    from neuralredis.cli import jsontext, screen, sequences, servers
    from neuralredis.cli.sources import asked, with_names
    from neuralredis.table import judging
    from neuralredis.table.answered import Source, answered
    from neuralredis.table.known_sequences import KnownSequences
    from neuralredis.table.target import Classes
    from neuralredis.table.texts import shortened
    from neuralredis.table.values import taken

    named = with_names(args.network, args.key)
    if isinstance(named, KnownSequences):
        if args.rows:
            raise Failure("--rows is for networks that learn from rows, and this one learns from sequences")
        sequences.evaluate(args, named)
        return
    check_rows(args)
    question = asked(named, args.data, args.wishes)
    network, table = question.network, question.table
    target = network.target
    table.check(target.name)
    answers = target.encode(question.columns[target.name])
    known = answers >= 0 if isinstance(target, Classes) else ~np.isnan(answers)
    y = answers[known]
    rows = {name: taken(values, np.flatnonzero(known)) for name, values in question.rows.items()}
    if not len(y):
        raise Failure(f"{table.path} has no row with an answer that the network knows in '{target.name}'")
    learnt = network.has(rows, y)
    fresh = ~learnt if not learnt.all() else learnt
    rows, y = {name: taken(values, np.flatnonzero(fresh)) for name, values in rows.items()}, y[fresh]
    # Without rows it is not known which of these it has learnt from.
    knows = network.network.info().training_dataset_len > 0
    check_cost(args.cost, target.name, target.labels if isinstance(target, Classes) else ())
    found = judging.judge(network, rows, y, args.cost)
    worth = judging.importance(network, rows, y, 0, by_ranking=found.by_ranking)
    if args.json:
        content = {"rows": found.evaluation.rows, **found.as_json(), "target": target.name}
        if isinstance(target, Classes):
            content["classes"] = list(target.labels)
        content |= {"importance": worth, "importance_measure": found.measure}
        content |= {"learnt_from": int(learnt.sum()), "fresh": bool(not learnt.all())} if knows else {"fresh": None}
        content |= {"without_answer": int((~known).sum()), "network": servers.name_of(args.network, args.key)}
        source = Source.of(table, question.columns)
        content["table"] = vars(source)
        if not args.rows:
            screen.print_json(content)
            return
        truth = tuple(target.labels[place] for place in y.tolist()) if isinstance(target, Classes) else y
        places = np.flatnonzero(known)[fresh]
        told = answered(
            network,
            content["network"],
            source,
            question.columns,
            inputs=question.rows,
            rows=places,
            truth=truth,
            fresh=content["fresh"],
        )
        print(jsontext.report_text({**content, **told.as_json()}))
        return
    out = screen.console()
    for line in network.schema.told(network.schema.unread(question.columns)):
        out.print(line, style="yellow")
    if not known.all():
        unknown = list(question.columns[target.name].take(np.flatnonzero(~known)).counts)
        such = f", or one that it does not know, such as '{shortened(unknown[0])}'" if unknown else ""
        out.print(f"{int((~known).sum()):,} rows have no answer in '{target.name}'{such}: left out.")
    if not knows:
        out.print(
            "This network was saved without its rows, so rows that it was trained on cannot be told from others. "
            "On those it does better than it would on new ones.",
            style="yellow",
        )
    elif learnt.all():
        out.print(
            "The network was trained on all of these rows, so the figures are too good: evaluate it on other rows.",
            style="yellow",
        )
    elif learnt.any():
        out.print(f"{int(learnt.sum()):,} rows are among those that it learnt from: left out.")
    count = len(y)
    name = f"{count:,} row{'s' if count > 1 else ''} of {table.path}"
    screen.judgement(out, target, found, name if learnt.all() or not knows else f"{name} that it has not seen")
    if count > 1:
        out.print()
        screen.importance_table(out, target, worth, by_ranking=found.by_ranking)
