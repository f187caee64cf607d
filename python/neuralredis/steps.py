"""Operations as generators of steps, which run synchronously or with asyncio.

A generator yields the next function to call; its result is sent back, or its exception thrown in. `run` calls the
function; `run_async` also awaits the result. So the order of commands, their errors and the clean-up after an
interruption are written once for both kinds of clients.

A class of such generators, the operations, gets two interfaces: one with methods made by `waited`, one by `awaited`.
The methods have the arguments, types and docstring of the operation.
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
    """Call each step, and return the generator's result."""
    error: BaseException | None = None
    while True:
        try:
            step = next(steps) if error is None else steps.throw(error)
            # A signal may arrive between two steps as well as within one: throw every exception into the generator.
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
    """Await each step, and return the generator's result."""
    # Imported here and in `_cancellations`, since asyncio takes longer to import than this package.
    from asyncio import CancelledError

    error: BaseException | None = None
    cancellations = _cancellations()
    while True:
        try:
            step = next(steps) if error is None else steps.throw(error)
            while True:
                result = await step()
                # A client may swallow a cancellation that it mistakes for its own timeout.
                if _cancellations() > cancellations:
                    raise CancelledError
                step = steps.send(result)
        except StopIteration as end:
            value: T = end.value
            return value
        except BaseException as caught:
            if getgeneratorstate(steps) == GEN_CLOSED:
                raise
            cancellations = _cancellations()
            error = caught


def _cancellations() -> int:
    """Return how often this task was cancelled; 0 before Python 3.11, which does not count."""
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
    """Return a method that runs an operation of its object's ``_steps``.

    Parameters
    ----------
    operation : function
        The operation, which returns steps.
    made : callable, optional
        Returns the method's result, given the object and the result of the steps.
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
    """Return a coroutine method that runs an operation of its object's ``_steps``; otherwise as `waited`."""

    async def method(self: Any, /, *args: Any, **options: Any) -> Any:
        found = await run_async(operation(self._steps, *args, **options))
        return found if made is None else made(self, found)

    return _named(method, operation)


def _named(method: Any, operation: Any) -> Any:
    """Return a method with the name, arguments and docstring of an operation."""
    for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(method, attribute, getattr(operation, attribute))
    # The method returns a result instead of steps.
    method.__signature__ = inspect.signature(operation).replace(return_annotation=inspect.Signature.empty)
    return method
