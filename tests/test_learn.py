"""``nr.learn``: it creates a network from a table, and evaluates it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import neuralredis as nr
import tables


def shop(rows: int = 300) -> pd.DataFrame:
    names, found = tables.shop(rows)
    return pd.DataFrame(found, columns=names)


def learn(data: Any, target: str, **options: Any) -> nr.Learnt:
    return nr.learn(data, target, **{"seed": 7, "hidden": [8], "progress": False, **options})


def kinds(columns: dict[str, Any], **options: Any) -> dict[str, str]:
    """Return the kinds that are detected for columns of 60 rows."""
    found = learn({**columns, "y": np.arange(60) % 2}, "y", max_time=0.01, **options)
    assert found.network.fields is not None
    return dict(found.network.fields)


# Detected kinds


def test_fields_are_detected_and_useless_columns_left_out() -> None:
    found = learn(shop(), "churned")
    net = found.network
    assert net.fields is not None
    assert dict(net.fields) == {
        "city": f"category {shop()['city'].nunique()}",
        "age": "number",
        "newsletter": "flag",
        "joined": "time",
        "comment": "text 512",
    }
    assert (net.target, net.classes) == ("churned", ("no", "yes"))
    assert found.left_out == {
        "customer_id": "it numbers the rows",
        "mail": "each row has a different text",
        "country": "it is always 'DE'",
        "empty": "it is empty",
    }
    assert isinstance(found.evaluation, nr.ClassifierEvaluation)
    assert found.evaluation.accuracy > 0.9 > found.evaluation.baseline
    assert found.report.cycles > 0
    assert net.classify({"newsletter": "no", "joined": dt.date(2020, 3, 1)}) == "yes"
    shown = repr(found)
    assert "On 60 held-out rows: " in shown
    assert "Left out 'mail': each row has a different text" in shown


def test_dtypes_determine_the_kinds_of_fields() -> None:
    count = np.arange(60)
    assert kinds(
        {
            "whole": count % 7,
            "real": np.where(count % 5, count / 4, np.nan),
            "yes": count % 2 == 0,
            "zero": count % 2,
            "moment": np.datetime64("2026-01-01") + count.astype("m8[h]"),
            "code": pd.Categorical(count % 3),
            "took": (count * 3).astype("m8[s]"),
            "tags": [["a", "b", "c"][: n % 4] for n in range(60)],
            "place": np.ones((60, 3)) * count[:, None],
            "mixed": ["low", *(n * 1.5 for n in range(50)), *["low"] * 9],
            "note": [f"the number is {n}" for n in range(60)],
            "y/n": ["y", "n"] * 30,
        }
    ) == {
        "whole": "number",
        "real": "number",
        "yes": "flag",
        "zero": "flag",
        "moment": "time",
        "code": "category 3",
        "took": "number",
        "tags": "tags 3",
        "place": "vector 3",
        "mixed": "auto 2",
        "note": "text 512",
        "y/n": "category 2",
    }


def test_formatted_texts_become_numbers_and_dates() -> None:
    columns = {
        "price": [f"{n % 31},{n % 10}0 EUR" for n in range(60)],
        "day": [f"{1 + n % 28}/11/2026" for n in range(60)],
        "clock": [f"{n % 24}:30" for n in range(60)],
        "zip": [f"0{1000 + n % 9}" for n in range(60)],
        "gaps": [["?", "n/a", "12", "13.5"][n % 4] for n in range(60)],
    }
    found = learn({**columns, "y": np.arange(60) % 2}, "y")
    assert dict(found.network.fields or {}) == {
        "price": "number",
        "day": "time",
        "clock": "time",
        "zip": "category 9",
        "gaps": "number",
    }
    rows = found.rows({name: values[:4] for name, values in columns.items()})
    assert rows["price"].tolist() == [0, 1.1, 2.2, 3.3]
    assert rows["day"].astype("M8[D]").astype(str).tolist() == [f"2026-11-0{n}" for n in range(1, 5)]
    assert rows["clock"].astype(str)[1] == "1970-01-01T01:30:00.000000"
    assert list(rows["zip"])[:2] == ["01000", "01001"]
    assert np.array_equal(rows["gaps"], [np.nan, np.nan, 12, 13.5], equal_nan=True)
    by_name = {"price": 1.1, "day": "2026-11-02", "clock": "1970-01-01T01:30:00", "zip": "01001"}
    assert found.network.run(rows)[1].tolist() == list(found.network.run(by_name).values())


def test_times_with_a_zone_are_converted_to_utc() -> None:
    texts = [f"2026-11-{1 + n % 28:02}T18:30:00+02:00" for n in range(60)]
    found = learn({"at": texts, "y": np.arange(60) % 2}, "y", max_time=0.01)
    assert found.rows({"at": texts[:1]})["at"].astype(str).tolist() == ["2026-11-01T16:30:00.000000"]
    zoned = pd.to_datetime(pd.Series(texts))
    frame = pd.DataFrame({"at": zoned, "y": np.arange(60) % 2})
    assert learn(frame, "y", max_time=0.01).rows(frame)["at"].astype(str)[0] == "2026-11-01T16:30:00.000000"


def test_detected_kinds_can_be_overridden() -> None:
    count = np.arange(60)
    columns = {"zip": count % 9, "id": count, "note": [f"x{n % 3}" for n in count], "mail": [f"a{n}" for n in count]}
    given = {"zip": "category", "id": "number", "note": "text 64", "mail": "category 5"}
    assert kinds(columns, fields=given) == {**given, "zip": "category 9"}
    assert kinds(columns, fields={"zip": None, "note": "auto"}) == {"note": "auto 3"}
    with pytest.raises(nr.DataError, match="'numbre' is not a kind of column"):
        kinds(columns, fields={"zip": "numbre"})
    with pytest.raises(nr.DataError, match="fields has 'zap', which is not a column of the table"):
        kinds(columns, fields={"zap": "number"})
    with pytest.raises(nr.OptionError, match="'y' is the target and is left out by fields"):
        kinds(columns, fields={"y": None})


# Sources of tables


def test_all_forms_of_a_table_give_the_same_network() -> None:
    frame = shop()
    frame["age"] = pd.to_numeric(frame["age"])
    first = learn(frame, "churned", max_time=None).network
    records = frame.to_dict("records")
    table = pa.Table.from_pandas(frame, preserve_index=False)
    forms = [
        frame.set_index(pd.Index(range(300, 0, -1))),
        records,
        iter(records),
        {name: frame[name].tolist() for name in frame},
        table,
        table.to_batches()[0],
        frame.to_records(index=False),
    ]
    for form in forms:
        assert learn(form, "churned", max_time=None).network == first


def test_polars_frames_are_accepted() -> None:
    pl = pytest.importorskip("polars")
    count = list(range(60))
    frame = pl.DataFrame(
        {
            "n": [None, *count[1:]],
            "word": pl.Series(["a", "b", None] * 20).cast(pl.Categorical),
            "tags": [["a"], ["a", "b"]] * 30,
            "at": [dt.datetime(2026, 1, 1) + dt.timedelta(hours=n) for n in count],
            "y": [True, False] * 30,
        }
    )
    found = learn(frame, "y", max_time=0.01, fields={"n": "number"})
    assert found.network.fields == {"n": "number", "word": "category 2", "tags": "tags 2", "at": "time"}
    assert found.network.run(found.rows(frame[:2])).shape == (2, 2)


def test_files_are_accepted(tmp_path: Path) -> None:
    found = learn(tables.TITANIC, "survived", max_time=1)
    assert found.network.fields is not None
    assert found.network.fields["class"] == "number"
    assert len(found.evaluation.classes or ()) == 2 if isinstance(found.evaluation, nr.ClassifierEvaluation) else False
    with pytest.raises(FileNotFoundError):
        learn(tmp_path / "nothing.csv", "y")


def test_nested_dicts_become_columns_with_dotted_names() -> None:
    rows = [{"user": {"age": n % 50, "name": {"first": "ab"[n % 2]}}, "y": n % 2} for n in range(60)]
    found = learn(rows, "y", max_time=0.01)
    assert found.network.fields == {"user.age": "number", "user.name.first": "category 2"}


# Predictions


def test_targets_with_few_numbers_are_classes() -> None:
    count = np.arange(200)
    columns = {"a": count % 50, "many": count % 50 * 1.5, "few": count % 3}
    found = learn(columns, "many")
    assert found.network.info().type == "regressor"
    assert isinstance(found.evaluation, nr.RegressorEvaluation)
    assert found.evaluation.rmse < found.evaluation.baseline / 5
    assert "On 40 held-out rows: RMSE " in repr(found)
    assert learn(columns, "few", max_time=0.01).network.classes == ("0", "1", "2")
    assert learn(columns, "few", kind="regressor", max_time=0.01).network.info().type == "regressor"
    with pytest.raises(nr.OptionError, match="kind is 'class': expected classifier or regressor"):
        learn(columns, "few", kind="class")


def test_rows_without_an_outcome_are_left_out() -> None:
    columns = {"a": np.arange(100) % 30, "y": ["yes", "no", None, "?"] * 25}
    net = learn(columns, "y", kept_back=0, max_time=0.01).network
    info = net.info()
    assert (info.training_dataset_len, info.test_dataset_len) == (40, 10)
    assert net.classes == ("no", "yes")


# Held-out rows


def test_held_out_rows_are_stratified_unless_disabled() -> None:
    y = ["rare"] * 10 + ["common"] * 90
    columns = {"a": np.arange(100) % 30, "y": y}
    found = learn(columns, "y", max_time=0.01)
    info = found.network.info()
    assert (info.training_dataset_len, info.test_dataset_len) == (64, 16)
    assert isinstance(found.evaluation, nr.ClassifierEvaluation)
    assert found.evaluation.confusion is not None
    assert found.evaluation.confusion.sum(axis=1).tolist() == [18, 2]
    found = learn(columns, "y", max_time=0.01, kept_back=0)
    info = found.network.info()
    assert found.evaluation is None
    assert (info.training_dataset_len, info.test_dataset_len) == (80, 20)
    with pytest.raises(nr.OptionError, match="kept_back is 1: expected a share"):
        learn(columns, "y", kept_back=1)


def test_learnt_network_accepts_plain_rows() -> None:
    net = learn(shop(), "churned", max_time=0.01).network
    before = net.info().training_dataset_len
    net.observe({"age": 31, "newsletter": "no", "joined": "2021-05-05"}, "yes", into="train")
    assert net.info().training_dataset_len == before + 1
    assert nr.Network.from_bytes(bytes(net)) == net


def test_learn_takes_the_options_of_a_network() -> None:
    net = learn(shop(), "churned", max_time=0.01, class_weight="balanced", hidden=[5, 4], ensemble=1).network
    assert net.info().class_weight == "balanced"
    assert net.info().layout[1:] == (5, 4, 2)
    with pytest.raises(nr.OptionError, match="activation"):
        learn(shop(), "churned", activation="rely")


def test_seed_determines_the_network() -> None:
    first, again, other = (learn(shop(), "churned", max_time=None, seed=seed).network for seed in (1, 1, 2))
    assert first == again != other


# Errors


@pytest.mark.parametrize(
    ("data", "target", "message"),
    [
        ({"a": [1, 2, 3]}, "y", "the table has no column 'y': its columns are 'a'"),
        ({"a": [1, 2], "y": [1]}, "y", "column 'y' has 1 rows, 'a' 2"),
        ({"a": [1, 2], "y": [1, 2]}, "y", "the table has 2 rows with a value of 'y': expected at least 10"),
        ({"a": [1] * 20, "y": [1, 2] * 10}, "y", "there is no column to learn from: 'a': it is always 1"),
        ({"a": range(20), "y": [1, 2] * 10}, "y", "it numbers the rows; fields={'a': 'number'} uses 'a' all the same"),
        ({"a": range(20), "y": [1] * 20}, "y", "the column 'y' is always '1'"),
        ({"a": range(20), "y": list("abcdefghijklmnopqrst")}, "y", "too many classes"),
        ({}, "y", "the table has no rows"),
        ({"a": 3}, "y", "column 'a' is 3: expected a value for each row"),
        (3, "y", "3 is not a table: expected a frame, columns by name, rows, or a file"),
        ([1, 2], "y", "row 0 is 1: expected a dict"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "y", "there are two columns 'a'"),
    ],
)
def test_unusable_tables_are_rejected(data: Any, target: str, message: str) -> None:
    with pytest.raises(nr.DataError) as caught:
        learn(data, target)
    assert message in str(caught.value)


def test_columns_with_invalid_field_names_are_left_out() -> None:
    found = learn({"a": np.arange(60) % 7, "x" * 65: [1, 2, 3] * 20, "json": [1, 2, 3] * 20, "y": [1, 0] * 30}, "y")
    assert dict(found.network.fields or {}) == {"a": "number"}
    assert all(reason.startswith("a field cannot have this name: ") for reason in found.left_out.values())
    assert len(found.left_out) == 2
