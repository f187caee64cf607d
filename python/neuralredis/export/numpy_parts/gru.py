"""Update the GRU cells of a sequence network, one for each member."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from neuralredis.export.numpy_parts.layers import Scaling, fused, sigmoid, single, tanh, unpacked

NETWORK: dict[str, Any] = {}
# ---


class Gru:
    """Update the cells of all members together; arrays have one row per member."""

    def __init__(self, cell: Any, scaling: Any, unit_limit: float) -> None:
        self.units, self.limit = cell["units"], single(unit_limit)
        self.scaling = Scaling(scaling) if scaling else None
        names = ("input_biases", "input_weights", "hidden_biases", "hidden_weights")
        self.input_biases, self.input_weights, self.hidden_biases, self.hidden_weights = (
            np.stack([unpacked(member[name]).reshape(-1, 3 * self.units) for member in cell["members"]])
            for name in names
        )

    def begin(self) -> dict[str, Any]:
        """Return the state before the first event."""
        zeros = np.zeros((len(self.input_biases), self.units), dtype=np.float32)
        return {"hidden": zeros, "sums": zeros, "updates": 0}

    def _sums(self, biases: Any, weights: Any, values: Any) -> Any:
        """Return the weighted sums of each member; terms are added in order, since the order affects the rounding."""
        sums = biases[:, 0]
        for column in range(values.shape[1]):
            sums = fused(values[:, column, None], weights[:, column], sums)
        return np.clip(sums, -self.limit, self.limit)

    @np.errstate(over="ignore", invalid="ignore")
    def update(self, state: Any, x: Any, entries: Any) -> dict[str, Any]:
        """Return the state after an event."""
        x, hidden = single(x), state["hidden"]
        scaled = np.clip(x, -10, 10) if self.scaling is None else self.scaling.apply(x, 10)
        scaled = np.where(np.isnan(x), np.float32(0), scaled)[None]
        of_event = self._sums(self.input_biases, self.input_weights, scaled)
        for number, value in entries:
            of_event = fused(single(value), self.input_weights[:, number], of_event)
        of_event = np.clip(of_event, -self.limit, self.limit)
        of_units = self._sums(self.hidden_biases, self.hidden_weights, hidden)
        update, reset, new = (slice(at * self.units, (at + 1) * self.units) for at in range(3))
        z, r = (sigmoid(of_event[:, gate] + of_units[:, gate]) for gate in (update, reset))
        n = tanh(of_event[:, new] + r * of_units[:, new])
        hidden = hidden + z * (n - hidden)
        return {"hidden": hidden, "sums": state["sums"] + hidden, "updates": state["updates"] + 1}

    def features(self, state: Any, with_means: bool) -> list[float]:
        """Return the inputs of the layers: the hidden state of each member, and its mean over all events."""
        parts = [state["hidden"]]
        if with_means:
            parts.append(state["sums"] / single(max(state["updates"], 1)))
        found: list[float] = np.concatenate(parts, axis=1).ravel().tolist()
        return found


@functools.lru_cache(maxsize=1)
def cell() -> Gru | None:
    """Return the cells, unpacked once."""
    view = NETWORK["sequence"]
    return Gru(view["cell"], view["scaling"], NETWORK["unit_limit"])
