"""A network learns which of four advertisements to show to whom.

It is told of each visitor the age, the hour, and whether a phone is used, and answers how probably each advertisement
would be clicked. Mostly the most probable one is shown. Sometimes another: of what is never shown nothing is learnt.
"""

from __future__ import annotations

import math
import random

import common

ADS = ["bicycles", "insurance", "games", "opera"]
EXPLORE = 0.1


def chance(visitor: list[float], ad: int) -> float:
    """Return how probably a visitor clicks on an advertisement, which the network is to find out."""
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
    """Return inputs: the visitor, and an input for each advertisement."""
    return [*visitor, *(float(ad == one) for one in range(len(ADS)))]


args = common.arguments(__doc__, visitors=(10_000, "how many come"))
rng = random.Random(args.seed)
every = max(args.visitors // 10, 1)
# A probability for "no click" and one for "click".
net = common.network(
    args, "classifier", [7, 30, 30, 30, 2], normalize=True, dataset=args.visitors, test=args.visitors // 4
)

print("Clicks of 100 visitors, on average:\n")
print("  visitors           network        at random    best possible")
clicks: list[tuple[bool, float, float]] = []
shown: list[list[int]] = []
for number in range(args.visitors):
    visitor = [rng.uniform(16, 80), rng.uniform(0, 24), float(rng.random() < 0.5)]
    if number < every or rng.random() < EXPLORE:
        ad = rng.randrange(len(ADS))
    else:
        probabilities = net.run([question(visitor, one) for one in range(len(ADS))])[:, 1]
        ad = int(probabilities.argmax())
    clicked = rng.random() < chance(visitor, ad)
    net.observe(question(visitor, ad), int(clicked))
    chances = [chance(visitor, one) for one in range(len(ADS))]
    clicks.append((clicked, sum(chances) / len(ADS), max(chances)))

    if (number + 1) % every == 0:
        row = [100 * sum(column) / every for column in zip(*clicks[-every:], strict=True)]
        remark = "   all at random, to begin with" if number < every else ""
        print(
            f"  {number + 2 - every:5} to {number + 1:5} {row[0]:9.1f} {row[1]:14.1f} {row[2]:16.1f}{remark}",
            flush=True,
        )
        if number + 1 < args.visitors:
            net.train(autostop=True, backtrack=True, progress=args.progress)

print("\nWhat it would show at noon, and how probably it thinks that would be clicked (right: how probably it would):")
for age in (20, 40, 70):
    for phone in (1.0, 0.0):
        visitor = [float(age), 12.0, phone]
        probabilities = net.run([question(visitor, one) for one in range(len(ADS))])[:, 1]
        ad = int(probabilities.argmax())
        who = f"{age} years, {'phone' if phone else 'computer'}"
        print(f"  {who:20} {ADS[ad]:10} {probabilities[ad]:6.1%} {chance(visitor, ad):8.1%}")

if args.plot:
    import numpy as np

    ax = common.axes("Which advertisement to show", "visitor", f"clicks of 100 visitors, mean of {every}")
    names, colors = ["network", "at random", "best possible"], ["#0072B2", "gray", "#009E73"]
    for column, name, color in zip(np.transpose(clicks), names, colors, strict=True):
        smooth = 100 * np.convolve(column, np.ones(every) / every, "valid")
        ax.plot(range(every - 1, len(clicks)), smooth, color=color, label=name)
    ax.axvline(every, color="black", linestyle=":", label="its first training")
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False, loc="lower right")
    common.save(ax, args.plot, "The clicks are")
