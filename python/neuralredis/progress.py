"""The progress bar of trainings."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from neuralredis.results import Progress, Report, errors

__all__ = ["Bar"]

#: Seconds after which a bar appears if it was not requested.
PATIENCE = 0.5


class Bar:
    """A progress bar: the share of the limit of cycles or of time, whichever is larger, and the errors.

    Parameters
    ----------
    max_cycles : int
        The limit of cycles, 0 for none.
    max_time : float
        The limit of time in seconds, 0 for none.
    requested : bool
        Whether the bar was requested, so that it appears at once.
    """

    def __init__(self, max_cycles: int, max_time: float, *, requested: bool) -> None:
        # Imported here, so that only trainings with a bar pay for the import.
        from tqdm.auto import tqdm

        self._max_cycles = max_cycles
        self._max_time = max_time
        limited = bool(self._max_cycles or self._max_time)
        self._bar: Any = None
        with self._unless_it_cannot_be_written():
            self._bar = tqdm(
                total=1 if limited else None,
                bar_format="training {percentage:3.0f}%|{bar:20}| {desc}" if limited else "training: {desc}",
                delay=0 if requested else PATIENCE,
                # The caller already limits how often it updates.
                mininterval=0,
                miniters=0,
                dynamic_ncols=True,
                leave=True,
            )

    @staticmethod
    def is_enabled(choice: bool | None) -> bool:
        """Return whether to show a bar: as chosen, else on a terminal; never without an open stderr."""
        # Programs without a console have no stderr.
        if sys.stderr is None or sys.stderr.closed:
            return False
        return sys.stderr.isatty() if choice is None else bool(choice)

    def show(self, progress: Progress) -> None:
        """Show the progress."""
        if progress.queued:
            self._draw(0.0, "queued: waiting for other trainings")
            return
        shares = [0.0]
        if self._max_cycles:
            shares.append(progress.cycle / self._max_cycles)
        if self._max_time:
            shares.append(progress.seconds / self._max_time)
        self._draw(min(max(shares), 1.0), self._text(progress))

    def ended(self, report: Report) -> None:
        """Show how the training ended, and leave the bar on the screen."""
        self._draw(1.0, report.summary)
        self._close()

    def interrupted(self, progress: Progress) -> None:
        """Show the progress at an interruption, and leave the bar on the screen."""
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
        """Drop the bar if its stream fails, instead of failing the training."""
        try:
            yield
        except (OSError, ValueError):
            if self._bar is not None:
                # Otherwise tqdm would write once more when it is collected.
                self._bar.disable = True
            self._bar = None
