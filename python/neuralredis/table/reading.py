"""Tables in files: CSV as it comes from spreadsheets and databases, and Parquet, read by Arrow."""

from __future__ import annotations

import csv
import dataclasses
import difflib
import gzip
import io
import re
import sys
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from neuralredis.table.column import Column
from neuralredis.table.failure import TableError
from neuralredis.table.kinds import shortened

__all__ = ["Table", "read"]

#: What may stand between the cells of a line.
DELIMITERS = ",;\t|"
#: How many times larger a compressed table may be unpacked, and the bytes from which on that counts. CSV becomes some
#: 10 times smaller, and hardly ever 100 times; what was made to fill the memory, 1000 times.
MOST_PACKED, LEAST_UNPACKED = 100, 1 << 26
#: Bytes of a cell of Parquet in memory, roughly.
CELL = 8
#: What files begin with that people may take for tables.
_OTHERS = {
    b"PK\x03\x04": "a workbook or an archive",
    b"\xd0\xcf\x11\xe0": "a workbook",
    b"%PDF": "a PDF",
    b"neural": "a network",
}


@dataclass(frozen=True, eq=False)
class Table:
    """A table as it was read.

    Attributes
    ----------
    path : str
        Where from.
    cells : pyarrow.Table
        Its columns: texts of CSV, anything of Parquet. No two have the same name.
    delimiter : str
        What stood between cells.
    encoding : str
        How CSV was encoded.
    newline : str
        What ended its first line.
    remarks : list of str
        What was done to read it.
    """

    path: str
    cells: Any
    delimiter: str = ","
    remarks: list[str] = field(default_factory=list)
    encoding: str = "utf-8"
    newline: str = "\n"

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return list(self.cells.column_names)

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.cells.num_rows)

    def column(self, name: str) -> Column:
        """Return a column as texts.

        Raises
        ------
        TableError
            If there is none of that name.
        """
        self.check(name)
        texts = self._texts(name)
        coded = texts.combine_chunks().dictionary_encode()
        if isinstance(coded, pa.ChunkedArray):
            coded = coded.combine_chunks()
        known = coded.dictionary.to_pylist()
        # The place after the last text is that of none.
        codes = np.asarray(pc.fill_null(coded.indices.cast(pa.int64()), len(known)), np.int64)
        return Column.of_coded(name, [*known, ""], codes)

    def check(self, name: str) -> None:
        """Raise if there is no column of that name."""
        if name in self.names:
            return
        lower = {other.lower(): other for other in self.names}
        close = [lower[near] for near in difflib.get_close_matches(name.lower(), lower, 1, 0.7)]
        meant = f" (did you mean '{close[0]}'?)" if close else ""
        raise TableError(f"{self.path} has no column '{name}'{meant}; its columns are {self.listed()}")

    def listed(self) -> str:
        """Return the names of the columns, in a line."""
        return ", ".join(f"'{shortened(name)}'" for name in self.names[:30]) + (", …" if len(self.names) > 30 else "")

    def _texts(self, name: str) -> Any:
        values = self.cells[name]
        if pa.types.is_dictionary(values.type):
            values = values.cast(values.type.value_type)
        if pa.types.is_timestamp(values.type):
            # Without fractions of a second, and as the clock of its zone shows it.
            values = pc.strftime(values, format="%Y-%m-%d %H:%M")
        return values.cast(pa.large_string())


def read(path: str) -> Table:
    """Return the table in a file, or with ``-`` that which comes in.

    Raises
    ------
    TableError
        If it is no table that can be read.
    OSError
        If the file cannot be read.
    """
    data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    name = "standard input" if path == "-" else path
    if data[:2] == b"\x1f\x8b":
        data = _unpacked(name, data)
    if data[:4] == b"PAR1":
        return _parquet(name, data)
    text, remarks, encoding = _text(name, data)
    newline = "\r\n" if text[: text.find("\n")].endswith("\r") else "\n"
    return dataclasses.replace(_csv(name, text, remarks), encoding=encoding, newline=newline)


def _unpacked(name: str, data: bytes) -> bytes:
    """Return what was compressed, unless it is too much to be a table."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            # One byte more than there may be is enough to know.
            unpacked = file.read(max(LEAST_UNPACKED, MOST_PACKED * len(data)) + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise TableError(f"{name} cannot be unpacked: {error}") from None
    _check_size(name, len(unpacked), len(data))
    return unpacked


def _check_size(name: str, unpacked: int, packed: int) -> None:
    """Fail if a file unpacks to far more bytes than it has: it was made to fill the memory."""
    most = max(LEAST_UNPACKED, MOST_PACKED * packed)
    if unpacked > most:
        raise TableError(
            f"{name} unpacks to more than {most / 1e6:,.0f} MB, {MOST_PACKED} times its size: expected a table, which "
            "cannot be compressed so much. Unpack it yourself if it is one"
        )


def _parquet(name: str, data: bytes) -> Table:
    try:
        file = pyarrow.parquet.ParquetFile(pa.BufferReader(data))
        size = CELL * file.metadata.num_rows * file.metadata.num_columns
        _check_size(name, size, len(data))
        cells = file.read()
    except (pa.ArrowException, OSError) as error:
        raise TableError(f"{name} cannot be read as Parquet: {_line(error)}") from None
    return _checked(name, cells, ",", [])


def _text(name: str, data: bytes) -> tuple[str, list[str], str]:
    """Return the text of a file, remarks on it, and its encoding."""
    for beginning, what in _OTHERS.items():
        if data.startswith(beginning):
            hint = "; a spreadsheet program can save it as CSV" if "workbook" in what else ""
            raise TableError(f"{name} looks like {what}: expected CSV or Parquet{hint}")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            encoding = "utf-16-le" if data.startswith(b"\xff\xfe") else "utf-16-be"
            return data[2:].decode(encoding), ["read as UTF-16"], encoding
        except UnicodeDecodeError:
            raise TableError(f"{name} is no text: expected CSV or Parquet") from None
    if b"\0" in data:
        raise TableError(f"{name} is no text: expected CSV or Parquet")
    try:
        encoding = "utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "utf-8"
        return data.decode(encoding), [], encoding
    except UnicodeDecodeError:
        # Of each byte there is a character, so that whatever is no UTF-8 is read somehow; some letters may be wrong.
        return data.decode("cp1252", errors="replace"), ["it is no UTF-8, and read as Windows-1252"], "cp1252"


def _csv(name: str, text: str, remarks: list[str]) -> Table:
    text = text.lstrip("\r\n")
    if not text.strip():
        raise TableError(f"{name} is empty: expected a line with the names of the columns, and a line for each row")
    delimiter = _delimiter(text)
    header = _header(name, text, delimiter)
    if len(header) == 1 and "\n" not in text.strip():
        raise TableError(f"{name} has a single line and no columns: expected CSV or Parquet")
    names = _unique(header, remarks)
    try:
        cells = pyarrow.csv.read_csv(
            pa.BufferReader(text.encode()),
            read_options=pyarrow.csv.ReadOptions(
                # One block, on this thread: otherwise a bad row is not known by its number.
                use_threads=False,
                column_names=names,
                skip_rows_after_names=1,
            ),
            parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowException as error:
        raise TableError(f"{name} cannot be read: {_explained(error)}") from None
    if delimiter != ",":
        remarks.append(f"its columns are told apart by {'tabs' if delimiter == chr(9) else repr(delimiter)}")
    return _checked(name, cells, delimiter, remarks)


def _delimiter(text: str) -> str:
    """Return what there is most of in the first line, quoted parts apart."""
    line = re.sub(r'"[^"]*"', "", text[: text.find("\n", 1) if "\n" in text else len(text)])
    return max(DELIMITERS, key=line.count)


def _header(name: str, text: str, delimiter: str) -> list[str]:
    try:
        header = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise TableError(f"the first line of {name} cannot be read: {error}") from None
    return [cell.strip() for cell in header]


def _unique(header: list[str], remarks: list[str]) -> list[str]:
    """Return names of which none is empty or there twice."""
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


def _checked(name: str, cells: Any, delimiter: str, remarks: list[str]) -> Table:
    if not cells.num_rows:
        raise TableError(f"{name} has the names of {cells.num_columns} columns and no rows")
    if len(set(cells.column_names)) < cells.num_columns:
        raise TableError(f"{name} has two columns of one name")
    for column in cells.column_names:
        kind = cells[column].type
        if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            remarks.append(f"the column '{column}' holds no single values ({kind}), and is left out")
            cells = cells.drop_columns([column])
    return Table(name, cells, delimiter, remarks)


def _explained(error: Exception) -> str:
    """Return what Arrow says of a line that is not as the others, in our words."""
    found = re.search(r"(?:Row #(\d+): )?Expected (\d+) columns, got (\d+)(?:: (.*))?", str(error), re.DOTALL)
    if found is None:
        unended = "straddling" in str(error)
        return "a text in quotation marks does not end" if unended else _line(error)
    row, expected, given, line = found.groups()
    shown = (line or "").strip().splitlines()
    where = f"row {row}" if row else "a row"
    what = f" ({shown[0][:60]})" if shown else ""
    return f"{where}{what} has {given} cells, and the first line {expected} names"


def _line(error: Exception) -> str:
    """Return the first line of a message."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
