"""Map exceptions to HTTP status codes and sentences for the page."""

from __future__ import annotations

import redis

from neuralredis.exceptions import NeuralRedisError, NoModuleError, NotFoundError, WrongTypeError

__all__ = ["trouble"]


def trouble(error: Exception, place: str) -> tuple[int, str] | None:
    """Return the status code and a sentence for an error that a user can act on; None for a bug of the program.

    Parameters
    ----------
    error : Exception
        The exception.
    place : str
        The server's name.
    """
    match error:
        case redis.AuthenticationError():
            return 503, f"{place} rejects the user or password: {error}"
        case redis.exceptions.NoPermissionError():
            return 403, f"This user lacks a permission: {error}"
        case redis.ConnectionError() | redis.TimeoutError():
            return 503, f"Cannot reach {place}: {error}"
        case redis.RedisError():
            return 502, f"{place}: {error}"
        case NoModuleError():
            return 503, f"At {place} {error}"
        case NotFoundError() | WrongTypeError():
            return 404, _sentence(error)
        case NeuralRedisError():
            return 422, _sentence(error)
        case MemoryError():
            return 507, "Out of memory."
    return None


def _sentence(error: Exception) -> str:
    # str() of a KeyError would put quotation marks around the message.
    text = str(error.args[0]) if error.args else str(error)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")
