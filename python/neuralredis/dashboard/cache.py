"""A cache of views' data, for as long as their network is unchanged."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

__all__ = ["Cache"]

#: Most entries.
MOST = 200
#: Lifetime in seconds. The key has the number of rows, which does not change if a full set replaces rows.
AGE = 60.0


class Cache:
    """A cache that computes one entry at a time, so that many open pages cost a server no more than one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()

    def known(self, key: Hashable) -> Any:
        """Return the entry of a key, or None if there is none or it is too old."""
        found = self._kept.get(key)
        return None if found is None or time.monotonic() - found[0] > AGE else found[1]

    def get(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """Return the entry of a key, or compute and keep it; exceptions are not kept."""
        with self._lock:
            found = self.known(key)
            if found is None:
                found = compute()
                self._kept[key] = time.monotonic(), found
                self._kept.move_to_end(key)
                while len(self._kept) > MOST:
                    self._kept.popitem(last=False)
            return found
