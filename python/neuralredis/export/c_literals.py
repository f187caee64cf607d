"""Write numbers, texts and names in C."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from neuralredis.export.packing import unpacked

__all__ = ["array", "float_literal", "in_comment", "text_literal"]


def array(name: str, values: str) -> str:
    """Return the definition of an array with packed values."""
    return f"static const float {name}[] = {{{_wrapped(map(float_literal, unpacked(values).tolist()))}}};"


def _wrapped(items: Iterable[str]) -> str:
    """Return the items of an initializer, more than six of them in lines of six."""
    listed = list(items)
    if len(listed) <= 6:
        return ", ".join(listed)
    return "".join("\n    " + ", ".join(listed[at : at + 6]) + "," for at in range(0, len(listed), 6)) + "\n"


def float_literal(value: Any) -> str:
    """Return a C constant that is exactly the number in single precision."""
    single = float(np.float32(value))
    short = repr(single)
    # Small integers are written in decimal, for readability.
    if len(short) <= 5 and single == int(single):
        return f"{short}f"
    return re.sub(r"\.?0*p", "p", single.hex()) + "f"


def text_literal(text: str) -> str:
    """Return a C string literal with the bytes of a text."""
    escaped = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\?' else f"\\{byte:03o}"
        for byte in text.encode("utf-8", "surrogateescape")
    )
    return f'"{escaped}"'


def in_comment(name: str) -> str:
    """Return a name such that it is safe in a comment."""
    plain = name.encode("ascii", "backslashreplace").decode("ascii")
    return re.sub(r"[^ -~]", "?", plain).replace("*/", "* /").replace("/*", "/ *").rstrip("\\")
