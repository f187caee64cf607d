"""``neuralredis sample``: texts drawn from networks of sequences, with several options."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import neuralredis as nr
import tables


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with networks of letters, of words, and of events with two fields."""
    folder = tmp_path_factory.mktemp("sample")
    letters = nr.SequenceNetwork("classifier", fields={"letter": "category"}, target="letter", dataset=100, seed=1)
    letters.observe(["abcabc.", "bcabca.", "cabcab.", "acbacb."] * 10)
    letters.train(max_cycles=30)
    letters.save(folder / "letters.nr")
    words = nr.SequenceNetwork("classifier", fields={"page": "category"}, target="page", dataset=100, seed=1)
    words.observe([["home", "help", "exit"], ["home", "shop", "exit"]] * 10)
    words.train(max_cycles=30)
    words.save(folder / "words.nr")
    two = {"page": "category", "seconds": "number"}
    wide = nr.SequenceNetwork("classifier", fields=two, target="page", dataset=100, seed=1)
    wide.observe([[{"page": "home", "seconds": 1}, {"page": "help", "seconds": 2}, {"page": "exit"}]] * 10)
    wide.train(max_cycles=10)
    wide.save(folder / "wide.nr")
    nr.Network("classifier", fields={"x": "number"}, target="y").save(folder / "rows.nr")
    return folder


@pytest.fixture
def folder(made: Path, command: tables.Command) -> Path:
    for path in made.iterdir():
        Path(path.name).write_bytes(path.read_bytes())
    return Path()


def drawn(command: tables.Command, *arguments: Any) -> dict[str, Any]:
    done = command("sample", *arguments, "--json")
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_texts_equal_samples_of_the_network_with_consecutive_seeds(command: tables.Command, folder: Path) -> None:
    found = drawn(
        command, "letters.nr", "--until", ".", "--count", 4, "--seed", 7, "--temperature", "0.5,1", "--prompt", "ab"
    )
    net = nr.load("letters.nr")
    assert isinstance(net, nr.SequenceNetwork)
    ((one,), report) = found["networks"], found["report"]
    assert (report, one["network"], one["joint"]) == ("samples", "letters.nr", "")
    ((prompt, results),) = [(each["prompt"], each["results"]) for each in one["prompts"]]
    assert prompt == "ab"
    assert [result["settings"] for result in results] == [{"temperature": 0.5}, {"temperature": 1.0}]
    for result in results:
        expected = [
            "".join(net.sample("ab", 100, until=".", seed=seed, **result["settings"])) for seed in (7, 8, 9, 10)
        ]
        assert (result["seed"], result["outputs"]) == (7, expected)


def test_larger_count_keeps_the_first_texts(command: tables.Command, folder: Path) -> None:
    few, many = (
        drawn(command, "letters.nr", "--length", 9, "--count", count, "--seed", 3)["networks"][0]["prompts"][0]
        for count in (2, 5)
    )
    assert many["results"][0]["outputs"][:2] == few["results"][0]["outputs"]


def test_printed_seed_reproduces_the_texts(command: tables.Command, folder: Path) -> None:
    first = drawn(command, "letters.nr", "--length", 20)
    seed = first["networks"][0]["prompts"][0]["results"][0]["seed"]
    assert drawn(command, "letters.nr", "--length", 20, "--seed", seed) == first


def test_words_are_separated_by_spaces(command: tables.Command, folder: Path) -> None:
    done = command("sample", "words.nr", "--prompt", "home", "--until", "exit", "--count", 20, "--seed", 1)
    assert done.code == 0
    assert "After 'home'" in done.out
    assert "home help" in done.out
    assert "home shop" in done.out


def test_all_combinations_of_settings_are_sampled(command: tables.Command, folder: Path) -> None:
    found = drawn(command, "letters.nr", "--temperature", "0.5,2", "--top-k", "1,3", "--count", 1, "--seed", 1)
    settings = [result["settings"] for result in found["networks"][0]["prompts"][0]["results"]]
    assert settings == [{"temperature": t, "top_k": k} for t in (0.5, 2) for k in (1, 3)]


def test_events_of_several_fields_are_sampled_without_a_prompt(command: tables.Command, folder: Path) -> None:
    assert command("sample", "wide.nr", "--count", 2).code == 0
    done = command("sample", "wide.nr", "--prompt", "home")
    assert "--prompt needs a network whose events have one field: those of wide.nr have page and seconds" in done.err


def test_texts_of_several_reports_are_grouped_by_prompt(command: tables.Command, folder: Path) -> None:
    for name, seed in (("one.json", 1), ("two.json", 2)):
        found = command(
            "sample", "letters.nr", "--prompt", "a", "--prompt", "b", "--seed", seed, "--length", 5, "--json"
        )
        Path(name).write_text(found.out)
    done = command("compare", "one.json", "two.json")
    assert done.code == 0
    assert done.out.index("After 'a'") < done.out.index("After 'b'")
    merged = json.loads(command("compare", "one.json", "two.json", "--json", "-").out)
    texts = [json.loads(Path(name).read_text())["networks"][0] for name in ("one.json", "two.json")]
    assert merged == {"report": "samples", "networks": texts}


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["rows.nr"], "rows.nr is not a network of sequences: 'neuralredis ask --sample'"),
        (["letters.nr", "--prompt", "x"], "--prompt has 'x', which is not an event of letters.nr"),
        (["letters.nr", "--count", "0"], "--count 0: expected 1 or more"),
        (["letters.nr", "--length", "0"], "--length 0: expected 1 or more"),
        (["letters.nr", "--length", "2000"], "count is 2000: expected an integer from 1 to 1000"),
        (["letters.nr", "--until", "x"], "until is 'x'"),
        (["letters.nr", "--top-k", "1.5"], "--top-k 1.5: expected an integer"),
        (["letters.nr", "--top-p", "3"], "top_p is 3"),
        (["letters.nr", "--count", "9999999"], "make 9,999,999 texts: expected at most 100,000"),
        (["letters.nr", "--html", "letters.nr"], "--html letters.nr is a network"),
        (["letters.nr", "--html", "no/x.html"], "there is no folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_invalid_sampling_is_rejected_in_one_line(
    command: tables.Command, folder: Path, arguments: list[str], why: str
) -> None:
    done = command("sample", *arguments)
    assert done.code == 1
    assert why in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("value", ["", "a", "1,", "inf", "nan"])
def test_settings_must_be_numbers(command: tables.Command, folder: Path, value: str) -> None:
    done = command("sample", "letters.nr", "--temperature", value)
    assert done.code == 2
    assert "expected numbers, such as 0.5,1" in done.err
