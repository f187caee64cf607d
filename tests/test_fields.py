"""Networks with fields: creation, saving and training."""

from __future__ import annotations

import copy
import pathlib
import pickle
from typing import Any

import numpy as np
import pytest
from fieldnets import SHOP, error_of, learnt, network, shop, stars

import neuralredis as nr

# Creation


def test_network_returns_its_fields_target_and_classes() -> None:
    net = network({"age": "Number", "plan": "CATEGORY 7", "at": "time", "note": ("text", 256), "v": "vector 3"})
    assert net.fields is not None
    assert dict(net.fields) == {
        "age": "number",
        "plan": "category 7",
        "at": "time",
        "note": "text 256",
        "v": "vector 3",
    }
    assert (net.target, net.classes) == ("taken", ())
    info = net.info()
    assert (info.fields, info.target, info.classes) == (dict(net.fields), "taken", ())
    assert info.normalize
    assert info.layout[1:] == (8, 2)
    assert repr(net) == "<Network classifier of 5 fields 274-8-2, 0+0 rows, untrained>"
    assert "note (text 256)" in net._repr_html_()
    with pytest.raises(TypeError):
        net.fields["age"] = "text"  # type: ignore[index]


def test_default_hidden_layers_are_three_of_thirty_units() -> None:
    made = nr.Network("classifier", fields={"age": "number"}, target="left")
    assert made.info().layout == (3, 30, 30, 30, 2)
    assert network({"age": "number"}, hidden=[]).info().layout == (3, 2)


def test_network_without_fields_returns_none() -> None:
    net = nr.Network("classifier", [2, 2])
    assert (net.fields, net.target, net.classes) == (None, None, None)
    assert (net.info().fields, net.info().target, net.info().classes) == (None, None, None)
    for call in (
        lambda: net.rank([[1, 2]]),
        lambda: net.classify([1, 2], top=1),
        lambda: net.classify([1, 2], least=0),
    ):
        assert "networks with fields" in error_of(nr.KindError, call)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"fields": {"age": "numbre"}}, nr.OptionError, "field age: kind 'numbre': expected AUTO, NUMBER, CATEGORY"),
        ({"fields": {"v": "vector"}}, nr.OptionError, "field v: VECTOR alone: expected the number of its values"),
        ({"fields": {"age": "number 3"}}, nr.OptionError, "field age: NUMBER 3: NUMBER takes no number"),
        ({"fields": {"c": "category 0"}}, nr.OptionError, "field c: CATEGORY 0: expected an integer from 1 to 1048576"),
        ({"fields": {"c": "category x"}}, nr.OptionError, "field c: category x: expected an integer after the kind"),
        (
            {"fields": {"c": ("category", 1, 2)}},
            nr.OptionError,
            "field c: 'category 1 2': expected a kind, and",
        ),
        (
            {"fields": {"age": "number +"}},
            nr.OptionError,
            "monotone is 1: expected none for a classifier of up to 100 classes: CLASSES 2 has an order",
        ),
        ({"fields": {"age": "number-"}}, nr.OptionError, "field age: kind 'number-': expected AUTO, NUMBER"),
        ({"fields": {"age": "+"}}, nr.OptionError, "field age: '': expected a kind"),
        ({"fields": {"age": 3}}, TypeError, "the kind of age is 3: expected a text"),
        ({"fields": {3: "number"}}, TypeError, "the name of a field is 3: expected a text"),
        ({"fields": {"\ud800": "number"}}, TypeError, "the name of a field is '\\ud800': expected a text"),
        ({"fields": "age"}, TypeError, "fields is 'age': expected a dict of names and kinds"),
        ({"fields": {}}, nr.OptionError, "0 fields: expected 1 to 4096"),
        ({"fields": {"->": "number"}}, nr.OptionError, "field '->': expected another name"),
        ({"fields": {"taken": "number"}}, nr.OptionError, "field 'taken' stands twice"),
        ({"fields": {"x" * 65: "number"}}, nr.OptionError, "expected a name of 1 to 64 bytes"),
        ({"target": None}, TypeError, "needs a target"),
        ({"target": ["a", "b"]}, TypeError, "target is ['a', 'b']: expected a text"),
        ({"layout": [1, 2]}, TypeError, "layout and fields exclude each other"),
        ({"layout": [1, 2], "fields": None}, TypeError, "target is for a network with fields"),
        (
            {"fields": None, "target": None, "hidden": None},
            TypeError,
            "a network needs a layout, or fields and a target",
        ),
        ({"hidden": 3}, TypeError, "hidden is 3: expected a list of units"),
        ({"hidden": [0]}, nr.OptionError, "hidden is 0: expected an integer from 1 to 1048576"),
        ({"classes": 1}, nr.OptionError, "classes is 1: expected an integer from 2"),
        ({"classes": ["a"]}, nr.OptionError, "CLASSES 1: expected an integer from 2"),
        ({"classes": ["a", "a"]}, nr.OptionError, "class 'a' stands twice"),
        ({"classes": ["a", None]}, nr.OptionError, "class None: expected a name of 1 to 64 bytes"),
        ({"classes": "yes"}, TypeError, "classes is 'yes': expected an integer"),
        ({"normalize": False}, nr.OptionError, "normalize is False: expected True, or nothing"),
        ({"class_weight": [1, 2]}, nr.OptionError, "class-weight is a list of 2: expected none or balanced"),
        ({"output": "sofmax"}, nr.OptionError, "output is 'sofmax'"),
        ({"sed": 1}, TypeError, "'sed' is an unexpected keyword argument"),
    ],
)
def test_invalid_fields_and_targets_are_rejected_by_name(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    made = {"fields": SHOP, "target": "taken", "hidden": (8,), "seed": 1, **options}
    assert message in error_of(error, lambda: nr.Network("classifier", **made))


def test_regressor_has_targets_and_no_classes() -> None:
    assert stars({"age": "number"}).target == "stars"
    net = stars({"age": "number"}, target=["low", "high"])
    assert (net.target, net.classes) == (("low", "high"), None)
    assert "classes is 3: expected none for a regressor" in error_of(
        nr.OptionError, lambda: stars({"age": "number"}, classes=3)
    )
    assert "no target" in error_of(nr.OptionError, lambda: stars({"age": "number"}, target=[]))


def test_given_classes_exclude_others_and_may_have_weights() -> None:
    net = network({"age": "number"}, classes=["no", "yes"], class_weight=[1, 3])
    assert net.classes == ("no", "yes")
    assert list(net.run({"age": 3})) == ["no", "yes"]
    message = error_of(nr.DataError, lambda: net.observe([{"age": 1}, {"age": 2}], ["yes", "perhaps"]))
    assert message == "row 1: unknown class 'perhaps': expected no, yes"
    assert network({"age": "number"}, classes=[False, True]).classes == ("false", "true")
    assert network({"age": "number"}, classes=np.array([0, 1])).classes == ("0", "1")


def test_rows_of_fields_are_always_normalized() -> None:
    net = network()
    assert "normalize is no: expected yes" in error_of(nr.OptionError, lambda: net.configure(normalize=False))
    assert net.configure(dataset=5)["dataset"] == 5


# Methods that networks with and without fields share


def test_networks_of_fields_are_saved_copied_and_compared(tmp_path: pathlib.Path) -> None:
    net = learnt()
    net.save(tmp_path / "shop.nr")
    copies = [
        nr.load(tmp_path / "shop.nr"),
        nr.Network.from_bytes(bytes(net)),
        pickle.loads(pickle.dumps(net)),
        copy.copy(net),
        copy.deepcopy(net),
    ]
    for again in copies:
        assert again == net
        assert (again.fields, again.target, again.classes) == (net.fields, net.target, net.classes)
        again.observe({"country": "ES"}, "new", into="train")
        assert again != net
    net.observe({"country": "ES"}, "new", into="train")
    for again in copies:
        assert again == net
        again.train(max_cycles=5)
    net.train(max_cycles=5)
    assert all(again == net for again in copies)
    assert pickle.loads(pickle.dumps(net.info())) == net.info()


def test_network_with_fields_trains_stops_and_resets() -> None:
    net = network()
    net.observe(shop(100))
    report = net.train(max_cycles=20, autostop=True, backtrack=True)
    assert report == net.report() or report.cycles == net.report().cycles  # type: ignore[union-attr]
    training = net.start_training(max_cycles=3)
    assert training.wait().cycles == 3
    assert net.stop() is False
    classes = net.classes
    net.reset()
    assert (net.info().training_total_cycles, net.classes) == (0, classes)
    net.notes = b"mine"
    assert net.notes == b"mine"


def test_methods_for_positions_are_rejected_with_fields() -> None:
    net = learnt()
    for call in (net.weights, lambda: net.weights(folded=True), lambda: net.set_weights([1.0])):
        assert error_of(nr.KindError, call).startswith("the network has fields: ")
    assert "gradient" in error_of(nr.KindError, lambda: net.gradient([[1]], [1]))


def test_rows_without_fields_need_outcomes() -> None:
    net = nr.Network("classifier", [1, 2])
    for call in (lambda: net.observe([1]), lambda: net.evaluate([[1]])):
        with pytest.raises(TypeError):
            call()
