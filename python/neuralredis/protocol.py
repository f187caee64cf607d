"""The protocol of embedded and remote networks, for type annotations."""

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
    """A network in this process (`Network`) or in a Redis server (`RedisNetwork`), with the methods that both have.

    Examples
    --------
    >>> import neuralredis as nr
    >>> def wrong(net: nr.AnyNetwork) -> float | None:
    ...     return net.info().classification_errors_perc
    >>> wrong(nr.Network("classifier", [2, 2]))
    0.0
    """

    # Rows are arrays, or, with fields, dicts, frames and tables of several libraries.
    def observe(
        self, X: Any, y: Any = None, *, into: Set | None = None, weight: ArrayLike | None = None
    ) -> tuple[int, int]:
        """Store training and validation rows."""

    def run(self, X: Any) -> Any:
        """Return the outputs of the network."""

    def classify(
        self, X: Any, *, top: SupportsIndex | None = None, scores: bool | None = None, least: float | None = None
    ) -> Any:
        """Return the class of each row."""

    def interval(self, X: Any, level: float = 0.9) -> Interval:
        """Return outputs with prediction intervals of the given coverage."""

    def class_set(self, X: Any, level: float = 0.9) -> list[Any]:
        """Return sets of classes that contain the true one with the given coverage."""

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
        """Calibrate intervals and sets on fresh rows."""

    def rank(
        self,
        candidates: Any,
        shared: Mapping[str, Any] | None = None,
        *,
        want: Any = None,
        top: int | None = None,
    ) -> list[Ranked]:
        """Return candidates in order of their score, best first."""

    def explain(
        self,
        X: Any,
        *,
        label: Any = None,
        samples: SupportsIndex | None = None,
        seed: SupportsIndex | None = None,
        want: Any = None,
    ) -> Any:
        """Return the contribution of each field to a prediction, or the changes for another class."""

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
        """Return layout, options, numbers of rows, and errors."""

    def report(self) -> Report | None:
        """Return the report of the last training."""

    @overload
    def evaluate(self, X: Set = "test") -> Evaluation: ...
    @overload
    def evaluate(self, X: Any, y: Any = None, *, weight: ArrayLike | None = None) -> Evaluation: ...

    def rows(self, set: Set) -> tuple[Any, NDArray[Any]]:
        """Return the stored rows of a set."""

    def field_statistics(self) -> tuple[FieldStatistics, ...]:
        """Return statistics of each field over the stored rows, and its importance."""

    def reset(self) -> None:
        """Draw new random weights and clear the statistics."""

    def configure(
        self,
        **options: Unpack[Changes],
    ) -> Options:
        """Change options atomically, and return all of them."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a file."""

    def __bytes__(self) -> bytes:
        """Return the network as bytes, as `save` writes it."""
