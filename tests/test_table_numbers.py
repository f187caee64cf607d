"""Numbers in tables: decimal signs, thousands, units and signs, and texts that are not numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuralredis.table.column import Column
from neuralredis.table.conventions import Conventions
from neuralredis.table.fields import Field, LeftOut, field_of
from neuralredis.table.numbers import NumberForm, unit_of
from neuralredis.table.reading import read
from neuralredis.table.schema import Schema
from neuralredis.table.target import Classes, Numbers, target_of


def column(*cells: str, name: str = "x") -> Column:
    return Column.of(name, cells)


def number(*cells: str, beside: tuple[str, ...] = (), delimiter: str = ",") -> tuple[NumberForm, float]:
    """Return the detected column of a table with two columns, and its minimum."""
    columns = [column(*cells), column(*beside, name="other")]
    found = field_of(columns[0], conventions=Conventions.of(columns, delimiter))
    assert isinstance(found, Field), found
    assert found.kind == "number"
    assert isinstance(found.reader.form, NumberForm)
    return found.reader.form, float(np.nanmin(found.values(columns[0])))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("-1e3", -1000),
        (".5", 0.5),
        ("5.", 5),
        ("1,234.5", 1234.5),
        ("12,34,567", 1234567),
        ("1 234.5", 1234.5),
        ("1\u00a0234\u202f567", 1234567),
        ("1'234.5", 1234.5),
        ("1’234", 1234),
        ("\u221212", -12),
        ("(12.5)", -12.5),
        ("12.5-", -12.5),
        ("+3", 3),
        ("<5", 5),
        (">= 3.2", 3.2),
        ("1e37", 1e37),
        ("1e38", None),
        ("inf", None),
        ("1_000", None),
        ("٣", None),
        ("0,435", None),
        ("0 435", None),
        ("12 345 6", None),
        ("1,23", None),
        ("1,2345", None),
        ("12-13", None),
        ("(12", None),
        ("--5", None),
        ("192.168.1.1", None),
        ("14:30", None),
        ("", None),
    ],
)
def test_numbers_with_decimal_points_are_parsed(text: str, value: float | None) -> None:
    assert NumberForm().read(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0,435", 0.435),
        ("1,258", 1.258),
        ("1.234,50", 1234.5),
        ("1.234", 1234),
        ("1.234.567", 1234567),
        ("1 234,5", 1234.5),
        ("1'234,5", 1234.5),
        ("-3,25", -3.25),
        (",5", 0.5),
        ("1,5E+03", 1500),
        ("(1.234,5)", -1234.5),
        ("1.5", None),
        ("0.435", None),
        ("1,234.5", None),
    ],
)
def test_numbers_with_decimal_commas_are_parsed(text: str, value: float | None) -> None:
    assert NumberForm(comma=True).read(text) == value


@pytest.mark.parametrize(
    ("cells", "comma", "low"),
    [
        (["1,5", "2,5", "1.000,5"], True, 1.5),
        (["1.5", "2.5", "1,000.5"], False, 1.5),
        (["0,435", "1,258"], True, 0.435),
        (["1,500", "2,500"], False, 1500),
        (["1.500", "2.500"], False, 1.5),
        (["1.500", "0.5"], False, 0.5),
        (["1.234.567", "2.500"], True, 2500),
    ],
)
def test_whole_column_determines_the_meaning_of_commas(cells: list[str], comma: bool, low: float) -> None:
    form, least = number(*cells)
    assert (form.comma, least) == (comma, low)


@pytest.mark.parametrize(
    ("cells", "beside", "delimiter", "low"),
    [
        (["1,258", "2,500"], (), ";", 1.258),
        (["1,258", "2,500"], (), "\t", 1.258),
        (["1,258", "2,500"], (), ",", 1258),
        (["1,258", "2,500"], ("0,5", "3,25"), ",", 1.258),
        (["1,258", "2,500"], ("0.5", "3.25"), ";", 1258),
        (["1.258", "2.500"], ("0,5", "3,25"), ";", 1258),
        (["1.258", "2.500"], ("a", "b"), ";", 1.258),
        (["1.258", "0.5"], ("0,5", "3,25"), ";", 0.5),
        (["1,258", "950"], (), "\t", 950),
        (["1.258 €", "950 €"], (), ",", 950),
        (["1,258", "2"], (), ";", 1.258),
        (["1.258", "2500"], (), ",", 1.258),
    ],
)
def test_table_resolves_ambiguous_commas(cells: list[str], beside: tuple[str, ...], delimiter: str, low: float) -> None:
    assert number(*cells, beside=beside, delimiter=delimiter)[1] == low


@pytest.mark.parametrize(
    ("cells", "unit", "low"),
    [
        (["12.30 EUR", "7 EUR"], "EUR", 7),
        (["CHF 12.30", "CHF 7.10"], "CHF", 7.1),
        (["3.5 kg", "12kg", "4"], "kg", 3.5),
        (["12 %", "7%"], "%", 7),
        (["$1,200.50", "-$3.00", "($5)"], "$", -5),
        (["R$ 5", "R$ 6"], "R$", 5),
        (["12,50 €", "1.200,00 €"], "€", 12.5),
        (["5 dollars", "1 dollar"], "dollars", 1),
        (["21.5 °C", "-3 °C"], "°C", -3),
        (["12 km/h", "30 km/h"], "km/h", 12),
        (["12 m2", "30 m2"], "m2", 12),
        (["Fr. 5.50", "Fr. 6"], "Fr.", 5.5),
        (["30 000 km", "5 000 km"], "km", 5000),
    ],
)
def test_common_unit_is_removed_and_shown(cells: list[str], unit: str, low: float) -> None:
    form, least = number(*cells)
    assert (form.unit, least) == (unit, low)
    assert form.title.endswith(unit)
    assert form.read(cells[0]) is not None


@pytest.mark.parametrize("cells", [["{} kg", "{}00 g"], ["{} EUR", "{} USD"], ["{} %", "${}"]])
def test_numbers_of_different_units_are_not_mixed(cells: list[str]) -> None:
    cells = [cell.format(value) for value in range(2, 9) for cell in cells]
    found = field_of(column(*cells))
    assert isinstance(found, LeftOut)
    assert found.reason.startswith("numbers with different units: ")


@pytest.mark.parametrize("text", ["shop 7", "A7", "7a 5b", "2024-01-05", "#5", "3 PM", "10:30", "1/2"])
def test_other_texts_beside_digits_are_not_units(text: str) -> None:
    assert unit_of(text) is None


@pytest.mark.parametrize(
    "cells",
    [
        ["00042", "10115", "80331"],
        ["0042", "0137"],
        ["007", "008", "700"],
        ["01067", "?", "99999"],
    ],
)
def test_codes_with_leading_zeros_are_categories(cells: list[str]) -> None:
    found = field_of(column(*cells, *cells))
    assert isinstance(found, Field)
    assert found.kind.startswith("category ")
    assert next(iter(found.values(column(*cells)))) == cells[0]
    target = target_of(column(*cells, *cells))
    assert isinstance(target, Classes)
    assert target.encode(column(cells[0], cells[0].lstrip("0"))).tolist()[1] == -1, "42 is another code"


@pytest.mark.parametrize("cells", [["01", "02", "12"], ["0", "5", "10"], ["0.5", "00.25"]])
def test_other_leading_zeros_are_numbers(cells: list[str]) -> None:
    assert number(*cells)


@given(
    st.lists(st.decimals(-(10**7), 10**7, places=2), min_size=3, max_size=20, unique=True),
    st.sampled_from(
        [(",", "."), (".", ","), (" ", ","), ("\u202f", ","), ("'", "."), ("\u00a0", "."), ("", "."), ("", ",")]
    ),
    st.sampled_from(["", " EUR", " kg", "%"]),
    st.sampled_from(["-", "\u2212"]),
)
def test_numbers_in_all_formats_are_parsed_back(
    values: list[Any], signs: tuple[str, str], unit: str, minus: str
) -> None:
    thousands, decimal = signs
    texts = [
        f"{value:,.2f}".translate(str.maketrans({",": thousands, ".": decimal, "-": minus})) + unit for value in values
    ]
    cells = column(*texts)
    form, _ = number(*texts)
    assert np.array_equal(cells.numbers(form.read), [float(value) for value in values])


@given(st.lists(st.floats(-1e36, 1e36, allow_nan=False).map(repr), min_size=2, unique_by=float))
def test_printed_floats_are_parsed_back(texts: list[str]) -> None:
    cells = column(*texts)
    assert cells.numbers(NumberForm().read).tolist() == [float(text) for text in texts]


def test_huge_numbers_are_numbers(tmp_path: Path) -> None:
    values = [1e30 * (row % 37 + 1) for row in range(100)]
    pyarrow.parquet.write_table(pa.table({"x": values}), tmp_path / "x.parquet")
    cells = read(str(tmp_path / "x.parquet")).column("x")
    found = field_of(cells)
    assert isinstance(found, Field)
    assert np.array_equal(found.values(cells), values)


def test_another_table_may_have_another_number_format() -> None:
    points = Schema.of([column("0.25", "1.5", "3.125")], Numbers(name="y", low=0, high=1))
    table = {"x": column("0,250", "1,250")}
    adapted = points.adapted(table, ";")
    assert adapted.rows(table)["x"].tolist() == [0.25, 1.25]
    (remark,) = adapted.warnings_for(adapted.unread(table))
    assert remark == "column 'x' is read as number, decimal comma in this table, and was number in the training table"
    commas = Schema.of([column("0,25", "1,5", "3,125")], Numbers(name="y", low=0, high=1))
    table = {"x": column("0.25", "1.5")}
    assert commas.adapted(table, ",").rows(table)["x"].tolist() == [0.25, 1.5]
    table = {"x": column("1.250", "2.500")}
    assert commas.adapted(table, ",").rows(table)["x"].tolist() == [1250, 2500], "an ambiguous column does not change"


def test_typed_numbers_ignore_the_format_of_the_training_table(tmp_path: Path) -> None:
    pyarrow.feather.write_feather(pa.table({"x": [1.125, 2.5]}), str(tmp_path / "x.feather"))
    commas = Schema.of([column("0,25", "1,5", "3,125")], Numbers(name="y", low=0, high=1))
    table = {"x": read(str(tmp_path / "x.feather")).column("x")}
    assert commas.adapted(table).rows(table)["x"].tolist() == [1.125, 2.5]
    assert commas.adapted(table).unread(table) == {"x": {}}


def test_other_units_than_in_the_training_table_are_rejected() -> None:
    kilograms = Schema.of([column("1 kg", "2 kg", "3.5 kg")], Numbers(name="y", low=0, high=1))
    table = {"x": column("3 kg", "4", "200 g")}
    adapted = kilograms.adapted(table)
    assert adapted.unread(table) == {"x": {"200 g": 1}}
    assert "'200 g' is not a number, and counts as missing" in adapted.warnings_for(adapted.unread(table))[0]


@pytest.mark.parametrize(
    ("cells", "delimiter", "expected"),
    [
        (["0,970", "1,258", "1,111"], ";", Numbers(name="x", low=0.97, high=1.258, comma=True)),
        (["1,258", "1,111", "1,500"], ";", Numbers(name="x", low=1.111, high=1.5, comma=True)),
        (["5.50 EUR", "7.25 EUR", "9 EUR"], ",", Numbers(name="x", low=5.5, high=9, unit="EUR")),
        (["1", "2.5", ".", "4"], ",", Numbers(name="x", low=1, high=4)),
    ],
)
def test_target_is_parsed_like_any_other_column(cells: list[str], delimiter: str, expected: Numbers) -> None:
    found = target_of(column(*cells), None, Conventions.of([column(*cells)], delimiter))
    assert found == expected
    assert np.isnan(found.encode(column("no number"))[0])
