"""Libraries that are not there unless an extra was installed."""

from __future__ import annotations

import importlib.util

from neuralredis.cli.failure import Failure

__all__ = ["need"]


def need(extra: str, *modules: str, what: str) -> None:
    """Fail with the command that installs an extra, if one of its modules is not there."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise Failure(f"{what} needs {module}: pip install 'neuralredis[{extra}]'")
