"""What ends a command with a line rather than a traceback."""

from __future__ import annotations

__all__ = ["Failure"]


class Failure(Exception):  # noqa: N818 (nothing of the program is wrong)
    """Something that the user can mend."""
