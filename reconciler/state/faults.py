"""What SQLite raises, told as `StateError`: what is wrong with which database, and what to do about it."""

import os
import sqlite3

from reconciler.model.faults import StateError
from reconciler.state.mounts import file_system_of

APPLICATION_ID = 0x52434E4C
"""In the header of every database of ours (`PRAGMA application_id`)."""


def state_error(error: sqlite3.Error, path: str) -> StateError:
    """The fault in words; the primary result code is the low byte of the extended one."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return StateError(_text(error, code, path))


def _text(error: sqlite3.Error, code: int, path: str) -> str:
    match code:
        case sqlite3.SQLITE_FULL:
            text = (
                f"state-store-full: no space for the state {path} on {_file_system(path)}; nothing was recorded, "
                "make room there and run again"
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            text = (
                f"the state {path} is locked: another process has been writing to it for too long; run again, "
                "or end that process"
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            text = (
                f"the state {path} is damaged or no database ({error}); move it away, with its -wal and -shm, and "
                "restore a copy or start anew: every send looks at what the site holds before it sends"
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            text = f"the state {path} cannot be opened or written: {_why_not(path)}"
        case sqlite3.SQLITE_IOERR:
            text = (
                f"the state {path} cannot be read or written: {error} on {_file_system(path)}; whether the last change "
                "was recorded is not known. Mend the disk and run again: nothing is recorded twice"
            )
        case _:
            text = f"the state {path} cannot be used: {error}"
    return text


def not_ours(path: str) -> StateError:
    """The file is a database of something else: nothing of it is touched."""
    return StateError(f"{path} is a database, but not a state of reconciler; name another file with --state")


def _file_system(path: str) -> str:
    found = file_system_of(path)
    return "its file system" if found is None else f"the file system {found}"


def _why_not(path: str) -> str:
    """SQLite says only that it failed; look again for the likeliest reason."""
    folder = os.path.dirname(path) or "."
    if os.path.exists(folder) and os.statvfs(folder).f_flag & os.ST_RDONLY:
        return f"{_file_system(path)} is mounted read-only, and even reading needs to write (-wal and -shm); copy it"
    if os.path.exists(path) and not os.access(path, os.R_OK):
        return "this user may not read it; run as its owner"
    if not os.access(folder, os.W_OK):
        return f"this user may not write in {folder}, as even reading needs to (-wal and -shm); run as its owner"
    return "this user may not write it, or it was opened for reading; run as its owner"
