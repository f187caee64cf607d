"""Flags, words for missing values, codes such as NA, and kinds that the user sets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neuralredis.table.column import Column
from neuralredis.table.conventions import Conventions
from neuralredis.table.dates import DateForm
from neuralredis.table.failure import TableError
from neuralredis.table.fields import Field, LeftOut, field_of
from neuralredis.table.numbers import NumberForm
from neuralredis.table.remarks import gap_words
from neuralredis.table.schema import Schema
from neuralredis.table.target import Classes, Numbers, target_of
from neuralredis.table.wishes import Wish


def column(*cells: Any, name: str = "x") -> Column:
    return Column.of(name, [None if cell is None else str(cell) for cell in cells])


def field_as(kind: str, *cells: Any) -> Any:
    return field_of(column(*cells), wish=Wish.of(kind))


def field(cells: Column, **how: Any) -> Field:
    found = field_of(cells, **how)
    assert isinstance(found, Field), found
    return found


def words(found: Field, *cells: Any) -> list[Any]:
    return list(found.values(column(*cells)))


@pytest.mark.parametrize("pair", [("yes", "no"), ("True", "FALSE"), ("On", "off"), ("1", "0"), ("TRUE", "false")])
def test_yes_no_pairs_are_flags(pair: tuple[str, str]) -> None:
    assert field(column(*pair * 10)).kind == "flag"
    found = field(column(*pair * 10, pair[0].swapcase(), "", "NA", "?"))
    assert (found.kind, found.gaps) == ("flag", True)
    assert np.array_equal(words(found, *pair, None), [1, 0, np.nan], equal_nan=True)


@pytest.mark.parametrize("pair", [("Y", "N"), ("t", "f")])
def test_other_pairs_of_letters_are_categories(pair: tuple[str, str]) -> None:
    found = field(column(*pair * 10, "?"))
    assert (found.kind, found.gaps) == ("category 2", True)
    assert words(found, *pair, None) == [*pair, None]


@pytest.mark.parametrize(
    "words",
    [
        *(("n", "f"), ("T", "Y"), ("0", "no"), ("y", "no"), ("yes", "false"), ("1", "off"), ("on", "yes")),
        *(("n", "f", "y"), ("no", "off", "on"), ("on", "yes", "no"), ("N", "F", "Y", "T"), ("1", "0", "y")),
        *(("yes", "no", "maybe"), ("yes", "no", "unknown"), ("y", "yes", "no")),
    ],
)
def test_other_words_are_separate_categories(words: tuple[str, ...]) -> None:
    found = field(column(*words * 10))
    assert found.kind == f"category {len(words)}"
    assert list(found.values(column(*words))) == list(words)


@pytest.mark.parametrize("word", ["yes", "n", "T", "0", "off"])
def test_column_with_one_word_is_left_out_as_constant(word: str) -> None:
    found = field_of(column(*[word] * 20))
    assert isinstance(found, LeftOut)
    assert found.reason in (f"it is always '{word}'", f"it is always {word}")
    assert field(column(*[word] * 20, *[""] * 20)).gaps, "its presence may be information"


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
def test_any_share_of_missing_value_words_among_numbers_are_gaps(word: str, share: int) -> None:
    cells = column(*[row * 1.5 for row in range(100 - share)], *[word] * share)
    found = field(cells)
    if word == "ohne":
        # That a text is not a number may be information.
        assert found.kind == "auto 2"
        assert words(found, 1.5, word, None) == [1.5, word, None]
        return
    assert (found.kind, found.gaps) == ("number", True)
    assert np.isnan(words(found, word)).all()
    assert gap_words(cells, found.reader) == {word: share}


@pytest.mark.parametrize("share", [10, 40])
def test_numeric_target_may_have_missing_value_words(share: int) -> None:
    target = target_of(column(*[row * 1.5 for row in range(100 - share)], *["."] * share))
    assert isinstance(target, Numbers)
    assert np.isnan(target.encode(column("."))[0])


def test_reason_for_a_left_out_column_is_reported() -> None:
    found = field_of(column(*range(60), *(f"A/5 {row}" for row in range(28))))
    assert found == LeftOut(name="x", reason="numbers, except 'A/5 0' and others in 28 rows")
    days = (f"{day}.1.2024" for day in range(1, 28))
    found = field_of(column(*days, "soon", "later", "sooner"))
    assert found == LeftOut(name="x", reason="dates, except 'soon' and others in 3 rows")


@pytest.mark.parametrize(
    "others", [("EMEA", "APAC"), ("EU", "AS", "OC"), ("DE", "US", "FR"), ("LATAM", "EMEA", "APAC", "ANZ")]
)
def test_na_among_codes_is_a_category(others: tuple[str, ...]) -> None:
    cells = column(*("NA", *others) * 12)
    found = field(cells)
    assert (found.kind, found.gaps) == (f"category {len(others) + 1}", False)
    assert words(found, "NA", others[0]) == ["NA", others[0]]
    (remark,) = Schema.of([cells], Numbers(name="y", low=0, high=1)).remarks
    assert "column 'x', 12 rows: 'NA' is read as a value" in remark
    target = target_of(cells)
    assert isinstance(target, Classes)
    assert set(target.labels) == {"NA", *others}


@pytest.mark.parametrize("others", [("male", "female"), ("YES", "NO"), ("M", "F"), ("EMEA", "unknown"), ("Y", "N")])
def test_na_among_other_texts_is_a_gap_by_default(others: tuple[str, ...]) -> None:
    cells = column(*("NA", *others) * 12)
    assert field(cells).gaps
    assert set(target_of(cells).labels) == set(others)  # type: ignore[union-attr]
    found = field(cells, wish=Wish("category"))
    assert (found.kind, found.gaps) == ("category 3", False)
    assert words(found, "NA", "") == ["NA", None]
    target = target_of(cells, wish=Wish("category"))
    assert isinstance(target, Classes)
    assert set(target.labels) == {"NA", *others}
    assert target.encode(column("NA", "")).tolist() == [target.labels.index("NA"), -1]


@pytest.mark.parametrize(
    ("wish", "cells", "expected"),
    [
        ("category", range(30), "category 30"),
        ("category 5", range(30), "category 5"),
        ("category", ["1", "2", "3"] * 20, "category 3"),
        ("number", range(30), "number"),
        ("number", ["00042", "10115"] * 10, "number"),
        ("number", ["1", "0"] * 10, "number"),
        ("number", ["7", "low", "high", "9"] * 10, "number"),
        ("auto", ["7", "low", "high", "9"] * 10, "auto 2"),
        ("date", ["2024-01-05", "soon", "later", "2024-01-06"] * 10, "time"),
        ("date", ["20240105", "20240106"] * 10, "time"),
        ("time", ["14:30", "soon", "late", "9:05"] * 10, "time"),
        ("time", ["2024-01-05", "2024-01-06"] * 10, "time"),
        ("flag", ["y", "no", "yes"] * 10, "flag"),
        ("text", ["a", "b"] * 10, "text 512"),
        ("text:64", ["a", "b"] * 10, "text 64"),
        ("tags", ["a, b", "b", "c,a"] * 10, "tags 3"),
    ],
)
def test_user_sets_the_kind_of_a_column(wish: str, cells: list[Any], expected: str) -> None:
    assert field_as(wish, *cells).kind == expected


def test_user_leaves_out_a_column() -> None:
    assert field_as("skip", "1", "2") == LeftOut(name="x", reason="as asked")


def test_user_sets_the_format_of_a_column() -> None:
    assert field_as("number:comma", "1,234", "2,345").reader.form == NumberForm(comma=True)
    assert field_as("number:point", "1,234", "2,345").reader.form == NumberForm(comma=False)
    assert field_as("date:dmy", "1/2/2024", "3/4/2024").reader.form == DateForm("dmy")
    assert field_as("date:mdy", "1/2/2024", "3/4/2024").reader.form == DateForm("mdy")


@pytest.mark.parametrize("wish", ["number", "date", "time", "flag", "date:mdy"])
def test_impossible_kinds_of_columns_are_rejected(wish: str) -> None:
    kind = wish.partition(":")[0]
    with pytest.raises(TableError, match=f"the column 'x' cannot be read as {kind}: it has 'abc'"):
        field_as(wish, "abc", "def", "abc")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("categry", r"'categry' is not a kind of column \(did you mean 'category'\?\)"),
        ("texts", r"'texts' is not a kind of column .*: expected number, category, date, time, flag, text"),
        ("date:ydm", "expected date:dmy, date:mdy, date:ymd"),
        ("flag:yes", "expected flag alone"),
        ("", "'' is not a kind of column"),
    ],
)
def test_unknown_kind_is_rejected(text: str, why: str) -> None:
    with pytest.raises(TableError, match=why):
        Wish.of(text)


@pytest.mark.parametrize("wish", ["date", "time", "skip"])
def test_invalid_kind_of_a_target_is_rejected(wish: str) -> None:
    with pytest.raises(TableError, match="the target 'x' cannot be read as"):
        target_of(column("1", "2"), wish=Wish(wish))


def test_user_sets_the_kind_of_the_target() -> None:
    whole = column(*[1, 2, 3] * 20)
    assert isinstance(target_of(whole), Classes)
    assert isinstance(target_of(whole, wish=Wish("number")), Numbers)
    assert isinstance(target_of(column(*[1.5, 2.5, 3.5] * 20), wish=Wish("category")), Classes)


def test_format_is_detected_in_all_rows_and_range_in_training_rows() -> None:
    cells = column(*["1,234"] * 5, "0,5", "9,999")
    found = field_of(cells, np.array([0, 1, 2, 6]), Conventions.of([cells]))
    assert isinstance(found, Field)
    assert (found.reader.form, found.detail) == (NumberForm(comma=True), "1,234 to 10")
