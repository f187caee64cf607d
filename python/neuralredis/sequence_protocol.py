"""What a network of sequences offers wherever it is, for the annotations of programs that take either."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, SupportsIndex

from numpy import float32
from numpy.typing import ArrayLike, NDArray

from neuralredis.options import Changes, Options, Set
from neuralredis.results import Evaluation, FieldStatistics, Info, Progress, Report
from neuralredis.sequences import Forecast
from neuralredis.training import Training

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["AnySequenceNetwork", "AnySession"]


class AnySequenceNetwork(Protocol):
    """A network of sequences in this process (`SequenceNetwork`) or in a Redis server (`RedisSequenceNetwork`).

    The same methods do the same; but in a server each sequence that is observed needs an id, and only stored sets are
    evaluated.

    Examples
    --------
    >>> import neuralredis as nr
    >>> def clicked(net: nr.AnySequenceNetwork, user: str, page: str) -> str:
    ...     visitor = net.session(user)
    ...     visitor.observe({"page": page})
    ...     return visitor.classify()
    >>> net = nr.SequenceNetwork("classifier", fields={"page": "category"}, target="page", seed=1)
    >>> clicked(net, "user:17", "home")
    'home'
    """

    def session(self, id: str | bytes | int) -> AnySession:
        """Return what one sequence is asked and told by."""

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
    ) -> tuple[int, int]:
        """Add sequences, or events to those that are there."""

    def observe_series(
        self, X: Iterable[Any], *, ids: Sequence[str | bytes | int] | None = None, kept_back: float = 0.2
    ) -> tuple[int, int]:
        """Add series, each of which is cut in time."""

    def step(self, state: bytes, event: Any) -> tuple[NDArray[float32], bytes]:
        """Return the answer to a sequence that the caller keeps, after one more event, and its new state."""

    def train(
        self,
        *,
        max_cycles: int | None = 0,
        max_time: float | None = 10.0,
        autostop: bool = False,
        backtrack: bool = False,
        progress: bool | None = None,
        callback: Callable[[Progress], object] | None = None,
    ) -> Report:
        """Train, and wait for the end."""

    def start_training(
        self,
        *,
        max_cycles: int | None = 0,
        max_time: float | None = 10.0,
        autostop: bool = False,
        backtrack: bool = False,
    ) -> Training:
        """Start a training in the background and return at once."""

    def stop(self) -> bool:
        """Ask a running training to end and to keep what it has learnt; whether there was one."""

    def info(self) -> Info:
        """Return what the network tells of itself."""

    def report(self) -> Report | None:
        """Return what the last training did and found."""

    def evaluate(self, X: Set = "test") -> Evaluation:
        """Return how well the network does on a stored set."""

    def field_statistics(self) -> tuple[FieldStatistics, ...]:
        """Return what the network sees of the sequences, and how much each part of it matters."""

    def reset(self) -> None:
        """Forget all learning, and begin again from new random weights."""

    def configure(self, **options: Unpack[Changes]) -> Options:
        """Change options, all or none, and return all of them."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a file."""

    def __bytes__(self) -> bytes:
        """Return the network as bytes, as `save` writes it."""


class AnySession(Protocol):
    """One sequence of a network in this process (`Session`) or in a Redis server (`RedisSession`)."""

    id: bytes

    def observe(self, event: Any, *, into: Set | None = None) -> None:
        """Add an event."""

    def finish(self, outcome: Any, *, weight: float | None = None) -> None:
        """Say what the sequence has come to."""

    def run(self, event: Any = None) -> NDArray[float32]:
        """Return what the network answers now, or after one more event."""

    def classify(self, event: Any = None, *, top: int | None = None) -> Any:
        """Return the class now, or after one more event."""

    def forecast(self, steps: int, *, level: float | None = None) -> Forecast:
        """Return the next values of a series."""

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
        """Return events that could come next."""

    def forget(self) -> bool:
        """Drop the sequence; whether there was one."""
