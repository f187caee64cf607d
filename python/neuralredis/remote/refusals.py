"""Errors of the server as exceptions of ours.

The module says what the engine says, so that the beginning of a message tells which exception an embedded network would
have raised. What is not of the module (a lost connection, a full memory, a read-only replica, missing permissions)
passes as the client raised it.
"""

from __future__ import annotations

import re

from neuralredis import exceptions
from neuralredis.exceptions import NeuralRedisError
from neuralredis.module import module_path

__all__ = ["ours"]

#: In the order in which they are tried: the last is of a form that others have too.
KINDS: tuple[tuple[type[NeuralRedisError], str], ...] = (
    (exceptions.WrongTypeError, r"WRONGTYPE "),
    (exceptions.NotFoundError, r"no network at key "),
    (exceptions.ExistsError, r"there is a network at key "),
    (
        exceptions.ShapeError,
        r"(row \d+: )?(the network has \d+ inputs?, |expected \d+ outputs?, )|the blob has \d+ bytes"
        r"|\d+ rows of inputs ",
    ),
    (
        exceptions.DataError,
        r"(row \d+: )?(the class|the weight|WEIGHT|(input|output) \d+) is |the (training|testing) set takes no rows"
        r"|row \d+ of the |there are no rows to evaluate|the outputs of \d+ rows are ",
    ),
    (exceptions.KindError, r"the network is a regressor"),
    (
        exceptions.TrainingError,
        r"the network has no training rows|automatic stop needs |the network is already being trained"
        r"|this server is a replica: its primary trains",
    ),
    (exceptions.FormatError, r"not a network: |the network was saved in format "),
    (exceptions.OutOfMemoryError, r"not enough memory "),
    (
        exceptions.OptionError,
        r"the layout has |layer \d+ has |a classifier with |the network would take |[\w .-]+ is .*: expected ",
    ),
)
#: The server's own words, and those of a client of a cluster, which asks the server where the keys of a command are.
_NO_MODULE = re.compile(
    r"unknown command .?NR\.|unknown type name 'neural-NN'|NR\.\w+ command doesn't exist", re.IGNORECASE
)


def ours(error: Exception) -> Exception:
    """Return the exception to raise: one of ours for what the module refuses, else the same."""
    # By the names of its classes, which redis-py and valkey-py have in common.
    if not {"ResponseError", "RedisError", "ValkeyError"} & {kind.__name__ for kind in type(error).__mro__}:
        return error
    message = str(error).removeprefix("ERR ")
    if _NO_MODULE.match(message):
        return exceptions.NoModuleError(_how_to_load())
    for kind, form in KINDS:
        if re.match(form, message, re.DOTALL):
            return kind(message.removeprefix("WRONGTYPE "))
    return error


def _how_to_load() -> str:
    try:
        module = str(module_path())
    except FileNotFoundError:
        module = "/path/to/libneuralredis.so"
    return (
        "the server has not loaded the neuralredis module. Start a server that has with `neuralredis serve`, or put "
        f"`loadmodule {module}` into the server's configuration (a copy of the file if the server is elsewhere). Where "
        "no modules are allowed, train a neuralredis.Network and keep it with store(key, network) and fetch(key)"
    )
