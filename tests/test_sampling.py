"""Sampled classes: a seed gives the same classes, embedded and in a server."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import neuralredis as nr

RNG = np.random.default_rng(5)
X = RNG.normal(size=(60, 3)).astype(np.float32)
Y = np.clip(np.round(X.sum(1) + RNG.normal(0, 1, 60)), -2, 2).astype(int) + 2

MASK = 2**64 - 1
GAMMA = 0x9E3779B97F4A7C15

#: Options of sampling.
WAYS: list[dict[str, Any]] = [
    {},
    {"temperature": 0.5},
    {"temperature": 3},
    {"temperature": 0},
    {"top_k": 2},
    {"top_k": 9},
    {"top_p": 0.6},
    {"top_p": 0},
    {"min_p": 0.3},
    {"min_p": 1},
    {"temperature": 1.7, "top_k": 4, "top_p": 0.9, "min_p": 0.05},
]


def mixed(z: int) -> int:
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def uniforms(seed: int) -> Iterator[float]:
    """Yield the middles of 2^24 equal intervals that SplitMix64 selects, in the seed's stream of draws."""
    state = mixed(seed ^ mixed(2**41 + GAMMA))
    while True:
        state = (state + GAMMA) & MASK
        yield ((mixed(state) >> 40) + 0.5) / 2**24


def drawn(
    outputs: list[float], uniform: float, temperature: float = 1, top_k: int = 99, top_p: float = 1, min_p: float = 0
) -> int:
    """Return the drawn class, computed step by step in plain Python."""
    total = sum(outputs)
    logits = [math.log(p / total) for p in outputs]
    if temperature == 0:
        return logits.index(max(logits))
    weights = {label: math.exp((logit - max(logits)) / temperature) for label, logit in enumerate(logits)}
    best_first = sorted(weights, key=lambda label: (-weights[label], label))[:top_k]
    left, cumulated = [], 0.0
    for label in best_first:
        left.append(label)
        cumulated += weights[label]
        if top_p < 1 and cumulated >= top_p * sum(weights[each] for each in best_first):
            break
    left = sorted(label for label in left if weights[label] >= min_p * weights[best_first[0]])
    reached = uniform * sum(weights[label] for label in left)
    for label in left:
        reached -= weights[label]
        if reached < 0:
            break
    return label


def of_positions(create: Callable[..., Any], **options: Any) -> Any:
    net = create("classifier", [3, 6, 5], normalize=True, dataset=60, seed=3, **options)
    net.observe(X, Y, into="train")
    net.train(max_cycles=10, max_time=None)
    return net


def rows(count: int) -> list[dict[str, Any]]:
    return [{"age": 20 + at % 50, "plan": "ab"[at % 2]} for at in range(count)]


def of_fields(create: Callable[..., Any]) -> Any:
    fields = {"age": "number", "plan": "category"}
    net = create("classifier", fields=fields, target="next", hidden=(6,), dataset=200, test=0, seed=3)
    net.observe(rows(200), ["home", "cart", "pay", "help"] * 50)
    net.train(max_cycles=10, max_time=None)
    return net


@pytest.mark.parametrize("way", WAYS)
def test_samples_match_a_reference_in_python(create: Callable[..., Any], way: dict[str, Any]) -> None:
    net = of_positions(create)
    found = net.sample(X, seed=11, **way)
    assert found.dtype == np.int64
    assert found.shape == (60,)
    outputs = net.run(X).astype(float).tolist()
    numbers = zip(outputs, uniforms(11), strict=False)
    assert found.tolist() == [drawn(row, uniform, **way) for row, uniform in numbers]


@pytest.mark.parametrize("way", WAYS)
def test_networks_with_fields_sample_names(create: Callable[..., Any], way: dict[str, Any]) -> None:
    net = of_fields(create)
    fresh = rows(50)
    outputs = net.run(fresh).astype(float).tolist()
    names = list(net.run(fresh[0]))
    expected = [names[drawn(row, uniform, **way)] for row, uniform in zip(outputs, uniforms(2**64 - 1), strict=False)]
    found = net.sample(fresh, seed=2**64 - 1, **way)
    assert found.dtype == object
    assert found.tolist() == expected
    assert net.sample(fresh[0], seed=2**64 - 1, **way) == expected[0]


def test_single_row_is_sampled_like_the_first_of_a_batch(create: Callable[..., Any]) -> None:
    net = of_positions(create)
    for seed in range(20):
        many = net.sample(X, temperature=2, seed=seed)
        one = net.sample(X[0], temperature=2, seed=seed)
        assert type(one) is int
        assert one == many[0]
        assert net.sample(X[:1], temperature=2, seed=seed).tolist() == [one]
    assert len({tuple(net.sample(X, seed=seed)) for seed in range(20)}) == 20
    assert net.sample(X[:0], seed=1).shape == (0,)
    assert of_fields(create).sample([], seed=1).shape == (0,)


def test_samples_without_a_seed_have_the_predicted_frequencies(create: Callable[..., Any]) -> None:
    net = of_positions(create)
    same = np.repeat(X[:1], 20_000, 0)
    assert net.sample(same[:200], temperature=3).tolist() != net.sample(same[:200], temperature=3).tolist()
    p = net.run(X[0])
    shares = np.bincount(net.sample(same), minlength=5) / len(same)
    assert np.all(np.abs(shares - p) < 5 * np.sqrt(p * (1 - p) / len(same)) + 1e-4), (shares, p)


def test_greedy_settings_sample_the_most_probable_class(create: Callable[..., Any]) -> None:
    for net, fresh in ((of_positions(create), X), (of_fields(create), rows(30))):
        best = net.classify(fresh).tolist()
        for way in ({"temperature": 0}, {"temperature": 1e-300}, {"top_k": 1}, {"top_p": 0.0}, {"top_p": 1e-9}):
            assert net.sample(fresh, **way).tolist() == best, way


def test_sample_changes_nothing(create: Callable[..., Any]) -> None:
    for net, fresh in ((of_positions(create), X), (of_fields(create), rows(30))):
        before = bytes(net)
        net.sample(fresh)
        net.sample(fresh, temperature=2, seed=4)
        net.sample(fresh[0], top_k=2)
        assert bytes(net) == before


def test_sigmoid_outputs_are_normalized_and_linear_ones_rejected(create: Callable[..., Any]) -> None:
    net = of_positions(create, output="sigmoid")
    outputs = net.run(X).astype(float)
    assert not np.allclose(outputs.sum(1), 1, atol=0.01)
    expected = [drawn(row, uniform) for row, uniform in zip(outputs.tolist(), uniforms(1), strict=False)]
    assert net.sample(X, seed=1).tolist() == expected
    with pytest.raises(nr.KindError, match="the outputs are linear: a class is drawn by probabilities"):
        of_positions(create, output="linear").sample(X[0])


def test_invalid_values_are_rejected(create: Callable[..., Any]) -> None:
    net = of_positions(create)
    for way, message in [
        ({"temperature": -1}, "temperature is -1: expected a finite number of at least 0"),
        ({"temperature": float("nan")}, "temperature is NaN: expected a finite number of at least 0"),
        ({"temperature": float("inf")}, "temperature is inf: expected a finite number of at least 0"),
        ({"top_k": 0}, "top_k is 0: expected an integer from 1 to 4294967295"),
        ({"top_p": 1.5}, "top_p is 1.5: expected a number from 0 to 1"),
        ({"min_p": -0.1}, "min_p is -0.1: expected a number from 0 to 1"),
        ({"seed": -1}, "seed is -1: expected an integer from 0 to 18446744073709551615"),
        ({"seed": 2**64}, "seed is 18446744073709551616: expected an integer from 0 to"),
    ]:
        with pytest.raises(nr.OptionError, match=message):
            net.sample(X[0], **way)
    for way, message in [
        ({"temperature": "hot"}, "temperature is 'hot': expected a finite number of at least 0"),
        ({"top_k": 1.5}, "top_k is 1.5: expected an integer"),
        ({"top_p": "most"}, "top_p is 'most': expected a number from 0 to 1"),
        ({"min_p": [1]}, r"min_p is \[1\]: expected a number from 0 to 1"),
        ({"seed": 1.0}, "seed is 1.0: expected an integer"),
    ]:
        with pytest.raises(TypeError, match=message):
            net.sample(X[0], **way)
    with pytest.raises(TypeError):
        net.sample(X[0], 0.5)
    with pytest.raises(nr.ShapeError, match="the network has 3 inputs, 2 were given"):
        net.sample([1, 2])
    with pytest.raises(nr.DataError, match="input 1 is NaN"):
        net.sample([0, float("nan"), 0], seed=1)
    with pytest.raises(nr.KindError, match="the network is a regressor: only a classifier has classes"):
        create("regressor", [3, 1]).sample(X[0])
    with pytest.raises(nr.TrainingError, match="the network has seen no class yet"):
        create("classifier", fields={"age": "number"}, target="plan").sample({"age": 3})


def test_large_batches_in_a_server_use_one_random_stream(db: nr.NeuralRedis) -> None:
    local = of_positions(nr.Network)
    remote = db.upload("net", local)
    many = RNG.normal(size=(120_000, 3)).astype(np.float32)
    assert many.nbytes > 2**20
    assert np.array_equal(remote.sample(many, temperature=2, seed=9), local.sample(many, temperature=2, seed=9))
    assert remote.sample(many, temperature=2).shape == (120_000,)
    named = of_fields(nr.Network)
    fresh = rows(60_000)
    assert np.array_equal(
        db.upload("named", named).sample(fresh, top_p=0.9, seed=9), named.sample(fresh, top_p=0.9, seed=9)
    )


def test_asyncio_client_samples_the_same_classes(db: nr.NeuralRedis, any_server_for_all: Any) -> None:
    local = of_positions(nr.Network)
    db.upload("net", local)

    async def main() -> Any:
        async with nr.aio.connect(f"unix://{any_server_for_all.socket}") as other:
            return await other["net"].sample(X, temperature=2, top_k=3, seed=4)

    assert np.array_equal(asyncio.run(main()), local.sample(X, temperature=2, top_k=3, seed=4))


def test_samples_of_a_seed_never_change() -> None:
    net = nr.Network("classifier", [1, 4], seed=1)
    net.set_weights([[[[0, 0.5, 1, 1.5], [0, 0, 0, 0]]]])
    fresh = [[0]] * 24
    digits = ["".join(map(str, net.sample(fresh, seed=7, **way))) for way in ({}, {"temperature": 2.5}, {"top_k": 2})]
    assert digits == ["332323312033223333323321", "231313211032113232213221", "333323322233223333323332"]
