"""A training in a server, with the methods of `neuralredis.watching.Job`."""

from __future__ import annotations

import math
from contextlib import suppress
from functools import partial
from typing import Any

from neuralredis.exceptions import NotFoundError
from neuralredis.remote import replies
from neuralredis.remote.commands import Key
from neuralredis.results import Info, Progress
from neuralredis.steps import Steps
from neuralredis.watching import Outcome

__all__ = ["RedisJob"]

DROPPED = "the training was cancelled: the network was reset, replaced or deleted"


class RedisJob:
    """A training in a server. With an `AsyncLink`, methods return coroutines.

    Parameters
    ----------
    link : Link or AsyncLink
        The connection.
    key : str or bytes
        The network's key.
    before : Info
        Information about the network just before the training.
    max_cycles, max_time : int, float
        The limits of cycles and of seconds, 0 for none.
    """

    def __init__(self, link: Any, key: Key, before: Info, max_cycles: int, max_time: float) -> None:
        self._link = link
        self._key = key
        self._before = before
        self._limits = (max_cycles, max_time)
        self._outcome: Outcome | None = None
        self._progress = Progress(cycle=0, train_error=None, test_error=None, class_errors=None, seconds=0.0)

    def limits(self) -> tuple[int, float]:
        """Return the limits of cycles and of seconds, 0 for none."""
        return self._limits

    def progress(self) -> Any:
        """Return the attributes of a `Progress` as a dict."""
        return self._link.finish(self._find_progress())

    def stop(self) -> Any:
        """Request the training to stop."""
        return self._link.finish(self._ask_to_stop())

    def wait(self, seconds: float) -> Any:
        """Wait for the end for at most some seconds, and return whether the training has ended."""
        return self._link.finish(self._await_end(seconds))

    def outcome(self) -> Any:
        """Return how the training ended; None while it runs."""
        return self._link.finish(self._find_outcome())

    def _ask(self, *command: Any) -> Steps[Any]:
        (reply,) = yield partial(self._link.send, [command])
        return reply

    def _find_progress(self) -> Steps[dict[str, Any]]:
        if self._outcome is None:
            listed = replies.threads((yield from self._ask("NR.TRAININGS")))
            for training in listed:
                # Ids are unique within one server of a cluster only.
                if training.id == self._before.id and self._is_ours(training.key):
                    self._progress = training.progress
        return dict(vars(self._progress))

    def _is_ours(self, key: str | bytes) -> bool:
        def plain(key: str | bytes) -> bytes:
            return key.encode() if isinstance(key, str) else bytes(key)

        return plain(key) == plain(self._key)

    def _ask_to_stop(self) -> Steps[None]:
        if self._outcome is None:
            with suppress(NotFoundError):
                yield from self._ask("NR.STOP", self._key)

    def _await_end(self, seconds: float) -> Steps[bool]:
        if self._outcome is not None:
            return True
        try:
            # 0 would mean no timeout.
            milliseconds = max(1, math.ceil(min(seconds, self._link.patience) * 1000))
            reply = yield from self._ask("NR.WAIT", self._key, milliseconds)
        except NotFoundError:
            self._outcome = "dropped", DROPPED
            return True
        if reply is None:
            return False
        yield from self._conclude(*replies.outcome(reply))
        return True

    def _find_outcome(self) -> Steps[Outcome | None]:
        if self._outcome is None:
            try:
                info = replies.info((yield from self._ask("NR.INFO", self._key)))
            except NotFoundError:
                self._outcome = "dropped", DROPPED
            else:
                if not info.training or info.id != self._before.id:
                    yield from self._conclude("idle", None)
        return self._outcome

    def _conclude(self, word: str, reason: str | None) -> Steps[None]:
        """Store how the training ended, from the server's word for it; ``idle`` means that it ended before the wait."""
        self._outcome = "dropped", DROPPED
        if word == "failed":
            self._outcome = "failed", reason
        if word in ("dropped", "failed"):
            return
        try:
            info, report = yield partial(self._link.send, [("NR.INFO", self._key), ("NR.REPORT", self._key)])
        except NotFoundError:
            return
        info, fields = replies.info(info), replies.report(report)
        if info.id != self._before.id or fields is None:
            return
        if word == "idle" and info.training_total_cycles == self._before.training_total_cycles and fields["cycles"]:
            self._outcome = "failed", "the server's log has the reason"
            return
        self._outcome = "trained", fields
        self._progress = Progress(
            cycle=fields["cycles"],
            **{name: fields[name] for name in ("train_error", "test_error", "class_errors", "seconds")},
        )
