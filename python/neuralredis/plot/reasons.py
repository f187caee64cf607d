"""A chart of what each field adds to an answer."""

from __future__ import annotations

from typing import Any

from neuralredis.exceptions import OptionError
from neuralredis.explanation import Explanation, aligned, described
from neuralredis.plot.canvas import BLUE, GRAY, RED, axes, plain

#: The longest label of a class, in characters.
TITLE = 40


def reasons(found: Explanation, *, most: int = 12, ax: Any = None) -> Any:
    """Draw what each field of a row adds to the answer, as a waterfall chart.

    A bar is the share of a field: blue if it raises the answer, red if it lowers it. From the bottom to the top the
    bars lead from the mean answer (dotted line) to the answer to this row (solid line), the largest share last. Where
    shares are not exact, thin lines are their standard errors.

    Parameters
    ----------
    found : Explanation
        The result of ``explain``.
    most : int, default 12
        The most fields that are drawn, at least 2. All others together are one more bar.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the chart.

    Raises
    ------
    OptionError
        If ``most`` is less than 2.

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
    # From the smallest, at the bottom, to the largest.
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
        # On white, so that the line of the mean or of the answer does not cross the text.
        back = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        where: dict[str, Any] = {"textcoords": "offset points", "va": "center", "bbox": back}
        ax.annotate(texts[place], (right, place), (6, 0), **where)
    ax.axvline(found.mean, color=GRAY, linestyle=":", linewidth=1, zorder=0)
    ax.axvline(found.answer, color=GRAY, linewidth=1, zorder=0)
    # Without a margin, bars at the edge would look cut off.
    low, high = min(found.mean, *ends), max(found.mean, *ends)
    ax.set_xlim(low - 0.05 * (high - low or 1), high + 0.2 * (high - low or 1))
    ax.set_yticks(places, names[::-1])
    ax.tick_params(axis="y", length=0)
    title = str(found.label) if len(str(found.label)) <= TITLE else f"{str(found.label)[: TITLE - 1]}…"
    what = f"output {title}" if isinstance(found.label, int) else title
    ax.set_title(f"{what}: answer {found.answer:.3g}, mean of {found.rows} rows {found.mean:.3g}", fontsize="medium")
    ax.set_xlabel("answer (log-odds of a class, or units of the target)")
    ax.grid(axis="x", alpha=0.25)
    ax.set_axisbelow(True)
    plain(ax)
    return ax
