"""Dates, times of day and durations in tables."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuralredis.table.column import Column
from neuralredis.table.conventions import Conventions
from neuralredis.table.dates import DateForm, TimeForm
from neuralredis.table.fields import Field, field_of
from neuralredis.table.schema import Schema
from neuralredis.table.target import Numbers


def column(*cells: str, name: str = "x") -> Column:
    return Column.of(name, cells)


def field(cells: Column, **how: Any) -> Field:
    found = field_of(cells, **how)
    assert isinstance(found, Field), found
    return found


def moment(days: float | None) -> str | None:
    """Return a date in ISO 8601."""
    if days is None:
        return None
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(days=days)).isoformat(" ", "minutes")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-05", "2024-01-05 00:00"),
        ("2024/1/5", "2024-01-05 00:00"),
        ("2024-01", "2024-01-01 00:00"),
        ("2024-01-05 03:04 PM", "2024-01-05 15:04"),
        ("2024-01-05 03:04 AM", "2024-01-05 03:04"),
        ("2024-01-05 12:04:00 AM", "2024-01-05 00:04"),
        ("2024-01-05 12:04 p.m.", "2024-01-05 12:04"),
        ("2024-01-05 3pm", "2024-01-05 15:00"),
        ("2024-01-05T03:04:05.123456Z", "2024-01-05 03:04"),
        ("2024-01-05 03:04:05,5", "2024-01-05 03:04"),
        ("2024-01-05T03:04:05+02:00", "2024-01-05 03:04"),
        ("2024-01-05 03:04:05 UTC", "2024-01-05 03:04"),
        ("2024-01-05 03:04:05 PM CET", "2024-01-05 15:04"),
        ("2024-01-05T03:04[Europe/Berlin]", "2024-01-05 03:04"),
        ("2024-01-05 24:00", "2024-01-06 00:00"),
        ("04-Jul-2013", "2013-07-04 00:00"),
        ("04-JUL-13", "2013-07-04 00:00"),
        ("31 Dec 2023", "2023-12-31 00:00"),
        ("Dec 31, 2023", "2023-12-31 00:00"),
        ("July 4th, 2013 3:04 PM", "2013-07-04 15:04"),
        ("31. Dezember 2023", "2023-12-31 00:00"),
        ("1er février 2020", "2020-02-01 00:00"),
        ("Tue, 31 Dec 2024 14:30:00 +0000", "2024-12-31 14:30"),
        ("Tue Dec 31 14:30:00 2024", "2024-12-31 14:30"),
        ("Jan 2024", "2024-01-01 00:00"),
        ("12/2023", "2023-12-01 00:00"),
        ("13/2023", None),
        ("2024-01-05 03:04 xyz", None),
        ("2024-01-05 03:04 X", None),
        ("2024-01-05 0", None),
        ("2024-01-05 24:59", None),
        ("2024-01-05 24:00:01", None),
        ("2024-01-05 23:60", None),
        ("2024-01-05 15:04 PM", None),
        ("2024-01-05x10:00", None),
        ("2024-02-30", None),
        ("2024-13-01", None),
        ("31.12.2024", None),
        ("20240101", None),
        ("May", None),
        ("Town 2024", None),
        ("1-2-3", None),
    ],
)
def test_iso_dates_and_month_names_are_parsed(text: str, expected: str | None) -> None:
    assert moment(DateForm().read(text)) == expected


@pytest.mark.parametrize(
    ("order", "text", "expected"),
    [
        ("dmy", "31.12.2024", "2024-12-31 00:00"),
        ("dmy", "31. 12. 2024", "2024-12-31 00:00"),
        ("dmy", "1/2/2024 14:30", "2024-02-01 14:30"),
        ("dmy", "31.12.24, 14:30 Uhr", "2024-12-31 14:30"),
        ("dmy", "01.02.69", "1969-02-01 00:00"),
        ("mdy", "1/2/2024 2:30 PM", "2024-01-02 14:30"),
        ("mdy", "12-31-24", "2024-12-31 00:00"),
        ("mdy", "12.31.2024", None),
        ("mdy", "31/12/2024", None),
        ("dmy", "12/31/2024", None),
        ("dmy", "31/12-2024", None),
        ("compact", "20240131", "2024-01-31 00:00"),
        ("compact", "20240131T123000", "2024-01-31 12:30"),
        ("compact", "20241301", None),
        ("short", "99-12-31", "1999-12-31 00:00"),
    ],
)
def test_numeric_dates_are_parsed_in_the_order_of_the_column(order: str, text: str, expected: str | None) -> None:
    assert moment(DateForm(order).read(text)) == expected


@pytest.mark.parametrize(
    ("cells", "title"),
    [
        (["31.12.2024", "01.02.2024"], "day.month.year"),
        (["01.02.2024", "02.03.2024"], "day.month.year"),
        (["31/12/2024", "01/02/2024"], "day.month.year"),
        (["12/31/2024", "01/02/2024"], "month/day/year"),
        (["12/31/24", "1/2/24"], "month/day/year"),
        (["20240101", "20231231"], "YYYYMMDD"),
        (["2024-01-31", "2023-12-31"], "year-month-day"),
        (["04-Jul-2013", "31 Dec 2023"], "month in letters"),
        (["2024-Jan-05", "2023-Dec-31"], "month in letters"),
        (["2024-01-05T10:00:00 UTC", "2024-01-06"], "year-month-day"),
        (["99-12-31", "98-11-30"], "year/month/day, two digits each"),
    ],
)
def test_whole_column_determines_the_order_of_dates(cells: list[str], title: str) -> None:
    found = field(column(*cells * 20))
    assert (found.kind, found.title) == ("time", f"date, {title}")
    assert all(map(found.reader.understands, cells))
    assert found.reader.understands("2024-12-31 18:30"), "the hint is accepted as an input"


@pytest.mark.parametrize(
    ("beside", "delimiter", "order"),
    [
        (["13/01/2024", "02/03/2024"], ",", "dmy"),
        (["01/13/2024", "02/03/2024"], ",", "mdy"),
        (["1,5", "2,25"], ",", "dmy"),
        (["a", "b"], ";", "dmy"),
        (["a", "b"], ",", "mdy"),
    ],
)
def test_table_resolves_ambiguous_day_and_month(beside: list[str], delimiter: str, order: str) -> None:
    columns = [column("01/02/2024", "03/04/2024"), column(*beside, name="other")]
    found = field(columns[0], conventions=Conventions.of(columns, delimiter))
    assert found.reader.form == DateForm(order)


def test_ambiguous_order_of_day_and_month_is_reported() -> None:
    either, certain = column("01/02/2024", "03/04/2024"), column("01/31/2024", "03/04/2024", name="z")
    remarks = Schema.of([either], Numbers(name="y", low=0, high=1)).remarks
    assert len(remarks) == 1
    assert "day and month could be swapped in all rows" in remarks[0]
    assert "--as x=date:dmy" in remarks[0]
    assert Schema.of([either, certain], Numbers(name="y", low=0, high=1)).remarks == ()


@pytest.mark.parametrize(
    "cells",
    [
        ["20240101", "20241301", "20240102"],
        ["20240101", "7", "20240102"],
        ["12345678", "23456789", "34567890"],
    ],
)
def test_eight_digits_are_dates_only_if_the_whole_column_is(cells: list[str]) -> None:
    assert field(column(*cells)).kind == "number"


def test_am_and_pm_are_parsed() -> None:
    found = field(column("2024-01-05 03:04 PM", "2024-01-05 03:04 AM", "2024-01-05 12:04 AM"))
    moments = found.values(column("2024-01-05 03:04 PM", "2024-01-05 12:04 AM")).astype(str)
    assert [moment[11:16] for moment in moments] == ["15:04", "00:04"]


@pytest.mark.parametrize("gap", [".", "..", "NaT", "0000-00-00", "9999-99-99", "unknown", "-", "\\N"])
def test_words_for_missing_values_among_dates_are_gaps(gap: str) -> None:
    found = field(column(*(f"{day:02d}.03.2024" for day in range(1, 29)), *[gap] * 20))
    assert (found.kind, found.gaps) == ("time", True)


@pytest.mark.parametrize(
    ("cells", "title", "first"),
    [
        (["14:30", "09:05", "23:59"], "time of day", 14.5),
        (["2:30 PM", "11:00 AM", "12:00 AM"], "time of day", 14.5),
        (["14:30:30.5", "09:05:00", "23:59:00"], "time of day", 14.5 + 30 / 3600),
        (["3 PM", "11 AM", "12 AM"], "time of day", 15),
        (["36:15:00", "1:00:00", "2:30:00"], "duration", 36.25),
        (["1 day, 2:00:00", "0:30:00", "3 days, 1:00:00"], "duration", 26),
        (["-1 days +23:00:00", "1 days 01:00:00", "0 days 03:00:00"], "duration", -1),
        (["2h 30m", "1h", "45m"], "duration", 2.5),
        (["PT1H30M", "P1DT2H", "PT10M"], "duration", 1.5),
    ],
)
def test_times_of_day_are_cyclic_and_durations_are_hours(cells: list[str], title: str, first: float) -> None:
    found = field(column(*cells))
    (value,) = found.values(column(cells[0]))
    if title == "duration":
        assert (found.kind, found.title) == ("number", "duration, in hours")
        assert value == pytest.approx(first)
    else:
        assert (found.kind, found.title) == ("time", "time of day")
        assert (value - np.datetime64("1970-01-01")) / np.timedelta64(1, "h") == pytest.approx(first, abs=1 / 3600)


def test_times_from_24_00_on_are_invalid_times_of_day() -> None:
    found = field(column(*(f"{hour}:15" for hour in range(24)), "24:59"))
    assert (found.kind, found.title, found.gaps) == ("time", "time of day", True)
    assert not found.reader.understands("24:59")


def test_dates_of_another_table_may_have_another_format() -> None:
    schema = Schema.of([column("31.12.2024", "01.02.2024", "03.03.2024")], Numbers(name="y", low=0, high=1))
    for cells, remarks in ((["12/31/2024"], 1), (["2024-12-31"], 0), (["31/12/2024"], 0), (["31 Dec 2024"], 0)):
        table = {"x": column(*cells)}
        adapted = schema.adapted(table)
        assert adapted.rows(table)["x"].astype("M8[D]").astype(str).tolist() == ["2024-12-31"]
        assert len(adapted.warnings_for(adapted.unread(table))) == remarks


@given(
    st.lists(st.dates(datetime.date(1970, 1, 1), datetime.date(2068, 12, 31)), min_size=8, max_size=30, unique=True),
    st.sampled_from(["%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d-%m-%Y", "%Y-%m-%d", "%Y%m%d", "%d %b %Y"]),
    st.sampled_from(["", " %H:%M", " %I:%M %p", " %H:%M:%S"]),
)
def test_dates_in_all_formats_are_parsed_back(days: list[Any], form: str, time: str) -> None:
    moments = [datetime.datetime(day.year, day.month, day.day, row % 24, row % 60) for row, day in enumerate(days)]
    # A day above 12 decides.
    moments.append(datetime.datetime(2024, 5, 31, 14, 30))
    cells = column(*(when.strftime(form + time) for when in moments))
    found = field(cells)
    assert isinstance(found.reader.form, DateForm)
    expected = [(when if time else when.replace(hour=0, minute=0)).isoformat(" ", "minutes") for when in moments]
    assert [moment(round(days * 1440) / 1440) for days in cells.numbers(found.reader.form.read).tolist()] == expected


@given(st.text(max_size=12))
def test_random_texts_do_not_break_date_parsing(text: str) -> None:
    for form in (*map(DateForm, ("ymd", "dmy", "mdy", "compact", "short")), TimeForm(), TimeForm(duration=True)):
        found = form.read(text)
        assert found is None or abs(found) < 1e30
