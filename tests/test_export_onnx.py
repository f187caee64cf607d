"""Exports to ONNX: predictions by onnxruntime."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import exports
import numpy as np
import pytest
from hypothesis import assume, given, settings
from numpy.typing import NDArray

import kinds
import neuralredis as nr
from neuralredis.export import intermediate
from neuralredis.export.packing import of_bits, unpacked

pytestmark = pytest.mark.needs(kinds.ONNX, kinds.ONNXRUNTIME)


def session(path: Path) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def fed(fields: Any, rows: list[Any]) -> dict[str, NDArray[Any]]:
    """Return rows of fields as the tensors of a graph, as docs/export.md describes."""

    def column(values: list[Any], gap: Any, dtype: Any) -> NDArray[Any]:
        return np.array([[gap if value is None else value] for value in values], dtype=dtype)

    found = {}
    for field in fields:
        kind, name = field["kind"], field["name"]
        values = [row.get(name) for row in rows]
        if kind in ("number", "flag"):
            found[name] = column(values, np.nan, np.float32)
        elif kind == "time":
            found[name] = column(values, np.nan, np.float64)
        elif kind == "category":
            found[name] = column(values, "", object)
        elif kind == "auto":
            is_word = [isinstance(value, str) for value in values]
            numbers = [None if word else value for word, value in zip(is_word, values, strict=True)]
            words = [value if word else None for word, value in zip(is_word, values, strict=True)]
            found[name] = column(numbers, np.nan, np.float32)
            found[f"{name} (word)"] = column(words, "", object)
        elif kind == "tags":
            most = max(1, *(len(value or ()) for value in [[], *values]))
            lists = [[*(value or ()), *[""] * (most - len(value or ()))] for value in values]
            found[name] = np.array(lists, dtype=object)
        else:
            gap = [np.nan] * field["length"]
            found[name] = np.array([gap if value is None else value for value in values], dtype=np.float32)
    return found


def answers(path: Path, exported: Any, rows: list[Any]) -> dict[str, NDArray[Any]]:
    """Return a graph's outputs for rows, or after the last event of sequences."""
    graph, view = session(path), exported["sequence"]
    names = [output.name for output in graph.get_outputs()]
    if view is None:
        tensors = {"rows": np.array(rows, np.float32)} if exported["fields"] is None else fed(exported["fields"], rows)
        return dict(zip(names, graph.run(None, tensors), strict=True))
    state, next_state = graph.get_inputs()[-1], names[0]
    found = []
    for events in rows:
        last = {next_state: np.zeros((1, state.shape[1]), np.float32)}
        for event in events:
            row = {view["fields"][0]["name"]: list(event)} if view["by_position"] else event
            tensors = fed(view["fields"], [row]) | {state.name: last[next_state]}
            last = dict(zip(names, graph.run(None, tensors), strict=True))
        found.append(last)
    return {name: np.concatenate([each[name] for each in found]) for name in names}


def size_of(exported: Any, expected: NDArray[np.float32]) -> float:
    """Return the size of outputs, or of the terms that they are sums of: the scale of differences."""
    scaling = exported["output_scaling"]
    if scaling is None:
        weights = [unpacked(member[-1]["weights"]) for member in exported["members"]]
        return float(max(np.abs(numbers).max() for numbers in [expected, *weights]))
    spread = 1 / np.maximum(unpacked(scaling["scale"]), 1e-20)
    constant = (unpacked(scaling["scale"]) == 0).any()
    return float(max(np.abs(expected).max(), 0 if constant else spread.max()))


def has_text(exported: Any) -> bool:
    fields = exported["fields"] if exported["sequence"] is None else exported["sequence"]["fields"]
    return any(field["kind"] == "text" for field in fields or ())


@settings(max_examples=15, deadline=None)
@given(net=exports.networks())
def test_onnxruntime_predictions_match_the_network(net: nr.Network, tmp_path_factory: pytest.TempPathFactory) -> None:
    exported = intermediate(net)
    assume(not has_text(exported))
    [path] = net.export(tmp_path_factory.mktemp("onnx") / "net.onnx")
    rows = exports.rows(net, 20)
    if exported["sequence"] is not None:
        # A state includes events beyond the length; without an event there is no step.
        rows = [events for events in rows if 0 < len(events) <= exported["sequence"]["length"]]
    found, expected = answers(path, exported, rows), net.run(rows).reshape(len(rows), -1)
    name = "probabilities" if exported["kind"] == "classifier" else "outputs"
    [values] = [each for key, each in found.items() if key.rstrip("_") == name]
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-5 * size_of(exported, expected))
    if exported["kind"] == "classifier":
        least, best = np.sort(expected, axis=1)[:, -2:].T if expected.shape[1] > 1 else (np.zeros(1), np.ones(1))
        clear = np.broadcast_to(best - least > 1e-4, len(rows))
        [classes] = [each for key, each in found.items() if key.rstrip("_") == "class"]
        np.testing.assert_array_equal(classes[clear].astype(object), np.asarray(net.classify(rows), object)[clear])


def test_onnx_file_contains_self_test_rows(tmp_path: Path) -> None:
    import onnx

    net = nr.Network("classifier", [4, 5, 3], normalize=True, seed=1)
    net.observe(np.random.default_rng(1).normal(size=(60, 4)), np.arange(60) % 3)
    net.train(max_cycles=20)
    [path] = net.export(tmp_path / "net.onnx")
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", 13), ("ai.onnx.ml", 2)]
    proof = json.loads({entry.key: entry.value for entry in model.metadata_props}["neuralredis.proof"])
    found = session(path).run(["probabilities"], {"rows": np.array([each["row"] for each in proof], np.float32)})[0]
    np.testing.assert_allclose(found, [of_bits(each["answer"]) for each in proof], atol=1e-5)
    assert path.read_bytes() == net.export(tmp_path / "again.onnx")[0].read_bytes()


def test_nonfinite_inputs_do_not_give_nan(tmp_path: Path) -> None:
    net = nr.Network("regressor", fields={"a": "number", "b": "vector 2"}, target="t", seed=1)
    net.observe([{"a": at, "b": [at, 1]} for at in range(50)], np.arange(50))
    net.train(max_cycles=20)
    [path] = net.export(tmp_path / "net.onnx")
    far = np.array([[np.nan], [np.inf], [-np.inf], [3e38]], np.float32)
    found = session(path).run(None, {"a": far, "b": np.repeat(far, 2, axis=1)})[0]
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[0], net.run([{}]), rtol=1e-5)


def test_fields_may_have_the_names_of_outputs(tmp_path: Path) -> None:
    fields = {"class": "number", "probabilities": "flag", "constant_1": "category", "state": "number"}
    net = nr.Network("classifier", fields=fields, target="t", classes=["a", "b"], seed=1)
    net.observe([{"class": 1, "constant_1": "x"}, {"class": 2, "state": 3}], ["a", "b"])
    [path] = net.export(tmp_path / "net.onnx")
    found = answers(path, intermediate(net), [{"class": 1.5, "constant_1": "x"}])
    assert list(found) == ["class_", "probabilities_"]
    np.testing.assert_allclose(found["probabilities_"], net.run([{"class": 1.5, "constant_1": "x"}]), atol=1e-5)


def test_words_not_in_utf_8_are_left_out_and_such_names_rejected(tmp_path: Path) -> None:
    net = nr.Network("classifier", fields={"a\0b": "category"}, target="t", classes=["\udcff", "\0"], seed=1)
    net.observe([{"a\0b": "\udcff"}, {"a\0b": "x\0"}], ["\udcff", "\0"])
    net.train(max_cycles=5)
    [path] = net.export(tmp_path / "net.onnx")
    rows = [{"a\0b": "x\0"}, {"a\0b": "?"}, {}]
    found = session(path).run(["probabilities"], {"a\0b": np.array([["x\0"], ["?"], [""]], dtype=object)})[0]
    np.testing.assert_allclose(found, net.run(rows), atol=1e-5)
    with pytest.raises(nr.OptionError, match="expected a name in UTF-8"):
        nr.Network("regressor", fields={"\udcff": "number"}, target="t").export(tmp_path / "other.onnx")


def test_text_fields_and_a_missing_package_are_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for net in (
        nr.Network("regressor", fields={"note": "text"}, target="t"),
        nr.SequenceNetwork("regressor", fields={"note": "text"}, target="t"),
    ):
        with pytest.raises(nr.OptionError, match="field 'note' is text"):
            net.export(tmp_path / "net.onnx")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(nr.OptionError, match=r"needs the package onnx: pip install 'neuralredis\[onnx\]'"):
        nr.Network("regressor", [1, 1]).export(tmp_path / "net.onnx")
    assert not any(tmp_path.iterdir())


def test_threshold_selects_the_second_class(tmp_path: Path) -> None:
    net, rows, clear = exports.with_threshold()
    [path] = net.export(tmp_path / "net.onnx")
    [classes] = session(path).run(["class"], {"rows": rows})
    np.testing.assert_array_equal(classes[clear], net.classify(rows)[clear])
    # At the threshold itself, with probabilities that need no rounding.
    even = nr.Network("classifier", [2, 2], seed=1, threshold=0.25)
    even.set_weights([0.0, np.log(1 / 3), 0, 0, 0, 0])
    even.configure(threshold=float(even.run([[0, 0]])[0, 1]))
    [path] = even.export(tmp_path / "even.onnx")
    [classes, likely] = session(path).run(["class", "probabilities"], {"rows": np.zeros((1, 2), np.float32)})
    assert classes.tolist() == [int(likely[0, 1] >= np.float32(even.info().threshold))]
