"""Errors of the server as exceptions of ours, by the code that a reply begins with.

What is not of the module (a lost connection, a full memory, a read-only replica, missing permissions) passes as the
client raised it.
"""

from __future__ import annotations

import re

from neuralredis import exceptions
from neuralredis.exceptions import NeuralRedisError
from neuralredis.module import module_path

__all__ = ["ours"]

#: The exceptions that an embedded network raises for the same.
CODES: dict[str, type[NeuralRedisError]] = {
    "NROPTION": exceptions.OptionError,
    "NRSHAPE": exceptions.ShapeError,
    "NRDATA": exceptions.DataError,
    "NRKIND": exceptions.KindError,
    "NRSTATE": exceptions.TrainingError,
    "NRFORMAT": exceptions.FormatError,
    "NRMEMORY": exceptions.OutOfMemoryError,
    "WRONGTYPE": exceptions.WrongTypeError,
}
#: What has no code of its own, since clients of the original know it.
BEGINNINGS: dict[str, type[NeuralRedisError]] = {
    "no network at key ": exceptions.NotFoundError,
    "there is a network at key ": exceptions.ExistsError,
}
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
    code, _, reason = message.partition(" ")
    if code in CODES:
        return CODES[code](reason)
    for beginning, kind in BEGINNINGS.items():
        if message.startswith(beginning):
            return kind(message)
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
