"""What `status` shows, put together from one plan and what the state keeps."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import groupby

from reconciler.engine.reconcile import Planned
from reconciler.model.holdings import Absent, Staged
from reconciler.model.instants import Instant
from reconciler.model.names import SiteName
from reconciler.model.plan import Verdict
from reconciler.model.snapshot import Hold, Send
from reconciler.model.status import LastPass, PackageStatus, SendStatus, SiteStatus, Status, job_state
from reconciler.planning.wanted import wanted_pairs
from reconciler.state.protocol import HeldPair, State

RECENT = 50
"""Send-only jobs that are shown though they have ended; the history has the others."""

Verdicts = Mapping[str, Counter[Verdict]]


def status_of(planned: Planned, state: State, *, at: Instant) -> Status:
    """Everything at once; the view shows the part that was asked for."""
    held = list(state.pairs())
    sends = tuple(state.recent_sends(RECENT))
    passes = state.passes(1)
    waiting = [send for send in sends if send.state.is_open]
    oldest = min(waiting, key=lambda send: (send.recorded_at, send.package, send.site), default=None)
    return Status(
        at=at,
        state=state.kind,
        last_pass=next(
            (LastPass(at=entry.at, actor=entry.actor, plan=entry.plan, outcome=entry.outcome) for entry in passes), None
        ),
        sites=_sites(planned, held, at=at),
        packages=_packages(planned, held),
        jobs=planned.plan.jobs,
        sends=_sends(sends),
        oldest_waiting=None if oldest is None else (oldest.package, oldest.site, oldest.recorded_at),
        overdue=_overdue(planned, held, at=at),
    )


def _sites(planned: Planned, held: Iterable[HeldPair], *, at: Instant) -> tuple[SiteStatus, ...]:
    fleet = planned.read.fleet
    required: Counter[SiteName] = Counter()
    for wanted in wanted_pairs(fleet).packages:
        required.update(fleet.names(wanted.sites))
    verdicts = _verdicts(planned, by_site=True)
    holdings: dict[SiteName, list[HeldPair]] = defaultdict(list)
    for pair in held:
        holdings[pair.site].append(pair)
    return tuple(
        SiteStatus(
            site=site.name,
            required=required[site.name],
            ready=required[site.name] - verdicts[site.name].total(),
            in_flight=verdicts[site.name][Verdict.IN_FLIGHT],
            blocked=verdicts[site.name][Verdict.BLOCKED],
            held=sum(not isinstance(pair.holding, Absent) for pair in holdings[site.name]),
            oldest_verification=min(
                (pair.holding.verified_at for pair in holdings[site.name] if isinstance(pair.holding, Staged)),
                default=None,
            ),
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


def _sends(sends: Iterable[Send]) -> tuple[SendStatus, ...]:
    """Open and ended send-only jobs, by name."""
    jobs = []
    for name, group in groupby(sorted(sends, key=lambda send: (send.job, send.site)), key=lambda send: send.job):
        rows = tuple(group)
        jobs.append(SendStatus(name=name, package=rows[0].package, state=job_state(rows), rows=rows))
    return tuple(jobs)


def _held_by(holds: Iterable[Hold], site: SiteName, *, at: Instant) -> str:
    """Who suspended the site and why, "" if nobody did."""
    for hold in holds:
        in_force = hold.until is None or hold.until > at
        if hold.site == site and hold.package is None and in_force:
            return f"by {hold.actor}: {hold.reason}"
    return ""


def _overdue(planned: Planned, held: Iterable[HeldPair], *, at: Instant) -> tuple[SiteName, ...]:
    index = planned.read.fleet.index
    late = {
        pair.site
        for pair in held
        if isinstance(pair.holding, Staged)
        and pair.site in index
        and pair.holding.verified_at + planned.read.fleet.site(pair.site).verification.every < at
    }
    return tuple(sorted(late))
