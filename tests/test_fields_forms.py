"""Rows of fields mean the same in every form, such as dicts, frames and tables."""

from __future__ import annotations

import datetime as dt
import decimal
from collections import OrderedDict
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from fieldnets import error_of, network, same, shop, stars

import neuralredis as nr


def test_observe_takes_one_row_or_many() -> None:
    net = network()
    assert net.observe({"age": 31, "country": "IT"}, "yes") == (1, 0)
    assert net.observe([{"age": 20}, {}], ["no", "yes"], into="train") == (3, 0)
    assert net.observe([], []) == net.observe([]) == (3, 0)
    assert net.observe({"age": 31, "taken": "no"}, into="test") == (3, 1)
    assert net.observe(({"taken": name} for name in "ab"), weight=[1, 2]) == (5, 1)
    assert net.classes == ("yes", "no")


def test_every_form_of_rows_is_equivalent() -> None:
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


def test_polars_frames_are_accepted() -> None:
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


def test_all_types_of_time_values_are_equivalent() -> None:
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


def test_numbers_words_and_flags_of_all_types_are_equivalent() -> None:
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


def test_tags_and_vectors_may_be_lists_or_command_arguments() -> None:
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


def test_lists_for_scalar_fields_are_columns() -> None:
    net = network({"age": "number", "tags": "tags"})
    assert net.observe({"age": [1, 2], "tags": ["a", "b"]}, ["yes", "no"]) == (1, 1)
    assert net.observe({"age": 1, "tags": ["a", "b"]}, "yes") == (2, 1)
    assert net.observe({"tags": ["a", "b"], "taken": ["yes", "no"]}, into="test") == (2, 3)
    message = error_of(nr.ShapeError, lambda: net.observe({"age": [1, 2], "tags": "a"}, ["yes", "no"]))
    assert message == "column 'tags' is 'a': expected a value for each row"
    message = error_of(nr.ShapeError, lambda: net.observe({"age": [1, 2], "tags": ["a"]}, ["yes", "no"]))
    assert message == "column 'tags' has 1 values, column 'age' 2"


def test_row_of_a_frame_is_accepted() -> None:
    frame = pd.DataFrame(shop(20))
    net = network()
    net.observe(frame)
    assert net.run(frame.drop(columns="taken").iloc[3]) == net.run(frame.to_dict("records")[3])


def test_columns_may_have_the_names_of_frame_attributes() -> None:
    names = ["columns", "column_names", "index", "to_dict", "iloc", "dtype"]
    net = stars(dict.fromkeys(names, "number"))
    assert net.observe(pd.DataFrame({name: [1.0, 2.0] for name in names}), [1, 2]) == (1, 1)


def test_names_and_words_may_be_any_bytes() -> None:
    names = ["יום", "e\u0301", "a b", "--help", "\0", "x.y", "layout", "\udcff"]
    net = network(dict.fromkeys(names, "category"))
    assert net.fields is not None
    assert list(net.fields) == names
    row = dict(zip(names, ["->", "\0", "שלום\u200f", "\udcfe\udcff", "x" * 64, " ", "NaN", "JSON"], strict=True))
    net.observe([row, {name.encode(errors="surrogateescape"): b"\xff" for name in names}], ["\udcfa", b"\xfa\xff"])
    assert net.classes == ("\udcfa", "\udcfa\udcff")
    assert nr.Network.from_bytes(bytes(net)) == net
    assert net.classify(row) in net.classes


def test_dates_of_all_types_are_equivalent_as_words() -> None:
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


def test_large_integers_with_gaps_keep_their_digits_as_words() -> None:
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
