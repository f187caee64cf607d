"""What is done with a network in a server, in steps; the faces add names, types and documentation."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuralredis import _core
from neuralredis.exceptions import DataError, KindError, NeuralRedisError, NotFoundError, WrongTypeError
from neuralredis.network import Network, names_a_set
from neuralredis.options import Changes, Creation, Options
from neuralredis.remote import commands, replies
from neuralredis.remote.commands import Key
from neuralredis.remote.job import RedisJob
from neuralredis.results import (
    ClassifierEvaluation,
    Evaluation,
    Info,
    RegressorEvaluation,
    Report,
    RowCounts,
    report_of,
)
from neuralredis.steps import Steps

__all__ = ["DatabaseSteps", "NetworkSteps"]

T = TypeVar("T")

#: Commands that are sent before their replies are read: some 16 MB of rows.
BLOBS_AT_A_TIME = 16
#: The same of commands with a row as text.
ROWS_AT_A_TIME = 256
#: The name of the module's type of value.
TYPE = "neural-NN"


@dataclass(frozen=True)
class Shape:
    """What of a network must be known to read rows for it."""

    kind: str
    inputs: int
    outputs: int

    @property
    def reader(self) -> _core.RowReader:
        """What reads them."""
        return _core.RowReader(self.kind, self.inputs, self.outputs)


class NetworkSteps:
    """The operations of a network at a key.

    The shape of its rows is asked for at the first need and kept. That is safe for single rows, whose values the server
    counts. Many rows go as bytes, which another network, put under the same key since, might take for rows of its own
    width: for these the shape is asked for anew.
    """

    def __init__(self, link: Any, key: Key) -> None:
        self._link = link
        self._key = key
        self._shape: Shape | None = None
        #: What the columns of the first frame were called that was observed here, and for rows of which shape.
        self._names: tuple[Shape, list[str]] | None = None

    def _ask(self, *command: Any) -> Steps[Any]:
        (reply,) = yield partial(self._link.send, [command])
        return reply

    def _ask_shape(self) -> Steps[Shape]:
        info = yield from self.info()
        self._shape = Shape(info.type, info.layout[0], info.layout[-1])
        return self._shape

    def _known(self, shape: Shape) -> list[str] | None:
        return self._names[1] if self._names is not None and self._names[0] == shape else None

    def _read(self, read: Callable[[Shape], tuple[NDArray[np.float32], T]]) -> Steps[tuple[Shape, Any, T]]:
        """Read what a user takes for rows, before anything of it is sent."""
        known, found = self._shape, None
        if known is not None:
            # What is wrong for the network that was there may be right for the one that is.
            with suppress(NeuralRedisError):
                found = read(known)
                if len(found[0]) == 1:
                    return known, *found
        shape = yield from self._ask_shape()
        return shape, *(found if found is not None and shape == known else read(shape))

    def observe(self, X: ArrayLike, y: ArrayLike, into: str | None, weight: ArrayLike | None) -> Steps[RowCounts]:
        """Store rows; return how many there are of either set."""
        into = None if into is None else commands.set_word("into", into)
        shape, rows, weights = yield from self._read(
            lambda shape: shape.reader.examples(X, y, weight, names=self._known(shape))
        )
        if not len(rows):
            # The server refuses rows that are none.
            info = yield from self.info()
            return RowCounts(info.training_dataset_len, info.test_dataset_len)
        observed = commands.observe(self._key, shape.inputs, rows, weights, into)
        counts: Any = None
        for batch in commands.batched(observed, BLOBS_AT_A_TIME if weights is None else ROWS_AT_A_TIME):
            counts = (yield partial(self._link.send, batch))[-1]
        names = shape.reader.names(X)
        if names is not None and self._known(shape) is None:
            self._names = shape, names
        train, test = counts
        return RowCounts(int(train), int(test))

    def _answers(self, command: str, X: ArrayLike) -> Steps[tuple[Shape, bool, list[Any]]]:
        def read(shape: Shape) -> tuple[NDArray[np.float32], bool]:
            if command == "NR.CLASS" and shape.kind != "classifier":
                raise KindError("the network is a regressor: only a classifier has classes")
            return shape.reader.inputs(X, names=self._known(shape))

        shape, rows, single = yield from self._read(read)
        found: list[Any] = []
        if len(rows) == 1:
            found.append((yield from self._ask(command, self._key, *rows[0].tolist())))
        else:
            # None at all of no rows, which the server would refuse.
            asked = (
                (command, self._key, "FP32", blob) for blob in commands.blobs(rows, max(shape.inputs, shape.outputs))
            )
            for batch in commands.batched(asked, BLOBS_AT_A_TIME):
                found += yield partial(self._link.send, batch)
        return shape, single, found

    def run(self, X: ArrayLike) -> Steps[NDArray[np.float32]]:
        """Return the outputs of rows."""
        shape, single, found = yield from self._answers("NR.RUN", X)
        if not found:
            return np.empty((0, shape.outputs), np.float32)
        outputs = np.concatenate([replies.singles(reply, shape.outputs) for reply in found])
        return outputs if single else outputs.reshape(-1, shape.outputs)

    def classify(self, X: ArrayLike) -> Steps[Any]:
        """Return the classes of rows, or of one."""
        _, single, found = yield from self._answers("NR.CLASS", X)
        if single:
            return int(found[0])
        return np.concatenate([np.empty(0, np.int64), *(np.atleast_1d(np.array(reply, np.int64)) for reply in found)])

    def start(self, max_cycles: Any, max_time: float | None, autostop: bool, backtrack: bool) -> Steps[RedisJob]:
        """Start a training."""
        command, cycles, seconds = commands.train(self._key, max_cycles, max_time, autostop, backtrack)
        # The network as it was, in case that the training ends before anybody waits for it.
        info, _ = yield partial(self._link.send, [("NR.INFO", self._key), command])
        return RedisJob(self._link, self._key, replies.info(info), cycles, seconds)

    def stop(self) -> Steps[bool]:
        """Ask the training to end; return whether there was one."""
        return bool((yield from self._ask("NR.STOP", self._key)))

    def info(self) -> Steps[Info]:
        """Return what the network tells of itself."""
        return replies.info((yield from self._ask("NR.INFO", self._key)))

    def report(self) -> Steps[Report | None]:
        """Return what the last training did."""
        fields = replies.report((yield from self._ask("NR.REPORT", self._key)))
        return None if fields is None else report_of(fields)

    def evaluate(self, X: Any, y: Any, weight: ArrayLike | None) -> Steps[Evaluation]:
        """Return how well the network does."""
        if names_a_set(X, y, weight):
            reply = yield from self._ask("NR.EVALUATE", self._key, commands.set_word("set", X))
        elif weight is not None:
            # The server takes no weights here.
            net = yield from self.download()
            return net.evaluate(X, y, weight=weight)
        else:
            _, rows, _ = yield from self._read(lambda shape: shape.reader.examples(X, y, names=self._known(shape)))
            if not len(rows):
                raise DataError("there are no rows to evaluate")
            # Whole: the figures of parts do not add up to those of all.
            blob = rows.astype("<f4", copy=False).tobytes()
            reply = yield from self._ask("NR.EVALUATE", self._key, "FP32", blob)
        fields = replies.evaluation(reply)
        return ClassifierEvaluation(**fields) if "accuracy" in fields else RegressorEvaluation(**fields)

    def rows(self, set: str) -> Steps[tuple[NDArray[np.float32], NDArray[Any]]]:
        """Return the rows of a set."""
        word = commands.set_word("set", set)
        net = yield from self.download()
        return net.rows("train" if word == "TRAIN" else "test")

    def reset(self) -> Steps[None]:
        """Forget all learning."""
        yield from self._ask("NR.RESET", self._key)

    def configure(self, options: Changes) -> Steps[Options]:
        """Change options, and return all of them."""
        words = _core.change_words(**options)
        asked = [("NR.CONFIGURE", self._key, *words)] if words else []
        found = yield partial(self._link.send, [*asked, ("NR.INFO", self._key)])
        return cast("Options", replies.options(replies.fields(found[-1])))

    def export(self) -> Steps[bytes]:
        """Return the network as bytes."""
        return bytes((yield from self._ask("NR.EXPORT", self._key)))

    def download(self) -> Steps[Network]:
        """Return a copy of the network."""
        return Network.from_bytes((yield from self.export()))


class DatabaseSteps:
    """The operations of a database."""

    def __init__(self, link: Any) -> None:
        self._link = link

    def _ask(self, *command: Any) -> Steps[Any]:
        (reply,) = yield partial(self._link.send, [command])
        return reply

    def create(self, key: Key, kind: Any, layout: Any, options: Creation) -> Steps[None]:
        """Create a network."""
        yield from self._ask("NR.CREATE", key, *_core.creation_words(kind, layout, **options))

    def upload(self, key: Key, network: Network, replace: bool) -> Steps[None]:
        """Put an embedded network into the server."""
        flag = ("REPLACE",) if replace else ()
        yield from self._ask("NR.IMPORT", key, _bytes_of(network), *flag)

    def store(self, key: Key, network: Network) -> Steps[None]:
        """Keep an embedded network as plain bytes."""
        yield from self._ask("SET", key, _bytes_of(network))

    def fetch(self, key: Key) -> Steps[Network]:
        """Return a network that is kept as plain bytes."""
        found = yield from self._ask("GET", key)
        if found is None:
            raise NotFoundError(f"no network at key {_shown(key)}")
        return Network.from_bytes(found)

    def holds(self, key: Key) -> Steps[bool]:
        """Return whether there is a network at a key."""
        return replies.text((yield from self._ask("TYPE", key))) == TYPE

    def delete(self, key: Key) -> Steps[None]:
        """Delete the network at a key."""
        kind = replies.text((yield from self._ask("TYPE", key)))
        if kind == "none":
            raise NotFoundError(f"no network at key {_shown(key)}")
        if kind != TYPE:
            raise WrongTypeError(f"the key {_shown(key)} holds a {kind}: expected a network")
        yield from self._ask("UNLINK", key)

    def threads(self) -> Steps[Any]:
        """Return the trainings of the server."""
        return replies.threads((yield from self._ask("NR.THREADS")))


def _bytes_of(network: Network) -> bytes:
    if not isinstance(network, Network):
        raise TypeError(f"network is a {type(network).__name__}: expected a neuralredis.Network")
    return bytes(network)


def _shown(key: Key) -> str:
    return f"'{key.decode(errors='replace') if isinstance(key, bytes) else key}'"
