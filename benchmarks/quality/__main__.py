"""Measures errors on fresh rows of public data sets, beside the engines that a user could choose instead.

    python benchmarks/quality [--results FILE] [--only NAME ...]

Results are stored in a file, from which an interrupted run resumes. `quality.txt` is the printed table, and
`picture.py` draws it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from measure import Results, measure, ours
from rivals import RIVALS, MissingError
from sets import SETS

import neuralredis as nr

HERE = Path(__file__).parent
#: The engines with a ratio in the table. The baseline is shown without one.
COMPARED = [name for name in RIVALS if name != "baseline"]


def mean(results: Results, task: str, name: str) -> float:
    """Return the mean error over the seeds, plus half a row, so that an error of 0 has a ratio."""
    found = results[task][name]["error"]
    kept = min(10_000, round(0.3 * len(SETS[task]().X)))
    return float(np.mean(found)) + (0.5 / kept if SETS[task]().classifies else 0.0)


def table(results: Results) -> Iterator[str]:
    """Yield the lines of the table: errors in percent, and in brackets ours as a multiple of each."""
    compared = [name for name in COMPARED if any(name in found for found in results.values())]
    yield f"{'':14} {'rows':>6} {'inputs':>6} {'ours':>7} {'baseline':>9} " + "".join(
        f"{name:>16}" for name in compared
    )
    ratios: dict[str, list[tuple[float, str]]] = {name: [] for name in compared}
    for task, load in SETS.items():
        if "neuralredis" not in results.get(task, {}):
            continue
        rows = load()
        our = mean(results, task, "neuralredis")
        line = f"{task:14} {len(rows.X):6} {rows.X.shape[1]:6} {100 * our:7.2f} "
        line += f"{100 * mean(results, task, 'baseline'):9.2f} " if "baseline" in results[task] else " " * 10
        for name in compared:
            if results[task].get(name, {}).get("error"):
                their = mean(results, task, name)
                ratios[name].append((our / their, task))
                line += f"{100 * their:9.2f} ({our / their:4.2f})"
            else:
                line += " " * 16
        yield line
    yield ""
    for name, found in ratios.items():
        if found:
            middle = float(np.exp(np.mean(np.log([ratio for ratio, _ in found]))))
            worse = [f"{task} {ratio:.2f}" for ratio, task in sorted(found, reverse=True) if ratio > 1.1]
            above = ", ".join(worse) or "none"
            yield f"{name:10} geometric mean {middle:.3f} over {len(found)} sets; above 1.10: {above}"
    yield ""
    for name in ("neuralredis", *compared):
        seconds = [sum(found[name]["seconds"]) for found in results.values() if found.get(name, {}).get("seconds")]
        if seconds:
            yield f"{name:12} {sum(seconds):9.1f} seconds of processor time to learn {len(seconds)} sets"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--results", type=Path, default=HERE / "results.json", help="the file of errors and seconds")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="engines to measure, of which neuralredis is one")
    given = parser.parse_args()
    results: Results = json.loads(given.results.read_text()) if given.results.exists() else {}
    for name, rival in {"neuralredis": ours, **RIVALS}.items():
        if given.only is None or name in given.only:
            try:
                measure(results, name, rival, list(SETS), given.results)
            except MissingError as missing:
                print(f"{name} is left out: {missing}")
    print(f"neuralredis {nr.__version__}\n")
    print("\n".join(table(results)))


if __name__ == "__main__":
    main()
