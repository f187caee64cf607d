"""What the examples share: command line, creation of networks, and pictures."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path
from typing import Any

import neuralredis as nr

#: The help of --redis for examples that train in this process.
PUT = "upload the trained network to a server, such as redis://localhost"


def arguments(
    description: str,
    *,
    data: str | None = None,
    gif: str | None = None,
    redis: str = "train in a server, such as redis://localhost",
    **numbers: tuple[int, str],
) -> argparse.Namespace:
    """Return the parsed command line.

    `data`, `gif` and `redis` are the help texts of these options; without one of the first two, the option does not
    exist. Each of `numbers` adds an option, with its default and its help text.
    """
    parser = argparse.ArgumentParser(description=description)
    for name, (default, purpose) in numbers.items():
        parser.add_argument(f"--{name}", type=count, default=default, help=f"{purpose} (default: %(default)s)")
    if data:
        parser.add_argument("--data", type=Path, metavar="PATH", help=data)
    parser.add_argument("--seed", type=seed, default=1, help="the seed of all random numbers (default: %(default)s)")
    parser.add_argument("--redis", metavar="URL", help=redis)
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the result into a PNG file")
    if gif:
        parser.add_argument("--gif", type=Path, metavar="FILE", help=gif)
    parser.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        help="show a progress bar (default: only on a terminal, for long trainings)",
    )
    args = parser.parse_args()
    # Checked before the training, which may take long.
    for option in ("plot", "gif"):
        path = getattr(args, option, None)
        if path and not importlib.util.find_spec("matplotlib"):
            parser.error(f"--{option} needs matplotlib: pip install matplotlib")
        if path and not path.absolute().parent.is_dir():
            parser.error(f"--{option}: there is no folder {path.absolute().parent}")
    if data and args.data and not args.data.exists():
        parser.error(f"--data: there is no {args.data}")
    return args


def seed(text: str) -> int:
    """Return an integer that is a valid seed of a network."""
    if not 0 <= int(text) < 2**64:
        raise ValueError
    return int(text)


def count(text: str) -> int:
    """Return an integer of at least 1."""
    if int(text) < 1:
        raise ValueError
    return int(text)


def network(args: argparse.Namespace, kind: str, layout: list[int] | None = None, **options: Any) -> nr.AnyNetwork:
    """Return a new network: embedded, or with --redis in a server, where it replaces that of the last run."""
    options = {"seed": args.seed, **options}
    if not args.redis:
        return nr.Network(kind, layout, **options)
    key = f"example:{Path(sys.argv[0]).stem}"
    try:
        db = nr.connect(args.redis)
        if key in db:
            del db[key]
        return db.create(key, kind, layout, **options)
    except Exception as error:
        sys.exit(f"--redis {args.redis}: {error}")


def put(args: argparse.Namespace, net: nr.Network) -> None:
    """Upload the network to the server of --redis, if that option was given."""
    if args.redis:
        key = f"example:{Path(sys.argv[0]).stem}"
        try:
            nr.connect(args.redis).upload(key, net, replace=True)
        except Exception as error:
            sys.exit(f"--redis {args.redis}: {error}")
        print(f"\nThe network is in the server under {key}.")


def package(name: str) -> Path | None:
    """Return the folder of an installed package, without importing it."""
    spec = importlib.util.find_spec(name)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


def axes(title: str, xlabel: str, ylabel: str) -> Any:
    """Return the axes of a new figure."""
    [ax] = figure(1).axes
    ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
    return ax


def figure(count: int) -> Any:
    """Return a new figure with this many axes, side by side."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(8, 5), dpi=100, layout="constrained")
    for ax in drawn.subplots(1, count, squeeze=False)[0]:
        ax.grid(alpha=0.25)
        ax.set_axisbelow(True)
        ax.spines[["top", "right"]].set_visible(False)
    return drawn


def save(ax: Any, path: Path, subject: str) -> None:
    """Write the figure of these axes to a file."""
    ax.figure.savefig(path, format="png")
    print(f"\n{subject} in {path}.")


def plot(net: nr.AnyNetwork, path: Path) -> None:
    """Draw the learning curve of the last training."""
    from neuralredis.plot import learning_curve

    info = net.info()
    members = f", {info.members} members" if info.members > 1 else ""
    ax = learning_curve(net, axes(f"Learning curve of a {info.title}{members}", "", ""))
    save(ax, path, "The learning curve is")
