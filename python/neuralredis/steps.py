"""Work in steps, written once for callers that wait and for callers that await.

A generator yields what is to be called next and is sent what came of it, or has it thrown in. `run` calls; `run_async`
awaits what the call returns. So the order of commands, their errors and the clearing up after an interruption stand in
one place, whichever client there is underneath.

A class of such generators, its operations, gets two faces: one whose methods are `waited`, one whose are `awaited`. An
operation's arguments, types and docstring are theirs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Generator
from inspect import GEN_CLOSED, getgeneratorstate
from typing import Any, Concatenate, ParamSpec, TypeVar, overload

__all__ = ["Steps", "awaited", "run", "run_async", "waited"]

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

Steps = Generator[Callable[[], Any], Any, T]


def run(steps: Steps[T]) -> T:
    """Call step after step, and return what comes of them."""
    error: BaseException | None = None
    while True:
        try:
            step = next(steps) if error is None else steps.throw(error)
            # A signal may come between two steps as well as within one: whatever is raised here the steps must hear of.
            while True:
                step = steps.send(step())
        except StopIteration as end:
            result: T = end.value
            return result
        except BaseException as caught:
            if getgeneratorstate(steps) == GEN_CLOSED:
                raise
            error = caught


async def run_async(steps: Steps[T]) -> T:
    """Await step after step, and return what comes of them."""
    # Here, as in `_cancellations`: it takes longer to import than all of this package, and few await.
    from asyncio import CancelledError

    error: BaseException | None = None
    heard = _cancellations()
    while True:
        try:
            step = next(steps) if error is None else steps.throw(error)
            while True:
                result = await step()
                # A cancellation may be lost in a client that takes it for the end of a timeout of its own.
                if _cancellations() > heard:
                    raise CancelledError
                step = steps.send(result)
        except StopIteration as end:
            value: T = end.value
            return value
        except BaseException as caught:
            if getgeneratorstate(steps) == GEN_CLOSED:
                raise
            heard = _cancellations()
            error = caught


def _cancellations() -> int:
    """Return how often this task has been cancelled; 0 before Python 3.11, which does not tell."""
    from asyncio import current_task

    task = current_task()
    count: int = task.cancelling() if task is not None and hasattr(task, "cancelling") else 0
    return count


@overload
def waited(operation: Callable[Concatenate[Any, P], Steps[T]]) -> Callable[Concatenate[Any, P], T]: ...
@overload
def waited(
    operation: Callable[Concatenate[Any, P], Steps[T]], made: Callable[[Any, T], R]
) -> Callable[Concatenate[Any, P], R]: ...
def waited(operation: Any, made: Any = None) -> Any:
    """Return the method that does an operation of its object's ``_steps``, and waits for it.

    Parameters
    ----------
    operation : function
        Returns the steps.
    made : callable, optional
        Makes what the method returns of its object and of what came of the steps.
    """

    def method(self: Any, /, *args: Any, **options: Any) -> Any:
        found = run(operation(self._steps, *args, **options))
        return found if made is None else made(self, found)

    return _named(method, operation)


@overload
def awaited(
    operation: Callable[Concatenate[Any, P], Steps[T]],
) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, T]]: ...
@overload
def awaited(
    operation: Callable[Concatenate[Any, P], Steps[T]], made: Callable[[Any, T], R]
) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]: ...
def awaited(operation: Any, made: Any = None) -> Any:
    """Return the method that does an operation of its object's ``_steps``, to be awaited; else as `waited`."""

    async def method(self: Any, /, *args: Any, **options: Any) -> Any:
        found = await run_async(operation(self._steps, *args, **options))
        return found if made is None else made(self, found)

    return _named(method, operation)


def _named(method: Any, operation: Any) -> Any:
    """Give a method the name, arguments and docstring of an operation."""
    for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(method, attribute, getattr(operation, attribute))
    # What it returns is no longer steps.
    method.__signature__ = inspect.signature(operation).replace(return_annotation=inspect.Signature.empty)
    return method
