"""Exceptions of the package, each also a subclass of a fitting built-in exception.

Messages have the value and what was expected. A call that raises has changed nothing.
"""

from __future__ import annotations

__all__ = [
    "DataError",
    "ExistsError",
    "FormatError",
    "KindError",
    "NeuralRedisError",
    "NoModuleError",
    "NotFoundError",
    "OptionError",
    "OutOfMemoryError",
    "ShapeError",
    "TrainingError",
    "WrongTypeError",
]


class NeuralRedisError(Exception):
    """The base of all exceptions of this package.

    Examples
    --------
    >>> import neuralredis as nr
    >>> net = nr.Network("classifier", [9, 15, 2])
    >>> try:
    ...     net.run([1, 2, 3, 4, 5, 6, 7, 8])
    ... except nr.NeuralRedisError as error:
    ...     print(error)
    the network has 9 inputs, 8 were given
    """


class OptionError(NeuralRedisError, ValueError):
    """An invalid layout, option or limit."""


class ShapeError(NeuralRedisError, ValueError):
    """Rows with too few or too many values, or different numbers of rows in two arguments."""


class DataError(NeuralRedisError, ValueError):
    """An invalid value in a row, such as NaN, infinity or an unknown class; or a set without rows or room for them."""


class KindError(NeuralRedisError, TypeError):
    """A method that only the other kind of network has, such as classification by a regressor."""


class TrainingError(NeuralRedisError, RuntimeError):
    """A training that cannot start, or that ended without a result; or a state that does not allow the call."""


class FormatError(NeuralRedisError, ValueError):
    """Bytes that are not a network, or have a later version of the format."""


class OutOfMemoryError(NeuralRedisError, MemoryError):
    """An allocation of memory that failed or exceeds a limit."""


class NotFoundError(NeuralRedisError, KeyError):
    """A key of a Redis server that does not exist."""

    # KeyError.__str__ would show the message in quotation marks.
    __str__ = Exception.__str__


class ExistsError(NeuralRedisError, ValueError):
    """A key of a Redis server that holds a network already."""


class WrongTypeError(NeuralRedisError, TypeError):
    """A key of a Redis server that holds a value of another type."""


class NoModuleError(NeuralRedisError, RuntimeError):
    """A server that has not loaded the neuralredis module; the message says how to load it."""
