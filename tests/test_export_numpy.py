"""Exports to NumPy: predictions of the exported file without the package."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import exports
import fieldnets
import numpy as np
import pytest
from hypothesis import given, settings

import neuralredis as nr


def module(net: nr.Network, folder: Path) -> SimpleNamespace:
    """Export a network, and import the written module."""
    [path] = net.export(folder / "net.py")
    names: dict[str, Any] = {"__name__": "net"}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    return SimpleNamespace(**names)


@settings(max_examples=15, deadline=None)
@given(net=exports.networks())
def test_numpy_predictions_match_the_network(net: nr.Network, tmp_path_factory: pytest.TempPathFactory) -> None:
    exported = module(net, tmp_path_factory.mktemp("numpy"))
    rows = exports.rows(net, 40)
    found, expected = exported.run(rows), net.run(rows)
    np.testing.assert_allclose(found, expected.reshape(found.shape), rtol=0, atol=1e-6 * np.abs(expected).max())
    assert exported.self_test() <= 1e-6
    if exported.NETWORK["kind"] == "classifier":
        # Classes may differ if the probabilities of two differ in the last bits only.
        least, best = np.sort(expected, axis=1)[:, -2:].T if expected.shape[1] > 1 else (np.zeros(40), np.ones(40))
        clear = best - least > 1e-5
        np.testing.assert_array_equal(exported.classify(rows)[clear], np.asarray(net.classify(rows), object)[clear])


def shop(**options: Any) -> nr.Network:
    """Return a trained network with all kinds of fields."""
    net = fieldnets.network(**options)
    net.observe(fieldnets.shop(300))
    net.train(max_cycles=60)
    return net


TEXTS = [
    "A good film, isn't it?",
    "3.5 of 5, 1,000 words; v1.2 a.b a_b __ _x 1'2 a;b 1:2 a:b x1.5 .5 5. o'",
    "good good GOOD bad",
    "?!",
    ["a good", None, "bad film"],
    7,
    True,
    2**60,
]


def test_ascii_texts_are_tokenized_and_hashed_like_in_the_network(tmp_path: Path) -> None:
    net = shop()
    exported = module(net, tmp_path)
    rows = [{"note": text} for text in TEXTS]
    np.testing.assert_allclose(exported.run(rows), net.run(rows), rtol=0, atol=1e-6)
    assert len(np.unique(net.run(rows), axis=0)) > 5
    with pytest.raises(ValueError, match="field note is 'é': expected a text in ASCII"):
        exported.run({"note": "é"})


def test_values_are_parsed_like_in_the_network(tmp_path: Path) -> None:
    net = shop()
    exported = module(net, tmp_path)
    rows = [
        {"age": "31", "country": "IT", "phone": "Yes", "at": "2026-11-25T18:30:15+02:00", "tags": "red, new,,red"},
        {
            "age": np.float32(31.5),
            "spent": np.float32(0.1),
            "phone": 0,
            "at": dt.date(2026, 2, 28),
            "tags": {"new", "x"},
        },
        {
            "age": "NaN",
            "spent": "unknown",
            "phone": np.bool_(True),
            "at": dt.datetime(2026, 2, 28, 5, 6, 7),
            "tags": [],
        },
        {"age": "", "spent": " 12.50 ", "phone": "off", "at": "1795631415000", "place": np.array([1, -2.5])},
        {
            "age": np.int64(4),
            "spent": 1e22,
            "at": np.datetime64("2026-02-28T05:06:07.5"),
            "place": (True, 2),
            "country": b"FR",
        },
        {"age": True, "spent": False, "at": "0000-02-29 23:59:59.25Z", "country": 5, "tags": 5.5},
        {"at": -1.5, "country": None, "phone": None},
        {},
    ]
    np.testing.assert_allclose(exported.run(rows), net.run(rows), rtol=0, atol=1e-6)
    for row in rows:
        answer = net.run(row)
        found = exported.predict(row)
        assert found["answer"] == net.classify(row) == exported.classify(row)
        assert found["probabilities"] == pytest.approx(answer, abs=1e-6)
        assert list(found["probabilities"]) == list(answer)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"contry": "IT"}, "unknown field 'contry': expected age, country,"),
        ({"age": "old"}, "field age is 'old': expected a finite number"),
        ({"age": float("inf")}, "field age is inf: expected a finite number"),
        ({"age": 1e300}, r"field age is 1e\+300: expected a finite number"),
        ({"age": [1]}, r"field age is \[1\]: expected a finite number"),
        ({"country": "x" * 65}, "field country is 'x*': expected a word of at most 64 bytes"),
        ({"phone": "maybe"}, "field phone is 'maybe': expected 1 or 0"),
        ({"phone": 2}, "field phone is 2: expected 1 or 0"),
        ({"at": "yesterday"}, "field at is 'yesterday': expected seconds or milliseconds"),
        ({"at": "2026-02-30"}, "field at is '2026-02-30': expected seconds"),
        ({"place": [1, 2, 3]}, r"field place is \[1, 2, 3\]: expected as many finite numbers"),
        ({"tags": "red," + "x" * 65}, "field tags is 'red,x*': expected words"),
    ],
)
def test_invalid_values_are_rejected_like_in_the_network(row: dict[str, Any], message: str, tmp_path: Path) -> None:
    net = shop()
    with pytest.raises(nr.DataError):
        net.run([row])
    with pytest.raises(ValueError, match=message):
        module(net, tmp_path).run(row)


def test_step_continues_sequences_beyond_the_window_length(tmp_path: Path) -> None:
    net = nr.SequenceNetwork(
        "classifier", fields={"page": "category 20", "seconds": "number"}, target="left", length=5, seed=1, hidden=[5]
    )
    chance = np.random.default_rng(3)
    pages = [[{"page": str(chance.choice(["a", "b", "c"])), "seconds": 7.5} for _ in range(9)] for _ in range(40)]
    net.observe(pages, ["yes" if each[-1]["page"] == "a" else "no" for each in pages])
    net.train(max_cycles=30)
    exported = module(net, tmp_path)
    for sequence in pages[:3]:
        state, before = None, None
        for at, event in enumerate(sequence, 1):
            before = state
            answer, state = exported.step(state, event)
            np.testing.assert_allclose(answer, net.run([sequence[:at]])[0], rtol=0, atol=1e-6)
        again, _ = exported.step(before, sequence[-1])
        np.testing.assert_array_equal(again, answer)
        assert list(exported.predict(sequence)["probabilities"].values()) == answer.tolist()


@pytest.mark.parametrize("targets", ["price", ["price", "rent"]])
def test_regressor_returns_one_number_or_several_by_name(targets: Any, tmp_path: Path) -> None:
    net = nr.Network("regressor", fields={"area": "number"}, target=targets, seed=1)
    values = net.run([{"area": 50}]).ravel().tolist()
    predicted = module(net, tmp_path).predict({"area": 50})
    assert predicted == (pytest.approx(values[0]) if targets == "price" else pytest.approx(dict(zip(targets, values))))  # noqa: B905


def test_single_row_gives_one_dimensional_output(tmp_path: Path) -> None:
    net = nr.Network("classifier", [3, 4, 2], seed=1)
    exported = module(net, tmp_path)
    assert exported.run([1, 2, 3]).shape == (2,)
    assert exported.classify([1, 2, 3]) == net.classify([1, 2, 3])
    for rows, message in (([1, 2], "shape"), ([[[1, 2, 3]]], "shape"), ([1, 2, np.nan], "NaN")):
        with pytest.raises(ValueError, match=message):
            exported.run(rows)


def test_file_runs_without_the_package_and_detects_changes(tmp_path: Path) -> None:
    [path] = shop().export(tmp_path / "net.py")
    # Without the project's site packages: an empty folder and the folder of NumPy.
    numpy = str(Path(np.__file__).parents[1])
    check = f"import sys; sys.path.append({numpy!r}); import runpy; runpy.run_path({str(path)!r}, run_name='__main__')"
    run = [sys.executable, "-I", "-W", "error", "-c", check]
    done = subprocess.run(run, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.startswith("12 rows agree within")
    assert "neuralredis" not in path.read_text().split("NETWORK", 1)[1].replace("neuralredis network", "").replace(
        "neuralredis 0", ""
    )
    text = path.read_text()
    path.write_text(text.replace("'head': 'softmax'", "'head': 'sigmoid'"))
    done = subprocess.run(run, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "outputs differ by" in done.stderr


def test_names_with_quotes_cannot_inject_code(tmp_path: Path) -> None:
    names = {'"""\nraise SystemExit("x")\n"""': "number", "\\": "flag", "'": "category", "\udcff\0": "tags"}
    net = fieldnets.network(names, classes=['"""', "'''"])
    net.observe([dict.fromkeys(names, 1)], ['"""'])
    assert module(net, tmp_path).self_test() <= 1e-6


def test_threshold_selects_the_second_class(tmp_path: Path) -> None:
    net, rows, clear = exports.with_threshold()
    exported = module(net, tmp_path)
    np.testing.assert_array_equal(exported.classify(rows)[clear], net.classify(rows)[clear])
    assert [exported.classify(row) for row in rows[clear][:9]] == net.classify(rows[clear][:9]).tolist()
    fields = nr.Network("classifier", fields={"a": "number"}, target="t", classes=["no", "yes"], seed=1, threshold=0)
    assert module(fields, tmp_path).predict({"a": 1})["answer"] == "yes"
