"""Work in steps, written once for callers that wait and for callers that await.

A generator yields what is to be called next and is sent what came of it, or has it thrown in. `run` calls; `run_async`
awaits what the call returns. So the order of commands, their errors and the clearing up after an interruption stand in
one place, whichever client there is underneath.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from inspect import GEN_CLOSED, getgeneratorstate
from typing import Any, TypeVar

__all__ = ["Steps", "run", "run_async"]

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
