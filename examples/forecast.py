"""A network learns two series, and forecasts them: sunspots, and carbon dioxide in the air.

A series is one long sequence of one number. The network sees the last 24 of them, learns the next, and answers further
ahead from its own answers. With a level it also says between which bounds the truth lies that often.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

import common
import numpy as np

import neuralredis as nr


class Series(NamedTuple):
    """A series, and what is known of it."""

    title: str
    unit: str
    file: str
    #: The year that it begins with, and how many numbers a year has.
    first: float
    a_year: int
    #: Numbers until it begins again.
    season: int
    #: Where its last part begins, which the network never sees while it learns.
    split: int


ALL = [
    Series("spots of the sun", "mean number", "sunspots.csv", 1700, 1, 11, 245),
    Series("carbon dioxide in the air", "parts per million", "co2.csv", 1958 + 2 / 12, 12, 12, 406),
]
LEVEL = 0.9
args = common.arguments(__doc__, redis=common.PUT, steps=(12, "how far to look ahead"))


def numbers(file: str) -> np.ndarray:
    """Return the last column of a file, gaps filled in by straight lines."""
    with open(Path(__file__).with_name("data") / file, newline="") as lines:
        found = np.array([float(row[-1] or "nan") for row in list(csv.reader(lines))[1:]])
    there = np.flatnonzero(~np.isnan(found))
    return np.interp(np.arange(len(found)), there, found[there])


def ahead(series: Series, values: np.ndarray, begin: int) -> np.ndarray:
    """Return the seasonal naive forecast: the values of one season before."""
    return values[begin - series.season + np.arange(args.steps) % series.season]


def learnt(series: Series, values: np.ndarray) -> nr.SequenceNetwork:
    """Return a network that has learnt a series up to its last part."""
    net = nr.SequenceNetwork(
        "regressor", fields={"value": "number"}, target="value", length=1000, hidden=[10], seed=args.seed
    )
    # Its last fifth tells when to stop, and how wide the bounds have to be.
    net.observe_series([values[: series.split]], ids=[series.file.removesuffix(".csv")])
    report = net.train(autostop=True, backtrack=True, max_time=None, progress=args.progress)
    print(f"\n{series.title}: {report.cycles} cycles in {report.seconds:.1f} s")
    return net


shown = []
for series in ALL:
    values = numbers(series.file)
    net = learnt(series, values)
    # Mean absolute scaled errors: 1 is that of the seasonal naive forecast, one step ahead, of the rows learnt from.
    usual = np.mean(np.abs(values[series.season : series.split] - values[: series.split - series.season]))
    begins = range(series.split, len(values) - args.steps + 1)
    errors, others, inside = [], [], []
    for begin in begins:
        said, true = net.forecast(values[:begin], args.steps, level=LEVEL), values[begin : begin + args.steps]
        errors.append(np.abs(said.values - true).mean() / usual)
        others.append(np.abs(ahead(series, values, begin) - true).mean() / usual)
        inside.append(np.mean((said.low <= true) & (true <= said.high)))
    print(f"  mean absolute scaled error of {len(begins)} forecasts, {args.steps} numbers ahead:")
    print(f"    the network                        {np.mean(errors):6.2f}")
    print(f"    seasonal naive                     {np.mean(others):6.2f}")
    print(f"  within bounds for {LEVEL:.0%}: {np.mean(inside):.0%}")
    shown.append((series, values, net.forecast(values[: series.split], args.steps, level=LEVEL)))
common.put(args, net)

if args.plot:
    figure = common.figure(2)
    for (series, values, said), ax in zip(shown, figure.axes, strict=True):
        past = slice(series.split - 60, series.split + args.steps)
        every = series.first + np.arange(len(values)) / series.a_year
        years = every[series.split : series.split + args.steps]
        ax.plot(every[past], values[past], color="#666666", label="measured")
        ax.plot(years, said.values, color="#D55E00", label="forecast")
        ax.fill_between(years, said.low, said.high, color="#D55E00", alpha=0.2, linewidth=0, label="bounds")
        ax.set(title=series.title, xlabel="year", ylabel=series.unit)
    figure.axes[0].legend(frameon=False, loc="upper left")
    common.save(figure.axes[0], args.plot, "The forecasts are")
