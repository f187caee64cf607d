"""Random rows of named fields, a plain model of how a network reads them, and the expected replies."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from typing import Any

import inredis
import numpy as np
from hypothesis import strategies as st
from inredis import pairs

import neuralredis as nr

#: Valid values by the kind of the field. Few, so that they repeat, but more words than a dictionary holds.
VALUES: dict[str, list[Any]] = {
    "number": [0, 1, -1, 2.5, 0.1, 3.3333333, 1e6, "7", " 5 ", "-1e-3", "", "nan", None],
    "category": ["a", "b", "c", "é", "->", "JSON", 5, 0.1, True, "", None],
    "auto": [1, 2.5, "3", "much", "some", "none", False, "", None],
    "flag": [True, False, 1, 0, "no", "ON", "", None],
    "time": [1_700_000_000, 1_700_000_000_123, "2026-11-25T18:30:00Z", "2026-11-25 18:30", "1950-03-01", None],
    "text": ["a good film", "A BAD film!", "שלום", "good", "...", "", None],
    "tags": [["x"], ["y", "x"], ["z", "w", "x"], "x, y,,", "w", [], "", None],
    "vector": [[0.5, 2.0], [0.0, 0.0], [-1.0, 1e6], None],
}
#: Invalid values by the kind of the field; a text may be anything.
WRONG: dict[str, Any] = {
    "number": "old",
    "category": "x" * 65,
    "auto": "x" * 65,
    "flag": "maybe",
    "time": "tomorrow",
    "tags": "y," + "x" * 65,
    "vector": [1.0, 2.0, 3.0],
}
#: The fields that a network may have. A name has one kind in all roles, so that any hash is valid for any role.
FIELDS = {
    "age": "number",
    "plan": "category 3",
    "spent": "auto 2",
    "phone": "flag",
    "at": "time",
    "note": "text 8",
    "tags": "tags 3",
    "place": "vector 2",
    "TEST": "category 100",
    "user.age": "number",
    "user.plan": "category 2",
    "item.tags": "tags 2",
    "item.price": "number",
    "item.place": "vector 2",
    "shop.at": "time",
}
#: The name of a field that no network has.
UNKNOWN = "colour"
CLASSES = ["no", "yes", "TRAIN", "->", "né"]
TARGETS = [0.0, 1.0, -2.5, 1e6, 0.1]

Row = dict[str, Any]


def kind_of(name: str) -> str:
    """Return the kind of a field without its number."""
    return FIELDS[name].split()[0]


def rarely() -> st.SearchStrategy[bool]:
    return st.integers(0, 30).map(lambda number: number == 17)


def values_of(name: str) -> st.SearchStrategy[Any]:
    return st.sampled_from(VALUES[kind_of(name)])


def written(name: str, value: Any) -> Any:
    """Return a value as an argument of a command."""
    if name == UNKNOWN:
        return value
    if kind_of(name) == "vector" and value is not None:
        return inredis.blob(value)
    if kind_of(name) == "auto" and isinstance(value, bool):
        # A number, whose text would be a word.
        value = int(value)
    [_, found] = inredis.words({"it": value}) or [None, b""]
    return found


def as_arguments(form: str, rows: list[Row]) -> list[Any]:
    """Return rows as the arguments before ``->``: one row as fields and values, one as JSON, or a JSON array."""
    if form == "words":
        [row] = rows
        return [word for name, value in row.items() for word in (name, written(name, value))]
    given = [_nested(row) for row in rows]
    return ["JSON", json.dumps(given if form == "array" else given[0], ensure_ascii=form == "array")]


def _nested(row: Row) -> Row:
    """Return a row in which the fields of each role are an object."""
    found: Row = {}
    for name, value in row.items():
        role, dot, rest = name.partition(".")
        if dot:
            found.setdefault(role, {})[rest] = value
        else:
            found[name] = value
    return found


def flat(outcomes: list[Any]) -> list[Any]:
    """Return outcomes as arguments of a command, row after row."""
    return [one for outcome in outcomes for one in (outcome if isinstance(outcome, list) else [outcome])]


@dataclass
class Plain:
    """The state of a network, except for what trainings compute."""

    kind: str
    fields: list[str]
    limits: dict[str, int]
    #: The greatest number of classes, or the number of targets.
    room: int
    classes: list[str]
    rows: dict[str, int] = field(default_factory=lambda: {"train": 0, "test": 0})

    @property
    def roles(self) -> list[str]:
        return list(dict.fromkeys(name.split(".")[0] for name in self.fields if "." in name))

    def rejects(self, outcomes: list[Any], into: str | None) -> bool:
        """Return whether the set is closed, or there is no room for the classes of these outcomes."""
        closed = self.limits[into] == 0 if into else not any(self.limits.values())
        return closed or (self.kind == "classifier" and len({*self.classes, *outcomes}) > self.room)

    def targets(self, outcomes: list[Any]) -> Any:
        """Return outcomes as an embedded network takes them."""
        if self.kind == "classifier":
            return outcomes
        targets = np.array(outcomes).reshape(len(outcomes), self.room)
        return targets[:, 0] if self.room == 1 else targets

    def read(self, name: str, hashes: list[Row], first: int = 0) -> Any:
        """Return the value of a field in hashes, where `first` is the role of the first hash; None if none has it."""
        role, dot, rest = name.partition(".")
        if dot:
            at = self.roles.index(role) - first
            return hashes[at].get(rest) if 0 <= at < len(hashes) else None
        return next((found[name] for found in hashes if name in found), None)


def is_invalid(name: str, value: Any) -> bool:
    """Return whether a value, given or from a hash, is invalid for its field."""
    if name == UNKNOWN:
        return True
    wrong = WRONG.get(kind_of(name))
    return wrong is not None and value in (wrong, written(name, wrong))


def named(reply: Any, several: bool, scores: bool) -> Any:
    """Convert a reply of NR.CLASS to a result of `classify`."""
    if reply is None:
        return None
    if not several:
        return (reply[0].decode(), float(np.float32(reply[1]))) if scores else reply.decode()
    if scores:
        return [(name.decode(), float(np.float32(score))) for name, score in zip(reply[::2], reply[1::2], strict=True)]
    return [name.decode() for name in reply]


def from_reply(kind: str, value: Any) -> Any:
    """Convert a value of NR.GETDATA; None for a text, whose words an embedded network does not return."""
    if value is None or kind == "text":
        return None
    if kind == "vector":
        return [np.float32(number) for number in value]
    if kind == "tags":
        return [word.decode() for word in value if word is not None]
    if kind == "flag":
        return bool(value)
    if kind == "time":
        return float(value)
    try:
        return value.decode() if kind == "category" else np.float32(value)
    except ValueError:
        return value.decode()


def from_row(kind: str, value: Any) -> Any:
    """Convert a value of an embedded network's row in the same way."""
    if isinstance(value, dt.datetime):
        return value.timestamp()
    if kind == "vector" and value is not None:
        return list(value)
    return np.float32(value) if isinstance(value, float) else value


def compare_rows(replies: list[Any], here: tuple[Any, Any], plain: Plain) -> None:
    """Compare replies of NR.GETDATA, the last of which is beyond the rows, with the rows of an embedded network."""
    *replies, beyond = replies
    assert beyond is None
    for (values, outcome), row, expected in zip(replies, *here, strict=True):
        assert [name.decode() for name in values[::2]] == plain.fields
        for name, value in zip(plain.fields, values[1::2], strict=True):
            assert from_reply(kind_of(name), value) == from_row(kind_of(name), row[name]), name
        if plain.kind == "classifier":
            assert [name.decode() for name in outcome] == [expected]
        else:
            assert np.array_equal(np.array(outcome).astype(np.float32), np.ravel(expected))


def compare_fields(replies: list[Any], embedded: nr.Network) -> None:
    """Compare the reply of NR.FIELDS with the statistics of an embedded network."""
    for reply, found in zip(map(pairs, replies), embedded.field_statistics(), strict=True):
        number = "" if reply[b"number"] is None else f" {reply[b'number']}"
        assert reply[b"name"].decode() == found.name
        assert f"{reply[b'kind'].decode().lower()}{number}" == found.kind == FIELDS[found.name]
        assert (reply[b"values"], reply[b"gaps"]) == (found.values, found.gaps)
        assert (reply.get(b"words"), reply.get(b"other")) == (found.words, found.other)
        for name, value in ((b"min", found.min), (b"max", found.max), (b"importance", found.importance)):
            assert (None if reply.get(name) is None else float(reply[name])) == value
        commonest = pairs(reply.get(b"commonest", []))
        assert [(word.decode(), rows) for word, rows in commonest.items()] == list(found.commonest)
