"""Drawings of what networks do, with matplotlib, which comes with the extra ``plot``."""

from __future__ import annotations

from typing import Any

from neuralredis.results import Report

__all__ = ["learning_curve"]


def learning_curve(report: Report, ax: Any = None) -> Any:
    """Draw both errors over the cycles of a training.

    Parameters
    ----------
    report : Report
        What the training told.
    ax : matplotlib.axes.Axes, optional
        Where to draw, if not in a figure of its own.

    Returns
    -------
    matplotlib.axes.Axes
        Where it was drawn; ``ax.figure.savefig("curve.png")`` saves it.

    Raises
    ------
    ModuleNotFoundError
        If matplotlib is not installed.

    Examples
    --------
    >>> import neuralredis as nr
    >>> from neuralredis.plot import learning_curve
    >>> net = nr.Network("regressor", [1, 3, 1], normalize=True, dataset=20, test=10, seed=1)
    >>> _ = net.observe([[x] for x in range(30)], range(30))
    >>> ax = learning_curve(net.train(max_cycles=50))
    >>> ax.get_xlabel(), [line.get_label() for line in ax.get_lines()]
    ('cycle', ['training rows', 'testing rows', 'kept: cycle 50'])
    """
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(7, 4), layout="constrained").add_subplot()
    curve = report.curve
    ax.plot(curve.cycles, curve.train_error, color="tab:blue", label="training rows")
    if report.test_error is not None:
        ax.plot(curve.cycles, curve.test_error, color="tab:red", label="testing rows")
    ax.axvline(report.best_cycle, color="gray", linestyle=":", label=f"kept: cycle {report.best_cycle:,}")
    ax.set(xlabel="cycle", ylabel="mean error of a row")
    ax.legend()
    return ax
