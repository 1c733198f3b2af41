"""Moving a row of a send in the SQLite state, and its pair's version if the planner reads what changed."""

import sqlite3
from dataclasses import replace

from reconciler.model.snapshot import Send
from reconciler.state import records
from reconciler.state.progress import read_by_planner
from reconciler.state.statements import statements

_SENDS = statements("sends")
_SUBMIT = statements("submit")


def move(sqlite: sqlite3.Connection, row: int, before: Send, after: Send) -> Send:
    """Write the row; as it is then, with the version of its pair."""
    write(sqlite, row, after)
    if read_by_planner(after) == read_by_planner(before):
        return after
    sqlite.execute(_SUBMIT["bump"], (after.package, after.site))
    records.changed(sqlite)
    return replace(after, version=before.version + 1)


def write(sqlite: sqlite3.Connection, row: int, send: Send) -> None:
    """Write the row alone."""
    columns = {
        "id": row,
        "state": send.state.value,
        "cause": None if send.cause is None else send.cause.value,
        "detail": send.detail,
        "next_attempt": send.next_attempt,
        "attempts": send.attempts,
        "bytes_done": send.bytes_done,
        "changed_at": send.changed_at,
    }
    sqlite.execute(_SENDS["move"], columns)
