"""What the system says is wrong, as the cause a send waits for: a fault of the world, in one line (sending.md 4)."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreFault

_SPACE = frozenset((errno.ENOSPC, errno.EDQUOT))
_PERMISSION = frozenset((errno.EACCES, errno.EPERM, errno.EROFS))
_AUTHENTICATION = frozenset((errno.EKEYEXPIRED, errno.EKEYREVOKED, errno.EKEYREJECTED, errno.ENOKEY))
"""Tickets and keys of a network file system that ran out (L24)."""

_UNNAMABLE = frozenset((errno.ENAMETOOLONG, errno.EILSEQ))
"""The file system cannot hold the name: trying again does not help."""

_OTHERS: dict[int, str] = {errno.EMFILE: "this process has too many files open", errno.ENOMEM: "no memory is left"}


def store_fault(fault: OSError, place: str) -> StoreFault:
    """`fault` at `place`, a path for people. What is not known better is the way to the store, and transient."""
    number = fault.errno or 0
    said = _OTHERS.get(number) or (os.strerror(number).lower() if number else str(fault))
    detail = f"{place}: {said}"
    if number in _SPACE:
        return StoreFault(Cause.SPACE, detail)
    if number in _PERMISSION:
        return StoreFault(Cause.PERMISSION, detail)
    if number in _AUTHENTICATION:
        return StoreFault(Cause.AUTHENTICATION, detail)
    return StoreFault(
        Cause.PERMISSION if number in _UNNAMABLE else Cause.NETWORK, detail, permanent=number in _UNNAMABLE
    )


@contextmanager
def told_of(place: str) -> Iterator[None]:
    """Whatever the system complains of meanwhile is a StoreFault at `place`."""
    try:
        yield
    except OSError as fault:
        raise store_fault(fault, place) from fault
