"""Copies of a SQLite state: checked, durable, for their owner alone; and a state put back from one."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from reconciler.model.faults import StateError
from reconciler.state import files
from reconciler.state.faults import state_error


def write_copy(source: sqlite3.Connection, path: str) -> None:
    """Write `path` with what `source` holds: whole under another name first, so that a kill leaves what was there."""
    private = f"{path}.tmp"
    with suppress(FileNotFoundError):
        os.unlink(private)
    files.create_private(private)
    try:
        with closing(sqlite3.connect(private, isolation_level=None)) as target:
            source.backup(target)
            # A copy is one file, and is read where nothing can be written.
            target.execute("PRAGMA journal_mode = DELETE")
            check(target, path)
        files.flush(private)
        os.replace(private, path)
    except BaseException:
        os.unlink(private)
        raise
    files.flush(os.path.dirname(path))


def backup(source: sqlite3.Connection, path: str) -> None:
    """A copy for people to keep: a file that is there is never written over."""
    path = os.path.abspath(path)
    if os.path.lexists(path):
        raise StateError(f"the copy {path} cannot be written: there is something of that name; name another file")
    with told(path):
        write_copy(source, path)


def check(sqlite: sqlite3.Connection, path: str) -> None:
    """Raise StateError if the copy is not whole."""
    fault = fault_of(sqlite)
    if fault is not None:
        raise StateError(f"the copy {path} is not whole: {fault}")


def fault_of(sqlite: sqlite3.Connection) -> str | None:
    """What is wrong with the database, as SQLite says it."""
    (found,) = sqlite.execute("PRAGMA integrity_check(1)").fetchone()
    return None if found == "ok" else str(found)


@contextmanager
def told(path: str) -> Iterator[None]:
    """The world's faults with a copy, as StateError."""
    try:
        yield
    except sqlite3.Error as error:
        raise state_error(error, path) from error
    except OSError as error:
        raise StateError(f"the copy {path} cannot be written: {error.strerror}") from error
