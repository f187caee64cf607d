"""Exports in general: formats, descriptions, and networks that cannot be exported."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import exports
import numpy as np
import pytest
from hypothesis import given, settings, strategies

import neuralredis as nr
from neuralredis.cli import main
from neuralredis.export import FORMATS, intermediate
from neuralredis.export.names import identifiers
from neuralredis.export.packing import of_bits, packed, unpacked
from neuralredis.export.proof import made_up
from neuralredis.export.reservoir import input_weights

#: Runs a command, and returns its exit code, output and errors.
Command = Callable[..., tuple[object, str, str]]


def learnt() -> nr.Network:
    net = nr.Network("classifier", fields={"age": "number", "plan": "category"}, target="left", seed=1, dataset=60)
    net.observe([{"age": age, "plan": ["free", "pro"][age % 2]} for age in range(60)], ["yes", "no"] * 30)
    net.train(max_cycles=5)
    return net


@settings(max_examples=15, deadline=None)
@given(exports.networks())
def test_intermediate_export_contains_rows_with_expected_answers(net: nr.Network) -> None:
    exported = intermediate(net)
    assert json.loads(json.dumps(exported)) == exported
    assert intermediate(copy.copy(net)) == exported, "the same network gives the same export"
    key = "row" if exported["sequence"] is None else "events"
    rows = [proof[key] for proof in exported["proof"]]  # type: ignore[literal-required]
    answers = np.reshape(net.run(rows), (len(rows), -1))
    for proof, answer in zip(exported["proof"], answers, strict=True):
        np.testing.assert_array_equal(of_bits(proof["answer"]), answer)
    assert len(rows) == 12


@settings(max_examples=30, deadline=None)
@given(strategies.lists(strategies.floats(width=32, allow_nan=False), min_size=1))
def test_packed_numbers_are_unpacked_exactly(values: list[float]) -> None:
    np.testing.assert_array_equal(unpacked(packed(values)).view(np.uint32), np.float32(values).view(np.uint32))


def test_export_contains_no_observed_values() -> None:
    net = nr.Network("regressor", fields={"secret": "number", "note": "text"}, target="y", seed=1, dataset=60)
    numbers = 1234.56 + np.random.default_rng(1).normal(size=60)
    net.observe({"secret": numbers, "note": [f"unmistakable{at}" for at in range(60)]}, numbers)
    net.train(max_cycles=5)
    exported = intermediate(net)
    rows = [proof["row"] for proof in exported["proof"]]
    assert not {row.get("secret") for row in rows} & {float(number) for number in np.float32(numbers)}
    knots = unpacked(next(field for field in exported["fields"] or () if "knots" in field)["knots"])
    assert len(knots)
    assert not np.isin(knots, np.float32(numbers)).any()
    assert "unmistakable" not in json.dumps(exported)


def test_reservoir_weights_are_determined_by_the_seed() -> None:
    # As in the engine's own test of SplitMix64: stream 1 of seed 7.
    weights = input_weights(7, 200, range(50))
    assert weights.shape == (50, 200)
    assert np.abs(weights).max() <= 1
    assert abs(weights.mean()) < 0.05
    assert abs(weights.std() - 3**-0.5) < 0.02
    np.testing.assert_array_equal(input_weights(7, 3, [5]), weights[5:6, :3])


def test_names_are_converted_to_unique_identifiers() -> None:
    assert identifiers(["a b", "a-b", "a_b_2", "", "9", "int", "int"], {"int"}) == [
        "a_b", "a_b_2", "a_b_2_2", "x", "x9", "int_", "int__2",
    ]  # fmt: skip


def error_of(kind: type[Exception], call: Callable[[], object]) -> str:
    with pytest.raises(kind) as caught:
        call()
    return str(caught.value)


def test_networks_that_cannot_be_exported_are_rejected(tmp_path: Path) -> None:
    net = learnt()
    message = error_of(nr.OptionError, lambda: net.export(tmp_path / "net.txt"))
    assert message == f"{tmp_path / 'net.txt'}: unknown suffix: expected " + ", ".join(
        suffix for format in FORMATS for suffix in format.suffixes
    ) + ", or to= one of " + ", ".join(format.name for format in FORMATS)
    assert error_of(nr.OptionError, lambda: net.export(tmp_path / "net.js", to="java")).startswith("format 'java': ")
    fresh = nr.Network("classifier", fields={"age": "number"}, target="left")
    assert "has seen no class yet" in error_of(nr.TrainingError, lambda: fresh.export(tmp_path / "net.js"))
    with pytest.raises(OSError, match="No such file"):
        net.export(tmp_path / "none" / "net.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".js", ".c", ".py"])
def test_unknown_kinds_of_cells_are_rejected_by_every_format(tmp_path: Path, suffix: str) -> None:
    net = nr.SequenceNetwork("regressor", fields={"x": "number"}, target="x", cell="reservoir", seed=1)
    exported = intermediate(net)
    exported["sequence"]["cell"]["kind"] = "lstm"  # type: ignore[index, typeddict-item]
    message = error_of(nr.OptionError, lambda: exports.written(exported, tmp_path / f"net{suffix}"))
    assert message.startswith("cell lstm: expected window, reservoir or gru")
    exported = intermediate(learnt())
    exported["members"][0][0]["kind"] = "convolution"  # type: ignore[typeddict-item]
    message = error_of(nr.OptionError, lambda: exports.written(exported, tmp_path / f"net{suffix}"))
    assert "convolution" in message


def test_remote_network_is_exported_like_an_embedded_one(db: nr.NeuralRedis, tmp_path: Path) -> None:
    net = learnt()
    remote = db.upload("net", net)
    assert isinstance(remote.export(), bytes)
    paths = remote.export(tmp_path / "remote.json")
    [own] = net.export(tmp_path / "own.json")
    assert [path.name for path in paths] == ["remote.json"]
    assert paths[0].read_bytes() == own.read_bytes()


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Return a function that runs ``neuralredis export`` in a folder with a network."""
    learnt().save(tmp_path / "customers.nr")
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["export", *arguments])
        return (ended.value.code, *capsys.readouterr())

    return command


def test_export_command_writes_files_and_prints_their_names(command: Command) -> None:
    code, out, err = command("customers.nr", "--to", "js")
    assert (code, err) == (0, "")
    assert out.split() == ["customers.js", "customers.cjs", "customers.d.ts", "customers.d.cts"]
    assert all(Path(name).is_file() for name in out.split())
    assert command("customers.nr", "-o", "other.h")[1].split() == ["other.c", "other.h"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("customers.nr",), 2, "one of the arguments --to and -o is required"),
        (("customers.nr", "--to", "java"), 2, "invalid choice: 'java'"),
        (("customers.nr", "-o", "net.txt"), 1, "net.txt: unknown suffix: expected .js, .mjs,"),
        (("none.nr", "--to", "js"), 1, "none.nr: No such file or directory"),
        (("customers.nr", "--to", "js", "-o", "no/where.js"), 1, "neuralredis: no/where.js: No such file or directory"),
    ],
)
def test_invalid_export_commands_are_rejected(
    command: Command, arguments: tuple[str, ...], code: int, message: str
) -> None:
    ended, out, err = command(*arguments)
    assert (ended, out) == (code, "")
    assert message in err


def test_made_up_rows_are_valid_for_the_network() -> None:
    net = learnt()
    rows: list[Any] = made_up(intermediate(net), 50, seed=9)
    assert np.shape(net.run(rows)) == (50, 2)
    assert any("age" not in row for row in rows)
    assert any(row.get("plan") == "(none of these)" for row in rows)


def test_export_with_a_threshold_has_version_2() -> None:
    net, _, _ = exports.with_threshold()
    found = intermediate(net)
    assert (found["version"], found["threshold"]) == (2, float(np.float32(net.info().threshold)))
    net.configure(threshold=0.5)
    even = intermediate(net)
    assert even == {key: value for key, value in found.items() if key != "threshold"} | {"version": 1}
