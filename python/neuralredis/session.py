"""One sequence of a network of sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np
from numpy import float32
from numpy.typing import NDArray

from neuralredis import _core
from neuralredis.options import Set
from neuralredis.results import Forecast

if TYPE_CHECKING:
    from neuralredis.sequences import SequenceNetwork

__all__ = ["Session", "id_of"]


class Session:
    """One sequence of a network: append events, and predict.

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
        """Return the id."""
        return f"<session {self.id!r}>"

    def observe(self, event: Any, *, into: Set | None = None) -> None:
        """Append an event: a dict of fields, the value of a single field, or, without fields, a row of numbers."""
        flat, _ = self.net._flat([[event]])
        _core.happen(self.net, [self.id], flat, [1], (None, None), into)

    def finish(self, outcome: Any, *, weight: float | None = None) -> None:
        """Store the outcome of the sequence: a class, or numbers."""
        flat, _ = self.net._flat([[]])
        multiple = isinstance(outcome, (list, tuple, np.ndarray))
        _core.happen(self.net, [self.id], flat, [0], (outcome if multiple else [outcome], weight), None)

    def run(self, event: Any = None) -> NDArray[float32]:
        """Return the outputs for the sequence, or after one more event, which is not stored.

        Returns
        -------
        numpy.ndarray of float32, shape (outputs,)
            As a row of `SequenceNetwork.run`.
        """
        flat = None if event is None else self.net._flat([[event]])[0]
        answer: NDArray[float32] = _core.run_session(self.net, self.id, flat)[0]
        return answer

    def classify(self, event: Any = None, *, top: int | None = None) -> Any:
        """Return the class of the sequence, or after one more event; with ``top`` a list of the most probable."""
        return self.net._best(self.run(event), top)

    def forecast(self, steps: int, *, level: float | None = None) -> Forecast:
        """Return the forecast of the series, as `SequenceNetwork.forecast`."""
        return Forecast._of(_core.forecast(self.net, self.id, None, steps, level))

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
        """Return sampled next events, as `SequenceNetwork.sample`."""
        drawing = (temperature, top_k, top_p, min_p, seed)
        return self.net._drawn(self.id, None, (count, until), drawing, penalty)

    def forget(self) -> bool:
        """Delete the sequence; return whether it existed."""
        return _core.forget(self.net, self.id)


def id_of(id: str | bytes | int) -> bytes:
    """Return the bytes of an id."""
    if isinstance(id, bytes):
        return id
    if isinstance(id, (str, int, np.integer)):
        return str(id).encode("utf-8", "surrogateescape")
    raise TypeError(f"the id is {id!r}: expected a text, bytes or an integer")
