"""Print results as JSON, with characters escaped that could control a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["print_json", "report_text"]


def print_json(content: object) -> None:
    """Print a value as JSON, with numbers rounded to six significant digits."""
    print(_harmless(json.dumps(_rounded(content), ensure_ascii=False, indent=2)))


def report_text(content: Mapping[str, Any]) -> str:
    """Return a report as JSON: figures with six significant digits, and each column of the predictions in one line."""

    def line(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def part(value: Mapping[str, Any], indent: str) -> str:
        parts = []
        for key, item in value.items():
            if key == "answers":
                text = lines(item, f"{indent}  ")
            elif key == "reports":
                inner = f",\n{indent}    ".join(part(one, f"{indent}    ") for one in item)
                text = f"[\n{indent}    {inner}\n{indent}  ]"
            else:
                text = line(_rounded(item))
            parts.append(f"{indent}  {line(key)}: {text}")
        return "{\n" + ",\n".join(parts) + f"\n{indent}}}"

    def lines(value: Mapping[str, Any], indent: str) -> str:
        columns = ",\n".join(f"{indent}  {line(key)}: {line(item)}" for key, item in value.items())
        return f"{{\n{columns}\n{indent}}}"

    return _harmless(part(content, ""))


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _rounded(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _rounded(value.tolist())
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    if isinstance(value, float | np.floating):
        return float(f"{value:.6g}") if np.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value


def _harmless(text: str) -> str:
    """Return the same JSON with characters that are not printable as escapes, so that a terminal cannot obey them."""
    odd = {letter for letter in set(text) if not letter.isprintable()} - {"\n"}
    return text.translate({ord(letter): _escape(letter) for letter in odd})


def _escape(letter: str) -> str:
    """Return the JSON escape of a character: its UTF-16 code units."""
    units = letter.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))
