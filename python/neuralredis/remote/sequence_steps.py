"""The operations of a network of sequences in a server, as steps for both interfaces.

Methods that `SequenceNetwork` has, too, get its docstring; text after the first paragraph here is added to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, cast

from numpy import float32
from numpy.typing import ArrayLike, NDArray

from neuralredis import loading, sequences
from neuralredis.exceptions import KindError
from neuralredis.options import Set
from neuralredis.remote import commands, replies
from neuralredis.remote.events import Events
from neuralredis.remote.network_steps import NetworkSteps, documented
from neuralredis.results import Evaluation, RowCounts
from neuralredis.sequences import SequenceNetwork
from neuralredis.series import KEPT_BACK
from neuralredis.steps import Steps

__all__ = ["SequenceSteps"]

#: Commands in one pipeline: at most about 16 MB of events.
COMMANDS_AT_A_TIME = 256
#: Message for a network of rows.
OF_ROWS = "the network learns from rows: expected a network of sequences"


@documented(SequenceNetwork)
class SequenceSteps(NetworkSteps):
    """The operations of a network of sequences at a key, besides those of any network."""

    def _ask_rows(self) -> Steps[Any]:
        reply = yield from self._ask("NR.INFO", self._key)
        events = replies.fields(reply).get("sequence_events")
        if events is None:
            raise KindError(OF_ROWS)
        present = Events(replies.info(reply), replies.text(events) == "numbers")
        known: Any = self._rows
        if present != known:
            self._rows = known = cast("Any", present)
        return known

    def observe(
        self,
        X: Any,
        y: Any = None,
        *,
        ids: Sequence[str | bytes | int] | None = None,
        sequence: str | None = None,
        order: str | None = None,
        into: Set | None = None,
        weight: ArrayLike | None = None,
    ) -> Steps[RowCounts]:
        """Store sequences.

        In a server each sequence needs an id, by ``ids`` or by the column ``sequence``. All events are checked first,
        and nothing is sent if one is invalid. Each sequence is sent as one command, or as several if its events take
        more than about 60,000 bytes; without fields each event is a command. Commands are pipelined. If the server
        rejects one, for example because its memory is full, the others stay stored.
        """
        columns = (sequence, order)
        return (
            yield from self._with_rows(lambda rows: self._tell(cast("Events", rows), X, y, ids, columns, into, weight))
        )

    def observe_series(
        self, X: Iterable[Any], *, ids: Sequence[str | bytes | int] | None = None, kept_back: float = KEPT_BACK
    ) -> Steps[RowCounts]:
        """Store series cut in time.

        In a server each series needs an id, as for `observe`.
        """
        series = list(X)
        return (
            yield from self._with_rows(
                lambda events: self._send(cast("Events", events).observe_series(self._key, series, ids, kept_back))
            )
        )

    def _tell(
        self,
        events: Events,
        X: Any,
        y: Any,
        ids: Sequence[str | bytes | int] | None,
        columns: tuple[str | None, str | None],
        into: Set | None,
        weight: ArrayLike | None,
    ) -> Steps[RowCounts]:
        return (yield from self._send(events.observe(self._key, X, y, ids, columns, into, weight)))

    def _send(self, requests: Iterator[commands.Command]) -> Steps[RowCounts]:
        """Send commands in pipelines, and return the numbers of stored sequences."""
        counts: Any = None
        for batch in commands.batched(requests, COMMANDS_AT_A_TIME):
            counts = (yield partial(self._link.send, batch))[-1]
        if counts is None:
            info = yield from self.info()
            return RowCounts(info.training_dataset_len, info.test_dataset_len)
        train, test = counts
        return RowCounts(int(train), int(test))

    def step(self, state: bytes, event: Any) -> Steps[tuple[NDArray[float32], bytes]]:
        """Return outputs and a new state: ``NR.STEP``.

        The command is read-only, so replicas accept it. A replica rejects a state with a category that has not been
        replicated to it yet.
        """
        bytes_of_state = sequences._state(state)
        return (yield from self._with_rows(lambda rows: self._step(cast("Events", rows), bytes_of_state, event)))

    def _step(self, events: Events, state: bytes, event: Any) -> Steps[tuple[NDArray[float32], bytes]]:
        request = next(events.happened(b"state", [event], None, None, None))
        answer, state = yield from self._ask("NR.STEP", self._key, state, *request)
        return events.outputs_of(answer), bytes(state)

    def evaluate(self, X: Set = "test") -> Steps[Evaluation]:  # type: ignore[override]
        """Evaluate the network on a stored set.

        Parameters
        ----------
        X : {"test", "train"}, default "test"
            The set. For fresh sequences, `download` the network.

        Returns
        -------
        ClassifierEvaluation or RegressorEvaluation
            Errors and the baseline.
        """
        return (yield from super().evaluate(commands.set_word("X", X).lower()))

    def download(self) -> Steps[SequenceNetwork]:
        """Return a copy of the network, with its sequences, in this process; a running training is not included.

        Examples
        --------
        >>> net = db.create_sequences("pages", "classifier", fields={"page": "category"}, target="page", seed=1)
        >>> net.observe([["home", "cart", "home"]], ids=["user:17"], into="train")
        RowCounts(train=1, test=0)
        >>> net.download().ids()
        ['user:17']
        """
        network = loading.from_bytes((yield from self._exported()))
        if not isinstance(network, SequenceNetwork):
            raise KindError(OF_ROWS)
        return network
