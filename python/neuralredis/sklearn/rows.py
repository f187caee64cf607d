"""The rows that an estimator learns from: in an order of their own, and split by lot.

For scikit-learn a row of weight 2 is the same as two rows. It is so here to the last bit: equal rows become one before
anything is drawn or computed. Nor does it matter in which order rows come.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from neuralredis.statistics import by_class, every_nth


class Rows(NamedTuple):
    """Inputs of shape (rows, inputs), classes or outputs of shape (rows, targets), and weights of shape (rows,)."""

    X: NDArray[np.float32]
    y: NDArray[np.float32]
    weight: NDArray[np.float64]


def dense(X: Any) -> Any:
    """Return an array for a sparse matrix, and an array as it is."""
    return X.toarray() if issparse(X) else X


def merged(rows: Rows) -> Rows:
    """Return the different ones of some rows, sorted, each with the weight of all that are equal to it.

    Rows that weigh nothing are left out.
    """
    count = rows.weight > 0
    # Of the two zeros, which are equal, one remains.
    table = np.concatenate([rows.X[count], rows.y[count]], axis=1) + np.float32(0)
    # Bytes are sorted faster than numbers, and any order will do. Weights too, so that their sum is always the same.
    keys = table.view(np.dtype((np.void, table.shape[1] * table.itemsize))).ravel()
    order = np.argsort(rows.weight[count], kind="stable")
    order = order[np.argsort(keys[order], kind="stable")]
    table, weight = table[order], rows.weight[count][order]
    starts = np.flatnonzero(begins(table))
    inputs = rows.X.shape[1]
    return Rows(table[starts, :inputs], table[starts, inputs:], np.add.reduceat(weight, starts))


def split(rows: Rows, classes: NDArray[Any], share: float, lot: np.random.RandomState) -> tuple[Rows, Rows]:
    """Return the rows to learn from and those that are held out, a share of each of the classes of shape (rows,).

    A row of weight 2, as it stands for two rows, may be one of each. That is what `neuralredis.statistics.hold_out`,
    which holds out whole rows and a number that is fixed beforehand, cannot do.
    """
    copies = np.maximum(np.rint(rows.weight), 1)
    order = by_class(classes, lot)
    drawn_from = copies[order]
    # A class of which a single row is known had better be learnt.
    drawn_from[begins(classes[order][:, np.newaxis])] -= 1
    held = np.empty_like(copies)
    # The random start decides which classes have a row more than their share.
    held[order] = every_nth(drawn_from, share, 1, start=lot.uniform())
    held /= copies
    return of_weight(rows, rows.weight * (1 - held)), of_weight(rows, rows.weight * held)


def of_weight(rows: Rows, weight: NDArray[np.float64]) -> Rows:
    """Return those rows that weigh something."""
    count = weight > 0
    return Rows(rows.X[count], rows.y[count], weight[count])


def begins(table: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which rows of a sorted table differ from the one before."""
    differs = np.ones(len(table), dtype=bool)
    differs[1:] = (table[1:] != table[:-1]).any(axis=1)
    return differs
