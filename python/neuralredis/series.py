"""Series that are cut in time: what came first is learnt, and what came last tells when to stop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from neuralredis.exceptions import OptionError

__all__ = ["CONTEXT", "KEPT_BACK", "Part", "cut", "parts"]

#: Events that a network of a series has as inputs unless its cell is a reservoir. The later part begins so many before
#: those that are kept back, so that the first of these is answered by what came before it.
CONTEXT = 24
#: The share of a series that is kept back.
KEPT_BACK = 0.2
#: What is added to the id of a series for its earlier part.
BEFORE = b" before"


class Part(NamedTuple):
    """Series, or parts of them, that go to one set, and their ids."""

    events: list[Any]
    ids: list[bytes]


def cut(series: Any, kept_back: float = KEPT_BACK) -> tuple[Any, Any]:
    """Return the earlier part of a series, and the later one; None for that if the series is too short.

    Parameters
    ----------
    series : sequence or numpy.ndarray
        Its events, the first one first.
    kept_back : float, default 0.2
        The share of the events that are in the later part alone, from 0 to less than 1.

    Examples
    --------
    >>> early, late = cut(list(range(100)))
    >>> early[-1], late[0], late[-1]
    (79, 56, 99)
    """
    if not 0 <= kept_back < 1:
        raise OptionError(f"kept_back is {kept_back}: expected a share from 0 to less than 1")
    events = series if isinstance(series, np.ndarray) else list(series)
    later = int(len(events) * kept_back)
    place = len(events) - later
    return (events[:place], events[max(place - CONTEXT, 0) :]) if later else (events, None)


def parts(X: Iterable[Any], ids: Sequence[bytes], kept_back: float) -> tuple[Part, Part]:
    """Return what of some series is learnt, and what tells when to stop, which has the ids of the series."""
    train, test = Part([], []), Part([], [])
    for series, id in zip(X, ids, strict=True):
        early, late = cut(series, kept_back)
        if late is None:
            train.events.append(early)
            train.ids.append(id)
        else:
            train.events.append(early)
            train.ids.append(id + BEFORE)
            test.events.append(late)
            test.ids.append(id)
    return train, test
