"""What a network offers wherever it is, for the annotations of programs that take either."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, SupportsIndex, overload

from numpy.typing import ArrayLike, NDArray

from neuralredis.options import Changes, Options, Set
from neuralredis.results import Evaluation, FieldStatistics, Info, Interval, Progress, Ranked, Report
from neuralredis.training import Training

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["AnyNetwork"]


class AnyNetwork(Protocol):
    """A network in this process (`Network`) or in a Redis server (`RedisNetwork`): the same methods do the same.

    Examples
    --------
    >>> import neuralredis as nr
    >>> def wrong(net: nr.AnyNetwork) -> float | None:
    ...     return net.info().classification_errors_perc
    >>> wrong(nr.Network("classifier", [2, 2]))
    0.0
    """

    # Rows by their positions are arrays, rows of fields dicts, frames and tables of several libraries.
    def observe(
        self, X: Any, y: Any = None, *, into: Set | None = None, weight: ArrayLike | None = None
    ) -> tuple[int, int]:
        """Store rows to learn from and to test on."""

    def run(self, X: Any) -> Any:
        """Return the outputs of the network."""

    def classify(
        self, X: Any, *, top: SupportsIndex | None = None, scores: bool | None = None, least: float | None = None
    ) -> Any:
        """Return the class of each row."""

    def interval(self, X: Any, level: float = 0.9) -> Interval:
        """Return outputs with bounds that hold the truth as often as is asked."""

    def class_set(self, X: Any, level: float = 0.9) -> list[Any]:
        """Return the classes among which the true one is as often as is asked."""

    def sample(
        self,
        X: Any,
        *,
        temperature: float = 1.0,
        top_k: SupportsIndex | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        seed: SupportsIndex | None = None,
    ) -> Any:
        """Return a class for each row, drawn by its probability."""

    def calibrate(self, X: Any = None, y: Any = None) -> int:
        """Have intervals and sets follow from rows that the network has never seen."""

    def rank(
        self,
        candidates: Any,
        shared: Mapping[str, Any] | None = None,
        *,
        want: Any = None,
        top: int | None = None,
    ) -> list[Ranked]:
        """Return candidates, best first."""

    def explain(
        self,
        X: Any,
        *,
        label: Any = None,
        samples: SupportsIndex | None = None,
        seed: SupportsIndex | None = None,
        want: Any = None,
    ) -> Any:
        """Return what each field of a row adds to the answer, or what would have to change for another class."""

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

    @overload
    def evaluate(self, X: Set = "test") -> Evaluation: ...
    @overload
    def evaluate(self, X: Any, y: Any = None, *, weight: ArrayLike | None = None) -> Evaluation: ...

    def rows(self, set: Set) -> tuple[Any, NDArray[Any]]:
        """Return the rows of a set, as they came."""

    def field_statistics(self) -> tuple[FieldStatistics, ...]:
        """Return what the stored rows hold of each field, and how much each matters."""

    def reset(self) -> None:
        """Forget all learning, and begin again from new random weights."""

    def configure(
        self,
        **options: Unpack[Changes],
    ) -> Options:
        """Change options, all or none, and return all of them."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a file."""

    def __bytes__(self) -> bytes:
        """Return the network as bytes, as `save` writes it."""
