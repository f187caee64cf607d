"""Parse CSV: detect the separator, titles before the header, and unclosed quotation marks."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.csv

from neuralredis.table.dates import DateForm
from neuralredis.table.failure import TableError
from neuralredis.table.numbers import NumberForm, unit_of
from neuralredis.table.texts import shortened

__all__ = ["Parsed", "first_line", "parse"]

#: Separators, the most common first.
DELIMITERS = ",;\t|"
#: Bytes and lines at the beginning that are examined to find the format.
HEAD, LINES = 1 << 18, 50
#: Most lines of a title before the header.
TITLES = 10
#: Patterns of the beginning of other text formats.
_OTHERS = {
    r"\s*[\[{]\s*[\"\[{}\]\d]": "JSON",
    r"\s*<(?:\?xml|!doctype|html|table|[a-z]+>)": "HTML or XML",
    r"\s*(?:%.*\s+)*@relation\b": "ARFF",
    r"[+-]?\d+(?:\.\d+)?(?: \d+:\S+)+\s*\n": "LIBSVM",
}


@dataclass(frozen=True, eq=False)
class Parsed:
    """A parsed CSV text.

    Attributes
    ----------
    cells : pyarrow.Table
        Its columns, as texts.
    delimiter : str
        The separator.
    header : bool
        Whether the first line is a header.
    """

    cells: Any
    delimiter: str
    header: bool


def parse(name: str, data: bytes, remarks: list[str], *, header: bool = True, names: Collection[str] = ()) -> Parsed:
    """Parse CSV.

    Parameters
    ----------
    name : str
        The name of the file, for messages.
    data : bytes
        The text in UTF-8.
    remarks : list of str
        A list to which remarks on how the text was read are appended.
    header : bool
        Whether the first line is a header.
    names : collection of str
        If all of these are in the first line, it is a header in any case.

    Raises
    ------
    TableError
        If it is another format, is empty, or a line has another number of cells than the first.
    """
    head = data[:HEAD].decode(errors="ignore")
    for pattern, file_type in _OTHERS.items():
        if re.match(pattern, head, re.IGNORECASE):
            raise TableError(f"{name} looks like {file_type}: expected CSV, JSON lines, Parquet or Feather")
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z", head)
    begin, delimiter = _begin(lines, remarks)
    if begin == len(lines):
        raise TableError(f"{name} is empty: expected a line with the names of the columns, and a line for each row")
    first = _cells(name, "".join(lines[begin:]), delimiter)
    if len(first) == 1 and len(lines) == begin + 1:
        raise TableError(f"{name} has a single line and no columns: expected CSV, JSON lines, Parquet or Feather")
    header = header or (bool(names) and set(names) <= {cell.strip() for cell in first})
    if header:
        titles = _unique(first, remarks)
        following = list(csv.reader(lines[begin + 1 : begin + 1 + LINES], delimiter=delimiter))
        if _is_row(first, following):
            shown = shortened(", ".join(first), 40)
            remarks.append(f"the first line ({shown}) looks like a row, not like names: --no-header reads it as a row")
    else:
        titles = [f"field {place}" for place in range(1, len(first) + 1)]
    body = data[len("".join(lines[:begin]).encode()) :]
    if not body.endswith((b"\n", b"\r")):
        # Arrow rejects a last line without a line end.
        body += b"\n"
    _check_quotes(name, body, delimiter, begin + 1)
    try:
        cells = pyarrow.csv.read_csv(
            pa.BufferReader(body),
            read_options=pyarrow.csv.ReadOptions(
                # In one block on this thread, so that errors have the number of the row.
                use_threads=False,
                column_names=titles,
                skip_rows_after_names=int(header),
            ),
            parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(titles, pa.large_string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowException as error:
        raise TableError(f"{name} cannot be read: {_explained(error, body, delimiter, begin)}") from None
    if delimiter != ",":
        remarks.append(f"separator: {'tab' if delimiter == chr(9) else repr(delimiter)}")
    return Parsed(cells, delimiter, header)


def first_line(error: Exception) -> str:
    """Return the first line of a message."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _begin(lines: Sequence[str], remarks: list[str]) -> tuple[int, str]:
    """Return the number of the header's line, from 0, and the separator."""
    begin = _skipped(lines, 0, "")
    delimiter = None
    if begin < len(lines) and (declared := re.fullmatch(r'"?sep=([^\w\s"]|\t)"?\s*', lines[begin], re.IGNORECASE)):
        delimiter = declared[1]
        begin = _skipped(lines, begin + 1, "")
    comments = begin
    begin = _skipped(lines, begin, "#")
    if begin == len(lines):
        # All lines begin with #: then they are the table.
        begin = comments
    some = [line for line in lines[begin : begin + LINES] if line.strip()]
    delimiter = delimiter or _delimiter(some)
    rows = [row for row in csv.reader(some, delimiter=delimiter) if row]
    if begin > comments:
        above = next(csv.reader([lines[begin - 1]], delimiter=delimiter))
        if (
            lines[begin - 1].startswith("#")
            and rows
            and len(above) == len(rows[0]) > 1
            and any(map(_is_value, rows[0]))
        ):
            remarks.append("the last line that begins with # has the names")
            begin -= 1
        if count := sum(line.startswith("#") for line in lines[comments:begin]):
            remarks.append(f"{_counted(count, 'line')} that begin{'s' if count == 1 else ''} with # skipped")
    if titles := _titles(rows):
        for _ in range(titles):
            begin = _skipped(lines, begin + 1, "")
        title = shortened(" ".join(rows[0]).strip(), 40)
        remarks.append(f"{_counted(titles, 'line')} before the names skipped: {title}")
    return begin, delimiter


def _skipped(lines: Sequence[str], begin: int, mark: str) -> int:
    """Return the number of the first line that is not empty and does not begin with a mark."""
    while begin < len(lines) and (not lines[begin].strip() or (mark and lines[begin].startswith(mark))):
        begin += 1
    return begin


def _delimiter(lines: Sequence[str]) -> str:
    """Return the separator that splits the largest share of lines into the same number of cells."""

    def worth(delimiter: str) -> tuple[float, bool, int]:
        counts = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        several = Counter(count for count in counts if count > 1)
        if not several:
            return (0.0, False, 0)
        usual, often = several.most_common(1)[0]
        return (often / len(counts), counts[0] == usual, usual)

    try:
        return max(DELIMITERS, key=worth)
    except csv.Error:
        return max(DELIMITERS, key="".join(lines[:1]).count)


def _titles(rows: Sequence[Sequence[str]]) -> int:
    """Return the number of title rows at the beginning: rows with at most one filled cell before a header."""
    usual = Counter(len(row) for row in rows).most_common(1)[0][0] if rows else 1
    for place, row in enumerate(rows[:TITLES]):
        filled = sum(bool(cell.strip()) for cell in row)
        if len(row) == usual and (filled > 1 or usual < 3):
            below = rows[place + 1 : place + 2]
            named = not _has_values(row) and filled > 1 and all(len(next_row) == usual for next_row in below)
            return place if place and named else 0
        if filled > 1:
            return 0
    return 0


def _is_value(cell: str) -> bool:
    cell = cell.strip()
    unit = unit_of(cell)
    if unit is not None:
        return any(NumberForm(comma, unit).read(cell) is not None for comma in (False, True))
    return any(DateForm(order).read(cell) is not None for order in ("dmy", "mdy"))


def _has_values(row: Sequence[str]) -> bool:
    """Return whether a row has numbers or dates other than names such as 2019, 2020, 2021."""
    values = [cell.strip() for cell in row if _is_value(cell)]
    if len(values) > 1 and all(cell.isdigit() for cell in values):
        return any(int(after) - int(before) != 1 for before, after in pairwise(values))
    return bool(values)


def _is_row(first: Sequence[str], following: Sequence[Sequence[str]]) -> bool:
    """Return whether the first line looks like a row: half of its cells are values, or occur again below."""
    given = [place for place, cell in enumerate(first) if cell.strip()]
    again = [
        place
        for place in given
        if _is_value(first[place]) or any(len(row) > place and row[place] == first[place] for row in following)
    ]
    names = all(_is_value(first[place]) for place in again) and not _has_values(first)
    return 2 * len(again) >= max(len(given), 1) and not names


def _cells(name: str, text: str, delimiter: str) -> list[str]:
    try:
        cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise TableError(f"the first line of {name} cannot be read: {error}") from None
    cells = [cell.strip() for cell in cells]
    if cells and cells[0].startswith("#") and len(cells) > 1:
        cells[0] = cells[0][1:].strip()
    return cells


def _unique(header: list[str], remarks: list[str]) -> list[str]:
    """Return unique names without empty ones, and append remarks on renamed columns."""
    names: list[str] = []
    for place, cell in enumerate(header, start=1):
        name = cell or f"column {place}"
        again = 2
        while name in names:
            name = f"{cell} ({again})"
            again += 1
        if cell and name != cell:
            remarks.append(f"there is more than one column '{cell}': one of them is called '{name}' here")
        names.append(name)
    return names


def _check_quotes(name: str, data: bytes, delimiter: str, line: int) -> None:
    """Raise `TableError` if a quotation mark at the beginning of a cell is not closed, or closed in a later row.

    Arrow, like most parsers, reads everything up to the next quotation mark as one cell, over any number of rows.
    """
    if b'"' not in data:
        return
    sign = re.escape(delimiter.encode())
    end = rb"[ \t]*(?:" + sign + rb"|\r\n?|\n)"
    # Runs of whole cells within lines, for speed; a quoted text; the rest of a cell.
    within = re.compile(rb'(?:(?:[^"\r\n' + sign + rb']*|"[^"\r\n]*(?:""[^"\r\n]*)*")' + end + rb"){1,5000}")
    quoted = re.compile(rb'"[^"]*(?:""[^"]*)*"(?!")')
    rest = re.compile(rb"[^\r\n" + sign + rb"]*(?:" + sign + rb"|\r\n?|\n|\Z)")
    place = 0
    while place < len(data):
        if found := within.match(data, place):
            place = found.end()
            continue
        if data[place : place + 1] == b'"':
            closed = quoted.match(data, place)
            where = f"{name}: {_line_of(data, place, line)}: a quotation mark is not closed"
            if closed is None:
                raise TableError(where)
            if b"\n" in closed[0] or b"\r" in closed[0]:
                last = _line_of(data, closed.end() - 1, line)
                after = rest.match(data, closed.end())
                if after and after[0].strip(b" \t\r\n" + delimiter.encode()):
                    raise TableError(f"{where}; the next quotation mark is in {last}")
                inner = closed[0].decode(errors="replace").splitlines()[1:-1]
                width = len(_cells(name, data[:HEAD].decode(errors="replace"), delimiter))
                if len(inner) >= 2 and width > 1 and all(row.count(delimiter) == width - 1 for row in inner):
                    raise TableError(f"{where} before {last}, and the {len(inner):,} lines between look like rows")
            place = closed.end()
        left = rest.match(data, place)
        place = left.end() if left else len(data)


def _line_of(data: bytes, place: int, line: int) -> str:
    before = data[:place]
    ends = before.count(b"\n") or before.count(b"\r")
    return f"line {line + ends:,}"


def _explained(error: Exception, data: bytes, delimiter: str, skipped: int) -> str:
    """Return a message for an error of Arrow, such as a row with another number of cells."""
    found = re.search(r"(?:Row #(\d+): )?Expected (\d+) columns, got (\d+)(?:: (.*))?", str(error), re.DOTALL)
    if found is None:
        unended = "straddling" in str(error)
        return "a quotation mark is not closed, or a text is too long" if unended else first_line(error)
    row, expected, given, text = found.groups()
    shown = (text or "").strip().splitlines()
    where = f"row {row}" if row else "a row"
    line = _ragged_line(data, delimiter, int(expected))
    if line is not None and (not row or line + skipped != int(row)):
        where += f", which begins in line {line + skipped:,} of the file,"
    example = f" ({shown[0][:60]})" if shown else ""
    return f"{where}{example} has {given} cells, and the first line {expected} names"


def _ragged_line(data: bytes, delimiter: str, width: int) -> int | None:
    """Return the line number, from 1, of the first row with another number of cells."""
    reader = csv.reader(io.StringIO(data.decode(errors="replace"), newline=""), delimiter=delimiter)
    before = 0
    try:
        for row in reader:
            if row and len(row) != width:
                return before + 1
            before = reader.line_num
    except csv.Error:
        return None
    return None


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
