"""Flags, words for missing values, codes such as NA, and what the user says a column is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neuralredis.table.column import Column
from neuralredis.table.conventions import Conventions
from neuralredis.table.detection import kind_of
from neuralredis.table.encoding import Encoding
from neuralredis.table.failure import TableError
from neuralredis.table.kinds import Category, Date, Ignored, Number, Presence, Time, YesNo
from neuralredis.table.remarks import gap_words
from neuralredis.table.target import Classes, Numbers, target_of
from neuralredis.table.wishes import Wish


def column(*cells: Any, name: str = "x") -> Column:
    return Column.of(name, [None if cell is None else str(cell) for cell in cells])


def asked(kind: str, *cells: Any) -> Any:
    return kind_of(column(*cells), wish=Wish.of(kind))


@pytest.mark.parametrize(
    "pair", [("yes", "no"), ("Y", "N"), ("True", "FALSE"), ("t", "f"), ("On", "off"), ("1", "0"), ("TRUE", "false")]
)
def test_both_words_of_a_pair_are_a_flag(pair: tuple[str, str]) -> None:
    assert kind_of(column(*pair * 10)).kind == "yes/no"
    kind = kind_of(column(*pair * 10, pair[0].swapcase(), "", "NA", "?"))
    assert isinstance(kind, YesNo)
    assert kind.gaps
    assert kind.encode(column(*pair, None)).tolist() == [[1, 0], [0, 0], [1, 1]]


@pytest.mark.parametrize(
    "words",
    [
        *(("n", "f"), ("T", "Y"), ("0", "no"), ("y", "no"), ("yes", "false"), ("1", "off"), ("on", "yes")),
        *(("n", "f", "y"), ("no", "off", "on"), ("on", "yes", "no"), ("N", "F", "Y", "T"), ("1", "0", "y")),
        *(("yes", "no", "maybe"), ("yes", "no", "unknown"), ("y", "yes", "no")),
    ],
)
def test_other_words_are_categories_and_none_is_merged_with_another(words: tuple[str, ...]) -> None:
    kind = kind_of(column(*words * 10))
    assert isinstance(kind, Category)
    assert sorted(kind.values) == sorted(words)
    assert np.array_equal(kind.encode(column(*kind.values)), np.eye(len(words)))


@pytest.mark.parametrize("word", ["yes", "n", "T", "0", "off"])
def test_one_word_of_a_pair_is_always_the_same(word: str) -> None:
    assert kind_of(column(*[word] * 20)) == Ignored(name="x", reason=f"it is always '{word}'")
    assert kind_of(column(*[word] * 20, *[""] * 20)) == Presence(name="x", reason=f"it is always '{word}'")


WORDS = [
    ".",
    "..",
    "\\N",
    "NaT",
    "*",
    "-",
    "--",
    "no data",
    "Unknown",
    "n.a.",
    "#DIV/0!",
    "keine Angabe",
    "?",
    "NA",
    "ohne",
]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("share", [10, 40])
def test_words_for_nothing_among_numbers_are_gaps_however_many(word: str, share: int) -> None:
    cells = column(*[row * 1.5 for row in range(100 - share)], *[word] * share)
    kind = kind_of(cells)
    assert isinstance(kind, Number)
    assert kind.gaps
    assert kind.encode(column(word)).tolist() == [[kind.fill, 1]]
    if word != "ohne":
        assert gap_words(cells, kind) == {word: share}


@pytest.mark.parametrize("share", [10, 40])
def test_a_target_of_numbers_may_have_words_for_nothing(share: int) -> None:
    target = target_of(column(*[row * 1.5 for row in range(100 - share)], *["."] * share))
    assert isinstance(target, Numbers)
    assert np.isnan(target.encode(column("."))[0])


def test_why_a_column_is_not_of_numbers_is_said_rightly() -> None:
    kind = kind_of(column(*range(60), *(f"A/5 {row}" for row in range(28))))
    assert kind == Ignored(name="x", reason="numbers, except 'A/5 0' and others in 28 rows")
    days = (f"{day}.1.2024" for day in range(1, 28))
    kind = kind_of(column(*days, "soon", "later", "sooner"))
    assert kind == Ignored(name="x", reason="dates, except 'soon' and others in 3 rows")


@pytest.mark.parametrize(
    "others", [("EMEA", "APAC"), ("EU", "AS", "OC"), ("DE", "US", "FR"), ("LATAM", "EMEA", "APAC", "ANZ")]
)
def test_na_among_codes_is_a_value(others: tuple[str, ...]) -> None:
    cells = column(*("NA", *others) * 12)
    kind = kind_of(cells)
    assert isinstance(kind, Category)
    assert (set(kind.values), kind.gaps) == ({"NA", *others}, False)
    (said,) = Encoding.of([cells], Numbers(name="y", low=0, high=1)).remarks
    assert "column 'x', 12 rows: 'NA' is taken for a value" in said
    target = target_of(cells)
    assert isinstance(target, Classes)
    assert set(target.labels) == {"NA", *others}


@pytest.mark.parametrize("others", [("male", "female"), ("YES", "NO"), ("M", "F"), ("EMEA", "unknown"), ("Y", "N")])
def test_na_among_other_texts_is_a_missing_value_unless_the_user_says_otherwise(others: tuple[str, ...]) -> None:
    cells = column(*("NA", *others) * 12)
    assert kind_of(cells).gaps  # type: ignore[union-attr]
    assert set(target_of(cells).labels) == set(others)  # type: ignore[union-attr]
    kind = kind_of(cells, wish=Wish("category"))
    assert isinstance(kind, Category)
    assert (set(kind.values), kind.gaps) == ({"NA", *others}, False)
    assert kind.encode(column("NA")).sum() == 1
    target = target_of(cells, wish=Wish("category"))
    assert isinstance(target, Classes)
    assert set(target.labels) == {"NA", *others}
    again = Encoding.from_bytes(Encoding(columns=(kind,), ignored=(), target=target).to_bytes())
    assert again.columns[0].encode(column("NA", "")).sum() == 1, "it is kept with the network"
    assert again.target.encode(column("NA", "")).tolist() == [target.labels.index("NA"), -1]


@pytest.mark.parametrize(
    ("wish", "cells", "expected"),
    [
        ("category", range(30), Category),
        ("category", ["1", "2", "3"] * 20, Category),
        ("number", range(30), Number),
        ("number", ["00042", "10115"] * 10, Number),
        ("number", ["1", "0"] * 10, Number),
        ("number", ["7", "low", "high", "9"] * 10, Number),
        ("date", ["2024-01-05", "soon", "later", "2024-01-06"] * 10, Date),
        ("date", ["20240105", "20240106"] * 10, Date),
        ("time", ["14:30", "soon", "late", "9:05"] * 10, Time),
        ("flag", ["y", "no", "yes"] * 10, YesNo),
        ("skip", ["1", "2"] * 10, Ignored),
    ],
)
def test_a_column_is_what_the_user_says(wish: str, cells: list[Any], expected: type) -> None:
    if expected is Category:
        cells = [*cells, *cells, *cells]
    assert isinstance(asked(wish, *cells), expected)


def test_the_user_says_how_a_column_is_written() -> None:
    assert asked("number:comma", "1,234", "2,345").low == 1.234
    assert asked("number:point", "1,234", "2,345").low == 1234
    assert asked("date:dmy", "1/2/2024", "3/4/2024").order == "dmy"
    assert asked("date:mdy", "1/2/2024", "3/4/2024").order == "mdy"


def test_a_category_that_was_asked_for_may_have_many_values() -> None:
    cells = [f"shop {row % 300}" for row in range(3000)]
    assert len(kind_of(column(*cells)).values) == 40  # type: ignore[union-attr]
    assert len(asked("category", *cells).values) == 300


@pytest.mark.parametrize("wish", ["number", "date", "time", "flag", "date:mdy"])
def test_what_a_column_cannot_be_is_refused(wish: str) -> None:
    kind = wish.partition(":")[0]
    with pytest.raises(TableError, match=f"the column 'x' cannot be read as {kind}: it has 'abc'"):
        asked(wish, "abc", "def", "abc")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("categry", r"'categry' is no kind of column \(did you mean 'category'\?\)"),
        ("texts", r"'texts' is no kind of column .*: expected number, category, date, time, flag, text"),
        ("date:ydm", "expected date:dmy, date:mdy, date:ymd"),
        ("flag:yes", "expected flag alone"),
        ("", "'' is no kind of column"),
    ],
)
def test_a_kind_that_there_is_not_is_refused(text: str, why: str) -> None:
    with pytest.raises(TableError, match=why):
        Wish.of(text)


@pytest.mark.parametrize("wish", ["date", "time", "skip"])
def test_a_target_is_a_number_or_a_class(wish: str) -> None:
    with pytest.raises(TableError, match="the target 'x' cannot be read as"):
        target_of(column("1", "2"), wish=Wish(wish))


def test_a_target_is_what_the_user_says() -> None:
    whole = column(*[1, 2, 3] * 20)
    assert isinstance(target_of(whole), Classes)
    assert isinstance(target_of(whole, wish=Wish("number")), Numbers)
    assert isinstance(target_of(column(*[1.5, 2.5, 3.5] * 20), wish=Wish("category")), Classes)


def test_the_form_is_of_all_rows_and_the_values_of_those_learnt_from() -> None:
    cells = column(*["1,234"] * 5, "0,5", "9,999")
    kind = kind_of(cells, np.array([0, 1, 2, 6]), Conventions.of([cells]))
    assert isinstance(kind, Number)
    assert (kind.comma, kind.low, kind.high) == (True, 1.234, 9.999)


def test_what_the_first_version_kept_is_read() -> None:
    notes = (
        b'{"table":1,"columns":[{"kind":"number","name":"a","fill":2.0,"gaps":true,"low":1.0,"high":3.0,"offset":0.0,'
        b'"comma":true},{"kind":"date","name":"d","fill":1.0,"gaps":false,"hours":false},{"kind":"yes/no","name":"f",'
        b'"fill":1.0,"gaps":false}],"ignored":[{"kind":"left out","name":"i","reason":"it is empty"}],'
        b'"target":{"kind":"regressor","name":"y","low":0.0,"high":1.0,"comma":false},"results":{"rmse":1.0}}'
    )
    encoding = Encoding.from_bytes(notes)
    rows = encoding.encode({"a": column("1,5", "NA"), "d": column("2000-01-01", ""), "f": column("on", "n")})
    assert rows[:, [0, 1, -1]].tolist() == [[1.5, 0, 1], [2, 1, 0]]
    assert Encoding.from_bytes(encoding.to_bytes()) == encoding
