"""Files that only their owner may read, durable before anything relies on them (reliability.md 3, 5)."""

import os


def create_private(path: str) -> None:
    """The file, 0600, if it is not there yet; folders that are missing too, 0700."""
    folder = os.path.dirname(path)
    missing = []
    while not os.path.isdir(folder) and os.path.dirname(folder) != folder:
        missing.append(folder)
        folder = os.path.dirname(folder)
    for folder in reversed(missing):
        _make_folder(folder)
    try:
        # Only a new file: closing a descriptor of a database lets go of the locks this process has on it elsewhere.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return
    flush(os.path.dirname(path))


def keep_private(path: str) -> None:
    """Take what others may do with the file away, if it is ours to take."""
    found = os.stat(path)
    if found.st_mode & 0o077 and found.st_uid == os.geteuid():
        os.chmod(path, 0o600)


def flush(path: str) -> None:
    """A file's bytes, or a folder's entries, to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_folder(folder: str) -> None:
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:  # another process made it at the same time
        return
    flush(os.path.dirname(folder))
