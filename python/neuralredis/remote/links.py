"""Connections: the one place that knows a client, and the only difference between waiting and awaiting.

Any client of redis-py will do, from version 5 on, a client of a cluster too, and valkey-py's, which are the same in
what is used here: `execute_command`, and pipelines of it.
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

#: Replies are bytes, whatever the client does with text otherwise: it could not decode weights.
UNDECODED: dict[str, Any] = {"NEVER_DECODE": True}


class Link:
    """A client that waits."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.patience = _patience(client)

    def finish(self, steps: Steps[T]) -> T:
        """Do the work, and return what comes of it."""
        return run(steps)

    def call(self, function: Callable[[], T]) -> T:
        """Call what may take its time."""
        return function()

    def keys(self, type: str) -> list[Any]:
        """Return the keys of a type, sorted, some looked through at a time."""
        try:
            return _in_order(self.client, self.client.scan_iter(_type=type, **UNDECODED))
        except Exception as error:
            _raise_ours(error)
            raise

    def send(self, commands: Sequence[Command]) -> list[Any]:
        """Send commands at once, and return their replies; the first error is raised."""
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
    """A client that is awaited."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.patience = _patience(client)

    def finish(self, steps: Steps[T]) -> Coroutine[Any, Any, T]:
        """Return what to await for the work to be done."""
        return run_async(steps)

    async def call(self, function: Callable[[], T]) -> T:
        """Call what may take its time, on a thread."""
        from asyncio import to_thread

        return await to_thread(function)

    async def keys(self, type: str) -> list[Any]:
        """Return the keys of a type, sorted, some looked through at a time."""
        try:
            return _in_order(self.client, [key async for key in self.client.scan_iter(_type=type, **UNDECODED)])
        except Exception as error:
            _raise_ours(error)
            raise

    async def send(self, commands: Sequence[Command]) -> list[Any]:
        """Send commands at once, and return their replies; the first error is raised."""
        try:
            if hasattr(self.client, "get_primaries"):
                # It knows its servers only then.
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
    """Return different keys, sorted, as a client gives keys; a key that is no text as bytes."""
    encoder = client.get_encoder()

    def decoded(key: bytes) -> Any:
        try:
            return encoder.decode(key)
        except UnicodeDecodeError:
            return key

    return [decoded(key) for key in sorted(set(keys))]


def _patience(client: Any) -> float:
    """Return for how many seconds a command may have the server wait.

    That is a third of the time that the client gives a reply: the rest is for the way there and back.
    """
    # Of a single server, of a cluster, and of a cluster that is awaited.
    holders = (getattr(client, "connection_pool", None), getattr(client, "nodes_manager", None), client)
    for holder in holders:
        options = getattr(holder, "connection_kwargs", None)
        if isinstance(options, dict):
            timeout = options.get("socket_timeout")
            return math.inf if timeout is None else float(timeout) / 3
    return math.inf


def _raise_ours(error: Exception) -> None:
    """Raise the exception of ours for an error of the server, if it is one of the module."""
    other = ours(error)
    if other is not error:
        raise other from error


def _options(client: Any, command: Command) -> dict[str, Any]:
    # Of a cluster, trainings run on any server, and no key says which to ask.
    if command[0] == "NR.TRAININGS" and hasattr(client, "get_primaries"):
        return {**UNDECODED, "target_nodes": client.get_primaries()}
    return UNDECODED


def _checked(replies: list[Any]) -> list[Any]:
    for reply in replies:
        if isinstance(reply, Exception):
            raise reply
    return replies
