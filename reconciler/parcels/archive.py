"""A source's entries as a tar archive that depends on nothing but the listing (sending.md 2).

Owner 0, time 0, modes 0755 and 0644. It is only ever written by us: reading one is `unpacking`'s business.
"""

import tarfile
from typing import Final

from reconciler.parcels.source_tree import Entry, Kind

END: Final = bytes(1024)
"""The mark of the end of an archive."""

_BLOCK = 512


def header(entry: Entry) -> bytes:
    """What stands before the entry's bytes: ustar, with a pax header before it where that cannot say it."""
    member = tarfile.TarInfo(entry.path)
    member.mode = 0o644 if entry.kind is Kind.FILE else 0o755
    if entry.kind is Kind.FOLDER:
        member.type = tarfile.DIRTYPE
    else:
        member.size = entry.size
    return member.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")


def padding(entry: Entry) -> bytes:
    """What follows the entry's bytes."""
    return b"" if entry.kind is Kind.FOLDER else bytes(-entry.size % _BLOCK)
