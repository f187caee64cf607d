"""A network learns which of three overlapping circles a point belongs to, and draws a map of its answers.

The points lie near three circles, with some noise. No straight line separates the circles. A network with a few dozen
hidden units learns the areas, the holes in them, and thin strips where one circle crosses another.
"""

from __future__ import annotations

import random
from math import cos, pi, sin
from typing import Any

import common

LETTERS = "./O"
SIDE = 80
LIMITS = (-1.0, 1.0)


def points(rng: random.Random, count: int) -> tuple[list[list[float]], list[int]]:
    """Return points near three circles, and the circle of each."""
    rows, classes = [], []
    for _ in range(count):
        circle, k = rng.randrange(3), rng.uniform(0, 2 * pi)
        if circle == 0:
            point = [sin(k) / 2 + rng.random() / 10, cos(k) / 2 + rng.random() / 10]
        elif circle == 1:
            point = [sin(k) / 3 - 0.5 + rng.random() / 30, cos(k) / 3 + rng.random() / 40]
        else:
            point = [sin(k) / 3 + 0.4 + rng.random() / 8, cos(k) / 4 + 0.4 + rng.random() / 6]
        rows.append(point)
        classes.append(circle)
    return rows, classes


def draw(net: Any, ax: Any, **options: Any) -> None:
    """Draw the predicted circle of each point of the plane."""
    from neuralredis.plot import decision_map

    names, labels = ["x", "y"], ["large circle", "left circle", "right circle"]
    decision_map(net, xlim=LIMITS, ylim=LIMITS, names=names, labels=labels, ax=ax, **options)
    ax.set_aspect("equal")


args = common.arguments(
    __doc__, gif="write an animation of the map during the training", rows=(1500, "points to learn from")
)
rng = random.Random(args.seed)
X, y = points(rng, args.rows)
layout, options = [2, 30, 30, 30, 3], {"normalize": True, "dataset": 1000, "test": 500}
net = common.network(args, "classifier", layout, **options)
training, testing = net.observe(X, y)
print(f"{training + testing} points observed: {training} for training, {testing} for validation.")

report = net.train(autostop=True, backtrack=True, progress=args.progress)
print(f"Trained for {report.cycles} cycles in {report.seconds:.1f} s.\n")

# One call for all points. The first line of the map is its upper edge.
steps = [LIMITS[0] + (LIMITS[1] - LIMITS[0]) * (i + 0.5) / SIDE for i in range(SIDE)]
answers = net.classify([[a, b] for b in reversed(steps) for a in steps])
for line in range(SIDE):
    print("".join(LETTERS[answer] for answer in answers[line * SIDE : (line + 1) * SIDE]))

fresh = net.evaluate(*points(rng, 3000))
print(f"\nMisclassified of {fresh.rows} fresh points, some of which lie where two circles cross:")
print(f"  the network                        {1 - fresh.accuracy:6.1%}")
print(f"  baseline: always the same circle   {1 - fresh.baseline:6.1%}")

if args.plot:
    ax = common.axes("", "", "")
    draw(net, ax)
    ax.set_title("Three overlapping circles: the predicted circle of each point", pad=34)
    common.save(ax, args.plot, "The map is")
if args.gif:
    from matplotlib.animation import PillowWriter

    # A network answers with new weights when a training ends, so there are many short trainings. Each resumes where the
    # last one stopped.
    net = common.network(args, "classifier", layout, **options)
    net.observe(X, y)
    figure = common.axes("", "", "").figure
    figure.set_size_inches(4.4, 4.5)
    film = PillowWriter(fps=8)
    with film.saving(figure, args.gif, dpi=80):
        for step in [0, *[1] * 10, *[2] * 10, *[5] * 10, *[20] * 10]:
            if step:
                net.train(max_cycles=step, progress=False)
            figure.clear()
            ax = figure.add_subplot()
            draw(net, ax, resolution=90)
            ax.set_xlabel(f"after {net.info().training_total_cycles} cycles")
            film.grab_frame()
    print(f"\nThe animation is in {args.gif}.")
