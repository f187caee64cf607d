"""Plot a network: its units and weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuralredis.exceptions import OptionError
from neuralredis.plot.canvas import BLUE, GRAY, RED, axes

#: Most units of a layer that are drawn; of a larger layer the first and last ones, with dots in between.
MANY_UNITS = 16


def network(
    net: Any,
    *,
    member: int = 0,
    names: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
    ax: Any = None,
) -> Any:
    """Plot the units and weights of a network.

    A line is a weight, blue if positive and red if negative; width and opacity are its absolute value relative to the
    largest of its layer, which is written below. The rim of a unit shows its bias in the same way. Weights are those of
    ``weights``, for scaled inputs, so an input with thick lines is important. Of layers with more than 16 units the
    first and last are drawn.

    Parameters
    ----------
    net : Network or RedisNetwork
        The network; one in Redis is downloaded.
    member : int, default 0
        The member of an ensemble.
    names : sequence of str, optional
        Names of the inputs.
    labels : sequence of str, optional
        Names of the outputs.
    ax : matplotlib.axes.Axes, optional
        The axes to plot into; by default those of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    OptionError
        If there is no such member, or the number of names or labels is wrong.

    Examples
    --------
    >>> import neuralredis as nr
    >>> from neuralredis.plot import network
    >>> net = nr.Network("classifier", [2, 5, 3], seed=1)
    >>> ax = network(net, names=["length", "width"], labels=["setosa", "versicolor", "virginica"])
    >>> ax.get_title()
    'classifier 2-5-3'
    """
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D

    here = net.download() if hasattr(net, "download") else net
    info, members = here.info(), here.weights()
    if not 0 <= member < len(members):
        raise OptionError(f"member is {member}: expected 0 to {len(members) - 1}")
    layers = members[member]
    for option, given, expected in (("names", names, info.layout[0]), ("labels", labels, info.layout[-1])):
        if given is not None and len(given) != expected:
            raise OptionError(f"{len(given)} {option}: expected {expected}")
    ax = axes(ax, 7.0, 4.6)
    units = [_shown(count) for count in info.layout]
    heights = [_heights(len(shown), info.layout[at] > MANY_UNITS) for at, shown in enumerate(units)]
    for at, layer in enumerate(layers):
        weights = layer[1:][np.ix_(units[at], units[at + 1])]
        sizes = np.abs(weights) / (np.abs(weights).max() or 1.0)
        ends = [((at, heights[at][i]), (at + 1, heights[at + 1][j])) for i, j in np.ndindex(weights.shape)]
        order = np.argsort(sizes, axis=None)
        colors = [_color(weights.flat[i], 0.06 + 0.9 * float(sizes.flat[i])) for i in order]
        widths = 0.3 + 2.7 * sizes.ravel()[order]
        ax.text(at + 0.5, -0.6, f"|w| ≤ {np.abs(weights).max():.2g}", ha="center", va="top", color=GRAY)
        ax.add_collection(LineCollection([ends[i] for i in order], colors=colors, linewidths=widths, zorder=1))
    radius = 130 if max(map(len, units)) > 10 else 200
    for at, shown in enumerate(units):
        biases = layers[at - 1][0, shown] if at else np.zeros(len(shown))
        size = np.abs(biases) / (np.abs(biases).max() or 1.0)
        rims = [_color(bias, 1.0) if at else GRAY for bias in biases]
        style = {"c": "white", "edgecolors": rims, "linewidths": 0.8 + 2.4 * size, "zorder": 2}
        ax.scatter(np.full(len(shown), at), heights[at], s=radius, **style)
        if info.layout[at] > MANY_UNITS:
            ax.text(at, 0, "⋮", ha="center", va="center", fontsize="x-large")
        role = "inputs" if at == 0 else "outputs" if at == len(units) - 1 else "hidden"
        ax.text(at, -0.6, f"{info.layout[at]:,} {role}", ha="center", va="top", color=GRAY)
    _write(ax, names, units[0], heights[0], 0, "right")
    _write(ax, labels, units[-1], heights[-1], len(units) - 1, "left")
    several = f", member {member + 1} of {len(members)}" if len(members) > 1 else ""
    ax.set_title(info.title + several, fontsize="medium")
    kinds = [Line2D([], [], color=BLUE, linewidth=2), Line2D([], [], color=RED, linewidth=2)]
    texts = ["positive weight w (rim of a unit: bias)", "negative weight"]
    ax.legend(kinds, texts, loc="upper center", bbox_to_anchor=(0.5, 0.02), ncols=2, frameon=False)
    left, right = (0.12 * max(map(len, given)) if given is not None else 0.2 for given in (names, labels))
    share = 0.12 * (len(units) - 1)
    ax.set(xlim=(-share - left * share * 2, len(units) - 1 + share + right * share * 2), ylim=(-0.72, 0.56))
    ax.set_axis_off()
    return ax


def _color(value: float, strength: float) -> tuple[float, float, float, float]:
    """Return the colour of a weight's sign with an opacity, 0 to 1."""
    from matplotlib.colors import to_rgba

    red, green, blue, alpha = to_rgba(BLUE if value >= 0 else RED, min(strength, 1.0))
    return red, green, blue, alpha


def _shown(units: int) -> NDArray[np.int64]:
    """Return the numbers of the units of a layer that are drawn."""
    if units <= MANY_UNITS:
        return np.arange(units)
    return np.concatenate([np.arange(MANY_UNITS // 2), np.arange(units - MANY_UNITS // 2, units)])


def _heights(count: int, gap: bool) -> NDArray[np.float64]:
    """Return the heights of units, from the top down around 0, with room for dots if some are left out."""
    if count == 1:
        return np.zeros(1)
    places = np.arange(count, dtype=np.float64)
    if gap:
        places[count // 2 :] += 1.5
    # Do not stretch a small layer to the height of a large one.
    height = min(1.0, 0.16 * (count - 1))
    return np.asarray(height * (0.5 - places / places[-1]))


def _write(
    ax: Any, texts: Sequence[str] | None, shown: NDArray[Any], heights: NDArray[Any], at: int, side: str
) -> None:
    """Write names beside the units of the first or the last layer."""
    if texts is None:
        return
    away = (-12, 0) if side == "right" else (12, 0)
    for unit, height in zip(shown, heights, strict=True):
        ax.annotate(str(texts[unit]), (at, height), xytext=away, textcoords="offset points", ha=side, va="center")
