"""What can go wrong, as exceptions that are also the built-in ones a user would catch.

The message names the value and what was expected. Whatever is refused has changed nothing.
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
    """A layout, an option or a limit that a network cannot have."""


class ShapeError(NeuralRedisError, ValueError):
    """Rows with too few or too many values, or outputs that are not as many as the inputs."""


class DataError(NeuralRedisError, ValueError):
    """Values that no row may hold: no number, infinite, a class that is not there; or a set that takes no rows."""


class KindError(NeuralRedisError, TypeError):
    """Something that only the other kind of network can do."""


class TrainingError(NeuralRedisError, RuntimeError):
    """A training that cannot start, or that ended without a result."""


class FormatError(NeuralRedisError, ValueError):
    """Bytes that are no network, or one of a later version of the format."""


class OutOfMemoryError(NeuralRedisError, MemoryError):
    """Memory that the system would not give."""


class NotFoundError(NeuralRedisError, KeyError):
    """A key of a Redis server that holds no network."""

    # A KeyError would show its message as a quoted key.
    __str__ = Exception.__str__


class ExistsError(NeuralRedisError, ValueError):
    """A key of a Redis server that holds a network already."""


class WrongTypeError(NeuralRedisError, TypeError):
    """A key of a Redis server that holds something else."""


class NoModuleError(NeuralRedisError, RuntimeError):
    """A server that has not loaded the neuralredis module; the message says how to load it."""
