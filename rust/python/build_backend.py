"""The PEP 517 build backend: maturin, after building the Redis module into the package.

maturin packs one library, the extension ``_core``. The module ``libneuralredis.so`` comes from another crate of the
workspace. This backend builds it and puts it into ``python/neuralredis``, where ``include`` of pyproject.toml packs it.
After building a wheel it is removed; in an editable installation it stays.

``NEURALREDIS_BUILD_MODULE=0`` leaves the module out, ``1`` builds it on any platform. If unset, it is built on all
platforms but Windows, where no server runs.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import maturin
from maturin import (
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

_ROOT = Path(__file__).resolve().parents[2]
_STAGED = _ROOT / "python" / "neuralredis" / "libneuralredis.so"

# Suppress maturin's warning that it is not the build backend.
os.environ["MATURIN_NO_MISSING_BUILD_BACKEND_WARNING"] = "1"


def build_wheel(
    wheel_directory: str, config_settings: dict[str, Any] | None = None, metadata_directory: str | None = None
) -> str:
    """Build a wheel with both libraries, and restore the source tree."""
    with _staged_for_a_wheel():
        name: str = maturin.build_wheel(wheel_directory, config_settings, metadata_directory)
    return name


def build_editable(
    wheel_directory: str, config_settings: dict[str, Any] | None = None, metadata_directory: str | None = None
) -> str:
    """Build both libraries into the source tree, where they stay."""
    _STAGED.unlink(missing_ok=True)
    _stage_module()
    name: str = maturin.build_editable(wheel_directory, config_settings, metadata_directory)
    return name


def _is_module_wanted() -> bool:
    choice = os.environ.get("NEURALREDIS_BUILD_MODULE", "")
    if choice not in ("", "0", "1"):
        raise SystemExit(f"NEURALREDIS_BUILD_MODULE is {choice!r}: expected 0, 1 or nothing")
    return choice == "1" or (choice == "" and sys.platform != "win32")


@contextmanager
def _staged_for_a_wheel() -> Iterator[None]:
    """Pack a newly built module or none, and keep the file of an editable installation."""
    in_use = _STAGED.exists()
    if in_use and not _is_module_wanted():
        aside = _temporary_path("aside")
        _STAGED.replace(aside)
        try:
            yield
        finally:
            aside.replace(_STAGED)
        return
    try:
        _stage_module()
        yield
    finally:
        if not in_use:
            _STAGED.unlink(missing_ok=True)


def _temporary_path(suffix: str) -> Path:
    path = _ROOT / "target" / f"{_STAGED.name}.{suffix}"
    path.parent.mkdir(exist_ok=True)
    return path


def _stage_module() -> None:
    if not _is_module_wanted():
        return
    built = _cargo_build("neuralredis-redis")
    # Redis loads only executable modules, so copy the mode. Replace the file instead of overwriting it, because a
    # process that has loaded the library would crash.
    fresh = _temporary_path("fresh")
    shutil.copy2(built, fresh)
    fresh.replace(_STAGED)


def _cargo_build(package: str) -> Path:
    """Build a package, and return the path of its library as cargo reports it: the path depends on cargo's settings."""
    if not shutil.which("cargo"):
        raise SystemExit("cargo: not found. Rust's tools come from https://rustup.rs")
    command = ["cargo", "build", "--release", "--locked", "--package", package]
    build = subprocess.run(
        [*command, "--message-format", "json-render-diagnostics"],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if build.returncode:
        raise SystemExit(f"{' '.join(command)} failed (NEURALREDIS_BUILD_MODULE=0 builds without the Redis module)")
    for line in build.stdout.splitlines():
        message = json.loads(line)
        if message.get("reason") == "compiler-artifact" and "cdylib" in message["target"]["kind"]:
            return Path(message["filenames"][0])
    raise SystemExit(f"{' '.join(command)} reported no library")
