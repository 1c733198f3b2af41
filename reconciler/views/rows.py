"""A plan as blocks of rows, one block per job: what the text and the Markdown of a plan have in common.

A pair that several jobs need counts once, in the first of their blocks; the others refer to it. So every printed total
is the sum of its rows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from reconciler.model.names import JobName, PackageName, SiteName
from reconciler.model.plan import (
    BlockReason,
    CancellationReason,
    GapReason,
    JobVerdict,
    Plan,
    PlannedJob,
    PlannedPair,
    Verdict,
)
from reconciler.model.snapshot import Mode, SendState
from reconciler.views.counts import count
from reconciler.views.reasons import BLOCKS
from reconciler.views.untrusted import render_untrusted


class Symbol(Enum):
    """What a row is about, in the order of the rows (cli.md)."""

    BLOCKED = "!"
    CANCEL = "-"
    NEWER = "~"
    SEND = "+"
    SETUP = "s"
    UNDERWAY = ">"
    READY = "="


ORDER = {symbol: place for place, symbol in enumerate(Symbol)}

_JOB_ORDER = {
    verdict: place
    for place, verdict in enumerate((JobVerdict.WAITING, JobVerdict.BLOCKED, JobVerdict.SUSPENDED, JobVerdict.READY))
}

_UNDERWAY = {
    SendState.QUEUED: "queued",
    SendState.SENDING: "running",
    SendState.VERIFYING: "verifying",
    SendState.BACKING_OFF: "backing off",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line: a site and what becomes of it.

    `kind` is by what rows fold, beside symbol and action. `note` is said instead of the pair's own reason. A row with
    `counted` False repeats what another block counts. `pair` is None for what no required pair is about.
    """

    symbol: Symbol
    action: str
    kind: str
    site: SiteName
    pair: PlannedPair | None = None
    note: str = ""
    counted: bool = True

    @property
    def order(self) -> tuple[int, str, str]:
        return ORDER[self.symbol], self.site, self.note


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One job and its rows. `ready` is how many ready sites its last line folds; `verdict` is None for no job's."""

    name: str
    purpose: str
    status: str
    verdict: JobVerdict | None
    rows: tuple[Row, ...]
    ready: int = 0


def blocks(plan: Plan, *, show_all: bool) -> tuple[Block, ...]:
    """Jobs that wait first, then blocked, suspended and ready ones, each by name; after them what no job is about."""
    jobs = sorted(plan.jobs, key=lambda job: (_JOB_ORDER[job.verdict], job.name))
    rows = _rows_by_job(plan, jobs)
    of_jobs = tuple(_block(job, rows.get(job.name, []), show_all=show_all) for job in jobs)
    return of_jobs + tuple(block for block in _jobless(plan, rows.get(None, ())) if block.rows)


def action_of(pair: PlannedPair) -> tuple[Symbol, str]:
    """The symbol of a pair and the word beside it."""
    match pair.verdict:
        case Verdict.READY:
            return Symbol.READY, "ready"
        case Verdict.IN_FLIGHT:
            return Symbol.UNDERWAY, _UNDERWAY.get(pair.underway.state, "open") if pair.underway else "open"
        case Verdict.BLOCKED:
            return Symbol.BLOCKED, BLOCKS[pair.reason][0] if isinstance(pair.reason, BlockReason) else "blocked"
        case Verdict.MISSING:
            return _sends(pair)


def _sends(pair: PlannedPair) -> tuple[Symbol, str]:
    if pair.mode is Mode.SETUP_ONLY:
        return Symbol.SETUP, "setup"
    if pair.reason is GapReason.CONTENT_STALE:
        return Symbol.NEWER, "update"
    return Symbol.SEND, "heal" if pair.reason is GapReason.CONTENT_DAMAGED else "send"


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
        rows.setdefault(first, []).append(_row(pair, note=note))
        if key in superseded:
            rows[first].append(_superseded(pair, superseded[key]))
        for other in named[1:]:
            rows.setdefault(other, []).append(
                _row(pair, note=f"as under {render_untrusted(str(first))}", counted=False)
            )
    return rows


def _row(pair: PlannedPair, *, note: str, counted: bool = True) -> Row:
    symbol, action = action_of(pair)
    kind = pair.reason.value if pair.reason is not None and counted and symbol is not Symbol.UNDERWAY else ""
    return Row(symbol=symbol, action=action, kind=kind, site=pair.site, pair=pair, note=note, counted=counted)


def _superseded(pair: PlannedPair, send_only_job: str) -> Row:
    note = f"{render_untrusted(send_only_job)}, superseded"
    return Row(symbol=Symbol.CANCEL, action="cancel", kind="superseded", site=pair.site, pair=pair, note=note)


def _block(job: PlannedJob, rows: list[Row], *, show_all: bool) -> Block:
    ready = sum(row.symbol is Symbol.READY for row in rows)
    if not show_all or ready != job.ready:
        rows = [row for row in rows if row.symbol is not Symbol.READY]
        ready = 0
    version = f" {job.package_version}" if job.package_version else ""
    return Block(
        name=render_untrusted(job.name),
        purpose=render_untrusted(f"for {job.purpose} of {job.package}{version}"),
        status=_status(job, sum(row.symbol is Symbol.BLOCKED for row in rows)),
        verdict=job.verdict,
        rows=tuple(sorted(rows, key=lambda row: row.order)),
        ready=job.ready - ready,
    )


def _status(job: PlannedJob, blocked: int) -> str:
    required = len(job.required_sites)
    not_ready = f"{required - job.ready:,} of {count(required, 'site')} not ready"
    match job.verdict:
        case JobVerdict.READY:
            return f"ready ({job.ready:,} of {count(required, 'site')})"
        case JobVerdict.WAITING:
            return f"{not_ready}: {blocked:,} blocked" if blocked else not_ready
        case _:
            return f"{not_ready}: {job.verdict.value}"


def _jobless(plan: Plan, others: Iterable[Row]) -> Iterable[Block]:
    """What no job is about: sends nobody needs, risen priorities of other pairs, sites that are forgotten."""
    shown = {(pair.package, pair.site) for pair in plan.pairs}
    cancelled = [
        _cancelled(change.send_only_job, row.site, reason=change.reason.value)
        for change in plan.cancellations
        for row in change.sites
        if change.reason is not CancellationReason.SUPERSEDED or (change.package, row.site) not in shown
    ]
    updated = [
        _updated(change.send_only_job, row.site, change.priority.word)
        for change in plan.updates
        for row in change.sites
        if (change.package, row.site) not in shown
    ]
    removed = [_forgotten(removal.site, removal.packages) for removal in plan.removals]
    yield _named("other jobs", "need these pairs too", others)
    yield _named("no job", "needs these sends any more", cancelled)
    yield _named("priority", "of these open sends changes", updated)
    yield _named("removals", "of sites that left the manifests", removed)


def _named(name: str, purpose: str, rows: Iterable[Row]) -> Block:
    rows = tuple(sorted(rows, key=lambda row: row.order))
    sites = len({row.site for row in rows})
    return Block(name=name, purpose=purpose, status=count(sites, "site"), verdict=None, rows=rows)


def _cancelled(send_only_job: str, site: SiteName, *, reason: str) -> Row:
    note = f"{render_untrusted(send_only_job)}, {reason}"
    return Row(symbol=Symbol.CANCEL, action="cancel", kind=reason, site=site, note=note)


def _updated(send_only_job: str, site: SiteName, priority: str) -> Row:
    note = f"{render_untrusted(send_only_job)}, priority becomes {priority}"
    return Row(symbol=Symbol.UNDERWAY, action="update", kind=f"priority {priority}", site=site, note=note)


def _forgotten(site: SiteName, packages: tuple[PackageName, ...]) -> Row:
    named = ", ".join(render_untrusted(package) for package in packages[:3])
    more = f" and {len(packages) - 3:,} more" if len(packages) > 3 else ""
    note = f"holdings of {count(len(packages), 'package')}: {named}{more}"
    return Row(symbol=Symbol.CANCEL, action="forget", kind="removal", site=site, note=note)
