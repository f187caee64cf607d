"""`describe`, `weights`, `gradient` and `set_weights`: predictions and trainings can be computed elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import neuralredis as nr
from neuralredis.export.numpy_parts.layers import sigmoid, tanh

ACTIVATIONS = {
    None: lambda z: z,
    "relu": lambda z: np.maximum(z, z.dtype.type(0)),
    "tanh": np.tanh,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
}
FINITE = np.finfo(np.float32).min, np.finfo(np.float32).max


def fused(x: NDArray[Any], weight: NDArray[Any], total: NDArray[Any]) -> NDArray[Any]:
    """Return x * weight + total in single precision, rounded once.

    The product is exact in double precision. The sum is first rounded to odd (Boldo and Melquiond, "Emulation of a FMA
    and correctly rounded sums", IEEE Transactions on Computers 57, 2008), after which rounding it again does no harm.
    """
    product = x.astype(np.float64) * weight.astype(np.float64)
    exact = total.astype(np.float64)
    rounded = product + exact
    part = rounded - product
    error = (product - (rounded - part)) + (exact - part)
    even = (error != 0) & np.isfinite(error) & (rounded.view(np.int64) & 1 == 0)
    return np.where(even, np.nextafter(rounded, np.copysign(np.inf, error)), rounded).astype(np.float32)


@np.errstate(over="ignore", invalid="ignore")
def answers(description: nr.Description, X: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the outputs of a network, computed from its description."""
    one, limit, bound = np.float32(1), np.float32(description.input_limit), np.float32(description.unit_limit)
    x = X
    if description.inputs is not None:
        x = np.clip(np.clip(X - description.inputs.mean, *FINITE) * description.inputs.scale, -limit, limit)
    members = []
    for layers in description.members:
        values = x
        for layer in layers:
            z = np.repeat(layer.biases[None], len(X), axis=0)
            # No row of these tests uses inputs that are looked up, whose weights come last.
            for column, weights in zip(values.T, layer.weights[: values.shape[1]], strict=True):
                z = fused(column[:, None], weights, z)
            values = ACTIVATIONS[layer.activation](np.clip(z, -bound, bound))
        members.append(values)
    share = one / np.float32(len(members))
    y = members[0] if len(members) == 1 else sum((units * share for units in members), np.zeros_like(members[0]))
    if description.output == "softmax":
        powers = np.exp(y - y.max(axis=1, keepdims=True))
        y = powers / powers.sum(axis=1, keepdims=True)
    elif description.output == "sigmoid":
        y = ACTIVATIONS["sigmoid"](y)
    if description.outputs is not None:
        scale = np.where(description.outputs.scale == 0, one, description.outputs.scale)
        scaled = np.clip(y / scale + description.outputs.mean, *FINITE)
        y = np.where(description.outputs.scale == 0, description.outputs.mean, scaled)
    return y


def trained(kind: str, layout: list[int], cycles: int = 30, **options: Any) -> tuple[nr.Network, NDArray[np.float32]]:
    """Return a trained network and its training rows."""
    random = np.random.default_rng(1)
    X = (random.normal(size=(150, layout[0])) * 20 + 100).astype(np.float32)
    if kind == "classifier":
        y = (X[:, 0] > X[:, 1]).astype(np.float32)
    else:
        y = np.stack([X[:, 0] * X[:, 1], X[:, 0] * 0 + 5], axis=1)
    net = nr.Network(kind, layout, seed=3, **{"algorithm": "irprop+", "ensemble": 1, **options})  # type: ignore[arg-type]
    net.observe(X, y, into="train")
    if cycles:
        net.train(max_cycles=cycles, max_time=None)
    return net, X


EXACT = [
    {"normalize": True},
    {"normalize": True, "ensemble": 3},
    {},
    {"cycles": 0},
]


@pytest.mark.parametrize("options", EXACT, ids=str)
def test_description_reproduces_answers_to_the_last_bit(options: dict[str, Any]) -> None:
    net, X = trained("regressor", [3, 9, 5, 2], **options)
    description = net.describe()
    assert len(description.members) == options.get("ensemble", 1) == net.info().members
    assert (description.inputs is None) == (options.get("cycles") == 0)
    X = np.vstack([X, np.float32([[3e38, -3e38, 0], [1e30, 1e9, -1e12]])])
    np.testing.assert_array_equal(answers(description, X), net.run(X))


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
@pytest.mark.parametrize(
    ("kind", "output"), [("classifier", "softmax"), ("classifier", "sigmoid"), ("regressor", "sigmoid")]
)
def test_description_with_numpy_exponentials_is_close(kind: str, output: str, activation: str) -> None:
    net, X = trained(kind, [3, 9, 2], normalize=True, ensemble=2, output=output, activation=activation)
    expected = net.run(X)
    assert net.describe().output == output
    np.testing.assert_allclose(answers(net.describe(), X), expected, rtol=0, atol=1e-6 * np.abs(expected).max())


def state_of(description: nr.Description, events: list[dict[str, Any]]) -> NDArray[np.float32]:
    """Return the hidden state after events, computed from the description of GRU cells."""
    view = description.sequences
    assert view
    assert view.gru
    bound, parts = np.float32(description.unit_limit), []
    for cell in view.gru.cells:
        hidden = sums = np.zeros(view.gru.units, dtype=np.float32)
        for event in events[-view.length :]:
            x, entries = inputs_of(view, event)
            a = chain(x, cell.input_weights, cell.input_biases, bound)
            for number in entries:
                a = fused(np.float32(1), cell.input_weights[number], a)
            a, b = np.clip(a, -bound, bound), chain(hidden, cell.hidden_weights, cell.hidden_biases, bound)
            z, r = sigmoid(a[0] + b[0]), sigmoid(a[1] + b[1])
            hidden = hidden + z * (tanh(a[2] + r * b[2]) - hidden)
            sums = sums + hidden
        parts += [hidden, sums / np.float32(max(len(events[-view.length :]), 1))]
    state = np.zeros(view.gru.parts * 2 * view.gru.units, dtype=np.float32)
    own = np.concatenate(parts)
    state[: len(own)] = own
    return state


def inputs_of(view: nr.SequenceView, event: dict[str, Any]) -> tuple[NDArray[np.float32], list[int]]:
    """Return the computed inputs of an event, and the indices of the inputs that are looked up."""
    x, entries = np.full(view.events.computed, np.nan, dtype=np.float32), []
    assert view.gru
    for field in view.events.fields:
        value = event.get(field.name)
        if field.kind == "number" and value is not None:
            x[field.computed : field.computed + 2] = value, 0
        elif field.kind == "category" and value is not None:
            known = field.words.get(value, field.gap + 1)
            entries.append(known if known < view.gru.inputs else field.gap + 1)
        else:
            entries.append(field.gap)
    if view.scaling is not None:
        x = np.clip(x - view.scaling.mean, *FINITE) * view.scaling.scale
    return np.where(np.isnan(x), np.float32(0), np.clip(x, np.float32(-10), np.float32(10))), entries


def chain(x: NDArray[Any], weights: NDArray[Any], sums: NDArray[Any], bound: Any) -> NDArray[Any]:
    # The weights of inputs that are looked up follow those of computed inputs.
    for value, row in zip(x, weights, strict=False):
        sums = fused(value, row, sums)
    return np.clip(sums, -bound, bound)


@pytest.mark.parametrize("hidden", [[], [7]])
def test_description_of_gru_cells_reproduces_answers_to_the_last_bit(hidden: list[int]) -> None:
    net = nr.SequenceNetwork(
        "regressor", fields={"n": "number", "page": "category"}, target="y", cell="gru", length=8, hidden=hidden,
        ensemble=3, seed=4,
    )  # fmt: skip
    chance = np.random.default_rng(2)
    sequences = [
        [{"n": float(chance.normal()) * 9, "page": str(chance.choice(["a", "b", "c"]))} for _ in range(length)]
        for length in chance.integers(1, 12, 40)
    ]
    assert net.describe().sequences.gru.cells == ()  # type: ignore[union-attr]
    net.observe(sequences, [sum(event["n"] for event in events) for events in sequences])
    net.train(max_cycles=8)
    net.observe([[{"page": "late"}]], [1.0])
    sequences_asked = [*sequences, [], [{}, {"n": 1e30}, {"page": "late", "n": -3}], [{"page": "none"}]]
    description = net.describe()
    assert len(description.members) == len(description.sequences.gru.cells) == 3  # type: ignore[union-attr]
    X = np.stack([state_of(description, events) for events in sequences_asked])
    np.testing.assert_array_equal(answers(description, X)[:, 0], np.ravel(net.run(sequences_asked)))


def test_describe_lists_the_inputs_of_words() -> None:
    net = nr.Network("regressor", fields={"n": "number", "page": "category 9", "v": "vector 2"}, target="y", seed=1)
    net.observe([{"n": n, "page": "ab"[n % 2], "v": [n, 1]} for n in range(50)], list(range(50)))
    net.train(max_cycles=3)
    described = net.describe()
    assert described.sequences is None
    assert described.fields
    n, page, v = described.fields.fields
    assert [(field.name, field.kind, field.number, field.computed) for field in (n, page, v)] == [
        ("n", "number", None, 0), ("page", "category", 9, 2), ("v", "vector", 2, 2),
    ]  # fmt: skip
    assert len(n.knots)
    assert (list(page.words), described.fields.computed) == (["a", "b"], 4)
    assert described.fields.inputs == len(described.members[0][0].weights) == max(page.words.values()) + 1
    with pytest.raises(nr.KindError, match="the network has fields: weights is for networks without"):
        net.weights()


def test_description_is_a_copy() -> None:
    net, X = trained("regressor", [3, 4, 2])
    before, description = net.run(X), net.describe()
    for layer in description.members[0]:
        layer.weights[:] = 0
        layer.biases[:] = 0
    np.testing.assert_array_equal(net.run(X), before)
    [layers] = net.weights()
    for layer, values in zip(net.describe().members[0], layers, strict=True):
        np.testing.assert_array_equal(np.vstack([layer.biases, layer.weights]), values)


@pytest.mark.parametrize("members", [1, 4])
@pytest.mark.parametrize("hidden", [[], [9], [9, 5, 4]])
@pytest.mark.parametrize("options", [{"normalize": True}, {}, {"cycles": 0}], ids=str)
def test_folded_weights_merge_members_and_scaling(options: dict[str, Any], hidden: list[int], members: int) -> None:
    net, X = trained("regressor", [3, *hidden, 2], ensemble=members, **options)
    [layers] = net.weights(folded=True)
    x = X.astype(np.float64)
    for layer in layers[:-1]:
        x = np.maximum(x @ layer[1:] + layer[0], 0)
    found, expected = x @ layers[-1][1:] + layers[-1][0], net.run(X)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * np.abs(expected).max())
    many = 1 if options.get("cycles") == 0 else members
    assert [layer.shape[1] for layer in layers] == [*(many * units for units in hidden), 2]


def test_folded_weights_of_a_classifier_exclude_its_softmax() -> None:
    net, X = trained("classifier", [3, 6, 2], normalize=True, ensemble=2, activation="tanh")
    [[first, last]] = net.weights(folded=True)
    powers = np.exp(np.tanh(X @ first[1:] + first[0]) @ last[1:] + last[0])
    np.testing.assert_allclose(powers / powers.sum(axis=1, keepdims=True), net.run(X), atol=1e-6)


def flat(net: nr.Network) -> NDArray[np.float64]:
    return np.concatenate([layer.ravel() for layers in net.weights() for layer in layers]).astype(np.float64)


NETWORKS = [
    ("classifier", {"ensemble": 3}),
    ("classifier", {"class_weight": "balanced", "l2": 0.1}),
    ("regressor", {"ensemble": 3, "activation": "tanh"}),
    ("regressor", {"output": "sigmoid", "activation": "sigmoid"}),
]


@pytest.mark.parametrize(("kind", "options"), NETWORKS, ids=str)
def test_gradient_is_the_derivative_of_the_error_of_evaluate(kind: str, options: dict[str, Any]) -> None:
    net, X = trained(kind, [3, 4, 2], cycles=5, normalize=True, **options)
    random = np.random.default_rng(2)
    y = random.integers(2, size=150) if kind == "classifier" else np.stack([X[:, 2] * 90, X[:, 1] * 0 + 5], axis=1)
    weight = random.uniform(0.5, 2, size=150)
    loss, gradient = net.gradient(X, y, weight=weight)
    assert loss == net.evaluate(X, y, weight=weight).error
    start, moved = flat(net), nr.Network.from_bytes(bytes(net))
    assert (gradient.shape, gradient.dtype) == (start.shape, np.float64)

    def error(at: NDArray[np.float64]) -> float:
        moved.set_weights(at)
        return moved.gradient(X, y, weight=weight)[0]

    # Along random directions, not weight by weight, so that the kink of a ReLU unit on the way matters less.
    for _ in range(10):
        direction = random.normal(size=start.shape)
        difference = (error(start + 1e-3 * direction) - error(start - 1e-3 * direction)) / 2e-3
        assert difference == pytest.approx(gradient @ direction, rel=0.02, abs=0.002 * np.linalg.norm(gradient))


def test_gradient_changes_nothing_and_rejects_invalid_rows() -> None:
    net, X = trained("classifier", [3, 4, 2])
    before = bytes(net)
    net.gradient(X[0], 1)
    with pytest.raises(nr.ShapeError, match="the network has 3 inputs, 2 were given"):
        net.gradient(X[:, :2], X[:, 0])
    with pytest.raises(nr.DataError, match="row 1: the class is 2: expected an integer from 0 to 1"):
        net.gradient(X[:2], [0, 2])
    with pytest.raises(nr.DataError):
        net.gradient(np.empty((0, 3)), [])
    assert bytes(net) == before


@pytest.mark.parametrize("members", [1, 3])
def test_assigned_weights_are_used_for_predictions(members: int) -> None:
    net, X = trained("regressor", [3, 4, 2], ensemble=members, normalize=True)
    answered, weights = net.run(X), net.weights()
    net.set_weights(2 * flat(net))
    assert (net.run(X) != answered).any()
    net.set_weights(weights)
    np.testing.assert_array_equal(net.run(X), answered)


REJECTED = [
    (np.zeros(25), nr.ShapeError, "25 weights and biases: expected 26"),
    ([], nr.ShapeError, "0 weights and biases: expected 26"),
    (np.zeros((1, 26)), nr.ShapeError, "weights are no flat array: expected 26 numbers"),
    (7, nr.ShapeError, "weights are no flat array: expected 26 numbers"),
    ([0.0] * 25 + [np.nan], nr.DataError, "weight 25 is NaN: expected a finite number"),
    (np.full(26, -np.inf), nr.DataError, "weight 0 is -inf: expected a finite number"),
    (np.full(26, 1e300), nr.DataError, "weight 0 is 1e.300: expected a number of single precision"),
    (["a"] * 26, nr.DataError, "weight 0 is 'a': expected a finite number"),
    ([[np.zeros((4, 4))]], nr.ShapeError, r"weights have \[1\] layers for each member: expected \[2\]"),
    (
        [[np.zeros((4, 4)), np.zeros((5, 2))]] * 2,
        nr.ShapeError,
        r"weights have \[2, 2\] layers for each member: expected \[2\]",
    ),
    ([[np.zeros((4, 4)), np.zeros((2, 5))]], nr.ShapeError, r"member 0, layer 1 have the shape \(2, 5\): .* \(5, 2\)"),
    (
        [[np.zeros((4, 4)), [[0.0], [1.0, 2.0]]]],
        nr.ShapeError,
        "member 0, layer 1 are not an array: expected the shape",
    ),
    ([[np.zeros((4, 4)), np.full((5, 2), np.inf)]], nr.DataError, "weight 16 is inf: expected a finite number"),
]


@pytest.mark.parametrize(("weights", "error", "message"), REJECTED, ids=[message for _, _, message in REJECTED])
def test_invalid_weights_are_rejected_and_change_nothing(weights: Any, error: type[Exception], message: str) -> None:
    net, _ = trained("regressor", [3, 4, 2])
    before = bytes(net)
    with pytest.raises(error, match=message):
        net.set_weights(weights)
    assert bytes(net) == before


def test_weights_cannot_be_assigned_during_a_training() -> None:
    net, _ = trained("regressor", [3, 4, 2])
    training = net.start_training(max_time=None)
    with pytest.raises(nr.TrainingError, match="the network is already being trained"):
        net.set_weights(flat(net))
    training.stop()
    assert training.wait().reason == "stopped"
    net.set_weights(flat(net))


def test_assigning_weights_clears_results_and_keeps_scaling_rows_and_options() -> None:
    net, X = trained("regressor", [3, 4, 2], normalize=True, algorithm="lbfgs", cycles=60)
    scaling, rows, options = net.describe().inputs, net.rows("train")[0], net.configure()
    assert net.info().training_total_cycles == 60
    assert net.report() is not None
    net.set_weights(flat(net))
    info = net.info()
    assert net.report() is None
    assert (info.training_total_cycles, info.training_total_steps, info.dataset_error) == (0, 0, 0)
    kept = net.describe().inputs
    assert scaling is not None
    assert kept is not None
    np.testing.assert_array_equal(kept.scale, scaling.scale)
    np.testing.assert_array_equal(net.rows("train")[0], rows)
    assert net.configure() == options
    # The first weights of the training make no difference any more.
    other, _ = trained("regressor", [3, 4, 2], normalize=True, algorithm="lbfgs", cycles=1)
    other.set_weights(flat(net))
    net.train(max_cycles=20)
    other.train(max_cycles=20)
    np.testing.assert_array_equal(net.run(X), other.run(X))


@pytest.mark.parametrize("cycles", [0, 20])
@pytest.mark.parametrize("algorithm", ["irprop+", "lbfgs"])
def test_training_continues_from_assigned_weights(algorithm: str, cycles: int) -> None:
    fitted, X = trained("regressor", [3, 4, 2], algorithm="lbfgs", cycles=200)
    y = fitted.run(X)
    net = nr.Network("regressor", [3, 4, 2], algorithm=algorithm, ensemble=5, seed=8)
    net.observe(X, y, into="train")
    if cycles:
        net.configure(ensemble=1)
        net.train(max_cycles=cycles)
        [first, *rest] = fitted.weights()[0]
        scales = [of.inputs.scale for of in (fitted.describe(), net.describe()) if of.inputs is not None]
        np.testing.assert_array_equal(*scales)
        net.set_weights([[first, *rest]])
    else:
        net.set_weights(fitted.weights(folded=True))
    assert net.evaluate("train").error < 1e-6 * np.square(y).mean()  # type: ignore[union-attr]
    loaded = nr.Network.from_bytes(bytes(net))
    assert loaded == net
    for each in (net, loaded):
        report = each.train(max_cycles=1, max_time=None)
        # The first point of the curve belongs to the initial weights.
        assert report.curve.train_error[0] < 1e-6 * np.square(y).mean()
        assert each.info().members == 1
    assert loaded == net


def test_training_keeps_the_scaling_of_assigned_weights() -> None:
    fitted, _ = trained("regressor", [3, 4, 2], normalize=True, cycles=100)
    net = nr.Network("regressor", [3, 4, 2], normalize=True, seed=8)
    net.observe(*fitted.rows("train"), into="train")
    net.set_weights(fitted.weights(folded=True))
    assert net.describe().inputs is None
    begun_with = net.train(max_cycles=1).curve.train_error[0]
    assert net.describe().inputs is not None
    assert begun_with == pytest.approx(fitted.evaluate("train").error, rel=1e-4)
