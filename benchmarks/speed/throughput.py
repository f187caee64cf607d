"""Measures requests per second over one connection, beside commands of the server with the same arguments.

EXISTS takes as many arguments, and looks up each. SET takes the same blob, and keeps the memory into which it was read.
The goal of NR.RUN and NR.OBSERVE is to come near to them, since the server then spends most time on reading requests.
Sets are full, so that each observed row replaces a random one.

`floor.c` is a module whose commands take the same arguments and do nothing. Their share of the rates of EXISTS and SET
is the most that a module can reach.
"""

from __future__ import annotations

import random
import struct
import subprocess
import tempfile
from pathlib import Path

from figures import LAYOUTS, at_least, best_rates, show
from server import packed, pipeline, running

#: Requests in a pipeline.
PIPELINE = 200
ROWS = 1000
#: Goals, as shares of the rate of EXISTS.
RUN_GOALS = {"9-15-2": 0.8, "64-100-10": 0.7, "300-600-100": 0.5}
OBSERVE_GOAL = 0.8
#: As a share of the rate of SET.
BLOB_GOAL = 0.7
FLOOR = Path(__file__).parent / "floor.c"


def measure(server: Path, module: Path, seconds: float, original: Path | None) -> None:
    """Print the table of a server."""
    with tempfile.TemporaryDirectory() as directory:
        floor = Path(directory) / "floor.so"
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", floor, FLOOR], check=True)
        texts, blobs = of_module(server, module, seconds, floor)
    theirs = of_module(server, original, seconds)[0] if original else {}
    for verb in ("NR.RUN", "NR.OBSERVE"):
        for layout in LAYOUTS:
            found = texts[layout]
            beside = f"{found[verb]:9,.0f}/s, EXISTS {found['EXISTS']:9,.0f}/s"
            beside += f", the floor {found[verb.replace('NR', 'FLOOR')] / found['EXISTS']:.2f}"
            if theirs:
                beside += f", the original {theirs[layout][verb] / theirs[layout]['EXISTS']:.2f}"
            goal = RUN_GOALS[layout] if verb == "NR.RUN" else OBSERVE_GOAL
            at_least(f"{verb:10} {layout}, of EXISTS", found[verb] / found["EXISTS"], goal, beside=beside)
    for layout in LAYOUTS:
        run, many = blobs[layout]["NR.RUN"], blobs[layout]["NR.RUN 100"]
        large = layout == "300-600-100"
        for label, rate, goal in (("one row", run, 30e3), ("100 rows", many, 100e3)):
            name = f"NR.RUN FP32 {layout}, {label} a blob"
            if large:
                at_least(name, rate / 1e3, goal / 1e3, "k/s")
            else:
                show(name, f"{rate / 1e3:.3g}k/s")
        for label, count in (("one row", ""), ("100 rows", " 100")):
            rate, least, limit = (blobs[layout][name + count] for name in ("NR.OBSERVE", "FLOOR.OBSERVE", "SET"))
            beside = f"{rate:9,.0f} rows/s, SET {limit:9,.0f}/s, the floor {least / limit:.2f}"
            at_least(f"NR.OBSERVE FP32 {layout}, {label}, of SET", rate / limit, BLOB_GOAL, beside=beside)


def of_module(
    server: Path, module: Path, seconds: float, floor: Path | None = None
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """Return the rates with arguments as text and, beside a floor, as blobs, by layout and command."""
    texts, blobs = {}, {}
    rng = random.Random(1)
    options = ["--loadmodule", str(floor)] if floor else []
    with running(server, module, *options) as process, process.client() as client, process.connection() as connection:

        def rates(commands: dict[str, tuple[bytes | str | int, ...]], count: int, rows: int = 1) -> dict[str, float]:
            works = {name: pipeline(connection, packed(*words), count, rows) for name, words in commands.items()}
            return best_rates(works, seconds)

        for layout, units in LAYOUTS.items():
            shape = [*units[:-1], "->", units[-1]]
            client.flushall()
            client.execute_command("NR.CREATE", "net", "CLASSIFIER", *shape, "DATASET", ROWS, "TEST", 10)
            row = [f"{rng.random():.6f}" for _ in range(units[0])]
            run, observe = ("net", *row), ("net", *row, "->", 1)
            # Full, so that all later replies have the same length.
            for _ in range(ROWS + 10):
                client.execute_command("NR.OBSERVE", *observe)
            requests = {"NR.RUN": ("NR.RUN", *run), "NR.OBSERVE": ("NR.OBSERVE", *observe)}
            if floor:
                requests |= {"FLOOR.RUN": ("FLOOR.RUN", *run), "FLOOR.OBSERVE": ("FLOOR.OBSERVE", *observe)}
            texts[layout] = rates({"EXISTS": ("EXISTS", *row), **requests}, PIPELINE)
            if not floor:
                continue
            values = [float(value) for value in row]
            inputs, with_outcome = struct.pack(f"<{len(row)}f", *values), struct.pack(f"<{len(row) + 1}f", *values, 1.0)
            blobs[layout] = {}
            for count, length in ((1, PIPELINE), (100, 10)):
                found = rates(
                    {
                        "NR.RUN": ("NR.RUN", "net", "FP32", inputs * count),
                        "NR.OBSERVE": ("NR.OBSERVE", "net", "FP32", with_outcome * count),
                        "FLOOR.OBSERVE": ("FLOOR.OBSERVE", "net", "FP32", with_outcome * count),
                        "SET": ("SET", "key", with_outcome * count),
                    },
                    length,
                    count,
                )
                blobs[layout] |= {name if count == 1 else f"{name} {count}": rate for name, rate in found.items()}
    return texts, blobs
