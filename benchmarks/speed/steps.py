"""Prints the results of training.py, beside those of the original module and the goals."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import server as servers
from figures import at_least, below, show
from training import LAYOUTS, TURN, rows

import neuralredis as nr

HERE = Path(__file__).parent
#: The least share of the limit that is expected on one core, and on two.
GOALS = {"9-15-2": (0.30, 0.22), "64-100-10": (0.50, 0.45), "300-600-100": (0.65, 0.60)}
#: The most seconds for a cycle over 60,000 digits on two cores.
DIGITS = 0.3

Found = dict[int, Any]


def measure(seconds: float, server: Path | None, original: Path | None) -> None:
    """Print the speeds on one core and, if there are more, on all cores."""
    cores = sorted(os.sched_getaffinity(0))
    found = {threads: on_cores(cores[:threads], seconds) for threads in sorted({1, len(cores)})}
    theirs = of_original(server, original) if server and original else {}
    for name, rate in theirs.items():
        found[1]["layouts"][name]["rates"]["the original"] = rate
    for threads, of in found.items():
        tables(threads, of)
    if len(cores) > 1:
        slowest = min(
            (found[len(cores)]["rows"][name]["rates"][count] / rate, f"{count} rows of {name}")
            for name, of in found[1]["rows"].items()
            for count, rate in of["rates"].items()
        )
        at_least(f"\n{len(cores)} cores, times one core, at least", slowest[0], 0.95, beside=slowest[1])


def on_cores(cores: list[int], seconds: float) -> Any:
    """Measure in a process that runs on these cores only, with the Python of NEURALREDIS_RIVALS if it is set."""
    threads = str(len(cores))
    pinned = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads)
    run = subprocess.run(
        [os.environ.get("NEURALREDIS_RIVALS", sys.executable), HERE / "training.py", threads, str(seconds)],
        env=os.environ | pinned | {"PYTHONPATH": str(Path(nr.__file__).parent.parent)},
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(run.stdout)


def of_original(server: Path, module: Path) -> dict[str, float]:
    """Return steps per second of the original module, which trains on one thread."""
    found = {}
    with servers.running(server, module) as running:
        client = running.client()
        for units in (units for units in LAYOUTS if len(units) > 2 and units[-1] > 1):
            X, y = rows(units, 1000)
            client.flushall()
            layout = [*units[:-1], "->", units[-1]]
            client.execute_command("NR.CREATE", "net", "CLASSIFIER", *layout, "DATASET", 1000, "TEST", 10)
            pipeline = client.pipeline(transaction=False)
            for x, target in zip(X.tolist(), y.tolist(), strict=True):
                pipeline.execute_command("NR.OBSERVE", "net", *x, "->", target, "TRAIN")
            pipeline.execute()
            client.execute_command("NR.TRAIN", "net", "MAXTIME", int(10_000 * TURN))
            while True:
                info = client.execute_command("NR.INFO", "net")
                info = dict(zip(info[::2], info[1::2], strict=True))
                if not info[b"training"]:
                    break
                time.sleep(0.05)
            found["-".join(map(str, units))] = int(info[b"training-total-steps"]) / float(
                info[b"training-total-seconds"]
            )
    return found


def tables(threads: int, found: Any) -> None:
    """Print the results on this many threads."""
    limit = found["limit"]
    print(f"\ntraining, {threads} thread{'s' * (threads > 1)}: a matrix product does {limit / 1e9:.0f} GFLOP/s")
    for name, of in found["layouts"].items():
        ours, *others = of["rates"].values()
        share = ours * of["operations"] / limit
        beside = ", ".join(f"{peer} {rate:.3g}/s" for peer, rate in of["rates"].items())
        label = f"steps {name}, 1000 rows, of the limit"
        if name in GOALS and threads <= 2:
            at_least(label, share, GOALS[name][threads - 1], beside=beside)
        else:
            show(label, f"{share:.3g}", beside=beside)
        if others:
            at_least(f"steps {name}, times the best other", ours / max(others), 1)
    for name, of in found["rows"].items():
        shares = {int(count): rate * of["operations"] / limit for count, rate in of["rates"].items()}
        beside = ", ".join(f"{count:,}: {share:.2f}" for count, share in shares.items())
        most = max(shares)
        label = f"steps {name}, {most:,} rows, of the limit"
        at_least(label, shares[most], GOALS[name][0], beside=f"rows: share: {beside}")
    rates = found["heads"]
    worst = min(rates, key=rates.__getitem__)
    label = "64-100-10, slowest activation, output and loss, of the quickest"
    show(label, f"{rates[worst] / max(rates.values()):.2f}", beside=worst)
    watched, alone = found["autostop"]["with"], found["autostop"]["without"]
    show(
        "AUTOSTOP BACKTRACK, 250 validation rows beside 1000", f"{alone / watched - 1:.1%}", beside="more time a cycle"
    )
    label = "a cycle of 784-100-10 over 60,000 rows"
    if threads == 2:
        below(label, found["digits"], DIGITS, " s")
    else:
        show(label, f"{found['digits']:.3g} s")
