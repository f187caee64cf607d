"""Servers that commands talk to, and networks that are in a file or in a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from neuralredis.cli.failure import Failure
from neuralredis.exceptions import FormatError
from neuralredis.loading import load
from neuralredis.network import Network
from neuralredis.remote.database import NeuralRedis, connect

__all__ = ["addressed", "name_of", "network", "reached", "show_url"]


@contextmanager
def reached(url: str, **options: Any) -> Iterator[NeuralRedis]:
    """Yield the networks of a server, by `connect`; what it refuses, or its not being there, is told in a line."""
    import redis

    try:
        with connect(url, **options) as db:
            yield db
    except ValueError as error:
        # redis-py's words for an address that is none.
        if "URL" in str(error) or "scheme" in str(error):
            raise Failure(
                f"{show_url(url)} is no address of a server: expected one such as redis://localhost:6379"
            ) from None
        raise
    except redis.AuthenticationError as error:
        raise Failure(f"{show_url(url)} wants another user or password: {error}") from None
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise Failure(f"cannot reach {show_url(url)}: {error}; 'neuralredis serve' starts a server") from None
    except redis.RedisError as error:
        raise Failure(f"{show_url(url)}: {error}") from None


def show_url(url: str) -> str:
    """Return an address without its password."""
    scheme, at, rest = url.rpartition("@")
    return f"{scheme.split('://')[0]}://…@{rest}" if at else url


def network(place: str, key: str | None) -> Network:
    """Return the network in a file or, of an address and a key, in a server."""
    if "://" in place:
        if key is None:
            raise Failure(f"--key says which of the networks in {show_url(place)} is meant")
        with reached(place) as db:
            return db[key].download()
    if key is not None:
        raise Failure(f"--key is of networks in a server: expected its address instead of {place}")
    try:
        return load(place)
    except FormatError as error:
        raise Failure(f"{place} is {error}") from None


def addressed(place: str) -> Network:
    """Return the network in a file, or of a server and a key in one address, such as redis://localhost#net."""
    if "://" not in place:
        return network(place, None)
    address, _, key = place.partition("#")
    if not key:
        raise Failure(f"{show_url(place)}: expected a key behind the address, such as redis://localhost#net")
    return network(address, key)


def name_of(place: str, key: str | None = None) -> str:
    """Return what a network is called in a report: its file without the folder, or its key in a server."""
    return key or (place.partition("#")[2] if "://" in place else Path(place).name)
