"""Embedded networks of sequences: observations, predictions, forecasts and files."""

from __future__ import annotations

import copy
import pickle
import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import neuralredis as nr


def visitors(seed: int = 1, users: int = 120, **options: Any) -> nr.SequenceNetwork:
    """Create a network of visitors who leave if their last two pages are the help."""
    net = nr.SequenceNetwork(
        "classifier",
        fields={"page": "category 20", "seconds": "number"},
        target="left",
        seed=seed,
        hidden=[10],
        length=20,
        **options,
    )
    chance = random.Random(3)
    for user in range(users):
        pages = [chance.choice(["home", "cart", "help"]) for _ in range(chance.randrange(2, 8))]
        pages += ["help", "help"] if user % 2 else []
        visitor = net.session(f"user:{user}")
        for page in pages:
            visitor.observe({"page": page, "seconds": chance.randrange(90)})
        visitor.finish("yes" if pages[-2:] == ["help", "help"] else "no")
    return net


def seen(page: str) -> dict[str, Any]:
    """Return the visit of a page."""
    return {"page": page, "seconds": 40}


@pytest.fixture(scope="module")
def trained() -> nr.SequenceNetwork:
    net = visitors()
    net.train(autostop=True, backtrack=True, max_cycles=300)
    return net


def test_outcomes_of_sequences_are_learnt(trained: nr.SequenceNetwork) -> None:
    found = trained.evaluate()
    assert isinstance(found, nr.ClassifierEvaluation)
    assert (found.classes, found.rows) == (("no", "yes"), trained.info().test_dataset_len)
    fresh = [[seen(page) for page in pages.split()] for pages in ("home help help", "help home help", "cart")]
    assert trained.classify(fresh) == ["yes", "no", "no"]
    assert trained.run(fresh).shape == (3, 2)
    evaluated = trained.evaluate(fresh, ["yes", "no", "no"])
    assert isinstance(evaluated, nr.ClassifierEvaluation)
    assert (evaluated.rows, evaluated.accuracy) == (3, 1.0)
    assert trained.classify(fresh, top=2) == [["yes", "no"], ["no", "yes"], ["no", "yes"]]


def test_session_predicts_with_and_without_a_further_event(trained: nr.SequenceNetwork) -> None:
    net = nr.SequenceNetwork.from_bytes(bytes(trained))
    visitor = net.session("someone new")
    for page in ("home", "cart", "home", "help"):
        visitor.observe(seen(page))
    assert visitor.classify(seen("help")) == "yes"
    assert visitor.classify() == "no"
    before = visitor.run()
    visitor.observe(seen("help"))
    assert visitor.classify(top=1) == ["yes"]
    assert (visitor.run() != before).any()
    kept = [seen(page) for page in ("home", "cart", "home", "help", "help")]
    assert (visitor.run() == net.run([kept])[0]).all()
    assert "someone new" in net.ids()
    assert visitor.forget()
    assert not visitor.forget()
    assert "someone new" not in net.ids()
    assert repr(net.session(b"\xff")) == r"<session b'\xff'>"


def test_events_without_fields_are_accepted() -> None:
    chance = np.random.default_rng(1)
    net = nr.SequenceNetwork("classifier", [2, 8, 3], seed=1, dataset=200, cell="window", length=4)
    sequences = [chance.normal(size=(chance.integers(1, 9), 2)) for _ in range(120)]
    classes = [int(np.argmax([0, *sequence[-1]])) for sequence in sequences]
    assert net.observe(sequences, classes) == (120, 0)
    net.train(max_cycles=150)
    fresh = [np.array([[0, 0], [3, 0]]), [[0, 0], [0, 3]], [[-3, -3]]]
    assert net.classify(fresh) == [1, 2, 0]
    assert net.event_fields is None
    assert net.session(5).classify([3, 0]) == 1
    regressor = nr.SequenceNetwork("regressor", [1, 2], seed=1)
    assert regressor.observe([[[1], [2]], [[3]]], [[1, 2], [3, 4]]) == (2, 0)
    regressor.session(7).observe([3])
    regressor.session(7).finish([1, 2])
    assert regressor.run([[[1]]]).shape == (1, 2)


def test_next_event_is_learnt_if_the_target_is_a_field() -> None:
    net = nr.SequenceNetwork("classifier", fields={"letter": "category"}, target="letter", dataset=99, seed=1)
    net.observe(["abcabcabc", "bcabcabca", "cabcabcab"] * 10)
    net.train(max_cycles=100)
    assert net.classify(["abca", "bc", ["c"]]) == ["b", "a", "a"]
    with pytest.raises(nr.ShapeError, match=r"^the target 'letter' is a field of the events: expected no outcome"):
        net.observe(["abc"], ["a"])
    assert net.evaluate(["abcab"]).rows == 5
    with pytest.raises(nr.KindError, match="the network is no series"):
        net.forecast("abc", 3)


def test_gru_cells_learn_next_events_and_outcomes() -> None:
    net = nr.SequenceNetwork(
        "classifier", fields={"letter": "category"}, target="letter", cell="gru", ensemble=2, seed=1
    )
    net.observe(["abcabcabc", "bcabcabca", "cabcabcab"] * 20)
    report = net.train(autostop=True, backtrack=True, max_cycles=40, max_time=0)
    assert net.classify(["abca", "bc", ["c"]]) == ["b", "a", "a"]
    assert net.info().members <= 4
    assert report.test_error is not None
    assert report.test_error < 0.6
    # A letter that is new since the training counts as unknown until the next training.
    net.observe(["abcx"] * 30)
    assert net.run(["abx"]).shape == net.run(["abc"]).shape
    net.train(autostop=True, max_cycles=5, max_time=0)
    assert net.report().cycles == 5  # type: ignore[union-attr]

    visits = visitors(cell="gru", ensemble=2)
    visits.train(autostop=True, backtrack=True, max_cycles=100, max_time=0)
    fresh = [[seen(page) for page in pages.split()] for pages in ("home help help", "help home help", "cart")]
    assert visits.classify(fresh) == ["yes", "no", "no"]


@pytest.mark.parametrize("target", ["left", "page"])
def test_short_trainings_of_gru_cells_equal_a_long_one(target: str) -> None:
    def of(*cycles: int) -> nr.SequenceNetwork:
        fields = {"page": "category 20", "seconds": "number"}
        net = nr.SequenceNetwork("classifier", fields=fields, target=target, cell="gru", seed=1, ensemble=2)
        events = [[seen(page) for page in pages] for pages in (["home", "cart"], ["help", "help"], ["cart"] * 4)]
        net.observe(events * 10, *([] if target == "page" else [["no", "yes", "no"] * 10]), into="train")
        for count in cycles:
            net.train(max_cycles=count, max_time=0)
            net = nr.SequenceNetwork.from_bytes(bytes(net))
        return net

    long, short = of(6), of(1, 3, 1, 1)
    questions = [[seen("home"), seen("help")], [seen("cart")]]
    assert (short.run(questions) == long.run(questions)).all()
    assert short.info().training_total_cycles == long.info().training_total_cycles


def test_answer_of_a_session_caches_the_hidden_state() -> None:
    net = visitors(users=5, cell="reservoir")
    live = net.session("live")
    for _ in range(12):
        live.observe(seen("home"))
    before = net.info().memory_bytes
    answer = live.run()
    # Last, mean and maximum of 200 units.
    assert net.info().memory_bytes > before + 3 * 200 * 4
    assert (live.run() == answer).all()
    assert (copy.copy(net).session("live").run() == answer).all()


def test_gru_cells_learn_and_forecast_numbers() -> None:
    net = nr.SequenceNetwork(
        "regressor", fields={"kwh": "number"}, target="kwh", cell="gru", ensemble=2, length=60, seed=1
    )
    wave = [float(np.sin(at / 3)) for at in range(160)]
    net.observe([wave[at : at + 40] for at in range(0, 120, 4)])
    net.train(autostop=True, backtrack=True, max_cycles=50, max_time=0)
    assert np.abs(net.forecast(wave[:60], 3).values - wave[60:63]).max() < 0.3
    sums = nr.SequenceNetwork("regressor", [1, 4, 2], cell="gru", ensemble=2, seed=2, normalize=True)
    chance = np.random.default_rng(1)
    events = [chance.normal(size=(chance.integers(2, 9), 1)) for _ in range(150)]
    sums.observe(events, [[each.mean(), each[-1, 0]] for each in events])
    sums.train(autostop=True, backtrack=True, max_cycles=100, max_time=0)
    found = sums.evaluate()
    assert isinstance(found, nr.RegressorEvaluation)
    assert found.r2 > 0.8


def test_series_is_forecast_with_intervals() -> None:
    net = nr.SequenceNetwork("regressor", fields={"kwh": "number"}, target="kwh", length=60, seed=1)
    shape = np.array([0, 5, 9, 2])
    noise = np.random.default_rng(1)
    for meter in range(40):
        hours = np.arange(40)
        net.observe([(100 * meter + shape[hours % 4] + noise.normal(size=40) / 4).tolist()], ids=[meter])
    net.train(autostop=True, max_cycles=300)
    found = net.forecast((7000 + shape[np.arange(40) % 4]).tolist(), 8, level=0.8)
    truth = 7000 + shape[np.arange(40, 48) % 4]
    assert np.abs(found.values - truth).max() < 2
    assert found.low is not None
    assert found.high is not None
    assert (found.low < found.values).all()
    assert (found.high - found.low).max() < 6
    assert (np.diff(found.high - found.low) >= -1e-3).all()
    assert net.session(3).forecast(2).low is None
    assert abs(net.session(3).run()[0] - 300) < 3
    with pytest.raises(nr.DataError, match="sequence 'nobody' has no events"):
        net.session("nobody").forecast(2)
    with pytest.raises(nr.OptionError, match="steps is 0: expected an integer from 1 to 10000"):
        net.session(3).forecast(0)


def test_frame_with_one_event_per_row_is_accepted() -> None:
    net = visitors(users=0)
    frame = pd.DataFrame(
        {
            "user": ["b", "a", "b", "a", "b"],
            "when": [3, 1, 1, 2, 2],
            "page": ["third", "one", "first", "two", "second"],
            "left": ["yes", "", "", "no", ""],
        }
    )
    assert net.observe(frame, sequence="user", order="when") == (2, 0)
    assert net.ids() == ["b", "a"]
    rows, outcomes = net.rows("train")
    assert [row["page[-1]"] for row in rows] == ["third", "two"]
    assert [row["page[-2]"] for row in rows] == ["second", "one"]
    assert outcomes.tolist() == ["yes", "no"]
    columns = {name: column.tolist() for name, column in frame.items()}
    again = visitors(users=0)
    again.observe(columns, sequence="user", order="when")
    assert again == net
    with pytest.raises(nr.DataError, match="no column 'visitor': the frame has user, when, page, left"):
        net.observe(frame, sequence="visitor")


@pytest.mark.parametrize("cell", ["auto", "window", "reservoir", "gru"])
def test_saved_network_continues_identically(cell: nr.sequences.Cell, tmp_path: Path) -> None:
    net = visitors(users=60, cell=cell)
    net.train(autostop=True, max_cycles=20)
    net.save(tmp_path / "net.nr")
    for other in (
        nr.load(tmp_path / "net.nr"),
        pickle.loads(pickle.dumps(net)),
        nr.SequenceNetwork.from_bytes(bytes(net)),
    ):
        assert isinstance(other, nr.SequenceNetwork)
        assert other == net
        assert (other.length, other.cell, other.event_fields) == (20, cell, net.event_fields)
        for each in (net, other):
            copy = nr.SequenceNetwork.from_bytes(bytes(each))
            copy.session("user:3").observe({"page": "new page"})
            copy.train(max_cycles=5)
            if each is net:
                expected = copy
        assert copy == expected


def test_sequences_with_an_outcome_and_idle_sequences_are_evicted_first() -> None:
    net = nr.SequenceNetwork("classifier", fields={"page": "category"}, target="left", dataset=3, seed=1)
    for user in "abc":
        net.session(user).observe("home")
    net.session("b").finish("yes")
    net.session("d").observe("home")
    assert sorted(net.ids()) == ["a", "c", "d"]
    net.session("a").observe("home")
    net.session("e").observe("home")
    assert sorted(net.ids()) == ["a", "d", "e"]
    net.configure(dataset=1)
    assert net.ids() == ["e"]


def test_sequence_belongs_to_one_set() -> None:
    net = nr.SequenceNetwork("classifier", fields={"page": "category"}, target="left", dataset=50, test=50, seed=1)
    for user in range(40):
        net.session(user).observe("home")
    train, test = net.observe([["home"]], ids=["0"])
    assert train + test == 40
    assert 8 < test < 32
    assert net.observe([["home"]], ids=["a"], into="test") == (train, test + 1)
    assert net.observe([["home"]], ids=["a"], into="train") == (train + 1, test)


def test_errors_name_the_argument_and_store_nothing(trained: nr.SequenceNetwork) -> None:
    net = nr.SequenceNetwork.from_bytes(bytes(trained))
    before = bytes(net)
    for call, error, message in [
        (
            lambda: net.observe([[{"colour": 1}]], ["yes"]),
            nr.DataError,
            "unknown field 'colour': expected page, seconds",
        ),
        (lambda: net.observe([[{"seconds": "long"}]], ["yes"]), nr.DataError, "field seconds is 'long'"),
        (lambda: net.observe([[{"page": "a"}]], ["yes", "no"]), nr.ShapeError, "1 rows of inputs but 2 of classes"),
        (lambda: net.observe([[{"page": "a"}]], ids=["a", "b"]), nr.ShapeError, "1 sequences but 2 ids"),
        (lambda: net.observe([[]], ["yes"]), nr.DataError, "has no events"),
        (lambda: net.session("").observe({"page": "a"}), nr.DataError, "an id of 0 bytes: expected 1 to 255"),
        (lambda: net.session("x" * 256).observe({"page": "a"}), nr.DataError, "an id of 256 bytes"),
        (lambda: net.session("nobody").finish("yes"), nr.DataError, "sequence 'nobody' has no events"),
        (lambda: net.session(1.5), TypeError, "the id is 1.5"),  # type: ignore[arg-type]
        (lambda: net.session("user:1").finish("yes", weight=-1), nr.DataError, "the weight is -1"),
    ]:
        with pytest.raises(error, match=message):
            call()
        assert bytes(net) == before
    for options, message in [
        ({"length": 0}, "length is 0: expected an integer from 1 to 65536"),
        ({"cell": "lstm"}, "cell is 'lstm': expected auto, window, reservoir, gru"),
        ({"fields": {"page": "category 2000"}, "target": "page"}, "up to 2000 kinds of events: expected at most 1000"),
        ({"fields": {"page": "text"}, "target": "page"}, "a field of kind TEXT 512: expected a CATEGORY"),
        ({"monotone": {"page": 1}}, "monotone is given"),
    ]:
        with pytest.raises(nr.OptionError, match=message):
            nr.SequenceNetwork("classifier", **{"fields": {"page": "category"}, "target": "left", **options})
    with pytest.raises(nr.KindError, match="the network learns from rows"):
        nr._core.sequence_ids(nr.Network("classifier", [2, 2]))
    with pytest.raises(nr.ShapeError, match="the network learns from sequences"):
        nr.Network.observe(net, [{"page[-1]": "home"}], ["yes"])


def test_info_describes_a_network_of_sequences(trained: nr.SequenceNetwork) -> None:
    info = trained.info()
    assert info.fields == {"page": "category 20", "seconds": "number"}
    assert (info.target, info.classes) == ("left", ("no", "yes"))
    assert (trained.length, trained.cell) == (20, "auto")
    assert info.training_dataset_len + info.test_dataset_len == 120
    figures = {figure.name: figure for figure in trained.field_statistics()}
    assert (figures["page[-1]"].importance or 0) > (figures["seconds[-8]"].importance or 0)


def test_observe_series_holds_out_the_last_part_for_validation() -> None:
    def network() -> nr.SequenceNetwork:
        return nr.SequenceNetwork("regressor", fields={"kwh": "number"}, target="kwh", length=200, hidden=[6], seed=1)

    shape = np.resize([0.0, 5, 9, 2], 120)
    net = network()
    assert net.observe_series([shape, shape[:4] + 50], ids=["meter:3", "short"]) == (2, 1)
    assert net.ids() == ["meter:3", "meter:3 before", "short"]
    # The later part begins with 24 values of context; the earlier part has no held-out value.
    by_hand = network()
    by_hand.observe([shape[96 - 24 :]], ids=["meter:3"], into="test")
    by_hand.observe([shape[:96], shape[:4] + 50], ids=["meter:3 before", "short"], into="train")
    assert net == by_hand
    assert net.train(autostop=True, max_cycles=200).test_error is not None
    assert (net.session("meter:3").forecast(4).values == net.forecast(shape, 4).values).all()
    assert network().observe_series([shape], kept_back=0) == (1, 0)
    assert network().observe_series([[{"kwh": value} for value in shape]], kept_back=0.5) == (1, 1)


def test_rejected_series_store_nothing() -> None:
    net = nr.SequenceNetwork("regressor", fields={"kwh": "number"}, target="kwh", seed=1)
    before = bytes(net)
    for series in (["five", *[1.0] * 50], [*[1.0] * 50, "five"]):
        with pytest.raises(nr.DataError, match="field kwh is 'five': expected a finite number"):
            net.observe_series([[1.0] * 50, series])
    with pytest.raises(nr.ShapeError, match="1 sequences but 2 ids"):
        net.observe_series([[1.0, 2.0]], ids=["a", "b"])
    with pytest.raises(nr.OptionError, match="kept_back is 1: expected a share from 0 to less than 1"):
        net.observe_series([[1.0, 2.0]], kept_back=1)
    assert bytes(net) == before
