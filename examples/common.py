"""What the examples share: their command line, their networks, and where their pictures go."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path
from typing import Any

import neuralredis as nr

#: What --redis does where a network learns here, and is then kept in a server.
PUT = "put what has learnt into a server, such as redis://localhost"


def arguments(
    description: str,
    *,
    data: str | None = None,
    gif: str | None = None,
    redis: str = "train in a server, such as redis://localhost",
    **numbers: tuple[int, str],
) -> argparse.Namespace:
    """Return what the user typed after the name of the program.

    `data`, `gif` and `redis` tell what is under these names, and each of `numbers` is an option more: its default,
    and what it is for.
    """
    parser = argparse.ArgumentParser(description=description)
    for name, (default, purpose) in numbers.items():
        parser.add_argument(f"--{name}", type=count, default=default, help=f"{purpose} (default: %(default)s)")
    if data:
        parser.add_argument("--data", type=Path, metavar="PATH", help=data)
    parser.add_argument("--seed", type=seed, default=1, help="of all that is random (default: %(default)s)")
    parser.add_argument("--redis", metavar="URL", help=redis)
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw what it has learnt into a PNG file")
    if gif:
        parser.add_argument("--gif", type=Path, metavar="FILE", help=gif)
    parser.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        help="show a progress bar (default: on a terminal, if the training takes a while)",
    )
    args = parser.parse_args()
    # Whoever waits for a training wants to hear of this before it.
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
    """Return a seed that a network can have."""
    if not 0 <= int(text) < 2**64:
        raise ValueError
    return int(text)


def count(text: str) -> int:
    """Return how many of something there are to be."""
    if int(text) < 1:
        raise ValueError
    return int(text)


def network(args: argparse.Namespace, kind: str, layout: list[int] | None = None, **options: Any) -> nr.AnyNetwork:
    """Return a new network: in this process, or with --redis in a server, in the place of the one of the last time."""
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
    """Put a network into the server of --redis, if there is one."""
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
    """Return axes to draw into, in a figure of their own."""
    [ax] = figure(1).axes
    ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
    return ax


def figure(count: int) -> Any:
    """Return a figure with so many axes to draw into, side by side."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(8, 5), dpi=100, layout="constrained")
    for ax in drawn.subplots(1, count, squeeze=False)[0]:
        ax.grid(alpha=0.25)
        ax.spines[["top", "right"]].set_visible(False)
    return drawn


def save(ax: Any, path: Path, what: str) -> None:
    """Write the picture that axes are in."""
    ax.figure.savefig(path, format="png")
    print(f"\n{what} in {path}.")


def plot(net: nr.AnyNetwork, report: nr.Report, path: Path) -> None:
    """Draw how the errors of the training and the validation rows developed."""
    from neuralredis.plot import learning_curve

    ax = learning_curve(report, axes(f"How a {net.info().title} learnt", "", ""))
    save(ax, path, "The learning curves are")
