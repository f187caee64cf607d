"""The files of the page, which need no build step."""

from __future__ import annotations

from pathlib import Path

__all__ = ["TYPES", "files"]

#: Content types, by suffix.
TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


def files() -> dict[str, str]:
    """Return the contents of the files of the folder ``page``, by relative path."""
    folder = Path(__file__).with_name("page")
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in sorted(folder.rglob("*"))
        if path.suffix[1:] in TYPES
    }
