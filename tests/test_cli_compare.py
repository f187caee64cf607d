"""``neuralredis compare``: which of several networks is better on the rows of a table."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neuralredis as nr
import servers
import tables

ROWS = 300


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a table, three networks of some of its columns, and two networks without fields."""
    folder = tmp_path_factory.mktemp("compare")
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(2, ROWS)).round(6)
    word = rng.choice(["red", "green"], ROWS)
    y = np.where(a + 2 * b * (word == "red") > 0, "yes", "no")
    number = (2 * a + np.abs(b) + rng.normal(scale=0.1, size=ROWS)).round(3)
    columns = zip(a.tolist(), b.tolist(), word.tolist(), y.tolist(), strict=True)
    tables.write(folder / "rows.csv", ["a", "b", "word", "y"], columns)
    tables.write(folder / "numbers.csv", ["a", "b", "out"], np.c_[a, b, number].tolist())
    codes = np.c_[a, b, (a > 0) * 1 + (a > 1) * 1].tolist()
    tables.write(folder / "codes.csv", ["a", "b", "class"], [[x, z, int(k)] for x, z, k in codes])
    half = ROWS // 2
    kinds = {"a": "number", "b": "number", "word": "category"}
    for name, fields in (("good.nr", kinds), ("poor.nr", {"a": "number"}), ("other.nr", {"b": "number"})):
        net = nr.Network("classifier", fields=fields, target="y", hidden=[8], dataset=half, test=0, seed=1)
        given = {"a": a, "b": b, "word": word}
        net.observe({field: given[field][:half] for field in fields}, y[:half].tolist())
        net.train(max_cycles=60)
        net.save(folder / name)
    for name, kind, outputs, truth in (
        ("r", "regressor", 1, number),
        ("c", "classifier", 3, (a > 0) * 1 + (a > 1) * 1),
    ):
        for hidden, cycles in ((1, 3), (8, 80)):
            net = nr.Network(kind, [2, hidden, outputs], normalize=True, dataset=half, test=0, seed=1)
            net.observe(np.c_[a, b][:half], truth[:half])
            net.train(max_cycles=cycles)
            net.save(folder / f"{name}{hidden}.nr")
    return folder


@pytest.fixture
def folder(made: Path, command: tables.Command) -> Path:
    """Return a copy of the folder for one test."""
    for path in made.iterdir():
        Path(path.name).write_bytes(path.read_bytes())
    return Path()


def report(command: tables.Command, *arguments: str) -> dict[str, Any]:
    done = command("compare", *arguments, "--json", "-")
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_compare_names_the_better_network_and_its_significance(command: tables.Command, folder: Path) -> None:
    done = command("compare", "good.nr", "poor.nr", "--data", "rows.csv")
    assert (done.code, done.err) == (0, "")
    assert "150 rows of rows.csv" in done.out
    assert "The other 150 are left out: training rows of a network" in done.out
    assert "good.nr is correct for" in done.out
    assert "; significant (p < 0.001, McNemar's exact test)" in done.out.replace("\n", " ").replace("  ", " ")
    assert "Predictions differ in" in done.out
    assert "baseline: always" in done.out


def test_compare_reports_the_figures_of_evaluate(command: tables.Command, folder: Path) -> None:
    found = report(command, "good.nr", "poor.nr", "--data", "rows.csv")
    for place, name in enumerate(("good.nr", "poor.nr")):
        alone = json.loads(command("evaluate", name, "rows.csv", "--json").out)
        reported = found["networks"][place]
        assert reported["network"] == name
        assert reported["accuracy"] == alone["accuracy"]
        assert reported["likely"] == alone["likely"]
        assert np.sum(reported["confusion"]) == found["rows"] == 150
    (pair,) = found["pairs"]
    answers = [np.array(one["answers"]["predicted"]) for one in found["reports"]]
    truth = np.array(found["reports"][0]["answers"]["truth"])
    right = [answer == truth for answer in answers]
    assert pair["only_better"] == np.sum(right[0] & ~right[1])
    assert pair["only_worse"] == np.sum(right[1] & ~right[0])
    assert pair["difference"] == pytest.approx(right[0].mean() - right[1].mean(), abs=1e-6)
    assert pair["p"] < 0.001
    assert not pair["by_chance"]


def test_rows_are_sorted_by_the_difference_of_predictions(command: tables.Command, folder: Path) -> None:
    found = report(command, "good.nr", "poor.nr", "--data", "rows.csv")
    first, second = (one["answers"] for one in found["reports"])
    classes = found["reports"][0]["classes"]
    order = [classes.index(label) for label in first["truth"]]
    likely = [
        np.take_along_axis(np.array(one["probabilities"]), np.array(order)[:, None], 1) for one in (first, second)
    ]
    spread = np.abs(likely[0] - likely[1])[:, 0]
    differ = np.array(first["predicted"]) != np.array(second["predicted"])
    expected = np.array(first["row"])[differ][np.argsort(-spread[differ], kind="stable")]
    done = command("compare", "good.nr", "poor.nr", "--data", "rows.csv", "--show", "5")
    table = done.out.partition("Predictions differ in")[2].splitlines()[2:7]
    assert [int(line.split()[0]) for line in table] == expected[:5].tolist()
    assert f"Predictions differ in {differ.sum()} of 150 rows" in done.out
    assert command("compare", "good.nr", "poor.nr", "--data", "rows.csv", "--show", "0").out.count("\n  row ") == 0


def test_three_networks_are_compared_in_pairs_with_holm_correction(command: tables.Command, folder: Path) -> None:
    found = report(command, "good.nr", "poor.nr", "other.nr", "--data", "rows.csv")
    assert len(found["pairs"]) == 3
    two = report(command, "poor.nr", "other.nr", "--data", "rows.csv")["pairs"][0]
    same = next(pair for pair in found["pairs"] if {pair["better"], pair["worse"]} == {"poor.nr", "other.nr"})
    assert same["p"] >= two["p"]
    twice = report(command, "good.nr", "good.nr", "--data", "rows.csv")
    assert [one["network"] for one in twice["networks"]] == ["good.nr", "good.nr (2)"]
    assert twice["pairs"][0]["p"] == 1
    assert "(Holm)" in command("compare", "good.nr", "poor.nr", "other.nr", "--data", "rows.csv").out


def test_networks_without_fields_take_columns_in_order(command: tables.Command, folder: Path) -> None:
    found = report(command, "c1.nr", "c8.nr", "--data", "codes.csv", "--target", "class")
    net = nr.load("c8.nr")
    table = np.genfromtxt("codes.csv", delimiter=",", skip_header=1)
    rows = np.array(found["reports"][1]["answers"]["row"]) - 1
    assert rows.tolist() == list(range(150, 300)), "training rows are left out"
    assert found["reports"][1]["answers"]["predicted"] == [str(c) for c in net.classify(table[rows, :2])]
    assert command("compare", "c1.nr", "c8.nr", "--data", "codes.csv").err.endswith(
        "c1.nr: the network has no fields: expected --target, the column of the outcomes\n"
    )


def test_regressors_are_compared_by_absolute_errors(command: tables.Command, folder: Path) -> None:
    found = report(command, "r1.nr", "r8.nr", "--data", "numbers.csv", "--target", "out")
    errors = [np.abs(np.subtract(one["answers"]["predicted"], one["answers"]["truth"])) for one in found["reports"]]
    assert found["test"] == "paired_t"
    assert [one["mae"] for one in found["networks"]] == pytest.approx([error.mean() for error in errors], rel=1e-5)
    (pair,) = found["pairs"]
    assert (pair["better"], pair["worse"]) == ("r8.nr", "r1.nr")
    assert pair["difference"] == pytest.approx((errors[0] - errors[1]).mean(), rel=1e-5)
    assert pair["low"] < pair["difference"] < pair["high"]
    done = command("compare", "r1.nr", "r8.nr", "--data", "numbers.csv", "--target", "out")
    assert "The mean absolute error of r8.nr is " in done.out
    assert "paired t-test" in done.out


def test_saved_reports_are_compared_without_the_networks(command: tables.Command, folder: Path) -> None:
    now = report(command, "good.nr", "poor.nr", "--data", "rows.csv")
    for name in ("good", "poor"):
        Path(f"{name}.json").write_text(command("evaluate", f"{name}.nr", "rows.csv", "--json", "--rows").out)
    Path("good.nr").unlink()
    earlier = report(command, "good.json", "poor.json")
    assert earlier["pairs"] == now["pairs"]
    assert earlier["networks"] == now["networks"]
    mixed = report(command, "good.json", "poor.nr", "--data", "rows.csv")
    assert mixed["pairs"] == now["pairs"]
    Path("both.json").write_text(json.dumps(now))
    again = report(command, "both.json", "poor.json")
    assert [one["network"] for one in again["networks"]] == ["good.nr", "poor.nr", "poor.nr (2)"]
    assert report(command, "both.json") == now, "one comparison"


def test_evaluate_rows_lists_the_answer_to_each_row(command: tables.Command, folder: Path) -> None:
    plain = json.loads(command("evaluate", "good.nr", "rows.csv", "--json").out)
    found = json.loads(command("evaluate", "good.nr", "rows.csv", "--json", "--rows").out)
    answers = found.pop("answers")
    assert found == plain
    assert found["network"] == "good.nr"
    assert found["table"]["name"] == "rows.csv"
    assert found["table"]["rows"] == ROWS
    assert len(answers["row"]) == len(answers["probabilities"]) == plain["rows"]
    right = np.mean(np.array(answers["truth"]) == np.array(answers["predicted"]))
    assert right == pytest.approx(plain["accuracy"], abs=1e-6)
    assert answers["cells"]["word"][0] in ("red", "green")
    assert "y" not in answers["cells"]
    assert command("evaluate", "good.nr", "rows.csv", "--rows").err == "neuralredis: --rows needs --json\n"


def test_tables_are_identified_by_their_cells(command: tables.Command, folder: Path) -> None:
    Path("good.json").write_text(command("evaluate", "good.nr", "rows.csv", "--json", "--rows").out)
    Path("poor.json").write_text(command("evaluate", "poor.nr", "numbers.csv", "--json", "--rows").out or "{}")
    text = Path("rows.csv").read_text()
    Path("same.csv").write_text(text.replace(",", ";").replace("\n", "\r\n"))
    Path("poor.json").write_text(command("evaluate", "poor.nr", "same.csv", "--json", "--rows").out)
    assert command("compare", "good.json", "poor.json").code == 0
    Path("changed.csv").write_text(text.replace("red", "blue", 1))
    Path("poor.json").write_text(command("evaluate", "poor.nr", "changed.csv", "--json", "--rows").out)
    done = command("compare", "good.json", "poor.json")
    assert done.code == 1
    assert "poor.nr has predictions for changed.csv (300 rows), and good.nr for another table, rows.csv" in done.err


def test_comparison_on_training_rows_warns(command: tables.Command, folder: Path) -> None:
    lines = Path("rows.csv").read_text().splitlines()[: ROWS // 2]
    Path("known.csv").write_text("\n".join(lines) + "\n")
    done = command("compare", "good.nr", "poor.nr", "--data", "known.csv")
    assert "trained on some of these rows, so the figures are too good" in done.out.replace("\n", " ")
    for name in ("good", "poor"):
        net = nr.load(f"{name}.nr")
        net.configure(dataset=0)
        net.save(f"{name}.nr")
    done = command("compare", "good.nr", "poor.nr", "--data", "known.csv")
    assert "training rows cannot be recognized and left out" in done.out.replace("\n", " ")


def test_classes_unknown_to_a_network_count_as_errors(command: tables.Command, folder: Path) -> None:
    for name, labels in (("two.nr", ["1", "2"]), ("three.nr", ["1", "2", "3.0"])):
        net = nr.Network("classifier", fields={"x": "number"}, target="y", dataset=100, test=0, seed=1)
        net.observe([{"x": 10 * i} for i in range(len(labels))] * 10, labels * 10)
        net.train(max_cycles=100)
        net.save(name)
    tables.write(Path("new.csv"), ["x", "y"], [[1, "1"], [11, "2.0"], [19, "3"], [21, "3"], [5, "9"]])
    found = report(command, "two.nr", "three.nr", "--data", "new.csv")
    assert found["rows"] == 4, "no network has the class 9"
    assert found["reports"][0]["answers"]["truth"] == ["1", "2", "3.0", "3.0"]
    assert found["networks"][0]["accuracy"] == 0.5
    assert found["networks"][1]["accuracy"] == 1
    assert np.array(found["networks"][0]["confusion"]).shape == (3, 3)


def test_compare_names_networks_in_a_server_by_key(
    command: tables.Command, folder: Path, any_server: servers.Server
) -> None:
    url = f"unix://{any_server.socket}"
    with nr.connect(url) as db:
        db.upload("live", nr.load("good.nr"))
    found = report(command, f"{url}#live", "poor.nr", "--data", "rows.csv")
    assert [one["network"] for one in found["networks"]] == ["live", "poor.nr"]
    assert "has no key: expected one after #" in command("compare", url, "poor.nr", "--data", "rows.csv").err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["good.nr", "--data", "rows.csv"], "only good.nr is given: expected two networks or more"),
        (["good.json"], "only good.json is given: expected two networks or more"),
        (["good.nr", "poor.nr"], "expected --data, the table whose rows good.nr is to predict"),
        (["good.nr", "none.nr", "--data", "rows.csv"], "none.nr: No such file"),
        (["good.nr", "rows.csv", "--data", "rows.csv"], "rows.csv is not a network"),
        (["good.nr", "poor.nr", "--data", "numbers.csv"], "numbers.csv has no column 'y'"),
        (["good.nr", "poor.nr", "--data", "rows.csv", "--target", "a"], "the network predicts 'y', not 'a'"),
        (
            ["c8.nr", "c1.nr", "--data", "rows.csv", "--target", "y"],
            "the network has 2 inputs, and the table 3 columns",
        ),
        (["c8.nr", "c1.nr", "--data", "codes.csv", "--target", "z"], "the table has no column 'z' for --target"),
        (["c8.nr", "r8.nr", "--data", "codes.csv", "--target", "class"], "r8.nr predicts 'class' as regressor"),
        (["good.nr", "poor.nr", "--data", "rows.csv", "--show", "-1"], "--show -1: expected 0 or more"),
        (["good.nr", "poor.nr", "--data", "rows.csv", "--html", "good.nr"], "--html good.nr is one of the networks"),
        (["good.nr", "poor.nr", "--data", "rows.csv", "--json", "rows.csv"], "--json rows.csv is the table"),
        (["good.nr", "poor.nr", "--data", "rows.csv", "--json", "no/x.json"], "there is no folder"),
        (["good.nr", "poor.nr", "--data", "rows.csv", "--json", "x", "--html", "x"], "--json and --html both name x"),
        (["good.json", "good.json", "--data", "rows.csv"], "--data needs networks"),
        (
            ["plain.json", "good.json"],
            "plain.json has no predictions of rows: 'neuralredis evaluate NET DATA --json --rows'",
        ),
        (["texts.json", "good.json"], "sampled texts cannot be compared with networks or rows"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_incomparable_networks_are_rejected_in_one_line(
    command: tables.Command, folder: Path, arguments: list[str], why: str
) -> None:
    if any(name.endswith(".json") for name in arguments[:2]):
        Path("good.json").write_text(command("evaluate", "good.nr", "rows.csv", "--json", "--rows").out)
        Path("plain.json").write_text(command("evaluate", "good.nr", "rows.csv", "--json").out)
        texts = {"prompt": "", "results": [{"settings": {}, "seed": 1, "outputs": ["a"]}]}
        Path("texts.json").write_text(
            json.dumps({"report": "samples", "networks": [{"network": "n", "prompts": [texts]}]})
        )
    before = {path: path.read_bytes() for path in Path().iterdir()}
    done = command("compare", *arguments)
    assert done.code == 1
    assert why in done.err
    assert done.err.count("\n") == 1
    assert {path: path.read_bytes() for path in Path().iterdir()} == before


def set_at(*path: Any) -> Callable[[Any, Any], None]:
    """Return a function that sets a value inside a report."""

    def change(content: Any, value: Any) -> None:
        for key in path[:-1]:
            content = content[key]
        content[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("network",), 3),
        (("target",), None),
        (("classes",), []),
        (("classes",), ["no", "no"]),
        (("classes",), [1, 2]),
        (("classes",), {"no": 1}),
        (("table",), None),
        (("table", "rows"), 10),
        (("table", "rows"), 1e99),
        (("table", "rows"), True),
        (("table", "digest"), 7),
        (("answers",), []),
        (("answers", "row"), []),
        (("answers", "row", 0), 0),
        (("answers", "row", 0), 1.5),
        (("answers", "row", 0), 299),
        (("answers", "row", 0), "1"),
        (("answers", "row", 0), 10**308 * 10),
        (("answers", "truth"), ["yes"]),
        (("answers", "truth", 0), 1),
        (("answers", "predicted", 0), "maybe"),
        (("answers", "probabilities"), None),
        (("answers", "probabilities", 0), [0.5]),
        (("answers", "probabilities", 0, 0), 1.5),
        (("answers", "probabilities", 0, 0), None),
        (("answers", "cells"), []),
        (("answers", "cells", "a"), ["1"]),
        (("answers", "cells", "a", 0), {"b": 1}),
    ],
    ids=str,
)
def test_damaged_reports_are_rejected_in_one_line(
    command: tables.Command, folder: Path, path: tuple[Any, ...], value: Any
) -> None:
    content = json.loads(command("evaluate", "good.nr", "rows.csv", "--json", "--rows").out)
    Path("good.json").write_text(json.dumps(content))
    damaged = copy.deepcopy(content)
    set_at(*path)(damaged, value)
    Path("bad.json").write_text(json.dumps(damaged))
    done = command("compare", "good.json", "bad.json")
    assert done.code == 1
    assert done.err.startswith("neuralredis: ")
    assert "bad.json" in done.err or "different outcomes" in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    "text", ["{", '{"a": NaN}', '{"a": ' * 5000, "{}", '{"a": ' + "9" * 6000 + "}", '{"report": "samples"}', "{\xff"]
)
def test_other_files_are_rejected_in_one_line(command: tables.Command, folder: Path, text: str) -> None:
    Path("bad.json").write_bytes(text.encode("latin-1"))
    done = command("compare", "bad.json", "bad.json")
    assert done.code == 1
    assert done.err.startswith("neuralredis: bad.json ")
    assert done.err.count("\n") == 1


def test_control_characters_of_a_report_are_escaped(command: tables.Command, folder: Path) -> None:
    evil = "\x1b[2J\x1b]0;title\x07\u202e"
    content = json.loads(command("evaluate", "good.nr", "rows.csv", "--json", "--rows").out)
    content["network"] = evil
    content["answers"]["cells"] = {evil: [evil] * len(content["answers"]["row"])}
    Path("evil.json").write_text(json.dumps(content))
    for arguments in (["--show", "3"], ["--json", "-"]):
        done = command("compare", "evil.json", "evil.json", *arguments)
        assert done.code == 0
        assert not set("\x1b\x07\u202e") & set(done.out + done.err)
