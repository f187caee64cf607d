"""A network learns the rhythm of the sun, and foretells its spots.

The spots of the sun have been counted since 1700; they come and go in some eleven years. From the counts of 22 years
the network foretells the next, and from its own answers those after.
"""

from __future__ import annotations

import csv
from pathlib import Path

import common
import numpy as np

WINDOW = 22
SPLIT = 1945

args = common.arguments(__doc__, years=(20, "how far to look ahead"))
with open(Path(__file__).with_name("data") / "sunspots.csv", newline="") as file:
    table = list(csv.DictReader(file))
years = np.array([int(row["year"]) for row in table])
spots = np.array([float(row["sunspots"]) for row in table])

# A row for each year that has enough years before it. The past teaches, what came after judges.
windows = np.lib.stride_tricks.sliding_window_view(spots, WINDOW + 1)
X, y, of = windows[:, :-1], windows[:, -1], years[WINDOW:]
past = of < SPLIT
net = common.network(args, "regressor", [WINDOW, 30, 30, 30, 1], normalize=True, dataset=1000, test=500)
training, testing = net.observe(X[past], y[past])
print(
    f"{training + testing} years observed, up to {SPLIT - 1}: {training} to learn from, {testing} to tell when to stop."
)
report = net.train(autostop=True, backtrack=True, progress=args.progress)
print(f"Trained for {report.cycles} cycles in {report.seconds:.1f} s.")


def off(answers: np.ndarray, right: np.ndarray) -> float:
    """Return by how many spots answers are off: the root of the mean square."""
    return float(np.sqrt(np.mean((answers - right) ** 2)))


after = ~past
foretold = net.run(X[after])[:, 0]
print(f"\nOff by so many spots, from {SPLIT} to {years[-1]}, a year ahead:")
print(f"  the network                          {off(foretold, y[after]):6.1f}")
print(f"  who says what it was last year       {off(X[after][:, -1], y[after]):6.1f}")
print(f"  who says what it was 11 years ago    {off(X[after][:, -11], y[after]):6.1f}")
print(f"  who always says the mean             {off(np.full(after.sum(), y[past].mean()), y[after]):6.1f}")


def ahead(known: np.ndarray) -> np.ndarray:
    """Return the years after some that are known, each foretold from those before, foretold or not."""
    series = list(known[-WINDOW:])
    for _ in range(args.years):
        series.append(float(net.run(series[-WINDOW:])[0]))
    return np.array(series[WINDOW:])


coming = ahead(spots)
top = int(coming.argmax())
peak = years[-1] + 1 + top
print(f"\nOf the {args.years} years after {years[-1]} it foretells the most spots, {coming[top]:.0f}, for {peak}.")

if args.plot:
    ax = common.axes("Spots of the sun", "year", "mean number of spots")
    ax.plot(years[-100:], spots[-100:], color="#666666", label="counted")
    ax.plot(of[after], foretold, color="#0072B2", label="foretold, a year ahead")
    later = np.arange(years[-1], years[-1] + args.years + 1)
    ax.plot(later, [spots[-1], *coming], color="#D55E00", linestyle="--", label="foretold, from its own answers")
    ax.axvline(SPLIT, color="black", linestyle=":", linewidth=1)
    ax.text(SPLIT - 1, ax.get_ylim()[1], "learnt from", ha="right", va="top")
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False, loc="upper left", ncols=3, bbox_to_anchor=(0, -0.12))
    common.save(ax, args.plot, "The forecast is")
