"""Measures the size of exports and the speed of their predictions, beside the network itself.

    python benchmarks/export_formats.py > benchmarks/export_formats.txt

There are three networks: one with 9 inputs, one with fields and four members as `learn` creates it, one for digits.
They predict 1000 rows at a time and one row at a time, on one core. Times are processor time, the best of some
repetitions. onnxruntime and DuckDB run their exports; SQLite is that of Python. export_formats.txt is the output.
"""

from __future__ import annotations

import datetime
import gzip
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import neuralredis as nr

ROWS, REPETITIONS, SECONDS = 1000, 7, 2.0
COUNTRIES = ["AT", "CH", "DE", "FR", "IT"]


def fastest(call: Callable[[], object]) -> float:
    """Return the processor time of the fastest of some calls, in seconds."""
    found, begin = [], time.perf_counter()
    while len(found) < 2 or (len(found) < REPETITIONS and time.perf_counter() - begin < SECONDS):
        start = time.process_time()
        call()
        found.append(time.process_time() - start)
    return min(found)


def numbers(layout: list[int], members: int) -> tuple[nr.Network, Any]:
    """Return a trained network without fields, and rows for it."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(ROWS, layout[0])).astype(np.float32)
    net = nr.Network("classifier", layout, normalize=True, dataset=ROWS, seed=1, ensemble=members)
    net.observe(X, (X[:, 0] > X[:, 1]).astype(int), into="train")
    net.train(max_cycles=3, max_time=None, progress=False)
    return net, X


def fields() -> tuple[nr.Network, Any]:
    """Return a trained network with fields, and rows for it."""
    rng = np.random.default_rng(1)
    rows = [
        {
            "age": int(rng.integers(18, 90)),
            "spent": float(rng.normal()),
            "country": str(rng.choice(COUNTRIES)),
            "new": True,
        }
        for _ in range(ROWS)
    ]
    kinds = {"age": "number", "spent": "number", "country": "category", "new": "flag"}
    net = nr.Network("classifier", fields=kinds, target="left", classes=["no", "yes"], dataset=ROWS, seed=1, ensemble=4)
    net.observe(rows, ["yes" if row["spent"] > 0 else "no" for row in rows], into="train")
    net.train(max_cycles=3, max_time=None, progress=False)
    return net, rows


def with_numpy(path: Path, rows: Any) -> Callable[[Any], object]:
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    run: Callable[[Any], object] = names["run"]
    return run


def with_onnx(path: Path, rows: Any) -> Callable[[Any], object]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def tensors(rows: Any) -> dict[str, Any]:
        if not isinstance(rows[0], dict):
            return {"rows": np.asarray(rows)}
        return {
            name: np.array([[row[name]] for row in rows], dtype=object if name == "country" else np.float32)
            for name in rows[0]
        }

    return lambda rows: session.run(None, tensors(rows))


def with_sql(connect: Callable[[], Any]) -> Callable[[Path, Any], Callable[[Any], object]]:
    def opened(path: Path, rows: Any) -> Callable[[Any], object]:
        columns = list(rows[0]) if isinstance(rows[0], dict) else [f"x{at + 1}" for at in range(len(rows[0]))]
        values = [list(row.values()) if isinstance(row, dict) else row.tolist() for row in rows]
        connection, select = connect(), path.read_text(encoding="utf-8")
        for table, count in (("data", len(rows)), ("one", 1)):
            declared = ", ".join(f"{name} {'TEXT' if name == 'country' else 'DOUBLE PRECISION'}" for name in columns)
            connection.execute(f"CREATE TABLE {table} (id INTEGER, {declared})")
            # Many rows by one statement: DuckDB takes long for each statement.
            written = [
                f"({at}, {', '.join(map(repr, [float(v) if isinstance(v, bool) else v for v in row]))})"
                for at, row in enumerate(values[:count])
            ]
            for first in range(0, count, 100):
                connection.execute(f"INSERT INTO {table} VALUES {', '.join(written[first : first + 100])}")
        of_one = select.replace('FROM "data"', "FROM one")
        return lambda rows: connection.execute(of_one if len(rows) == 1 else select).fetchall()

    return opened


def duckdb() -> Any:
    import duckdb as package

    connection = package.connect()
    connection.execute("SET threads TO 1")
    return connection


FORMATS: list[tuple[str, str, Callable[[Path, Any], Callable[[Any], object]]]] = [
    ("NumPy", "net.py", with_numpy),
    ("ONNX, onnxruntime", "net.onnx", with_onnx),
    ("SQL, SQLite", "net.sql", with_sql(lambda: sqlite3.connect(":memory:"))),
    ("SQL, DuckDB", "net.sql", with_sql(duckdb)),
]


def lines(net: nr.Network, rows: Any, folder: Path) -> Iterator[str]:
    def line(name_: str, size: str, run: Callable[[Any], object]) -> str:
        many, one = fastest(lambda: run(rows)), fastest(lambda: run(rows[:1]))
        return f"  {name_:<20}{size:>22}{ROWS / many:>14,.0f} rows/s{one * 1e6:>12,.0f} us a row alone"

    yield line("embedded", f"{len(bytes(net)) / 1e3:,.1f} kB with rows", net.run)
    for name_, name, opened in FORMATS:
        try:
            [path, *_] = net.export(folder / name)
        except nr.OptionError as error:
            yield f"  {name_:<20}{str(error).split(';')[0]}"
            continue
        content = path.read_bytes()
        size = f"{len(content) / 1e3:,.1f}, {len(gzip.compress(content)) / 1e3:,.1f} kB gzip"
        yield line(name_, size, opened(path, rows))


def main() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(f"{datetime.date.today()}: exports on one core, {ROWS:,} rows at a time and one alone", flush=True)
    networks: list[tuple[str, Callable[[], tuple[nr.Network, Any]]]] = [
        ("9 numbers, 9-15-2", lambda: numbers([9, 15, 2], 1)),
        ("four fields, 30-30-30, four members", fields),
        ("digits, 784-100-10", lambda: numbers([784, 100, 10], 1)),
    ]
    for title, made in networks:
        net, rows = made()
        print(f"\n{title}: {net.info().parameters:,} weights and biases of a member", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            for text in lines(net, rows, Path(folder)):
                print(text, flush=True)


if __name__ == "__main__":
    main()
