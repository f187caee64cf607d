"""A network learns when a neuron fires, and thereby the linear filter that the neuron applies to light.

The neuron is simulated, so the filter is known: the neuron is more likely to fire, the more the recent light resembles
the filter. A sequence network without hidden units sees a window of the last moments, with a weight for each. The
example recovers the filter by asking the network: how does a flash of light, a given time ago, change the log-odds of
firing? Networks that learn from shuffled outcomes show how large such changes get by chance.
"""

from __future__ import annotations

from typing import Any

import common
import numpy as np

import neuralredis as nr

LAGS = 8
SHUFFLES = 39
args = common.arguments(__doc__, redis=common.PUT, moments=(4000, "time steps to learn from"))
rng = np.random.default_rng(args.seed)
ago = np.arange(LAGS)
#: Recent light excites, earlier light inhibits.
FILTER = 1.6 * np.exp(-(((ago - 2) / 1.2) ** 2)) - 0.8 * np.exp(-(((ago - 5) / 1.2) ** 2))

light = rng.normal(size=args.moments + LAGS - 1)
# A row for each time step, the oldest light first.
windows = np.lib.stride_tricks.sliding_window_view(light, LAGS)
fires = rng.random(len(windows)) < 1 / (1 + np.exp(1.5 - windows @ FILTER[::-1]))


def learnt(outcomes: np.ndarray) -> nr.SequenceNetwork:
    """Return a network that is trained on all windows of light with these outcomes."""
    size: Any = {"dataset": len(windows), "test": 0}
    net = nr.SequenceNetwork("classifier", [1, 2], length=LAGS, cell="window", **size, l2=0, ensemble=1, seed=args.seed)
    net.observe(windows[:, :, np.newaxis], outcomes.astype(int), into="train")
    net.train(max_cycles=100, max_time=None, progress=False)
    return net


def filter_of(net: nr.SequenceNetwork) -> np.ndarray:
    """Return the change of the log-odds by a flash, for each lag of the flash."""
    flashes = np.vstack([np.zeros(LAGS), np.eye(LAGS)[::-1]])
    answers = net.run(flashes[:, :, np.newaxis]).astype(float)
    odds = np.log(answers[:, 1] / answers[:, 0])
    return odds[1:] - odds[0]


net = learnt(fires)
found = filter_of(net)
chance = np.array([filter_of(learnt(rng.permutation(fires))) for _ in range(SHUFFLES)])
# One more shuffle would be below the least or above the greatest of 39 with a probability of 2 in 40: 5 %.
low, high = chance.min(0), chance.max(0)
# The usual estimate, the spike-triggered average: the mean light before firing, scaled like the filter.
average = windows[fires].mean(0)[::-1]
average *= FILTER @ average / (average @ average)

print(
    f"{len(windows)} time steps; the neuron fires in {fires.mean():.0%} of them. Change of the log-odds by a flash:\n"
)
print("   lag   filter  network  average   by chance")
for at in ago:
    mark = "" if low[at] <= found[at] <= high[at] else "  *"
    print(f"  {at:4}{FILTER[at]:9.2f}{found[at]:9.2f}{average[at]:9.2f}   {low[at]:5.2f} to {high[at]:4.2f}{mark}")
print("\nCorrelation with the filter of the neuron:")
print(f"  the network {np.corrcoef(found, FILTER)[0, 1]:.3f}")
print(f"  the average {np.corrcoef(average, FILTER)[0, 1]:.3f}")

if args.plot:
    title = "The filter of a neuron, recovered by asking a network"
    ax = common.axes(title, "lag of the flash (time steps)", "change of the log-odds of firing")
    ax.fill_between(
        ago,
        low,
        high,
        color="#999999",
        alpha=0.3,
        linewidth=0,
        label=f"range of {SHUFFLES} networks with shuffled outcomes",
    )
    ax.plot(ago, FILTER, color="#666666", label="filter of the neuron")
    ax.plot(ago, found, color="#D55E00", marker="o", linestyle="", label="network")
    ax.legend(frameon=False)
    common.save(ax, args.plot, "The filter is")
common.put(args, net)
