"""A plan as blocks of rows, one block per job: what the text and the Markdown of a plan have in common.

A pair that several jobs need counts once, in the first of their blocks; the others refer to it. So every printed total
is the sum of its rows.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.model.names import JobName
from reconciler.model.plan import CancellationReason, JobVerdict, Plan, PlannedJob, Verdict
from reconciler.views.counts import count
from reconciler.views.rows import Row, Symbol, cancelled_row, forgotten_row, pair_row, superseded_row, updated_row
from reconciler.views.untrusted import render_untrusted

_JOB_ORDER = {
    verdict: place
    for place, verdict in enumerate((JobVerdict.WAITING, JobVerdict.BLOCKED, JobVerdict.SUSPENDED, JobVerdict.READY))
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One job and its rows; `verdict` is None for what is no single job's.

    `ready` is how many ready sites its last line folds, `outside` how many that are not lie outside the filters of a
    partial plan, `crowded` that its rows are folded however few they are.
    """

    name: str
    purpose: str
    status: str
    verdict: JobVerdict | None
    rows: tuple[Row, ...]
    ready: int = 0
    outside: int = 0
    crowded: bool = False


def blocks(plan: Plan, *, show_all: bool) -> tuple[Block, ...]:
    """Jobs that wait first, then blocked, suspended and ready ones, each by name; after them what no job is about."""
    jobs = sorted(plan.jobs, key=lambda job: (_JOB_ORDER[job.verdict], job.name))
    rows = _rows_by_job(plan, jobs)
    beyond = not_ready_outside(plan)
    of_jobs = tuple(
        _block(job, rows.get(job.name, []), outside=beyond.get(job.name, 0), show_all=show_all) for job in jobs
    )
    return of_jobs + tuple(block for block in _jobless(plan, rows.get(None, ())) if block.rows)


def not_ready_outside(plan: Plan) -> Mapping[JobName, int]:
    """Of each job the sites that are neither ready nor among the plan's pairs: those its filters leave out."""
    if not plan.is_partial:
        return {}
    shown = Counter(name for pair in plan.pairs if pair.verdict is not Verdict.READY for name in pair.for_jobs)
    left = {job.name: len(job.required_sites) - job.ready - shown[job.name] for job in plan.jobs}
    return {name: number for name, number in left.items() if number}


def _rows_by_job(plan: Plan, jobs: Iterable[PlannedJob]) -> Mapping[JobName | None, list[Row]]:
    """Rows of each job; under None those of pairs that belong to none of the plan's jobs."""
    place = {job.name: index for index, job in enumerate(jobs)}
    risen = {(change.package, row.site): change.priority.word for change in plan.updates for row in change.sites}
    superseded = {
        (change.package, row.site): change.send_only_job
        for change in plan.cancellations
        if change.reason is CancellationReason.SUPERSEDED
        for row in change.sites
    }
    rows: dict[JobName | None, list[Row]] = {}
    for pair in plan.pairs:
        key = pair.package, pair.site
        named = sorted((name for name in pair.for_jobs if name in place), key=place.__getitem__)
        first = named[0] if named else None
        note = f"priority becomes {risen[key]}" if key in risen else ""
        rows.setdefault(first, []).append(pair_row(pair, note=note))
        if key in superseded:
            rows[first].append(superseded_row(pair, superseded[key]))
        for other in named[1:]:
            rows.setdefault(other, []).append(
                pair_row(pair, note=f"as under {render_untrusted(str(first))}", counted=False)
            )
    return rows


def _block(job: PlannedJob, rows: list[Row], *, outside: int, show_all: bool) -> Block:
    others = [row for row in rows if row.symbol is not Symbol.READY]
    shown = rows if show_all else others
    version = f" {job.package_version}" if job.package_version else ""
    return Block(
        name=render_untrusted(job.name),
        purpose=render_untrusted(f"for {job.purpose} of {job.package}{version}"),
        status=_status(job, sum(row.symbol is Symbol.BLOCKED for row in others)),
        verdict=job.verdict,
        rows=tuple(sorted(shown, key=lambda row: row.order)),
        ready=job.ready - (len(shown) - len(others)),
        outside=outside,
    )


def _status(job: PlannedJob, blocked: int) -> str:
    required = len(job.required_sites)
    not_ready = f"{required - job.ready:,} of {count(required, 'site')} not ready"
    match job.verdict:
        case JobVerdict.READY:
            return f"ready ({job.ready:,} of {count(required, 'site')})"
        case JobVerdict.WAITING:
            return f"{not_ready}: {blocked:,} blocked" if blocked else not_ready
        case JobVerdict.SUSPENDED if required == job.ready:
            return f"suspended ({job.ready:,} of {count(required, 'site')} ready)"
        case _:
            return f"{not_ready}: {job.verdict.value}"


def _jobless(plan: Plan, others: Iterable[Row]) -> Iterable[Block]:
    """What no job is about: sends nobody needs, risen priorities of other pairs, sites that are forgotten."""
    shown = {(pair.package, pair.site) for pair in plan.pairs}
    cancelled = [
        cancelled_row(change.send_only_job, row.site, reason=change.reason.value)
        for change in plan.cancellations
        for row in change.sites
        if change.reason is not CancellationReason.SUPERSEDED or (change.package, row.site) not in shown
    ]
    updated = [
        updated_row(change.send_only_job, row.site, change.priority.word)
        for change in plan.updates
        for row in change.sites
        if (change.package, row.site) not in shown
    ]
    removed = [forgotten_row(removal.site, removal.packages) for removal in plan.removals]
    yield _named("other jobs", "need these pairs too", others)
    yield _named("no job", "needs these sends any more", cancelled)
    yield _named("priority", "of these open sends rises", updated)
    yield _named("removals", "of sites that left the manifests", removed)


def _named(name: str, purpose: str, rows: Iterable[Row]) -> Block:
    rows = tuple(sorted(rows, key=lambda row: row.order))
    sites = len({row.site for row in rows})
    return Block(name=name, purpose=purpose, status=count(sites, "site"), verdict=None, rows=rows)
