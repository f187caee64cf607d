"""A network learns to classify three species of iris by the sizes of their petals and sepals."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import common

import neuralredis as nr

SPECIES = ["setosa", "versicolor", "virginica"]
#: The numbers of trainings after which a line is printed.
REPORTED = (1, 2, 3, 5, 10, 20, 30, 50, 70)

args = common.arguments(__doc__, trainings=(100, "how often to train, each time on other flowers"))
with open(Path(__file__).with_name("data") / "iris.csv", newline="") as file:
    flowers = list(csv.reader(file))[1:]
rng = random.Random(args.seed)


def learn(seed: int, progress: bool | None) -> tuple[nr.AnyNetwork, nr.Report, list[list[float]], list[int]]:
    """Return a network trained on 120 flowers, its report, and the 30 other flowers with their species."""
    # The file is sorted by species.
    rng.shuffle(flowers)
    X = [[float(size) for size in sizes] for *sizes, _ in flowers]
    y = [SPECIES.index(species) for *_, species in flowers]
    # Four inputs, two hidden layers, and an output for each species.
    net = common.network(args, "classifier", [4, 15, 5, 3], normalize=True, dataset=1000, test=500, seed=seed)
    net.observe(X[:120], y[:120])
    return net, net.train(autostop=True, backtrack=True, progress=progress), X[120:], y[120:]


net, report, X, y = learn(args.seed, args.progress)
info = net.info()
training, testing = info.training_dataset_len, info.test_dataset_len
print(f"{training + testing} flowers observed: {training} for training, {testing} for validation.")
print(f"Trained for {report.cycles} cycles in {1000 * report.seconds:.1f} ms.")

# The validation rows decided when to stop and which weights to keep, so the error on them is optimistic. That on the
# other flowers is not.
tested = net.evaluate("test")
unseen = net.evaluate(X, y)
print("\nMisclassified:")
print(f"  of the {tested.rows} validation flowers     {1 - tested.accuracy:6.1%}")
print(f"  of the {unseen.rows} fresh flowers          {1 - unseen.accuracy:6.1%}")
print(f"  baseline: always the same        {1 - unseen.baseline:6.1%}")

print("\nThe fresh flowers (rows) and their predicted species (columns):")
print(" " * 13 + "".join(f"{species:>12}" for species in SPECIES))
for species, counts in zip(SPECIES, unseen.confusion, strict=True):
    print(f"  {species:11}" + "".join(f"{count:12}" for count in counts))

if args.trainings > 1:
    print("\nThirty flowers are few, so this repeats with other flowers. Misclassified fresh flowers:")
    print("  training      this time    on average so far      baseline: always the same")
wrong, baseline = [1 - unseen.accuracy], [1 - unseen.baseline]
for number in range(1, args.trainings + 1):
    if number > 1:
        again, _, X, y = learn(rng.getrandbits(32), progress=False)
        found = again.evaluate(X, y)
        wrong.append(1 - found.accuracy)
        baseline.append(1 - found.baseline)
    if args.trainings > 1 and number in (*REPORTED, args.trainings):
        average, same = sum(wrong) / number, sum(baseline) / number
        print(f"  {number:8} {wrong[-1]:14.1%} {average:20.1%} {same:30.1%}")

if args.plot:
    common.plot(net, args.plot)
