"""A SQLite state put back from a copy, while others may have it open; what was there stays beside it.

An older copy is no danger: a number that is used at a site already is found there, and the pair heals (sending.md 4).
"""

import os
import sqlite3
from contextlib import closing
from itertools import count

from reconciler.model.claims import Worker
from reconciler.model.faults import StateError
from reconciler.state import files, migrating
from reconciler.state.copies import check, fault_of, told, write_copy
from reconciler.state.faults import state_error
from reconciler.state.liveness import HERE, Liveness
from reconciler.state.opening import check_header, connection_to, header_of, refuse_network
from reconciler.state.statements import statements

_SQL = statements("restoring")
_COMPANIONS = ("", "-wal", "-shm", "-journal")


def restore(copy: str, state: str, *, force: bool = False, liveness: Liveness = HERE) -> str | None:
    """Make the state what the copy is, of the newest schema and without workers; raises StateError.

    Returns the name under which the present state is kept, None if there was none. Refused while a living worker is in
    the present state, unless `force`: it will find its claims lost.
    """
    copy, state = os.path.abspath(copy), os.path.abspath(state)
    if os.path.exists(state) and os.path.exists(copy) and os.path.samefile(copy, state):
        raise StateError(f"the copy {copy} is the state itself")
    refuse_network(state)
    fresh = f"{state}.restoring"
    with told(fresh):
        # A journal that a killed one left would be rolled back into the new file.
        _remove(fresh)
        files.create_private(fresh)
        try:
            _prepare(copy, fresh)
            return _put(fresh, state, force=force, liveness=liveness)
        finally:
            _remove(fresh)


def _prepare(copy: str, fresh: str) -> None:
    """The copy, checked and brought up to date, in a file of its own."""
    if not os.path.isfile(copy):
        raise StateError(f"there is no copy {copy}")
    try:
        with closing(connection_to(copy, copy=True)) as source:
            header = header_of(source)
            check_header(header, copy, write=True, newest=migrating.newest())
            if header.objects == 0:
                raise StateError(f"the copy {copy} is empty")
            check(source, copy)
            write_copy(source, fresh)
    except sqlite3.Error as error:
        raise state_error(error, copy) from error
    with closing(connection_to(fresh)) as sqlite:
        migrating.migrate(sqlite, None)
        sqlite.execute(_SQL["forget_workers"])
        check(sqlite, fresh)
    files.flush(fresh)


def _put(fresh: str, state: str, *, force: bool, liveness: Liveness) -> str | None:
    """Into the database that is there, in one transaction, or in its place if there is none that can be used."""
    if not any(os.path.lexists(f"{state}{companion}") for companion in _COMPANIONS):
        _swap(fresh, state)
        return None
    kept = next(name for name in (f"{state}.before-restore-{n}" for n in count(1)) if not os.path.lexists(name))
    if not os.path.exists(state) or not _written_over(state, fresh, kept, force=force, liveness=liveness):
        _move_aside(state, kept)
        _swap(fresh, state)
    files.keep_private(state)
    return kept


def _written_over(state: str, fresh: str, kept: str, *, force: bool, liveness: Liveness) -> bool:
    """False if the present database is damaged."""
    try:
        with closing(connection_to(state)) as present:
            header = header_of(present)
            check_header(header, state, write=False, newest=header.schema)
            if not force:
                _refuse_workers(present, state, liveness)
            if fault_of(present) is not None:
                return False
            write_copy(present, kept)
            with closing(connection_to(fresh)) as source:
                source.backup(present)
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return False
        raise state_error(error, state) from error
    return True


def _refuse_workers(present: sqlite3.Connection, state: str, liveness: Liveness) -> None:
    # One that is being written to for long is told as locked, instead of waited for.
    present.execute("BEGIN IMMEDIATE")
    known = present.execute(_SQL["has_workers"]).fetchone() is not None
    leases = present.execute(_SQL["workers"]).fetchall() if known else []
    present.execute("COMMIT")
    now = liveness.clock()
    for id_, host, boot, pid, started, until in leases:
        if until > now and liveness.is_alive(Worker(id=id_, host=host, boot=boot, pid=pid, started=started)):
            raise StateError(f"process {pid} on {host} carries out sends of the state {state}; stop it before")


def _move_aside(state: str, kept: str) -> None:
    """The database first: without it SQLite does not believe the log that is left."""
    for companion in _COMPANIONS:
        if os.path.lexists(f"{state}{companion}"):
            os.rename(f"{state}{companion}", f"{kept}{companion}")


def _swap(fresh: str, state: str) -> None:
    os.replace(fresh, state)
    files.flush(os.path.dirname(state))


def _remove(fresh: str) -> None:
    for companion in _COMPANIONS:
        if os.path.lexists(f"{fresh}{companion}"):
            os.unlink(f"{fresh}{companion}")
