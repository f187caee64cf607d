"""Measures networks of sequences with default options, on public data.

    pip install statsmodels
    python benchmarks/sequences [FOLDER] > benchmarks/sequences/sequences.txt

Data that is not in the folder is downloaded into it (8 MB). Without statsmodels, exponential smoothing is left out.
Other libraries are measured with --only peers > benchmarks/sequences/peers.txt, which requires PyTorch; Debian has it
for processors as python3-torch.
"""

from __future__ import annotations

import argparse
import datetime
import os
import tempfile
from pathlib import Path

import data
import forecasts
import genders
import letters
import outcomes
import peers
import printing
import shop

PARTS = {
    "outcomes": outcomes.main,
    "genders": genders.main,
    "letters": letters.main,
    "forecasts": forecasts.main,
    "shop": shop.main,
    "peers": peers.main,
}

parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
parser.add_argument("folder", nargs="?", type=Path, help="where the data are, or go (default: not kept)")
parser.add_argument("--seeds", type=int, default=3, help="how many seeds (default: %(default)s)")
parser.add_argument("--only", nargs="+", choices=PARTS, default=[*PARTS][:-1], help="parts (default: all but peers)")
parser.add_argument("--cells", nargs="+", choices=printing.CELLS, default=printing.CELLS, help="cells (default: all)")
args = parser.parse_args()
printing.CELLS[:] = args.cells
with tempfile.TemporaryDirectory() as temporary:
    folder = args.folder or Path(temporary)
    data.fetch(folder)
    print(f"{datetime.date.today()}, {os.cpu_count()} cores, {args.seeds} seeds")
    for name in args.only:
        PARTS[name](folder, range(1, args.seeds + 1))
