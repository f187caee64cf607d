"""Plot learning curves."""

from __future__ import annotations

from typing import Any

from neuralredis.curves import Scale, points
from neuralredis.exceptions import TrainingError
from neuralredis.plot.canvas import BLUE, GRAY, GREEN, RED, axes, plain
from neuralredis.protocol import AnyNetwork
from neuralredis.results import Report

#: Cycles above which the axis of cycles is logarithmic, to show the fast fall at the beginning.
MANY_CYCLES = 1000


def learning_curve(source: Report | AnyNetwork, ax: Any = None) -> Any:
    """Plot the training and validation errors of a training by cycle, its end, and the cycle of the kept weights.

    Axes are logarithmic for long trainings and for errors that fall far. The dot is the error of the network that the
    training left, at the cycle of its weights. AUTOSTOP and BACKTRACK compare squared errors (of a classifier: Brier
    scores), so this need not be the cycle with the least loss.

    For an ensemble, the curve is the error of all members together. It jumps where a member stops and returns to its
    best weights. The dot lies off the curve, since only the better half of the members is kept, each with the weights
    of its own best cycle, of which the latest is shown. If ``source`` is a network, the plot says so; a report does not
    know the number of members. The dot also lies a little off the curve if probabilities were softened after the
    training.

    Parameters
    ----------
    source : Report or Network or RedisNetwork
        A report, or a network, whose last training is plotted.
    ax : matplotlib.axes.Axes, optional
        The axes to plot into; by default those of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; ``ax.figure.savefig("curve.png")`` saves the figure.

    Raises
    ------
    TrainingError
        If the network has not been trained yet.
    ModuleNotFoundError
        If matplotlib is not installed.

    Examples
    --------
    >>> import neuralredis as nr
    >>> from neuralredis.plot import learning_curve
    >>> net = nr.Network("regressor", [1, 3, 1], normalize=True, dataset=20, test=10, seed=1)
    >>> _ = net.observe([[x] for x in range(30)], range(30))
    >>> ax = learning_curve(net.train(max_cycles=50))
    >>> ax.get_xlabel(), [line.get_label() for line in ax.get_lines()]  # doctest: +ELLIPSIS
    ('cycle', ['training rows', 'validation rows', 'stopped: cycle 50', 'kept: cycle 50, error ...'])
    """
    report = source if isinstance(source, Report) else source.report()
    if report is None:
        raise TrainingError("the network has no learning curve: expected a network that has been trained")
    several = not isinstance(source, Report) and source.info().members > 1
    ax = axes(ax)
    kept = "best members kept: up to cycle" if several else "kept: cycle"
    curve = report.curve
    train, test = (points(curve.cycles, errors) for errors in (curve.train_error, curve.test_error))
    ax.plot(curve.cycles, curve.train_error, color=BLUE, label="training rows")
    if report.test_error is not None:
        ax.plot(curve.cycles, curve.test_error, color=RED, label="validation rows")
    ax.axvline(report.cycles, color=GRAY, linestyle="--", linewidth=1, label=f"stopped: cycle {report.cycles:,}")
    if train if report.test_error is None else test:
        best, error = report.best_cycle, report.train_error if report.test_error is None else report.test_error
        style = {"marker": "o", "markersize": 8, "linestyle": "", "markeredgecolor": "white", "zorder": 3}
        ax.plot([best], [error], color=GREEN, clip_on=False, label=f"{kept} {best:,}, error {error:.3g}", **style)
    if report.cycles > MANY_CYCLES:
        # A purely logarithmic axis cannot show cycle 0.
        ax.set_xscale("symlog", linthresh=max(1.0, float(curve.cycles[min(1, len(curve) - 1)])))
    ax.set_xlim(left=0)
    if (train or test) and Scale.of(train, test).logarithmic:
        ax.set_yscale("log")
    else:
        ax.set_ylim(bottom=0)
    xlabel = "cycle (the curve of an ensemble jumps where a member stops)" if several else "cycle"
    ax.set(xlabel=xlabel, ylabel="error (mean loss of a row)")
    ax.grid(alpha=0.25)
    plain(ax)
    # Errors fall, so the upper right corner is free; the line of the stop goes behind the legend.
    ax.legend(loc="upper right", framealpha=0.9, edgecolor="none")
    return ax
