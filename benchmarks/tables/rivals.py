"""The libraries that a user could choose instead, with their defaults and their own handling of words and gaps.

Each function takes training rows, the name of the target and a seed. It returns a function that predicts probabilities
of classes, in the order of their sorted names, or numbers. None of the libraries takes dates, so a date becomes the
day, the day of the week, and the hour.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from tables import classifies

Answer = Callable[[pd.DataFrame], Any]
Rival = Callable[[pd.DataFrame, str, int], Answer]


def names(y: pd.Series[Any]) -> list[str]:
    """Return the names of the classes, sorted."""
    return sorted(y.astype(str).unique())


def codes(y: pd.Series[Any], known: list[str]) -> Any:
    """Return the index of each row's class; -1 if it is unknown."""
    return pd.Categorical(y.astype(str), categories=known).codes.astype(np.int64)


def _dates(X: pd.DataFrame) -> pd.DataFrame:
    X = X.copy()
    for name in X.columns:
        as_dates = X[name]
        if as_dates.dtype == object and as_dates.notna().any():
            first = as_dates.dropna().iloc[0]
            if hasattr(first, "year"):
                as_dates = pd.to_datetime(as_dates)
        if pd.api.types.is_datetime64_any_dtype(as_dates):
            moments = pd.DatetimeIndex(as_dates)
            X[name] = (moments - pd.Timestamp(0, tz=moments.tz)) / pd.Timedelta(days=1)
            X[f"{name} weekday"], X[f"{name} hour"] = moments.weekday, moments.hour
        elif pd.api.types.is_timedelta64_dtype(as_dates):
            X[name] = as_dates.dt.total_seconds()
    return X


def _words(X: pd.DataFrame) -> list[str]:
    return [name for name in X.columns if not pd.api.types.is_numeric_dtype(X[name]) or X[name].dtype == bool]


def catboost(learnt: pd.DataFrame, target: str, seed: int) -> Answer:
    from catboost import CatBoostClassifier, CatBoostRegressor

    def prepared(frame: pd.DataFrame) -> pd.DataFrame:
        X = _dates(frame.drop(columns=target))
        for name in _words(X):
            X[name] = X[name].astype(str).where(X[name].notna(), "gap")
        return X

    X, y = prepared(learnt), learnt[target]
    settings = {
        "random_seed": seed,
        "verbose": False,
        "thread_count": 1,
        "cat_features": _words(X),
        "allow_writing_files": False,
    }
    if not classifies(learnt, target):
        model = CatBoostRegressor(**settings).fit(X, y)
        return lambda frame: model.predict(prepared(frame))
    known = names(y)
    model = CatBoostClassifier(**settings).fit(X, codes(y, known))
    return lambda frame: _all_classes(model.predict_proba(prepared(frame)), model.classes_, len(known))


def _all_classes(found: Any, which: Any, count: int) -> Any:
    """Return probabilities with a column for each class, also for classes without training rows."""
    all_columns = np.zeros((len(found), count))
    all_columns[:, np.asarray(which, dtype=np.int64)] = found
    return all_columns


def _categories(learnt: pd.DataFrame, target: str, most: int | None) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Return a function that converts words to categories: at most this many, the most common of the training rows."""
    X = _dates(learnt.drop(columns=target))
    known = {name: list(X[name].dropna().astype(str).value_counts().index[:most]) for name in _words(X)}

    def prepared(frame: pd.DataFrame) -> pd.DataFrame:
        X = _dates(frame.drop(columns=target))
        for name, words in known.items():
            texts = X[name].astype(str).where(X[name].notna(), None)
            X[name] = pd.Categorical(texts, categories=words)
        return X

    return prepared


def lightgbm(learnt: pd.DataFrame, target: str, seed: int) -> Answer:
    from lightgbm import LGBMClassifier, LGBMRegressor

    by_words = _categories(learnt, target, None)

    def prepared(frame: pd.DataFrame) -> pd.DataFrame:
        # It rejects names with characters of JSON's syntax.
        X = by_words(frame)
        return X.set_axis([f"column {at}" for at in range(X.shape[1])], axis=1)

    X, y = prepared(learnt), learnt[target]
    settings = {"random_state": seed, "verbose": -1, "n_jobs": 1}
    if not classifies(learnt, target):
        model = LGBMRegressor(**settings).fit(X, y)
        return lambda frame: model.predict(prepared(frame))
    known = names(y)
    model = LGBMClassifier(**settings).fit(X, codes(y, known))
    return lambda frame: _all_classes(model.predict_proba(prepared(frame)), model.classes_, len(known))


def histogram(learnt: pd.DataFrame, target: str, seed: int) -> Answer:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    prepared = _categories(learnt, target, 250)
    X, y = prepared(learnt), learnt[target]
    settings = {"random_state": seed, "categorical_features": "from_dtype"}
    if not classifies(learnt, target):
        model = HistGradientBoostingRegressor(**settings).fit(X, y)
        return lambda frame: model.predict(prepared(frame))
    known = names(y)
    model = HistGradientBoostingClassifier(**settings).fit(X, codes(y, known))
    return lambda frame: _all_classes(model.predict_proba(prepared(frame)), model.classes_, len(known))


def _neural(names_of_models: tuple[str, str]) -> Rival:
    """Return a neural network of pytabkit. It takes no gaps in numbers, so these become the median."""

    def train(learnt: pd.DataFrame, target: str, seed: int) -> Answer:
        import pytabkit

        by_words = _categories(learnt, target, None)
        first = by_words(learnt)
        numbers = [name for name in first.columns if pd.api.types.is_numeric_dtype(first[name])]
        middle = first[numbers].astype(float).median().fillna(0)

        def prepared(frame: pd.DataFrame) -> pd.DataFrame:
            X = by_words(frame)
            X[numbers] = X[numbers].astype(float).fillna(middle)
            return X

        classifier, regressor = (getattr(pytabkit, name) for name in names_of_models)
        X, y = prepared(learnt), learnt[target]
        settings = {"random_state": seed, "device": "cpu", "n_cv": 1, "n_refit": 0}
        if not classifies(learnt, target):
            model = regressor(**settings).fit(X, y.to_numpy(float))
            return lambda frame: np.asarray(model.predict(prepared(frame)), float).ravel()
        known = names(y)
        model = classifier(**settings).fit(X, codes(y, known))
        return lambda frame: _all_classes(model.predict_proba(prepared(frame)), model.classes_, len(known))

    return train


RIVALS: dict[str, Rival] = {
    "lightgbm": lightgbm,
    "histogram": histogram,
    "catboost": catboost,
    "realmlp": _neural(("RealMLP_TD_Classifier", "RealMLP_TD_Regressor")),
    "tabm": _neural(("TabM_D_Classifier", "TabM_D_Regressor")),
}
