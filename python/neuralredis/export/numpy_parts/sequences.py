"""Run a network of sequences of events."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from neuralredis.export.numpy_parts.fields import Fields, understand
from neuralredis.export.numpy_parts.layers import FLOAT_MAX, Layers, single
from neuralredis.export.numpy_parts.reservoir import cell

NETWORK: dict[str, Any] = {}
# ---


@functools.lru_cache(maxsize=1)
def layers() -> Layers:
    """Return the layers, unpacked once."""
    return Layers(NETWORK)


@functools.lru_cache(maxsize=1)
def event_fields() -> Fields:
    """Return the fields of events, with the inputs of the cell."""
    view = NETWORK["sequence"]
    # A reservoir has weights for a word of any number.
    known = (view["cell"] or {}).get("inputs", 2**62)
    return Fields(view["fields"], view["computed"], known)


@functools.lru_cache(maxsize=1)
def seen_fields() -> Fields:
    """Return the fields of the layers' inputs: those of the last events, and the cell's state."""
    own = NETWORK["sequence"]["fields"]
    fields = [{**own[field["event_field"]], **field} if "lag" in field else field for field in NETWORK["fields"]]
    return Fields(fields, NETWORK["computed"], NETWORK["layout"][0])


def understood_event(event: Any) -> list[Any]:
    """Parse an event."""
    if NETWORK["sequence"]["by_position"]:
        return [understand(event_fields().fields[0], event)]
    return event_fields().understand(event)


def after_event(state: Any, values: Any) -> Any:
    """Return the state of the cell after an event."""
    own = cell()
    return None if own is None else own.update(state, *event_fields().encode(values))


def begin() -> dict[str, Any]:
    """Return the state of a sequence without events."""
    own = cell()
    return {"events": [], "memory": None if own is None else own.begin()}


def after(state: Any, values: Any) -> dict[str, Any]:
    """Return the state after an event. Beyond the network's ``length``, the first event is dropped."""
    events = [*state["events"], values]
    if len(events) <= NETWORK["sequence"]["length"]:
        return {"events": events, "memory": after_event(state["memory"], values)}
    events = events[1:]
    memory = begin()["memory"]
    for values in events if memory is not None else ():
        memory = after_event(memory, values)
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
    own = cell()
    if own is not None:
        values.append(own.features(state["memory"], view["next"] is None))
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
