"""Writing a manifest anew: whole or not at all, and only over the very bytes that were read."""

import contextlib
import os
import stat
import tempfile

from reconciler.model.looks import Moved


def rewrite(path: str, *, before: bytes, after: bytes) -> None:
    """Put `after` in the place of `before`; raises Moved if the file holds something else by now, and OSError.

    Mode and, as far as this user may, owner stay. A link is followed: the file it leads to is written.
    """
    path = os.path.realpath(path)
    folder = os.path.dirname(path)
    descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".reconcile-")
    try:
        with open(descriptor, "wb") as stream:
            stream.write(after)
            stream.flush()
            _take_after(path, stream.fileno())
            os.fsync(stream.fileno())
        check_unchanged(path, before)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    _flush(folder)


def check_unchanged(path: str, before: bytes) -> None:
    """Raise Moved if the file does not hold these bytes any more."""
    try:
        with open(path, "rb") as stream:
            same = stream.read(len(before) + 1) == before
    except FileNotFoundError:
        same = False
    if not same:
        raise Moved((path,))


def _take_after(path: str, descriptor: int) -> None:
    found = os.stat(path)
    if (found.st_uid, found.st_gid) != (os.geteuid(), os.getegid()):
        with contextlib.suppress(PermissionError):  # not ours to give away: as any editor would leave it
            os.fchown(descriptor, found.st_uid, found.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(found.st_mode))


def _flush(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
