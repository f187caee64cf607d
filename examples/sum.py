"""A network learns to add two numbers, from 300 sums."""

from __future__ import annotations

import random

import common

args = common.arguments(__doc__)
rng = random.Random(args.seed)


def questions(count: int, limit: int) -> list[list[int]]:
    """Return pairs of numbers below a limit."""
    return [[rng.randrange(limit), rng.randrange(limit)] for _ in range(count)]


net = common.network(args, "regressor", [2, 10, 1], normalize=True, dataset=1000, test=500)
X = questions(150, 100) + questions(150, 10)
training, testing = net.observe(X, [a + b for a, b in X])
print(f"{training + testing} sums observed, of numbers below 100: {training} for training, {testing} for validation.")

report = net.train(autostop=True, backtrack=True, progress=args.progress)
print(f"Trained for {report.cycles:,} cycles in {1000 * report.seconds:.1f} ms.\n")

for a, b in [[1, 1], [3, 2], [10, 10], *questions(3, 100), [150, 150]]:
    remark = "" if max(a, b) < 100 else "   outside the range of the training rows"
    print(f"  {a:3} + {b:3} = {net.run([a, b])[0]:7.3f}{remark}")

X = questions(300, 100)
fresh = net.evaluate(X, [a + b for a, b in X])
print(f"\nOn {fresh.rows} fresh sums the mean error is {fresh.mae:.3f} (root mean square {fresh.rmse:.3f};")
print(f"baseline, always predicting the mean sum: {fresh.baseline:.1f}).")

if args.plot:
    common.plot(net, args.plot)
