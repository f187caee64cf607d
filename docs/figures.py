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
    "lightgbm": ("LightGBM", "LightGBM"),
    "catboost": ("CatBoost", "CatBoost"),
}
#: Names of speed.txt, in those of quality.txt.
ENGINES = {"neuralredis": "neuralredis", "the original": "original", "sklearn": "mlp", "torch": "torch", "FANN": "fann"}
#: Lines of served.txt, in words.
SERVED = {
    "NR.OBSERVE of an event": "`NR.OBSERVE` of an event, its rate / that of `RPUSH`",
    "NR.CLASS, a live session of 64": "`NR.CLASS` of a sequence of 64 events, `CELL {cell}`",
    "an event and the answer after it": "`NR.OBSERVE` of an event, then `NR.CLASS`, `CELL {cell}`",
    "the same as a list": "memory of the same events in a list of Redis",
}
#: In the place of a table whose figures the last run left out.
UNMEASURED = "Not measured yet.\n"
#: Layouts of the front page.
LAYOUTS = ("9-15-2", "64-100-10", "300-600-100")


def qualities() -> dict[str, tuple[float, str]]:
    """Return of each rival the geometric mean of our errors as multiples of its own, and where ours are far larger."""
    text = (BENCHMARKS / "quality" / "quality.txt").read_text(encoding="utf-8")
    lines = re.findall(r"^(\w[\w ]*?) +geometric mean ([\d.]+) over \d+ sets; above [\d.]+: (.*)$", text, re.MULTILINE)
    return {name: (float(mean), worse) for name, mean, worse in lines}


def speed_parts() -> dict[str, str]:
    """Return the parts of speed.txt, by the line that each begins with up to a colon. A run may have left some out."""
    text = (BENCHMARKS / "speed" / "speed.txt").read_text(encoding="utf-8")
    parts = (part.partition("\n") for part in re.split(r"\n\n+", text.strip("\n")))
    found: dict[str, str] = {}
    for head, _, lines in parts:
        name = head.partition(":")[0]
        found[name] = found.get(name, "") + lines + "\n"
    return found


def steps(threads: int) -> dict[str, dict[str, float]]:
    """Return training steps a second, by layout and engine; of what was measured on so many threads."""
    part = speed_parts().get(f"training, {threads} thread{'s' * (threads > 1)}", "")
    lines = re.findall(r"^steps ([\d-]+), 1000 rows, of the limit .*?(neuralredis .*)$", part, re.MULTILINE)
    return {
        layout: {ENGINES[name]: float(rate) for name, rate in re.findall(r"(\w[\w ]*?) ([\d.e+]+)/s", rates)}
        for layout, rates in lines
    }


def served() -> dict[str, dict[tuple[str, str], tuple[float, int, float, float | None]]]:
    """Return of each server, by command and layout: a share of EXISTS's rate, the rate, two more shares."""
    rates = r"([\d,]+)/s, EXISTS +[\d,]+/s, the floor ([\d.]+)(?:, the original ([\d.]+))?$"
    form = rf"^(NR\.\w+) +([\d-]+), of EXISTS +([\d.]+).*?{rates}"
    return {
        server: {
            (command, layout): (
                float(share),
                int(rate.replace(",", "")),
                float(floor),
                float(original) if original else None,
            )
            for command, layout, share, rate, floor, original in re.findall(form, part, re.MULTILINE)
        }
        for server, part in speed_parts().items()
        if "-server" in server
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
    quality, speed = qualities(), steps(1)
    layouts = [layout for layout in LAYOUTS if layout in speed]
    rows = []
    for name in ("neuralredis", "original", "mlp", "torch", "fann", "forest", "lightgbm", "catboost", "linear"):
        error = f"{1 / quality[name][0]:.2f}" if name in quality else "1"
        rates = [millions(speed[layout].get(name)) for layout in layouts]
        rows.append([RIVALS[name][0] if name in RIVALS else f"**{name}**", error, *rates])
    unit = "millions of training steps (one row, forward and backward) per second on one thread, by layout"
    note = f"\nSpeed is in {unit}.\n" if layouts else ""
    return table(["library", "relative error", *(f"speed, {layout}" for layout in layouts)], *rows) + note


def quality() -> str:
    """Return our errors as multiples of those of others."""
    rows = [[RIVALS[name][1], f"{mean:.2f}", worse] for name, (mean, worse) in qualities().items()]
    heads = ["compared with", "error of neuralredis / other error", "data sets on which it is above 1.1"]
    return table(heads, *rows)


def training(threads: int) -> str:
    """Return training steps a second."""
    found = steps(threads)
    engines = [name for name in ENGINES.values() if any(name in rates for rates in found.values())]
    names = [RIVALS[name][0] if name in RIVALS else f"**{name}**" for name in engines]
    rows = [[layout, *(millions(rates.get(name)) for name in engines)] for layout, rates in found.items()]
    return table(["layout", *names], *rows) if rows else UNMEASURED


def answers() -> str:
    """Return answers a second."""
    part = speed_parts().get("embedded, one thread", "")
    one = re.findall(r"^answers ([\d-]+), one row +([\d.]+)M/s.*? torch ([\d,]+)/s, sklearn ([\d,]+)/s$", part, re.M)
    many = dict(re.findall(r"^answers ([\d-]+), 1000 rows, of the limit.*? ([\d,]+)/s", part, re.M))
    times = {
        (layout, name): x for layout, name, x in re.findall(r"^answers ([\d-]+), .*times (\w+) +([\d.]+)", part, re.M)
    }

    def rate(text: str) -> str:
        return millions(float(text.replace(",", "")))

    rows = [
        [
            layout, millions(float(ours) * 1e6), rate(torch), rate(sklearn),
            rate(many[layout]), times[layout, "torch"], times[layout, "sklearn"],
        ]
        for layout, ours, torch, sklearn in one
    ]  # fmt: skip
    names = [
        "one row", "one row, PyTorch", "one row, scikit-learn",
        "1000 rows", "1000 rows / PyTorch", "1000 rows / scikit-learn",
    ]  # fmt: skip
    return table(["layout", *names], *rows) if rows else UNMEASURED


def serving() -> str:
    """Return requests a second, and as a share of the cheapest command's rate."""
    rows = [
        [server, command, layout, f"{rate:,}", f"{share:.0%}", f"{floor:.0%}", f"{original:.0%}" if original else ""]
        for server, found in served().items()
        for (command, layout), (share, rate, floor, original) in found.items()
    ]
    shares = ["neuralredis", "a module that does nothing", "the original module"]
    return table(["server", "command", "layout", "requests per second", *shares], *rows)


def sequence_lines(form: str) -> list[tuple[str, ...]]:
    """Return what a form finds in the lines of sequences.txt."""
    text = (BENCHMARKS / "sequences" / "sequences.txt").read_text(encoding="utf-8")
    return re.findall(form, text, re.MULTILINE)


def sequences() -> str:
    """Return errors of networks of sequences by cell. A later line of a set replaces what an earlier one has."""
    cells = ("auto", "window", "reservoir", "gru")
    found: dict[str, dict[str, str]] = {}
    for name, figures in sequence_lines(rf"^(\w[\w ,%]*?) +((?:(?:{'|'.join(cells)}) +[\d.]+ +)+)at most"):
        found.setdefault(name, {}).update(zip(figures.split()[::2], figures.split()[1::2], strict=True))
    rows = [[name, f"**{of['auto']}**", *(of.get(cell, "") for cell in cells[1:])] for name, of in found.items()]
    for nats in sequence_lines(r"^counts of 4 letters in a row +([\d.]+)"):
        rows.append(["the same by counts of 4 letters in a row", str(nats), "", "", ""])
    return table(["data set", *(f"`CELL {cell.upper()}`" for cell in cells)], *rows)


def forecasts() -> str:
    """Return errors of forecasts beside those of others."""
    found = sequence_lines(r"^(\w.*?) +network +([\d.]+) .*? naive +([\d.]+)  ETS +([\d.]+)")
    rows = [[name, f"**{ours}**", naive, ets] for name, ours, naive, ets in found]
    return table(["series", "network", "seasonal naive forecast", "exponential smoothing (ETS)"], *rows)


def sequences_served() -> str:
    """Return what sequences cost a server."""
    text = (BENCHMARKS / "sequences" / "served.txt").read_text(encoding="utf-8")
    found = re.findall(r"^ *(\w.*?)  +([\d.]+(?: us| B)?)(?:  |$)", text, re.MULTILINE)
    rows, cell = [], ""
    for label, value in found:
        # Lines after that of a cell are about the same cell.
        cell = label.rpartition(", ")[2].upper() if label.startswith("NR.CLASS") else cell
        words = SERVED.get(label.rpartition(", ")[0]) or SERVED.get(label, label)
        rows.append([words.format(cell=cell), value.replace(" us", " µs").replace(" B", " bytes")])
    return table(["operation or data", "time, rate or memory"], *rows)


TABLES: dict[str, Callable[[], str]] = {
    "answers": answers,
    "forecasts": forecasts,
    "peers": peers,
    "quality": quality,
    "sequences": sequences,
    "sequences-served": sequences_served,
    "serving": serving,
    "training-1": lambda: training(1),
    "training-2": lambda: training(2),
}


def filled(page: str) -> str:
    """Return a page with its tables as measured."""
    form = r"(<!-- ([\w-]+): make pages -->\n).*?(<!-- end -->)"
    return re.sub(form, lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n{found[3]}", page, flags=re.DOTALL)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
