"""A network learns from a stream that never ends, and answers all the while.

Meals are delivered. Before each the network is asked how long it will take, after each it is told. Whenever there is
enough news it trains in the background and goes on answering with what it knows. In the middle a bridge is closed. The
network remembers 800 deliveries, new ones in the place of old, so it soon knows the new way.
"""

from __future__ import annotations

import random
import time

import common

NEWS = 200


def order(rng: random.Random) -> list[float]:
    """Return what is known before a delivery: kilometres, the hour, whether it rains, whether it is over the river."""
    return [rng.uniform(0.3, 8), rng.uniform(11, 23), rng.random() < 0.3, rng.random() < 0.4]


def minutes(delivery: list[float], bridge: bool, rng: random.Random) -> float:
    """Return how long a delivery takes, which the network is to find out."""
    distance, hour, rain, over_river = delivery
    rush = 1.8 if 17 <= hour < 20 else 1.0
    detour = 14.0 if over_river and not bridge else 0.0
    return 6 + 4 * distance * rush * (1.3 if rain else 1.0) + detour + rng.gauss(0, 1.5)


args = common.arguments(__doc__, deliveries=(5000, "how many"))
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
    # Asked before it is known.
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
    # A delivery each millisecond: other threads train meanwhile.
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

    ax = common.axes(
        "A network that learns while it answers", "delivery", f"error, mean of {batch} deliveries (minutes)"
    )
    for column, name, color in zip(
        np.transpose(misses), ["network", "baseline: always the mean"], ["C0", "gray"], strict=True
    ):
        smooth = np.convolve(column, np.ones(batch) / batch, "valid")
        ax.plot(range(batch - 1, len(misses)), smooth, color=color, label=name)
    ax.plot(installed, [0] * len(installed), "|", color="C0", clip_on=False, label="a training ended")
    ax.axvline(closing, color="#D55E00", linestyle="--", label="the bridge is closed")
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False)
    common.save(ax, args.plot, "The errors are")
