"""Plot the predictions of a network over two of its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuralredis.exceptions import DataError, KindError, OptionError
from neuralredis.plot.canvas import CLASSES, axes
from neuralredis.protocol import AnyNetwork
from neuralredis.thresholds import classes_of

#: Most rows that are drawn; more would hide the map.
MANY_POINTS = 800


def decision_map(
    net: AnyNetwork,
    inputs: tuple[int, int] = (0, 1),
    *,
    at: ArrayLike | None = None,
    xlim: tuple[float, float] | None = None,
    ylim: tuple[float, float] | None = None,
    names: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
    points: bool = True,
    resolution: int = 200,
    ax: Any = None,
) -> Any:
    """Plot a network's predictions over two inputs, with its training rows.

    For a classifier each point has the colour of the predicted class, more opaque for a higher probability, with lines
    at the decision boundaries; for a regressor the first output is plotted.

    Parameters
    ----------
    net : Network or RedisNetwork
        A network with at least two inputs.
    inputs : tuple of two int, default (0, 1)
        The inputs on the axes.
    at : array_like of shape (inputs,), optional
        Values of the other inputs; by default the median of the training rows.
    xlim, ylim : tuple of two float, optional
        Limits of the axes, in the units of the rows; by default slightly beyond the training rows.
    names : sequence of str, optional
        Names of all inputs, for the axes.
    labels : sequence of str, optional
        Names of the classes, for the legend; by default their numbers.
    points : bool, default True
        Whether to draw training rows, at most 800.
    resolution : int, default 200
        Number of predictions along each axis, 2 to 1000.
    ax : matplotlib.axes.Axes, optional
        The axes to plot into; by default those of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    OptionError
        If there are no such inputs, the resolution is out of its range, or the number of names or labels is wrong.
    DataError
        If there are no training rows to derive the limits and the other inputs from.
    KindError
        If the network has fields.

    Examples
    --------
    >>> import neuralredis as nr
    >>> from neuralredis.plot import decision_map
    >>> net = nr.Network("classifier", [2, 5, 2], normalize=True, seed=1)
    >>> corners = [[0, 0], [0, 1], [1, 0], [1, 1]] * 10
    >>> _ = net.observe(corners, [0, 1, 1, 0] * 10)
    >>> _ = net.train(max_cycles=100)
    >>> ax = decision_map(net, names=["a", "b"], labels=["equal", "different"])
    >>> ax.get_xlabel(), [text.get_text() for text in ax.get_legend().get_texts()]
    ('a', ['equal', 'different'])
    """
    info = net.info()
    if info.fields is not None:
        raise KindError("the network has fields: expected one without")
    width, outputs = info.layout[0], info.layout[-1]
    across, up = inputs
    if across == up or not all(0 <= one < width for one in inputs):
        raise OptionError(f"inputs are {inputs}: expected two different ones of 0 to {width - 1}")
    if not 2 <= resolution <= 1000:
        raise OptionError(f"resolution is {resolution}: expected 2 to 1000")
    for option, given, expected in (("names", names, width), ("labels", labels, outputs)):
        if given is not None and len(given) != expected:
            raise OptionError(f"{len(given)} {option}: expected {expected}")
    rows, targets = net.rows("train")
    if not len(rows) and (xlim is None or ylim is None or (at is None and width > 2)):
        raise DataError("there are no training rows: expected some, or xlim, ylim and at")

    ax = axes(ax, 6.4, 5.2)
    xlim = xlim or _around(rows[:, across])
    ylim = ylim or _around(rows[:, up])
    x, y = np.linspace(*xlim, resolution), np.linspace(*ylim, resolution)
    still = np.asarray(at, np.float64) if at is not None else np.median(rows, axis=0) if len(rows) else np.zeros(width)
    questions = np.tile(still, (resolution * resolution, 1))
    questions[:, across], questions[:, up] = (grid.ravel() for grid in np.meshgrid(x, y))
    answers = np.asarray(net.run(questions), np.float64).reshape(resolution, resolution, outputs)
    some = _spread(len(rows)) if points else slice(0)
    shown = rows[some][:, [across, up]]
    if info.type == "classifier":
        _classes(ax, x, y, answers, info.threshold, (shown, targets[some]), labels)
    else:
        _values(ax, x, y, answers[:, :, 0], shown, targets[some].reshape(len(shown), -1)[:, 0])
    name = [str(names[one]) if names is not None else f"input {one}" for one in inputs]
    ax.set(xlabel=name[0], ylabel=name[1], xlim=xlim, ylim=ylim)
    return ax


def _classes(
    ax: Any,
    x: NDArray[Any],
    y: NDArray[Any],
    answers: NDArray[Any],
    threshold: float,
    known: tuple[NDArray[Any], NDArray[Any]],
    labels: Sequence[str] | None,
) -> None:
    """Plot the predicted class of each point, with opacity by probability, and rows in the colours of their classes."""
    from matplotlib.colors import to_rgb
    from matplotlib.lines import Line2D

    (rows, classes), count = known, answers.shape[2]
    palette = np.array([to_rgb(CLASSES[one % len(CLASSES)]) for one in range(count)])
    answer = classes_of(answers, threshold)
    # Opacity from chance level (white) to probability 1.
    sure = np.clip((answers.max(axis=2) - 1 / count) / (1 - 1 / count), 0, 1)[..., None]
    strength = 0.08 + 0.42 * sure
    picture = 1 - strength * (1 - palette[answer])
    extent = (x[0], x[-1], y[0], y[-1])
    ax.imshow(picture, origin="lower", extent=extent, aspect="auto", interpolation="bilinear")
    for one in range(count):
        # The decision boundary of a class: its margin over all others is 0.
        others = np.delete(answers, one, axis=2).max(axis=2)
        margin = answers[..., one] - others if threshold == 0.5 else answers[..., 1] - threshold
        if margin.min() < 0 < margin.max():
            ax.contour(x, y, margin, levels=[0], colors="#333333", linewidths=0.8)
    handles = []
    for one in range(count):
        ours = rows[classes == one]
        style = {"s": 18, "color": palette[one], "edgecolors": "white", "linewidths": 0.5, "zorder": 3}
        ax.scatter(ours[:, 0], ours[:, 1], **style)
        name = str(labels[one]) if labels is not None else f"class {one}"
        handles.append(Line2D([], [], color=palette[one], marker="o", linestyle="", label=name))
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 1.1), ncols=min(count, 5), frameon=False)


def _values(
    ax: Any, x: NDArray[Any], y: NDArray[Any], values: NDArray[Any], rows: NDArray[Any], targets: NDArray[Any]
) -> None:
    """Plot a regressor's output as a map with contour lines, and rows in the colours of their outcomes."""
    every = np.concatenate([values.ravel(), targets])
    low, high = float(every.min()), float(every.max())
    if low == high:
        high = low + 1
    picture = ax.pcolormesh(x, y, values, cmap="viridis", vmin=low, vmax=high, shading="gouraud", rasterized=True)
    if values.min() < values.max():
        ax.contour(x, y, values, levels=8, colors="white", linewidths=0.6, alpha=0.7)
    ax.figure.colorbar(picture, ax=ax, label="prediction (rows: outcome)").outline.set_visible(False)
    style = {"s": 18, "edgecolors": "white", "linewidths": 0.6, "zorder": 3}
    ax.scatter(rows[:, 0], rows[:, 1], c=targets, cmap="viridis", vmin=low, vmax=high, **style)


def _around(values: NDArray[Any]) -> tuple[float, float]:
    """Return limits slightly beyond all values."""
    low, high = float(values.min()), float(values.max())
    margin = 0.06 * (high - low) or 1.0
    return low - margin, high + margin


def _spread(rows: int) -> NDArray[np.int64]:
    """Return evenly spaced row numbers, at most `MANY_POINTS`."""
    return np.unique(np.linspace(0, max(rows - 1, 0), min(rows, MANY_POINTS)).astype(np.int64))
