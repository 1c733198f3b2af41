"""A look at a SQLite state for `doctor`: whole, of which schema, where it lies, and how much room is left there."""

import os
from dataclasses import dataclass

from reconciler.state import migrating
from reconciler.state.mounts import FileSystem, file_system_of
from reconciler.state.opening import connect


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """`size` is None for a state that is not there yet; `damage` is "" for one that is whole, `free` is in bytes."""

    path: str
    schema: int
    newest: int
    damage: str
    size: int | None
    free: int
    writable: bool
    file_system: FileSystem | None


def examine_sqlite(path: str) -> Examination:
    """Look at the file, and change nothing; raises StateError if it cannot be opened."""
    path = os.path.abspath(path)
    connection = connect(path, write=False)
    try:
        with connection.looking() as sqlite:
            found = [line for (line,) in sqlite.execute("PRAGMA integrity_check(1)")]
            (schema,) = sqlite.execute("PRAGMA user_version").fetchone()
    finally:
        connection.close()
    folder = os.path.dirname(path)
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    room = os.statvfs(folder)
    exists = os.path.exists(path)
    return Examination(
        path=path,
        schema=schema,
        newest=migrating.newest(),
        damage="" if found == ["ok"] else found[0],
        size=os.stat(path).st_size if exists else None,
        free=room.f_bavail * room.f_frsize,
        writable=os.access(folder, os.W_OK, effective_ids=True)
        and (not exists or os.access(path, os.W_OK, effective_ids=True)),
        file_system=file_system_of(path),
    )
