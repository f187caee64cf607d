"""Connect to servers, and open networks from a file or a server."""

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
    """Yield a connection to a server, and turn errors of the connection into `Failure`.

    Parameters
    ----------
    url : str
        The server's URL.
    **options
        As for `connect`.
    """
    import redis

    try:
        with connect(url, **options) as db:
            yield db
    except ValueError as error:
        # By these words redis-py reports a malformed URL.
        if "URL" in str(error) or "scheme" in str(error):
            raise Failure(
                f"{show_url(url)} is not the URL of a server: expected one such as redis://localhost:6379"
            ) from None
        raise
    except redis.AuthenticationError as error:
        raise Failure(f"{show_url(url)} rejects the user or password: {error}") from None
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise Failure(f"cannot reach {show_url(url)}: {error}; 'neuralredis serve' starts a server") from None
    except redis.RedisError as error:
        raise Failure(f"{show_url(url)}: {error}") from None


def show_url(url: str) -> str:
    """Return a URL without its user and password."""
    scheme, at, rest = url.rpartition("@")
    return f"{scheme.split('://')[0]}://…@{rest}" if at else url


def network(place: str, key: str | None) -> Network:
    """Return the network in a file or, for a URL and a key, in a server."""
    if "://" in place:
        if key is None:
            raise Failure(f"expected --key, the key of a network in {show_url(place)}")
        with reached(place) as db:
            return db[key].download()
    if key is not None:
        raise Failure(f"--key needs the URL of a server: {place} is a file")
    try:
        return load(place)
    except FormatError as error:
        raise Failure(f"{place} is {error}") from None


def addressed(place: str) -> Network:
    """Return the network in a file, or at a URL with a key, such as ``redis://localhost#net``."""
    if "://" not in place:
        return network(place, None)
    address, _, key = place.partition("#")
    if not key:
        raise Failure(f"{show_url(place)} has no key: expected one after #, such as redis://localhost#net")
    return network(address, key)


def name_of(place: str, key: str | None = None) -> str:
    """Return a network's name for a report: its file name without the folder, or its key."""
    return key or (place.partition("#")[2] if "://" in place else Path(place).name)
