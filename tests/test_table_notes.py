"""Networks that were saved before there were fields: rows use the names in their notes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neuralredis as nr
import tables
from neuralredis.table.column import Column
from neuralredis.table.failure import TableError
from neuralredis.table.notes import noted

TARGET = {"name": "y", "labels": ["no", "yes"]}

#: A column of each kind, some cells, and their expected inputs.
COLUMNS: list[tuple[dict[str, Any], list[str], list[list[float]]]] = [
    (tables.noted_number(fill=2.0, gaps=True, comma=True), ["1,5", "NA"], [[1.5, 0], [2, 1]]),
    (tables.noted_number(offset=1_700_000_000.0), ["1700000007"], [[7]]),
    (tables.noted_number(unit="kg"), ["3.5 kg", "4"], [[3.5], [4]]),
    ({"kind": "yes/no", "name": "x", "fill": 1.0, "gaps": True}, ["on", "n", ""], [[1, 0], [0, 0], [1, 1]]),
    (
        {"kind": "category", "name": "x", "values": ["a", "B"], "other": True, "gaps": True},
        ["a", "b", "rare", ""],
        [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
    ),
    (
        {"kind": "category", "name": "x", "values": ["a", "NA"], "other": False, "gaps": False},
        ["NA", "c", ""],
        [[0, 1], [0, 0], [0, 0]],
    ),
    (
        {"kind": "date", "name": "x", "fill": 0.0, "gaps": True, "hours": True, "order": "dmy"},
        ["31.12.2024 18:45", ""],
        [[25.0, 12, 1, 18, 0], [-30.0, 1, 3, 0, 1]],
    ),
    ({"kind": "date", "name": "x", "fill": 0.0, "gaps": False, "hours": False}, ["1969-12-31"], [[-30.0, 12, 2]]),
    (
        {"kind": "time", "name": "x", "fill": 12.0, "gaps": True, "low": 0.0, "high": 23.0, "duration": False},
        ["14:30", "soon"],
        [[14.5, 0], [12, 1]],
    ),
    (
        {"kind": "time", "name": "x", "fill": 0.0, "gaps": False, "low": 0.0, "high": 9.0, "duration": True},
        ["36:15"],
        [[36.25]],
    ),
    ({"kind": "given or not", "name": "x", "reason": "each row has another text"}, ["?", "hello"], [[0], [1]]),
]


@pytest.mark.parametrize(("column", "cells", "inputs"), COLUMNS)
def test_columns_are_encoded_as_in_earlier_versions(
    column: dict[str, Any], cells: list[str], inputs: list[list[float]]
) -> None:
    network = noted(tables.noted("classifier", len(inputs[0]), [column], TARGET))
    columns = {"x": Column.of("x", cells)}
    rows = network.schema.adapted(columns).rows(columns)
    assert np.allclose(network._inputs(rows), inputs, atol=0.01)
    expected = network.network.run(np.array(inputs, np.float32))
    assert np.allclose(network.run(rows), expected, atol=1e-3)


def test_notes_of_the_first_version_are_read() -> None:
    net = nr.Network("regressor", [6, 1], seed=1)
    net.notes = (
        b'{"table":1,"columns":[{"kind":"number","name":"a","fill":2.0,"gaps":true,"low":1.0,"high":3.0,"offset":0.0,'
        b'"comma":true},{"kind":"date","name":"d","fill":1.0,"gaps":false,"hours":false},{"kind":"yes/no","name":"f",'
        b'"fill":1.0,"gaps":false}],"ignored":[{"kind":"left out","name":"i","reason":"it is empty"}],'
        b'"target":{"kind":"regressor","name":"y","low":0.0,"high":1.0,"comma":false},"results":{"rmse":1.0}}'
    )
    network = noted(net)
    columns = {
        name: Column.of(name, cells)
        for name, cells in {"a": ["1,5", "NA"], "d": ["2000-01-01", ""], "f": ["on", "n"]}.items()
    }
    found = network._inputs(network.schema.rows(columns))
    assert found[:, [0, 1, -1]].tolist() == [[1.5, 0, 1], [2, 1, 0]]
    assert [one.name for one in network.schema.left_out] == ["i"]


def test_stored_rows_are_recognized() -> None:
    net = tables.noted("classifier", 1, [tables.noted_number()], TARGET)
    net.observe([[1], [2]], [0, 1])
    found = noted(net).has({"x": np.array([1.0, 2, 2])}, np.array([0, 1, 0]))
    assert found.tolist() == [True, True, False]


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "picture"},
        {"fill": "7"},
        {"fill": float("nan")},
        {"gaps": 1},
        {"name": None},
        {"kind": "category", "values": [], "other": False},
        {"kind": "category", "values": [1], "other": False},
        {"kind": "date", "fill": 1e7, "hours": False},
        {"kind": "date", "hours": False, "order": "ydm"},
    ],
)
def test_invalid_notes_are_rejected(changes: dict[str, Any]) -> None:
    with pytest.raises(TableError, match="the network has no fields, and no valid notes"):
        noted(tables.noted("classifier", 1, [tables.noted_number(**changes)], TARGET))


def test_notes_of_another_network_are_rejected() -> None:
    with pytest.raises(TableError, match="its notes describe another one"):
        noted(tables.noted("classifier", 2, [tables.noted_number()], TARGET))
    net = tables.noted("classifier", 1, [tables.noted_number()], TARGET)
    net.notes = net.notes.replace(b'"table": 2', b'"table": 3')
    with pytest.raises(TableError, match="in form 3: this version reads forms 1 to 2"):
        noted(net)
