"""A network learns to read handwritten digits (MNIST).

A digit is an image of 28 by 28 grey values: 784 inputs, and ten outputs. There are 60,000 digits to learn from, and
10,000 by other writers for the test.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import common
import numpy as np

FILES = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]
HELP = f"""\
The images must be downloaded. Get the four files of MNIST (Y. LeCun, C. Cortes, C. Burges), for example from
  https://storage.googleapis.com/cvdf-datasets/mnist/
as {FILES[0]}.gz and so on, into one folder:
  python examples/mnist.py --data FOLDER"""


def read(path: Path) -> np.ndarray:
    """Return the bytes of a file in the IDX format: images as rows, or labels."""
    data = gzip.decompress(path.read_bytes())
    # The third byte is the type (8: bytes), the fourth the number of dimensions. Then come their sizes.
    if data[:3] != b"\0\0\x08":
        sys.exit(f"{path} is not a file of bytes in the IDX format")
    shape = np.frombuffer(data, ">u4", data[3], 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape[0], -1)


args = common.arguments(
    __doc__,
    data="the folder with the four files of MNIST",
    rows=(60_000, "images to learn from, at most"),
    seconds=(180, "seconds to train, at most"),
)
if not args.data or not all((args.data / f"{name}.gz").exists() for name in FILES):
    sys.exit(HELP)
X, y, X_unseen, y_unseen = (read(args.data / f"{name}.gz") for name in FILES)
X, y = X[: args.rows], y[: args.rows, 0]

# Without normalize: standardized, the few specks at the edge would weigh as much as strokes.
net = common.network(args, "classifier", [784, 200, 10], dataset=len(X), test=len(X) // 5)
training, testing = net.observe(X, y)
print(f"{training + testing} digits observed: {training} for training, {testing} for validation.")
report = net.train(autostop=True, backtrack=True, max_time=args.seconds, progress=args.progress)
print(f"Trained for {report.cycles} cycles in {report.seconds:.0f} s.")

unseen = net.evaluate(X_unseen, y_unseen[:, 0])
print(f"\nMisclassified of {unseen.rows} digits by other writers:")
print(f"  the network                  {1 - unseen.accuracy:6.2%}")
print(f"  baseline: always the same    {1 - unseen.baseline:6.2%}")

wrong = np.flatnonzero(net.classify(X_unseen) != y_unseen[:, 0])
if len(wrong):
    predicted, is_ = net.classify(X_unseen[wrong[0]]), y_unseen[wrong[0], 0]
    print(f"\nA {is_} that is classified as a {predicted}:")
    for line in X_unseen[wrong[0]].reshape(28, 28)[::2] // 52:
        print("  " + "".join(" .:*#"[ink] for ink in line))

if args.plot:
    from neuralredis.plot import confusion_matrix

    ax = confusion_matrix(unseen, ax=None)
    common.save(ax, args.plot, "The confusion matrix is")
