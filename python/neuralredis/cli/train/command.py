"""The steps of ``neuralredis train``: prepare the table, train, evaluate, save, and report."""

from __future__ import annotations

import argparse
import contextlib
import copy
import importlib

from rich.console import Console
from rich.live import Live

from neuralredis.cli import places, screen, servers, sources
from neuralredis.cli.arguments import check_cost
from neuralredis.cli.failure import Failure
from neuralredis.cli.train import report
from neuralredis.cli.train.prepare import Prepared, monotone_of, prepare, wishes_of
from neuralredis.network import Network
from neuralredis.results import Progress, Report
from neuralredis.table import judging
from neuralredis.table.known import Known
from neuralredis.table.monotone import check_monotone

__all__ = ["check_key", "learn", "train", "without_rows"]


def train(args: argparse.Namespace) -> None:
    """Train a network on a table, evaluate it on the rows held out, save it, and report."""
    # All errors that can be known beforehand are raised before the training.
    place = places.network_place(args.data, args.out)
    places.check_plot(args.plot, {args.data: "the table", place: "the file of the network"})
    check_key(args)
    out = screen.console(stderr=args.json)
    # With --json only the JSON is printed.
    out.quiet = args.json
    hint = "" if args.rows else "; --rows 200000 uses that many random rows, and less memory after reading"
    table = sources.opened(args.data, header=not args.no_header, hint=hint)
    wishes = wishes_of(args, table)
    if not args.replace:
        places.check_question(place, args.target, table)
    data = prepare(args, table, wishes)
    check_cost(args.cost, data.target.name, data.labels)
    check_monotone(data.schema, monotone_of(args))
    report.introduce(out, args, data)
    network, training = _train(args, data, out)
    saved = without_rows(network) if args.without_rows else network
    # Saved first, so that an error below does not lose the training.
    saved.save(place)
    named = Known(network, data.schema)
    kept, _ = data.prepared.taken(data.prepared.kept)
    found = judging.judge(named, kept, data.kept_y, args.cost)
    trained = report.Trained(
        training=training,
        judgement=found,
        copies=int(named.has(kept, data.kept_y).sum()),
        importance=judging.importance(named, kept, data.kept_y, args.seed, by_ranking=found.by_ranking),
        layout=network.info().layout,
    )
    report.results(out, args, data, trained)
    rows = f"with its {data.learnt:,} training and validation rows (--without-rows leaves them out)"
    if args.without_rows:
        rows = "without rows"
    out.print(f"Saved as {place}, {rows}.")
    if args.plot:
        importlib.import_module("neuralredis.plot").learning_curve(training).figure.savefig(args.plot)
        out.print(f"Learning curve written to {args.plot}.")
    if args.redis:
        with servers.reached(args.redis) as db:
            db.upload(args.key, saved, replace=args.replace)
    report.next_steps(out, args, place, data)
    if args.json:
        screen.print_json(report.as_json(args, place, data, trained))


def check_key(args: argparse.Namespace) -> None:
    """Raise `Failure` if the key in the server holds a network, unless ``--replace`` is given."""
    if args.redis:
        with servers.reached(args.redis) as db:
            if args.key in db and not args.replace:
                raise Failure(f"the key '{args.key}' holds a network already: use --replace to overwrite it")


def _train(args: argparse.Namespace, data: Prepared, out: Console) -> tuple[Network, Report]:
    """Return a trained network, with its training and validation rows, and the report."""
    network = data.prepared.network(
        hidden=args.hidden,
        ensemble=args.ensemble,
        seed=args.seed,
        class_weight="balanced" if args.balanced and data.labels else None,
        monotone=monotone_of(args) or None,
    )
    out.print(
        f"{len(data.prepared.train):,} training rows, {len(data.prepared.test):,} validation rows for early stopping, "
        f"{len(data.prepared.kept):,} rows held out for evaluation."
    )
    return network, learn(args, network, out)


def learn(args: argparse.Namespace, network: Network, out: Console) -> Report:
    """Train a network, with the learning curve on a terminal. Ctrl-C ends the training early.

    Raises
    ------
    KeyboardInterrupt
        If the training was interrupted before its first cycle.
    """
    curves = screen.Curves()
    terminal = out.is_terminal and not args.json
    live = Live(console=out, transient=True, auto_refresh=False) if terminal else contextlib.nullcontext()
    with live as display:

        def show(progress: Progress) -> None:
            curves.add(progress.cycle, progress.train_error, progress.test_error)
            curves.words = f"training: cycle {progress.cycle:,}, {progress.seconds:.1f} s; Ctrl-C stops here"
            if display is not None:
                display.update(curves.drawn(out, report.CURVE_HEIGHT), refresh=True)

        try:
            network.train(autostop=True, backtrack=True, max_time=args.max_time, progress=False, callback=show)
        except KeyboardInterrupt:
            stopped = network.report()
            if stopped is None or not stopped.cycles:
                raise
    training = network.report()
    assert training is not None, "a training that has ended has a report"
    return training


def without_rows(network: Network) -> Network:
    """Return a copy of a network without rows but with the same limits; it is calibrated on them before."""
    bare = copy.copy(network)
    info = network.info()
    if info.test_dataset_len:
        bare.calibrate()
    bare.configure(dataset=0, test=0)
    bare.configure(dataset=info.training_dataset_maxlen, test=info.test_dataset_maxlen)
    return bare
