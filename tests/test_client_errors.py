"""The words of the module are told apart as the engine's exceptions are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import redis
import valkey

import neuralredis as nr
from neuralredis.remote.refusals import KINDS, ours

ROOT = Path(__file__).resolve().parents[1]
#: What the engine's errors look like when their fields are filled in.
EXAMPLES = {
    "Layers": "the layout has 1 layers: expected 2 to 32, inputs and outputs counted",
    "Units": "layer 1 has 0 units: expected 1 to 1048576",
    "Parameters": "the layout has 99999999 parameters: expected at most 16777216",
    "ClassifierOutputs": "a classifier with 1 output: expected at least 2, one for each class",
    "Option": "LOSS is 'log': expected crossentropy, mse",
    "Inputs": "row 3: the network has 9 inputs, 8 were given",
    "Outputs": "expected 1 output, 2 were given",
    "RowCounts": "3 rows of inputs but 2 of classes",
    "NotFinite": "row 2: input 1 is inf: expected a finite number",
    "Class": "the class is 7: expected an integer from 0 to 2",
    "RowWeight": "row 0: the weight is 0: expected a finite number above 0",
    "NoRoom": "the testing set takes no rows: its limit is 0",
    "RowIndex": "row 7 of the training set: it has 5 rows",
    "NotClassifier": "the network is a regressor: only a classifier has classes",
    "NoTrainingRows": "the network has no training rows: observe some first",
    "NoTestingRows": "automatic stop needs testing rows: the network has none",
    "NoRows": "there are no rows to evaluate",
    "AlreadyTraining": "the network is already being trained",
    "Damaged": "not a network: it ends too early",
    "NewerFormat": "the network was saved in format 9: this version reads formats up to 1",
    "Memory": "not enough memory for 123 bytes",
}


def expected() -> dict[str, str]:
    """The exception of each of the engine's errors, by the extension's own table."""
    table = (ROOT / "rust/python/src/errors.rs").read_text().partition("match error {")[2]
    found = {}
    for errors, kind in re.findall(r"((?:\s*\|?\s*Error::\w+[^|=]*)+)=>\s*\{?\s*(?:classes::)?(\w+)::new_err", table):
        found.update(dict.fromkeys(re.findall(r"Error::(\w+)", errors), kind))
    return found


def test_every_error_of_the_engine_is_among_the_examples() -> None:
    assert expected().keys() == EXAMPLES.keys()


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("prefix", ["", "ERR "])
@pytest.mark.parametrize("client", [redis.ResponseError, valkey.ResponseError])
def test_it_becomes_the_exception_of_an_embedded_network(name: str, prefix: str, client: type[Exception]) -> None:
    error = ours(client(prefix + EXAMPLES[name]))
    assert type(error).__name__ == expected()[name]
    assert str(error) == EXAMPLES[name]


def test_what_the_server_itself_refuses_stays_what_it_is() -> None:
    for error in (
        redis.ResponseError("value is not an integer or out of range"),
        redis.exceptions.OutOfMemoryError("command not allowed when used memory > 'maxmemory'."),
        redis.exceptions.ReadOnlyError("You can't write against a read only replica."),
        redis.exceptions.NoPermissionError("User guest has no permissions to run the 'nr.info' command"),
        redis.ConnectionError("no network at key 'k'"),
        ValueError("no network at key 'k'"),
    ):
        found = ours(error)
        assert found is error or isinstance(error, redis.ConnectionError)


def test_every_kind_of_refusal_is_one_that_users_catch() -> None:
    for kind, _ in KINDS:
        assert issubclass(kind, nr.NeuralRedisError)
        assert len(kind.__mro__) > len(nr.NeuralRedisError.__mro__)
