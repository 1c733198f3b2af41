"""Opening a SQLite file as a state: whose it is, how old it is, and what to do then.

WAL with synchronous=FULL: NORMAL lost acknowledged commits in power cuts (reliability.md 3). Nobody but the owner may
read the files.
"""

import os
import sqlite3
import stat
import time
from dataclasses import dataclass

from reconciler.model.faults import StateError, StateTooNew
from reconciler.state import files, migrating
from reconciler.state.connection import Connection
from reconciler.state.faults import APPLICATION_ID, not_ours, state_error
from reconciler.state.mounts import file_system_of

BUSY_SECONDS = 30.0
"""How long a writer waits for the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a database says of itself; without `objects` nothing was ever written into it, or its maker died early."""

    application: int
    schema: int
    objects: int


def connect(path: str, *, write: bool, migrations: str = migrating.FOLDER) -> Connection:
    """The database at `path`; for reading, one that is not there is empty, and nothing is created."""
    path = os.path.abspath(path)
    if not _exists(path) and not write:
        return _empty(path, migrations)
    if write:
        _prepare(path)
    sqlite = None
    try:
        sqlite = _connection(path if write else f"file:{_escaped(path)}?mode=ro")
        header = header_of(sqlite)
        newest = migrating.newest(migrations)
        check_header(header, path, write=write, newest=newest)
        if header.objects == 0 and not write:
            sqlite.close()
            return _empty(path, migrations)
        if write:
            _use_wal(sqlite)
            migrating.migrate(sqlite, path, folder=migrations)
            files.keep_private(path)
    except sqlite3.Error as error:
        _close(sqlite)
        raise state_error(error, path) from error
    except BaseException:
        _close(sqlite)
        raise
    return Connection(sqlite, path, newer=header.schema if header.schema > newest else None)


def _exists(path: str) -> bool:
    """Whether there is a file; what cannot be looked at is not taken for absent (R10)."""
    try:
        if not stat.S_ISDIR(os.stat(path).st_mode):
            return True
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StateError(f"the state {path} cannot be looked at: {error.strerror}") from error
    raise StateError(f"the state {path} cannot be opened: a directory is in the way; name a file with --state")


def _empty(path: str, migrations: str) -> Connection:
    sqlite = _connection(":memory:")
    migrating.migrate(sqlite, None, folder=migrations)
    return Connection(sqlite, path)


def _prepare(path: str) -> None:
    refuse_network(path)
    try:
        files.create_private(path)
    except OSError as error:
        raise StateError(f"the state {path} cannot be created: {error.strerror}: {error.filename}") from error


def refuse_network(path: str) -> None:
    """Raise StateError where a state cannot be written by two processes without harm."""
    found = file_system_of(path)
    if found is not None and found.is_network:
        raise StateError(
            f"the state {path} lies on the network file system {found}, where SQLite's locks do not hold; "
            "keep it on a local disk"
        )


def connection_to(path: str, *, copy: bool = False) -> sqlite3.Connection:
    """A plain connection to a database that is there; to a copy, one that leaves nothing beside it."""
    if not copy:
        return _connection(f"file:{_escaped(path)}?mode=rw")
    alone = "" if os.path.exists(f"{path}-wal") else "&immutable=1"
    return _connection(f"file:{_escaped(path)}?mode=ro{alone}")


def _connection(database: str) -> sqlite3.Connection:
    sqlite = sqlite3.connect(database, timeout=BUSY_SECONDS, isolation_level=None, uri=database.startswith("file:"))
    sqlite.execute("PRAGMA foreign_keys = ON")
    sqlite.execute("PRAGMA synchronous = FULL")
    sqlite.execute("PRAGMA temp_store = MEMORY")
    return sqlite


def _escaped(path: str) -> str:
    """The path as part of a URI."""
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def header_of(sqlite: sqlite3.Connection) -> Header:
    """In one look: another process may be making the database just now."""
    sqlite.execute("BEGIN")
    header = Header(
        application=sqlite.execute("PRAGMA application_id").fetchone()[0],
        schema=sqlite.execute("PRAGMA user_version").fetchone()[0],
        objects=sqlite.execute("SELECT count(*) FROM sqlite_master").fetchone()[0],
    )
    sqlite.execute("COMMIT")
    return header


def check_header(header: Header, path: str, *, write: bool, newest: int) -> None:
    """Raise StateError if the database cannot be used so; a newer one may be read, as far as that goes (R10)."""
    if header.objects and header.application != APPLICATION_ID:
        raise not_ours(path)
    if header.schema > newest and write:
        raise StateTooNew(
            f"the state {path} has schema {header.schema}, this version of reconciler knows {newest}: it may read it, "
            "but not write it; use the newer version"
        )
    if 0 < header.schema < newest and not write:
        raise StateError(
            f"the state {path} has schema {header.schema}, this version of reconciler needs {newest}; a command that "
            "writes, such as `reconcile`, migrates it and keeps a copy"
        )


def _use_wal(sqlite: sqlite3.Connection) -> None:
    """Write-ahead log. SQLite does not wait here while another process does the same, so we do."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            sqlite.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _close(sqlite: sqlite3.Connection | None) -> None:
    if sqlite is not None:
        sqlite.close()
