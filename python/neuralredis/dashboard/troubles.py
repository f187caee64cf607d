"""What went wrong, as a status of HTTP and a sentence for people."""

from __future__ import annotations

import redis

from neuralredis.exceptions import NeuralRedisError, NoModuleError, NotFoundError, WrongTypeError

__all__ = ["trouble"]


def trouble(error: Exception, place: str) -> tuple[int, str] | None:
    """Return status and sentence for an error that the user can understand; None for one of the program.

    Parameters
    ----------
    error : Exception
        What was raised.
    place : str
        What the server is called.
    """
    match error:
        case redis.AuthenticationError():
            return 503, f"{place} wants another user or password: {error}"
        case redis.exceptions.NoPermissionError():
            return 403, f"This user has no right to that: {error}"
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
            return 507, "There is too little memory for that."
    return None


def _sentence(error: Exception) -> str:
    # That of a KeyError would be in quotation marks.
    text = str(error.args[0]) if error.args else str(error)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")
