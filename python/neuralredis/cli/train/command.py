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
    # What can be refused is refused before anything is learnt.
    place = places.network_place(args.data, args.out)
    places.check_plot(args.plot, {args.data: "the table that is read", place: "where the network is saved"})
    check_key(args)
    out = screen.console(stderr=args.json)
    # With --json only results are printed.
    out.quiet = args.json
    hint = "" if args.rows else "; --rows 200000 learns from that many rows, which takes less later on"
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
    # Whatever happens from here on, what has been learnt is there.
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
    rows = f"the {data.learnt:,} rows that it learnt from: --without-rows leaves them out."
    if args.without_rows:
        rows = "none of the rows that it learnt from."
    out.print(f"Saved as {place}. It holds {rows}")
    if args.plot:
        importlib.import_module("neuralredis.plot").learning_curve(training).figure.savefig(args.plot)
        out.print(f"The curve is in {args.plot}.")
    if args.redis:
        with servers.reached(args.redis) as db:
            db.upload(args.key, saved, replace=args.replace)
    report.next_steps(out, args, place, data)
    if args.json:
        screen.print_json(report.as_json(args, place, data, trained))


def check_key(args: argparse.Namespace) -> None:
    """Fail if there is a network where the new one is to be put."""
    if args.redis:
        with servers.reached(args.redis) as db:
            if args.key in db and not args.replace:
                raise Failure(f"the key '{args.key}' has a network already: --replace puts the new one in its place")


def _train(args: argparse.Namespace, data: Prepared, out: Console) -> tuple[Network, Report]:
    """Return a trained network, with the rows that it has learnt from."""
    network = data.prepared.network(
        hidden=args.hidden,
        seed=args.seed,
        class_weight="balanced" if args.balanced and data.labels else None,
        monotone=monotone_of(args) or None,
    )
    out.print(
        f"{data.learnt:,} rows to learn from, of which {len(data.prepared.test):,} tell when to stop; "
        f"{len(data.prepared.kept):,} held out until the end."
    )
    return network, learn(args, network, out)


def learn(args: argparse.Namespace, network: Network, out: Console) -> Report:
    """Have a network train, and show how it goes. Ctrl-C ends the training early."""
    curves = screen.Curves()
    terminal = out.is_terminal and not args.json
    live = Live(console=out, transient=True, auto_refresh=False) if terminal else contextlib.nullcontext()
    with live as display:

        def show(progress: Progress) -> None:
            curves.add(progress.cycle, progress.train_error, progress.test_error)
            curves.words = f"learning: cycle {progress.cycle:,}, {progress.seconds:.1f} s; Ctrl-C ends it here"
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
    """Return the same network without its rows, with room for others; how far it is off by those is still known."""
    bare = copy.copy(network)
    info = network.info()
    if info.test_dataset_len:
        bare.calibrate()
    bare.configure(dataset=0, test=0)
    bare.configure(dataset=info.training_dataset_maxlen, test=info.test_dataset_maxlen)
    return bare
