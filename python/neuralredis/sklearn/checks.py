"""What estimators refuse, with the row and the column where it is."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import validate_data

#: What scikit-learn's checks take for y where there is none to check.
NO_Y = "no_validation"


def checked(estimator: Any, X: Any, y: Any = NO_Y, *, reset: bool, **checks: Any) -> Any:
    """Return rows, and y if it is given, as scikit-learn checks them, in single precision; sparse rows as CSR."""
    refuse_missing(y)
    try:
        found = validate_data(
            estimator, X, y, reset=reset, dtype=np.float32, accept_sparse="csr", ensure_all_finite=False, **checks
        )
    except (TypeError, ValueError) as error:
        column = odd_column(X)
        if column is None:
            raise
        raise ValueError(f"{column}: expected numbers, which OneHotEncoder or OrdinalEncoder make of it") from error
    refuse_infinite(found[0] if isinstance(found, tuple) else found, X)
    return found


def refuse_infinite(rows: Any, X: Any) -> None:
    """Refuse what is no finite number. scikit-learn's own words advise other estimators."""
    values = rows.data if issparse(rows) else rows
    # The sum of finite numbers is finite but for overflow, and quicker than looking at each.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum(dtype=np.float64)):
            return
    odd = np.flatnonzero(~np.isfinite(values))
    if not len(odd):
        return
    if issparse(rows):
        matrix = rows.tocoo()
        row, column, value = matrix.row[odd[0]], matrix.col[odd[0]], values[odd[0]]
    else:
        row, column = np.unravel_index(odd[0], rows.shape)
        value = rows[row, column]
    names = getattr(X, "columns", None)
    where = f"row {row}, column {names[column]!r}" if names is not None else f"row {row}: input {column}"
    if np.isnan(value):
        raise ValueError(f"Input X contains NaN: {where}; SimpleImputer(add_indicator=True), for one, fills gaps")
    raise ValueError(f"Input X contains infinity or a value too large for dtype('float32'): {where}")


def odd_column(X: Any) -> str | None:
    """Return the place and value of the first cell of a frame that is not a number; None if it is not a frame."""
    names = getattr(X, "columns", None)
    if names is None or not hasattr(X, "dtypes"):
        return None
    for name in names:
        values = np.asarray(X[name])
        if values.ndim != 1 or values.dtype.kind in "biuf" or not len(values):
            continue
        for row, value in enumerate(values):
            if values.dtype.kind != "O" or not is_number(value):
                return f"row {row}, column {name!r} is {value!s:.40}"
    return None


def is_number(value: Any) -> bool:
    """Whether a value of a column of objects can be read as a number."""
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def refuse_missing(y: Any) -> None:
    """Refuse a class or an output that is not there."""
    if issparse(y):
        return
    try:
        values = np.asarray(y)
    except ValueError:
        # Rows of several lengths, which scikit-learn has words for.
        return
    if values.dtype != object:
        return
    for row, value in enumerate(values.ravel() if values.ndim == 1 else ()):
        if value is None or type(value).__name__ in ("NAType", "NaTType"):
            raise ValueError(f"y has {value!r} in row {row}: expected a class or a number for each row of X")


def flag(name: str, value: Any) -> None:
    """Refuse the value of a parameter that is neither True nor False."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name} is {value!r}: expected True or False")


def hidden_layers(sizes: Any) -> tuple[Any, ...]:
    """Return the units of the hidden layers."""
    if isinstance(sizes, Integral):
        return (sizes,)
    if isinstance(sizes, (str, bytes)) or not isinstance(sizes, Iterable):
        raise ValueError(f"hidden_layer_sizes is {sizes!r}: expected a number of units, or one for each hidden layer")
    return tuple(sizes)


def whole_number(name: str, value: Any, unless: str | None) -> None:
    """Refuse the value of a parameter that is neither at least 1 nor the value that means "not given"."""
    number = isinstance(value, Integral) and int(value) >= 1
    if not number and not (isinstance(value, type(unless)) and value == unless):
        raise ValueError(f"{name} is {value!r}: expected {unless!r} or an integer of at least 1")
