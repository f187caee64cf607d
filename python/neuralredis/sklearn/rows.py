"""The rows that an estimator learns from: in an order of their own, and split at random.

For scikit-learn a row of weight 2 is the same as two rows. It is so here to the last bit: equal rows become one before
anything is drawn or computed. Nor does it matter in which order rows come.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from neuralredis.statistics import by_class, every_nth

#: Numbers of a sparse matrix that are made dense to learn from, at most. The matrix, its rows in order, their parts and
#: what the network keeps are four copies at a time, of 4 bytes a number: 4 GB.
DENSE_LIMIT = 1 << 28


class Rows(NamedTuple):
    """Inputs of shape (rows, inputs), classes or outputs of shape (rows, targets), and weights of shape (rows,).

    Those of frames are in double precision, and a `Coding` says what the numbers stand for.
    """

    X: NDArray[Any]
    y: NDArray[np.float32]
    weight: NDArray[np.float64]


def dense(X: Any) -> Any:
    """Return an array for a sparse matrix, and an array as it is."""
    if not issparse(X):
        return X
    rows, columns = X.shape
    if rows * columns > DENSE_LIMIT:
        raise ValueError(
            f"X is sparse, of {rows} rows and {columns} columns: rows are learnt from as dense ones, expected at most "
            f"{DENSE_LIMIT} numbers; SelectKBest or TruncatedSVD leave fewer columns, and X.toarray() is not limited"
        )
    return X.toarray()


def merged(rows: Rows) -> Rows:
    """Return the different ones of some rows, sorted, each with the weight of all that are equal to it.

    Rows that weigh nothing are left out.
    """
    count = rows.weight > 0
    # Of the two zeros, which are equal, one remains; of the gaps, which are not to be, one as well.
    table = np.concatenate([rows.X[count], rows.y[count]], axis=1) + np.float32(0)
    table[np.isnan(table)] = np.nan
    # Bytes are sorted faster than numbers, and any order will do. Weights too, so that their sum is always the same.
    keys = table.view(np.dtype((np.void, table.shape[1] * table.itemsize))).ravel()
    order = np.argsort(rows.weight[count], kind="stable")
    order = order[np.argsort(keys[order], kind="stable")]
    table, weight = table[order], rows.weight[count][order]
    # Compared as bits, of which gaps have the same.
    starts = np.flatnonzero(begins(table.view(np.uint32)))
    inputs = rows.X.shape[1]
    sums = np.add.reduceat(weight, starts)
    return Rows(table[starts, :inputs], table[starts, inputs:], sums)


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
