"""One connection to a SQLite database: opened safely, written in whole transactions, its errors told as StateError.

WAL with synchronous=FULL: NORMAL lost acknowledged commits in power cuts (reliability.md 3). Writes begin IMMEDIATE, so
that two writers queue instead of failing half-way. Nobody but the owner may read the files.
"""

import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.model.faults import StateError, StateTooNew
from reconciler.state import files, migrating
from reconciler.state.faults import APPLICATION_ID, not_ours, state_error
from reconciler.state.mounts import file_system_of

BUSY_SECONDS = 30.0
"""How long a writer waits for the others."""


class Connection:
    """A database and its transactions. `newer` is the schema's number if a newer version of the program wrote it."""

    def __init__(self, sqlite: sqlite3.Connection, path: str, *, newer: int | None = None) -> None:
        self._sqlite = sqlite
        self._path = path
        self._newer = newer

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent look."""
        with self._translated(), self._transaction("BEGIN"):
            yield self._sqlite

    @contextmanager
    def looking(self) -> Iterator[sqlite3.Connection]:
        """One statement, whose rows may be fetched while others run."""
        with self._translated():
            yield self._sqlite

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Everything inside is recorded together, durably, or not at all."""
        with self._translated(), self._transaction("BEGIN IMMEDIATE"):
            yield self._sqlite

    def close(self) -> None:
        with self._translated():
            self._sqlite.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        self._sqlite.execute(begin)
        try:
            yield
            self._sqlite.execute("COMMIT")
        except BaseException:
            # A full disk makes SQLite roll back by itself.
            if self._sqlite.in_transaction:
                self._sqlite.execute("ROLLBACK")
            raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise  # our own mistake, not the world's
        except sqlite3.OperationalError as error:
            if self._newer is not None and error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
                raise StateTooNew(
                    f"the state {self._path} has schema {self._newer}, this version of reconciler knows "
                    f"{migrating.newest()} and cannot read it; use the newer version"
                ) from error
            raise state_error(error, self._path) from error
        except sqlite3.Error as error:
            raise state_error(error, self._path) from error


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
        newer = _checked(sqlite, path, write=write, newest=migrating.newest(migrations))
        if newer is None and not write and _is_new(sqlite):
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
    return Connection(sqlite, path, newer=newer)


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
    found = file_system_of(path)
    if found is not None and found.is_network:
        raise StateError(
            f"the state {path} lies on the network file system {found}, where SQLite's locks do not hold; "
            "keep it on a local disk"
        )
    try:
        files.create_private(path)
    except OSError as error:
        raise StateError(f"the state {path} cannot be created: {error.strerror}: {error.filename}") from error


def _connection(database: str) -> sqlite3.Connection:
    sqlite = sqlite3.connect(database, timeout=BUSY_SECONDS, isolation_level=None, uri=database.startswith("file:"))
    sqlite.execute("PRAGMA foreign_keys = ON")
    sqlite.execute("PRAGMA synchronous = FULL")
    sqlite.execute("PRAGMA temp_store = MEMORY")
    return sqlite


def _escaped(path: str) -> str:
    """The path as part of a URI."""
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _checked(sqlite: sqlite3.Connection, path: str, *, write: bool, newest: int) -> int | None:
    """The number of the schema if it is newer than what this program knows; raises StateError if it cannot be used."""
    (application,) = sqlite.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID and not _is_new(sqlite):
        raise not_ours(path)
    (schema,) = sqlite.execute("PRAGMA user_version").fetchone()
    if schema > newest:
        if write:
            raise StateTooNew(
                f"the state {path} has schema {schema}, this version of reconciler knows {newest}: it may read it, "
                "but not write it; use the newer version"
            )
        return int(schema)
    if 0 < schema < newest and not write:
        raise StateError(
            f"the state {path} has schema {schema}, this version of reconciler needs {newest}; a command that writes, "
            "such as `reconcile`, migrates it and keeps a copy"
        )
    return None


def _is_new(sqlite: sqlite3.Connection) -> bool:
    """Nothing was ever written, or a process died before the first migration."""
    (objects,) = sqlite.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return bool(objects == 0)


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
