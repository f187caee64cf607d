"""What the examples share: their command line, and a picture of how a network learnt."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path
from typing import Any

import neuralredis as nr


def arguments(description: str) -> argparse.Namespace:
    """Return what the user typed after the name of the program."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seed", type=seed, default=1, help="of all that is random (default: %(default)s)")
    parser.add_argument("--redis", metavar="URL", help="train in a server, such as redis://localhost")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the learning curves into a PNG file")
    parser.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        help="show a progress bar (default: on a terminal, if the training takes a while)",
    )
    args = parser.parse_args()
    # Whoever waits for a training wants to hear of this before it.
    if args.plot and not importlib.util.find_spec("matplotlib"):
        parser.error("--plot needs matplotlib: pip install matplotlib")
    if args.plot and not args.plot.absolute().parent.is_dir():
        parser.error(f"--plot: there is no folder {args.plot.absolute().parent}")
    return args


def seed(text: str) -> int:
    """Return a seed that a network can have."""
    if not 0 <= int(text) < 2**64:
        raise ValueError
    return int(text)


def network(args: argparse.Namespace, kind: str, layout: list[int], **options: Any) -> nr.AnyNetwork:
    """Return a new network: in this process, or with --redis in a server, in the place of the one of the last time."""
    if not args.redis:
        return nr.Network(kind, layout, seed=args.seed, **options)
    key = f"example:{Path(sys.argv[0]).stem}"
    try:
        db = nr.connect(args.redis)
        if key in db:
            del db[key]
        return db.create(key, kind, layout, seed=args.seed, **options)
    except Exception as error:
        sys.exit(f"--redis {args.redis}: {error}")


def plot(net: nr.AnyNetwork, report: nr.Report, path: Path) -> None:
    """Draw how the errors of the training and the testing rows developed."""
    from matplotlib.figure import Figure

    curve = report.curve
    figure = Figure(figsize=(8, 5), dpi=120, layout="constrained")
    axes = figure.add_subplot(title=f"How a {net.info().title} learnt", xlabel="cycle", ylabel="mean error of a row")
    axes.plot(curve.cycles, curve.train_error, label="training rows")
    axes.plot(curve.cycles, curve.test_error, label="testing rows")
    if report.best_cycle < report.cycles:
        axes.axvline(report.best_cycle, color="tab:green", linestyle=":", label=f"kept: cycle {report.best_cycle:,}")
    axes.axvline(report.cycles, color="gray", linestyle="--", label=f"stopped: cycle {report.cycles:,}")
    if report.cycles > 1000:
        # On plain scales a long training is a corner; on a purely logarithmic one cycle 0 has no place.
        axes.set_xscale("symlog", linthresh=float(curve.cycles[1]))
        axes.set_xlim(left=0)
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(path, format="png")
    print(f"\nThe learning curves are in {path}.")
