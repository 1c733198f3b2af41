"""The state of a fleet that has been at work: one completed send, receipt and event for each pair, 1 % not ready.

A million receipts taken one by one are a million durable commits, so the rows are written in one transaction with the
state's own schema (reconciler/state/migrations/0001_initial.sql). The revisions are those that the installed command
itself plans to send.
"""

import contextlib
import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping

from benchmarks.commands import environment, planned
from benchmarks.sizes import SEED, Found, Size, not_ready
from reconciler.wiring import open_state

STATE = ".reconciler/state.db"
VERIFIED_AT = 1_790_000_000
"""One instant in 2026, so that the same seed makes the same state."""

_Revision = tuple[str, str]
_STAGED = 3

_HISTORY = """
INSERT INTO receipts (package, site, number, revision, label, verified_at, proof)
SELECT package, site, number, revision, label, as_of, 1 FROM pairs ORDER BY package, site;

INSERT INTO send_only_jobs
  (key, name, package, revision, label, origin, mode, priority, for_jobs, reasons, plan, recorded_at)
SELECT
  printf('%064x', k.id), 'send-' || k.name || printf('-%08x', k.id), k.id, min(p.revision), p.label, o.id, 'content', 1,
  json_array(k.name || '-everywhere'), '["content-missing"]', 'p-00000000', p.as_of
FROM pairs AS p JOIN packages AS k ON k.id = p.package JOIN sites AS o ON o.name = 'HQ'
GROUP BY k.id ORDER BY k.id;

INSERT INTO sends
  (job, package, site, number, priority, state, endpoint, recorded_at, changed_at, attempts, bytes, bytes_done)
SELECT j.id, p.package, p.site, p.number, 1, 'complete', p.site, p.as_of, p.as_of, 1, 72, 72
FROM pairs AS p JOIN send_only_jobs AS j ON j.package = p.package ORDER BY p.package, p.site;

INSERT INTO events (at, actor, action, subject, plan, detail)
SELECT p.as_of, 'worker', 'arrived', 'pair/' || k.name || '@' || s.name, 'p-00000000', 'number 1'
FROM pairs AS p JOIN packages AS k ON k.id = p.package JOIN sites AS s ON s.id = p.site ORDER BY p.package, p.site;

UPDATE counter SET version = (SELECT count(*) FROM pairs);
"""


def fill_state(folder: str, size: Size, *, seed: int = SEED) -> None:
    """Create the state beside the manifests in `folder` and fill it."""
    revisions = _revisions(folder, size)
    path = os.path.join(folder, STATE)
    open_state(f"sqlite:///{path}", write=True).close()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        _fill_names(connection, size, revisions)
        connection.executemany(
            "INSERT INTO pairs (package, site, kind, revision, label, number, mark, version, as_of)"
            f" VALUES (?, ?, {_STAGED}, ?, 1, 1, 1, 1, {VERIFIED_AT})",
            _pairs(size, seed),
        )
        for statement in _HISTORY.split(";\n"):
            connection.execute(statement)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _revisions(folder: str, size: Size) -> Mapping[str, _Revision]:
    """Package → content and setup digest, as the command plans them for the first site while nothing is held."""
    with tempfile.TemporaryDirectory() as cache:
        sends = planned(folder, environment(cache), "--site", size.site_names[0])["sendOnlyJobs"]
    revisions = {send["package"]: (send["revision"]["content"], send["revision"]["setup"]) for send in sends}
    if sorted(revisions) != size.package_names:
        raise RuntimeError(f"{folder}: {len(revisions)} of {size.packages} packages are planned for one site")
    return revisions


def _fill_names(connection: sqlite3.Connection, size: Size, revisions: Mapping[str, _Revision]) -> None:
    """Packages and sites by number, from 1; of each package three revisions, see `_revision_id`."""
    sites = [*size.site_names, "HQ"]
    connection.executemany("INSERT INTO packages VALUES (?, ?)", enumerate(size.package_names, start=1))
    connection.executemany("INSERT INTO sites VALUES (?, ?)", enumerate(sites, start=1))
    connection.executemany(
        "INSERT INTO endpoints VALUES (?, ?)",
        ((number, f"directory:/srv/stores/{name}") for number, name in enumerate(sites, start=1)),
    )
    connection.execute("INSERT INTO labels VALUES (1, 'workstation', '1.0')")
    connection.execute("INSERT INTO proofs VALUES (1, 'read-back', 'worker')")
    rows = []
    for index, package in enumerate(size.package_names):
        content, setup = revisions[package]
        rows += [
            (_revision_id(index, Found.READY), content, setup),
            (_revision_id(index, Found.OLDER_CONTENT), _earlier(content), setup),
            (_revision_id(index, Found.OLDER_SETUP), content, _earlier(setup)),
        ]
    connection.executemany("INSERT INTO revisions VALUES (?, ?, ?)", rows)


def _pairs(size: Size, seed: int) -> Iterator[tuple[int, int, int]]:
    """Ids of package, site and revision of every pair the state knows something of."""
    late = not_ready(size, seed)
    for package in range(size.packages):
        for site in range(size.sites):
            found = late.get((package, site), Found.READY)
            if found is not Found.NOTHING:
                yield package + 1, site + 1, _revision_id(package, found)


def _revision_id(package: int, found: Found) -> int:
    return package * len(Found) + found.value + 1


def _earlier(digest: str) -> str:
    return f"sha256:{hashlib.sha256(digest.encode()).hexdigest()}"
