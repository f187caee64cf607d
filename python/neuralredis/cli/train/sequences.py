"""``neuralredis train --sequence``: from a table of events to a network of sequences, and how good that is."""

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
from neuralredis.cli.train.report import CURVE_HEIGHT, ENDINGS
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

#: Sequences that it takes to learn from some and keep others back, and values of all series together.
LEAST_SEQUENCES, LEAST_VALUES = 10, 20
#: Events of a sequence that a network keeps: as many as the longest has, at most so many; of a series all that it can.
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
        Its rows as sequences, those without an outcome left out.
    schema : Schema
        How its columns are read.
    comes_next : bool
        Whether the target is what comes next.
    y : numpy.ndarray or None
        What each sequence has come to, numbers or places of classes.
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
        """What is answered."""
        return self.schema.target

    @property
    def is_series(self) -> bool:
        """Whether numbers are to be forecast."""
        return self.comes_next and isinstance(self.target, Numbers)


def train(args: argparse.Namespace) -> None:
    """Train a network on sequences, evaluate it on those held out, save it, and report."""
    for option in ("rows", "increasing", "decreasing"):
        if getattr(args, option):
            args.parser.error(f"--{option} is of tables whose rows are no events")
    place = places.network_place(args.data, args.out)
    places.check_plot(args.plot, {args.data: "the table that is read", place: "where the network is saved"})
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
    what = "series" if data.is_series else "sequences that it learnt from"
    kept = f"none of the {what}" if args.without_rows else f"the {what}: --without-rows leaves them out"
    out.print(f"Saved as {place}. It holds {kept}.")
    if args.plot:
        importlib.import_module("neuralredis.plot").learning_curve(training).figure.savefig(args.plot)
        out.print(f"The curve is in {args.plot}.")
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
    said = columns[args.target].take(rows[answered])
    target = target_of(said, args.classify, conventions, wishes.get(args.target))
    y = target.encode(said)
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
    """Return sequences of which is learnt what comes next."""
    column = columns[args.target]
    form = form_of(column, conventions, wishes.get(args.target))
    numbers = args.classify is False or (args.classify is None and isinstance(form, NumberForm))
    if numbers:
        if len(column) - column.gaps < LEAST_VALUES:
            raise Failure(
                f"{table.path} has {len(column) - column.gaps} values of '{args.target}': expected at least "
                f"{LEAST_VALUES}, to learn from some and keep others back"
            )
        _check_times(args, order)
        target: Target = target_of(column, False, conventions, wishes.get(args.target))
        schema = Schema.of(
            [column], target, {args.target: wishes.get(args.target, Wish("number"))}, conventions=conventions
        )
    else:
        if args.sequence is None:
            raise Failure(
                f"'{args.target}' is no column of numbers, and without --sequence the table is one series: expected "
                "--sequence COLUMN, which says whose each event is"
            )
        _check_enough(args, len(order), args.sequence)
        chosen = {**wishes, args.target: wishes.get(args.target, Wish("category"))}
        target = Classes(name=args.target, labels=())
        schema = Schema.of(_others(args, columns, []), target, chosen, rows=order.places, conventions=conventions)
        words = next((field.reader.values(column) for field in schema.fields if field.name == args.target), None)
        if words is None:
            reason = next(one.reason for one in schema.left_out if one.name == args.target)
            raise Failure(f"'{args.target}' cannot be learnt: {reason}")
        seen = np.unique(words.codes[words.codes >= 0])
        schema = replace(schema, target=Classes(name=args.target, labels=tuple(words.categories[seen].tolist())))
    return Prepared(table=table, columns=columns, order=order, schema=schema, comes_next=True, y=None, unanswered=0)


def _check_times(args: argparse.Namespace, order: Order) -> None:
    """Refuse series of which two values are of the same time: nobody knows which comes next."""
    if order.times is None:
        return
    for at, id in enumerate(order.ids):
        times = order.times[order.span(at)]
        if len(twice := np.flatnonzero(times[1:] == times[:-1])):
            of = f" of {args.sequence} '{shortened(id)}'" if args.sequence else ""
            hint = "" if args.sequence else "; --sequence COLUMN tells several series apart"
            raise Failure(f"two rows{of} are of '{args.time}' {shown(times[twice[0]])}: expected one{hint}")


def _others(args: argparse.Namespace, columns: dict[str, Column], but: list[str]) -> list[Column]:
    """Return the columns that may be fields of the events."""
    return [column for name, column in columns.items() if name not in (args.sequence, args.time, *but)]


def _check_enough(args: argparse.Namespace, count: int, what: str) -> None:
    if count < LEAST_SEQUENCES:
        raise Failure(
            f"{args.data} has {count} different {what}: expected at least {LEAST_SEQUENCES} sequences, to learn from "
            "some and keep others back"
        )


def _introduce(out: Console, args: argparse.Namespace, data: Prepared) -> None:
    """Show the table, its sequences, the target, and how each column is read."""
    table, target, order = data.table, data.target, data.order
    lengths = order.ends - order.begins
    out.print(Text(f"{table.path}: {len(table):,} rows, {len(table.names)} columns", "bold"))
    for remark in table.remarks:
        out.print(f"  {remark}", style="dim")
    of = f" of '{shortened(args.sequence)}'" if args.sequence else ""
    what = "series" if data.is_series else "sequence" if len(order) == 1 else "sequences"
    spread = f"{lengths.min():,} to {lengths.max():,}" if lengths.min() < lengths.max() else f"{lengths.max():,}"
    out.print(f"{len(order):,} {what}{of}, of {spread} {'values' if data.is_series else 'events'}.")
    if order.moved:
        out.print(f"Its rows are put in the order of '{shortened(args.time)}'.")
    kind = "what comes next" if data.comes_next else "what each has come to"
    if data.comes_next and args.sequence and not args.next:
        kind += ", since it varies within most of them"
    out.print(f"Target: {shortened(target.name)} ({described(target)}), as {kind}.")
    if data.unanswered:
        has = "has" if data.unanswered == 1 else "have"
        out.print(f"{data.unanswered:,} {has} no value of it, and cannot be learnt from.")
    used = {field.name: data.columns[field.name] for field in data.schema.fields}
    gaps, remarks = not_understood(data.schema, used)
    names = [name for name in table.names if name not in (args.sequence, args.time)]
    screen.columns(out, data.schema, gaps, names if not data.is_series else [target.name])
    for remark in remarks:
        out.print(f"Note: {remark}.", style="yellow")
    if data.is_series and (other := [name for name in names if name != target.name]):
        out.print(f"Forecasts go by the series alone: {', '.join(map(shortened, other[:8]))} left out.", style="dim")


def _network(args: argparse.Namespace, data: Prepared, most: int) -> KnownSequences:
    """Return a new network for the sequences."""
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
        f"{len(learnt):,} sequences to learn from, of which {len(stop):,} tell when to stop; {len(kept):,} held out "
        "until the end."
    )
    training = learn(args, known.network, out)
    if data.comes_next:
        known = replace(
            known, schema=replace(data.schema, target=Classes(name=args.target, labels=known.network.classes or ()))
        )
    events = data.order.take(kept).events(rows)
    found = judged(known, events, None if data.y is None else data.y[kept], args.cost)
    _told(out, known.network, training)
    what = (
        f"what comes next in the {len(kept):,} sequences held out"
        if data.comes_next
        else f"the {len(kept):,} sequences held out"
    )
    screen.judgement(out, known.target, found, what)
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
        f"{len(first.places):,} values to learn from, the last of which tell when to stop; {len(last.places):,} at the "
        "ends held out."
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
    # Forecasts are to go on from the ends.
    for id, series, begin in zip(ids, all_series, begins, strict=True):
        network.observe([series[begin:].tolist()], ids=[id])
    _told(out, network, training)
    steps = f"{args.season} ahead" if args.season > 1 else "one ahead"
    out.print(Text("On the values held out", "bold"))
    if error is None or naive is None:
        out.print(f"  They are too few for forecasts {steps}, or vary too little, to say how good these are.")
    else:
        out.print(f"  mean absolute scaled error, {steps}  {plain(error):>8}")
        name = "the value of a season before" if args.season > 1 else "the last value again"
        out.print(f"  {name:33}  {plain(naive):>8}")
        better = error < naive
        verdict = f"{'Better' if better else 'No better'} than {name}."
        out.print(Text(verdict, "green" if better else "yellow"))
    out.print()
    return network, training, {"mase": error, "mase_baseline": naive, "season": args.season, "values": len(last.places)}


def _told(out: Console, network: SequenceNetwork, training: Report) -> None:
    """Show how the training went."""
    if out.is_terminal:
        out.print(screen.curves_of(training).drawn(out, CURVE_HEIGHT))
    layout = "-".join(map(str, network.info().layout))
    ended = ENDINGS.get(training.reason, "until there was nothing more to gain")
    out.print(
        f"Learnt by a network of {layout} units for {training.cycles:,} cycles, {training.seconds:.1f} s, {ended}."
    )
    for warning in training.warnings:
        out.print(f"Note: {warning}.", style="yellow")
    out.print()


def _next_steps(out: Console, args: argparse.Namespace, place: str, data: Prepared) -> None:
    """Show the commands that use the network."""
    quoted = shlex.quote(place)
    if data.is_series:
        steps = [("see what comes", f"neuralredis forecast {quoted} --steps {max(args.season, 12)} --interval 80")]
    else:
        steps = [
            ("type events, see the answer", f"neuralredis ask {quoted}"),
            ("answer another table", f"neuralredis predict {quoted} new.csv -o answers.csv"),
        ]
    if args.redis:
        id = shlex.quote(data.order.ids[0])
        command = (
            f"NR.FORECAST {shlex.quote(args.key)} {id} 12" if data.is_series else f"NR.RUN {shlex.quote(args.key)} {id}"
        )
        steps.append(("ask the server", f"redis-cli -u {shlex.quote(args.redis)} {command}"))
    out.print("Next:", style="bold")
    for what, command in steps:
        out.print(Text(f"  {what:28}  ", "dim").append(command, "cyan not dim"), soft_wrap=True)


def _bytes(ids: list[str]) -> list[bytes]:
    return [id.encode("utf-8", "surrogateescape") for id in ids]
