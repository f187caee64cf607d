"""Prints errors by cell."""

from __future__ import annotations

import statistics

#: Cells that are measured; --cells changes the list.
CELLS = ["auto", "window", "reservoir", "gru"]


def print_errors(name: str, found: dict[str, list[tuple[float, float]]], goal: float, digits: int = 2) -> None:
    """Print the mean error of each cell and the seconds of a training, and whether the first one reaches a goal."""
    errors = {cell: statistics.mean(error for error, _ in runs) for cell, runs in found.items()}
    columns = "".join(f"  {cell} {error:6.{digits}f}" for cell, error in errors.items())
    verdict = "ok" if next(iter(errors.values())) <= goal else "missed"
    seconds = ", ".join(f"{statistics.mean(took for _, took in runs):.1f}" for runs in found.values())
    print(f"{name:24}{columns}   at most {goal:<5g}{verdict:8}{seconds} s", flush=True)
