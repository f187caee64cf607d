"""Update the reservoir of a sequence network."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from neuralredis.export.numpy_parts.layers import Scaling, single, tanh, unpacked

NETWORK: dict[str, Any] = {}
# ---
MASK = 2**64 - 1


def mixed(number: int) -> int:
    """Return a 64-bit number mixed as by SplitMix64."""
    number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    number = (number ^ (number >> 27)) * 0x94D049BB133111EB & MASK
    return number ^ (number >> 31)


class Reservoir:
    """Update a reservoir: units with fixed random weights and individual leak rates."""

    def __init__(self, cell: Any, scaling: Any, computed: int) -> None:
        self.seed, self.units, self.factor, self.computed = (
            int(cell["seed"]),
            cell["units"],
            single(cell["factor"]),
            computed,
        )
        self.biases, self.leaks = unpacked(cell["biases"]), unpacked(cell["leaks"])
        self.from_before = unpacked(cell["from_before"])
        self.scaling = Scaling(scaling) if scaling else None
        self.weights = functools.lru_cache(maxsize=4096)(self._weights)

    def _weights(self, number: int) -> Any:
        """Return the weights of an input, drawn from the stream of its number."""
        gamma = 0x9E3779B97F4A7C15
        state = mixed(self.seed ^ mixed((number + gamma) & MASK))
        drawn = [mixed((state + gamma * (unit + 1)) & MASK) >> 40 for unit in range(self.units)]
        return single(np.array(drawn) / 2**23 - 1)

    def begin(self) -> dict[str, Any]:
        """Return the state before the first event."""
        none = np.zeros(self.units, dtype=np.float32)
        return {"hidden": none, "sums": none, "most": none, "updates": 0}

    @np.errstate(over="ignore", invalid="ignore")
    def update(self, state: Any, x: Any, entries: Any) -> dict[str, Any]:
        """Return the state after an event."""
        x = single(x)
        scaled = np.clip(x, -10, 10) if self.scaling is None else self.scaling.apply(x, 10)
        scaled = np.where(np.isnan(x), np.float32(0), self.factor * scaled)
        sums = self.biases
        for at in np.flatnonzero(scaled).tolist():
            sums = sums + scaled[at] * self.weights(at)
        for number, value in entries:
            sums = sums + single(value) * self.weights(number)
        sums = sums + self.from_before * np.roll(state["hidden"], 1)
        hidden = state["hidden"] + self.leaks * (tanh(sums) - state["hidden"])
        most = hidden if state["updates"] == 0 else np.maximum(state["most"], hidden)
        return {"hidden": hidden, "sums": state["sums"] + hidden, "most": most, "updates": state["updates"] + 1}

    def features(self, state: Any, with_means: bool) -> list[float]:
        """Return the inputs of the layers: the units' activations, and their mean and maximum over all events."""
        parts = [state["hidden"]]
        if with_means:
            parts += [state["sums"] / single(max(state["updates"], 1)), state["most"]]
        found: list[float] = np.concatenate(parts).tolist()
        return found


@functools.lru_cache(maxsize=1)
def cell() -> Reservoir | None:
    """Return the cell, unpacked once."""
    view = NETWORK["sequence"]
    return Reservoir(view["cell"], view["scaling"], view["computed"])
