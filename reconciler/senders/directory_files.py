"""The files of an open folder: listed, read to the end, and made whole and exclusively."""

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator

from reconciler.senders.protocol import Entry, Missing, Pace, Taken
from reconciler.senders.rooted import Root, require_plain

NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

_BUFFER = 2**20


def listed(folder: int) -> Iterator[Entry]:
    """What lies in a folder, in no order."""
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                found = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # removed meanwhile
                continue
            is_file = stat.S_ISREG(found.st_mode)
            yield Entry(
                name=entry.name,
                size=found.st_size if is_file else 0,
                is_file=is_file,
                is_folder=stat.S_ISDIR(found.st_mode),
            )


def read_at(descriptor: int, offset: int, length: int) -> bytes:
    """`length` bytes, or fewer where the file ends."""
    found = os.pread(descriptor, length, offset)
    while len(found) < length and (more := os.pread(descriptor, length - len(found), offset + len(found))):
        found += more
    return found


def pieces(descriptor: int) -> Iterator[bytes]:
    """All of a file."""
    offset = 0
    while piece := os.pread(descriptor, _BUFFER, offset):
        yield piece
        offset += len(piece)


def digest_of(descriptor: int, *, length: int, pace: Pace) -> bytes | None:
    """The SHA-256 of the first bytes; None if there are fewer."""
    found = hashlib.sha256()
    buffer = memoryview(bytearray(min(_BUFFER, length)))
    done = 0
    while done < length:
        count = _read_into(buffer[: pace(min(_BUFFER, length - done))], descriptor, done)
        if not count:
            return None
        found.update(buffer[:count])
        done += count
    return found.digest()


def forget_cached(descriptor: int) -> None:
    """So that what is read comes from the medium: the system drops what is flushed, as far as it likes to."""
    with contextlib.suppress(OSError):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)


@contextlib.contextmanager
def exclusively(folder: int, last: str, name: str) -> Iterator[None]:
    """A name that exists is Taken; Hostile if it is no plain file's."""
    try:
        yield
    except FileExistsError:
        with contextlib.suppress(Missing):
            require_plain(folder, last, name)
        raise Taken(name) from None


def write_new(root: Root, folder: int, last: str, data: Iterable[bytes]) -> None:
    """A new file, whole and flushed, or none."""
    descriptor = os.open(last, NEW, 0o666, dir_fd=folder)
    try:
        for piece in data:
            write_all(descriptor, piece)
        root.flush_file(descriptor)
    except BaseException:
        unlink(last, folder)
        raise
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Every byte, however few the system takes at a time."""
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def unlink(last: str, folder: int) -> None:
    """Remove a name; one that is not there is no error."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(last, dir_fd=folder)


def _read_into(buffer: memoryview, descriptor: int, offset: int) -> int:
    done = 0
    while done < len(buffer):
        count = os.preadv(descriptor, [buffer[done:]], offset + done)
        if not count:
            break
        done += count
    return done
