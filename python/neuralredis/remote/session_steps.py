"""The operations of one sequence of a network in a server, as steps for both interfaces.

Methods get the docstrings of `Session`; text after the first paragraph here is added to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, SupportsIndex, TypeVar, cast

import numpy as np
from numpy import float32
from numpy.typing import NDArray

from neuralredis import _core
from neuralredis.exceptions import OptionError
from neuralredis.options import Set
from neuralredis.remote import commands, replies
from neuralredis.remote.events import Events
from neuralredis.remote.network_steps import documented
from neuralredis.remote.sequence_steps import SequenceSteps
from neuralredis.results import Forecast
from neuralredis.session import Session, id_of
from neuralredis.steps import Steps

__all__ = ["SessionSteps"]

T = TypeVar("T")

#: Most values of a forecast, and most sampled events.
MOST_STEPS = 10_000


@documented(Session)
class SessionSteps:
    """The operations of a sequence."""

    def __init__(self, network: SequenceSteps, id: bytes) -> None:
        self._network = network
        self._key, self._link = network._key, network._link
        self._id = id

    def _ask(self, *command: Any) -> Steps[Any]:
        (reply,) = yield partial(self._link.send, [command])
        return reply

    def _with_events(self, steps: Callable[[Events], Steps[T]]) -> Steps[T]:
        return (yield from self._network._with_rows(lambda rows: steps(cast("Events", rows))))

    def observe(self, event: Any, *, into: Set | None = None) -> Steps[None]:
        """Append an event."""
        yield from self._with_events(lambda events: self._happen(events, [event], None, None, into))

    def finish(self, outcome: Any, *, weight: float | None = None) -> Steps[None]:
        """Store the outcome of the sequence."""
        outcomes = outcome if isinstance(outcome, (list, tuple, np.ndarray)) else [outcome]
        yield from self._with_events(lambda events: self._happen(events, [], outcomes, weight, None))

    def _happen(self, events: Events, given: list[Any], y: Any, weight: float | None, into: Set | None) -> Steps[None]:
        requests = events.happened(self._id, given, y, weight, into)
        yield partial(self._link.send, [("NR.OBSERVE", self._key, self._id, *words) for words in requests])

    def run(self, event: Any = None) -> Steps[NDArray[float32]]:
        """Return outputs: ``NR.RUN``."""
        return (yield from self._with_events(lambda events: self._run(events, event)))

    def _run(self, events: Events, event: Any) -> Steps[NDArray[float32]]:
        return events.outputs_of((yield from self._ask(*events.ask("NR.RUN", self._key, self._id, event, []))))

    def classify(self, event: Any = None, *, top: int | None = None) -> Steps[Any]:
        """Return the class: ``NR.CLASS``."""
        options = commands.class_options(top, None, None)
        return (yield from self._with_events(lambda events: self._classify(events, event, options)))

    def _classify(self, events: Events, event: Any, options: list[Any]) -> Steps[Any]:
        command = events.ask("NR.CLASS", self._key, self._id, event, options)
        return events.class_of((yield from self._ask(*command)), bool(options))

    def forecast(self, steps: SupportsIndex, *, level: float | None = None) -> Steps[Forecast]:
        """Return the forecast: ``NR.FORECAST``."""
        count = commands.whole("steps", steps, MOST_STEPS, least=1)
        options = () if level is None else ("->", "INTERVAL", commands.percent("level", level))
        reply = yield from self._ask("NR.FORECAST", self._key, self._id, count, *options)
        if level is None:
            return Forecast(replies.singles(reply, 1))
        values, low, high = np.array([[float(bound) for bound in step] for step in reply], float32).T.copy()
        return Forecast(values, low, high)

    def sample(
        self,
        count: int = 1,
        *,
        until: str | None = None,
        temperature: float = 1.0,
        top_k: SupportsIndex | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        penalty: float = 1.0,
        seed: SupportsIndex | None = None,
    ) -> Steps[list[str]]:
        """Return sampled events: ``NR.SAMPLE``.

        Without a seed the server chooses one.
        """
        words: list[Any] = ["COUNT", commands.whole("count", count, MOST_STEPS, least=1)]
        words += _core.sampling_words(temperature, top_k, top_p, min_p, seed)[1:]
        if not isinstance(penalty, (int, float, np.number)):
            raise OptionError(f"penalty is {penalty!r}: expected a number above 0")
        if not 0 < penalty < math.inf:
            raise OptionError(f"penalty is {penalty}: expected a finite number above 0")
        words += [] if penalty == 1 else ["PENALTY", float(penalty)]
        words += [] if until is None else ["UNTIL", id_of(until)]
        return [replies.name(word) for word in (yield from self._ask("NR.SAMPLE", self._key, self._id, *words))]

    def forget(self) -> Steps[bool]:
        """Delete the sequence: ``NR.FORGET``."""
        return bool((yield from self._ask("NR.FORGET", self._key, self._id)))
