"""Rare classes on the command line: how networks that seldom predict them are judged."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tables
from neuralredis.table.ranking import cheapest


@pytest.fixture
def fraud(command: tables.Command) -> Path:
    """Return payments of which one in a hundred is a fraud; its probability rises with the amount."""
    rng = random.Random(6)
    rows = [[x := rng.gauss(0, 1), rng.gauss(0, 1), "yes" if x + rng.gauss(0, 1) > 3.2 else "no"] for _ in range(6000)]
    return tables.write(Path("fraud.csv"), ["amount", "hour", "fraud"], rows)


def test_rare_class_is_judged_by_its_ranking(command: tables.Command, fraud: Path) -> None:
    done = command("train", fraud, "--target", "fraud")
    output = " ".join(done.out.split())
    assert "Better than chance at ranking rows by the probability of yes (statistically significant)." in output
    assert "No better" not in output
    assert "among the 60 most probable (5 %)" in output
    assert "% are yes (" in output
    assert ": each class's share of the rows" in output
    importance = done.out[done.out.index("Column importance") :].splitlines()
    assert "loss of AUC when the column is shuffled" in importance[0]
    assert importance[1].split()[0] == "amount"
    assert "0.0 points" not in done.out
    found = json.loads(command("train", fraud, "--target", "fraud", "--json").out)
    assert found["importance_measure"] == "auc"
    (ranking,) = found["kept_back"]["ranking"]
    assert (ranking["class"], ranking["by_chance"]) == ("yes", False)
    assert ranking["auc"] == found["kept_back"]["auc"] > 0.8
    assert ranking["lift"] > 3
    assert found["kept_back"]["log_loss"] < found["kept_back"]["log_loss_baseline"]


def test_balanced_training_is_judged_by_balanced_accuracy(command: tables.Command, fraud: Path) -> None:
    done = command("train", fraud, "--target", "fraud", "--balanced")
    assert "Better than guessing in balanced accuracy (statistically significant)." in done.out
    assert "baseline: always no" in done.out
    lines = [line.split() for line in done.out.splitlines()]
    assert ["baseline:", "guessing", "50.0", "%"] in lines
    assert "log loss" not in done.out
    command("train", fraud, "--target", "fraud", "--balanced")
    found = json.loads(command("evaluate", "fraud.nr", fraud, "--json").out)
    assert found["balanced"]["low"] > found["balanced"]["chance"] == 0.5
    assert found["verdict"].startswith("Better than guessing")


def test_evaluate_judges_a_rare_class_by_its_ranking(command: tables.Command, fraud: Path) -> None:
    command("train", fraud, "--target", "fraud")
    done = command("evaluate", "fraud.nr", fraud)
    assert "Better than chance at ranking rows by the probability of yes" in " ".join(done.out.split())
    assert done.out[done.out.index("Column importance") :].splitlines()[1].split()[0] == "amount"


def test_column_that_leaks_a_rare_class_is_reported(command: tables.Command) -> None:
    rng = random.Random(7)
    rows = [[rng.random(), rare := rng.random() < 0.02, "yes" if rare else "no"] for _ in range(2000)]
    tables.write(Path("leak.csv"), ["a", "refunded", "fraud"], rows)
    done = command("train", "leak.csv", "--target", "fraud")
    output = " ".join(done.out.split())
    assert "Suspiciously good: does 'refunded' leak 'fraud', because it is filled in later?" in output


def test_ends_of_an_interval_are_printed_distinctly(command: tables.Command) -> None:
    from neuralredis.cli.screen import between

    assert between(0.9481, 0.9533) == "94.8 to 95.3 %"
    assert between(0.95004, 0.95041) == "95.00 to 95.04 %"
    assert between(0.999982, 0.999991) == "99.998 to 99.999 %"
    assert between(0.0, 1.0) == "0.0 to 100.0 %"
    assert between(0.5, 0.5) == "50.0000 to 50.0000 %"


def test_long_names_of_rare_classes_fit_a_narrow_screen(
    command: tables.Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    rng = random.Random(8)
    label = "an exceedingly long name of a class that is rare"
    rows = [[x := rng.gauss(0, 1), label if x + rng.gauss(0, 0.3) > 2 else "no"] for _ in range(2000)]
    tables.write(Path("long.csv"), ["x", "y"], rows)
    done = command("train", "long.csv", "--target", "y")
    assert max(map(len, done.out[: done.out.index("Next:")].splitlines())) <= 60


def test_rare_class_of_noise_is_not_reported_as_predictable(command: tables.Command) -> None:
    rng = random.Random(9)
    rows = [[rng.random(), rng.random(), "yes" if rng.random() < 0.02 else "no"] for _ in range(2000)]
    tables.write(Path("noise.csv"), ["a", "b", "y"], rows)
    done = command("train", "noise.csv", "--target", "y")
    assert "No better than always predicting no" in done.out
    assert "--balanced" not in done.out


def test_costs_of_errors_determine_the_threshold(command: tables.Command, fraud: Path) -> None:
    done = command("train", fraud, "--target", "fraud", "--cost", "1:20")
    assert (done.code, done.err) == (0, "")
    assert "threshold with the lowest cost: predict yes from " in done.out
    assert "chosen on these rows: on fresh rows it costs a little more" in done.out
    found = json.loads(command("evaluate", "fraud.nr", fraud, "--cost", "1:20", "--json").out)["threshold"]
    assert found["label"] == "yes"
    assert 0 < found["probability"] < 0.3
    assert found["cost"] < min(found["likelier"], found["never"], found["always"])
    # With equal costs, hardly anything is gained over always predicting the more frequent class.
    same = json.loads(command("evaluate", "fraud.nr", fraud, "--cost", "1:1", "--json").out)["threshold"]
    assert same["probability"] > found["probability"]
    assert same["cost"] <= same["likelier"]
    assert "threshold" not in json.loads(command("evaluate", "fraud.nr", fraud, "--json").out)
    for bad in ("1", "0:1", "1:-2", "a:b", "inf:1", "1:nan"):
        done = command("evaluate", "fraud.nr", fraud, "--cost", bad)
        assert done.code == 2
        assert "expected two numbers above 0, FALSE_ALARM:MISS, such as 1:10" in done.err
    done = command("train", fraud, "--target", "amount", "--replace", "--cost", "1:5")
    assert (done.code, done.err) == (1, "neuralredis: --cost needs a target with two classes: 'amount' is a number\n")
    rows = [[number * 7 % 31, "abc"[number % 3]] for number in range(60)]
    tables.write(Path("three.csv"), ["number", "letter"], rows)
    done = command("train", "three.csv", "--target", "letter", "--cost", "1:5")
    assert (done.code, done.err) == (1, "neuralredis: --cost needs a target with two classes: 'letter' has 3\n")


@given(
    st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=30),
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
)
def test_chosen_threshold_has_the_lowest_cost(rows: list[tuple[int, bool]], costs: tuple[int, int]) -> None:
    scores, positive = np.array([score / 7 for score, _ in rows]), np.array([is_of for _, is_of in rows])

    def spent(limit: float) -> float:
        alarms = scores >= limit
        return float(costs[0] * np.sum(alarms & ~positive) + costs[1] * np.sum(~alarms & positive)) / len(rows)

    found = cheapest(scores, positive, "yes", costs)
    assert found.cost == pytest.approx(spent(found.probability))
    assert found.cost == pytest.approx(min(spent(limit) for limit in (*np.unique(scores), 2)))
    assert found.never == pytest.approx(spent(2))
    assert found.always == pytest.approx(spent(0))
    assert found.false_alarms == np.sum((scores >= found.probability) & ~positive)
    assert found.misses == np.sum((scores < found.probability) & positive)
