"""Tables: what is found out about their columns, and what becomes of these as a network's inputs."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tables
from neuralredis.statistics import hold_out
from neuralredis.table import kinds
from neuralredis.table.column import Column
from neuralredis.table.detection import kind_of
from neuralredis.table.encoding import Encoding
from neuralredis.table.failure import TableError
from neuralredis.table.reading import read
from neuralredis.table.target import Classes, Numbers, target_of
from neuralredis.table.texts import plain


def column(*cells: Any, name: str = "x") -> Column:
    return Column.of(name, [None if cell is None else str(cell) for cell in cells])


def encoded(kind: Any, *cells: Any) -> list[list[float]]:
    rows: list[list[float]] = kind.encode(column(*cells)).tolist()
    return rows


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([3, 1.5, -2, 1.5], "number"),
        (["$1,200.50", "$3.00", "$12", "7"], "number"),
        (["1.200,50", "3,5", "12", "7,25"], "number"),
        ([1, 0, 1, ""], "yes/no"),
        (["Yes", "no", "YES", "NO"], "yes/no"),
        (["true", "false", None], "yes/no"),
        (["male", "female", "male"], "category"),
        (["2024-01-31", "2023/5/1", "2024-02-01T12:30:00Z"], "date"),
        (["always", "always"], "left out"),
        ([5, 5.0, "5"], "left out"),
        (["", "NA", None, "NaN", " n/a "], "left out"),
        ([f"text {row}" for row in range(50)], "left out"),
        (["", "given"] * 10, "given or not"),
        (["", *(f"text {row}" for row in range(9))] * 1 + [""] * 9, "given or not"),
    ],
)
def test_columns_are_told_apart(cells: list[Any], kind: str) -> None:
    assert kind_of(column(*cells)).kind == kind


@pytest.mark.parametrize("name", ["id", "customer_id", "customerId", "Unnamed: 0", "", "no."])
def test_whole_numbers_that_never_repeat_number_the_rows_if_they_are_called_so(name: str) -> None:
    cells = [3, 7, 12, 1, 44, 5, 90]
    assert kind_of(column(*cells, name=name)).kind == "left out"
    assert kind_of(column(*cells, name="paid")).kind == "number"


def test_words_for_nothing_among_numbers_are_missing_numbers() -> None:
    kind = kind_of(column(1, 2, "unknown", "unknown", 6))
    assert kind == kinds.Number(name="x", fill=2, gaps=True, low=1, high=6)
    assert encoded(kind, 1, "unknown", None) == [[1, 0], [2, 1], [2, 1]]
    assert kind_of(column(*range(50, 100, 2), "about 7")).kind == "number", "a stray text is no reason"
    assert kind_of(column(1, 2, "about 7", "small")).kind == "category", "many are"


def test_time_stamps_keep_their_seconds() -> None:
    begin = 1_700_000_000
    kind = kind_of(column(*(begin + 7 * row for row in range(9))))
    rows = np.array(encoded(kind, *(begin + 7 * row for row in range(9))))
    assert np.array_equal(np.diff(rows[:, 0]), np.full(8, 7))


def test_a_category_has_an_input_for_each_common_text_and_one_for_the_others() -> None:
    cells = ["a"] * 30 + ["B"] * 25 + ["rare", "rarer", ""]
    kind = kind_of(column(*cells))
    assert kind == kinds.Category(name="x", values=("a", "B"), other=True, gaps=True)
    assert kind.inputs() == ["x = a", "x = B", "x = any other", "x is missing"]
    assert encoded(kind, "a", "b", "rare", "never seen", None) == [
        [1, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
    ]


def test_without_others_and_gaps_what_was_not_learnt_has_no_input() -> None:
    kind = kind_of(column("a", "b", "a"))
    assert encoded(kind, "b", "c", None) == [[0, 1], [0, 0], [0, 0]]
    kind = kind_of(column("a", "A", "a"))
    assert encoded(kind, "a", "A") == [[1, 0], [0, 1]], "capitals count where they make a difference"


def test_many_texts_are_few_inputs() -> None:
    kind = kind_of(column(*(f"shop {row % 300}" for row in range(3000))))
    assert isinstance(kind, kinds.Category)
    assert (len(kind.values), kind.other) == (40, True)


def test_a_date_is_years_month_day_of_the_week_and_hour() -> None:
    kind = kind_of(column("2000-01-01", "2024-12-31 18:45", None))
    assert kind.detail() == "years, month, day of the week, hour; 2012-07-01 where missing"
    rows = encoded(kind, "2000-01-01", "2024-12-31 18:45", "soon")
    assert rows[0] == [0, 1, 5, 0, 0]
    assert rows[1] == pytest.approx([25.0, 12, 1, 18, 0], abs=0.01)
    assert rows[2][-1] == 1
    assert encoded(kind_of(column("1969-12-31", "1970-01-01")), "1969-12-31")[0][1:] == [12, 2]


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
def test_few_values_are_classes_and_others_numbers_unless_asked(
    cells: list[Any], classify: bool | None, expected: Any
) -> None:
    assert target_of(column(*cells), classify) == expected


@pytest.mark.parametrize(
    ("cells", "classify", "why"),
    [
        ([None, ""], None, "the column 'x' is empty: there is nothing to learn"),
        (["a", None, "a"], None, "the column 'x' is always 'a': there is nothing to tell apart"),
        ([1, "1.0"], None, "is always '1'"),
        (["a", "b"], False, "has 'a', which is no number"),
        ([f"t{row}" for row in range(20)], None, "20 different values in 20 rows: too many to tell apart"),
        (list(range(20)), True, "too many to tell apart; --regress learns them as numbers"),
    ],
)
def test_a_target_of_which_nothing_can_be_learnt_is_refused(cells: list[Any], classify: bool | None, why: str) -> None:
    with pytest.raises(TableError) as refusal:
        target_of(column(*cells), classify)
    assert why in str(refusal.value)


def test_a_target_of_another_table_is_missing_where_it_is_none_of_the_known() -> None:
    target = target_of(column("x", "y", 7, "7.0", "x", "y"))
    assert target.encode(column("y", "7.00", "z", None)).tolist() == [2, 0, -1, -1]


def shop() -> tuple[Encoding, dict[str, Column]]:
    names, rows = tables.shop()
    columns = {name: column(*cells, name=name) for name, cells in zip(names, zip(*rows, strict=True), strict=True)}
    target = target_of(columns["churned"])
    return Encoding.of([columns[name] for name in names if name != "churned"], target, {}), columns


def test_an_encoding_comes_back_from_its_bytes() -> None:
    encoding, columns = shop()
    again = Encoding.from_bytes(encoding.to_bytes())
    assert again == encoding
    assert np.array_equal(again.encode(columns), encoding.encode(columns))
    assert encoding.encode(columns).shape == (400, len(encoding.inputs()))
    assert np.isfinite(encoding.encode(columns)).all()
    assert {kind.name for kind in encoding.ignored} == {"customer_id", "mail", "country", "empty"}


def test_bytes_that_are_no_encoding_are_refused() -> None:
    encoding, _ = shop()
    content = json.loads(encoding.to_bytes())

    def forged(*path: Any, value: Any) -> bytes:
        forged = json.loads(encoding.to_bytes())
        place = forged
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        return json.dumps(forged).encode()

    kinds_there = [kind["kind"] for kind in content["columns"]]
    number, category = kinds_there.index("number"), kinds_there.index("category")
    for bad in (
        b"",
        b"\xff\xfe",
        b"[]",
        b"7",
        b"{}",
        b"[" * 100_000,
        json.dumps({"table": 1}).encode(),
        forged("columns", value=7),
        forged("columns", 0, "kind", value="picture"),
        forged("columns", number, "fill", value="7"),
        forged("columns", number, "fill", value=math.nan),
        forged("columns", number, "gaps", value=1),
        forged("columns", category, "values", value=[]),
        forged("columns", category, "values", value=[1]),
        forged("columns", category, "name", value=None),
        forged("target", "labels", value=["one"]),
        forged("target", value=None),
        forged("results", value=7),
    ):
        with pytest.raises(TableError, match="it does not say what its columns are"):
            Encoding.from_bytes(bad)
    with pytest.raises(TableError, match="in form 3: this version reads forms 1 to 2"):
        Encoding.from_bytes(forged("table", value=3))


@given(st.lists(st.one_of(st.none(), st.text(max_size=6), st.floats().map(str), st.integers().map(str)), max_size=40))
def test_any_column_is_of_some_kind_and_any_cell_is_finite_inputs(cells: list[str | None]) -> None:
    kind = kind_of(Column.of("x", cells))
    assert kind.detail()
    if not isinstance(kind, kinds.Ignored):
        rows = kind.encode(Column.of("x", [*cells, "never seen", "7", "2024-01-01", None]))
        assert rows.shape == (len(cells) + 4, len(kind.inputs()))
        assert rows.dtype == np.float32
        assert np.isfinite(rows).all()


@given(st.integers(2, 200), st.integers(1, 4), st.integers(0, 5))
def test_rows_are_held_out_class_by_class(rows: int, classes: int, seed: int) -> None:
    y = np.random.default_rng(seed).integers(0, classes, rows)
    train, held = hold_out(y, rows, 0.2, seed)
    assert sorted([*train.tolist(), *held.tolist()]) == list(range(rows))
    for label in range(classes):
        of_label = np.count_nonzero(y == label)
        assert abs(np.count_nonzero(y[held] == label) - of_label / 5) <= 1.01
        assert not of_label or (y[train] == label).any(), "each class can be learnt"


@given(st.integers(2, 2000), st.integers(0, 5))
def test_rows_that_are_held_out_stay_the_same_so_that_a_seed_makes_the_same_network(rows: int, seed: int) -> None:
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
def test_csv_is_read_as_it_comes(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    table = read(str(tmp_path / name))
    assert table.names == ["name", "n"]
    assert [table.column("name").cell(row) for row in range(2)] == ["Köln", "a, b"]
    assert [table.column("n").cell(row) for row in range(2)] == ["1", "2"]


def test_columns_of_one_name_or_none_get_one(tmp_path: Path) -> None:
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
    assert table.names == ["number", "flag", "day", "kind"]
    assert any("'list' holds no single values" in remark for remark in table.remarks)
    found = [kind_of(table.column(name)).kind for name in table.names]
    assert found == ["number", "yes/no", "date", "category"]
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
def test_numbers_are_shown_with_digits_that_count(number: float, text: str) -> None:
    assert plain(number) == text
