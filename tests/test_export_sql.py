"""Exports to SQL: predictions by DuckDB and SQLite in double precision."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import exports
import numpy as np
import pytest
from evaluated import evaluated
from hypothesis import given, settings, strategies

import kinds
import neuralredis as nr
from neuralredis.export import intermediate

DATABASES = ["sqlite", "duckdb"]
needs_both = pytest.mark.needs(kinds.DUCKDB)


@contextlib.contextmanager
def database(name: str) -> Iterator[Any]:
    if name == "sqlite":
        connection: Any = sqlite3.connect(":memory:")
    else:
        import duckdb

        connection = duckdb.connect()
    with contextlib.closing(connection):
        yield connection


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def filled(connection: Any, columns: dict[str, str], rows: Sequence[Sequence[Any]]) -> None:
    """Create the table that an exported SELECT reads by default."""
    declared = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
    connection.execute(f"CREATE TABLE data (id INTEGER, {declared})")
    places = ", ".join("?" * (len(columns) + 1))
    connection.executemany(f"INSERT INTO data VALUES ({places})", [[at, *row] for at, row in enumerate(rows)])


def table(exported: Any, rows: list[Any]) -> tuple[dict[str, str], list[list[Any]]]:
    """Return the names of the columns of rows, and their values."""
    if exported["fields"] is None:
        return {f"x{at + 1}": "DOUBLE PRECISION" for at in range(exported["computed"])}, rows
    columns, values = {}, [[] for _ in rows]
    for field in exported["fields"]:
        kind, name = field["kind"], field["name"]
        if kind == "vector":
            columns.update({f"{name}_{at + 1}": "DOUBLE PRECISION" for at in range(field["length"])})
        else:
            columns[name] = {"category": "TEXT", "flag": "BOOLEAN"}.get(kind, "DOUBLE PRECISION")
        for row, to in zip(rows, values, strict=True):
            value = row.get(name)
            to += ([None] * field["length"] if value is None else value) if kind == "vector" else [value]
    return columns, values


def result_of(connection: Any, path: Path) -> tuple[list[str], list[Any]]:
    """Return the names of the columns of the result, and its rows by key."""
    done = connection.execute(path.read_text(encoding="utf-8"))
    return [column[0] for column in done.description], sorted(done.fetchall())


def exportable(seed: int) -> nr.Network:
    """Return a random network, without fields or with fields that SQL supports, determined by the seed."""
    random = np.random.default_rng(seed)
    return exports.of_positions(random) if random.random() < 0.4 else exports.of_fields(random, exports.COLUMNS)


@needs_both
@settings(max_examples=15, deadline=None)
@given(seed=strategies.integers(0, 2**32 - 1))
def test_sql_matches_a_computation_in_double_precision(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    net, folder = exportable(seed), tmp_path_factory.mktemp("sql")
    exported, rows = intermediate(net), exports.rows(net, 30)
    path, test = net.export(folder / "net.sql")
    expected = evaluated(exported, rows)
    columns, values = table(exported, rows)
    is_classifier = exported["kind"] == "classifier"
    for name in DATABASES:
        with database(name) as connection:
            filled(connection, columns, values)
            names, found = result_of(connection, path)
            answers = np.array([row[1 + is_classifier :] for row in found], dtype=float)
            np.testing.assert_allclose(answers, expected, rtol=0, atol=1e-9 * np.abs(expected).max())
            assert names[: 1 + is_classifier] == ["row_id", "class"][: 1 + is_classifier]
            [apart] = connection.execute(test.read_text(encoding="utf-8")).fetchone()
            assert apart < 1e-3, "the engine computes in single precision"
        if is_classifier and expected.shape[1] > 1:
            least, best = np.sort(expected, axis=1)[:, -2:].T
            classes = list(range(exported["answers"])) if exported["classes"] is None else exported["classes"]
            for (_, own, *_), at in zip(found, expected.argmax(axis=1), strict=True):
                assert own == classes[at] or (best - least)[found[0][0]] < 1e-9


def visitors() -> nr.Network:
    fields = {'it\'s "age"': "number", "land": "category", "new": "flag"}
    net = nr.Network("classifier", fields=fields, target="left", seed=1, hidden=[4], classes=["y'es", "no"])
    rows = [{'it\'s "age"': at % 60, "land": ["I'T", "FR"][at % 2], "new": at % 3 == 0} for at in range(100)]
    net.observe(rows, ["y'es" if at % 2 else "no" for at in range(100)])
    net.train(max_cycles=50)
    return net


@needs_both
@pytest.mark.parametrize("name", DATABASES)
def test_gaps_unknown_words_and_flags_are_parsed_like_in_the_network(name: str, tmp_path: Path) -> None:
    net = visitors()
    path, _ = net.export(tmp_path / "net.sql")
    rows = [("12", "FR", "Yes"), (None, "", "0"), ("nan", None, None), ("-3.5", "XX", "off"), ("1e3", "I'T", "1.0")]
    expected_rows = [{'it\'s "age"': age, "land": land, "new": "1" if new == "1.0" else new} for age, land, new in rows]
    with database(name) as connection:
        given = [(None if age in (None, "nan") else age, land, new) for age, land, new in rows]
        filled(connection, {'it\'s "age"': "DOUBLE PRECISION", "land": "TEXT", "new": "TEXT"}, given)
        names, found = result_of(connection, path)
    assert names == ["row_id", "class", "p_y'es", "p_no"]
    np.testing.assert_allclose([row[2:] for row in found], net.run(expected_rows), rtol=0, atol=1e-6)
    assert [row[1] for row in found] == net.classify(expected_rows).tolist()


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_rows_with_gaps_have_null_answers_without_fields(activation: str, tmp_path: Path) -> None:
    path, _ = nr.Network("classifier", [2, 3, 3], activation=activation, seed=1).export(tmp_path / "net.sql")
    with database("sqlite") as connection:
        filled(connection, {"x1": "REAL", "x2": "REAL"}, [[1.0, 2.0], [1.0, None]])
        _, [there, gap] = result_of(connection, path)
    assert None not in there
    assert gap == (1, None, None, None, None)


def test_class_names_that_differ_only_in_case_get_distinct_columns(tmp_path: Path) -> None:
    classes = [f"c{at}" for at in range(19)] + ["C0"]
    net = nr.Network("classifier", fields={"a": "number"}, target="t", classes=classes, seed=1, hidden=[9])
    net.observe([{"a": at} for at in range(200)], [classes[at // 10] for at in range(200)])
    net.train(max_cycles=100)
    path, _ = net.export(tmp_path / "net.sql")
    with database("sqlite") as connection:
        filled(connection, {"a": "REAL"}, [[float(at)] for at in range(200)])
        names, found = result_of(connection, path)
    assert names[2:] == [f"p_{at}" for at in range(1, 21)]
    assert [row[1] for row in found] == net.classify([{"a": at} for at in range(200)]).tolist()


REJECTED = [
    (
        lambda: nr.Network("classifier", [300, 60, 2]),
        "18,182 weights and biases of all members: expected at most 10,000",
    ),
    (lambda: nr.Network("regressor", [1, 2000, 1]), "2,000 units in a layer of all members: expected at most 1,500"),
    (lambda: nr.Network("regressor", fields={"a": "text"}, target="t", hidden=[1]), "field 'a' is text: expected"),
    (lambda: nr.Network("regressor", fields={"a": "tags"}, target="t", hidden=[1]), "field 'a' is tags: expected"),
    (lambda: nr.Network("regressor", fields={"a": "auto"}, target="t", hidden=[1]), "field 'a' is auto: expected"),
    (lambda: nr.SequenceNetwork("regressor", [1, 1], cell="window"), "the network learns sequences: expected"),
]


@pytest.mark.parametrize(("make", "message"), REJECTED, ids=[message for _, message in REJECTED])
def test_networks_that_sql_does_not_support_are_rejected(make: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(nr.OptionError, match=message):
        make().export(tmp_path / "net.sql")
    assert not any(tmp_path.iterdir())


@needs_both
@pytest.mark.parametrize("name", DATABASES)
def test_names_and_words_not_in_utf_8_are_escaped(name: str, tmp_path: Path) -> None:
    fields = {"\udcff\0\n--\"; DROP TABLE data; '": "category"}
    net = nr.Network("classifier", fields=fields, target="t\n", classes=["\udcff'\0", '\n--"'], seed=1, hidden=[3])
    words = ["a'b", "\udcff", "\0", "it"]
    net.observe([{next(iter(fields)): word} for word in words], ["\udcff'\0", '\n--"'] * 2)
    net.train(max_cycles=5)
    path, test = net.export(tmp_path / "net.sql")
    with database(name) as connection:
        assert connection.execute(test.read_text(encoding="utf-8")).fetchone()[0] is not None
        column = "\ufffd\ufffd\n--\"; DROP TABLE data; '".replace("\ufffd\ufffd", "?\ufffd")
        filled(connection, {column: "TEXT"}, [["a'b"], ["it"], ["other"]])
        _, found = result_of(connection, path)
    expected = net.run([{next(iter(fields)): word} for word in ("a'b", "it", "other")])
    np.testing.assert_allclose([row[2:] for row in found], expected, rtol=0, atol=1e-6)


def test_changed_select_fails_its_test(tmp_path: Path) -> None:
    _, test = visitors().export(tmp_path / "net.sql")
    with database("sqlite") as connection:
        [apart] = connection.execute(test.read_text().replace("+ EXP", "+ 2e0 * EXP")).fetchone()
    assert apart > 1e-3


@needs_both
@pytest.mark.parametrize("name", DATABASES)
def test_threshold_selects_the_second_class(name: str, tmp_path: Path) -> None:
    net, rows, clear = exports.with_threshold()
    path, _ = net.export(tmp_path / "net.sql")
    with database(name) as connection:
        filled(connection, dict.fromkeys(("x1", "x2"), "DOUBLE PRECISION"), [*rows.astype(float).tolist(), [1, None]])
        _, found = result_of(connection, path)
    classes = [row[1] for row in found]
    assert classes.pop() is None
    np.testing.assert_array_equal(np.array(classes)[clear], net.classify(rows)[clear])
