"""Requests a second over one connection, beside what the server does with the same arguments and no network.

EXISTS takes as many arguments, and looks each of them up; SET takes the same blob, and copies it. NR.RUN and NR.OBSERVE
are to come near to them: then what is left is the server's own reading of a request. Sets are full, so that each row
observed replaces one at random.
"""

from __future__ import annotations

import random
import struct
from pathlib import Path

from figures import LAYOUTS, at_least, best_rates, show
from server import packed, pipeline, running

#: Requests that are sent at once.
PIPELINE = 200
ROWS = 1000
#: Least shares of what EXISTS does.
RUN_GOALS = {"9-15-2": 0.8, "64-100-10": 0.7, "300-600-100": 0.5}
OBSERVE_GOAL = 0.8
#: Of what SET does.
BLOB_GOAL = 0.7


def measure(server: Path, module: Path, seconds: float, original: Path | None) -> None:
    """Print the table of a server."""
    texts, blobs = of_module(server, module, seconds)
    theirs = of_module(server, original, seconds, has_blobs=False)[0] if original else {}
    for verb in ("NR.RUN", "NR.OBSERVE"):
        for layout in LAYOUTS:
            found = texts[layout]
            beside = f"{found[verb]:9,.0f}/s, EXISTS {found['EXISTS']:9,.0f}/s"
            if theirs:
                beside += f", the original {theirs[layout][verb] / theirs[layout]['EXISTS']:.2f}"
            goal = RUN_GOALS[layout] if verb == "NR.RUN" else OBSERVE_GOAL
            at_least(f"{verb:10} {layout}, of EXISTS", found[verb] / found["EXISTS"], goal, beside=beside)
    for layout in LAYOUTS:
        run, observe, store = (blobs[layout][name] for name in ("one", "observe", "set"))
        many, observe_many, store_many = (blobs[layout][name] for name in ("many", "observe many", "set many"))
        large = layout == "300-600-100"
        for what, rate, goal in (("one row", run, 30e3), ("100 rows", many, 100e3)):
            name = f"NR.RUN FP32 {layout}, {what} a blob"
            if large:
                at_least(name, rate / 1e3, goal / 1e3, "k/s")
            else:
                show(name, f"{rate / 1e3:.3g}k/s")
        for what, rate, limit in (("one row", observe, store), ("100 rows", observe_many, store_many)):
            beside = f"{rate:9,.0f} rows/s, SET {limit:9,.0f}/s"
            at_least(f"NR.OBSERVE FP32 {layout}, {what}, of SET", rate / limit, BLOB_GOAL, beside=beside)


def of_module(
    server: Path, module: Path, seconds: float, has_blobs: bool = True
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """Return the rates with arguments as text and as blobs, by layout and command."""
    texts, blobs = {}, {}
    rng = random.Random(1)
    with running(server, module) as process, process.client() as client, process.connection() as connection:
        for layout, units in LAYOUTS.items():
            shape = [*units[:-1], "->", units[-1]]
            client.flushall()
            client.execute_command("NR.CREATE", "net", "CLASSIFIER", *shape, "DATASET", ROWS, "TEST", 10)
            row = [f"{rng.random():.6f}" for _ in range(units[0])]
            observe = ("NR.OBSERVE", "net", *row, "->", 1)
            # Full, so that every later reply is as long.
            for _ in range(ROWS + 10):
                client.execute_command(*observe)
            commands = {"EXISTS": ("EXISTS", *row), "NR.RUN": ("NR.RUN", "net", *row), "NR.OBSERVE": observe}
            texts[layout] = best_rates(
                {name: pipeline(connection, packed(*words), PIPELINE) for name, words in commands.items()}, seconds
            )
            if not has_blobs:
                continue
            values = [float(value) for value in row]
            asked, told = struct.pack(f"<{len(row)}f", *values), struct.pack(f"<{len(row) + 1}f", *values, 1.0)
            blobs[layout] = best_rates(
                {
                    "one": pipeline(connection, packed("NR.RUN", "net", "FP32", asked), PIPELINE),
                    "many": pipeline(connection, packed("NR.RUN", "net", "FP32", asked * 100), 10, 100),
                    "observe": pipeline(connection, packed("NR.OBSERVE", "net", "FP32", told), PIPELINE),
                    "set": pipeline(connection, packed("SET", "key", told), PIPELINE),
                    "observe many": pipeline(connection, packed("NR.OBSERVE", "net", "FP32", told * 100), 10, 100),
                    "set many": pipeline(connection, packed("SET", "key", told * 100), 10, 100),
                },
                seconds,
            )
    return texts, blobs
