"""A network learns how long people wait, as a distribution function.

Of some waits it learns what share of them is over after so many minutes. Its answer lies between 0 and 1, and never
falls with the minutes, as that of a distribution function. So it has quantiles, and new waits can be drawn from it.
"""

from __future__ import annotations

import math

import common
import numpy as np

args = common.arguments(__doc__, waits=(200, "waits to learn from"))
rng = np.random.default_rng(args.seed)


def draw(count: int) -> np.ndarray:
    """Return how long people wait for a bus: most catch the one that they came for, others the next."""
    return np.where(rng.random(count) < 0.65, rng.gamma(9, 0.45, count), rng.normal(13, 1.5, count))


# A row for each wait: the minutes, and the share of the waits that are not longer. Then what is known without any: at
# first none is over, and after 20 minutes all are.
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
print(f"{args.waits} waits and {len(ends)} rows of the ends: {training} for training, {testing} for validation.")
report = net.train(autostop=True, backtrack=True, max_cycles=3000, max_time=None, progress=args.progress)
print(f"Trained for {report.cycles} cycles in {report.seconds:.1f} s.")

# What is true: the shares of so many others that they are as good as all.
fresh = np.sort(draw(200_000))
minutes = np.linspace(0, 20, 2001)
true = np.searchsorted(fresh, minutes, side="right") / len(fresh)
learnt = net.run(minutes[:, np.newaxis])[:, 0]
steps = np.searchsorted(waits, minutes, side="right") / args.waits
normal = np.array([0.5 * (1 + math.erf((m - waits.mean()) / waits.std() / math.sqrt(2))) for m in minutes])

print("\nLargest and mean difference from the true share of waits that are over:")
for name, shown in (("the network", learnt), ("the waits that were seen", steps), ("a normal distribution", normal)):
    off = 100 * np.abs(shown - true)
    print(f"  {name:25} {off.max():5.1f} %  {off.mean():5.1f} %")


def quantiles(of: np.ndarray) -> np.ndarray:
    """Return after how many minutes these shares of the waits are over, by halves: there is one place for each."""
    low, high = np.zeros(len(of)), np.full(len(of), 30.0)
    for _ in range(40):
        middle = (low + high) / 2
        is_over = net.run(middle[:, np.newaxis])[:, 0] >= of
        low, high = np.where(is_over, low, middle), np.where(is_over, middle, high)
    return high


print("\nWaits that are over after   the network says   truth")
for share, said in zip((0.1, 0.5, 0.9), quantiles(np.array([0.1, 0.5, 0.9])), strict=True):
    print(f"  {share:4.0%}                      {said:6.1f} min       {np.quantile(fresh, share):6.1f} min")
drawn = quantiles(rng.random(2000))
print(f"2000 waits drawn from it take {drawn.mean():.1f} minutes on average; it is {fresh.mean():.1f}.")

tiny = np.nextafter(np.float32(minutes), np.float32(np.inf))
falls = int((np.diff(learnt) < 0).sum() + (net.run(tiny[:, np.newaxis])[:, 0] < learnt).sum())
print(f"Of {len(minutes):,} minutes and the numbers next to them it falls {falls} times.")

if args.plot:
    ax = common.axes("How long people wait", "minutes", "share of the waits that are over")
    ax.plot(minutes, true, color="#666666", linewidth=4, alpha=0.4, label="true")
    ax.step(waits, shares, where="mid", color="#D55E00", linewidth=1, label="observed waits")
    ax.plot(minutes, learnt, color="#0072B2", label="the network")
    ax.plot(minutes, normal, color="black", linestyle=":", linewidth=1, label="a normal distribution")
    ax.set_ylim(0, 1)
    ax.legend(frameon=False, loc="lower right")
    common.save(ax, args.plot, "The distribution function is")
