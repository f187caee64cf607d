"""Creation of networks: layouts and options, and which combinations are rejected."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import neuralredis as nr

#: Makes a network as `Network` does, in this process or in a server.
Create = Callable[..., Any]


def test_parameters_count_biases(create: Create) -> None:
    assert create("regressor", [2, 3, 1]).info().parameters == 13
    assert create("classifier", [5, 10, 3]).info().parameters == 93


@pytest.mark.parametrize(
    ("limits", "expected"),
    [({}, (10000, 2500)), ({"dataset": 50}, (50, 0)), ({"test": 9}, (0, 9)), ({"dataset": 0, "test": 0}, (0, 0))],
)
def test_limits_default_as_in_the_original_module(
    create: Create, limits: dict[str, int], expected: tuple[int, int]
) -> None:
    info = create("regressor", [2, 1], **limits).info()
    assert (info.training_dataset_maxlen, info.test_dataset_maxlen) == expected


def test_large_limits_allocate_no_memory(create: Create) -> None:
    net = create("regressor", [9, 1], dataset=2**32 - 1, test=2**32 - 1)
    assert net.info().memory_bytes < 10_000


def test_each_kind_of_network_has_its_defaults(create: Create) -> None:
    classifier = create("classifier", [2, 3, 2]).configure()
    assert classifier == {
        "normalize": False,
        "dataset": 10000,
        "test": 2500,
        "activation": "relu",
        "output": "softmax",
        "loss": "crossentropy",
        "algorithm": "auto",
        "l2": "auto",
        "ensemble": "auto",
        "class_weight": "none",
        "patience": "auto",
        "monotone": "none",
        "threshold": 0.5,
    }
    regressor = create("regressor", [2, 3, 2]).configure()
    assert (regressor["output"], regressor["loss"]) == ("linear", "mse")


def test_option_values_are_case_insensitive(create: Create) -> None:
    options: dict[str, Any] = {"output": "Sigmoid", "loss": "CROSSENTROPY", "algorithm": "RProp+"}
    net = create("CLASSIFIER", [2, 3, 2], activation="RELU", **options)
    info = net.info()
    assert (info.type, info.activation, info.output) == ("classifier", "relu", "sigmoid")
    assert (info.loss, info.algorithm) == ("crossentropy", "rprop+")


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("clasifier", [2, 2]), {}, "'clasifier': expected classifier"),
        (("classifier", [2, 1]), {}, "a classifier with 1 output: expected at least 2"),
        (("regressor", [2]), {}, "the layout has 1 layers: expected 2 to 32"),
        (("regressor", [1] * 33), {}, "the layout has 33 layers: expected 2 to 32"),
        (("regressor", [2, 0, 1]), {}, "layer 1 has 0 units: expected 1 to 1048576"),
        (("regressor", [2, -3, 1]), {}, "layer 1 has -3 units: expected 1 to 1048576"),
        (("regressor", [2, 2**70, 1]), {}, "layer 1 has 1180591620717411303424 units: expected 1 to 1048576"),
        (("regressor", [4096, 4096]), {}, "the layout has 16781312 parameters: expected at most 16777216"),
        (("regressor", [2**20, 2**20]), {}, "parameters: expected at most 16777216"),
        (("regressor", [2, 1]), {"activation": "swish"}, "activation is 'swish': expected sigmoid, tanh, relu"),
        (("regressor", [2, 1]), {"output": "softmax"}, "output is softmax: expected linear or sigmoid for a regressor"),
        (("regressor", [2, 1]), {"loss": "crossentropy"}, "loss is crossentropy: expected mse with linear outputs"),
        (("regressor", [2, 1]), {"algorithm": "sgd"}, "'sgd': expected auto, irprop+, irprop-, rprop+, lbfgs, adam"),
        (("regressor", [2, 1]), {"l2": -0.5}, "number of at least 0"),
        (("regressor", [2, 1]), {"l2": float("nan")}, "number of at least 0"),
        (("regressor", [2, 1]), {"l2": "none"}, "l2 is 'none': expected"),
        (("regressor", [2, 1]), {"ensemble": 0}, "ensemble is 0: expected an integer from 1 to 64"),
        (("regressor", [2, 1]), {"ensemble": 65}, "ensemble is 65: expected an integer from 1 to 64"),
        (("regressor", [2, 1]), {"ensemble": "some"}, "ensemble is 'some': expected"),
        (
            ("regressor", [2, 1]),
            {"class_weight": "balanced"},
            "class weight is balanced: expected none for a regressor",
        ),
        (("regressor", [2, 2]), {"class_weight": [1, 2]}, "class weight is given: expected none for a regressor"),
        (
            ("classifier", [2, 3]),
            {"class_weight": [1, 2]},
            "class weight is 2 numbers: expected 3, one for each output",
        ),
        (("classifier", [2, 2]), {"class_weight": [1, 2, 3]}, "class weight is 3 numbers: expected 2"),
        (("classifier", [2, 2]), {"class_weight": [1]}, "class weight is 1 number: expected 2"),
        (("classifier", [2, 2]), {"class_weight": [1, 0]}, "a finite number above 0 for each output"),
        (("classifier", [2, 2]), {"class_weight": [-1, 1]}, "a finite number above 0 for each output"),
        (("classifier", [2, 2]), {"class_weight": [float("inf"), 1]}, "finite number above 0 for each output"),
        (("classifier", [2, 2]), {"class_weight": [1, float("nan")]}, "finite number above 0 for each output"),
        (("classifier", [2, 2]), {"class_weight": [1, 1e39]}, "finite number above 0 for each output"),
        (("classifier", [2, 2]), {"class_weight": "some"}, "is 'some': expected"),
        (("regressor", [2, 1]), {"patience": 0}, "patience is 0: expected an integer from 1 to 2147483647"),
        (("regressor", [2, 1]), {"patience": 2**31}, "patience is 2147483648: expected an integer from 1 to"),
        (("regressor", [2, 1]), {"patience": "of a saint"}, "patience is 'of a saint': expected"),
        (("regressor", [2, 1]), {"dataset": -1}, "dataset is -1: expected an integer from 0 to 4294967295"),
        (("regressor", [2, 1]), {"test": 2**32}, "test is 4294967296: expected an integer from 0 to 4294967295"),
        (("regressor", [2, 1]), {"seed": -1}, "seed is -1: expected an integer from 0 to 18446744073709551615"),
    ],
)
def test_invalid_options_are_rejected_by_name(create: Create, arguments: Any, options: Any, message: str) -> None:
    with pytest.raises(nr.OptionError) as raised:
        create(*arguments, **options)
    assert message in str(raised.value).lower(), "the words are those of the caller's language"
    assert isinstance(raised.value, ValueError)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("regressor", 5), {}, "layout is 5: expected a list of units"),
        (("regressor", "9,1"), {}, "layout is '9,1': expected a list of units"),
        (("regressor", [2, 1.5]), {}, "layer 1 is 1.5: expected a number of units"),
        (("regressor", [2, 1]), {"dataset": 1.5}, "dataset is 1.5: expected an integer"),
        (("regressor", [2, 1]), {"seed": "x"}, "seed is 'x': expected an integer"),
        (("regressor", [2, 1]), {"patience": 1.5}, "patience is 1.5: expected an integer"),
        (
            ("classifier", [2, 2]),
            {"class_weight": 5},
            "class_weight is 5: expected 'none', 'balanced' or a finite number",
        ),
        (("classifier", [2, 2]), {"class_weight": {0: 1.0, 1: 2.0}}, "class_weight is {0: 1.0, 1: 2.0}: expected"),
        (("classifier", [2, 2]), {"class_weight": {1.0, 2.0}}, "class_weight is {1.0, 2.0}: expected"),
        (("classifier", [2, 2]), {"class_weight": [1, "x"]}, "class_weight is .*'x'.*: expected"),
        (("classifier", [2, 2]), {"class_weight": b"12"}, "class_weight is b'12': expected"),
        (("regressor", [2, 1]), {"normalise": True}, "normalise"),
        (("regressor", [2, 1], True), {}, "positional"),
    ],
)
def test_layouts_of_another_type_are_a_type_error(create: Create, arguments: Any, options: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        create(*arguments, **options)


def test_numpy_integers_are_accepted(create: Create) -> None:
    net = create("regressor", np.array([2, 3, 1]), dataset=np.int64(7), test=np.uint8(3), seed=np.uint64(2**63))
    assert net.info().layout == (2, 3, 1)
    assert net.info().training_dataset_maxlen == 7


def test_networks_with_0_to_30_hidden_layers_predict(create: Create) -> None:
    for hidden in (0, 1, 30):
        assert create("regressor", [3, *[2] * hidden, 1], seed=1).run([1, 2, 3]).shape == (1,)


def test_seed_determines_the_initial_weights() -> None:
    assert nr.Network("regressor", [3, 1]) != nr.Network("regressor", [3, 1])
    assert nr.Network("regressor", [3, 1], seed=5) == nr.Network("regressor", [3, 1], seed=5)


def test_configure_changes_all_or_nothing(create: Create) -> None:
    net = create("classifier", [2, 2], dataset=10, seed=1)
    with pytest.raises(nr.OptionError):
        net.configure(dataset=99, output="linear", loss="crossentropy")
    assert net.configure()["dataset"] == 10
    assert net.configure(dataset=99, l2=0.1) == {**net.configure(), "dataset": 99, "l2": 0.1}
    assert net.configure(**net.configure()) == net.configure()


def test_class_weights_and_patience_can_be_set_and_cleared(create: Create) -> None:
    net = create("classifier", [2, 3], class_weight=[0.1, 2, 1e-7], patience=70)
    info, options = net.info(), net.configure()
    assert (info.class_weight, info.patience) == ([0.1, 2, 1e-7], 70)
    assert (options["class_weight"], options["patience"]) == ([0.1, 2, 1e-7], 70)
    assert net.configure(**options) == options
    with pytest.raises(nr.OptionError, match="class weight is 2 numbers: expected 3"):
        net.configure(patience=3, class_weight=(1, 2))
    assert net.configure() == options
    for weights in ((1, 2, 3), np.array([1, 2, 3]), np.array([1, 2, 3], np.float32)):
        assert net.configure(class_weight=weights)["class_weight"] == [1, 2, 3]
    assert net.configure(class_weight="Balanced", patience=np.int64(2**31 - 1))["patience"] == 2**31 - 1
    assert net.info().class_weight == net.configure(class_weight=None)["class_weight"] == "balanced"
    assert net.configure(class_weight="none", patience="AUTO") == create("classifier", [2, 3]).configure()
    assert create("regressor", [2, 1], class_weight="none").configure(class_weight="none")["class_weight"] == "none"


def test_smaller_limit_drops_random_rows(create: Create) -> None:
    net = create("regressor", [1, 1], dataset=100, seed=3)
    net.observe(np.arange(100)[:, None], np.arange(100))
    net.configure(dataset=40)
    X, y = net.rows("train")
    assert X.shape == (40, 1)
    assert np.array_equal(X[:, 0], y)
    assert len(set(y)) == 40
    assert not np.array_equal(np.sort(y), np.arange(40))


def test_reset_clears_the_weights_but_not_the_rows(create: Create) -> None:
    net = create("regressor", [2, 3, 1], seed=1)
    before = net.run([1, 2])
    net.observe([[1, 2], [3, 4]], [3, 7], into="train")
    net.train(max_cycles=5)
    net.reset()
    info = net.info()
    assert (info.training_dataset_len, info.training_total_cycles, info.dataset_error) == (2, 0, 0.0)
    assert net.report() is None
    assert net.run([1, 2]) != before, "the next random weights, not the first ones"


def test_network_rejects_unknown_attributes() -> None:
    net = nr.Network("regressor", [2, 1])
    with pytest.raises(AttributeError):
        net.normalise = True


def test_network_can_be_subclassed() -> None:
    class Adder(nr.Network):
        """A network with an attribute of its own."""

    net = Adder("regressor", [2, 1], seed=4)
    net.note = "mine"
    assert isinstance(Adder.from_bytes(bytes(net)), Adder)


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("normalize", 1, "True or False"),
        ("normalize", "yes", "True or False"),
        ("activation", 3, "sigmoid, tanh, relu"),
        ("output", b"linear", "softmax, sigmoid, linear"),
        ("loss", ["mse"], "crossentropy, mse"),
        ("algorithm", 1.5, "auto, irprop"),
        ("l2", [0.1], "'auto' or a finite number of at least 0"),
        ("ensemble", 2.5, "an integer"),
        ("threshold", "auto", "a number from 0 to 1"),
        ("patience", [1], "an integer"),
        ("class_weight", 1, "'none', 'balanced' or a finite number above 0 for each output"),
        ("dataset", "many", "an integer"),
        ("test", 2.0, "an integer"),
    ],
)
def test_option_of_the_wrong_type_is_named_with_its_value(
    create: Create, option: str, value: Any, expected: str
) -> None:
    message = f"{option} is {re.escape(repr(value))}: expected {expected}"
    with pytest.raises(TypeError, match=message):
        create("classifier", [2, 2], **{option: value})
    net = create("classifier", [2, 2])
    with pytest.raises(TypeError, match=message):
        net.configure(**{option: value})


def test_numpy_booleans_are_accepted(create: Create) -> None:
    assert create("classifier", [2, 2], normalize=np.True_).info().auto_normalization
    assert not create("classifier", [2, 2], normalize=np.False_).info().auto_normalization


def test_kind_seed_and_set_of_the_wrong_type_are_named_with_their_value(create: Create) -> None:
    with pytest.raises(TypeError, match="kind is 3: expected classifier, regressor"):
        create(3, [2, 2])
    with pytest.raises(TypeError, match="seed is 'x': expected an integer"):
        create("classifier", [2, 2], seed="x")
    net = create("classifier", [2, 2])
    with pytest.raises(TypeError, match="into is 1: expected train, test"):
        net.observe([1, 2], 0, into=1)
    with pytest.raises(TypeError, match="set is 1: expected train, test"):
        net.rows(1)


@pytest.mark.parametrize(
    ("argument", "value", "expected"),
    [
        ("autostop", 0, "True or False"),
        ("backtrack", "no", "True or False"),
        ("max_time", "10", "seconds, at least 0"),
        ("max_time", [1], "seconds, at least 0"),
        ("max_cycles", 1.5, "an integer"),
        ("progress", 1, "True, False or None"),
        ("callback", "print", "a function that takes a Progress"),
    ],
)
def test_training_argument_of_the_wrong_type_starts_no_training(
    create: Create, argument: str, value: Any, expected: str
) -> None:
    net = create("classifier", [2, 2])
    net.observe([1, 2], 0, into="train")
    with pytest.raises(TypeError, match=f"{argument} is {re.escape(repr(value))}: expected {expected}"):
        net.train(**{argument: value})
    assert net.report() is None
    assert not net.info().training
