"""Two calls of Linux that Python does not offer: swapping two names at once, and when a file was made."""

import ctypes
import errno
import os
import struct

_EXCHANGE = 2
_ITSELF = 0x1000
_BIRTH = 0x800
_STATX_BYTES = 256
_STATX = struct.Struct("=I76xqI")
"""The mask of what is known, and the time of birth; what lies between is not asked for."""

_LIBRARY = ctypes.CDLL(None, use_errno=True)


def exchange(one: str, *, within: int, other: str, other_within: int) -> None:
    """Swap two names, each relative to an open folder, in one step.

    Raises OSError: ENOSYS where the system cannot do it, EINVAL where the file system cannot.
    """
    try:
        renameat2 = _LIBRARY.renameat2
    except AttributeError:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS)) from None
    if renameat2(within, os.fsencode(one), other_within, os.fsencode(other), _EXCHANGE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), one)


def birth(descriptor: int) -> int | None:
    """When an open file or folder was made, in nanoseconds; None where that is not known."""
    try:
        statx = _LIBRARY.statx
    except AttributeError:
        return None
    found = ctypes.create_string_buffer(_STATX_BYTES)
    if statx(descriptor, b"", _ITSELF, _BIRTH, found) != 0:
        return None
    mask, seconds, nanoseconds = _STATX.unpack_from(found)
    return seconds * 10**9 + nanoseconds if mask & _BIRTH else None
