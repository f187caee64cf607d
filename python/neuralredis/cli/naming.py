"""Warnings of a training, with the names of columns and classes for their numbers."""

from __future__ import annotations

import re

from neuralredis.table.encoding import Encoding
from neuralredis.table.kinds import shortened
from neuralredis.table.target import Classes

__all__ = ["named"]

_NUMBERED = re.compile(r"(input|output|class)(?:es|s)? (\d+(?:, \d+)*)")


def named(warning: str, encoding: Encoding) -> str:
    """Return a warning of the engine, which knows inputs and classes by their numbers, with their names.

    Parameters
    ----------
    warning : str
        Such as "inputs 0, 2 are the same in all training rows and ignored".
    encoding : Encoding
        What has the names.
    """
    target = encoding.target
    names = {
        "input": encoding.inputs(),
        "output": [target.name],
        "class": list(target.labels) if isinstance(target, Classes) else [],
    }

    def listed(found: re.Match[str]) -> str:
        thing, numbers = found[1], [int(number) for number in found[2].split(", ")]
        if max(numbers) >= len(names[thing]):
            return found[0]
        shown = ", ".join(f"'{shortened(names[thing][number], 40)}'" for number in numbers)
        word = "" if thing != "class" else "class " if len(numbers) == 1 else "classes "
        return word + shown

    return _NUMBERED.sub(listed, warning)
