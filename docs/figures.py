"""Writes the tables of measurements into the pages, from what the benchmarks printed.

A page says where: between `<!-- name: make pages -->` and `<!-- end -->`. So a new measurement is `make pages` away.

python docs/figures.py
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BENCHMARKS = ROOT / "benchmarks"
PAGES = tuple(ROOT / name for name in ("README.md", "docs/learning.md", "docs/performance.md"))

#: Columns of quality.txt: short names, and what they are.
RIVALS = {
    "linear": ("logistic or ridge regression", "logistic or ridge regression"),
    "mlp": ("scikit-learn's MLP", "scikit-learn's MLP, 100 hidden units, all rows, 200 epochs"),
    "mlp early": ("the same, early stopping", "the same with early stopping"),
    "torch": ("PyTorch", "PyTorch's Rprop, 100 hidden units, patience"),
    "fann": ("FANN", "FANN, 100 hidden units, patience"),
    "original": ("the original module", "the original, 30 hidden units"),
    "forest": ("random forest", "a random forest of 100 trees"),
}
#: Names of speed.txt, in those of quality.txt.
ENGINES = {"neuralredis": "neuralredis", "the original": "original", "torch": "torch", "sklearn": "mlp"}
LAYOUTS = ("9-15-2", "64-100-10", "300-600-100")


def qualities() -> dict[str, tuple[float, str]]:
    """Return of each rival the geometric mean of our errors as multiples of its own, and where ours are far larger."""
    text = (BENCHMARKS / "quality" / "quality.txt").read_text(encoding="utf-8")
    lines = re.findall(r"^(\w[\w ]*?) +geometric mean ([\d.]+) over \d+ sets; above [\d.]+: (.*)$", text, re.MULTILINE)
    return {name: (float(mean), worse) for name, mean, worse in lines}


def speeds(threads: int) -> dict[tuple[str, str], tuple[float, float | None, float | None]]:
    """Return steps, answers to one row and answers to a thousand rows a second, by engine and layout."""
    text = (BENCHMARKS / "speed.txt").read_text(encoding="utf-8")
    [part] = re.findall(rf"^{threads} threads?,.*\n((?:.+\n?)+)", text, re.MULTILINE)
    names = "|".join(ENGINES)
    lines = re.findall(rf"^([\d-]+) +({names}) +(\S+) +\S+% +\S+x(?: +(\S+) +(\S+))?$", part, re.MULTILINE)
    return {
        (ENGINES[engine], layout): (float(steps), float(one) if one else None, float(many) if many else None)
        for layout, engine, steps, one, many in lines
    }


def served() -> dict[str, dict[tuple[str, str], tuple[float, int, float | None]]]:
    """Return of each server, by command and layout: the share of EXISTS's rate, the rate, and the original's share."""
    text = (BENCHMARKS / "serving" / "serving.txt").read_text(encoding="utf-8")
    form = r"^(NR\.\w+) +([\d-]+), of EXISTS +([\d.]+).*?([\d,]+)/s, EXISTS +[\d,]+/s(?:, the original ([\d.]+))?$"
    parts = re.findall(r"^(\w+-server [\d.]+)\n((?:.+\n)+)", text, re.MULTILINE)
    return {
        server: {
            (command, layout): (float(share), int(rate.replace(",", "")), float(original) if original else None)
            for command, layout, share, rate, original in re.findall(form, part, re.MULTILINE)
        }
        for server, part in parts
    }


def table(*rows: list[str]) -> str:
    """Return rows, names first, as a table of Markdown."""
    return "".join(f"| {' | '.join(row)} |\n" for row in [rows[0], ["---"] * len(rows[0]), *rows[1:]])


def millions(rate: float | None) -> str:
    """Return a rate in millions, with two digits."""
    if rate is None:
        return ""
    rate /= 1e6
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}" if rate >= 1 else f"{rate:.2g}"


def peers() -> str:
    """Return errors and speeds beside those of others."""
    quality, speed = qualities(), speeds(1)
    rows = []
    for name in ("neuralredis", "original", "mlp", "torch", "fann", "forest", "linear"):
        error = f"{1 / quality[name][0]:.2f}" if name in quality else "1"
        rates = [millions(speed[name, layout][0]) if (name, layout) in speed else "" for layout in LAYOUTS]
        rows.append([RIVALS[name][0] if name in RIVALS else f"**{name}**", error, *rates])
    return table(["", "errors, ours are 1", *(f"steps, {layout}" for layout in LAYOUTS)], *rows)


def quality() -> str:
    """Return our errors as multiples of those of others."""
    rows = [[RIVALS[name][1], f"{mean:.2f}", worse] for name, (mean, worse) in qualities().items()]
    return table(["other", "our error as a multiple", "more than 1.1 times theirs on"], *rows)


def speed(threads: int) -> str:
    """Return steps and answers a second."""
    found = speeds(threads)
    rows = [
        [layout, RIVALS[engine][0] if engine in RIVALS else f"**{engine}**", *map(millions, found[engine, layout])]
        for layout in LAYOUTS
        for engine in ENGINES.values()
        if (engine, layout) in found
    ]
    return table(["layout", "", "training steps", "answers, row by row", "answers, 1000 rows at once"], *rows)


def serving() -> str:
    """Return requests a second, and as a share of the cheapest command's rate."""
    rows = [
        [server, command, layout, f"{rate:,}", f"{share:.0%}", f"{original:.0%}" if original else ""]
        for server, found in served().items()
        for (command, layout), (share, rate, original) in found.items()
    ]
    return table(["server", "command", "layout", "a second", "of `EXISTS`", "the original, of `EXISTS`"], *rows)


TABLES: dict[str, Callable[[], str]] = {
    "peers": peers,
    "quality": quality,
    "serving": serving,
    "speed-1": lambda: speed(1),
    "speed-2": lambda: speed(2),
}


def filled(page: str) -> str:
    """Return a page with its tables as measured."""
    form = r"(<!-- ([\w-]+): make pages -->\n).*?(<!-- end -->)"
    return re.sub(form, lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n{found[3]}", page, flags=re.DOTALL)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
