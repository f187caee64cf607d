"""Plot confusion matrices and calibration of classifiers."""

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

#: Classes up to which the cells of a confusion matrix show counts.
FEW_CLASSES = 20
#: Classes up to which they also show percentages.
VERY_FEW_CLASSES = 6


def confusion_matrix(
    source: ClassifierEvaluation | AnyNetwork, *, labels: Sequence[str] | None = None, ax: Any = None
) -> Any:
    """Plot the confusion matrix of a classifier.

    The darker a cell, the larger its share of the true class. Correct predictions are on the diagonal.

    Parameters
    ----------
    source : ClassifierEvaluation or Network or RedisNetwork
        A result of ``evaluate``, or a classifier, which is evaluated on its validation rows.
    labels : sequence of str, optional
        Names of the classes; by default those of a network with fields, else class numbers.
    ax : matplotlib.axes.Axes, optional
        The axes to plot into; by default those of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    KindError
        If it is a regressor.
    OptionError
        If the number of labels is not that of the classes, or there are more than 1024 classes.
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
        raise KindError("regressors have no confusion matrix: expected a classifier")
    if found.confusion is None:
        raise OptionError("there are more than 1024 classes: expected at most 1024")
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
    title = f"accuracy {found.accuracy:.1%} of {found.rows:,} rows (baseline: {found.baseline:.1%})"
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
    """Plot the calibration of a classifier: a reliability diagram.

    Rows are put into ``bins`` of equal width by predicted probability. For two classes the diagram has the probability
    of class 1 and the frequency of this class; for more classes, the probability of the predicted class and the
    accuracy. Error bars are 95 % intervals (E. B. Wilson, 1927). The number beside a point is its number of rows, with
    which its area grows.
    The points of a calibrated network are on the diagonal.

    Parameters
    ----------
    net : Network or RedisNetwork
        A classifier.
    X : array_like of shape (rows, inputs), optional
        Rows; by default the validation rows, which are too optimistic if early stopping used them.
    y : array_like of shape (rows,), optional
        Their classes; names for a network with fields, which requires X and y.
    bins : int, default 10
        Number of bins, 2 to 100; empty ones have no point.
    label : str, optional
        The name in the legend; by default the expected calibration error.
    ax : matplotlib.axes.Axes, optional
        The axes to plot into, which can be shared by several networks; by default those of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    KindError
        If the network is a regressor, or has fields and X is missing.
    DataError
        If there are no rows.
    OptionError
        If ``bins`` is out of its range.

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
        raise KindError("regressors have no calibration plot: expected a classifier")
    if not 2 <= bins <= 100:
        raise OptionError(f"bins is {bins}: expected 2 to 100")
    if (X is None) != (y is None):
        raise DataError("one of X and y is missing: expected both, or neither for the validation rows")
    if X is None and info.fields is not None:
        raise KindError("the network has fields, so its stored rows are not used here: expected X and y")
    rows, classes = net.rows("test") if X is None else (X, np.asarray(y))
    if info.classes is not None:
        # Classes without an output get -1.
        places = {name: at for at, name in enumerate(info.classes)}
        classes = np.array([places.get(str(name), -1) for name in classes.ravel()])
    if not len(classes):
        raise DataError("there are no validation rows: expected some, or X and y")
    answers = np.asarray(net.run(rows), np.float64)
    claimed, right = _claims(answers, np.asarray(classes).ravel())
    bin_of = np.minimum((claimed * bins).astype(int), bins - 1)
    filled = np.unique(bin_of)
    count = np.array([np.sum(bin_of == one) for one in filled])
    mean = np.array([claimed[bin_of == one].mean() for one in filled])
    share = np.array([right[bin_of == one].mean() for one in filled])
    off = float(np.sum(count * np.abs(mean - share)) / count.sum())

    first = ax is None or not ax.lines
    ax = axes(ax, 5.4, 5.0)
    if first:
        ax.plot([0, 1], [0, 1], color=GRAY, linestyle="--", linewidth=1, label="perfect calibration")
    low, high = wilson(share, count)
    color = BLUE if first else ax._get_lines.get_next_color()
    # Rounding may put a share of 0 or 1 outside of its interval.
    reach = np.maximum([share - low, high - share], 0)
    # No line between the points: it would lead the eye to the bins with the fewest rows.
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
    quantity = f"predicted probability of {second}" if answers.shape[1] == 2 else "probability of the predicted class"
    ax.set(
        xlabel=quantity,
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
    """Return the names of the classes."""
    if labels is None:
        return [str(one) for one in range(classes)]
    if len(labels) != classes:
        raise OptionError(f"{len(labels)} labels: expected {classes}, one for each class")
    return [str(one) for one in labels]


def _claims(answers: NDArray[Any], classes: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the predicted probability of each row, and whether its event occurred."""
    if answers.shape[1] == 2:
        return np.clip(answers[:, 1], 0, 1), classes == 1
    return np.clip(answers.max(axis=1), 0, 1), classes == answers.argmax(axis=1)
