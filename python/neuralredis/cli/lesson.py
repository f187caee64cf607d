"""What ``neuralredis train`` does: one table, learnt and told of."""

from __future__ import annotations

import argparse
import contextlib
import copy
import dataclasses
import importlib
import math
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from rich.live import Live
from rich.text import Text

from neuralredis.cli import places, screen, servers, sources
from neuralredis.cli.failure import Failure
from neuralredis.cli.naming import named
from neuralredis.network import Network
from neuralredis.results import ClassifierEvaluation, Progress, Report
from neuralredis.statistics import hold_out
from neuralredis.table import judging
from neuralredis.table.column import Column
from neuralredis.table.conventions import Conventions
from neuralredis.table.encoding import Encoding
from neuralredis.table.kinds import Category, shortened
from neuralredis.table.reading import Table
from neuralredis.table.remarks import gap_words
from neuralredis.table.target import Classes, Target, described, target_of
from neuralredis.table.texts import listed
from neuralredis.table.wishes import Wish

__all__ = ["Lesson"]

#: Rows that there have to be, and rows kept back below which the result is rough.
LEAST, FEW = 10, 100
#: Of all rows, those kept back; of the others, those that tell when to stop.
KEPT, STOPPING = 0.2, 0.2
#: Accuracy, AUC or explained share of what varies, of which one should rather not be glad.
TOO_GOOD = 0.995
#: Share of the commonest class from which on the accuracy says little.
MOSTLY = 0.95
#: Share of the rows kept back that may be just like others.
COPIES = 0.5
#: Figures that are saved with the network.
NOTED = frozenset(("accuracy", "likely", "baseline", "auc", "log_loss", "log_loss_baseline", "rmse", "mae", "r2"))
#: Rows of the drawing of a training.
HEIGHT = 8


class Lesson:
    """One table, learnt.

    Parameters
    ----------
    args : argparse.Namespace
        What was asked for.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.chosen_of = 0
        # What can be refused is refused before anything is learnt.
        self.place = places.network_place(args.data, args.out)
        places.check_plot(args.plot, {args.data: "the table that is read", self.place: "where the network is saved"})
        self._check_key()
        self.out = screen.console(stderr=args.json)
        self.out.quiet = args.json
        hint = "" if args.rows else "; --rows 200000 learns from that many rows, which takes less later on"
        self.table: Table = sources.opened(args.data, header=not args.no_header, hint=hint)
        self.wishes = self._wishes()
        self.columns = {name: self.table.column(name) for name in self.table.names}
        self.conventions = Conventions.of(self.columns.values(), self.table.delimiter)
        self.target: Target = self._target()
        if not args.replace:
            places.check_question(self.place, self.target.name, self.table)
        self._prepare()

    def run(self) -> None:
        """Learn, tell, save, and say what to do next."""
        self._introduce()
        network, report = self._learn()
        saved = _without_rows(network) if self.args.without_rows else network
        # Whatever happens from here on, what has been learnt is there.
        saved.notes = self.encoding.to_bytes()
        saved.save(self.place)
        found = judging.judge(network, self.encoding, self.kept_X, self.kept_y)
        self.copies = int(judging.known(network, self.kept_X, self.kept_y).sum())
        worth = judging.importance(
            network, self.encoding, self.kept_X, self.kept_y, self.args.seed, by_ranking=found.by_ranking
        )
        if not self.args.json:
            self._tell(report, found, worth)
        saved.notes = self._with(self._results(found, worth)).to_bytes()
        saved.save(self.place)
        rows = "It holds none of the rows that it learnt from."
        if not self.args.without_rows:
            rows = f"It holds the {len(self.X):,} rows that it learnt from: --without-rows leaves them out."
        self.out.print(f"Saved as {self.place}. {rows}")
        if self.args.plot:
            _plot(report, self.args.plot)
            self.out.print(f"The curve is in {self.args.plot}.")
        if self.args.redis:
            with servers.reached(self.args.redis) as db:
                db.upload(self.args.key, saved, replace=self.args.replace)
        if self.args.json:
            screen.print_json(self._as_json(network, report, found, worth))
        else:
            self._next()

    def _check_key(self) -> None:
        if self.args.redis:
            with servers.reached(self.args.redis) as db:
                if self.args.key in db and not self.args.replace:
                    raise Failure(
                        f"the key '{self.args.key}' has a network already: --replace puts the new one in its place"
                    )

    def _wishes(self) -> dict[str, Wish]:
        """Return what the user says that columns are."""
        if self.args.target is None:
            self.args.parser.error(f"--target says which column is to be answered: {self.table.listed()}")
        for name in (*self.args.ignore, *(name for name, _ in self.args.wishes)):
            self.table.check(name)
        wishes = dict(self.args.wishes)
        for name, wish in self.args.wishes:
            if wishes[name] != wish:
                raise Failure(f"--as says that '{name}' is {wish.kind} and {wishes[name].kind}: expected one")
        wishes |= dict.fromkeys(self.args.ignore, Wish("skip"))
        if wishes.get(self.args.target) == Wish("skip"):
            raise Failure(f"'{self.args.target}' cannot be both the target and left out")
        return wishes

    def _target(self) -> Target:
        self.table.check(self.args.target)
        column = self.columns[self.args.target]
        return target_of(column, self.args.classify, self.conventions, self.wishes.get(column.name))

    def _prepare(self) -> None:
        column = self.columns[self.target.name]
        answers = self.target.encode(column)
        classifies = isinstance(self.target, Classes)
        known = answers >= 0 if classifies else ~np.isnan(answers)
        usable = np.flatnonzero(known)
        self.unanswered = column.take(np.flatnonzero(~known))
        if len(usable) < LEAST:
            raise Failure(
                f"{self.table.path} has {len(usable)} row{'' if len(usable) == 1 else 's'} with a value of "
                f"'{self.target.name}': expected at least {LEAST}, to learn from some and keep others back"
            )
        if self.args.rows is not None and self.args.rows < len(usable):
            if self.args.rows < LEAST:
                raise Failure(f"--rows {self.args.rows}: expected at least {LEAST}")
            chosen = np.random.default_rng(self.args.seed).choice(usable, self.args.rows, replace=False)
            self.chosen_of, usable = len(usable), np.sort(chosen)
        y = answers[usable]
        classes = y.astype(np.int64) if classifies else None
        learnt, kept = hold_out(classes, len(y), KEPT, self.args.seed)
        columns = {name: column for name, column in self.columns.items() if name != self.target.name}
        # How a column is written is found out of all rows; what it holds only of those that are learnt from.
        self.encoding = Encoding.of(
            list(columns.values()),
            self.target,
            self.wishes,
            rows=usable[learnt],
            conventions=self.conventions,
            header=self.table.header,
        )
        columns = {name: column.take(usable) for name, column in columns.items()}
        X = self.encoding.encode(columns)
        self._look_for_gaps(columns)
        self.X, self.y = X[learnt], y[learnt]
        self.kept_X, self.kept_y = X[kept], y[kept]

    def _look_for_gaps(self, columns: dict[str, Column]) -> None:
        """Find out which rows have no value of a column, and what is not understood."""
        unread = self.encoding.unread(columns)
        self.gaps: dict[str, screen.Gaps] = {}
        for kind in self.encoding.columns:
            words = gap_words(columns[kind.name], kind)
            strange = {text: rows for text, rows in unread[kind.name].items() if text not in words}
            unread[kind.name] = strange
            lost = 0 if isinstance(kind, Category) else sum(strange.values())
            self.gaps[kind.name] = screen.Gaps(columns[kind.name].gaps + sum(words.values()) + lost, words)
        self.strange = self.encoding.told(unread)

    def _introduce(self) -> None:
        out, table = self.out, self.table
        head = Text(f"{table.path}: {len(table):,} rows, {len(table.names)} columns", "bold")
        out.print(head)
        for remark in table.remarks:
            out.print(f"  {remark}", style="dim")
        kind = "classes" if isinstance(self.target, Classes) else "numbers"
        other = {"classes": "--regress would learn them as numbers", "numbers": "--classify would learn classes"}[kind]
        asked = self.args.classify is not None
        labels = self.target.labels if isinstance(self.target, Classes) else ()
        doubtful = len(labels) != 2 and all(map(_is_number, labels))
        hint = f"; {other}" if doubtful and not asked else ""
        out.print(f"Target: {shortened(self.target.name)} ({described(self.target)}), as {kind}{hint}.")
        if dropped := len(self.unanswered):
            has = "row has" if dropped == 1 else "rows have"
            texts = [f"'{text}'" for text in self.unanswered.counts]
            such = f" ({listed(texts, 3, 'or')})" if texts else ""
            out.print(f"{dropped:,} {has} no value of it{such}, and cannot be learnt from.")
            if "NA" in self.unanswered.counts:
                name = shlex.quote(f"{self.target.name}=category")
                out.print(f"If 'NA' is a value of it like others: --as {name}")
        if self.chosen_of:
            out.print(f"{len(self.X) + len(self.kept_X):,} of {self.chosen_of:,} rows are taken, chosen at random.")
        screen.columns(out, self.encoding, self.gaps, [name for name in table.names if name != self.target.name])
        for line in self.strange:
            out.print(f"Note: {line}.", style="yellow")

    def _limits(self) -> dict[str, int]:
        """Return how many rows are for the weights, and how many tell when to stop."""
        test = max(round(STOPPING * len(self.X)), 1)
        return {"dataset": len(self.X) - test, "test": test}

    def _learn(self) -> tuple[Network, Report]:
        limits = self._limits()
        network = Network(
            "classifier" if isinstance(self.target, Classes) else "regressor",
            [self.X.shape[1], *self._hidden(), *self._outputs()],
            normalize=True,
            seed=self.args.seed,
            class_weight="balanced" if self.args.balanced and isinstance(self.target, Classes) else None,
            **limits,  # type: ignore[arg-type]
        )
        network.observe(self.X, self.y)
        self.out.print(
            f"{len(self.X):,} rows to learn from, of which {limits['test']:,} tell when to stop; "
            f"{len(self.kept_X):,} kept back until the end."
        )
        curves = screen.Curves()
        live = (
            Live(console=self.out, transient=True, auto_refresh=False)
            if self.out.is_terminal and not self.args.json
            else contextlib.nullcontext()
        )
        with live as display:

            def show(progress: Progress) -> None:
                curves.add(progress.cycle, progress.train_error, progress.test_error)
                curves.words = f"learning: cycle {progress.cycle:,}, {progress.seconds:.1f} s; Ctrl-C ends it here"
                if display is not None:
                    display.update(curves.drawn(self.out, HEIGHT), refresh=True)

            try:
                network.train(autostop=True, backtrack=True, max_time=self.args.max_time, progress=False, callback=show)
            except KeyboardInterrupt:
                if network.report is None or not network.report.cycles:
                    raise
        report = network.report
        assert report is not None, "a training that has ended has a report"
        return network, report

    def _hidden(self) -> list[int]:
        hidden: list[int] = self.args.hidden
        return hidden

    def _tell(self, report: Report, found: judging.Judgement, worth: dict[str, float]) -> None:
        out = self.out
        layout = "-".join(str(n) for n in (self.X.shape[1], *self._hidden(), *self._outputs()))
        if out.is_terminal:
            out.print(screen.curves_of(report).drawn(out, HEIGHT))
        ended = {
            "maxtime": "until --max-time was over; there may be more to learn",
            "stopped": "until it was stopped by hand",
            "maxcycles": "to the end",
        }.get(report.reason, "until there was nothing more to gain")
        out.print(
            f"Learnt by a network of {layout} units for {report.cycles:,} cycles, {report.seconds:.1f} s, {ended}."
        )
        for warning in report.warnings:
            out.print(f"Note: {named(warning, self.encoding)}.", style="yellow")
        out.print()
        screen.judgement(out, self.encoding, found, f"the {len(self.kept_X):,} rows kept back")
        for hint in self._hints(found, worth):
            out.print(hint, style="yellow")
        out.print()
        screen.looked_at(out, self.encoding, worth, by_ranking=found.by_ranking)
        out.print()

    def _outputs(self) -> list[int]:
        return [len(self.target.labels) if isinstance(self.target, Classes) else 1]

    def _hints(self, found: judging.Judgement, worth: dict[str, float]) -> list[str]:
        """Return what should be known before the result is believed, or could be tried."""
        hints = []
        figures = found.evaluation
        if not isinstance(figures, ClassifierEvaluation):
            good = figures.r2
        elif figures.baseline < MOSTLY:
            good = figures.accuracy
        else:
            # Always answering the commonest class is nearly as accurate.
            good = max((ranking.auc for ranking in found.rare), default=0.0)
        first = next(iter(worth))
        if good >= TOO_GOOD:
            top, target = shortened(first), shortened(self.target.name)
            hints.append(
                f"That is nearly too good. Is '{top}' known before '{target}' is? If not: --ignore {shlex.quote(first)}"
            )
        if self.copies > COPIES * len(self.kept_X):
            hints.append(
                f"{self.copies:,} of the rows kept back are the same as others that were learnt from: in a table of "
                "copies the figure flatters."
            )
        if len(self.kept_X) < FEW:
            hints.append(
                f"With {len(self.kept_X)} rows kept back this is a rough figure; another --seed gives another."
            )
        if not self.args.balanced:
            # Where the network cannot rank a class, more answers of it would be guesses.
            missed = [
                ranking.label for ranking in found.rare if ranking.answered < ranking.rows / 2 and not ranking.by_chance
            ]
            if missed:
                hints.append(
                    f"'{shortened(missed[0])}' is rare, and mostly overlooked: --balanced finds more of it, for more "
                    "false alarms."
                )
        return hints

    def _results(self, found: judging.Judgement, worth: dict[str, float]) -> dict[str, Any]:
        figures = {name: value for name, value in found.as_json().items() if name in NOTED}
        results = {"data": Path(self.table.path).name, "learnt": len(self.X), "kept": len(self.kept_X)}
        return {**results, **figures, "importance": dict(list(worth.items())[:100])}

    def _with(self, results: dict[str, Any]) -> Encoding:
        return dataclasses.replace(self.encoding, results=results)

    def _as_json(
        self, network: Network, report: Report, found: judging.Judgement, worth: dict[str, float]
    ) -> dict[str, Any]:
        return {
            "network": self.place,
            "type": self.target.kind,
            "target": self.target.name,
            "classes": list(self.target.labels) if isinstance(self.target, Classes) else None,
            "layout": list(network.info().layout),
            "columns": [
                {"name": kind.name, "read_as": kind.kind, "title": kind.title, "inputs": kind.inputs()}
                for kind in self.encoding.columns
            ],
            "left_out": {kind.name: kind.reason for kind in self.encoding.ignored},
            "rows": {"learnt": len(self.X), "kept_back": len(self.kept_X), "without_target": len(self.unanswered)},
            "rows_saved": 0 if self.args.without_rows else len(self.X),
            "training": {"reason": report.reason, "cycles": report.cycles, "seconds": report.seconds},
            "warnings": [named(warning, self.encoding) for warning in report.warnings],
            "kept_back": {"learnt": len(self.X), "kept": len(self.kept_X), **found.as_json()},
            "importance": worth,
            "importance_measure": found.measure,
        }

    def _next(self) -> None:
        out, place = self.out, shlex.quote(self.place)
        out.print("Next:", style="bold")
        steps = [
            ("type a row, see the answer", f"neuralredis ask {place}"),
            ("answer another table", f"neuralredis predict {place} new.csv -o answers.csv"),
        ]
        if self.args.redis:
            url = f" -u {shlex.quote(self.args.redis)}" if urlsplit(self.args.redis).netloc != "localhost" else ""
            row = " ".join(f"{value:.7g}" for value in self.kept_X[0].tolist())
            command = "NR.CLASS" if isinstance(self.target, Classes) else "NR.RUN"
            steps += [
                ("ask the server", f"redis-cli{url} {command} {shlex.quote(self.args.key)} {row}"),
                ("see what its numbers are", f"neuralredis info {place}"),
            ]
        else:
            steps.append(
                ("put it into Redis, too", f"{self._again()} --redis redis://localhost --key {_key(self.place)}")
            )
        for what, command in steps:
            out.print(Text(f"  {what:26}  ", "dim").append(command, "cyan not dim"), soft_wrap=True)

    def _again(self) -> str:
        """Return the command that makes the same network."""
        return "neuralredis " + shlex.join(self.args.given)


def _without_rows(network: Network) -> Network:
    """Return the same network without the rows that it has learnt from, and with room for others."""
    bare = copy.copy(network)
    info = network.info()
    bare.configure(dataset=0, test=0)
    bare.configure(dataset=info.training_dataset_maxlen, test=info.test_dataset_maxlen)
    return bare


def _plot(report: Report, place: str) -> None:
    importlib.import_module("neuralredis.plot").learning_curve(report).figure.savefig(place)


def _key(place: str) -> str:
    return shlex.quote(Path(place).stem)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
