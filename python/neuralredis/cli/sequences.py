"""Predict, evaluate and ask with networks of sequences."""

from __future__ import annotations

import argparse
import contextlib
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from neuralredis import _core, files
from neuralredis.cli import ask as rows
from neuralredis.cli import screen
from neuralredis.cli.arguments import check_cost
from neuralredis.cli.failure import Failure, complain
from neuralredis.cli.predict import answers_of
from neuralredis.cli.sources import SequenceInput, read_sequences_for
from neuralredis.results import ClassifierEvaluation
from neuralredis.session import id_of
from neuralredis.statistics import wilson
from neuralredis.table import judging
from neuralredis.table.column import Column
from neuralredis.table.conventions import Conventions
from neuralredis.table.judging import Judgement
from neuralredis.table.known_sequences import KnownSequences
from neuralredis.table.sequences import Events, outcomes
from neuralredis.table.target import Classes, described
from neuralredis.table.texts import share, shortened

if TYPE_CHECKING:
    from rich.console import Console

    from neuralredis.table.reading import Table

__all__ = ["ask", "beside", "evaluate", "judged", "predict", "written"]

#: Classes that are printed at most, the most probable first.
MOST = 8
#: The word that separates events on the command line.
THEN = "then"


def predict(args: argparse.Namespace, network: KnownSequences) -> None:
    """Predict each sequence of a table, and print or write the predictions."""
    given = read_sequences_for(network, args.data, args)
    for line in given.network.schema.warnings_for(given.network.schema.unread(given.columns)):
        complain(line)
    ids = beside(given)
    answers = answers_of(given.network, given.network.run(given.events), ids.names)
    if args.json:
        found = answers.as_json()
        screen.print_json([{"id": id, **one} for id, one in zip(given.order.ids, found, strict=True)])
        if not args.out:
            return
    if args.out:
        files.replace(args.out, written(ids, answers.names, answers.columns, args.out))
        complain(f"{len(ids):,} predictions written to {args.out}")
    elif not args.json:
        sys.stdout.write(written(ids, answers.names, answers.columns).decode("utf-8", "replace"))


def beside(given: SequenceInput) -> Table:
    """Return a table with one row for each sequence: its id."""
    import pyarrow as pa

    name = given.network.by.sequence or "sequence"
    return replace(given.table, cells=pa.table({name: pa.array(given.order.ids, pa.string())}))


def written(table: Table, names: list[str], columns: list[list[Any]], place: str = "") -> bytes:
    """Return a table with new columns as bytes, in the format of the suffix of `place`: Parquet, TSV or CSV."""
    from neuralredis.table import writing

    if place.lower().endswith(".parquet"):
        return writing.parquet(table, names, columns)
    delimiter = "\t" if place.lower().endswith(".tsv") else None
    newline = None if place else "\n"
    return writing.csv_text(table, names, columns, delimiter=delimiter, newline=newline).encode()


def evaluate(args: argparse.Namespace, network: KnownSequences) -> None:
    """Evaluate a network on the sequences of a table, and print the figures."""
    given = read_sequences_for(network, args.data, args)
    known, order, target = given.network, given.order, network.target
    given.table.check(target.name)
    if known.is_series:
        raise Failure(
            f"'{target.name}' is a series: 'neuralredis train' evaluates its forecasts, and "
            f"'neuralredis forecast {args.network} {args.data}' makes them"
        )
    check_cost(args.cost, target.name, target.labels if isinstance(target, Classes) else ())
    answers, unanswered = None, 0
    learnt = np.isin([id_of(id) for id in order.ids], _core.sequence_ids(known.network))
    used = np.arange(len(order))
    if not known.comes_next:
        rows_of_outcomes = outcomes(given.columns[target.name], order, known.by.sequence or "sequence")
        encoded = target.encode(given.columns[target.name].take(np.maximum(rows_of_outcomes, 0)))
        answered = (rows_of_outcomes >= 0) & (encoded >= 0 if isinstance(target, Classes) else ~np.isnan(encoded))
        used, answers, unanswered = np.flatnonzero(answered), encoded, int((~answered).sum())
        if not len(used):
            raise Failure(f"no sequence of {args.data} has an outcome in '{target.name}' that the network can predict")
    fresh = used[~learnt[used]]
    too_good = not len(fresh)
    used = used if too_good else fresh
    rows_of = known.schema.rows(given.columns)
    events = order.take(used).events(rows_of)
    found = judged(known, events, None if answers is None else answers[used], args.cost)
    if args.json:
        content = {"sequences": len(used), **found.as_json(), "target": target.name, "next": known.comes_next}
        if isinstance(target, Classes):
            content["classes"] = list(target.labels)
        content |= {"learnt_from": int(learnt.sum()), "fresh": not too_good, "without_answer": unanswered}
        screen.print_json(content)
        return
    out = screen.console()
    for line in known.schema.warnings_for(known.schema.unread(given.columns)):
        out.print(line, style="yellow")
    if unanswered:
        out.print(f"{unanswered:,} sequences have no outcome in '{target.name}' that the network knows: left out.")
    if too_good:
        out.print(
            "The network stores all of these sequences, by their ids, so the figures are too good: evaluate others.",
            style="yellow",
        )
    elif learnt.any():
        out.print(f"{int(learnt.sum()):,} sequences are stored in the network, by their ids: left out.")
    evaluated = f"{len(used):,} sequence{'s' if len(used) > 1 else ''} of {given.table.path}"
    screen.judgement(out, target, found, f"the next events of {evaluated}" if known.comes_next else evaluated)


def judged(
    known: KnownSequences, events: Events, y: NDArray[Any] | None, cost: tuple[float, float] | None
) -> Judgement:
    """Return the figures of a network on some sequences.

    `y` has the outcome of each sequence; it is None for networks that predict the next event.
    """
    if y is not None:
        return judging.judge(known, events, y, cost)  # type: ignore[arg-type]
    figures = known.evaluate(events, None)
    if not isinstance(figures, ClassifierEvaluation) or not isinstance(known.target, Classes):
        return Judgement(evaluation=figures)
    low, high = wilson(figures.accuracy, figures.rows)
    labels = known.target.labels
    commonest = labels[int(np.argmax(figures.confusion.sum(axis=1)))] if figures.confusion is not None else ""
    return Judgement(evaluation=figures, commonest=commonest, low=float(low), high=float(high), classes=len(labels))


def ask(args: argparse.Namespace, network: KnownSequences) -> None:
    """Predict after events that are typed, or after those of a stored sequence."""
    for option in ("why", "want", "interval", "set", "sample", "temperature", "seed"):
        if getattr(args, option) not in (None, False):
            raise Failure(f"--{option} needs a network of rows, and this one learns from sequences")
    if network.is_series:
        raise Failure(f"'{network.target.name}' is a series: expected 'neuralredis forecast {args.network}'")
    id = None if args.id is None else id_of(args.id)
    if id is not None and id not in _core.sequence_ids(network.network):
        raise Failure(f"the network stores no sequence '{args.id}': it has {len(network.network.ids()):,} others")
    out = screen.console()
    fields = {field.name: field for field in network.schema.fields}
    if args.values:
        groups: list[list[str]] = [[]]
        for value in args.values:
            if value == THEN:
                groups.append([])
            else:
                groups[-1].append(value)
        _answer(out, network, id, [rows.given(group, fields) for group in groups])
        return
    if id is not None:
        _answer(out, network, id, [])
        return
    _typed(out, network)


def _typed(out: Console, network: KnownSequences) -> None:
    """Read one event after the other, and print the prediction after each."""
    typing = sys.stdin.isatty()
    if typing:
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401
        prefix = "the next " if network.comes_next else ""
        out.print(f"Predict {prefix}{shortened(network.target.name)} ({described(network.target)}).")
        out.print("Type one event after the other; an empty event starts a new sequence, Ctrl-D ends.")
    seen: list[dict[str, str]] = []
    while True:
        event: dict[str, str] = {}
        try:
            for field in network.schema.fields:
                event[field.name] = rows.typed(out, field, typing)
        except EOFError:
            if typing or not event:
                if typing:
                    out.print()
                return
        if not any(event.values()):
            seen = []
            out.print("A new sequence.", style="dim")
            continue
        seen.append(event)
        _answer(out, network, None, seen)


def _answer(out: Console, network: KnownSequences, id: bytes | None, cells: list[dict[str, str]]) -> None:
    """Print the prediction after some events."""
    columns = {
        field.name: Column.of(field.name, [event.get(field.name, "") for event in cells])
        for field in network.schema.fields
    }
    fields = tuple(
        replace(field, reader=field.reader.adapted(columns[field.name], Conventions()))
        for field in network.schema.fields
    )
    values = replace(network.schema, fields=fields).rows(columns)
    if id is None:
        outputs = network.run(Events(values, np.array([len(cells)], np.int64)))[0].tolist()
    elif len(cells) > 1:
        raise Failure(f"{len(cells)} events are given: --id continues a stored sequence by one event at most")
    else:
        outputs = _core.run_session(network.network, id, values if cells else None)[0].tolist()
    target = network.target
    if not isinstance(target, Classes):
        out.print(Text(f"{shortened(target.name)}: {target.written(outputs[0])}", "bold green"))
        return
    ranked = sorted(zip(outputs, target.labels, strict=True), key=lambda pair: -pair[0])
    width = max(len(shortened(label)) for _, label in ranked[:MOST])
    next_ = "next " if network.comes_next else ""
    out.print(Text(f"{next_}{shortened(target.name)}: {shortened(ranked[0][1])}", "bold green"))
    for probability, label in ranked[:MOST]:
        length = screen.bar(probability, 20, ascii_only=out.options.ascii_only)
        out.print(Text(f"  {shortened(label):{width}}  {share(probability):>7}  ").append(length, "cyan"))
