"""The cross-entropy of the next letter of first names, in nats, beside counts of n-grams."""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from data import first_names
from printing import CELLS, print_errors

import neuralredis as nr

#: The goal, in nats per letter, and the most seconds of a training.
GOAL, LIMIT = 1.92, 120
#: The absolute discount of counts, which shorter n-grams receive.
DISCOUNT = 0.75


def parts(folder: Path, seed: int) -> tuple[list[str], list[str]]:
    """Return training names and a held-out fifth, each with a full stop at its end."""
    names = sorted({*first_names(folder, "female"), *first_names(folder, "male")})
    random.Random(seed).shuffle(names)
    ended = [name + "." for name in names]
    return ended[: len(ended) * 4 // 5], ended[len(ended) * 4 // 5 :]


def counted(known: list[str], letters: int) -> Callable[[str, str], float]:
    """Return the probability of a letter by counts of n-grams of this length, with absolute discounting."""
    seen, times, kinds = Counter[str](), Counter[str](), Counter[str]()
    for name in known:
        padded = "." * (letters - 1) + name
        seen.update(padded[at - n : at + 1] for at in range(letters - 1, len(padded)) for n in range(letters))
    for word, count in seen.items():
        times[word[:-1]] += count
        kinds[word[:-1]] += 1

    def chance(before: str, letter: str) -> float:
        shorter = chance(before[1:], letter) if before else 1 / 27
        if not times[before]:
            return shorter
        return (max(seen[before + letter] - DISCOUNT, 0) + DISCOUNT * kinds[before] * shorter) / times[before]

    return chance


def cost(known: list[str], fresh: list[str], letters: int) -> float:
    """Return the cross-entropy per letter of counts, in nats."""
    chance = counted(known, letters)
    padded = ["." * (letters - 1) + name for name in fresh]
    nats = [-math.log(chance(n[at - letters + 1 : at], n[at])) for n in padded for at in range(letters - 1, len(n))]
    return sum(nats) / len(nats)


def learnt(folder: Path, cell: str, seed: int) -> tuple[float, float]:
    """Return the cross-entropy per letter of held-out names in nats, and the seconds of training."""
    known, fresh = parts(folder, seed)
    net = nr.SequenceNetwork(
        "classifier",
        fields={"letter": "category"},
        target="letter",
        length=20,
        cell=cell,
        seed=seed,
        dataset=10_000,
        test=2500,
    )
    start = time.perf_counter()
    net.observe(known)
    net.train(autostop=True, backtrack=True, max_time=LIMIT, progress=False)
    took = time.perf_counter() - start
    return net.evaluate(fresh).error, took


def main(folder: Path, seeds: range) -> None:
    """Print the cross-entropies."""
    print(f"\nnext letter of 5163 first names, nats, trainings of at most {LIMIT} s: means over seeds")
    print_errors("next letter, nats", {cell: [learnt(folder, cell, seed) for seed in seeds] for cell in CELLS}, GOAL, 3)
    for letters in (2, 3, 4, 5):
        nats = [cost(*parts(folder, seed), letters) for seed in seeds]
        print(f"counts of {letters} letters in a row  {sum(nats) / len(nats):.3f}")
