"""The scale of learning curves, which notebooks, plots and the terminal share."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

import neuralredis as nr
from neuralredis import html, plot
from neuralredis.cli.chart import Line, chart
from neuralredis.curves import Scale, points


@pytest.mark.parametrize(
    ("low", "high", "logarithmic"), [(1.0, 20.0, False), (1.0, 20.5, True), (0.0, 1.0, False), (1.0, 1.0, False)]
)
def test_notebook_plot_and_terminal_use_the_same_axis(low: float, high: float, logarithmic: bool) -> None:
    net = nr.Network("regressor", [1, 1], dataset=3, seed=1)
    net.observe([[1.0], [2.0], [3.0]], [1.0, 2.0, 3.0], into="train")
    report = net.train(max_cycles=2)
    middle = (low + high) / 2
    errors = np.array([high, middle, low])
    curve = dataclasses.replace(report.curve, cycles=np.arange(3), train_error=errors, test_error=np.full(3, math.nan))
    report = dataclasses.replace(report, curve=curve)
    assert (", logarithmic" in html.network(net.info(), report)) is logarithmic
    assert (plot.learning_curve(report).get_yscale() == "log") is logarithmic
    lines = [Line("", mark, [(cycle, error)]) for cycle, (mark, error) in enumerate(zip("amz", errors, strict=True))]
    drawn = chart(lines, 14, 9, ascii_only=True).plain.splitlines()
    row = next(row for row, line in enumerate(drawn) if "m" in line)
    assert (row < 4) is logarithmic, "the middle lies above the middle on a logarithmic axis alone"


def test_cycles_without_a_finite_error_are_omitted() -> None:
    assert points([0, 1, 2, 3], [math.nan, 0.5, math.inf, 0.25]) == [(1, 0.5), (3, 0.25)]


def test_scale_spans_the_errors_of_all_curves() -> None:
    scale = Scale.of([(0, 3.0), (1, 2.0)], [], [(0, 4.0)])
    assert (scale.place(2.0), scale.place(3.0), scale.place(4.0)) == (0.0, 0.5, 1.0)
