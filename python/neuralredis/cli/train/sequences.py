"""``neuralredis train --sequence``: train a network of sequences on a table of events, and evaluate it."""

from __future__ import annotations

import argparse
import importlib
import shlex
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.text import Text

from neuralredis.cli import places, screen, servers, sources
from neuralredis.cli.arguments import check_cost
from neuralredis.cli.failure import Failure
from neuralredis.cli.sequences import judged
from neuralredis.cli.train.command import check_key, learn, without_rows
from neuralredis.cli.train.prepare import not_understood, wishes_of
from neuralredis.cli.train.report import CURVE_HEIGHT, ended
from neuralredis.coming import shown
from neuralredis.results import Report
from neuralredis.sequences import SequenceNetwork
from neuralredis.series import scaled_errors
from neuralredis.statistics import hold_out
from neuralredis.table.column import Column
from neuralredis.table.conventions import Conventions
from neuralredis.table.forms import form_of
from neuralredis.table.known_sequences import KnownSequences, OrderedBy, note
from neuralredis.table.numbers import NumberForm
from neuralredis.table.prepared import KEPT_BACK, VALIDATION
from neuralredis.table.reading import Table
from neuralredis.table.schema import Schema
from neuralredis.table.sequences import Order, ordered, outcomes, varies
from neuralredis.table.target import Classes, Numbers, Target, described, target_of
from neuralredis.table.texts import plain, shortened
from neuralredis.table.wishes import Wish

__all__ = ["train"]

#: Least number of sequences, and of values of all series together, to train on some and hold out others.
LEAST_SEQUENCES, LEAST_VALUES = 10, 20
#: Limits of the events of a sequence, and of the values of a series, that a network stores.
MOST_EVENTS, MOST_VALUES = 1000, 65536


@dataclass(frozen=True, kw_only=True, eq=False)
class Prepared:
    """A table of events, ready for training.

    Attributes
    ----------
    table : Table
        The table.
    columns : dict of str to Column
        Its columns.
    order : Order
        The rows of each sequence in order, without sequences that have no outcome.
    schema : Schema
        How its columns are read.
    comes_next : bool
        Whether the target is the next event.
    y : numpy.ndarray or None
        The outcome of each sequence, a float64 number or class number; None if the target is the next event.
    unanswered : int
        The number of sequences left out since they have no outcome.
    """

    table: Table
    columns: dict[str, Column]
    order: Order
    schema: Schema
    comes_next: bool
    y: NDArray[Any] | None
    unanswered: int

    @property
    def target(self) -> Target:
        """The column to predict."""
        return self.schema.target

    @property
    def is_series(self) -> bool:
        """Whether the target is the next number of a series."""
        return self.comes_next and isinstance(self.target, Numbers)


def train(args: argparse.Namespace) -> None:
    """Train a network on sequences, evaluate it on those held out, save it, and report."""
    for option in ("rows", "increasing", "decreasing"):
        if getattr(args, option):
            args.parser.error(f"--{option} cannot be used with --sequence or --time")
    place = places.network_place(args.data, args.out)
    places.check_plot(args.plot, {args.data: "the table", place: "the file of the network"})
    check_key(args)
    out = screen.console(stderr=args.json)
    out.quiet = args.json
    table = sources.opened(args.data, header=not args.no_header)
    data = _prepared(args, table)
    if not args.replace:
        places.check_question(place, args.target, table)
    check_cost(args.cost, data.target.name, data.target.labels if isinstance(data.target, Classes) else ())
    _introduce(out, args, data)
    if data.is_series:
        network, training, results = _series(args, data, out)
    else:
        network, training, results = _classes_or_numbers(args, data, out)
    saved = without_rows(network) if args.without_rows else network
    saved.save(place)
    unit = "series" if data.is_series else "sequences"
    kept = f"without {unit}" if args.without_rows else f"with its {unit} (--without-rows leaves them out)"
    out.print(f"Saved as {place}, {kept}.")
    if args.plot:
        importlib.import_module("neuralredis.plot").learning_curve(training).figure.savefig(args.plot)
        out.print(f"Learning curve written to {args.plot}.")
    if args.redis:
        with servers.reached(args.redis) as db:
            db.upload(args.key, saved, replace=args.replace)
    _next_steps(out, args, place, data)
    if args.json:
        content = {
            "network": place,
            "type": data.target.kind,
            "target": data.target.name,
            "next": data.comes_next,
            "classes": list(data.target.labels) if isinstance(data.target, Classes) else None,
            "layout": network.info().layout,
            "columns": [{"name": f.name, "kind": f.kind, "title": f.title} for f in data.schema.fields],
            "left_out": {one.name: one.reason for one in data.schema.left_out},
            "sequences": {"all": len(data.order), "without_target": data.unanswered, **results.pop("sequences", {})},
            "training": {"reason": training.reason, "cycles": training.cycles, "seconds": training.seconds},
            "warnings": list(training.warnings),
            "kept_back": results,
        }
        screen.print_json(content)


def _prepared(args: argparse.Namespace, table: Table) -> Prepared:
    """Return the sequences of a table, and how its columns are read."""
    wishes = wishes_of(args, table)
    named = {"--sequence": args.sequence, "--time": args.time, "--target": args.target}
    given = {option: name for option, name in named.items() if name is not None}
    for name in given.values():
        table.check(name)
    for option, name in given.items():
        for other, same in given.items():
            if option < other and name == same:
                raise Failure(f"{option} and {other} are both '{shortened(name)}': expected different columns")
    columns = {name: table.column(name) for name in table.names}
    conventions = Conventions.of(columns.values(), table.delimiter)
    order = ordered(columns, args.sequence, args.time, conventions, wishes.get(args.time))
    if args.next or args.sequence is None or varies(columns[args.target], order):
        return _of_next(args, table, columns, conventions, wishes, order)
    rows = outcomes(columns[args.target], order, args.sequence)
    answered = np.flatnonzero(rows >= 0)
    _check_enough(args, len(answered), f"{args.sequence} with a value of '{args.target}'")
    known_outcomes = columns[args.target].take(rows[answered])
    target = target_of(known_outcomes, args.classify, conventions, wishes.get(args.target))
    y = target.encode(known_outcomes)
    known = y >= 0 if isinstance(target, Classes) else ~np.isnan(y)
    answered, y = answered[known], y[known]
    _check_enough(args, len(answered), f"{args.sequence} with a value of '{args.target}'")
    unanswered, order = len(order) - len(answered), order.take(answered)
    others = _others(args, columns, [args.target])
    schema = Schema.of(others, target, wishes, rows=order.places, conventions=conventions)
    return Prepared(
        table=table, columns=columns, order=order, schema=schema, comes_next=False, y=y, unanswered=unanswered
    )


def _of_next(
    args: argparse.Namespace,
    table: Table,
    columns: dict[str, Column],
    conventions: Conventions,
    wishes: dict[str, Wish],
    order: Order,
) -> Prepared:
    """Return sequences whose target is the next event, or series whose target is the next value."""
    column = columns[args.target]
    form = form_of(column, conventions, wishes.get(args.target))
    numbers = args.classify is False or (args.classify is None and isinstance(form, NumberForm))
    if numbers:
        if len(column) - column.gaps < LEAST_VALUES:
            raise Failure(
                f"{table.path} has {len(column) - column.gaps} values of '{args.target}': expected at least "
                f"{LEAST_VALUES}, to train on some and hold out others"
            )
        _check_times(args, order)
        target: Target = target_of(column, False, conventions, wishes.get(args.target))
        schema = Schema.of(
            [column], target, {args.target: wishes.get(args.target, Wish("number"))}, conventions=conventions
        )
    else:
        if args.sequence is None:
            raise Failure(
                f"'{args.target}' is not a column of numbers, which --time alone needs: expected --sequence COLUMN, "
                "the column with the sequence's id"
            )
        _check_enough(args, len(order), args.sequence)
        chosen = {**wishes, args.target: wishes.get(args.target, Wish("category"))}
        target = Classes(name=args.target, labels=())
        schema = Schema.of(_others(args, columns, []), target, chosen, rows=order.places, conventions=conventions)
        words = next((field.reader.values(column) for field in schema.fields if field.name == args.target), None)
        if words is None:
            reason = next(one.reason for one in schema.left_out if one.name == args.target)
            raise Failure(f"'{args.target}' cannot be the target: {reason}")
        seen = np.unique(words.codes[words.codes >= 0])
        schema = replace(schema, target=Classes(name=args.target, labels=tuple(words.categories[seen].tolist())))
    return Prepared(table=table, columns=columns, order=order, schema=schema, comes_next=True, y=None, unanswered=0)


def _check_times(args: argparse.Namespace, order: Order) -> None:
    """Raise `Failure` if two values of a series have the same time, since their order is unknown."""
    if order.times is None:
        return
    for at, id in enumerate(order.ids):
        times = order.times[order.span(at)]
        if len(twice := np.flatnonzero(times[1:] == times[:-1])):
            of = f" of {args.sequence} '{shortened(id)}'" if args.sequence else ""
            hint = "" if args.sequence else "; for several series, use --sequence COLUMN"
            raise Failure(f"two rows{of} have '{args.time}' {shown(times[twice[0]])}: expected one{hint}")


def _others(args: argparse.Namespace, columns: dict[str, Column], but: list[str]) -> list[Column]:
    """Return the columns that may be fields of the events."""
    return [column for name, column in columns.items() if name not in (args.sequence, args.time, *but)]


def _check_enough(args: argparse.Namespace, count: int, unit: str) -> None:
    if count < LEAST_SEQUENCES:
        raise Failure(
            f"{args.data} has {count} different {unit}: expected at least {LEAST_SEQUENCES} sequences, to train on "
            "some and hold out others"
        )


def _introduce(out: Console, args: argparse.Namespace, data: Prepared) -> None:
    """Print the table, its sequences, the target, and how each column is read."""
    table, target, order = data.table, data.target, data.order
    lengths = order.ends - order.begins
    out.print(Text(f"{table.path}: {len(table):,} rows, {len(table.names)} columns", "bold"))
    for remark in table.remarks:
        out.print(f"  {remark}", style="dim")
    of = f" of '{shortened(args.sequence)}'" if args.sequence else ""
    unit = "series" if data.is_series else "sequence" if len(order) == 1 else "sequences"
    spread = f"{lengths.min():,} to {lengths.max():,}" if lengths.min() < lengths.max() else f"{lengths.max():,}"
    out.print(f"{len(order):,} {unit}{of}, of {spread} {'values' if data.is_series else 'events'}.")
    if order.moved:
        out.print(f"Rows are sorted by '{shortened(args.time)}'.")
    kind = "of the next event" if data.comes_next else "of each sequence"
    if data.is_series:
        kind = "the next values of each series" if args.sequence else "the next values of the series"
    elif data.comes_next and not args.next:
        kind += ", since it varies within most sequences"
    out.print(f"Target: {shortened(target.name)} ({described(target)}), {kind}.")
    if data.unanswered:
        has = "sequence has" if data.unanswered == 1 else "sequences have"
        out.print(f"{data.unanswered:,} {has} no outcome: left out.")
    used = {field.name: data.columns[field.name] for field in data.schema.fields}
    gaps, remarks = not_understood(data.schema, used)
    names = [name for name in table.names if name not in (args.sequence, args.time)]
    screen.columns(out, data.schema, gaps, names if not data.is_series else [target.name])
    for remark in remarks:
        out.print(f"Note: {remark}.", style="yellow")
    if data.is_series and (other := [name for name in names if name != target.name]):
        out.print(f"Forecasts use the series alone; left out: {', '.join(map(shortened, other[:8]))}.", style="dim")


def _network(args: argparse.Namespace, data: Prepared, most: int) -> KnownSequences:
    """Return a new network for the sequences, which stores at most `most` events of each."""
    target, count = data.target, len(data.order)
    longest = int((data.order.ends - data.order.begins).max())
    options: dict[str, Any] = {}
    if isinstance(target, Classes):
        options["class_weight"] = "balanced" if args.balanced else None
        if not data.comes_next:
            options["classes"] = list(target.labels)
    network = SequenceNetwork(
        "classifier" if isinstance(target, Classes) else "regressor",
        fields=data.schema.kinds(),
        target=target.name,
        hidden=args.hidden,
        ensemble=args.ensemble,
        length=max(1, min(longest, most)),
        seed=args.seed,
        dataset=max(count, 10_000),
        test=max(count, 2_500),
        **options,
    )
    by = OrderedBy(args.sequence, args.time)
    note(network, by)
    return KnownSequences(network, data.schema, by)


def _classes_or_numbers(
    args: argparse.Namespace, data: Prepared, out: Console
) -> tuple[SequenceNetwork, Report, dict[str, Any]]:
    """Train a network on some of the sequences, and evaluate it on the others."""
    classes = data.y.astype(np.int64) if data.y is not None and isinstance(data.target, Classes) else None
    learnt, kept = hold_out(classes, len(data.order), KEPT_BACK, args.seed)
    of_learnt = None if classes is None else classes[learnt]
    first, stop = hold_out(of_learnt, len(learnt), VALIDATION, args.seed + 1)
    known = _network(args, data, MOST_EVENTS)
    rows = data.schema.rows({field.name: data.columns[field.name] for field in data.schema.fields})
    for part, into in ((learnt[first], "train"), (learnt[stop], "test")):
        some = data.order.take(part)
        known.observe(_bytes(some.ids), some.events(rows), None if data.y is None else data.y[part], into)
    out.print(
        f"{len(first):,} training sequences, {len(stop):,} validation sequences for early stopping, {len(kept):,} held "
        "out for evaluation."
    )
    training = learn(args, known.network, out)
    if data.comes_next:
        known = replace(
            known, schema=replace(data.schema, target=Classes(name=args.target, labels=known.network.classes or ()))
        )
    events = data.order.take(kept).events(rows)
    found = judged(known, events, None if data.y is None else data.y[kept], args.cost)
    _print_training(out, known.network, training)
    quantity = (
        f"the next events of the {len(kept):,} held-out sequences"
        if data.comes_next
        else f"the {len(kept):,} held-out sequences"
    )
    screen.judgement(out, known.target, found, quantity)
    out.print()
    return known.network, training, {"sequences": {"learnt": len(learnt), "kept_back": len(kept)}, **found.as_json()}


def _series(args: argparse.Namespace, data: Prepared, out: Console) -> tuple[SequenceNetwork, Report, dict[str, Any]]:
    """Train a network on the first part of each series, and evaluate it on the last one."""
    known = _network(args, data, MOST_VALUES)
    values = data.schema.rows({args.target: data.columns[args.target]})[args.target]
    first, last = data.order.cut(KEPT_BACK)
    ids, all_series = (
        _bytes(data.order.ids),
        [values[data.order.places[data.order.span(at)]] for at in range(len(first))],
    )
    begins = [first.span(at).stop - first.span(at).start for at in range(len(first))]
    out.print(
        f"{len(first.places):,} values to train on, the last of them for validation; {len(last.places):,} at the ends "
        "held out for evaluation."
    )
    network = known.network
    network.observe_series([series[:begin] for series, begin in zip(all_series, begins, strict=True)], ids=ids)
    training = learn(args, network, out)
    error, naive = scaled_errors(
        lambda so_far, steps: network.forecast(so_far[-network.length :].tolist(), steps).values,
        all_series,
        begins,
        args.season,
    )
    # Store the held-out values as well, so that forecasts continue from the ends.
    for id, series, begin in zip(ids, all_series, begins, strict=True):
        network.observe([series[begin:].tolist()], ids=[id])
    _print_training(out, network, training)
    steps = f"{args.season} steps ahead" if args.season > 1 else "one step ahead"
    out.print(Text("On the held-out values", "bold"))
    if error is None or naive is None:
        out.print(f"  They are too few, or vary too little, to evaluate forecasts {steps}.")
    else:
        title = f"mean absolute scaled error (MASE), {steps}"
        out.print(f"  {title}  {plain(error):>8}")
        name = "the value one season before" if args.season > 1 else "the last value"
        out.print(f"  {f'baseline: {name}':{len(title)}}  {plain(naive):>8}")
        better = error < naive
        verdict = f"{'Better' if better else 'No better'} than the baseline, {name}."
        out.print(Text(verdict, "green" if better else "yellow"))
    out.print()
    return network, training, {"mase": error, "mase_baseline": naive, "season": args.season, "values": len(last.places)}


def _print_training(out: Console, network: SequenceNetwork, training: Report) -> None:
    """Print the learning curve, how the training ended, and its warnings."""
    if out.is_terminal:
        out.print(screen.curves_of(training).drawn(out, CURVE_HEIGHT))
    layout = "-".join(map(str, network.info().layout))
    out.print(f"Trained {layout} units for {training.cycles:,} cycles, {training.seconds:.1f} s, {ended(training)}.")
    for warning in training.warnings:
        out.print(f"Note: {warning}.", style="yellow")
    out.print()


def _next_steps(out: Console, args: argparse.Namespace, place: str, data: Prepared) -> None:
    """Print commands that use the network."""
    quoted = shlex.quote(place)
    if data.is_series:
        steps = [
            ("forecast the next values", f"neuralredis forecast {quoted} --steps {max(args.season, 12)} --interval 80")
        ]
    else:
        steps = [
            ("predict events that you type", f"neuralredis ask {quoted}"),
            ("predict another table", f"neuralredis predict {quoted} new.csv -o predictions.csv"),
        ]
    if args.redis:
        id = shlex.quote(data.order.ids[0])
        command = (
            f"NR.FORECAST {shlex.quote(args.key)} {id} 12" if data.is_series else f"NR.RUN {shlex.quote(args.key)} {id}"
        )
        steps.append(("predict in the server", f"redis-cli -u {shlex.quote(args.redis)} {command}"))
    out.print("Next:", style="bold")
    for step, command in steps:
        out.print(Text(f"  {step:28}  ", "dim").append(command, "cyan not dim"), soft_wrap=True)


def _bytes(ids: list[str]) -> list[bytes]:
    return [id.encode("utf-8", "surrogateescape") for id in ids]
