"""A network learns which customers a bank should call first.

A Portuguese bank called 41,188 people and offered a deposit; one in nine accepted. The network learns from three
quarters of the calls, and ranks the others by the probability that they accept. The data has the duration of each
call, which is not used: it is unknown before the call.
"""

from __future__ import annotations

import csv
import gzip
import random
import sys
from pathlib import Path

import common
import numpy as np

HELP = """\
The calls must be downloaded. Get bank-additional-full.csv (S. Moro, P. Rita, P. Cortez, 2014; CC BY 4.0) from
  https://archive.ics.uci.edu/dataset/222/bank+marketing
(in bank-additional.zip), and name the file, which may be compressed by gzip:
  python examples/banking.py --data bank-additional-full.csv"""


def read(path: Path) -> list[dict[str, str]]:
    """Return the calls, without their duration."""
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", newline="") as file:
        return [
            {name: call[name] for name in call if name != "duration"} for call in csv.DictReader(file, delimiter=";")
        ]


def kind(name: str, calls: list[dict[str, str]]) -> str:
    """Return the kind of a column: number if all its values are numbers, else category."""
    try:
        return "number" if [float(call[name]) for call in calls] else ""
    except ValueError:
        return "category"


args = common.arguments(__doc__, data="the file of the calls", rows=(50_000, "calls to read at most"))
if not args.data:
    sys.exit(HELP)
calls = read(args.data)
# The file is sorted by time, and customers changed with time. Shuffled, the calls held out are like the others.
calls = random.Random(args.seed).sample(calls, min(args.rows, len(calls)))
kept, learnt = calls[: len(calls) // 4], calls[len(calls) // 4 :]

fields = {name: kind(name, calls) for name in calls[0] if name != "y"}
limits = {"dataset": len(calls), "test": len(calls) // 4}
net = common.network(args, "classifier", fields=fields, target="y", classes=["no", "yes"], **limits)
training, testing = net.observe(learnt)
print(f"{training + testing} calls observed: {training} for training, {testing} for validation.")
report = net.train(autostop=True, backtrack=True, max_time=60, progress=args.progress)
print(f"Trained for {report.cycles} cycles in {report.seconds:.1f} s.")

unseen = net.evaluate(kept)
print(f"\nAccuracy on {len(kept)} calls that were held out:")
print(f"  the network                 {unseen.accuracy:6.1%}")
print(f"  baseline: always no         {unseen.baseline:6.1%}")

# Column 1 is the probability of yes, the second class.
chances = net.run(kept)[:, 1]
best_first = np.array([call["y"] == "yes" for call in kept])[np.argsort(-chances, kind="stable")]
print("\nThe accuracy is hardly better, since most people say no. What counts is the order of the calls:")
for share in (0.05, 0.1, 0.2, 0.5):
    called = round(share * len(kept))
    found = best_first[:called].mean()
    all_ = best_first[:called].sum() / best_first.sum()
    print(f"  of the {called:5} most likely    {found:6.1%} say yes, {all_:6.1%} of all who would")
print(f"  of {len(kept):5} called in any order {best_first.mean():6.1%} say yes")

if args.plot:
    from neuralredis.plot import calibration

    ax = calibration(net, kept, [call["y"] for call in kept], ax=common.axes("", "", ""))
    ax.set_title(f"Calibration on {len(kept):,} calls that were held out, with calls per point")
    common.save(ax, args.plot, "The calibration is")
