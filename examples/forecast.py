"""A network learns to forecast two series: sunspots, and carbon dioxide in the air.

A series is a long sequence of one number. The network sees the last 24 numbers and predicts the next one. For numbers
further ahead it takes its own predictions as inputs. Given a level, it also returns prediction intervals.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

import common
import numpy as np

import neuralredis as nr


class Series(NamedTuple):
    """A series, with what the example knows about it."""

    title: str
    unit: str
    file: str
    #: The year of the first number, and how many numbers a year has.
    first: float
    a_year: int
    #: Numbers in a season: in a solar cycle, or a year.
    season: int
    #: The index at which the part begins that the network is tested on.
    split: int


ALL = [
    Series("Sunspots", "mean sunspot number of a year", "sunspots.csv", 1700, 1, 11, 245),
    Series("Carbon dioxide", "parts per million in the air", "co2.csv", 1958 + 2 / 12, 12, 12, 406),
]
LEVEL = 0.9
args = common.arguments(__doc__, redis=common.PUT, steps=(12, "how far to look ahead"))


def numbers(file: str) -> np.ndarray:
    """Return the last column of a file, with gaps interpolated linearly."""
    with open(Path(__file__).with_name("data") / file, newline="") as lines:
        found = np.array([float(row[-1] or "nan") for row in list(csv.reader(lines))[1:]])
    there = np.flatnonzero(~np.isnan(found))
    return np.interp(np.arange(len(found)), there, found[there])


def ahead(series: Series, values: np.ndarray, begin: int) -> np.ndarray:
    """Return the seasonal naive forecast: the values of the season before."""
    return values[begin - series.season + np.arange(args.steps) % series.season]


def learnt(series: Series, values: np.ndarray) -> nr.SequenceNetwork:
    """Return a network that is trained on the series up to `series.split`."""
    net = nr.SequenceNetwork(
        "regressor", fields={"value": "number"}, target="value", length=1000, hidden=[10], seed=args.seed
    )
    # The last fifth of it decides when to stop, and how wide the intervals are.
    net.observe_series([values[: series.split]], ids=[series.file.removesuffix(".csv")])
    report = net.train(autostop=True, backtrack=True, max_time=None, progress=args.progress)
    print(f"\n{series.title}: {report.cycles} cycles in {report.seconds:.1f} s")
    return net


shown = []
for series in ALL:
    values = numbers(series.file)
    net = learnt(series, values)
    # Mean absolute scaled error: 1 is the error of the seasonal naive forecast on the numbers that were learnt from.
    usual = np.mean(np.abs(values[series.season : series.split] - values[: series.split - series.season]))
    begins = range(series.split, len(values) - args.steps + 1)
    errors, others, inside = [], [], []
    for begin in begins:
        forecast, true = net.forecast(values[:begin], args.steps, level=LEVEL), values[begin : begin + args.steps]
        errors.append(np.abs(forecast.values - true).mean() / usual)
        others.append(np.abs(ahead(series, values, begin) - true).mean() / usual)
        inside.append(np.mean((forecast.low <= true) & (true <= forecast.high)))
    print(f"  mean absolute scaled error of {len(begins)} forecasts, {args.steps} numbers ahead:")
    print(f"    the network                        {np.mean(errors):6.2f}")
    print(f"    seasonal naive                     {np.mean(others):6.2f}")
    print(f"  within the {LEVEL:.0%} interval: {np.mean(inside):.0%}")
    shown.append((series, values, net.forecast(values[: series.split], args.steps, level=LEVEL)))
common.put(args, net)

if args.plot:
    figure = common.figure(2)
    for (series, values, forecast), ax in zip(shown, figure.axes, strict=True):
        past = slice(series.split - 60, series.split + args.steps)
        every = series.first + np.arange(len(values)) / series.a_year
        years = every[series.split : series.split + args.steps]
        ax.plot(every[past], values[past], color="#666666", label="measured")
        ax.plot(years, forecast.values, color="#D55E00", label="forecast")
        ax.fill_between(
            years, forecast.low, forecast.high, color="#D55E00", alpha=0.2, linewidth=0, label=f"{LEVEL:.0%} interval"
        )
        what = "years" if series.a_year == 1 else "months"
        ax.set(title=f"{series.title}: {args.steps} {what} ahead", xlabel="year", ylabel=series.unit)
    figure.axes[0].legend(frameon=False, loc="upper left")
    common.save(figure.axes[0], args.plot, "The forecasts are")
