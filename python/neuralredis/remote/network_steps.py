"""What is done with a network in a server, in steps, as both faces offer it: arguments, types and docstrings.

What `Network` offers too is documented there; what a docstring here tells beyond its summary is added to that.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from inspect import getdoc
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuralredis import _core, files
from neuralredis.exceptions import DataError, KindError, ShapeError
from neuralredis.network import Network, names_a_set
from neuralredis.options import Changes, Options, Set
from neuralredis.remote import commands, replies
from neuralredis.remote.commands import Key
from neuralredis.remote.job import RedisJob
from neuralredis.results import (
    ClassifierEvaluation,
    Evaluation,
    Info,
    Progress,
    RegressorEvaluation,
    Report,
    RowCounts,
    report_of,
)
from neuralredis.steps import Steps
from neuralredis.watching import check_watching, watching

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["NetworkSteps"]

C = TypeVar("C", bound=type)
T = TypeVar("T")

#: Commands that are sent before their replies are read: some 16 MB of rows.
BLOBS_AT_A_TIME = 16
#: Bytes of stored rows that are asked for at a time.
ROWS_BYTES = 1 << 26
#: The title of a section of a docstring.
SECTION = re.compile(r"^\w[\w ]*\n-+$", re.MULTILINE)


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


def _documented(steps: C) -> C:
    """Give operations the documentation of the methods of `Network` of their names, and what theirs adds to it."""
    for name, operation in vars(steps).items():
        twin = getdoc(getattr(Network, name, None)) if not name.startswith("_") else None
        # Python with -OO has no docstrings.
        if twin and operation.__doc__:
            # The examples, and notes about fields, are of networks in this process.
            text = twin.partition("\nExamples\n")[0].partition("\nNotes\n")[0].rstrip()
            sections = SECTION.search(text)
            end = sections.start() if sections else len(text)
            added = (getdoc(operation) or "").partition("\n\n")[2]
            operation.__doc__ = "\n\n".join(filter(None, (text[:end].rstrip(), added, text[end:])))
    return steps


@_documented
class NetworkSteps:
    """The operations of a network at a key.

    The shape of its rows is asked for at the first need and kept. The server counts the values of each row, so that
    another network, put under the same key since, refuses rows of another width; the shape is asked for again then.
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

    def _with_shape(self, steps: Callable[[Shape], Steps[T]]) -> Steps[T]:
        """Do what needs the shape of the network: with the one that is known, and if it fails with the present one."""
        known = self._shape
        if known is None:
            return (yield from steps((yield from self._ask_shape())))
        try:
            return (yield from steps(known))
        except (ShapeError, DataError, KindError):
            # What is wrong for the network that was there may be right for the one that is.
            present = yield from self._ask_shape()
            if present == known:
                raise
        return (yield from steps(present))

    def observe(
        self, X: ArrayLike, y: ArrayLike, *, into: Set | None = None, weight: ArrayLike | None = None
    ) -> Steps[RowCounts]:
        """Store rows.

        Many rows are sent to the server in parts of about a megabyte, once all are found to be right. If it refuses one
        all the same, because its memory is full for example, the parts before it are kept.
        """
        target = None if into is None else commands.set_word("into", into)
        return (yield from self._with_shape(lambda shape: self._observe(shape, X, y, target, weight)))

    def _observe(
        self, shape: Shape, X: ArrayLike, y: ArrayLike, into: str | None, weight: ArrayLike | None
    ) -> Steps[RowCounts]:
        rows, weights = shape.reader.examples(X, y, weight, names=self._known(shape))
        if not len(rows):
            # The server refuses rows that are none.
            info = yield from self.info()
            return RowCounts(info.training_dataset_len, info.test_dataset_len)
        observed = commands.observe(self._key, shape.inputs, rows, weights, into)
        counts: Any = None
        for batch in commands.batched(observed, BLOBS_AT_A_TIME):
            counts = (yield partial(self._link.send, batch))[-1]
        names = shape.reader.names(X)
        if names is not None and self._known(shape) is None:
            self._names = shape, names
        train, test = counts
        return RowCounts(int(train), int(test))

    def _answers(self, command: str, X: ArrayLike) -> Steps[tuple[Shape, bool, list[Any]]]:
        return (yield from self._with_shape(lambda shape: self._answers_of(shape, command, X)))

    def _answers_of(self, shape: Shape, command: str, X: ArrayLike) -> Steps[tuple[Shape, bool, list[Any]]]:
        if command == "NR.CLASS" and shape.kind != "classifier":
            raise KindError("the network is a regressor: only a classifier has classes")
        rows, single = shape.reader.inputs(X, names=self._known(shape))
        found: list[Any] = []
        if len(rows) == 1:
            found.append((yield from self._ask(command, self._key, *rows[0].tolist())))
        else:
            # None at all of no rows, which the server would refuse.
            sliced = commands.parts(len(rows), max(shape.inputs, shape.outputs))
            asked = ((command, self._key, *commands.blob(rows[part])) for part in sliced)
            for batch in commands.batched(asked, BLOBS_AT_A_TIME):
                found += yield partial(self._link.send, batch)
        return shape, single, found

    def run(self, X: ArrayLike) -> Steps[NDArray[np.float32]]:
        """Return outputs.

        Many rows are sent to the server in parts of about a megabyte.
        """
        shape, single, found = yield from self._answers("NR.RUN", X)
        if not found:
            return np.empty((0, shape.outputs), np.float32)
        outputs = np.concatenate([replies.singles(reply, shape.outputs) for reply in found])
        return outputs if single else outputs.reshape(-1, shape.outputs)

    def classify(self, X: ArrayLike) -> Steps[Any]:
        """Return classes, for rows in parts as those of `run`."""
        _, single, found = yield from self._answers("NR.CLASS", X)
        if single:
            return int(found[0])
        return np.concatenate([np.empty(0, np.int64), *(np.atleast_1d(np.array(reply, np.int64)) for reply in found)])

    def train(
        self,
        *,
        max_cycles: int | None = 0,
        max_time: float | None = 10.0,
        autostop: bool = False,
        backtrack: bool = False,
        progress: bool | None = None,
        callback: Callable[[Progress], object] | None = None,
    ) -> Steps[Report]:
        """Train, and wait.

        Whatever interrupts the wait for a server (Ctrl-C, an exception of the callback, a cancellation) asks it to stop
        the training, and goes on once the server has kept what was learnt.
        """
        check_watching(progress, callback)
        job = yield from self.start_training(
            max_cycles=max_cycles, max_time=max_time, autostop=autostop, backtrack=backtrack
        )
        return (yield from watching(job, progress, callback))

    def start_training(
        self,
        *,
        max_cycles: int | None = 0,
        max_time: float | None = 10.0,
        autostop: bool = False,
        backtrack: bool = False,
    ) -> Steps[RedisJob]:
        """Start a training.

        In a server it goes on without this client, and its result is there for all. To wait for one that somebody else
        started, see `NeuralRedis.threads` and `info`.
        """
        command, cycles, seconds = commands.train(self._key, max_cycles, max_time, autostop, backtrack)
        # The network as it was, in case that the training ends before anybody waits for it.
        info, _ = yield partial(self._link.send, [("NR.INFO", self._key), command])
        return RedisJob(self._link, self._key, replies.info(info), cycles, seconds)

    def stop(self) -> Steps[bool]:
        """Ask a training to end.

        In a server it may be one that another client started.
        """
        return bool((yield from self._ask("NR.STOP", self._key)))

    def info(self) -> Steps[Info]:
        """Return the reply of ``NR.INFO``."""
        return replies.info((yield from self._ask("NR.INFO", self._key)))

    def report(self) -> Steps[Report | None]:
        """Return the reply of ``NR.REPORT``."""
        fields = replies.report((yield from self._ask("NR.REPORT", self._key)))
        return None if fields is None else report_of(fields)

    def evaluate(
        self, X: ArrayLike | Set = "test", y: ArrayLike | None = None, *, weight: ArrayLike | None = None
    ) -> Steps[Evaluation]:
        """Return the reply of ``NR.EVALUATE``, for fresh rows all at once."""
        if names_a_set(X, y, weight):
            reply = yield from self._ask("NR.EVALUATE", self._key, commands.set_word("set", cast("str", X)))
        else:
            reply = yield from self._with_shape(lambda shape: self._evaluate_on(shape, X, y, weight))
        fields = replies.evaluation(reply)
        return ClassifierEvaluation(**fields) if "accuracy" in fields else RegressorEvaluation(**fields)

    def _evaluate_on(self, shape: Shape, X: Any, y: Any, weight: ArrayLike | None) -> Steps[Any]:
        rows, weights = shape.reader.examples(X, y, weight, names=self._known(shape))
        if not len(rows):
            raise DataError("there are no rows to evaluate")
        # Whole: the figures of parts do not add up to those of all.
        return (yield from self._ask("NR.EVALUATE", self._key, *commands.blob(rows, weights)))

    def rows(self, set: Set) -> Steps[tuple[NDArray[np.float32], NDArray[Any]]]:
        """Return stored rows, fetched in parts."""
        word = commands.set_word("set", set)
        shape = yield from self._ask_shape()
        targets = 1 if shape.kind == "classifier" else shape.outputs
        count = max(1, ROWS_BYTES // (4 * (shape.inputs + targets)))
        X, y = [np.empty((0, shape.inputs), np.float32)], [np.empty((0, targets), np.float32)]
        while len(X) == 1 or len(X[-1]) == count:
            first = sum(map(len, X))
            inputs, outcomes, _ = yield from self._ask("NR.GETDATA", self._key, word, first, "COUNT", count)
            X.append(np.frombuffer(inputs, "<f4").reshape(-1, shape.inputs))
            y.append(np.frombuffer(outcomes, "<f4").reshape(-1, targets))
        stored = np.concatenate(y)
        if shape.kind == "classifier":
            return np.concatenate(X), stored[:, 0].astype(np.int64)
        return np.concatenate(X), stored[:, 0] if targets == 1 else stored

    def reset(self) -> Steps[None]:
        """Forget what was learnt: ``NR.RESET``."""
        yield from self._ask("NR.RESET", self._key)

    def configure(self, **options: Unpack[Changes]) -> Steps[Options]:
        """Change options: ``NR.CONFIGURE``."""
        words = _core.change_words(**options)
        asked = [("NR.CONFIGURE", self._key, *words)] if words else []
        found = yield partial(self._link.send, [*asked, ("NR.INFO", self._key)])
        return cast("Options", replies.options(replies.fields(found[-1])))

    def export(self) -> Steps[bytes]:
        """Return the network as bytes, as `save` writes it and `Network.from_bytes` reads it."""
        return bytes((yield from self._ask("NR.EXPORT", self._key)))

    def save(self, path: str | os.PathLike[str]) -> Steps[None]:
        """Write a file."""
        network = yield from self.export()
        yield partial(self._link.call, partial(files.replace, path, network))

    def download(self) -> Steps[Network]:
        """Return a copy of the network in this process, rows and all; a running training is not in it.

        Examples
        --------
        >>> net = db.create("numbers", "regressor", [2, 1], seed=1)
        >>> bool((net.download().run([1, 2]) == net.run([1, 2])).all())
        True
        """
        return Network.from_bytes((yield from self.export()))
