"""Explanations: shares are Shapley values and add up, and counterfactuals reach the class, embedded and in a server."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import signal
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neuralredis as nr
from programs import output_of

Matrix = npt.NDArray[np.float64]

FIELDS = {"age": "number", "plan": "category 5", "on": "flag", "at": "time", "tags": "tags", "note": "text 16"}


def some_rows(count: int, seed: int = 1) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    return [
        {
            "age": None if chance < 0.1 else int(age),
            "plan": str(rng.choice(["free", "paid", "trial", ""])),
            "on": bool(rng.random() < 0.5),
            "at": f"2024-{1 + int(age) % 12:02}-01",
            "tags": ["new", "red"] if chance > 0.5 else ["old"],
            "note": "good and cheap" if chance > 0.3 else None,
        }
        for age, chance in zip(rng.integers(18, 80, count), rng.random(count), strict=True)
    ]


def of_fields(create: Callable[..., Any], rows: int = 80) -> Any:
    """Return a classifier that has learnt which customers stay."""
    net = create("classifier", fields=FIELDS, target="stays", hidden=[8], dataset=rows, test=0, seed=1)
    observed = some_rows(rows)
    net.observe(observed, ["yes" if row["plan"] == "paid" or (row["age"] or 0) > 60 else "no" for row in observed])
    net.train(max_cycles=60)
    return net


def of_numbers(create: Callable[..., Any], inputs: int, outputs: int = 1, rows: int = 40, **options: Any) -> Any:
    """Return a network without fields, trained briefly on a nonlinear function."""
    kind = "regressor" if outputs == 1 else "classifier"
    net = create(kind, [inputs, 7, outputs], normalize=True, dataset=rows, test=0, seed=3, **options)
    X = np.random.default_rng(5).normal(size=(rows, inputs))
    crooked = X[:, 0] * X[:, 1] + X[:, 2]
    net.observe(X, crooked if outputs == 1 else np.digitize(crooked, [0, 0.7][: outputs - 1]))
    net.train(max_cycles=40)
    return net


def shapley(net: nr.Network, row: Matrix, value: Callable[[Matrix], Matrix]) -> tuple[float, list[float]]:
    """Return Shapley values by the textbook formula, with all training rows as the background."""
    X, _ = net.rows("train")
    inputs = range(len(row))

    def mean_value(coalition: tuple[int, ...]) -> float:
        mixed = X.copy()
        mixed[:, coalition] = row[list(coalition)]
        return float(value(net.run(mixed).astype(np.float64)).mean())

    shares = [0.0] * len(row)
    for one in inputs:
        others = [other for other in inputs if other != one]
        for size in range(len(row)):
            weight = math.factorial(size) * math.factorial(len(row) - size - 1) / math.factorial(len(row))
            for coalition in itertools.combinations(others, size):
                shares[one] += weight * (mean_value((*coalition, one)) - mean_value(coalition))
    return mean_value(()), shares


@pytest.mark.parametrize("outputs", [1, 2, 3])
def test_shares_match_the_shapley_formula(create: Callable[..., Any], outputs: int) -> None:
    net, twin = of_numbers(create, 6, outputs), of_numbers(nr.Network, 6, outputs)
    row = np.random.default_rng(9).normal(size=6).astype(np.float32)
    for label in range(outputs):
        found = net.explain(row, label=label)
        mean, shares = shapley(
            twin,
            row,
            lambda answers, label=label: (  # type: ignore[misc]
                answers[:, 0]
                if outputs == 1
                else np.log(answers[:, label] / np.delete(answers, label, axis=1).sum(axis=1))
            ),
        )
        assert (found.label, found.rows, found.standard_errors) == (label, 40, None)
        assert found.mean == pytest.approx(mean, abs=1e-5)
        assert list(found.shares.values()) == pytest.approx(shares, abs=1e-5)


def test_shares_match_the_package_shap() -> None:
    # From shap 0.51: explainers.Exact with maskers.Independent of the same 60 rows, for this network.
    rng = np.random.default_rng(5)
    X = rng.normal(size=(60, 6)).round(3)
    net = nr.Network("regressor", [6, 8, 1], normalize=True, dataset=60, test=0, seed=3, ensemble=1)
    net.observe(X, X[:, 0] * X[:, 1] + X[:, 2])
    net.train(max_cycles=60)
    found = net.explain(rng.normal(size=6).round(3))
    shares = [0.3212196639, 0.2302706994, -0.7002705116, 0.0247449819, 0.0387647002, 0.0109126020]
    assert list(found.shares.values()) == pytest.approx(shares, abs=1e-6)
    assert found.mean == pytest.approx(0.1015117659, abs=1e-6)


@pytest.mark.parametrize("inputs", [3, 10, 11, 25])
def test_shares_add_up_exactly_in_any_order(create: Callable[..., Any], inputs: int) -> None:
    net = of_numbers(create, inputs, rows=130)
    row = np.linspace(-2, 2, inputs)
    found = net.explain(row, samples=3)
    shares = list(found.shares.values())
    for _ in range(5):
        assert sum(shares) == found.answer - found.mean
        assert found.mean + sum(shares) == found.answer
        np.random.default_rng(1).shuffle(shares)
    assert found.answer == net.run(row)[0]
    assert found.rows == 100
    assert (found.standard_errors is None) == (inputs <= 10)
    assert list(found.values) == list(found.shares) == list(range(inputs))


def test_more_samples_reduce_the_standard_errors(create: Callable[..., Any]) -> None:
    net, row = of_numbers(create, 12), np.linspace(-2, 2, 12)
    best = net.explain(row, samples=1000)
    for samples in (4, 16, 64):
        found = net.explain(row, samples=samples, seed=7)
        assert found.answer == best.answer
        assert found.mean == pytest.approx(best.mean, abs=1e-12), "all rows were used"
        for name, share in found.shares.items():
            error = math.hypot(found.standard_errors[name], best.standard_errors[name])
            # With few samples the estimate of the error is inaccurate.
            assert abs(share - best.shares[name]) <= (4 if samples > 4 else 12) * error + 1e-6
    assert np.mean(list(best.standard_errors.values())) < 0.5 * np.mean(list(found.standard_errors.values()))


def test_seed_determines_the_explanation(create: Callable[..., Any]) -> None:
    net, row = of_numbers(create, 14, rows=300), np.linspace(-1, 1, 14)
    assert net.explain(row) == net.explain(row) == net.explain(row, samples=16, seed=0)
    assert net.explain(row, seed=1) != net.explain(row)
    assert net.explain(row, seed=2**64 - 1).mean != net.explain(row).mean


def test_server_gives_the_same_explanations(db: nr.NeuralRedis) -> None:
    for build in (of_fields, lambda create: of_numbers(create, 5, 3), lambda create: of_numbers(create, 15)):
        local = build(nr.Network)
        remote = db.upload("net", local, replace=True)
        questions = (
            some_rows(5, 3) if local.fields else list(np.random.default_rng(2).normal(size=(5, local.info().layout[0])))
        )
        for row in questions:
            assert remote.explain(row) == local.explain(row)
            assert remote.explain(row, seed=3, samples=5) == local.explain(row, seed=3, samples=5)
            for want in local.classes or (range(3) if local.info().type == "classifier" else ()):
                assert remote.explain(row, label=want) == local.explain(row, label=want)
                assert remote.explain(row, want=want) == local.explain(row, want=want)


def test_explanations_do_not_depend_on_cpu_and_threads() -> None:
    program = """
        import numpy as np
        import neuralredis as nr
        from neuralredis import _core
        _core.set_threads({threads})
        for inputs in (5, 14):
            net = nr.Network("classifier", [inputs, 9, 4], normalize=True, dataset=150, test=0, seed=3)
            X = np.random.default_rng(5).normal(size=(150, inputs))
            net.observe(X, np.digitize(X[:, 0] * X[:, 1], [-0.5, 0, 0.5]))
            net.train(max_cycles=30)
            found = net.explain(X[3], seed=2)
            print(found.answer.hex(), found.mean.hex(), [share.hex() for share in found.shares.values()])
            print(found.standard_errors, net.explain(X[3], want=2))
    """
    expected = output_of(program.format(threads=1))
    assert output_of(program.format(threads=2)) == expected
    assert output_of(program.format(threads=1), env={"NEURALREDIS_ISA": "portable"}) == expected


def test_shares_and_values_are_keyed_by_field(create: Callable[..., Any]) -> None:
    net = of_fields(create)
    row = {"age": 31, "plan": "unheard-of", "at": dt.date(2024, 3, 1), "tags": ["red", "unknown"], "note": "good"}
    found = net.explain(row)
    assert list(found.shares) == list(FIELDS)
    moment = dt.datetime(2024, 3, 1, tzinfo=dt.timezone.utc)
    assert found.values == {"age": 31, "plan": None, "on": None, "at": moment, "tags": ["red"], "note": None}
    assert found.label == net.classify(row)
    likely = net.run(row)[found.label]
    assert found.answer == pytest.approx(math.log(likely / (1 - likely)), abs=1e-4)
    assert sum(found.shares.values()) == found.answer - found.mean
    other = net.explain(row, label="no" if found.label == "yes" else "yes")
    assert other.answer == -found.answer
    assert list(other.shares.values()) == pytest.approx([-share for share in found.shares.values()], abs=1e-12)
    assert net.explain([row]) == found, "a list of one row is one row"


def test_unused_inputs_have_zero_share(create: Callable[..., Any]) -> None:
    net = create("regressor", fields={"a": "number", "b": "number"}, target="y", hidden=[], dataset=50, test=0, seed=1)
    rng = np.random.default_rng(4)
    rows = [{"a": float(a), "b": 3.0} for a in rng.normal(size=50)]
    net.observe(rows, [2 * row["a"] for row in rows])
    net.train(max_cycles=200)
    found = net.explain({"a": 1.5, "b": 3.0})
    assert found.shares["b"] == 0
    mean = np.mean([np.float32(row["a"]) for row in rows])
    assert found.shares["a"] == pytest.approx(2 * (1.5 - mean), abs=0.05)
    assert found.label == "y"


def test_label_selects_one_of_several_targets(create: Callable[..., Any]) -> None:
    net = create("regressor", fields={"a": "number"}, target=["low", "high"], dataset=20, test=0, seed=1)
    net.observe([{"a": a} for a in range(20)], [[a, 10 * a] for a in range(20)])
    net.train(max_cycles=50)
    assert net.explain({"a": 30}, label="high").answer == pytest.approx(net.run({"a": 30})["high"])
    assert net.explain({"a": 30}, label="low").label == "low"
    for label in (None, "middle"):
        with pytest.raises(nr.OptionError, match="one of low, high"):
            net.explain({"a": 30}, label=label)


def test_changes_reach_the_class_and_none_can_be_omitted(create: Callable[..., Any]) -> None:
    net = of_fields(create)
    counts = []
    stored, _ = net.rows("train")
    # Texts are stored as hashes, so changes cannot use the texts of other rows: these rows have none.
    for row in (row for row in some_rows(25, 8) if row["note"] is None):
        for want in ("no", "yes"):
            found = net.explain(row, want=want)
            assert (found.label, found.want) == (net.classify(row), want)
            assert found.changes is not None
            counts.append(len(found.changes))
            assert bool(found.changes) == (found.label != want)
            if "note" in found.changes:
                continue
            changed = {**row, **{name: new for name, (_, new) in found.changes.items()}}
            assert net.classify(changed) == want
            assert any(all(near[name] == new for name, (_, new) in found.changes.items()) for near in stored)
            for size in range(len(found.changes)):
                for fewer in itertools.combinations(found.changes, size):
                    changed = {**row, **{name: found.changes[name][1] for name in fewer}}
                    assert net.classify(changed) != want
    assert {0, 1} <= set(counts)


def test_changes_without_fields_are_keyed_by_position(create: Callable[..., Any]) -> None:
    net = of_numbers(create, 13, 3, rows=150)
    row = np.random.default_rng(3).normal(size=13).astype(np.float32)
    for want in range(3):
        found = net.explain(row, want=want)
        changed = row.copy()
        for at, (old, new) in found.changes.items():
            assert np.float32(old) == row[at]
            changed[at] = new
        assert net.classify(changed) == want
        assert found.label == net.classify(row)


def test_class_that_no_row_is_assigned_to_is_unreachable(create: Callable[..., Any]) -> None:
    net = create("classifier", [1, 3], dataset=20, test=0, normalize=True, seed=1)
    net.observe([[x] for x in range(20)], [x > 9 for x in range(20)])
    net.train(max_cycles=100)
    found = net.explain([3], want=2)
    assert found.changes is None
    assert repr(found) == "<Counterfactual: 0, no stored row is predicted as 2>"
    assert net.explain([3], want=1).changes == {0: (3.0, 10.0)}
    assert repr(net.explain([3], want=1)) == "<Counterfactual: 0, but 1 with 0 3 -> 10>"
    assert repr(net.explain([3], want=0)) == "<Counterfactual: 0, but 0 with no change>"


@pytest.mark.parametrize(
    ("kind", "given", "options", "expected"),
    [
        ("of_fields", {"age": "old"}, {}, (nr.DataError, "field age is 'old': expected a finite number")),
        ("of_fields", {"agee": 3}, {}, (nr.DataError, "unknown field 'agee'")),
        ("of_fields", {}, {"label": "maybe"}, (nr.OptionError, "is 'maybe': expected one of no, yes")),
        ("of_fields", {}, {"want": "maybe"}, (nr.OptionError, "is 'maybe': expected one of no, yes")),
        ("of_fields", [{}, {}], {}, (nr.ShapeError, "2 rows: expected one")),
        ("of_fields", [], {}, (nr.ShapeError, "0 rows: expected one")),
        ("of_numbers", [1, 2, 3], {"samples": 1}, (nr.OptionError, "samples is 1: expected an integer from 2 to 1000")),
        ("of_numbers", [1, 2, 3], {"samples": 1001}, (nr.OptionError, "samples is 1001")),
        ("of_numbers", [1, 2, 3], {"samples": "x"}, (TypeError, "samples is 'x': expected an integer")),
        ("of_numbers", [1, 2, 3], {"seed": -1}, (nr.OptionError, "seed is -1: expected an integer from 0")),
        ("of_numbers", [1, 2, 3], {"label": 1}, (nr.OptionError, "label is 1: expected an integer from 0 to 0")),
        ("of_numbers", [1, 2, 3], {"want": 0}, (nr.KindError, "only a classifier has classes")),
        ("of_numbers", [1, 2, 3], {"want": 0, "seed": 1}, (nr.OptionError, "want is combined with label, samples")),
        ("of_numbers", [1, 2], {}, (nr.ShapeError, "the network has 3 inputs, 2 were given")),
        ("of_numbers", [[1, 2, 3]] * 2, {}, (nr.ShapeError, "2 rows: expected one")),
        ("of_numbers", [1, 2, math.inf], {}, (nr.DataError, "input 2 is inf: expected a finite number")),
    ],
)  # fmt: skip
def test_invalid_explanations_are_rejected(
    create: Callable[..., Any], kind: str, given: Any, options: dict[str, Any], expected: tuple[type[Exception], str]
) -> None:
    net = of_fields(create) if kind == "of_fields" else of_numbers(create, 3)
    with pytest.raises(expected[0], match=expected[1]):
        net.explain(given, **options)


def test_explain_needs_training_rows_and_classes(create: Callable[..., Any]) -> None:
    with pytest.raises(nr.DataError, match="the network has no training rows: an explanation compares with them"):
        create("regressor", [2, 1]).explain([1, 2])
    with pytest.raises(nr.DataError, match="the network has no training rows"):
        create("classifier", [2, 2]).explain([1, 2], want=1)
    with pytest.raises(nr.TrainingError, match="the network has seen no class yet"):
        create("classifier", fields={"a": "number"}, target="b").explain({"a": 1})
    wide = create("regressor", [4097, 1], dataset=2, test=0)
    wide.observe(np.zeros((1, 4097)), [1])
    with pytest.raises(nr.ShapeError, match="the network has 4097 inputs: at most 4096 are explained"):
        wide.explain(np.zeros(4097))


def test_words_unknown_to_the_weights_are_explained_as_unknown(create: Callable[..., Any]) -> None:
    net = of_fields(create)
    net.observe([{"plan": "newer"}] * 3, ["yes"] * 3)
    net.observe([{"age": 3}] * 3, ["perhaps"] * 3)
    found = net.explain({"plan": "newer"})
    assert found.values["plan"] == "newer"
    assert found.label in ("yes", "no")
    with pytest.raises(nr.OptionError, match="is 'perhaps': expected one of"):
        net.explain({}, label="perhaps")


def test_explanation_uses_a_snapshot_of_the_network() -> None:
    net = of_numbers(nr.Network, 30, rows=200)
    row, before = np.linspace(-1, 1, 30), net.explain(np.linspace(-1, 1, 30), samples=40)
    found: list[nr.Explanation] = []
    thread = threading.Thread(target=lambda: found.append(copy.explain(row, samples=40)))
    copy = net.__copy__()
    thread.start()
    while thread.is_alive():
        net.observe(np.random.default_rng(1).normal(size=30), 1)
        net.reset()
    thread.join()
    assert found == [before]


def test_long_explanation_can_be_interrupted() -> None:
    net = nr.Network("regressor", [400, 400, 1], dataset=100, test=0, seed=1)
    net.observe(np.ones((100, 400)), np.ones(100))

    def late(*_: Any) -> None:
        raise TimeoutError("enough")

    before = signal.signal(signal.SIGALRM, late)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(TimeoutError, match="enough"):
            net.explain(np.zeros(400), samples=1000)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_vector_is_explained_as_one_field(create: Callable[..., Any]) -> None:
    net = create("classifier", fields={"v": "vector 3", "a": "number"}, target="y", dataset=40, test=0, seed=1)
    rng = np.random.default_rng(1)
    rows = [{"v": list(rng.normal(size=3)), "a": float(at)} for at in range(40)]
    net.observe(rows, ["yes" if row["v"][0] > 0 else "no" for row in rows])
    net.train(max_cycles=60)
    found = net.explain({"v": [2, 0, 0], "a": 3})
    assert list(found.shares) == ["v", "a"]
    assert found.shares["v"] > 3 * abs(found.shares["a"])
    assert found.values["v"].tolist() == [2, 0, 0]
    assert found == net.explain({"v": [2, 0, 0], "a": 3})
    assert found != net.explain({"v": [2, 0, 0.5], "a": 3})
    changed = net.explain({"v": [2, 0, 0], "a": 3}, want="no")
    assert list(changed.changes) == ["v"]
    assert changed == net.explain({"v": [2, 0, 0], "a": 3}, want="no")
    assert net.classify({"v": changed.changes["v"][1], "a": 3}) == "no"


finite = st.floats(-1e6, 1e6, width=32)


@settings(max_examples=40, deadline=None)
@given(st.lists(finite, min_size=4, max_size=4), st.integers(0, 2), st.integers(0, 2**64 - 1))
def test_shares_of_random_rows_add_up(row: list[float], label: int, seed: int) -> None:
    found = WIDE.explain(row, label=label, seed=seed)
    assert sum(found.shares.values()) == found.answer - found.mean
    assert all(map(math.isfinite, [found.answer, found.mean, *found.shares.values()]))


WIDE = of_numbers(nr.Network, 4, 3, rows=120)


def test_bars_show_positive_and_negative_shares() -> None:
    shares = {"sex": 1.76, "class": -0.576, "fare": 0.0, "age": 0.0441}
    values = {"sex": "female", "class": "3", "fare": None, "age": 30.5}
    found = nr.Explanation(label="yes", answer=1.0, mean=-0.2281, rows=100, shares=shares, values=values)
    assert found.bars(52).split("\n") == [
        "sex = female +1.76         │████████████████████████",
        "class = 3    -0.58 ████████│",
        "age = 30.5   +0.04         │▌",
        "fare unknown     0         │",
    ]
    for width in (40, 52, 72, 200):
        lines = found.bars(width).split("\n")
        assert len({line.index("│") for line in lines}) == 1, "the axis is a line"
        assert max(map(len, lines)) <= width
        ascii_lines = found.bars(width, ascii_only=True)
        assert ascii_lines.isascii()
    rest = found.bars(most=2).split("\n")
    assert rest[1].startswith("3 others     -0.53")
    assert repr(found) == "<Explanation of yes: 1, mean -0.2281; sex +1.76, class -0.576, age +0.0441, ...>"


def test_bars_escape_control_characters_of_names() -> None:
    name = "\x1b[31mred\n" + "x" * 80
    found = nr.Explanation(
        label=0, answer=0.0, mean=0.0, rows=1, shares={name: 0.0, "v": -1e-9}, values={name: "a\tb", "v": np.zeros(3)}
    )
    lines = found.bars().split("\n")
    assert len(lines) == 2
    assert all(line.isprintable() and len(line) <= 72 for line in lines)
    assert nr.Explanation(label=0, answer=0.0, mean=0.0, rows=1, shares={}, values={}).bars() == ""
