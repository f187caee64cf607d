"""A network learns the distribution function of waiting times.

From a sample of waits the network learns the share of waits that are over after a given time. Its answer lies between
0 and 1 and never decreases with time, so it is a distribution function: it has quantiles, and new waits can be drawn
from it.
"""

from __future__ import annotations

import math

import common
import numpy as np

args = common.arguments(__doc__, waits=(200, "waits to learn from"))
rng = np.random.default_rng(args.seed)


def draw(count: int) -> np.ndarray:
    """Return waits for a bus, in minutes: most people catch the one that they came for, the others the next one."""
    return np.where(rng.random(count) < 0.65, rng.gamma(9, 0.45, count), rng.normal(13, 1.5, count))


# A row for each wait: the minutes, and the share of waits that are not longer. The other rows say what is known about
# the ends without a sample: at 0 minutes no wait is over, and after 20 minutes all are.
waits = np.sort(draw(args.waits))
shares = (np.arange(args.waits) + 0.5) / args.waits
ends = np.repeat([0, 20, 25, 30], 5)
X, y = np.concatenate([waits, ends])[:, np.newaxis], np.concatenate([shares, ends > 0])
net = common.network(
    args,
    "regressor",
    [1, 15, 15, 1],
    normalize=True,
    monotone=[1],
    output="sigmoid",
    loss="crossentropy",
    l2=0.0,
    dataset=2 * len(X),
    test=len(X),
)
order = rng.permutation(len(X))
training, testing = net.observe(X[order], y[order])
print(f"{args.waits} waits and {len(ends)} rows for the ends: {training} for training, {testing} for validation.")
report = net.train(autostop=True, backtrack=True, max_cycles=3000, max_time=None, progress=args.progress)
print(f"Trained for {report.cycles} cycles in {report.seconds:.1f} s.")

# The true distribution, up to a tenth of a percent: that of a large sample.
fresh = np.sort(draw(200_000))
minutes = np.linspace(0, 20, 2001)
true = np.searchsorted(fresh, minutes, side="right") / len(fresh)
learnt = net.run(minutes[:, np.newaxis])[:, 0]
steps = np.searchsorted(waits, minutes, side="right") / args.waits
normal = np.array([0.5 * (1 + math.erf((m - waits.mean()) / waits.std() / math.sqrt(2))) for m in minutes])

print("\nLargest and mean difference from the true distribution function:")
for name, shown in (("the network", learnt), ("the steps of the sample", steps), ("a normal distribution", normal)):
    off = 100 * np.abs(shown - true)
    print(f"  {name:25} {off.max():5.1f} %  {off.mean():5.1f} %")


def quantiles(of: np.ndarray) -> np.ndarray:
    """Return the quantiles, by bisection: the network's answer never decreases."""
    low, high = np.zeros(len(of)), np.full(len(of), 30.0)
    for _ in range(40):
        middle = (low + high) / 2
        is_over = net.run(middle[:, np.newaxis])[:, 0] >= of
        low, high = np.where(is_over, low, middle), np.where(is_over, middle, high)
    return high


print("\nquantile         the network         true")
for share, predicted in zip((0.1, 0.5, 0.9), quantiles(np.array([0.1, 0.5, 0.9])), strict=True):
    print(f"  {share:4.0%}         {predicted:7.1f} min   {np.quantile(fresh, share):7.1f} min")
drawn = quantiles(rng.random(2000))
print(f"The mean of 2000 waits drawn from it is {drawn.mean():.1f} minutes; the true mean is {fresh.mean():.1f}.")

tiny = np.nextafter(np.float32(minutes), np.float32(np.inf))
falls = int((np.diff(learnt) < 0).sum() + (net.run(tiny[:, np.newaxis])[:, 0] < learnt).sum())
print(f"Between {len(minutes):,} points, and from each to the next float32, it decreases {falls} times.")

if args.plot:
    ax = common.axes(
        "A distribution function learnt from a sample of waits", "wait (minutes)", "share of waits that are over"
    )
    ax.plot(minutes, true, color="#666666", linewidth=4, alpha=0.4, label="true distribution")
    ax.step(waits, shares, where="mid", color="#D55E00", linewidth=1, label=f"steps of the sample ({args.waits} waits)")
    ax.plot(minutes, learnt, color="#0072B2", label="network")
    ax.plot(minutes, normal, color="black", linestyle=":", linewidth=1, label="fitted normal distribution")
    ax.set_ylim(0, 1)
    ax.legend(frameon=False, loc="lower right")
    common.save(ax, args.plot, "The distribution function is")
