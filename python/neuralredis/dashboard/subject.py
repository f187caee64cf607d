"""The network that a page shows, from a server or a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from neuralredis.options import Set
from neuralredis.results import Info

__all__ = ["MissingError", "Rows", "Subject"]

#: Stored rows: their numbers in a set, inputs, and outcomes.
Rows = tuple[list[int], Any, Any]


class MissingError(Exception):
    """A view has nothing to show for a network; the message is a sentence for the page that says why."""


class Subject:
    """A network with its current information.

    Parameters
    ----------
    name : str
        Its key or file name.
    net : Network, SequenceNetwork, RedisNetwork or RedisSequenceNetwork
        The network.
    fetch : callable
        Returns stored rows of a set by their numbers; rows that were deleted are left out.
    info : Info
        Its information.
    of_sequences : bool
        Whether it learns from sequences.
    curve : callable
        Returns the progress of a running training by the network's id, with ``points``: (cycle, training error,
        validation error) each; None if none runs.
    """

    def __init__(
        self,
        name: str,
        net: Any,
        fetch: Callable[[Info, Set, Sequence[int]], Rows],
        *,
        info: Info,
        of_sequences: bool = False,
        curve: Callable[[int], Any] = lambda _: None,
    ) -> None:
        self.name, self.net, self.info, self.of_sequences = name, net, info, of_sequences
        self._fetch, self._curve = fetch, curve

    @property
    def trained(self) -> bool:
        """Whether it has been trained."""
        return self.info.training_total_cycles > 0

    @property
    def targets(self) -> list[str]:
        """The names of a regressor's outputs, or their numbers if they have none."""
        target = self.info.target
        if target is None:
            outputs = self.info.layout[-1]
            return ["the output"] if outputs == 1 else [f"output {number}" for number in range(outputs)]
        return [target] if isinstance(target, str) else list(target)

    @property
    def classes(self) -> list[str]:
        """The names of the classes with an output, or their numbers if they have none."""
        classes = self.info.classes
        return [str(number) for number in range(self.info.layout[-1])] if classes is None else list(classes)

    @property
    def running(self) -> Any:
        """The progress of the running training, with the points of its curve; None if none runs."""
        return self._curve(self.info.id)

    def count(self, set: Set) -> int:
        """Return the number of rows of a set."""
        return self.info.training_dataset_len if set == "train" else self.info.test_dataset_len

    def rows(self, set: Set, most: int) -> Rows:
        """Return rows of a set, evenly spread if there are more than `most`."""
        count = self.count(set)
        shown = min(count, most)
        places = [number * count // shown for number in range(shown)]
        return self._fetch(self.info, set, places)

    def kind_of(self, field: str) -> str:
        """Return the kind of a field without its size, such as ``category`` for ``category 7``."""
        return (self.info.fields or {})[field].partition(" ")[0]
