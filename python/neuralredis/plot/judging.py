"""How well a classifier knows: what it takes for what, and whether its probabilities can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuralredis.exceptions import DataError, KindError, OptionError
from neuralredis.plot.canvas import BLUE, GRAY, axes, plain
from neuralredis.protocol import AnyNetwork
from neuralredis.results import ClassifierEvaluation
from neuralredis.statistics import wilson

#: Classes up to which each cell of a confusion matrix has room for its numbers.
FEW_CLASSES = 20
#: Classes up to which it has room for a percentage too.
VERY_FEW_CLASSES = 6


def confusion_matrix(
    source: ClassifierEvaluation | AnyNetwork, *, labels: Sequence[str] | None = None, ax: Any = None
) -> Any:
    """Draw how many rows of each class were taken for which.

    The darker a cell, the larger its share of the true class. What is right lies on the diagonal.

    Parameters
    ----------
    source : ClassifierEvaluation or Network or RedisNetwork
        What ``evaluate`` returned, or a classifier, which is evaluated on its validation rows.
    labels : sequence of str, optional
        Names of the classes, else those of a network of fields, or their numbers.
    ax : matplotlib.axes.Axes, optional
        Where to draw, if not in a figure of its own.

    Returns
    -------
    matplotlib.axes.Axes
        Where it was drawn.

    Raises
    ------
    KindError
        If it is of a regressor.
    OptionError
        If there are not as many labels as classes, or more than 1024 classes.
    DataError
        If a network has no validation rows.

    Examples
    --------
    >>> import neuralredis as nr
    >>> from neuralredis.plot import confusion_matrix
    >>> net = nr.Network("classifier", [1, 3, 2], normalize=True, seed=1)
    >>> _ = net.observe([[x] for x in range(30)], [x > 14 for x in range(30)])
    >>> _ = net.train(max_cycles=100)
    >>> ax = confusion_matrix(net, labels=["small", "large"])
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('taken for', 'is')
    """
    found: Any = source if hasattr(source, "error") else source.evaluate()
    if not isinstance(found, ClassifierEvaluation):
        raise KindError("only classifiers have a confusion matrix: this is of a regressor")
    if found.confusion is None:
        raise OptionError("more than 1024 classes: expected fewer, of which a matrix can be drawn")
    counts = found.confusion
    names = _names(labels if labels is not None else found.classes, len(counts))
    ax = axes(ax, 5.8, 5.0)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    picture = ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    bar = ax.figure.colorbar(picture, ax=ax, shrink=0.8, label="share of the true class")
    bar.ax.yaxis.set_major_formatter("{x:.0%}")
    bar.outline.set_visible(False)
    if len(counts) <= FEW_CLASSES:
        for (row, column), count in np.ndenumerate(counts):
            share = shares[row, column]
            text = f"{count:,}\n{share:.0%}" if len(counts) <= VERY_FEW_CLASSES else f"{count:,}" if count else ""
            ax.text(column, row, text, ha="center", va="center", color="white" if share > 0.55 else "black")
    slanted = {"rotation": 30, "ha": "right"} if max(map(len, names)) * len(names) > 40 else {}
    places = range(len(names)) if len(names) <= FEW_CLASSES else np.linspace(0, len(names) - 1, 11).astype(int)
    ax.set_xticks(places, [names[at] for at in places], **slanted)
    ax.set_yticks(places, [names[at] for at in places])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    title = f"{found.accuracy:.1%} of {found.rows:,} rows right (always the same answer: {found.baseline:.1%})"
    ax.set(xlabel="taken for", ylabel="is")
    ax.set_title(title, fontsize="medium")
    return ax


def calibration(
    net: AnyNetwork,
    X: ArrayLike | None = None,
    y: ArrayLike | None = None,
    *,
    bins: int = 10,
    label: str | None = None,
    ax: Any = None,
) -> Any:
    """Draw how often a classifier is right when it says 60 %, or 90 %.

    Rows are put together by the probability that the network gives, into ``bins`` of equal width. Of two classes it is
    the probability of class 1, and how often that came true; of more it is the probability of the class it answers, and
    how often that was right. Bars are 95 % intervals (E. B. Wilson, 1927), the larger a point the more rows it stands
    for; a network whose points lie on the diagonal can be believed.

    Parameters
    ----------
    net : Network or RedisNetwork
        A classifier.
    X : array_like of shape (rows, inputs), optional
        Rows, else the validation rows, which flatter a network that was stopped by them.
    y : array_like of shape (rows,), optional
        Their classes; names of a network of fields, which takes X and y alone.
    bins : int, default 10
        Points at most, 2 to 100.
    label : str, optional
        What to call it in the legend, if not by its mean distance from the diagonal.
    ax : matplotlib.axes.Axes, optional
        Where to draw, if not in a figure of its own; several networks can be drawn into one.

    Returns
    -------
    matplotlib.axes.Axes
        Where it was drawn.

    Raises
    ------
    KindError
        If the network is a regressor.
    DataError
        If there are no rows.
    OptionError
        If ``bins`` is no such number.

    Examples
    --------
    >>> import neuralredis as nr
    >>> from neuralredis.plot import calibration
    >>> net = nr.Network("classifier", [1, 3, 2], normalize=True, seed=1)
    >>> _ = net.observe([[x] for x in range(30)], [x > 14 for x in range(30)])
    >>> _ = net.train(max_cycles=100)
    >>> calibration(net).get_xlabel()
    'probability of class 1, as answered'
    """
    info = net.info()
    if info.type != "classifier":
        raise KindError("only classifiers have a calibration: this is a regressor")
    if not 2 <= bins <= 100:
        raise OptionError(f"bins is {bins}: expected 2 to 100")
    if (X is None) != (y is None):
        raise DataError(
            "calibration of fresh rows takes both X and y: expected both, or neither for the validation rows"
        )
    if X is None and info.fields is not None:
        raise KindError("the network has fields, whose rows do not come back: expected X and y")
    rows, classes = net.rows("test") if X is None else (X, np.asarray(y))
    if info.classes is not None:
        # A class that the network does not answer is none of its columns.
        places = {name: at for at, name in enumerate(info.classes)}
        classes = np.array([places.get(str(name), -1) for name in classes.ravel()])
    if not len(classes):
        raise DataError("there are no validation rows: expected some, or X and y")
    answers = np.asarray(net.run(rows), np.float64)
    said, right = _claims(answers, np.asarray(classes).ravel())
    bin_of = np.minimum((said * bins).astype(int), bins - 1)
    filled = np.unique(bin_of)
    count = np.array([np.sum(bin_of == one) for one in filled])
    mean = np.array([said[bin_of == one].mean() for one in filled])
    share = np.array([right[bin_of == one].mean() for one in filled])
    off = float(np.sum(count * np.abs(mean - share)) / count.sum())

    first = ax is None or not ax.lines
    ax = axes(ax, 5.4, 5.0)
    if first:
        ax.plot([0, 1], [0, 1], color=GRAY, linestyle="--", linewidth=1, label="what would be ideal")
    low, high = wilson(share, count)
    color = BLUE if first else ax._get_lines.get_next_color()
    # Where nothing went wrong a rounding may put the share beside its interval.
    reach = np.maximum([share - low, high - share], 0)
    ax.errorbar(mean, share, yerr=reach, color=color, linewidth=1.5, capsize=2, elinewidth=1)
    sizes = 30 + 220 * count / count.max()
    ax.scatter(
        mean, share, s=sizes, color=color, edgecolors="white", zorder=3, label=label or f"{off:.1%} off on average"
    )
    low_end = 0.0 if answers.shape[1] == 2 else 0.9 / answers.shape[1]
    second = "class 1" if info.classes is None else info.classes[-1]
    what = second if answers.shape[1] == 2 else "the class that it answers"
    ax.set(
        xlabel=f"probability of {what}, as answered",
        ylabel="how often it came true",
        xlim=(low_end - 0.02, 1.02),
        ylim=(-0.02, 1.02),
    )
    ax.xaxis.set_major_formatter("{x:.0%}")
    ax.yaxis.set_major_formatter("{x:.0%}")
    ax.grid(alpha=0.25)
    plain(ax)
    ax.legend(frameon=False, loc="upper left")
    return ax


def _names(labels: Sequence[str] | None, classes: int) -> list[str]:
    """Return a name for each class."""
    if labels is None:
        return [str(one) for one in range(classes)]
    if len(labels) != classes:
        raise OptionError(f"{len(labels)} labels: expected {classes}, one for each class")
    return [str(one) for one in labels]


def _claims(answers: NDArray[Any], classes: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return a probability of each row, and whether that came true."""
    if answers.shape[1] == 2:
        return np.clip(answers[:, 1], 0, 1), classes == 1
    return np.clip(answers.max(axis=1), 0, 1), classes == answers.argmax(axis=1)
