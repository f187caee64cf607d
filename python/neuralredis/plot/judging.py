"""Plots of a classifier's quality: confusion matrix and calibration."""

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

#: The most classes for which the cells of a confusion matrix have room for counts.
FEW_CLASSES = 20
#: The most classes for which they have room for a percentage, too.
VERY_FEW_CLASSES = 6


def confusion_matrix(
    source: ClassifierEvaluation | AnyNetwork, *, labels: Sequence[str] | None = None, ax: Any = None
) -> Any:
    """Draw a confusion matrix: how many rows of each true class were predicted to be of each class.

    The darker a cell, the larger its share of the rows of the true class. Correct answers are on the diagonal.

    Parameters
    ----------
    source : ClassifierEvaluation or Network or RedisNetwork
        The result of ``evaluate``, or a classifier, which is evaluated on its validation rows.
    labels : sequence of str, optional
        Names of the classes. The default is the names that a network of fields has, or numbers.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the plot.

    Raises
    ------
    KindError
        If the source is a regressor, or its evaluation.
    OptionError
        If the number of labels is not the number of classes, or there are more than 1024 classes.
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
    ('predicted class', 'true class')
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
    title = f"accuracy {found.accuracy:.1%} on {found.rows:,} rows (baseline {found.baseline:.1%})"
    ax.set(xlabel="predicted class", ylabel="true class")
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
    """Draw a reliability diagram: observed frequency against predicted probability.

    Rows are grouped by predicted probability, into ``bins`` of equal width. With two classes this is the probability of
    the second class, and the frequency is the share of its rows. With more classes it is the probability of the
    predicted class, and the frequency is the accuracy. A number beside a point is its number of rows, on which its size
    depends, too. Bars are 95 % intervals (E. B. Wilson, 1927). The probabilities of a calibrated network lie on the
    diagonal.

    Parameters
    ----------
    net : Network or RedisNetwork
        A classifier.
    X : array_like of shape (rows, inputs), optional
        Rows. The default is the validation rows, which are optimistic if they decided when training stopped.
    y : array_like of shape (rows,), optional
        The classes of the rows. A network of fields requires X and y, with names of classes.
    bins : int, default 10
        The most points, 2 to 100.
    label : str, optional
        The text in the legend. The default is the expected calibration error: the mean distance from the diagonal,
        weighted by rows.
    ax : matplotlib.axes.Axes, optional
        Where to draw, if not in a figure of its own; several networks can be drawn into one.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the plot.

    Raises
    ------
    KindError
        If the network is a regressor.
    DataError
        If there are no rows.
    OptionError
        If ``bins`` is not in this range.

    Examples
    --------
    >>> import neuralredis as nr
    >>> from neuralredis.plot import calibration
    >>> net = nr.Network("classifier", [1, 3, 2], normalize=True, seed=1)
    >>> _ = net.observe([[x] for x in range(30)], [x > 14 for x in range(30)])
    >>> _ = net.train(max_cycles=100)
    >>> calibration(net).get_xlabel()
    'predicted probability of class 1'
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
        # A class that the network does not know has no column.
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
        ax.plot([0, 1], [0, 1], color=GRAY, linestyle="--", linewidth=1, label="perfect calibration")
    low, high = wilson(share, count)
    color = BLUE if first else ax._get_lines.get_next_color()
    # Where all rows are right, rounding may put the share just outside its interval.
    reach = np.maximum([share - low, high - share], 0)
    # No line between the points: it would lead the eye to the groups with the fewest rows.
    ax.errorbar(mean, share, yerr=reach, color=color, linestyle="", capsize=2, elinewidth=1, alpha=0.6)
    sizes = 30 + 220 * count / count.max()
    ax.scatter(
        mean, share, s=sizes, color=color, edgecolors="white", zorder=3, label=label or f"calibration error {off:.1%}"
    )
    where: Any = {"textcoords": "offset points", "fontsize": "small", "color": color, "va": "top"}
    for x, y, rows_here, size in zip(mean, share, count, sizes, strict=True):
        ax.annotate(f"{rows_here:,}", (x, y), (2 + size**0.5 / 2, -2), **where)
    low_end = 0.0 if answers.shape[1] == 2 else 0.9 / answers.shape[1]
    second = "class 1" if info.classes is None else info.classes[-1]
    what = second if answers.shape[1] == 2 else "the predicted class"
    ax.set(
        xlabel=f"predicted probability of {what}",
        ylabel="observed frequency",
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
    """Return the predicted probability for each row, and whether the event occurred."""
    if answers.shape[1] == 2:
        return np.clip(answers[:, 1], 0, 1), classes == 1
    return np.clip(answers.max(axis=1), 0, 1), classes == answers.argmax(axis=1)
