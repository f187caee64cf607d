"""Draw the pictures of this folder again: ``python docs/images/examples/draw.py``, from the top of the repository.

What examples draw is theirs, with ``--plot``; that of banking is drawn if BANK names its data in the environment. The
others are of the functions of ``neuralredis.plot``.
"""

from __future__ import annotations

import csv
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

from PIL import Image

import neuralredis as nr
from neuralredis import plot

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parents[2] / "examples"
SPECIES = ["setosa", "versicolor", "virginica"]
SIZES = ["sepal length", "sepal width", "petal length", "petal width"]


def small(path: Path) -> None:
    """Make a picture small: at most 800 points wide, in at most 256 colours."""
    with Image.open(path) as picture:
        whole = picture.convert("RGB")
    if whole.width > 800:
        whole = whole.resize((800, round(whole.height * 800 / whole.width)), Image.Resampling.LANCZOS)
    whole.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.stat().st_size / 1000:5.1f} kB  {path}")


def draw(name: str, ax: Any) -> None:
    """Save the picture that axes are in."""
    path = HERE / f"{name}.png"
    ax.figure.savefig(path)
    small(path)


def run(name: str, *options: str) -> None:
    """Save the picture of an example."""
    path = HERE / f"{name}.png"
    command = [sys.executable, EXAMPLES / f"{name}.py", "--no-progress", "--plot", path, *options]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    small(path)


with open(EXAMPLES / "data" / "iris.csv", newline="") as file:
    flowers = list(csv.reader(file))[1:]
random.Random(1).shuffle(flowers)
X = [[float(size) for size in sizes] for *sizes, _ in flowers]
y = [SPECIES.index(species) for *_, species in flowers]
net = nr.Network("classifier", [4, 8, 3], normalize=True, dataset=100, test=50, seed=1, restarts=1)
net.observe(X, y)
report = net.train(autostop=True, backtrack=True)
draw("learning_curve", plot.learning_curve(report))
draw("confusion_matrix", plot.confusion_matrix(net, labels=SPECIES))
draw("decision_map", plot.decision_map(net, (2, 3), names=SIZES, labels=SPECIES))
draw("network", plot.network(net, names=SIZES, labels=SPECIES))

with open(EXAMPLES / "data" / "titanic.csv", newline="") as file:
    passengers = list(csv.DictReader(file))
fields = {"class": "category", "sex": "category"} | dict.fromkeys(("age", "siblings", "parents", "fare"), "number")
of_fields: Any = {"fields": fields, "target": "survived", "classes": ["0", "1"], "hidden": [30]}
net = nr.Network("classifier", **of_fields, dataset=300, test=300, seed=1, restarts=1, l2=0)
net.observe(passengers[:600])
# As the tutorial comes there.
net.reset()
net.train(autostop=True, backtrack=True)
net.observe(passengers[600])
net.train(autostop=True, backtrack=True)
draw("reasons", plot.reasons(net.explain({"class": 3, "sex": "female", "age": 30})))

DRAWN = ("advertisement", "cdf", "circles", "digits_l2", "forecast", "names", "spikes", "stream", "visits", "voices")
for example in DRAWN:
    run(example)
if "BANK" in os.environ:
    run("banking", "--data", os.environ["BANK"])
