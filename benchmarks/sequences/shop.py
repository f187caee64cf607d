"""Predicts the next click of real visitors of a shop, beside the most common items and those of the same visits.

The 999 most common of 18,009 items are classes; the others are one class, since a network of events has at most 1000.
The measure is how often the next click, if it is at one of the 999, is among the 20 most probable items.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from pathlib import Path

import data
import printing

import neuralredis as nr

COMMON, NAMED, LIMIT, OTHER = 999, 20, 240, "other"


def main(folder: Path, seeds: range) -> None:
    """Print how often the next item is among the recommended ones."""
    known, fresh = data.visits(folder, "train"), data.visits(folder, "valid") + data.visits(folder, "test")
    counts = Counter(item for visit in known for item in visit)
    common = {item for item, _ in counts.most_common(COMMON)}
    known, fresh = ([[i if i in common else OTHER for i in visit] for visit in part] for part in (known, fresh))
    prefixes = [visit[:at] for visit in fresh for at in range(1, len(visit)) if visit[at] != OTHER]
    right = [visit[at] for visit in fresh for at in range(1, len(visit)) if visit[at] != OTHER]
    print(f"\nnext click of visitors of a shop among {NAMED} of {COMMON} items, ", end="")
    print(f"trainings of at most {LIMIT} s, % of {len(prefixes)} clicks")

    def print_hits(method: str, predictions: list[list[str]], seconds: float | None = None) -> None:
        hits = [
            item in [i for i in items if i != OTHER][:NAMED] for item, items in zip(right, predictions, strict=True)
        ]
        took = "" if seconds is None else f"   {seconds:.1f} s"
        print(f"{method:32}{100 * sum(hits) / len(hits):6.1f}{took}", flush=True)

    popular = [item for item, _ in counts.most_common(NAMED)]
    print_hits("the commonest", [popular] * len(prefixes))
    beside: dict[str, Counter[str]] = {item: Counter() for item in (*common, OTHER)}
    after: dict[str, Counter[str]] = {item: Counter() for item in (*common, OTHER)}
    for visit in known:
        for item in set(visit):
            beside[item].update(set(visit) - {item})
        for last, following in itertools.pairwise(visit):
            after[last][following] += 1
    for method, table in (("what follows the last", after), ("what visits with the last have", beside)):
        print_hits(method, [[i for i, _ in table[visit[-1]].most_common(NAMED + 1)] for visit in prefixes])
    for cell in (cell for cell in printing.CELLS if cell in ("auto", "window")):
        net = nr.SequenceNetwork(
            "classifier",
            fields={"item": ("category", COMMON + 1)},
            target="item",
            length=20,
            cell=cell,
            seed=seeds[0],
            dataset=50_000,
            test=10_000,
        )
        start = time.perf_counter()
        net.observe([visit for visit in known if len(visit) > 1])
        net.train(autostop=True, backtrack=True, max_time=LIMIT, progress=False)
        print_hits(f"a network, {cell}", net.classify(prefixes, top=NAMED + 1), time.perf_counter() - start)
