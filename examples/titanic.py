"""A network learns from 601 passengers of the Titanic who survived, and is asked about 290 that it never saw."""

from __future__ import annotations

import csv
from pathlib import Path

import common


def inputs(passenger: dict[str, str]) -> list[float]:
    """Return the nine numbers that the network is told about a passenger."""
    return [
        # What is one of a few kinds gets an input for each kind: 1 for the one that it is, 0 for the others.
        *(passenger["class"] == kind for kind in ("1", "2", "3")),
        *(passenger["sex"] == kind for kind in ("male", "female")),
        float(passenger["age"] or 30),
        float(passenger["siblings"]),
        float(passenger["parents"]),
        float(passenger["fare"]),
    ]


args = common.arguments(__doc__)
with open(Path(__file__).with_name("data") / "titanic.csv", newline="") as file:
    passengers = list(csv.DictReader(file))
X = [inputs(passenger) for passenger in passengers]
y = [int(passenger["survived"]) for passenger in passengers]

# Nine inputs, 15 hidden units, and an output for each class: 0 died, 1 survived.
net = common.network(args, "classifier", [9, 15, 2], normalize=True, dataset=1000, test=500)
training, testing = net.observe(X[:601], y[:601])
print(f"{training + testing} passengers observed: {training} to learn from, {testing} to tell when to stop.")

report = net.train(autostop=True, progress=args.progress)
print(f"Trained for {report.cycles} cycles in {1000 * report.seconds:.1f} ms.")

unseen = net.evaluate(X[601:], y[601:])
print(f"\nWrong about the {unseen.rows} passengers that it never saw:")
print(f"  the network                          {1 - unseen.accuracy:6.1%}")
guesses = [passenger["sex"] == "female" for passenger in passengers[601:]]
wrong = sum(guess != right for guess, right in zip(guesses, y[601:], strict=True))
print(f"  who says that only women survived    {wrong / unseen.rows:6.1%}")
print(f"  who says that nobody survived        {1 - unseen.baseline:6.1%}")

print("\nHow likely would she have survived, with no family aboard?")
for woman, question in {
    "30 years old, first class, fare 200": [1, 0, 0, 0, 1, 30, 0, 0, 200],
    "70 years old, first class, fare 200": [1, 0, 0, 0, 1, 70, 0, 0, 200],
    "70 years old, third class, fare 20": [0, 0, 1, 0, 1, 70, 0, 0, 20],
}.items():
    died, survived = net.run(question)
    print(f"  {woman:35}  {survived:6.1%}")

if args.plot:
    common.plot(net, report, args.plot)
