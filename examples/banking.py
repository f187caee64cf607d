"""A network learns whom a bank should call.

A Portuguese bank called 41,188 people and offered a deposit; one in nine took it. The network learns from three
quarters of the calls who did, and says of the others whom to call first. How long a call took is among the data and is
not used: nobody knows it before the call.
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
The calls are not here. Get bank-additional-full.csv (S. Moro, P. Rita, P. Cortez, 2014; CC BY 4.0) from
  https://archive.ics.uci.edu/dataset/222/bank+marketing
(in bank-additional.zip), and give the file, as it is or compressed by gzip:
  python examples/banking.py --data bank-additional-full.csv"""


def read(path: Path) -> list[dict[str, str]]:
    """Return the calls, without what nobody knows before one."""
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", newline="") as file:
        return [
            {name: call[name] for name in call if name != "duration"} for call in csv.DictReader(file, delimiter=";")
        ]


def kind(name: str, calls: list[dict[str, str]]) -> str:
    """Return what a column is: numbers, if all are, else words."""
    try:
        return "number" if [float(call[name]) for call in calls] else ""
    except ValueError:
        return "category"


args = common.arguments(__doc__, data="the file of the calls", rows=(50_000, "calls at most"))
if not args.data:
    sys.exit(HELP)
calls = read(args.data)
# They come in the order of time; what is to come is like what was only if they are mixed.
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
print(f"\nRight about {len(kept)} calls that were held out:")
print(f"  the network                 {unseen.accuracy:6.1%}")
print(f"  baseline: always no         {unseen.baseline:6.1%}")

# The second of the classes is yes.
chances = net.run(kept)[:, 1]
best_first = np.array([call["y"] == "yes" for call in kept])[np.argsort(-chances, kind="stable")]
print("\nThat is little better, and beside the point: it says whom to call first.")
for share in (0.05, 0.1, 0.2, 0.5):
    called = round(share * len(kept))
    found = best_first[:called].mean()
    all_ = best_first[:called].sum() / best_first.sum()
    print(f"  of the {called:5} most likely    {found:6.1%} say yes, {all_:6.1%} of all who would")
print(f"  of {len(kept):5} called in any order {best_first.mean():6.1%} say yes")

if args.plot:
    from neuralredis.plot import calibration

    common.save(
        calibration(net, kept, [call["y"] for call in kept]), args.plot, "How far its probabilities can be believed is"
    )
