"""Sources of the networks that a dashboard shows: a server, or files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np

from neuralredis.dashboard.scanning import Scan
from neuralredis.dashboard.subject import Rows, Subject
from neuralredis.dashboard.trainings import Trainings, progress_of
from neuralredis.exceptions import NotFoundError, TrainingError
from neuralredis.network import Network
from neuralredis.options import Set
from neuralredis.remote import replies
from neuralredis.remote.database import NeuralRedis
from neuralredis.remote.links import UNDECODED, Link
from neuralredis.remote.named import Named
from neuralredis.remote.network import RedisNetwork
from neuralredis.remote.refusals import ours
from neuralredis.remote.sequences import RedisSequenceNetwork
from neuralredis.results import Info
from neuralredis.sequences import SequenceNetwork

__all__ = ["Files", "Place", "Server", "of_file"]

#: Rows requested in one batch; the server handles other clients between batches.
ROWS_AT_A_TIME = 100
#: Networks whose NR.INFO is requested in one batch.
INFOS_AT_A_TIME = 50
#: Seconds that scanning for networks may take in one request; the next one continues.
SEARCH = 0.2


class Place(Protocol):
    """A source of networks."""

    #: Its name on the page.
    name: str

    def keys(self) -> tuple[list[bytes], bool]:
        """Return the networks found so far, and whether the scan is incomplete."""

    def subjects(self, keys: Sequence[bytes]) -> list[Subject | Exception]:
        """Return the networks of some keys, or for each that cannot be read the exception."""

    def running(self) -> dict[int, dict[str, Any]]:
        """Return the progress of running trainings, by the ids of their networks."""

    def train(self, key: bytes, *, seconds: float, autostop: bool) -> None:
        """Start a training."""

    def stop(self, key: bytes) -> bool:
        """Request a training to stop, and return whether there was one."""


class Server:
    """The networks of a server."""

    def __init__(self, name: str, db: NeuralRedis) -> None:
        self.name, self._db = name, db
        self._trainings = Trainings(db)
        self._link = Link(db.client)
        self._scan = Scan(db.client)

    def keys(self) -> tuple[list[bytes], bool]:
        """Return the networks found so far, after scanning for at most `SEARCH` seconds."""
        return self._scan.go_on(SEARCH)

    def subjects(self, keys: Sequence[bytes]) -> list[Subject | Exception]:
        """Return the networks of some keys, with NR.INFO in batches."""
        found: list[Subject | Exception] = []
        for first in range(0, len(keys), INFOS_AT_A_TIME):
            part = keys[first : first + INFOS_AT_A_TIME]
            with self._db.client.pipeline(transaction=False) as pipeline:
                for key in part:
                    pipeline.execute_command("NR.INFO", key, **UNDECODED)
                replies = pipeline.execute(raise_on_error=False)
            found += [
                ours(reply) if isinstance(reply, Exception) else self._subject(key, reply)
                for key, reply in zip(part, replies, strict=True)
            ]
        return found

    def _subject(self, key: bytes, reply: Any) -> Subject:
        of_sequences = "sequence_length" in replies.fields(reply)
        net = (RedisSequenceNetwork if of_sequences else RedisNetwork)(self._link, key)

        def fetch(info: Info, set: Set, places: Sequence[int]) -> Rows:
            return self._rows(key, info, set, places)

        return Subject(
            shown(key), net, fetch, info=replies.info(reply), of_sequences=of_sequences, curve=self._trainings.of
        )

    def _rows(self, key: bytes, info: Info, set: Set, places: Sequence[int]) -> Rows:
        """Return rows by their numbers, with one command each, in batches."""
        more = () if info.fields is not None else ("COUNT", 1)
        replies: list[Any] = []
        for first in range(0, len(places), ROWS_AT_A_TIME):
            part = places[first : first + ROWS_AT_A_TIME]
            replies += self._link.send([("NR.GETDATA", key, set.upper(), place, *more) for place in part])
        # Rows may have been deleted since their number was read.
        there = [(place, reply) for place, reply in zip(places, replies, strict=True) if reply and reply[0]]
        found = [reply for _, reply in there]
        left = [place for place, _ in there]
        if info.fields is not None and info.target is not None:
            return (left, *Named(info.type, info.fields, info.target).rows_of(found))
        inputs = np.frombuffer(b"".join(reply[0] for reply in found), "<f4").reshape(-1, info.layout[0])
        outcomes = np.frombuffer(b"".join(reply[1] for reply in found), "<f4")
        if info.type == "classifier":
            return left, inputs, outcomes.astype(np.int64)
        return left, inputs, outcomes.reshape(-1, info.layout[-1])

    def running(self) -> dict[int, dict[str, Any]]:
        """Return the progress of running trainings, by the ids of their networks."""
        return {number: progress_of(training) for number, training in self._trainings.running().items()}

    def train(self, key: bytes, *, seconds: float, autostop: bool) -> None:
        """Start a training."""
        self._db.network(key).start_training(max_time=seconds, autostop=autostop, backtrack=autostop)

    def stop(self, key: bytes) -> bool:
        """Request a training to stop, and return whether there was one."""
        return self._db.network(key).stop()


class Files:
    """Networks that were loaded from files; read-only."""

    def __init__(self, networks: Iterable[tuple[str, Network]]) -> None:
        self._networks = {name.encode(errors="surrogateescape"): net for name, net in networks}
        count = len(self._networks)
        self.name = next(shown(name) for name in self._networks) if count == 1 else f"{count} files"

    def keys(self) -> tuple[list[bytes], bool]:
        """Return the names of the files, in the order in which they were given."""
        return list(self._networks), False

    def subjects(self, keys: Sequence[bytes]) -> list[Subject | Exception]:
        """Return the networks of some file names, or `NotFoundError` for an unknown one."""
        return [
            of_file(shown(key), self._networks[key])
            if key in self._networks
            else NotFoundError(f"{shown(key)} is not one of the files of this dashboard")
            for key in keys
        ]

    def running(self) -> dict[int, dict[str, Any]]:
        """Return no trainings."""
        return {}

    def train(self, key: bytes, *, seconds: float, autostop: bool) -> None:
        """Raise `TrainingError`."""
        raise TrainingError("networks in files are read-only here: `neuralredis train` trains them")

    def stop(self, key: bytes) -> bool:
        """Return that no training runs."""
        return False


def of_file(name: str, net: Network) -> Subject:
    """Return the subject of an embedded network."""

    def fetch(_: Info, set: Set, places: Sequence[int]) -> Rows:
        inputs, outcomes = net.rows(set)
        chosen = [inputs[place] for place in places] if isinstance(inputs, list) else inputs[list(places)]
        return list(places), chosen, outcomes[list(places)]

    return Subject(name, net, fetch, info=net.info(), of_sequences=isinstance(net, SequenceNetwork))


def shown(key: bytes) -> str:
    """Return a key as text; bytes that are not UTF-8 are escaped."""
    return key.decode(errors="backslashreplace")
