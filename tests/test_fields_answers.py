"""Networks with fields: predictions with the names of classes, and statistics of the rows."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from fieldnets import SHOP, error_of, learnt, network, shop, stars

import neuralredis as nr

# Answers


def test_predictions_are_keyed_by_class_name() -> None:
    net = learnt()
    assert net.classes is not None
    assert set(net.classes) == {"yes", "no", "perhaps"}
    answer = net.run({"country": "IT"})
    assert tuple(answer) == net.classes
    assert all(type(probability) is float for probability in answer.values())
    assert sum(answer.values()) == pytest.approx(1)
    assert net.classify({"country": "IT"}) == "yes"
    assert net.classify({"country": "FR", "taken": "yes"}) == "no", "predictions ignore the outcome"


def test_batch_returns_arrays_equal_to_single_answers() -> None:
    net = learnt()
    rows = [{name: value for name, value in row.items() if name != "taken"} for row in shop(50)]
    outputs, classes = net.run(rows), net.classify(rows)
    assert (outputs.shape, outputs.dtype, classes.shape, classes.dtype) == ((50, 3), np.float32, (50,), object)
    for row, of_row, name in zip(rows, outputs, classes, strict=True):
        assert list(net.run(row).values()) == of_row.tolist()
        assert net.classify(row) == name == net.classes[of_row.argmax()]
    frame = pd.DataFrame(rows)
    assert np.array_equal(net.run(frame), outputs)
    assert np.array_equal(net.run(frame[frame.columns[::-1]]), outputs)
    assert (net.run([]).shape, net.classify([]).shape) == ((0, 3), (0,))
    assert (net.run(frame[:1]).shape, net.run([rows[0]]).shape) == ((1, 3), (1, 3))
    assert net.run(frame[[]]).shape == (50, 3)


def test_classify_returns_top_classes_with_scores_above_least() -> None:
    net = learnt()
    row = {"country": "IT"}
    answer = net.run(row)
    order = sorted(answer, key=answer.__getitem__, reverse=True)
    assert net.classify(row, top=2) == order[:2]
    assert net.classify(row, top=99) == order
    assert net.classify(row, scores=True) == (order[0], answer[order[0]])
    assert net.classify(row, top=2, scores=True) == [(name, answer[name]) for name in order[:2]]
    assert net.classify(row, least=answer[order[0]]) == order[0]
    assert net.classify(row, least=1) is None or answer[order[0]] == 1
    assert net.classify(row, top=3, least=0.5) == order[:1]
    assert net.classify([row, {}], top=1) == [[order[0]], net.classify({}, top=1)]
    assert net.classify([row, row], least=0.5).tolist() == [order[0]] * 2
    assert net.classify([row], scores=True) == [(order[0], answer[order[0]])]
    for options, error in [
        ({"top": 0}, nr.OptionError),
        ({"least": 1.5}, nr.OptionError),
        ({"least": "a"}, TypeError),
        ({"scores": 3}, TypeError),
    ]:
        with pytest.raises(error):
            net.classify(row, **options)


def test_classify_breaks_ties_by_class_order() -> None:
    net = network({"age": "number"}, classes=["b", "a", "c"])
    answers = net.run([{}] * 2)
    assert np.array_equal(answers[0], answers[1])
    assert net.classify({}, top=3) == [net.classes[at] for at in np.argsort(-answers[0], kind="stable")]  # type: ignore[index]


def test_prediction_without_observed_classes_is_rejected() -> None:
    net = network({"age": "number"})
    message = "the network has seen no class yet: observe some rows first"
    for call in (lambda: net.run({}), lambda: net.classify([{}]), lambda: net.rank([{}], want="yes")):
        assert error_of(nr.TrainingError, call) == message
    net.observe({"age": 1}, "yes")
    assert net.classes == ("yes",)
    assert net.classify({}) == "yes"
    assert list(net.run({})) == ["yes"]
    assert net.run([{}, {}]).shape == (2, 1)
    net.observe({"age": 1}, "no", into="train")
    assert net.run([{}, {}]).shape == (2, 2)


def test_new_classes_and_words_are_used_after_the_next_training() -> None:
    net = learnt()
    assert net.classes is not None
    before, inputs = net.classes, net.info().layout[0]
    answer = net.run({"country": "ES"})
    net.observe([{"country": "ES"}] * 60, ["later"] * 60)
    assert (net.classes, net.run({"country": "ES"}), net.info().layout[0]) == (before, answer, inputs)
    found = net.evaluate("test")
    assert isinstance(found, nr.ClassifierEvaluation)
    assert found.classes == (*before, "later")
    assert found.confusion is not None
    assert found.confusion.shape == (4, 4)
    assert found.confusion[:, 3].sum() == 0
    net.train(max_cycles=100)
    assert net.classes == (*before, "later")
    assert net.info().layout[0] == inputs + 1
    assert net.classify({"country": "ES"}) == "later"


def test_regressor_predicts_numbers_by_target() -> None:
    net = stars({"note": "text"})
    rows = [{"note": "good"}, {"note": "bad"}, {"note": "not bad"}] * 40
    net.observe(rows, [5, 1, 3] * 40, into="train")
    net.train(max_cycles=200)
    assert type(net.run({"note": "good"})) is float
    assert net.run(rows[:3]) == pytest.approx([5, 1, 3], abs=0.1)
    assert net.run(rows[:3]).shape == (3,)
    assert error_of(nr.KindError, lambda: net.classify({})).startswith("the network is a regressor")
    assert [index for index, _ in net.rank(rows[:3])] == [0, 2, 1]
    two = stars({"age": "number"}, target=["low", "high"])
    assert list(two.run({"age": 1})) == ["low", "high"]
    assert two.run([{"age": 1}] * 3).shape == (3, 2)
    assert len(two.rank([{"age": 1}], want="high")) == 1
    assert "want is None: expected one of low, high" in error_of(nr.OptionError, lambda: two.rank([{"age": 1}]))


# Candidates


def test_rank_sorts_candidates_with_shared_values() -> None:
    net = network(classes=["no", "yes"])
    rows = [row for row in shop(300) if row["taken"] != "perhaps"]
    net.observe(rows)
    net.train(max_cycles=100)
    candidates = [{"country": "FR"}, {"country": "IT"}, {"country": None}, {"country": "FR"}]
    shared = {"age": 30, "country": "IT"}
    ranked = net.rank(candidates, shared)
    assert [one.index for one in ranked[:2]] == [1, 2], "equal candidates in the given order"
    assert [one.index for one in ranked[2:]] == [0, 3]
    for index, score in ranked:
        row = {**shared, **{name: value for name, value in candidates[index].items() if value is not None}}
        assert score == net.run(row)["yes"]
    assert net.rank(candidates, shared, top=1) == ranked[:1]
    assert net.rank(pd.DataFrame(candidates), shared, top=2) == ranked[:2]
    assert net.rank({"country": ["FR", "IT"]}, shared, want="no")[0].index == 0
    assert net.rank([], shared) == []
    assert net.rank({"country": "IT"})[0].index == 0
    assert "want is 'maybe': expected one of no, yes" in error_of(nr.OptionError, lambda: net.rank([{}], want="maybe"))
    assert "want is None: expected one of" in error_of(nr.OptionError, lambda: learnt().rank([{}]))
    assert "shared is several rows" in error_of(nr.ShapeError, lambda: net.rank([{}], {"age": [1, 2]}))


# Evaluation


def test_evaluate_takes_stored_and_fresh_rows_of_fields() -> None:
    net = learnt()
    stored = net.evaluate("train")
    assert isinstance(stored, nr.ClassifierEvaluation)
    assert stored.classes == net.classes
    fresh = net.evaluate(shop(90))
    assert isinstance(fresh, nr.ClassifierEvaluation)
    assert fresh.confusion is not None
    assert (fresh.rows, fresh.confusion.sum()) == (90, 90)
    names = net.classify([{name: value for name, value in row.items() if name != "taken"} for row in shop(90)])
    assert fresh.accuracy == np.mean(names == [row["taken"] for row in shop(90)])
    frame = pd.DataFrame(shop(90))
    again = net.evaluate(frame.drop(columns="taken"), frame["taken"])
    assert (again.error, again.rows) == (fresh.error, 90)
    weighted = net.evaluate(frame, weight=np.linspace(1, 2, 90))
    assert weighted.error != fresh.error
    assert net.evaluate({"country": "IT"}, "yes").rows == 1
    assert error_of(nr.DataError, lambda: net.evaluate([], [])) == "there are no rows to evaluate"
    new = net.evaluate({"country": "IT"}, "never met")
    assert isinstance(new, nr.ClassifierEvaluation)
    assert (new.accuracy, new.classes) == (0, (*(net.classes or ()), "never met"))
    assert net.evaluate(shop(90)) is not None
    plain = nr.Network("classifier", [1, 2])
    assert plain.evaluate([[1]], [0]).classes is None  # type: ignore[union-attr]


def test_regressor_with_fields_is_evaluated() -> None:
    net = stars({"age": "number"})
    net.observe({"age": range(100)}, np.arange(100) * 2.0)
    net.train(max_cycles=300)
    found = net.evaluate({"age": [10, 20], "stars": [20, 40]})
    assert isinstance(found, nr.RegressorEvaluation)
    assert found.rmse < 5


def test_stored_rows_are_recognized() -> None:
    net = learnt()
    frame = pd.DataFrame(shop(300))
    assert net._has(frame, None).all()
    other = frame.assign(taken="perhaps")
    assert net._has(other, None).tolist() == (frame["taken"] == "perhaps").tolist()
    assert not net._has(frame.assign(note="never"), None).any()
    assert not net._has({"age": 3}, "a new one").any()
    with pytest.raises(nr.KindError):
        nr.Network("classifier", [1, 2])._has([[1]], [0])


def test_figures_match_the_stored_rows() -> None:
    net = learnt()
    figures, ranges = net._figures()
    of = dict(zip(net.fields or {}, figures, strict=True))
    ages = [row["age"] for row in shop(300) if row["age"] is not None]
    assert of["age"]["range"] == (min(ages), max(ages))
    assert of["age"]["gaps"] == 300 - len(ages)
    assert sorted(of["country"]["words"]) == ["DE", "FR", "IT"]
    assert sum(rows for _, rows in of["country"]["commonest"]) == of["country"]["values"] == 300
    assert of["country"]["importance"] > of["age"]["importance"]
    assert ranges == []
    net = stars({"age": "number"}, target=["low", "high"])
    assert net._figures()[1] == [None, None]
    net.observe([{"age": 1}, {}], [[1, 5], [3, 4.5]])
    assert net._figures()[1] == [(1, 3), (4.5, 5)]
    with pytest.raises(nr.KindError):
        nr.Network("classifier", [1, 2])._figures()


# Stored rows


def test_stored_rows_are_returned_unchanged_except_texts() -> None:
    net = network({**SHOP, "country": "category 2"}, dataset=1000, test=0)
    rows = shop(40)
    net.observe(rows)
    found, outcomes = net.rows("train")
    assert list(outcomes) == [row["taken"] for row in rows]
    known = list(dict.fromkeys(row["country"] for row in rows))[:2]
    for row, given in zip(found, rows, strict=True):
        assert row["age"] == given["age"]
        assert row["country"] == (given["country"] if given["country"] in known else None)
        assert row["spent"] == (given["spent"] or None)
        assert row["phone"] is given["phone"]
        assert row["at"] == given["at"].replace(tzinfo=dt.timezone.utc)
        assert row["note"] is None
        assert row["tags"] == (sorted(given["tags"]) or None)
        assert (row["place"] is None) == (given["place"] is None)
        assert row["place"] is None or np.allclose(row["place"], given["place"])
    again = network({**SHOP, "country": "category 2"}, dataset=1000, test=0)
    again.observe(found, outcomes)
    assert again.field_statistics()[0] == net.field_statistics()[0]
    assert net.rows("test")[0] == []


def test_statistics_of_fields_have_values_gaps_and_importance() -> None:
    net = network(dataset=300, test=100)
    net.observe(shop(400))
    assert all(found.importance is None for found in net.field_statistics())
    net.train(max_cycles=60)
    found = {statistics.name: statistics for statistics in net.field_statistics()}
    assert list(found) == list(SHOP)
    assert all(statistics.values + statistics.gaps == 400 for statistics in found.values())
    assert (found["country"].kind, found["country"].words, found["country"].other) == ("category 20", 3, 0)
    assert {word for word, _ in found["country"].commonest} == {"IT", "FR", "DE"}
    assert (found["age"].words, found["age"].commonest) == (None, ())
    assert (found["spent"].min, found["spent"].max) == (3.0, 12.5)
    assert dict(found["phone"].commonest).keys() == {"yes", "no"}
    importance = {name: statistics.importance or 0.0 for name, statistics in found.items()}
    assert max(importance, key=importance.__getitem__) == "country"
    with pytest.raises(nr.KindError, match="has no fields"):
        nr.Network("classifier", [1, 2]).field_statistics()
