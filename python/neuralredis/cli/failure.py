"""Errors that end a command with one line instead of a traceback, and messages on stderr."""

from __future__ import annotations

import sys

from neuralredis.cli.letters import visible

__all__ = ["Failure", "complain"]


class Failure(Exception):  # noqa: N818 (a mistake of the user, not of the program)
    """An error that the user can fix; its message is printed without a traceback."""


def complain(message: str) -> None:
    """Print a message to stderr, in one line, with control characters replaced."""
    print(f"neuralredis: {visible(message)}", file=sys.stderr)
