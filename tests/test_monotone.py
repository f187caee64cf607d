"""Monotone networks: predictions only rise, or only fall, with an input, exactly and for any training rows."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import neuralredis as nr
import tables
from neuralredis.sklearn import NeuralClassifier, NeuralRegressor

SIGNS = (1, 0, -1)
Create = Callable[..., Any]


def contrary(seed: int, rows: int = 300) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return rows whose outcomes violate the constraints of both inputs."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 3))
    return X, np.sin(3 * X[:, 1]) - X[:, 0] + X[:, 2] ** 3


def pairs(seed: int, rows: int = 2000) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return rows, and for each a row whose prediction must not be less; they differ in several inputs at once."""
    rng = np.random.default_rng(seed)
    wide = rng.choice([1.0, 3.0, 1e4, 1e30, 3e38], size=(rows, 1))
    low = np.float32(rng.uniform(-1, 1, (rows, 3)) * wide)
    by = np.where(rng.random((rows, 3)) < 0.3, 0, rng.choice([1e-7, 1e-2, 1.0], (rows, 3)) * wide) * SIGNS
    return low, np.float32(np.clip(low + by, -3.4e38, 3.4e38))


def assert_monotone(net: Any, seed: int = 0) -> None:
    low, high = pairs(seed)
    below, above = net.run(low), net.run(high)
    assert np.isfinite(below).all()
    assert (below[:, -1] <= above[:, -1]).all()
    if below.shape[1] == 2:
        assert (below[:, 0] >= above[:, 0]).all()
        assert (net.classify(low) <= net.classify(high)).all()


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
@pytest.mark.parametrize("options", [{}, {"algorithm": "adam", "output": "sigmoid"}, {"activation": "sigmoid"}])
def test_predictions_are_monotone_for_contrary_rows(create: Create, kind: str, options: dict[str, Any]) -> None:
    outputs = 2 if kind == "classifier" else 1
    net = create(kind, [3, 8, 6, outputs], monotone=SIGNS, normalize=True, dataset=200, test=100, seed=5, **options)
    assert_monotone(net)
    X, y = contrary(1)
    y = (y > 0).astype(int) if kind == "classifier" else y
    net.observe(X, y)
    net.train(autostop=True, backtrack=True, max_cycles=60, progress=False)
    assert_monotone(net)
    assert net.info().monotone == list(SIGNS)
    # The unconstrained part of the outcome is learnt to some degree.
    free = net.run([[0, x, 0] for x in (-0.5, 0.5)])[:, -1]
    assert free[0] < free[1]
    # Another range, so another standardization.
    net.observe(X[:100] * 40 + 9, y[:100])
    net.train(max_cycles=20, progress=False)
    assert_monotone(net, 1)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    signs=st.lists(st.sampled_from([1, 0, -1]), min_size=3, max_size=3).filter(any),
    hidden=st.lists(st.integers(1, 6), max_size=3),
    classes=st.booleans(),
    data=st.data(),
)
def test_ordered_pairs_of_rows_have_ordered_predictions(
    seed: int, signs: list[int], hidden: list[int], classes: bool, data: st.DataObject
) -> None:
    kind, outputs = ("classifier", 2) if classes else ("regressor", 1)
    net = nr.Network(kind, [3, *hidden, outputs], monotone=signs, normalize=True, seed=seed, dataset=60, test=20)
    X, y = contrary(seed % 1000, 80)
    net.observe(X, (y > 0).astype(int) if classes else y)
    net.train(max_cycles=data.draw(st.integers(0, 30)), progress=False)
    value = st.floats(width=32, allow_nan=False, allow_infinity=False)
    rows = np.float32(data.draw(st.lists(st.tuples(value, value, value), min_size=2, max_size=20)))
    # The other row of a pair has the next row's values where they are further along; free inputs are equal.
    others = np.roll(rows, 1, axis=0)
    with np.errstate(over="ignore"):
        high = np.where(np.array(signs) > 0, np.maximum(rows, others), rows)
        high = np.where(np.array(signs) < 0, np.minimum(rows, others), high)
    assert (net.run(rows)[:, -1] <= net.run(high)[:, -1]).all()
    assert all(net.run(a)[-1] <= net.run(b)[-1] for a, b in zip(rows, high, strict=True))
    again = nr.Network.from_bytes(bytes(net))
    assert again == net
    assert (again.run(high) == net.run(high)).all()


def test_predictions_stay_monotone_after_saving_copying_and_training(tmp_path: Path, db: nr.NeuralRedis) -> None:
    net = nr.Network("regressor", [3, 5, 1], monotone=SIGNS, normalize=True, dataset=200, test=100, seed=3)
    net.observe(*contrary(2))
    net.train(autostop=True, backtrack=True, max_cycles=30, progress=False)
    net.save(tmp_path / "net.nr")
    remote = db.upload("net", net)
    for other in (nr.load(tmp_path / "net.nr"), pickle.loads(pickle.dumps(net)), remote.download()):
        assert other == net
        other.train(max_cycles=10, progress=False)
        assert_monotone(other)
    remote.train(max_cycles=10, progress=False)
    assert_monotone(remote)
    assert remote.info().monotone == list(SIGNS)
    remote.reset()
    assert_monotone(remote)


def test_weights_that_violate_the_constraint_are_rejected() -> None:
    net = nr.Network("regressor", [3, 4, 1], monotone=SIGNS, seed=3)
    weights = np.concatenate([layer.ravel() for member in net.weights() for layer in member])
    before = bytes(net)
    at = next(at for at in range(4, 8) if weights[at] > 0)
    broken = weights.copy()
    broken[at] *= -1
    with pytest.raises(nr.DataError, match=rf"weight {at} is -.*: expected at least 0, since the answer is monotone"):
        net.set_weights(broken)
    assert bytes(net) == before
    net.set_weights(weights * 3)
    assert_monotone(net)


def test_networks_without_constraint_are_saved_unchanged() -> None:
    plain = nr.Network("regressor", [3, 4, 1], seed=3)
    assert bytes(nr.Network("regressor", [3, 4, 1], seed=3, monotone=None)) == bytes(plain)
    assert bytes(nr.Network("regressor", [3, 4, 1], seed=3, monotone="none")) == bytes(plain)
    zeros = nr.Network("regressor", [3, 4, 2], seed=3, monotone=np.zeros(3))
    assert (zeros.info().monotone, zeros.info().activation) == ([0, 0, 0], "relu")


@pytest.mark.parametrize(
    ("layout", "options", "message"),
    [
        ([2, 3, 2], {"monotone": [1, 0]}, "monotone is 1,0: expected none for a regressor of more than one output"),
        ([2, 3, 1], {"monotone": [1]}, "monotone is 1 number: expected 2, one for each input"),
        ([2, 3, 1], {"monotone": [1, 2]}, "2 for input 1: expected none or 1, 0 or -1 for each input"),
        ([2, 3, 1], {"monotone": "up"}, "monotone is 'up': expected 'none' or 1, 0 or -1 for each input"),
        ([2, 3, 1], {"monotone": [1, 0], "activation": "relu"}, "activation is relu: expected tanh or sigmoid where"),
        ([2, 3, 1], {"monotone": [1, 0], "algorithm": "lbfgs"}, "algorithm is lbfgs: expected auto, adam or a variant"),
    ],
)
def test_invalid_constraints_are_rejected(
    create: Create, layout: list[int], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(nr.OptionError) as raised:
        create("regressor", layout, **options)
    assert message in str(raised.value)


def test_multiclass_and_changed_constraints_are_rejected(create: Create) -> None:
    with pytest.raises(nr.OptionError, match="none for a classifier of more than two classes"):
        create("classifier", [1, 3], monotone=[1])
    net = create("classifier", [2, 3, 2], monotone=[1, 0])
    with pytest.raises(nr.OptionError, match="monotone is 1,-1: expected 1,0, as the network was created"):
        net.configure(monotone=[1, -1])
    with pytest.raises(nr.OptionError, match="activation is relu"):
        net.configure(activation="relu")
    assert net.configure(monotone=[1, 0], patience=7)["monotone"] == [1, 0]


def test_constraints_can_be_given_by_field_name(create: Create) -> None:
    with pytest.raises(TypeError, match=r"monotone is .*'price'.*: expected a list, one for each input"):
        create("regressor", [2, 1], monotone={"price": -1})
    fields = {"price": "number", "new": "flag", "plan": "category"}
    for wrong, message in (
        ({"cost": -1}, "monotone has 'cost': it is none of the fields"),
        ({"price": 2}, "monotone is 2 for price: expected 1, 0 or -1"),
        ({"plan": 1}, "monotone is 1 for field plan of kind CATEGORY 100: expected 0, since only a NUMBER, a FLAG or"),
    ):
        with pytest.raises(nr.OptionError) as raised:
            create("regressor", fields=fields, target="sold", monotone=wrong)
        assert message in str(raised.value)
    with pytest.raises(nr.OptionError, match="besides signs after kinds"):
        create("regressor", fields={**fields, "price": "number -"}, target="sold", monotone={"new": 1})
    with pytest.raises(nr.OptionError, match="CLASSES 2 has an order"):
        create("classifier", fields=fields, target="sold", monotone={"new": 1})
    create("classifier", fields=fields, target="sold", monotone={"new": 1}, classes=2)


def sales(seed: int, rows: int = 400) -> list[dict[str, Any]]:
    """Return sales at prices, with gaps and words, whose outcomes violate the constraint."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(rows):
        price: Any = round(float(rng.lognormal(2, 1)), 2)
        new, plan = bool(rng.random() < 0.5), ("a", "b", "c")[rng.integers(3)]
        sold = np.log(price) - 2 * new + {"a": 0, "b": 2, "c": 4}[plan] + rng.normal(0, 0.3)
        price = None if rng.random() < 0.1 else "unknown" if rng.random() < 0.1 else price
        found.append({"price": price, "new": new, "plan": plan, "sold": float(sold)})
    return found


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_signs_after_kinds_of_fields_set_constraints(create: Create, kind: str) -> None:
    fields = {"price": "auto 5 -", "new": ("flag", "+"), "plan": "category"}
    options: dict[str, Any] = {"classes": ["few", "many"]} if kind == "classifier" else {}
    net = create(kind, fields=fields, target="sold", dataset=300, test=100, seed=2, hidden=[8, 6], **options)
    rows = sales(1)
    if kind == "classifier":
        rows = [{**row, "sold": "many" if row["sold"] > 2 else "few"} for row in rows]
    net.observe(rows)
    net.train(autostop=True, backtrack=True, max_cycles=60, progress=False)
    declared = net.info().fields if kind == "regressor" else {one.name: one.kind for one in net.field_statistics()}
    assert declared == {"price": "auto 5 -", "new": "flag +", "plan": "category 100"}
    assert net.info().monotone == [-1, 1, 0]
    rng = np.random.default_rng(3)
    low, high = [], []
    for _ in range(1500):
        price, plan = float(np.float32(rng.lognormal(2, 2))), ("a", "b", "c", "new word")[rng.integers(4)]
        less = float(np.float32(price * rng.choice([1, 1 - 1e-7, 0.5, -1e30])))
        new = bool(rng.integers(2))
        low.append({"price": price, "new": new and bool(rng.integers(2)), "plan": plan})
        high.append({"price": less, "new": new, "plan": plan})
    below, above = (net.run(rows).reshape(len(rows), -1)[:, -1] for rows in (low, high))
    assert (below <= above).all()
    assert below.std() > 0
    again = create(kind, fields=dict(declared), target="sold", hidden=[8, 6], seed=2, dataset=300, test=100, **options)
    assert again.info().monotone == [-1, 1, 0]


def test_true_constraint_reduces_the_error() -> None:
    rng = np.random.default_rng(7)

    def steps(X: NDArray[np.float64]) -> NDArray[np.float64]:
        sizes, places = np.array([1, 0.8, 0.6, 0.4]), np.array([0.3, 0.6, 0.5, 0.4])
        return np.asarray(((places < X) * sizes).sum(1) + 0.5 * (X[:, 0] > 0.7) * (X[:, 1] > 0.3))

    X, fresh = rng.uniform(size=(600, 4)), rng.uniform(size=(4000, 4))
    noisy = steps(X) + rng.normal(0, 0.1, 600)
    errors = {}
    for name, options in {"free": {}, "monotone": {"monotone": [1] * 4}}.items():
        net = nr.Network("regressor", [4, 30, 30, 1], normalize=True, dataset=480, test=120, seed=1, **options)
        net.observe(X, noisy)
        net.train(autostop=True, backtrack=True, max_cycles=1500, progress=False)
        errors[name] = net.evaluate(fresh, steps(fresh)).rmse
    assert errors["monotone"] < 0.75 * errors["free"], errors


def test_estimators_take_monotonic_cst() -> None:
    pd = pytest.importorskip("pandas")
    X, y = contrary(4)
    model = NeuralRegressor((8, 6), monotonic_cst=SIGNS, early_stopping=False, max_iter=60, random_state=1).fit(X, y)
    low, high = pairs(4)
    moderate = np.abs([low, high]).max((0, 2)) < 1e6
    assert (model.predict(low[moderate]) <= model.predict(high[moderate])).all()
    assert model.network_.info().activation == "tanh"
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    labels = np.where(y > 0, "yes", "no")
    by_name = NeuralClassifier((6,), monotonic_cst={"a": 1, "c": -1}, early_stopping=False, max_iter=40, random_state=1)
    by_name.fit(frame, labels)
    found = [by_name.predict_proba(pd.DataFrame(rows[moderate], columns=["a", "b", "c"]))[:, 1] for rows in (low, high)]
    assert (found[0] <= found[1]).all()
    # Rows with a gap need fields.
    gappy = frame.assign(b=frame["b"].where(frame["b"] > -1))
    by_name.fit(gappy, labels)
    assert by_name.network_.fields is not None
    assert by_name.network_.info().monotone == [1, 0, -1]
    for wrong, message in (
        ({"z": 1}, "monotonic_cst has 'z': expected names of columns, a, b, c"),
        ([1, 0], "monotonic_cst has 2 values: expected 3"),
        ([1, 0, 3], "monotonic_cst has 3: expected 1, 0 or -1"),
        ("abc", "monotonic_cst is 'abc': expected a list, a dict or None"),
    ):
        with pytest.raises(ValueError, match=message):
            NeuralClassifier(monotonic_cst=wrong).fit(frame, labels)
    with pytest.raises(ValueError, match="expected a list, since the columns have no names"):
        NeuralClassifier(monotonic_cst={"a": 1}).fit(X, labels)


def test_learn_takes_names_and_reports_invalid_constraints() -> None:
    rows = sales(6)
    learnt = nr.learn(rows, target="sold", monotone={"new": 1}, seed=1, hidden=[8], max_time=2, progress=False)
    signs = dict(zip(learnt.network.fields or {}, learnt.network.info().monotone, strict=True))
    assert signs == {"price": 0, "new": 1, "plan": 0}
    old, new = (learnt.network.run([{**row, "price": 3, "new": new} for row in rows]) for new in (False, True))
    assert (old <= new).all()
    for wrong, message in (
        ({"plan": 1}, "monotone has 'plan', which is read as category: expected a number, or yes and no"),
        ({"cost": 1}, "monotone has 'cost': expected one of the columns 'price', 'new', 'plan'"),
        ({"sold": 1}, "monotone has 'sold', which is the target"),
        ({"new": "up"}, "monotone is 'up' for 'new': expected 1, 0 or -1"),
    ):
        with pytest.raises(nr.DataError, match=message):
            nr.learn(rows, target="sold", monotone=wrong, seed=1, progress=False)
    with pytest.raises(nr.DataError, match="'plan' has 3 classes: monotone needs a target with two classes"):
        nr.learn(rows, target="plan", monotone={"new": 1}, seed=1, progress=False)


def test_command_line_takes_names_of_monotone_columns(command: tables.Command, tmp_path: Path) -> None:
    lines = ["price,size,sold", *(f"{row['price']},{i % 40},{row['sold']:.3f}" for i, row in enumerate(sales(7)))]
    (tmp_path / "sales.csv").write_text("\n".join(lines).replace("None", "").replace("unknown", ""))
    train = ["train", "sales.csv", "--target", "sold", "--max-time", "2"]
    text = command(*train, "--increasing", "size", "--decreasing", "price").out
    assert "The answer never falls as 'size' rises." in text
    assert "The answer never rises as 'price' rises." in text
    net = nr.load("sales.nr")
    assert dict(net.fields or {}) == {"price": "number -", "size": "number +"}
    predictions = net.run([{"price": price, "size": 5} for price in (1, 2, 50, 1000)])
    assert (np.diff(predictions) <= 0).all()
    # A network with monotone fields predicts tables like any other.
    assert "never" not in command("evaluate", "sales.nr", "sales.csv").err
    for options, message in (
        (("--increasing", "size", "--decreasing", "size"), "'size' is in --increasing and in --decreasing"),
        (("--increasing", "cost"), "cost"),
        (("--increasing", "sold"), "monotone has 'sold', which is the target"),
    ):
        done = command(*train, *options)
        assert done.code
        assert message in done.err
