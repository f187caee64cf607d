"""Files that are replaced as a whole or not at all."""

from __future__ import annotations

import contextlib
import os

__all__ = ["replace"]


def replace(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file so that whoever reads it, even after a power failure, finds the old contents or the new ones."""
    path = os.path.realpath(path)
    folder, name = os.path.split(path)
    # In the same folder, since a name can only be taken over within one file system; and with the permissions that any
    # new file gets, which the files of `tempfile` do not.
    fresh = os.path.join(folder, f".{name[:200]}.{os.urandom(4).hex()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(fresh)
        raise
    _sync_folder(folder)


def _sync_folder(folder: str) -> None:
    # The new name itself is lasting only once its folder is; not every system has folders that can be opened.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
