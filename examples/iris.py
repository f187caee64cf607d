"""A network learns to tell three species of iris by the sizes of their petals and sepals."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import common

SPECIES = ["setosa", "versicolor", "virginica"]

args = common.arguments(__doc__)
with open(Path(__file__).with_name("data") / "iris.csv", newline="") as file:
    flowers = list(csv.reader(file))[1:]
# They come sorted by species.
random.Random(args.seed).shuffle(flowers)
X = [[float(size) for size in sizes] for *sizes, _ in flowers]
y = [SPECIES.index(species) for *_, species in flowers]

# Four inputs, two hidden layers, and an output for each species.
net = common.network(args, "classifier", [4, 15, 5, 3], normalize=True, dataset=1000, test=500)
training, testing = net.observe(X[:120], y[:120])
print(f"{training + testing} flowers observed: {training} to learn from, {testing} to tell when to stop.")

report = net.train(autostop=True, backtrack=True, progress=args.progress)
print(f"Trained for {report.cycles} cycles in {1000 * report.seconds:.1f} ms; the best was cycle {report.best_cycle}.")

# The testing rows had a say in when to stop and which cycle was best, so they flatter the network. The rest did not.
tested = net.evaluate("test")
unseen = net.evaluate(X[120:], y[120:])
print("\nTaken for another species:")
print(f"  of the {tested.rows} testing flowers        {1 - tested.accuracy:6.1%}")
print(f"  of the {unseen.rows} flowers never seen     {1 - unseen.accuracy:6.1%}")
print(f"  by who always says the same      {1 - unseen.baseline:6.1%}")

print("\nThe flowers never seen, and what they were taken for:")
print(" " * 13 + "".join(f"{species:>12}" for species in SPECIES))
for species, counts in zip(SPECIES, unseen.confusion, strict=True):
    print(f"  {species:11}" + "".join(f"{count:12}" for count in counts))

if args.plot:
    common.plot(net, report, args.plot)
