"""``neuralredis sample``: texts that networks of sequences draw, under several settings."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import random
from typing import TYPE_CHECKING, Any

from neuralredis import files
from neuralredis.cli.arguments import subcommand
from neuralredis.cli.extras import need
from neuralredis.cli.failure import Failure, complain

if TYPE_CHECKING:
    from neuralredis.cli.samples import Samples
    from neuralredis.sequences import SequenceNetwork

__all__ = ["add_to"]

#: Options that change what is drawn: how they are given, and what they are called in Python.
SETTINGS = {
    "--temperature": "below 1 likely events are drawn more often, above 1 less (default: 1)",
    "--top-k": "draw among so many of the likeliest events",
    "--top-p": "draw among the likeliest events that together have this probability",
    "--min-p": "draw among events that have at least this share of the largest probability",
    "--penalty": "above 1 events that have come before become less likely",
}
#: Settings, prompts and texts at most, all multiplied.
MOST_TEXTS = 100_000

DESCRIPTION = """\
Draw texts from networks of sequences whose target is the next event: letters, words, pages.

Each setting may have several values, as in --temperature 0.5,1: all are tried, so that one can see which to take. Of
several networks the texts are shown side by side, grouped by the prompt that they begin with. The same seed gives the
same texts, and the first texts stay the same when more are drawn."""

EPILOG = """\
examples:
  neuralredis sample names.nr --until . --temperature 0.5,1
  neuralredis sample names.nr --until . --prompt ma --prompt jo --count 20 --seed 1
  neuralredis sample small.nr large.nr --until . --temperature 0.5,1 --html names.html
  neuralredis sample names.nr --until . --json > names.json"""


def add_to(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subcommand(subparsers, "sample", "draw texts from networks of sequences", DESCRIPTION, EPILOG)
    parser.add_argument(
        "networks", nargs="+", metavar="NET", help="files of networks, or servers with a key (redis://localhost#key)"
    )
    parser.add_argument(
        "--prompt",
        action="append",
        metavar="TEXT",
        help="what the texts begin with; can be given again (default: nothing)",
    )
    parser.add_argument("--count", type=int, default=10, metavar="N", help="texts of each setting (default: 10)")
    parser.add_argument("--length", type=int, default=100, metavar="N", help="events of a text at most (default: 100)")
    parser.add_argument("--until", metavar="EVENT", help="the event that ends a text")
    for option, what in SETTINGS.items():
        parser.add_argument(option, type=values, metavar="X,X", help=what)
    parser.add_argument("--seed", type=int, metavar="S", help="of the first text; each next one has the next seed")
    parser.add_argument("--json", action="store_true", help="print a report, which 'neuralredis compare' takes")
    parser.add_argument("--html", metavar="FILE", help="write a page with all texts")
    parser.set_defaults(run=run)


def values(text: str) -> list[float]:
    """Return numbers that are separated by commas."""
    with contextlib.suppress(ValueError):
        found = [float(part) for part in text.split(",")]
        if all(abs(number) < float("inf") for number in found):
            return found
    raise argparse.ArgumentTypeError(f"'{text}': expected numbers, such as 0.5,1")


def run(args: argparse.Namespace) -> None:
    """Draw."""
    need("cli", "pyarrow", "rich", what="neuralredis sample")
    from neuralredis.cli import jsontext, samples, screen
    from neuralredis.cli.places import check_folder, check_inputs

    for option, number in (("--count", args.count), ("--length", args.length)):
        if number < 1:
            raise Failure(f"{option} {number}: expected 1 or more")
    if args.html:
        check_folder(args.html, f"cannot write {args.html}")
        check_inputs("--html", args.html, dict.fromkeys(args.networks, "a network"))
    if args.seed is None:
        # Told in the report, so that the texts can be drawn again.
        args.seed = random.SystemRandom().randrange(2**31)
    found = [_drawn(place, args) for place in args.networks]
    text = jsontext.report_text(samples.as_json(found))
    if args.html:
        from neuralredis.cli import page

        files.replace(args.html, page.with_report("compare", text).encode("utf-8", "replace"))
        complain(f"the page is {args.html}: open it in a browser")
    if args.json:
        print(text)
        return
    samples.show(screen.console(), found)


def _drawn(place: str, args: argparse.Namespace) -> Samples:
    """Return what a network draws after each prompt, under each setting."""
    from neuralredis.cli import servers
    from neuralredis.cli.samples import Drawn, Samples

    network = _network(place)
    letters = all(len(name) == 1 for name in network.classes or ())
    given = {_name(option): getattr(args, _name(option)) for option in SETTINGS}
    given = {name: values for name, values in given.items() if values is not None}
    combinations = [dict(zip(given, combination, strict=True)) for combination in itertools.product(*given.values())]
    prompts = list(dict.fromkeys(args.prompt or [""]))
    if len(combinations) * len(prompts) * args.count > MOST_TEXTS:
        raise Failure(f"these are {len(combinations) * len(prompts) * args.count:,} texts: expected {MOST_TEXTS:,}")
    drawn = []
    for prompt, settings in itertools.product(prompts, combinations):
        events = list(prompt) if letters else prompt.split()
        _check(network, place, events)
        options: dict[str, Any] = dict(settings)
        if "top_k" in options:
            options["top_k"] = _whole(options["top_k"])
        texts = [
            network.sample(events, args.length, until=args.until, seed=args.seed + number, **options)
            for number in range(args.count)
        ]
        joined = tuple(("" if letters else " ").join(text) for text in texts)
        drawn.append(Drawn(prompt=prompt, settings=settings, seed=args.seed, outputs=joined))
    return Samples(network=servers.name_of(place), joint="" if letters else " ", drawn=tuple(drawn))


def _name(option: str) -> str:
    return option.removeprefix("--").replace("-", "_")


def _whole(number: float) -> int:
    if number != int(number):
        raise Failure(f"--top-k {number:g}: expected an integer")
    return int(number)


def _check(network: SequenceNetwork, place: str, events: list[str]) -> None:
    """Fail if the events of a prompt are none of the network's."""
    from neuralredis.cli import servers
    from neuralredis.table.texts import listed, shortened

    fields = network.event_fields or {}
    if events and len(fields) > 1:
        raise Failure(
            f"--prompt is for networks whose events have one field: those of {servers.show_url(place)} have "
            f"{listed(list(fields), 6, 'and')}"
        )
    known = network.classes or ()
    unknown = next((event for event in events if event not in known), None)
    if unknown is not None:
        raise Failure(
            f"--prompt has '{shortened(unknown)}', which {servers.show_url(place)} has never met; it knows "
            f"{listed(list(known), 30, 'and')}"
        )


def _network(place: str) -> SequenceNetwork:
    """Return the network of sequences in a file, or of a server with a key."""
    from neuralredis.cli import servers
    from neuralredis.sequences import SequenceNetwork

    network = servers.addressed(place)
    if not isinstance(network, SequenceNetwork):
        raise Failure(
            f"{servers.show_url(place)} is no network of sequences: 'neuralredis ask --sample' draws a class of a row"
        )
    return network
