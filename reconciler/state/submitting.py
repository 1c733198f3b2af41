"""Recording a plan in the SQLite state: facts in, what still stands out, and that written; in one transaction."""

import json
import sqlite3
from collections.abc import Iterator

from reconciler.model.acknowledgements import GuardName
from reconciler.model.instants import Instant
from reconciler.model.plan import Plan, SendOnlyJob
from reconciler.model.priority import Priority
from reconciler.model.snapshot import Cause, SendState
from reconciler.state import journal, records
from reconciler.state.interning import ids, label_id, revision_id
from reconciler.state.pairs import Pair, forgotten
from reconciler.state.protocol import Author, Submission
from reconciler.state.rows import Kind, Turns, keep_pair, pair_row
from reconciler.state.standing import (
    CLOSED_AS,
    Facts,
    PairFacts,
    RowFacts,
    Standing,
    acted_on,
    rows_named,
    still_standing,
)
from reconciler.state.statements import statements

_SQL = statements("submit")
_SENDS = statements("sends")
_STORES = statements("stores")


def submit(sqlite: sqlite3.Connection, plan: Plan, author: Author, *, strict: bool) -> Submission:
    """Record what stands of the plan; with `strict` nothing at all if a pair moved."""
    standing = still_standing(plan, _facts(sqlite, plan))
    if strict and standing.moved:
        return Submission(moved=standing.moved)
    closed = _close(sqlite, standing, author.at)
    raised = _raise(sqlite, standing)
    gone = _forget(sqlite, standing)
    opened = _open(sqlite, standing, plan, author.at)
    sqlite.executemany(_SQL["bump"], (closed | raised) - gone - opened)
    spent = [] if standing.moved else [key for key in plan.spent if _spend(sqlite, *key)]
    if closed or raised or gone or opened or spent:
        records.changed(sqlite)
    for entry in journal.of_submission(plan, standing, spent):
        records.tell(sqlite, entry, author)
    records.remember(sqlite, journal.pass_of(plan, author))
    return Submission(
        recorded=tuple(job.name for job in standing.sends),
        already=standing.already,
        moved=standing.moved,
        cancelled=len(closed),
        updated=len(raised),
        removed=len(standing.removals),
    )


def _facts(sqlite: sqlite3.Connection, plan: Plan) -> Facts:
    keys = json.dumps([job.key for job in plan.send_only_jobs])
    turns = Turns(sqlite)
    return Facts(
        known={key for (key,) in sqlite.execute(_SQL["known"], (keys,))},
        pairs={pair: _pair(sqlite, pair, turns) for pair in dict.fromkeys(acted_on(plan))},
        rows=dict(_rows(sqlite, plan)),
    )


def _pair(sqlite: sqlite3.Connection, pair: Pair, turns: Turns) -> PairFacts:
    found = sqlite.execute(_SQL["pair"], pair).fetchone()
    version, mark, kind, open_job = found or (0, 0, Kind.ABSENT, None)
    return PairFacts(version=version + turns.of(*pair), mark=mark, open_job=open_job, holds=kind != Kind.ABSENT)


def _rows(sqlite: sqlite3.Connection, plan: Plan) -> Iterator[tuple[tuple[str, Pair], RowFacts]]:
    for job, pair in rows_named(plan):
        found = sqlite.execute(_SQL["row"], (job, *pair)).fetchone()
        if found is not None:
            yield (job, pair), RowFacts(state=SendState(found[0]), priority=Priority(found[1]))


def _close(sqlite: sqlite3.Connection, standing: Standing, at: Instant) -> set[Pair]:
    """Close the rows that are cancelled, and every open one at a site that is removed (L32)."""
    removed = {removal.site for removal in standing.removals}
    closings = {
        (change.package, planned.site): CLOSED_AS[change.reason]
        for change in standing.cancellations
        for planned in change.sites
    }
    for site in removed:
        open_there: set[Pair] = {(package, site) for (package,) in sqlite.execute(_SQL["open_at_site"], (site,))}
        for pair in open_there - set(standing.moved):
            closings.setdefault(pair, SendState.OBSOLETE)
    for (package, site), state in closings.items():
        cause = Cause.SITE_REMOVED.value if site in removed else None
        columns = {"package": package, "site": site, "state": state.value, "cause": cause, "at": at}
        sqlite.execute(_SENDS["end"], columns)
    return set(closings)


def _raise(sqlite: sqlite3.Connection, standing: Standing) -> set[Pair]:
    raised = {
        (update.package, planned.site): update.priority for update in standing.updates for planned in update.sites
    }
    sqlite.executemany(_SQL["raise"], ((priority, *pair) for pair, priority in raised.items()))
    return set(raised)


def _forget(sqlite: sqlite3.Connection, standing: Standing) -> set[Pair]:
    """Also the pairs that hold nothing: what was still on its way to the site says nothing of the next one (L31).

    And the store that was pinned: the next site of that name has another.
    """
    gone = {(package, removal.site) for removal in standing.removals for package in removal.packages}
    for site in {removal.site for removal in standing.removals}:
        bare: set[Pair] = {(package, site) for (package,) in sqlite.execute(_SQL["nothing_held_at_site"], (site,))}
        gone |= bare - set(standing.moved)
        sqlite.execute(_STORES["forget"], (site,))
    for pair in gone:
        keep_pair(sqlite, pair, forgotten(pair_row(sqlite, pair)))
    return gone


def _open(sqlite: sqlite3.Connection, standing: Standing, plan: Plan, at: Instant) -> set[Pair]:
    """Record the send-only jobs: a row for each site, the pair's mark raised to the number of its send."""
    jobs = standing.sends
    packages = ids(sqlite, "packages", {job.package for job in jobs})
    sites = ids(sqlite, "sites", {planned.site for job in jobs for planned in job.sites} | {job.origin for job in jobs})
    endpoints = ids(sqlite, "endpoints", {endpoint for job in jobs for endpoint in job.endpoints})
    size = {(pair.package, pair.site): pair.bytes for pair in plan.pairs}
    for job in jobs:
        package = packages[job.package]
        row = _job(sqlite, job, plan=plan.id, package=package, origin=sites[job.origin], at=at)
        marks = ((package, sites[planned.site], planned.number) for planned in job.sites)
        sqlite.executemany(_SQL["mark"], marks)
        sends = (
            (row, package, sites[planned.site], planned.number, job.priority, endpoints[endpoint])
            for planned, endpoint in zip(job.sites, job.endpoints, strict=True)
        )
        sizes = (size.get((job.package, planned.site), 0) for planned in job.sites)
        sqlite.executemany(_SQL["send"], ((*send, bytes_, at, at) for send, bytes_ in zip(sends, sizes, strict=True)))
    return {(job.package, planned.site) for job in jobs for planned in job.sites}


def _job(sqlite: sqlite3.Connection, job: SendOnlyJob, *, plan: str, package: int, origin: int, at: Instant) -> int:
    columns = {
        "key": job.key,
        "name": job.name,
        "package": package,
        "revision": revision_id(sqlite, job.revision.content, job.revision.setup),
        "label": label_id(sqlite, job.parts, job.package_version),
        "origin": origin,
        "mode": job.mode.value,
        "priority": job.priority,
        "for_jobs": json.dumps(job.for_jobs),
        "reasons": json.dumps([reason.value for reason in job.reasons]),
        "plan": plan,
        "at": at,
    }
    return sqlite.execute(_SQL["job"], columns).lastrowid or 0


def _spend(sqlite: sqlite3.Connection, plan: str, guard: GuardName) -> bool:
    return sqlite.execute(_SQL["spend"], (plan, guard.value)).rowcount > 0
