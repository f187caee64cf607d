"""Write a table with predictions as new columns, as CSV in the form of the table, or as Parquet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from neuralredis.table.column import Column
from neuralredis.table.reading import Table

__all__ = [
    "csv_text",
    "decimal_comma",
    "encoded",
    "harmless",
    "new_names",
    "parquet",
    "probabilities",
    "rounded",
]

#: Numbers with decimals, such as 1.234,5 and 12,34 EUR, or 1,234.5.
_COMMA = re.compile(r"\D{0,4}(?:\d{1,3}(?:\.\d{3})+|\d+),(\d+)\D{0,4}", re.ASCII)
_POINT = re.compile(r"\D{0,4}(?:\d{1,3}(?:,\d{3})+|\d+)\.(\d+)\D{0,4}", re.ASCII)
#: Texts that spreadsheets read as formulas.
_FORMULA = re.compile(r"\s*[=+\-@]\s*[^\s\d.,]|\s*[=@]")
#: Significant digits of a float32 number and of a probability, and decimals of a probability.
DIGITS, PROBABILITY_DIGITS, PROBABILITY_DECIMALS = 7, 6, 8


def decimal_comma(columns: Sequence[Column], delimiter: str, otherwise: bool) -> bool:
    """Return whether the decimal sign of a table is a comma; `otherwise` if no number has decimals.

    Three digits after a comma are decimals if cells are not separated by commas, else thousands. Unlike `Conventions`,
    which decide how whole columns are read, this counts cells of all columns, also of mixed and typed ones.

    Examples
    --------
    >>> decimal_comma([Column.of("price", ["1,50", "12", "1.234,00"])], ";", otherwise=False)
    True
    >>> decimal_comma([Column.of("price", ["1.5", "1,234"])], ",", otherwise=True)
    False
    """
    commas = points = 0
    for column in columns:
        for text, rows in column.counts.items():
            if (found := _COMMA.fullmatch(text)) and (len(found[1]) != 3 or delimiter != ","):
                commas += rows
            elif (found := _POINT.fullmatch(text)) and (len(found[1]) != 3 or delimiter == ","):
                points += rows
    return otherwise if commas == points else commas > points


def new_names(names: Sequence[str], taken: Sequence[str]) -> list[str]:
    """Return unique names for new columns that differ from the names in a table.

    Examples
    --------
    >>> new_names(["answer", "answer"], ["answer", "x"])
    ['answer (2)', 'answer (3)']
    """
    used = set(taken)
    fresh = []
    for name in names:
        again = 2
        free = name
        while free in used:
            free = f"{name} ({again})"
            again += 1
        used.add(free)
        fresh.append(free)
    return fresh


def harmless(label: str) -> str:
    """Return a class with an apostrophe before it if a spreadsheet would read it as a formula.

    Classes come from the file of a network, which is untrusted, and must not run code where the predictions are opened
    (OWASP, "CSV Injection"). Numbers are not changed.

    Examples
    --------
    >>> harmless("=1+cmd|' /C calc'!A0"), harmless("-1.5"), harmless("-")
    ("'=1+cmd|' /C calc'!A0", '-1.5', '-')
    """
    return f"'{label}" if _FORMULA.match(label) else label


def csv_text(
    table: Table,
    names: Sequence[str],
    columns: Sequence[Sequence[Any]],
    *,
    delimiter: str | None = None,
    comma: bool = False,
    shown: Callable[[str], str] = str,
    newline: str | None = None,
) -> str:
    """Return a table with new columns as CSV.

    Parameters
    ----------
    table : Table
        The table, whose cells are not changed.
    names : sequence of str
        Names of the new columns.
    columns : sequence of sequence of str or float
        Their cells: texts or numbers.
    delimiter : str, optional
        The separator; by default that of the table.
    comma : bool, default False
        Whether to write new numbers with a decimal comma.
    shown : callable, optional
        A function that is applied to each text.
    newline : str, optional
        The line end; by default that of the table.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter or table.delimiter, lineterminator=newline or table.newline)
    writer.writerow([shown(name) for name in (*table.names, *names)])
    old = [["" if cell is None else shown(str(cell)) for cell in cells.to_pylist()] for cells in table.cells.columns]
    new = [
        [_number(cell, comma) if isinstance(cell, float) else shown(harmless(cell)) for cell in cells]
        for cells in columns
    ]
    writer.writerows(zip(*old, *new, strict=True))
    return text.getvalue()


def encoded(text: str, encoding: str) -> tuple[bytes, str]:
    """Return a text as bytes, and their encoding.

    The encoding is the requested one or, if that lacks a character of the text, UTF-8 with a byte order mark.
    """
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        encoding = "utf-8-sig"
        data = text.encode(encoding, "replace")
    # Python writes no byte order mark for utf-16-le and utf-16-be.
    return ("\ufeff".encode(encoding) + data if encoding.startswith("utf-16-") else data), encoding


def parquet(table: Table, names: Sequence[str], columns: Sequence[Sequence[Any]]) -> bytes:
    """Return a table with new columns as Parquet."""
    cells = table.cells
    for name, column in zip(names, columns, strict=True):
        cells = cells.append_column(name, pa.array(column))
    sink = pa.BufferOutputStream()
    pyarrow.parquet.write_table(cells, sink)
    return bytes(sink.getvalue().to_pybytes())


def rounded(values: Sequence[float]) -> list[float]:
    """Return numbers rounded to the significant digits of float32."""
    return [float(f"{value:.{DIGITS}g}") for value in values]


def probabilities(values: Sequence[float]) -> list[float]:
    """Return probabilities rounded so that they are short but still rank rows if all are small."""
    return [round(float(f"{value:.{PROBABILITY_DIGITS}g}"), PROBABILITY_DECIMALS) for value in values]


def _number(value: float, comma: bool) -> str:
    """Return a number without an exponent, which some programs cannot read."""
    text = np.format_float_positional(value, trim="0") if np.isfinite(value) else str(value)
    return text.replace(".", ",") if comma else text
