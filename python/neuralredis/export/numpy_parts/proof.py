"""Test that a file computes what the network did."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from neuralredis.export.numpy_parts.rows import run

NETWORK: dict[str, Any] = {}
# ---


def self_test() -> float:
    """Compute the outputs for synthetic rows, and compare them with the network's.

    Returns
    -------
    float
        The largest difference, relative to the largest output.

    Raises
    ------
    RuntimeError
        If it is larger than 1e-6.
    """
    rows = [each["row"] if "row" in each else each["events"] for each in NETWORK["proof"]]
    patterns = [[int(bits, 16) for bits in each["answer"]] for each in NETWORK["proof"]]
    expected = np.array(patterns, dtype=np.uint32).view(np.float32).astype(float)
    apart = float(np.abs(run(rows) - expected).max() / max(np.abs(expected).max(), 1e-30))
    if not apart <= 1e-6:
        raise RuntimeError(f"outputs differ by {apart:.2g} from the network's: this file was changed")
    return apart


if __name__ == "__main__":
    print(f"{len(NETWORK['proof'])} rows agree within {self_test():.2g}", file=sys.stdout)
