"""What the state holds, counted: in SQL; and how open sends become counts of jobs, the same for every state."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence

from reconciler.model.census import Census, Verified
from reconciler.model.instants import Instant
from reconciler.model.snapshot import SendState
from reconciler.state.statements import statements

_SQL, _NOTICES = statements("census"), statements("notices")

_FURTHEST = (SendState.VERIFYING, SendState.SENDING, SendState.QUEUED, SendState.BACKING_OFF)


def counted(rows: Iterable[tuple[object, SendState, int, Instant]], notifications: Iterable[tuple[str, int]]) -> Census:
    """Of rows of (job, state, how many, recorded first)."""
    sends: Counter[SendState] = Counter()
    of_job: dict[object, SendState] = {}
    oldest: Instant | None = None
    for job, state, number, first in rows:
        sends[state] += number
        of_job[job] = min(state, of_job.get(job, state), key=_FURTHEST.index)
        oldest = first if oldest is None else min(oldest, first)
    return Census(sends=sends, jobs=Counter(of_job.values()), oldest_open=oldest, notifications=dict(notifications))


def census(sqlite: sqlite3.Connection) -> Census:
    """At this moment."""
    rows = sqlite.execute(_SQL["open"])
    return counted(
        ((job, SendState(state), number, first) for job, state, number, first in rows),
        sqlite.execute(_NOTICES["waiting"]).fetchall(),
    )


def verifications(sqlite: sqlite3.Connection) -> Sequence[Verified]:
    """By site, of those that hold something, or may."""
    return [
        Verified(site=site, oldest=oldest, latest=latest, unknown=bool(unknown))
        for site, oldest, latest, unknown in sqlite.execute(_SQL["verifications"])
    ]
