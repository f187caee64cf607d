"""Where the Rust bindings to the server's C header find libclang.

The crate ``redis-module`` generates its bindings when it is compiled, and needs the library libclang for that. Where
the system has none, PyPI's ``libclang`` wheel brings it, though without the compiler's own headers (``stddef.h`` and
the like), which come from the C compiler that Rust needs anyway for linking.

As a program it runs a command with what it found: ``python bindgen_env.py cargo build -p neuralredis-redis``.
"""

from __future__ import annotations

import glob
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

#: Names under which bindgen would open the library by itself.
_LIBRARY_NAMES = ("libclang.so", "libclang-*.so", "libclang.so.*", "libclang-*.so.*", "libclang.dylib")
#: Places in which bindgen would look for it.
_LIBRARY_PLACES = (
    "/usr/lib/llvm*/lib",
    "/usr/lib*",
    "/usr/lib*/*-linux-*",
    "/usr/local/lib*",
    "/usr/local/llvm*/lib*",
    "/opt/homebrew/opt/llvm/lib",
    "/Library/Developer/CommandLineTools/usr/lib",
    "/Applications/Xcode.app/Contents/Developer/Toolchains/XcodeDefault.xctoolchain/usr/lib",
)


def is_provided() -> bool:
    """Whether bindgen finds libclang without our help."""
    if "LIBCLANG_PATH" in os.environ:
        return True
    places = [*_LIBRARY_PLACES, *_llvm_library_place()]
    found = [path for place in places for name in _LIBRARY_NAMES for path in glob.glob(f"{place}/{name}")]
    # LLVM alone brings a libclang-cpp, which is another library.
    return any("libclang-cpp" not in path for path in found)


def variables() -> dict[str, str]:
    """Return the environment variables to add, none if libclang is provided or its wheel is not installed."""
    spec = None if is_provided() else importlib.util.find_spec("clang")
    if spec is None or not spec.submodule_search_locations:
        return {}
    added = {"LIBCLANG_PATH": str(Path(spec.submodule_search_locations[0]) / "native")}
    if "BINDGEN_EXTRA_CLANG_ARGS" not in os.environ and (headers := _compiler_headers()):
        added["BINDGEN_EXTRA_CLANG_ARGS"] = f"-isystem {headers}"
    return added


def _llvm_library_place() -> list[str]:
    answer = _answer(os.environ.get("LLVM_CONFIG_PATH") or "llvm-config", "--libdir")
    return [answer] if answer else []


def _compiler_headers() -> str | None:
    answer = _answer(*(os.environ.get("CC") or "cc").split(), "-print-file-name=include")
    # A compiler that does not know the file prints the bare name.
    return answer if os.path.isabs(answer) else None


def _answer(*command: str) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


if __name__ == "__main__":
    try:
        os.execvpe(sys.argv[1], sys.argv[1:], {**os.environ, **variables()})
    except FileNotFoundError:
        sys.exit(f"{sys.argv[1]}: not found. Rust's tools come from https://rustup.rs")
