"""Run a network of sequences of events."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from neuralredis.export.numpy_parts.fields import Fields, understand
from neuralredis.export.numpy_parts.layers import FLOAT_MAX, Layers, Scaling, single, tanh, unpacked

NETWORK: dict[str, Any] = {}
# ---
MASK = 2**64 - 1


@functools.lru_cache(maxsize=1)
def layers() -> Layers:
    """Return the layers, unpacked once."""
    return Layers(NETWORK)


@functools.lru_cache(maxsize=1)
def event_fields() -> Fields:
    """Return the fields of events, with the inputs of the reservoir."""
    view = NETWORK["sequence"]
    return Fields(view["fields"], view["computed"], 2**62)


@functools.lru_cache(maxsize=1)
def seen_fields() -> Fields:
    """Return the fields of the layers' inputs: those of the last events, and the reservoir's state."""
    own = NETWORK["sequence"]["fields"]
    fields = [{**own[field["event_field"]], **field} if "lag" in field else field for field in NETWORK["fields"]]
    return Fields(fields, NETWORK["computed"], NETWORK["layout"][0])


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
        """Return the state before any event."""
        none = np.zeros(self.units, dtype=np.float32)
        return {"held": none, "sums": none, "most": none, "heard": 0}

    @np.errstate(over="ignore", invalid="ignore")
    def hear(self, state: Any, x: Any, entries: Any) -> dict[str, Any]:
        """Return the state after an event."""
        x = single(x)
        scaled = np.clip(x, -10, 10) if self.scaling is None else self.scaling.apply(x, 10)
        scaled = np.where(np.isnan(x), np.float32(0), self.factor * scaled)
        sums = self.biases
        for at in np.flatnonzero(scaled).tolist():
            sums = sums + scaled[at] * self.weights(at)
        for number, value in entries:
            sums = sums + single(value) * self.weights(number)
        sums = sums + self.from_before * np.roll(state["held"], 1)
        held = state["held"] + self.leaks * (tanh(sums) - state["held"])
        most = held if state["heard"] == 0 else np.maximum(state["most"], held)
        return {"held": held, "sums": state["sums"] + held, "most": most, "heard": state["heard"] + 1}


@functools.lru_cache(maxsize=1)
def reservoir() -> Reservoir | None:
    """Return the reservoir, if the network has one."""
    view = NETWORK["sequence"]
    return None if view["cell"] is None else Reservoir(view["cell"], view["scaling"], view["computed"])


def understood_event(event: Any) -> list[Any]:
    """Parse an event."""
    if NETWORK["sequence"]["by_position"]:
        return [understand(event_fields().fields[0], event)]
    return event_fields().understand(event)


def heard(state: Any, values: Any) -> Any:
    """Return the reservoir's state after an event."""
    kept = reservoir()
    return None if kept is None else kept.hear(state, *event_fields().encode(values))


def begin() -> dict[str, Any]:
    """Return the state of a sequence without events."""
    kept = reservoir()
    return {"events": [], "memory": None if kept is None else kept.begin()}


def after(state: Any, values: Any) -> dict[str, Any]:
    """Return the state after an event. Beyond the network's ``length``, the first event is dropped."""
    events = [*state["events"], values]
    if len(events) <= NETWORK["sequence"]["length"]:
        return {"events": events, "memory": heard(state["memory"], values)}
    events = events[1:]
    memory = begin()["memory"]
    for values in events if memory is not None else ():
        memory = heard(memory, values)
    return {"events": events, "memory": memory}


def level(state: Any) -> float | None:
    """Return the last number of a series, to which the output is relative."""
    view = NETWORK["sequence"]
    return state["events"][-1][view["next"]] if view["series"] and state["events"] else None


def seen(state: Any) -> list[Any]:
    """Return the values of the fields of the layers' inputs."""
    view, events, last = NETWORK["sequence"], state["events"], level(state)
    values: list[Any] = []
    for lag in range(view["window"]):
        row = list(events[-1 - lag]) if lag < len(events) else [None] * len(view["fields"])
        if view["series"] and lag > 0:
            own = row[view["next"]]
            row[view["next"]] = (
                None
                if own is None or last is None
                else float(np.clip(single(own) - single(last), -FLOAT_MAX, FLOAT_MAX))
            )
        values += row
    memory = state["memory"]
    if memory is not None:
        kept = [memory["held"]]
        if view["next"] is None:
            kept += [memory["sums"] / single(max(memory["heard"], 1)), memory["most"]]
        values.append(np.concatenate(kept).tolist())
    return values


def answers_after(states: Any) -> Any:
    """Return the outputs for states of sequences."""
    encoded = [seen_fields().encode(seen(state)) for state in states]
    x = np.array([row for row, _ in encoded], dtype=np.float32).reshape(len(encoded), NETWORK["computed"])
    x = np.where(np.isnan(x), layers().means(x.shape[1]), x)
    answers = layers().run(x, [entries for _, entries in encoded])
    if NETWORK["sequence"]["series"]:
        levels = [level(state) or 0.0 for state in states]
        answers = answers + single(levels)[:, None]
    return answers


def run(sequences: Any) -> Any:
    """Return the outputs for sequences.

    Parameters
    ----------
    sequences : iterable of iterables of events
        Events are dicts of fields, or lists of numbers if the network has no named fields.

    Returns
    -------
    numpy.ndarray of float32, shape (sequences, outputs)
    """
    states = []
    for sequence in sequences:
        state = begin()
        for event in list(sequence)[-NETWORK["sequence"]["length"] :]:
            state = after(state, understood_event(event))
        states.append(state)
    return answers_after(states)


def step(state: Any, event: Any) -> tuple[Any, dict[str, Any]]:
    """Return the outputs after one more event, and the state after it.

    The state of a sequence without events is None. A state never changes: it can be kept, and continued twice.
    """
    state = after(begin() if state is None else state, understood_event(event))
    return answers_after([state])[0], state


def run_one(sequence: Any) -> Any:
    """Return the outputs for one sequence."""
    return run([sequence])[0]
