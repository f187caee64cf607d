"""Draws the pictures in this folder: ``python docs/images/examples/draw.py [NAME ...]``.

Most are drawn by the examples, with ``--plot``; banking only if the environment variable BANK is the path of its data.
The others show the functions of ``neuralredis.plot``, on the flowers and the passengers of the examples.
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
SIZES = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]

#: The examples that draw a picture and need no download.
DRAWN = ("advertisement", "cdf", "circles", "digits_l2", "forecast", "names", "spikes", "stream", "visits", "voices")


def small(path: Path) -> None:
    """Reduce a picture to at most 800 pixels in width, without transparency."""
    with Image.open(path) as picture:
        whole = picture.convert("RGB")
    if whole.width > 800:
        whole = whole.resize((800, round(whole.height * 800 / whole.width)), Image.Resampling.LANCZOS)
    # A palette would be smaller, but loses either gradients or the colours of small dots.
    whole.save(path, optimize=True)
    print(f"{path.stat().st_size / 1000:5.1f} kB  {path}")


def draw(name: str, ax: Any) -> None:
    """Save the figure of these axes."""
    path = HERE / f"{name}.png"
    ax.figure.savefig(path)
    small(path)


def run(name: str, *options: str) -> None:
    """Save the picture that an example draws."""
    path = HERE / f"{name}.png"
    command = [sys.executable, EXAMPLES / f"{name}.py", "--no-progress", "--plot", path, *options]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    small(path)


def iris() -> None:
    """Draw the plots of a network that learns the species of flowers."""
    with open(EXAMPLES / "data" / "iris.csv", newline="") as file:
        flowers = list(csv.reader(file))[1:]
    random.Random(1).shuffle(flowers)
    X = [[float(size) for size in sizes] for *sizes, _ in flowers]
    y = [SPECIES.index(species) for *_, species in flowers]
    net = nr.Network("classifier", [4, 8, 3], normalize=True, dataset=100, test=50, seed=1, ensemble=1)
    net.observe(X, y)
    report = net.train(autostop=True, backtrack=True)
    ax = plot.learning_curve(report)
    ax.set_title("Iris: 100 training and 50 validation rows")
    draw("learning_curve", ax)
    draw("confusion_matrix", plot.confusion_matrix(net, labels=SPECIES))
    ax = plot.decision_map(net, (2, 3), names=SIZES, labels=SPECIES)
    # Above the legend.
    ax.set_title("Predicted species, by the size of petals", pad=36)
    draw("decision_map", ax)
    draw("network", plot.network(net, names=SIZES, labels=SPECIES))


def reasons() -> None:
    """Draw the explanation in the tutorial, by the same calls as there."""
    with open(EXAMPLES / "data" / "titanic.csv", newline="") as file:
        passengers = list(csv.DictReader(file))
    fields = {"class": "category", "sex": "category"} | dict.fromkeys(("age", "siblings", "parents", "fare"), "number")
    of_fields: Any = {"fields": fields, "target": "survived", "classes": ["0", "1"], "hidden": [30]}
    net = nr.Network("classifier", **of_fields, dataset=300, test=300, seed=1, ensemble=1, l2=0)
    net.observe(passengers[:600])
    net.reset()
    net.train(autostop=True, backtrack=True)
    net.observe(passengers[600])
    net.train(autostop=True, backtrack=True)
    draw("reasons", plot.reasons(net.explain({"class": 3, "sex": "female", "age": 30})))


def main(names: list[str]) -> None:
    """Draw the pictures with these names, or all."""
    own = {"iris": iris, "reasons": reasons}
    for name in names or [*own, *DRAWN, *(["banking"] if "BANK" in os.environ else [])]:
        if name in own:
            own[name]()
        else:
            run(name, *(["--data", os.environ["BANK"]] if name == "banking" else []))


if __name__ == "__main__":
    main(sys.argv[1:])
