"""The network that a page shows, wherever it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from neuralredis.options import Set
from neuralredis.results import Info

__all__ = ["MissingError", "Rows", "Subject"]

#: Stored rows: their places in a set, inputs, and what they came to.
Rows = tuple[list[int], Any, Any]


class MissingError(Exception):
    """A view has nothing to show of a network; the message says why, in a sentence for the page."""


class Subject:
    """A network, as it is now.

    Parameters
    ----------
    name : str
        What it is called: its key, or its file.
    net : Network, SequenceNetwork, RedisNetwork or RedisSequenceNetwork
        The network.
    fetch : callable
        Returns the stored rows at some places of a set, of which some may be gone.
    info : Info
        What it tells of itself.
    of_sequences : bool
        Whether it learns from sequences.
    curve : callable
        Returns the points of a running training, (cycle, training error, validation error) each.
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
        """Whether it has learnt anything."""
        return self.info.training_total_cycles > 0

    @property
    def targets(self) -> list[str]:
        """The names of the outputs of a regressor, with numbers where they have none."""
        target = self.info.target
        if target is None:
            outputs = self.info.layout[-1]
            return ["the output"] if outputs == 1 else [f"output {number}" for number in range(outputs)]
        return [target] if isinstance(target, str) else list(target)

    @property
    def classes(self) -> list[str]:
        """The names of the classes that are answered, numbers where they have none."""
        classes = self.info.classes
        return [str(number) for number in range(self.info.layout[-1])] if classes is None else list(classes)

    @property
    def running(self) -> Any:
        """How far a running training is, with the points of its curve; None where none runs."""
        return self._curve(self.info.id)

    def count(self, set: Set) -> int:
        """Return how many rows a set has."""
        return self.info.training_dataset_len if set == "train" else self.info.test_dataset_len

    def rows(self, set: Set, most: int) -> Rows:
        """Return rows of a set, evenly spread if there are more than `most`."""
        count = self.count(set)
        shown = min(count, most)
        places = [number * count // shown for number in range(shown)]
        return self._fetch(self.info, set, places)

    def kind_of(self, field: str) -> str:
        """Return the kind of a field, without what follows it."""
        return (self.info.fields or {})[field].partition(" ")[0]
