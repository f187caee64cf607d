"""JSON: the description itself, documented in ``docs/export-format.md``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from neuralredis.export.intermediate import Exported

__all__ = ["files"]


def files(exported: Exported, path: Path) -> Mapping[Path, str]:
    """Return one file, a key a line."""
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in exported.items())
    return {path: f"{{\n{lines}\n}}\n"}
