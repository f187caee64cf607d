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


def read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers for each call, and whether it was a success."""
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", newline="") as file:
        calls = list(csv.DictReader(file, delimiter=";"))
    columns: list[list[float]] = []
    for name in calls[0]:
        if name in ("y", "duration"):
            continue
        texts = [call[name] for call in calls]
        try:
            columns.append([float(text) for text in texts])
        except ValueError:
            # An input for each word: 1 for the one that it is, 0 for the others.
            columns += [[float(text == word) for text in texts] for word in sorted(set(texts))]
    return np.array(columns, np.float32).T, np.array([call["y"] == "yes" for call in calls])


args = common.arguments(__doc__, data="the file of the calls", rows=(50_000, "calls at most"))
if not args.data:
    sys.exit(HELP)
X, y = read(args.data)
# They come in the order of time; what is to come is like what was only if they are mixed.
order = random.Random(args.seed).sample(range(len(X)), min(args.rows, len(X)))
X, y = X[order], y[order]
kept = len(X) // 4

net = common.network(args, "classifier", [X.shape[1], 30, 30, 30, 2], normalize=True, dataset=len(X), test=len(X) // 4)
training, testing = net.observe(X[kept:], y[kept:])
print(f"{training + testing} calls observed: {training} to learn from, {testing} to tell when to stop.")
report = net.train(autostop=True, backtrack=True, max_time=60, progress=args.progress)
print(f"Trained for {report.cycles} cycles in {report.seconds:.1f} s.")

unseen = net.evaluate(X[:kept], y[:kept])
print(f"\nRight about {kept} calls that it never saw:")
print(f"  the network                 {unseen.accuracy:6.1%}")
print(f"  who always says no          {unseen.baseline:6.1%}")

chances = net.run(X[:kept])[:, 1]
best_first = y[:kept][np.argsort(-chances, kind="stable")]
print("\nThat is little better, and beside the point: it says whom to call first.")
for share in (0.05, 0.1, 0.2, 0.5):
    called = round(share * kept)
    found = best_first[:called].mean()
    all_ = best_first[:called].sum() / best_first.sum()
    print(f"  of the {called:5} most likely    {found:6.1%} say yes, {all_:6.1%} of all who would")
print(f"  of {kept:5} called in any order {best_first.mean():6.1%} say yes")

if args.plot:
    from neuralredis.plot import calibration

    common.save(calibration(net, X[:kept], y[:kept]), args.plot, "How far its probabilities can be believed is")
