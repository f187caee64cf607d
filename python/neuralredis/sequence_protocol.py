"""The protocols of embedded and remote networks of sequences, for type annotations."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, SupportsIndex

from numpy import float32
from numpy.typing import ArrayLike, NDArray

from neuralredis.options import Changes, Options, Set
from neuralredis.results import Evaluation, FieldStatistics, Forecast, Info, Progress, Report
from neuralredis.training import Training

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["AnySequenceNetwork", "AnySession"]


class AnySequenceNetwork(Protocol):
    """A network of sequences in this process (`SequenceNetwork`) or in a Redis server (`RedisSequenceNetwork`).

    Methods behave alike, with two exceptions: in a server each observed sequence needs an id, and only stored sets can
    be evaluated.

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
        """Return a session: the methods of one sequence."""

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
        """Store new sequences, or append events to stored ones."""

    def observe_series(
        self, X: Iterable[Any], *, ids: Sequence[str | bytes | int] | None = None, kept_back: float = 0.2
    ) -> tuple[int, int]:
        """Store series cut in time: the last part of each for validation."""

    def step(self, state: bytes, event: Any) -> tuple[NDArray[float32], bytes]:
        """Return the outputs for a sequence that the caller stores, after one more event, and its new state."""

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
        """Train, and return when the training has ended."""

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
        """Stop a running training, keeping its result; return whether there was one."""

    def info(self) -> Info:
        """Return layout, options, numbers of sequences, and errors."""

    def report(self) -> Report | None:
        """Return the report of the last training."""

    def evaluate(self, X: Set = "test") -> Evaluation:
        """Evaluate the network on a stored set."""

    def field_statistics(self) -> tuple[FieldStatistics, ...]:
        """Return statistics of the inputs made from sequences, and the importance of each."""

    def reset(self) -> None:
        """Draw new random weights and clear the statistics."""

    def configure(self, **options: Unpack[Changes]) -> Options:
        """Change options atomically, and return all of them."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a file."""

    def __bytes__(self) -> bytes:
        """Return the network as bytes, as `save` writes it."""


class AnySession(Protocol):
    """One sequence of a network in this process (`Session`) or in a Redis server (`RedisSession`)."""

    id: bytes

    def observe(self, event: Any, *, into: Set | None = None) -> None:
        """Append an event."""

    def finish(self, outcome: Any, *, weight: float | None = None) -> None:
        """Store the outcome of the sequence."""

    def run(self, event: Any = None) -> NDArray[float32]:
        """Return the outputs for the sequence, or after one more event."""

    def classify(self, event: Any = None, *, top: int | None = None) -> Any:
        """Return the class of the sequence, or after one more event."""

    def forecast(self, steps: int, *, level: float | None = None) -> Forecast:
        """Return the forecast of the series."""

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
        """Return sampled next events."""

    def forget(self) -> bool:
        """Delete the sequence; return whether it existed."""
