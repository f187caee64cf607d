"""Answers beside the table that they are for, as CSV in the form of that table, or as Parquet."""

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
#: Texts that spreadsheets take for formulas.
_FORMULA = re.compile(r"\s*[=+\-@]\s*[^\s\d.,]|\s*[=@]")
#: Digits of a number that count in single precision; those that are written of a probability, and its decimals.
DIGITS, PROBABILITY_DIGITS, PROBABILITY_DECIMALS = 7, 6, 8


def decimal_comma(columns: Sequence[Column], delimiter: str, otherwise: bool) -> bool:
    """Return whether the numbers of a table have a comma before their decimals, `otherwise` if it has no decimals.

    Where cells are not separated by commas, three digits after a comma are decimals, and thousands otherwise. Unlike
    `Conventions`, which say how the numbers of a whole column are to be read, this goes by what the most cells look
    like, also in columns of other texts and in those that a program wrote.

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
    """Return names for new columns, which no column of a table has, and no two of them.

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
    """Return a class with an apostrophe before it if a spreadsheet would take it for a formula.

    The class comes from the file of the network, which a stranger may have made, and must not run anything where the
    answers are opened: OWASP, "CSV Injection". Numbers stay as they are.

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
        The table, whose cells are passed on as they are.
    names : sequence of str
        The new columns.
    columns : sequence of sequence of str or float
        Their cells: texts, or numbers, of which texts are made.
    delimiter : str, optional
        What stands between cells, if not what stands there in the table.
    comma : bool, default False
        Whether the decimals of new numbers follow a comma.
    shown : callable, optional
        What is made of each text.
    newline : str, optional
        What ends a line, if not what ends the lines of the table.
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
    """Return the bytes of a file with this text, and the encoding that they are in.

    That is the one that is asked for, or UTF-8, marked as such, if that lacks a letter.
    """
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        encoding = "utf-8-sig"
        data = text.encode(encoding, "replace")
    # Of these Python writes no mark of the order of the bytes.
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
    """Return numbers with as many digits as mean something."""
    return [float(f"{value:.{DIGITS}g}") for value in values]


def probabilities(values: Sequence[float]) -> list[float]:
    """Return probabilities that can be read, and still rank rows where all of them are small."""
    return [round(float(f"{value:.{PROBABILITY_DIGITS}g}"), PROBABILITY_DECIMALS) for value in values]


def _number(value: float, comma: bool) -> str:
    """Return a number without a power of ten, which not every program reads."""
    text = np.format_float_positional(value, trim="0") if np.isfinite(value) else str(value)
    return text.replace(".", ",") if comma else text
