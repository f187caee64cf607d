"""Columns that number the rows: they are detected in the whole table, and distinguished from quantities."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tables
from neuralredis.table.column import Column
from neuralredis.table.fields import Field, field_of

UNSORTED = [3, 7, 12, 1, 44, 5, 90, 61, 28, 33]


def kind(name: str, values: list[int], rows: list[int] | None = None) -> str:
    column = Column.of(name, [str(value) for value in values])
    found = field_of(column, None if rows is None else np.array(rows))
    return found.kind if isinstance(found, Field) else "left out"


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("name", ["plot", "x", "field 1", "column 1"])
def test_consecutive_row_numbers_are_left_out(first: int, name: str) -> None:
    values = list(range(first, first + 150))
    assert kind(name, values) == "left out"
    assert kind(name, values, rows=[row for row in range(150) if row % 5]) == "left out", "whichever rows are held out"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "id",
            "ID",
            "customer_id",
            "customerId",
            "user id",
            "uuid",
            "Unnamed: 0",
            "Unnamed: 0.1",
            "",
            "__index_level_0__",
            "column 1",
        ),
        *(
            "no.",
            "No",
            "nr",
            "row number",
            "index",
            "key",
            "customer no",
            "order_number",
            "Invoice Nr.",
            "Kundennummer",
        ),
    ],
)
def test_unique_integers_named_as_ids_are_left_out(name: str) -> None:
    assert kind(name, UNSORTED) == "left out"
    assert kind(name, [*UNSORTED, 3]) == "number", "not if one occurs twice"


@pytest.mark.parametrize(
    "name",
    [
        *("number of employees", "no. of beds", "votes no", "body mass index", "key figure", "row spacing"),
        *("Reynolds number", "house number", "house_no", "index value", "employees", "paid", "price index", "turnkey"),
        *("numberOfRooms", "No of rooms", "keyword count", "valid", "paid ids count", "rownd"),
    ],
)
def test_quantities_are_not_mistaken_for_row_numbers(name: str) -> None:
    assert kind(name, UNSORTED) == "number"


@pytest.mark.parametrize(
    "values", [list(range(2010, 2020)), list(range(40, 50)), list(range(10, 0, -1)), list(range(0, 100, 2))]
)
def test_other_integer_sequences_are_used(values: list[int]) -> None:
    for left_out in range(len(values)):
        rows = [row for row in range(len(values)) if row != left_out]
        assert kind("year", values, rows) == "number"


def write(path: str, rows: int = 150) -> None:
    rng = random.Random(3)
    frame = pd.DataFrame({"noise": [rng.random() for _ in range(rows)], "y": ["a"] * (rows // 2) + ["b"] * (rows // 2)})
    frame.to_csv(path)


def test_index_column_of_a_frame_is_left_out(command: tables.Command) -> None:
    write("frame.csv")
    found = json.loads(command("train", "frame.csv", "--target", "y", "--json").out)
    assert found["left_out"] == {"column 1": "it numbers the rows"}
    pd.read_csv("frame.csv").sample(frac=0.7, random_state=1).to_csv("again.csv", index=False)
    found = json.loads(command("train", "again.csv", "--target", "y", "--json").out)
    assert found["left_out"] == {"Unnamed: 0": "it numbers the rows"}
    pd.read_csv("frame.csv", index_col=0).sample(frac=0.7, random_state=1).to_csv("shuffled.csv")
    command("predict", "again.nr", "again.csv", "-o", "answers.csv")
    found = json.loads(command("train", "shuffled.csv", "--target", "y", "--json").out)
    assert found["left_out"] == {"column 1": "it numbers the rows"}


def test_as_option_uses_a_row_number_column(command: tables.Command) -> None:
    write("frame.csv")
    found = json.loads(command("train", "frame.csv", "--target", "y", "--json", "--as", "column 1=number").out)
    assert [column["name"] for column in found["columns"]] == ["column 1", "noise"]
    Path("only.csv").write_text("plot,y\n" + "".join(f"{row},{row % 2}\n" for row in range(30)))
    done = command("train", "only.csv", "--target", "y")
    assert "it numbers the rows; --as plot=number uses 'plot' all the same" in done.err
    assert command("train", "only.csv", "--target", "y", "--as", "plot=number").code == 0
