"""Plot the explanation of a prediction."""

from __future__ import annotations

from typing import Any

from neuralredis.exceptions import OptionError
from neuralredis.explanation import Explanation, aligned, described
from neuralredis.plot.canvas import BLUE, GRAY, RED, axes, plain

#: Most characters of the title's name.
TITLE = 40


def reasons(found: Explanation, *, most: int = 12, ax: Any = None) -> Any:
    """Plot the contributions of a row's fields to its prediction, as a waterfall chart.

    A bar is the contribution of a field, blue if it raises the prediction and red if it lowers it. Bars lead from the
    mean prediction at the bottom to the prediction at the top, the largest last. If contributions are estimates, thin
    lines are their standard errors.

    Parameters
    ----------
    found : Explanation
        A result of ``explain``.
    most : int, default 12
        Largest number of fields, at least 2; one more bar sums up all others.
    ax : matplotlib.axes.Axes, optional
        The axes to plot into; by default those of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    OptionError
        If ``most`` is below 2.

    Examples
    --------
    >>> from neuralredis import Explanation
    >>> from neuralredis.plot import reasons
    >>> shares, values = {"age": 2.0, "plan": -0.75}, {"age": 31.0, "plan": None}
    >>> found = Explanation(label="yes", answer=1.5, mean=0.25, rows=100, shares=shares, values=values)
    >>> [tick.get_text() for tick in reasons(found).get_yticklabels()]
    ['plan unknown', 'age = 31']
    """
    if most < 2:
        raise OptionError(f"most is {most}: expected at least 2")
    ranked = sorted(found.shares.items(), key=lambda pair: -abs(pair[1]))
    names = [described(name, found.values.get(name)) for name, _ in ranked[:most]]
    shares = [share for _, share in ranked[:most]]
    errors = [(found.standard_errors or {}).get(name, 0.0) for name, _ in ranked[:most]]
    if len(ranked) > most:
        rest = ranked[most:]
        names, shares = [*names, f"{len(rest)} others"], [*shares, sum(share for _, share in rest)]
        errors.append(0.0)
    ax = axes(ax, 6.4, max(4.4, 1.4 + 0.34 * len(names)))
    # From the smallest share, at the bottom, to the largest.
    at, reached = found.mean, []
    for share in reversed(shares):
        reached.append((at, share))
        at += share
    places = range(len(shares))
    colors = [BLUE if share >= 0 else RED for _, share in reached]
    ax.barh(places, [share for _, share in reached], left=[begin for begin, _ in reached], height=0.62, color=colors)
    ends = [begin + share for begin, share in reached]
    if found.standard_errors is not None:
        ax.errorbar(ends, places, xerr=errors[::-1], fmt="none", ecolor=GRAY, elinewidth=1, capsize=2)
    for place in places[:-1]:
        ax.plot([ends[place]] * 2, [place - 0.31, place + 1.31], color=GRAY, linewidth=0.7, zorder=0)
    texts = aligned([share for _, share in reached])
    for place, (begin, share) in zip(places, reached, strict=True):
        right = max(begin, begin + share) + errors[::-1][place]
        # A white background, since the text may cover the line of the mean or of the prediction.
        back = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        where: dict[str, Any] = {"textcoords": "offset points", "va": "center", "bbox": back}
        ax.annotate(texts[place], (right, place), (6, 0), **where)
    ax.axvline(found.mean, color=GRAY, linestyle=":", linewidth=1, zorder=0)
    ax.axvline(found.answer, color=GRAY, linewidth=1, zorder=0)
    # Leave room, since bars that touch the frame would look cut off.
    low, high = min(found.mean, *ends), max(found.mean, *ends)
    ax.set_xlim(low - 0.05 * (high - low or 1), high + 0.2 * (high - low or 1))
    ax.set_yticks(places, names[::-1])
    ax.tick_params(axis="y", length=0)
    title = str(found.label) if len(str(found.label)) <= TITLE else f"{str(found.label)[: TITLE - 1]}…"
    subject = f"output {title}" if isinstance(found.label, int) else title
    ax.set_title(f"{subject}: {found.answer:.3g}, mean {found.mean:.3g}", fontsize="medium")
    ax.set_xlabel(f"from the mean of {found.rows} rows to this row (log-odds, or units of the target)")
    ax.grid(axis="x", alpha=0.25)
    ax.set_axisbelow(True)
    plain(ax)
    return ax
