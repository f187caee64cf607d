"""Networks of sequences: what happened one after the other, for each of many ids."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, SupportsIndex

import numpy as np
from numpy import float32
from numpy.typing import ArrayLike, NDArray

from neuralredis import _core
from neuralredis.exceptions import DataError, KindError, OptionError, ShapeError
from neuralredis.network import Network
from neuralredis.options import Creation, Kind, Set
from neuralredis.results import ClassifierEvaluation, Evaluation, RegressorEvaluation, RowCounts
from neuralredis.series import KEPT_BACK, parts

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

__all__ = ["Cell", "Forecast", "SequenceNetwork", "Session"]

Cell = Literal["auto", "window", "reservoir", "gru"]


@dataclass(frozen=True)
class Forecast:
    """The next values of a series.

    Attributes
    ----------
    values : numpy.ndarray of float32, shape (steps,)
        One value after the other.
    low, high : numpy.ndarray of float32, shape (steps,), or None
        Bounds between which the truth lies as often as was asked, of each step by itself; None where nothing was asked.
    """

    values: NDArray[float32]
    low: NDArray[float32] | None = None
    high: NDArray[float32] | None = None


class SequenceNetwork(Network):
    """A network that learns from what happened one after the other.

    A sequence is what one visitor, device or patient did, in order: any number of events, each with the same fields.
    The network keeps the last ``length`` events of each under its id. It learns either what sequences come to (whether
    a visitor left, which gesture a movement was), or, where ``target`` is a field of the events, what happens next.

    There is no padding, no batch and no fixed length. A sequence lies wholly in the training or in the validation set,
    by a hash of its id. Beyond ``dataset`` and ``test`` sequences go: first those that have come to an outcome, then
    the longest idle.

    Parameters
    ----------
    kind : {"classifier", "regressor"}
        What it answers: a class, or numbers.
    layout : sequence of int
        For events that are numbers by their positions: numbers of an event, units of hidden layers, outputs. Left out
        with ``fields``.
    fields : dict of str to str, optional
        The kind of each field of an event, as of `Network`.
    target : str or sequence of str, optional
        What it answers. The name of a field: what comes next, a word of a ``category`` of up to 1000 for a classifier,
        a ``number`` for a regressor, which then is a series.
    length : int, default 64
        Events of a sequence that are kept, the last so many, 1 to 65536.
    cell : {"auto", "window", "reservoir", "gru"}, default "auto"
        How a sequence is seen. ``"window"``: the last events are inputs, 8 of them, 24 of a series. ``"reservoir"``:
        200 fixed units that remember what came before, each for a time of its own [1]_; what they hold, and of
        sequences with an outcome their means and maxima, are the inputs. ``"gru"``: gated recurrent units [2]_, 32 of
        them, 64 where the target is a field, which are trained through time, by mini-batches whatever ``algorithm``
        is; up to four members, each with units of its own. ``"auto"``: window and reservoir; of a series the window
        alone.
    hidden, classes, **options
        As of `Network`; neither ``monotone`` nor ``threshold``. By default ``"gru"`` has no hidden layers.

    Raises
    ------
    OptionError
        As `Network`, and if the target is a field of another kind or of too many words.

    References
    ----------
    .. [1] A. Rodan, P. Tino, "Minimum complexity echo state network", IEEE Transactions on Neural Networks 22, 2011.
    .. [2] K. Cho and others, "Learning phrase representations using RNN encoder-decoder for statistical machine
       translation", EMNLP 2014; the reset gate after the matrix, as PyTorch and ONNX have it.

    Examples
    --------
    Visitors who look at the help twice in a row leave.

    >>> import neuralredis as nr
    >>> net = nr.SequenceNetwork("classifier", fields={"page": "category"}, target="left", seed=1)
    >>> for user in range(100):
    ...     visitor = net.session(f"user:{user}")
    ...     for page in ["home", "help", "help"] if user % 2 else ["help", "home", "help"]:
    ...         visitor.observe({"page": page})
    ...     visitor.finish("yes" if user % 2 else "no")
    >>> report = net.train(autostop=True, max_cycles=300)
    >>> net.classify([[{"page": "home"}, {"page": "help"}, {"page": "help"}]])
    ['yes']
    >>> visitor = net.session("user:500")
    >>> visitor.observe({"page": "help"})
    >>> visitor.classify({"page": "help"})
    'yes'

    What comes next: here the next letter, of events with one field.

    >>> net = nr.SequenceNetwork("classifier", fields={"letter": "category"}, target="letter", dataset=100, seed=1)
    >>> net.observe(["abcabcabc", "bcabcabca", "cabcabcab"] * 10)
    RowCounts(train=30, test=0)
    >>> report = net.train(max_cycles=100)
    >>> net.classify(["abca", "bc"])
    ['b', 'a']

    The same by gated units.

    >>> fields = {"letter": "category"}
    >>> net = nr.SequenceNetwork("classifier", fields=fields, target="letter", cell="gru", dataset=100, seed=1)
    >>> net.observe(["abcabcabc", "bcabcabca", "cabcabcab"] * 10)
    RowCounts(train=30, test=0)
    >>> report = net.train(max_cycles=100)
    >>> net.classify(["abca", "bc"])
    ['b', 'a']
    """

    __slots__ = ()

    def __new__(
        cls,
        kind: Kind,
        layout: Sequence[int] | None = None,
        *,
        fields: Mapping[str, str | tuple[str, int]] | None = None,
        target: str | Sequence[str] | None = None,
        length: int = 64,
        cell: Cell = "auto",
        hidden: Sequence[int] | None = None,
        classes: int | Sequence[Any] | None = None,
        **options: Unpack[Creation],
    ) -> Self:
        """Make the network; see the class."""
        declared: Any = {"fields": fields, "target": target, "hidden": hidden, "classes": classes}
        declared["_sequence"] = (length, cell)
        return super().__new__(cls, kind, layout, **declared, **options)

    @property
    def length(self) -> int:
        """Events of a sequence that are kept."""
        return int(self._declared["length"])

    @property
    def cell(self) -> Cell:
        """How a sequence is seen."""
        cell: Cell = self._declared["cell"]
        return cell

    @property
    def event_fields(self) -> Mapping[str, str] | None:
        """The kind of each field of an event by its name; None where events are numbers by their positions."""
        declared = self._declared
        return None if declared["by_position"] else dict(declared["fields"])

    @property
    def _declared(self) -> dict[str, Any]:
        declared = _core.sequence_declaration(self)
        if declared is None:  # pragma: no cover
            raise TypeError("a network of rows")
        return declared

    def _named(self) -> dict[str, Any] | None:
        declared = self._declared
        targets, classifier = declared["targets"], self._info()["type"] == "classifier"
        return {
            "fields": declared["fields"],
            "target": targets[0] if len(targets) == 1 else targets,
            "classes": declared["classes"] if classifier else None,
        }

    def ids(self) -> list[str]:
        """Return the ids of all sequences that are kept, the first one first.

        Bytes that are no UTF-8 are as in the names of files (``surrogateescape``).
        """
        return [id.decode("utf-8", "surrogateescape") for id in _core.sequence_ids(self)]

    def session(self, id: str | bytes | int) -> Session:
        """Return what one sequence is asked and told by.

        Parameters
        ----------
        id : str, bytes or int
            The id of the sequence, of 1 to 255 bytes. It need not be there yet.

        Returns
        -------
        Session
            It holds the network and the id, and nothing else.
        """
        return Session(self, id_of(id))

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
    ) -> RowCounts:
        """Add sequences, or events to those that are there.

        Parameters
        ----------
        X : iterable of sequences, or a frame
            Each sequence is a list of events: dicts of fields, or values where an event has one field (also the
            letters of a text); of events by position an array of shape (events, numbers). Or one frame of pandas or
            polars, or a dict of columns, that has all events one below the other, with ``sequence``.
        y : array_like of shape (sequences,) or (sequences, outputs), optional
            What each sequence has come to; None where that comes later, or is a field of the events.
        ids : sequence of str, bytes or int, optional
            The id of each. Without, each is a new sequence.
        sequence : str, optional
            The column of a frame that has the ids. What each has come to is then looked for in the column of the
            target, in the row of its last event, unless it is a field of the events.
        order : str, optional
            The column of a frame by which events come one after the other; else they do as they are.
        into : {"train", "test"}, optional
            The set that these sequences go to.
        weight : float or array_like of shape (sequences,), optional
            How much the outcome of each counts, above 0.

        Returns
        -------
        RowCounts
            How many sequences there are then of the training set and of the validation set.

        Raises
        ------
        ShapeError, DataError
            As of `Network.observe`.
        """
        names, flat, ends, y = self._observed(X, y, ids, sequence, order)
        if names is None:
            names = self._new_ids(len(ends))
        return _core.happen(self, names, flat, ends, (y, weight), into)

    def observe_series(
        self, X: Iterable[Any], *, ids: Sequence[str | bytes | int] | None = None, kept_back: float = KEPT_BACK
    ) -> RowCounts:
        """Add series, each of which is cut in time: its last part tells when to stop, and the network learns the rest.

        `observe` puts whole sequences into one set. So one series alone, or a few, would leave nothing to tell when to
        stop. Here each becomes two sequences: ``id`` in the validation set, whose last events a `session` continues,
        and ``id before`` in the training set. The first 24 events of the later one are the last of the earlier one.

        Parameters
        ----------
        X : iterable of sequences
            As of `observe`, each the whole of a series.
        ids : sequence of str, bytes or int, optional
            The id of each, of up to 248 bytes. Without, each is a new sequence.
        kept_back : float, default 0.2
            The share of the events of each that the network does not learn, from 0 to less than 1. Series too short for
            that are learnt whole.

        Returns
        -------
        RowCounts
            How many sequences there are then of the training set and of the validation set.

        Raises
        ------
        ShapeError, DataError
            As of `observe`.
        OptionError
            If the share is out of its range.

        Examples
        --------
        >>> import neuralredis as nr
        >>> net = nr.SequenceNetwork("regressor", fields={"kwh": "number"}, target="kwh", length=200, seed=1)
        >>> net.observe_series([[0, 5, 9, 2] * 30], ids=["meter:3"])
        RowCounts(train=1, test=1)
        >>> report = net.train(autostop=True, max_cycles=300)
        >>> net.session("meter:3").forecast(4).values.round().tolist()
        [0.0, 5.0, 9.0, 2.0]
        """
        series = list(X)
        names = self._new_ids(len(series)) if ids is None else [id_of(id) for id in ids]
        if len(names) != len(series):
            raise ShapeError(f"{len(series)} sequences but {len(names)} ids")
        train, test = parts(series, names, kept_back)
        # What is wrong with an event is found before anything is kept, and told by its place in the whole.
        _core.event_words(self, names, *self._flat(series), (None, None), None)
        self.observe(test.events, ids=test.ids, into="test")
        return self.observe(train.events, ids=train.ids, into="train")

    def run(self, X: Any) -> NDArray[float32]:
        """Return what the network answers to sequences, which are not kept.

        Parameters
        ----------
        X : iterable of sequences
            As of `observe`.

        Returns
        -------
        numpy.ndarray of float32, shape (sequences, outputs)
            The probability of each of the `classes`, or the outputs; of a series the next value.
        """
        flat, ends = self._flat(X)
        return _core.run_events(self, flat, ends)

    def classify(self, X: Any, *, top: int | None = None) -> list[Any]:  # type: ignore[override]
        """Return the class of each of some sequences, which are not kept.

        Parameters
        ----------
        X : iterable of sequences
            As of `observe`.
        top : int, optional
            So many classes of each, best first, as a list.

        Returns
        -------
        list
            The name of a class for each, or a list of names; of events by position numbers.
        """
        return [self._best(answer, top) for answer in self.run(X)]

    def evaluate(self, X: Any = "test", y: Any = None, *, weight: ArrayLike | None = None) -> Evaluation:
        """Return how well the network does on a stored set, or on fresh sequences, which are not kept.

        Parameters
        ----------
        X : {"test", "train"} or iterable of sequences, default "test"
            The set, or sequences as of `observe`.
        y : array_like, optional
            What each has come to; where the target is a field of the events each next event is looked at instead.
        weight : float or array_like, optional
            How much each counts in the error.

        Returns
        -------
        ClassifierEvaluation or RegressorEvaluation
            The figures, beside those of a baseline. Of a series they are of how much a value differs from the last.
        """
        if isinstance(X, str) and y is None and weight is None:
            return super().evaluate(X)
        flat, ends = self._flat(X)
        fields = _core.evaluate_events(self, flat, ends, y, weight)
        return ClassifierEvaluation(**fields) if "accuracy" in fields else RegressorEvaluation(**fields)

    def forecast(self, X: Any, steps: int, *, level: float | None = None) -> Forecast:
        """Return the next values of a series that is not kept.

        Parameters
        ----------
        X : sequence of events
            One sequence, as of `observe`.
        steps : int
            How many values, 1 to 10000.
        level : float, optional
            How often the truth is to lie within bounds, above 0 and below 1, such as 0.9.

        Returns
        -------
        Forecast
            The values, and the bounds if they are asked for.

        Raises
        ------
        KindError
            If the network is no series.
        TrainingError
            If the validation sequences are too short, or too few, for that level.
        """
        flat, _ = self._flat([X])
        return _forecast(_core.forecast(self, None, flat, steps, level))

    def sample(
        self,
        X: Any = (),
        count: int = 1,
        *,
        until: str | None = None,
        temperature: float = 1.0,
        top_k: SupportsIndex | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        penalty: float = 1.0,
        seed: SupportsIndex | None = None,
    ) -> list[str]:
        """Return events that could follow a sequence, each drawn by its probability after those before it.

        Parameters
        ----------
        X : sequence of events, optional
            What has happened, as one sequence of `observe`; nothing, for one from its beginning.
        count : int, default 1
            How many events at most, 1 to 1000.
        until : str, optional
            The word that ends it, which is not returned.
        temperature, top_k, top_p, min_p, seed
            As of `Network.sample`.
        penalty : float, default 1.0
            Above 1, words that have come in the sequence, or been drawn, become less likely: the logarithms of their
            probabilities are multiplied by it, before the temperature [1]_.

        Returns
        -------
        list of str
            The words, one after the other.

        Raises
        ------
        KindError
            If the target is no field of the events, or the network is a regressor.
        OptionError
            If an option is out of its range, or ``until`` is no word of the events.

        References
        ----------
        .. [1] N. S. Keskar, B. McCann, L. R. Varshney, C. Xiong, R. Socher, "CTRL: a conditional transformer language
           model for controllable generation", 2019.
        """
        flat, _ = self._flat([X])
        drawing = (temperature, top_k, top_p, min_p, seed)
        return self._drawn(None, flat, (count, until), drawing, penalty)

    def step(self, state: bytes, event: Any) -> tuple[NDArray[float32], bytes]:
        """Return the answer to a sequence that the caller keeps, after one more event, and its new state.

        The network keeps nothing of it: the state may lie in a cookie, in a hash, on a telephone. It holds the last
        ``length`` events, a word as the number that the network knows it by, and nothing of the weights: so it goes on
        after a training, and on every copy of the network. Answers are those to a sequence with the same events that
        is kept; but words that the network has not met are not taken up, and stand for any other word.

        Parameters
        ----------
        state : bytes
            What the last step returned; ``b""`` begins.
        event : dict, or a value, or array_like
            As of `Session.observe`.

        Returns
        -------
        answer : numpy.ndarray of float32, shape (outputs,)
            As a row of `run`.
        state : bytes
            22 bytes or a few more, beside those of the events: a word takes one or two, a number four.

        Raises
        ------
        FormatError
            If the bytes are no state, or that of a network with other fields or words.

        Examples
        --------
        >>> import neuralredis as nr
        >>> net = nr.SequenceNetwork("classifier", fields={"letter": "category"}, target="letter", seed=1)
        >>> counts = net.observe(["abcabcabc", "bcabcabca", "cabcabcab"] * 10)
        >>> report = net.train(max_cycles=100)
        >>> state = b""
        >>> for letter in "abca":
        ...     answer, state = net.step(state, letter)
        >>> net.info().classes[answer.argmax()]
        'b'
        >>> len(state)
        26
        """
        flat, _ = self._flat([[event]])
        answers, state = _core.step(self, _state(state), flat, 1)
        return answers[0], state

    def _drawn(
        self, id: bytes | None, events: Any, extent: tuple[int, str | None], drawing: tuple[Any, ...], penalty: float
    ) -> list[str]:
        count, until = extent
        word = None if until is None else id_of(until)
        names = self._declared["classes"]
        return [names[at] for at in _core.sample_events(self, id, events, (count, word), drawing, penalty)]

    def _best(self, answer: NDArray[float32], top: int | None = None) -> Any:
        declared = self._declared
        if self._info()["type"] != "classifier":
            raise KindError("the network is a regressor: only a classifier has classes")
        names = range(len(answer)) if declared["by_position"] else declared["classes"]
        if top is None:
            return names[int(np.argmax(answer))]
        if (count := operator.index(top)) < 1:
            raise OptionError(f"top is {count}: expected an integer from 1 to {2**32 - 1}")
        return [names[int(at)] for at in np.argsort(-answer, kind="stable")[:count]]

    def _observed(
        self, X: Any, y: Any, ids: Sequence[str | bytes | int] | None, sequence: str | None, order: str | None
    ) -> tuple[list[bytes] | None, Any, list[int], Any]:
        """Ids if there are any, all events one after the other, where each sequence ends, and what it has come to."""
        if sequence is not None:
            declared = self._declared
            targets = None if declared["next"] else declared["targets"]
            flat, ends, names, found = _of_frame(X, sequence, order, declared["fields"], targets)
            return names, flat, ends, found if y is None else y
        flat, ends = self._flat(X)
        if ids is None:
            return None, flat, ends, y
        names = [id_of(id) for id in ids]
        if len(names) != len(ends):
            raise ShapeError(f"{len(ends)} sequences but {len(names)} ids")
        return names, flat, ends, y

    def _flat(self, X: Any) -> tuple[Any, list[int]]:
        """All events one after the other, and where each sequence ends."""
        declared = self._declared
        sequences = [sequence if isinstance(sequence, np.ndarray) else list(sequence) for sequence in X]
        ends = np.cumsum([len(sequence) for sequence in sequences], dtype=np.int64).tolist()
        if declared["by_position"]:
            width = int(next(iter(declared["fields"].values())).split()[1])
            arrays = [
                np.asarray(sequence, dtype=np.float32).reshape(len(sequence), -1 if len(sequence) else width)
                for sequence in sequences
            ]
            return (np.concatenate(arrays) if ends and ends[-1] else np.zeros((0, width), np.float32)), ends
        events: list[Any] = [event for sequence in sequences for event in sequence]
        if len(declared["fields"]) == 1 and not (events and isinstance(events[0], Mapping)):
            [field] = declared["fields"]
            return {field: events}, ends
        return events, ends

    def _new_ids(self, count: int) -> list[bytes]:
        known = set(_core.sequence_ids(self))
        names: Iterator[bytes] = (b"%d" % number for number in range(len(known), 2**63))
        found: list[bytes] = []
        for name in names:
            if len(found) == count:
                break
            if name not in known:
                found.append(name)
        return found


class Session:
    """One sequence of a network: what it has done, and what the network says of it now.

    Attributes
    ----------
    net : SequenceNetwork
        The network.
    id : bytes
        The id of the sequence.
    """

    __slots__ = ("id", "net")

    def __init__(self, net: SequenceNetwork, id: bytes) -> None:
        self.net = net
        self.id = id

    def __repr__(self) -> str:
        """Return the id, for people."""
        return f"<session {self.id!r}>"

    def observe(self, event: Any, *, into: Set | None = None) -> None:
        """Add an event: a dict of fields, or of one field its value; of events by position a row of numbers."""
        flat, _ = self.net._flat([[event]])
        _core.happen(self.net, [self.id], flat, [1], (None, None), into)

    def finish(self, outcome: Any, *, weight: float | None = None) -> None:
        """Say what the sequence has come to: a class, or the outputs."""
        flat, _ = self.net._flat([[]])
        multiple = isinstance(outcome, (list, tuple, np.ndarray))
        _core.happen(self.net, [self.id], flat, [0], (outcome if multiple else [outcome], weight), None)

    def run(self, event: Any = None) -> NDArray[float32]:
        """Return what the network answers now, or after one more event, which is not kept.

        Returns
        -------
        numpy.ndarray of float32, shape (outputs,)
            As a row of `SequenceNetwork.run`.
        """
        flat = None if event is None else self.net._flat([[event]])[0]
        answer: NDArray[float32] = _core.run_session(self.net, self.id, flat)[0]
        return answer

    def classify(self, event: Any = None, *, top: int | None = None) -> Any:
        """Return the class now, or after one more event; with ``top`` the best so many."""
        return self.net._best(self.run(event), top)

    def forecast(self, steps: int, *, level: float | None = None) -> Forecast:
        """Return the next values, as `SequenceNetwork.forecast` does."""
        return _forecast(_core.forecast(self.net, self.id, None, steps, level))

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
    ) -> list[str]:
        """Return events that could come next, as `SequenceNetwork.sample` does."""
        drawing = (temperature, top_k, top_p, min_p, seed)
        return self.net._drawn(self.id, None, (count, until), drawing, penalty)

    def forget(self) -> bool:
        """Drop the sequence; return whether there was one."""
        return _core.forget(self.net, self.id)


def id_of(id: str | bytes | int) -> bytes:
    """Return the bytes of an id."""
    if isinstance(id, bytes):
        return id
    if isinstance(id, (str, int, np.integer)):
        return str(id).encode("utf-8", "surrogateescape")
    raise TypeError(f"the id is {id!r}: expected a text, bytes or an integer")


def _state(state: Any) -> bytes:
    """Return the bytes of a state."""
    if isinstance(state, (bytes, bytearray, memoryview)):
        return bytes(state)
    raise TypeError(f"the state is {state!r}: expected the bytes that a step returned, or b'' to begin")


def _forecast(found: tuple[NDArray[float32], tuple[NDArray[float32], NDArray[float32]] | None]) -> Forecast:
    values, bounds = found
    return Forecast(values) if bounds is None else Forecast(values, *bounds)


def _of_frame(
    frame: Any, sequence: str, order: str | None, fields: Mapping[str, str], targets: Sequence[str] | None
) -> tuple[dict[str, Any], list[int], list[bytes], Any]:
    """Return the columns in the order of sequences, where these end, their ids, and what they came to."""
    columns = {str(name): np.asarray(frame[name]) for name in _names(frame)}
    for name in (sequence, order):
        if name is not None and name not in columns:
            raise DataError(f"no column {name!r}: the frame has {', '.join(columns)}")
    ids = columns[sequence]
    # Sequences in the order in which they first come; events as they are, or in order.
    first: dict[Any, int] = {}
    numbers = np.array([first.setdefault(id, len(first)) for id in ids.tolist()], dtype=np.int64)
    keys = (numbers,) if order is None else (columns[order], numbers)
    places = np.lexsort(keys) if len(numbers) else numbers
    counts = np.bincount(numbers, minlength=len(first))
    ends = np.cumsum(counts).tolist()
    last = places[np.asarray(ends, dtype=np.int64) - 1] if ends else places
    outcomes = None
    if targets is not None and all(target in columns for target in targets):
        found = [columns[target][last] for target in targets]
        outcomes = found[0] if len(found) == 1 else np.stack(found, axis=1)
    # A moment by which they are ordered may be a field, too.
    skipped = {sequence, order, *(targets or ())}.difference(fields)
    events = {name: column[places] for name, column in columns.items() if name not in skipped}
    return events, ends, [id_of(id) for id in first], outcomes


def _names(frame: Any) -> Iterable[Any]:
    return frame.keys() if isinstance(frame, Mapping) else frame.columns
