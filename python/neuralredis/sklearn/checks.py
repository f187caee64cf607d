"""Validate rows and parameters of estimators; errors name the row and the column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array, check_X_y
from sklearn.utils.validation import validate_data

from neuralredis.sklearn.frames import Frame, arrays, column_kind_of, frame, infinite, is_frame, is_plain
from neuralredis.sklearn.rows import dense

#: The value of y that tells scikit-learn's checks to ignore it.
NO_Y = "no_validation"


def checked(estimator: Any, X: Any, y: Any = NO_Y, *, reset: bool, **checks: Any) -> Any:
    """Return rows, and y if given, after scikit-learn's checks.

    For a network without fields, rows are a float32 array, or CSR if they are sparse; without y they may have missing
    values. For a network with fields they are a `Frame`.
    """
    refuse_missing(y)
    network = None if reset else estimator.network_
    if network is not None and network.fields is not None:
        return for_fields(estimator, X, y, list(network.fields.values()), **checks)
    columns = arrays(X) if reset and is_frame(X) else None
    if columns is not None and not all(map(is_plain, columns)):
        validate_data(estimator, X, y, reset=True, skip_check_array=True)
        return of_shape(estimator, frame(columns, names_of(X)), y, **checks)
    try:
        found = validate_data(
            estimator, X, y, reset=reset, dtype=np.float32, accept_sparse="csr", ensure_all_finite=False, **checks
        )
    except (TypeError, ValueError) as error:
        if is_frame(X):
            # Wrong columns are a more helpful message than a word in one of them.
            validate_data(estimator, X, reset=reset, skip_check_array=True)
            refuse_words(X, error)
        raise
    rows, *rest = found if isinstance(found, tuple) else (found,)
    refuse_infinite(rows, X)
    gap = first(np.isnan, rows)
    if gap is None or (not reset and not rest):
        return found
    if not reset:
        where = place(X, *gap)
        raise ValueError(
            f"Input X contains NaN: {where}; there were none in fit: expected finite numbers, or a new fit"
        )
    columns = list(dense(rows).T) if columns is None else columns
    return of_shape(estimator, frame(columns, names_of(X, len(columns))), rest[0] if rest else y, **checks)


def for_fields(estimator: Any, X: Any, y: Any, kinds: Sequence[str], **checks: Any) -> Any:
    """Return rows for the fields of a network, and y if given."""
    of_columns = [column_kind_of(kind) for kind in kinds]
    if is_frame(X):
        validate_data(estimator, X, reset=False, skip_check_array=True)
        columns = arrays(X)
    else:
        dtype = np.float32 if set(of_columns) == {"number"} else object
        rows = validate_data(estimator, X, reset=False, dtype=dtype, accept_sparse="csr", ensure_all_finite=False)
        columns = list(dense(rows).T)
    return of_shape(estimator, frame(columns, names_of(X, len(of_columns)), of_columns), y, **checks)


def of_shape(estimator: Any, rows: Frame, y: Any, **checks: Any) -> Any:
    """Return rows, and y if given, after scikit-learn's checks of all but the values of the rows."""
    # An array of zeros of the same shape, since scikit-learn cannot check columns of words.
    shape = np.broadcast_to(np.float32(0), (len(rows), len(rows.values)))
    given = {"estimator": estimator, "ensure_all_finite": False, **checks}
    if isinstance(y, str) and y == NO_Y:
        check_array(shape, **given)
        return rows
    return rows, check_X_y(shape, y, **given)[1]


def names_of(X: Any, columns: int = 0) -> list[Any]:
    """Return the names of the columns, or their numbers if they have no names."""
    if hasattr(type(X), "column_names"):
        return list(X.column_names)
    return list(X.columns) if is_frame(X) else list(range(columns))


def place(X: Any, row: int, column: int) -> str:
    """Return the position of a value as text for an error."""
    return f"row {row}, column {names_of(X)[column]!r}" if is_frame(X) else f"row {row}: input {column}"


def first(odd: Any, rows: Any) -> tuple[int, int] | None:
    """Return the row and column of the first value of an array or CSR matrix for which `odd` is true, or None."""
    values = rows.data if issparse(rows) else rows
    # Summing is faster than testing each value; the sum is finite unless a value is not, or it overflows.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum(dtype=np.float64)):
            return None
    found = np.flatnonzero(odd(values))
    if not len(found):
        return None
    if issparse(rows):
        matrix = rows.tocoo()
        return int(matrix.row[found[0]]), int(matrix.col[found[0]])
    row, column = np.unravel_index(found[0], rows.shape)
    return int(row), int(column)


def refuse_infinite(rows: Any, X: Any) -> None:
    """Raise ValueError for infinite values; unlike scikit-learn's message, ours has the position."""
    found = first(np.isinf, rows)
    if found is not None:
        raise infinite(place(X, *found))


def refuse_words(X: Any, error: Exception) -> None:
    """Raise ValueError for the first value of a frame that is not a number."""
    columns = arrays(X)
    try:
        frame(columns, names_of(X), ["number"] * len(columns))
    except ValueError as raised:
        raise raised from error


def refuse_missing(y: Any) -> None:
    """Raise ValueError if y has a missing value."""
    if issparse(y):
        return
    try:
        values = np.asarray(y)
    except ValueError:
        # Ragged rows: scikit-learn raises an error for them.
        return
    if values.dtype != object:
        return
    for row, value in enumerate(values.ravel() if values.ndim == 1 else ()):
        if value is None or type(value).__name__ in ("NAType", "NaTType"):
            raise ValueError(f"y has {value!r} in row {row}: expected a class or a number for each row of X")


def flag(name: str, value: Any) -> None:
    """Raise ValueError unless the value of a parameter is a bool."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name} is {value!r}: expected True or False")


def hidden_layers(sizes: Any) -> tuple[Any, ...]:
    """Return the units of the hidden layers."""
    if isinstance(sizes, Integral):
        return (sizes,)
    if isinstance(sizes, (str, bytes)) or not isinstance(sizes, Iterable):
        raise ValueError(f"hidden_layer_sizes is {sizes!r}: expected a number of units, or one for each hidden layer")
    return tuple(sizes)


def hidden_layers_after(cell: Any, sizes: Any) -> tuple[Any, ...]:
    """Return the units of the hidden layers after a cell; None stands for the default of `SequenceNetwork`."""
    if sizes is None:
        # The units of GRU cells are trained, and need no hidden layers.
        return () if str(cell).lower() == "gru" else (30, 30, 30)
    return hidden_layers(sizes)


def whole_number(name: str, value: Any, unless: str | None) -> None:
    """Raise ValueError unless the value of a parameter is an integer of at least 1, or equals `unless`."""
    number = isinstance(value, Integral) and int(value) >= 1
    if not number and not (isinstance(value, type(unless)) and value == unless):
        raise ValueError(f"{name} is {value!r}: expected {unless!r} or an integer of at least 1")
