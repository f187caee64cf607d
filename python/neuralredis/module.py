"""The Redis module that comes with the package."""

from __future__ import annotations

from pathlib import Path

__all__ = ["module_path"]


def module_path() -> Path:
    """Return where the module for ``loadmodule`` is, the same file for Redis and for Valkey.

    Raises
    ------
    FileNotFoundError
        If this installation was built without the module.

    Examples
    --------
    >>> import neuralredis
    >>> neuralredis.module_path().name
    'neuralredis.so'
    """
    path = Path(__file__).resolve().with_name("neuralredis.so")
    if not path.is_file():
        raise FileNotFoundError(
            f"this installation of neuralredis has no Redis module at {path}: it was built on a platform without one, "
            "or with NEURALREDIS_BUILD_MODULE=0. Reinstall it with NEURALREDIS_BUILD_MODULE=1 to see what is missing"
        )
    return path
