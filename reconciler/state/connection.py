"""One connection to a SQLite database: read at one instant, written in whole transactions, its errors told in words.

Writes begin IMMEDIATE, so that two writers queue instead of failing half-way (reliability.md 3).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.model.faults import StateTooNew
from reconciler.state import migrating
from reconciler.state.faults import state_error


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
