"""A progress bar for those who wait for a training."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from neuralredis.results import Progress, Report, errors

__all__ = ["Bar"]

#: Seconds that a training may take before a bar that nobody asked for appears.
PATIENCE = 0.5


class Bar:
    """How far a training is: by its cycles or its time, whichever will end it first, and by its errors.

    Parameters
    ----------
    max_cycles : int
        The limit of cycles, 0 for none.
    max_time : float
        The limit of time in seconds, 0 for none.
    asked : bool
        Whether the bar was asked for, so that it appears at once.
    """

    def __init__(self, max_cycles: int, max_time: float, *, asked: bool) -> None:
        # Only who sees a bar waits for its library.
        from tqdm.auto import tqdm

        self._max_cycles = max_cycles
        self._max_time = max_time
        limited = bool(self._max_cycles or self._max_time)
        self._bar: Any = None
        with self._unless_it_cannot_be_written():
            self._bar = tqdm(
                total=1 if limited else None,
                bar_format="training {percentage:3.0f}%|{bar:20}| {desc}" if limited else "training: {desc}",
                delay=0 if asked else PATIENCE,
                # Ours is the time between two looks.
                mininterval=0,
                miniters=0,
                dynamic_ncols=True,
                leave=True,
            )

    @staticmethod
    def wanted(choice: bool | None) -> bool:
        """Whether a bar is to be shown: as chosen, else on a terminal; never where there is nothing to write it to."""
        # Programs without a console have no such streams; others may have closed them.
        if sys.stderr is None or sys.stderr.closed:
            return False
        return sys.stderr.isatty() if choice is None else bool(choice)

    def show(self, progress: Progress) -> None:
        """Show how far it is."""
        if progress.queued:
            self._draw(0.0, "waits for other trainings")
            return
        shares = [0.0]
        if self._max_cycles:
            shares.append(progress.cycle / self._max_cycles)
        if self._max_time:
            shares.append(progress.seconds / self._max_time)
        self._draw(min(max(shares), 1.0), self._text(progress))

    def ended(self, report: Report) -> None:
        """Show how it ended, and leave that on the screen."""
        self._draw(1.0, report.summary)
        self._close()

    def interrupted(self, progress: Progress) -> None:
        """Leave on the screen how far it came."""
        if self._bar is not None:
            self._bar.set_description_str(f"interrupted at {self._text(progress)}", refresh=False)
        self._close()

    def _text(self, progress: Progress) -> str:
        cycles = f"cycle {progress.cycle:,}" + (f" of {self._max_cycles:,}" if self._max_cycles else "")
        time = f"{progress.seconds:.1f}" + (f" of {self._max_time:g}" if self._max_time else "") + " s"
        return f"{cycles}, {time}: {errors(progress.train_error, progress.test_error, progress.class_errors)}"

    def _draw(self, share: float, text: str) -> None:
        if self._bar is None:
            return
        self._bar.set_description_str(text, refresh=False)
        if self._bar.total is not None:
            self._bar.n = share
        with self._unless_it_cannot_be_written():
            # Not refresh(), which would draw before the delay is over.
            self._bar.update(0)

    def _close(self) -> None:
        if self._bar is not None:
            with self._unless_it_cannot_be_written():
                self._bar.close()

    @contextmanager
    def _unless_it_cannot_be_written(self) -> Iterator[None]:
        """Give the bar up where its stream fails: no training ends for that."""
        try:
            yield
        except (OSError, ValueError):
            if self._bar is not None:
                # So that it is not written when it is thrown away, either.
                self._bar.disable = True
            self._bar = None
