"""Map errors of the server to exceptions of this package, by the error code at the beginning of a reply.

Other errors (a lost connection, a full memory, a read-only replica, missing permissions) stay those of the client.
"""

from __future__ import annotations

import re

from neuralredis import exceptions
from neuralredis.exceptions import NeuralRedisError
from neuralredis.module import module_path

__all__ = ["ours"]

#: The exceptions that an embedded network raises for the same errors, by code.
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
#: Errors without a code of their own, for compatibility with clients of the original module, by their beginning.
BEGINNINGS: dict[str, type[NeuralRedisError]] = {
    "no network at key ": exceptions.NotFoundError,
    "there is a network at key ": exceptions.ExistsError,
}
#: Errors without the module: of servers, and of a cluster client that asks for the positions of a command's keys.
_NO_MODULE = re.compile(
    r"unknown command .?NR\.|unknown type name 'neural-NN'|NR\.\w+ command doesn't exist", re.IGNORECASE
)


def ours(error: Exception) -> Exception:
    """Return the exception to raise: one of this package for an error of the module, else the same."""
    # By names of classes, which redis-py and valkey-py share.
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
        "the server has not loaded the neuralredis module. Start one that has with `neuralredis serve`, or put "
        f"`loadmodule {module}` into the server's configuration (a copy of the file if the server is elsewhere). If "
        "modules are not allowed, train a neuralredis.Network and store it with store(key, network) and fetch(key)"
    )
