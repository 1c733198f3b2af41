"""What no watcher can do without: git tells what a commit changed and gives the file, SQLite writes durably."""

import os
import sqlite3
import time
from collections.abc import Callable

from benchmarks.watching.changes import MANIFEST
from benchmarks.watching.place import BRANCH, Place

GIT, FLUSH = FLOORS = "git diff-tree and cat-file of the change", "a durable commit of SQLite"


def floors(place: Place, *, rounds: int) -> dict[str, tuple[float, ...]]:
    """Floor → wall seconds of each round."""
    old, new = place.git("rev-parse", f"{BRANCH}~1", BRANCH).split()
    path = os.path.join(place.folder, ".reconciler", "floor.db")
    sqlite = sqlite3.connect(path, isolation_level=None)
    try:
        sqlite.execute("PRAGMA journal_mode = WAL")
        sqlite.execute("PRAGMA synchronous = FULL")
        sqlite.execute("CREATE TABLE IF NOT EXISTS jobs (name TEXT)")
        return {
            GIT: tuple(_timed(lambda: _change(place, old, new)) for _ in range(rounds)),
            FLUSH: tuple(_timed(lambda: _commit(sqlite)) for _ in range(rounds)),
        }
    finally:
        sqlite.close()


def _change(place: Place, old: str, new: str) -> None:
    place.git("diff-tree", "-r", old, new)
    place.git("cat-file", "blob", f"{new}:{MANIFEST}")


def _commit(sqlite: sqlite3.Connection) -> None:
    sqlite.execute("BEGIN IMMEDIATE")
    sqlite.execute("INSERT INTO jobs VALUES ('send-P00001')")
    sqlite.execute("COMMIT")


def _timed(act: Callable[[], None]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began
