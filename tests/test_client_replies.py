"""Replies of RESP2 and RESP3 are read as the same values."""

from __future__ import annotations

from typing import Any

import pytest

import neuralredis as nr
from neuralredis.remote import replies


def test_a_map_is_a_map_in_either_protocol() -> None:
    assert replies.fields([b"best-cycle", 1, b"reason", b"x"]) == {"best_cycle": 1, "reason": b"x"}
    assert replies.fields({b"best-cycle": 1, b"reason": b"x"}) == {"best_cycle": 1, "reason": b"x"}


@pytest.mark.parametrize(
    ("reply", "expected"), [(1, True), (0, False), (b"yes", True), (b"no", False), (True, True), (False, False)]
)
def test_a_flag_is_a_flag_in_either_protocol(reply: Any, expected: bool) -> None:
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
def test_options_are_the_given_ones_in_both_protocols(name: str, reply: Any, expected: Any) -> None:
    told = {"normalize": "auto_normalization"}.get(name, name)
    assert replies.options({told: reply, "option_of_a_later_version": b"x"}) == {name: expected}


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (b"finished", ("finished", None)),
        (b"failed: no thread: none left", ("failed", "no thread: none left")),
    ],
)
def test_an_outcome_may_have_a_reason(reply: bytes, expected: Any) -> None:
    assert replies.outcome(reply) == expected


def listed(**changed: Any) -> dict[bytes, Any]:
    """Return a training as NR.TRAININGS lists it."""
    fields = {
        "id": 9, "key": b"k", "db": 3, "state": b"queued", "cycle": 61, "max-cycles": 0, "max-time": 30500,
        "train-error": b"0.25", "test-error": None, "class-errors": None, "seconds": b"1.5", **changed,
    }  # fmt: skip
    return {name.encode(): value for name, value in fields.items()}


@pytest.mark.parametrize("key", ["mynet", "größe", "", "a b", 'a"\r\n', b"\xff\x00"])
def test_a_training_is_read_whatever_its_key_in_either_protocol(key: str | bytes) -> None:
    told = listed(key=key.encode() if isinstance(key, str) else key)
    pairs = [word for pair in told.items() for word in pair]
    for reply in (told, pairs):
        (found,) = replies.threads([reply])
        assert (found.id, found.key, found.db, found.max_time, found.max_cycles) == (9, key, 3, 30.5, 0)
        assert (found.progress.cycle, found.progress.train_error, found.progress.seconds) == (61, 0.25, 1.5)
        assert found.progress.test_error is None
        assert found.progress.class_errors is None
        assert found.progress.queued


def test_the_servers_of_a_cluster_list_their_trainings_each() -> None:
    assert len(replies.threads({"a:1": [listed()], "b:1": [], "c:1": [listed(), listed()]})) == 3


def test_a_server_has_two_names_for_the_kind_of_a_network() -> None:
    with pytest.raises(nr.FormatError, match="the kind of the network is '<b>': expected classifier or regressor"):
        replies.info([b"type", b"<b>"])
