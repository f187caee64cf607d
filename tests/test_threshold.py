"""The option `threshold`: the least probability at which the second of two classes is predicted."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import inredis
import numpy as np
import pytest
import redis
from numpy.typing import NDArray

import neuralredis as nr
import saved
import servers
from neuralredis.thresholds import classes_of

Create = Callable[..., Any]

ROWS = 400
FIELDS = {"a": "number", "b": "number"}
RARE = 0.1


def rows(seed: int = 1) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return rows of two overlapping classes; about one in ten has the second class."""
    rng = np.random.default_rng(seed)
    y = np.int64(rng.random(ROWS) < RARE)
    return np.float32(rng.normal(size=(ROWS, 2)) + 1.2 * y[:, None]), y


def trained(create: Create, **options: Any) -> Any:
    net = create("classifier", [2, 5, 2], normalize=True, dataset=300, test=100, seed=1, **options)
    net.observe(*rows())
    net.train(max_cycles=40, progress=False)
    return net


def test_second_class_is_predicted_from_the_threshold_on(create: Create) -> None:
    net = trained(create)
    X, y = rows(2)
    outputs = net.run(X)
    assert (net.classify(X) == outputs.argmax(axis=1)).all()
    # Thresholds equal to probabilities of rows, at which the class is predicted, and beyond all of them.
    for threshold in (RARE, float(outputs[7, 1]), 0.75, 0, 1):
        assert net.configure(threshold=threshold)["threshold"] == pytest.approx(threshold)
        expected = np.int64(outputs[:, 1] >= np.float32(threshold))
        assert (net.classify(X) == expected).all()
        assert [net.classify(row) for row in X[:9]] == expected[:9].tolist()
        assert (net.run(X) == outputs).all()
        found = net.evaluate(X, y)
        assert found.accuracy == pytest.approx(np.mean(expected == y))
        assert found.confusion.tolist() == [[np.sum((y == row) & (expected == at)) for at in (0, 1)] for row in (0, 1)]
        assert (classes_of(outputs, threshold) == expected).all()
    assert net.configure(threshold=0.5) == trained(create).configure()


def test_threshold_changes_counted_errors_but_no_training(create: Create) -> None:
    even, rare = trained(create), trained(create, threshold=RARE)
    X, _ = rows(2)
    assert (even.run(X) == rare.run(X)).all()
    assert rare.info().threshold == pytest.approx(RARE)
    stored, y = rare.rows("test")
    wrong = np.mean((rare.run(stored)[:, 1] >= np.float32(RARE)) != y)
    assert rare.info().classification_errors_perc == pytest.approx(100 * wrong)
    assert rare.info().classification_errors_perc != even.info().classification_errors_perc


@pytest.mark.parametrize(
    ("kind", "layout", "options", "message"),
    [
        ("classifier", [2, 3], {}, "threshold is 0.25: expected 0.5 for a classifier of 3 classes"),
        ("regressor", [2, 2], {}, "threshold is 0.25: expected 0.5 for a regressor"),
        ("classifier", [2, 2], {"output": "sigmoid"}, "threshold is 0.25: expected 0.5 for outputs that are sigmoid"),
    ],
)
def test_threshold_needs_two_classes_with_probabilities(
    create: Create, kind: str, layout: list[int], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(nr.OptionError, match=message):
        create(kind, layout, threshold=0.25, **options)
    net = create(kind, layout, threshold=0.5, **options)
    with pytest.raises(nr.OptionError, match=message):
        net.configure(threshold=0.25)
    assert net.info().threshold == 0.5


def test_networks_of_sequences_reject_a_threshold() -> None:
    with pytest.raises(nr.OptionError, match=r"threshold is 0\.25: expected 0\.5 for a network of sequences"):
        nr.SequenceNetwork("classifier", fields={"a": "category"}, target="a", threshold=0.25)


def test_threshold_rejects_a_change_to_linear_outputs(create: Create) -> None:
    net = create("classifier", [2, 2], threshold=0.25)
    with pytest.raises(nr.OptionError, match=r"threshold is 0\.25: expected 0\.5 for outputs that are linear"):
        net.configure(output="linear")
    assert net.info().output == "softmax"


def test_threshold_with_fields_needs_given_classes() -> None:
    with pytest.raises(nr.OptionError, match=r"threshold is 0\.25: expected 0\.5, unless the classes are given"):
        nr.Network("classifier", fields=FIELDS, target="churned", threshold=0.25)
    with pytest.raises(nr.OptionError, match=r"threshold is 0\.25: expected 0\.5 for a classifier of 3 classes"):
        nr.Network("classifier", fields=FIELDS, target="churned", classes=["a", "b", "c"], threshold=0.25)
    with pytest.raises(nr.OptionError, match=r"threshold is 0\.25: expected 0\.5 for a network of sequences"):
        nr.SequenceNetwork("classifier", fields=FIELDS, target="churned", classes=["no", "yes"], threshold=0.25)


def test_threshold_applies_to_class_names_embedded_and_in_a_server(db: nr.NeuralRedis) -> None:
    X, y = rows()
    table = [{"a": float(a), "b": float(b)} for a, b in X]
    names = ["yes" if one else "no" for one in y]
    options: dict[str, Any] = {"fields": FIELDS, "target": "churned", "classes": ["no", "yes"], "seed": 3}
    local, remote = nr.Network("classifier", **options), db.create("churn", "classifier", **options)
    for net in (local, remote):
        net.observe(table, names)
        net.train(max_cycles=30, progress=False)
        net.configure(threshold=RARE)
    outputs = local.run(table)
    expected = np.where(outputs[:, 1] >= np.float32(RARE), "yes", "no").tolist()
    unusual = next(at for at, name in enumerate(expected) if name == "yes" and outputs[at, 1] < 0.5)
    likely = float(outputs[unusual, 1])
    for net in (local, remote):
        assert list(net.classify(table)) == expected
        assert net.classify(table[unusual]) == "yes"
        assert net.classify(table[unusual], scores=True) == ("yes", pytest.approx(likely))
        # The predicted class depends on the threshold; an order of classes does not.
        assert net.classify(table[unusual], least=likely + 0.01) is None
        assert net.classify(table[unusual], top=2) == ["no", "yes"]
        assert net.evaluate(table, names).accuracy == pytest.approx(np.mean(np.array(expected) == names))
        found = net.explain(table[unusual], want="no")
        assert found.changes, "the prediction is yes, so that something must change"
    ranked = remote.rank(table[:20])
    assert [place for place, _ in ranked] == np.argsort(-outputs[:20, 1], kind="stable").tolist()


def test_threshold_is_saved_and_the_default_leaves_files_unchanged(tmp_path: Path) -> None:
    net = trained(nr.Network)
    before = bytes(net)
    net.configure(threshold=RARE)
    assert bytes(net) != before
    X, _ = rows(2)
    net.save(tmp_path / "net.nr")
    for again in (nr.load(tmp_path / "net.nr"), nr.Network.from_bytes(bytes(net)), pickle.loads(pickle.dumps(net))):
        assert again.info().threshold == net.info().threshold == pytest.approx(RARE)
        assert (again.classify(X) == net.classify(X)).all()
    assert saved.sections(before).keys() == saved.sections(bytes(net)).keys()
    # A reader without this option rejects the file, rather than predict other classes.
    net.configure(threshold=0.5)
    assert bytes(net) == before


def test_threshold_is_kept_by_aof_copies_and_dumps(any_server: servers.Server) -> None:
    client = any_server.client(protocol=2)
    client.config_set("appendfsync", "always")
    client.config_set("appendonly", "yes")
    servers.wait_until(lambda: not client.info("persistence")["aof_rewrite_in_progress"])
    raw = any_server.client(protocol=2, decode_responses=False)
    inredis.create(client, "net", "THRESHOLD", "0.1")
    inredis.create(client, "other")
    client.execute_command("NR.CONFIGURE", "other", "THRESHOLD", "2e-1")
    client.copy("net", "copy")
    raw.restore("restored", 0, raw.dump("net"))
    raw.execute_command("NR.IMPORT", "imported", raw.execute_command("NR.EXPORT", "net"))
    for reload in (("DEBUG", "LOADAOF"), ("DEBUG", "RELOAD")):
        client.execute_command(*reload)
        for key, threshold in (
            ("net", "0.1"),
            ("other", "0.2"),
            *((key, "0.1") for key in ("copy", "restored", "imported")),
        ):
            assert inredis.info(client, key)["threshold"] == threshold


def test_invalid_threshold_changes_nothing(any_server: servers.Server) -> None:
    client = any_server.client(protocol=2)
    inredis.create(client, "net", "THRESHOLD", "0.1")
    for wrong in ("1.5", "-0.1", "nan", "auto"):
        with pytest.raises(redis.ResponseError, match=f"THRESHOLD is '{wrong}': expected a number from 0 to 1"):
            client.execute_command("NR.CONFIGURE", "net", "THRESHOLD", wrong)
    assert inredis.info(client, "net")["threshold"] == "0.1"
