"""The cell of a sequence network: none."""

from __future__ import annotations

# ---


def cell() -> None:
    """Return None: layers see the last events alone."""
