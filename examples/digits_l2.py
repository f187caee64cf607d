"""A network learns handwritten digits of which some labels are wrong, with and without weight decay.

One training label in five is replaced by another digit. Without weight decay the network memorizes these labels, and is
often wrong about fresh digits. Weight decay keeps the weights small, so that it cannot fit labels that contradict their
neighbours. With too much of it the network cannot fit the right labels either.
"""

from __future__ import annotations

import sys

import common
import numpy as np

DECAYS = [0.0, 0.003, 0.03, 0.3]
SIZES = [80, 160, 320, 640, 1200]
#: The share of training labels that are wrong.
WRONG = 0.2

args = common.arguments(__doc__, cycles=(200, "cycles of each training"), sizes=(len(SIZES), "training sizes at most"))
try:
    from sklearn.datasets import load_digits
except ImportError:
    sys.exit("The digits are those of scikit-learn: pip install scikit-learn")

rng = np.random.default_rng(args.seed)
X, y = load_digits(return_X_y=True)
order = rng.permutation(len(X))
X, y = X[order], y[order]
labels = np.where(rng.random(len(y)) < WRONG, (y + rng.integers(1, 10, len(y))) % 10, y)
most = SIZES[-1]
sizes = SIZES[: args.sizes]

print(f"Misclassified training labels, of which {WRONG:.0%} are wrong, and misclassified digits of {len(X) - most}")
print("fresh ones, with the right labels (baseline: about 90 %).\n")
print("  digits" + "".join(f"{f'decay {decay:g}':>18}" for decay in DECAYS))
wrong: dict[float, list[tuple[float, float]]] = {decay: [] for decay in DECAYS}
for size in sizes:
    line = f"  {size:6}"
    for decay in DECAYS:
        net = common.network(args, "classifier", [64, 100, 10], normalize=True, dataset=size, l2=decay)
        net.observe(X[:size], labels[:size])
        # No autostop: with validation rows it would do what is left to weight decay here.
        net.train(max_cycles=args.cycles, max_time=None, progress=args.progress)
        trained, fresh = net.evaluate("train"), net.evaluate(X[most:], y[most:])
        wrong[decay].append((1 - trained.accuracy, 1 - fresh.accuracy))
        line += f"{1 - trained.accuracy:9.1%} {1 - fresh.accuracy:8.1%}"
    print(line, flush=True)

best = min(DECAYS, key=lambda decay: wrong[decay][-1][1])
print(f"\nWith {sizes[-1]} digits, the least error on fresh digits is with a decay of {best:g}.")

if args.plot:
    from neuralredis.plot.canvas import CLASSES

    figure = common.figure(2)
    titles = (f"training labels ({WRONG:.0%} are wrong)", "fresh digits")
    for at, (ax, title) in enumerate(zip(figure.axes, titles, strict=True)):
        for decay, color, marker in zip(DECAYS, CLASSES, "osD^", strict=False):
            errors = [pair[at] for pair in wrong[decay]]
            ax.plot(sizes, errors, color=color, marker=marker, markersize=5, label=f"{decay:g}")
        ax.set(title=title, xlabel="training digits", ylabel="misclassified", xscale="log", ylim=(-0.02, 0.72))
        ax.set_xticks(sizes, [str(size) for size in sizes])
        ax.minorticks_off()
        ax.yaxis.set_major_formatter("{x:.0%}")
    figure.axes[0].axhline(WRONG, color="gray", linestyle=":", linewidth=1)
    figure.axes[1].legend(title="weight decay", frameon=False, ncols=2, loc="upper right")
    figure.suptitle("Without weight decay a network memorizes wrong labels")
    common.save(figure.axes[0], args.plot, "The curves are")
