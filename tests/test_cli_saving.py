"""What ``neuralredis train`` saves: which networks it replaces, which rows the file has, which names warnings use."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neuralredis as nr
import tables

NAMES = ["a", "b", "c", "y"]


def table(name: str = "t.csv", names: list[str] = NAMES, rows: int = 60) -> Path:
    rng = random.Random(1)
    return tables.write(
        Path(name), names, [[rng.random(), rng.choice("pq"), rng.random(), rng.choice("rs")] for _ in range(rows)]
    )


@pytest.fixture
def saved(command: tables.Command) -> bytes:
    """Return the network of a table, as it is saved in `t.nr`."""
    table()
    assert command("train", "t.csv", "--target", "y").code == 0
    return Path("t.nr").read_bytes()


def error_of(command: tables.Command, saved: bytes, *arguments: str) -> str:
    """Return the error of a training that would replace a network; check that `--replace` allows it."""
    done = command("train", *arguments)
    assert (done.code, done.out) == (1, "")
    assert Path("t.nr").read_bytes() == saved
    assert "use --replace to overwrite it, or --out for another file" in done.err
    assert done.err.count("\n") == 1
    assert command("train", *arguments, "--replace").code == 0
    assert Path("t.nr").read_bytes() != saved
    return done.err


def test_network_with_another_target_is_not_overwritten(command: tables.Command, saved: bytes) -> None:
    assert "t.nr predicts 'y', not 'b': " in error_of(command, saved, "t.csv", "--target", "b")


def test_network_with_other_columns_is_not_overwritten(command: tables.Command, saved: bytes) -> None:
    Path("folder").mkdir()
    table("folder/t.csv", ["a", "b", "d", "y"])
    why = error_of(command, saved, "folder/t.csv", "--target", "y")
    assert "t.nr was trained on a table with a column 'c', which folder/t.csv lacks: " in why


def test_network_without_a_known_target_is_not_overwritten(command: tables.Command) -> None:
    table()
    nr.Network("classifier", [3, 2], seed=1).save("t.nr")
    why = error_of(command, Path("t.nr").read_bytes(), "t.csv", "--target", "y")
    assert "t.nr is a network without a known target: " in why


@pytest.mark.parametrize(
    "again",
    [
        ["t.csv", "--target", "y"],
        ["t.csv", "--target", "y", "--seed", "3", "--hidden", "5"],
        ["t.csv", "--target", "y", "--ignore", "c"],
        ["./t.csv", "--target", "y", "--out", "t.nr"],
        ["t.csv", "--target", "y", "--without-rows"],
    ],
)
def test_network_with_the_same_columns_and_target_is_overwritten(
    command: tables.Command, saved: bytes, again: list[str]
) -> None:
    assert command("train", *again).code == 0


def test_network_of_a_grown_or_converted_table_is_overwritten(command: tables.Command, saved: bytes) -> None:
    table(names=["a", "b", "c", "y"], rows=80)
    assert command("train", "t.csv", "--target", "y").code == 0
    content = Path("t.csv").read_text().splitlines()
    Path("t.csv").write_text(
        "".join(f"{line},{place % 3}\n" for place, line in enumerate(content)).replace(",0\n", ",new\n", 1)
    )
    assert command("predict", "t.nr", "t.csv", "-o", "t.parquet").code == 0
    assert command("train", "t.csv", "--target", "y").code == 0
    assert command("train", "t.parquet", "--target", "y").code == 0


def test_other_files_are_not_overwritten_even_with_replace(command: tables.Command) -> None:
    table()
    Path("t.nr").write_text("dear diary")
    done = command("train", "t.csv", "--target", "y", "--replace")
    assert (done.code, Path("t.nr").read_text()) == (1, "dear diary")
    assert "t.nr exists and is not a network" in done.err


def test_plot_never_overwrites_a_table_or_a_network(command: tables.Command) -> None:
    table()
    Path("t.png").symlink_to("t.csv")
    before = Path("t.csv").read_bytes()
    done = command("train", "t.csv", "--target", "y", "--plot", "t.png")
    assert "--plot t.png is the table, which would be overwritten" in done.err
    done = command("train", "t.csv", "--target", "y", "--plot", "n.png", "--out", "n.png")
    assert "--plot n.png is the file of the network" in done.err
    assert (Path("t.csv").read_bytes(), Path("n.png").exists()) == (before, False)


def test_train_reports_that_rows_are_saved_with_the_network(command: tables.Command) -> None:
    table()
    done = command("train", "t.csv", "--target", "y")
    assert "Saved as t.nr, with its 48 training and validation rows (--without-rows leaves them out)." in done.out
    assert json.loads(command("train", "t.csv", "--target", "y", "--json").out)["rows_saved"] == 48


def test_without_rows_saves_no_rows_and_keeps_the_answers(command: tables.Command) -> None:
    table()
    command("train", "t.csv", "--target", "y", "-o", "with.nr")
    done = command("train", "t.csv", "--target", "y", "-o", "without.nr", "--without-rows")
    assert "Saved as without.nr, without rows." in done.out
    with_rows, without = nr.load("with.nr"), nr.load("without.nr")
    X = {"a": np.linspace(0, 1, 50, dtype=np.float32), "b": ["p", "q"] * 25, "c": np.ones(50)}
    info = without.info()
    assert (info.training_dataset_len, info.test_dataset_len) == (0, 0)
    assert (without.run(X) == with_rows.run(X)).all()
    stored = [float(line.split(",")[0]) for line in Path("t.csv").read_text().splitlines()[1:]]
    leaked = [number for number in stored if np.float32(number).tobytes() in bytes(with_rows)]
    assert len(leaked) >= 48
    assert not any(np.float32(number).tobytes() in bytes(without) for number in leaked)
    assert "It stores no rows" in command("info", "without.nr").out
    for share in (0.5, 0.8):
        assert without.class_set(X, share) == with_rows.class_set(X, share), "the errors are still known"
    assert sum(without.observe(X, ["r"] * 50)) == 50, "new rows can be stored"


def test_without_rows_reports_the_same_quality_and_evaluate_warns(command: tables.Command) -> None:
    table()
    figures = [
        json.loads(command("train", "t.csv", "--target", "y", "--json", *options).out)["kept_back"]
        for options in ([], ["--without-rows"])
    ]
    assert figures[0] == figures[1]
    done = command("evaluate", "t.nr", "t.csv")
    assert "This network was saved without its rows" in done.out
    assert "that it has not seen" not in done.out
    found = json.loads(command("evaluate", "t.nr", "t.csv", "--json").out)
    assert (found["fresh"], found["rows"]) == (None, 60)


def test_without_rows_stores_no_rows_in_a_server(command: tables.Command, db: nr.NeuralRedis, monkeypatch: Any) -> None:
    table()
    monkeypatch.setattr("neuralredis.cli.servers.connect", lambda url: nr.NeuralRedis(db.client))
    arguments = ("train", "t.csv", "--target", "y", "--redis", "redis://localhost", "--key", "k", "--without-rows")
    assert command(*arguments).code == 0
    info = db["k"].info()
    assert (info.training_dataset_len, info.test_dataset_len) == (0, 0)
    assert info.training_dataset_maxlen > 0


def test_warnings_name_columns_and_classes(command: tables.Command) -> None:
    output = ""
    for special in range(12):
        # The only 5 is among the validation rows.
        rows = [
            [row * 0.1, "pq"[row % 2], 5 if row == special else 6, "rare" if row < 2 else "rs"[row % 2]]
            for row in range(12)
        ]
        tables.write(Path("few.csv"), NAMES, rows)
        done = command("train", "few.csv", "--target", "y", "--json")
        warnings = json.loads(done.out)["warnings"]
        output += " ".join(warnings)
        shown = " ".join(command("train", "few.csv", "--target", "y", "--replace").out.split())
        for warning in warnings:
            assert f"Note: {warning}." in shown
    assert "field 'c' is the same in all training rows" in output
    assert "'rare'" in output
    assert "have fewer than 5 training rows" in output
    assert not any(
        numbered in output for numbered in ("input ", "inputs ", "class 0", "class 1", "class 2", "classes 0")
    )
