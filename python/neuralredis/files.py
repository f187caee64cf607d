"""Replace files atomically."""

from __future__ import annotations

import contextlib
import os
import stat

__all__ = ["replace"]


def replace(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file atomically: readers find the old contents or the new ones, also after a power failure."""
    given, path = path, os.path.realpath(path)
    folder, name = os.path.split(path)
    # In the same folder, since a rename is atomic only within a file system. A replaced file keeps its permissions, and
    # the temporary file is never more readable than it; a new file gets the default permissions.
    mode = _mode(path)
    fresh = os.path.join(folder, f".{name[:200]}.{os.urandom(4).hex()}")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else mode & 0o600)
    except OSError as error:
        # The message names the requested file, not the temporary one.
        error.filename = given
        raise
    try:
        with open(descriptor, "wb") as file:
            if mode is not None:
                os.chmod(fresh, mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(fresh)
        raise
    _sync_folder(folder)


def _mode(path: str) -> int | None:
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        return None


def _sync_folder(folder: str) -> None:
    # The rename is durable only after the folder is synced. Some systems cannot open folders.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
