"""A network learns handwritten digits from few and from many, with and without weight decay.

Without it a network that sees few digits memorizes them: it is right about all of them, and wrong about others.
Weight decay keeps the weights small, so that it cannot. The more digits there are, the less that matters.
"""

from __future__ import annotations

import random
import sys

import common

DECAYS = [0.0, 0.001, 0.01, 0.1]
SIZES = [20, 40, 80, 160, 320, 640, 1200]

args = common.arguments(__doc__, cycles=(200, "cycles of each training"), sizes=(len(SIZES), "training sizes at most"))
try:
    from sklearn.datasets import load_digits
except ImportError:
    sys.exit("The digits are those of scikit-learn: pip install scikit-learn")

X, y = load_digits(return_X_y=True)
order = random.Random(args.seed).sample(range(len(X)), len(X))
X, y = X[order], y[order]
most = SIZES[-1]
sizes = SIZES[: args.sizes]

others = len(X) - most
print(f"Misclassified training digits, and misclassified digits of {others} others (baseline: about 90 %).\n")
print("  digits" + "".join(f"{f'decay {decay:g}':>18}" for decay in DECAYS))
wrong: dict[float, list[tuple[float, float]]] = {decay: [] for decay in DECAYS}
for size in sizes:
    line = f"  {size:6}"
    for decay in DECAYS:
        net = common.network(args, "classifier", [64, 100, 10], normalize=True, dataset=size, l2=decay)
        net.observe(X[:size], y[:size])
        # No autostop: it would do with validation rows what weight decay is to do without.
        net.train(max_cycles=args.cycles, max_time=None, progress=args.progress)
        seen, unseen = net.evaluate("train"), net.evaluate(X[most:], y[most:])
        wrong[decay].append((1 - seen.accuracy, 1 - unseen.accuracy))
        line += f"{1 - seen.accuracy:9.1%} {1 - unseen.accuracy:8.1%}"
    print(line, flush=True)

best = min(DECAYS, key=lambda decay: wrong[decay][0][1])
print(f"\nWith {sizes[0]} digits a decay of {best:g} works best.")

if args.plot:
    from neuralredis.plot.canvas import CLASSES

    ax = common.axes("Weight decay helps who has seen little", "digits to learn from", "digits got wrong")
    for decay, color in zip(DECAYS, CLASSES, strict=False):
        training, validation = zip(*wrong[decay], strict=True)
        ax.plot(sizes, training, color=color)
        ax.plot(sizes, validation, color=color, linestyle="--", marker="o", markersize=4, label=f"l2={decay:g}")
    ax.plot([], [], color="black", label="training")
    ax.plot([], [], color="black", linestyle="--", label="validation")
    ax.set_xscale("log")
    ax.set_xticks(sizes, [str(size) for size in sizes])
    ax.minorticks_off()
    ax.yaxis.set_major_formatter("{x:.0%}")
    ax.legend(frameon=False, ncols=2)
    common.save(ax, args.plot, "The curves are")
