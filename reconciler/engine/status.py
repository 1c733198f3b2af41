"""What `status` shows, put together from one plan and what the state keeps."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from itertools import groupby

from reconciler.engine.reconcile import Planned
from reconciler.model.claims import Claim
from reconciler.model.holdings import Absent, Staged
from reconciler.model.instants import Instant
from reconciler.model.names import SiteName
from reconciler.model.plan import Verdict
from reconciler.model.sites import Site
from reconciler.model.snapshot import Cause, Hold, Send
from reconciler.model.status import (
    LastPass,
    PackageStatus,
    RowStatus,
    SendStatus,
    SiteStatus,
    Status,
    StoreStanding,
    job_state,
)
from reconciler.planning.scheduling import make_schedule
from reconciler.planning.wanted import wanted_pairs
from reconciler.state.protocol import HeldPair, State

RECENT = 50
"""Send-only jobs that are shown though they have ended; the history has the others."""

Verdicts = Mapping[str, Counter[Verdict]]


def status_of(planned: Planned, state: State, *, at: Instant) -> Status:
    """Everything at once; the view shows the part that was asked for."""
    held = list(state.pairs())
    rows = rows_of(planned, state.recent_sends(RECENT), state.claims(), at=at)
    waiting = [row for row in rows if row.send.state.is_open]
    return Status(
        at=at,
        state=state.kind,
        last_pass=next(
            (
                LastPass(
                    at=entry.at, actor=entry.actor, plan=entry.plan, commit=entry.commit or "", outcome=entry.outcome
                )
                for entry in state.passes(1)
            ),
            None,
        ),
        workers=tuple(worker for worker in state.workers() if not worker.watches),
        sites=_sites(planned, held, enrolled=state.stores().keys(), at=at),
        packages=_packages(planned, held),
        jobs=planned.plan.jobs,
        sends=_sends(rows),
        oldest_waiting=min(
            waiting, key=lambda row: (row.send.recorded_at, row.send.package, row.send.site), default=None
        ),
    )


def rows_of(planned: Planned, sends: Iterable[Send], claims: Collection[Claim], *, at: Instant) -> list[RowStatus]:
    """Each row with what it waits for, as a worker would find it now (L27)."""
    schedule = make_schedule(
        planned.read.fleet,
        planned.snapshot.open_sends,
        holds=planned.snapshot.holds,
        claims=claims,
        packed=frozenset(),
        at=at,
    )
    waits = {(wait.send.package, wait.send.site, wait.send.number): wait for wait in schedule.waiting}
    workers = {(*claim.pair, claim.send.number): claim.worker for claim in claims}
    rows = []
    for send in sends:
        key = send.package, send.site, send.number
        rows.append(RowStatus(send=send, wait=waits.get(key), worker=workers.get(key)))
    return rows


def _sites(
    planned: Planned, held: Iterable[HeldPair], *, enrolled: Collection[SiteName], at: Instant
) -> tuple[SiteStatus, ...]:
    fleet = planned.read.fleet
    required: Counter[SiteName] = Counter()
    for wanted in wanted_pairs(fleet).packages:
        required.update(fleet.names(wanted.sites))
    verdicts = _verdicts(planned, by_site=True)
    holdings: dict[SiteName, list[HeldPair]] = defaultdict(list)
    for pair in held:
        holdings[pair.site].append(pair)
    mismatches = _mismatches(planned.snapshot.open_sends)
    return tuple(
        SiteStatus(
            site=site.name,
            required=required[site.name],
            ready=required[site.name] - verdicts[site.name].total(),
            in_flight=verdicts[site.name][Verdict.IN_FLIGHT],
            blocked=verdicts[site.name][Verdict.BLOCKED],
            held=sum(not isinstance(pair.holding, Absent) for pair in holdings[site.name]),
            oldest_verification=(oldest := _oldest_verification(holdings[site.name])),
            store=_standing(site, enrolled, mismatches),
            store_detail=mismatches.get(site.name, ""),
            overdue=oldest is not None and oldest + site.verification.every < at,
            suspended=_held_by(planned.snapshot.holds, site.name, at=at),
        )
        for site in fleet.sites
    )


def _packages(planned: Planned, held: Iterable[HeldPair]) -> tuple[PackageStatus, ...]:
    fleet = planned.read.fleet
    required = {wanted.package: len(wanted.sites) for wanted in wanted_pairs(fleet).packages}
    verdicts = _verdicts(planned, by_site=False)
    holders = Counter(pair.package for pair in held if isinstance(pair.holding, Staged))
    return tuple(
        PackageStatus(
            package=package.name,
            version=package.version,
            required=required.get(package.name, 0),
            ready=required.get(package.name, 0) - verdicts[package.name].total(),
            in_flight=verdicts[package.name][Verdict.IN_FLIGHT],
            blocked=verdicts[package.name][Verdict.BLOCKED],
            held=holders[package.name],
        )
        for package in fleet.packages
    )


def _verdicts(planned: Planned, *, by_site: bool) -> Verdicts:
    """Site or package → how many of its pairs have each verdict but ready."""
    verdicts: dict[str, Counter[Verdict]] = defaultdict(Counter)
    for pair in planned.plan.pairs:
        if pair.verdict is not Verdict.READY:
            verdicts[pair.site if by_site else pair.package][pair.verdict] += 1
    return verdicts


def _oldest_verification(held: Iterable[HeldPair]) -> Instant | None:
    return min((pair.holding.verified_at for pair in held if isinstance(pair.holding, Staged)), default=None)


def _mismatches(sends: Iterable[Send]) -> Mapping[SiteName, str]:
    """Site → what is wrong with the store there, as the send that looked last found it (L37)."""
    found = [send for send in sends if send.cause is Cause.STORE_MISMATCH]
    return {send.site: send.detail for send in sorted(found, key=lambda send: send.changed_at)}


def _standing(site: Site, enrolled: Collection[SiteName], mismatches: Mapping[SiteName, str]) -> StoreStanding:
    if site.name in mismatches:
        return StoreStanding.MISMATCH
    return StoreStanding.ENROLLED if site.name in enrolled else StoreStanding.NONE


def _sends(rows: Iterable[RowStatus]) -> tuple[SendStatus, ...]:
    """Open and ended send-only jobs, by name."""
    jobs = []
    ordered = sorted(rows, key=lambda row: (row.send.job, row.send.site))
    for name, group in groupby(ordered, key=lambda row: row.send.job):
        members = tuple(group)
        state = job_state(tuple(row.send for row in members))
        jobs.append(SendStatus(name=name, package=members[0].send.package, state=state, rows=members))
    return tuple(jobs)


def _held_by(holds: Iterable[Hold], site: SiteName, *, at: Instant) -> str:
    """Who suspended the site and why, "" if nobody did."""
    for hold in holds:
        in_force = hold.until is None or hold.until > at
        if hold.site == site and hold.package is None and in_force:
            return f"by {hold.actor}: {hold.reason}"
    return ""
