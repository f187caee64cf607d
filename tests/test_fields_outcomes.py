"""Outcomes of rows of fields, and rows that are rejected."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from fieldnets import error_of, network, shop, stars

import neuralredis as nr

# Rejected rows


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ({"aeg": 3}, nr.DataError, "unknown field 'aeg': expected age, country, spent, phone, at, note, tags, place"),
        ({3: 3}, nr.DataError, "unknown field 3: expected age"),
        ({"age": "old"}, nr.DataError, "field age is 'old': expected a finite number (NUMBER)"),
        ([{}, {"age": 1e39}], nr.DataError, "row 1: field age is 1"),
        (
            [{}, {"age": dt.date(2026, 1, 1)}],
            nr.DataError,
            "row 1: field age is '2026-01-01': expected a finite",
        ),
        (
            [{}, {"age": object}],
            nr.DataError,
            "row 1: field age is <class 'object'>: expected a finite",
        ),
        ([{"age": dt.timedelta(1)}], nr.DataError, "field age is 1 day, 0:00:00: expected a finite number"),
        ([{"age": [1]}], nr.DataError, "field age is a list of 1 texts: expected a finite number"),
        ([{"age": 1j}], nr.DataError, "field age is 1j: expected a finite number"),
        ({"country": "x" * 65}, nr.DataError, "expected a word of at most 64 bytes (CATEGORY 20)"),
        ({"country": "\ud800"}, nr.DataError, "field country is '\\ud800': expected a word"),
        ({"phone": 2}, nr.DataError, "field phone is 2: expected 1 or 0, true or false"),
        ({"at": "tomorrow"}, nr.DataError, "field at is 'tomorrow': expected seconds or milliseconds since 1970"),
        ({"note": 1j}, nr.DataError, "field note is 1j: expected a text (TEXT 64)"),
        ({"tags": [["a", object()]]}, nr.DataError, "expected words of at most 64 bytes"),
        ({"place": [1, 2, 3]}, nr.DataError, "field place is a list of 3 numbers: expected as many finite numbers"),
        ({"place": [1, None]}, nr.DataError, "expected as many finite numbers"),
        ({"place": np.ones((1, 3))}, nr.DataError, "field place is a list of 3 numbers: expected as many"),
        (pd.DataFrame({"age": [1], "b": [2], "c": [3]}), nr.DataError, "unknown field 'b': expected age"),
        (pd.DataFrame([[1, 2]], columns=["age", "age"]), nr.DataError, "field 'age' is given twice"),
        ({"age": 1, b"age": 2}, nr.DataError, "field 'age' is given twice"),
        ([{"age": 1, b"age": 2}], nr.DataError, "field 'age' is given twice"),
        ({"age": np.ones((2, 2))}, nr.ShapeError, "column 'age' has the shape (2, 2): expected one value a row"),
        ([1, 2], nr.ShapeError, "row 0 is 1: expected a dict of fields"),
        ([{}, [1]], nr.ShapeError, "row 1 is [1]: expected a dict of fields"),
        (np.ones((2, 2)), nr.ShapeError, "the network has fields: expected a value for each by its name"),
        (3, nr.ShapeError, "the network has fields: expected a value for each by its name"),
        ("age", nr.ShapeError, "the network has fields: expected a value for each by its name"),
        (None, nr.ShapeError, "the network has fields: expected a value for each by its name"),
    ],
)
def test_rejected_rows_change_nothing(rows: Any, error: type[Exception], message: str) -> None:
    net = network()
    net.observe(shop(20))
    before = copy.copy(net)
    y = ["new"] * (len(rows) if isinstance(rows, list) else 1)
    for call in (
        lambda: net.observe(rows, y),
        lambda: net.run(rows),
        lambda: net.classify(rows),
        lambda: net.rank(rows, want="yes"),
    ):
        assert message in error_of(error, call)
    if not isinstance(rows, str):
        assert message in error_of(error, lambda: net.evaluate(rows, y))
    assert net == before


def test_errors_show_names_in_any_script() -> None:
    net = network({"città": "number", "עיר": "number"})
    assert "unknown field 'x': expected città, עיר" in error_of(nr.DataError, lambda: net.observe({"x": 1}, "yes"))
    assert "field עיר is 'x': expected a finite number" in error_of(
        nr.DataError, lambda: net.observe({"עיר": "x"}, "yes")
    )


def test_recursive_lists_are_rejected() -> None:
    net = network({"tags": "tags", "v": "vector 1", "n": "number"})
    endless: list[Any] = []
    endless.append(endless)
    for name in ("tags", "v", "n"):
        assert f"field {name} is" in error_of(nr.DataError, lambda name=name: net.observe([{name: endless}], ["yes"]))
    assert "field tags is" in error_of(
        nr.DataError, lambda: net.observe({"tags": [{"a", frozenset("b")}], "n": [1]}, ["a"])
    )


def test_exceptions_of_values_propagate() -> None:
    class Odd:
        def __len__(self) -> int:
            return 1

        def __iter__(self) -> Any:
            raise ZeroDivisionError

    class Worse(dict[str, Any]):
        def items(self) -> Any:
            raise ZeroDivisionError

    net = network({"tags": "tags"})
    for rows in ([{"tags": Odd()}], Worse(), ({"tags": 1 // 0} for _ in "a")):
        with pytest.raises(ZeroDivisionError):
            net.observe(rows, ["yes"])
    assert net.info().training_dataset_len == 0


# Outcomes


def test_outcomes_may_be_separate_or_in_the_rows() -> None:
    rows = [{"age": 1}, {"age": 2}]
    with_y = [{"age": 1, "taken": "yes"}, {"age": 2, "taken": "no"}]
    nets = []
    for X, y in [
        (rows, ["yes", "no"]),
        (rows, ("yes", b"no")),
        (rows, np.array(["yes", "no"])),
        (rows, np.array([["yes"], ["no"]])),
        (rows, pd.Series(["yes", "no"], index=[5, 5])),
        (rows, pd.Categorical(["yes", "no"])),
        (rows, pa.array(["yes", "no"])),
        (rows, {"taken": ["yes", "no"]}),
        (rows, pd.DataFrame({"taken": ["yes", "no"]})),
        (with_y, None),
        (with_y, ["yes", "no"]),
        (pd.DataFrame(with_y), None),
        (pa.Table.from_pylist(with_y), None),
    ]:
        net = network({"age": "number"})
        assert net.observe(X, y) == (1, 1)
        nets.append(net)
    assert all(net == nets[0] for net in nets)


def test_numbers_and_flags_become_class_names() -> None:
    for y, names in [
        ([0, 1], ("0", "1")),
        (np.array([0.0, 1.5]), ("0", "1.5")),
        ([True, False], ("true", "false")),
        (np.array([True, False]), ("true", "false")),
        (pd.array([3, 4], dtype="Int64"), ("3", "4")),
    ]:
        net = network({"age": "number"})
        net.observe([{"age": 1}, {"age": 2}], y)
        assert net.classes == names


@pytest.mark.parametrize(
    ("rows", "y", "error", "message"),
    [
        ([{}, {}], ["yes", None], nr.DataError, "row 1: field taken is nothing: expected the name of a class"),
        ([{}, {}], [np.nan, "yes"], nr.DataError, "row 0: field taken is NaN: expected the name of a class"),
        ([{}, {"taken": "yes"}], None, nr.DataError, "row 0: field taken is nothing: expected the name of a class"),
        ([{}], [""], nr.DataError, "field taken is '': expected the name of a class"),
        ([{}], [1j], nr.DataError, "field taken is 1j: expected the name of a class"),
        ({}, None, nr.ShapeError, "the rows have no taken: expected outcomes in this column or as y"),
        (pd.DataFrame({"age": [1]}), None, nr.ShapeError, "the rows have no taken"),
        ([{}, {}], ["yes"], nr.ShapeError, "2 rows of inputs but 1 of classes"),
        ([{}, {}], "yes", nr.ShapeError, "2 rows of inputs but 1 of classes"),
        ({}, ["yes", "no"], nr.ShapeError, "1 rows of inputs but 2 of classes"),
    ],
)
def test_rows_without_an_outcome_are_rejected(rows: Any, y: Any, error: type[Exception], message: str) -> None:
    net = network()
    assert message in error_of(error, lambda: net.observe(rows, y))
    assert net == network()


def test_regressor_takes_a_number_for_each_target() -> None:
    rows = [{"age": 1}, {"age": 2}]
    nets = []
    for X, y in [
        (rows, [[1, 2], [3, 4.5]]),
        (rows, np.array([[1, 2], [3, 4.5]])),
        (rows, [(1, "2"), np.array([3, 4.5])]),
        (rows, pd.DataFrame({"high": [2, 4.5], "low": [1, 3]})),
        (rows, {"high": [2, 4.5], "low": [1, 3]}),
        (rows, [{"low": 1, "high": 2}, {"low": 3, "high": 4.5}]),
        ([{"age": 1, "low": 1, "high": 2}, {"low": 3, "age": 2, "high": 4.5}], None),
    ]:
        net = stars({"age": "number"}, target=["low", "high"])
        assert net.observe(X, y) == (1, 1)
        nets.append(net)
    assert all(net == nets[0] for net in nets)
    net = nets[0]
    one = copy.copy(net)
    net.observe({"age": 5}, [1, 2])
    one.observe({"age": 5, "low": 1, "high": 2})
    assert net == one
    for y, message in [
        ([[1, 2], [3]], "row 1: expected 2 outputs, 1 was given"),
        (np.ones((2, 3)), "expected 2 outputs, 3 were given"),
        ([[1, 2]], "2 rows of inputs but 1 of outputs"),
        (7, "row 0: expected 2 outputs, 1 was given"),
    ]:
        assert message in error_of(nr.ShapeError, lambda y=y: net.observe(rows, y))
    assert "row 1: field high is nothing: expected a finite number" in error_of(
        nr.DataError, lambda: net.observe(rows, [[1, 2], [3, None]])
    )


def test_row_weights_change_the_training() -> None:
    net = network({"age": "number"})
    assert "row 1: the weight is -1" in error_of(
        nr.DataError, lambda: net.observe([{}, {}], ["a", "b"], weight=[1, -1])
    )
    assert "2 rows of inputs but 3 of weights" in error_of(
        nr.ShapeError, lambda: net.observe([{}, {}], ["a", "b"], weight=[1, 1, 1])
    )
    net.observe([{}, {}], ["a", "b"], weight=2)
    other = network({"age": "number"})
    other.observe([{}, {}], ["a", "b"])
    assert net != other
