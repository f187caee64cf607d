"""Arrays of rows: every real dtype, order and kind is accepted, and errors name the row and the column."""

from __future__ import annotations

import array
import copy
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import neuralredis as nr

#: Makes a network as `Network` does, in this process or in a server.
Create = Callable[..., Any]

NET = nr.Network("classifier", [3, 5, 4], seed=1)
REGRESSOR = nr.Network("regressor", [3, 5, 2], seed=1)
X = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9], [3, 2, 1]])
EXPECTED = NET.run(X.astype(np.float32))
REAL = "?bhilqBHILQefdg"


class Frame:
    """A minimal data frame, as NumPy sees it."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __len__(self) -> int:
        return len(self.values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self.values, dtype=dtype)


def test_output_shape_follows_input_shape() -> None:
    assert NET.run(X).shape == (4, 4)
    assert NET.run(X[:1]).shape == (1, 4)
    assert NET.run(X[0]).shape == (4,)
    assert NET.run(X).dtype == np.float32
    assert NET.classify(X).shape == (4,)
    assert NET.classify(X).dtype == np.int64
    assert type(NET.classify(X[0])) is int
    assert REGRESSOR.run(X[0].tolist()).shape == (2,)


def test_probabilities_sum_to_1_and_the_largest_is_the_class() -> None:
    assert np.allclose(EXPECTED.sum(axis=1), 1)
    assert np.array_equal(NET.classify(X), EXPECTED.argmax(axis=1))
    assert [NET.classify(row) for row in X] == EXPECTED.argmax(axis=1).tolist()


@pytest.mark.parametrize("dtype", REAL)
@pytest.mark.parametrize("order", "CF")
def test_every_real_dtype_and_memory_order_is_accepted(dtype: str, order: Any) -> None:
    given = np.array(X, dtype=dtype, order=order)
    expected = NET.run(given.astype(np.float32))
    for form in (
        given,
        given.astype(given.dtype.newbyteorder()),
        given[::-1][::-1],
        np.repeat(given, 2, axis=1)[:, ::2],
    ):
        assert np.array_equal(NET.run(form), expected)
        assert np.array_equal(NET.run(form[1]), expected[1])
        assert np.array_equal(NET.classify(form), expected.argmax(axis=1))
        net = nr.Network("classifier", [3, 2])
        net.observe(form, form[:, 0].astype(bool), into="train")
        assert np.array_equal(net.rows("train")[0], given.astype(np.float32))


@pytest.mark.parametrize(
    "rows",
    [
        X.tolist(),
        tuple(map(tuple, X.tolist())),
        list(X),
        [tuple(X[0]), X[1].tolist(), X[2], X[3].astype("f2")],
        [list(map(np.float32, row)) for row in X],
        [[Decimal(int(v)) for v in row] for row in X],
        [[Fraction(int(v)) for v in row] for row in X],
        X.astype(object),
        Frame(X),
        Frame(X.astype(object)),
        [Frame(row) for row in X],
        memoryview(np.ascontiguousarray(X)),
        [array.array("d", row) for row in X],
        [range(1, 4), range(4, 7), range(7, 10), range(3, 0, -1)],
    ],
    ids=lambda rows: type(rows).__name__,
)
def test_lists_and_frames_equal_arrays(rows: Any) -> None:
    assert np.array_equal(NET.run(rows), EXPECTED)


@pytest.mark.parametrize("row", [[1, 2.5, True], (1, 2.5, True), [np.int8(1), np.float64(2.5), np.True_], range(1, 4)])
def test_single_row_may_be_any_sequence_of_numbers(row: Any) -> None:
    expected = NET.run(np.array([float(value) for value in row], dtype=np.float32))
    assert np.array_equal(NET.run(row), expected)


def test_pandas_frames_are_accepted() -> None:
    frame = pandas.DataFrame(X, columns=list("abc"))
    assert np.array_equal(NET.run(frame), EXPECTED)
    assert np.array_equal(NET.run(frame.iloc[0]), EXPECTED[0])
    mixed = frame.assign(a=frame["a"] > 3, b=frame["b"].astype("Int64"))
    assert np.array_equal(NET.run(mixed), NET.run(mixed.astype(float)))
    assert nr.Network("classifier", [3, 4]).observe(frame, frame["c"] % 4, into="train") == (4, 0)


def test_network_with_one_input_takes_a_flat_list_of_rows() -> None:
    net = nr.Network("regressor", [1, 3, 1], seed=2)
    many = net.run([1.0, 2.0, 3.0])
    assert many.shape == (3, 1)
    assert np.array_equal(many, net.run([[1.0], [2.0], [3.0]]))
    assert net.run([1.0]).shape == (1,)
    assert net.observe([1.0, 2.0, 3.0], [2.0, 4.0, 6.0], into="train") == (3, 0)


@pytest.mark.parametrize("y", [2, 2.0, [2], [[2]], np.int8(2), np.array(2), np.array([2]), True + 1, Frame([2])])
def test_class_of_one_row_may_be_a_scalar_or_an_array(y: Any) -> None:
    net = nr.Network("classifier", [3, 4])
    assert net.observe(X[0], y, into="train") == (1, 0)
    assert net.observe(X[:1], y, into="train") == (2, 0)
    assert net.rows("train")[1].tolist() == [2, 2]


@pytest.mark.parametrize("y", [[[1, 2]], [1, 2], np.array([[1, 2]])])
def test_outputs_of_one_row_may_have_one_or_two_dimensions(y: Any) -> None:
    net = nr.Network("regressor", [3, 2])
    assert net.observe(X[0], y, into="train") == (1, 0)


@pytest.mark.parametrize(
    "y", [[0, 1, 2, 3], [[0], [1], [2], [3]], np.arange(4.0), np.arange(4, dtype=">u2"), Frame(range(4))]
)
def test_classes_may_be_a_column_vector(y: Any) -> None:
    net = nr.Network("classifier", [3, 4])
    net.observe(X, y, into="train")
    assert net.rows("train")[1].tolist() == [0, 1, 2, 3]


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ([1, 2], nr.ShapeError, "the network has 3 inputs, 2 were given"),
        ([1], nr.ShapeError, "the network has 3 inputs, 1 was given"),
        (X[:, :2], nr.ShapeError, "the network has 3 inputs, 2 were given"),
        ([[1, 2, 3], [4, 5]], nr.ShapeError, "row 1: the network has 3 inputs, 2 were given"),
        ([[1, 2, 3], np.arange(4)], nr.ShapeError, "row 1: the network has 3 inputs, 4 were given"),
        ([[1, 2, 3], 5], nr.ShapeError, "row 1 is 5: expected a row of 3"),
        ([[1, 2, 3], X], nr.ShapeError, "row 1 is "),
        (5, nr.ShapeError, "X is a single number: expected a row of 3, or rows"),
        (np.float32(5), nr.ShapeError, "X is a single number"),
        ([], nr.ShapeError, "X is empty"),
        ([[]], nr.ShapeError, "the network has 3 inputs, 0 were given"),
        (np.zeros(0), nr.ShapeError, "X is empty"),
        (np.zeros((0, 2)), nr.ShapeError, "the network has 3 inputs, 2 were given"),
        (np.zeros((2, 2, 3)), nr.ShapeError, "X has 3 dimensions: expected 1 or 2"),
        ([[1, 2, 3], [1, NAN, 3]], nr.DataError, "row 1: input 1 is NaN: expected a finite number"),
        ([[1, 2, 3], [4, 5, INF]], nr.DataError, "row 1: input 2 is inf: expected a finite number"),
        (np.array([[1, 2, 3], [-INF, 5, 6]]), nr.DataError, "row 1: input 0 is -inf: expected a finite number"),
        ([1, 2, 1e300], nr.DataError, r"input 2 is 1e\+300: expected a number of single precision, at most 3.4e38"),
        (np.array([[1, 2, 3], [1, -1e39, 3]]), nr.DataError, r"row 1: input 1 is -1e\+39: expected a number of single"),
        (
            [np.arange(3.0), np.array([1, 2, 1e39])],
            nr.DataError,
            r"row 1: input 2 is 1e\+39: expected a number of single",
        ),
        ([[1, 2, 3], [4, 10**400, 6]], nr.DataError, "row 1: input 1 is 1000000000.*: expected a number of single"),
        ([[1, 2, 3], [4, "x", 6]], nr.DataError, "row 1: input 1 is 'x': expected a finite number"),
        ([[1, 2, 3], [4, "5", 6]], nr.DataError, "row 1: input 1 is '5': expected a finite number"),
        ([1, 2, None], nr.DataError, "input 2 is None: expected a finite number"),
        ([1, 2, [3]], nr.DataError, r"input 2 is \[3\]: expected a finite number"),
        ([1, 2, 3j], nr.DataError, "input 2 is 3j: expected a finite number"),
        ([1, 2, np.complex64(3)], nr.DataError, "input 2 is .*3.*: expected a finite number"),
        (np.array([[1, 2, 3], [4, None, 6]]), nr.DataError, "row 1: input 1 is None: expected a finite number"),
        (Frame([[1, "male", 3]]), nr.DataError, "X has the dtype <U"),
        (X.astype(complex), nr.DataError, "X has the dtype complex128: expected real numbers"),
        (X.astype(str), nr.DataError, "X has the dtype <U21: expected real numbers"),
        (X.astype("M8[s]"), nr.DataError, "X has the dtype datetime64"),
        ("abc", nr.DataError, "X is a str: expected numbers"),
        ({1, 2, 3}, nr.DataError, "X is a set: expected numbers"),
        (None, nr.DataError, "X is a NoneType: expected numbers"),
        (iter([1, 2, 3]), nr.DataError, "X is a list_iterator: expected numbers"),
    ],
)
def test_errors_in_inputs_name_the_row_and_column(rows: Any, error: type[Exception], message: str) -> None:
    for ask in (NET.run, NET.classify):
        with pytest.raises(error, match=message):
            ask(rows)
    with pytest.raises(error, match=message):
        NET.observe(rows, [0, 0])
    assert issubclass(error, ValueError)
    assert NET.info().training_dataset_len == 0


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        ([0, 1, 2], nr.ShapeError, "4 rows of inputs but 3 of classes"),
        (1, nr.ShapeError, "4 rows of inputs but 1 of classes"),
        (np.eye(4), nr.ShapeError, r"y has the shape \(4, 4\): expected \(4,\), the class of each row as an integer"),
        ([0, 1, 2, 4], nr.DataError, "row 3: the class is 4: expected an integer from 0 to 3"),
        ([0, 1, -1, 3], nr.DataError, "row 2: the class is -1: expected an integer from 0 to 3"),
        ([0, 1.5, 2, 3], nr.DataError, "row 1: the class is 1.5: expected an integer from 0 to 3"),
        ([0, NAN, 2, 3], nr.DataError, "row 1: the class is NaN: expected an integer from 0 to 3"),
        (["a", "b", "c", "d"], nr.DataError, "row 0: the class is 'a': expected an integer from 0 to 3"),
        ([0, 1, 2, 1e300], nr.DataError, r"row 3: the class is 1e\+300: expected an integer from 0 to 3"),
        (np.zeros((4, 1, 1)), nr.ShapeError, "y has 3 dimensions: expected 1 or 2"),
    ],
)
def test_errors_in_classes_name_the_row(y: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        NET.observe(X, y)
    with pytest.raises(error, match=message):
        NET.evaluate(X, y)
    assert NET.info().training_dataset_len == 0


@pytest.mark.parametrize(
    ("rows", "y", "error", "message"),
    [
        (X, np.zeros((4, 3)), nr.ShapeError, "expected 2 outputs, 3 were given"),
        (X, np.zeros(4), nr.ShapeError, r"y has the shape \(4,\): expected \(4, 2\), a row for each row of X"),
        (X, np.zeros((3, 2)), nr.ShapeError, "4 rows of inputs but 3 of outputs"),
        (X, [[0, 1], [2, 3], [4], [5, 6]], nr.ShapeError, "row 2: expected 2 outputs, 1 was given"),
        (X[0], 1.0, nr.ShapeError, "expected 2 outputs, 1 was given"),
        (X[0], [1, 2, 3], nr.ShapeError, "expected 2 outputs, 3 were given"),
        (X, [[0, 1], [2, INF], [4, 5], [6, 7]], nr.DataError, "row 1: output 1 is inf: expected a finite number"),
        (X[0], [1, None], nr.DataError, "output 1 is None: expected a finite number"),
    ],
)
def test_errors_in_outputs_name_the_row_and_column(rows: Any, y: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        REGRESSOR.observe(rows, y)


def test_regressor_rejects_classify() -> None:
    with pytest.raises(nr.KindError, match="only a classifier has classes") as raised:
        REGRESSOR.classify(X)
    assert isinstance(raised.value, TypeError)


def test_exceptions_of_float_conversion_propagate() -> None:
    class Faulty:
        def __float__(self) -> float:
            raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        NET.run([1, 2, Faulty()])


def test_list_that_changes_during_conversion_is_safe() -> None:
    class Meddler:
        def __float__(self) -> float:
            row.clear()
            return 2.0

    row: list[Any] = [1, Meddler(), 3]
    assert NET.run(row).shape == (4,)
    assert row == []


def test_rows_with_many_inputs_have_the_same_answers_in_a_batch() -> None:
    net = nr.Network("regressor", [500, 3, 1], seed=3)
    X = np.random.default_rng(0).normal(size=(5, 500))
    assert np.array_equal(net.run(X), [net.run(row) for row in X])
    assert np.array_equal(net.run(X), [net.run(row.tolist()) for row in X])


@given(
    arrays.arrays(
        st.sampled_from([np.float32, np.float64, np.int16, np.uint64, np.bool_]),
        st.tuples(st.integers(1, 40), st.just(3)),
    )
)
def test_random_arrays_are_treated_like_lists(rows: Any) -> None:
    def answer(rows: Any) -> Any:
        try:
            return NET.run(rows).tolist()
        except nr.DataError as raised:
            return str(raised)

    assert answer(rows) == answer(rows.tolist())
    for row in rows[:2]:
        assert answer(row) == answer(row.tolist())


@given(st.lists(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=5), max_size=5))
def test_random_lists_are_predicted_or_their_first_invalid_row_is_named(rows: list[list[float]]) -> None:
    bad = [index for index, row in enumerate(rows) if len(row) != 3]
    if rows and not bad:
        assert NET.run(rows).shape == (len(rows), 4)
        return
    with pytest.raises(nr.ShapeError) as raised:
        NET.run(rows)
    if len(rows) > 1:
        assert str(raised.value).startswith(f"row {bad[0]}: ")


MASKED = np.ma.array([[1.0, 2, 3], [4, -9999, 6]], mask=[[0, 0, 0], [0, 1, 0]])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (MASKED, "row 1: input 1 is masked: expected a finite number"),
        (MASKED.astype(int), "row 1: input 1 is masked"),
        (MASKED.astype(object), "row 1: input 1 is masked"),
        (MASKED[1], "input 1 is masked"),
        ([MASKED[0], MASKED[1]], "row 1: input 1 is masked"),
        ([[1, 2, 3], [4, np.ma.masked, 6]], "row 1: input 1 is masked"),
        (np.ma.masked_all((2, 3)), "row 0: input 0 is masked"),
    ],
)
def test_masked_inputs_are_rejected(create: Create, rows: Any, message: str) -> None:
    net = create("classifier", [3, 4], seed=1)
    for ask in (net.run, net.classify, lambda rows: net.observe(rows, [0] * len(rows))):
        with pytest.raises(nr.DataError, match=message):
            ask(rows)
    assert net.info().training_dataset_len == 0


def test_masked_classes_outputs_and_weights_are_rejected(create: Create) -> None:
    column = np.ma.array([1, 2], mask=[False, True])
    with pytest.raises(nr.DataError, match="row 1: the class is masked: expected an integer from 0 to 3"):
        create("classifier", [3, 4]).observe(X[:2], column)
    net = create("regressor", [3, 1])
    with pytest.raises(nr.DataError, match="row 1: output 0 is masked"):
        net.observe(X[:2], column)
    with pytest.raises(nr.DataError, match="row 1: the weight is masked"):
        net.observe(X[:2], [1, 2], weight=column)


def test_masked_arrays_without_masked_values_are_accepted() -> None:
    assert np.array_equal(NET.run(np.ma.array(X)), EXPECTED)
    assert np.array_equal(NET.run(np.ma.array(X[0], mask=[0, 0, 0])), EXPECTED[0])


@pytest.mark.parametrize("none", [np.empty((0, 2)), np.empty((0, 2), int), pandas.DataFrame({"a": [], "b": []})])
def test_empty_batches_are_accepted(create: Create, none: Any) -> None:
    for kind, outputs, targets in (("classifier", 3, []), ("regressor", 1, []), ("regressor", 2, np.empty((0, 2)))):
        net = create(kind, [2, 3, outputs], seed=1)
        net.observe([1, 2], [1] * (1 if kind == "classifier" else outputs), into="train")
        before = bytes(net)
        assert net.observe(none, targets) == (1, 0)
        assert net.observe(none, targets, into="test", weight=[]) == (1, 0)
        assert bytes(net) == before
        answers = net.run(none)
        assert (answers.shape, answers.dtype) == ((0, outputs), np.float32)
        if kind == "classifier":
            classes = net.classify(none)
            assert (classes.shape, classes.dtype) == ((0,), np.int64)
        with pytest.raises(nr.DataError, match="there are no rows to evaluate"):
            net.evaluate(none, targets)
        with pytest.raises(nr.ShapeError, match="0 rows of inputs"):
            net.observe(none, [[1] * outputs] if kind == "regressor" else [1])


FRAME = pandas.DataFrame({"a": [1.0, 2], "b": [3.0, 4], "when": [5, 6]})


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (FRAME[["b", "a", "when"]], "the columns of X are 'b', 'a', 'when': expected the columns 'a', 'b', 'when'"),
        (FRAME.rename(columns={"a": "c"}), "X lacks 'a' and has 'c' instead: expected"),
        (FRAME[["a", "b"]], "X lacks 'when': expected"),
        (FRAME.assign(more=1), "X has 'more' besides: expected"),
        (FRAME.iloc[0][["b", "a", "when"]], "the columns of X are 'b', 'a', 'when'"),
    ],
)
def test_frames_must_have_the_columns_of_the_first_frame(create: Create, frame: Any, message: str) -> None:
    net = create("classifier", [3, 2], seed=1)
    net.observe(X[:2], [0, 1], into="train")
    net.observe(FRAME.iloc[:0], [])
    assert net.observe(FRAME, [0, 1], into="train") == (4, 0)
    asks = [net.run, net.classify, lambda rows: net.evaluate(rows, [0, 1][: len(rows)])]
    for ask in (*asks, lambda rows: net.observe(rows, [0, 1][: len(rows)], into="train")):
        with pytest.raises(nr.ShapeError, match=message):
            ask(frame)
    assert net.info().training_dataset_len == 4
    assert np.array_equal(net.run(FRAME), net.run(FRAME.to_numpy()))
    assert np.array_equal(net.run(FRAME.iloc[0]), net.run(FRAME)[0])


def test_copy_keeps_the_columns_of_frames() -> None:
    net = nr.Network("regressor", [3, 1])
    net.observe(FRAME, [1, 2])
    with pytest.raises(nr.ShapeError, match="X lacks 'a'"):
        copy.deepcopy(net).run(FRAME.rename(columns={"a": "c"}))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (FRAME.assign(when=pandas.to_datetime(["2024-01-05", "2024-01-06"])), "row 0, column 'when' is 2024-01-05"),
        (pandas.DataFrame({name: pandas.to_datetime(["2024-01-05"]) for name in "abc"}), "column 'a' is 2024-01-05"),
        (FRAME.assign(b=["x", "y"]), "row 0, column 'b' is 'x': expected a finite number"),
        (FRAME.assign(b=[1, None]), "row 1, column 'b' is NaN: expected a finite number"),
        (FRAME.assign(b=[1, 1e39]), r"row 1, column 'b' is 1e\+39: expected a number of single precision"),
        (FRAME.assign(a=[1, pandas.NA]), "row 1, column 'a' is <NA>: expected a finite number"),
    ],
)
def test_errors_in_a_frame_name_the_column(create: Create, frame: Any, message: str) -> None:
    net = create("classifier", [3, 2], seed=1)
    for ask in (net.run, net.classify, lambda rows: net.observe(rows, [0] * len(rows))):
        with pytest.raises(nr.DataError, match=message):
            ask(frame)
    # Rejected rows leave no column names behind.
    assert net.observe(FRAME.rename(columns={"a": "c"}), [0, 1], into="train") == (2, 0)


@pytest.mark.parametrize("y", [["no", "yes"], np.array(["no", "yes"]), pandas.Series(["no", "yes"])])
def test_class_names_are_rejected_without_fields(create: Create, y: Any) -> None:
    with pytest.raises(nr.DataError, match=r"integers? from 0 to 2; NeuralClassifier takes names"):
        create("classifier", [3, 3]).observe(X[:2], y)
