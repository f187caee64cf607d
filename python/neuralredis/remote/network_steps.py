"""The operations of a network in a server, as steps with the arguments, types and docstrings of both interfaces.

Methods that `Network` has, too, get its docstring; text after the first paragraph here is added to it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from inspect import getdoc
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeVar, cast, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuralredis import _core, files, loading
from neuralredis.exceptions import DataError, KindError, ShapeError
from neuralredis.explanation import Counterfactual, Explanation
from neuralredis.network import Network, names_a_set
from neuralredis.options import Changes, Options, Set
from neuralredis.reasons import check_alone
from neuralredis.remote import commands, replies
from neuralredis.remote.commands import Key
from neuralredis.remote.job import RedisJob
from neuralredis.remote.named import Named
from neuralredis.remote.positions import Positions
from neuralredis.results import (
    ClassifierEvaluation,
    Evaluation,
    FieldStatistics,
    Info,
    Interval,
    Progress,
    Ranked,
    RegressorEvaluation,
    Report,
    RowCounts,
    report_of,
)
from neuralredis.steps import Steps
from neuralredis.watching import check_watching, watching

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["NetworkSteps", "documented"]

C = TypeVar("C", bound=type)
T = TypeVar("T")

#: Commands in one pipeline: about 16 MB of rows.
BLOBS_AT_A_TIME = 16
#: Bytes of stored rows in one reply.
ROWS_BYTES = 1 << 26
#: Stored rows of fields in one pipeline.
ROWS_AT_A_TIME = 1000
#: The heading of a section of a docstring.
SECTION = re.compile(r"^\w[\w ]*\n-+$", re.MULTILINE)


#: Builds commands with rows for a network, and parses its replies.
Rows = Positions | Named


def documented(embedded: type) -> Callable[[C], C]:
    """Return a decorator that copies the docstrings of an embedded class to operations of the same name."""

    def document(steps: C) -> C:
        for name, operation in vars(steps).items():
            twin = getdoc(getattr(embedded, name, None)) if not name.startswith("_") else None
            # Python with -OO has no docstrings. A docstring with its own parameters is complete.
            if twin and operation.__doc__ and "\nParameters\n" not in (getdoc(operation) or ""):
                # Examples of embedded networks do not apply.
                text = twin.partition("\nExamples\n")[0].rstrip()
                sections = SECTION.search(text)
                end = sections.start() if sections else len(text)
                added = (getdoc(operation) or "").partition("\n\n")[2]
                operation.__doc__ = "\n\n".join(filter(None, (text[:end].rstrip(), added, text[end:])))
        return steps

    return document


@documented(Network)
class NetworkSteps:
    """The operations of a network at a key.

    The form of rows (fields, or numbers of inputs and outputs) is requested once and cached. If the key holds another
    network later, the server rejects rows of the old form; then the form is requested again.
    """

    def __init__(self, link: Any, key: Key) -> None:
        self._link = link
        self._key = key
        self._rows: Rows | None = None

    def _ask(self, *command: Any) -> Steps[Any]:
        (reply,) = yield partial(self._link.send, [command])
        return reply

    def _ask_rows(self) -> Steps[Rows]:
        info = yield from self.info()
        if info.fields is None or info.target is None:
            present: Rows = Positions(info.type, info.layout[0], info.layout[-1])
        else:
            present = Named(info.type, info.fields, info.target)
        if present != self._rows:
            self._rows = present
        return self._rows or present

    def _with_rows(self, steps: Callable[[Rows], Steps[T]]) -> Steps[T]:
        """Run steps with the cached form of rows; if they fail and the form has changed, run them again."""
        known = self._rows
        if known is None:
            return (yield from steps((yield from self._ask_rows())))
        try:
            return (yield from steps(known))
        except (ShapeError, DataError, KindError):
            # The rows may be valid for the network that is at the key now.
            present = yield from self._ask_rows()
            if present == known:
                raise
        return (yield from steps(present))

    def observe(
        self, X: Any, y: Any = None, *, into: Set | None = None, weight: ArrayLike | None = None
    ) -> Steps[RowCounts]:
        """Store rows.

        Many rows are sent in parts of about a megabyte, after all have been checked. If the server rejects a part, for
        example because its memory is full, the parts before it stay stored.
        """
        target = None if into is None else commands.set_word("into", into)
        return (yield from self._with_rows(lambda rows: self._observe(rows, X, y, target, weight)))

    def _observe(self, rows: Rows, X: Any, y: Any, into: str | None, weight: ArrayLike | None) -> Steps[RowCounts]:
        counts: Any = None
        observed = rows.observe(self._key, X, y, into, weight)
        for batch in commands.batched(observed, BLOBS_AT_A_TIME):
            counts = (yield partial(self._link.send, batch))[-1]
        if counts is None:
            # The server rejects a command without rows.
            info = yield from self.info()
            return RowCounts(info.training_dataset_len, info.test_dataset_len)
        rows.observed(X)
        train, test = counts
        return RowCounts(int(train), int(test))

    def _answers(
        self, command: str, X: Any, options: Sequence[Any] = (), whole: bool = False
    ) -> Steps[tuple[Rows, bool, list[Any]]]:
        return (yield from self._with_rows(lambda rows: self._answers_of(rows, command, X, list(options), whole)))

    def _answers_of(
        self, rows: Rows, command: str, X: Any, options: list[Any], whole: bool
    ) -> Steps[tuple[Rows, bool, list[Any]]]:
        single, requests = rows.ask(command, self._key, X, options, whole)
        return rows, single, (yield from self._all(requests))

    def _all(self, requests: Iterator[Any]) -> Steps[list[Any]]:
        found: list[Any] = []
        for batch in commands.batched(requests, BLOBS_AT_A_TIME):
            found += yield partial(self._link.send, batch)
        return found

    def run(self, X: Any) -> Steps[Any]:
        """Return outputs.

        Many rows are sent in parts of about a megabyte.
        """
        rows, single, found = yield from self._answers("NR.RUN", X)
        return rows.outputs_of(found, single)

    def classify(
        self, X: Any, *, top: SupportsIndex | None = None, scores: bool | None = None, least: float | None = None
    ) -> Steps[Any]:
        """Return classes; rows are sent in parts, as by `run`."""
        options = commands.class_options(top, scores, least)
        rows, single, found = yield from self._answers("NR.CLASS", X, options)
        return rows.classes_of(found, single, top is not None, bool(scores))

    def interval(self, X: Any, level: float = 0.9) -> Steps[Interval]:
        """Return outputs with intervals; rows are sent in parts, as by `run`."""
        options = ["INTERVAL", commands.percent("level", level)]
        rows, single, found = yield from self._answers("NR.RUN", X, options)
        return rows.intervals_of(found, single)

    def class_set(self, X: Any, level: float = 0.9) -> Steps[list[Any]]:
        """Return sets of classes; rows are sent in parts, as by `run`."""
        options = ["SET", commands.percent("level", level)]
        rows, single, found = yield from self._answers("NR.CLASS", X, options)
        return rows.sets_of(found, single)

    def sample(
        self,
        X: Any,
        *,
        temperature: float = 1.0,
        top_k: SupportsIndex | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        seed: SupportsIndex | None = None,
    ) -> Steps[Any]:
        """Return classes drawn by the server.

        With a seed all rows are sent in one command, since they share one random stream; without a seed they are sent
        in parts, as by `run`, and the server chooses the seeds.
        """
        options = _core.sampling_words(temperature, top_k, top_p, min_p, seed)
        rows, single, found = yield from self._answers("NR.CLASS", X, options, seed is not None)
        return rows.classes_of(found, single, False, False)

    def calibrate(self, X: Any = None, y: Any = None) -> Steps[int]:
        """Calibrate on fresh rows, which are sent in one command: ``NR.CALIBRATE``."""
        if X is None:
            if y is not None:
                raise TypeError("y without X: expected rows, or nothing for the validation rows")
            return int((yield from self._ask("NR.CALIBRATE", self._key, "TEST")))
        count = yield from self._with_rows(lambda rows: self._ask(*rows.judge("NR.CALIBRATE", self._key, X, y, None)))
        return int(count)

    def rank(
        self,
        candidates: Any,
        shared: Mapping[str, Any] | None = None,
        *,
        want: Any = None,
        top: int | None = None,
    ) -> Steps[list[Ranked]]:
        """Return ranked candidates, which are sent in parts, as by `run`."""
        most = None if top is None else commands.whole("top", top, 2**32 - 1, least=1)
        return (yield from self._with_rows(lambda rows: self._rank(rows, candidates, shared, want, most)))

    def _rank(self, rows: Rows, candidates: Any, shared: Any, want: Any, top: int | None) -> Steps[list[Ranked]]:
        found = yield from self._all(rows.rank(self._key, candidates, shared))
        scores = cast("Named", rows).scores_of(found, want)
        order = sorted(range(len(scores)), key=lambda at: -scores[at])
        return [Ranked(at, scores[at]) for at in order[:top]]

    def explain(
        self,
        X: Any,
        *,
        label: Any = None,
        samples: SupportsIndex | None = None,
        seed: SupportsIndex | None = None,
        want: Any = None,
    ) -> Steps[Any]:
        """Return the reply of ``NR.EXPLAIN``."""
        if want is not None:
            check_alone(label, samples, seed)
            return (yield from self._with_rows(lambda rows: self._changes(rows, X, want)))
        words: list[Any] = [] if samples is None else ["SAMPLES", commands.whole("samples", samples, 1000, least=2)]
        words += [] if seed is None else ["SEED", commands.whole("seed", seed, 2**64 - 1)]
        return (yield from self._with_rows(lambda rows: self._shares(rows, X, label, words)))

    def _shares(self, rows: Rows, X: Any, label: Any, words: list[Any]) -> Steps[Explanation]:
        request = rows.explain(self._key, X)
        chosen = [] if label is None else ["FOR", rows.output("label", label)]
        more = ("->", *chosen, *words) if chosen or words else ()
        return rows.explanation_of((yield from self._ask(*request, *more)))

    def _changes(self, rows: Rows, X: Any, want: Any) -> Steps[Counterfactual]:
        if rows.kind != "classifier":
            raise KindError("the network is a regressor: only a classifier has classes")
        request = rows.explain(self._key, X)
        return rows.changes_of((yield from self._ask(*request, "->", "WANT", rows.output("want", want))))

    def field_statistics(self) -> Steps[tuple[FieldStatistics, ...]]:
        """Return the reply of ``NR.FIELDS``."""
        return tuple(map(replies.field_statistics, (yield from self._ask("NR.FIELDS", self._key))))

    def observe_hashes(
        self,
        hashes: Sequence[Key],
        outcome: Any,
        *,
        fields: Mapping[str, Any] | None = None,
        into: Set | None = None,
        weight: float | None = None,
    ) -> Steps[RowCounts]:
        """Store a row with values from hashes in the server: ``NR.HOBSERVE``.

        Parameters
        ----------
        hashes : sequence of str or bytes
            The keys of the hashes, one for each role, in the order in which roles first occur among the fields: the
            network's field ``user.age`` is the field ``age`` of the hash with the role ``user``.
        outcome : str, number or sequence of numbers
            The outcome of the row.
        fields : dict, optional
            Values that no hash has, or that override those of a hash.
        into, weight
            As for `observe`.

        Returns
        -------
        RowCounts
            Numbers of stored training and validation rows.

        Examples
        --------
        >>> fields = {"user.age": "number", "offer.price": "number"}
        >>> net = db.create("offers", "classifier", fields=fields, target="took", seed=1)
        >>> _ = db.client.hset("user:1", "age", 31), db.client.hset("offer:1", "price", 9.5)
        >>> net.observe_hashes(["user:1", "offer:1"], "yes")
        RowCounts(train=1, test=0)
        """
        outcomes = outcome if isinstance(outcome, (list, tuple, np.ndarray)) else [outcome]
        words: list[Any] = [*commands.hashes(hashes, fields), "->", *map(commands.argument, outcomes)]
        words += [] if weight is None else ["WEIGHT", float(weight)]
        words += [] if into is None else [commands.set_word("into", into)]
        train, test = yield from self._ask("NR.HOBSERVE", self._key, *words)
        return RowCounts(int(train), int(test))

    def run_hashes(self, hashes: Sequence[Key], *, fields: Mapping[str, Any] | None = None) -> Steps[Any]:
        """Return the outputs for a row with values from hashes in the server: ``NR.HRUN``.

        Parameters
        ----------
        hashes, fields
            As for `observe_hashes`.

        Returns
        -------
        dict or float
            As from `run` for a single row.
        """
        rows = cast("Named", (yield from self._ask_rows()))
        reply = yield from self._ask("NR.HRUN", self._key, *commands.hashes(hashes, fields))
        return rows.outputs_of([[reply]], single=True)

    def classify_hashes(
        self,
        hashes: Sequence[Key],
        *,
        fields: Mapping[str, Any] | None = None,
        top: SupportsIndex | None = None,
        scores: bool | None = None,
        least: float | None = None,
    ) -> Steps[Any]:
        """Return the class of a row with values from hashes in the server: ``NR.HCLASS``.

        Parameters
        ----------
        hashes, fields
            As for `observe_hashes`.
        top, scores, least
            As for `classify`.

        Returns
        -------
        str, list or None
            As from `classify` for a single row.
        """
        options = commands.class_options(top, scores, least)
        rows = cast("Named", (yield from self._ask_rows()))
        words = [*commands.hashes(hashes, fields), *(("->", *options) if options else ())]
        reply = yield from self._ask("NR.HCLASS", self._key, *words)
        return rows.classes_of([[reply]], True, top is not None, bool(scores))

    def rank_hashes(
        self,
        hashes: Sequence[Key],
        *,
        fields: Mapping[str, Any] | None = None,
        want: str | None = None,
        top: SupportsIndex | None = None,
    ) -> Steps[list[tuple[str, float | None]]]:
        """Return hashes in order of their score, best first: ``NR.RANK``.

        Parameters
        ----------
        hashes : sequence of str or bytes
            The keys of the hashes of all roles but the last, then the keys of the candidates for the last role.
        fields : dict, optional
            As for `observe_hashes`.
        want : str, optional
            The class whose probability is the score; by default the second of two.
        top : int, optional
            Largest number of results; by default all.

        Returns
        -------
        list of tuple of str and float
            Keys and scores of the candidates; keys that hold no hash have the score None and come last.
        """
        words: list[Any] = [] if want is None else ["FOR", want]
        words += [] if top is None else ["TOP", commands.whole("top", top, 2**32 - 1, least=1)]
        arguments = [*commands.hashes(hashes, fields), "->", *words, "WITHSCORES"]
        return replies.ranking((yield from self._ask("NR.RANK", self._key, *arguments)))

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
        """Train, and return at the end.

        In a server, an interruption of the wait (Ctrl-C, an exception of the callback, a cancellation) stops the
        training and propagates when the server has stored the result.
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

        In a server it continues without this client, and all clients get the result. For trainings of other clients,
        see `NeuralRedis.threads` and `info`.
        """
        command, cycles, seconds = commands.train(self._key, max_cycles, max_time, autostop, backtrack)
        # The state before the training, to recognize a training that ends before the first wait.
        info, _ = yield partial(self._link.send, [("NR.INFO", self._key), command])
        return RedisJob(self._link, self._key, replies.info(info), cycles, seconds)

    def stop(self) -> Steps[bool]:
        """Stop a training.

        In a server it may have been started by another client.
        """
        return bool((yield from self._ask("NR.STOP", self._key)))

    def info(self) -> Steps[Info]:
        """Return the reply of ``NR.INFO``."""
        return replies.info((yield from self._ask("NR.INFO", self._key)))

    def report(self) -> Steps[Report | None]:
        """Return the reply of ``NR.REPORT``."""
        fields = replies.report((yield from self._ask("NR.REPORT", self._key)))
        return None if fields is None else report_of(fields)

    def evaluate(self, X: Any = "test", y: Any = None, *, weight: ArrayLike | None = None) -> Steps[Evaluation]:
        """Return the reply of ``NR.EVALUATE``; fresh rows are sent in one command."""
        if names_a_set(X, y, weight):
            reply = yield from self._ask("NR.EVALUATE", self._key, commands.set_word("set", cast("str", X)))
        else:
            reply = yield from self._with_rows(
                lambda rows: self._ask(*rows.judge("NR.EVALUATE", self._key, X, y, weight))
            )
        fields = replies.evaluation(reply)
        return ClassifierEvaluation(**fields) if "accuracy" in fields else RegressorEvaluation(**fields)

    def rows(self, set: Set) -> Steps[tuple[Any, NDArray[Any]]]:
        """Return stored rows, fetched in parts."""
        word = commands.set_word("set", set)
        shape = yield from self._ask_rows()
        if isinstance(shape, Named):
            return (yield from self._rows_of_fields(shape, word))
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

    def _rows_of_fields(self, rows: Named, word: str) -> Steps[tuple[Any, NDArray[Any]]]:
        info = yield from self.info()
        count = info.training_dataset_len if word == "TRAIN" else info.test_dataset_len
        requests = (("NR.GETDATA", self._key, word, row) for row in range(count))
        found: list[Any] = []
        for batch in commands.batched(requests, ROWS_AT_A_TIME):
            found += yield partial(self._link.send, batch)
        # Rows may have been deleted meanwhile.
        return rows.rows_of([row for row in found if row is not None])

    def reset(self) -> Steps[None]:
        """Draw new random weights: ``NR.RESET``."""
        yield from self._ask("NR.RESET", self._key)

    def configure(self, **options: Unpack[Changes]) -> Steps[Options]:
        """Change options: ``NR.CONFIGURE``."""
        words = _core.change_words(**options)
        requests = [("NR.CONFIGURE", self._key, *words)] if words else []
        found = yield partial(self._link.send, [*requests, ("NR.INFO", self._key)])
        return cast("Options", replies.options(replies.fields(found[-1])))

    @overload
    def export(self) -> Steps[bytes]: ...
    @overload
    def export(self, path: str | os.PathLike[str], to: str | None = None) -> Steps[list[Path]]: ...
    def export(self, path: str | os.PathLike[str] | None = None, to: str | None = None) -> Steps[Any]:
        """Write the network as code or a model file; without a path, return it as bytes.

        The bytes have the format of `save` and `Network.from_bytes`.
        """
        network = yield from self._exported()
        if path is None:
            return network
        return (yield partial(self._link.call, lambda: loading.from_bytes(network).export(path, to)))

    def _exported(self) -> Steps[bytes]:
        return bytes((yield from self._ask("NR.EXPORT", self._key)))

    def save(self, path: str | os.PathLike[str]) -> Steps[None]:
        """Write a file."""
        network = yield from self._exported()
        yield partial(self._link.call, partial(files.replace, path, network))

    def download(self) -> Steps[Network]:
        """Return a copy of the network, with its rows, in this process; a running training is not included.

        Examples
        --------
        >>> net = db.create("numbers", "regressor", [2, 1], seed=1)
        >>> bool((net.download().run([1, 2]) == net.run([1, 2])).all())
        True
        """
        return loading.from_bytes((yield from self._exported()))
