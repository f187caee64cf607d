"""Networks of sequences: events in order, stored under an id for each sequence."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, SupportsIndex

import numpy as np
from numpy import float32
from numpy.typing import ArrayLike, NDArray

from neuralredis import _core
from neuralredis.event_frames import sequences_of_frame
from neuralredis.exceptions import KindError, OptionError, ShapeError
from neuralredis.network import Network
from neuralredis.options import Creation, Kind, Set
from neuralredis.results import ClassifierEvaluation, Evaluation, Forecast, RegressorEvaluation, RowCounts
from neuralredis.series import KEPT_BACK, parts
from neuralredis.session import Session, id_of

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

__all__ = ["Cell", "SequenceNetwork"]

Cell = Literal["auto", "window", "reservoir", "gru"]


class SequenceNetwork(Network):
    """A network that learns from sequences of events.

    A sequence is the history of one visitor, device or patient: any number of events in order, with the same fields
    each. The network stores the last ``length`` events of each sequence under its id. It learns to predict the outcome
    of a sequence (whether a visitor left, which gesture a movement was) or, if ``target`` is a field of the events, the
    next event.

    Sequences need no padding, no batches and no common length. A hash of its id puts a whole sequence into the training
    or the validation set. Beyond ``dataset`` and ``test`` sequences are dropped: first sequences with an outcome, then
    the sequences that have been idle longest.

    Parameters
    ----------
    kind : {"classifier", "regressor"}
        What it predicts: a class, or numbers.
    layout : sequence of int
        For events without fields: numbers of an event, units of hidden layers, outputs. Leave it out with ``fields``.
    fields : dict of str to str, optional
        The kind of each field of an event, as of `Network`.
    target : str or sequence of str, optional
        What it predicts. If it is the name of a field, the next event is predicted: for a classifier a ``category`` of
        at most 1000, for a regressor a ``number``, whose sequences are series.
    length : int, default 64
        Number of last events of each sequence that are stored, 1 to 65536.
    cell : {"auto", "window", "reservoir", "gru"}, default "auto"
        How a sequence becomes inputs. ``"window"``: the last 8 events, 24 of a series. ``"reservoir"``: the hidden
        state of 200 fixed recurrent units with different time constants [1]_ and, for sequences with an outcome, the
        mean and maximum of each over time. ``"gru"``: 32 gated recurrent units [2]_, 64 if the target is a field,
        trained by backpropagation through time with mini-batches, whatever ``algorithm`` is; up to four members, each
        with its own units. ``"auto"``: ``"gru"`` if each next event is a class, the window alone for a series, and else
        window and reservoir.
    hidden, classes, **options
        As for `Network`, without ``monotone`` and ``threshold``. By default a network with GRU cells has no hidden
        layers.

    Raises
    ------
    OptionError
        As for `Network`, and if the target is a field of another kind or with too many categories.

    References
    ----------
    .. [1] A. Rodan, P. Tino, "Minimum complexity echo state network", IEEE Transactions on Neural Networks 22, 2011.
    .. [2] K. Cho and others, "Learning phrase representations using RNN encoder-decoder for statistical machine
       translation", EMNLP 2014; with the reset gate after the matrix product, as in PyTorch and ONNX.

    Examples
    --------
    Visitors who look at the help twice in a row leave:

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

    The next event, here the next letter, of events with one field:

    >>> net = nr.SequenceNetwork("classifier", fields={"letter": "category"}, target="letter", dataset=100, seed=1)
    >>> net.observe(["abcabcabc", "bcabcabca", "cabcabcab"] * 10)
    RowCounts(train=30, test=0)
    >>> report = net.train(max_cycles=100)
    >>> net.classify(["abca", "bc"])
    ['b', 'a']

    The same with gated recurrent units:

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
        """Create the network; see the class."""
        declared: Any = {"fields": fields, "target": target, "hidden": hidden, "classes": classes}
        declared["_sequence"] = (length, cell)
        return super().__new__(cls, kind, layout, **declared, **options)

    @property
    def length(self) -> int:
        """Number of last events of each sequence that are stored."""
        return int(self._declared["length"])

    @property
    def cell(self) -> Cell:
        """How a sequence becomes inputs."""
        cell: Cell = self._declared["cell"]
        return cell

    @property
    def event_fields(self) -> Mapping[str, str] | None:
        """The kind of each field of an event, by name; None for events without fields."""
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
        """Return the ids of all stored sequences, in order of creation.

        Bytes that are not UTF-8 are decoded with ``surrogateescape``.
        """
        return [id.decode("utf-8", "surrogateescape") for id in _core.sequence_ids(self)]

    def session(self, id: str | bytes | int) -> Session:
        """Return a session: the methods of one sequence.

        Parameters
        ----------
        id : str, bytes or int
            The id of the sequence, of 1 to 255 bytes. The sequence need not exist yet.

        Returns
        -------
        Session
            It refers to the network and the id, and has no state of its own.
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
        """Store new sequences, or append events to stored ones.

        Parameters
        ----------
        X : iterable of sequences, or a frame
            Each sequence is a list of events: dicts of fields, or values where an event has one field (also the
            letters of a text); of events without fields an array of shape (events, numbers). Or one frame of pandas or
            polars, or a dict of columns, with a row for each event and ``sequence``.
        y : array_like of shape (sequences,) or (sequences, outputs), optional
            The outcome of each sequence; None if it is not known yet, or the target is a field of the events.
        ids : sequence of str, bytes or int, optional
            The id of each sequence. By default all are new sequences.
        sequence : str, optional
            The column of a frame with the ids. Outcomes are then read from the column of the target, in the row of the
            last event of each sequence, unless the target is a field of the events.
        order : str, optional
            The column of a frame by which to sort the events of each sequence; by default they keep their order.
        into : {"train", "test"}, optional
            The set for these sequences: training or validation.
        weight : float or array_like of shape (sequences,), optional
            Weight of each outcome in the loss, above 0.

        Returns
        -------
        RowCounts
            Numbers of stored training and validation sequences.

        Raises
        ------
        ShapeError, DataError
            As for `Network.observe`.
        """
        names, flat, ends, y = self._observed(X, y, ids, sequence, order)
        if names is None:
            names = self._new_ids(len(ends))
        return _core.happen(self, names, flat, ends, (y, weight), into)

    def observe_series(
        self, X: Iterable[Any], *, ids: Sequence[str | bytes | int] | None = None, kept_back: float = KEPT_BACK
    ) -> RowCounts:
        """Store series cut in time: the last part of each for validation, the rest for training.

        `observe` puts whole sequences into one set, so one or a few series would leave none for validation. Here each
        series becomes two sequences: ``id`` in the validation set, which a `session` continues, and ``id before`` in
        the training set. They overlap: the first 24 events of the later one are the last of the earlier one.

        Parameters
        ----------
        X : iterable of sequences
            As for `observe`, each a whole series.
        ids : sequence of str, bytes or int, optional
            The id of each series, of at most 248 bytes. By default all are new.
        kept_back : float, default 0.2
            The share of the events of each series to hold out for validation, from 0 to less than 1. Series too short
            to be cut go to the training set.

        Returns
        -------
        RowCounts
            Numbers of stored training and validation sequences.

        Raises
        ------
        ShapeError, DataError
            As for `observe`.
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
        # Check all events before storing any, so that an error changes nothing and has the event's number in X.
        _core.event_words(self, names, *self._flat(series), (None, None), None)
        self.observe(test.events, ids=test.ids, into="test")
        return self.observe(train.events, ids=train.ids, into="train")

    def run(self, X: Any) -> NDArray[float32]:
        """Return the network's outputs for sequences, which are not stored.

        Parameters
        ----------
        X : iterable of sequences
            As for `observe`.

        Returns
        -------
        numpy.ndarray of float32, shape (sequences, outputs)
            The probability of each of the `classes`, or numbers; for a series the next value.
        """
        flat, ends = self._flat(X)
        return _core.run_events(self, flat, ends)

    def classify(self, X: Any, *, top: int | None = None) -> list[Any]:  # type: ignore[override]
        """Return the most probable class of each sequence; sequences are not stored.

        Parameters
        ----------
        X : iterable of sequences
            As for `observe`.
        top : int, optional
            Return this many classes of each sequence, the most probable first.

        Returns
        -------
        list
            For each sequence the name of a class, or with ``top`` a list of names; numbers for events without fields.
        """
        return [self._best(answer, top) for answer in self.run(X)]

    def evaluate(self, X: Any = "test", y: Any = None, *, weight: ArrayLike | None = None) -> Evaluation:
        """Evaluate the network on a stored set, or on fresh sequences, which are not stored.

        Parameters
        ----------
        X : {"test", "train"} or iterable of sequences, default "test"
            The stored set, or sequences as for `observe`.
        y : array_like, optional
            The outcome of each sequence. Not given if the target is a field of the events: then the prediction of every
            next event is evaluated.
        weight : float or array_like, optional
            Weight of each sequence in ``error``.

        Returns
        -------
        ClassifierEvaluation or RegressorEvaluation
            Errors and the baseline. For a series they are errors of the difference between a value and the one before.
        """
        if isinstance(X, str) and y is None and weight is None:
            return super().evaluate(X)
        flat, ends = self._flat(X)
        fields = _core.evaluate_events(self, flat, ends, y, weight)
        return ClassifierEvaluation(**fields) if "accuracy" in fields else RegressorEvaluation(**fields)

    def forecast(self, X: Any, steps: int, *, level: float | None = None) -> Forecast:
        """Return the forecast of a series, which is not stored.

        Parameters
        ----------
        X : sequence of events
            One sequence, as for `observe`.
        steps : int
            Number of values to forecast, 1 to 10000.
        level : float, optional
            Coverage of prediction intervals, above 0 and below 1, such as 0.9.

        Returns
        -------
        Forecast
            The values and, with ``level``, the intervals.

        Raises
        ------
        KindError
            If the network does not forecast a number.
        TrainingError
            If the validation sequences are too few or too short for that level.
        """
        flat, _ = self._flat([X])
        return Forecast._of(_core.forecast(self, None, flat, steps, level))

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
        """Return sampled events that continue a sequence, each drawn by its probability after the ones before.

        Parameters
        ----------
        X : sequence of events, optional
            The sequence so far, as for `observe`; by default empty.
        count : int, default 1
            Largest number of events, 1 to 1000.
        until : str, optional
            The event that ends sampling; it is not returned.
        temperature, top_k, top_p, min_p, seed
            As for `Network.sample`.
        penalty : float, default 1.0
            Repetition penalty: above 1, events that have occurred or been drawn become less probable. The logarithms of
            their probabilities are multiplied by it, before the temperature [1]_.

        Returns
        -------
        list of str
            The events, in order.

        Raises
        ------
        KindError
            If the target is not a field of the events, or the network is a regressor.
        OptionError
            If an option is out of its range, or ``until`` is not a class of the network.

        References
        ----------
        .. [1] N. S. Keskar, B. McCann, L. R. Varshney, C. Xiong, R. Socher, "CTRL: a conditional transformer language
           model for controllable generation", 2019.
        """
        flat, _ = self._flat([X])
        drawing = (temperature, top_k, top_p, min_p, seed)
        return self._drawn(None, flat, (count, until), drawing, penalty)

    def step(self, state: bytes, event: Any) -> tuple[NDArray[float32], bytes]:
        """Return the outputs for a sequence that the caller stores, after one more event, and its new state.

        The network stores nothing: the state can be kept in a cookie, a hash, or on another device. It contains the
        last ``length`` events, with categories as the network's numbers for them, and no weights; so it stays valid
        after a training, and for every copy of the network. Outputs are those for a stored sequence of the same events,
        except that new categories are not added, but treated as unknown.

        Parameters
        ----------
        state : bytes
            The state that the last step returned; ``b""`` for a new sequence.
        event : dict, or a value, or array_like
            As for `Session.observe`.

        Returns
        -------
        answer : numpy.ndarray of float32, shape (outputs,)
            As a row of `run`.
        state : bytes
            About 22 bytes and those of the events: a category takes one or two bytes, a number four.

        Raises
        ------
        FormatError
            If the bytes are not a state, or that of a network with other fields or categories.

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
        """Return ids (or None), all events concatenated, the end of each sequence, and outcomes."""
        if sequence is not None:
            declared = self._declared
            targets = None if declared["next"] else declared["targets"]
            flat, ends, names, found = sequences_of_frame(X, sequence, order, declared["fields"], targets)
            return names, flat, ends, found if y is None else y
        flat, ends = self._flat(X)
        if ids is None:
            return None, flat, ends, y
        names = [id_of(id) for id in ids]
        if len(names) != len(ends):
            raise ShapeError(f"{len(ends)} sequences but {len(names)} ids")
        return names, flat, ends, y

    def _flat(self, X: Any) -> tuple[Any, list[int]]:
        """Return all events concatenated, and the end of each sequence."""
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


def _state(state: Any) -> bytes:
    """Return the bytes of a state."""
    if isinstance(state, (bytes, bytearray, memoryview)):
        return bytes(state)
    raise TypeError(f"the state is {state!r}: expected the bytes that a step returned, or b'' to begin")
