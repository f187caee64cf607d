"""Commands with events of sequences, and their replies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuralredis import _core
from neuralredis.exceptions import KindError, ShapeError
from neuralredis.options import Set
from neuralredis.remote import replies
from neuralredis.remote.commands import Command, Key
from neuralredis.results import Info
from neuralredis.sequences import SequenceNetwork
from neuralredis.series import parts
from neuralredis.session import id_of

__all__ = ["Events"]

#: Limit of classes of any network. The server checks the limit of its network.
MOST_CLASSES = 1 << 20
#: Message for sequences without ids.
NO_IDS = "ids is missing: expected the id of each sequence, since a server cannot generate them"


class Events:
    """Builds commands and parses replies for a network of sequences.

    Events and outcomes are read by a small embedded network with the same fields that stores nothing, so that invalid
    ones raise the same errors as with an embedded network.
    """

    def __init__(self, info: Info, are_numbers: bool) -> None:
        target = info.target if isinstance(info.target, tuple) else (str(info.target),)
        fields = dict(info.fields or {})
        self.kind, self.are_numbers = info.type, are_numbers
        #: Names of the outputs of a regressor.
        self.targets = target
        named: dict[str, Any] = {"fields": fields, "target": info.target, "hidden": [1]}
        if are_numbers:
            (width,) = (int(kind.split()[1]) for kind in fields.values())
            outputs = len(target) if info.classes is None else len(info.classes)
            named = {"layout": [width, 1, outputs]}
        elif info.type == "classifier" and target[0] not in fields:
            named["classes"] = MOST_CLASSES
        self._key = (info.type, list(fields.items()), target, are_numbers)
        self._blank = SequenceNetwork(info.type, length=1, cell="window", dataset=1, test=1, seed=0, **named)

    def __eq__(self, other: object) -> bool:
        """Return whether events of both have the same fields, or numbers, and targets."""
        return isinstance(other, Events) and self._key == other._key

    def observe(
        self,
        key: Key,
        X: Any,
        y: Any,
        ids: Sequence[str | bytes | int] | None,
        columns: tuple[str | None, str | None],
        into: Set | None,
        weight: ArrayLike | None,
    ) -> Iterator[Command]:
        """Return NR.OBSERVE for each sequence; `columns` are the names of a frame's columns of ids and of order."""
        names, flat, ends, y = self._blank._observed(X, y, ids, *columns)
        if names is None:
            raise TypeError(NO_IDS)
        told = _core.event_words(self._blank, names, flat, ends, (y, weight), into)
        return (("NR.OBSERVE", key, names[at], *words) for at, words in told)

    def observe_series(
        self, key: Key, series: Sequence[Any], ids: Sequence[str | bytes | int] | None, kept_back: float
    ) -> Iterator[Command]:
        """Return NR.OBSERVE for both parts of series that are cut in time."""
        train, test = parts(series, self._names(ids, len(series)), kept_back)
        # Check all events before sending any, so that an error changes nothing and has the event's number in X.
        self.observe(key, series, None, ids, (None, None), None, None)
        return chain(
            self.observe(key, test.events, None, test.ids, (None, None), "test", None),
            self.observe(key, train.events, None, train.ids, (None, None), "train", None),
        )

    def _names(self, ids: Sequence[str | bytes | int] | None, count: int) -> list[bytes]:
        if ids is None:
            raise TypeError(NO_IDS)
        if len(ids) != count:
            raise ShapeError(f"{count} sequences but {len(ids)} ids")
        return [id_of(id) for id in ids]

    def happened(
        self, id: bytes, events: list[Any], y: Any, weight: float | None, into: Set | None
    ) -> Iterator[list[bytes]]:
        """Return the arguments after the id of NR.OBSERVE for events of one sequence, for each command."""
        flat, ends = self._blank._flat([events])
        return (words for _, words in _core.event_words(self._blank, [id], flat, ends, (y, weight), into))

    def ask(self, command: str, key: Key, id: bytes, event: Any, options: list[Any]) -> Command:
        """Return NR.RUN or NR.CLASS for a sequence, with one more event if given."""
        if command == "NR.CLASS" and self.kind != "classifier":
            raise KindError("the network is a regressor: only a classifier has classes")
        words = [] if event is None else next(self.happened(id, [event], None, None, None))
        return (command, key, id, *words, *(("->", *options) if options else ()))

    def outputs_of(self, reply: Any) -> NDArray[np.float32]:
        """Return the outputs in a reply of NR.RUN, of shape (outputs,)."""
        if self.kind == "classifier":
            return np.array(list(replies.scores(reply).values()), np.float32)
        return replies.singles(reply, len(self.targets))

    def class_of(self, reply: Any, several: bool) -> Any:
        """Return the class in a reply of NR.CLASS, or a list of `several`."""
        if several:
            return [self.class_of(one, False) for one in reply]
        return int(reply) if self.are_numbers else replies.name(reply)
