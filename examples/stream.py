"""A network learns from an endless stream of rows, and answers while it trains.

A service delivers meals. Before each delivery the network predicts how long it will take, and afterwards it observes
how long it took. After 200 new deliveries it trains in the background, and meanwhile answers with its old weights.
Half-way a bridge is closed, so that some deliveries take longer. The network stores 800 training rows, in which new
deliveries replace random old ones, so it soon predicts the detour.
"""

from __future__ import annotations

import random
import time

import common

#: Deliveries between two trainings.
NEWS = 200


def order(rng: random.Random) -> list[float]:
    """Return what is known before a delivery: kilometres, the hour, whether it rains, whether it crosses the river."""
    return [rng.uniform(0.3, 8), rng.uniform(11, 23), rng.random() < 0.3, rng.random() < 0.4]


def minutes(delivery: list[float], bridge: bool, rng: random.Random) -> float:
    """Return how many minutes a delivery takes, which the network has to learn."""
    distance, hour, rain, over_river = delivery
    rush = 1.8 if 17 <= hour < 20 else 1.0
    detour = 14.0 if over_river and not bridge else 0.0
    return 6 + 4 * distance * rush * (1.3 if rain else 1.0) + detour + rng.gauss(0, 1.5)


args = common.arguments(__doc__, deliveries=(5000, "deliveries"))
rng = random.Random(args.seed)
batch, closing = max(args.deliveries // 10, 1), args.deliveries // 2
net = common.network(args, "regressor", [4, 30, 30, 30, 1], normalize=True, dataset=800, test=200)
training = None
learnt, news, total = 0, 0, 0.0
misses: list[tuple[float, float]] = []
installed: list[int] = []

print("Mean error of the predicted time, in minutes:\n")
print("  deliveries         network     baseline: mean    trainings so far")
for number in range(args.deliveries):
    delivery = order(rng)
    # Predicted before the outcome is known.
    predicted = float(net.run(delivery)[0])
    mean = total / number if number else 0.0
    took = minutes(delivery, bridge=number < closing, rng=rng)
    misses.append((abs(predicted - took), abs(mean - took)))
    total += took
    net.observe(delivery, took)
    news += 1

    if training and not training.running():
        learnt, training = learnt + 1, None
        installed.append(number)
    if training is None and news >= NEWS:
        training, news = net.start_training(autostop=True, backtrack=True, max_time=5), 0
    # A delivery each millisecond, which leaves time for the training in the background.
    time.sleep(0.001)
    if (number + 1) % batch == 0:
        network, baseline = (sum(column) / batch for column in zip(*misses[-batch:], strict=True))
        first = number + 1 - batch
        closed = "   the bridge is closed" if first <= closing < first + batch else ""
        print(f"  {first + 1:5} to {number + 1:5} {network:10.1f} {baseline:16.1f} {learnt:19}{closed}", flush=True)

if training:
    training.wait()
net.train(autostop=True, backtrack=True, progress=args.progress)
fresh = [order(rng) for _ in range(1000)]
found = net.evaluate(fresh, [minutes(delivery, bridge=False, rng=rng) for delivery in fresh])
print(f"\nRoot mean square error on {found.rows} fresh deliveries, in minutes:")
print(f"  the network                 {found.rmse:5.1f}")
print(f"  baseline: always the mean   {found.baseline:5.1f}")

if args.plot:
    import numpy as np

    from neuralredis.plot.canvas import BLUE, GRAY, RED

    span = max(args.deliveries // 50, 1)
    ax = common.axes(
        "A closed bridge is learnt from the stream", "delivery", f"absolute error (minutes), mean of {span} deliveries"
    )
    for column, name, color in zip(
        np.transpose(misses), ["network", "baseline: mean so far"], [BLUE, GRAY], strict=True
    ):
        smooth = np.convolve(column, np.ones(span) / span, "valid")
        ax.plot(range(span - 1, len(misses)), smooth, color=color, label=name)
    # Ticks along the upper edge, above the curves.
    style = {"marker": "|", "markersize": 12, "linestyle": "", "markeredgewidth": 1.5, "clip_on": False}
    top = ax.get_xaxis_transform()
    ax.plot(installed, [0.97] * len(installed), color=BLUE, transform=top, label="end of a training", **style)
    ax.axvline(closing, color=RED, linestyle="--", label="the bridge is closed")
    ax.set_ylim(0, ax.get_ylim()[1] * 1.1)
    ax.legend(frameon=True, framealpha=1, edgecolor="none", loc="upper right", bbox_to_anchor=(1, 0.94))
    common.save(ax, args.plot, "The errors are")
