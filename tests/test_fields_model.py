"""Networks with fields read and store rows as a plain model in Python does."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import neuralredis as nr

GAP = "a gap"
REJECTED = "rejected"
#: The characters that the engine treats as blanks, and the length of the longest word.
BLANKS, LONGEST = b" \t\n\x0c\r", 64


def as_bytes(raw: Any) -> bytes | None:
    """Return the bytes that a text stands for; None for other objects."""
    if isinstance(raw, str):
        return raw.encode("utf-8", "surrogateescape")
    return bytes(raw) if isinstance(raw, bytes | bytearray) else None


def number(raw: Any) -> Any:
    text = as_bytes(raw)
    if text is None:
        if raw is None or raw != raw:
            return GAP
        value = float(raw)
    elif not text.strip(BLANKS) or text.lower() == b"nan":
        return GAP
    elif re.fullmatch(rb"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", text.strip(BLANKS)):
        value = float(text.strip(BLANKS))
    else:
        return REJECTED
    with np.errstate(over="ignore"):
        single = float(np.float32(value))
    # 0.0 and -0.0 are kept apart.
    return (single, math.copysign(1, single)) if math.isfinite(single) else REJECTED


def written(value: Any) -> bytes:
    """Return a number as a word: all its digits without an exponent."""
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, int) and abs(value) > 2**53:
        return str(value).encode()
    value = float(value)
    if math.isinf(value):
        return b"inf" if value > 0 else b"-inf"
    digits = format(Decimal(repr(value)), "f")
    return (digits.rstrip("0").rstrip(".") if "." in digits else digits).encode()


def word(raw: Any) -> Any:
    text = as_bytes(raw)
    if text is None:
        if raw is None or raw != raw:
            return GAP
        text = written(raw)
    return GAP if not text else text if len(text) <= LONGEST else REJECTED


def auto(raw: Any) -> Any:
    found = number(raw)
    return ("word", word(raw)) if found == REJECTED and word(raw) != REJECTED else found


def flag(raw: Any) -> Any:
    text = as_bytes(raw)
    if text is None:
        if raw is None or raw != raw:
            return GAP
        return float(raw) if raw in (0, 1) else REJECTED
    if not text:
        return GAP
    yes, no = text.lower() in (b"1", b"true", b"yes", b"on"), text.lower() in (b"0", b"false", b"no", b"off")
    return float(yes) if yes or no else REJECTED


def tags(raw: Any) -> Any:
    text = as_bytes(raw)
    if text is not None:
        items: list[Any] = text.split(b",")
    else:
        items = list(raw) if isinstance(raw, list | tuple) else [raw]
    words = [as_bytes(item) if as_bytes(item) is not None else word(item) for item in items]
    stripped = {one.strip(BLANKS) for one in words if isinstance(one, bytes)} - {b""}
    if REJECTED in words or any(len(one) > LONGEST for one in stripped):
        return REJECTED
    return frozenset(stripped) or GAP


MODELS: dict[str, Callable[[Any], Any]] = {
    "number": number,
    "category": word,
    "auto": auto,
    "flag": flag,
    "tags": tags,
}

#: Texts that often break programs: both directions, combining marks, lone surrogates, zero bytes.
ODD = [
    "->",
    "JSON",
    "--help",
    "\0",
    "a\0b",
    "שלום\u200f עולם",
    "e\u0301",
    "\u0301",
    "\udcff\udcfe",
    "🦀" * 16,
    "x" * 64,
    "x" * 65,
    "é" * 33,
    "nan",
    "NaN",
    " nan",
    "inf",
    "-infinity",
    "true",
    "Yes",
    "OFF",
    "1_000",
    "0x10",
    "١٢",
    "1,5",
    "\x0b1",
    " 7\t",
    "+.5e-3",
    "1e39",
    "-1e-50",
    "5.",
    ".",
    "+-3",
    "-0",
    "a,b , a,,",
    " , ",
    ",",
]
texts = st.one_of(
    st.sampled_from(ODD),
    st.text(max_size=70),
    st.floats().map(repr),
    st.integers().map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
)
values = st.one_of(
    texts,
    st.binary(max_size=70),
    st.sampled_from([text.encode("utf-8", "surrogateescape") for text in ODD]),
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(0, 2),
    st.floats(),
    st.floats(width=32),
)
lists = st.lists(st.one_of(texts, st.binary(max_size=66), st.integers(0, 3), st.none()), max_size=4)


def without_halves(value: Any) -> bool:
    """Return whether all texts in an object stand for bytes."""
    parts = value if isinstance(value, list) else [value]
    return all(not isinstance(part, str) or not re.search("[\ud800-\udc7f\udd00-\udfff]", part) for part in parts)


def after(kind: str, value: Any) -> nr.Network | None:
    """Return a network that has observed a value; None if it rejects the value."""
    net = nr.Network("regressor", fields={"f": kind}, target="y", hidden=[], dataset=9, test=0, seed=1)
    try:
        net.observe([{"f": value}], [0])
    except nr.DataError:
        return None
    return net


def agree(kind: str, one: Any, other: Any) -> None:
    """Check that a kind rejects what its model rejects, and treats values as equal that are equal in the model."""
    understood = [MODELS[kind](value) for value in (one, other)]
    networks = [after(kind, value) for value in (one, other)]
    for value, found, net in zip((one, other), understood, networks, strict=True):
        assert (net is None) == (found == REJECTED), (value, found)
    if None not in networks:
        assert (networks[0] == networks[1]) == (understood[0] == understood[1]), understood


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(MODELS.keys() - {"tags"})), values.filter(without_halves), values.filter(without_halves))
def test_values_are_parsed_as_in_the_model(kind: str, one: Any, other: Any) -> None:
    agree(kind, one, other)
    understood = MODELS[kind](one)
    if kind == "number" and isinstance(understood, tuple):
        agree(kind, one, understood[0])
        agree(kind, one, repr(understood[0]))
        agree(kind, one, np.float32(understood[0]))
    if kind == "category" and isinstance(understood, bytes):
        agree(kind, one, understood)
        agree(kind, one, understood.decode("utf-8", "surrogateescape"))


@settings(max_examples=150, deadline=None)
@given(st.one_of(values, lists).filter(without_halves), st.one_of(values, lists).filter(without_halves))
def test_tags_are_parsed_as_in_the_model(one: Any, other: Any) -> None:
    agree("tags", one, other)


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_special_values_are_parsed_as_in_the_model(kind: str) -> None:
    for one in [*ODD, None, True, False, 0, 1, 2.5, -0.0, math.nan, math.inf, 2**53 + 1, 10**40, 1e-7, 1e300]:
        agree(kind, one, 1)
        agree(kind, one, "a")
        agree(kind, one, as_bytes(one) if isinstance(one, str) else str(one))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(values, st.sampled_from(ODD)).filter(without_halves), min_size=1, max_size=8))
def test_single_rows_and_columns_are_equivalent(column: list[Any]) -> None:
    kinds = {"n": "auto", "c": "category 3", "t": "text 16"}
    taken = [value for value in column if REJECTED not in (word(value), auto(value))]

    def network() -> nr.Network:
        return nr.Network("classifier", fields=kinds, target="y", hidden=[], dataset=99, test=0, classes=9, seed=1)

    one, other, third = network(), network(), network()
    y = [f"class {at % 3}" for at in range(len(taken))]
    for value, name in zip(taken, y, strict=True):
        one.observe({"n": value, "c": value, "t": value}, name)
    other.observe([{"t": value, "c": value, "n": value, "y": name} for value, name in zip(taken, y, strict=True)])
    third.observe({"c": taken, "n": np.array([*taken, None], object)[:-1], "t": tuple(taken)}, np.array(y, object))
    assert one == other == third


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_texts_in_nfc_and_nfd_are_equivalent(text: str) -> None:
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    for kind in ("text 512", "text 1"):
        networks = [after(kind, form) for form in (text, composed, decomposed, f"{text} ...", text.encode())]
        assert all(net == networks[0] for net in networks)


@settings(max_examples=100, deadline=None)
@given(
    st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30)),
    st.integers(-14 * 60, 14 * 60).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes))),
)
def test_times_are_equivalent_as_objects_numbers_and_texts(moment: dt.datetime, zone: dt.timezone) -> None:
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    utc = moment.replace(tzinfo=dt.timezone.utc)
    expected = after("time", moment)
    assert expected is not None
    forms: list[Any] = [utc, utc.astimezone(zone), np.datetime64(moment), np.datetime64(moment, "ms")]
    forms += [moment.isoformat(), utc.astimezone(zone).isoformat()]
    for form in forms:
        assert after("time", form) == expected, form


class Growth(RuleBasedStateMachine):
    """A network, a twin that is often saved and loaded, and a model of the words and classes that they observed."""

    PLANS, CLASSES = 3, 4

    @initialize(seed=st.integers(0, 9), closed=st.booleans())
    def begin(self, seed: int, closed: bool) -> None:
        self.names = ["c0", "c1", "c2", "c3"] if closed else []
        classes: Any = self.names if closed else self.CLASSES
        self.net = nr.Network(
            "classifier",
            fields={"plan": f"category {self.PLANS}", "tags": "tags 2", "age": "number"},
            target="left",
            hidden=[2],
            classes=classes,
            dataset=12,
            test=6,
            seed=seed,
        )
        self.twin = nr.Network.from_bytes(bytes(self.net))
        self.words: list[tuple[str, str]] = []
        self.answered, self.inputs = list(self.names), self.net.info().layout[0]
        self.outputs = max(2, len(self.names))
        self.first = self.inputs

    def both(self, act: Callable[[nr.Network], Any]) -> Any:
        one, other = act(self.net), act(self.twin)
        return one, other

    @rule(
        rows=st.lists(
            st.tuples(st.sampled_from("abcdeé"), st.sets(st.sampled_from("xyz")), st.sampled_from("01234")),
            min_size=1,
            max_size=4,
        ),
        gap=st.booleans(),
    )
    def observe(self, rows: list[tuple[str, set[str], str]], gap: bool) -> None:
        given = [
            {"plan": plan, "tags": list(tags), "age": None if gap else at} for at, (plan, tags, _) in enumerate(rows)
        ]
        y = [f"c{name}" for *_, name in rows]
        new = [name for name in dict.fromkeys(y) if name not in self.names]
        before = bytes(self.net)
        if len(self.names) + len(new) > self.CLASSES:
            for net in (self.net, self.twin):
                with pytest.raises(nr.DataError, match="unknown class"):
                    net.observe(given, y)
            assert bytes(self.net) == before
            return
        self.both(lambda net: net.observe(given, y))
        self.names += new
        for plan, tags, _ in rows:
            for field, most, word in [("plan", self.PLANS, plan), *(("tags", 2, tag) for tag in sorted(tags))]:
                known = [one for one in self.words if one[0] == field]
                if (field, word) not in known and len(known) < most:
                    self.words.append((field, word))

    @rule(cycles=st.integers(1, 3))
    def train(self, cycles: int) -> None:
        if not self.net.info().training_dataset_len:
            return
        self.both(lambda net: net.train(max_cycles=cycles, max_time=0))
        self.inputs = self.first + len(self.words)
        self.outputs = max(2, len(self.names))

    @rule()
    def load_again(self) -> None:
        self.twin = nr.Network.from_bytes(bytes(self.twin))

    @rule(plan=st.sampled_from("abcdeé"), other=st.sampled_from("qr"))
    def ask(self, plan: str, other: str) -> None:
        if not self.names:
            return
        known = self.words.index(("plan", plan)) < self.inputs - self.first if ("plan", plan) in self.words else False
        one, two = self.both(lambda net: net.run([{"plan": plan}, {"plan": other}, {}]))
        assert np.array_equal(one, two)
        assert one.shape[1] == len(self.net.classes or ())
        if not known:
            # All unknown words are the same.
            assert np.array_equal(one[0], one[1])

    @invariant()
    def both_are_as_the_model_says(self) -> None:
        assert self.net == self.twin
        assert self.net.classes == tuple(self.names[: self.outputs])
        assert self.net.info().layout == (self.inputs, 2, self.outputs)


TestGrowth = Growth.TestCase
TestGrowth.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
