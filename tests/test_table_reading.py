"""CSV files: separators, titles, comments and quotation marks, and files that are not CSV."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuralredis.table.failure import TableError
from neuralredis.table.reading import Table, read
from neuralredis.table.texts import shortened


@pytest.fixture
def table(tmp_path: Path) -> Reader:
    return Reader(tmp_path / "x.csv")


class Reader:
    """Write a text to a file, and read it as a table."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, text: str | bytes, *, header: bool = True) -> Table:
        self.path.write_bytes(text.encode() if isinstance(text, str) else text)
        return read(str(self.path), header=header)

    def error(self, text: str) -> str:
        """Return the error of a table."""
        with pytest.raises(TableError) as raised:
            self(text)
        return str(raised.value).replace(str(self.path), "x.csv")


def rows(table: Table) -> list[tuple[str, ...]]:
    return list(zip(*(cells.to_pylist() for cells in table.cells.columns), strict=True))


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b\n1,2\n3,4\n", ","),
        ("a;b\n1,5;2,5\n3,5;4,5\n", ";"),
        ("a\tb\n1,5\t2\n", "\t"),
        ("a|b\n1|2\n", "|"),
        ('a;"b,c,d"\n1;2\n3;4\n', ";"),
        ("a;b,c,d,e\n1;2\n3;4\n", ";"),
        ("sep=;\na;b\n1,2;3\n", ";"),
        ("SEP=|\r\na|b\r\n1|2\r\n", "|"),
        ('"sep=\t"\na\tb\n1\t2\n', "\t"),
        ("sep=,\na,b\n1;3;4;5,2\n", ","),
    ],
)
def test_separator_is_detected_or_declared_in_the_file(table: Reader, text: str, delimiter: str) -> None:
    found = table(text)
    assert (found.delimiter, len(found.names)) == (delimiter, 2)
    assert found.names[0] == "a"


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("# made by a program\na,b\n1,2\n", "1 line that begins with # skipped"),
        ("# made, by, a program\n#\n\na,b\n1,2\n", "2 lines that begin with # skipped"),
        ("#a\tb\n1\t2\n", "the last line that begins with # has the names"),
        ("# of 2024\n#a,b\n1,2\n", "the last line that begins with # has the names"),
        ("Report of 2024\na,b\n1,2\n3,4\n", "1 line before the names skipped: Report of 2024"),
        ("Report\n\nof 2024\n\na,b\n1,2\n3,4\n", "2 lines before the names skipped: Report"),
    ],
)
def test_lines_before_the_header_are_skipped_with_a_message(table: Reader, text: str, remark: str) -> None:
    found = table(text)
    assert found.names == ["a", "b"]
    assert rows(found)[0] == ("1", "2")
    assert remark in found.remarks


def test_title_with_empty_cells_is_skipped(table: Reader) -> None:
    assert table("Sales;;\na;b;c\n1;2;3\n").names == ["a", "b", "c"]


@pytest.mark.parametrize("text", [",x\n0,1.5\n1,2.5\n", "x\n1\n2\n", ",x,y\n0,1,2\n", "y,a #1\n1,2\n", "#,a\n1,2\n"])
def test_header_is_not_mistaken_for_a_title(table: Reader, text: str) -> None:
    found = table(text)
    assert len(found) == text.count("\n") - 1
    assert not any("before the names" in remark for remark in found.remarks)


@pytest.mark.parametrize(
    "text",
    [
        "5.1,3.5,setosa\n4.9,3.0,setosa\n4.7,3.2,virginica\n",
        "100000,59,DE\n20000,31,FR\n",
        "2024-01-05,7,a\n2024-01-06,8,b\n",
        "m,yes,DE\nf,no,DE\nm,yes,FR\n",
    ],
)
def test_header_that_looks_like_a_row_is_reported(table: Reader, text: str) -> None:
    (remark,) = table(text).remarks
    assert "looks like a row, not like names: --no-header reads it as a row" in remark
    found = table(text, header=False)
    assert found.names == ["field 1", "field 2", "field 3"]
    assert len(found) == text.count("\n")
    assert found.remarks == []
    assert not found.header


@pytest.mark.parametrize(
    "text",
    [
        "country,2019,2020,2021\nDE,1,2,3\n",
        "0,1,2\n5,6,7\n",
        "name,age\nAda,36\n",
        "a,b\nc,d\n",
        "\n\na,b\n1,2\n",
    ],
)
def test_header_is_not_mistaken_for_a_row(table: Reader, text: str) -> None:
    assert not any("looks like a row" in remark for remark in table(text).remarks)


@pytest.mark.parametrize("rows", [3, 2000])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_unclosed_quote_is_an_error_that_names_the_line(table: Reader, rows: int, end: str) -> None:
    lines = ["age,name,y", *(f"{row},Bob,no" for row in range(rows))]
    lines[rows // 2] = '26,Ann,"yes'
    assert f"line {rows // 2 + 1:,}: a quotation mark is not closed" in table.error(end.join(lines) + end)
    lines[rows - 1] = '27,Eve,"no'
    found = table.error(end.join(lines) + end)
    assert f"line {rows // 2 + 1:,}: a quotation mark is not closed" in found
    assert f"line {rows:,}" in found


@pytest.mark.parametrize("cell", ['"', '"yes', '"""', '"a ""word""', '"""yes'])
def test_unclosed_quotes_are_detected_despite_an_even_count(table: Reader, cell: str) -> None:
    found = table.error(f"a,b\n1,x\n2,{cell}\n" + "3,x\n" * 20)
    assert "line 3: a quotation mark is not closed" in found
    found = table.error(f'a,b\n1,x\n2,{cell}\n3,5" pipe\n' + "4,x\n" * 20)
    assert "line 3: a quotation mark is not closed" in found


def test_quote_that_closes_in_a_later_row_is_an_error(table: Reader) -> None:
    lines = ["a,b,y", *(f"{row},Bob,no" for row in range(50))]
    lines[10], lines[30] = '7,"Ann,no', '8,Ann",yes'
    found = table.error("\n".join(lines) + "\n")
    assert "line 11: a quotation mark is not closed before line 31, and the 19 lines between look like rows" in found


@pytest.mark.parametrize(
    "cell",
    ["two\nlines", 'a "word"', "a, b", "one\n\n\nfour\nlines", '"', "", 'x\n"\ny', "Street 1\nTown\nLand\nWorld"],
)
def test_quoted_texts_are_cells(table: Reader, cell: str) -> None:
    quoted = '"' + cell.replace('"', '""') + '"'
    found = table(f"a,b,c\n1,{quoted},2\n{quoted},5,6\n3,4,{quoted}\n")
    assert rows(found) == [("1", cell, "2"), (cell, "5", "6"), ("3", "4", cell)]


@pytest.mark.parametrize("cell", ['5" pipe', 'so "called"', '"5" pipe', '""x'])
def test_quotes_within_cells_are_kept(table: Reader, cell: str) -> None:
    found = table(f"a,b\n1,{cell}\n" + "2,x\n" * 20)
    assert len(found) == 21
    assert rows(found)[1] == ("2", "x")


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=5), min_size=2, max_size=2
        ),
        min_size=1,
        max_size=8,
    )
)
def test_quoted_cells_are_read_back(tmp_path_factory: pytest.TempPathFactory, cells: list[list[str]]) -> None:
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    quoted = "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in cells)
    path.write_bytes(f"first name,second name\n{quoted}".encode())
    assert rows(read(str(path))) == [tuple(row) for row in cells]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a,b\n1,2\n3,4,5\n", "row 3 (3,4,5) has 3 cells, and the first line 2 names"),
        ('a,b\n1,"x\ny"\n3,4,5\n', "row 3, which begins in line 4 of the file, (3,4,5) has 3 cells"),
        ("# note\n\na,b\n1,2\n\n3,4,5\n", "which begins in line 6 of the file, (3,4,5) has 3 cells"),
    ],
)
def test_line_with_a_wrong_number_of_cells_is_named(table: Reader, text: str, why: str) -> None:
    assert why in table.error(text)


@pytest.mark.parametrize("text", ["a,b", "a,b\n", "sep=;\na;b", "# note\na,b\n\n", 'a,"b c"'])
def test_header_without_rows_is_reported(table: Reader, text: str) -> None:
    assert table.error(text) == "x.csv has the names of 2 columns and no rows"


@pytest.mark.parametrize(
    ("text", "file_type"),
    [
        ("[1, 2]\n[3, 4]\n", "JSON"),
        ("<?xml version='1.0'?><a/>", "HTML or XML"),
        ("<!DOCTYPE html><html></html>", "HTML or XML"),
        ("% made by\n@RELATION iris\n@ATTRIBUTE a NUMERIC\n", "ARFF"),
        ("1 1:0.5 3:7\n-1 2:1\n", "LIBSVM"),
    ],
)
def test_other_file_types_are_rejected_by_name(table: Reader, text: str, file_type: str) -> None:
    assert table.error(text) == f"x.csv looks like {file_type}: expected CSV, JSON lines, Parquet or Feather"


@pytest.mark.parametrize("text", ["[id],[name]\n1,2\n", "{id},{name}\n1,2\n", "<5,>5\n1,2\n", "1 1,2\n3,4\n"])
def test_csv_that_begins_like_another_file_type_is_read(table: Reader, text: str) -> None:
    assert len(table(text)) == 1


def test_feather_is_read(tmp_path: Path) -> None:
    path = str(tmp_path / "x.feather")
    pyarrow.feather.write_feather(pa.table({"a": [1.5, None], "b": ["x", "y"]}), path)
    found = read(path)
    assert (found.names, len(found)) == (["a", "b"], 2)
    assert found.column("a").cell(1) is None
    Path(path).write_bytes(b"ARROW1 but no more")
    with pytest.raises(TableError, match="cannot be read as Feather"):
        read(path)


def test_line_breaks_in_cells_are_shown_as_symbols() -> None:
    assert shortened("two\r\nlines\tof\x1b text") == "two⏎lines of� text"


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "b": {"c": "x", "d": ["p", "q"]}}\n\n{"a": null, "b": {"c": "y"}, "e": true}\n',
        '[{"a": 1, "b": {"c": "x", "d": ["p", "q"]}},\n {"b": {"c": "y"}, "e": true}]',
    ],
)
def test_json_lines_are_rows(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.jsonl").write_text(text)
    table = read(str(tmp_path / "x.jsonl"))
    assert table.names == ["a", "b.c", "b.d", "e"]
    assert [table.column("a").cell(row) for row in range(2)] == ["1", None]
    assert [table.column("b.c").cell(row) for row in range(2)] == ["x", "y"]
    lists = table.column("b.d").values
    assert lists is not None
    assert [items if items is None else list(items) for items in lists] == [["p", "q"], None]
    assert table.column("e").cell(1) == "true"


def test_json_column_of_several_types_is_read_as_text(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"a": 1}\n{"a": "low"}\n{"a": 2.5}\n')
    column = read(str(tmp_path / "x.jsonl")).column("a")
    assert [column.cell(row) for row in range(3)] == ["1", "low", "2.5"]


@pytest.mark.parametrize("text", ['{"a": 1}\n{"a": \n', '[{"a": 1}, 3]', '{"a": 1}\n[1]\n', '[{"a": 1}', "{}"])
def test_invalid_json_is_rejected_in_one_line(table: Reader, text: str) -> None:
    assert "\n" not in table.error(text)
