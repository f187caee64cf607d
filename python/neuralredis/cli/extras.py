"""Check for libraries that extras of the package install."""

from __future__ import annotations

import importlib.util

from neuralredis.cli.failure import Failure

__all__ = ["need"]


def need(extra: str, *modules: str, feature: str) -> None:
    """Raise `Failure` with the command that installs an extra, if one of its modules is not installed."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise Failure(f"{feature} needs {module}: pip install 'neuralredis[{extra}]'")
