"""Replies of either protocol are read as the same values."""

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
        ("restarts", "auto", "auto"),
        ("restarts", 5, 5),
        ("normalize", 1, True),
        ("normalize", False, False),
        ("activation", b"swish", "swish"),
    ],
)
def test_options_are_what_was_given_in_either_protocol(name: str, reply: Any, expected: Any) -> None:
    assert replies.options({name: reply, "option_of_a_later_version": b"x"}) == {name: expected}


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (b"finished", ("finished", None)),
        (b"failed: no thread: none left", ("failed", "no thread: none left")),
    ],
)
def test_an_outcome_may_have_a_reason(reply: bytes, expected: Any) -> None:
    assert replies.outcome(reply) == expected


@pytest.mark.parametrize(
    ("shown", "key"),
    [
        ("mynet", "mynet"),
        ('"a b"', "a b"),
        ('""', ""),
        ("größe", "größe"),
        (r'"a\r\nnn_id=7\x00\"\\\xff"', b'a\r\nnn_id=7\0"\\\xff'),
        (r'"cycle=1 key=x \"y\""', 'cycle=1 key=x "y"'),
    ],
)
def test_a_line_of_a_training_is_read_whatever_its_key(shown: str, key: str | bytes) -> None:
    line = f"nn_id=9 cycle=61 key={shown} db=3 maxtime=30500 maxcycles=0 trainerr=0.25 testerr=nan classerr=nan "
    (found,) = replies.threads([f"{line}state=queued seconds=1.50".encode()])
    assert (found.id, found.key, found.db, found.max_time, found.max_cycles) == (9, key, 3, 30.5, 0)
    assert (found.progress.cycle, found.progress.train_error, found.progress.seconds) == (61, 0.25, 1.5)
    assert found.progress.test_error is None
    assert found.progress.class_errors is None
    assert found.progress.queued


def test_the_servers_of_a_cluster_list_their_trainings_each() -> None:
    line = b"nn_id=1 cycle=0 key=k db=0 maxtime=0 maxcycles=0 trainerr=nan testerr=nan classerr=nan "
    line += b"state=running seconds=0.00"
    assert len(replies.threads({"a:1": [line], "b:1": [], "c:1": [line, line]})) == 3


def test_a_server_has_two_words_for_what_a_network_is() -> None:
    with pytest.raises(nr.FormatError, match="the network is a '<b>': expected classifier or regressor"):
        replies.info([b"type", b"<b>"])
