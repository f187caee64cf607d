"""What ends a command with a line rather than a traceback, and what is told beside its output."""

from __future__ import annotations

import sys

from neuralredis.cli.letters import visible

__all__ = ["Failure", "complain"]


class Failure(Exception):  # noqa: N818 (nothing of the program is wrong)
    """Something that the user can mend."""


def complain(what: str) -> None:
    """Tell something where it is not in the way of the output, in a line that does nothing else to a terminal."""
    print(f"neuralredis: {visible(what)}", file=sys.stderr)
