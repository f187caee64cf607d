"""``neuralredis watch``: show the networks of a server, and the learning curves of running trainings."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING, Any

from neuralredis.cli.arguments import subcommand
from neuralredis.cli.extras import need
from neuralredis.exceptions import NotFoundError, WrongTypeError

if TYPE_CHECKING:
    from rich.console import Console, Group

    from neuralredis.cli.screen import Curves
    from neuralredis.remote.database import NeuralRedis
    from neuralredis.results import Info, ListedTraining

__all__ = ["add_to"]

#: Seconds between two polls of the trainings, and of the networks, which need a scan of the keys.
LOOK, SEARCH = 0.25, 3.0
#: Limits of the networks and curves that are shown.
MOST_NETWORKS, MOST_CURVES = 40, 4
#: Lines of a curve.
HEIGHT = 6

DESCRIPTION = """\
Show all networks of a server, and the learning curves of its trainings: the error of the training rows and of the
validation rows in each cycle. Ctrl-C ends. Into a pipe, the current state is printed once."""

EPILOG = """\
examples:
  neuralredis watch
  neuralredis watch redis://:password@db.example.com:6379/0
  neuralredis watch --json | jq '.networks[].key'"""


def add_to(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subcommand(subparsers, "watch", "show the networks and trainings of a server", DESCRIPTION, EPILOG)
    parser.add_argument(
        "url",
        nargs="?",
        default="redis://localhost:6379",
        metavar="URL",
        help="the URL of the server (default: redis://localhost:6379)",
    )
    parser.add_argument("--once", action="store_true", help="print the current state and exit")
    parser.add_argument("--json", action="store_true", help="print the current state as JSON and exit")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Show the server's networks and trainings until Ctrl-C, or print them once."""
    need("cli", "rich", feature="neuralredis watch")
    from neuralredis.cli import screen, servers

    with servers.reached(args.url) as db:
        watched = Watched(db, servers.show_url(args.url))
        watched.search()
        watched.look()
        if args.json:
            screen.print_json(watched.as_json())
            return
        out = screen.console()
        if args.once or not sys.stdout.isatty():
            out.print(watched.drawn(out))
            return
        _live(out, watched)


def _live(out: Console, watched: Watched) -> None:
    from rich.live import Live

    with Live(console=out, screen=True, auto_refresh=False) as display:
        searched = time.monotonic()
        try:
            while True:
                display.update(watched.drawn(out), refresh=True)
                time.sleep(LOOK)
                if watched.look() or time.monotonic() - searched > SEARCH:
                    watched.search()
                    searched = time.monotonic()
        except KeyboardInterrupt:
            # The usual way to end the command.
            return


class Watched:
    """The networks and trainings of a server, as last polled.

    Parameters
    ----------
    db : NeuralRedis
        The server.
    name : str
        The server's name in the output.
    """

    def __init__(self, db: NeuralRedis, name: str) -> None:
        self.db, self.name = db, name
        self.infos: dict[Any, Info] = {}
        self.more = 0
        self.running: dict[int, ListedTraining] = {}
        self.curves: dict[int, Curves] = {}

    def search(self) -> None:
        """Scan the server for networks."""
        keys = self.db.networks()
        self.more = max(len(keys) - MOST_NETWORKS, 0)
        self.infos = {}
        for key in keys[:MOST_NETWORKS]:
            # The key may have been deleted since the scan.
            try:
                self.infos[key] = self.db[key].info()
            except (NotFoundError, WrongTypeError):
                continue

    def look(self) -> bool:
        """Poll the trainings, and return whether any began or ended."""
        from neuralredis.cli.screen import Curves

        before = set(self.running)
        threads = self.db.threads()
        for thread in threads:
            # A new training of the same network begins a new curve.
            if thread.id not in before:
                self.curves.pop(thread.id, None)
            progress = thread.progress
            curves = self.curves.setdefault(thread.id, Curves(_text(thread.key)))
            curves.add(progress.cycle, progress.train_error, progress.test_error)
            curves.words = _state(thread)
        ended = before - {thread.id for thread in threads}
        for number in ended:
            self._ended(self.running[number])
        self.running = {thread.id: thread for thread in threads}
        return bool(ended) or before != set(self.running)

    def _ended(self, thread: ListedTraining) -> None:
        """Replace the curve of a training that has ended by that of its report, if the network still has one."""
        from neuralredis.cli.screen import curves_of

        try:
            report = self.db[thread.key].report()
        except (NotFoundError, WrongTypeError):
            report = None
        if report is None:
            self.curves[thread.id].words = "ended without a result"
            return
        curves = curves_of(report)
        curves.title, curves.words = _text(thread.key), report.summary
        self.curves[thread.id] = curves

    def drawn(self, out: Console) -> Group:
        """Return the state as a renderable that fits the console."""
        from rich import box
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        networks, trainings = len(self.infos) + self.more, len(self.running)
        head = Text(self.name, "bold")
        head.append(
            f"   {_counted(networks, 'network')}, {_counted(trainings, 'training')}",
            "not bold dim",
        )
        parts: list[Any] = [head]
        running = sorted(self.curves, key=lambda number: (number not in self.running, -number))
        room = max(out.height - 8, 8) if out.is_terminal else 1000
        shown = running[: min(MOST_CURVES, max(room // 2 // (HEIGHT + 4), 1))]
        rows = max(room - len(shown) * (HEIGHT + 4), 3)
        if self.infos:
            table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
            # On a narrow terminal names are folded, numbers are not.
            for name in ("network", "type"):
                table.add_column(name, overflow="fold")
            for name in ("rows", "cycles", "validation error"):
                table.add_column(name, justify="right", no_wrap=True)
            table.add_column("", no_wrap=True)
            for key, info in list(self.infos.items())[:rows]:
                table.add_row(_text(key), *_row(info))
            parts.append(table)
            hidden = networks - min(len(self.infos), rows)
            if hidden:
                parts.append(Text(f"and {hidden:,} more", "dim"))
        else:
            parts.append(
                Text("No networks: create one with NR.CREATE, or with neuralredis train --redis URL --key KEY.")
            )
        for number in shown:
            parts += [self.curves[number].drawn(out, HEIGHT), Text("")]
        if out.is_terminal:
            parts.append(Text("Ctrl-C ends", "dim"))
        return Group(*parts)

    def as_json(self) -> dict[str, Any]:
        """Return the state as values of JSON."""
        trainings = [
            {**vars(thread), "key": _text(thread.key), "progress": vars(thread.progress)}
            for thread in self.running.values()
        ]
        networks = [{"key": _text(key), **vars(info), "restarts": info.restarts} for key, info in self.infos.items()]
        return {"networks": networks, "more_networks": self.more, "trainings": trainings}


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _text(key: Any) -> str:
    text = key.decode(errors="backslashreplace") if isinstance(key, bytes) else str(key)
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def _state(thread: ListedTraining) -> str:
    progress = thread.progress
    if progress.queued:
        return "queued: waiting for other trainings"
    limits = [
        f"of {thread.max_cycles:,} cycles" if thread.max_cycles else "",
        f"of {thread.max_time:g} s" if thread.max_time else "",
    ]
    wrong = f", {progress.class_errors:.1f} % of the validation rows wrong" if progress.class_errors is not None else ""
    return f"cycle {progress.cycle:,} {limits[0]}, {progress.seconds:.1f} s {limits[1]}{wrong}".replace(
        " ,", ","
    ).strip()


def _row(info: Info) -> list[str]:
    trained = info.training_total_cycles > 0
    wrong = info.classification_errors_perc
    error = "" if not trained or not info.test_dataset_len else f"{info.test_error:.4f}"
    if error and wrong is not None:
        error += f" ({wrong:.1f} % wrong)"
    state = "training" if info.training else "" if trained else "not trained"
    rows = f"{info.training_dataset_len:,} + {info.test_dataset_len:,}"
    return [info.title, rows, f"{info.training_total_cycles:,}", error, state]
