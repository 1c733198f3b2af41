"""Numbered SQL files, applied in order and remembered in `PRAGMA user_version`; each database is copied before.

A page of our own instead of yoyo-migrations: docs/decisions/0011.
"""

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

from reconciler.state.copies import write_copy

FOLDER = os.path.join(os.path.dirname(__file__), "migrations")

_FILE = re.compile(r"([0-9]{4})_[a-z0-9_]+\.sql")


def newest(folder: str = FOLDER) -> int:
    """The number of the schema this program writes."""
    return max(_numbered(folder))


def migrate(sqlite: sqlite3.Connection, path: str | None, *, folder: str = FOLDER) -> None:
    """Bring the database to the newest schema, in one transaction; `path` is None for one in memory."""
    if _schema(sqlite) >= newest(folder):
        return
    sqlite.execute("BEGIN IMMEDIATE")
    try:
        # Looked up again: another process may have been first.
        schema = _schema(sqlite)
        if schema and schema < newest(folder) and path is not None:
            with closing(sqlite3.connect(path)) as before:
                write_copy(before, f"{path}.schema-{schema}")
        for number, name in sorted(_numbered(folder).items()):
            if number > schema:
                _apply(sqlite, os.path.join(folder, name))
                sqlite.execute(f"PRAGMA user_version = {number}")
        sqlite.execute("COMMIT")
    except BaseException:
        if sqlite.in_transaction:
            sqlite.execute("ROLLBACK")
        raise


def _numbered(folder: str) -> dict[int, str]:
    """Number → file name."""
    found = ((_FILE.fullmatch(name), name) for name in os.listdir(folder))
    return {int(match[1]): name for match, name in found if match is not None}


def _schema(sqlite: sqlite3.Connection) -> int:
    return int(sqlite.execute("PRAGMA user_version").fetchone()[0])


def _apply(sqlite: sqlite3.Connection, file: str) -> None:
    for statement in _statements(file):
        sqlite.execute(statement)


def _statements(file: str) -> Iterator[str]:
    """One after the other: `executescript` would commit first."""
    statement = ""
    with open(file, encoding="utf-8") as lines:
        for line in lines:
            statement += line
            if sqlite3.complete_statement(statement):
                yield statement
                statement = ""
