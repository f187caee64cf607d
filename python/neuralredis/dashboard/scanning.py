"""Scan a server for networks, in short steps so that it can serve other clients in between."""

from __future__ import annotations

import threading
import time
from typing import Any

from neuralredis.remote.database_steps import TYPE
from neuralredis.remote.refusals import ours

__all__ = ["Scan"]

#: Keys that the server scans in one step, which takes well below a millisecond.
STEP = 500
#: Seconds from the end of a scan to the next one.
AGAIN = 3.0


class Scan:
    """The keys of all networks that the last complete scan found, or the current one has found so far.

    Parameters
    ----------
    client : redis.Redis
        A client of the server.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._cursor = 0
        self._found: set[bytes] = set()
        self._whole: set[bytes] | None = None
        self._ended = -AGAIN

    def go_on(self, seconds: float) -> tuple[list[bytes], bool]:
        """Continue the scan for at most some seconds.

        Returns
        -------
        list of bytes
            The keys found so far, sorted.
        bool
            Whether no scan is complete yet, so that there may be more.
        """
        with self._lock:
            now = time.monotonic()
            if self._cursor or now - self._ended >= AGAIN:
                self._search(now + seconds)
            known = self._found if self._whole is None else self._whole | self._found
            return sorted(known), self._whole is None

    def _search(self, deadline: float) -> None:
        while True:
            try:
                cursor, keys = self._client.scan(self._cursor, count=STEP, _type=TYPE)
            except Exception as error:
                raise ours(error) from error
            self._cursor = int(cursor)
            self._found.update(keys)
            if not self._cursor:
                self._whole, self._found, self._ended = self._found, set(), time.monotonic()
                return
            if time.monotonic() >= deadline:
                return
