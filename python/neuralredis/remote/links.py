"""Connections, synchronous and asynchronous. Only this module uses a client.

It uses `execute_command`, pipelines and `scan_iter`, which redis-py from version 5 on and valkey-py have, for single
servers and for clusters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, TypeVar

from neuralredis.remote.commands import Command
from neuralredis.remote.refusals import ours
from neuralredis.steps import Steps, run, run_async

__all__ = ["AsyncLink", "Link"]

T = TypeVar("T")

#: Option for undecoded replies, whatever the client is configured to decode: weights are binary.
UNDECODED: dict[str, Any] = {"NEVER_DECODE": True}


class Link:
    """A synchronous client."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.patience = _patience(client)

    def finish(self, steps: Steps[T]) -> T:
        """Run the steps, and return their result."""
        return run(steps)

    def call(self, function: Callable[[], T]) -> T:
        """Call a slow function."""
        return function()

    def keys(self, type: str) -> list[Any]:
        """Return the keys of a type, sorted, by a scan in batches."""
        try:
            return _in_order(self.client, self.client.scan_iter(_type=type, **UNDECODED))
        except Exception as error:
            _raise_ours(error)
            raise

    def send(self, commands: Sequence[Command]) -> list[Any]:
        """Send commands in one pipeline, and return their replies; raise the first error."""
        try:
            if len(commands) == 1:
                return [self.client.execute_command(*commands[0], **_options(self.client, commands[0]))]
            with self.client.pipeline(transaction=False) as pipeline:
                for command in commands:
                    pipeline.execute_command(*command, **UNDECODED)
                return _checked(pipeline.execute(raise_on_error=False))
        except Exception as error:
            _raise_ours(error)
            raise


class AsyncLink:
    """An asyncio client."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.patience = _patience(client)

    def finish(self, steps: Steps[T]) -> Coroutine[Any, Any, T]:
        """Return a coroutine that runs the steps."""
        return run_async(steps)

    async def call(self, function: Callable[[], T]) -> T:
        """Call a slow function on a thread."""
        from asyncio import to_thread

        return await to_thread(function)

    async def keys(self, type: str) -> list[Any]:
        """Return the keys of a type, sorted, by a scan in batches."""
        try:
            return _in_order(self.client, [key async for key in self.client.scan_iter(_type=type, **UNDECODED)])
        except Exception as error:
            _raise_ours(error)
            raise

    async def send(self, commands: Sequence[Command]) -> list[Any]:
        """Send commands in one pipeline, and return their replies; raise the first error."""
        try:
            if hasattr(self.client, "get_primaries"):
                # A cluster client finds its servers in initialize().
                await self.client.initialize()
            if len(commands) == 1:
                return [await self.client.execute_command(*commands[0], **_options(self.client, commands[0]))]
            async with self.client.pipeline(transaction=False) as pipeline:
                for command in commands:
                    pipeline.execute_command(*command, **UNDECODED)
                return _checked(await pipeline.execute(raise_on_error=False))
        except Exception as error:
            _raise_ours(error)
            raise


def _in_order(client: Any, keys: Iterable[bytes]) -> list[Any]:
    """Return distinct keys, sorted, decoded as by the client; keys that cannot be decoded stay bytes."""
    encoder = client.get_encoder()

    def decoded(key: bytes) -> Any:
        try:
            return encoder.decode(key)
        except UnicodeDecodeError:
            return key

    return [decoded(key) for key in sorted(set(keys))]


def _patience(client: Any) -> float:
    """Return for how many seconds a command may block: a third of the client's socket timeout.

    The rest of the timeout is left for the network.
    """
    # Where clients keep their options: of a single server, of a cluster, of a cluster with asyncio.
    holders = (getattr(client, "connection_pool", None), getattr(client, "nodes_manager", None), client)
    for holder in holders:
        options = getattr(holder, "connection_kwargs", None)
        if isinstance(options, dict):
            timeout = options.get("socket_timeout")
            return math.inf if timeout is None else float(timeout) / 3
    return math.inf


def _raise_ours(error: Exception) -> None:
    """Raise an exception of this package for an error of the module; return for other errors."""
    other = ours(error)
    if other is not error:
        raise other from error


def _options(client: Any, command: Command) -> dict[str, Any]:
    # The command has no key to route it by, and trainings run on all servers of a cluster.
    if command[0] == "NR.TRAININGS" and hasattr(client, "get_primaries"):
        return {**UNDECODED, "target_nodes": client.get_primaries()}
    return UNDECODED


def _checked(replies: list[Any]) -> list[Any]:
    for reply in replies:
        if isinstance(reply, Exception):
            raise reply
    return replies
