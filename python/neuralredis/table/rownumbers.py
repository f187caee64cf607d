"""Recognize columns that number or identify the rows of a table, which carry no information about other rows."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

__all__ = ["numbers_the_rows"]

#: Names that only row numbers have. pandas names a saved index "Unnamed: 0"; a column without a name is called
#: "column 1" here.
_ALONE = re.compile(
    r"|id|ids|uid|uuid|guid|index|idx|key|no|no\.|nr|nr\.|num|number|#|row|rownum|rownames|"
    r"unnamed(: ?\d+(\.\d+)?)?|column \d+|"
    r"(row|record|case|serial|running|sequence|obs|observation|lfd\.?|laufende) ?(no|nr|num|number|id|index|nummer)\.?|"
    r"primary key|level_0|index level \d+",
)
#: Last words of names of identifiers, such as customer_id.
_LAST = ("id", "ids", "uuid", "guid", "uid", "pk", "rowid")
#: Things with identifiers, and words for these: 'customer no' is an identifier, 'votes no' and 'house number' are not.
_THINGS = frozenset(
    (
        *("account", "article", "bill", "booking", "case", "claim", "client", "contract", "customer", "delivery"),
        *("document", "employee", "file", "invoice", "item", "loan", "member", "membership", "order", "part"),
        *("passenger", "patient", "payment", "person", "policy", "product", "record", "reference"),
        *("registration", "row", "sample", "serial", "student", "subject", "ticket", "transaction", "user"),
        *("kunden", "auftrags", "rechnungs", "artikel", "vertrags", "bestell", "kunde"),
    )
)
_NUMBERS = frozenset(("no", "nr", "num", "number", "key", "index", "code", "nummer"))
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def numbers_the_rows(name: str, values: NDArray[np.float64]) -> bool:
    """Return whether a column numbers or identifies the rows.

    Parameters
    ----------
    name : str
        The column's name.
    values : numpy.ndarray of float64, shape (rows,)
        Its numbers in all rows, in order; NaN is a missing value.

    Examples
    --------
    >>> numbers_the_rows("plot", np.arange(1.0, 31.0)), numbers_the_rows("year", np.arange(2010.0, 2020.0))
    (True, False)
    >>> values = np.array([3.0, 7, 12, 1, 44, 5, 90])
    >>> numbers_the_rows("customer_id", values), numbers_the_rows("number of employees", values)
    (True, False)
    """
    if len(values) <= 5 or not np.array_equal(values, np.round(values)) or len(np.unique(values)) < len(values):
        return False
    counted = values[0] in (0, 1) and bool((np.diff(values) == 1).all())
    return counted or _names_rows(name)


def _names_rows(name: str) -> bool:
    words = [word for word in re.split(r"[\W_]+", _CAMEL.sub(" ", name).lower()) if word]
    if _ALONE.fullmatch(name.strip().lower()) or _ALONE.fullmatch(" ".join(words)):
        return True
    if len(words) < 2:
        return bool(re.fullmatch(r"(kunden|auftrags|rechnungs|artikel|vertrags|bestell)(nr|nummer)", "".join(words)))
    return words[-1] in _LAST or (words[-1] in _NUMBERS and words[-2] in _THINGS)
