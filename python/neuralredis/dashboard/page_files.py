"""The files of the page: modules as they are, without a build."""

from __future__ import annotations

from pathlib import Path

__all__ = ["TYPES", "files"]

#: What browsers are told of a file, by its ending.
TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


def files() -> dict[str, str]:
    """Return the text of each file by its path in the folder ``page``."""
    folder = Path(__file__).with_name("page")
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in sorted(folder.rglob("*"))
        if path.suffix[1:] in TYPES
    }
