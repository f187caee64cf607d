"""Error codes of the module become the exceptions of the engine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import redis
import valkey

import neuralredis as nr
from neuralredis.remote.refusals import BEGINNINGS, CODES, ours

ROOT = Path(__file__).resolve().parents[1]


def test_error_codes_match_the_engine() -> None:
    given = re.findall(r'=> "(NR\w+)"', (ROOT / "rust/core/src/error.rs").read_text())
    raised = re.findall(r'Some\("(NR\w+)"\) => (?:classes::)?(\w+)::', (ROOT / "rust/python/src/errors.rs").read_text())
    assert len(given) == len(set(given)) == len(raised) == 7
    assert dict(raised) == {code: CODES[code].__name__ for code in given}
    assert CODES.keys() - given == {"WRONGTYPE"}


@pytest.mark.parametrize(
    ("line", "code", "kind"),
    [
        ("NR.CREATE new REGRESSOR 2 0 -> 1", "NROPTION", nr.OptionError),
        ("NR.CREATE new REGRESSOR 2 -> 1 LOSS log", "NROPTION", nr.OptionError),
        ("NR.CREATE new REGRESSOR 2 -> 1 FOO", "NROPTION", nr.OptionError),
        ("NR.CONFIGURE sum OUTPUT softmax", "NROPTION", nr.OptionError),
        ("NR.TRAIN sum MAXCYCLES x", "NROPTION", nr.OptionError),
        ("NR.RUN sum 1", "NRSHAPE", nr.ShapeError),
        ("NR.RUN sum FP32 x", "NRSHAPE", nr.ShapeError),
        ("NR.OBSERVE sum 1 2 -> 3 4", "NRSHAPE", nr.ShapeError),
        ("NR.RUN sum 1 x", "NRDATA", nr.DataError),
        ("NR.OBSERVE sum 1 2 -> 3 WEIGHT 0", "NRDATA", nr.DataError),
        ("NR.OBSERVE sum 1 2 -> 3 TEST", "NRDATA", nr.DataError),
        ("NR.EVALUATE sum", "NRDATA", nr.DataError),
        ("NR.CLASS sum 1 2", "NRKIND", nr.KindError),
        ("NR.TRAIN sum", "NRSTATE", nr.TrainingError),
        ("NR.IMPORT new x", "NRFORMAT", nr.FormatError),
        ("NR.INFO nothing", "no", nr.NotFoundError),
        ("NR.CREATE sum REGRESSOR 2 -> 1", "there", nr.ExistsError),
        ("NR.INFO text", "WRONGTYPE", nr.WrongTypeError),
    ],
)
def test_error_replies_become_the_exceptions_of_embedded_networks(
    db: nr.NeuralRedis, line: str, code: str, kind: type[nr.NeuralRedisError]
) -> None:
    db.client.set("text", "some")
    db.create("sum", "regressor", [2, 1], dataset=10)
    with pytest.raises(redis.ResponseError) as raised:
        db.client.execute_command(*line.split())
    assert str(raised.value).split()[0] == code
    for error in (
        raised.value,
        valkey.ResponseError(str(raised.value)),
        valkey.ResponseError(f"ERR {raised.value}"),
    ):
        found = ours(error)
        assert type(found) is kind
        assert not str(found).startswith(("NR", "ERR", "WRONGTYPE"))


def test_errors_of_the_server_itself_are_not_converted() -> None:
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


def test_every_kind_of_error_is_an_exception_of_the_package() -> None:
    for kind in (*CODES.values(), *BEGINNINGS.values()):
        assert issubclass(kind, nr.NeuralRedisError)
        assert len(kind.__mro__) > len(nr.NeuralRedisError.__mro__)
