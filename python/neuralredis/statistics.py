"""Statistics of rows: the interval of a share, and sampling of held-out rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["by_class", "every_nth", "hold_out", "wilson"]

#: Standard deviations within which 95 % of a normal distribution lie.
NORMAL_95 = 1.96


def wilson(share: ArrayLike, rows: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both ends of Wilson's 95 % interval of a share, 0 to 1, of a number of rows.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
    Statistical Association 22, 1927.

    Examples
    --------
    >>> low, high = wilson([0.5, 1.0], [100, 10])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.404, 0.722], [0.596, 1.0])
    """
    p, n, z = np.asarray(share, np.float64), np.asarray(rows), NORMAL_95
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def hold_out(
    classes: NDArray[np.int64] | None, rows: int, share: float, seed: int | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split rows at random into rows to train on and rows to hold out; return the numbers of both, in random order.

    Parameters
    ----------
    classes : numpy.ndarray of int64, shape (rows,), or None
        The class of each row. Of each class the same share is held out, to within a row.
    rows : int
        Number of rows, at least 2.
    share : float
        Share of rows to hold out, 0 to 1. At least one row is held out, and one is not.
    seed : int or None
        Seed of the random choice.

    Examples
    --------
    >>> train, held = hold_out(np.repeat([0, 1], [80, 20]), 100, 0.2, seed=0)
    >>> len(train), np.bincount(held // 80).tolist()
    (80, [16, 4])
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(rows) if classes is None else by_class(classes, rng)
    held_out = min(max(round(share * rows), 1), rows - 1)
    # With half a step, the first and the last chosen row are equally far from the ends.
    chosen = every_nth(np.ones(rows), held_out, rows, start=-0.5).astype(bool)
    if classes is not None:
        # Do not hold out all rows of a class: it could not be learnt.
        in_order = classes[order]
        chosen &= ~np.isin(in_order, np.setdiff1d(in_order[chosen], in_order[~chosen]))
    return rng.permutation(order[~chosen]), rng.permutation(order[chosen])


def by_class(classes: NDArray[Any], rng: np.random.Generator | np.random.RandomState) -> NDArray[np.int64]:
    """Return the numbers of rows sorted by class, in random order within a class."""
    order = rng.permutation(len(classes))
    return order[np.argsort(classes[order], kind="stable")]


def every_nth(copies: NDArray[np.float64], draw: float, of: float, *, start: float) -> NDArray[np.float64]:
    """Return how many copies of each row a systematic sample draws: `draw` of every `of` copies.

    `start` is the offset of the sample, in steps of ``of / draw`` copies. W. G. Madow, L. H. Madow, "On the theory of
    systematic sampling", Annals of Mathematical Statistics 15, 1944.

    Examples
    --------
    >>> every_nth(np.ones(6), 1, 3, start=-0.5), every_nth(np.array([1.0, 4.0, 1.0]), 1, 2, start=0.5)
    (array([0., 1., 0., 0., 1., 0.]), array([0., 2., 1.]))
    """
    return np.diff(np.ceil(np.cumsum(copies) * draw / of + start), prepend=np.ceil(start))
