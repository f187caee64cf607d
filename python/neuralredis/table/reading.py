"""Read tables from files: CSV, JSON lines, Parquet and Feather."""

from __future__ import annotations

import codecs
import difflib
import gzip
import io
import sys
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather
import pyarrow.parquet

from neuralredis.table import csvtext, frames, jsonlines
from neuralredis.table.column import Column
from neuralredis.table.failure import TableError
from neuralredis.table.texts import shortened

__all__ = ["Table", "read"]

#: Largest ratio of unpacked to compressed size, and the unpacked bytes from which on it applies. CSV is compressed
#: about 10 times, hardly ever 100 times; a file made to exhaust the memory, 1000 times.
MOST_PACKED, LEAST_UNPACKED = 100, 1 << 26
#: Approximate bytes of a Parquet cell in memory.
CELL = 8
#: Beginnings of other files that people may pass as tables.
_OTHERS = {
    b"PK\x03\x04": "a workbook or an archive",
    b"\xd0\xcf\x11\xe0": "a workbook",
    b"%PDF": "a PDF",
    b"neural": "a network",
    b"SQLite format 3": "a database of SQLite",
    b"ORC": "ORC",
    b"\x89HDF": "HDF5",
}
#: The end of messages about other formats.
EXPECTED = "expected CSV, JSON lines, Parquet or Feather"


@dataclass(frozen=True, eq=False)
class Table:
    """A table from a file.

    Attributes
    ----------
    path : str
        The file.
    cells : pyarrow.Table
        Its columns, with unique names: texts from CSV, any types from other formats.
    delimiter : str
        The separator of CSV.
    encoding : str
        The encoding of CSV.
    newline : str
        The line end of CSV.
    remarks : list of str
        Remarks on how it was read.
    header : bool
        Whether it has a header.
    """

    path: str
    cells: Any
    delimiter: str = ","
    remarks: list[str] = field(default_factory=list)
    header: bool = True
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
        """Return a column.

        Raises
        ------
        TableError
            If there is no column of that name.
        """
        self.check(name)
        values = self.cells[name]
        kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            return frames.of_values(name, values)
        texts = values.cast(pa.large_string())
        coded = texts.combine_chunks().dictionary_encode()
        if isinstance(coded, pa.ChunkedArray):
            coded = coded.combine_chunks()
        known = coded.dictionary.to_pylist()
        # The index after the last text stands for null.
        codes = np.asarray(pc.fill_null(coded.indices.cast(pa.int64()), len(known)), np.int64)
        return Column.of_coded(name, [*known, ""], codes)

    def check(self, name: str) -> None:
        """Raise `TableError` if there is no column of that name."""
        if name in self.names:
            return
        lower = {other.lower(): other for other in self.names}
        close = [lower[near] for near in difflib.get_close_matches(name.lower(), lower, 1, 0.6)]
        meant = f" (did you mean '{close[0]}'?)" if close else ""
        raise TableError(f"{self.path} has no column '{name}'{meant}: its columns are {self.listed()}")

    def listed(self) -> str:
        """Return the names of the columns as text."""
        return ", ".join(f"'{shortened(name)}'" for name in self.names[:30]) + (", …" if len(self.names) > 30 else "")


def read(path: str, *, header: bool = True, names: Collection[str] = ()) -> Table:
    """Read the table in a file, or from standard input with ``-``.

    Parameters
    ----------
    path : str
        The file.
    header : bool
        Whether the first line of CSV is a header.
    names : collection of str
        If all of these are in the first line, it is a header in any case.

    Raises
    ------
    TableError
        If the format is unknown or the table malformed.
    OSError
        If the file cannot be read.
    """
    data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    name = "standard input" if path == "-" else path
    if data[:2] == b"\x1f\x8b":
        data = _unpacked(name, data)
    if data[:4] == b"PAR1":
        return _typed(name, data, "Parquet", _parquet)
    if data[:6] == b"ARROW1" or data[:4] == b"FEA1":
        return _typed(name, data, "Feather", _feather)
    data, remarks, encoding = _utf8(name, data)
    if jsonlines.is_json(data):
        return _checked(Table(name, jsonlines.parse(name, data), remarks=remarks))
    found = csvtext.parse(name, data, remarks, header=header, names=names)
    newline = "\r\n" if data[: data.find(b"\n")].endswith(b"\r") else "\n"
    return _checked(Table(name, found.cells, found.delimiter, remarks, found.header, encoding, newline))


def _unpacked(name: str, data: bytes) -> bytes:
    """Return the content of gzip data, up to a limit of size."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            # One byte beyond the limit is enough to detect it.
            unpacked = file.read(max(LEAST_UNPACKED, MOST_PACKED * len(data)) + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise TableError(f"{name} cannot be unpacked: {error}") from None
    _check_size(name, len(unpacked), len(data))
    return unpacked


def _check_size(name: str, unpacked: int, packed: int) -> None:
    """Raise `TableError` if a file unpacks to far more bytes than it has."""
    most = max(LEAST_UNPACKED, MOST_PACKED * packed)
    if unpacked > most:
        raise TableError(
            f"{name} unpacks to more than {most / 1e6:,.0f} MB, {MOST_PACKED} times its size, which is unusual for a "
            "table: expected a smaller ratio. If the file is trusted, unpack it yourself"
        )


def _typed(name: str, data: bytes, form: str, reader: Callable[[str, bytes], Any]) -> Table:
    try:
        cells = reader(name, data)
    except (pa.ArrowException, OSError) as error:
        raise TableError(f"{name} cannot be read as {form}: {csvtext.first_line(error)}") from None
    return _checked(Table(name, cells))


def _parquet(name: str, data: bytes) -> Any:
    file = pyarrow.parquet.ParquetFile(pa.BufferReader(data))
    _check_size(name, CELL * file.metadata.num_rows * file.metadata.num_columns, len(data))
    return file.read()


def _feather(name: str, data: bytes) -> Any:
    return pyarrow.feather.read_table(pa.BufferReader(data))


def _utf8(name: str, data: bytes) -> tuple[bytes, list[str], str]:
    """Return the text of a file as UTF-8, remarks, and its encoding."""
    for beginning, file_type in _OTHERS.items():
        if data.startswith(beginning):
            hint = "; a spreadsheet program can save it as CSV" if "workbook" in file_type else ""
            raise TableError(f"{name} looks like {file_type}: {EXPECTED}{hint}")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            encoding = "utf-16-le" if data.startswith(b"\xff\xfe") else "utf-16-be"
            return data[2:].decode(encoding).encode(), ["read as UTF-16"], encoding
        except UnicodeDecodeError:
            raise TableError(f"{name} is not text: {EXPECTED}") from None
    if b"\0" in data:
        raise TableError(f"{name} is not text: {EXPECTED}")
    if _is_utf8(data):
        encoding = "utf-8-sig" if data.startswith(codecs.BOM_UTF8) else "utf-8"
        return data.removeprefix(codecs.BOM_UTF8), [], encoding
    # Windows-1252 maps nearly all bytes to characters, so any other encoding can be read; some letters may be wrong.
    return data.decode("cp1252", errors="replace").encode(), ["not UTF-8, read as Windows-1252"], "cp1252"


def _is_utf8(data: bytes) -> bool:
    """Return whether bytes are UTF-8, in pieces, without decoding all of them at once."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for begin in range(0, len(data), 1 << 20):
            decoder.decode(data[begin : begin + (1 << 20)])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _checked(table: Table) -> Table:
    """Return a table without columns of structures or bytes; raise `TableError` if it has no rows."""
    cells = table.cells
    if not cells.num_rows:
        raise TableError(f"{table.path} has the names of {cells.num_columns} columns and no rows")
    if len(set(cells.column_names)) < cells.num_columns:
        raise TableError(f"{table.path} has two columns of one name")
    for column in cells.column_names:
        kind = cells[column].type
        if (
            (pa.types.is_nested(kind) and not _is_list(kind))
            or pa.types.is_binary(kind)
            or pa.types.is_large_binary(kind)
        ):
            table.remarks.append(f"the column '{column}' has values of type {kind} and is left out")
            cells = cells.drop_columns([column])
    return replace(table, cells=cells)


def _is_list(kind: Any) -> bool:
    """Return whether a type is a list of single values, such as tags."""
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return lists and not (pa.types.is_nested(kind.value_type) or pa.types.is_binary(kind.value_type))
