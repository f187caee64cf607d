"""A network learns which of four advertisements to show to whom.

Of each visitor it sees the age, the hour, and whether a phone is used, and predicts for each advertisement the
probability of a click. The most probable one is shown to nine visitors in ten. The tenth is shown a random one, since
nothing can be learnt about advertisements that are never shown.
"""

from __future__ import annotations

import math
import random

import common

ADS = ["bicycles", "insurance", "games", "opera"]
#: The share of visitors who are shown a random advertisement.
EXPLORE = 0.1


def chance(visitor: list[float], ad: int) -> float:
    """Return the probability that a visitor clicks on an advertisement, which the network has to learn."""
    age, hour, phone = visitor
    evening = hour >= 18
    liking = [
        1.0 - abs(age - 40) / 12,
        (age - 55) / 6 - 2.5 * evening,
        (28 - age) / 5 + 1.5 * phone,
        (age - 45) / 12 + 2.0 * evening - 2.5 * phone,
    ][ad]
    return 0.4 / (1 + math.exp(-liking))


def question(visitor: list[float], ad: int) -> list[float]:
    """Return the inputs: those of the visitor, and one for each advertisement."""
    return [*visitor, *(float(ad == one) for one in range(len(ADS)))]


args = common.arguments(__doc__, visitors=(10_000, "visitors"))
rng = random.Random(args.seed)
every = max(args.visitors // 10, 1)
# Two outputs: the probabilities of no click and of a click.
net = common.network(
    args, "classifier", [7, 30, 30, 30, 2], normalize=True, dataset=args.visitors, test=args.visitors // 4
)

# The probabilities are known here, so the expected number of clicks is printed: it has none of the noise of clicks.
print("Expected clicks per 100 visitors:\n")
print("  visitors           network        at random    best possible")
clicks: list[tuple[float, float, float]] = []
for number in range(args.visitors):
    visitor = [rng.uniform(16, 80), rng.uniform(0, 24), float(rng.random() < 0.5)]
    if number < every or rng.random() < EXPLORE:
        ad = rng.randrange(len(ADS))
    else:
        probabilities = net.run([question(visitor, one) for one in range(len(ADS))])[:, 1]
        ad = int(probabilities.argmax())
    chances = [chance(visitor, one) for one in range(len(ADS))]
    clicked = rng.random() < chances[ad]
    net.observe(question(visitor, ad), int(clicked))
    clicks.append((chances[ad], sum(chances) / len(ADS), max(chances)))

    if (number + 1) % every == 0:
        row = [100 * sum(column) / every for column in zip(*clicks[-every:], strict=True)]
        remark = "   before the first training, all at random" if number < every else ""
        print(
            f"  {number + 2 - every:5} to {number + 1:5} {row[0]:9.1f} {row[1]:14.1f} {row[2]:16.1f}{remark}",
            flush=True,
        )
        if number + 1 < args.visitors:
            net.train(autostop=True, backtrack=True, progress=args.progress)

print("\nWhat it would show at noon, with the predicted and the true probability of a click:")
for age in (20, 40, 70):
    for phone in (1.0, 0.0):
        visitor = [float(age), 12.0, phone]
        probabilities = net.run([question(visitor, one) for one in range(len(ADS))])[:, 1]
        ad = int(probabilities.argmax())
        person = f"{age} years, {'phone' if phone else 'computer'}"
        print(f"  {person:20} {ADS[ad]:10} {probabilities[ad]:6.1%} {chance(visitor, ad):8.1%}")

if args.plot:
    import numpy as np

    from neuralredis.plot.canvas import BLUE, GRAY, GREEN, RED

    span = max(every // 4, 1)
    ax = common.axes(
        "After its first training, the network shows nearly the best advertisements",
        "visitor",
        f"expected clicks per 100 visitors, mean of {span}",
    )
    network, at_random, best = 100 * np.transpose(clicks)
    exploring = (1 - EXPLORE) * best + EXPLORE * at_random
    lines = (
        (best, GREEN, "-", "best possible"),
        (exploring, RED, "--", f"best possible, if {EXPLORE:.0%} are random"),
        (network, BLUE, "-", "network"),
        (at_random, GRAY, "-", "all at random"),
    )
    for column, color, style, name in lines:
        smooth = np.convolve(column, np.ones(span) / span, "valid")
        ax.plot(range(span - 1, len(clicks)), smooth, color=color, linestyle=style, label=name)
    for training in range(every, args.visitors, every):
        label = "a training" if training == every else None
        ax.axvline(training, color="black", linewidth=0.6, alpha=0.5, zorder=0, label=label)
    ax.set_ylim(bottom=0)
    ax.legend(frameon=True, framealpha=1, edgecolor="none", loc="lower right")
    common.save(ax, args.plot, "The clicks are")
