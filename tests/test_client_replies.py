"""Replies of RESP2 and RESP3 are read as the same values."""

from __future__ import annotations

from typing import Any

import pytest

import neuralredis as nr
from neuralredis.remote import replies


def test_maps_are_parsed_in_both_protocols() -> None:
    assert replies.fields([b"best-cycle", 1, b"reason", b"x"]) == {"best_cycle": 1, "reason": b"x"}
    assert replies.fields({b"best-cycle": 1, b"reason": b"x"}) == {"best_cycle": 1, "reason": b"x"}


@pytest.mark.parametrize(
    ("reply", "expected"), [(1, True), (0, False), (b"yes", True), (b"no", False), (True, True), (False, False)]
)
def test_flags_are_parsed_in_both_protocols(reply: Any, expected: bool) -> None:
    assert replies.flag(reply) is expected


@pytest.mark.parametrize(
    ("name", "reply", "expected"),
    [
        ("l2", b"auto", "auto"),
        ("l2", b"0.1", 0.1),
        ("l2", 0.10000000149011612, 0.1),
        ("class_weight", b"balanced", "balanced"),
        ("class_weight", [b"0.1", b"2"], [0.1, 2]),
        ("class_weight", [0.10000000149011612], [0.1]),
        ("monotone", b"none", "none"),
        ("monotone", [b"1", b"0", b"-1"], [1, 0, -1]),
        ("threshold", b"0.1", 0.1),
        ("threshold", 0.10000000149011612, 0.1),
        ("ensemble", "auto", "auto"),
        ("ensemble", 5, 5),
        ("normalize", 1, True),
        ("normalize", False, False),
        ("activation", b"swish", "swish"),
    ],
)
def test_options_are_parsed_in_both_protocols(name: str, reply: Any, expected: Any) -> None:
    field = {"normalize": "auto_normalization"}.get(name, name)
    assert replies.options({field: reply, "option_of_a_later_version": b"x"}) == {name: expected}


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (b"finished", ("finished", None)),
        (b"failed: no thread: none left", ("failed", "no thread: none left")),
    ],
)
def test_reason_of_a_training_outcome_is_parsed(reply: bytes, expected: Any) -> None:
    assert replies.outcome(reply) == expected


def listed(**changed: Any) -> dict[bytes, Any]:
    """Return a training as NR.TRAININGS lists it."""
    fields = {
        "id": 9, "key": b"k", "db": 3, "state": b"queued", "cycle": 61, "max-cycles": 0, "max-time": 30500,
        "train-error": b"0.25", "test-error": None, "class-errors": None, "seconds": b"1.5", **changed,
    }  # fmt: skip
    return {name.encode(): value for name, value in fields.items()}


@pytest.mark.parametrize("key", ["mynet", "größe", "", "a b", 'a"\r\n', b"\xff\x00"])
def test_trainings_with_any_key_are_parsed_in_both_protocols(key: str | bytes) -> None:
    field = listed(key=key.encode() if isinstance(key, str) else key)
    pairs = [word for pair in field.items() for word in pair]
    for reply in (field, pairs):
        (found,) = replies.threads([reply])
        assert (found.id, found.key, found.db, found.max_time, found.max_cycles) == (9, key, 3, 30.5, 0)
        assert (found.progress.cycle, found.progress.train_error, found.progress.seconds) == (61, 0.25, 1.5)
        assert found.progress.test_error is None
        assert found.progress.class_errors is None
        assert found.progress.queued


def test_trainings_of_all_nodes_of_a_cluster_are_merged() -> None:
    assert len(replies.threads({"a:1": [listed()], "b:1": [], "c:1": [listed(), listed()]})) == 3


def test_unknown_kind_of_network_is_rejected() -> None:
    with pytest.raises(nr.FormatError, match="the kind of the network is '<b>': expected classifier or regressor"):
        replies.info([b"type", b"<b>"])
