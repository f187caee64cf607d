"""The Redis module in the package."""

from __future__ import annotations

import sys
from pathlib import Path

__all__ = ["module_path"]

#: Not ``neuralredis.so``: Python would import a copy of it in a program's folder instead of this package.
NAME = "libneuralredis.so"


def module_path() -> Path:
    """Return the path of the module for ``loadmodule``; Redis and Valkey load the same file.

    Raises
    ------
    FileNotFoundError
        If the package was built, or the program frozen, without the module.

    Examples
    --------
    >>> import neuralredis
    >>> neuralredis.module_path().name
    'libneuralredis.so'
    """
    path = Path(__file__).resolve().with_name(NAME)
    if not path.is_file() and getattr(sys, "frozen", False):
        raise FileNotFoundError(
            f"this program was frozen without the Redis module of neuralredis, which would be at {path}: "
            "PyInstaller packs it with --collect-binaries neuralredis"
        )
    if not path.is_file():
        raise FileNotFoundError(
            f"this installation of neuralredis has no Redis module at {path}: it was built on a platform without one, "
            "or with NEURALREDIS_BUILD_MODULE=0. Reinstall it with NEURALREDIS_BUILD_MODULE=1 to see what is missing"
        )
    return path
