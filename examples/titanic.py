"""A network learns which passengers of the Titanic survived, from 601 of them, and is tested on 290 others."""

from __future__ import annotations

import csv
from pathlib import Path

import common

args = common.arguments(__doc__)
with open(Path(__file__).with_name("data") / "titanic.csv", newline="") as file:
    passengers = list(csv.DictReader(file))

# A row is a line of the file, by the names of its columns. Some ages are missing: a gap is an input of its own.
fields = {
    "class": "category",
    "sex": "category",
    "age": "number",
    "siblings": "number",
    "parents": "number",
    "fare": "number",
}
net = common.network(args, "classifier", fields=fields, target="survived", classes=["0", "1"], dataset=1000, test=500)
training, testing = net.observe(passengers[:601])
print(f"{training + testing} passengers observed: {training} for training, {testing} for validation.")

report = net.train(autostop=True, backtrack=True, progress=args.progress)
print(f"Trained for {report.cycles} cycles in {1000 * report.seconds:.1f} ms.")

unseen = net.evaluate(passengers[601:])
print(f"\nWrong about the other {unseen.rows} passengers:")
print(f"  the network                          {1 - unseen.accuracy:6.1%}")
wrong = sum((passenger["sex"] == "female") != (passenger["survived"] == "1") for passenger in passengers[601:])
print(f"  baseline: only women survive         {wrong / unseen.rows:6.1%}")
print(f"  baseline: nobody survives            {1 - unseen.baseline:6.1%}")

print("\nHow likely would she have survived, with no family aboard?")
for age, ticket, fare in [(30, "first", 200), (70, "first", 200), (70, "third", 20)]:
    woman = {"class": {"first": 1, "third": 3}[ticket], "sex": "female", "age": age, "fare": fare}
    chances = net.run({**woman, "siblings": 0, "parents": 0})
    print(f"  {f'{age} years old, {ticket} class, fare {fare}':35}  {chances['1']:6.1%}")

if args.plot:
    common.plot(net, args.plot)
