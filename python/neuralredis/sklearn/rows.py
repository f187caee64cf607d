"""The rows of an estimator: merged, sorted, and split at random.

scikit-learn requires that a row of weight 2 is equivalent to two rows. Here this holds to the last bit, because equal
rows are merged before anything is drawn or computed. Neither does the order of rows matter.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from neuralredis.statistics import by_class, every_nth

#: Most numbers of a sparse matrix that is converted to a dense one. There are four copies of 4 bytes for each number at
#: a time (the matrix, the sorted rows, both parts, the network's rows): 4 GB.
DENSE_LIMIT = 1 << 28


class Rows(NamedTuple):
    """Inputs of shape (rows, inputs), classes or outputs of shape (rows, targets), and weights of shape (rows,).

    Rows of frames are float64, and encoded by a `Coding`.
    """

    X: NDArray[Any]
    y: NDArray[np.float32]
    weight: NDArray[np.float64]


def dense(X: Any) -> Any:
    """Return a sparse matrix as a dense array; other arrays are returned as they are."""
    if not issparse(X):
        return X
    rows, columns = X.shape
    if rows * columns > DENSE_LIMIT:
        raise ValueError(
            f"X is sparse with {rows} rows and {columns} columns, too large for a dense array: expected at most "
            f"{DENSE_LIMIT} numbers; SelectKBest or TruncatedSVD reduce columns, and X.toarray() is not limited"
        )
    return X.toarray()


def merged(rows: Rows) -> Rows:
    """Return the distinct rows, sorted, each with the sum of the weights of its copies.

    Rows of weight 0 are left out.
    """
    count = rows.weight > 0
    # Make -0.0 and 0.0 the same bits, and all NaN as well.
    table = np.concatenate([rows.X[count], rows.y[count]], axis=1) + np.float32(0)
    table[np.isnan(table)] = np.nan
    # Any order will do, and bytes are sorted faster than numbers. Sorted weights make their sums reproducible.
    keys = table.view(np.dtype((np.void, table.shape[1] * table.itemsize))).ravel()
    order = np.argsort(rows.weight[count], kind="stable")
    order = order[np.argsort(keys[order], kind="stable")]
    table, weight = table[order], rows.weight[count][order]
    # Compare bits, since NaN differs from itself.
    starts = np.flatnonzero(begins(table.view(np.uint32)))
    inputs = rows.X.shape[1]
    sums = np.add.reduceat(weight, starts)
    return Rows(table[starts, :inputs], table[starts, inputs:], sums)


def split(rows: Rows, classes: NDArray[Any], share: float, lot: np.random.RandomState) -> tuple[Rows, Rows]:
    """Return training rows and validation rows; of each class a share is held out.

    A row of weight 2 stands for two rows, of which one may be held out. Unlike `neuralredis.statistics.hold_out`, this
    splits weights, and the number of held-out rows is random.
    """
    copies = np.maximum(np.rint(rows.weight), 1)
    order = by_class(classes, lot)
    drawn_from = copies[order]
    # Keep at least one row of each class for training.
    drawn_from[begins(classes[order][:, np.newaxis])] -= 1
    held_out = np.empty_like(copies)
    # The random start decides which classes have one row more than their share.
    held_out[order] = every_nth(drawn_from, share, 1, start=lot.uniform())
    held_out /= copies
    return of_weight(rows, rows.weight * (1 - held_out)), of_weight(rows, rows.weight * held_out)


def of_weight(rows: Rows, weight: NDArray[np.float64]) -> Rows:
    """Return the rows with new weights, without those of weight 0."""
    count = weight > 0
    return Rows(rows.X[count], rows.y[count], weight[count])


def begins(table: NDArray[Any]) -> NDArray[np.bool_]:
    """Return whether each row of a sorted table differs from the previous one."""
    differs = np.ones(len(table), dtype=bool)
    differs[1:] = (table[1:] != table[:-1]).any(axis=1)
    return differs
