"""Write the intermediate representation itself as JSON; ``docs/export-format.md`` documents it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from neuralredis.export.intermediate import Exported

__all__ = ["files"]


def files(exported: Exported, path: Path) -> Mapping[Path, str]:
    """Return one file, with one key per line."""
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in exported.items())
    return {path: f"{{\n{lines}\n}}\n"}
