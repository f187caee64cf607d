"""Remarks on ambiguous decisions about how a column is read."""

from __future__ import annotations

from neuralredis.table.column import Column
from neuralredis.table.conventions import Conventions
from neuralredis.table.dates import DateForm
from neuralredis.table.forms import Text, undecided
from neuralredis.table.numbers import NumberForm, compared
from neuralredis.table.texts import shortened
from neuralredis.table.values import Reader
from neuralredis.table.wishes import Wish
from neuralredis.table.words import MISSING, is_gap

__all__ = ["doubts", "gap_words"]


def doubts(column: Column, reader: Reader, conventions: Conventions, wish: Wish | None) -> list[str]:
    """Return remarks on ambiguous decisions about a column, with the option that overrides them."""
    name, parts, form = shortened(column.name, 60), [], reader.form
    if isinstance(form, DateForm) and wish is None and not column.typed:
        counts = {text: rows for text, rows in column.counts.items() if form.read(text) is not None}
        if undecided(counts, form, conventions):
            other = "mdy" if form.order == "dmy" else "dmy"
            parts.append(
                f"column '{name}' is read as {reader.title}, but day and month could be swapped in all rows: "
                f"--as {column.name}=date:{other} swaps them"
            )
    if isinstance(form, NumberForm) and not column.typed:
        signs = {text: rows for text, rows in column.counts.items() if compared(text) and form.read(text) is not None}
        if signs:
            rows = sum(signs.values())
            parts.append(
                f"column '{name}', {rows:,} row{'s' if rows > 1 else ''}: '{shortened(next(iter(signs)))}'"
                f"{' and others are' if len(signs) > 1 else ' is'} read as the number without the sign"
            )
    if reader.of == "category" and isinstance(form, Text) and wish is None and "NA" in form.kept:
        rows = column.counts["NA"]
        parts.append(
            f"column '{name}', {rows:,} row{'s' if rows > 1 else ''}: 'NA' is read as a value, "
            "like the other codes, not as missing"
        )
    return parts


def gap_words(column: Column, reader: Reader) -> dict[str, int]:
    """Return the texts of a column that stand for missing values, with their numbers of rows."""
    if column.values is not None:
        return {}
    kept = reader.form.kept if isinstance(reader.form, Text) else frozenset()
    is_word = is_gap if reader.of in ("number", "time", "auto") else lambda text: text.lower() in MISSING
    return {text: rows for text, rows in column.counts.items() if text not in kept and is_word(text)}
