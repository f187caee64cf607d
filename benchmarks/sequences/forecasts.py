"""Mean absolute scaled errors of forecasts, beside seasonal naive forecasts and exponential smoothing.

The last three tenths of a series are held out. From up to 40 evenly spaced places in them a season is forecast. The
network is not trained on them; exponential smoothing is (ETS of statsmodels, additive with a damped trend, fitted again
at each place). Of the M1 series the last six years are held out, and one network learns all series. Both get logarithms
of series that grow exponentially. The seasonal naive forecast, one step ahead, has an error of 1.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import data
import numpy as np

import neuralredis as nr

try:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel
except ImportError:
    ETSModel = None

PLACES = 40
#: The number of years of the M1 series that are forecast.
AHEAD = 6


class Series(NamedTuple):
    """A series, and its properties."""

    name: str
    season: int
    logarithms: bool


ALL = [
    Series("co2", 12, False),
    Series("sunspots", 11, False),
    Series("Airline", 12, True),
    Series("Lynx", 10, True),
]
#: A function from the known values to the forecast.
Answer = Callable[[np.ndarray], np.ndarray]


def smoothing(season: int, steps: int) -> Answer:
    """Return forecasts by exponential smoothing."""

    def answer(known: np.ndarray) -> np.ndarray:
        seasonal = {"seasonal": "add", "seasonal_periods": season} if season > 1 else {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = ETSModel(known, error="add", trend="add", damped_trend=True, **seasonal)
            return np.asarray(model.fit(disp=False).forecast(steps))

    return answer


def network(seed: int) -> nr.SequenceNetwork:
    """Return a network with default options."""
    return nr.SequenceNetwork("regressor", fields={"value": "number"}, target="value", length=1000, seed=seed)


def of_one(folder: Path, series: Series, seeds: range) -> None:
    """Print the errors of forecasts of one series."""
    raw = data.series(folder, series.name)
    to, back = (np.log, np.exp) if series.logarithms else (np.array, np.array)
    values, season = to(raw), series.season
    split = len(raw) * 7 // 10
    scale = np.abs(raw[season:split] - raw[: split - season]).mean()
    begins = np.unique(np.linspace(split, len(raw) - season, PLACES).astype(int))

    def error(answer: Answer) -> float:
        forecasts = [back(answer(values[:begin])) for begin in begins]
        true = [raw[begin : begin + season] for begin in begins]
        return float(np.mean(np.abs(np.array(forecasts) - true)) / scale)

    errors, seconds = [], []
    for seed in seeds:
        net, start = network(seed), time.perf_counter()
        cut = split * 4 // 5
        net.observe([values[:cut]], into="train")
        net.observe([values[cut - 24 : split]], into="test")
        net.train(autostop=True, backtrack=True, progress=False)
        seconds.append(time.perf_counter() - start)
        errors.append(error(lambda known, net=net: net.forecast(known, season).values))  # type: ignore[misc]
    print_errors(
        f"{series.name}, {season} ahead",
        errors,
        error(lambda known: known[-season:]),
        error(smoothing(season, season)) if ETSModel else None,
        seconds,
    )


def of_many(folder: Path, seeds: range) -> None:
    """Print the errors of forecasts of the M1 series, which one network learns."""
    all_series = data.yearly(folder)
    scales = [np.abs(np.diff(raw[:-AHEAD])).mean() for raw in all_series]
    known = [np.log(raw[:-AHEAD]) for raw in all_series]

    def error(answer: Answer) -> float:
        off = [np.abs(np.exp(answer(k)) - raw[-AHEAD:]).mean() for k, raw in zip(known, all_series, strict=True)]
        return float(np.mean(np.array(off) / scales))

    errors, seconds = [], []
    for seed in seeds:
        net, start = network(seed), time.perf_counter()
        net.observe(known)
        net.train(autostop=True, backtrack=True, progress=False)
        seconds.append(time.perf_counter() - start)
        errors.append(error(lambda k, net=net: net.forecast(k, AHEAD).values))  # type: ignore[misc]
    print_errors(
        f"M1 yearly, {len(all_series)}, {AHEAD} ahead",
        errors,
        error(lambda k: np.repeat(k[-1], AHEAD)),
        error(smoothing(1, AHEAD)) if ETSModel else None,
        seconds,
    )


def print_errors(name: str, errors: list[float], naive: float, ets: float | None, seconds: list[float]) -> None:
    """Print a line."""
    beside = f"  ETS {ets:5.2f}" if ets is not None else ""
    spread = f"{min(errors):.2f} to {max(errors):.2f}"
    took = np.mean(seconds)
    print(f"{name:28}network {np.mean(errors):5.2f} ({spread})  naive {naive:5.2f}{beside}   {took:.1f} s", flush=True)


def main(folder: Path, seeds: range) -> None:
    """Print the errors of all series."""
    print("\nforecasts, mean absolute scaled error: means over seeds, and from the best to the worst of these")
    for series in ALL:
        of_one(folder, series, seeds)
    of_many(folder, seeds)
