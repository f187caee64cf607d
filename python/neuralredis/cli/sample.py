"""``neuralredis sample``: generate texts with networks of sequences, under several settings."""

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

#: Options of sampling, each with its help text.
SETTINGS = {
    "--temperature": "below 1 draws probable events more often, above 1 less often (default: 1)",
    "--top-k": "draw among the K most probable events",
    "--top-p": "draw among the most probable events that together have this probability",
    "--min-p": "draw among events with at least this share of the largest probability",
    "--penalty": "above 1 makes events that have occurred less probable",
}
#: Limit of settings * prompts * texts.
MOST_TEXTS = 100_000

DESCRIPTION = """\
Generate texts with networks of sequences whose target is the next event: letters, words, pages.

Each setting can have several values, as in --temperature 0.5,1; texts are generated for all combinations. Texts of
several networks are shown side by side, grouped by prompt. The same seed gives the same texts, also when --count is
raised."""

EPILOG = """\
examples:
  neuralredis sample names.nr --until . --temperature 0.5,1
  neuralredis sample names.nr --until . --prompt ma --prompt jo --count 20 --seed 1
  neuralredis sample small.nr large.nr --until . --temperature 0.5,1 --html names.html
  neuralredis sample names.nr --until . --json > names.json"""


def add_to(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subcommand(subparsers, "sample", "generate texts with networks of sequences", DESCRIPTION, EPILOG)
    parser.add_argument(
        "networks", nargs="+", metavar="NET", help="files of networks, or servers with a key (redis://localhost#key)"
    )
    parser.add_argument(
        "--prompt",
        action="append",
        metavar="TEXT",
        help="the beginning of the texts; can be repeated (default: nothing)",
    )
    parser.add_argument("--count", type=int, default=10, metavar="N", help="texts for each setting (default: 10)")
    parser.add_argument("--length", type=int, default=100, metavar="N", help="most events of a text (default: 100)")
    parser.add_argument("--until", metavar="EVENT", help="the event that ends a text")
    for option, setting in SETTINGS.items():
        parser.add_argument(option, type=values, metavar="X,X", help=setting)
    parser.add_argument("--seed", type=int, metavar="S", help="the seed of the first text; text i has seed S + i")
    parser.add_argument("--json", action="store_true", help="print a report that 'neuralredis compare' reads")
    parser.add_argument("--html", metavar="FILE", help="write a page with all texts")
    parser.set_defaults(run=run)


def values(text: str) -> list[float]:
    """Return finite numbers from a text in which commas separate them."""
    with contextlib.suppress(ValueError):
        found = [float(part) for part in text.split(",")]
        if all(abs(number) < float("inf") for number in found):
            return found
    raise argparse.ArgumentTypeError(f"'{text}': expected numbers, such as 0.5,1")


def run(args: argparse.Namespace) -> None:
    """Generate the texts, and print or write them."""
    need("cli", "pyarrow", "rich", feature="neuralredis sample")
    from neuralredis.cli import jsontext, samples, screen
    from neuralredis.cli.places import check_folder, check_inputs

    for option, number in (("--count", args.count), ("--length", args.length)):
        if number < 1:
            raise Failure(f"{option} {number}: expected 1 or more")
    if args.html:
        check_folder(args.html, f"cannot write {args.html}")
        check_inputs("--html", args.html, dict.fromkeys(args.networks, "a network"))
    if args.seed is None:
        # The report contains it, so that the texts can be generated again.
        args.seed = random.SystemRandom().randrange(2**31)
    found = [_drawn(place, args) for place in args.networks]
    text = jsontext.report_text(samples.as_json(found))
    if args.html:
        from neuralredis.cli import page

        files.replace(args.html, page.with_report("compare", text).encode("utf-8", "replace"))
        complain(f"page written to {args.html}: open it in a browser")
    if args.json:
        print(text)
        return
    samples.show(screen.console(), found)


def _drawn(place: str, args: argparse.Namespace) -> Samples:
    """Return the texts of a network for each prompt and setting."""
    from neuralredis.cli import servers
    from neuralredis.cli.samples import Drawn, Samples

    network = _network(place)
    letters = all(len(name) == 1 for name in network.classes or ())
    given = {_name(option): getattr(args, _name(option)) for option in SETTINGS}
    given = {name: values for name, values in given.items() if values is not None}
    combinations = [dict(zip(given, combination, strict=True)) for combination in itertools.product(*given.values())]
    prompts = list(dict.fromkeys(args.prompt or [""]))
    if len(combinations) * len(prompts) * args.count > MOST_TEXTS:
        count = len(combinations) * len(prompts) * args.count
        raise Failure(f"settings, prompts and --count make {count:,} texts: expected at most {MOST_TEXTS:,}")
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
    """Raise `Failure` if the events of a prompt are not events of the network."""
    from neuralredis.cli import servers
    from neuralredis.table.texts import listed, shortened

    fields = network.event_fields or {}
    if events and len(fields) > 1:
        raise Failure(
            f"--prompt needs a network whose events have one field: those of {servers.show_url(place)} have "
            f"{listed(list(fields), 6, 'and')}"
        )
    known = network.classes or ()
    unknown = next((event for event in events if event not in known), None)
    if unknown is not None:
        raise Failure(
            f"--prompt has '{shortened(unknown)}', which is not an event of {servers.show_url(place)}: expected "
            f"{listed(list(known), 30, 'or')}"
        )


def _network(place: str) -> SequenceNetwork:
    """Return the network of sequences in a file, or at a server's URL with a key."""
    from neuralredis.cli import servers
    from neuralredis.sequences import SequenceNetwork

    network = servers.addressed(place)
    if not isinstance(network, SequenceNetwork):
        raise Failure(
            f"{servers.show_url(place)} is not a network of sequences: 'neuralredis ask --sample' draws the class of "
            "a row"
        )
    return network
