"""What views show, kept until the network is another."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

__all__ = ["Cache"]

#: Results that are kept.
MOST = 200
#: Seconds for which they are: a full set replaces rows without a change of their number.
AGE = 60.0


class Cache:
    """Computes one thing at a time, so that many pages cost a server no more than one, and keeps it for a while."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()

    def known(self, key: Hashable) -> Any:
        """Return what is kept, or None."""
        found = self._kept.get(key)
        return None if found is None or time.monotonic() - found[0] > AGE else found[1]

    def get(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """Return what is kept, or else what `compute` returns; what it raises is not kept."""
        with self._lock:
            found = self.known(key)
            if found is None:
                found = compute()
                self._kept[key] = time.monotonic(), found
                self._kept.move_to_end(key)
                while len(self._kept) > MOST:
                    self._kept.popitem(last=False)
            return found
