"""A network learns what makes a nerve cell fire, and shows the filter that the cell applies.

The cell is made up, so that its filter is known: it fires the more likely, the more the light of the last moments
resembles that. A network of sequences without hidden units, which sees a window of them, has a weight for each moment.
They are found by asking: how much does a flash so long ago change the log-odds that the cell fires? A band tells how
large they get by chance, from outcomes that were shuffled.
"""

from __future__ import annotations

from typing import Any

import common
import numpy as np

import neuralredis as nr

LAGS = 8
SHUFFLES = 39
args = common.arguments(__doc__, redis=common.PUT, moments=(4000, "moments of which the light is known"))
rng = np.random.default_rng(args.seed)
ago = np.arange(LAGS)
#: Light just now excites, earlier light inhibits.
FILTER = 1.6 * np.exp(-(((ago - 2) / 1.2) ** 2)) - 0.8 * np.exp(-(((ago - 5) / 1.2) ** 2))

light = rng.normal(size=args.moments + LAGS - 1)
# A row for each moment, the oldest light first.
windows = np.lib.stride_tricks.sliding_window_view(light, LAGS)
fires = rng.random(len(windows)) < 1 / (1 + np.exp(1.5 - windows @ FILTER[::-1]))


def learnt(outcomes: np.ndarray) -> nr.SequenceNetwork:
    """Return a network that has learnt which lights came to which outcomes."""
    size: Any = {"dataset": len(windows), "test": 0}
    net = nr.SequenceNetwork("classifier", [1, 2], length=LAGS, cell="window", **size, l2=0, restarts=1, seed=args.seed)
    net.observe(windows[:, :, np.newaxis], outcomes.astype(int), into="train")
    net.train(max_cycles=100, max_time=None, progress=False)
    return net


def asked(net: nr.SequenceNetwork) -> np.ndarray:
    """Return how much a flash changes the log-odds, for each moment ago that it may have been."""
    flashes = np.vstack([np.zeros(LAGS), np.eye(LAGS)[::-1]])
    answers = net.run(flashes[:, :, np.newaxis]).astype(float)
    odds = np.log(answers[:, 1] / answers[:, 0])
    return odds[1:] - odds[0]


net = learnt(fires)
found = asked(net)
chance = np.array([asked(learnt(rng.permutation(fires))) for _ in range(SHUFFLES)])
# Another shuffle lies beyond the lowest or the highest of 39 once in 20 times.
low, high = chance.min(0), chance.max(0)
# What is usually computed: the mean light before it fires, at the scale of the filter.
average = windows[fires].mean(0)[::-1]
average *= FILTER @ average / (average @ average)

print(f"{len(windows)} moments, {fires.mean():.0%} of which it fires at; moments ago, and what a flash changes:\n")
print("   ago   filter  network  average   by chance")
for at in ago:
    mark = "" if low[at] <= found[at] <= high[at] else "  *"
    print(f"  {at:4}{FILTER[at]:9.2f}{found[at]:9.2f}{average[at]:9.2f}   {low[at]:5.2f} to {high[at]:4.2f}{mark}")
print("\nCorrelation with the filter of the cell:")
print(f"  the network {np.corrcoef(found, FILTER)[0, 1]:.3f}")
print(f"  the average {np.corrcoef(average, FILTER)[0, 1]:.3f}")

if args.plot:
    ax = common.axes("What makes a nerve cell fire", "moments ago", "change of the log-odds")
    ax.fill_between(ago, low, high, color="#999999", alpha=0.3, linewidth=0, label="by chance, outcomes shuffled")
    ax.plot(ago, FILTER, color="#666666", label="the filter of the cell")
    ax.plot(ago, found, color="#D55E00", marker="o", linestyle="", label="a flash, as the network answers")
    ax.legend(frameon=False)
    common.save(ax, args.plot, "The filter is")
common.put(args, net)
