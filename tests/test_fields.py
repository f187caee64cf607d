"""Networks of fields take rows as programs have them, and answer with the names of classes."""

from __future__ import annotations

import copy
import datetime as dt
import decimal
import pathlib
import pickle
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import neuralredis as nr

SHOP = {
    "age": "number",
    "country": "category 20",
    "spent": "auto",
    "phone": "flag",
    "at": "time",
    "note": "text 64",
    "tags": "tags",
    "place": "vector 2",
}


def network(fields: dict[str, str] | None = None, target: Any = "taken", **options: Any) -> nr.Network:
    return nr.Network("classifier", fields=fields or SHOP, target=target, **{"seed": 7, "hidden": (8,), **options})


def stars(fields: dict[str, str], target: Any = "stars", **options: Any) -> nr.Network:
    return nr.Network("regressor", fields=fields, target=target, **{"seed": 7, "hidden": (8,), **options})


def shop(rows: int = 200) -> list[dict[str, Any]]:
    """Rows of all kinds with gaps, of which the country decides."""
    rng = np.random.default_rng(3)
    countries = rng.choice(["IT", "FR", "DE"], rows)
    return [
        {
            "age": None if at % 7 == 0 else int(rng.integers(18, 80)),
            "country": country,
            "spent": ["unknown", 12.5, "", 3][at % 4],
            "phone": [True, False, None][at % 3],
            "at": dt.datetime(2026, 1, 1 + at % 28, at % 24),
            "note": ["a good film", "a bad film", None][at % 3],
            "tags": [["new", "red"], [], ["red"]][at % 3],
            "place": None if at % 5 == 0 else [float(rng.normal()), 1.0],
            "taken": {"IT": "yes", "FR": "no", "DE": "perhaps"}[country],
        }
        for at, country in enumerate(countries)
    ]


def same(fields: dict[str, str], *forms: Any) -> None:
    """Check that rows mean the same in each form: networks that observe them are equal."""
    networks = []
    for form in forms:
        net = stars(fields, dataset=100, test=0)
        net.observe(form, np.arange(3))
        networks.append(net)
    for form, net in zip(forms[1:], networks[1:], strict=True):
        assert net == networks[0], form


def refused(error: type[Exception], call: Callable[[], object]) -> str:
    with pytest.raises(error) as caught:
        call()
    return str(caught.value)


# Creation


def test_a_network_of_fields_tells_what_it_is_of() -> None:
    net = network({"age": "Number", "plan": "CATEGORY 7", "at": "time", "note": ("text", 256), "v": "vector 3"})
    assert net.fields is not None
    assert dict(net.fields) == {
        "age": "number",
        "plan": "category 7",
        "at": "time",
        "note": "text 256",
        "v": "vector 3",
    }
    assert (net.target, net.classes) == ("taken", ())
    info = net.info()
    assert (info.fields, info.target, info.classes) == (dict(net.fields), "taken", ())
    assert info.normalize
    assert info.layout[1:] == (8, 2)
    assert repr(net) == "<Network classifier of 5 fields 273-8-2, 0+0 rows, untrained>"
    assert "note (text 256)" in net._repr_html_()
    with pytest.raises(TypeError):
        net.fields["age"] = "text"  # type: ignore[index]


def test_hidden_layers_are_three_of_thirty_unless_said_otherwise() -> None:
    made = nr.Network("classifier", fields={"age": "number"}, target="left")
    assert made.info().layout == (2, 30, 30, 30, 2)
    assert network({"age": "number"}, hidden=[]).info().layout == (2, 2)


def test_a_network_without_fields_has_none() -> None:
    net = nr.Network("classifier", [2, 2])
    assert (net.fields, net.target, net.classes) == (None, None, None)
    assert (net.info().fields, net.info().target, net.info().classes) == (None, None, None)
    for call in (
        lambda: net.rank([[1, 2]]),
        lambda: net.classify([1, 2], top=1),
        lambda: net.classify([1, 2], least=0),
    ):
        assert "networks with fields" in refused(nr.KindError, call)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"fields": {"age": "numbre"}}, nr.OptionError, "field age: kind 'numbre': expected AUTO, NUMBER, CATEGORY"),
        ({"fields": {"v": "vector"}}, nr.OptionError, "field v: VECTOR alone: expected the number of its values"),
        ({"fields": {"age": "number 3"}}, nr.OptionError, "field age: NUMBER 3: NUMBER takes no number"),
        ({"fields": {"c": "category 0"}}, nr.OptionError, "field c: CATEGORY 0: expected an integer from 1 to 1048576"),
        ({"fields": {"c": "category x"}}, nr.OptionError, "field c: category x: expected an integer after the kind"),
        (
            {"fields": {"c": ("category", 1, 2)}},
            nr.OptionError,
            "field c: 'category 1 2': expected a kind, and",
        ),
        (
            {"fields": {"age": "number +"}},
            nr.OptionError,
            "field age: number +: answers that rise or fall with",
        ),
        ({"fields": {"age": "number-"}}, nr.OptionError, "field age: number-: answers that rise or fall with"),
        ({"fields": {"age": 3}}, TypeError, "the kind of age is 3: expected a text"),
        ({"fields": {3: "number"}}, TypeError, "the name of a field is 3: expected a text"),
        ({"fields": {"\ud800": "number"}}, TypeError, "the name of a field is '\\ud800': expected a text"),
        ({"fields": "age"}, TypeError, "fields is 'age': expected a dict of names and kinds"),
        ({"fields": {}}, nr.OptionError, "0 fields: expected 1 to 4096"),
        ({"fields": {"->": "number"}}, nr.OptionError, "field '->': expected another name"),
        ({"fields": {"taken": "number"}}, nr.OptionError, "field 'taken' stands twice"),
        ({"fields": {"x" * 65: "number"}}, nr.OptionError, "expected a name of 1 to 64 bytes"),
        ({"target": None}, TypeError, "needs a target"),
        ({"target": ["a", "b"]}, TypeError, "target is ['a', 'b']: expected a text"),
        ({"layout": [1, 2]}, TypeError, "layout and fields exclude each other"),
        ({"layout": [1, 2], "fields": None}, TypeError, "target is for a network with fields"),
        (
            {"fields": None, "target": None, "hidden": None},
            TypeError,
            "a network needs a layout, or fields and a target",
        ),
        ({"hidden": 3}, TypeError, "hidden is 3: expected a list of units"),
        ({"hidden": [0]}, nr.OptionError, "hidden is 0: expected an integer from 1 to 1048576"),
        ({"classes": 1}, nr.OptionError, "classes is 1: expected an integer from 2"),
        ({"classes": ["a"]}, nr.OptionError, "CLASSES 1: expected an integer from 2"),
        ({"classes": ["a", "a"]}, nr.OptionError, "class 'a' stands twice"),
        ({"classes": ["a", None]}, nr.OptionError, "class None: expected a name of 1 to 64 bytes"),
        ({"classes": "yes"}, TypeError, "classes is 'yes': expected an integer"),
        ({"normalize": False}, nr.OptionError, "normalize is False: expected True, or nothing"),
        ({"class_weight": [1, 2]}, nr.OptionError, "class-weight is a list of 2: expected none or balanced"),
        ({"output": "sofmax"}, nr.OptionError, "output is 'sofmax'"),
        ({"sed": 1}, TypeError, "'sed' is an unexpected keyword argument"),
    ],
)
def test_what_cannot_be_is_refused_by_name(options: dict[str, Any], error: type[Exception], message: str) -> None:
    made = {"fields": SHOP, "target": "taken", "hidden": (8,), "seed": 1, **options}
    assert message in refused(error, lambda: nr.Network("classifier", **made))


def test_a_regressor_has_targets_and_no_classes() -> None:
    assert stars({"age": "number"}).target == "stars"
    net = stars({"age": "number"}, target=["low", "high"])
    assert (net.target, net.classes) == (("low", "high"), None)
    assert "classes is 3: expected none for a regressor" in refused(
        nr.OptionError, lambda: stars({"age": "number"}, classes=3)
    )
    assert "no target" in refused(nr.OptionError, lambda: stars({"age": "number"}, target=[]))


def test_closed_lists_of_classes_take_no_others_and_may_have_weights() -> None:
    net = network({"age": "number"}, classes=["no", "yes"], class_weight=[1, 3])
    assert net.classes == ("no", "yes")
    assert list(net.run({"age": 3})) == ["no", "yes"]
    message = refused(nr.DataError, lambda: net.observe([{"age": 1}, {"age": 2}], ["yes", "perhaps"]))
    assert message == "row 1: no class 'perhaps', and no room for another: the network has no, yes"
    assert network({"age": "number"}, classes=[False, True]).classes == ("false", "true")
    assert network({"age": "number"}, classes=np.array([0, 1])).classes == ("0", "1")


def test_rows_of_fields_are_always_normalized() -> None:
    net = network()
    assert "normalize is no: expected yes" in refused(nr.OptionError, lambda: net.configure(normalize=False))
    assert net.configure(dataset=5)["dataset"] == 5


# Rows


def test_one_row_and_many_are_observed() -> None:
    net = network()
    assert net.observe({"age": 31, "country": "IT"}, "yes") == (1, 0)
    assert net.observe([{"age": 20}, {}], ["no", "yes"], into="train") == (3, 0)
    assert net.observe([], []) == net.observe([]) == (3, 0)
    assert net.observe({"age": 31, "taken": "no"}, into="test") == (3, 1)
    assert net.observe(({"taken": name} for name in "ab"), weight=[1, 2]) == (5, 1)
    assert net.classes == ("yes", "no")


def test_rows_mean_the_same_in_every_form() -> None:
    rows = [{"age": 31, "country": "IT"}, {"country": "FR", "age": None}, {"age": 2.5}]
    frame = pd.DataFrame(rows)
    columns = {"country": ["IT", "FR", None], "age": [31, None, 2.5]}
    same(
        {"age": "number", "country": "category"},
        rows,
        [OrderedDict(row) for row in rows],
        iter(rows),
        np.array(rows, object),
        columns,
        {"age": np.array([31, np.nan, 2.5]), "country": np.array(["IT", "FR", ""])},
        {b"age": (31, None, 2.5), "country": pd.Series(["IT", "FR", None])},
        {"age": pd.array([31, None, 2.5], dtype="Float64"), "country": pd.Categorical(["IT", "FR", None])},
        frame,
        frame[["country", "age"]],
        frame.astype({"country": "category", "age": "Float32"}),
        frame.astype({"country": "string"}),
        frame.convert_dtypes(),
        frame.convert_dtypes(dtype_backend="pyarrow"),
        frame.set_index(pd.Index([7, 7, 7])),
        pa.table(columns),
        pa.table(columns).to_batches()[0],
        pa.table({"age": pa.chunked_array([[31.0], [None, 2.5]]), "country": columns["country"]}),
        pa.table({**columns, "country": pa.array(columns["country"]).dictionary_encode()}),
        np.array([(31, "IT"), (np.nan, "FR"), (2.5, "")], [("age", "f4"), ("country", "U2")]),
    )


def test_frames_of_polars_are_rows_too() -> None:
    rows = [{"age": 31, "country": "IT"}, {"country": "FR", "age": None}, {"age": 2.5}]
    frame = pl.DataFrame({"country": ["IT", "FR", None], "age": [31.0, None, 2.5]})
    same(
        {"age": "number", "country": "category"},
        rows,
        frame,
        frame.with_columns(pl.col("country").cast(pl.Categorical)),
    )
    moment = dt.datetime(2026, 11, 25, 18, 30, tzinfo=dt.timezone.utc)
    moments = [moment, None, moment.replace(year=1950)]
    naive = [moment and moment.replace(tzinfo=None) for moment in moments]
    same(
        {"at": "time", "tags": "tags", "v": "vector 2", "phone": "flag"},
        [
            {"at": moments[0], "tags": ["a", "b"], "v": [1, 2], "phone": True},
            {"tags": None, "v": None},
            {"at": moments[2], "tags": ["b"], "v": [3, 4], "phone": False},
        ],
        pl.DataFrame(
            {
                "at": naive,
                "tags": [["a", "b"], None, ["b"]],
                "v": [[1.0, 2.0], None, [3.0, 4.0]],
                "phone": [True, None, False],
            }
        ),
        pl.DataFrame(
            {
                "at": pl.Series(naive).dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Rome"),
                "tags": [["a", "b"], [], ["b"]],
                "v": [[1, 2], None, [3, 4]],
                "phone": [True, None, False],
            }
        ),
    )


def test_moments_are_the_same_however_they_are_given() -> None:
    moment = dt.datetime(2026, 11, 25, 18, 30, 15, tzinfo=dt.timezone.utc)
    east = moment.astimezone(dt.timezone(dt.timedelta(hours=2)))
    naive = moment.replace(tzinfo=None)
    early = dt.date(1950, 3, 1)
    series = pd.Series([naive, early, None], dtype="datetime64[ns]")
    same(
        {"at": "time"},
        [{"at": moment}, {"at": early}, {"at": None}],
        [{"at": east}, {"at": dt.datetime(1950, 3, 1)}, {}],
        {"at": [naive, "1950-03-01", pd.NaT]},
        {"at": [pd.Timestamp(naive), pd.Timestamp(early), np.datetime64("NaT")]},
        {"at": ["2026-11-25T18:30:15Z", pd.Timestamp(early, tz="UTC"), ""]},
        {"at": [naive.replace(tzinfo=dt.timezone.utc).timestamp(), np.datetime64("1950-03-01"), float("nan")]},
        {"at": np.array([naive, early, None], "datetime64[s]")},
        {"at": series},
        pd.DataFrame({"at": series}),
        pd.DataFrame({"at": series.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo")}),
        pa.table({"at": pa.array([naive, dt.datetime(1950, 3, 1), None], pa.timestamp("us"))}),
        pa.table({"at": pa.array([naive, dt.datetime(1950, 3, 1), None], pa.timestamp("ms", tz="Europe/Rome"))}),
    )
    late = dt.datetime(9999, 12, 31, 1)
    same(
        {"at": "time"}, {"at": [late] * 3}, {"at": ["9999-12-31T01:00:00"] * 3}, {"at": np.array([late] * 3, "M8[us]")}
    )


def test_numbers_words_and_flags_are_the_same_of_any_type() -> None:
    same(
        {"n": "number"},
        {"n": [1, 0, 2.5]},
        {"n": [True, False, decimal.Decimal("2.5")]},
        {"n": ["1", " 0 ", "2.50e0"]},
        {"n": [np.int8(1), np.bool_(False), np.float16(2.5)]},
        {"n": np.array([1, 0, 2.5], ">f8")},
        {"n": np.array([1, 0, 2.5], "f2")},
        {"n": [b"1", bytearray(b"0"), memoryview(b"2.5")]},
    )
    same(
        {"flag": "flag"},
        {"flag": [True, False, None]},
        {"flag": ["yes", "OFF", ""]},
        {"flag": [1, 0.0, np.nan]},
        {"flag": pd.array([True, False, None], dtype="boolean")},
        {"flag": pa.array([True, False, None])},
        {"flag": np.ma.array([True, False, True], mask=[0, 0, 1])},
    )
    same(
        {"word": "category"},
        {"word": ["5", "0.1", "true"]},
        {"word": [5, 0.1, True]},
        {"word": [np.int64(5), np.float32(0.1), np.bool_(True)]},
        {"word": [5.0, decimal.Decimal("0.10"), b"true"]},
    )
    same(
        {"word": "category"},
        {"word": ["0.1", "0.25", "5"]},
        {"word": np.array([0.1, 0.25, 5], "f4")},
        {"word": np.array([0.1, 0.25, 5], "f8")},
        pa.table({"word": pa.array([0.1, 0.25, 5], pa.float32())}),
    )
    large = [2**63 + 1, 2**53 + 1, 5]
    same({"word": "category"}, {"word": large}, {"word": list(map(str, large))}, {"word": np.array(large, "u8")})


def test_tags_and_vectors_may_be_lists_or_as_they_are_in_commands() -> None:
    same(
        {"tags": "tags", "n": "number"},
        {"tags": [["a", "b"], [], ["b"]], "n": [1, 2, 3]},
        {"tags": ["a,b", "", "b"], "n": [1, 2, 3]},
        {"tags": [{"b", "a"}, None, ("b", "b", None)], "n": [1, 2, 3]},
        {"tags": np.array(["a, b", " , ", "b"]), "n": [1, 2, 3]},
        pa.table({"tags": [["a", "b"], None, ["b"]], "n": [1, 2, 3]}),
        pd.DataFrame({"tags": [np.array(["a", "b"]), float("nan"), ["b"]], "n": [1, 2, 3]}),
    )
    same({"tags": "tags"}, {"tags": [[1, True], [2.5], []]}, {"tags": [["1", "true"], ["2.5"], []]})
    vectors = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    same(
        {"v": "vector 2"},
        {"v": vectors},
        {"v": np.array(vectors)},
        {"v": np.array(vectors, ">f4", order="F")},
        {"v": np.array(vectors, int)},
        {"v": np.array(vectors, object)},
        [{"v": tuple(map(np.float32, row))} for row in vectors],
        [{"v": np.array(row, "<f4").tobytes()} for row in vectors],
        pd.DataFrame({"v": [np.array(row) for row in vectors]}),
        pa.table({"v": vectors}),
        pa.table({"v": pa.FixedSizeListArray.from_arrays(np.ravel(vectors), 2)}),
    )
    assert network({"tags": "tags"}).observe({"tags": ["a", "b"]}, "yes") == (1, 0)
    assert network({"v": "vector 2"}).observe({"v": [1, 2]}, "yes") == (1, 0)
    assert network({"v": "vector 2"}).observe({"v": [[1, 2], None]}, ["yes", "no"]) == (1, 1)


def test_a_list_for_a_field_of_one_value_makes_columns() -> None:
    net = network({"age": "number", "tags": "tags"})
    assert net.observe({"age": [1, 2], "tags": ["a", "b"]}, ["yes", "no"]) == (1, 1)
    assert net.observe({"age": 1, "tags": ["a", "b"]}, "yes") == (2, 1)
    assert net.observe({"tags": ["a", "b"], "taken": ["yes", "no"]}, into="test") == (2, 3)
    message = refused(nr.ShapeError, lambda: net.observe({"age": [1, 2], "tags": "a"}, ["yes", "no"]))
    assert message == "column 'tags' is 'a': expected a value for each row"
    message = refused(nr.ShapeError, lambda: net.observe({"age": [1, 2], "tags": ["a"]}, ["yes", "no"]))
    assert message == "column 'tags' has 1 values, column 'age' 2"


def test_a_row_of_a_frame_is_a_row() -> None:
    frame = pd.DataFrame(shop(20))
    net = network()
    net.observe(frame)
    assert net.run(frame.drop(columns="taken").iloc[3]) == net.run(frame.to_dict("records")[3])


def test_frames_whose_columns_are_called_as_attributes_are_read() -> None:
    names = ["columns", "column_names", "index", "to_dict", "iloc", "dtype"]
    net = stars(dict.fromkeys(names, "number"))
    assert net.observe(pd.DataFrame({name: [1.0, 2.0] for name in names}), [1, 2]) == (1, 1)


def test_names_and_words_are_any_bytes() -> None:
    names = ["יום", "e\u0301", "a b", "--help", "\0", "x.y", "layout", "\udcff"]
    net = network(dict.fromkeys(names, "category"))
    assert net.fields is not None
    assert list(net.fields) == names
    row = dict(zip(names, ["->", "\0", "שלום\u200f", "\udcfe\udcff", "x" * 64, " ", "NaN", "JSON"], strict=True))
    net.observe([row, {name.encode(errors="surrogateescape"): b"\xff" for name in names}], ["\udcfa", b"\xfa\xff"])
    assert net.classes == ("\udcfa", "\udcfa\udcff")
    assert nr.Network.from_bytes(bytes(net)) == net
    assert net.classify(row) in net.classes


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ({"aeg": 3}, nr.DataError, "no field 'aeg': the network has age, country, spent, phone, at, note, tags, place"),
        ({3: 3}, nr.DataError, "no field 3: the network has age"),
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
        (pd.DataFrame({"age": [1], "b": [2], "c": [3]}), nr.DataError, "no field 'b': the network has age"),
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
def test_rows_that_are_refused_change_nothing(rows: Any, error: type[Exception], message: str) -> None:
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
        assert message in refused(error, call)
    if not isinstance(rows, str):
        assert message in refused(error, lambda: net.evaluate(rows, y))
    assert net == before


def test_messages_are_read_in_any_script() -> None:
    net = network({"città": "number", "עיר": "number"})
    assert "the network has città, עיר" in refused(nr.DataError, lambda: net.observe({"x": 1}, "yes"))
    assert "field עיר is 'x': expected a finite number" in refused(
        nr.DataError, lambda: net.observe({"עיר": "x"}, "yes")
    )


def test_a_list_that_holds_itself_is_no_value() -> None:
    net = network({"tags": "tags", "v": "vector 1", "n": "number"})
    endless: list[Any] = []
    endless.append(endless)
    for name in ("tags", "v", "n"):
        assert f"field {name} is" in refused(nr.DataError, lambda name=name: net.observe([{name: endless}], ["yes"]))
    assert "field tags is" in refused(
        nr.DataError, lambda: net.observe({"tags": [{"a", frozenset("b")}], "n": [1]}, ["a"])
    )


def test_dates_as_words_are_the_same_of_any_type() -> None:
    dates = [dt.date(2026, 1, 2), None, dt.date(1950, 12, 31)]
    text = ["2026-01-02", "", "1950-12-31"]
    same({"day": "category"}, {"day": text}, {"day": dates}, {"day": np.array(dates, "M8[D]")})
    same(
        {"day": "auto"},
        {"day": text},
        {"day": [np.datetime64(day or "NaT") for day in dates]},
        pa.table({"day": dates}),
    )
    moments = [dt.datetime(2026, 1, 2, 3, 4), None, dt.datetime(1950, 12, 31, 1, 0, 0, 5)]
    text = ["2026-01-02T03:04:00", "", "1950-12-31T01:00:00.000005"]
    same(
        {"day": "category"},
        {"day": text},
        {"day": moments},
        {"day": np.array(moments, "M8[ns]")},
        {"day": [np.datetime64(moment or "NaT", "us") for moment in moments]},
        pd.DataFrame({"day": pd.Series(moments, dtype="datetime64[us]")}),
        pa.table({"day": pa.array(moments, pa.timestamp("us"))}),
    )


def test_digits_of_large_numbers_among_gaps_are_kept_as_words() -> None:
    large = [2**60 + 1, None, 5]
    forms: list[Any] = [
        {"id": [str(2**60 + 1), "", "5"]},
        {"id": large},
        {"id": pd.array(large, dtype="Int64")},
        pd.DataFrame({"id": pd.array(large, dtype="Int64")}),
        pd.DataFrame({"id": pd.array(large, dtype="int64[pyarrow]")}),
        pa.table({"id": large}),
        pa.table({"id": pa.array(large).dictionary_encode()}),
    ]
    same({"id": "category"}, *forms)
    words = ["a", None, "b"]
    categorical = pd.Series(words, dtype=pd.ArrowDtype(pa.dictionary(pa.int8(), pa.string())))
    same({"word": "category"}, {"word": words}, pd.DataFrame({"word": categorical}), {"word": categorical})


def test_an_exception_of_a_value_goes_on_its_way() -> None:
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


def test_outcomes_are_given_beside_the_rows_or_in_them() -> None:
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


def test_classes_may_be_numbers_or_flags_and_have_names_all_the_same() -> None:
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
        ({}, None, nr.ShapeError, "the rows have no taken: expected what they have come to, there or as y"),
        (pd.DataFrame({"age": [1]}), None, nr.ShapeError, "the rows have no taken"),
        ([{}, {}], ["yes"], nr.ShapeError, "2 rows of inputs but 1 of classes"),
        ([{}, {}], "yes", nr.ShapeError, "2 rows of inputs but 1 of classes"),
        ({}, ["yes", "no"], nr.ShapeError, "1 rows of inputs but 2 of classes"),
    ],
)
def test_rows_without_an_outcome_are_refused(rows: Any, y: Any, error: type[Exception], message: str) -> None:
    net = network()
    assert message in refused(error, lambda: net.observe(rows, y))
    assert net == network()


def test_a_regressor_takes_a_number_for_each_target() -> None:
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
        assert message in refused(nr.ShapeError, lambda y=y: net.observe(rows, y))
    assert "row 1: field high is nothing: expected a finite number" in refused(
        nr.DataError, lambda: net.observe(rows, [[1, 2], [3, None]])
    )


def test_weights_of_rows_count() -> None:
    net = network({"age": "number"})
    assert "row 1: the weight is -1" in refused(nr.DataError, lambda: net.observe([{}, {}], ["a", "b"], weight=[1, -1]))
    assert "2 rows of inputs but 3 of weights" in refused(
        nr.ShapeError, lambda: net.observe([{}, {}], ["a", "b"], weight=[1, 1, 1])
    )
    net.observe([{}, {}], ["a", "b"], weight=2)
    other = network({"age": "number"})
    other.observe([{}, {}], ["a", "b"])
    assert net != other


# Answers


def learnt(**options: Any) -> nr.Network:
    net = network(**options)
    net.observe(shop(300))
    net.train(max_cycles=100)
    return net


def test_what_was_learnt_is_answered_by_names() -> None:
    net = learnt()
    assert net.classes is not None
    assert set(net.classes) == {"yes", "no", "perhaps"}
    answer = net.run({"country": "IT"})
    assert tuple(answer) == net.classes
    assert all(type(probability) is float for probability in answer.values())
    assert sum(answer.values()) == pytest.approx(1)
    assert net.classify({"country": "IT"}) == "yes"
    assert net.classify({"country": "FR", "taken": "yes"}) == "no", "what it has come to is not asked for"


def test_many_rows_are_answered_as_arrays_and_each_as_alone() -> None:
    net = learnt()
    rows = [{name: value for name, value in row.items() if name != "taken"} for row in shop(50)]
    outputs, classes = net.run(rows), net.classify(rows)
    assert (outputs.shape, outputs.dtype, classes.shape, classes.dtype) == ((50, 3), np.float32, (50,), object)
    for row, of_row, name in zip(rows, outputs, classes, strict=True):
        assert list(net.run(row).values()) == of_row.tolist()
        assert net.classify(row) == name == net.classes[of_row.argmax()]
    frame = pd.DataFrame(rows)
    assert np.array_equal(net.run(frame), outputs)
    assert np.array_equal(net.run(frame[frame.columns[::-1]]), outputs)
    assert (net.run([]).shape, net.classify([]).shape) == ((0, 3), (0,))
    assert (net.run(frame[:1]).shape, net.run([rows[0]]).shape) == ((1, 3), (1, 3))
    assert net.run(frame[[]]).shape == (50, 3)


def test_the_best_classes_come_with_scores_and_a_least_one() -> None:
    net = learnt()
    row = {"country": "IT"}
    answer = net.run(row)
    order = sorted(answer, key=answer.__getitem__, reverse=True)
    assert net.classify(row, top=2) == order[:2]
    assert net.classify(row, top=99) == order
    assert net.classify(row, scores=True) == (order[0], answer[order[0]])
    assert net.classify(row, top=2, scores=True) == [(name, answer[name]) for name in order[:2]]
    assert net.classify(row, least=answer[order[0]]) == order[0]
    assert net.classify(row, least=1) is None or answer[order[0]] == 1
    assert net.classify(row, top=3, least=0.5) == order[:1]
    assert net.classify([row, {}], top=1) == [[order[0]], net.classify({}, top=1)]
    assert net.classify([row, row], least=0.5).tolist() == [order[0]] * 2
    assert net.classify([row], scores=True) == [(order[0], answer[order[0]])]
    for options, error in [
        ({"top": 0}, nr.OptionError),
        ({"least": 1.5}, nr.OptionError),
        ({"least": "a"}, TypeError),
        ({"scores": 3}, TypeError),
    ]:
        with pytest.raises(error):
            net.classify(row, **options)


def test_classes_come_best_first() -> None:
    net = network({"age": "number"}, classes=["b", "a", "c"])
    answers = net.run([{}] * 2)
    assert np.array_equal(answers[0], answers[1])
    assert net.classify({}, top=3) == [net.classes[at] for at in np.argsort(-answers[0], kind="stable")]  # type: ignore[index]


def test_a_network_that_has_met_no_class_says_so() -> None:
    net = network({"age": "number"})
    message = "the network has met no class yet: observe some rows first"
    for call in (lambda: net.run({}), lambda: net.classify([{}]), lambda: net.rank([{}], want="yes")):
        assert refused(nr.TrainingError, call) == message
    net.observe({"age": 1}, "yes")
    assert net.classes == ("yes",)
    assert net.classify({}) == "yes"
    assert list(net.run({})) == ["yes"]
    assert net.run([{}, {}]).shape == (2, 1)
    net.observe({"age": 1}, "no", into="train")
    assert net.run([{}, {}]).shape == (2, 2)


def test_classes_and_words_that_are_new_are_answered_after_the_next_training() -> None:
    net = learnt()
    assert net.classes is not None
    before, inputs = net.classes, net.info().layout[0]
    answer = net.run({"country": "ES"})
    net.observe([{"country": "ES"}] * 60, ["later"] * 60)
    assert (net.classes, net.run({"country": "ES"}), net.info().layout[0]) == (before, answer, inputs)
    found = net.evaluate("test")
    assert isinstance(found, nr.ClassifierEvaluation)
    assert found.classes == (*before, "later")
    assert found.confusion is not None
    assert found.confusion.shape == (4, 4)
    assert found.confusion[:, 3].sum() == 0
    net.train(max_cycles=100)
    assert net.classes == (*before, "later")
    assert net.info().layout[0] == inputs + 1
    assert net.classify({"country": "ES"}) == "later"


def test_a_regressor_answers_numbers() -> None:
    net = stars({"note": "text"})
    rows = [{"note": "good"}, {"note": "bad"}, {"note": "not bad"}] * 40
    net.observe(rows, [5, 1, 3] * 40, into="train")
    net.train(max_cycles=200)
    assert type(net.run({"note": "good"})) is float
    assert net.run(rows[:3]) == pytest.approx([5, 1, 3], abs=0.1)
    assert net.run(rows[:3]).shape == (3,)
    assert refused(nr.KindError, lambda: net.classify({})).startswith("the network is a regressor")
    assert [index for index, _ in net.rank(rows[:3])] == [0, 2, 1]
    two = stars({"age": "number"}, target=["low", "high"])
    assert list(two.run({"age": 1})) == ["low", "high"]
    assert two.run([{"age": 1}] * 3).shape == (3, 2)
    assert len(two.rank([{"age": 1}], want="high")) == 1
    assert "want is None: expected one of low, high" in refused(nr.OptionError, lambda: two.rank([{"age": 1}]))


# Candidates


def test_candidates_are_ranked_best_first_with_what_they_share() -> None:
    net = network(classes=["no", "yes"])
    rows = [row for row in shop(300) if row["taken"] != "perhaps"]
    net.observe(rows)
    net.train(max_cycles=100)
    candidates = [{"country": "FR"}, {"country": "IT"}, {"country": None}, {"country": "FR"}]
    shared = {"age": 30, "country": "IT"}
    ranked = net.rank(candidates, shared)
    assert [one.index for one in ranked[:2]] == [1, 2], "equals by their places"
    assert [one.index for one in ranked[2:]] == [0, 3]
    for index, score in ranked:
        row = {**shared, **{name: value for name, value in candidates[index].items() if value is not None}}
        assert score == net.run(row)["yes"]
    assert net.rank(candidates, shared, top=1) == ranked[:1]
    assert net.rank(pd.DataFrame(candidates), shared, top=2) == ranked[:2]
    assert net.rank({"country": ["FR", "IT"]}, shared, want="no")[0].index == 0
    assert net.rank([], shared) == []
    assert net.rank({"country": "IT"})[0].index == 0
    assert "want is 'maybe': expected one of no, yes" in refused(nr.OptionError, lambda: net.rank([{}], want="maybe"))
    assert "want is None: expected one of" in refused(nr.OptionError, lambda: learnt().rank([{}]))
    assert "shared is several rows" in refused(nr.ShapeError, lambda: net.rank([{}], {"age": [1, 2]}))


# Evaluation


def test_stored_and_fresh_rows_are_evaluated_by_names() -> None:
    net = learnt()
    stored = net.evaluate("train")
    assert isinstance(stored, nr.ClassifierEvaluation)
    assert stored.classes == net.classes
    fresh = net.evaluate(shop(90))
    assert isinstance(fresh, nr.ClassifierEvaluation)
    assert fresh.confusion is not None
    assert (fresh.rows, fresh.confusion.sum()) == (90, 90)
    names = net.classify([{name: value for name, value in row.items() if name != "taken"} for row in shop(90)])
    assert fresh.accuracy == np.mean(names == [row["taken"] for row in shop(90)])
    frame = pd.DataFrame(shop(90))
    again = net.evaluate(frame.drop(columns="taken"), frame["taken"])
    assert (again.error, again.rows) == (fresh.error, 90)
    weighted = net.evaluate(frame, weight=np.linspace(1, 2, 90))
    assert weighted.error != fresh.error
    assert net.evaluate({"country": "IT"}, "yes").rows == 1
    assert refused(nr.DataError, lambda: net.evaluate([], [])) == "there are no rows to evaluate"
    new = net.evaluate({"country": "IT"}, "never met")
    assert isinstance(new, nr.ClassifierEvaluation)
    assert (new.accuracy, new.classes) == (0, (*(net.classes or ()), "never met"))
    assert net.evaluate(shop(90)) is not None
    plain = nr.Network("classifier", [1, 2])
    assert plain.evaluate([[1]], [0]).classes is None  # type: ignore[union-attr]


def test_a_regressor_of_fields_is_evaluated() -> None:
    net = stars({"age": "number"})
    net.observe({"age": range(100)}, np.arange(100) * 2.0)
    net.train(max_cycles=300)
    found = net.evaluate({"age": [10, 20], "stars": [20, 40]})
    assert isinstance(found, nr.RegressorEvaluation)
    assert found.rmse < 5


def test_rows_that_the_network_has_are_recognized() -> None:
    net = learnt()
    frame = pd.DataFrame(shop(300))
    assert net._has(frame, None).all()
    other = frame.assign(taken="perhaps")
    assert net._has(other, None).tolist() == (frame["taken"] == "perhaps").tolist()
    assert not net._has(frame.assign(note="never"), None).any()
    assert not net._has({"age": 3}, "a new one").any()
    with pytest.raises(nr.KindError):
        nr.Network("classifier", [1, 2])._has([[1]], [0])


def test_figures_are_those_of_the_stored_rows() -> None:
    net = learnt()
    figures, ranges = net._figures()
    of = dict(zip(net.fields or {}, figures, strict=True))
    ages = [row["age"] for row in shop(300) if row["age"] is not None]
    assert of["age"]["range"] == (min(ages), max(ages))
    assert of["age"]["gaps"] == 300 - len(ages)
    assert sorted(of["country"]["words"]) == ["DE", "FR", "IT"]
    assert sum(rows for _, rows in of["country"]["commonest"]) == of["country"]["values"] == 300
    assert of["country"]["importance"] > of["age"]["importance"]
    assert ranges == []
    net = stars({"age": "number"}, target=["low", "high"])
    assert net._figures()[1] == [None, None]
    net.observe([{"age": 1}, {}], [[1, 5], [3, 4.5]])
    assert net._figures()[1] == [(1, 3), (4.5, 5)]
    with pytest.raises(nr.KindError):
        nr.Network("classifier", [1, 2])._figures()


# What a network of fields has in common with others


def test_networks_of_fields_are_saved_copied_and_compared(tmp_path: pathlib.Path) -> None:
    net = learnt()
    net.save(tmp_path / "shop.nr")
    copies = [
        nr.load(tmp_path / "shop.nr"),
        nr.Network.from_bytes(bytes(net)),
        pickle.loads(pickle.dumps(net)),
        copy.copy(net),
        copy.deepcopy(net),
    ]
    for again in copies:
        assert again == net
        assert (again.fields, again.target, again.classes) == (net.fields, net.target, net.classes)
        again.observe({"country": "ES"}, "new", into="train")
        assert again != net
    net.observe({"country": "ES"}, "new", into="train")
    for again in copies:
        assert again == net
        again.train(max_cycles=5)
    net.train(max_cycles=5)
    assert all(again == net for again in copies)
    assert pickle.loads(pickle.dumps(net.info())) == net.info()


def test_a_training_starts_stops_and_resets_as_of_any_network() -> None:
    net = network()
    net.observe(shop(100))
    report = net.train(max_cycles=20, autostop=True, backtrack=True)
    assert report == net.report() or report.cycles == net.report().cycles  # type: ignore[union-attr]
    training = net.start_training(max_cycles=3)
    assert training.wait().cycles == 3
    assert net.stop() is False
    classes = net.classes
    net.reset()
    assert (net.info().training_total_cycles, net.classes) == (0, classes)
    net.notes = b"mine"
    assert net.notes == b"mine"


def test_what_is_of_positions_is_refused() -> None:
    net = learnt()
    for call in (net.describe, net.weights, lambda: net.weights(folded=True), lambda: net.set_weights([1.0])):
        assert refused(nr.KindError, call).startswith("the network has fields: ")
    assert "gradient" in refused(nr.KindError, lambda: net.gradient([[1]], [1]))


def test_rows_of_positions_still_need_outcomes() -> None:
    net = nr.Network("classifier", [1, 2])
    for call in (lambda: net.observe([1]), lambda: net.evaluate([[1]])):
        with pytest.raises(TypeError):
            call()


# Stored rows


def test_stored_rows_come_back_as_they_came_but_for_texts() -> None:
    net = network({**SHOP, "country": "category 2"}, dataset=1000, test=0)
    rows = shop(40)
    net.observe(rows)
    found, outcomes = net.rows("train")
    assert list(outcomes) == [row["taken"] for row in rows]
    known = list(dict.fromkeys(row["country"] for row in rows))[:2]
    for row, given in zip(found, rows, strict=True):
        assert row["age"] == given["age"]
        assert row["country"] == (given["country"] if given["country"] in known else None)
        assert row["spent"] == (given["spent"] or None)
        assert row["phone"] is given["phone"]
        assert row["at"] == given["at"].replace(tzinfo=dt.timezone.utc)
        assert row["note"] is None
        assert row["tags"] == (sorted(given["tags"]) or None)
        assert (row["place"] is None) == (given["place"] is None)
        assert row["place"] is None or np.allclose(row["place"], given["place"])
    again = network({**SHOP, "country": "category 2"}, dataset=1000, test=0)
    again.observe(found, outcomes)
    assert again.field_statistics()[0] == net.field_statistics()[0]
    assert net.rows("test")[0] == []


def test_statistics_tell_what_rows_hold_of_a_field_and_what_matters() -> None:
    net = network(dataset=300, test=100)
    net.observe(shop(400))
    assert all(found.importance is None for found in net.field_statistics())
    net.train(max_cycles=60)
    found = {statistics.name: statistics for statistics in net.field_statistics()}
    assert list(found) == list(SHOP)
    assert all(statistics.values + statistics.gaps == 400 for statistics in found.values())
    assert (found["country"].kind, found["country"].words, found["country"].other) == ("category 20", 3, 0)
    assert {word for word, _ in found["country"].commonest} == {"IT", "FR", "DE"}
    assert (found["age"].words, found["age"].commonest) == (None, ())
    assert (found["spent"].min, found["spent"].max) == (3.0, 12.5)
    assert dict(found["phone"].commonest).keys() == {"yes", "no"}
    importance = {name: statistics.importance or 0.0 for name, statistics in found.items()}
    assert max(importance, key=importance.__getitem__) == "country"
    with pytest.raises(nr.KindError, match="has no fields"):
        nr.Network("classifier", [1, 2]).field_statistics()
