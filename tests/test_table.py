"""Tables: how kinds of columns are detected, and which fields they become."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neuralredis as nr
import tables
from neuralredis.statistics import hold_out
from neuralredis.table.column import Column
from neuralredis.table.failure import TableError
from neuralredis.table.fields import Field, LeftOut, field_of
from neuralredis.table.reading import read
from neuralredis.table.schema import Schema
from neuralredis.table.target import Classes, Numbers, target_of
from neuralredis.table.texts import plain


def column(*cells: Any, name: str = "x") -> Column:
    return Column.of(name, [None if cell is None else str(cell) for cell in cells])


def kind_of(column: Column) -> str:
    found = field_of(column)
    return found.kind if isinstance(found, Field) else "left out"


def values(found: Field | LeftOut, *cells: Any) -> list[Any]:
    assert isinstance(found, Field)
    return list(found.values(column(*cells)))


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([3, 1.5, -2, 1.5], "number"),
        (["$1,200.50", "$3.00", "$12", "7"], "number"),
        (["1.200,50", "3,5", "12", "7,25"], "number"),
        ([1, 0, 1, ""], "flag"),
        (["Yes", "no", "YES", "NO"], "flag"),
        (["true", "false", None], "flag"),
        (["male", "female", "male"], "category 2"),
        (["2024-01-31", "2023/5/1", "2024-02-01T12:30:00Z"], "time"),
        (["always", "always"], "left out"),
        ([5, 5.0, "5"], "left out"),
        (["", "NA", None, "NaN", " n/a "], "left out"),
        ([f"text{row}" for row in range(50)], "left out"),
        ([f"some text of {row} words" for row in range(50)], "text 512"),
        (["x" * 65, "y"] * 20, "text 512"),
        (["low", *range(30), "low", "high"] + ["high", "low"] * 8, "auto 2"),
        (["", "given"] * 10, "category 2"),
        (["", *(f"text {row}" for row in range(9))] + [""] * 9, "category 2"),
    ],
)
def test_kinds_of_columns_are_detected(cells: list[Any], kind: str) -> None:
    assert kind_of(column(*cells)) == kind


@pytest.mark.parametrize("name", ["id", "customer_id", "customerId", "Unnamed: 0", "", "no."])
def test_unique_integers_named_as_ids_are_left_out(name: str) -> None:
    cells = [3, 7, 12, 1, 44, 5, 90]
    assert kind_of(column(*cells, name=name)) == "left out"
    assert kind_of(column(*cells, name="paid")) == "number"


def test_words_for_missing_values_among_numbers_are_gaps() -> None:
    found = field_of(column(1, 2, "unknown", "unknown", 6))
    assert isinstance(found, Field)
    assert (found.kind, found.detail, found.gaps) == ("number", "1 to 6", True)
    assert np.array_equal(values(found, 1, "unknown", None), [1, np.nan, np.nan], equal_nan=True)
    assert kind_of(column(*range(50, 100, 2), "about 7")) == "number", "a stray text does not make it a category"
    assert kind_of(column(1, 2, "about 7", "small")) == "category 4", "many texts do"


def test_unix_timestamps_are_times() -> None:
    begin = 1_700_000_000
    cells = [begin + 7 * row for row in range(9)]
    found = field_of(column(*cells))
    assert isinstance(found, Field)
    assert (found.kind, found.title) == ("time", "time, in seconds since 1970")
    assert np.array_equal(np.diff(values(found, *cells)), np.full(8, np.timedelta64(7, "s")))
    assert kind_of(column(*(begin + 86_400_000 * row for row in range(9)), name="created_at")) == "time"
    assert kind_of(column(*(begin + 86_400_000 * row for row in range(9)), name="income")) == "number"


def test_category_has_a_word_for_each_text() -> None:
    found = field_of(column(*["a"] * 30, *["B"] * 25, "rare", "rarer", ""))
    assert isinstance(found, Field)
    assert (found.kind, found.gaps, found.detail) == ("category 4", True, "a, B, rare and rarer")
    assert values(found, "a", "b", "never seen", None, "NA") == ["a", "b", "never seen", None, None]
    assert kind_of(column(*(f"shop {row % 300}" for row in range(3000)))) == "category 300"


def test_date_becomes_a_time_field() -> None:
    found = field_of(column("2000-01-01", "2024-12-31 18:45", None))
    assert isinstance(found, Field)
    assert found.detail == "2000-01-01 to 2024-12-31"
    assert [str(moment) for moment in values(found, "2024-12-31 18:45", "soon")] == [
        "2024-12-31T18:45:00.000000",
        "NaT",
    ]


@pytest.mark.parametrize(
    ("cells", "classify", "expected"),
    [
        (["x", "y", "x"], None, Classes(name="x", labels=("x", "y"))),
        ([1, 0, "1.0", 0], None, Classes(name="x", labels=("0", "1"))),
        (["yes", "no", "no"], None, Classes(name="x", labels=("no", "yes"))),
        ([10, 9] * 3 + [11] * 20, None, Classes(name="x", labels=("9", "10", "11"))),
        ([1, 2, 3], None, Numbers(name="x", low=1, high=3)),
        ([0.5, 0.25, 2], None, Numbers(name="x", low=0.25, high=2)),
        ([1, 0, 1], False, Numbers(name="x", low=0, high=1)),
        ([1.5, 2.5, 1.5, 2.5, 3.5, 3.5], True, Classes(name="x", labels=("1.5", "2.5", "3.5"))),
        (["1,5", "2,25", "3,0"], None, Numbers(name="x", low=1.5, high=3, comma=True)),
    ],
)
def test_few_distinct_values_are_classes_by_default(cells: list[Any], classify: bool | None, expected: Any) -> None:
    assert target_of(column(*cells), classify) == expected


@pytest.mark.parametrize(
    ("cells", "classify", "why"),
    [
        ([None, ""], None, "the column 'x' is empty: there is nothing to learn"),
        (["a", None, "a"], None, "the column 'x' is always 'a': there is nothing to distinguish"),
        ([1, "1.0"], None, "is always '1'"),
        (["a", "b"], False, "has 'a': expected numbers"),
        ([f"t{row}" for row in range(20)], None, "20 different values in 20 rows: too many classes"),
        (list(range(20)), True, "too many classes; --regress predicts them as numbers"),
    ],
)
def test_unusable_target_is_rejected(cells: list[Any], classify: bool | None, why: str) -> None:
    with pytest.raises(TableError) as raised:
        target_of(column(*cells), classify)
    assert why in str(raised.value)


def test_unknown_outcome_in_another_table_is_missing() -> None:
    target = target_of(column("x", "y", 7, "7.0", "x", "y"))
    assert target.encode(column("y", "7.00", "z", None)).tolist() == [2, 0, -1, -1]


def shop() -> tuple[Schema, dict[str, Column]]:
    names, rows = tables.shop()
    columns = {name: column(*cells, name=name) for name, cells in zip(names, zip(*rows, strict=True), strict=True)}
    target = target_of(columns["churned"])
    return Schema.of([columns[name] for name in names if name != "churned"], target, {}), columns


def test_schema_defines_a_network() -> None:
    schema, columns = shop()
    rows = schema.rows(columns)
    assert list(rows) == list(schema.kinds())
    assert {len(values) for values in rows.values()} == {400}
    assert {one.name for one in schema.left_out} == {"customer_id", "mail", "country", "empty"}
    net = nr.Network("classifier", fields=schema.kinds(), target="churned")
    assert sum(net.observe(rows, columns["churned"].texts[:1] * 400)) == 400
    with pytest.raises(TableError, match="the table lacks columns of the network: 'city'; it has 'customer_id'"):
        schema.rows({name: column for name, column in columns.items() if name != "city"})


def test_dictionaries_share_the_limit_of_words() -> None:
    schema, _ = shop()
    assert schema.kinds()["city"] == f"category {schema.fields[0].reader.size}"
    assert schema.kinds(most=600)["city"] == schema.kinds()["city"]
    assert schema.kinds(most=5)["city"] == "category 5"


@given(st.lists(st.one_of(st.none(), st.text(max_size=6), st.floats().map(str), st.integers().map(str)), max_size=40))
def test_network_accepts_any_cell_of_a_column(cells: list[str | None]) -> None:
    found = field_of(Column.of("x", cells))
    if isinstance(found, Field):
        assert found.detail
        assert found.hint
        net = nr.Network("regressor", fields={"x": found.kind}, target="y", hidden=[2])
        fresh = Column.of("x", [*cells, "never seen", "7", "2024-01-01", None])
        assert net.run({"x": found.values(fresh)}).shape == (len(cells) + 4,)


@given(st.integers(2, 200), st.integers(1, 4), st.integers(0, 5))
def test_hold_out_is_stratified_by_class(rows: int, classes: int, seed: int) -> None:
    y = np.random.default_rng(seed).integers(0, classes, rows)
    train, held_out = hold_out(y, rows, 0.2, seed)
    assert sorted([*train.tolist(), *held_out.tolist()]) == list(range(rows))
    for label in range(classes):
        of_label = np.count_nonzero(y == label)
        assert abs(np.count_nonzero(y[held_out] == label) - of_label / 5) <= 1.01
        assert not of_label or (y[train] == label).any(), "each class can be learnt"


@given(st.integers(2, 2000), st.integers(0, 5))
def test_hold_out_of_a_seed_never_changes(rows: int, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(rows)
    count = max(round(0.2 * rows), 1)
    expected = order[((np.arange(count) + 0.5) * rows / count).astype(int)]
    assert sorted(hold_out(None, rows, 0.2, seed)[1].tolist()) == sorted(expected.tolist())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plain", 'name,n\nKöln,1\n"a, b",2\n'.encode()),
        ("bom", b"\xef\xbb\xbf" + 'name,n\nKöln,1\n"a, b",2\n'.encode()),
        ("semicolons", "name;n\r\nKöln;1\r\na, b;2\r\n".encode()),
        ("tabs", "name\tn\nKöln\t1\na, b\t2".encode()),
        ("western", 'name,n\nKöln,1\n"a, b",2\n'.encode("cp1252")),
        ("utf-16", 'name,n\nKöln,1\n"a, b",2\n'.encode("utf-16")),
        ("packed", gzip.compress('name,n\nKöln,1\n"a, b",2\n'.encode(), mtime=0)),
        ("spaces", '\n name , n \n Köln ,1\n"a, b", 2 \n'.encode()),
    ],
)
def test_csv_dialects_and_encodings_are_detected(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    table = read(str(tmp_path / name))
    assert table.names == ["name", "n"]
    assert [table.column("name").cell(row) for row in range(2)] == ["Köln", "a, b"]
    assert [table.column("n").cell(row) for row in range(2)] == ["1", "2"]


def test_duplicate_and_missing_column_names_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("a,a,,a (2)\n1,2,3,4\n")
    table = read(str(tmp_path / "x"))
    assert table.names == ["a", "a (2)", "column 3", "a (2) (2)"]
    assert table.remarks[0] == "there is more than one column 'a': one of them is called 'a (2)' here"


def test_parquet_is_read_like_csv(tmp_path: Path) -> None:
    cells = pa.table(
        {
            "number": [1.5, None, 3],
            "flag": [True, False, None],
            "day": pa.array([0, 86_400_000_000, None], pa.timestamp("us", "UTC")),
            "kind": pa.array(["a", "b", "a"]).dictionary_encode(),
            "list": [[1], [2], []],
            "bytes": [b"1", b"2", None],
        }
    )
    pyarrow.parquet.write_table(cells, tmp_path / "x.parquet")
    table = read(str(tmp_path / "x.parquet"))
    assert table.names == ["number", "flag", "day", "kind", "list"]
    assert any("'bytes' has values of type" in remark for remark in table.remarks)
    found = [kind_of(table.column(name)) for name in table.names]
    assert found == ["number", "flag", "time", "category 2", "vector 1"]
    assert table.column("number").cell(1) is None


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (2024, "2024"),
        (12345.6, "12,346"),
        (0.25, "0.25"),
        (-1e-20, "-1e-20"),
        (3e17, "3e+17"),
        (99.999, "100"),
    ],
)
def test_numbers_are_printed_with_significant_digits(number: float, text: str) -> None:
    assert plain(number) == text
